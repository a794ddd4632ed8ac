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
from letitcrash_conformance.shrink_histories import Luck, candidates_of, has_history, size_of, without_label
from letitcrash_conformance.source import Source
from letitcrash_spec.messages import Operation

__all__ = ["Shrunk", "confirm", "confirm_race", "shrink", "weight_of"]

SHRINK_PATIENCE_S = 0.5
"""How long a candidate's unexplained observation is looked at again; what is reported is confirmed with more."""

MEASURE = 6
"""How often a failing history is run again to learn how often it fails."""

MEASURE_RARE = 40
"""How often one is that has not failed again so far."""

RACE_TRIES = 60
"""How often a history that does not fail every time is repeated at most."""

RACE_REPEATS = 3
"""After how many repeats of such a history enough is known."""

RACE_S = 10.0
"""How long such a history is repeated at most, in seconds of real time."""


@dataclass(slots=True)
class Shrunk:
    """The simplest failing run found so far."""

    outcome: Outcome

    @property
    def weight(self) -> tuple[int, int]:
        return weight_of(self.outcome.program)


def weight_of(program: Program) -> tuple[int, int]:
    """Return how much there is to read: operations, also those inside of histories, then characters."""
    return (sum(map(size_of, program.operations)), len(json.dumps(program.to_json())))


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
        tries: How often a candidate is run before it counts as passing (more than 1 where luck plays a part). A
            history that fails in some runs only gets more, the more the seldomer it fails; one that never does
            again is left as it is.

    A harness that breaks while candidates are run ends the search for simpler ones; the session is of no use then.
    """
    violation = first.judgement.violation
    assert violation is not None
    best = Shrunk(first)
    luck = Luck(tries)
    is_broken = False
    deadline = time.monotonic() + seconds

    def run(program: Program) -> Outcome | None:
        nonlocal is_broken
        if is_broken:
            return None
        try:
            outcome = session.run(program)
        except SubjectError:  # what was found so far must not be lost to a harness that breaks now
            is_broken = True
            return None
        found = outcome.judgement.violation
        return outcome if found is not None and found.clause == violation.clause else None

    def fails(program: Program) -> bool:
        for number in range(1, luck.tries + 1):
            if number > tries and time.monotonic() > deadline:
                return False
            outcome = run(program)
            if outcome is not None:
                luck.found(number)
                cut = _cut(outcome)
                if weight_of(cut.program) < best.weight:
                    best.outcome = cut
                return True
        return False

    patience_s, session.patience_s = session.patience_s, min(session.patience_s, SHRINK_PATIENCE_S)
    session.is_warned = True
    try:
        if has_history(first.program.operations):
            failed, runs = _measure(lambda: run(first.program) is not None, time.monotonic() + seconds / 4)
            if not failed:
                return first  # there is nothing that a smaller program could be told apart by
            luck.measured(failed, runs)
        if make is not None and luck.rate >= 1.0:
            shrink_choices(make, choices, fails, seconds=seconds)
        deadline = max(deadline, time.monotonic() + seconds / 2)
        _drop_operations(best, fails, session.hello.clock, deadline)
    finally:
        session.patience_s, session.is_warned = patience_s, False
    return best.outcome


def _measure(fails: Callable[[], bool], deadline: float) -> tuple[int, int]:
    """Run a failing program again and again. Returns in how many of how many runs it failed."""
    failed = runs = 0
    while runs < (MEASURE if failed else MEASURE_RARE) and time.monotonic() < deadline:
        failed += fails()
        runs += 1
    return failed, runs


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
        _shrink_histories(best, fails, clock, deadline)
        position = len(best.outcome.program.operations) - 1
        while position >= 0 and time.monotonic() < deadline:
            operations = list(best.outcome.program.operations)
            if position < len(operations):
                dropped = operations.pop(position)
                if dropped.op in ("spawn", "start_supervisor"):
                    operations = without_label(operations, dropped.args["as"])
                _try(best, operations, fails, clock)
            position -= 1


def _shrink_histories(best: Shrunk, fails: Callable[[Program], bool], clock: str, deadline: float) -> None:
    """Make histories smaller as long as the violation stays."""
    is_smaller = has_history(best.outcome.program.operations)
    while is_smaller:
        is_smaller = False
        outcome = best.outcome
        for operations in candidates_of(outcome.program.operations, outcome.answers):
            if time.monotonic() > deadline:
                return
            if _try(best, operations, fails, clock):
                is_smaller = True
                break


def _try(best: Shrunk, operations: Sequence[Operation], fails: Callable[[Program], bool], clock: str) -> bool:
    """Run a candidate if it is simpler than the simplest. Returns whether it fails."""
    program = Program.of(operations, clock=clock, origin=best.outcome.program.origin)
    return bool(program.operations) and weight_of(program) < best.weight and fails(program)


def confirm(session: Session, program: Program, clause: str, *, tries: int) -> int:
    """Return in how many of `tries` runs, done as it was found, the program breaks the clause again."""
    repeats = 0
    for _ in range(tries):
        try:
            repeats += _breaks(session, program, clause)
        except SubjectError:
            break
    return repeats


def confirm_race(session: Session, program: Program, clause: str, *, tries: int) -> tuple[int, int]:
    """Repeat a history that may not fail every time, until enough is known of how often it does.

    Args:
        session: Where to run it.
        program: The program.
        clause: The clause that it breaks.
        tries: How often to repeat one that fails every time.

    Returns:
        In how many repeats it broke the clause again, and how many there were.
    """
    repeats = done = 0
    deadline = time.monotonic() + RACE_S
    while done < RACE_TRIES:
        try:
            repeats += _breaks(session, program, clause)
        except SubjectError:
            return repeats, max(tries, done)
        done += 1
        if done >= tries and (repeats == done or repeats >= RACE_REPEATS or time.monotonic() > deadline):
            break
    return repeats, done


def _breaks(session: Session, program: Program, clause: str) -> bool:
    session.is_warned = True
    try:
        violation = session.run(program).judgement.violation
    finally:
        session.is_warned = False
    return violation is not None and violation.clause == clause
