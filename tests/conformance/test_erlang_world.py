"""What the Erlang harness says of itself, and how it resets, settles and observes its world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.trees import nested, supervisor, worker
from letitcrash_spec.messages import Operation, fail, ok
from tests.support.erlang_world import SETTLE_MS, World, needs_erl, open_erlang

pytestmark = needs_erl


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_erlang(request.param)


@pytest.fixture
def world(subject: Subject) -> World:
    return World(subject)


def test_the_harness_says_what_it_is(subject: Subject) -> None:
    hello = subject.hello
    assert (hello.name, hello.language, hello.backends, hello.clock) == ("erlang-otp", "erlang", ("process",), "wall")
    assert (hello.time_unit_ms, hello.wall_grain_ms, hello.settle) == (1000, 100, True)
    assert {"genserver", "links", "monitors", "registry", "timers", "suspend", "parallel"} <= hello.features
    assert {"supervisor", "auto_shutdown"} <= hello.features


def test_a_reset_leaves_nothing_of_the_old_world(world: World) -> None:
    world.spawn("p1", name="n1", trap_exit=True, terminate="hang")
    world.spawn("p2")
    world.call("p2", "send_interval", "t1", 1, "tick")
    world.cast("p2", "sleep", 100_000)
    world("exit", to="p1", reason="shutdown")
    world("stop", to="p1", reason="normal", timeout_ms=1)
    assert world("reset") == ok()
    seen = world.settled()
    assert (seen["alive"], seen["names"], seen["events"]) == ([], {}, [])
    assert seen["now"] < 20_000
    assert world("whereis", name="n1") == ok()
    assert world.call("p1", "get") == fail("noproc")
    assert world.spawn("p1", name="n1") == ok("started")


def test_a_reset_ends_a_process_that_is_still_being_born(world: World) -> None:
    world.spawn("p1")
    world.cast("p1", "spawn", "p2", {"name": "n2", "init": [{"sleep": 100_000}]}, "plain")
    world("reset")
    assert world.settled()["alive"] == []
    assert world.spawn("p2", name="n2") == ok("started")


def test_a_reset_ends_whole_trees_in_whatever_they_are_doing(world: World) -> None:
    hanging = {"trap_exit": True, "terminate": "hang"}
    for _ in range(20):
        inner = supervisor(worker("x", hanging), worker("y"), strategy="one_for_all", max_restarts=1_000_000)
        world.start("s1", supervisor(nested("i", inner), worker("a"), name="n1", max_restarts=1_000_000))
        world("exit", to="s1/i#1/y#1", reason="kill")
        never = worker("b", {"init": ["ok", {"stop": "shutdown"}], "name": "n2"})
        world.start("s2", supervisor(never, worker("c"), strategy="rest_for_one", max_restarts=1_000_000))
        world("exit", to="s2/b#1", reason="kill")
        world.spawn("p1")
        stuck = supervisor(worker("a"), worker("b", {"init": [{"sleep": 1_000_000}]}))
        assert world.start("s3", stuck, link="p1", timeout_ms=1) == fail("timeout")
        assert world.start("s4", stuck, timeout_ms=0) == fail("timeout")
        assert world.observe(settle_ms=0)["quiet"] is False
        assert world("reset") == ok()
        seen = world.settled()
        assert (seen["alive"], seen["names"], seen["children"], seen["events"]) == ([], {}, {}, [])
    assert world.start("s1", supervisor(worker("a", {"name": "n2"}), name="n1")) == ok("started")
    assert world.children("s1") == {"a": "s1/a#1"}


def test_observe_shows_the_living_the_names_and_the_events_once(world: World) -> None:
    world.spawn("p2", name="n2")
    world.spawn("p1")
    world("exit", to="p1", reason="kill")
    seen = world.settled()
    assert (seen["alive"], seen["names"], seen["children"]) == (["p2"], {"n2": "p2"}, {})
    assert [event["ev"] for event in seen["events"]] == ["init", "init", "dead"]
    assert all(0 <= event["t"] <= seen["now"] for event in seen["events"])
    assert world.settled()["events"] == []


def test_a_sleeping_callback_is_not_quiet(world: World) -> None:
    world.spawn("p1")
    world.cast("p1", "sleep", 100_000)
    assert world.observe(settle_ms=0)["quiet"] is False


def test_a_hung_cleanup_is_not_quiet(world: World) -> None:
    world.spawn("p1", terminate="hang")
    assert world("stop", to="p1", reason="normal", timeout_ms=1) == fail("timeout")
    assert world.observe(settle_ms=0)["quiet"] is False


def test_a_supervisor_that_idled_for_long_is_quiet(world: World) -> None:
    world.start("s1", supervisor(worker("a"), nested("i", supervisor(worker("b")))))
    world("advance", ms=1_500)
    assert world.children("s1") == {"a": "s1/a#1", "i": "s1/i#1"}


def test_a_timer_that_is_not_due_does_not_disturb_the_quiet(world: World) -> None:
    world.spawn("p1")
    world.call("p1", "send_after", "t1", 1_000_000, "late")
    world.call("p1", "send_interval", "t2", 1_000_000, "late")
    assert world.settled()["quiet"] is True


@pytest.mark.clause("TIM-1", "TIM-5")
def test_a_timer_fires_once_and_not_early(world: World) -> None:
    world.spawn("p1")
    before = world.settled()["now"]
    assert world.call("p1", "send_after", "t1", 20, "ding") == ok()
    assert world.wait_event(ev="info", payload="ding")["t"] >= before + 20
    assert world.call("p1", "cancel_timer", "t1") == ok(False)
    assert world.call("p1", "cancel_timer", "never") == ok(False)
    assert len(world.log("info")) == 1


@pytest.mark.clause("TIM-4")
def test_a_cancelled_timer_stays_silent(world: World) -> None:
    world.spawn("p1")
    world.call("p1", "send_after", "t1", 60_000, "never")
    assert world.call("p1", "cancel_timer", "t1") == ok(True)
    assert world.call("p1", "cancel_timer", "t1") == ok(False)
    assert world.log("info") == []


def test_an_interval_goes_on_until_it_is_cancelled(world: World) -> None:
    world.spawn("p1")
    assert world.call("p1", "send_interval", "t1", 2, "tick") == ok()
    while len([event for event in world.events if event["ev"] == "info"]) < 5:
        world.observe(settle_ms=10)
    assert world.call("p1", "cancel_timer", "t1") == ok(True)
    assert world.call("p1", "cancel_timer", "t1") == ok(False)
    count = len(world.log("info"))
    world("advance", ms=20)
    assert len(world.log("info")) == count


def test_a_timer_message_that_is_due_is_waited_for(world: World) -> None:
    world.spawn("p1")
    for round_ in range(50):
        steps = [
            Operation("call", {"to": "p1", "msg": ["send_after", f"t{round_}", 2, "due"]}),
            Operation("advance", {"ms": 3}),
            Operation("observe", {"settle_ms": SETTLE_MS}),
        ]
        seen = world.subject.run(steps)[-1]["ok"]
        assert (seen["quiet"], [event["payload"] for event in seen["events"] if event["ev"] == "info"]) == (
            True,
            ["due"],
        )


def test_interval_messages_that_are_due_are_waited_for(world: World) -> None:
    world.spawn("p1")
    world.call("p1", "send_interval", "t1", 50, "tick")
    start = world.settled()["now"]
    world("advance", ms=220)
    seen = world.settled()
    ticks = [event for event in world.events if event["ev"] == "info"]
    assert len(ticks) >= (seen["now"] - start) // 50 - 1


@pytest.mark.clause("TIM-7")
def test_the_timers_of_a_dead_probe_are_void(world: World) -> None:
    world.spawn("p1")
    world.call("p1", "send_after", "t1", 1, "x")
    world.call("p1", "send_interval", "t2", 1, "x")
    world("exit", to="p1", reason="kill")
    world("advance", ms=5)
    assert world.settled()["alive"] == []


def test_a_suspended_probe_handles_nothing_until_it_is_resumed(world: World) -> None:
    world.spawn("p1")
    assert world("suspend", to="p1") == ok()
    assert world("suspend", to="p1") == ok()
    world.cast("p1", "add", 1)
    world("send", to="p1", payload="x")
    assert world.call("p1", "get", timeout_ms=1) == fail("timeout")
    assert world.log("info") == []
    assert world("resume", to="p1") == ok()
    assert world.call("p1", "get") == ok(1)
    assert len(world.log("info")) == 1


def test_a_suspended_probe_can_be_stopped_and_killed(world: World) -> None:
    for label in ("p1", "p2", "p3"):
        world.spawn(label)
        world("suspend", to=label)
    assert world("stop", to="p1", reason="shutdown") == ok()
    world("exit", to="p2", reason="kill")
    assert world.settled()["alive"] == ["p3"]
    assert world("suspend", to="p1") == fail("noproc")
    assert world("resume", to="p9") == fail("noproc")
