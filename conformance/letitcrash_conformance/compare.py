"""Compares two subjects: the same programs on both, and what differs, shrunk, repeated and grouped by what decides."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from letitcrash_conformance.compare_session import (
    Difference,
    Kind,
    PairOutcome,
    PairSession,
    meet,
    pair_backends,
)
from letitcrash_conformance.engine import SHRINK_S, TRIES
from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.generate import generate
from letitcrash_conformance.known_detour import go_around
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.plan import NEEDS, examples_of, seed_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.results import Trouble, Unit
from letitcrash_conformance.scenarios import scenarios_of
from letitcrash_conformance.session import Outcome
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.shrink import confirm, confirm_race, shrink
from letitcrash_conformance.shrink_histories import has_history
from letitcrash_conformance.source import RandomSource, Source
from letitcrash_conformance.subject import Subject
from letitcrash_spec.hello import Hello

__all__ = ["Case", "Comparison", "Draw", "Group", "compare", "write_programs"]

Draw: TypeAlias = "tuple[int, Program, Callable[[Source], Program] | None, list[int]]"
"""The number of an example, its program, and what is needed to shrink it: how it was made, and from which choices."""

DETOURS = {"virtual": 4, "wall": 1}
"""How many smaller programs are run to see what stands behind a difference that was met before, at most."""

LAWFUL_S = {"virtual": 0.6, "wall": 3.0}
"""How long a difference that is no fault is shrunk, in seconds of real time."""

MAX_LAWFUL = 10
"""Ways to differ lawfully that are shrunk; the others are counted."""

MAX_GROUPS = 30
"""Ways in which somebody is wrong that are shrunk."""


@dataclass(frozen=True, slots=True)
class Case:
    """The smallest program that shows a way to differ.

    Attributes:
        outcome: Both runs of it.
        backends: On which backend each subject ran.
        chapter: The chapter that found it.
        example: The example that found it, from 0; -1 for a scenario.
        length_found: How many operations the program had before it was shrunk.
        repeats: How often the subjects differed in this way when it was repeated,
        tries: and how often it was repeated.
    """

    outcome: PairOutcome
    backends: tuple[str, str]
    chapter: str
    example: int
    length_found: int
    repeats: int
    tries: int

    @property
    def difference(self) -> Difference:
        """How the subjects differ."""
        assert self.outcome.difference is not None
        return self.outcome.difference


@dataclass(slots=True)
class Group:
    """All differences of one way.

    Attributes:
        kind: What the model says of it.
        clauses: The clauses that decide.
        why: Further words.
        count: Programs that showed it.
        case: The smallest program that shows it; None if it was not shrunk.
    """

    kind: Kind
    clauses: tuple[str, ...]
    why: str
    count: int = 0
    case: Case | None = None

    @property
    def is_flaky(self) -> bool:
        """Whether somebody was wrong once and never again: reported apart, and not held against anybody."""
        return self.kind.is_wrong and (self.case is None or self.case.repeats == 0)


@dataclass(slots=True)
class Comparison:
    """What a comparison brought.

    Attributes:
        hellos: What the subjects said of themselves.
        names: How they are called.
        seed: The seed.
        budget: Programs for each chapter and pair of backends.
        groups: The ways in which they differ, by their keys.
        programs: Programs that ran on both.
        equal: Programs that were answered in the same way and judged to their end on both sides.
        operations: Operations performed, on both sides together.
        alike: Clause -> number of programs in which both broke it in the same way.
        unasked: Clause -> number of programs in which a clause decided that was not asked for.
        skipped: Chapter -> why it was not run.
        troubles: Where a harness broke.
        is_interrupted: Whether somebody stopped it before its end.
        seconds: Real time of it all.
    """

    hellos: tuple[Hello, Hello]
    names: tuple[str, str]
    seed: int
    budget: str
    groups: dict[str, Group] = field(default_factory=dict[str, Group])
    programs: int = 0
    equal: int = 0
    operations: int = 0
    alike: Counter[str] = field(default_factory=Counter[str])
    unasked: Counter[str] = field(default_factory=Counter[str])
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    is_interrupted: bool = False
    seconds: float = 0.0

    def having(self, *, wrong: bool) -> list[Group]:
        """Return the groups in which somebody is wrong, or the others; the most frequent first."""
        groups = [group for group in self.groups.values() if group.kind.is_wrong == wrong]
        return sorted(groups, key=lambda group: -group.count)

    @property
    def exit_code(self) -> int:
        """The exit code: 1 if somebody is wrong, 4 if a harness broke, 3 if too little can be said, else 0."""
        wrong = self.having(wrong=True)
        if any(not group.is_flaky for group in wrong):
            return 1
        if self.troubles:
            return 4
        has_doubts = any(group.kind is Kind.UNDECIDED for group in self.groups.values())
        if self.is_interrupted or wrong or has_doubts or not (self.equal or self.groups):
            return 3
        return 0


def compare(
    factories: tuple[Callable[[], Subject], Callable[[], Subject]],
    *,
    names: tuple[str, str],
    selected: frozenset[str],
    chapters: Sequence[str] | None = None,
    backends: Sequence[str] | None = None,
    budget: str = "default",
    seed: int = 0,
    tell: Callable[[str, Group | None], None] = lambda where, group: None,
    write: Callable[[Unit, Setting], Iterator[Draw]] | None = None,
    learn: Callable[[PairOutcome], None] = lambda outcome: None,
) -> Comparison:
    """Run the same programs on two subjects.

    Args:
        factories: Make the subjects.
        names: How they are called.
        selected: Clauses that may decide; a difference that another one decides is only counted.
        chapters: Chapters to run; None for all.
        backends: Backends to run on, as `pair_backends` takes them.
        budget: The budget, for each chapter on each pair of backends.
        seed: The same seed gives the same programs.
        tell: Called with the place before each chapter, and with each new way to differ.
        write: Gives the programs of a chapter on a pair of backends; those of the budget if left out.
        learn: Called with both runs of each program, before the next one is asked for.

    Returns:
        What was found. After Ctrl-C what was found so far, marked as interrupted.

    Raises:
        UsageError: If a backend is unknown to both.
        SubjectError: If a subject cannot be started.
    """
    started = time.monotonic()
    work = _Work(factories, names, selected, tell, write or write_programs, learn)
    work.open(("", ""))
    hellos = work.session.left.hello, work.session.right.hello
    result = Comparison(hellos, names, seed, budget)
    work.result = result
    try:
        for pair in pair_backends(*hellos, backends):
            for chapter in CHAPTERS if chapters is None else chapters:
                setting = meet(*hellos, chapter)
                if missing := NEEDS[chapter] - setting.features:
                    result.skipped[chapter] = f"not both declare {', '.join(sorted(missing))}"
                    continue
                tell(f"{chapter} on {pair[0] if pair[0] == pair[1] else ' and '.join(pair)}", None)
                work.run(Unit(chapter, " and ".join(pair), examples_of(budget), seed), setting, pair)
    except KeyboardInterrupt:
        result.is_interrupted = True
    finally:
        work.close()
    result.seconds = time.monotonic() - started
    return result


class _Work:
    """A comparison while it runs."""

    session: PairSession
    result: Comparison

    def __init__(
        self,
        factories: tuple[Callable[[], Subject], Callable[[], Subject]],
        names: tuple[str, str],
        selected: frozenset[str],
        tell: Callable[[str, Group | None], None],
        write: Callable[[Unit, Setting], Iterator[Draw]],
        learn: Callable[[PairOutcome], None],
    ) -> None:
        self._write = write
        self._learn = learn
        self._factories = factories
        self._names = names
        self._selected = selected
        self._tell = tell
        self._is_open = False
        self._backends = ("", "")
        self._running: Program | None = None

    def open(self, backends: tuple[str, str]) -> None:
        """Start both subjects, unless they run."""
        self._backends = backends
        if self._is_open:
            self.session.backends = backends
            return
        left = self._start(0)
        try:
            right = self._start(1)
        except BaseException:
            left.close()
            raise
        self.session = PairSession(left, right, self._names, backends)
        self._is_open = True

    def close(self) -> None:
        """End both subjects."""
        if self._is_open:
            self._is_open = False
            self.session.close()

    def run(self, unit: Unit, setting: Setting, backends: tuple[str, str]) -> None:
        """Run one chapter on one pair of backends. A harness that breaks ends it."""
        try:
            self.open(backends)
            for number, program, make, choices in self._write(unit, setting):
                self._example(unit, number, program, make, choices)
        except SubjectError as error:
            self.close()
            self.result.troubles.append(Trouble(error.what, error.stderr, self._running, unit))

    def _start(self, side: int) -> Subject:
        try:
            return self._factories[side]()
        except SubjectError as error:
            raise SubjectError(f"{self._names[side]}: {error.what}", stderr=error.stderr) from error

    def _perform(self, program: Program) -> PairOutcome:
        self._running = program
        outcome = self.session.run(program)
        self.result.operations += 2 * len(program.operations)
        return outcome

    def _example(
        self, unit: Unit, number: int, program: Program, make: Callable[[Source], Program] | None, choices: list[int]
    ) -> None:
        result = self.result
        outcome = self._perform(program)
        self._learn(outcome)
        result.programs += 1
        if outcome.alike:
            result.alike[outcome.alike] += 1
        elif outcome.difference is None:
            result.equal += all(side.judgement.undecided is None for side in (outcome.left, outcome.right))
        else:
            self._differ(unit, number, outcome, make, choices)
            if outcome.difference.kind.is_wrong:
                runs = DETOURS[self.session.hello.clock]
                last = go_around(outcome, self._perform, self._is_met, runs=runs).outcome
                if isinstance(last, PairOutcome) and last.difference is not None and not self._is_met(last):
                    self._differ(unit, number, last, None, [])

    def _is_met(self, outcome: Outcome) -> bool:
        difference = outcome.difference if isinstance(outcome, PairOutcome) else None
        return difference is not None and self._group_of(difference) is not None

    def _differ(
        self,
        unit: Unit,
        number: int,
        outcome: PairOutcome,
        make: Callable[[Source], Program] | None,
        choices: list[int],
    ) -> None:
        """Count a difference, and shrink it if it is the first of its way."""
        assert outcome.difference is not None
        difference = outcome.difference
        if difference.kind.is_wrong and not set(difference.clauses) <= self._selected:
            self.result.unasked[", ".join(difference.clauses)] += 1
            return
        session = self.session
        clock = session.hello.clock
        is_new = self._group_of(difference) is None
        if is_new and clock == "wall" and difference.kind.is_wrong:
            patient = session.run(outcome.program, patient=True)
            if patient.difference is None or not patient.difference.kind.is_wrong:
                return  # somebody was only late
            outcome, difference = patient, patient.difference
        group = self._group_of(difference)
        if group is not None:
            group.count += 1
            return
        group = Group(difference.kind, difference.clauses, difference.why, 1)
        self.result.groups[difference.key] = group
        same_sort = sum(other.kind.is_wrong == group.kind.is_wrong for other in self.result.groups.values())
        if same_sort <= (MAX_GROUPS if group.kind.is_wrong else MAX_LAWFUL):
            group.case = self._shrink(unit, number, outcome, make, choices)
        self._tell("", group)

    def _group_of(self, difference: Difference) -> Group | None:
        """Return the group of a difference: also one in which the same subject is wrong and the other is right."""
        groups = self.result.groups
        if difference.kind not in (Kind.LEFT_WRONG, Kind.RIGHT_WRONG):
            return groups.get(difference.key)
        same = (g for g in groups.values() if g.kind.wrong == difference.kind.wrong and g.clauses == difference.clauses)
        return next(same, None)

    def _shrink(
        self,
        unit: Unit,
        number: int,
        outcome: PairOutcome,
        make: Callable[[Source], Program] | None,
        choices: list[int],
    ) -> Case:
        assert outcome.difference is not None
        clock, is_wrong = self.session.hello.clock, outcome.difference.kind.is_wrong
        seconds = (SHRINK_S if is_wrong else LAWFUL_S)[clock]
        shrunk = shrink(self.session, outcome, make, choices, seconds=seconds, tries=1 if clock == "virtual" else 2)
        assert isinstance(shrunk, PairOutcome)
        tries = TRIES[clock] if is_wrong else 1
        self.close()  # fresh subjects prove it, whatever state these are in by now
        self.open(self._backends)
        if has_history(shrunk.program.operations):
            repeats, tries = confirm_race(self.session, shrunk.program, outcome.difference.key, tries=tries)
        else:
            repeats = confirm(self.session, shrunk.program, outcome.difference.key, tries=tries)
        length = len(outcome.program.operations)
        return Case(shrunk, self._backends, unit.chapter, number, length, repeats, tries)


def write_programs(unit: Unit, setting: Setting) -> Iterator[Draw]:
    """Return the programs of a unit: its scenarios, then those of the search, each with what is needed to shrink it."""
    for program, _ in scenarios_of(setting):
        yield -1, program, None, []
    make = partial(_make, setting)
    for example in range(unit.examples):
        source = RandomSource(seed_of(unit, example))
        yield example, generate(source, setting), make, source.choices


def _make(setting: Setting, source: Source) -> Program:
    return generate(source, setting)
