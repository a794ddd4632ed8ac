"""The suite catches faults that were reported of real runtimes (docs/wild.md); the quickest of them are proved here."""

from __future__ import annotations

import pytest

from tests.conformance.mutants import WILD
from tests.conformance.mutants.plant import Mutant
from tests.conformance.mutants.proof import clauses_of, prove

SLOW = frozenset(
    {
        "cancelling_an_expired_timer_fails",
        "crashed_server_handles_what_waits",
        "each_watcher_restarts_the_child",
        "ending_hangs_after_a_restart",
        "ending_unlinks_all_children_first",
        "exits_during_a_call_are_lost",
        "good_end_of_a_child_ends_the_dynamic_supervisor",
        "ignored_addition_breaks_the_shutdown",
        "ignored_restart_breaks_the_shutdown",
        "no_children_cannot_be_counted",
        "removed_children_are_waited_for",
        "terminating_child_is_not_awaited",
    }
)
"""Those that take more than a moment to be caught; `python -m tests.conformance.mutants` hunts them all."""


def test_every_slow_fault_exists_and_none_survives() -> None:
    assert {mutant.name for mutant in WILD} >= SLOW
    assert not [mutant.name for mutant in WILD if mutant.survives]


@pytest.mark.parametrize(
    "mutant", [pytest.param(m, id=m.name, marks=clauses_of(m)) for m in WILD if m.name not in SLOW]
)
def test_a_fault_that_was_reported_of_a_real_runtime_is_caught_by_a_clause_that_names_it(mutant: Mutant) -> None:
    prove(mutant)
