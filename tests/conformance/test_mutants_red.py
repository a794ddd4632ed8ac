"""The suite catches faults that were thought of without having seen it; the quickest of them are proved here."""

from __future__ import annotations

import pytest

from tests.conformance.mutants import RED
from tests.conformance.mutants.plant import Mutant
from tests.conformance.mutants.proof import clauses_of, prove

QUICK = frozenset(
    {
        "casts_during_init_are_lost",
        "death_frees_former_names",
        "exit_in_cleanup_is_lost",
        "exit_in_init_is_lost",
        "late_inner_reply_answers_the_next",
        "link_to_the_terminating_is_noproc",
        "missed_ticks_become_one",
        "monitor_on_the_suspended_is_silent",
        "name_is_free_when_cleanup_begins",
        "names_differ_by_their_letters_only",
        "timeout_of_zero_is_the_default",
        "timers_count_in_31_bits",
        "unlink_flushes",
    }
)
"""Those that are caught in a moment. `python -m tests.conformance.mutants` hunts them all."""


def test_every_quick_mutant_exists_and_does_not_survive() -> None:
    assert {mutant.name for mutant in RED if not mutant.survives} >= QUICK


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name, marks=clauses_of(m)) for m in RED if m.name in QUICK])
def test_a_fault_that_nobody_had_seen_is_caught_by_a_clause_that_names_it(mutant: Mutant) -> None:
    prove(mutant)
