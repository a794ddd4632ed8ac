"""The suite catches faulty implementations, and names their faults."""

from __future__ import annotations

import pytest

from tests.conformance.mutants import ALL
from tests.conformance.mutants.hunt import hunt, is_honest
from tests.conformance.mutants.plant import EVERYWHERE, Mutant

LONGEST = 12
"""How many operations a shrunk program may have: as many as fit on a screen with what was expected and seen."""

CAUGHT = [mutant for mutant in ALL if not mutant.survives]
SURVIVING = [mutant for mutant in ALL if mutant.survives]


def _clauses(mutant: Mutant) -> pytest.MarkDecorator:
    return pytest.mark.clause(*sorted(mutant.clauses))


def _check(mutant: Mutant) -> None:
    catch = hunt(mutant)
    finding = catch.finding
    others = ", ".join(sorted({other.violation.clause for other in catch.others})) or "nothing"
    assert finding is not None, f"expected one of {sorted(mutant.clauses)}, got {others}: {mutant.fault}"
    assert finding.repeats == finding.tries, f"the finding repeats {finding.repeats} of {finding.tries} times"
    assert len(finding.program.operations) <= LONGEST, finding.program.to_json()
    assert is_honest(finding), "the honest reference breaks the clause with the same program"


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name, marks=_clauses(m)) for m in CAUGHT])
def test_a_faulty_implementation_is_caught_by_a_clause_that_names_its_fault(mutant: Mutant) -> None:
    _check(mutant)


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(m, id=m.name, marks=[_clauses(m), pytest.mark.xfail(strict=True, reason=m.survives)])
        for m in SURVIVING
    ],
)
def test_a_faulty_implementation_will_be_caught(mutant: Mutant) -> None:
    _check(mutant)


def test_there_are_enough_faults_and_enough_hard_ones() -> None:
    assert len(ALL) >= 60
    assert sum(mutant.is_hard for mutant in ALL) >= 25


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in ALL}) == len(ALL)


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_a_planted_fault_leaves_nothing_behind(mutant: Mutant) -> None:
    functions = [edit.find() for edit in mutant.edits]
    honest = [(function.__code__, set(function.__globals__)) for function in functions]
    with mutant.plant():
        assert all(function.__code__ is not code for function, (code, _) in zip(functions, honest, strict=True))
    assert [(function.__code__, set(function.__globals__)) for function in functions] == honest


def test_the_faults_cover_every_backend_and_their_mix() -> None:
    assert {backend for mutant in ALL for backend in mutant.backends} == set(EVERYWHERE)
