"""The machines: they find nothing in the reference, and the fault in a faulty one."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.machines import (
    MACHINES,
    BrokenClause,
    LinksMachine,
    SessionMachine,
    WorldMachine,
    machine_for,
    when,
)
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import CHAPTERS
from letitcrash_spec.messages import Answer, Operation

FEW = settings(
    max_examples=25,
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
MANY = settings(FEW, max_examples=1000, report_multiple_bugs=False, phases=[Phase.generate])
SHRUNK = settings(MANY, phases=[Phase.generate, Phase.shrink])


def run_machine(machine: type[SessionMachine], how: settings) -> None:
    try:
        run_state_machine_as_test(machine, settings=how)
    finally:
        machine.close_subject()


# -- a good subject -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", MACHINES)
def test_a_machine_finds_nothing_in_the_reference(chapter: str) -> None:
    run_machine(machine_for(chapter, ReferenceSubject), FEW)


@pytest.mark.parametrize("backend", ["blocking", "thread", "mixed"])
def test_the_mix_of_all_chapters_finds_nothing_on_the_other_backends(backend: str) -> None:
    run_machine(machine_for("world", ReferenceSubject, backend=backend), settings(FEW, max_examples=10))


def test_there_is_a_machine_for_every_chapter_of_the_specification() -> None:
    assert set(MACHINES) == {*CHAPTERS} - {"nondeterminism"} | {"world"}


def test_the_mix_has_every_rule_of_every_chapter() -> None:
    rules = {
        name
        for machine in MACHINES.values()
        for name, value in vars(machine).items()
        if hasattr(value, "hypothesis_stateful_rule")
    }

    assert [name for name in sorted(rules) if not hasattr(WorldMachine, name)] == []


# -- faulty subjects ----------------------------------------------------------------------------------------------


class ForgetsNames(ReferenceSubject):
    async def whereis(self, name: str) -> str | None:
        return None


class TrapsKills(ReferenceSubject):
    async def exit(self, to: str, reason: Any) -> None:
        await super().exit(to, {"error": "kill"} if reason == "kill" else reason)


class KeepsLinks(ReferenceSubject):
    async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
        if msg[0] == "unlink":
            await super().call(to, ["get"], timeout_ms)
            return None
        return await super().call(to, msg, timeout_ms)

    async def cast(self, to: Any, msg: list[Any]) -> None:
        await super().cast(to, ["get"] if msg[0] == "unlink" else msg)


class KeepsMonitors(ReferenceSubject):
    async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
        if msg[0] == "demonitor":
            await super().call(to, ["get"], timeout_ms)
            return None
        return await super().call(to, msg, timeout_ms)


class CountsInWords(ReferenceSubject):
    async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
        answer = await super().call(to, msg, timeout_ms)
        return answer & 0xFFFFFFFF if isinstance(answer, int) and answer > 0 else answer


class GoesSlow(ReferenceSubject):
    async def advance(self, ms: int) -> None:
        await super().advance(ms // 2)


class IgnoresStops(ReferenceSubject):
    async def stop(self, to: Any, reason: Any, timeout_ms: int = 5000) -> None:
        await super().stop(to, "normal", timeout_ms)


@pytest.mark.parametrize(
    ("chapter", "faulty", "prefix"),
    [
        ("registry", ForgetsNames, "REG-"),
        ("exits", TrapsKills, "EXIT-"),
        ("links", KeepsLinks, "LNK-"),
        ("monitors", KeepsMonitors, "MON-"),
        ("genserver", CountsInWords, "BACK-12"),
        ("genserver", IgnoresStops, "GS-"),
        ("timers", GoesSlow, "TIM-"),
    ],
)
def test_a_machine_finds_a_planted_fault(chapter: str, faulty: Callable[[], Subject], prefix: str) -> None:
    with pytest.raises(BrokenClause) as caught:
        run_machine(machine_for(chapter, faulty), MANY)

    assert caught.value.violation.clause.startswith(prefix)


def test_the_mix_of_all_chapters_finds_a_planted_fault_too() -> None:
    with pytest.raises(BrokenClause) as caught:
        run_machine(machine_for("world", ForgetsNames), MANY)

    assert caught.value.violation.operation.op == "whereis"


def test_a_failure_is_a_short_story_that_names_its_clause() -> None:
    with pytest.raises(BrokenClause) as caught:
        run_machine(machine_for("registry", ForgetsNames), SHRUNK)

    clause, *rest = str(caught.value).splitlines()
    steps = rest[rest.index("The steps that show it:") + 1 :]
    assert clause.startswith(f"{caught.value.violation.clause} MUST: ")
    assert len(steps) <= 4
    assert any("look up" in step for step in steps)


def test_each_clause_has_a_failure_of_its_own() -> None:
    raised: list[BrokenClause] = []
    for chapter, faulty in (("registry", ForgetsNames), ("exits", TrapsKills)):
        with pytest.raises(BrokenClause) as caught:
            run_machine(machine_for(chapter, faulty), MANY)
        raised.append(caught.value)

    assert type(raised[0]) is not type(raised[1])


# -- subjects come and go -----------------------------------------------------------------------------------------


class Counted(ReferenceSubject):
    made = 0
    closed = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).made += 1

    def close(self) -> None:
        type(self).closed += 1
        super().close()


def test_one_subject_serves_all_examples_and_the_test_case_closes_it() -> None:
    class Mine(Counted):
        pass

    case = machine_for("exits", Mine).TestCase
    case.settings = FEW
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)

    assert result.wasSuccessful(), result.errors
    assert result.testsRun == 1
    assert (Mine.made, Mine.closed) == (1, 1)


class Breaks(Counted):
    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        if operations[0].op == "observe":
            raise SubjectError("it broke")
        return super().run(operations)


def test_a_harness_that_breaks_is_no_violation_and_is_made_anew() -> None:
    with pytest.raises(SubjectError, match="it broke"):
        run_machine(machine_for("exits", Breaks), settings(FEW, max_examples=3))

    assert Breaks.made > 1
    assert Breaks.closed == Breaks.made


class WithoutLinks(ReferenceSubject):
    HELLO = ReferenceSubject.HELLO | {"features": ["genserver"]}


def test_a_machine_is_skipped_where_the_subject_lacks_what_it_needs() -> None:
    with pytest.raises(unittest.SkipTest, match="reference does not declare exit_signals, links"):
        run_machine(machine_for("links", WithoutLinks), FEW)


@pytest.mark.parametrize("chapter", ["genserver", "backends", "world"])
def test_rules_that_need_more_than_the_subject_has_are_left_out(chapter: str) -> None:
    run_machine(machine_for(chapter, WithoutLinks), FEW)


# -- machines of one's own ----------------------------------------------------------------------------------------


def test_a_user_can_add_rules_to_a_machine() -> None:
    seen: list[Answer] = []

    class Mine(LinksMachine):
        factory = ReferenceSubject

        @when("links")
        @rule()
        def link_with_itself(self) -> None:
            seen.append(self.tell(0, ["link", self.label(0)]))

    run_machine(Mine, FEW)

    assert seen


def test_machines_of_one_chapter_do_not_share_a_subject() -> None:
    first, second = machine_for("exits", ReferenceSubject), machine_for("exits", ReferenceSubject)
    try:
        assert first.open_session() is first.open_session()
        assert first.open_session() is not second.open_session()
    finally:
        first.close_subject()
        second.close_subject()


def test_an_unknown_chapter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"expected a chapter of exits, links, .*, got 'exit'"):
        machine_for("exit", ReferenceSubject)
