"""From an input that breaks a clause to a finding: shrunk by Hypothesis, repeated on a fresh subject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from letitcrash_conformance.engine import SHRINK_S, TRIES
from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.program import Program
from letitcrash_conformance.replay import name_replay
from letitcrash_conformance.results import Finding, Unit
from letitcrash_conformance.session import Outcome, Session
from letitcrash_conformance.shrink import confirm, confirm_race, shrink
from letitcrash_conformance.shrink_histories import has_history
from letitcrash_conformance.source import Source
from letitcrash_conformance.subject import Subject

__all__ = ["Find", "prove", "raw_find"]


@dataclass(frozen=True, slots=True)
class Find:
    """An input that breaks a clause, and its smallest story.

    Attributes:
        data: The input as it was found.
        number: Number of the execution that found it.
        finding: The finding; what a replay file is written from.
        is_shrunk: Whether it was shrunk and repeated; False if there was no time for it.
    """

    data: bytes
    number: int
    finding: Finding
    is_shrunk: bool = True

    @property
    def clause(self) -> str:
        """The clause that it breaks."""
        return self.finding.violation.clause

    @property
    def name(self) -> str:
        """The same for the same clause and the same shrunk program: the name of its replay file."""
        return name_replay(self.finding)


def raw_find(data: bytes, number: int, outcome: Outcome, unit: Unit) -> Find:
    """Return a violation as it was found, not shrunk and not repeated."""
    violation = outcome.judgement.violation
    assert violation is not None
    length = len(outcome.program.operations)
    finding = Finding(violation, outcome.program, tuple(outcome.answers), unit, max(number, -1), length, 1, 1)
    return Find(data, number, finding, is_shrunk=False)


def prove(
    raw: Find,
    outcome: Outcome,
    *,
    session: Session,
    fresh: Callable[[], Subject],
    make: Callable[[Source], Program],
    choices: Sequence[int],
) -> Find:
    """Shrink a violation, and repeat what is left on a fresh subject.

    Args:
        raw: The violation as it was found.
        outcome: The run that found it.
        session: Where to run candidates.
        fresh: Makes a fresh subject.
        make: How its program was made from choices.
        choices: The choices.

    A harness that breaks meanwhile ends it early: what is known by then is returned.
    """
    clause = raw.clause
    clock = session.hello.clock
    if clock == "wall":
        try:
            patient = session.run(outcome.program, patient=True)
        except SubjectError:
            return raw
        if patient.judgement.violation is not None:
            outcome, clause = patient, patient.judgement.violation.clause
    shrunk = shrink(session, outcome, make, choices, seconds=SHRINK_S[clock], tries=1 if clock == "virtual" else 2)
    try:
        subject = fresh()
    except SubjectError:
        return raw
    try:
        repeats, tries = _repeat(Session(subject), shrunk.program, clause)
        if not repeats and has_history(shrunk.program.operations):
            again, tries_again = _repeat(Session(subject), outcome.program, clause)
            if again:  # it was made so small that it hardly ever fails
                shrunk, repeats, tries = outcome, again, tries_again
    finally:
        subject.close()
    assert shrunk.judgement.violation is not None
    finding = Finding(
        violation=shrunk.judgement.violation,
        program=shrunk.program,
        answers=tuple(shrunk.answers),
        found_in=raw.finding.found_in,
        example=max(raw.number, -1),
        length_found=raw.finding.length_found,
        repeats=repeats,
        tries=tries,
    )
    return Find(raw.data, raw.number, finding)


def _repeat(session: Session, program: Program, clause: str) -> tuple[int, int]:
    tries = TRIES[session.hello.clock]
    if has_history(program.operations):
        return confirm_race(session, program, clause, tries=tries)
    return confirm(session, program, clause, tries=tries), tries
