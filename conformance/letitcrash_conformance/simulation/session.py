"""A session whose programs run on drawn schedules: for the search, for shrinking and for replays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.program import Program
from letitcrash_conformance.session import Outcome, Session
from letitcrash_conformance.simulation.minimize import minimize
from letitcrash_conformance.simulation.schedule import Decisions, Schedule
from letitcrash_conformance.simulation.subject import ScheduledSubject
from letitcrash_conformance.simulation.subject_threads import ThreadedSubject

__all__ = ["FURTHER", "ScheduledOutcome", "ScheduledSession"]

FURTHER = 12
"""Schedules of the portfolio that a shrunk program is tried on when the recorded one does not fail any more."""


@dataclass(slots=True)
class ScheduledOutcome(Outcome):
    """One run of one program on one schedule.

    Attributes:
        schedule: The schedule that repeats it.
        story: Who ran when, line by line; empty if it was not asked for.
    """

    schedule: Schedule = field(default_factory=Schedule)
    story: tuple[str, ...] = ()


class ScheduledSession(Session):
    """Drives a subject on drawn schedules.

    Attributes:
        schedule: What `run` tries first.
        wanted: The clause whose violation is looked for: where the schedule does not show it, `run` tries first come,
            first served and then others. Empty while searching: `run` takes the schedule alone.
    """

    def __init__(self, scheduled: ScheduledSubject | ThreadedSubject) -> None:
        """Drive a subject, with tasks or with threads on drawn schedules."""
        self._scheduled = scheduled
        super().__init__(scheduled)
        self.schedule = Schedule()
        self.wanted = ""

    def run(self, program: Program, *, patient: bool = False) -> ScheduledOutcome:
        """Perform a program and judge it; see `Session.run`. On a virtual clock patience changes nothing."""
        outcome = self.run_on(self.schedule, program)
        if not self.wanted or self._is_found(outcome):
            return outcome
        tried = self.schedule
        others = [tried.recorded(()), *(tried.reseeded(number) for number in range(FURTHER))]
        for schedule in others:
            other = self.run_on(schedule, program)
            if self._is_found(other):
                self.schedule = other.schedule
                return other
        return outcome

    def run_on(self, schedule: Schedule, program: Program) -> ScheduledOutcome:
        """Perform a program on one schedule and judge it.

        Raises:
            SubjectError: If the harness broke, or the world came to a deadlock or livelock.
        """
        scheduled = self._scheduled
        scheduled.schedule = schedule
        try:
            found = super().run(program)
        except SubjectError as error:
            what = f"{error.what}\n  on the drawn schedule {scheduled.taken} (drawn as: {schedule})"
            raise SubjectError(what, stderr=error.stderr, answers=error.answers) from error
        return ScheduledOutcome(found.program, found.answers, found.judgement, scheduled.taken)

    def minimize(self, outcome: ScheduledOutcome) -> ScheduledOutcome:
        """Return the run with the fewest decisions that breaks the same clause, with its story."""
        violation = outcome.judgement.violation
        assert violation is not None
        program, mode = outcome.program, outcome.schedule
        best = outcome

        def fails(decisions: Decisions) -> bool:
            nonlocal best
            other = self.run_on(mode.recorded(decisions), program)
            found = other.judgement.violation
            if found is None or found.clause != violation.clause:
                return False
            best = other
            return True

        if fails(outcome.schedule.decisions):
            # Decisions that did not fit any more count for nothing: go by what was really taken.
            minimize(best.schedule.decisions, fails)
        return self.tell(best)

    def tell(self, outcome: ScheduledOutcome) -> ScheduledOutcome:
        """Return the same run, done again, with its story."""
        scheduled = self._scheduled
        scheduled.is_telling = True
        try:
            again = self.run_on(outcome.schedule, outcome.program)
        finally:
            scheduled.is_telling = False
        if again.judgement.violation is None:
            return outcome  # it depends on more than its schedule, and what went well is not its story
        story = scheduled.story
        return replace(again, story=() if story is None else tuple(story.lines()))

    def _is_found(self, outcome: Outcome) -> bool:
        violation = outcome.judgement.violation
        return violation is not None and violation.clause == self.wanted
