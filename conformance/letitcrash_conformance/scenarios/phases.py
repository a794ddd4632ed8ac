"""Scenarios of several chapters: what comes to a process while it begins, while it ends, and while it is suspended."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Json, Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_exits = partial(scenario, SCENARIOS, "exits")
_links = partial(scenario, SCENARIOS, "links")
_monitors = partial(scenario, SCENARIOS, "monitors")
_registry = partial(scenario, SCENARIOS, "registry")
_genserver = partial(scenario, SCENARIOS, "genserver")
_timers = partial(scenario, SCENARIOS, "timers")
_LETHAL: tuple[Reason, ...] = ({"error": "e1"}, "kill")


def _ending(w: Writer, *labels: str, reason: Reason, trap_exit: bool = False, **keys: Json) -> None:
    """Start processes whose cleanup takes a while, and leave each in the middle of it."""
    for label in labels:
        w.spawn(label, trap_exit=trap_exit, terminate={"sleep": w.ms(300, 400)}, **keys)
    for label in labels:
        w.stop(label, reason, timeout_ms=w.ms(20, 60))


def _beginning(w: Writer, label: str, starter: str, how: Json = "plain", **keys: Json) -> None:
    """Have a process start another one whose init takes a while, and leave it in the middle of it."""
    probe = w.probe(init=[{"sleep": w.ms(300, 400)}], **keys)
    w.call(starter, "spawn", label, probe, how, timeout_ms=w.ms(20, 100))


# -- while it ends ----------------------------------------------------------------------------------------------------


@_links("LNK-1", "LNK-12", "GS-61")
def who_links_itself_to_an_ending_process_hears_its_reason(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2")
    _ending(w, "q1", reason={"error": "e1"})
    w.call("p1", "link", "q1")
    w.call("p2", "link", "q1")
    w.call("p1", "links")
    w.look()
    w.trapping("p3")
    _ending(w, "q2", reason="normal")
    w.call("p3", "link", "q2")
    w.look()
    w.call("p3", "links")


@_monitors("MON-1", "MON-15", "GS-61")
def who_watches_an_ending_process_hears_its_reason(w: Writer) -> None:
    w.spawn("p1", "p2")
    _ending(w, "q1", reason={"shutdown": "s1"}, name="n1")
    w.call("p1", "monitor", "q1", "m1")
    w.call("p2", "monitor", {"name": "n1"}, "m2")
    w.call("p2", "monitor", "q1", "m3")
    w.call("p2", "demonitor", "m3", False)
    w.look()
    _ending(w, "q2", reason="normal")
    w.call("p1", "monitor", "q2", "m4")
    w.look()


@_registry("REG-1", "REG-2", "REG-11", "GS-26", "GS-61")
def an_ending_process_has_its_name_to_the_last(w: Writer) -> None:
    w.spawn("p1")
    _ending(w, "q1", reason={"error": "e1"}, name="n1")
    w.put("whereis", name="n1")
    w.put("name_of", to="q1")
    w.put("register", name="n1", to="p1")
    w.spawn("p2", name="n1")
    w.send({"name": "n1"}, "too late")
    w.cast({"name": "n1"}, "add", 1)
    w.call("p1", "call", {"name": "n1"}, ["get"], 4500)
    w.look()
    w.put("whereis", name="n1")
    w.put("register", name="n1", to="p1")
    w.call({"name": "n1"}, "add", 1)


@_registry("REG-9", "REG-10", "REG-11", "GS-61")
def the_name_of_an_ending_process_can_be_moved(w: Writer) -> None:
    w.spawn("p1")
    _ending(w, "q1", reason="shutdown", name="n1")
    w.put("unregister", name="n1")
    w.put("register", name="n1", to="p1")
    w.put("register", name="n2", to="q1")
    w.put("name_of", to="q1")
    w.look()
    w.put("whereis", name="n1")
    w.put("whereis", name="n2")
    w.call({"name": "n1"}, "add", 1)


@_genserver("GS-26", "GS-62", "GS-61")
def who_asks_an_ending_server_hears_its_reason(w: Writer) -> None:
    w.spawn("p1", "p2")
    _ending(w, "q1", reason={"error": "e1"})
    w.cast("p1", "call", "q1", ["add", 1], 60_000)
    w.cast("p2", "add", 1)
    w.call("q1", "get")
    w.call("p1", "add", 1)
    w.look()
    _ending(w, "q2", reason="shutdown")
    w.stop("q2", "shutdown")
    w.look()
    _ending(w, "q3", reason="normal")
    w.stop("q3", {"error": "e2"})
    w.look()


@_exits("EXIT-18", "GS-61")
def a_signal_meets_a_process_that_ends(w: Writer) -> None:
    for number, reason in enumerate((*_LETHAL, "normal")):
        _ending(w, f"p{number}", reason="normal")
        w.exit(f"p{number}", reason)
        w.look()


@_exits("EXIT-18", "GS-61")
def a_signal_meets_a_trapping_process_that_ends(w: Writer) -> None:
    for number, reason in enumerate(_LETHAL):
        _ending(w, f"p{number}", reason="normal", trap_exit=True)
        w.exit(f"p{number}", reason)
        w.look()


@_links("LNK-12", "GS-61")
def the_end_of_a_linked_process_meets_one_that_ends(w: Writer) -> None:
    w.spawn("p1", "p2")
    for label, trap_exit in (("q1", False), ("q2", True)):
        w.spawn(label, trap_exit=trap_exit, terminate={"sleep": w.ms(300, 400)})
    w.call("p1", "link", "q1")
    w.call("p2", "link", "q2")
    w.stop("q1", "normal", timeout_ms=w.ms(20, 60))
    w.stop("q2", "normal", timeout_ms=w.ms(20, 60))
    w.crash("p1", "p2")
    w.look()


# -- while it begins --------------------------------------------------------------------------------------------------


@_genserver("GS-21", "GS-37", "GS-1")
def what_comes_while_a_server_begins_is_handled_in_order(w: Writer) -> None:
    w.spawn("p1")
    _beginning(w, "q1", "p1", value=1)
    w.cast("q1", "add", 10)
    w.send("q1", "one")
    w.cast("q1", "add", 100)
    w.send("q1", "two")
    w.call("q1", "add", 1000)
    w.look()


@_genserver("EXIT-7", "EXIT-9")
def exits_that_come_while_a_server_begins_are_trapped(w: Writer) -> None:
    w.spawn("p1", "p2")
    _beginning(w, "q1", "p1", trap_exit=True)
    w.exit("q1", {"error": "e1"})
    w.exit("q1", "normal")
    w.cast("p2", "exit", "q1", "shutdown")
    w.look()
    w.call("q1", "add", 1)


@_links("LNK-1", "GS-55", "GS-56")
def the_end_of_a_linked_process_meets_one_that_begins(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4")
    _beginning(w, "q1", "p1", "link")
    _beginning(w, "q2", "p2", "link", trap_exit=True)
    _beginning(w, "q3", "p3", trap_exit=True)
    w.call("p4", "link", "q3")
    w.exit("p1", {"error": "e1"})
    w.exit("p2", {"error": "e2"})
    w.exit("p4", {"error": "e3"})
    w.look()
    w.call("q3", "add", 1)


@_monitors("MON-1", "MON-15")
def a_process_that_begins_can_be_watched(w: Writer) -> None:
    w.spawn("p1", "p2")
    _beginning(w, "q1", "p1", name="n1")
    w.call("p2", "monitor", "q1", "m1")
    w.call("p2", "monitor", {"name": "n1"}, "m2")
    w.look()
    w.exit("q1", {"error": "e1"})
    w.look()
    w.spawn("p3")
    _beginning(w, "q2", "p3")
    w.call("p2", "monitor", "q2", "m3")
    w.kill("q2")
    w.look()


@_registry("REG-17", "REG-2", "REG-16")
def a_process_that_begins_has_its_name(w: Writer) -> None:
    w.spawn("p1", "p2")
    _beginning(w, "q1", "p1", name="n1")
    w.put("whereis", name="n1")
    w.put("name_of", to="q1")
    w.put("register", name="n1", to="p2")
    w.send({"name": "n1"}, "one")
    w.cast({"name": "n1"}, "add", 1)
    w.call({"name": "n1"}, "add", 1)
    w.look()


# -- while it is suspended --------------------------------------------------------------------------------------------


@_monitors("MON-1", "MON-21")
def the_suspended_are_watched_and_hear_of_deaths(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4")
    w.call("p1", "monitor", "p2", "m1")
    w.put("suspend", to="p1")
    w.put("suspend", to="p3")
    w.call("p4", "monitor", "p3", "m2")
    w.crash("p2")
    w.look()
    w.put("resume", to="p1")
    w.look()
    w.put("resume", to="p3")
    w.crash("p3")
    w.look()


@_links("LNK-1", "LNK-6")
def the_suspended_are_linked_and_hear_of_deaths(w: Writer) -> None:
    w.trapping("p1", "p2")
    w.spawn("p3")
    w.call("p1", "link", "p3")
    w.put("suspend", to="p1")
    w.call("p2", "link", "p1")
    w.crash("p3")
    w.look()
    w.put("resume", to="p1")
    w.call("p1", "links")
    w.look()
    w.kill("p1")
    w.look()


@_registry("REG-1", "REG-9", "REG-10", "REG-11")
def the_suspended_are_named_and_lose_their_names(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.put("suspend", to="p1")
    w.put("register", name="n1", to="p1")
    w.put("whereis", name="n1")
    w.put("name_of", to="p1")
    w.cast({"name": "n1"}, "add", 1)
    w.put("unregister", name="n1")
    w.put("register", name="n1", to="p2")
    w.put("register", name="n2", to="p1")
    w.look()
    w.kill("p1")
    w.put("whereis", name="n1")
    w.look()
    w.call({"name": "n1"}, "add", 1)


@_links("LNK-1")
def an_exit_that_has_arrived_stays_after_unlinking(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2", "p3")
    w.call("p1", "link", "p2")
    w.call("p1", "link", "p3")
    w.put("suspend", to="p1")
    w.cast("p1", "unlink", "p2")
    w.look()
    w.crash("p2", "p3")
    w.look()
    w.put("resume", to="p1")
    w.look()


@_monitors("MON-9", "MON-10")
def flush_works_whatever_was_tried_before(w: Writer) -> None:
    w.spawn("p1", "q1", "q2", "q3", "q4")
    for number in range(1, 5):
        w.call("p1", "monitor", f"q{number}", f"m{number}")
    w.put("suspend", to="p1")
    for number, flushes in ((1, (False, True)), (2, (True, True)), (3, (False, False)), (4, (True, False))):
        for flush in flushes:
            w.cast("p1", "demonitor", f"m{number}", flush)
    w.look()
    for number in range(1, 5):
        w.crash(f"q{number}")
        w.look()
    w.put("resume", to="p1")
    w.look()
    w.call("p1", "demonitor", "m3", True)
    w.call("p1", "add", 1)


@_timers("TIM-5", "TIM-1", "GS-21")
def a_timer_that_has_fired_cannot_be_taken_back(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_after", "t1", w.ms(10, 20), "soon")
    w.put("suspend", to="p1")
    w.cast("p1", "cancel_timer", "t1")
    w.advance(w.ms(50, 150))
    w.look()
    w.put("resume", to="p1")
    w.call("p1", "cancel_timer", "t1")
    w.look()


@_timers("TIM-1", clock="virtual")
def a_tick_that_has_come_stays_when_its_interval_is_cancelled(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_interval", "t1", 30, "tick")
    w.put("suspend", to="p1")
    w.cast("p1", "cancel_timer", "t1")
    w.look()
    w.advance(70)
    w.look()
    w.put("resume", to="p1")
    w.look()
    w.advance(100)
    w.look()


@_genserver("GS-21", "GS-37")
def what_came_to_the_suspended_before_its_end_is_handled_before_its_end(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    for label in ("p1", "p2", "p3"):
        w.put("suspend", to=label)
        w.send(label, "one")
    w.cast("p1", "stop", {"error": "e1"})
    w.send("p2", "!stop")
    w.cast("p3", "send", "p1", "two")
    w.send("p3", "three")
    w.cast("p3", "crash", "boom")
    for label in ("p3", "p1", "p2"):
        w.put("resume", to=label)
        w.look()
