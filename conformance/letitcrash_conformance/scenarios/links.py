"""Scenarios of chapter `links`."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_links = partial(scenario, SCENARIOS, "links")


@_links("LNK-1")
def either_side_hears_of_the_other(w: Writer) -> None:
    w.trapping("p1", "p2", "p3", "p4")
    w.call("p1", "link", "p2")
    w.call("p4", "link", "p3")
    w.look()
    w.call("p1", "links")
    w.call("p2", "links")
    w.exit("p2", "kill")
    w.exit("p4", "kill")
    w.look()
    w.call("p1", "links")
    w.call("p3", "links")


@_links("LNK-1", "LNK-18")
def four_peers_hear_of_one_death_once_each(w: Writer) -> None:
    w.trapping("p1", "p2", "p3", "p4", "p5")
    for label in ("p2", "p3", "p4"):
        w.call(label, "link", "p1")
    w.call("p1", "link", "p5")
    w.look()
    w.cast("p1", "crash", "boom")
    w.look()
    w.exit("p1", "kill")
    w.look()


@_links("LNK-2", "LNK-18")
def linking_again_changes_nothing(w: Writer) -> None:
    w.trapping("p1", "p2")
    w.call("p1", "link", "p2")
    w.call("p1", "link", "p2")
    w.call("p2", "link", "p1")
    w.look()
    w.cast("p2", "crash", "boom")
    w.look()
    w.look()


@_links("LNK-3", "LNK-15")
def one_unlink_is_enough(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "link", "p2")
    w.call("p1", "link", "p2")
    w.call("p2", "link", "p1")
    w.look()
    w.call("p1", "unlink", "p2")
    w.look()
    w.call("p1", "links")
    w.cast("p2", "crash", "boom")
    w.look()
    w.call("p1", "add", 1)


@_links("LNK-4", "LNK-15")
def either_side_may_unlink(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4")
    w.call("p1", "link", "p2")
    w.call("p3", "link", "p4")
    w.look()
    w.call("p2", "unlink", "p1")
    w.call("p3", "unlink", "p4")
    w.look()
    w.cast("p1", "crash", "boom")
    w.exit("p4", "kill")
    w.look()
    w.call("p2", "links")


@_links("LNK-5", "LNK-14")
def linking_to_itself_creates_nothing(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.call("p1", "link", "p1")
    w.call("p1", "links")
    w.call("p1", "unlink", "p1")
    w.call("p1", "unlink", "p2")
    w.stop("p2")
    w.call("p1", "unlink", "p2")
    w.call("p1", "add", 1)


@_links("LNK-6", "LNK-7")
def linking_to_the_dead_is_noproc(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2", "p3")
    w.stop("p3")
    w.look()
    w.call("p1", "link", "p3")
    w.look()
    w.call("p1", "links")
    w.call("p2", "link", "p3")
    w.look()


@_links("LNK-9", "GS-55", "GS-57")
def a_linked_start_is_one_step(w: Writer) -> None:
    w.trapping("p1")
    w.call("p1", "spawn", "p2", w.probe(), "link")
    w.cast("p2", "stop", {"error": "e1"})
    w.look()
    w.call("p1", "spawn", "p3", w.probe(), "link")
    w.call("p1", "links")
    w.exit("p3", "kill")
    w.look()
    w.call("p1", "links")


@_links("LNK-10")
def linking_after_the_start_may_come_too_late(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2")
    w.cast("p2", "crash", "boom")
    w.cast("p1", "link", "p2")
    w.look()


@_links("LNK-11", "LNK-12")
def a_normal_end_spares_the_peer_and_any_other_does_not(w: Writer) -> None:
    for number, reason in enumerate(("normal", "shutdown", {"shutdown": "s1"}, "killed", "noproc", {"error": "e1"})):
        left, right = f"a{number}", f"b{number}"
        w.spawn(left, right)
        w.call(left, "link", right)
        w.look()
        w.cast(right, "stop", reason)
        w.look()
        w.call(left, "add", 1)


@_links("LNK-12")
def a_death_spreads_through_everybody_who_does_not_trap(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p5")
    w.trapping("p4")
    w.call("p1", "link", "p2")
    w.call("p2", "link", "p3")
    w.call("p3", "link", "p4")
    w.call("p4", "link", "p5")
    w.look()
    w.exit("p1", {"error": "e1"})
    w.look()
    w.call("p5", "add", 1)


@_links("LNK-13", "EXIT-16", "EXIT-15")
def a_trapping_process_survives_every_link(w: Writer) -> None:
    w.trapping("p1")
    for number, reason in enumerate(("normal", "shutdown", "kill", "killed", {"error": "e1"})):
        label = f"q{number}"
        w.spawn(label)
        w.call("p1", "link", label)
        w.look()
        w.cast(label, "stop", reason)
        w.look()
    w.spawn("q9")
    w.call("p1", "link", "q9")
    w.exit("q9", "kill")
    w.look()
    w.call("p1", "add", 1)


@_links("LNK-15", "LNK-16")
def a_signal_that_meets_a_removed_link_is_dropped(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    w.call("p1", "link", "p2")
    w.call("p1", "link", "p3")
    w.look()
    w.call("p1", "unlink", "p2")
    w.exit("p2", "kill")
    w.call("p1", "unlink", "p3")
    w.cast("p3", "crash", "boom")
    w.look()
    w.call("p1", "add", 1)


@_links("LNK-17")
def linking_again_after_unlinking_works(w: Writer) -> None:
    w.trapping("p1", "p2")
    w.call("p1", "link", "p2")
    w.look()
    w.call("p1", "unlink", "p2")
    w.look()
    w.call("p1", "link", "p2")
    w.look()
    w.call("p1", "links")
    w.cast("p2", "crash", "boom")
    w.look()


@_links("LNK-19", "MON-4")
def a_link_and_a_monitor_are_independent(w: Writer) -> None:
    w.trapping("p1", "p2", "p3", "p4")
    for number, label in enumerate(("p2", "p3", "p4")):
        w.call("p1", "link", label)
        w.call("p1", "monitor", label, f"m{number}")
        w.look()
    w.look()
    w.call("p1", "unlink", "p3")
    w.call("p1", "demonitor", "m2", False)
    w.look()
    for label in ("p2", "p3", "p4"):
        w.cast(label, "stop", {"error": "e1"})
        w.look()


@_links("LNK-20", "MON-18")
def who_kills_first_and_links_then_links_to_the_dead(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2", "p3")
    w.cast("p1", "exit", "p2", "kill")
    w.cast("p1", "link", "p2")
    w.look()
    w.cast("p1", "exit", "p3", {"error": "e1"})
    w.cast("p1", "monitor", "p3", "m1")
    w.look()


@_links("LNK-21", "GS-12", "REG-17")
def a_refused_start_leaves_no_link(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2", name="n1")
    w.call("p1", "spawn", "p3", w.probe(name="n1"), "link")
    w.look()
    w.call("p1", "links")
    w.exit("p2", "kill")
    w.look()


@_links("LNK-2", "LNK-1")
def each_of_three_links_can_be_cut_alone(w: Writer) -> None:
    w.trapping("p1", "p2", "p3", "p4")
    for label in ("p2", "p3", "p4"):
        w.call("p1", "link", label)
    w.look()
    w.call("p1", "unlink", "p3")
    w.look()
    w.call("p1", "links")
    for label in ("p2", "p3", "p4"):
        w.cast(label, "crash", "boom")
        w.look()


@_links("LNK-12", "LNK-13", "EXIT-21")
def links_outlast_a_change_of_mind_about_trapping(w: Writer) -> None:
    w.trapping("p1", "p3")
    w.spawn("p2", "p4")
    for left, right in (("p1", "p2"), ("p4", "p3")):
        w.call(left, "link", right)
    w.look()
    w.call("p1", "trap_exit", False)
    w.call("p4", "trap_exit", True)
    w.call("p1", "links")
    w.crash("p2")
    w.look()
    w.crash("p3")
    w.look()
    w.call("p4", "add", 1)


@_links("LNK-1", "LNK-12", "LNK-13", "EXIT-26")
def every_reason_reaches_a_linked_process_unchanged(w: Writer) -> None:
    reasons: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"}, {"error": "e1"}, "killed", "noproc")
    for number, reason in enumerate(reasons):
        peer, trapper, other = f"p{number}", f"t{number}", f"o{number}"
        w.spawn(peer, other)
        w.trapping(trapper)
        w.call(trapper, "link", peer)
        w.call(other, "link", peer)
        w.look()
        w.cast(peer, "stop", reason)
        w.look()
