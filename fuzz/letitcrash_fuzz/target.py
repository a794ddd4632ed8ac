"""What is fuzzed: a subject, one chapter of the generator on one backend, and how the inputs are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from letitcrash_conformance.generate import generate
from letitcrash_conformance.inprocess import InProcessSubject
from letitcrash_conformance.odds import CHAPTERS, HISTORIES
from letitcrash_conformance.plan import NEEDS
from letitcrash_conformance.program import Program
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_conformance.subject import Subject
from letitcrash_spec.hello import Hello

__all__ = ["LONGEST", "Target", "choose_packages", "supported"]

LONGEST = 40
"""How many operations a fuzzed program draws at most; what looks deep needs room."""

_OURS = "letitcrash_conformance"


@dataclass(frozen=True, slots=True)
class Target:
    """What one unit of work searches.

    Attributes:
        factory: Makes the subject; picklable if another process is to work on it.
        chapter: The odds to write programs with: a chapter, `"world"` or `"histories"`.
        backend: A backend of the subject, or `"mixed"`.
        engine: How inputs are chosen: `"guided"`, `"swarm"`, `"random"` or `"atheris"`.
        seed: The same seed gives the same inputs.
        packages: Packages of the subject whose lines are watched; empty where none are in this process.
        longest: How many operations a program draws at most.
    """

    factory: Callable[[], Subject]
    chapter: str
    backend: str
    engine: str = "guided"
    seed: int = 0
    packages: tuple[str, ...] = ()
    longest: int = LONGEST

    @property
    def name(self) -> str:
        """The target in two words, good as the name of a folder: `"links-async"`."""
        return f"{self.chapter}-{self.backend}"

    @property
    def is_countable(self) -> bool:
        """Whether the first choice of an input says how many parts it has."""
        return self.chapter != HISTORIES

    def maker(self, hello: Hello) -> Callable[[Source], Program]:
        """Return what writes a program for a subject."""
        setting = Setting.of(hello, self.chapter, self.backend)
        return partial(_make, setting, self.longest)


def _make(setting: Setting, longest: int, source: Source) -> Program:
    return generate(source, setting, longest=longest)


def supported(hello: Hello) -> list[str]:
    """Return the chapters that a subject can be fuzzed in, in the order of a run."""
    return [chapter for chapter in CHAPTERS if NEEDS[chapter] <= hello.features]


def choose_packages(subject: Subject, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the packages whose lines are watched.

    Args:
        subject: The subject.
        asked: What somebody asked for; if nothing, what a subject of this process says of itself
            (`SIMULATED_THREADS`), or else the package that it stands in.
    """
    if asked:
        return tuple(asked)
    if not isinstance(subject, InProcessSubject):
        return ()
    told = [name for name in subject.SIMULATED_THREADS if not name.startswith(_OURS)]
    if told:
        return tuple(told)
    home = type(subject).__module__.partition(".")[0]
    return () if home in ("__main__", _OURS, "tests") else (home,)
