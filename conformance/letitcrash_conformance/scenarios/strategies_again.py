"""Scenarios of chapter `strategies`: what a child leaves behind, and attempts that get in each other's way."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import Restart, Strategy, nested, supervisor

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_strategies = partial(scenario, SCENARIOS, "strategies")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")


@_strategies("STR-6", "STR-1", "EXIT-23")
def a_replacement_does_not_get_the_mail_of_its_predecessor(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(label, w.worker("a", value=3), w.worker("b"), strategy=strategy)
        w.call(f"{label}/a#1", "add", 10)
        w.look()
        w.later(f"{label}/a#1", w.ms(100, 200), "crash", "boom")
        w.cast(f"{label}/a#1", "add", 100)
        w.send(f"{label}/a#1", "too late")
        w.look()
        w.call(f"{label}/a#2", "get")
    w.look()


@_strategies("STR-6", "LNK-18", "MON-7", "EXIT-21")
def a_replacement_has_no_links_monitors_or_flags_of_its_predecessor(w: Writer) -> None:
    w.trapping("p1")
    w.tree("s1", w.worker("a"), w.worker("b"))
    w.call("p1", "link", "s1/a#1")
    w.call("p1", "monitor", "s1/a#1", "m1")
    w.call("s1/a#1", "trap_exit", True)
    w.call("s1/a#1", "monitor", "s1/b#1", "m2")
    w.look()
    w.crash("s1/a#1")
    w.look()
    w.call("p1", "links")
    w.call("s1/a#2", "links")
    w.call("s1/a#2", "trap_exit", False)
    w.crash("s1/b#1")
    w.look()
    w.exit("s1/a#2", {"error": "e1"})
    w.look()
    w.call("p1", "add", 1)


@_strategies("STR-6", "TIM-7")
def a_replacement_does_not_get_the_timers_of_its_predecessor(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"))
    w.call("s1/a#1", "send_after", "t1", w.ms(200, 400), "too late")
    w.call("s1/a#1", "send_interval", "t2", w.ms(150, 300), "tick")
    w.crash("s1/a#1")
    w.look()
    w.advance(w.ms(1000, 900))
    w.look()
    w.call("s1/b#1", "cancel_timer", "t1")


@_strategies("STR-6", "MON-1", "LNK-1", "LNK-12")
def each_process_of_a_child_is_watched_anew(w: Writer) -> None:
    w.trapping("p1")
    w.tree("s1", w.worker("a"), w.worker("b"), max_restarts=9)
    for attempt in (1, 2, 3):
        child = f"s1/a#{attempt}"
        w.call("p1", "monitor", child, f"n{attempt}")
        w.call("p1", "link", child)
        w.look()
        w.crash(child)
        w.look()
    w.call("p1", "monitor", "s1", "m1")
    w.call("p1", "link", "s1")
    w.look()
    w.stop("s1", {"shutdown": "s1"})
    w.look()


@_strategies("STR-12", "SUP-53", "STR-18", clock="virtual")
def two_children_may_be_retried_at_the_same_time(w: Writer) -> None:
    for number, (first, second) in enumerate((("a", "b"), ("b", "a"), ("a", "c"))):
        label = f"s{number}"
        children = [w.worker(child, init=looping(2, 40 + 10 * place)) for place, child in enumerate("abc")]
        w.tree(label, *children, max_restarts=30)
        w.look()
        w.crash(f"{label}/{first}#1")
        w.crash(f"{label}/{second}#1")
        w.look()


@_strategies("STR-15", "SUP-35", "SUP-30", "STR-12", clock="virtual")
def an_attempt_that_was_called_off_is_not_made_later(w: Writer) -> None:
    for number, is_deleted in enumerate((False, True)):
        label = f"s{number}"
        w.tree(label, w.worker("a", init=["ok", {"sleep": 300, "then": {"crash": "again"}}, "ok"]), w.worker("b"))
        w.look()
        w.crash(f"{label}/a#1")
        w.call(f"{label}/b#1", "sleep", 20)
        w.put("terminate_child", sup=label, child="a", timeout_ms=50)
        if is_deleted:
            w.put("delete_child", sup=label, child="a", timeout_ms=50)
            w.add(label, w.worker("a"))
        else:
            w.put("restart_child", sup=label, child="a", timeout_ms=50)
        w.look()


@_strategies("STR-7", "STR-8", "STR-21", "SHUT-1")
def a_large_group_is_restarted_as_a_whole(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES[1:]):
        label = f"s{number}"
        children = [w.worker(child) for child in "abcdef"]
        w.tree(label, *children, nested("g", supervisor(w.worker("x"))), strategy=strategy, max_restarts=9)
        w.add(label, w.worker("h"))
        w.look()
        for attempt, child in enumerate("acah", 1):
            w.crash(f"{label}/{child}#{attempt if strategy == 'one_for_all' else _times('acah'[: attempt - 1], child)}")
            w.look()


def _times(before: str, child: str) -> int:
    """Return which process of a child is the one in force, under rest_for_one, after some children have crashed."""
    return 1 + sum(other <= child for other in before)


@_strategies("STR-20", "STR-2", "STR-3", "SUP-16")
def supervisors_are_restarted_by_their_type_like_workers(w: Writer) -> None:
    kinds: tuple[Restart, ...] = ("permanent", "transient", "temporary")
    inner = supervisor(w.worker("x"), max_restarts=0)
    for number, way in enumerate(("kill", "give up")):
        label = f"s{number}"
        w.tree(label, *(nested(kind, inner, restart=kind) for kind in kinds), max_restarts=9)
        w.look()
        for kind in kinds:
            if way == "kill":
                w.kill(f"{label}/{kind}#1")
            else:
                w.crash(f"{label}/{kind}#1/x#1")
            w.look()
