"""The suite catches faulty supervisors, and names their faults."""

from __future__ import annotations

import pytest

from tests.conformance.mutants import TREES
from tests.conformance.mutants.plant import Mutant
from tests.conformance.mutants.proof import clauses_of, prove

QUICK = frozenset(
    {
        "attempts_count_twice",
        "child_ended_by_hand_comes_back",
        "children_of_a_killed_supervisor_end_with_shutdown",
        "children_start_in_reverse_order",
        "children_survive_the_kill_of_their_supervisor",
        "dead_supervisor_keeps_its_name",
        "deleting_an_unknown_id_succeeds",
        "each_sibling_is_ended_and_started_in_turn",
        "ending_a_stopped_child_fails",
        "ending_an_unknown_id_succeeds",
        "ending_by_hand_ends_the_group",
        "ending_by_hand_kills",
        "failed_init_ends_in_start_order",
        "failed_init_ends_it_with_the_childs_reason",
        "failed_init_is_tolerated",
        "failed_init_leaves_the_others",
        "failed_init_spares_the_first",
        "failed_init_starts_the_rest",
        "failed_restart_ends_the_supervisor",
        "failed_restart_is_not_tried_again",
        "fourth_child_is_not_restarted",
        "fourth_child_is_not_started",
        "good_end_restarts_the_group",
        "group_is_ended_in_start_order",
        "group_is_started_in_reverse_order",
        "group_restart_brings_temporary_siblings_back",
        "group_restart_counts_once_per_child",
        "group_restart_keeps_temporary_siblings_listed",
        "group_restart_leaves_finished_transient_ones",
        "group_restart_leaves_the_stopped",
        "id_of_a_running_child_is_accepted",
        "id_of_a_stopped_child_is_accepted",
        "ignored_child_fails_the_start",
        "inner_supervisors_do_not_restart",
        "limit_above_three_is_three",
        "negative_limit_is_accepted",
        "negative_shutdown_is_accepted",
        "neighbour_is_restarted_too",
        "normal_end_of_a_permanent_child_is_free",
        "one_for_all_goes_on_where_it_failed",
        "one_for_all_is_rest_for_one",
        "one_for_all_misses_the_first",
        "one_for_all_misses_the_fourth",
        "one_for_all_misses_the_last",
        "one_for_all_misses_the_second",
        "one_for_all_restarts_one",
        "one_restart_less_is_tolerated",
        "one_restart_more_is_tolerated",
        "permanent_child_rests_after_normal",
        "permanent_child_rests_after_shutdown",
        "reason_of_a_failed_child_is_lost",
        "rest_for_one_begins_anew",
        "rest_for_one_begins_with_all",
        "rest_for_one_misses_the_last",
        "rest_for_one_restarts_all",
        "rest_for_one_restarts_one",
        "rest_for_one_restarts_the_next_alone",
        "rest_for_one_revives_those_before",
        "rest_for_one_takes_the_one_before",
        "rest_of_the_group_does_not_wait",
        "rest_of_the_group_is_forgotten",
        "restart_by_hand_of_a_running_child_succeeds",
        "restart_revives_the_stopped",
        "restart_that_ignores_is_tried_again",
        "restarted_supervisor_begins_without_children",
        "running_child_is_deleted",
        "running_child_is_restarted_by_hand",
        "second_death_is_lost",
        "siblings_are_ended_all_at_once",
        "siblings_are_killed",
        "siblings_are_not_ended",
        "stop_leaves_orphans",
        "stopped_child_counts_as_active",
        "stopped_child_is_not_counted",
        "stopped_child_is_not_listed",
        "stopped_child_is_shown_as_restarting",
        "stopped_supervisor_is_not_counted",
        "stopped_worker_is_not_counted",
        "success_resets_the_attempts",
        "supervisor_always_ends_with_shutdown",
        "supervisor_does_not_trap_exits",
        "supervisor_ends_with_a_linked_stranger",
        "supervisor_ignores_its_parents_end",
        "supervisor_ignores_its_parents_normal_end",
        "supervisor_is_started_before_its_children",
        "supervisor_obeys_a_strangers_shutdown",
        "supervisor_obeys_strangers",
        "supervisor_with_a_taken_name_starts",
        "supervisors_are_counted_as_workers",
        "temporary_child_ended_by_hand_is_kept",
        "temporary_child_stays_listed",
        "third_attempt_is_not_made",
        "third_restart_is_lost",
        "transient_child_comes_back_after_normal",
        "transient_child_comes_back_after_shutdown",
        "twin_ids_are_accepted",
        "window_is_one_grain_longer",
        "window_never_slides",
        "window_of_zero_is_accepted",
    }
)
"""Those that are caught in a moment. `python -m tests.conformance.mutants` hunts them all."""


def test_every_quick_mutant_exists_and_does_not_survive() -> None:
    assert {mutant.name for mutant in TREES if not mutant.survives} >= QUICK


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name, marks=clauses_of(m)) for m in TREES if m.name in QUICK])
def test_a_faulty_supervisor_is_caught_by_a_clause_that_names_its_fault(mutant: Mutant) -> None:
    prove(mutant)


def test_there_are_enough_faults_and_enough_hard_ones() -> None:
    assert len(TREES) >= 70
    assert sum(mutant.is_hard for mutant in TREES) >= 40
