"""A worker process: runs the ranges that it is given, and tells at once what it finds."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from letitcrash_conformance import interrupts
from letitcrash_conformance.errors import LetItCrashError
from letitcrash_fuzz.atheris_engine import run_atheris
from letitcrash_fuzz.campaign import execute
from letitcrash_fuzz.executor import Executor
from letitcrash_fuzz.finds import Find
from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.ranges import Onlooker
from letitcrash_fuzz.target import Target

__all__ = ["STOP", "Job", "read_running", "work"]

STOP = "stop"
"""Tells a worker to end its range before the next execution."""

_HEAD = struct.Struct("<qI")


@dataclass(frozen=True, slots=True)
class Job:
    """A range to run.

    Attributes:
        target: What to search.
        lo: Number of the first execution.
        hi: Number after the last one.
        knowledge: What is known.
        inputs: The inputs to run; None to let the engine choose.
    """

    target: Target
    lo: int
    hi: int
    knowledge: Knowledge
    inputs: tuple[bytes, ...] | None = None

    def part(self, lo: int, hi: int) -> list[Job]:
        """Return a part of the range; none if it would be empty."""
        if lo >= hi:
            return []
        inputs = None if self.inputs is None else self.inputs[lo - self.lo : hi - self.lo]
        return [Job(self.target, lo, hi, self.knowledge, inputs)]


def work(link: Connection, running: str) -> None:
    """Run ranges until there are none.

    Args:
        link: Brings `Job`s and `STOP`, and takes `(kind, value)`: `progress`, `violation`, `find`, `done`, `failed`.
        running: A file that always holds the input that is running.
    """
    interrupts.ignore()
    executor: Executor | None = None

    def leave(number: int, frame: object) -> None:
        with contextlib.suppress(BaseException):
            if executor is not None:
                executor.close()
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    teller = _Teller(link, running)
    try:
        while True:
            job: Any = link.recv()
            if not isinstance(job, Job):
                continue
            teller.is_stopped = False
            try:
                if job.target.engine == "atheris" and job.inputs is None:
                    result = run_atheris(job.target, job.lo, job.hi, job.knowledge, teller)
                else:
                    if executor is None:
                        executor = Executor(job.target)
                    executor.turn_to(job.target)
                    result = execute(executor, job.lo, job.hi, job.knowledge, teller, job.inputs)
            except LetItCrashError as error:
                link.send(("failed", str(error)))
                return
            except Exception:
                link.send(("failed", traceback.format_exc()))
                return
            link.send(("done", result))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # nobody is interested any more
    finally:
        with contextlib.suppress(Exception):
            if executor is not None:
                executor.close()


class _Teller(Onlooker):
    """Tells whoever gave the range what happens in it."""

    def __init__(self, link: Connection, running: str) -> None:
        self._link = link
        self._file = os.open(running, os.O_RDWR | os.O_CREAT, 0o600)
        self.is_stopped = False

    def on_input(self, number: int, data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.pwrite(self._file, _HEAD.pack(number, len(data)) + data, 0)

    def on_progress(self, executions: int, operations: int) -> None:
        self._link.send(("progress", (executions, operations)))

    def on_violation(self, find: Find) -> None:
        self._link.send(("violation", find))

    def on_find(self, find: Find) -> None:
        self._link.send(("find", find))

    def should_stop(self) -> bool:
        if not self.is_stopped and self._link.poll():
            self.is_stopped = self._link.recv() == STOP
        return self.is_stopped


def read_running(path: Path | None) -> tuple[int, bytes] | None:
    """Return number and bytes of the input that a worker was running; None if it was running none."""
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) < _HEAD.size:
        return None
    number, length = _HEAD.unpack_from(content)
    return number, content[_HEAD.size : _HEAD.size + length]
