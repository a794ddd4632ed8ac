"""Scenarios of chapter `strategies`: supervisors that end when their significant children have ended."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import AutoShutdown, Strategy, nested, supervisor
from letitcrash_spec.messages import Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_significant = partial(scenario, SCENARIOS, "strategies")

MODES: tuple[AutoShutdown, ...] = ("any_significant", "all_significant")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")
GOOD: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"})
BAD: tuple[Reason, ...] = ("kill", "noproc", {"error": "e1"})


@_significant("STR-30", "SHUT-1", "SHUT-13")
def any_significant_transient_child_that_ends_well_ends_all(w: Writer) -> None:
    for number, reason in enumerate(GOOD):
        label = f"s{number}"
        w.tree(
            label,
            w.trapper("a"),
            w.worker("b", restart="transient", significant=True),
            w.trapper("c"),
            w.worker("d", restart="transient", significant=True),
            auto_shutdown="any_significant",
            max_restarts=0,
        )
        w.cast(f"{label}/b#1", "stop", reason)
        w.look()


@_significant("STR-30", "SHUT-1", "INT-7")
def any_significant_temporary_child_that_ends_ends_all(w: Writer) -> None:
    for number, reason in enumerate((*GOOD, *BAD)):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", restart="temporary", significant=True),
            w.worker("c", restart="temporary", significant=True),
            auto_shutdown="any_significant",
            strategy=STRATEGIES[number % 3],
        )
        w.cast(f"{label}/{'bc'[number % 2]}#1", "stop", reason)
        w.look()


@_significant("STR-31", "STR-1", "STR-3")
def a_significant_child_that_crashes_is_restarted(w: Writer) -> None:
    for number, mode in enumerate(MODES):
        label = f"s{number}"
        w.tree(label, w.worker("a"), w.worker("b", restart="transient", significant=True), auto_shutdown=mode)
        for attempt, reason in enumerate(BAD, 1):
            w.cast(f"{label}/b#{attempt}", "stop", reason)
            w.look()
        w.cast(f"{label}/b#4", "stop", "normal")
        w.look()


@_significant("STR-32", "SHUT-1")
def the_last_significant_child_ends_all(w: Writer) -> None:
    for number, order in enumerate(("bcd", "dcb", "cbd")):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", restart="transient", significant=True),
            w.worker("c", restart="temporary", significant=True),
            w.worker("d", restart="transient", significant=True),
            w.worker("e", restart="temporary"),
            auto_shutdown="all_significant",
        )
        for child in order:
            w.cast(f"{label}/{child}#1", "stop", "normal")
            w.look()


@_significant("STR-32", "STR-33", "SUP-32")
def significant_children_that_have_no_process_do_not_count(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        w.worker("b", restart="transient", significant=True, init=["ignore"]),
        w.worker("c", restart="transient", significant=True),
        w.worker("d", restart="transient", significant=True),
        auto_shutdown="all_significant",
    )
    w.end("s1", "c")
    w.look()
    w.cast("s1/d#1", "stop", "normal")
    w.look()


@_significant("STR-33", "SUP-32", "SUP-33")
def ending_significant_children_by_hand_ends_nobody_else(w: Writer) -> None:
    for number, mode in enumerate(MODES):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", restart="transient", significant=True),
            w.worker("c", restart="temporary", significant=True),
            auto_shutdown=mode,
            max_restarts=0,
        )
        w.end(label, "b")
        w.end(label, "c")
        w.look()
        w.restart(label, "b")
        w.look()
        w.cast(f"{label}/b#2", "stop", "shutdown")
        w.look()


@_significant("STR-33", "STR-9", "STR-7", "STR-8")
def a_group_restart_does_not_trigger_the_end(w: Writer) -> None:
    for number, mode in enumerate(MODES):
        for strategy in ("one_for_all", "rest_for_one"):
            label = f"{strategy}{number}"
            w.tree(
                label,
                w.worker("a"),
                w.worker("b", restart="temporary", significant=True),
                w.worker("c", restart="transient", significant=True),
                auto_shutdown=mode,
                strategy="one_for_all" if strategy == "one_for_all" else "rest_for_one",
            )
            w.crash(f"{label}/a#1")
            w.look()
            w.cast(f"{label}/c#2", "stop", "normal")
            w.look()


@_significant("STR-34", "STR-2", "STR-3")
def children_that_are_not_significant_end_alone(w: Writer) -> None:
    for number, mode in enumerate(("never", *MODES)):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a", restart="transient"),
            w.worker("b", restart="temporary"),
            w.worker("c", restart="temporary"),
            w.worker("d"),
            auto_shutdown="never" if mode == "never" else MODES[number - 1],
            max_restarts=1,
        )
        w.cast(f"{label}/a#1", "stop", "normal")
        w.look()
        w.crash(f"{label}/b#1")
        w.look()
        w.cast(f"{label}/c#1", "stop", "normal")
        w.look()
        w.cast(f"{label}/d#1", "stop", "normal")
        w.look()


@_significant("STR-35", "SUP-10")
def significance_without_a_meaning_is_refused(w: Writer) -> None:
    w.tree("s1", w.worker("a", restart="transient", significant=True))
    w.tree("s2", w.worker("a", significant=True), auto_shutdown="any_significant")
    w.tree("s3", w.worker("a", significant=True), auto_shutdown="all_significant")
    w.tree("s4", w.worker("a"))
    w.add("s4", w.worker("b", restart="temporary", significant=True))
    w.tree("s5", w.worker("a"), auto_shutdown="any_significant")
    w.add("s5", w.worker("b", significant=True))
    w.add("s5", w.worker("b", restart="temporary", significant=True))
    w.look()
    w.crash("s5/b#1")
    w.look()


@_significant("STR-36", "STR-20", "SHUT-12")
def an_automatic_end_escalates_through_significant_supervisors(w: Writer) -> None:
    for number, is_significant in enumerate((True, False)):
        label = f"s{number}"
        inner = supervisor(
            w.worker("x"),
            w.worker("y", restart="temporary", significant=True),
            auto_shutdown="any_significant",
        )
        middle = supervisor(
            w.worker("m"),
            nested("i", inner, restart="transient", significant=True),
            auto_shutdown="all_significant",
        )
        w.tree(
            label,
            w.worker("a"),
            nested("b", middle, restart="transient", significant=is_significant),
            auto_shutdown="any_significant",
        )
        w.crash(f"{label}/b#1/i#1/y#1")
        w.look()


@_significant("STR-30", "STR-36", "STR-1", "STR-21")
def a_permanent_supervisor_that_ended_by_itself_comes_back(w: Writer) -> None:
    inner = supervisor(
        w.worker("x"), w.worker("y", restart="transient", significant=True), auto_shutdown="all_significant"
    )
    w.tree("s1", w.worker("a"), nested("b", inner), max_restarts=2)
    for attempt in (1, 2, 3):
        w.cast(f"s1/b#{attempt}/y#1", "stop", "normal")
        w.look()


@_significant("STR-30", "SHUT-8", "SHUT-9", "SHUT-2")
def an_automatic_end_is_as_orderly_as_any_other(w: Writer) -> None:
    w.spawn("p1")
    w.tree(
        "s1",
        w.trapper("a", terminate={"sleep": 20}),
        w.trapper("b", terminate={"crash": "late"}),
        w.worker("c"),
        w.trapper("d", shutdown=w.ms(50, 150), terminate={"sleep": w.ms(500, 1000)}),
        w.trapper("e", shutdown="brutal_kill"),
        w.worker("f", restart="temporary", significant=True),
        auto_shutdown="all_significant",
        link="p1",
    )
    w.look()
    if w.is_virtual:
        w.later("s1/c#1", 20, "crash", "boom")
    w.cast("s1/f#1", "stop", "normal")
    w.look()
    w.call("p1", "add", 1)


@_significant("STR-32", "STR-31", "STR-12")
def a_significant_child_that_is_retried_keeps_the_supervisor_alive(w: Writer) -> None:
    for number, order in enumerate(("bc", "cb")):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker(order[0], restart="transient", significant=True, init=looping(3)),
            w.worker(order[1], restart="transient", significant=True),
            auto_shutdown="all_significant",
            max_restarts=30,
        )
        w.look()
        w.crash(f"{label}/{order[0]}#1")
        w.cast(f"{label}/{order[1]}#1", "stop", "normal")
        w.look()
        w.cast(f"{label}/{order[0]}#5", "stop", "normal")
        w.look()


@_significant("STR-32", "STR-33", "SUP-35", "STR-30")
def significant_children_that_come_by_hand_count_like_all(w: Writer) -> None:
    for number, mode in enumerate(MODES):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", restart="transient", significant=True),
            w.worker("c", restart="transient", significant=True),
            auto_shutdown=mode,
        )
        w.end(label, "b")
        w.restart(label, "b")
        w.add(label, w.worker("d", restart="temporary", significant=True))
        w.look()
        for child in ("c#1", "d#1", "b#2"):
            w.cast(f"{label}/{child}", "stop", "normal")
            w.look()


@_significant("STR-19", "STR-30", "STR-31", "STR-32")
def a_significant_child_whose_restart_ignores_ends_nobody(w: Writer) -> None:
    for number, mode in enumerate(MODES):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", restart="transient", significant=True, init=["ok", "ignore", "ok"]),
            w.worker("c", restart="transient", significant=True),
            auto_shutdown=mode,
        )
        w.crash(f"{label}/b#1")
        w.look()
        w.cast(f"{label}/c#1", "stop", "normal")
        w.look()
