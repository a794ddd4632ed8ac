"""The THREAD backend: one thread per server, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

from letitcrash_reference.context import current_process
from letitcrash_reference.drivers.blocking_loop import BlockingLoop
from letitcrash_reference.drivers.driver import SLICE, Driver, Ending
from letitcrash_reference.errors import Killed
from letitcrash_reference.process import Process
from letitcrash_reference.serving import serve

if TYPE_CHECKING:
    from letitcrash_reference.core import RuntimeCore

__all__ = ["ThreadDriver", "interrupt"]


class ThreadDriver(Driver):
    """Runs each process in a thread of its own; an idle one blocks on a lock that the next sender releases.

    Attributes:
        threads: The threads that have not ended, and whom each one runs.
        ending: Those that are about to.
    """

    def __init__(self, runtime: RuntimeCore) -> None:
        self._runtime = runtime
        self.threads: dict[threading.Thread, Process] = {}
        self.ending = Ending()

    def launch(self, process: Process) -> None:
        thread = threading.Thread(target=self._run, args=(process,), name=f"letitcrash {process!r}", daemon=True)
        self.ending.prune()
        self.threads[thread] = process
        process.worker = thread
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            del self.threads[thread]
            raise

    def _run(self, process: Process) -> None:
        loop = BlockingLoop()
        try:
            loop.run_until_complete(self._live(process))
        except (
            KeyboardInterrupt,
            SystemExit,
        ):  # the callback's wish to exit has ended its process, which is all it can
            pass
        finally:
            loop.finish()
            thread = threading.current_thread()
            self.ending.add(thread)
            self.threads.pop(thread, None)
            self._runtime.notify()

    async def _live(self, process: Process) -> None:
        current_process.set(process)
        process.task = asyncio.current_task()
        parked, runtime = process.parked, process.runtime
        lock = threading.Lock()
        lock.acquire()
        try:
            while await serve(process, SLICE):
                mailbox = process.mailbox
                if mailbox:
                    continue
                parked.append(lock)
                if mailbox or not process.alive:
                    try:
                        parked.pop()
                        continue
                    except IndexError:  # a sender was faster: it is about to release the lock
                        pass
                if runtime.watchers:
                    runtime.notify()
                lock.acquire()
                process.wakes += 1
        except asyncio.CancelledError:
            pass
        finally:
            process.task = None
            if process.alive:  # a callback cancelled the server's own task
                runtime.kill(process)

    def rouse(self, process: Process, waiter: Any) -> None:
        waiter.release()

    def halt(self, process: Process) -> None:
        if process.parked:
            process.wake()
        else:
            interrupt(process)

    def leftovers(self) -> int:
        return len(self.threads)

    def abandoned(self) -> int:
        """Return how many threads still run a callback of a dead process."""
        return sum(not process.alive for process in tuple(self.threads.values()))


def interrupt(process: Process) -> None:
    """End what the callback of a dead process waits for, as far as the runtime or asyncio knows of it."""
    blocked = process.blocked_on
    if blocked is not None:
        blocked.fail(Killed())
    task = process.task
    if task is not None and task is not _task_here():
        with contextlib.suppress(RuntimeError):  # its loop is closed: it has ended
            task.get_loop().call_soon_threadsafe(_cancel, process, task)


def _task_here() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _cancel(process: Process, task: asyncio.Task[Any]) -> None:
    if process.task is task:
        task.cancel()
