"""The BLOCKING backend: a bounded pool of threads that take servers with messages from one queue."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Any

from letitcrash_reference.context import current_process
from letitcrash_reference.drivers.blocking_loop import BlockingLoop
from letitcrash_reference.drivers.driver import SLICE, Driver, Ending
from letitcrash_reference.drivers.thread_driver import interrupt
from letitcrash_reference.process import Process
from letitcrash_reference.serving import serve

if TYPE_CHECKING:
    from letitcrash_reference.core import RuntimeCore

__all__ = ["PoolDriver"]


class _Worker:
    """One thread of the pool.

    Attributes:
        process: Whom it runs now, if anybody.
        abandoned: Its process was killed inside a callback: another worker has taken its place, and it ends when the
            callback does.
    """

    __slots__ = ("abandoned", "process", "thread")

    def __init__(self) -> None:
        self.process: Process | None = None
        self.abandoned = False
        self.thread: threading.Thread | None = None


class PoolDriver(Driver):
    """Lends at most `size` threads to its processes. A process that has messages stands in the queue once.

    Workers start when there are processes for them. One that is stuck in the callback of a killed process no longer
    counts, and a new one takes its place. Nor does one whose process waits for the answer of another process, which
    may need a thread itself: however many wait for each other, the one that can go on gets its thread.

    Attributes:
        workers: Those that count.
        lent: Those whose process waits for another one.
        stuck: Those in a callback of a killed process, and those that are about to end.
    """

    def __init__(self, runtime: RuntimeCore, size: int) -> None:
        self._runtime = runtime
        self.size = size
        self.workers: set[_Worker] = set()
        self.lent: set[_Worker] = set()
        self.stuck: set[_Worker] = set()
        self.ending = Ending()
        self._queue: queue.SimpleQueue[Process | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._living = 0
        self._closed = False

    def launch(self, process: Process) -> None:
        with self._lock:
            self._living += 1
            if len(self.workers) < min(self.size, self._living):
                try:
                    self._add_worker()
                except RuntimeError:  # the system gives no more threads: go on with those there are
                    if not self.workers:
                        raise
        self._queue.put(process)

    def _add_worker(self) -> None:
        self.ending.prune()
        worker = _Worker()
        thread = threading.Thread(target=self._run, args=(worker,), name="letitcrash pool", daemon=True)
        worker.thread = thread
        self.workers.add(worker)
        try:
            thread.start()
        except RuntimeError:
            self.workers.discard(worker)
            raise

    def _run(self, worker: _Worker) -> None:
        loop = BlockingLoop()
        try:
            while not worker.abandoned:
                try:
                    loop.run_until_complete(self._work(worker))
                    break
                except (KeyboardInterrupt, SystemExit, asyncio.CancelledError):  # it ended its process, not the pool
                    worker.process = None
        finally:
            loop.finish()
            self.ending.add(threading.current_thread())
            with self._lock:
                self.workers.discard(worker)
                self.lent.discard(worker)
                self.stuck.discard(worker)
            self._runtime.notify()

    async def _work(self, worker: _Worker) -> None:
        task = asyncio.current_task()
        assert task is not None
        take = self._queue.get
        while not worker.abandoned:
            process = take()
            if process is None:
                return
            worker.process = process
            process.worker = worker
            process.task = task
            process.wakes += 1
            current_process.set(process)
            try:
                alive = await serve(process, SLICE)
            finally:
                current_process.set(None)
                process.task = None
                with self._lock:
                    worker.process = None
                    process.worker = None
            while task.cancelling():  # meant for the callback of a process that was killed meanwhile
                task.uncancel()
            if alive:
                self._park(process)
            if len(self.workers) > self.size and self._is_surplus(worker):
                return

    def _is_surplus(self, worker: _Worker) -> bool:
        """Whether a worker is one too many, since one that was lent is back; it does not count any more then."""
        with self._lock:
            is_surplus = len(self.workers) > self.size
            if is_surplus:
                self.workers.discard(worker)
                self.stuck.add(worker)
            return is_surplus

    def _park(self, process: Process) -> None:
        process.parked.append(process)
        if process.mailbox or not process.alive:
            process.wake()
        elif self._runtime.watchers:
            self._runtime.notify()

    def rouse(self, process: Process, waiter: Any) -> None:
        if process.alive:
            self._queue.put(process)
            if self.lent:
                with self._lock:
                    self._reinforce()

    def begin_wait(self, process: Process) -> None:
        with self._lock:
            worker = self._worker_here(process, self.workers)
            if worker is not None:
                self.workers.discard(worker)
                self.lent.add(worker)
                self._reinforce()

    def end_wait(self, process: Process) -> None:
        with self._lock:
            worker = self._worker_here(process, self.lent)
            if worker is not None:
                self.lent.discard(worker)
                self.workers.add(worker)

    def _worker_here(self, process: Process, among: set[_Worker]) -> _Worker | None:
        worker: _Worker | None = process.worker
        return worker if worker in among and worker.thread is threading.current_thread() else None

    def _reinforce(self) -> None:
        """Start a worker in place of one that is lent, if there is something to do for it."""
        if not self._closed and len(self.workers) < self.size and self._queue.qsize():
            self._replace_worker()

    def halt(self, process: Process) -> None:
        with self._lock:
            self._living -= 1
            worker: _Worker | None = process.worker
            if worker is not None and worker.thread is not threading.current_thread() and worker not in self.stuck:
                worker.abandoned = True
                self.workers.discard(worker)
                self.lent.discard(worker)
                self.stuck.add(worker)
                if not self._closed and len(self.workers) < min(self.size, self._living):
                    self._replace_worker()
        interrupt(process)
        if process.parked:
            process.wake()

    def _replace_worker(self) -> None:
        with contextlib.suppress(RuntimeError):  # no thread to be had now; the next launch tries again
            self._add_worker()

    def is_queued_in_vain(self, process: Process) -> bool:
        return process.worker is None and self.waiting() > 0 and self._is_full()

    def _is_full(self) -> bool:
        with self._lock:
            return len(self.workers) >= self.size and all(worker.process is not None for worker in self.workers)

    def waiting(self) -> int:
        """Return how many processes have something to do and wait for a thread."""
        return self._queue.qsize()

    def close(self) -> None:
        """Send the workers home, once their processes are gone."""
        with self._lock:
            self._closed = True
            for _ in self.workers:
                self._queue.put(None)

    def leftovers(self) -> int:
        return len(self.workers) + len(self.lent) + len(self.stuck)

    def abandoned(self) -> int:
        """Return how many threads still run a callback of a dead process."""
        return sum(worker.abandoned for worker in tuple(self.stuck))
