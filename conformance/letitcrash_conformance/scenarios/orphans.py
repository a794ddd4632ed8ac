"""Scenarios about supervisors that end while they are at work: nobody they were about to start may be left behind."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import Strategy, nested, supervisor

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_supervisor = partial(scenario, SCENARIOS, "supervisor")
_strategies = partial(scenario, SCENARIOS, "strategies")
_dynamic = partial(scenario, SCENARIOS, "dynamic_supervisor")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")


@_strategies("STR-12", "SUP-16", "STR-21")
def a_supervisor_that_is_killed_in_its_attempts_makes_no_further_one(w: Writer) -> None:
    for strategy in STRATEGIES:
        inner = supervisor(
            w.worker("a"), w.worker("b", init=looping(3)), w.worker("c"), strategy=strategy, max_restarts=9
        )
        w.tree(strategy, nested("n", inner), w.worker("z"))
        w.look()
        w.crash(f"{strategy}/n#1/b#1")
        w.put("which_children", sup=f"{strategy}/n#1")
        w.kill(f"{strategy}/n#1")
        w.look()


@_strategies("STR-12", "SUP-31", "STR-15", "SUP-35", "SHUT-12")
def a_supervisor_that_is_ended_by_hand_in_its_attempts_makes_no_further_one(w: Writer) -> None:
    for strategy in STRATEGIES:
        inner = supervisor(
            w.worker("a"), w.worker("b", init=looping(3)), w.worker("c"), strategy=strategy, max_restarts=9
        )
        w.tree(strategy, nested("n", inner, restart="transient"), w.worker("z"))
        w.look()
        w.crash(f"{strategy}/n#1/b#1")
        w.put("which_children", sup=f"{strategy}/n#1")
        w.end(strategy, "n")
        w.look()
        w.restart(strategy, "n")
        w.look()


@_dynamic("DYN-E9", "SUP-16", "DYN-E11")
def a_dynamic_supervisor_that_ends_in_its_attempts_makes_no_further_one(w: Writer) -> None:
    for way in ("kill", "stop"):
        w.pool(way, max_restarts=9)
        w.add(way, w.worker("a", init=looping(3)))
        w.add(way, w.worker("b"))
        w.look()
        w.crash(f"{way}/a#1")
        w.put("which_children", sup=way)
        if way == "kill":
            w.kill(way)
        else:
            w.stop(way, "shutdown")
        w.look()


@_supervisor("SUP-16", "SUP-56", "GS-55")
def a_supervisor_that_is_killed_while_it_starts_a_child_leaves_none(w: Writer) -> None:
    slow = w.ms(300, 500)
    for number, traps in enumerate((False, True)):
        label = f"s{number}"
        w.tree(label, w.worker("a"))
        w.add(label, w.worker("b", trap_exit=traps, init=[{"sleep": slow}]), timeout_ms=w.ms(50, 100))
        w.kill(label)
        w.look()
