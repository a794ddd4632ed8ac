"""Scenarios for subjects with real time that can neither jump over time nor suspend anybody.

What others reach with a suspended process, these reach with a busy one: a supervisor that starts a slow child has told
its client already that it takes too long, and what happens meanwhile waits in its mailbox.
"""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import Strategy

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_strategies = partial(scenario, SCENARIOS, "strategies", clock="wall")
_supervisor = partial(scenario, SCENARIOS, "supervisor", clock="wall")
_intensity = partial(scenario, SCENARIOS, "intensity", clock="wall")
_shutdown = partial(scenario, SCENARIOS, "shutdown", clock="wall")
_dynamic = partial(scenario, SCENARIOS, "dynamic_supervisor", clock="wall")
_backends = partial(scenario, SCENARIOS, "backends", clock="wall")

SLOW_MS = 300
SOON_MS = 50


def _keep_busy(w: Writer, label: str) -> None:
    """Let a supervisor be busy for a while with the start of a child, whose client does not wait for it."""
    w.add(label, w.worker("slow", init=[{"sleep": SLOW_MS}]), timeout_ms=SOON_MS)


@_strategies("STR-16", "INT-4", "SUP-56")
def two_deaths_before_a_busy_supervisor_looks_are_one_restart_of_all(w: Writer) -> None:
    for number, pair in enumerate(("ab", "ca")):
        label = f"s{number}"
        w.tree(label, *(w.worker(child) for child in "abc"), strategy="one_for_all", max_restarts=1)
        _keep_busy(w, label)
        w.crash(*(f"{label}/{child}#1" for child in pair))
        w.look()


@_strategies("STR-8", "STR-16", "SUP-56")
def two_deaths_before_a_busy_supervisor_looks_restart_the_rest_once_or_twice(w: Writer) -> None:
    for number, (pair, limit) in enumerate((("ac", 2), ("ca", 2))):
        label = f"s{number}"
        w.tree(label, *(w.worker(child) for child in "abc"), strategy="rest_for_one", max_restarts=limit)
        _keep_busy(w, label)
        w.crash(*(f"{label}/{child}#1" for child in pair))
        w.look()


@_strategies("STR-18", "INT-1", "INT-3", "SUP-56")
def two_deaths_before_a_busy_supervisor_looks_are_two_restarts_of_one(w: Writer) -> None:
    for limit in (2, 1):
        label = f"s{limit}"
        w.tree(label, *(w.worker(child) for child in "abc"), max_restarts=limit)
        _keep_busy(w, label)
        w.crash(f"{label}/c#1", f"{label}/a#1")
        w.look()


@_supervisor("SUP-56", "SUP-31")
def what_is_asked_of_a_busy_supervisor_is_done_in_turn(w: Writer) -> None:
    for number, strategy in enumerate[Strategy](("one_for_one", "one_for_all")):
        label = f"s{number}"
        w.tree(label, *(w.worker(child) for child in "ab"), strategy=strategy)
        _keep_busy(w, label)
        w.crash(f"{label}/a#1")
        w.end(label, "b")
        w.ask(label)
        w.look()
        w.restart(label, "b")
        w.look()


@_supervisor("SUP-1", "SUP-56", "STR-1")
def a_child_that_dies_before_the_start_is_over_is_restarted_after_it(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b", init=[{"sleep": SLOW_MS}]), w.worker("c"), timeout_ms=SOON_MS)
    w.crash("s1/a#1")
    w.look()
    w.ask("s1")


@_supervisor("SUP-1", "SUP-12", "SUP-56", "SHUT-13")
def a_parent_that_has_to_end_before_the_start_is_over_ends_after_it(w: Writer) -> None:
    w.spawn("p1")
    w.tree("s1", w.worker("a"), w.worker("b", init=[{"sleep": SLOW_MS}]), link="p1", timeout_ms=SOON_MS)
    w.cast("p1", "stop", {"error": "e1"})
    w.look()


@_intensity("INT-5", "INT-9", "INT-11")
def attempts_that_take_long_slide_out_of_the_window(w: Writer) -> None:
    w.tree("s1", w.worker("a", init=looping(3, 1150)), w.worker("b"), max_restarts=2, max_seconds=1)
    w.crash("s1/a#1")
    w.look()


@_dynamic("DYN-E9", "DYN-E10", "INT-5")
def two_dynamic_children_are_retried_side_by_side(w: Writer) -> None:
    w.pool("s1", max_restarts=30)
    for place, child in enumerate("ab"):
        w.add("s1", w.worker(child, init=looping(1, 40 + 60 * place)))
    w.look()
    w.crash("s1/a#1", "s1/b#1")
    w.look()
    w.ask("s1")


@_shutdown("SHUT-6", "SUP-56")
def a_child_without_limit_that_hangs_is_killed_from_outside(w: Writer) -> None:
    w.tree("s1", w.trapper("a"), w.trapper("b", shutdown="infinity", terminate="hang"), w.trapper("c"))
    w.stop("s1", timeout_ms=100)
    w.kill("s1/b#1")
    w.look()


@_backends("BACK-9", "EXIT-12")
def a_server_killed_in_its_cleanup_is_dead_and_forgotten(w: Writer) -> None:
    w.spawn("p1", terminate="hang", name="n1")
    w.spawn("p2")
    w.call("p2", "monitor", "p1", "m1")
    w.cast("p1", "stop", "normal")
    w.call("p2", "sleep", SOON_MS)
    w.exit("p1", "kill")
    w.look()
    w.put("whereis", name="n1")
    w.spawn("p3", name="n1")
    w.call({"name": "n1"}, "add", 1)
    w.look()
