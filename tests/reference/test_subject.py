from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.messages import Answer, Json, Operation
from letitcrash_spec.validator import validate_answer, validate_operation

BACKENDS = ["async", "blocking", "thread"]
SETTLE_MS = 60_000


@pytest.fixture(params=BACKENDS)
def name(request: pytest.FixtureRequest) -> str:
    """Each backend in turn."""
    found: str = request.param
    return found


@pytest.fixture
def subject() -> Iterator[ReferenceSubject]:
    made = ReferenceSubject()
    yield made
    made.close()


def run(subject: ReferenceSubject, *steps: tuple[str, dict[str, Any]]) -> list[Answer]:
    operations = [Operation(op, args) for op, args in (("reset", {}), *steps)]
    for operation in operations:
        validate_operation(operation)
    answers = subject.run(operations)
    for operation, answer in zip(operations, answers, strict=True):
        validate_answer(operation, answer)
    return answers[1:]


def spawn(label: str, **probe: Json) -> tuple[str, dict[str, Any]]:
    return "spawn", {"as": label, "probe": probe}


def call(label: str, *action: Json, timeout_ms: int = 5000) -> tuple[str, dict[str, Any]]:
    return "call", {"to": label, "msg": list(action), "timeout_ms": timeout_ms}


OBSERVE = ("observe", {"settle_ms": SETTLE_MS})


def test_time_passes_only_while_somebody_waits_and_nothing_else_can_happen(
    subject: ReferenceSubject, name: str
) -> None:
    answers = run(
        subject,
        spawn("p1", backend=name),
        call("p1", "send_after", "t1", 50, "late"),
        call("p1", "get"),
        ("cast", {"to": "p1", "msg": ["sleep", 20]}),
        ("send", {"to": "p1", "payload": "first"}),
        OBSERVE,
        ("advance", {"ms": 29}),
        OBSERVE,
        ("advance", {"ms": 1}),
        OBSERVE,
        call("p1", "sleep", 9000, timeout_ms=1000),
        ("observe", {"settle_ms": 10}),
        OBSERVE,
    )
    looks = [answer["ok"] for answer in answers if isinstance(answer.get("ok"), dict)]
    assert [(look["now"], look["quiet"]) for look in looks] == [
        (20, True),
        (49, True),
        (50, True),
        (1060, False),
        (9050, True),
    ]
    infos = [(event["payload"], event["t"]) for look in looks for event in look["events"] if event["ev"] == "info"]
    assert infos == [("first", 20), ("late", 50)]


def test_the_same_program_gives_the_same_observations_on_every_backend(subject: ReferenceSubject) -> None:
    def observe(backend: str) -> list[Answer]:
        return run(
            subject,
            spawn("p1", backend=backend, trap_exit=True, name="n1", terminate={"sleep": 5}),
            spawn("p2", backend=backend, init=[{"sleep": 10, "then": "ok"}]),
            spawn("p3", backend=backend, init=["ignore"]),
            spawn("p4", backend=backend, init=[{"crash": "boom"}]),
            spawn("p5", backend=backend, name="n1"),
            call("p1", "link", "p2"),
            call("p1", "monitor", "p2", "m1"),
            call("p1", "monitor", {"name": "nobody"}, "m2"),
            call("p1", "call", "p2", ["add", 2], 100),
            call("p1", "call", "p1", ["get"], 100),
            call("p1", "spawn", "p6", {"backend": backend}, "link"),
            call("p1", "links"),
            OBSERVE,
            call("p2", "crash", "boom"),
            OBSERVE,
            ("suspend", {"to": "p6"}),
            ("cast", {"to": "p6", "msg": ["add", 1]}),
            OBSERVE,
            ("resume", {"to": "p6"}),
            call("p6", "get"),
            ("stop", {"to": "p1", "reason": {"shutdown": "x"}}),
            ("whereis", {"name": "n1"}),
            OBSERVE,
        )

    answers = [observe(backend) for backend in BACKENDS]
    assert answers[0] == answers[1] == answers[2]


def test_a_hung_callback_is_not_quiet_and_ends_with_its_world(subject: ReferenceSubject, name: str) -> None:
    before = threading.active_count()
    answers = run(
        subject,
        spawn("p1", backend=name, terminate="hang", name="n1"),
        spawn("p2", backend=name),
        call("p2", "monitor", "p1", "m1"),
        ("stop", {"to": "p1", "reason": "normal", "timeout_ms": 10}),
        ("observe", {"settle_ms": 100}),
        ("exit", {"to": "p1", "reason": "kill"}),
        ("whereis", {"name": "n1"}),
        OBSERVE,
        spawn("p3", backend=name, terminate="hang"),
        ("stop", {"to": "p3", "reason": "normal", "timeout_ms": 10}),
    )
    assert answers[3] == {"fail": {"kind": "timeout"}}
    assert answers[4]["ok"]["quiet"] is False
    assert answers[6] == {"ok": None}
    assert answers[7]["ok"]["quiet"] is True
    assert [event["ev"] for event in answers[7]["ok"]["events"]] == ["dead", "down"]
    run(subject)
    assert threading.active_count() == before


def test_a_probe_killed_while_it_blocks_leaves_no_trace_afterwards(subject: ReferenceSubject, name: str) -> None:
    answers = run(
        subject,
        spawn("p1", backend=name, terminate={"sleep": 50}),
        spawn("p2", backend=name),
        ("cast", {"to": "p1", "msg": ["call", "p2", ["sleep", 20], 10]}),
        ("cast", {"to": "p1", "msg": ["sleep", 30]}),
        ("cast", {"to": "p1", "msg": ["send", "p2", "late"]}),
        ("advance", {"ms": 15}),
        ("exit", {"to": "p1", "reason": "kill"}),
        ("advance", {"ms": 100}),
        OBSERVE,
    )
    events = [(event["ev"], event["who"], event["t"]) for event in answers[-1]["ok"]["events"]]
    assert events == [("init", "p1", 0), ("init", "p2", 0), ("dead", "p1", 15)]


def test_more_probes_than_pool_threads_do_not_stop_time() -> None:
    subject = ReferenceSubject(pool_threads=2)
    probes = [spawn(f"p{number}", backend="blocking") for number in range(4)]
    sleeps = [("cast", {"to": f"p{number}", "msg": ["sleep", 10]}) for number in range(4)]
    answers = run(subject, *probes, *sleeps, OBSERVE)
    assert (answers[-1]["ok"]["quiet"], answers[-1]["ok"]["now"]) == (True, 20)
    subject.close()


def test_on_a_wall_clock_the_same_operations_take_real_time(name: str) -> None:
    subject = ReferenceSubject(clock="wall")
    assert subject.hello.clock == "wall"
    answers = run(
        subject,
        spawn("p1", backend=name),
        call("p1", "noreply", timeout_ms=5),
        call("p1", "send_after", "t1", 2, "late"),
        ("advance", {"ms": 5}),
        ("cast", {"to": "p1", "msg": ["sleep", 5]}),
        OBSERVE,
        ("cast", {"to": "p1", "msg": ["sleep", 60_000]}),
        ("observe", {"settle_ms": 5}),
    )
    assert answers[1] == {"fail": {"kind": "timeout"}}
    look = answers[5]["ok"]
    assert look["quiet"] is True
    assert look["now"] >= 15
    assert answers[7]["ok"]["quiet"] is False
    subject.close()
