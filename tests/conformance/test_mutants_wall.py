"""Faulty implementations with real time, one backend and few features are caught, by scenarios that need no more."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

from letitcrash_conformance.needs import features_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.scenarios import ALL as SCENARIOS
from letitcrash_conformance.session import Session
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.subjects.reference import ReferenceSubject
from tests.conformance.mutants import ALL

MISSING = {"suspend", "parallel", "auto_shutdown", "nested_call", "error_text"}
CASES = {
    "empty_text_is_dropped": "plain_messages_of_any_text_arrive_in_order",
    "child_comes_back_as_its_sibling": "every_child_brings_its_own_specification",
    "each_dynamic_child_has_a_limit_of_its_own": "a_dynamic_supervisor_has_one_limit_for_all_children",
    "trapped_exit_forgets_its_sender": "a_trapping_process_gets_its_own_signal_as_a_message",
    "normal_exit_kills_others": "every_signal_but_normal_ends_a_process_that_does_not_trap",
    "trap_exit_is_inherited": "the_trap_flag_is_false_at_birth_and_not_inherited",
    "limit_above_three_is_three": "exactly_the_limit_is_tolerated",
    "success_resets_the_attempts": "attempts_that_failed_weigh_as_much_as_restarts",
    "fourth_down_is_lost": "a_monitor_reports_every_reason",
    "demonitor_drops_all": "monitors_stack_and_are_removed_one_by_one",
    "stop_of_no_name_succeeds": "an_unknown_name_is_noproc_but_not_for_casts",
    "cancelled_interval_goes_on": "an_interval_ticks_until_it_is_cancelled",
}
"""Faults, and what shows them."""


class Poor(ReferenceSubject):
    """The reference with a wall clock, one backend and few features, which describes a world that may go on."""

    HELLO: ClassVar[dict[str, Any]] = {
        **ReferenceSubject.HELLO,
        "backends": ["async"],
        "settle": False,
        "features": [feature for feature in ReferenceSubject.HELLO["features"] if feature not in MISSING],
    }

    def __init__(self) -> None:
        super().__init__(clock="wall")

    async def observe(self, settle_ms: int) -> dict[str, Any]:
        await asyncio.sleep(0.001)
        return {**await super().observe(1000), "quiet": None}


def program_of(name: str, subject: Poor) -> Program:
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)
    setting = Setting.of(subject.hello, scenario.chapter, "async")
    program = scenario.program(setting, 0)
    assert features_of(program.operations) <= setting.features
    assert scenario.clock in (None, "wall")
    return program


@pytest.mark.parametrize(("name", "shown_by"), [pytest.param(name, CASES[name], id=name) for name in CASES])
def test_a_faulty_implementation_with_real_time_and_few_features_is_caught(name: str, shown_by: str) -> None:
    mutant = next(mutant for mutant in ALL if mutant.name == name)
    subject = Poor()
    try:
        program = program_of(shown_by, subject)
        assert Session(subject).run(program).judgement.violation is None
        session = Session(subject)
        session.patience_s = 0.1
        with mutant.plant():
            violation = session.run(program).judgement.violation
        assert violation is not None
    finally:
        subject.close()


@pytest.mark.parametrize("chapter", ["strategies", "supervisor", "intensity", "dynamic_supervisor"])
def test_the_model_follows_a_busy_supervisor_to_the_end(chapter: str) -> None:
    subject = Poor()
    try:
        setting = Setting.of(subject.hello, chapter, "async")
        for scenario in SCENARIOS:
            if scenario.write.__module__.endswith(".unaided") and scenario.chapter == chapter:
                judgement = Session(subject).run(scenario.program(setting, 0)).judgement
                assert (scenario.name, judgement.violation, judgement.undecided) == (scenario.name, None, None)
    finally:
        subject.close()
