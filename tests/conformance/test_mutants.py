"""The suite catches faulty implementations, and names their faults."""

from __future__ import annotations

import pytest

from tests.conformance.mutants import ALL, RED, TREES, WILD
from tests.conformance.mutants.plant import EVERYWHERE, Mutant
from tests.conformance.mutants.proof import clauses_of, prove

SLOW = frozenset(  # also those that a neighbouring clause may name first
    {
        "call_timeout_is_ignored",
        "callers_are_told_shutdown_without_its_text",
        "calling_oneself_waits",
        "calls_overtake_casts",
        "calls_to_a_suspended_server_are_answered",
        "cancel_is_always_false",
        "cancel_is_always_true",
        "cancelled_interval_goes_on",
        "cancelled_timer_fires",
        "cast_by_name_is_lost_on_the_busy",
        "cast_is_handled_twice",
        "cast_to_no_name_fails",
        "casts_stay_on_their_backend",
        "ceasing_to_trap_drops_the_links",
        "children_on_other_backends_are_not_linked",
        "crash_in_info_is_normal",
        "crash_in_terminate_keeps_the_name",
        "crash_of_terminate_is_ignored",
        "death_is_not_told_to_callers_of_the_suspended",
        "death_is_not_told_to_those_who_queue",
        "death_is_not_told_to_those_who_wait_on",
        "demonitor_always_flushes",
        "demonitor_drops_all",
        "demonitor_drops_those_of_others",
        "down_for_the_first_watcher_only",
        "down_overtakes_messages",
        "empty_text_is_dropped",
        "every_peer_is_a_parent",
        "exit_names_the_receiver",
        "exit_spares_the_busy",
        "exits_stay_on_their_backend",
        "failed_init_leaves_it_alive",
        "failed_init_runs_terminate",
        "flush_does_nothing",
        "flush_takes_all",
        "fourth_down_is_lost",
        "fourth_message_in_a_row_is_lost",
        "ignore_leaves_it_alive",
        "ignored_linked_start_ends_the_starter",
        "infos_that_repeat_are_dropped",
        "interval_fires_once",
        "interval_slows_down",
        "interval_stops_after_three",
        "kill_is_trapped",
        "killed_cannot_be_trapped_over_links",
        "killed_in_init_never_answers",
        "late_reply_answers_the_next_call",
        "late_reply_crashes_the_server",
        "link_is_one_way",
        "link_is_one_way_back",
        "link_to_the_dead_is_no_error",
        "link_to_the_dead_is_silent",
        "link_to_the_dead_raises",
        "link_to_the_dead_tells_its_reason",
        "link_twice_fires_twice",
        "links_between_backends_are_one_way",
        "links_count",
        "links_cut_the_text_of_a_shutdown",
        "links_stop_at_the_first_hop",
        "links_to_supervisors_are_one_way",
        "long_timer_never_fires",
        "lookups_are_cached",
        "mailbox_is_a_stack",
        "monitor_again_replaces",
        "monitor_on_no_name_is_silent",
        "monitor_on_the_dead_is_silent",
        "monitor_on_the_dead_tells_its_reason",
        "monitors_between_backends_are_silent",
        "monitors_cut_the_text_of_a_shutdown",
        "monitors_of_restarted_children_are_silent",
        "monitors_of_supervisors_are_silent",
        "named_monitor_follows_the_name",
        "named_monitor_needs_the_name_at_death",
        "named_start_registers_late",
        "named_start_takes_over",
        "names_stay_on_their_backend",
        "no_reply_is_a_reply",
        "normal_exit_kills_peers",
        "normal_exit_of_a_peer_is_not_told",
        "normal_parent_exit_is_a_message",
        "normal_parent_exit_kills",
        "parent_exit_always_runs_terminate",
        "parent_exit_is_a_message",
        "parents_of_supervisors_are_told_nothing",
        "pool_forgets_the_trap_flag",
        "pool_has_one_thread",
        "pool_keeps_the_names_of_the_killed",
        "pool_loses_infos_while_busy",
        "pool_runs_init_twice",
        "pool_server_that_traps_is_killed_by_its_third_exit",
        "pool_servers_share_their_state",
        "pool_texts_are_ascii",
        "pool_values_have_63_bits",
        "reason_changes_at_the_second_hop",
        "refused_start_runs_init",
        "register_again_is_fine",
        "register_takes_over",
        "register_the_dead",
        "replies_stay_on_their_backend",
        "reply_goes_to_the_next_caller",
        "resumed_server_goes_backwards",
        "second_demonitor_takes_another_monitor",
        "send_to_no_name_succeeds",
        "several_unanswered_callers_hear_of_no_death",
        "shutdown_spares_peers",
        "shutdown_with_text_spares_peers",
        "start_linked_links_late",
        "start_monitored_does_not_monitor",
        "stop_hides_another_reason",
        "stop_of_no_name_succeeds",
        "stop_of_the_dead_succeeds",
        "stop_overtakes_messages",
        "stop_replies_before_terminate",
        "stop_reply_is_lost",
        "stop_reply_is_lost_if_terminate_raises",
        "stop_returns_early",
        "supervisors_cannot_be_named_later",
        "suspended_server_loses_what_comes",
        "suspended_server_survives_its_peers",
        "suspended_supervisor_hears_of_no_death",
        "terminate_of_the_pool_is_told_normal",
        "texts_are_cut",
        "third_link_drops_the_first",
        "third_monitor_is_lost",
        "third_tick_comes_twice",
        "third_timer_never_fires",
        "third_use_of_a_name_fails",
        "thread_crash_skips_terminate",
        "thread_death_is_told_without_its_text",
        "thread_ignores_calls_that_wait_at_death",
        "thread_kill_says_kill",
        "thread_kill_waits_for_the_callback",
        "thread_links_break_for_shutdown",
        "thread_stop_skips_terminate",
        "thread_timers_tick_once",
        "thread_values_have_32_bits",
        "tick_is_lost_on_the_busy",
        "timed_out_request_is_dropped",
        "timeout_of_a_nested_call_crashes_the_caller",
        "timer_fires_twice",
        "timer_is_early",
        "timer_of_zero_never_fires",
        "timer_replaces_the_one_before",
        "timers_end_when_the_name_goes",
        "timers_of_others_cannot_be_cancelled_across_backends",
        "timers_outlive_their_process",
        "timers_pass_to_the_replacement",
        "trapped_exits_come_once",
        "trapping_watchers_are_told_by_the_link_alone",
        "two_names",
        "unlink_does_nothing",
        "unlink_drops_all_links",
        "unlink_drops_the_monitor",
        "unlinked_is_unlinked_for_ever",
        "unregister_is_half_done",
        "unregister_the_unknown",
        "unregistered_names_stay_taken",
        "values_are_floats",
        "watcher_takes_its_target_along",
    }
)
"""Faults that take more than a moment to be caught; `python -m tests.conformance.mutants` hunts them all."""

QUICK = [mutant for mutant in ALL if mutant.name not in SLOW and mutant not in (*RED, *TREES, *WILD)]


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name, marks=clauses_of(m)) for m in QUICK])
def test_a_faulty_implementation_is_caught_by_a_clause_that_names_its_fault(mutant: Mutant) -> None:
    prove(mutant)


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
