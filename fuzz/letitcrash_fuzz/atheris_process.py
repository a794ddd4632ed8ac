"""The process of the engine `atheris`: `python -m letitcrash_fuzz.atheris_process FOLDER PACKAGE...`."""

from __future__ import annotations

import os
import pickle
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from letitcrash_fuzz.campaign import Work
from letitcrash_fuzz.executor import Executor
from letitcrash_fuzz.mutation import mutate
from letitcrash_fuzz.ranges import Onlooker, Range
from letitcrash_fuzz.seeds import read_fragments

if TYPE_CHECKING:
    from letitcrash_fuzz.atheris_engine import Task

__all__ = ["main"]

KEEP_S = 2.0
"""How often the result so far is written, in seconds."""

MOST_BYTES = 1500
"""The longest input."""


def main(argv: Sequence[str]) -> None:
    """Do what the task in a folder says; never returns."""
    folder, *packages = argv
    atheris: Any = __import__("atheris")
    with atheris.instrument_imports(include=packages):
        task: Task = pickle.loads((Path(folder) / "task").read_bytes())
        executor = Executor(task.target)
        executor.session()  # makes the subject, whose modules are instrumented while they are imported
    loop = _Loop(task, executor, atheris)
    options = [f"-seed={task.target.seed * 7919 + task.lo + 1 & 0x7FFFFFFF}", f"-max_len={MOST_BYTES}"]
    options += ["-rss_limit_mb=0", "-timeout=3600", "-verbosity=0"]
    atheris.Setup(
        [sys.argv[0], *options, str(Path(folder) / "corpus")],
        loop.run,
        custom_mutator=loop.mutate,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()


class _Loop(Onlooker):
    """What libFuzzer calls."""

    def __init__(self, task: Task, executor: Executor, atheris: Any) -> None:
        self._task = task
        self._executor = executor
        self._atheris = atheris
        self._knowledge = task.knowledge.copy()
        self._work = Work(executor, Range(task.lo, task.lo), self._knowledge, self)
        self._fragments = read_fragments(task.target.chapter)
        self._kept_at = time.monotonic()
        self._parent = os.getppid()

    def on_input(self, number: int, data: bytes) -> None:
        self._task.running.write_bytes(data)

    def run(self, data: bytes) -> None:
        """Run one input; end the process after the last one."""
        number = self._work.result.next
        if number < self._task.hi:
            self._work.run(number, data, "atheris")
        now = time.monotonic()
        if self._work.result.next >= self._task.hi or now - self._kept_at > KEEP_S:
            self._kept_at = now
            self._keep()
            if self._is_over():
                os._exit(0)

    def mutate(self, data: bytes, longest: int, seed: int) -> bytes:
        """Change an input: as libFuzzer does, or part by part."""
        chance = random.Random(seed)
        if chance.random() < 0.3:
            changed: bytes = self._atheris.Mutate(data, len(data) + 16)
            return changed[:longest]
        target = self._task.target
        other = self._knowledge.choose(chance)
        return mutate(
            data,
            other,
            chance,
            longest=target.longest,
            is_countable=target.is_countable,
            fragments=self._fragments,
        )[:longest]

    def _keep(self) -> None:
        result = self._work.finish()
        draft = self._task.result.with_suffix(".new")
        draft.write_bytes(pickle.dumps(result))
        draft.replace(self._task.result)

    def _is_over(self) -> bool:
        return self._work.result.next >= self._task.hi or self._task.stop.exists() or os.getppid() != self._parent


if __name__ == "__main__":
    main(sys.argv[1:])
