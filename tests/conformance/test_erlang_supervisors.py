"""The Erlang harness on real OTP: how supervisors are started, administered and asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.trees import dynamic, nested, supervisor, worker
from letitcrash_spec.messages import fail, ok
from tests.support.erlang_world import World, dead, error, needs_erl, open_erlang, start_failed

pytestmark = needs_erl

REFUSE = {"stop": error("no")}


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_erlang(request.param)


@pytest.fixture
def world(subject: Subject) -> World:
    return World(subject)


# start


@pytest.mark.clause("SUP-1", "SUP-50", "SUP-52")
def test_a_supervisor_starts_its_children_in_order_and_is_observed(world: World) -> None:
    inner = supervisor(worker("x", {"name": "n1"}), strategy="rest_for_one")
    spec = supervisor(worker("b"), nested("c", inner), worker("a", {"init": ["ignore"]}), name="top")
    assert world.start("s1", spec) == ok("started")
    assert world.trace() == ["init s1/b#1", "init s1/c#1/x#1", "init s1/a#1", "dead s1/a#1"]
    seen = world.settled()
    assert seen["alive"] == ["s1", "s1/b#1", "s1/c#1", "s1/c#1/x#1"]
    assert seen["names"] == {"top": "s1", "n1": "s1/c#1/x#1"}
    assert set(seen["children"]) == {"s1", "s1/c#1"}
    listed = seen["children"]["s1"]["list"]
    assert sorted(listed) == [["a", None, "worker"], ["b", "s1/b#1", "worker"], ["c", "s1/c#1", "supervisor"]]
    assert seen["children"]["s1"]["count"] == {"specs": 3, "active": 2, "supervisors": 1, "workers": 2}
    assert world("which_children", sup="s1") == ok(listed)
    assert world("count_children", sup="s1") == ok(seen["children"]["s1"]["count"])


@pytest.mark.clause("SUP-2")
def test_a_child_that_does_not_start_ends_the_ones_before_it_in_reverse(world: World) -> None:
    trapping = {"trap_exit": True}
    spec = supervisor(worker("a", trapping), worker("b", trapping), worker("c", {"init": [REFUSE]}), worker("d"))
    answer = world.start("s1", spec)
    assert answer["fail"]["kind"] == "start_failed"
    assert "failed_to_start_child" in answer["fail"]["reason"]["shutdown"]
    trace = world.trace()
    trace.remove("dead s1/c#1")
    assert trace == [
        *("init s1/a#1", "init s1/b#1", "init s1/c#1"),
        *("terminate s1/b#1", "dead s1/b#1", "terminate s1/a#1", "dead s1/a#1", "dead s1"),
    ]
    assert world.log("dead", who="s1/c#1") == [dead("s1/c#1", error("no"))]
    assert world.log("dead", who="s1") == [dead("s1", answer["fail"]["reason"])]
    assert world.settled()["alive"] == []


BAD_SUPERVISORS: dict[str, dict[str, Any]] = {
    "an id twice": supervisor(worker("a"), worker("b"), worker("a")),
    "negative restarts": supervisor(worker("a"), max_restarts=-1),
    "no period": supervisor(worker("a"), max_seconds=0),
    "half a second": supervisor(worker("a"), max_seconds=0.5),
    "negative shutdown": supervisor(worker("a"), worker("b", shutdown=-1)),
    "significant in vain": supervisor(worker("a", restart="transient", significant=True)),
    "significant and permanent": supervisor(worker("a", significant=True), auto_shutdown="any_significant"),
}


@pytest.mark.clause("SUP-7", "SUP-9", "SUP-10", "STR-35")
@pytest.mark.parametrize("spec", BAD_SUPERVISORS.values(), ids=BAD_SUPERVISORS)
def test_a_refused_specification_starts_nothing(world: World, spec: dict[str, Any]) -> None:
    world.spawn("p1", trap_exit=True)
    assert world.start("s1", spec) == fail("bad_spec")
    assert world.start("s2", spec, link="p1") == fail("bad_spec")
    assert [line for line in world.trace() if line.startswith("init")] == ["init p1"]
    assert world.settled()["alive"] == ["p1"]


@pytest.mark.clause("SUP-10", "STR-35")
@pytest.mark.parametrize(
    "child",
    [worker("b", shutdown=-1), worker("b", significant=True), worker("b", restart="temporary", significant=True)],
)
def test_a_refused_child_leaves_the_supervisor_as_it_was(world: World, child: dict[str, Any]) -> None:
    world.start("s1", supervisor(worker("a")))
    assert world("start_child", sup="s1", child=child) == fail("bad_spec")
    assert world.children("s1") == {"a": "s1/a#1"}


@pytest.mark.clause("SUP-11", "REG-17")
def test_a_supervisor_whose_name_is_taken_is_not_started(world: World) -> None:
    world.spawn("p1", name="n1")
    assert world.start("s1", supervisor(worker("a"), name="n1")) == fail("already_registered")
    assert world.start("s1", supervisor(name="n2"), link="p1") == ok("started")
    assert world.start("s2", supervisor(name="n2"), link="p1") == fail("already_registered")
    assert world("which_children", sup="s2") == fail("noproc")
    assert world.trace() == ["init p1"]


def test_a_dynamic_supervisor_is_unsupported_at_every_depth(world: World) -> None:
    assert world.start("s1", dynamic()) == fail("unsupported")
    assert world.start("s1", supervisor(nested("a", dynamic()))) == fail("unsupported")
    assert world.start("s1", supervisor()) == ok("started")
    assert world("start_child", sup="s1", child=nested("a", dynamic())) == fail("unsupported")


def test_a_start_that_takes_too_long_goes_on(world: World) -> None:
    slow = supervisor(worker("a", {"init": [{"sleep": 300}]}))
    world.spawn("p1")
    assert world.start("s1", slow, timeout_ms=1) == fail("timeout")
    assert world.start("s2", slow, link="p1", timeout_ms=1) == fail("timeout")
    assert world.settled()["alive"] == ["p1", "s1", "s1/a#1", "s2", "s2/a#1"]
    assert world("stop", to="s1", reason="normal") == ok()


# parents


@pytest.mark.clause("SUP-13", "SUP-15")
def test_a_supervisor_without_a_parent_heeds_no_signal_but_kill(world: World) -> None:
    world.spawn("p1")
    world.spawn("p2")
    world.start("s1", supervisor(worker("a")))
    world.call("p2", "link", "s1")
    for reason in ("normal", "shutdown", error("x")):
        world("exit", to="s1", reason=reason)
        world.call("p1", "exit", "s1", reason)
    world("send", to="s1", payload="hello")
    world.call("p2", "crash", "x")
    assert world.children("s1") == {"a": "s1/a#1"}
    world("exit", to="s1", reason="kill")
    assert world.settled()["alive"] == ["p1"]
    assert world.log("dead", who="s1") == [dead("s1", "killed")]
    assert world.log("dead", who="s1/a#1") == [dead("s1/a#1", "killed")]


@pytest.mark.clause("SUP-17", "SHUT-1")
def test_a_supervisor_is_stopped_with_its_children(world: World) -> None:
    world.start("s1", supervisor(worker("a"), worker("b", {"trap_exit": True}), name="n1"))
    assert world("stop", to={"name": "n1"}, reason={"shutdown": "x"}) == ok()
    assert world.log("dead") == [dead("s1/b#1", "shutdown"), dead("s1/a#1", "shutdown"), dead("s1", {"shutdown": "x"})]


@pytest.mark.clause("SUP-12", "SUP-14")
@pytest.mark.parametrize("reason", ["normal", "shutdown", "kill", {"error": "x"}])
def test_the_end_of_the_parent_ends_the_supervisor_with_the_same_reason(world: World, reason: Any) -> None:
    world.spawn("p1")
    world.start("s1", supervisor(worker("a", {"trap_exit": True})), link="p1")
    assert world.call("p1", "links") == ok(["s1"])
    world.trace()
    if reason == "kill":
        world("exit", to="p1", reason=reason)
    else:
        world.call("p1", "stop", reason)
    trace = [line for line in world.trace() if line != "terminate p1"]
    assert trace == ["dead p1", "terminate s1/a#1", "dead s1/a#1", "dead s1"]
    final = "killed" if reason == "kill" else reason
    assert [event["reason"] for event in world.log("dead")] == [final, "shutdown", final]


@pytest.mark.clause("SUP-12")
def test_an_exit_signal_of_the_parent_ends_the_supervisor(world: World) -> None:
    world.spawn("p1", trap_exit=True)
    world.start("s1", supervisor(worker("a")), link="p1")
    world.call("p1", "exit", "s1", "normal")
    assert world.log("dead", who="s1") == [dead("s1", "normal")]
    assert world.log("exit") == [{"ev": "exit", "who": "p1", "of": "s1", "reason": "normal"}]


@pytest.mark.clause("SUP-2")
def test_a_parent_that_does_not_trap_exits_dies_of_a_failed_start(world: World) -> None:
    spec = supervisor(worker("a", {"init": [{"stop": "shutdown"}]}))
    world.spawn("p1")
    world.spawn("p2", trap_exit=True)
    for number in range(20):
        world.call("p2", "spawn", f"q{number}", {}, "plain")
        answer = world.start(f"s{number}", spec, link=f"q{number}")
        assert answer["fail"]["kind"] == "start_failed"
        assert world.log("dead", who=f"q{number}") == [dead(f"q{number}", answer["fail"]["reason"])]
    assert world.start("t1", spec, link="p2")["fail"]["kind"] == "start_failed"
    assert world.settled()["alive"] == ["p1", "p2"]
    assert world.start("t2", supervisor(), link="p3") == fail("noproc")
    assert world.start("t2", supervisor(), link="q1") == fail("noproc")


# administration


@pytest.mark.clause("SUP-21", "SUP-22", "SUP-30", "SUP-31", "SUP-33", "SUP-34", "SUP-38")
def test_the_administration_of_one_child(world: World) -> None:
    def ask(op: str, child: Any = "a") -> Any:
        return world(op, sup="s1", child=child)

    world.start("s1", supervisor(worker("a", {"trap_exit": True})))
    assert ask("start_child", worker("a")) == fail("already_started", child="s1/a#1")
    assert ask("terminate_child", "nobody") == fail("not_found")
    assert (ask("restart_child"), ask("delete_child")) == (fail("running"), fail("running"))
    assert ask("terminate_child", "s1/a#1") == fail("not_found")
    assert (ask("terminate_child"), ask("terminate_child")) == (ok(), ok())
    assert world.children("s1") == {"a": None}
    assert ask("start_child", worker("a")) == fail("already_present")
    assert ask("restart_child") == ok("s1/a#2")
    assert ask("restart_child") == fail("running")
    assert (ask("terminate_child"), ask("delete_child")) == (ok(), ok())
    assert (ask("restart_child"), ask("delete_child")) == (fail("not_found"), fail("not_found"))
    assert ask("start_child", worker("a", restart="temporary")) == ok("s1/a#3")
    assert (ask("terminate_child"), ask("terminate_child")) == (ok(), fail("not_found"))
    assert world.trace()[-2:] == ["init s1/a#3", "dead s1/a#3"]
    world("stop", to="s1", reason="normal")
    for op in ("start_child", "terminate_child", "restart_child", "delete_child"):
        child: Any = worker("a") if op == "start_child" else "a"
        assert ask(op, child) == world(op, sup="nobody", child=child) == fail("noproc")
    assert world("which_children", sup="s1") == world("count_children", sup="s1") == fail("noproc")


@pytest.mark.clause("SUP-4", "SUP-23")
def test_a_child_that_ignores_is_kept_unless_it_is_temporary(world: World) -> None:
    ignoring = {"init": ["ignore"]}
    world.start("s1", supervisor(worker("a", ignoring), worker("b", ignoring, restart="temporary")))
    assert world("start_child", sup="s1", child=worker("c", ignoring)) == ok()
    assert world("start_child", sup="s1", child=worker("d", ignoring, restart="temporary")) == ok()
    assert world("restart_child", sup="s1", child="a") == ok()
    assert world.children("s1") == {"a": None, "c": None}


@pytest.mark.clause("SUP-24", "SUP-27")
@pytest.mark.parametrize("entry", [{"stop": {"error": "no"}}, {"crash": "no"}])
def test_a_failed_start_child_leaves_the_id_free_and_counts(world: World, entry: Any) -> None:
    world.start("s1", supervisor(max_restarts=0))
    child = worker("a", {"init": [entry, "ok", entry]})
    assert world("start_child", sup="s1", child=child) == start_failed(error("no"))
    assert world.children("s1") == {}
    assert world("start_child", sup="s1", child=child) == ok("s1/a#2")


@pytest.mark.clause("SUP-36")
def test_a_failed_restart_child_keeps_the_child_and_is_not_repeated(world: World) -> None:
    world.start("s1", supervisor(worker("a", {"init": ["ok", {"stop": "shutdown"}, "ok"]})))
    world("terminate_child", sup="s1", child="a")
    assert world("restart_child", sup="s1", child="a") == start_failed("shutdown")
    assert world.children("s1") == {"a": None}
    assert world("restart_child", sup="s1", child="a") == ok("s1/a#3")


@pytest.mark.clause("SUP-25")
def test_a_child_whose_name_a_stranger_holds_does_not_start_and_logs_nothing(world: World) -> None:
    world.spawn("p1", name="n1")
    world.start("s1", supervisor())
    named = worker("a", {"name": "n1"})
    failure = world("start_child", sup="s1", child=named)["fail"]
    assert failure["kind"] == "start_failed" or failure == {"kind": "already_started", "child": "p1"}
    assert world.trace() == ["init p1"]
    world("stop", to="p1", reason="normal")
    assert world("start_child", sup="s1", child=named) == ok("s1/a#2")
    assert world.settled()["names"] == {"n1": "s1/a#2"}


@pytest.mark.clause("SUP-40", "SUP-41")
def test_a_child_that_unlinked_itself_is_still_terminated(world: World) -> None:
    world.start("s1", supervisor(worker("a"), worker("b")))
    for label in ("s1/a#1", "s1/b#1"):
        world.call(label, "unlink", "s1")
    world("stop", to="s1/b#1", reason=error("unseen"))
    assert world.children("s1") == {"a": "s1/a#1", "b": "s1/b#1"}
    assert world("count_children", sup="s1")["ok"]["active"] == 1
    assert world("terminate_child", sup="s1", child="a") == ok()
    assert world("terminate_child", sup="s1", child="b") == ok()
    assert world.settled()["alive"] == ["s1"]


# a busy supervisor


@pytest.mark.clause("SUP-56")
def test_a_supervisor_is_busy_while_a_child_starts(world: World) -> None:
    world.start("s1", supervisor(worker("a")))
    slow = worker("b", {"init": [{"sleep": 1_000_000}]})
    assert world("start_child", sup="s1", child=slow, timeout_ms=1) == fail("timeout")
    assert world("which_children", sup="s1", timeout_ms=1) == fail("timeout")
    assert world("terminate_child", sup="s1", child="a", timeout_ms=1) == fail("timeout")
    seen = world.observe(settle_ms=0)
    assert (seen["quiet"], seen["children"]) == (False, {"s1": None})
    world("exit", to="s1/b#1", reason="kill")
    assert world.settled()["alive"] == ["s1"]
    assert world.children("s1") == {"a": None}


def test_a_suspended_supervisor_handles_nothing_until_it_is_resumed(world: World) -> None:
    world.start("s1", supervisor(worker("a"), worker("b")))
    assert world("suspend", to="s1") == ok()
    world("exit", to="s1/a#1", reason="kill")
    assert world("count_children", sup="s1", timeout_ms=1) == fail("timeout")
    seen = world.settled()
    assert (seen["alive"], seen["children"]) == (["s1", "s1/b#1"], {"s1": None})
    assert world("resume", to="s1") == ok()
    assert world.children("s1") == {"a": "s1/a#2", "b": "s1/b#1"}
    assert world("suspend", to="s1") == ok()
    assert world("stop", to="s1", reason="shutdown") == ok()
    assert world.settled()["alive"] == []
