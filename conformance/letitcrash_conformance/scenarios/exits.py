"""Scenarios of chapter `exits`."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_exits = partial(scenario, SCENARIOS, "exits")
REASONS: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"}, "kill", "killed", "noproc", {"error": "e1"})


@_exits("EXIT-1", "EXIT-2", "EXIT-3")
def every_reason_reaches_a_monitor_unchanged(w: Writer) -> None:
    w.spawn("p1")
    for number, reason in enumerate(REASONS):
        label = f"q{number}"
        w.spawn(label)
        w.call("p1", "monitor", label, f"m{number}")
        w.cast(label, "stop", reason)
        w.look()
    w.spawn("q8", "q9")
    w.call("p1", "monitor", "q8", "m8")
    w.call("p1", "monitor", "q9", "m9")
    w.cast("q8", "crash", "boom")
    w.send("q9", "!stop")
    w.look()


@_exits("EXIT-6", "EXIT-26", "EXIT-5")
def every_signal_but_normal_ends_a_process_that_does_not_trap(w: Writer) -> None:
    w.spawn("p1")
    for number, reason in enumerate(REASONS):
        label = f"q{number}"
        w.spawn(label)
        w.call("p1", "monitor", label, f"m{number}")
        w.exit(label, reason)
        w.look()
        w.call(label, "get")
        w.exit(label, reason)


@_exits("EXIT-7", "EXIT-9")
def a_trapping_process_survives_every_signal_but_kill(w: Writer) -> None:
    w.trapping("p1")
    for reason in (reason for reason in REASONS if reason != "kill"):
        w.exit("p1", reason)
        w.look()
        w.call("p1", "add", 1)
    w.exit("p1", "kill")
    w.look()


@_exits("EXIT-8")
def a_normal_signal_does_nothing_to_others(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.exit("p1", "normal")
    w.call("p1", "add", 1)
    w.call("p2", "exit", "p1", "normal")
    w.look()
    w.call("p1", "add", 1)


@_exits("EXIT-10", "EXIT-17")
def a_signal_to_itself_ends_a_process_even_if_it_is_normal(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.cast("p1", "exit", "p1", "normal")
    w.look()
    w.cast("p2", "exit", "p2", {"error": "e1"})
    w.look()


@_exits("EXIT-11")
def a_trapping_process_gets_its_own_signal_as_a_message(w: Writer) -> None:
    w.spawn("p1")
    w.call("p1", "spawn", "p2", w.probe(trap_exit=True), "link")
    for reason in ("normal", "shutdown", {"error": "e1"}):
        w.cast("p2", "exit", "p2", reason)
        w.look()
    w.call("p2", "add", 1)


@_exits("EXIT-12", "EXIT-13", "GS-54")
def kill_cannot_be_trapped_and_runs_no_cleanup(w: Writer) -> None:
    w.trapping("p1", "p2", "p3")
    w.call("p3", "monitor", "p1", "m1")
    w.call("p3", "monitor", "p2", "m2")
    w.exit("p1", "kill")
    w.look()
    w.cast("p2", "exit", "p2", "kill")
    w.look()


@_exits("EXIT-14", "EXIT-15")
def a_raised_kill_is_an_ordinary_reason_on_links(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.trapping("p3")
    w.call("p2", "link", "p1")
    w.call("p3", "link", "p1")
    w.look()
    w.cast("p1", "stop", "kill")
    w.look()


@_exits("EXIT-16", "LNK-12")
def killed_spreads_along_a_chain_of_links(w: Writer) -> None:
    chain = [f"p{number}" for number in range(1, 6)]
    w.spawn(*chain)
    w.trapping("p9")
    for left, right in pairwise(chain):
        w.call(left, "link", right)
        w.look()
    w.call("p9", "link", "p5")
    w.look()
    w.exit("p1", "kill")
    w.look()


@_exits("EXIT-18")
def signals_act_on_a_process_that_is_busy(w: Writer) -> None:
    long = w.ms(1000, 60_000)
    w.spawn("p1", "p2")
    w.cast("p1", "sleep", long)
    w.cast("p2", "sleep", long)
    w.exit("p1", {"error": "e1"})
    w.exit("p2", "kill")
    w.look()


@_exits("EXIT-19")
def the_first_of_two_lethal_signals_decides(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.exit("p1", {"error": "e1"})
    w.exit("p1", {"error": "e2"})
    w.exit("p2", "shutdown")
    w.exit("p2", "kill")
    w.exit("p3", "kill")
    w.exit("p3", "shutdown")
    w.look()


@_exits("EXIT-20")
def what_was_trapped_stays_a_message_after_the_flag_is_cleared(w: Writer) -> None:
    w.trapping("p1")
    w.put("suspend", to="p1")
    w.cast("p1", "trap_exit", False)
    w.exit("p1", {"error": "e1"})
    w.look()
    w.put("resume", to="p1")
    w.look()
    w.call("p1", "add", 1)
    w.exit("p1", {"error": "e2"})
    w.look()


@_exits("EXIT-21")
def the_trap_flag_is_false_at_birth_and_not_inherited(w: Writer) -> None:
    w.trapping("p1")
    w.call("p1", "spawn", "p2", w.probe(), "plain")
    w.call("p1", "spawn", "p3", w.probe(), "link")
    w.call("p2", "trap_exit", True)
    w.call("p2", "trap_exit", False)
    w.call("p3", "trap_exit", False)
    w.call("p1", "trap_exit", True)
    w.exit("p3", {"error": "e1"})
    w.look()


@_exits("EXIT-22")
def sending_to_the_dead_succeeds(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.stop("p1")
    w.send("p1", "late")
    w.cast("p1", "add", 1)
    w.exit("p1", "kill")
    w.call("p2", "send", "p1", "late")
    w.call("p2", "cast", "p1", ["add", 1])
    w.look()


@_exits("EXIT-23")
def nothing_sent_after_a_lethal_signal_is_handled(w: Writer) -> None:
    reasons: tuple[tuple[str, Reason], ...] = (("p1", {"error": "e1"}), ("p2", "kill"), ("p3", "shutdown"))
    for label, reason in reasons:
        w.spawn(label)
        for number in range(3):
            w.send(label, f"before{number}")
        w.look()
        w.exit(label, reason)
        for number in range(3):
            w.send(label, f"after{number}")
        w.look()


@_exits("EXIT-25", "REG-11", "MON-20")
def a_name_is_free_once_its_owner_is_known_to_be_dead(w: Writer) -> None:
    w.spawn("p0")
    reasons: tuple[Reason, ...] = ("kill", "shutdown", {"error": "e1"})
    for number, reason in enumerate(reasons):
        label = f"p{number + 1}"
        w.spawn(label, name="n1")
        w.call("p0", "monitor", label, f"m{number}")
        w.exit(label, reason)
        w.look()
        w.put("whereis", name="n1")
        w.put("name_of", to=label)
    w.spawn("p5", name="n1")
    w.stop("p5")
    w.put("whereis", name="n1")
    w.spawn("p6", name="n1")
    w.call("p6", "crash", "boom")
    w.put("register", name="n1", to="p0")


@_exits("EXIT-28", "MON-19")
def messages_of_a_process_arrive_before_the_news_of_its_death(w: Writer) -> None:
    w.trapping("p1", "p2")
    w.call("p1", "link", "p2")
    w.call("p1", "monitor", "p2", "m1")
    w.look()
    for number in range(4):
        w.cast("p2", "send", "p1", f"i{number}")
    w.cast("p2", "crash", "boom")
    w.look()


@_exits("EXIT-18", "EXIT-6", "EXIT-7", "EXIT-20", "LNK-12")
def exit_signals_act_on_the_suspended(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.trapping("p4")
    w.call("p1", "link", "p3")
    w.call("p4", "link", "p3")
    for label in ("p1", "p2", "p4"):
        w.put("suspend", to=label)
    w.exit("p2", {"error": "e1"})
    w.exit("p4", {"error": "e2"})
    w.look()
    w.crash("p3")
    w.look()
    w.put("resume", to="p4")
    w.look()
