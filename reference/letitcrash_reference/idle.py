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

    A process is idle while it waits for messages, or while its callback waits inside the runtime: for the clock, or for another
    server's answer. It is not idle while a callback computes, blocks, or awaits something the runtime does not know.
    """
    processes = list(runtime.table.processes.values())
    wakes = [process.wakes for process in processes]
    for process in processes:
        if not process.is_idle:
            return False
    if runtime.runs_on_this_thread:
        return True
    # With several threads one look is not enough: who was idle first may have been roused by who was looked at last.
    again = list(runtime.table.processes.values())
    return (
        again == processes
        and all([process.is_idle for process in again])
        and wakes == [process.wakes for process in again]
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
