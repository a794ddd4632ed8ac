"""The Erlang harness on real OTP: starting, calling and stopping servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_spec.messages import Operation, fail, ok
from tests.support.erlang_world import World, dead, error, exit_of, needs_erl, open_erlang

pytestmark = needs_erl


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_erlang(request.param)


@pytest.fixture
def world(subject: Subject) -> World:
    return World(subject)


@pytest.mark.clause("GS-2")
def test_a_probe_starts_with_its_value(world: World) -> None:
    assert world.spawn("p1", value=2**80, backend="process") == ok("started")
    assert world.call("p1", "get") == ok(2**80)
    assert world.spawn("p2") == ok("started")
    assert world.call("p2", "get") == ok(0)


@pytest.mark.clause("GS-3")
def test_an_ignored_start_ends_normally(world: World) -> None:
    assert world.spawn("p1", name="n1", init=["ignore"]) == ok("ignored")
    assert world.log() == [{"ev": "init", "who": "p1"}, dead("p1", "normal")]
    assert world("whereis", name="n1") == ok()


@pytest.mark.clause("GS-4")
@pytest.mark.parametrize("reason", ["normal", "shutdown", {"shutdown": "ü"}, {"error": "boom"}, "killed", "kill"])
def test_a_refused_start_tells_its_reason(world: World, reason: Any) -> None:
    assert world.spawn("p1", init=[{"stop": reason}]) == fail("start_failed", reason=reason)
    assert world.log("dead") == [dead("p1", reason)]


@pytest.mark.clause("GS-5")
def test_a_crashed_start_carries_its_text(world: World) -> None:
    assert world.spawn("p1", init=[{"crash": "päng"}]) == fail("start_failed", reason=error("päng"))
    assert world.log() == [{"ev": "init", "who": "p1"}, dead("p1", error("päng"))]


@pytest.mark.clause("GS-11")
def test_a_start_that_takes_too_long_is_killed(world: World) -> None:
    slow = {"init": [{"sleep": 100_000, "then": "ignore"}], "name": "n1"}
    assert world("spawn", as_="p1", probe=slow, timeout_ms=1) == fail("timeout")
    assert world.log() in ([{"ev": "init", "who": "p1"}, dead("p1", "killed")], [])
    assert world("whereis", name="n1") == ok()


def test_a_sleeping_start_goes_on_with_its_next_entry(world: World) -> None:
    assert world.spawn("p1", init=[{"sleep": 1}]) == ok("started")
    nested = {"sleep": 1, "then": {"sleep": 1, "then": {"stop": error("x")}}}
    assert world.spawn("p2", init=[nested, "ok"]) == fail("start_failed", reason=error("x"))


@pytest.mark.clause("REG-17")
def test_a_start_under_a_taken_name_never_runs(world: World) -> None:
    world.spawn("p1", name="n1")
    assert world.spawn("p2", name="n1") == fail("already_registered")
    assert [event["who"] for event in world.log("init", "dead")] == ["p1"]
    assert world.call("p2", "get") == fail("noproc")
    assert world.spawn("p2") == ok("started")


def test_a_call_does_the_action_and_answers(world: World) -> None:
    world.spawn("p1", value=5)
    assert world.call("p1", "add", -7) == ok(-2)
    assert world.call("p1", "sleep", 0) == ok()
    assert world.call("p1", "add", 2**64) == ok(2**64 - 2)


@pytest.mark.clause("GS-24")
def test_a_call_to_nobody_is_noproc(world: World) -> None:
    world.spawn("p1")
    world("exit", to="p1", reason="kill")
    assert world.call("p1", "get") == fail("noproc") or world.settled()
    world.settled()
    assert world.call("p1", "get") == fail("noproc")
    assert world.call("p9", "get") == fail("noproc")
    assert world.call({"name": "n9"}, "get") == fail("noproc")


@pytest.mark.clause("GS-26")
def test_a_crash_answers_its_caller_with_the_text(world: World) -> None:
    world.spawn("p1")
    assert world.call("p1", "crash", 'a "quoted"\n\x00 \U0001f600 text') == exit_of(
        error('a "quoted"\n\x00 \U0001f600 text')
    )
    assert [event["reason"] for event in world.log("terminate", "dead")] == [
        error('a "quoted"\n\x00 \U0001f600 text')
    ] * 2


@pytest.mark.clause("GS-31")
def test_a_late_reply_is_dropped(world: World) -> None:
    world.spawn("p1", value=1)
    assert world.call("p1", "sleep", 300, timeout_ms=1) == fail("timeout")
    assert world.call("p1", "noreply", timeout_ms=1) == fail("timeout")
    assert world.call("p1", "add", 1) == ok(2)
    assert [event["ev"] for event in world.log()] == ["init"]


@pytest.mark.clause("GS-30")
def test_a_call_that_timed_out_is_still_carried_out(world: World) -> None:
    world.spawn("p1")
    world.cast("p1", "sleep", 300)
    assert world.call("p1", "add", 3, timeout_ms=1) == fail("timeout")
    assert world.call("p1", "get") == ok(3)


@pytest.mark.clause("GS-33")
@pytest.mark.parametrize(
    "reason", ["normal", "shutdown", {"shutdown": "x"}, {"error": "x"}, "kill", "killed", "noproc"]
)
def test_a_stop_from_a_callback_replies_and_ends_with_its_reason(world: World, reason: Any) -> None:
    world.spawn("p1")
    assert world.call("p1", "stop", reason) == ok("stopping")
    assert world.log("terminate", "dead") == [{"ev": "terminate", "who": "p1", "reason": reason}, dead("p1", reason)]


@pytest.mark.clause("GS-36")
def test_a_cast_is_always_accepted(world: World) -> None:
    world.spawn("p1", name="n1")
    assert world.cast("p1", "add", 4) == ok()
    assert world.cast({"name": "n1"}, "add", 5) == ok()
    assert world.cast({"name": "nobody"}, "get") == ok()
    assert world.cast("p9", "get") == ok()
    assert world.call("p1", "get") == ok(9)
    assert world.cast("p1", "stop", error("x")) == ok()
    world.settled()
    assert world.cast("p1", "get") == ok()
    assert world.log("dead") == [dead("p1", error("x"))]


@pytest.mark.clause("REG-14")
def test_a_message_is_logged_and_an_unknown_name_refused(world: World) -> None:
    world.spawn("p1", name="n1")
    assert world("send", to="p1", payload="one") == ok()
    assert world("send", to={"name": "n1"}, payload="two") == ok()
    assert world("send", to={"name": "n2"}, payload="x") == fail("noproc")
    assert [event["payload"] for event in world.log("info")] == ["one", "two"]
    world("exit", to="p1", reason="kill")
    world.settled()
    assert world("send", to="p1", payload="three") == ok()


def test_two_payloads_end_the_probe(world: World) -> None:
    world.spawn("p1")
    world("send", to="p1", payload="!crash")
    world.spawn("p2")
    world("send", to="p2", payload="!stop")
    world.settled()
    assert world.log("info", "dead", who="p1") == [
        {"ev": "info", "who": "p1", "payload": "!crash"},
        dead("p1", error("crash")),
    ]
    assert world.log("info", "dead", who="p2") == [
        {"ev": "info", "who": "p2", "payload": "!stop"},
        dead("p2", "normal"),
    ]


@pytest.mark.clause("GS-21")
def test_requests_of_one_client_are_served_in_order(world: World) -> None:
    world.spawn("p1")
    steps = [Operation("cast", {"to": "p1", "msg": ["add", 1]})] * 1_000
    steps.insert(500, Operation("call", {"to": "p1", "msg": ["get"]}))
    answers = world.subject.run([*steps, Operation("call", {"to": "p1", "msg": ["get"]})])
    assert (answers[500], answers[-1]) == (ok(500), ok(1_000))


def test_a_nested_call_wraps_the_inner_answer(world: World) -> None:
    world.spawn("p1", name="n1")
    world.spawn("p2", value=7, name="n2")
    assert world.call("p1", "call", "p2", ["add", 1], 20_000) == ok(ok(8))
    assert world.call("p1", "call", {"name": "n2"}, ["call", "p2", ["get"], 1], 20_000) == ok(
        ok(exit_of(error("calling_self")))
    )
    assert world.call("p1", "call", "p1", ["get"], 20_000) == ok(exit_of(error("calling_self")))
    assert world.call("p1", "call", {"name": "n1"}, ["get"], 20_000) == ok(exit_of(error("calling_self")))
    assert world.call("p1", "call", "p9", ["get"], 20_000) == ok(fail("noproc"))
    assert world.call("p1", "call", "p2", ["noreply"], 1) == ok(fail("timeout"))
    assert world.call("p1", "call", "p2", ["stop", "shutdown"], 20_000) == ok(ok("stopping"))
    world.spawn("p3")
    assert world.call("p1", "call", "p3", ["crash", "deep"], 20_000) == ok(exit_of(error("deep")))


def test_a_probe_casts_and_sends(world: World) -> None:
    world.spawn("p1")
    world.spawn("p2", name="n2")
    assert world.call("p1", "cast", {"name": "n2"}, ["add", 3]) == ok()
    assert world.call("p1", "send", "p2", "hello") == ok()
    assert world.call("p1", "send", {"name": "n9"}, "x") == fail("noproc")
    assert world.call("p1", "cast", {"name": "n9"}, ["get"]) == ok()
    assert world.log("info") == [{"ev": "info", "who": "p2", "payload": "hello"}]
    assert world.call("p2", "get") == ok(3)


@pytest.mark.clause("LNK-9", "MON-16", "GS-10")
def test_a_probe_starts_another_plain_linked_or_monitored(world: World) -> None:
    world.spawn("p1", trap_exit=True)
    assert world.call("p1", "spawn", "p2", {"name": "n2"}, "plain") == ok("started")
    assert world.call("p1", "spawn", "p3", {}, "link") == ok("started")
    assert world.call("p1", "spawn", "p4", {"name": "n4"}, {"monitor": "m4"}) == ok("started")
    assert world.call("p1", "links") == ok(["p3"])
    assert world.call("p1", "spawn", "p5", {"name": "n2"}, "link") == fail("already_registered")
    for label in ("p2", "p3", "p4"):
        world.call(label, "crash", label)
    assert world.log("exit", "down") == [
        {"ev": "exit", "who": "p1", "of": "p3", "reason": error("p3")},
        {"ev": "down", "who": "p1", "ref": "m4", "of": "p4", "reason": error("p4")},
    ]


@pytest.mark.clause("GS-3", "GS-4")
@pytest.mark.parametrize("how", ["plain", "link", {"monitor": "m1"}])
def test_a_probe_whose_start_of_another_fails_is_told(world: World, how: Any) -> None:
    world.spawn("p1", trap_exit=True)
    probe = {"init": [{"stop": error("x")}]}
    assert world.call("p1", "spawn", "p2", probe, how) == fail("start_failed", reason=error("x"))
    how = how if isinstance(how, str) else {"monitor": "m2"}
    assert world.call("p1", "spawn", "p3", {"init": ["ignore"]}, how) == ok("ignored")
    assert sorted(event["who"] for event in world.log("dead")) == ["p2", "p3"]
    assert world.call("p1", "get") == ok(0)


@pytest.mark.clause("GS-4")
def test_a_linked_start_that_fails_takes_a_spawner_that_does_not_trap_with_it(world: World) -> None:
    world.spawn("p1")
    assert world.call("p1", "spawn", "p2", {"init": [{"stop": error("x")}]}, "link") == exit_of(error("x"))
    assert {event["who"] for event in world.log("dead")} == {"p1", "p2"}


@pytest.mark.clause("GS-55", "GS-56")
def test_the_spawner_is_the_parent_of_a_linked_probe(world: World) -> None:
    world.spawn("p1")
    world.call("p1", "spawn", "p2", {"trap_exit": True}, "link")
    world.call("p1", "spawn", "p3", {}, "link")
    world("stop", to="p1", reason="normal")
    assert world.log("exit", "terminate", "dead", who="p2") == [
        {"ev": "terminate", "who": "p2", "reason": "normal"},
        dead("p2", "normal"),
    ]
    assert world.call("p3", "get") == ok(0)
