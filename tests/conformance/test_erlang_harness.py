"""The Erlang harness, operation by operation and action by action, on real OTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.erlang_otp import erlang_subject
from letitcrash_spec.messages import Answer, Operation, fail, ok

pytestmark = pytest.mark.skipif(shutil.which("erl") is None, reason="needs Erlang's `erl` (Debian: erlang-base)")

SETTLE_MS = 20_000


class World:
    """A subject with short names for the operations."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.events: list[dict[str, Any]] = []

    def __call__(self, op: str, **args: Any) -> Answer:
        args = {key.rstrip("_"): value for key, value in args.items()}
        return self.subject.run([Operation(op, args)])[0]

    def spawn(self, label: str, **probe: Any) -> Answer:
        return self("spawn", as_=label, probe=probe)

    def call(self, to: Any, *action: Any, timeout_ms: int = 20_000) -> Answer:
        return self("call", to=to, msg=list(action), timeout_ms=timeout_ms)

    def cast(self, to: Any, *action: Any) -> Answer:
        return self("cast", to=to, msg=list(action))

    def observe(self, settle_ms: int = SETTLE_MS) -> dict[str, Any]:
        seen: dict[str, Any] = self("observe", settle_ms=settle_ms)["ok"]
        self.events += seen["events"]
        return seen

    def settled(self) -> dict[str, Any]:
        seen = self.observe()
        assert seen["quiet"] is True
        return seen

    def wait_event(self, **fields: Any) -> dict[str, Any]:
        for _ in range(2_000):
            for event in self.events:
                if fields.items() <= event.items():
                    return event
            self("advance", ms=5)
            self.observe()
        raise AssertionError(f"no event {fields} among {self.events}")

    def log(self, *kinds: str, who: str | None = None) -> list[dict[str, Any]]:
        """Settle and return the events so far, without their times."""
        self.settled()
        return [
            {key: value for key, value in event.items() if key != "t"}
            for event in self.events
            if (not kinds or event["ev"] in kinds) and who in (None, event["who"])
        ]


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    subject = erlang_subject(request.param)
    yield subject
    subject.close()


@pytest.fixture
def world(subject: Subject) -> World:
    world = World(subject)
    assert world("reset") == ok()
    return world


def error(text: str) -> dict[str, str]:
    return {"error": text}


def dead(who: str, reason: Any) -> dict[str, Any]:
    return {"ev": "dead", "who": who, "reason": reason}


def exit_of(reason: Any) -> Answer:
    return fail("exit", reason=reason)


# hello, reset, observe


def test_the_harness_says_what_it_is(subject: Subject) -> None:
    hello = subject.hello
    assert (hello.name, hello.language, hello.backends, hello.clock) == ("erlang-otp", "erlang", ("process",), "wall")
    assert (hello.time_unit_ms, hello.wall_grain_ms, hello.settle) == (1000, 100, True)
    assert {"genserver", "links", "monitors", "registry", "timers", "suspend"} <= hello.features


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


def test_a_timer_that_is_not_due_does_not_disturb_the_quiet(world: World) -> None:
    world.spawn("p1")
    world.call("p1", "send_after", "t1", 1_000_000, "late")
    world.call("p1", "send_interval", "t2", 1_000_000, "late")
    assert world.settled()["quiet"] is True


# spawn


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


# call, cast, send


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
    assert world.call("p1", "sleep", 20, timeout_ms=1) == fail("timeout")
    assert world.call("p1", "noreply", timeout_ms=1) == fail("timeout")
    assert world.call("p1", "add", 1) == ok(2)
    assert [event["ev"] for event in world.log()] == ["init"]


@pytest.mark.clause("GS-30")
def test_a_call_that_timed_out_is_still_carried_out(world: World) -> None:
    world.spawn("p1")
    world.cast("p1", "sleep", 20)
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


# stop, exit


@pytest.mark.clause("GS-58")
@pytest.mark.parametrize("reason", ["normal", "shutdown", {"error": "x"}, {"shutdown": ""}])
def test_stop_answers_when_the_process_is_dead(world: World, reason: Any) -> None:
    world.spawn("p1", name="n1")
    assert world("stop", to={"name": "n1"}, reason=reason) == ok()
    assert world("whereis", name="n1") == ok()
    assert world.log("terminate", "dead") == [{"ev": "terminate", "who": "p1", "reason": reason}, dead("p1", reason)]


@pytest.mark.clause("GS-60")
def test_stop_of_nobody_is_noproc(world: World) -> None:
    world.spawn("p1")
    world("stop", to="p1", reason="normal")
    for target in ("p1", "p2", {"name": "n1"}):
        assert world("stop", to=target, reason="normal") == fail("noproc")


@pytest.mark.clause("GS-53", "GS-62")
def test_stop_tells_the_reason_that_a_crashing_cleanup_left(world: World) -> None:
    world.spawn("p1", terminate={"crash": "cleanup"})
    assert world("stop", to="p1", reason="shutdown") == exit_of(error("cleanup"))
    assert world.log("terminate", "dead") == [
        {"ev": "terminate", "who": "p1", "reason": "shutdown"},
        dead("p1", error("cleanup")),
    ]


@pytest.mark.clause("GS-61")
def test_stop_gives_up_waiting_but_the_process_goes_on_ending(world: World) -> None:
    world.spawn("p1", terminate={"sleep": 30})
    assert world("stop", to="p1", reason="normal", timeout_ms=5) == fail("timeout")
    assert world.log("dead") == [dead("p1", "normal")]


@pytest.mark.clause("GS-62")
def test_stop_of_a_process_that_crashes_first_tells_the_crash(world: World) -> None:
    world.spawn("p1")
    world.cast("p1", "sleep", 5)
    world.cast("p1", "crash", "first")
    assert world("stop", to="p1", reason="normal") == exit_of(error("first"))


@pytest.mark.clause("EXIT-6", "EXIT-8", "EXIT-12")
def test_exit_signals_from_outside(world: World) -> None:
    world.spawn("p1")
    assert world("exit", to="p1", reason="normal") == ok()
    assert world.call("p1", "get") == ok(0)
    assert world("exit", to="p1", reason={"shutdown": "x"}) == ok()
    world.spawn("p2", trap_exit=True)
    assert world("exit", to="p2", reason="normal") == ok()
    assert world("exit", to="p2", reason="noproc") == ok()
    assert world("exit", to="p2", reason="killed") == ok()
    assert world("exit", to="p2", reason="kill") == ok()
    assert world("exit", to="p2", reason="kill") == ok()
    assert world("exit", to="p9", reason="kill") == ok()
    assert world.log("dead", who="p1") == [dead("p1", {"shutdown": "x"})]
    assert world.log("dead", who="p2") == [dead("p2", "killed")]
    assert [e["of"] for e in world.log("exit")] == [None] * len(world.log("exit"))


@pytest.mark.clause("EXIT-7", "GS-57")
def test_a_trapped_signal_is_logged_with_its_sender(world: World) -> None:
    world.spawn("p1")
    world.spawn("p2", trap_exit=True)
    assert world.call("p1", "exit", "p2", error("x")) == ok()
    world.settled()
    world("exit", to="p2", reason="shutdown")
    assert world.log("exit") == [
        {"ev": "exit", "who": "p2", "of": "p1", "reason": error("x")},
        {"ev": "exit", "who": "p2", "of": None, "reason": "shutdown"},
    ]


@pytest.mark.clause("EXIT-10", "EXIT-11", "EXIT-13")
def test_a_probe_sends_signals_to_itself(world: World) -> None:
    world.spawn("p1")
    world.call("p1", "spawn", "p2", {"trap_exit": True}, "link")
    world.call("p1", "unlink", "p2")
    world.spawn("p3", trap_exit=True)
    world.cast("p1", "exit", "p1", "normal")
    world.cast("p2", "exit", "p2", "normal")
    world.cast("p3", "exit", "p3", "kill")
    assert world.log("dead", who="p1") == [dead("p1", "normal")]
    assert world.log("exit", "dead", who="p2") == [{"ev": "exit", "who": "p2", "of": "p2", "reason": "normal"}]
    assert world.log("dead", who="p3") == [dead("p3", "killed")]


@pytest.mark.clause("EXIT-11", "GS-55")
def test_a_server_without_a_parent_counts_as_its_own_parent(world: World) -> None:
    world.spawn("p1", trap_exit=True)
    world.cast("p1", "exit", "p1", error("x"))
    assert world.log("exit", "terminate", "dead") == [
        {"ev": "terminate", "who": "p1", "reason": error("x")},
        dead("p1", error("x")),
    ]


@pytest.mark.clause("EXIT-21")
def test_trap_exit_answers_the_old_value(world: World) -> None:
    world.spawn("p1")
    assert world.call("p1", "trap_exit", True) == ok(False)
    assert world.call("p1", "trap_exit", True) == ok(True)
    assert world.call("p1", "trap_exit", False) == ok(True)


# names


@pytest.mark.clause("REG-1", "REG-2", "REG-3", "REG-4", "REG-5", "REG-8")
def test_names_are_given_taken_and_refused(world: World) -> None:
    world.spawn("p1")
    world.spawn("p2")
    assert world("name_of", to="p1") == ok()
    assert world("register", name="n ü/1", to="p1") == ok()
    assert world("whereis", name="n ü/1") == ok("p1")
    assert world("name_of", to="p1") == ok("n ü/1")
    assert world("register", name="n ü/1", to="p2") == fail("already_registered")
    assert world("register", name="n ü/1", to="p1") == fail("already_registered")
    assert world("register", name="n2", to="p1") == fail("already_named")
    assert world.call("p2", "register", "n2") == ok()
    assert world.call("p2", "register", "n3") == fail("already_named")
    assert world.settled()["names"] == {"n ü/1": "p1", "n2": "p2"}
    assert world("unregister", name="n2") == ok()
    assert world("unregister", name="n2") == fail("not_registered")
    assert world("unregister", name="never") == fail("not_registered")
    assert world("register", name="n3", to="p9") == fail("noproc")
    world("stop", to="p1", reason="normal")
    assert world("name_of", to="p1") == ok()
    assert world("register", name="n3", to="p1") == fail("noproc")
    assert world("register", name="n ü/1", to="p2") == ok()


# links, monitors


@pytest.mark.clause("LNK-1", "LNK-12", "LNK-13")
def test_a_death_travels_over_links(world: World) -> None:
    for label in ("p1", "p2", "p3"):
        world.spawn(label, trap_exit=label == "p3")
    assert world.call("p2", "link", "p1") == ok()
    assert world.call("p3", "link", "p2") == ok()
    assert world.call("p2", "links") == ok(["p1", "p3"])
    world.call("p1", "crash", "x")
    assert world.log("dead", "exit") == [
        dead("p1", error("x")),
        dead("p2", error("x")),
        {"ev": "exit", "who": "p3", "of": "p2", "reason": error("x")},
    ]
    assert world.call("p3", "links") == ok([])


@pytest.mark.clause("LNK-5", "LNK-14")
def test_links_to_oneself_and_unlinks_of_strangers_are_accepted(world: World) -> None:
    world.spawn("p1")
    world.spawn("p2")
    assert world.call("p1", "link", "p1") == ok()
    assert world.call("p1", "unlink", "p1") == ok()
    assert world.call("p1", "unlink", "p2") == ok()
    assert world.call("p1", "link", "p2") == ok()
    assert world.call("p1", "unlink", "p2") == ok()
    assert world.call("p1", "links") == ok([])
    assert world.call("p1", "link", "p9") == fail("noproc")


@pytest.mark.clause("LNK-6", "LNK-7")
def test_a_link_to_the_dead(world: World) -> None:
    world.spawn("p1", init=["ignore"])
    world.spawn("p2")
    world.spawn("p3", trap_exit=True)
    world.settled()
    assert world.call("p2", "link", "p1") == fail("noproc")
    assert world.call("p3", "link", "p1") == ok()
    assert world.log("exit", "dead")[1:] == [{"ev": "exit", "who": "p3", "of": "p1", "reason": "noproc"}]


@pytest.mark.clause("MON-1", "MON-2", "MON-3", "MON-15")
def test_a_monitor_tells_of_the_death_under_its_name_and_target(world: World) -> None:
    world.spawn("p1", name="n1")
    world.spawn("p2")
    assert world.call("p2", "monitor", "p1", "m1") == ok()
    assert world.call("p2", "monitor", {"name": "n1"}, "m2") == ok()
    assert world.call("p2", "monitor", {"name": "n9"}, "m3") == ok()
    assert world.call("p2", "monitor", "p2", "m4") == ok()
    assert world.call("p2", "monitor", "p9", "m5") == fail("noproc")
    world("unregister", name="n1")
    world("stop", to="p1", reason="normal")
    assert world.call("p2", "monitor", "p1", "m6") == ok()
    downs = {event["ref"]: (event["of"], event["reason"]) for event in world.log("down", who="p2")}
    assert downs == {
        "m1": ("p1", "normal"),
        "m2": ({"name": "n1"}, "normal"),
        "m3": ({"name": "n9"}, "noproc"),
        "m6": ("p1", "noproc"),
    }


@pytest.mark.clause("MON-6", "MON-8", "MON-9", "MON-10")
def test_a_monitor_is_ended_with_and_without_flush(world: World) -> None:
    world.spawn("p1")
    world.spawn("p2")
    for n in (1, 2, 3, 4):
        world.call("p2", "monitor", "p1", f"m{n}")
    assert world.call("p2", "demonitor", "m1", False) == ok()
    assert world.call("p2", "demonitor", "m1", True) == ok()
    assert world.call("p2", "demonitor", "never", True) == ok()
    world("suspend", to="p2")
    world.cast("p2", "demonitor", "m2", False)
    world("stop", to="p1", reason="normal")
    world.settled()
    world.cast("p2", "demonitor", "m3", True)
    world.cast("p2", "demonitor", "m4", False)
    world("resume", to="p2")
    # The DOWNs were queued before the flush was asked for, and are handled first.
    assert sorted(event["ref"] for event in world.log("down")) == ["m2", "m3", "m4"]


@pytest.mark.clause("MON-9")
def test_a_flush_removes_a_down_that_waits_in_the_mailbox(world: World) -> None:
    world.spawn("p1")
    world.spawn("p2")
    for ref in ("m1", "m2"):
        world.call("p2", "monitor", "p1", ref)
    world.cast("p2", "sleep", 30)
    world.cast("p2", "demonitor", "m1", True)
    world.cast("p2", "sleep", 30)
    world("stop", to="p1", reason="normal")
    assert [event["ref"] for event in world.log("down")] in (["m1", "m2"], ["m2"])


# nested calls and spawns


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


# timers


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


# suspend


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


# what it does not offer


@pytest.mark.parametrize(
    "operation",
    [
        Operation("start_supervisor", {"as": "s1", "spec": {}}),
        Operation("which_children", {"sup": "s1"}),
        Operation("parallel", {"clients": []}),
    ],
    ids=lambda operation: operation.op,
)
def test_what_hello_does_not_claim_is_unsupported(world: World, operation: Operation) -> None:
    claimed = world.subject.hello.features & {"supervisor", "dynamic_supervisor", "parallel"}
    assert not claimed
    assert world.subject.run([operation]) == [fail("unsupported")]
