from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.messages import Answer, Json, Operation
from letitcrash_spec.validator import validate_answer, validate_operation

SETTLE_MS = 60_000
Step = tuple[str, dict[str, Any]]
OBSERVE: Step = ("observe", {"settle_ms": SETTLE_MS})
BACKENDS = ("async", "blocking", "thread")


@pytest.fixture(params=[*BACKENDS, "mixed"])
def mix(request: pytest.FixtureRequest) -> list[str]:
    """The backends of the children, in turn: each alone, and all together."""
    return list(BACKENDS) if request.param == "mixed" else [request.param]


@pytest.fixture
def subject() -> Iterator[ReferenceSubject]:
    made = ReferenceSubject()
    yield made
    made.close()


def run(subject: ReferenceSubject, *steps: Step) -> list[Any]:
    """Perform steps in a new world and return their answers: the value of `ok`, or the failure."""
    operations = [Operation(op, args) for op, args in (("reset", {}), *steps)]
    for operation in operations:
        validate_operation(operation)
    answers: list[Answer] = subject.run(operations)
    for operation, answer in zip(operations, answers, strict=True):
        validate_answer(operation, answer)
    return [answer["ok"] if "ok" in answer else answer["fail"] for answer in answers[1:]]


def child(child_id: str, restart: str = "permanent", shutdown: Json = 5000, **probe: Json) -> dict[str, Json]:
    return {
        "id": child_id,
        "restart": restart,
        "shutdown": shutdown,
        "type": "worker",
        "start": probe,
        "significant": False,
    }


def branch(child_id: str, spec: dict[str, Json], restart: str = "permanent") -> dict[str, Json]:
    start: dict[str, Json] = {"supervisor": spec}
    return {**child(child_id, restart, "infinity"), "type": "supervisor", "start": start}


def static(*children: dict[str, Json], strategy: str = "one_for_one", **fields: Json) -> dict[str, Json]:
    return {"strategy": strategy, "max_restarts": 3, "max_seconds": 5, "children": list(children), **fields}


def dynamic(**fields: Json) -> dict[str, Json]:
    return {"strategy": "dynamic", "max_restarts": 3, "max_seconds": 5, "max_children": None, **fields}


def start(spec: dict[str, Json], label: str = "s1", **fields: Json) -> Step:
    return "start_supervisor", {"as": label, "spec": spec, **fields}


def ask(op: str, *args: Any, sup: str = "s1") -> Step:
    return op, {"sup": sup, **({"child": args[0]} if args else {})}


def kill(label: str) -> Step:
    return "exit", {"to": label, "reason": "kill"}


def crash(label: str) -> Step:
    return "cast", {"to": label, "msg": ["crash", "boom"]}


def story(look: dict[str, Any]) -> list[str]:
    """The log of an observation: `init s1/a#1`, `dead s1/a#1 killed`."""
    told: list[str] = []
    for event in look["events"]:
        reason: Any = event.get("reason", "")
        kind: str = reason if isinstance(reason, str) else next(iter(reason))
        told.append(f"{event['ev']} {event['who']} {kind}".rstrip())
    return told


def rows(look: dict[str, Any], sup: str = "s1") -> list[Any]:
    return [row[:2] for row in look["children"][sup]["list"]]


def spread(mix: list[str], *ids: str) -> list[dict[str, Json]]:
    return [child(one, backend=mix[number % len(mix)], trap_exit=True) for number, one in enumerate(ids)]


@pytest.mark.clause("SUP-1", "SHUT-1", "SUP-17", "STR-7", "SUP-50", "SUP-52", "BACK-8")
def test_children_start_in_order_are_restarted_together_and_end_in_reverse(
    subject: ReferenceSubject, mix: list[str]
) -> None:
    answers = run(
        subject,
        start(static(*spread(mix, "a", "b", "c"), strategy="one_for_all", name="n1")),
        OBSERVE,
        kill("s1/b#1"),
        OBSERVE,
        ("stop", {"to": {"name": "n1"}, "reason": "normal"}),
        OBSERVE,
        ask("which_children"),
    )
    first, second, third = answers[1], answers[3], answers[5]
    assert answers[0] == "started"
    assert story(first) == ["init s1/a#1", "init s1/b#1", "init s1/c#1"]
    assert first["alive"] == ["s1", "s1/a#1", "s1/b#1", "s1/c#1"]
    assert first["names"] == {"n1": "s1"}
    assert first["children"]["s1"] == {
        "list": [["a", "s1/a#1", "worker"], ["b", "s1/b#1", "worker"], ["c", "s1/c#1", "worker"]],
        "count": {"specs": 3, "active": 3, "supervisors": 0, "workers": 3},
    }
    assert story(second) == [
        "dead s1/b#1 killed",
        "terminate s1/c#1 shutdown",
        "dead s1/c#1 shutdown",
        "terminate s1/a#1 shutdown",
        "dead s1/a#1 shutdown",
        "init s1/a#2",
        "init s1/b#2",
        "init s1/c#2",
    ]
    assert [line for line in story(third) if "dead" in line] == [
        "dead s1/c#2 shutdown",
        "dead s1/b#2 shutdown",
        "dead s1/a#2 shutdown",
        "dead s1 normal",
    ]
    assert third["children"] == {}
    assert answers[6] == {"kind": "noproc"}


@pytest.mark.clause("STR-13", "STR-12", "INT-6")
def test_a_group_restart_that_fails_is_tried_again_from_the_start(subject: ReferenceSubject, mix: list[str]) -> None:
    children = spread(mix, "a", "b", "c")
    children[1] = child("b", backend=mix[1 % len(mix)], trap_exit=True, init=["ok", {"stop": {"error": "no"}}, "ok"])
    answers = run(subject, start(static(*children, strategy="one_for_all")), OBSERVE, crash("s1/a#1"), OBSERVE)
    assert [line for line in story(answers[3]) if not line.startswith("terminate")] == [
        "dead s1/a#1 error",
        "dead s1/c#1 shutdown",
        "dead s1/b#1 shutdown",
        "init s1/a#2",
        "init s1/b#2",
        "dead s1/b#2 error",
        "dead s1/a#2 shutdown",
        "init s1/a#3",
        "init s1/b#3",
        "init s1/c#2",
    ]
    assert rows(answers[3]) == [["a", "s1/a#3"], ["b", "s1/b#3"], ["c", "s1/c#2"]]


@pytest.mark.clause("STR-14")
def test_a_restart_of_the_rest_goes_on_from_whoever_failed(subject: ReferenceSubject, mix: list[str]) -> None:
    children = spread(mix, "a", "b", "c", "d")
    children[2] = child("c", backend=mix[2 % len(mix)], trap_exit=True, init=["ok", {"crash": "no"}, "ok"])
    answers = run(subject, start(static(*children, strategy="rest_for_one")), OBSERVE, kill("s1/b#1"), OBSERVE)
    assert [line for line in story(answers[3]) if not line.startswith("terminate")] == [
        "dead s1/b#1 killed",
        "dead s1/d#1 shutdown",
        "dead s1/c#1 shutdown",
        "init s1/b#2",
        "init s1/c#2",
        "dead s1/c#2 error",
        "init s1/c#3",
        "init s1/d#2",
    ]


@pytest.mark.clause("SUP-30", "STR-12", "INT-15", "SUP-53")
def test_while_a_restart_hangs_and_fails_requests_are_answered_in_between(
    subject: ReferenceSubject, mix: list[str]
) -> None:
    slow = {"sleep": 1000, "then": {"stop": {"error": "no"}}}
    answers = run(
        subject,
        start(static(child("a", backend=mix[0], init=["ok", slow]), max_restarts=9, max_seconds=1)),
        crash("s1/a#1"),
        ("advance", {"ms": 1500}),
        ask("which_children"),
        ask("count_children"),
        ask("start_child", child("a")),
        ask("restart_child", "a"),
        ask("delete_child", "a"),
        ask("terminate_child", "a"),
        ask("which_children"),
        OBSERVE,
    )
    assert answers[3] == [["a", "restarting", "worker"]]
    assert answers[4] == {"specs": 1, "active": 0, "supervisors": 0, "workers": 1}
    assert [answer["kind"] for answer in answers[5:8]] == ["already_present", "restarting", "restarting"]
    assert answers[8] is None
    assert answers[9] == [["a", None, "worker"]]
    assert (answers[10]["quiet"], rows(answers[10])) == (True, [["a", None]])


@pytest.mark.clause("SUP-2", "SUP-12")
def test_a_failed_start_ends_what_was_started_and_a_linked_starter_dies_of_it(
    subject: ReferenceSubject, mix: list[str]
) -> None:
    children = [*spread(mix, "a", "b"), child("c", init=[{"stop": {"error": "no"}}]), child("d")]
    answers = run(
        subject,
        ("spawn", {"as": "p1", "probe": {}}),
        ("spawn", {"as": "p2", "probe": {"trap_exit": True}}),
        start(static(*children)),
        OBSERVE,
        start(static(*children), "s2", link="p1"),
        start(static(*children), "s3", link="p2"),
        start(static(*children), "s4", link="p1"),
        OBSERVE,
    )
    for number in (2, 4, 5):
        assert answers[number]["kind"] == "start_failed"
        assert "shutdown" in answers[number]["reason"]
    assert answers[6] == {"kind": "noproc"}
    assert story(answers[3])[2:] == [
        "init s1/a#1",
        "init s1/b#1",
        "init s1/c#1",
        "dead s1/c#1 error",
        "terminate s1/b#1 shutdown",
        "dead s1/b#1 shutdown",
        "terminate s1/a#1 shutdown",
        "dead s1/a#1 shutdown",
        "dead s1 shutdown",
    ]
    assert "dead p1 shutdown" in story(answers[7])
    assert answers[7]["alive"] == ["p2"]


@pytest.mark.clause("SUP-12", "SUP-13", "SUP-14", "SHUT-13")
def test_a_supervisor_ends_with_its_parent_only(subject: ReferenceSubject, mix: list[str]) -> None:
    answers = run(
        subject,
        ("spawn", {"as": "p1", "probe": {"backend": mix[0]}}),
        ("spawn", {"as": "p2", "probe": {}}),
        start(static(*spread(mix, "a", "b")), link="p1"),
        ("call", {"to": "p2", "msg": ["link", "s1"]}),
        ("exit", {"to": "s1", "reason": "shutdown"}),
        ("call", {"to": "p2", "msg": ["exit", "s1", "normal"]}),
        crash("p2"),
        OBSERVE,
        ("call", {"to": "p1", "msg": ["links"]}),
        kill("p1"),
        OBSERVE,
    )
    assert answers[7]["alive"] == ["p1", "s1", "s1/a#1", "s1/b#1"]
    assert answers[8] == ["s1"]
    assert [line for line in story(answers[10]) if "dead" in line] == [
        "dead p1 killed",
        "dead s1/b#1 shutdown",
        "dead s1/a#1 shutdown",
        "dead s1 killed",
    ]


@pytest.mark.clause("SUP-26", "STR-21", "INT-13", "STR-20")
def test_a_restarted_supervisor_begins_anew_and_a_transient_one_does_not(subject: ReferenceSubject) -> None:
    inner = static(child("a"), max_restarts=0)
    answers = run(
        subject,
        start(static(branch("b", inner), branch("t", inner, "transient"))),
        ask("start_child", child("x"), sup="s1/b#1"),
        OBSERVE,
        kill("s1/b#1/a#1"),
        kill("s1/t#1/a#1"),
        OBSERVE,
        kill("s1/b#2"),
        OBSERVE,
    )
    assert answers[1] == "s1/b#1/x#1"
    assert answers[5]["alive"] == ["s1", "s1/b#2", "s1/b#2/a#1"]
    assert rows(answers[5]) == [["b", "s1/b#2"], ["t", None]]
    assert answers[5]["children"]["s1"]["count"] == {"specs": 2, "active": 1, "supervisors": 2, "workers": 0}
    assert answers[7]["alive"] == ["s1", "s1/b#3", "s1/b#3/a#1"]
    assert {"dead s1/b#2 killed", "dead s1/b#2/a#1 killed"} <= set(story(answers[7]))


@pytest.mark.clause("SUP-30", "SUP-33", "SUP-20", "SUP-24", "SUP-4")
def test_children_are_administered_by_their_ids(subject: ReferenceSubject) -> None:
    steps: list[tuple[Step, Json]] = [
        (start(static(child("a"))), "started"),
        (start(static(child("a")), "s2", link="p9"), {"kind": "noproc"}),
        (start(static(child("a"), child("a")), "s3"), {"kind": "bad_spec"}),
        (start(static({**child("a", "transient"), "significant": True}), "s4"), {"kind": "bad_spec"}),
        (
            start(static({**child("a"), "significant": True}, auto_shutdown="any_significant"), "s5"),
            {"kind": "bad_spec"},
        ),
        (ask("start_child", child("a")), {"kind": "already_started", "child": "s1/a#1"}),
        (ask("terminate_child", "a"), None),
        (ask("terminate_child", "a"), None),
        (ask("terminate_child", "z"), {"kind": "not_found"}),
        (ask("start_child", child("a")), {"kind": "already_present"}),
        (ask("restart_child", "a"), "s1/a#2"),
        (ask("restart_child", "a"), {"kind": "running"}),
        (ask("delete_child", "a"), {"kind": "running"}),
        (ask("terminate_child", "a"), None),
        (ask("delete_child", "a"), None),
        (ask("delete_child", "a"), {"kind": "not_found"}),
        (
            ask("start_child", child("a", init=["ok", "ok", {"stop": {"error": "no"}}, "ignore"])),
            {"kind": "start_failed", "reason": {"error": "no"}},
        ),
        (ask("start_child", child("a", "temporary", init=["ignore"])), None),
        (ask("restart_child", "a"), {"kind": "not_found"}),
        (ask("start_child", child("a", init=["ignore"])), None),
        (ask("which_children"), [["a", None, "worker"]]),
        (ask("restart_child", "a"), None),
        (ask("which_children", sup="s9"), {"kind": "noproc"}),
    ]
    assert run(subject, *(step for step, _ in steps)) == [answer for _, answer in steps]


@pytest.mark.clause("DYN-E1", "DYN-E4", "DYN-E6", "DYN-E7", "DYN-E10")
def test_a_dynamic_supervisor_knows_its_children_by_their_labels(subject: ReferenceSubject, mix: list[str]) -> None:
    steps: list[tuple[Step, Json]] = [
        (start(dynamic(max_children=2)), "started"),
        (ask("start_child", child("k", backend=mix[0])), "s1/k#1"),
        (ask("start_child", child("l", init=["ignore"])), None),
        (ask("start_child", child("l", init=["ok", {"stop": "normal"}])), {"kind": "start_failed", "reason": "normal"}),
        (ask("start_child", child("l", backend=mix[-1])), "s1/l#3"),
        (ask("start_child", child("m")), {"kind": "max_children"}),
        (ask("terminate_child", "s1/k#1"), None),
        (ask("terminate_child", "s1/k#1"), {"kind": "not_found"}),
        (ask("terminate_child", "s1/m#1"), {"kind": "not_found"}),
        (ask("start_child", {**child("m", "transient"), "significant": True}), {"kind": "bad_spec"}),
        (ask("start_child", child("m")), "s1/m#1"),
        (ask("restart_child", "m"), {"kind": "unsupported"}),
        (ask("delete_child", "m"), {"kind": "unsupported"}),
        (ask("which_children"), [[None, "s1/l#3", "worker"], [None, "s1/m#1", "worker"]]),
        (ask("count_children"), {"specs": 2, "active": 2, "supervisors": 0, "workers": 2}),
    ]
    assert run(subject, *(step for step, _ in steps)) == [answer for _, answer in steps]


@pytest.mark.clause("DYN-E9", "DYN-E6", "DYN-E11", "SHUT-2", "SHUT-5")
def test_a_dynamic_supervisor_restarts_retries_and_ends_all_at_once(subject: ReferenceSubject, mix: list[str]) -> None:
    slow = {"sleep": 100, "then": {"crash": "no"}}
    stubborn: dict[str, Any] = {"trap_exit": True, "terminate": {"sleep": 10_000}}
    backends: dict[str, Any] = {"backend": mix[-1]}
    answers = run(
        subject,
        start(dynamic(max_restarts=5, max_seconds=0.1)),
        ask("start_child", child("a", init=["ok", slow], **backends)),
        ask("start_child", child("b", shutdown=2000, **stubborn, **backends)),
        ask("start_child", child("c", shutdown="brutal_kill", **stubborn, **backends)),
        ask("start_child", child("d", shutdown=3000, **stubborn, **backends)),
        kill("s1/a#1"),
        ("advance", {"ms": 150}),
        ask("which_children"),
        ask("terminate_child", "s1/a#1"),
        OBSERVE,
        ("stop", {"to": "s1", "reason": "shutdown"}),
        OBSERVE,
    )
    assert answers[7][0] == [None, "restarting", "worker"]
    assert answers[8] is None
    assert answers[9]["children"]["s1"]["count"]["specs"] == 3
    dead = [(event["who"], event["t"], event["reason"]) for event in answers[11]["events"] if event["ev"] == "dead"]
    end = answers[9]["now"]
    assert dead == [
        ("s1/c#1", end, "killed"),
        ("s1/b#1", end + 2000, "killed"),
        ("s1/d#1", end + 3000, "killed"),
        ("s1", end + 3000, "shutdown"),
    ]


@pytest.mark.clause("STR-30", "STR-31", "STR-32", "STR-33", "STR-36")
def test_significant_children_end_their_supervisor(subject: ReferenceSubject) -> None:
    key = {**child("a", "transient"), "significant": True}
    other = {**child("b", "temporary"), "significant": True}
    anyone = static(key, child("z"), auto_shutdown="any_significant")
    everyone = static(key, other, child("z"), auto_shutdown="all_significant")
    answers = run(
        subject,
        start(anyone, "s1"),
        start(everyone, "s2"),
        kill("s1/a#1"),
        ask("terminate_child", "a", sup="s2"),
        ask("restart_child", "a", sup="s2"),
        ("stop", {"to": "s2/a#2", "reason": "normal"}),
        OBSERVE,
        ("stop", {"to": "s1/a#2", "reason": "shutdown"}),
        kill("s2/b#1"),
        OBSERVE,
    )
    assert {"s1", "s1/a#2", "s2", "s2/b#1", "s2/z#1"} <= set(answers[6]["alive"])
    assert answers[9]["alive"] == []
    assert {"dead s1 shutdown", "dead s2 shutdown"} <= set(story(answers[9]))


@pytest.mark.clause("SUP-24", "REG-17", "GS-64")
def test_a_name_that_a_stranger_has_fails_the_start_and_counts_as_an_attempt(subject: ReferenceSubject) -> None:
    answers = run(
        subject,
        ("spawn", {"as": "p1", "probe": {"name": "n1"}}),
        start(static()),
        ask("start_child", child("a", name="n1")),
        ("stop", {"to": "p1", "reason": "normal"}),
        ask("start_child", child("a", name="n1")),
        kill("s1/a#2"),
        OBSERVE,
        start(static(name="n1"), "s2"),
    )
    assert answers[2]["kind"] == "start_failed"
    assert answers[4] == "s1/a#2"
    assert story(answers[6]) == [
        "init p1",
        "terminate p1 normal",
        "dead p1 normal",
        "init s1/a#2",
        "dead s1/a#2 killed",
        "init s1/a#3",
    ]
    assert answers[6]["names"] == {"n1": "s1/a#3"}
    assert answers[7] == {"kind": "already_registered"}


@pytest.mark.clause("STR-16", "STR-18")
def test_deaths_met_at_once_cost_one_group_restart_or_one_restart_each(subject: ReferenceSubject) -> None:
    looks: list[Any] = []
    for strategy in ("one_for_all", "one_for_one"):
        answers = run(
            subject,
            start(static(child("a"), child("b"), strategy=strategy, max_restarts=1)),
            ("suspend", {"to": "s1"}),
            kill("s1/a#1"),
            kill("s1/b#1"),
            OBSERVE,
            ("resume", {"to": "s1"}),
            OBSERVE,
        )
        assert answers[4]["children"] == {"s1": None}
        looks.append(answers[6])
    assert looks[0]["alive"] == ["s1", "s1/a#2", "s1/b#2"]
    assert looks[1]["alive"] == []


@pytest.mark.clause("BACK-9", "SHUT-7")
def test_a_supervisor_goes_on_when_a_child_is_stuck(subject: ReferenceSubject, mix: list[str]) -> None:
    answers = run(
        subject,
        start(static(child("a", backend=mix[-1], trap_exit=True, terminate="hang", shutdown=100), child("b"))),
        ask("terminate_child", "a"),
        ask("restart_child", "a"),
        OBSERVE,
        ("stop", {"to": "s1", "reason": "normal", "timeout_ms": 50}),
        OBSERVE,
    )
    assert answers[1:3] == [None, "s1/a#2"]
    assert "dead s1/a#1 killed" in story(answers[3])
    assert answers[4] == {"kind": "timeout"}
    assert [line for line in story(answers[5]) if "dead" in line] == [
        "dead s1/b#1 shutdown",
        "dead s1/a#2 killed",
        "dead s1 normal",
    ]


def test_a_supervisor_that_is_busy_is_not_described_and_not_quiet(subject: ReferenceSubject) -> None:
    answers = run(
        subject,
        start(static(child("a", init=["ok", {"sleep": 1000}]))),
        kill("s1/a#1"),
        ("observe", {"settle_ms": 10}),
        ("which_children", {"sup": "s1", "timeout_ms": 10}),
        OBSERVE,
        ("which_children", {"sup": "s1"}),
    )
    assert (answers[2]["quiet"], answers[2]["children"]) == (False, {"s1": None})
    assert answers[3] == {"kind": "timeout"}
    assert (answers[4]["quiet"], answers[4]["now"]) == (True, 1000)
    assert answers[5] == [["a", "s1/a#2", "worker"]]


def test_on_a_wall_clock_supervisors_are_observed_too() -> None:
    subject = ReferenceSubject(clock="wall")
    answers = run(subject, start(static(child("a"), child("b", backend="thread"))), kill("s1/b#1"), OBSERVE)
    assert answers[2]["quiet"] is True
    assert rows(answers[2]) == [["a", "s1/a#1"], ["b", "s1/b#2"]]
    subject.close()
