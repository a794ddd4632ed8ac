"""Runs the units of a plan: scenarios first, then the search; what fails is shrunk and repeated."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.known import NOTHING, Known
from letitcrash_conformance.known_detour import DETOURS, go_around
from letitcrash_conformance.plan import seed_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.results import Finding, Trouble, Unit, UnitResult, Wait
from letitcrash_conformance.scenarios import scenarios_of
from letitcrash_conformance.session import PATIENCE_S, Outcome, Session
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

KNOWN_SHARE = 3
"""A known failure is shrunk for this part of the time: it was shown before."""

KNOWN_MANY = 5
"""Known failures in one unit after which an observation that is not explained is looked at again only shortly."""

HASTE_S = 0.3
"""How long that is, in seconds of real time."""

PROGRESS_S = 0.2


class UnitRunner:
    """Runs one unit after another on a subject of its own, which it makes anew when it breaks.

    Args:
        factory: Makes the subject.
        selected: The clauses to judge; others may break without being reported.
        on_progress: Called a few times a second with unit, examples and operations so far.
        on_finding: Called with each finding.
        threads: How to run programs of backends with threads on drawn schedules; None for not at all.
        known: Failures that are known: they are reported once, and neither end a unit nor hide what is behind them.
    """

    def __init__(
        self,
        factory: Callable[[], Subject],
        selected: frozenset[str],
        on_progress: Callable[[Unit, int, int], None],
        on_finding: Callable[[Finding], None],
        threads: Tier | None = None,
        known: Known = NOTHING,
    ) -> None:
        self._factory = factory
        self.known = known
        self.threads: Tier | None = threads
        self._selected = selected
        self._on_progress = on_progress
        self._on_finding = on_finding
        self._session: Session | None = None
        self._scheduled: dict[Tier, ScheduledSession] = {}
        self._reported: set[tuple[str, str]] = set()
        self._doubts: Counter[tuple[str, str]] = Counter()

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
        key = finding.violation.clause, finding.known
        self._doubts[key] += finding.is_flaky
        if finding.is_flaky and self._doubts[key] > 1:
            return False
        if not finding.is_flaky:
            self._reported.add(key)
        self._on_finding(finding)
        return True

    def progress(self, unit: Unit, result: UnitResult) -> None:
        """Say how far a unit has come."""
        self._on_progress(unit, result.examples, result.operations)

    def is_selected(self, clause: str) -> bool:
        """Whether a clause is one of those to judge."""
        return clause in self._selected

    def is_settled(self, clause: str, known: str) -> bool:
        """Whether enough was seen of a clause, known or not: a violation that repeats, or several that do not."""
        return (clause, known) in self._reported or self._doubts[clause, known] >= MAX_DOUBTS


class _Work:
    """One unit while it runs."""

    def __init__(self, runner: UnitRunner, unit: Unit) -> None:
        self.runner = runner
        self.unit = unit
        self.result = UnitResult(unit)
        self.running: Program | None = None
        self.failures = 0
        self.known_failures = 0
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
        started = time.monotonic()
        outcome = self._perform(program, schedule)
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
            if self._known_as(outcome):
                self._behind_known(number, outcome, schedule)
        elif self.unit.backend != self.runner.session().hello.default_backend:
            result.exercised["BACK-2"] += 1  # the default backend runs the same programs
        now = time.monotonic()
        if now - self._reported_at > PROGRESS_S:
            self._reported_at = now
            self.runner.progress(self.unit, result)
        return judgement.violation is None and judgement.undecided is None

    def _perform(self, program: Program, schedule: Schedule | None) -> Outcome:
        """Run one program, on a drawn schedule if there is one."""
        self.running = program
        if schedule is not None:
            return self.runner.scheduled(schedule.tier).run_on(schedule, program)
        session = self.runner.session()
        if self.known_failures >= KNOWN_MANY:
            session.patience_s = HASTE_S
        return session.run(program)

    def _known_as(self, outcome: Outcome) -> str:
        """Return the id under which the violation of a run is known; empty if there is none, or it is not known."""
        violation = outcome.judgement.violation
        if violation is None or not self.runner.is_selected(violation.clause):
            return ""
        return self.runner.known.excuse(violation.clause, outcome.program.origin)

    def _behind_known(self, number: int, outcome: Outcome, schedule: Schedule | None) -> None:
        """Judge what stands behind a known failure as well."""
        self.known_failures += 1
        runs = DETOURS[self.runner.session().hello.clock]
        detour = go_around(
            outcome,
            lambda program: self._perform(program, schedule),
            lambda each: bool(self._known_as(each)),
            runs=runs,
        )
        self.result.operations += detour.operations
        judgement = detour.outcome.judgement
        if detour.outcome is not outcome:
            self.result.exercised.update(judgement.exercised)
        if judgement.violation is not None and not self._known_as(detour.outcome):
            self._violation(number, detour.outcome, None, [])

    def _violation(
        self, number: int, outcome: Outcome, make: Callable[[Source], Program] | None, choices: list[int]
    ) -> None:
        violation = outcome.judgement.violation
        assert violation is not None
        clause, known = violation.clause, self._known_as(outcome)
        self.failures += not known
        if not self.runner.is_selected(clause):
            self.result.undecided[f"{clause} was broken, which was not asked for"] += 1
            return
        is_full = sum(not finding.known for finding in self.result.findings) >= MAX_FINDINGS
        if self.runner.is_settled(clause, known) or (is_full and not known):
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
            is_hasty, session.patience_s = session.patience_s < PATIENCE_S, PATIENCE_S
            is_sure = not (is_hasty or session.hello.settle)  # it was taken step by step and waited for already
            patient = outcome if is_sure else session.run(outcome.program, patient=True)
            if patient.judgement.violation is not None:
                outcome = patient
                assert outcome.judgement.violation is not None
                clause = outcome.judgement.violation.clause
            elif is_hasty:
                return  # it was only late, and was looked at too shortly
        length = len(outcome.program.operations)
        tries = 1 if clock == "virtual" else 2
        seconds = SHRINK_S[clock] / (KNOWN_SHARE if known else 1)
        shrunk = shrink(session, outcome, make, choices, seconds=seconds, tries=tries)
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
            known=self._known_as(shrunk),
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
            known=self._known_as(shrunk),
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
