"""The directed programs of supervision: well formed, complete, and within what a clock can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.generate import Setting
from letitcrash_conformance.needs import features_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.scenarios import ALL
from letitcrash_conformance.scenarios.scenario import Scenario
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.hello import FEATURES
from letitcrash_spec.validator import validate_operation
from letitcrash_spec.values import CHILD_FIELDS, SUPERVISOR_FIELDS

CHAPTERS = ("supervisor", "strategies", "intensity", "shutdown", "dynamic_supervisor")


def programs(scenario: Scenario) -> Iterator[tuple[str, Program]]:
    for clock in ("virtual", "wall"):
        if scenario.clock in (None, clock):
            setting = Setting("world", ("one", "two"), "one", clock, frozenset(FEATURES))
            yield clock, scenario.program(setting, 0)


TREES = [
    scenario
    for scenario in ALL
    if any("supervisor" in features_of(program.operations) for _, program in programs(scenario))
]


def specifications(program: Program) -> Iterator[dict[str, Any]]:
    def visit(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield spec
        for child in spec.get("children", ()):
            yield child
            yield from visit(child["start"]["supervisor"]) if child["type"] == "supervisor" else ()

    for operation in program.operations:
        if operation.op == "start_supervisor":
            yield from visit(operation.args["spec"])
        elif operation.op == "start_child":
            yield from visit({"children": [operation.args["child"]]})


def test_every_clause_of_supervision_that_is_checked_has_a_scenario() -> None:
    shown = {clause for scenario in ALL for clause in scenario.clauses}
    wanted = {clause.id for clause in load_clauses().values() if clause.chapter in CHAPTERS and clause.is_checked}

    assert sorted((wanted | {"EXIT-27", "BACK-8"}) - shown) == []


def test_no_scenario_shows_what_cannot_be_checked() -> None:
    catalogue = load_clauses()

    assert [(s.name, c) for s in TREES for c in s.clauses if not catalogue[c].is_checked] == []


@pytest.mark.parametrize("scenario", TREES, ids=lambda scenario: scenario.name)
def test_a_scenario_is_well_formed_and_writes_out_every_key(scenario: Scenario) -> None:
    keys = [{field.name for field in fields} for fields in (*SUPERVISOR_FIELDS.values(), CHILD_FIELDS)] + [{"children"}]
    for clock, program in programs(scenario):
        assert program.operations[-1].op == "observe"
        for operation in program.operations:
            validate_operation(operation)
        for spec in specifications(program):
            assert set(spec) in keys
            seconds = spec.get("max_seconds", 1)
            assert clock == "virtual" or seconds == int(seconds), "a fraction of a second on a wall clock"
