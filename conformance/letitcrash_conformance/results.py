"""What a run of the suite found: plain records that travel between processes and into reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from letitcrash_conformance.known import NOTHING, Known
from letitcrash_conformance.program import Program
from letitcrash_conformance.simulation.schedule import Schedule
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer
from letitcrash_spec.model.diagnose import Violation

__all__ = ["Finding", "Listener", "RunResult", "Trouble", "Unit", "UnitResult", "Verdict", "Wait", "find_simplest"]

MAX_WAITS = 3
"""How many of the slowest programs a unit remembers."""


class Verdict(Enum):
    """The one-word result of a run, with its exit code."""

    CONFORMANT = "conformant"
    VIOLATION = "violation"
    INCONCLUSIVE = "inconclusive"
    SUBJECT_ERROR = "subject error"

    @property
    def exit_code(self) -> int:
        """The exit code of the command line: 0, 1, 3 or 4 (2 is wrong usage)."""
        return {"conformant": 0, "violation": 1, "inconclusive": 3, "subject error": 4}[self.value]


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of work: one chapter on one backend (`"mixed"` draws a backend for each process).

    Attributes:
        chapter: Name of the chapter, or `"world"` for the mix of all.
        backend: A backend of the subject, or `"mixed"`.
        examples: How many programs to search, beside the scenarios.
        seed: Where the search begins; the same seed gives the same programs.
        first: Number of the first example; a chapter can be split into units that follow each other.
        has_scenarios: Whether the chapter's scenarios run before the search.
    """

    chapter: str
    backend: str
    examples: int
    seed: int
    first: int = 0
    has_scenarios: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation, with the smallest program that shows it.

    Attributes:
        violation: What differs, where, and the clause it breaks.
        program: The shrunk program.
        answers: What the subject answered to it, in order; may end early.
        found_in: The unit that found it.
        example: Number of the example that found it, from 0; -1 for a scenario.
        length_found: How many operations the program had before it was shrunk.
        repeats: How often the shrunk program showed the violation when it was repeated,
        tries: and how often it was repeated. No repeat at all: the finding is flaky.
        schedule: The drawn schedule that shows it; None if it shows on the ordinary event loop.
        story: Who ran when on that schedule, line by line.
        known: The id of the entry of known failures that accepts it; empty if none does.
    """

    violation: Violation
    program: Program
    answers: tuple[Answer, ...]
    found_in: Unit
    example: int
    length_found: int
    repeats: int
    tries: int
    schedule: Schedule | None = None
    story: tuple[str, ...] = ()
    known: str = ""

    @property
    def is_flaky(self) -> bool:
        """Whether the violation was seen once and never again: reported apart, not held against the subject."""
        return self.repeats == 0


def find_simplest(findings: Iterable[Finding]) -> Finding:
    """Return the one of several findings that is told best: one that repeats, with the fewest operations."""
    return min(findings, key=lambda finding: (finding.is_flaky, len(finding.program.operations)))


@dataclass(frozen=True, slots=True)
class Trouble:
    """The harness of the subject broke.

    Attributes:
        what: What happened, in one line.
        stderr: The last lines of its standard error, oldest first.
        program: The program that was running, or None if it broke at its start.
        found_in: The unit that was at work.
    """

    what: str
    stderr: tuple[str, ...]
    program: Program | None
    found_in: Unit


@dataclass(frozen=True, slots=True)
class Wait:
    """How long one program took: nearly all of it is waiting for the subject.

    Attributes:
        seconds: Real time from its first request to its last answer.
        example: Number of the example, from 0; -1 for a scenario.
        operations: How many operations it has.
    """

    seconds: float
    example: int
    operations: int


@dataclass(slots=True)
class UnitResult:
    """What one unit brought.

    Attributes:
        unit: The unit.
        examples: Programs that were judged to their end.
        operations: Operations performed.
        seconds: Wall time spent.
        exercised: Clause id -> how often it was demanded and held.
        findings: Violations, at most one per clause, and one more per clause and entry of known failures.
        undecided: Reason -> number of programs that were not judged to their end for it.
        trouble: Why the unit ended early because of the harness, or None.
        unsupported: Why the unit was not run, or None.
        waits: The programs that took longest, slowest first, at most three.
    """

    unit: Unit
    examples: int = 0
    operations: int = 0
    seconds: float = 0.0
    exercised: Counter[str] = field(default_factory=Counter[str])
    findings: list[Finding] = field(default_factory=list[Finding])
    undecided: Counter[str] = field(default_factory=Counter[str])
    trouble: Trouble | None = None
    unsupported: str | None = None
    waits: list[Wait] = field(default_factory=list[Wait])

    def note_wait(self, wait: Wait) -> None:
        """Remember how long a program took, if it is among the slowest."""
        if len(self.waits) < MAX_WAITS or wait.seconds > self.waits[-1].seconds:
            self.waits = sorted([*self.waits, wait], key=lambda each: -each.seconds)[:MAX_WAITS]


@dataclass(slots=True)
class RunResult:
    """Everything a run found.

    Attributes:
        hello: The subject's description of itself; None if it never said hello.
        subject: How the subject was named on the command line.
        seed: The seed of the run.
        budget: The budget as it was asked for.
        units: Results in the order in which they ended.
        selected: Ids of the clauses the run was asked to judge.
        is_interrupted: Whether somebody stopped it before its end.
        seconds: Wall time of the whole run.
        known: The failures that were known.
    """

    hello: Hello | None
    subject: str
    seed: int
    budget: str
    units: list[UnitResult]
    selected: frozenset[str]
    is_interrupted: bool = False
    seconds: float = 0.0
    known: Known = NOTHING


class Listener(Protocol):
    """Hears what happens while it happens. Called in the thread and process that asked for the run."""

    def on_hello(self, hello: Hello) -> None:
        """The subject has said hello."""

    def on_unit_started(self, unit: Unit) -> None:
        """A unit begins."""

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        """A unit has come this far; called a few times a second."""

    def on_finding(self, finding: Finding) -> None:
        """A violation was found and shrunk."""

    def on_unit_finished(self, result: UnitResult) -> None:
        """A unit is over."""
