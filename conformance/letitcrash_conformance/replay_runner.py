"""Runs a stored program again and says what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from letitcrash_conformance.engine import TRIES
from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.inprocess import InProcessSubject
from letitcrash_conformance.program import Program
from letitcrash_conformance.render_lines import count
from letitcrash_conformance.replay import Replay, refuse_replay, retime
from letitcrash_conformance.results import Finding
from letitcrash_conformance.session import Outcome, Session
from letitcrash_conformance.shrink_histories import Luck
from letitcrash_conformance.simulation.choose import open_session
from letitcrash_conformance.simulation.schedule import Schedule
from letitcrash_conformance.simulation.session import ScheduledOutcome, ScheduledSession
from letitcrash_conformance.subject import Subject
from letitcrash_spec.hello import Hello
from letitcrash_spec.model.diagnose import Violation

__all__ = ["State", "Verdict", "repeat"]


class State(Enum):
    """What became of a stored program, with its exit code."""

    FIXED = ("FIXED", 0)
    STILL_FAILS = ("STILL FAILS", 1)
    CANNOT_RUN = ("CANNOT RUN", 4)
    UNDECIDED = ("UNDECIDED", 3)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One file, run again.

    Attributes:
        state: What became of it.
        why: That in words.
        hello: What the subject said of itself, or None if it could not be started.
        finding: What still fails, or None.
        error: How the harness broke, or None.
    """

    state: State
    why: str
    hello: Hello | None = None
    finding: Finding | None = None
    error: SubjectError | None = None


def repeat(replay: Replay, factory: Callable[[], Subject], *, tries: int | None = None) -> Verdict:
    """Run a stored program until it fails, or as often as it takes to believe that it does not.

    Args:
        replay: The file.
        factory: Makes the subject.
        tries: How often to run it; None for as often as a finding is repeated before it is reported.

    Raises:
        UsageError: If the schedule of the file needs greenlet, and that is not installed.
    """
    try:
        subject = factory()
    except SubjectError as error:
        return Verdict(State.CANNOT_RUN, str(error), error=error)
    session: Session | None = None
    try:
        hello = subject.hello
        refusal = refuse_replay(replay, hello) or _refuse_schedule(replay, subject)
        if refusal:
            return Verdict(State.CANNOT_RUN, refusal, hello)
        session = Session(subject) if replay.schedule is None else _open_session(replay, replay.schedule, factory)
        program = replay.program if hello.clock == replay.hello.clock else retime(replay.program, hello.clock)
        number = _tries_of(replay, hello) if tries is None else tries
        for attempt in range(1, number + 1):
            outcome = session.run_thoroughly(program)
            judgement = outcome.judgement
            if judgement.violation is not None:
                if isinstance(session, ScheduledSession) and isinstance(outcome, ScheduledOutcome):
                    outcome = session.tell(outcome)
                now = judgement.violation.clause
                changed = "" if now == replay.clause else f", it was {replay.clause}"
                why = f"{now} is broken{changed} (try {attempt} of {number})"
                return Verdict(State.STILL_FAILS, why, hello, _find(replay, outcome, judgement.violation, attempt))
            if judgement.undecided is not None:
                return Verdict(State.UNDECIDED, judgement.undecided, hello)
    except SubjectError as error:
        return Verdict(State.CANNOT_RUN, str(error), subject.hello, error=error)
    finally:
        subject.close()
        if session is not None:
            session.subject.close()
    return Verdict(State.FIXED, f"{replay.clause} holds in {number} of {count(number, 'try', 'tries')}", hello)


def _find(replay: Replay, outcome: Outcome, violation: Violation, tries: int) -> Finding:
    """Return what still fails as a finding, in the words of the run that found it first."""
    scheduled = outcome if isinstance(outcome, ScheduledOutcome) else None
    return Finding(
        violation=violation,
        program=Program(outcome.program.operations, replay.origin),
        answers=tuple(outcome.answers),
        found_in=replay.unit,
        example=replay.example,
        length_found=len(outcome.program),
        repeats=1,
        tries=tries,
        schedule=None if scheduled is None else scheduled.schedule,
        story=() if scheduled is None else scheduled.story,
    )


def _tries_of(replay: Replay, hello: Hello) -> int:
    """Return how often to run a program: the more often, the seldomer it failed when it was found."""
    luck = Luck(TRIES[hello.clock])
    if replay.repeats and replay.tries:
        luck.measured(replay.repeats, replay.tries)
    return luck.tries


def _refuse_schedule(replay: Replay, subject: Subject) -> str:
    """Say why a subject cannot run on the schedule of a file; empty if it can, or if there is none."""
    if replay.schedule is None:
        return ""
    ours = subject if isinstance(subject, InProcessSubject) else None
    if replay.schedule.tier == "tasks":
        if ours is None or not ours.SIMULATED:
            return "the program needs a drawn schedule, and the subject names no backends that run on one (SIMULATED)"
    elif ours is None or not ours.SIMULATED_THREADS:
        return "the program needs a drawn schedule of threads, and the subject names no SIMULATED_THREADS"
    return ""


def _open_session(replay: Replay, schedule: Schedule, factory: Callable[[], Subject]) -> ScheduledSession:
    session = open_session(factory, schedule.tier)
    session.schedule = schedule
    session.wanted = replay.clause  # where the recorded schedule does not show it, others may
    return session
