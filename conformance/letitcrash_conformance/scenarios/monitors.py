"""Scenarios of chapter `monitors`."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_monitors = partial(scenario, SCENARIOS, "monitors")


@_monitors("MON-1", "MON-21")
def a_monitor_reports_every_reason(w: Writer) -> None:
    w.spawn("p1")
    w.trapping("p2")
    for number, reason in enumerate(("normal", "shutdown", {"shutdown": "s1"}, "kill", {"error": "e1"})):
        label = f"q{number}"
        w.spawn(label)
        w.call("p1", "monitor", label, f"a{number}")
        w.call("p2", "monitor", label, f"b{number}")
        w.look()
        w.cast(label, "stop", reason)
        w.look()


@_monitors("MON-1")
def four_owners_hear_of_one_death(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4", "p5")
    for number in range(1, 5):
        w.call(f"p{number}", "monitor", "p5", f"m{number}")
    w.look()
    w.cast("p5", "crash", "boom")
    w.look()


@_monitors("MON-2", "MON-3")
def monitoring_what_is_not_there_is_noproc(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.stop("p2")
    w.call("p1", "monitor", "p2", "m1")
    w.look()
    w.call("p1", "monitor", {"name": "n3"}, "m2")
    w.look()


@_monitors("MON-4")
def a_monitor_does_nothing_to_its_target(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.call("p1", "monitor", "p2", "m1")
    w.call("p1", "monitor", "p3", "m2")
    w.call("p1", "demonitor", "m2", False)
    w.look()
    w.cast("p1", "crash", "boom")
    w.look()
    w.call("p2", "add", 1)
    w.call("p3", "add", 1)


@_monitors("MON-5", "MON-6", "MON-7")
def monitors_stack_and_are_removed_one_by_one(w: Writer) -> None:
    w.spawn("p1", "p2")
    for number in range(1, 6):
        w.call("p1", "monitor", "p2", f"m{number}")
    w.look()
    w.call("p1", "demonitor", "m2", False)
    w.call("p1", "demonitor", "m4", True)
    w.look()
    w.cast("p2", "crash", "boom")
    w.look()
    w.exit("p2", "kill")
    w.look()


@_monitors("MON-8", "MON-10")
def after_demonitor_no_down_comes(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.call("p1", "monitor", "p2", "m1")
    w.call("p1", "monitor", "p3", "m2")
    w.look()
    w.call("p1", "demonitor", "m1", False)
    w.call("p1", "demonitor", "m1", False)
    w.call("p1", "demonitor", "m1", True)
    w.look()
    w.cast("p2", "crash", "boom")
    w.cast("p3", "crash", "boom")
    w.look()
    w.call("p1", "demonitor", "m2", False)
    w.look()


@_monitors("MON-9")
def flush_removes_a_queued_down_and_only_that(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4")
    w.call("p1", "monitor", "p2", "m1")
    w.call("p1", "monitor", "p4", "m2")
    w.call("p1", "monitor", "p3", "m3")
    w.look()
    w.put("suspend", to="p1")
    w.cast("p1", "demonitor", "m1", True)
    w.cast("p1", "demonitor", "m3", False)
    w.look()
    for label in ("p2", "p3", "p4"):
        w.cast(label, "crash", "boom")
        w.look()
    w.put("resume", to="p1")
    w.look()


@_monitors("MON-14")
def monitoring_itself_reports_nothing(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "monitor", "p1", "m1")
    w.look()
    w.call("p1", "add", 1)
    w.call("p1", "demonitor", "m1", False)
    w.call("p2", "monitor", "p2", "m2")
    w.cast("p2", "crash", "boom")
    w.look()


@_monitors("MON-15")
def a_monitor_by_name_stays_with_the_process(w: Writer) -> None:
    w.spawn("p1")
    w.spawn("p2", name="n1")
    w.spawn("p3")
    w.call("p1", "monitor", {"name": "n1"}, "m1")
    w.look()
    w.put("unregister", name="n1")
    w.put("register", name="n1", to="p3")
    w.cast("p3", "crash", "boom")
    w.look()
    w.cast("p2", "stop", {"error": "e1"})
    w.look()


@_monitors("MON-16", "GS-14")
def a_monitored_start_is_one_step(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "spawn", "p2", w.probe(), {"monitor": "m1"})
    w.cast("p2", "crash", "boom")
    w.look()
    w.call("p1", "spawn", "p3", w.probe(), {"monitor": "m2"})
    w.send("p3", "!stop")
    w.look()


@_monitors("MON-17")
def monitoring_after_the_start_may_come_too_late(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.cast("p2", "crash", "boom")
    w.cast("p1", "monitor", "p2", "m1")
    w.look()


@_monitors("MON-18")
def who_kills_first_and_monitors_then_monitors_the_dead(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.cast("p1", "exit", "p2", "kill")
    w.cast("p1", "monitor", "p2", "m1")
    w.look()
    w.cast("p1", "exit", "p3", {"error": "e1"})
    w.cast("p1", "monitor", "p3", "m2")
    w.look()


@_monitors("MON-19")
def messages_come_before_the_down(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "monitor", "p2", "m1")
    w.look()
    for number in range(3):
        w.cast("p2", "send", "p1", f"i{number}")
    w.cast("p2", "stop", "shutdown")
    w.look()


@_monitors("MON-14", "MON-15")
def a_monitor_on_oneself_by_name_is_silent(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.spawn("p2")
    w.call("p1", "monitor", {"name": "n1"}, "m1")
    w.call("p2", "monitor", {"name": "n1"}, "m2")
    w.look()
    w.put("unregister", name="n1")
    w.look()
    w.stop("p1")
    w.look()


@_monitors("MON-10", "MON-6", "MON-5")
def taking_a_monitor_back_twice_spares_the_others(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    for number in range(1, 5):
        w.call("p1", "monitor", "p2", f"m{number}")
    w.call("p3", "monitor", "p2", "n1")
    for _ in range(2):
        w.call("p1", "demonitor", "m2", False)
        w.call("p1", "demonitor", "m3", True)
    w.look()
    w.stop("p2")
    w.look()
    w.call("p1", "demonitor", "m1", True)
    w.call("p1", "monitor", "p2", "m5")
    w.look()
