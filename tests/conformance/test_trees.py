"""What builds specifications writes out every key, and nothing that the protocol does not know."""

from __future__ import annotations

from typing import Any

import pytest

from letitcrash_conformance.trees import child_label, dynamic, nested, supervisor, worker
from letitcrash_spec.messages import Operation
from letitcrash_spec.validator import validate_operation
from letitcrash_spec.values import CHILD_FIELDS, SUPERVISOR_FIELDS

SPECS: dict[str, dict[str, Any]] = {
    "empty": supervisor(),
    "dynamic": dynamic(),
    "limited": dynamic(max_restarts=0, max_seconds=0.5, max_children=3, name="pool"),
    "deep": supervisor(
        worker(
            "a", {"init": ["ok", {"crash": "boom"}], "trap_exit": True}, restart="transient", shutdown="brutal_kill"
        ),
        nested("b", supervisor(nested("c", dynamic())), restart="temporary", shutdown=10, significant=True),
        strategy="rest_for_one",
        name="top",
        auto_shutdown="all_significant",
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_the_protocol_takes_every_specification(name: str) -> None:
    validate_operation(Operation("start_supervisor", {"as": "s1", "spec": SPECS[name]}))


@pytest.mark.parametrize("name", SPECS)
def test_every_key_is_written_out(name: str) -> None:
    def check(spec: dict[str, Any]) -> None:
        kind = "dynamic" if spec["strategy"] == "dynamic" else "static"
        assert set(spec) == {field.name for field in SUPERVISOR_FIELDS[kind]}
        for child in spec.get("children", ()):
            assert set(child) == {field.name for field in CHILD_FIELDS}
            if child["type"] == "supervisor":
                check(child["start"]["supervisor"])

    check(SPECS[name])


def test_a_label_says_supervisor_child_and_attempt() -> None:
    assert child_label(child_label("s1", "b"), "a", 2) == "s1/b#1/a#2"


def test_what_was_built_does_not_change_with_what_it_was_built_from() -> None:
    probe: dict[str, Any] = {"value": 1}
    child = worker("a", probe)
    spec = supervisor(child)
    probe["value"] = 2
    child["id"] = "z"

    assert spec["children"][0]["id"] == "a"
    assert spec["children"][0]["start"] == {"value": 1}
