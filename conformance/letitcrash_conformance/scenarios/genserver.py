"""Scenarios of chapter `genserver`."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_genserver = partial(scenario, SCENARIOS, "genserver")


@_genserver("GS-1", "GS-2", "GS-3", "GS-4", "GS-5")
def a_start_waits_for_init_and_says_how_it_went(w: Writer) -> None:
    entries = ("ok", "ignore", {"stop": "normal"}, {"stop": "shutdown"}, {"stop": {"error": "e1"}}, {"crash": "early"})
    for number, entry in enumerate(entries):
        w.spawn(f"p{number}", init=[{"sleep": 10, "then": entry}])
        w.call(f"p{number}", "add", 1)
        w.spawn(f"q{number}", init=[entry])
    w.look()


@_genserver("GS-4", "GS-3")
def a_failed_linked_start_takes_a_starter_along_that_does_not_trap(w: Writer) -> None:
    for number, entry in enumerate(("ignore", {"stop": "normal"}, {"stop": {"error": "e1"}}, {"crash": "early"})):
        w.spawn(f"p{number}")
        w.cast(f"p{number}", "spawn", f"q{number}", w.probe(init=[entry]), "link")
        w.look()
        w.call(f"p{number}", "add", 1)


@_genserver("GS-5")
def a_process_killed_during_init_never_serves(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.cast("p1", "spawn", "q1", w.probe(init=[{"sleep": w.ms(2000, 3000)}]), "link")
    w.call("p2", "add", 1)
    w.exit("p1", {"error": "e1"})
    w.look()
    w.call("q1", "add", 1)


@_genserver("GS-5", "GS-28")
def a_starter_learns_that_the_newborn_was_killed(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "spawn", "q1", w.probe(init=[{"sleep": w.ms(500, 3000)}]), "plain", timeout_ms=w.ms(10, 100))
    w.exit("q1", "kill")
    w.call("p1", "add", 1, timeout_ms=w.ms(100, 2500))
    w.look()


@_genserver("GS-26")
def a_caller_that_waits_for_a_later_reply_learns_of_the_death(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "send_after", "t1", w.ms(10, 50), "!crash")
    w.call("p1", "noreply", timeout_ms=w.ms(100, 2500))
    w.look()


@_genserver("GS-10", "LNK-9")
def a_server_started_without_a_link_outlives_its_starter(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "spawn", "q1", w.probe(), "plain")
    w.look()
    w.cast("p1", "crash", "boom")
    w.look()
    w.call("q1", "add", 1)


@_genserver("GS-11")
def a_start_that_takes_too_long_is_given_up(w: Writer) -> None:
    w.put("spawn", **{"as": "p1", "probe": w.probe(init=[{"sleep": w.ms(500, 300)}]), "timeout_ms": w.ms(100, 30)})
    w.spawn("p2")
    w.call("p2", "add", 1)
    w.look()


@_genserver("GS-20", "GS-21")
def requests_of_one_client_are_served_in_order(w: Writer) -> None:
    w.spawn("p1")
    for number in range(10):
        w.cast("p1", "add", 1 + number)
        w.send("p1", f"i{number}")
    w.call("p1", "get")
    w.look()
    for number in range(5):
        w.send("p1", f"j{number}")
        w.call("p1", "add", number)
    w.look()


@_genserver("GS-21")
def requests_of_another_server_are_served_in_order(w: Writer) -> None:
    w.spawn("p1", "p2")
    for number in range(3):
        w.cast("p1", "send", "p2", f"i{number}")
    w.call("p1", "call", "p2", ["add", 3], 2500)
    w.look()


@_genserver("GS-22", "GS-28", "GS-30")
def an_unanswered_call_times_out_and_hurts_nobody(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "noreply", timeout_ms=w.ms(100, 30))
    w.call("p1", "add", 1)
    w.call("p1", "noreply", timeout_ms=w.ms(100, 30))
    w.call("p1", "noreply", timeout_ms=w.ms(100, 30))
    w.call("p1", "add", 1)
    w.stop("p1")
    w.look()


@_genserver("GS-30", "GS-31", "GS-28", "GS-27")
def a_late_reply_is_dropped_and_the_request_is_still_served(w: Writer) -> None:
    w.spawn("p1", value=40)
    w.call("p1", "sleep", w.ms(200, 250), timeout_ms=w.ms(50, 30))
    w.call("p1", "add", 2, timeout_ms=w.ms(50, 30))
    w.look()
    w.call("p1", "get")
    w.call("p1", "add", 1)
    w.look()


@_genserver("GS-30", "GS-37")
def what_timed_out_is_served_before_what_is_asked_next(w: Writer) -> None:
    w.spawn("p1", value=40)
    w.call("p1", "sleep", w.ms(200, 250), timeout_ms=w.ms(50, 30))
    w.call("p1", "add", 2, timeout_ms=w.ms(50, 30))
    w.call("p1", "get")
    w.look()


@_genserver("GS-31", "GS-27", "GS-28")
def a_server_that_gave_up_waiting_gets_no_stray_answer(w: Writer) -> None:
    w.spawn("p1", "p2", value=7)
    w.call("p1", "call", "p2", ["sleep", w.ms(200, 250)], w.ms(50, 30))
    w.call("p1", "call", "p2", ["add", 1], 4500)
    w.call("p1", "call", "p2", ["get"], 4500)
    w.look()


@_genserver("GS-29")
def a_limit_of_zero_is_legal(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "noreply", timeout_ms=0)
    w.call("p1", "add", 1)
    w.look()


@_genserver("GS-25", "GS-24", "GS-26", "GS-27")
def a_server_that_calls_gets_every_failure_as_an_answer(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4")
    w.call("p1", "call", "p1", ["get"], 1000)
    w.call("p1", "call", "p2", ["crash", "boom"], 1000)
    w.call("p1", "call", "p2", ["get"], 1000)
    w.call("p1", "call", "p3", ["stop", {"error": "e1"}], 1000)
    w.look()
    w.call("p1", "call", "p3", ["get"], 1000)
    w.call("p1", "call", "p4", ["add", 4], 1000)
    w.call("p1", "add", 1)
    w.look()


@_genserver("GS-26", "GS-34", "GS-62")
def a_caller_learns_why_the_server_died(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.call("p1", "crash", "boom")
    w.call("p1", "get")
    w.spawn("p4", terminate={"crash": "late"})
    w.call("p4", "crash", "boom")
    w.spawn("p5", terminate={"crash": "late"})
    w.stop("p5")
    w.look()


@_genserver("GS-26")
def a_waiting_caller_learns_of_a_kill(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.cast("p1", "call", "p2", ["sleep", w.ms(3000, 60_000)], w.ms(4000, 70_000))
    w.cast("p3", "add", 1)
    w.exit("p2", "kill")
    w.look()
    w.call("p1", "add", 1)


@_genserver("GS-33", "GS-50", "GS-53")
def a_reply_of_stop_comes_after_the_cleanup(w: Writer) -> None:
    for number, script in enumerate(("ok", {"sleep": 20}, {"crash": "late"})):
        w.spawn(f"p{number}", terminate=script)
        w.call(f"p{number}", "stop", {"error": "e1"})
        w.look()
    w.spawn("p3", terminate={"sleep": w.ms(60, 400)})
    w.call("p3", "stop", "shutdown", timeout_ms=w.ms(20, 100))
    w.look()


@_genserver("GS-35", "GS-31")
def answering_a_dead_client_disturbs_nobody(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.cast("p1", "call", "p2", ["sleep", w.ms(200, 100)], 4500)
    w.cast("p1", "add", 1)
    w.call("p2", "add", 1, timeout_ms=4500)
    w.exit("p1", "kill")
    w.look()
    w.call("p2", "add", 1)


@_genserver("GS-36", "EXIT-22")
def a_cast_never_fails(w: Writer) -> None:
    w.spawn("p1")
    w.cast("p1", "add", 1)
    w.stop("p1")
    w.cast("p1", "add", 1)
    w.look()


@_genserver("GS-37")
def plain_messages_of_any_text_arrive_in_order(w: Writer) -> None:
    w.spawn("p1")
    for payload in ("a", "", "héllo", "日本語 ✓", 'quote " and \\', "line\nbreak", "a", "x" * 5000):
        w.send("p1", payload)
    w.look()


@_genserver("GS-50", "GS-51", "EXIT-3")
def the_cleanup_runs_once_with_the_reason(w: Writer) -> None:
    for number, reason in enumerate(("normal", "shutdown", {"shutdown": "s1"}, {"error": "e1"}, "killed")):
        w.spawn(f"p{number}")
        w.cast(f"p{number}", "stop", reason)
        w.look()
    w.spawn("q1", "q2", "q3")
    w.cast("q1", "crash", "boom")
    w.send("q2", "!crash")
    w.send("q3", "!stop")
    w.look()


@_genserver("GS-53", "GS-50")
def a_cleanup_that_raises_replaces_the_reason(w: Writer) -> None:
    for number, action in enumerate((["stop", "normal"], ["stop", "shutdown"], ["crash", "boom"])):
        w.spawn(f"p{number}", terminate={"crash": "late"})
        w.cast(f"p{number}", *action)
        w.look()


@_genserver("GS-55", "GS-56")
def a_server_ends_with_its_parent(w: Writer) -> None:
    for number, reason in enumerate(("normal", "shutdown", {"error": "e1"})):
        parent, trapper, child = f"p{number}", f"t{number}", f"c{number}"
        w.spawn(parent)
        w.call(parent, "spawn", trapper, w.probe(trap_exit=True), "link")
        w.call(parent, "spawn", child, w.probe(), "link")
        w.look()
        w.cast(parent, "stop", reason)
        w.look()


@_genserver("GS-57")
def a_trapping_server_gets_the_exit_of_others_as_a_message(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "spawn", "q1", w.probe(trap_exit=True), "plain")
    w.call("q1", "link", "p1")
    w.call("q1", "link", "p2")
    w.look()
    w.cast("p2", "stop", "shutdown")
    w.look()
    w.cast("p1", "stop", "shutdown")
    w.look()
    w.call("q1", "add", 1)


@_genserver("GS-58", "GS-59", "GS-60")
def stop_waits_until_the_server_is_dead(w: Writer) -> None:
    reasons: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"}, {"error": "e1"})
    for number, reason in enumerate(reasons):
        label = f"p{number}"
        w.spawn(label, terminate={"sleep": 10})
        for step in range(3):
            w.cast(label, "add", 1)
            w.send(label, f"i{step}")
        w.stop(label, reason)
        w.call(label, "get")
        w.stop(label, reason)
        w.look()


@_genserver("GS-61", "GS-62")
def stop_gives_up_waiting_but_the_server_goes_on_ending(w: Writer) -> None:
    w.spawn("p1", terminate={"sleep": w.ms(300, 250)})
    w.stop("p1", "normal", timeout_ms=w.ms(100, 30))
    w.look()
    w.call("p1", "get")
    w.spawn("p2", terminate={"crash": "late"})
    w.stop("p2", "shutdown")
    w.look()


@_genserver("GS-54", "EXIT-12")
def a_killed_server_cleans_nothing_up(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.trapping("p3")
    w.exit("p1", {"error": "e1"})
    w.exit("p2", "kill")
    w.exit("p3", "kill")
    w.look()


@_genserver("GS-21", "GS-37")
def what_comes_to_a_suspended_server_is_handled_in_order_afterwards(w: Writer) -> None:
    w.spawn("p1", value=1)
    for letter in "ij":
        w.put("suspend", to="p1")
        for step in range(3):
            w.send("p1", f"{letter}{step}")
            w.cast("p1", "add", 10**step)
        w.look()
        w.put("resume", to="p1")
        w.call("p1", "get")
        w.look()


@_genserver("GS-26", "EXIT-18")
def callers_of_a_suspended_server_learn_of_its_death(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.put("suspend", to="p1")
    for caller in ("p2", "p3"):
        w.cast(caller, "call", "p1", ["get"], 60_000)
    w.call("p1", "get", timeout_ms=w.ms(50, 50))
    w.kill("p1")
    w.look()
    for caller in ("p2", "p3"):
        w.call(caller, "add", 1)


@_genserver("GS-26", "GS-22")
def all_who_wait_for_a_later_answer_learn_of_the_death(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    for caller in ("p2", "p3"):
        w.cast(caller, "call", "p1", ["noreply"], 60_000)
        if w.is_virtual:
            w.look()
    w.call("p1", "sleep", w.ms(20, 50))
    w.kill("p1")
    w.look()
    for caller in ("p2", "p3"):
        w.call(caller, "add", 1)


@_genserver("GS-25", "GS-21", "GS-36", "EXIT-22")
def a_server_may_write_to_itself_but_not_wait_for_itself(w: Writer) -> None:
    w.spawn("p1", name="n1")
    for number, target in enumerate(("p1", {"name": "n1"})):
        w.call("p1", "cast", target, ["add", 10**number])
        w.call("p1", "send", target, f"i{number}")
        w.call("p1", "call", target, ["get"], w.ms(1000, 2000))
        w.look()
    w.call("p1", "get")
