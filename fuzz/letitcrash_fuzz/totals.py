"""What a campaign has done on one target, over all its runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.ranges import Range

__all__ = ["KnownFind", "Totals"]


@dataclass(frozen=True, slots=True)
class KnownFind:
    """A find, as a campaign remembers it.

    Attributes:
        clause: The clause that is broken.
        name: Name of the replay file.
        what: What differs, in one line.
        length: Operations of the program.
        is_shrunk: Whether it was shrunk and repeated.
        is_flaky: Whether it never failed again when it was repeated.
    """

    clause: str
    name: str
    what: str
    length: int
    is_shrunk: bool = True
    is_flaky: bool = False


@dataclass(slots=True)
class Totals:
    """Counters, knowledge and finds of one target.

    Attributes:
        next: Number of the first execution that was not given out yet.
        executions: Inputs that were run.
        operations: Operations that were performed.
        seconds: Time that workers spent.
        troubles: How often the harness broke or a worker died.
        knowledge: Coverage and corpus.
        exercised: Clause -> how often it was demanded and held.
        undecided: Reason -> programs that were not judged to their end for it.
        violations: Clause -> executions that broke it.
        finds: Name -> the find.
    """

    next: int = 0
    executions: int = 0
    operations: int = 0
    seconds: float = 0.0
    troubles: int = 0
    knowledge: Knowledge = field(default_factory=Knowledge)
    exercised: Counter[str] = field(default_factory=Counter[str])
    undecided: Counter[str] = field(default_factory=Counter[str])
    violations: Counter[str] = field(default_factory=Counter[str])
    finds: dict[str, KnownFind] = field(default_factory=dict[str, KnownFind])

    def add(self, result: Range) -> int:
        """Take in what a range brought, but for its finds and troubles. Returns how many features are new."""
        self.executions += result.executions
        self.operations += result.operations
        self.seconds += result.seconds
        self.exercised.update(result.exercised)
        self.undecided.update(result.undecided)
        self.violations.update(result.violations)
        return self.knowledge.merge(result.learned)
