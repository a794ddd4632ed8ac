"""The Elixir harness on Elixir's own DynamicSupervisor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.trees import dynamic, nested, supervisor, worker
from letitcrash_spec.messages import fail, ok
from tests.support.elixir_world import ElixirWorld, dead, error, needs_elixir, open_elixir

pytestmark = needs_elixir


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_elixir(request.param)


@pytest.fixture
def world(subject: Subject) -> ElixirWorld:
    return ElixirWorld(subject)


def starting(*init: Any, **probe: Any) -> dict[str, Any]:
    return {"init": list(init), **probe}


FAILS = {"stop": error("no")}


def make_restarting(world: ElixirWorld, spec: dict[str, Any] | None = None) -> None:
    """Leave the child `s1/a#1` of a suspended supervisor dead; its first two restarts will fail."""
    assert world.start("s1", spec or dynamic(max_restarts=100)) == ok("started")
    assert world.add("s1", worker("a", starting("ok", FAILS, FAILS, "ok"))) == ok("s1/a#1")
    assert world("suspend", to="s1") == ok()
    world.kill("s1/a#1")


def ask_while_restarting(world: ElixirWorld, *operations: tuple[str, dict[str, Any]]) -> list[Any]:
    """Ask the suspended supervisor in this order, then let it go on, and return its answers."""
    clients = [
        [{"op": "advance", "args": {"ms": 60 * n}}, {"op": op, "args": {"sup": "s1", **args}}]
        for n, (op, args) in enumerate(operations)
    ]
    clients.append([{"op": "advance", "args": {"ms": 60 * len(clients)}}, {"op": "resume", "args": {"to": "s1"}}])
    histories = world("parallel", clients=clients)["ok"]
    return [history[1]["answer"] for history in histories[:-1]]


@pytest.mark.clause("DYN-E1")
def test_each_child_brings_its_own_specification(world: ElixirWorld) -> None:
    assert world.start("s1", dynamic(max_restarts=0)) == ok("started")
    assert world.add("s1", worker("a", {"value": 1}, restart="temporary")) == ok("s1/a#1")
    assert world.add("s1", worker("b", {"value": 2}, restart="permanent")) == ok("s1/b#1")
    assert world.call("s1/b#1", "get") == ok(2)
    world.kill("s1/a#1")
    assert world.listed("s1") == [[None, "s1/b#1", "worker"]]
    world.kill("s1/b#1")
    assert world.log("dead")[-1] == dead("s1", "shutdown")


@pytest.mark.clause("DYN-E1")
def test_a_key_that_comes_again_names_another_child(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    assert [world.add("s1", worker("a")) for _ in range(3)] == [ok("s1/a#1"), ok("s1/a#2"), ok("s1/a#3")]
    assert world.counted("s1") == {"specs": 3, "active": 3, "supervisors": 0, "workers": 3}


@pytest.mark.clause("DYN-E2")
def test_the_answer_of_an_addition_is_that_of_the_start(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    assert world.add("s1", worker("a", starting("ignore"))) == ok()
    assert world.add("s1", worker("b", starting(FAILS))) == fail("start_failed", reason=error("no"))
    assert world.add("s1", worker("c", starting({"crash": "bang"}))) == fail("start_failed", reason=error("bang"))
    assert world.add("s1", worker("d", starting({"stop": "shutdown"}))) == fail("start_failed", reason="shutdown")
    assert world.listed("s1") == []
    assert world.counted("s1") == {"specs": 0, "active": 0, "supervisors": 0, "workers": 0}
    assert world.log("dead") == [
        dead("s1/a#1", "normal"),
        dead("s1/b#1", error("no")),
        dead("s1/c#1", error("bang")),
        dead("s1/d#1", "shutdown"),
    ]


@pytest.mark.clause("DYN-E3")
@pytest.mark.parametrize("shutdown", [-1, 0])
def test_an_invalid_specification_is_refused_without_the_supervisor(world: ElixirWorld, shutdown: int) -> None:
    world.start("s1", dynamic())
    world("suspend", to="s1")
    assert world.add("s1", worker("a", shutdown=shutdown)) == fail("bad_spec")
    world("resume", to="s1")
    assert world.add("s1", worker("a")) == ok("s1/a#1")


@pytest.mark.clause("DYN-E4")
def test_a_full_supervisor_refuses_without_a_start(world: ElixirWorld) -> None:
    world.start("s1", dynamic(max_children=1))
    assert world.add("s1", worker("a", starting("ignore"))) == ok()
    assert world.add("s1", worker("a", starting("ignore", FAILS)))["fail"]["kind"] == "start_failed"
    assert world.add("s1", worker("a")) == ok("s1/a#3")
    assert world.add("s1", worker("a")) == fail("max_children")
    assert world.end("s1", "s1/a#3") == ok()
    assert world.add("s1", worker("a")) == ok("s1/a#4")


@pytest.mark.clause("DYN-E4")
def test_a_limit_of_zero_forbids_all(world: ElixirWorld) -> None:
    world.start("s1", dynamic(max_children=0))
    assert world.add("s1", worker("a")) == fail("max_children")
    assert world.log() == []


@pytest.mark.clause("DYN-E4", "DYN-E9", "DYN-E10")
def test_a_restarting_child_holds_its_place_and_is_not_active(world: ElixirWorld) -> None:
    make_restarting(world, dynamic(max_restarts=100, max_children=1))
    assert ask_while_restarting(
        world, ("which_children", {}), ("count_children", {}), ("start_child", {"child": worker("b")})
    ) == [
        ok([[None, "restarting", "worker"]]),
        ok({"specs": 1, "active": 0, "supervisors": 0, "workers": 1}),
        fail("max_children"),
    ]
    world.settled()
    assert world.listed("s1") == [[None, "s1/a#4", "worker"]]


@pytest.mark.clause("DYN-E6")
def test_a_child_is_ended_by_its_process(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    world.spawn("p1")
    world.add("s1", worker("a", {"trap_exit": True}))
    assert world.end("s1", "p1") == fail("not_found")
    assert world.end("s1", "nobody") == fail("not_found")
    assert world.end("s1", "s1/a#1") == ok()
    assert world.end("s1", "s1/a#1") == fail("not_found")
    assert world.listed("s1") == []
    assert world.story()[2:] == [("terminate", "s1/a#1", "shutdown"), ("dead", "s1/a#1", "shutdown")]


@pytest.mark.clause("DYN-E6")
def test_a_restarting_child_is_ended_by_its_former_process(world: ElixirWorld) -> None:
    make_restarting(world)
    assert ask_while_restarting(
        world,
        ("terminate_child", {"child": "s1/a#2"}),
        ("terminate_child", {"child": "s1/a#1"}),
        ("terminate_child", {"child": "s1/a#1"}),
    )[1:] == [ok(), fail("not_found")]
    world.settled()
    assert world.listed("s1") == []
    assert [event["who"] for event in world.log("init")] == ["s1/a#1", "s1/a#2"]


@pytest.mark.clause("DYN-E6")
def test_after_a_restart_the_former_process_is_not_found(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    world.add("s1", worker("a"))
    world.kill("s1/a#1")
    assert world.end("s1", "s1/a#1") == fail("not_found")
    assert world.listed("s1") == [[None, "s1/a#2", "worker"]]


@pytest.mark.clause("DYN-E7")
@pytest.mark.parametrize(
    ("restart", "reason"),
    [
        ("temporary", error("x")),
        ("temporary", "normal"),
        ("transient", "normal"),
        ("transient", "shutdown"),
        ("transient", {"shutdown": "x"}),
    ],
)
def test_a_child_that_is_not_restarted_is_removed(world: ElixirWorld, restart: Any, reason: Any) -> None:
    world.start("s1", dynamic())
    world.add("s1", worker("a", restart=restart))
    assert world("stop", to="s1/a#1", reason=reason) == ok()
    world.settled()
    assert world.counted("s1") == {"specs": 0, "active": 0, "supervisors": 0, "workers": 0}
    assert world.end("s1", "s1/a#1") == fail("not_found")


@pytest.mark.clause("DYN-E7")
@pytest.mark.parametrize("op", ["restart_child", "delete_child"])
def test_there_is_no_restarting_or_deleting_by_hand(world: ElixirWorld, op: str) -> None:
    world.start("s1", dynamic())
    world.add("s1", worker("a"))
    assert world(op, sup="s1", child="s1/a#1") == fail("unsupported")


@pytest.mark.clause("DYN-E8")
def test_a_restart_that_ignores_removes_the_child(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    world.add("s1", worker("a", starting("ok", "ignore")))
    world.kill("s1/a#1")
    assert world.listed("s1") == []
    assert world.story() == [
        ("init", "s1/a#1"),
        ("dead", "s1/a#1", "killed"),
        ("init", "s1/a#2"),
        ("dead", "s1/a#2", "normal"),
    ]


@pytest.mark.clause("DYN-E9")
def test_every_attempt_to_restart_counts(world: ElixirWorld) -> None:
    world.start("s1", dynamic(max_restarts=3))
    world.add("s1", worker("b", {"trap_exit": True}))
    world.add("s1", worker("a", starting("ok", FAILS)))
    world.kill("s1/a#1")
    story = world.story()
    assert [who for event, who, *_ in story if event == "init"] == ["s1/b#1", "s1/a#1", "s1/a#2", "s1/a#3", "s1/a#4"]
    assert story[-3:] == [
        ("terminate", "s1/b#1", "shutdown"),
        ("dead", "s1/b#1", "shutdown"),
        ("dead", "s1", "shutdown"),
    ]
    assert world.observe()["alive"] == []


@pytest.mark.clause("DYN-E11")
def test_each_child_is_ended_by_its_own_rule(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    world.add("s1", worker("quick", {"trap_exit": True}, shutdown="infinity"))
    world.add("s1", worker("stuck", {"trap_exit": True, "terminate": "hang"}, shutdown=50))
    world.add("s1", worker("brutal", {"trap_exit": True}, shutdown="brutal_kill"))
    world.add("s1", worker("crashing", {"trap_exit": True, "terminate": {"crash": "late"}}))
    assert world("stop", to="s1", reason="normal") == ok()
    story = world.story()[4:]
    assert story[-1] == ("dead", "s1", "normal")
    assert sorted(story[:-1], key=str) == sorted(
        [
            ("terminate", "s1/quick#1", "shutdown"),
            ("dead", "s1/quick#1", "shutdown"),
            ("terminate", "s1/stuck#1", "shutdown"),
            ("dead", "s1/stuck#1", "killed"),
            ("dead", "s1/brutal#1", "killed"),
            ("terminate", "s1/crashing#1", "shutdown"),
            ("dead", "s1/crashing#1", error("late")),
        ],
        key=str,
    )


@pytest.mark.clause("DYN-E11")
def test_children_are_ended_at_the_same_time(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    slow = {"trap_exit": True, "terminate": {"sleep": 300}}
    for key in "abc":
        world.add("s1", worker(key, slow))
    assert world("stop", to="s1", reason="shutdown") == ok()
    assert [event for event, *_ in world.story()[3:]] == ["terminate"] * 3 + ["dead"] * 4


@pytest.mark.clause("DYN-E12")
@pytest.mark.parametrize("reason", ["normal", "shutdown", error("x")])
def test_a_dynamic_supervisor_ends_with_its_parent(world: ElixirWorld, reason: Any) -> None:
    world.spawn("p1")
    assert world.start("s1", dynamic(), link="p1") == ok("started")
    world.add("s1", worker("a", {"trap_exit": True}))
    assert world.call("p1", "links") == ok(["s1"])
    assert world.call("p1", "stop", reason) == ok("stopping")
    assert world.story()[2:] == [
        ("terminate", "p1", reason),
        ("dead", "p1", reason),
        ("terminate", "s1/a#1", "shutdown"),
        ("dead", "s1/a#1", "shutdown"),
        ("dead", "s1", reason),
    ]


@pytest.mark.clause("DYN-E12")
def test_a_stranger_cannot_end_a_dynamic_supervisor(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    world.add("s1", worker("a"))
    for reason in ("normal", "shutdown", "killed", error("x")):
        world("exit", to="s1", reason=reason)
    world.settled()
    assert world.listed("s1") == [[None, "s1/a#1", "worker"]]


@pytest.mark.clause("DYN-E13")
def test_a_name_that_is_taken_names_its_holder(world: ElixirWorld) -> None:
    world.start("s1", dynamic(max_children=2))
    world.spawn("p1", name="n1")
    assert world.add("s1", worker("a", {"name": "n1"})) == fail("already_started", child="p1")
    assert world.add("s1", worker("b", {"name": "n2"})) == ok("s1/b#1")
    assert world.add("s1", worker("a", {"name": "n2"})) == fail("already_started", child="s1/b#1")
    assert world.add("s1", worker("a")) == ok("s1/a#3")
    assert [event["who"] for event in world.log("init")] == ["p1", "s1/b#1", "s1/a#3"]


@pytest.mark.clause("DYN-E9")
def test_a_restart_under_a_name_taken_meanwhile_fails_and_is_tried_again(world: ElixirWorld) -> None:
    world.start("s1", dynamic(max_restarts=2))
    world.add("s1", worker("a", {"name": "n1"}))
    world("suspend", to="s1")
    world.kill("s1/a#1")
    world.spawn("p1", name="n1")
    world("resume", to="s1")
    assert world.story() == [
        ("init", "s1/a#1"),
        ("dead", "s1/a#1", "killed"),
        ("init", "p1"),
        ("dead", "s1", "shutdown"),
    ]


@pytest.mark.clause("INT-12")
def test_the_budget_is_one_for_all_children(world: ElixirWorld) -> None:
    world.start("s1", dynamic(max_restarts=2))
    for key in "abc":
        world.add("s1", worker(key))
    world.kill("s1/a#1")
    world.kill("s1/b#1")
    assert world.listed("s1") == [[None, f"s1/{key}", "worker"] for key in ("a#2", "b#2", "c#1")]
    world.kill("s1/c#1")
    assert [event["who"] for event in world.log("dead")][-1] == "s1"
    assert ("init", "s1/c#2") not in world.story()


@pytest.mark.clause("STR-20", "STR-21")
def test_a_dynamic_supervisor_that_gives_up_comes_back_empty(world: ElixirWorld) -> None:
    assert world.start("s1", supervisor(nested("d", dynamic(max_restarts=0)), worker("w"))) == ok("started")
    assert world.add("s1/d#1", worker("a")) == ok("s1/d#1/a#1")
    world.kill("s1/d#1/a#1")
    assert world.listed("s1/d#2") == []
    assert world.add("s1/d#2", worker("a")) == ok("s1/d#2/a#1")
    assert world.observe()["children"]["s1"]["list"] == [["w", "s1/w#1", "worker"], ["d", "s1/d#2", "supervisor"]]


def test_a_supervisor_is_a_child_of_a_dynamic_one(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    assert world.add("s1", nested("t", supervisor(worker("a"), worker("b")))) == ok("s1/t#1")
    assert world.add("s1", nested("d", dynamic(), restart="temporary")) == ok("s1/d#1")
    assert world.add("s1/d#1", worker("x")) == ok("s1/d#1/x#1")
    world.kill("s1/t#1")
    seen = world.settled()
    assert seen["alive"] == ["s1", "s1/d#1", "s1/d#1/x#1", "s1/t#2", "s1/t#2/a#1", "s1/t#2/b#1"]
    assert seen["children"]["s1"]["count"] == {"specs": 2, "active": 2, "supervisors": 2, "workers": 0}
    assert world.end("s1", "s1/t#2") == ok()
    assert world.end("s1", "s1/d#1") == ok()
    assert world.settled()["alive"] == ["s1"]
    fails = nested("t", supervisor(worker("a"), worker("b", starting(FAILS))))
    assert "shutdown" in world.add("s1", fails)["fail"]["reason"]
    assert world.settled()["alive"] == ["s1"]


@pytest.mark.parametrize(
    "spec", [dynamic(max_restarts=-1), dynamic(max_seconds=0), dynamic(max_seconds=0.5), dynamic(max_children=-1)]
)
def test_impossible_limits_are_refused(world: ElixirWorld, spec: dict[str, Any]) -> None:
    assert world.start("s1", spec) == fail("bad_spec")
    assert world.settled()["alive"] == []


def test_a_dead_dynamic_supervisor_answers_nothing(world: ElixirWorld) -> None:
    world.start("s1", dynamic())
    world.kill("s1")
    assert world.add("s1", worker("a")) == fail("noproc")
    assert world.end("s1", "s1/a#1") == fail("noproc")
    assert world("which_children", sup="s1") == fail("noproc")
    assert world("count_children", sup="s1") == fail("noproc")
    assert world("stop", to="s1", reason="normal") == fail("noproc")
