"""Subjects that cannot tell when their world is quiet: what was looked at too early is no violation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from letitcrash_conformance.program import Program
from letitcrash_conformance.session import Session
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Operation

HELLO = Hello(
    name="hasty",
    version="1",
    language="python",
    backends=("one",),
    default_backend="one",
    clock="wall",
    time_unit_ms=1,
    wall_grain_ms=10,
    settle=False,
    features=frozenset({"genserver", "supervisor"}),
)
BOOM = {"error": "boom"}
CHILD: dict[str, Any] = {"id": "a", "restart": "permanent", "shutdown": 5000, "type": "worker", "start": {}}
TREE: dict[str, Any] = {"strategy": "one_for_one", "max_restarts": 3, "max_seconds": 3600, "children": [CHILD]}


class Hasty:
    """Plays a story: what each look since the reset, also one look too many, adds to the log and leaves alive."""

    hello = HELLO

    def __init__(self, look: Callable[[int, bool], tuple[list[dict[str, Any]], list[str]]]) -> None:
        self._look = look
        self._looks = 0
        self._has_spawned = False

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        return [{"ok": self._perform(operation)} for operation in operations]

    def close(self) -> None:
        return

    def _perform(self, operation: Operation) -> Any:
        if operation.op == "reset":
            self._looks, self._has_spawned = 0, False
        elif operation.op == "observe":
            self._looks += 1
            events, alive = self._look(self._looks, self._has_spawned)
            row = [["a", label, "worker"] for label in alive if "/" in label]
            count = {"specs": 1, "active": 1, "supervisors": 0, "workers": 1}
            children = {"s1": {"list": row, "count": count}} if row else {}
            return {"quiet": None, "now": 0, "alive": alive, "names": {}, "children": children, "events": timed(events)}
        elif operation.op in ("spawn", "start_supervisor"):
            self._has_spawned = operation.op == "spawn"
            return "started"
        return None


def timed(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**event, "t": 0} for event in events]


def run(subject: Hasty, *operations: Operation) -> str | None:
    """Run a program with little patience; return the clause that it breaks."""
    session = Session(subject)
    session.patience_s = 0.1
    violation = session.run(Program.of(operations, clock="wall")).judgement.violation
    return None if violation is None else violation.clause


def ends(label: str) -> list[dict[str, Any]]:
    return [{"ev": "terminate", "who": label, "reason": BOOM}, {"ev": "dead", "who": label, "reason": BOOM}]


def second_crash_is_late(look: int, has_spawned: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """The first look comes before the crash of the second process, which looks as if the cast had missed it."""
    born = [{"ev": "init", "who": "p1"}] if has_spawned else []
    alive = ["s1", "s1/a#2" if look == 1 else "s1/a#3", *(["p1"] if has_spawned else [])]
    if look == 1:
        return [{"ev": "init", "who": "s1/a#1"}, *ends("s1/a#1"), {"ev": "init", "who": "s1/a#2"}], alive
    if look == 2:
        return [*ends("s1/a#2"), {"ev": "init", "who": "s1/a#3"}, *born], alive
    return born, alive


CRASHES = (
    Operation("start_supervisor", {"as": "s1", "spec": TREE}),
    Operation("cast", {"to": "s1/a#1", "msg": ["crash", "boom"]}),
    Operation("cast", {"to": "s1/a#2", "msg": ["crash", "boom"]}),
    Operation("observe", {}),
)
SPAWN = Operation("spawn", {"as": "p1", "probe": {}})


def test_a_look_that_came_too_early_is_taken_again_before_anything_is_held_against_the_subject() -> None:
    def look(number: int, has_spawned: bool) -> tuple[list[dict[str, Any]], list[str]]:
        events, alive = second_crash_is_late(number, has_spawned)
        born = [{"ev": "init", "who": "p1"}] if has_spawned and not told else []
        told.extend(born)
        return [*(event for event in events if event["who"] != "p1"), *born], alive

    told: list[dict[str, Any]] = []

    class Forgetful(Hasty):
        def run(self, operations: Sequence[Operation]) -> list[Answer]:
            if operations[0].op == "reset":
                told.clear()
            return super().run(operations)

    assert run(Forgetful(look), *CRASHES, SPAWN) is None


@pytest.mark.clause("STR-6")
def test_what_comes_after_a_calm_while_is_held_against_the_subject() -> None:
    def look(number: int, has_spawned: bool) -> tuple[list[dict[str, Any]], list[str]]:
        events, alive = second_crash_is_late(1, False)
        if not has_spawned:
            return events if number == 1 else [], alive
        told = [{"ev": "init", "who": "p1"}, *ends("s1/a#2"), {"ev": "init", "who": "s1/a#3"}]
        is_first = not looked
        looked.append(number)
        return told if is_first else [], ["s1", "s1/a#3", "p1"]

    looked: list[int] = []

    class Forgetful(Hasty):
        def run(self, operations: Sequence[Operation]) -> list[Answer]:
            if operations[0].op == "reset":
                looked.clear()
            return super().run(operations)

    assert run(Forgetful(look), *CRASHES, SPAWN) is not None


def test_the_end_of_a_program_is_looked_at_once_more() -> None:
    def look(number: int, has_spawned: bool) -> tuple[list[dict[str, Any]], list[str]]:
        if number == 1:
            return [{"ev": "init", "who": "p1"}], ["p1"]
        return (ends("p1") if number == 2 else []), []

    assert run(Hasty(look), SPAWN) is not None
