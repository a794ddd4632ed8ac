"""From a failing example to its smallest story, and the proof that it repeats."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.hypothesis_source import shrink_choices
from letitcrash_conformance.program import Program
from letitcrash_conformance.session import Outcome, Session
from letitcrash_conformance.source import Source
from letitcrash_spec.messages import Operation

__all__ = ["Shrunk", "confirm", "shrink", "weight_of"]


SHRINK_PATIENCE_S = 0.5
"""How long a candidate's unexplained observation is looked at again; what is reported is confirmed with more."""


@dataclass(slots=True)
class Shrunk:
    """The simplest failing run found so far."""

    outcome: Outcome

    @property
    def weight(self) -> tuple[int, int]:
        return weight_of(self.outcome.program)


def weight_of(program: Program) -> tuple[int, int]:
    """Return how much there is to read: operations, then characters."""
    return (len(program.operations), len(json.dumps(program.to_json())))


def shrink(
    session: Session,
    first: Outcome,
    make: Callable[[Source], Program] | None,
    choices: Sequence[int],
    *,
    seconds: float,
    tries: int = 1,
) -> Outcome:
    """Return the simplest run that breaks the same clause.

    Args:
        session: Where to run candidates.
        first: The run that broke a clause.
        make: How its program was made from choices; None if it was not (a scenario).
        choices: The choices that made it.
        seconds: How long to look for simpler ones, in seconds of real time.
        tries: How often a candidate is run before it counts as passing (more than 1 where luck plays a part).

    A harness that breaks while candidates are run ends the search for simpler ones; the session is of no use then.
    """
    violation = first.judgement.violation
    assert violation is not None
    best = Shrunk(first)
    is_broken = False

    def fails(program: Program) -> bool:
        nonlocal is_broken
        for _ in range(tries):
            if is_broken:
                return False
            try:
                outcome = session.run(program)
            except SubjectError:  # what was found so far must not be lost to a harness that breaks now
                is_broken = True
                return False
            found = outcome.judgement.violation
            if found is not None and found.clause == violation.clause:
                cut = _cut(outcome)
                if weight_of(cut.program) < best.weight:
                    best.outcome = cut
                return True
        return False

    deadline = time.monotonic() + seconds
    patience_s, session.patience_s = session.patience_s, min(session.patience_s, SHRINK_PATIENCE_S)
    try:
        if make is not None:
            shrink_choices(make, choices, fails, seconds=seconds)
        _drop_operations(best, fails, session.hello.clock, max(deadline, time.monotonic() + seconds / 2))
    finally:
        session.patience_s = patience_s
    return best.outcome


def _cut(outcome: Outcome) -> Outcome:
    """Leave out what came after the violation, up to the next observation."""
    violation = outcome.judgement.violation
    assert violation is not None
    operations = outcome.program.operations
    end = violation.index + 1
    while end < len(operations) and operations[end - 1].op != "observe":
        end += 1
    program = Program(operations[:end], outcome.program.origin)
    return replace(outcome, program=program, answers=outcome.answers[:end])


def _drop_operations(best: Shrunk, fails: Callable[[Program], bool], clock: str, deadline: float) -> None:
    """Leave out one operation after another as long as the violation stays, again and again (a last polish)."""
    before = None
    while best.weight != before:
        before = best.weight
        position = len(best.outcome.program.operations) - 1
        while position >= 0 and time.monotonic() < deadline:
            operations = list(best.outcome.program.operations)
            if position < len(operations):
                dropped = operations.pop(position)
                candidate = _without(operations, dropped)
                program = Program.of(candidate, clock=clock, origin=best.outcome.program.origin)
                if program.operations and weight_of(program) < best.weight:
                    fails(program)
            position -= 1


def _without(operations: list[Operation], dropped: Operation) -> list[Operation]:
    """Leave out what speaks of a process that is not started any more."""
    if dropped.op not in ("spawn", "start_supervisor"):
        return operations
    marks = (json.dumps(dropped.args["as"]), json.dumps(dropped.args["as"] + "/")[:-1])
    return [x for x in operations if not any(mark in json.dumps(x.args) for mark in marks)]


def confirm(session: Session, program: Program, clause: str, *, tries: int) -> int:
    """Return in how many of `tries` runs, done as it was found, the program breaks the clause again."""
    repeats = 0
    for _ in range(tries):
        try:
            violation = session.run(program).judgement.violation
        except SubjectError:
            break
        if violation is not None and violation.clause == clause:
            repeats += 1
    return repeats
