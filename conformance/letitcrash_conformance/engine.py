"""Runs the units of a plan: scenarios first, then the search; what fails is shrunk and repeated."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.plan import seed_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.results import Finding, Trouble, Unit, UnitResult, Wait
from letitcrash_conformance.scenarios import scenarios_of
from letitcrash_conformance.session import Outcome, Session
from letitcrash_conformance.shrink import confirm, confirm_race, shrink
from letitcrash_conformance.shrink_histories import has_history
from letitcrash_conformance.simulation.choose import choose_tier, draw_schedule, open_session
from letitcrash_conformance.simulation.schedule import Schedule, Tier
from letitcrash_conformance.simulation.session import ScheduledOutcome, ScheduledSession
from letitcrash_conformance.source import RandomSource, Source
from letitcrash_conformance.subject import Subject

__all__ = ["UnitRunner"]

SHRINK_S = {"virtual": 6.0, "wall": 15.0}
"""How long a finding may be shrunk, in seconds of real time."""

TRIES = {"virtual": 3, "wall": 5}
"""How often a shrunk program is repeated before it is reported."""

MAX_FINDINGS = 6
"""Clauses that are shrunk in one unit; a subject with more is broken enough to be fixed first."""

MAX_DOUBTS = 3
"""Violations of one clause that do not repeat after which no further one is looked into."""

MAX_FAILURES = 40
"""Failing examples after which a unit ends: more of them would say nothing new."""

SCENARIO_SCHEDULES = 12
"""Schedules drawn for the history of each scenario; about every second one is first come, first served."""

PROGRESS_S = 0.2


class UnitRunner:
    """Runs one unit after another on a subject of its own, which it makes anew when it breaks.

    Args:
        factory: Makes the subject.
        selected: The clauses to judge; others may break without being reported.
        on_progress: Called a few times a second with unit, examples and operations so far.
        on_finding: Called with each finding.
        threads: How to run programs of backends with threads on drawn schedules; None for not at all.
    """

    def __init__(
        self,
        factory: Callable[[], Subject],
        selected: frozenset[str],
        on_progress: Callable[[Unit, int, int], None],
        on_finding: Callable[[Finding], None],
        threads: Tier | None = None,
    ) -> None:
        self._factory = factory
        self.threads: Tier | None = threads
        self._selected = selected
        self._on_progress = on_progress
        self._on_finding = on_finding
        self._session: Session | None = None
        self._scheduled: dict[Tier, ScheduledSession] = {}
        self._reported: set[str] = set()
        self._doubts: Counter[str] = Counter()

    def session(self) -> Session:
        """Return the session with the subject, started if it is not running.

        Raises:
            SubjectError: If the subject cannot be started.
        """
        if self._session is None:
            self._session = Session(self._factory())
        return self._session

    def scheduled(self, tier: Tier) -> ScheduledSession:
        """Return the session with another subject of the same kind, whose programs run on drawn schedules.

        Raises:
            SubjectError: If the subject cannot be started.
            UsageError: If greenlet is needed and not installed.
        """
        session = self._scheduled.get(tier)
        if session is None:
            session = self._scheduled[tier] = open_session(self._factory, tier)
        return session

    def close(self) -> None:
        """End the subjects."""
        if self._session is not None:
            self._session.subject.close()
            self._session = None
        while self._scheduled:
            self._scheduled.popitem()[1].subject.close()

    def run(self, unit: Unit) -> UnitResult:
        """Run a unit. What its harness breaks is part of the result, never raised."""
        work = _Work(self, unit)
        started = time.monotonic()
        try:
            work.run()
        except SubjectError as error:
            self.close()
            work.result.trouble = Trouble(error.what, error.stderr, work.running, unit)
        work.result.seconds = time.monotonic() - started
        return work.result

    def report(self, finding: Finding) -> bool:
        """Pass a finding on, unless it is one more of a clause that does not repeat. Returns whether it was."""
        clause = finding.violation.clause
        self._doubts[clause] += finding.is_flaky
        if finding.is_flaky and self._doubts[clause] > 1:
            return False
        if not finding.is_flaky:
            self._reported.add(clause)
        self._on_finding(finding)
        return True

    def progress(self, unit: Unit, result: UnitResult) -> None:
        """Say how far a unit has come."""
        self._on_progress(unit, result.examples, result.operations)

    def is_selected(self, clause: str) -> bool:
        """Whether a clause is one of those to judge."""
        return clause in self._selected

    def is_settled(self, clause: str) -> bool:
        """Whether enough is known of the clause: a violation that repeats, or several that do not."""
        return clause in self._reported or self._doubts[clause] >= MAX_DOUBTS


class _Work:
    """One unit while it runs."""

    def __init__(self, runner: UnitRunner, unit: Unit) -> None:
        self.runner = runner
        self.unit = unit
        self.result = UnitResult(unit)
        self.running: Program | None = None
        self.failures = 0
        self._reported_at = 0.0

    def run(self) -> None:
        session = self.runner.session()
        setting = Setting.of(session.hello, self.unit.chapter, self.unit.backend)
        tier = choose_tier(session.subject, self.unit.backend, self.runner.threads)
        if self.unit.has_scenarios:
            for program, scenario in scenarios_of(setting):
                if self._example(-1, program, None, []):
                    self.result.exercised.update(scenario.clauses)
                if tier is not None and has_history(program.operations):
                    self._race(program, tier)
        make = partial(_make, setting)
        for example in range(self.unit.first, self.unit.first + self.unit.examples):
            if self.failures >= MAX_FAILURES:
                break
            seed = seed_of(self.unit, example)
            source = RandomSource(seed)
            program = generate(source, setting)
            schedule = None if tier is None else draw_schedule(str(seed), tier)
            self._example(example, program, make, source.choices, schedule)
        self.runner.progress(self.unit, self.result)

    def _race(self, program: Program, tier: Tier) -> None:
        """Run the history of a scenario on several drawn schedules."""
        for number in range(SCENARIO_SCHEDULES):
            schedule = draw_schedule(f"{self.unit.seed} {program.origin} {number}", tier)
            if schedule is not None:
                self._example(-1, program, None, [], schedule)

    def _example(
        self,
        number: int,
        program: Program,
        make: Callable[[Source], Program] | None,
        choices: list[int],
        schedule: Schedule | None = None,
    ) -> bool:
        """Run one program. Returns whether it was judged to its end and nothing was wrong."""
        session = self.runner.session()
        self.running = program
        started = time.monotonic()
        if schedule is None:
            outcome = session.run(program)
        else:
            outcome = self.runner.scheduled(schedule.tier).run_on(schedule, program)
        result = self.result
        result.note_wait(Wait(time.monotonic() - started, number, len(program.operations)))
        result.examples += 1
        result.operations += len(program.operations)
        judgement = outcome.judgement
        result.exercised.update(judgement.exercised)
        if judgement.undecided is not None:
            result.undecided[judgement.undecided] += 1
        if judgement.violation is not None:
            self._violation(number, outcome, make, choices)
        elif self.unit.backend != session.hello.default_backend:
            result.exercised["BACK-2"] += 1  # the default backend runs the same programs
        now = time.monotonic()
        if now - self._reported_at > PROGRESS_S:
            self._reported_at = now
            self.runner.progress(self.unit, result)
        return judgement.violation is None and judgement.undecided is None

    def _violation(
        self, number: int, outcome: Outcome, make: Callable[[Source], Program] | None, choices: list[int]
    ) -> None:
        violation = outcome.judgement.violation
        assert violation is not None
        self.failures += 1
        clause = violation.clause
        if not self.runner.is_selected(clause):
            self.result.undecided[f"{clause} was broken, which was not asked for"] += 1
            return
        if self.runner.is_settled(clause) or len(self.result.findings) >= MAX_FINDINGS:
            return
        if isinstance(outcome, ScheduledOutcome):
            plain = self.runner.session().run(outcome.program)
            if plain.judgement.violation is None or plain.judgement.violation.clause != clause:
                self._violation_on_schedule(number, outcome, make, choices)
                return
            outcome = plain  # it takes no schedule to show it
        session = self.runner.session()
        clock = session.hello.clock
        if clock == "wall":
            patient = session.run(outcome.program, patient=True)
            if patient.judgement.violation is not None:
                outcome = patient
                assert outcome.judgement.violation is not None
                clause = outcome.judgement.violation.clause
        length = len(outcome.program.operations)
        tries = 1 if clock == "virtual" else 2
        shrunk = shrink(session, outcome, make, choices, seconds=SHRINK_S[clock], tries=tries)
        self.running = shrunk.program
        self.runner.close()  # a fresh subject proves it, whatever state this one is in by now
        repeats, tries = _repeat(self.runner.session(), shrunk.program, clause)
        if repeats == 0 and has_history(shrunk.program.operations):
            again, tries_again = _repeat(self.runner.session(), outcome.program, clause)
            if again:  # it was made so small that it hardly ever fails
                shrunk, repeats, tries = outcome, again, tries_again
        assert shrunk.judgement.violation is not None
        finding = Finding(
            violation=shrunk.judgement.violation,
            program=shrunk.program,
            answers=tuple(shrunk.answers),
            found_in=self.unit,
            example=number,
            length_found=length,
            repeats=repeats,
            tries=tries,
        )
        if self.runner.report(finding):
            self.result.findings.append(finding)

    def _violation_on_schedule(
        self, number: int, outcome: ScheduledOutcome, make: Callable[[Source], Program] | None, choices: list[int]
    ) -> None:
        """Shrink program and schedule of a violation that the ordinary event loop does not show."""
        assert outcome.judgement.violation is not None
        clause = outcome.judgement.violation.clause
        tier = outcome.schedule.tier
        session = self.runner.scheduled(tier)
        session.schedule, session.wanted = outcome.schedule, clause
        clock = session.hello.clock
        shrunk = shrink(session, outcome, make, choices, seconds=SHRINK_S[clock])
        assert isinstance(shrunk, ScheduledOutcome)
        self.running = shrunk.program
        shrunk = session.minimize(shrunk)
        self.runner.close()  # a fresh subject proves it, whatever state this one is in by now
        session = self.runner.scheduled(tier)
        session.schedule = shrunk.schedule
        repeats, tries = _repeat(session, shrunk.program, clause)
        assert shrunk.judgement.violation is not None
        finding = Finding(
            violation=shrunk.judgement.violation,
            program=shrunk.program,
            answers=tuple(shrunk.answers),
            found_in=self.unit,
            example=number,
            length_found=len(outcome.program.operations),
            repeats=repeats,
            tries=tries,
            schedule=shrunk.schedule,
            story=shrunk.story,
        )
        if self.runner.report(finding):
            self.result.findings.append(finding)


def _repeat(session: Session, program: Program, clause: str) -> tuple[int, int]:
    """Return in how many of how many repeats a program breaks the clause again."""
    tries = TRIES[session.hello.clock]
    if has_history(program.operations):
        return confirm_race(session, program, clause, tries=tries)
    return confirm(session, program, clause, tries=tries), tries


def _make(setting: Setting, source: Source) -> Program:
    return generate(source, setting)
