"""Scenarios in which every kind of child stands at every place of its list."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, ended_in_each_way, scenario
from letitcrash_conformance.trees import Strategy, nested, supervisor
from letitcrash_spec.messages import Json

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_intensity = partial(scenario, SCENARIOS, "intensity")
_shutdown = partial(scenario, SCENARIOS, "shutdown")
_strategies = partial(scenario, SCENARIOS, "strategies")
_supervisor = partial(scenario, SCENARIOS, "supervisor")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")


@_intensity("INT-1", "INT-3", "INT-4")
def the_limit_is_the_same_wherever_the_failed_child_stands(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        for child in "cab":
            label = f"{child}{number}"
            w.tree(label, *(w.worker(each) for each in "cab"), strategy=strategy, max_restarts=1)
            for attempt in (1, 2):
                w.crash(f"{label}/{child}#{attempt}")
                w.look()


@_strategies("STR-30", "STR-34")
def any_significant_child_ends_all_wherever_it_stands(w: Writer) -> None:
    for ending in "cab":
        label = f"{ending}1"
        children = (w.worker(child, restart="transient", significant=True) for child in "cab")
        w.tree(label, *children, w.worker("z"), auto_shutdown="any_significant")
        w.look()
        w.cast(f"{label}/{ending}#1", "stop", "normal")
        w.look()


def _each_kind_twice(w: Writer) -> list[dict[str, Json]]:
    return [
        child
        for number in (2, 1)
        for child in (
            w.trapper(f"p{number}"),
            w.trapper(f"t{number}", restart="temporary"),
            w.trapper(f"u{number}", restart="transient"),
            nested(f"n{number}", supervisor(w.trapper("x"), w.trapper("a"))),
            w.trapper(f"i{number}", shutdown="infinity"),
        )
    ]


@_shutdown("SHUT-1", "SHUT-12", "SUP-12", "SUP-17")
def children_of_every_kind_end_in_the_order_of_their_list(w: Writer) -> None:
    for _ in ended_in_each_way(w, lambda: _each_kind_twice(w)):
        w.look()


@_supervisor("SUP-1", "SUP-2", "SHUT-1")
def a_slow_child_is_waited_for_before_the_next_one_starts(w: Writer) -> None:
    for number, failing in enumerate(("", "c", "b")):
        children = [
            w.trapper(child, init=[{"sleep": w.ms(ms, 100), "then": {"crash": "no"} if child == failing else "ok"}])
            for child, ms in (("d", 40), ("c", 20), ("b", 30), ("a", 10))
        ]
        w.tree(f"s{number}", *children)
        w.look()
    w.add("s0", w.worker("z", init=[{"sleep": w.ms(30, 100), "then": "ok"}]))
    w.crash("s0/c#1")
    w.ask("s0")
    w.look()


@_strategies("STR-6", "SHUT-1", "SUP-50")
def who_came_back_keeps_the_place_in_the_list(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        ms = w.ms(20, 120)
        w.tree(label, *(w.trapper(child, terminate={"sleep": ms}) for child in "cadb"), strategy=strategy)
        w.look()
        w.kill(f"{label}/c#1")
        w.look()
        w.kill(f"{label}/d#2" if strategy != "one_for_one" else f"{label}/d#1")
        w.look()
        w.ask(label)
        w.stop(label, "shutdown")
        w.look()
