"""What a range of executions brings, and who hears of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from letitcrash_conformance.program import Program
from letitcrash_fuzz.finds import Find
from letitcrash_fuzz.knowledge import Delta

__all__ = ["Onlooker", "Range", "Trouble"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """The harness of the subject broke, or a worker died.

    Attributes:
        what: What happened.
        data: The input that was running.
        number: Number of its execution.
        program: The program, if it is known.
    """

    what: str
    data: bytes
    number: int
    program: Program | None = None


@dataclass(slots=True)
class Range:
    """What a range of executions brought.

    Attributes:
        first: Number of the first execution.
        next: Number of the first one that was not run; less than what was asked for if it was stopped.
        operations: Operations performed.
        seconds: Wall time spent.
        learned: What it visited, and the inputs that are worth keeping.
        exercised: Clause -> how often it was demanded and held.
        undecided: Reason -> programs that were not judged to their end for it.
        violations: Clause -> executions that broke it.
        finds: What was found, shrunk, each different program once.
        troubles: How the harness broke.
    """

    first: int
    next: int
    operations: int = 0
    seconds: float = 0.0
    learned: Delta = field(default_factory=Delta)
    exercised: Counter[str] = field(default_factory=Counter[str])
    undecided: Counter[str] = field(default_factory=Counter[str])
    violations: Counter[str] = field(default_factory=Counter[str])
    finds: list[Find] = field(default_factory=list[Find])
    troubles: list[Trouble] = field(default_factory=list[Trouble])

    @property
    def executions(self) -> int:
        """How many inputs were run."""
        return self.next - self.first


class Onlooker:
    """Hears what happens in a range while it happens; override what is wanted. Called where the range runs."""

    def on_input(self, number: int, data: bytes) -> None:
        """An input is about to be run."""

    def on_progress(self, executions: int, operations: int) -> None:
        """The range has come this far; called a few times a second."""

    def on_violation(self, find: Find) -> None:
        """A violation is about to be shrunk, which takes a while."""

    def on_find(self, find: Find) -> None:
        """A violation was shrunk and is new."""

    def should_stop(self) -> bool:
        """Whether to end the range before the next execution."""
        return False
