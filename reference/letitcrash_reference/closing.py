"""Leaving a runtime: every server stops, every task and thread ends."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from letitcrash_reference.clock import ManualClock
from letitcrash_reference.errors import CallTimeoutError
from letitcrash_reference.idle import is_idle
from letitcrash_reference.process import STOP, Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.replies import LoopFrom

if TYPE_CHECKING:
    from letitcrash_reference.core import RuntimeCore

__all__ = ["stop_all", "wait_for_leftovers"]

PATIENCE = 0.25  # seconds of real time after which a task that swallowed its cancellation is cancelled again


async def stop_all(runtime: RuntimeCore, timeout: float) -> None:
    """Stop all servers with reason shutdown, the youngest first, one after the other; children by their supervisors.

    Args:
        runtime: Whose.
        timeout: Seconds of real time for all of them together, and on a manual clock, which moves on by itself here, as
            many of its own. Whoever is alive then is left alive.
    """
    deadline = time.monotonic() + timeout
    limit = runtime.clock.now() + timeout
    while runtime.table.processes:
        for process in reversed(tuple(runtime.table.processes.values())):
            if not _is_supervised(process) and not await _stop(runtime, process, timeout, deadline, limit):
                return


def _is_supervised(process: Process) -> bool:
    """Whether a live supervisor will end this process in its own order."""
    parent = process.parent
    return parent is not None and parent.alive and parent.server.is_supervisor


async def _stop(runtime: RuntimeCore, process: Process, timeout: float, deadline: float, limit: float) -> bool:
    """Stop one server; return whether it was in time."""
    clock = runtime.clock
    loop = asyncio.get_running_loop()
    token = LoopFrom[ExitReason](process, loop)
    token.timeout = timeout
    with runtime.table.lock:
        if not process.alive:
            return True
        if process.waiters is None:
            process.waiters = []
        process.waiters.append(token)
        process.post((STOP, ExitReason.SHUTDOWN))
    expiry = loop.call_later(max(0.0, deadline - time.monotonic()), token.expire)
    try:
        if isinstance(clock, ManualClock):
            await _move_time_until_dead(runtime, clock, process, token, limit)
        else:
            await token.future
    except CallTimeoutError:
        return False
    finally:
        expiry.cancel()
    return True


async def _move_time_until_dead(
    runtime: RuntimeCore, clock: ManualClock, process: Process, token: LoopFrom[ExitReason], limit: float
) -> None:
    future = token.future
    while not future.done():
        rested = asyncio.get_running_loop().create_future()

        def notice(rested: asyncio.Future[None] = rested) -> None:
            rested.get_loop().call_soon_threadsafe(_settle, rested)

        runtime.watchers.add(notice)
        try:
            if is_idle(runtime) and process.alive:
                if not clock.advance_to_next(limit):
                    break
            else:
                await asyncio.wait([future, rested], return_when=asyncio.FIRST_COMPLETED)
        finally:
            runtime.watchers.discard(notice)
    if future.done():
        future.result()
    else:
        token.expire()
        future.result()


async def wait_for_leftovers(runtime: RuntimeCore, grace: float) -> int:
    """Wait until the tasks and threads of dead processes have ended.

    Args:
        runtime: Whose; all its processes are dead.
        grace: Seconds of real time.

    Returns:
        How many have not.
    """
    for _ in range(4):
        if not runtime.leftovers():
            return 0
        await asyncio.sleep(0)
    deadline = time.monotonic() + grace
    loop = asyncio.get_running_loop()
    while runtime.leftovers():
        rested = loop.create_future()

        def notice(rested: asyncio.Future[None] = rested) -> None:
            loop.call_soon_threadsafe(_settle, rested)

        runtime.watchers.add(notice)
        try:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            if runtime.leftovers():
                waiting = [rested, *runtime.tasks()]
                await asyncio.wait(waiting, timeout=min(left, PATIENCE), return_when=asyncio.FIRST_COMPLETED)
                for task in runtime.tasks():
                    task.cancel()  # a callback that swallowed the first cancellation gets another
        finally:
            runtime.watchers.discard(notice)
    return runtime.leftovers()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
