"""Races on real threads behind the wire are found, shrunk and reported with how often they happen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from letitcrash_conformance.engine import UnitRunner
from letitcrash_conformance.results import Finding, Unit, UnitResult
from letitcrash_conformance.shrink import weight_of
from letitcrash_conformance.wire import CommandSubject
from letitcrash_spec.catalogue import load_clauses
from tests.conformance.mutants.hunt_races import RACES, hunt_race
from tests.conformance.mutants.plant import Mutant
from tests.conformance.mutants.proof import clauses_of

ROOT = Path(__file__).parents[2]
HARNESS = Path(__file__).parents[1] / "support" / "harnesses" / "racing.py"


class _Found(Exception):
    """Ends the run: enough is known."""


def judge_harness(*words: str, clauses: frozenset[str], examples: int) -> tuple[UnitResult | None, list[Finding]]:
    found: list[Finding] = []

    def on_finding(finding: Finding) -> None:
        found.append(finding)
        if finding.violation.clause in clauses and not finding.is_flaky:
            raise _Found

    def ignore(*_: object) -> None:
        return

    runner = UnitRunner(
        lambda: CommandSubject([sys.executable, str(HARNESS), *words]), frozenset(load_clauses()), ignore, on_finding
    )
    try:
        return runner.run(Unit("histories", "thread", examples, seed=1, has_scenarios=False)), found
    except _Found:
        return None, found
    finally:
        runner.close()


def test_a_runtime_on_threads_whose_operations_are_atomic_passes() -> None:
    result, found = judge_harness(clauses=frozenset(), examples=60)
    assert result is not None
    assert result.trouble is None
    assert found == []
    assert sum(result.undecided.values()) <= 2
    assert result.exercised["BACK-10"] >= 60


@pytest.mark.parametrize(
    ("fault", "clauses"),
    [
        pytest.param("lost_update", {"GS-20", "GS-21", "BACK-10"}, marks=pytest.mark.clause("BACK-10", "GS-21")),
        pytest.param("two_holders", {"REG-1", "REG-2", "REG-13", "REG-18"}, marks=pytest.mark.clause("REG-13")),
        pytest.param("stale_name", {"REG-1", "REG-3", "REG-4", "REG-10"}, marks=pytest.mark.clause("REG-10")),
        pytest.param("half_dead", {"REG-11", "EXIT-25", "GS-64"}, marks=pytest.mark.clause("REG-11", "EXIT-25")),
    ],
)
def test_a_race_on_threads_is_found_shrunk_and_said_how_often_it_happens(fault: str, clauses: set[str]) -> None:
    _, found = judge_harness(fault, clauses=frozenset(clauses), examples=250)
    assert found, fault
    finding = found[-1]
    assert finding.violation.clause in clauses, [other.violation.clause for other in found]
    assert 1 <= finding.repeats <= finding.tries
    # How far a race of real threads can be shrunk depends on how often it happens, and so on how busy the machine is.
    assert weight_of(finding.program)[0] <= 60


SERVED = {
    "additions_are_torn",
    "answers_are_swapped",
    "cast_is_late_where_others_wait",
    "child_ended_while_it_restarts_lives_on",
    "death_during_a_restart_is_lost",
    "death_is_known_before_the_name_is_free",
    "late_answer_is_the_next_one",
    "one_id_is_started_twice",
    "register_checks_then_acts",
    "stopped_supervisor_leaves_the_child_that_is_just_added",
}
"""Races of the reference that happen behind a pipe, too, where no schedule can be drawn."""


def test_every_race_to_serve_exists() -> None:
    assert {mutant.name for mutant in RACES} >= SERVED


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name, marks=clauses_of(m)) for m in RACES if m.name in SERVED])
def test_a_race_of_the_reference_is_caught_over_the_wire(mutant: Mutant) -> None:
    words = [sys.executable, "-m", "tests.conformance.mutants.served", mutant.name]
    catch = hunt_race(mutant, budget=60, factory=lambda: CommandSubject(words, cwd=ROOT))
    finding = catch.finding
    assert finding is not None, [other.violation.clause for other in catch.others]
    assert finding.repeats == finding.tries
    assert weight_of(finding.program)[0] <= 10, finding.program.to_json()
