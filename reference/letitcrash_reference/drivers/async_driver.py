"""The ASYNC backend: one permanent task per server on the runtime's event loop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from letitcrash_reference.context import current_process
from letitcrash_reference.drivers.driver import SLICE, Driver
from letitcrash_reference.process import Phase, Process
from letitcrash_reference.serving import serve

__all__ = ["AsyncDriver"]

_running_loop = asyncio._get_running_loop  # pyright: ignore[reportPrivateUsage]


class AsyncDriver(Driver):
    """Runs each process in a task of `loop`; an idle one awaits a future that the next sender sets."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.tasks: set[asyncio.Task[None]] = set()
        self._coming: set[Process] = set()

    def launch(self, process: Process) -> None:
        if _running_loop() is self.loop:
            self._create_task(process)
        else:
            self._coming.add(process)
            try:
                self.loop.call_soon_threadsafe(self._create_task_soon, process)
            except RuntimeError:  # the loop is closed
                self._coming.discard(process)
                raise
            process.runtime.notify()  # who waits for idleness by blocking the loop's own thread must stop doing so

    def _create_task_soon(self, process: Process) -> None:
        self._coming.discard(process)
        if process.alive:
            self._create_task(process)

    def _create_task(self, process: Process) -> None:
        task = process.task = self.loop.create_task(self._live(process))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _live(self, process: Process) -> None:
        current_process.set(process)
        loop, parked, runtime = self.loop, process.parked, process.runtime
        try:
            while await serve(process, SLICE):
                mailbox = process.mailbox
                if mailbox:
                    await asyncio.sleep(0)
                    continue
                waiter = loop.create_future()
                parked.append(waiter)
                if mailbox or not process.alive:
                    try:
                        parked.pop()
                        continue
                    except IndexError:  # a sender on another thread was faster: it is about to set the waiter
                        pass
                if runtime.watchers:
                    runtime.notify()
                await waiter
                process.wakes += 1
        except asyncio.CancelledError:
            pass
        finally:
            process.task = None
            if process.alive:  # somebody cancelled the server's own task, such as the end of asyncio.run
                runtime.kill(process)

    def rouse(self, process: Process, waiter: asyncio.Future[None]) -> None:
        if _running_loop() is self.loop:
            if not waiter.done():
                waiter.set_result(None)
        else:
            self._soon(_settle, waiter)

    def halt(self, process: Process) -> None:
        if process.parked:
            process.wake()
            return
        task = process.task
        if task is None or task.done():
            return
        if _running_loop() is not self.loop:
            self._soon(task.cancel)
        elif asyncio.current_task(self.loop) is not task and process.phase is Phase.DEAD:
            task.cancel()

    def _soon(self, callback: Any, *args: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and its tasks with it
            self.loop.call_soon_threadsafe(callback, *args)

    def leftovers(self) -> int:
        return len(self.tasks) + len(self._coming)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
