"""The Elixir harness on Elixir's own GenServer, Process and Supervisor, where they differ from Erlang's functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.trees import nested, supervisor, worker
from letitcrash_spec.messages import fail, ok
from tests.support.elixir_world import ElixirWorld, dead, error, exit_of, needs_elixir, open_elixir

pytestmark = needs_elixir


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_elixir(request.param)


@pytest.fixture
def world(subject: Subject) -> ElixirWorld:
    return ElixirWorld(subject)


def test_the_harness_says_what_it_is(subject: Subject) -> None:
    hello = subject.hello
    assert (hello.name, hello.language, hello.clock, hello.time_unit_ms) == ("elixir", "elixir", "wall", 1000)
    version, on, otp = hello.version.partition(" on OTP ")
    assert (version.count("."), on, otp.isdigit()) == (2, " on OTP ", True)
    assert {"supervisor", "dynamic_supervisor", "error_text", "parallel"} <= hello.features


@pytest.mark.clause("GS-2", "GS-3", "GS-4")
@pytest.mark.parametrize("reason", ["normal", "shutdown", {"shutdown": "ü"}, error("boom"), "killed", "kill"])
def test_a_start_is_answered_with_its_outcome(world: ElixirWorld, reason: Any) -> None:
    assert world.spawn("p1", value=2**80, name="n1") == ok("started")
    assert world.call({"name": "n1"}, "add", 1) == ok(2**80 + 1)
    assert world.spawn("p2", init=["ignore"]) == ok("ignored")
    assert world.spawn("p3", init=[{"stop": reason}]) == fail("start_failed", reason=reason)
    assert world.spawn("p4", init=[{"crash": "päng"}]) == fail("start_failed", reason=error("päng"))
    assert world.spawn("p5", name="n1") == fail("already_registered")
    assert world.log("dead") == [dead("p2", "normal"), dead("p3", reason), dead("p4", error("päng"))]


@pytest.mark.clause("GS-26", "EXIT-3")
def test_a_raised_exception_carries_its_text(world: ElixirWorld) -> None:
    text = 'a "quoted"\n\x00 \U0001f600 text'
    world.spawn("p1")
    world.spawn("p2", trap_exit=True)
    world.call("p2", "link", "p1")
    world.call("p2", "monitor", "p1", "m1")
    assert world.call("p1", "crash", text) == exit_of(error(text))
    assert {str(event["reason"]) for event in world.log("terminate", "dead", "exit", "down")} == {str(error(text))}


def test_an_info_and_a_cleanup_can_raise(world: ElixirWorld) -> None:
    world.spawn("p1")
    world("send", to="p1", payload="!crash")
    world.spawn("p2", terminate={"crash": "late"})
    assert world("stop", to="p2", reason="normal") == exit_of(error("late"))
    world.settled()
    assert sorted(str(event["reason"]) for event in world.log("dead")) == [str(error("crash")), str(error("late"))]


@pytest.mark.clause("GS-24", "GS-25", "GS-30")
def test_a_call_without_an_answer_says_why(world: ElixirWorld) -> None:
    world.spawn("p1", name="n1")
    assert world.call("p1", "noreply", timeout_ms=1) == fail("timeout")
    assert world.call("p1", "stop", {"shutdown": "x"}) == ok("stopping")
    world.settled()
    for target in ("p1", "p9", {"name": "n1"}, {"name": "n9"}):
        assert world.call(target, "get") == fail("noproc")
        assert world.cast(target, "get") == ok()
    world.spawn("p2")
    assert "calling_self" in world.call("p2", "call", "p2", ["get"], 1000)["ok"]["fail"]["reason"]["error"]
    world.spawn("p3")
    assert world.call("p2", "call", "p3", ["crash", "x"], 20_000) == ok(
        {"fail": {"kind": "exit", "reason": error("x")}}
    )


def test_a_stop_says_how_the_server_ended(world: ElixirWorld) -> None:
    world.spawn("p1", terminate="hang")
    assert world("stop", to="p1", reason="normal", timeout_ms=50) == fail("timeout")
    world("exit", to="p1", reason="kill")
    world.settled()
    assert world("stop", to="p1", reason="normal") == fail("noproc")
    assert world("stop", to={"name": "n9"}, reason="normal") == fail("noproc")
    world.spawn("p2", name="n2")
    assert world("stop", to={"name": "n2"}, reason=error("x")) == ok()
    assert world.log("dead") == [dead("p1", "killed"), dead("p2", error("x"))]


@pytest.mark.clause("REG-1", "REG-2")
def test_names_are_those_of_processes(world: ElixirWorld) -> None:
    world.spawn("p1")
    world.spawn("p2")
    assert world("register", name="n1", to="p1") == ok()
    assert world("register", name="n1", to="p2") == fail("already_registered")
    assert world("register", name="n2", to="p1") == fail("already_named")
    assert (world("whereis", name="n1"), world("name_of", to="p1")) == (ok("p1"), ok("n1"))
    assert (world("whereis", name="n2"), world("name_of", to="p2")) == (ok(), ok())
    assert world("unregister", name="n1") == ok()
    assert world("unregister", name="n1") == fail("not_registered")
    assert world("send", to={"name": "n1"}, payload="x") == fail("noproc")
    world("exit", to="p2", reason="kill")
    world.settled()
    assert world("register", name="n1", to="p2") == fail("noproc")


@pytest.mark.clause("MON-1")
def test_a_probe_starts_links_and_watches_others(world: ElixirWorld) -> None:
    world.spawn("p1", trap_exit=True)
    assert world.call("p1", "spawn", "p2", {}, {"monitor": "m2"}) == ok("started")
    assert world.call("p1", "spawn", "p3", {"name": "n3"}, {"monitor": "m3"}) == ok("started")
    assert world.call("p1", "spawn", "p4", {}, "link") == ok("started")
    assert world.call("p1", "monitor", {"name": "n3"}, "m4") == ok()
    assert world.call("p1", "links") == ok(["p4"])
    for label in ("p2", "p3", "p4"):
        world.kill(label)
    told = [(event["ev"], event.get("ref"), event["of"], event["reason"]) for event in world.log("down", "exit")]
    assert sorted(told, key=str) == [
        ("down", "m2", "p2", "killed"),
        ("down", "m3", "p3", "killed"),
        ("down", "m4", {"name": "n3"}, "killed"),
        ("exit", None, "p4", "killed"),
    ]
    assert world.call("p1", "link", "p4") == ok()
    assert world.log("exit")[-1]["reason"] == "noproc"


def test_timers_expire_and_can_be_cancelled(world: ElixirWorld) -> None:
    world.spawn("p1")
    world.call("p1", "send_after", "t1", 0, "now")
    world.call("p1", "send_after", "t2", 1_000_000, "never")
    world.call("p1", "send_interval", "t3", 1, "again")
    assert world.wait_event(ev="info", payload="again")
    assert [world.call("p1", "cancel_timer", ref) for ref in ("t1", "t2", "t3", "t9")] == [
        ok(False),
        ok(True),
        ok(True),
        ok(False),
    ]
    assert {event["payload"] for event in world.log("info")} == {"now", "again"}


def test_clients_run_at_the_same_time(world: ElixirWorld) -> None:
    world.spawn("p1")
    add = {"op": "call", "args": {"to": "p1", "msg": ["add", 1]}}
    histories = world("parallel", clients=[[add] * 20 for _ in range(4)])["ok"]
    assert sorted(step["answer"]["ok"] for history in histories for step in history) == list(range(1, 81))
    stamps = [step[when] for history in histories for step in history for when in ("call", "return")]
    assert sorted(stamps) == list(range(1, 161))


@pytest.mark.clause("SUP-1", "SUP-2", "SUP-7", "SUP-9", "SUP-11")
def test_a_supervisor_starts_or_says_why_not(world: ElixirWorld) -> None:
    assert world.start("s1", supervisor(worker("a"), nested("b", supervisor(worker("c"))), name="n1")) == ok("started")
    assert [event["who"] for event in world.log("init")] == ["s1/a#1", "s1/b#1/c#1"]
    assert world("whereis", name="n1") == ok("s1")
    assert world.start("s2", supervisor(name="n1")) == fail("already_registered")
    assert world.start("s3", supervisor(worker("a"), worker("a"))) == fail("bad_spec")
    assert world.start("s4", supervisor(max_restarts=-1)) == fail("bad_spec")
    assert world.start("s5", supervisor(worker("a"), worker("b", {"init": [{"crash": "x"}]})))["fail"]["kind"] == (
        "start_failed"
    )
    assert world.settled()["alive"] == ["s1", "s1/a#1", "s1/b#1", "s1/b#1/c#1"]


@pytest.mark.clause("STR-5", "STR-7", "STR-8")
@pytest.mark.parametrize(
    ("strategy", "alive"),
    [
        ("one_for_one", ["a#1", "b#2", "c#1"]),
        ("one_for_all", ["a#2", "b#2", "c#2"]),
        ("rest_for_one", ["a#1", "b#2", "c#2"]),
    ],
)
def test_the_strategy_decides_who_is_restarted(world: ElixirWorld, strategy: Any, alive: list[str]) -> None:
    world.start("s1", supervisor(worker("a"), worker("b"), worker("c"), strategy=strategy))
    world.call("s1/b#1", "crash", "x")
    assert world.settled()["alive"] == ["s1", *(f"s1/{child}" for child in alive)]


@pytest.mark.clause("SUP-30")
def test_one_child_is_administered(world: ElixirWorld) -> None:
    world.start("s1", supervisor(worker("a")))

    def outcomes(child: str) -> list[str]:
        answers = [
            world("restart_child", sup="s1", child=child),
            world("delete_child", sup="s1", child=child),
            world.add("s1", worker(child)),
        ]
        return [answer["fail"]["kind"] for answer in answers]

    assert outcomes("a") == ["running", "running", "already_started"]
    assert world.end("s1", "a") == ok()
    assert world.end("s1", "a") == ok()
    assert world.add("s1", worker("a")) == fail("already_present")
    assert world("restart_child", sup="s1", child="a") == ok("s1/a#2")
    world.end("s1", "a")
    assert world("delete_child", sup="s1", child="a") == ok()
    assert world.end("s1", "a") == fail("not_found")
    assert world.add("s1", worker("a", {"init": ["ignore"]})) == ok()
    assert world.listed("s1") == [["a", None, "worker"]]
    assert world.add("s1", worker("b", {"init": [{"stop": error("x")}]})) == fail("start_failed", reason=error("x"))
    assert world.add("s1", worker("c", shutdown=-1)) == fail("bad_spec")
    assert world.counted("s1") == {"specs": 1, "active": 0, "supervisors": 0, "workers": 1}


@pytest.mark.parametrize("traps", [True, False])
def test_a_failed_start_is_told_whether_or_not_the_parent_survives_it(world: ElixirWorld, *, traps: bool) -> None:
    world.spawn("p1", trap_exit=traps)
    answer = world.start("s1", supervisor(worker("a", {"init": [{"stop": error("x")}]})), link="p1")
    assert (answer["fail"]["kind"], list(answer["fail"]["reason"])) == ("start_failed", ["shutdown"])
    assert world.settled()["alive"] == (["p1"] if traps else [])
    assert world.start("s2", supervisor(), link="p1") == (ok("started") if traps else fail("noproc"))


def test_a_request_that_takes_too_long_goes_on(world: ElixirWorld) -> None:
    slow = {"init": ["ok", {"sleep": 200}]}
    assert world.start("s1", supervisor(worker("a", {"init": [{"sleep": 200}]})), timeout_ms=1) == fail("timeout")
    assert world.settled()["alive"] == ["s1", "s1/a#1"]
    assert world.add("s1", worker("b", {"init": [{"sleep": 200}]}), timeout_ms=1) == fail("timeout")
    assert world.end("s1", "a", timeout_ms=1) == fail("timeout")
    assert world.settled()["alive"] == ["s1", "s1/b#1"]
    world.end("s1", "b")
    world.add("s1", worker("c", slow))
    world("exit", to="s1/c#1", reason="kill")
    busy = world("observe", settle_ms=1)["ok"]
    assert (busy["quiet"], busy["children"]) == (False, {"s1": None})
    assert world.settled()["children"]["s1"]["count"]["active"] == 1


def test_a_reset_ends_what_nobody_waits_for_any_more(world: ElixirWorld) -> None:
    stuck = {"init": [{"sleep": 1_000_000}]}
    assert world.start("s1", supervisor(worker("a", stuck)), timeout_ms=1) == fail("timeout")
    world.start("s2", supervisor())
    assert world.add("s2", worker("a", stuck), timeout_ms=1) == fail("timeout")
    assert world("which_children", sup="s2", timeout_ms=1) == fail("timeout")
    assert world("reset") == ok()
    assert world.start("s1", supervisor(worker("a"))) == ok("started")
    assert world.settled()["alive"] == ["s1", "s1/a#1"]
