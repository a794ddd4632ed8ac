"""Scenarios that cross what the chapters of supervision show one by one: pasts, kinds and places of children."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, ended_in_each_way, looping, scenario
from letitcrash_conformance.trees import AutoShutdown, Restart, Strategy, dynamic, nested, supervisor
from letitcrash_spec.messages import Json, Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_strategies = partial(scenario, SCENARIOS, "strategies")
_intensity = partial(scenario, SCENARIOS, "intensity")
_shutdown = partial(scenario, SCENARIOS, "shutdown")
_dynamic = partial(scenario, SCENARIOS, "dynamic_supervisor")
GROUPS: tuple[Strategy, ...] = ("one_for_all", "rest_for_one")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", *GROUPS)
KINDS: tuple[Restart, ...] = ("permanent", "transient", "temporary")
REASONS: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"}, "kill", "killed", "noproc", {"error": "e1"})
WORDS = ("normal", "shutdown", "killed", "noproc", "error")
FAILS: Json = {"crash": "again"}


# -- strategies --------------------------------------------------------------------------------------------------------


@_strategies("STR-3", "STR-1", "EXIT-27")
def the_text_of_a_reason_does_not_change_its_kind(w: Writer) -> None:
    reasons: list[Reason] = [{kind: word} for word in WORDS for kind in ("error", "shutdown")]
    children = [w.worker(f"t{number}", restart="transient") for number in range(len(reasons))]
    w.tree("s1", *children, w.worker("a"), max_restarts=30)
    for number, reason in enumerate(reasons):
        for label in (f"s1/t{number}#1", f"s1/a#{number + 1}"):
            w.cast(label, "stop", reason)
            w.look()


@_strategies("STR-1", "STR-3", "STR-6", "STR-10", "STR-12", "SUP-35")
def children_of_every_past_are_restarted_like_all_others(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        names = {child: f"{child}{number}" for child in "cadbe"}
        w.tree(
            label,
            w.worker("c", name=names["c"]),
            w.worker("a", restart="transient", name=names["a"]),
            w.worker("d", init=["ok", FAILS, "ok"], name=names["d"]),
            w.worker("b", init=["ignore", "ok"], name=names["b"]),
            strategy=strategy,
            max_restarts=50,
        )
        w.add(label, w.worker("e", name=names["e"]))
        w.end(label, "e")
        w.cast({"name": names["a"]}, "stop", "normal")
        w.look()
        if strategy == "one_for_one":
            for child in "abe":
                w.restart(label, child)
        for child in "ccdabeadc":
            w.cast({"name": names[child]}, "crash", "boom")
            w.look()


@_strategies("STR-12", "STR-13", "STR-14", "SUP-20", "SUP-30", "STR-10")
def a_group_may_change_while_one_of_its_members_is_retried(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        for way in ("add", "delete", "restart"):
            label = f"{way}{number}"
            w.tree(
                label,
                w.worker("c"),
                w.worker("b", init=looping(2)),
                w.worker("a"),
                w.worker("d"),
                strategy=strategy,
                max_restarts=20,
            )
            w.end(label, "a")
            w.look()
            w.crash(f"{label}/b#1")
            w.put("which_children", sup=label)
            if way == "add":
                w.add(label, w.worker("e"))
            elif way == "delete":
                w.delete(label, "a")
            else:
                w.restart(label, "a")
            w.look()


@_strategies("STR-7", "STR-8", "STR-10", "SHUT-15", "SHUT-6")
def siblings_wait_for_the_one_that_is_ended_before_them(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label = f"s{number}"
        w.tree(label, w.worker("d"), *_all_kinds(w), strategy=strategy)
        w.look()
        w.crash(f"{label}/d#1")
        _see_who_waits(w, label)


@_strategies("STR-33", "STR-34", "STR-32", "STR-9")
def others_end_alone_when_no_significant_child_is_left(w: Writer) -> None:
    modes: tuple[AutoShutdown, ...] = ("any_significant", "all_significant")
    for mode in modes:
        for number, way in enumerate(("hand", "group"), 1):
            label = f"{mode}_{way}"
            w.tree(
                label,
                w.worker("a"),
                w.worker("t", restart="temporary", significant=True),
                w.worker("s", restart="transient", significant=True),
                w.worker("u", restart="transient"),
                strategy="one_for_all",
                auto_shutdown=mode,
            )
            if way == "group":
                w.crash(f"{label}/a#1")
                w.look()
            else:
                w.end(label, "t")
            w.end(label, "s")
            w.cast(f"{label}/u#{number}", "stop", "normal")
            w.look()


# -- intensity ---------------------------------------------------------------------------------------------------------


def _finish(w: Writer, label: str) -> None:
    w.cast(f"{label}/t#1", "stop", "normal")


def _crash_temporary(w: Writer, label: str) -> None:
    w.crash(f"{label}/u#1")


def _add(w: Writer, label: str) -> None:
    w.add(label, w.worker("x"))


def _add_ignored(w: Writer, label: str) -> None:
    w.add(label, w.worker("x", init=["ignore"]))


def _add_failing(w: Writer, label: str) -> None:
    w.add(label, w.worker("x", init=[FAILS]))


def _end_transient(w: Writer, label: str) -> None:
    w.end(label, "t" if label.startswith("tree") else f"{label}/t#1")


def _end_temporary(w: Writer, label: str) -> None:
    w.end(label, "u" if label.startswith("tree") else f"{label}/u#1")


EVENTS: tuple[Callable[[Writer, str], None], ...] = (
    _finish,
    _crash_temporary,
    _add,
    _add_ignored,
    _add_failing,
    _end_transient,
    _end_temporary,
)
"""What happens to children without a restart: none of it counts, and none of it lets anything be forgotten."""


def _members(w: Writer) -> list[dict[str, Json]]:
    return [
        w.worker("a"),
        w.worker("b"),
        w.worker("t", restart="transient"),
        w.worker("u", restart="temporary"),
    ]


@_intensity("INT-7", "INT-8", "INT-1", "INT-3", "SUP-27")
def what_needs_no_restart_leaves_the_count_as_it_is(w: Writer) -> None:
    for number, happen in enumerate(EVENTS):
        label = f"tree{number}"
        w.tree(label, *_members(w), max_restarts=2)
        w.crash(f"{label}/a#1")
        w.look()
        happen(w, label)
        w.look()
        w.crash(f"{label}/b#1")
        w.look()
        happen(w, label)
        w.crash(f"{label}/b#2")
        w.look()


@_dynamic("INT-12", "INT-7", "INT-8", "INT-3", "SUP-27", "DYN-E7")
def what_needs_no_restart_leaves_the_count_of_a_dynamic_supervisor_as_it_is(w: Writer) -> None:
    for number, happen in enumerate(EVENTS):
        label = f"pool{number}"
        w.pool(label, max_restarts=2)
        for child in _members(w):
            w.add(label, child)
        w.crash(f"{label}/a#1")
        w.look()
        happen(w, label)
        w.look()
        w.crash(f"{label}/b#1")
        w.look()
        w.crash(f"{label}/b#2")
        w.look()


@_intensity("INT-1", "INT-3", "INT-4", "STR-19")
def a_restart_that_is_ignored_counts_like_any_other(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        for shy in "ba":
            label = f"{shy}{number}"
            children = [w.worker(child, init=["ok", "ignore" if child == shy else "ok"]) for child in "ab"]
            w.tree(label, *children, strategy=strategy, max_restarts=1)
            w.crash(f"{label}/{shy}#1")
            w.look()
            other = "b" if shy == "a" else "a"
            is_new = strategy == "one_for_all" or (strategy == "rest_for_one" and shy == "a")
            w.crash(f"{label}/{other}#{2 if is_new else 1}")
            w.look()


@_dynamic("INT-12", "INT-3", "DYN-E8")
def a_restart_that_is_ignored_counts_for_a_dynamic_supervisor_too(w: Writer) -> None:
    w.pool("s1", max_restarts=1)
    w.add("s1", w.worker("a", init=["ok", "ignore"]))
    w.add("s1", w.worker("b"))
    w.crash("s1/a#1")
    w.look()
    w.crash("s1/b#1")
    w.look()


@_intensity("INT-8", "SUP-36", "SUP-37", "SUP-27", "INT-2")
def what_fails_by_hand_does_not_count_either(w: Writer) -> None:
    w.tree("s1", w.worker("a", init=["ok", FAILS, "ignore", FAILS, "ok"]), w.worker("b"), max_restarts=1)
    w.end("s1", "a")
    for _ in range(4):
        w.restart("s1", "a")
    w.look()
    w.crash("s1/b#1")
    w.look()
    w.tree("s2", w.worker("a"), max_restarts=1)
    for _ in range(3):
        w.add("s2", w.worker("c", init=[FAILS]))
    w.look()
    w.crash("s2/a#1")
    w.look()


# -- shutdown ----------------------------------------------------------------------------------------------------------


def _all_kinds(w: Writer) -> list[dict[str, Json]]:
    """Return a child of each kind, and one at the end that does not end before it is killed."""
    return [
        w.worker("k", shutdown="brutal_kill"),
        w.worker("t", restart="temporary"),
        w.worker("u", restart="transient"),
        nested("n", supervisor(w.worker("x"))),
        w.trapper("i", shutdown="infinity"),
        w.worker("g"),
        w.worker("b", restart="temporary", shutdown="brutal_kill"),
        w.trapper("h", shutdown="infinity", terminate="hang"),
    ]


def _see_who_waits(w: Writer, label: str) -> None:
    """Look at the others while a supervisor ends its last child, then let it go on."""
    w.put("count_children", sup=label, timeout_ms=w.ms(50, 150))
    if w.is_virtual:
        w.look()
    for child in "ktuigb":
        w.call(f"{label}/{child}#1", "get")
    w.call(f"{label}/n#1/x#1", "get")
    w.put("count_children", sup=f"{label}/n#1")
    w.kill(f"{label}/h#1")
    w.look()


@_shutdown("SHUT-1", "SHUT-6", "SHUT-12", "SUP-12")
def children_of_every_kind_wait_for_those_that_come_after_them(w: Writer) -> None:
    for way in ended_in_each_way(w, lambda: _all_kinds(w), timeout_ms=w.ms(50, 150)):
        _see_who_waits(w, way)


@_shutdown("SHUT-1", "STR-30", "STR-32", "SHUT-6")
def children_of_every_kind_wait_in_an_automatic_shutdown(w: Writer) -> None:
    for number, kind in enumerate(KINDS[1:]):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("z", restart=kind, significant=True),
            *_all_kinds(w),
            auto_shutdown="any_significant" if number == 0 else "all_significant",
        )
        w.look()
        w.cast(f"{label}/z#1", "stop", "normal")
        _see_who_waits(w, label)


# -- dynamic supervisors -----------------------------------------------------------------------------------------------


@_dynamic("STR-1", "STR-2", "STR-3", "DYN-E1", "DYN-E7", "INT-7")
def restart_types_mean_the_same_below_a_dynamic_supervisor(w: Writer) -> None:
    w.pool("s1", max_restarts=50)
    w.add("s1", w.worker("p"))
    for number, reason in enumerate(REASONS):
        w.add("s1", w.worker(f"t{number}", restart="transient"))
        w.add("s1", w.worker(f"u{number}", restart="temporary"))
        for label in (f"s1/p#{number + 1}", f"s1/t{number}#1", f"s1/u{number}#1"):
            w.cast(label, "stop", reason)
            w.look()
    w.ask("s1")


@_dynamic("STR-20", "STR-21", "STR-1", "STR-2", "STR-3", "DYN-E1", "DYN-E7")
def supervisors_come_back_by_their_type_below_a_dynamic_one(w: Writer) -> None:
    w.pool("s1", max_restarts=50)
    for kind in KINDS:
        for way in ("give_up", "kill", "stop"):
            child = f"{kind}_{way}"
            inner = supervisor(w.worker("x"), w.worker("y"), max_restarts=0)
            w.add("s1", nested(child, inner, restart=kind))
            if way == "give_up":
                w.crash(f"s1/{child}#1/x#1")
            elif way == "kill":
                w.kill(f"s1/{child}#1")
            else:
                w.stop(f"s1/{child}#1", "normal")
            w.look()
    w.ask("s1")


@_dynamic("DYN-E4", "DYN-E6", "DYN-E7", "DYN-E8", "DYN-E10")
def places_belong_to_children_however_often_they_come_back(w: Writer) -> None:
    w.pool("s1", max_children=3, max_restarts=50)
    w.add("s1", w.worker("a"))
    w.add("s1", w.worker("b", init=["ok", FAILS, "ok"]))
    w.add("s1", nested("c", dynamic()))
    for attempt in (1, 2, 3):
        w.crash(f"s1/a#{attempt}")
        w.look()
        w.add("s1", w.worker(f"x{attempt}"))
    w.crash("s1/b#1")
    w.look()
    w.add("s1", w.worker("y"))
    for child in ("s1/a#4", "s1/b#3", "s1/c#1"):
        w.end("s1", child)
        w.add("s1", w.worker(f"d{child[3]}", restart="temporary"))
        w.add("s1", w.worker("z"))
    w.end("s1", "s1/da#1")
    w.crash("s1/db#1")
    w.look()
    w.ask("s1")


@_dynamic("DYN-E6", "DYN-E7", "SUP-31", "SHUT-15")
def children_of_every_kind_are_ended_by_hand(w: Writer) -> None:
    w.pool("s1", max_restarts=0)
    for number, kind in enumerate(KINDS):
        w.add("s1", w.worker(f"a{number}", restart=kind))
        w.add("s1", w.worker(f"k{number}", restart=kind, shutdown="brutal_kill"))
        w.add("s1", nested(f"n{number}", supervisor(w.worker("x")), restart=kind))
    w.look()
    for number in range(len(KINDS)):
        for child in "akn":
            w.end("s1", f"s1/{child}{number}#1")
            w.end("s1", f"s1/{child}{number}#1")
    w.look()


@_dynamic("DYN-E9", "DYN-E4", "DYN-E6", "DYN-E10", "STR-12", "STR-5")
def attempts_go_on_whatever_else_is_asked(w: Writer) -> None:
    for number in range(5):
        label = f"s{number}"
        w.pool(label, max_restarts=20)
        w.add(label, w.worker("a", init=looping(2)))
        w.add(label, w.worker("b", restart="transient"))
        w.look()
        w.crash(f"{label}/a#1")
        w.put("which_children", sup=label)
        if number == 0:
            w.ask(label)
        elif number == 1:
            w.add(label, w.worker("c"))
        elif number == 2:
            w.end(label, f"{label}/b#1")
        elif number == 3:
            w.end(label, label)
        else:
            w.cast(f"{label}/b#1", "stop", "normal")
        w.look()
