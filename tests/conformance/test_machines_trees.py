"""The machines of supervision: they find nothing in the reference, and planted faults in a faulty one."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from letitcrash_conformance.machines import (
    TREE_MACHINES,
    BrokenClause,
    OneForAllMachine,
    OneForOneMachine,
    RestForOneMachine,
    SessionMachine,
    TreesMachine,
    WorldMachine,
)
from letitcrash_conformance.odds import SUPERVISION
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.reference import ReferenceSubject

FEW = settings(
    max_examples=25,
    stateful_step_count=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
MANY = settings(FEW, max_examples=400, report_multiple_bugs=False, phases=[Phase.generate])
STRATEGIES = (OneForOneMachine, OneForAllMachine, RestForOneMachine)


def of_subject(machine: type[SessionMachine], factory: type[Subject], **attributes: Any) -> type[SessionMachine]:
    return type(machine.__name__, (machine,), {"factory": staticmethod(factory), **attributes})


def run_machine(machine: type[SessionMachine], how: settings) -> None:
    try:
        run_state_machine_as_test(machine, settings=how)
    finally:
        machine.close_subject()


def test_there_is_a_machine_for_every_chapter_of_supervision() -> None:
    assert tuple(TREE_MACHINES) == SUPERVISION
    assert [machine.chapter for machine in TREE_MACHINES.values() if issubclass(machine, TreesMachine)] == [
        *SUPERVISION
    ]


@pytest.mark.parametrize("chapter", SUPERVISION)
def test_a_machine_finds_nothing_in_the_reference(chapter: str) -> None:
    run_machine(of_subject(TREE_MACHINES[chapter], ReferenceSubject, backend="async"), FEW)


@pytest.mark.parametrize("machine", STRATEGIES)
def test_the_machine_of_a_strategy_finds_nothing_in_the_reference(machine: type[SessionMachine]) -> None:
    run_machine(of_subject(machine, ReferenceSubject), FEW)


def test_the_mix_has_the_rules_of_supervision() -> None:
    rules = {
        name
        for machine in TREE_MACHINES.values()
        for name, value in vars(machine).items()
        if hasattr(value, "hypothesis_stateful_rule")
    }
    assert rules
    assert [
        name for name in sorted(rules - set(vars(TREE_MACHINES["strategies"]))) if not hasattr(WorldMachine, name)
    ] == []


class Counting(ReferenceSubject):
    """The reference, which counts what it is asked."""

    asked: ClassVar[Counter[str]] = Counter()

    def run(self, operations: Any) -> Any:
        self.asked.update(operation.op for operation in operations)
        return super().run(operations)


def test_the_machines_ask_supervisors_for_everything() -> None:
    Counting.asked.clear()
    for chapter in SUPERVISION:
        run_machine(of_subject(TREE_MACHINES[chapter], Counting), FEW)
    for op in (
        "start_supervisor",
        "start_child",
        "terminate_child",
        "restart_child",
        "delete_child",
        "stop",
        "advance",
    ):
        assert Counting.asked[op] > 5, op


class Twisted(ReferenceSubject):
    """The reference, which is told something else than it was asked."""

    async def start_supervisor(
        self, as_: str, spec: dict[str, Any], link: str | None = None, timeout_ms: int = 60_000
    ) -> str:
        return await super().start_supervisor(as_, self.twisted(spec), link, timeout_ms)

    def twisted(self, spec: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


class KeepsTemporaries(Twisted):
    def twisted(self, spec: dict[str, Any]) -> dict[str, Any]:
        children = [
            {**child, "restart": child["restart"].replace("temporary", "permanent")}
            for child in spec.get("children", ())
        ]
        return {**spec, "children": children} if children else spec


class CountsOneTooMany(Twisted):
    def twisted(self, spec: dict[str, Any]) -> dict[str, Any]:
        return {**spec, "max_restarts": spec["max_restarts"] + 1} if spec["max_restarts"] >= 0 else spec


class ForgetsTooLate(Twisted):
    def twisted(self, spec: dict[str, Any]) -> dict[str, Any]:
        return {**spec, "max_seconds": spec["max_seconds"] + 0.001} if spec["max_seconds"] > 0 else spec


class StartsBackwards(Twisted):
    def twisted(self, spec: dict[str, Any]) -> dict[str, Any]:
        return {**spec, "children": spec["children"][::-1]} if "children" in spec else spec


class KillsNobody(Twisted):
    def twisted(self, spec: dict[str, Any]) -> dict[str, Any]:
        children = [
            {**child, "shutdown": "infinity" if child["shutdown"] == "brutal_kill" else child["shutdown"]}
            for child in spec.get("children", ())
        ]
        return {**spec, "children": children} if children else spec


class KnowsNoLimit(Twisted):
    def twisted(self, spec: dict[str, Any]) -> dict[str, Any]:
        return {**spec, "max_children": None} if spec["strategy"] == "dynamic" else spec


@pytest.mark.parametrize(
    ("chapter", "faulty", "prefixes"),
    [
        ("supervisor", StartsBackwards, ("SUP",)),
        ("strategies", KeepsTemporaries, ("STR", "SUP")),
        ("intensity", CountsOneTooMany, ("INT",)),
        ("intensity", ForgetsTooLate, ("INT", "STR")),
        ("shutdown", KillsNobody, ("SHUT", "EXIT", "GS")),
        ("dynamic_supervisor", KnowsNoLimit, ("DYN",)),
    ],
)
def test_a_machine_finds_a_planted_fault(chapter: str, faulty: type[Subject], prefixes: tuple[str, ...]) -> None:
    with pytest.raises(BrokenClause) as caught:
        run_machine(of_subject(TREE_MACHINES[chapter], faulty), MANY)

    assert caught.value.violation.clause.startswith(prefixes)
