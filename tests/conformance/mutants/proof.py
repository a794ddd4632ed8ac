"""What the test of a mutant demands."""

from __future__ import annotations

import pytest

from tests.conformance.mutants.hunt import hunt, is_honest
from tests.conformance.mutants.plant import Mutant

__all__ = ["clauses_of", "prove"]

LONGEST = 16
"""How many operations a shrunk program may have: as many as fit on a screen with what was expected and seen."""


def clauses_of(mutant: Mutant) -> pytest.MarkDecorator:
    """Return the mark of the clauses that name a fault."""
    return pytest.mark.clause(*sorted(mutant.clauses))


def prove(mutant: Mutant) -> None:
    """Assert that the suite catches a mutant: its fault is named, each time, by a short program that is innocent."""
    catch = hunt(mutant)
    finding = catch.finding
    others = ", ".join(sorted({other.violation.clause for other in catch.others})) or "nothing"
    assert finding is not None, f"expected one of {sorted(mutant.clauses)}, got {others}: {mutant.fault}"
    assert finding.repeats == finding.tries, f"the finding repeats {finding.repeats} of {finding.tries} times"
    assert len(finding.program.operations) <= LONGEST, finding.program.to_json()
    assert is_honest(finding), "the honest reference breaks the clause with the same program"
