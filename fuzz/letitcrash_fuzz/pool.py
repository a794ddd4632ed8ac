"""Worker processes, kept alive: one that dies is replaced, and what it was doing is known."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Generator
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from letitcrash_conformance import interrupts
from letitcrash_conformance.errors import SuiteError
from letitcrash_fuzz.crew import Message, Place
from letitcrash_fuzz.worker import STOP, Job, read_running, work

__all__ = ["Pool", "Worker"]

SILENCE_S = 300.0
"""How long a worker may say nothing while it has a range, in seconds, before it is replaced."""


@dataclass(slots=True, eq=False)
class Worker(Place):
    """One worker process.

    Attributes:
        process: The process; a successor inherits its slot.
        link: The pipe to it.
        heard: When it last said something, by `time.monotonic`.
    """

    process: Any = None
    link: Any = None
    heard: float = 0.0


class Pool:
    """Some worker processes. Used by one thread."""

    def __init__(self, count: int, folder: Path) -> None:
        """Start them.

        Args:
            count: How many.
            folder: Where each keeps the input that it is running.
        """
        self._context = multiprocessing.get_context("spawn")
        self._folder = folder
        self.workers = [self._start(slot) for slot in range(count)]

    def _start(self, slot: int) -> Worker:
        ours, theirs = self._context.Pipe()
        running = self._folder / f"running-{slot}"
        running.unlink(missing_ok=True)
        process = self._context.Process(target=work, args=(theirs, str(running)), daemon=False)
        with interrupts.postponed():
            process.start()
        theirs.close()
        return Worker(slot, running, process=process, link=ours)

    @property
    def idle(self) -> list[Place]:
        """The workers without a range."""
        return [worker for worker in self.workers if worker.job is None]

    @property
    def busy(self) -> list[Place]:
        """The workers with a range."""
        return [*self._busy]

    @property
    def _busy(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.job is not None]

    def give(self, worker: Worker, job: Job) -> None:
        """Give a worker a range. One that is dead says so in the next `listen`."""
        worker.job = job
        worker.progress = (0, 0)
        worker.heard = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.link.send(job)

    def listen(self, timeout_s: float) -> Generator[Message, None, None]:
        """Give what workers say; wait for it for a while. Those that died are replaced.

        Raises:
            SuiteError: If a worker failed by a mistake of the suite or of the command line.
        """
        links: dict[Any, Worker] = {worker.link: worker for worker in self.workers}
        for link in wait(list(links), timeout_s):
            worker = links[link]
            try:
                kind, value = worker.link.recv()
            except (EOFError, ConnectionResetError, OSError):
                yield worker, "died", self._bury(worker)
                continue
            worker.heard = time.monotonic()
            if kind == "failed":
                raise SuiteError(f"a worker process failed; its own words:\n{value}")
            if kind == "progress":
                worker.progress = value
            if kind == "done":
                worker.progress = (0, 0)
            yield worker, kind, value
        now = time.monotonic()
        for worker in self._busy:
            if now - worker.heard > SILENCE_S:
                worker.process.kill()
                worker.process.join()
                yield worker, "died", self._bury(worker, f"said nothing for {SILENCE_S:.0f} s")

    def _bury(self, worker: Worker, why: str = "") -> str:
        """Replace a dead worker, and say what it died of."""
        worker.process.join(5)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        code: int = worker.process.exitcode
        if not why:
            why = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        worker.link.close()
        place = self.workers.index(worker)
        if worker.running is not None and read_running(worker.running) is not None:
            keep = worker.running.with_name(f"last-{worker.slot}")
            keep.write_bytes(worker.running.read_bytes())
            worker.running = keep
        self.workers[place] = self._start(worker.slot)
        return why

    def stop(self, patience_s: float) -> Generator[Message, None, None]:
        """Let all ranges end early, and give what workers still say."""
        for worker in self._busy:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                worker.link.send(STOP)
        deadline = time.monotonic() + patience_s
        while self._busy and time.monotonic() < deadline:
            for message in self.listen(0.2):
                yield message
                if message[1] in ("done", "died"):
                    message[0].job = None

    def close(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.link.close()
        for worker in self.workers:
            worker.process.join(0.5 if worker.job is not None else 3)
            if worker.process.is_alive():
                worker.process.terminate()
                worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
