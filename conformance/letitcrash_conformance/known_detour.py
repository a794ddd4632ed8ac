"""Ways around a known failure: a program is judged up to its first violation, and what stands behind it counts too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from letitcrash_conformance.program import Program
from letitcrash_conformance.session import Outcome
from letitcrash_conformance.shrink_histories import without_label
from letitcrash_spec.model.diagnose import Violation

__all__ = ["DETOURS", "Detour", "go_around", "without_failure"]

DETOURS = {"virtual": 12, "wall": 3}
"""How many smaller programs are run for one that meets a known failure, at most, on each kind of clock."""


@dataclass(slots=True)
class Detour:
    """What the way around a known failure led to.

    Attributes:
        outcome: The last run.
        runs: How many programs were run.
        operations: How many operations they had.
    """

    outcome: Outcome
    runs: int = 0
    operations: int = 0


def go_around(
    first: Outcome, perform: Callable[[Program], Outcome], is_known: Callable[[Outcome], bool], *, runs: int
) -> Detour:
    """Leave out what leads to known failures until the rest of a program is judged, or breaks something new.

    Args:
        first: A run that met a known failure.
        perform: Runs a program.
        is_known: Whether the violation of a run is known.
        runs: How many programs to run at most.
    """
    detour = Detour(first)
    while is_known(detour.outcome) and detour.runs < runs:
        before = detour.outcome
        for program in without_failure(before):
            outcome = perform(program)
            detour.runs += 1
            detour.operations += len(program.operations)
            if not is_known(outcome) or _left(outcome) < _left(before):
                detour.outcome = outcome
                break
            if detour.runs >= runs:
                return detour
        else:
            return detour
    return detour


def without_failure(outcome: Outcome) -> Iterator[Program]:
    """Return the program of a failing run without its failing step, or without what may have led there.

    If an observation failed, that is one of the steps since the one before, or all of them together.
    """
    program, violation = outcome.program, _violation_of(outcome)
    operations = list(program.operations)
    index = violation.index
    if operations[index].op != "observe":
        yield _without(program, index)
        return
    start = index
    while start > 0 and operations[start - 1].op != "observe":
        start -= 1
    for position in range(index - 1, start - 1, -1):
        yield _without(program, position)
    if index - start != 1:
        yield Program((*operations[:start], *operations[index:]), program.origin)


def _without(program: Program, position: int) -> Program:
    operations = list(program.operations)
    dropped = operations.pop(position)
    if dropped.op in ("spawn", "start_supervisor"):
        operations = without_label(operations, dropped.args["as"])
    return Program(tuple(operations), program.origin)


def _left(outcome: Outcome) -> int:
    """Return how many operations stand behind the violation."""
    return len(outcome.program.operations) - _violation_of(outcome).index


def _violation_of(outcome: Outcome) -> Violation:
    violation = outcome.judgement.violation
    assert violation is not None
    return violation
