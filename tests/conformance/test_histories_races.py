"""The suite catches planted races by histories alone, and names them."""

from __future__ import annotations

import pytest

from letitcrash_conformance.shrink import weight_of
from tests.conformance.mutants.hunt import is_honest
from tests.conformance.mutants.hunt_races import RACES, hunt_race
from tests.conformance.mutants.plant import Mutant
from tests.conformance.mutants.proof import clauses_of

LONGEST = 10
"""How many operations, those of all clients together, a shrunk race may have."""

SLOW = frozenset(
    {
        "child_ended_while_it_restarts_lives_on",
        "deaths_that_wait_cost_two_restarts",
        "limit_on_children_is_passed_by_two_at_once",
        "link_with_the_dying_is_silent",
        "list_of_children_is_read_before_the_request",
        "stop_overtakes_where_others_wait",
    }
)
"""Races that take more than a moment; `python -m tests.conformance.mutants.hunt_races` hunts them all."""

CAUGHT = [mutant for mutant in RACES if not mutant.survives]


@pytest.mark.parametrize(
    "mutant", [pytest.param(m, id=m.name, marks=clauses_of(m)) for m in CAUGHT if m.name not in SLOW]
)
def test_a_race_is_caught_by_a_clause_that_names_it(mutant: Mutant) -> None:
    catch = hunt_race(mutant)
    finding = catch.finding
    others = ", ".join(sorted({other.violation.clause for other in catch.others})) or "nothing"
    assert finding is not None, f"expected one of {sorted(mutant.clauses)}, got {others}: {mutant.fault}"
    assert finding.repeats == finding.tries, f"the finding repeats {finding.repeats} of {finding.tries} times"
    assert weight_of(finding.program)[0] <= LONGEST, finding.program.to_json()
    assert is_honest(finding), "the honest reference breaks the clause with the same program"


def test_there_are_enough_races_and_hardly_any_survives() -> None:
    assert len(CAUGHT) >= 20
    assert len(CAUGHT) >= len(RACES) - 2
    assert {mutant.name for mutant in CAUGHT} >= SLOW


def test_every_race_has_a_name_of_its_own_and_can_be_planted() -> None:
    assert len({mutant.name for mutant in RACES}) == len(RACES)
    for mutant in RACES:
        functions = [edit.find() for edit in mutant.edits]
        honest = [(function.__code__, set(function.__globals__)) for function in functions]
        with mutant.plant():
            assert all(function.__code__ is not code for function, (code, _) in zip(functions, honest, strict=True))
        assert [(function.__code__, set(function.__globals__)) for function in functions] == honest
