"""The Erlang harness on real OTP: which children are restarted, when a supervisor gives up, how trees are shut down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.trees import nested, supervisor, worker
from letitcrash_spec.messages import fail, ok
from tests.support.erlang_world import World, dead, error, needs_erl, open_erlang

pytestmark = needs_erl

REFUSE = {"stop": error("no")}
TRAPPING = {"trap_exit": True}
QUIETLY = ["normal", "shutdown", {"shutdown": "x"}]
LOUDLY = [error("x"), "killed", "kill", "noproc"]


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_erlang(request.param)


@pytest.fixture
def world(subject: Subject) -> World:
    return World(subject)


def order(trace: list[str], *kinds: str) -> list[str]:
    """Return what happened, with the id of the child alone and without the attempts."""
    shown = (line.split() for line in trace)
    return [f"{kind} {who.rpartition('/')[2].partition('#')[0]}" for kind, who in shown if kind in kinds]


# restart types


@pytest.mark.clause("STR-1", "STR-2", "STR-3", "STR-4", "EXIT-27")
@pytest.mark.parametrize("reason", QUIETLY + LOUDLY)
@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
def test_the_restart_type_decides_who_comes_back(world: World, reason: Any, strategy: Any) -> None:
    kinds: list[Any] = ["permanent", "transient", "temporary"]
    for number, kind in enumerate(kinds):
        sup = f"s{number}"
        world.start(sup, supervisor(worker("a", restart=kind), worker("b"), strategy=strategy))
        world.cast(f"{sup}/a#1", "stop", reason)
        comes_back = kind == "permanent" or (kind == "transient" and reason in LOUDLY)
        shown = {"b": f"{sup}/b#{2 if comes_back and strategy != 'one_for_one' else 1}"}
        if comes_back:
            shown["a"] = f"{sup}/a#2"
        elif kind == "transient":
            shown["a"] = None  # type: ignore[assignment]
        assert world.children(sup) == shown
        assert world.log("dead", who=f"{sup}/a#1") == [dead(f"{sup}/a#1", reason)]


# strategies


@pytest.mark.clause("STR-8", "STR-7", "SHUT-1", "SUP-20")
def test_the_order_of_children_holds_through_restart_and_shutdown(world: World) -> None:
    children = [worker(child, TRAPPING) for child in ("c", "a", "e", "b")]
    world.start("s1", supervisor(*children, strategy="rest_for_one"))
    world("start_child", sup="s1", child=worker("d", TRAPPING))
    assert order(world.trace(), "init") == ["init c", "init a", "init e", "init b", "init d"]
    world.cast("s1/e#1", "crash", "x")
    assert order(world.trace(), "terminate", "init") == [
        *("terminate e", "terminate d", "terminate b"),
        *("init e", "init b", "init d"),
    ]
    world("stop", to="s1", reason="shutdown")
    assert order(world.trace(), "dead") == ["dead d", "dead b", "dead e", "dead a", "dead c", "dead s1"]


@pytest.mark.clause("STR-9", "STR-10", "STR-11")
def test_a_group_restart_revives_the_stopped_but_not_the_temporary(world: World) -> None:
    kids = [worker("a"), worker("b"), worker("c", restart="temporary"), worker("d")]
    for sup, strategy in (("s1", "one_for_all"), ("s2", "rest_for_one")):
        world.start(sup, supervisor(*kids, strategy=strategy))  # type: ignore[arg-type]
        world("terminate_child", sup=sup, child="a" if sup == "s2" else "d")
        world("exit", to=f"{sup}/b#1", reason="kill")
    assert world.children("s1") == {"a": "s1/a#2", "b": "s1/b#2", "d": "s1/d#2"}
    assert world.children("s2") == {"a": None, "b": "s2/b#2", "d": "s2/d#2"}


@pytest.mark.clause("STR-12", "STR-13")
def test_one_for_all_starts_over_when_one_of_them_fails(world: World) -> None:
    kids = [
        worker("a", TRAPPING),
        worker("b", {"trap_exit": True, "init": ["ok", REFUSE, "ok"]}),
        worker("c", TRAPPING),
    ]
    world.start("s1", supervisor(*kids, strategy="one_for_all"))
    world.trace()
    world("exit", to="s1/a#1", reason="kill")
    assert order(world.trace(), "init", "terminate") == [
        *("terminate c", "terminate b", "init a", "init b"),
        *("terminate a", "init a", "init b", "init c"),
    ]
    assert world.children("s1") == {"a": "s1/a#3", "b": "s1/b#3", "c": "s1/c#2"}


@pytest.mark.clause("STR-14")
def test_rest_for_one_goes_on_from_the_one_that_failed(world: World) -> None:
    failing = {"trap_exit": True, "init": ["ok", REFUSE, "ok"]}
    kids = [worker("a", TRAPPING), worker("b", TRAPPING), worker("c", failing), worker("d", TRAPPING)]
    world.start("s1", supervisor(*kids, strategy="rest_for_one"))
    world.trace()
    world("exit", to="s1/b#1", reason="kill")
    trace = order(world.trace(), "init", "terminate")
    assert trace == ["terminate d", "terminate c", "init b", "init c", "init c", "init d"]
    assert world.children("s1") == {"a": "s1/a#1", "b": "s1/b#2", "c": "s1/c#3", "d": "s1/d#2"}


@pytest.mark.clause("STR-12", "SUP-22", "SUP-30", "SUP-53", "INT-15")
def test_a_supervisor_serves_requests_while_a_child_will_not_start(world: World) -> None:
    slow = {"init": ["ok", {"sleep": 100, "then": REFUSE}]}
    world.start("s1", supervisor(worker("a"), worker("b", slow), worker("c"), max_restarts=1_000_000))
    world("exit", to="s1/b#1", reason="kill")
    world.wait_event(ev="init", who="s1/b#2")
    seen = world.observe(settle_ms=0)
    assert seen["quiet"] is False
    assert ["b", "restarting", "worker"] in world("which_children", sup="s1")["ok"]
    assert world("count_children", sup="s1") == ok({"specs": 3, "active": 2, "supervisors": 0, "workers": 3})
    assert world("start_child", sup="s1", child=worker("b")) == fail("already_present")
    assert world("restart_child", sup="s1", child="b") == fail("restarting")
    assert world("delete_child", sup="s1", child="b") == fail("restarting")
    assert world("terminate_child", sup="s1", child="b") == ok()
    assert world.children("s1") == {"a": "s1/a#1", "b": None, "c": "s1/c#1"}
    assert world("restart_child", sup="s1", child="b")["fail"]["kind"] == "start_failed"
    assert world("delete_child", sup="s1", child="b") == ok()


@pytest.mark.clause("STR-15")
def test_ending_the_restarting_child_leaves_those_behind_it_down(world: World) -> None:
    slow = {"init": ["ok", {"sleep": 100, "then": REFUSE}]}
    kids = [worker("a"), worker("b", slow), worker("c")]
    world.start("s1", supervisor(*kids, strategy="rest_for_one", max_restarts=1_000_000))
    world("exit", to="s1/b#1", reason="kill")
    world.wait_event(ev="init", who="s1/b#2")
    assert world("terminate_child", sup="s1", child="b") == ok()
    assert world.children("s1") == {"a": "s1/a#1", "b": None, "c": None}


@pytest.mark.clause("STR-16", "STR-17", "STR-18")
@pytest.mark.parametrize(
    ("strategy", "victims", "survives"),
    [
        ("one_for_all", "ab", True),
        ("one_for_one", "ab", False),
        ("rest_for_one", "ab", True),
        ("rest_for_one", "ba", False),
    ],
)
def test_two_deaths_at_once(world: World, strategy: Any, victims: str, *, survives: bool) -> None:
    world.start("s1", supervisor(worker("a"), worker("b"), strategy=strategy, max_restarts=1))
    world("suspend", to="s1")
    for victim in victims:
        world("exit", to=f"s1/{victim}#1", reason="kill")
        world.settled()
    world("resume", to="s1")
    assert ("s1" in world.settled()["alive"]) is survives


# intensity


@pytest.mark.clause("INT-1", "INT-2", "INT-3", "INT-14")
@pytest.mark.parametrize("most", [0, 1, 3])
def test_one_restart_too_many_ends_the_supervisor(world: World, most: int) -> None:
    kids = [worker("a", TRAPPING), worker("b", TRAPPING), worker("c", TRAPPING)]
    world.start("s1", supervisor(*kids, max_restarts=most))
    for number in range(most):
        child = "ab"[number % 2]
        world("exit", to=world.children("s1")[child], reason="kill")
    alive = world.children("s1")
    world.trace()
    world("exit", to=alive["b"], reason="kill")
    assert order(world.trace(), "init", "terminate", "dead") == [
        *("dead b", "terminate c", "dead c", "terminate a", "dead a", "dead s1"),
    ]
    assert world.log("dead", who="s1") == [dead("s1", "shutdown")]


@pytest.mark.clause("INT-5", "INT-6")
@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
def test_every_attempt_counts(world: World, strategy: Any) -> None:
    world.start("s1", supervisor(worker("a", {"init": ["ok", REFUSE]}), strategy=strategy, max_restarts=3))
    world.cast("s1/a#1", "crash", "x")
    assert world.settled()["alive"] == []
    assert order(world.trace(), "init") == ["init a"] * 4


@pytest.mark.clause("INT-9", "INT-11")
def test_restarts_are_forgotten_after_the_window(world: World) -> None:
    world.start("s1", supervisor(worker("a"), max_restarts=1, max_seconds=1))
    world("exit", to="s1/a#1", reason="kill")
    world.settled()
    world("advance", ms=2_100)
    world("exit", to="s1/a#2", reason="kill")
    assert world.children("s1") == {"a": "s1/a#3"}


@pytest.mark.clause("INT-13", "STR-20", "STR-21", "SUP-26")
@pytest.mark.parametrize(("restart", "label"), [("permanent", "s1/i#2"), ("transient", None), ("temporary", "gone")])
def test_a_supervisor_that_gives_up_is_restarted_only_if_it_is_permanent(
    world: World, restart: Any, label: str | None
) -> None:
    inner = supervisor(worker("a"), max_restarts=0)
    world.start("s1", supervisor(nested("i", inner, restart=restart), worker("b")))
    world("start_child", sup="s1/i#1", child=worker("extra"))
    world("exit", to="s1/i#1/a#1", reason="kill")
    assert world.children("s1") == {"b": "s1/b#1"} | ({} if label == "gone" else {"i": label})
    if label == "s1/i#2":
        assert world.children("s1/i#2") == {"a": "s1/i#2/a#1"}
    assert world.log("dead", who="s1/i#1") == [dead("s1/i#1", "shutdown")]


# significant children


@pytest.mark.clause("STR-30", "STR-31", "STR-32", "STR-33")
def test_significant_children_end_their_supervisor(world: World) -> None:
    def start(label: str, mode: Any, restart: Any) -> None:
        kids = [worker(child, restart=restart, significant=True) for child in ("a", "b")]
        assert world.start(label, supervisor(*kids, worker("c"), auto_shutdown=mode)) == ok("started")

    start("s1", "any_significant", "transient")
    world.cast("s1/a#1", "crash", "x")
    assert world.children("s1")["a"] == "s1/a#2"
    world.cast("s1/a#2", "stop", "normal")
    start("s2", "any_significant", "temporary")
    world.cast("s2/a#1", "crash", "x")
    start("s3", "all_significant", "transient")
    world.cast("s3/a#1", "stop", "normal")
    assert world.children("s3")["a"] is None
    world.cast("s3/b#1", "stop", "normal")
    start("s4", "any_significant", "transient")
    for child in ("a", "b"):
        world("terminate_child", sup="s4", child=child)
    assert world.settled()["alive"] == ["s4", "s4/c#1"]
    for sup in ("s1", "s2", "s3"):
        assert world.log("dead", who=sup) == [dead(sup, "shutdown")]


# shutdown


@pytest.mark.clause("SHUT-2", "SHUT-3", "SHUT-4", "SHUT-5", "SHUT-7", "SHUT-8")
def test_every_child_is_shut_down_by_its_own_rule(world: World) -> None:
    kids = [
        worker("plain"),
        worker("trapping", TRAPPING, shutdown="infinity"),
        worker("brutal", TRAPPING, shutdown="brutal_kill"),
        worker("hanging", {"trap_exit": True, "terminate": "hang"}, shutdown=20),
        worker("crashing", {"trap_exit": True, "terminate": {"crash": "x"}}),
    ]
    world.start("s1", supervisor(*kids))
    world.trace()
    assert world("terminate_child", sup="s1", child="hanging") == ok()
    world("restart_child", sup="s1", child="hanging")
    assert world("stop", to="s1", reason="normal") == ok()
    reasons = {event["who"].removeprefix("s1/"): event["reason"] for event in world.log("dead")}
    assert reasons == {
        "plain#1": "shutdown",
        "trapping#1": "shutdown",
        "brutal#1": "killed",
        "hanging#1": "killed",
        "hanging#2": "killed",
        "crashing#1": error("x"),
        "s1": "normal",
    }
    ended = {event["who"] for event in world.log("terminate")}
    assert ended == {"s1/trapping#1", "s1/hanging#1", "s1/hanging#2", "s1/crashing#1"}


@pytest.mark.clause("SHUT-6")
def test_infinite_patience_outlasts_a_slow_cleanup(world: World) -> None:
    slow = {"trap_exit": True, "terminate": {"sleep": 300}}
    world.start("s1", supervisor(worker("a", slow, shutdown="infinity"), worker("b", slow, shutdown=10)))
    assert world("stop", to="s1", reason="normal", timeout_ms=1) == fail("timeout")
    assert world.observe(settle_ms=0)["quiet"] is False
    assert world.log("dead") == [dead("s1/b#1", "killed"), dead("s1/a#1", "shutdown"), dead("s1", "normal")]


@pytest.mark.clause("SHUT-9", "SHUT-12", "SHUT-16")
def test_a_tree_is_shut_down_from_the_leaves_and_restarts_nothing(world: World) -> None:
    inner = supervisor(worker("x", TRAPPING), worker("y", {"trap_exit": True, "terminate": {"sleep": 300}}))
    world.start("s1", supervisor(worker("a", TRAPPING), nested("i", inner), worker("b", {"init": ["ignore"]})))
    world.trace()
    assert world("stop", to="s1", reason="normal", timeout_ms=1) == fail("timeout")
    world("exit", to="s1/a#1", reason="kill")
    assert order(world.trace(), "dead", "init") == ["dead a", "dead y", "dead x", "dead i", "dead s1"]
