"""The engine `atheris`: libFuzzer chooses the bytes, by the coverage of the instrumented subject.

libFuzzer ends the process that it runs in, and instruments what is imported after it; so each range has a process of
its own, which leaves what it found in a file.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.ranges import Onlooker, Range, Trouble
from letitcrash_fuzz.target import Target

__all__ = ["Task", "run_atheris"]

PATIENCE_S = 120.0
"""How long the process may go on after it was asked to stop or lost its count, in seconds."""

_LAST_LINES = 15


@dataclass(frozen=True, slots=True)
class Task:
    """What the process is to do.

    Attributes:
        target: What to search.
        lo: Number of the first execution.
        hi: Number after the last one.
        knowledge: What is known.
        folder: Where the corpus and the result are.
    """

    target: Target
    lo: int
    hi: int
    knowledge: Knowledge
    folder: str

    @property
    def result(self) -> Path:
        """The file with the result."""
        return Path(self.folder) / "result"

    @property
    def running(self) -> Path:
        """The file with the input that is running."""
        return Path(self.folder) / "running"

    @property
    def stop(self) -> Path:
        """Once this file is there, the process ends."""
        return Path(self.folder) / "stop"


def run_atheris(target: Target, lo: int, hi: int, knowledge: Knowledge, onlooker: Onlooker | None = None) -> Range:
    """Run a range under libFuzzer.

    Args:
        target: What to search.
        lo: Number of the first execution.
        hi: Number after the last one.
        knowledge: What is known; its inputs are where libFuzzer begins.
        onlooker: Is asked a few times a second whether to stop.
    """
    with tempfile.TemporaryDirectory(prefix="letitcrash-fuzz-") as folder:
        task = Task(target, lo, hi, knowledge, folder)
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, data in enumerate(knowledge.corpus):
            (corpus / f"{number:06}").write_bytes(data)
        (Path(folder) / "task").write_bytes(pickle.dumps(task))
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "letitcrash_fuzz.atheris_process", folder, *target.packages],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for who asked; this process is told by a file
            )
            try:
                _wait(process, task, onlooker.should_stop if onlooker is not None else lambda: False)
            finally:
                process.kill()
                process.wait()
        return _gather(task, process.returncode, log)


def _wait(process: subprocess.Popen[bytes], task: Task, should_stop: Callable[[], bool]) -> None:
    asked = False
    while True:
        try:
            process.wait(PATIENCE_S if asked else 0.2)
        except subprocess.TimeoutExpired:
            if asked:
                return
            if should_stop():
                task.stop.touch()
                asked = True
        else:
            return


def _gather(task: Task, code: int, log: Path) -> Range:
    """Return what the process left; if it died on the way, with what it was doing."""
    try:
        result: Range = pickle.loads(task.result.read_bytes())
    except FileNotFoundError:
        result = Range(task.lo, task.lo)
    if code:
        data = task.running.read_bytes() if task.running.exists() else b""
        tail = log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]
        what = "\n    ".join([f"the process of the engine atheris ended with status {code}; its last lines:", *tail])
        result.troubles.append(Trouble(what, data, result.next))
        result.next = min(result.next + 1, task.hi)
    return result
