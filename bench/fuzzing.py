"""Fuzzing: how many programs and how long it takes each way to meet planted faults, and how fast each runs."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.table import number_words, print_table
from letitcrash_conformance.generate import generate
from letitcrash_conformance.odds import HISTORIES
from letitcrash_conformance.plan import seed_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.results import Unit
from letitcrash_conformance.scenarios import scenarios_of
from letitcrash_conformance.session import Session
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import RandomSource
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_fuzz.atheris_engine import run_atheris
from letitcrash_fuzz.campaign import execute
from letitcrash_fuzz.engines import has_atheris
from letitcrash_fuzz.executor import Executor
from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.ranges import Onlooker
from letitcrash_fuzz.seeds import read_seeds
from letitcrash_fuzz.target import Target
from letitcrash_spec.catalogue import load_clauses
from tests.conformance.mutants import ALL
from tests.conformance.mutants.plant import Mutant
from tests.conformance.mutants.races import MUTANTS as RACES

__all__ = ["HARD", "PLAIN", "run"]

PLAIN = (
    "kill_is_trapped",
    "normal_exit_kills_others",
    "crash_text_is_shortened",
    "link_is_one_way",
    "unlink_drops_the_monitor",
    "links_stop_at_the_first_hop",
    "down_comes_twice",
    "demonitor_drops_those_of_others",
    "named_monitor_follows_the_name",
    "names_outlive_their_holders",
    "two_names",
    "mailbox_is_a_stack",
    "late_reply_answers_the_next_call",
    "stop_returns_early",
    "children_start_in_reverse_order",
    "children_are_not_awaited",
    "giving_up_is_normal",
    "one_child_more_is_accepted",
    "timer_is_early",
    "cancelled_interval_goes_on",
)
"""Faults that show as soon as somebody does what they concern."""

HARD = (
    "third_link_drops_the_first",
    "reason_changes_at_the_second_hop",
    "fourth_down_is_lost",
    "third_monitor_is_lost",
    "third_use_of_a_name_fails",
    "fifth_cast_is_overtaken",
    "fourth_message_in_a_row_is_lost",
    "second_unanswered_call_hears_of_no_death",
    "death_is_not_told_to_callers_of_the_suspended",
    "third_tick_comes_twice",
    "sixth_child_is_not_in_the_group",
    "child_restarted_twice_has_no_name",
    "stale_retry_restarts_again",
    "deletion_forgets_the_restarts",
    "supervisor_killed_for_its_time_leaves_its_children",
    "pool_server_that_traps_is_killed_by_its_third_exit",
    "thread_death_is_told_without_its_text",
    "pool_loses_infos_while_busy",
    "register_checks_then_acts",
    "named_start_checks_then_acts",
)
"""Faults that lie deep, show on one backend only, or take several clients at once."""

TRIALS = 3
LIMIT_S = 2.5
_RACY = frozenset(race.name for race in RACES)
_MUTANTS = {mutant.name: mutant for mutant in (*ALL, *RACES)}
_WAYS = ("default run", "its draws", "random", "guided")


@dataclass(frozen=True, slots=True)
class Faulty:
    """Makes the reference with a fault, also in another process, where the fault stays."""

    name: str

    def __call__(self) -> ReferenceSubject:
        _MUTANTS[self.name].plant().__enter__()
        return ReferenceSubject()


@dataclass(frozen=True, slots=True)
class Trial:
    """One search.

    Attributes:
        programs: How many programs it took, or were run in vain.
        seconds: How long it took.
        is_found: Whether a clause that names the fault was broken.
    """

    programs: int
    seconds: float
    is_found: bool


class _Until(Onlooker):
    """Ends a range with the first violation that names the fault, or when its time is over."""

    def __init__(self, clauses: frozenset[str], limit_s: float) -> None:
        self._clauses = clauses
        self.deadline = time.monotonic() + limit_s
        self.number: int | None = None
        self.inputs = 0

    def on_input(self, number: int, data: bytes) -> None:
        self.inputs += 1

    def hear(self, clauses: frozenset[str]) -> None:
        if self.number is None and clauses & self._clauses:
            self.number = self.inputs

    def should_stop(self) -> bool:
        return self.number is not None or time.monotonic() > self.deadline


class _Settled(Knowledge):
    """Knowledge that wants nothing shrunk: it is the meeting that is measured."""

    heard: _Until

    def is_settled(self, clause: str) -> bool:
        self.heard.hear(frozenset({clause}))
        return True


def run(*, rounds: int, shrink: int) -> None:
    """Measure and print; the arguments are those of the other benchmarks."""
    trials = max(1, TRIALS // shrink)
    limit_s = LIMIT_S if shrink == 1 else LIMIT_S / 2
    speeds: dict[str, list[float]] = {way: [] for way in (*_WAYS, "atheris")}
    for title, names in (("Plain faults", PLAIN), ("Hard faults: deep, racy, or on one backend", HARD)):
        ways = [*_WAYS, *(["atheris"] if names is HARD and has_atheris() and shrink == 1 else [])]
        chosen = names if shrink == 1 else names[::4]
        rows: list[list[str]] = []
        met = dict.fromkeys(ways, 0)
        for name in chosen:
            row = [name]
            for way in ways:
                done = _try(_MUTANTS[name], way, 1 if way == "atheris" else trials, limit_s)
                speeds[way] += [each.programs / each.seconds for each in done if each.programs > 50]
                met[way] += _is_met(done)
                row.append(_words(done))
            rows.append(row)
            print(f"  {name}", file=sys.stderr)
        rows.append(["met", *(f"{met[way]} of {len(chosen)}" for way in ways)])
        notes = [
            "default run: scenarios, then draws of up to a dozen operations; its draws: without the scenarios;",
            "random and guided: programs of up to 40 operations, as `letitcrash fuzz` writes them.",
        ]
        notes += [
            f"Programs until the fault is named, and seconds: medians of {trials} searches of {limit_s:g} s at most."
        ]
        if "atheris" in ways:
            notes.append("atheris: one search; the start of its process and what was run to its end count.")
        print_table(f"{title}: until they are met", ["", *ways], rows, notes)
    print_table(
        "Executions",
        ["", "programs/s"],
        [[way, number_words(statistics.median(found)) if found else "-"] for way, found in speeds.items()],
        ["On one core, judged and watched; the median over all searches above."],
    )


def _try(mutant: Mutant, way: str, trials: int, limit_s: float) -> list[Trial]:
    done: list[Trial] = []
    for trial in range(trials):
        done.append(_search(mutant, way, trial, limit_s))
        if len(done) > trials / 2 and not any(each.is_found for each in done):
            break  # the median is known
    return done


def _is_met(done: list[Trial]) -> bool:
    return sum(each.is_found for each in done) * 2 > len(done)


def _words(done: list[Trial]) -> str:
    programs = statistics.median(each.programs if each.is_found else float("inf") for each in done)
    if not _is_met(done):
        return f"- (>{max(each.programs for each in done)})"
    seconds = statistics.median(each.seconds for each in done if each.is_found)
    return f"{programs:.0f} {seconds:.1f}s"


def _search(mutant: Mutant, way: str, trial: int, limit_s: float) -> Trial:
    chapter = HISTORIES if mutant.name in _RACY else load_clauses()[min(mutant.clauses)].chapter
    backend = mutant.backends[0]
    if way == "atheris":
        return _search_atheris(mutant, chapter, backend, limit_s)
    with mutant.plant():
        if way in ("default run", "its draws"):
            return _search_as_a_run(mutant, Unit(chapter, backend, 1, trial), limit_s, way == "default run")
        return _search_fuzzing(mutant, Target(ReferenceSubject, chapter, backend, way, trial), limit_s)


def _search_as_a_run(mutant: Mutant, unit: Unit, limit_s: float, has_scenarios: bool) -> Trial:
    subject = ReferenceSubject()
    session = Session(subject)
    setting = Setting.of(subject.hello, unit.chapter, unit.backend)
    started = time.monotonic()
    number = 0
    try:
        for number, program in enumerate(_programs(unit, setting, has_scenarios), 1):
            violation = session.run(program).judgement.violation
            if violation is not None and violation.clause in mutant.clauses:
                return Trial(number, time.monotonic() - started, True)
            if time.monotonic() - started > limit_s:
                break
    finally:
        subject.close()
    return Trial(number, time.monotonic() - started, False)


def _programs(unit: Unit, setting: Setting, has_scenarios: bool) -> Iterator[Program]:
    """Give the programs of a run without end: its scenarios, if asked for, then what it draws."""
    if has_scenarios:
        yield from (program for program, _ in scenarios_of(setting))
    example = 0
    while True:
        yield generate(RandomSource(seed_of(unit, example)), setting)
        example += 1


def _search_fuzzing(mutant: Mutant, target: Target, limit_s: float) -> Trial:
    executor = Executor(target)
    until = _Until(mutant.clauses, limit_s)
    knowledge = _Settled()
    knowledge.heard = until
    started = time.monotonic()
    try:
        executor.session()
        if target.engine == "guided":
            seeds = list(read_seeds(target.chapter))
            execute(executor, -len(seeds), 0, knowledge, until, seeds)
        execute(executor, 0, 1_000_000, knowledge, until)
    finally:
        executor.close()
    return Trial(until.number or until.inputs, time.monotonic() - started, until.number is not None)


def _search_atheris(mutant: Mutant, chapter: str, backend: str, limit_s: float) -> Trial:
    packages = ("letitcrash_reference",)
    target = Target(Faulty(mutant.name), chapter, backend, "atheris", 1, packages)
    knowledge = Knowledge()
    for seed in read_seeds(chapter):
        knowledge.learn(seed, [f"seed {seed.hex()}"])
    until = _Until(mutant.clauses, limit_s + 2.0)  # its process takes long to start
    started = time.monotonic()
    result = run_atheris(target, 0, 1_000_000, knowledge, until)
    numbers: list[int] = [find.number for find in result.finds if find.clause in mutant.clauses]
    is_found = bool(mutant.clauses & set(result.violations))
    programs = min(numbers, default=result.executions - 1) + 1
    return Trial(max(programs, 0), time.monotonic() - started, is_found)
