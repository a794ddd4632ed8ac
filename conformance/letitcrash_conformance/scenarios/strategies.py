"""Scenarios of chapter `strategies`: restart types, who is restarted with whom, and trees of supervisors."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import LONG_S, Scenario, Writer, scenario
from letitcrash_conformance.trees import Restart, Strategy, nested, supervisor
from letitcrash_spec.messages import Json, Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_strategies = partial(scenario, SCENARIOS, "strategies")
GROUPS: tuple[Strategy, ...] = ("one_for_all", "rest_for_one")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", *GROUPS)
REASONS: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"}, "kill", "killed", "noproc", {"error": "e1"})
ABNORMAL: tuple[Reason, ...] = ("kill", "killed", "noproc", {"error": "e1"})


@_strategies("STR-1", "STR-6", "INT-7")
def a_permanent_child_comes_back_after_every_end(w: Writer) -> None:
    w.tree("s1", w.worker("a", value=3), w.worker("b"), max_restarts=20)
    attempt = 1
    for reason in REASONS:
        w.cast(f"s1/a#{attempt}", "stop", reason)
        w.look()
        attempt += 1
    for payload in ("!stop", "!crash"):
        w.send(f"s1/a#{attempt}", payload)
        w.look()
        attempt += 1
    w.stop(f"s1/a#{attempt}")
    w.look()
    w.call(f"s1/a#{attempt + 1}", "get")


@_strategies("STR-1", "STR-3", "EXIT-26")
def children_come_back_after_signals(w: Writer) -> None:
    reasons = [reason for reason in REASONS if reason != "normal"]
    w.tree("s1", w.worker("a"), *(w.worker(f"t{n}", restart="transient") for n in range(len(reasons))), max_restarts=20)
    for number, reason in enumerate(reasons):
        w.exit(f"s1/a#{number + 1}", reason)
        w.exit(f"s1/t{number}#1", reason)
        w.look()


@_strategies("STR-2", "STR-4", "INT-7", "SUP-33")
def a_temporary_child_never_comes_back(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(label, w.worker("z"), strategy=strategy, max_restarts=0)
        for reason in REASONS:
            w.add(label, w.worker("a", restart="temporary"))
            w.add(label, w.worker("y", restart="temporary"))
            w.look()
            attempt = REASONS.index(reason) + 1
            w.cast(f"{label}/a#{attempt}", "stop", reason)
            w.crash(f"{label}/y#{attempt}")
            w.look()


@_strategies("STR-3", "STR-4", "EXIT-27", "EXIT-26", "INT-7", "SUP-22")
def a_transient_child_comes_back_only_after_a_bad_end(w: Writer) -> None:
    children = [w.worker(f"t{number}", restart="transient") for number in range(len(REASONS))]
    w.tree("s1", *children, max_restarts=len(ABNORMAL) + 1)
    for number, reason in enumerate(REASONS):
        w.cast(f"s1/t{number}#1", "stop", reason)
        w.look()
    for number in range(3):
        w.add("s1", w.worker(f"t{number}"))
        w.restart("s1", f"t{number}")
    w.crash("s1/t3#2")
    w.look()
    w.send("s1/t4#2", "!stop")
    w.look()


@_strategies("STR-4", "STR-3", "STR-2", "INT-7", "SUP-32")
def a_good_end_touches_no_sibling(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a", restart="transient"),
            w.worker("b", restart="temporary"),
            w.worker("c"),
            w.worker("d", restart="transient"),
            strategy=strategy,
            max_restarts=0,
        )
        w.cast(f"{label}/a#1", "stop", "normal")
        w.crash(f"{label}/b#1")
        w.look()
        w.cast(f"{label}/d#1", "stop", {"shutdown": "s1"})
        w.look()
        w.call(f"{label}/c#1", "add", 1)


@_strategies("STR-5", "STR-6", "INT-1")
def one_for_one_restarts_the_failed_child_alone(w: Writer) -> None:
    w.tree("s1", *(w.worker(child, value=number) for number, child in enumerate("abcde")), max_restarts=6)
    for child in "ace":
        for attempt in (1, 2):
            w.call(f"s1/{child}#{attempt}", "add", 10)
            w.crash(f"s1/{child}#{attempt}")
            w.look()
        w.call(f"s1/{child}#3", "get")
    w.call("s1/b#1", "get")
    w.stop("s1")
    w.look()


@_strategies("STR-6", "EXIT-25")
def a_restarted_child_takes_its_name_and_values_again(w: Writer) -> None:
    w.tree("s1", w.worker("a", value=7, name="n1"), w.worker("b", value=9, name="n2"), max_restarts=9)
    for attempt in (1, 2, 3):
        w.call({"name": "n1"}, "add", 1)
        w.cast({"name": "n1"}, "crash", "boom")
        w.look()
        w.put("whereis", name="n1")
        w.put("name_of", to=f"s1/a#{attempt}")
    w.call({"name": "n1"}, "get")
    w.call({"name": "n2"}, "get")


@_strategies("STR-7", "INT-4", "SHUT-15")
def one_for_all_ends_all_in_reverse_and_starts_all_in_order(w: Writer) -> None:
    w.tree("s1", *(w.trapper(child, value=1) for child in "caebd"), strategy="one_for_all", max_restarts=3)
    for attempt, child in enumerate("cdb", 1):
        w.call(f"s1/e#{attempt}", "add", 1)
        w.crash(f"s1/{child}#{attempt}")
        w.look()
    w.call("s1/e#4", "get")
    w.crash("s1/e#4")
    w.look()


@_strategies("STR-8", "INT-4", "SHUT-15")
def rest_for_one_restarts_what_comes_after(w: Writer) -> None:
    w.tree("s1", *(w.trapper(child) for child in "caebd"), strategy="rest_for_one", max_restarts=4)
    for label in ("s1/e#1", "s1/d#2", "s1/c#1", "s1/a#2"):
        w.crash(label)
        w.look()
    w.stop("s1")
    w.look()


@_strategies("STR-7", "STR-8", "SHUT-15")
def a_group_restart_ends_each_by_its_own_rule(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        w.tree(
            f"s{number}",
            w.worker("a"),
            w.trapper("b", terminate={"sleep": 30}),
            w.trapper("c", shutdown="brutal_kill"),
            w.trapper("d", terminate={"crash": "late"}),
            w.trapper("e", shutdown=w.ms(50, 150), terminate={"sleep": w.ms(500, 1000)}),
            w.trapper("f", shutdown="infinity", terminate={"sleep": w.ms(50, 150)}),
            strategy=strategy,
        )
        w.crash(f"s{number}/a#1")
        w.look()


@_strategies("STR-9", "STR-2", "STR-7", "STR-8")
def temporary_siblings_do_not_come_back_with_the_group(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a", restart="temporary"),
            w.worker("b"),
            w.worker("c", restart="temporary"),
            w.worker("d", restart="transient"),
            strategy=strategy,
        )
        w.crash(f"{label}/b#1")
        w.look()
        for child in "ac":
            w.add(label, w.worker(child, restart="temporary"))
        w.look()
        w.crash(f"{label}/d#2")
        w.look()


@_strategies("STR-10", "STR-7", "STR-19")
def a_group_restart_revives_whoever_was_down(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        w.worker("b"),
        w.worker("c", restart="transient"),
        w.worker("d", init=["ignore", "ok", "ignore", "ok"]),
        w.worker("e"),
        strategy="one_for_all",
        max_restarts=3,
    )
    for attempt in (1, 2, 3):
        w.end("s1", "b")
        w.cast(f"s1/c#{attempt}", "stop", "normal")
        w.look()
        w.crash(f"s1/e#{attempt}")
        w.look()


@_strategies("STR-10", "STR-11", "STR-8")
def rest_for_one_revives_only_what_comes_after(w: Writer) -> None:
    w.tree("s1", *(w.worker(child, restart="transient") for child in "abcde"), strategy="rest_for_one")
    w.end("s1", "a")
    w.cast("s1/b#1", "stop", "normal")
    w.end("s1", "d")
    w.cast("s1/e#1", "stop", "shutdown")
    w.look()
    w.crash("s1/c#1")
    w.look()
    w.end("s1", "c")
    w.crash("s1/d#2")
    w.look()
    w.restart("s1", "a")
    w.crash("s1/a#2")
    w.look()


@_strategies("STR-11", "STR-10", "SUP-20", "SUP-35")
def an_added_child_belongs_to_the_group(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label = f"s{number}"
        w.tree(label, w.worker("a"), w.worker("b"), strategy=strategy)
        w.add(label, w.worker("c"))
        w.end(label, "b")
        w.delete(label, "b")
        w.add(label, w.worker("b", init=["ok", "ok", "ignore"]))
        w.look()
        w.crash(f"{label}/a#1")
        w.look()
        w.crash(f"{label}/c#2")
        w.look()


@_strategies("STR-19", "SUP-22", "SUP-30")
def a_restart_that_is_ignored_is_a_success(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a", init=["ok", "ignore", "ok"]),
            w.worker("b", restart="transient", init=["ok", "ignore"]),
            strategy=strategy,
            max_restarts=2,
        )
        w.crash(f"{label}/a#1")
        w.look()
        w.restart(label, "a")
        w.look()
        if strategy == "one_for_one":
            w.crash(f"{label}/b#1")
            w.look()
            w.restart(label, "b")
            w.look()


@_strategies("STR-20", "STR-21", "INT-13", "INT-1", "SHUT-13")
def a_supervisor_that_gives_up_comes_back_by_its_own_type(w: Writer) -> None:
    kinds: tuple[Restart, ...] = ("permanent", "transient", "temporary")
    for number, restart in enumerate(kinds):
        label = f"s{number}"
        inner = supervisor(w.worker("c"), w.worker("d"), max_restarts=1, max_seconds=LONG_S)
        w.tree(label, w.worker("a"), nested("b", inner, restart=restart), w.worker("e"))
        w.crash(f"{label}/b#1/c#1")
        w.look()
        w.crash(f"{label}/b#1/d#1")
        w.look()
        w.restart(label, "b")
        w.crash(f"{label}/b#2/c#1")
        w.look()


@_strategies("STR-20", "STR-21", "INT-13", "INT-2", "SHUT-12")
def failures_escalate_through_four_levels(w: Writer) -> None:
    def level(child: dict[str, Json], number: int) -> dict[str, Json]:
        return supervisor(
            w.worker(f"l{number}"), child, w.worker(f"r{number}"), max_restarts=number, max_seconds=LONG_S
        )

    third = level(nested("b3", level(w.worker("x"), 0)), 0)
    w.tree("s1", w.worker("l"), nested("b1", level(nested("b2", third), 1)), strategy="one_for_all", max_restarts=1)
    w.look()
    for top in (1, 2):
        for second in (1, 2):
            w.crash(f"s1/b1#{top}/b2#{second}/b3#1/x#1")
            w.look()


@_strategies("STR-20", "STR-21", "INT-5", "INT-14")
def a_nested_supervisor_that_cannot_restart_its_child_escalates(w: Writer) -> None:
    inner = supervisor(
        w.worker("c"), w.worker("d", init=["ok", {"crash": "again"}]), w.worker("e"), strategy="rest_for_one"
    )
    w.tree("s1", w.worker("a"), nested("b", inner), w.worker("f"), strategy="one_for_all", max_restarts=2)
    for attempt in (1, 2, 3):
        w.crash(f"s1/b#{attempt}/d#1")
        w.look()


@_strategies("STR-7", "STR-8", "STR-21", "SHUT-12")
def whole_subtrees_take_part_in_a_group_restart(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label = f"s{number}"
        left = supervisor(w.trapper("a"), nested("b", supervisor(w.trapper("x"), w.worker("y"))), w.trapper("c"))
        right = supervisor(w.worker("d"), w.trapper("e"), strategy="one_for_all")
        w.tree(label, nested("l", left), w.trapper("m"), nested("r", right), strategy=strategy)
        w.look()
        w.crash(f"{label}/m#1")
        w.look()
        w.crash(f"{label}/l#{2 if strategy == 'one_for_all' else 1}/b#1/y#1")
        w.look()
        w.kill(f"{label}/l#{2 if strategy == 'one_for_all' else 1}")
        w.look()


@_strategies("STR-21", "SUP-2", "STR-12", "INT-5", "STR-10")
def a_nested_supervisor_that_cannot_start_again_is_tried_until_the_limit(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label, name = f"s{number}", f"n{number}"
        inner = supervisor(w.worker("c"), w.worker("d", name=name), w.worker("e"), max_seconds=LONG_S)
        w.tree(label, w.worker("a"), nested("b", inner), w.worker("f"), strategy=strategy, max_restarts=2)
        w.end(label, "b")
        w.spawn(f"p{number}", name=name)
        w.restart(label, "b")
        w.look()
        w.crash(f"{label}/a#1")
        w.look()
