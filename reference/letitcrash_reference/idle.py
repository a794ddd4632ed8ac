"""Telling whether anything is left to do before a message from outside, or time, moves the world on."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from letitcrash_reference.core import RuntimeCore

__all__ = ["is_idle", "wait_until_idle", "wait_until_idle_sync"]


def is_idle(runtime: RuntimeCore) -> bool:
    """Return whether no process of the runtime can make a step by itself.

    A process is idle while it waits for messages, or while its callback waits inside the runtime: for the clock, or for
        another
    server's answer. It is not idle while a callback computes, blocks, or awaits something the runtime does not know.
    """
    if runtime.runs_on_this_thread:
        return all(process.is_idle for process in tuple(runtime.table.processes.values()))  # other threads may add
    with runtime.table.lock:  # a death that is under way in another thread is not over before all have been told of it
        return _is_idle_twice(runtime)


def _is_idle_twice(runtime: RuntimeCore) -> bool:
    """Look twice, because who was idle first may have been roused by who was looked at last."""
    processes = list(runtime.table.processes.values())
    wakes = [process.wakes for process in processes]
    return (
        all(process.is_idle for process in processes)
        and all(process.is_idle for process in processes)
        and wakes == [process.wakes for process in processes]
    )


async def wait_until_idle(runtime: RuntimeCore) -> None:
    """Wait until `is_idle`. Every process that comes to rest causes a new look."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0)
    while not is_idle(runtime):
        rested = loop.create_future()

        def notice(rested: asyncio.Future[None] = rested) -> None:
            if asyncio._get_running_loop() is loop:  # pyright: ignore[reportPrivateUsage]
                _settle(rested)
            else:
                loop.call_soon_threadsafe(_settle, rested)

        runtime.watchers.add(notice)
        try:
            if not is_idle(runtime):
                await rested
        finally:
            runtime.watchers.discard(notice)


def wait_until_idle_sync(runtime: RuntimeCore, timeout: float) -> bool:
    """Block this thread until `is_idle`, at most `timeout` seconds of real time; return whether it is."""
    deadline = time.monotonic() + timeout
    rested = threading.Event()
    runtime.watchers.add(rested.set)
    try:
        while not is_idle(runtime):
            if not rested.wait(max(0.0, deadline - time.monotonic())):
                return is_idle(runtime)
            rested.clear()
        return True
    finally:
        runtime.watchers.discard(rested.set)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
