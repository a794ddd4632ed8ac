"""The Erlang harness on real OTP: stops, exit signals, names, links and monitors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_spec.messages import fail, ok
from tests.support.erlang_world import World, dead, error, exit_of, needs_erl, open_erlang

pytestmark = needs_erl


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_erlang(request.param)


@pytest.fixture
def world(subject: Subject) -> World:
    return World(subject)


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
    world.spawn("p1", terminate={"sleep": 300})
    assert world("stop", to="p1", reason="normal", timeout_ms=5) == fail("timeout")
    assert world.log("dead") == [dead("p1", "normal")]


@pytest.mark.clause("GS-62")
def test_stop_of_a_process_that_crashes_first_tells_the_crash(world: World) -> None:
    world.spawn("p1")
    world.cast("p1", "sleep", 300)
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


@pytest.mark.clause("GS-55", "GS-57")
def test_the_spawner_is_also_the_parent_of_a_monitored_server_but_not_of_a_plain_one(world: World) -> None:
    world.spawn("p1")
    world.call("p1", "spawn", "p2", {"trap_exit": True}, "plain")
    world.call("p1", "spawn", "p3", {"trap_exit": True}, {"monitor": "m3"})
    world.call("p1", "exit", "p2", error("x"))
    world.call("p1", "exit", "p3", error("x"))
    assert world.log("exit", "dead", who="p2") == [{"ev": "exit", "who": "p2", "of": "p1", "reason": error("x")}]
    assert world.log("exit", "dead", who="p3") == [dead("p3", error("x"))]


@pytest.mark.clause("EXIT-21")
def test_trap_exit_answers_the_old_value(world: World) -> None:
    world.spawn("p1")
    assert world.call("p1", "trap_exit", True) == ok(False)
    assert world.call("p1", "trap_exit", True) == ok(True)
    assert world.call("p1", "trap_exit", False) == ok(True)


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
