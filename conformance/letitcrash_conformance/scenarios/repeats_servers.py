"""Scenarios of servers and timers: every reason, every way to end, and more than one who asks."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_genserver = partial(scenario, SCENARIOS, "genserver")
_timers = partial(scenario, SCENARIOS, "timers")
_REASONS: tuple[Reason, ...] = (
    "normal",
    "shutdown",
    {"shutdown": "s1"},
    "kill",
    "killed",
    "noproc",
    {"error": "e1"},
)


# -- servers ----------------------------------------------------------------------------------------------------------


@_genserver("GS-26", "EXIT-14", "GS-50")
def every_waiting_caller_learns_every_reason(w: Writer) -> None:
    w.spawn("p1", "p2")
    for number, reason in enumerate(_REASONS):
        w.spawn(f"r{number}")
        w.later(f"r{number}", w.ms(20, 50), "stop", reason)
        w.call(f"r{number}", "get")
        w.look()
        server = f"q{number}"
        w.spawn(server)
        w.cast(server, "sleep", w.ms(20, 50))
        w.cast("p1", "call", server, ["get"], 60_000)
        w.cast(server, "stop", reason)
        w.call("p2", "call", server, ["get"], 4500)
        w.look()
    w.call("p1", "add", 1)


@_genserver("GS-50", "GS-51", "GS-59")
def every_way_to_end_runs_the_cleanup(w: Writer) -> None:
    for number, reason in enumerate(_REASONS):
        w.spawn(f"p{number}", f"q{number}")
        w.cast(f"p{number}", "stop", reason)
        w.call(f"q{number}", "stop", reason)
        if reason != "kill":
            w.spawn(f"r{number}")
            w.stop(f"r{number}", reason)
        w.look()
    w.spawn("s1", "s2", "s3", "s4")
    w.send("s1", "!stop")
    w.send("s2", "!crash")
    w.cast("s3", "crash", "boom")
    w.call("s4", "crash", "boom")
    w.look()


@_genserver("GS-31", "GS-28", "GS-30")
def several_late_replies_are_dropped(w: Writer) -> None:
    for number in range(1, 4):
        label = f"p{number}"
        w.spawn(label, value=100)
        w.call(label, "sleep", w.ms(200, 250), timeout_ms=w.ms(20, 30))
        for _ in range(1, number):
            w.call(label, "add", 1, timeout_ms=w.ms(20, 30))
        for _ in range(3):
            w.call(label, "add", 10)
        w.look()


@_genserver("GS-31", "GS-28")
def several_late_replies_to_a_server_are_dropped(w: Writer) -> None:
    w.spawn("p1", "p2", value=100)
    w.call("p1", "call", "p2", ["sleep", w.ms(200, 400)], w.ms(20, 30))
    for _ in range(3):
        w.call("p1", "call", "p2", ["add", 1], w.ms(20, 30))
    for _ in range(3):
        w.call("p1", "call", "p2", ["add", 10], 4500)
    w.call("p1", "get")
    w.look()


@_genserver("GS-22", "GS-20")
def who_gets_no_answer_takes_nobody_elses(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.cast("p2", "sleep", w.ms(20, 50))
    w.cast("p2", "call", "p1", ["add", 1], 4500)
    w.call("p1", "noreply", timeout_ms=w.ms(100, 250))
    w.look()
    w.cast("p2", "call", "p1", ["noreply"], w.ms(300, 300))
    w.cast("p3", "call", "p1", ["noreply"], w.ms(300, 300))
    w.call("p1", "sleep", w.ms(10, 50))
    for _ in range(3):
        w.call("p1", "add", 1)
    w.call("p2", "add", 1)
    w.call("p3", "add", 1)
    w.look()


@_genserver("GS-28", "GS-30")
def a_limit_of_zero_is_no_limit_of_another_kind(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "sleep", w.ms(20, 50), timeout_ms=0)
    w.call("p1", "noreply", timeout_ms=0)
    w.call({"name": "n1"}, "get", timeout_ms=0)
    w.stop("p1", "normal", timeout_ms=4500)
    w.look()


@_genserver("GS-28")
def a_limit_of_zero_inside_a_server_is_legal(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "call", "p2", ["sleep", w.ms(100, 200)], 0)
    w.look()
    for _ in range(2):
        w.call("p1", "call", "p2", ["noreply"], 0)
    w.call("p1", "add", 1)
    w.look()
    w.call("p2", "add", 1)


@_genserver("GS-21", "GS-20")
def a_server_does_nothing_else_while_it_waits_for_another(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.call("p1", "call", "p2", ["call", "p1", ["get"], w.ms(50, 100)], 4500)
    w.look()
    w.cast("p1", "sleep", w.ms(50, 150))
    w.cast("p3", "sleep", w.ms(20, 50))
    w.cast("p3", "cast", "p1", ["cast", "p2", ["add", 10]])
    w.call("p1", "call", "p2", ["get"], 4500)
    w.look()
    w.call("p2", "get")


@_genserver("GS-36", "GS-37")
def what_a_server_sends_itself_waits_its_turn(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.cast("p1", "sleep", w.ms(20, 50))
    w.cast("p1", "cast", "p1", ["send", "p2", "last"])
    w.cast("p1", "send", "p1", "to itself")
    w.cast("p1", "send", "p2", "first")
    w.cast("p1", "send", "p2", "second")
    w.look()
    w.cast("p1", "send", "p1", "again")
    w.look()


@_genserver("GS-37")
def what_two_servers_send_keeps_the_order_of_each(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", value=1)
    w.cast("p1", "sleep", w.ms(50, 100))
    for number in range(1, 3):
        for sender in ("p2", "p3"):
            w.cast(sender, "cast", "p1", ["send", sender, f"c{number}"])
            w.cast(sender, "send", "p1", f"{sender} {number}")
    w.look()


@_genserver("GS-59", "GS-21", "GS-58")
def what_was_asked_before_a_stop_is_still_done(w: Writer) -> None:
    for number in range(3):
        label = f"p{number}"
        w.spawn(label, f"q{number}")
        w.cast(f"{label}", "sleep", w.ms(20, 50))
        w.cast(f"q{number}", "call", label, ["add", 1], 60_000)
        w.cast(label, "send", f"q{number}", "done")
        w.send(label, "one")
        w.call(label, "send", f"q{number}", "asked", timeout_ms=w.ms(5, 20))
        w.stop(label, ("normal", "shutdown", {"error": "e1"})[number])
        w.call(f"q{number}", "add", 1)
        w.look()


@_genserver("GS-53", "LNK-12", "LNK-1", "MON-1")
def everybody_hears_of_a_cleanup_that_raised(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2", "p3")
    w.spawn("q1", terminate={"crash": "late"})
    w.call("p1", "link", "q1")
    w.call("p2", "link", "q1")
    w.call("p3", "monitor", "q1", "m1")
    w.look()
    w.stop("q1")
    w.look()


# -- timers -----------------------------------------------------------------------------------------------------------


@_timers("TIM-1")
def ticks_wait_for_a_busy_process(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_interval", "t1", w.ms(20, 40), "tick")
    w.call("p1", "sleep", w.ms(70, 150))
    w.call("p1", "cancel_timer", "t1")
    w.look()


@_timers("TIM-1", "TIM-4")
def timers_with_one_text_are_several(w: Writer) -> None:
    w.spawn("p1")
    for number in range(1, 5):
        w.call("p1", "send_after", f"t{number}", w.ms(50, 30), "same")
    w.call("p1", "cancel_timer", "t2")
    w.look()
    w.advance(w.ms(100, 200))
    w.look()
    w.call("p1", "send_interval", "t5", w.ms(50, 30), "same")
    w.call("p1", "send_after", "t6", w.ms(70, 5_000), "same")
    w.call("p1", "send_after", "t7", 0, "same")
    w.look()
    w.call("p1", "cancel_timer", "t5")
    w.call("p1", "cancel_timer", "t5")
    w.advance(w.ms(100, 200))
    w.look()


@_timers("TIM-5", "TIM-4")
def cancelling_again_changes_nothing(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "send_after", "t1", w.ms(50, 5_000), "never")
    w.call("p1", "send_interval", "t2", w.ms(50, 5_000), "never")
    w.call("p1", "send_after", "t3", w.ms(60, 5_000), "never")
    w.call("p1", "send_after", "t4", 0, "at once")
    w.look()
    for timer in ("t1", "t2", "t3", "t4"):
        for label in ("p1", "p1", "p2"):
            w.call(label, "cancel_timer", timer)
    w.call("p1", "cancel_timer", "t9")
    w.advance(w.ms(100, 120))
    w.look()


@_timers("TIM-1")
def timers_outlast_the_death_of_others(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2", "p3")
    w.call("p1", "link", "p2")
    w.call("p1", "monitor", "p3", "m1")
    w.call("p1", "send_after", "t1", w.ms(50, 60), "soon")
    w.call("p1", "send_interval", "t2", w.ms(80, 5_000), "tick")
    w.crash("p2", "p3")
    w.look()
    w.advance(w.ms(100, 200))
    w.look()
    w.call("p1", "cancel_timer", "t2")
