"""Scenarios of chapter `strategies`: restarts that fail, and deaths in the middle of a restart."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import Strategy, nested, supervisor
from letitcrash_spec.messages import Json

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_strategies = partial(scenario, SCENARIOS, "strategies")
GROUPS: tuple[Strategy, ...] = ("one_for_all", "rest_for_one")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", *GROUPS)
FAILS: Json = {"crash": "again"}


@_strategies("STR-12", "INT-5", "SUP-53")
def a_restart_that_fails_is_tried_again(w: Writer) -> None:
    entries: tuple[Json, ...] = (
        {"crash": "again"},
        {"stop": {"error": "e1"}},
        {"stop": "normal"},
        {"stop": "shutdown"},
        {"sleep": 20, "then": {"crash": "again"}},
    )
    for number, entry in enumerate(entries):
        w.tree(f"s{number}", w.worker("a", init=["ok", entry, entry, "ok"]), w.worker("b"), max_restarts=3)
        w.crash(f"s{number}/a#1")
        w.look()


@_strategies("STR-12", "STR-19", "STR-3")
def a_transient_child_is_retried_whatever_its_start_says(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a", restart="transient", init=["ok", {"stop": "normal"}, {"stop": "shutdown"}, "ok"]),
        w.worker("b", restart="transient", init=["ok", FAILS, "ignore", "ok"]),
        max_restarts=9,
    )
    w.crash("s1/a#1")
    w.look()
    w.crash("s1/b#1")
    w.look()
    w.restart("s1", "b")
    w.look()


@_strategies("STR-12", "SUP-53", "INT-15")
def siblings_are_served_while_a_restart_is_retried(w: Writer) -> None:
    for number in (0, 1, 2, 3) if w.is_virtual else (1, 3):
        label = f"s{number}"
        w.tree(label, w.worker("a", init=looping(3)), w.worker("b"), w.worker("c"), max_restarts=9)
        w.look()
        w.crash(f"{label}/a#1")
        w.put("which_children", sup=label)
        if number == 0:
            w.call(f"{label}/b#1", "add", 1)
        elif number == 1:
            w.end(label, "c")
        elif number == 2:
            w.crash(f"{label}/b#1")
        else:
            w.add(label, w.worker("d"))
        w.look()


@_strategies("STR-13", "INT-6", "STR-7")
def one_for_all_starts_over_if_a_member_fails(w: Writer) -> None:
    for number, (shy, dying) in enumerate((("b", "a"), ("a", "c"), ("c", "b"), ("b", "b"))):
        label = f"s{number}"
        children = [w.trapper(child, init=["ok", FAILS, "ok"] if child == shy else ["ok"]) for child in "abc"]
        w.tree(label, *children, strategy="one_for_all", max_restarts=2)
        w.crash(f"{label}/{dying}#1")
        w.look()


@_strategies("STR-13", "INT-6", "SUP-53")
def one_for_all_with_several_members_that_fail_in_turn(w: Writer) -> None:
    w.tree(
        "s1",
        w.trapper("a"),
        w.trapper("b", init=["ok", FAILS, "ok"]),
        w.trapper("c", init=["ok", FAILS, "ok"]),
        w.worker("d", restart="temporary"),
        w.trapper("e", init=["ok", FAILS, FAILS, "ok"]),
        strategy="one_for_all",
        max_restarts=5,
    )
    w.crash("s1/c#1")
    w.look()


@_strategies("STR-14", "INT-5", "STR-8")
def rest_for_one_goes_on_where_a_member_failed(w: Writer) -> None:
    for number, (shy, dying) in enumerate((("c", "b"), ("d", "a"), ("b", "b"), ("d", "c"))):
        label = f"s{number}"
        children = [w.trapper(child, init=["ok", FAILS, FAILS, "ok"] if child == shy else ["ok"]) for child in "abcd"]
        w.tree(label, *children, strategy="rest_for_one", max_restarts=3)
        w.crash(f"{label}/{dying}#1")
        w.look()


@_strategies("STR-14", "STR-9", "STR-10")
def rest_for_one_with_several_members_that_fail_in_turn(w: Writer) -> None:
    w.tree(
        "s1",
        w.trapper("a"),
        w.trapper("b"),
        w.trapper("c", init=["ok", FAILS, "ok"]),
        w.worker("d", restart="temporary"),
        w.trapper("e", init=["ok", FAILS, "ok"]),
        w.trapper("f", init=["ok", "ignore"]),
        strategy="rest_for_one",
        max_restarts=5,
    )
    w.end("s1", "a")
    w.crash("s1/b#1")
    w.look()


@_strategies("STR-13", "STR-14", "SUP-53", "SUP-30", "STR-12")
def a_group_that_waits_for_one_member_shows_each_in_its_state(w: Writer) -> None:
    for number in range(6):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", init=looping(3)),
            w.worker("c"),
            strategy=GROUPS[number % 2],
            max_restarts=9,
        )
        w.look()
        w.crash(f"{label}/a#1")
        w.put("which_children", sup=label)
        if number < 2:
            w.restart(label, "c")
        elif number < 4:
            w.restart(label, "b")
        else:
            w.put("which_children", sup=label)
        w.look()


@_strategies("STR-15", "SUP-30", "STR-12")
def ending_the_restarting_child_leaves_the_rest_down(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", init=looping()),
            w.worker("c"),
            w.worker("d", restart="transient"),
            strategy=strategy,
            max_restarts=9,
        )
        w.look()
        w.crash(f"{label}/b#1")
        w.put("which_children", sup=label)
        w.end(label, "b")
        w.look()
        w.restart(label, "d")
        w.look()
        w.delete(label, "b")
        w.crash(f"{label}/d#2")
        w.look()


@_strategies("STR-15", "STR-12", "SUP-32")
def ending_another_child_does_not_stop_the_attempts(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", init=looping(3)),
            w.worker("c"),
            strategy=strategy,
            max_restarts=9,
        )
        w.look()
        w.crash(f"{label}/b#1")
        w.end(label, "a")
        w.end(label, "c")
        w.look()


@_strategies("STR-16", "INT-4")
def two_deaths_at_once_are_one_restart_of_all(w: Writer) -> None:
    for number, pair in enumerate(("ab", "ba", "ac", "cb")):
        label = f"s{number}"
        w.tree(label, *(w.worker(child) for child in "abc"), strategy="one_for_all", max_restarts=1)
        w.put("suspend", to=label)
        for child in pair:
            w.crash(f"{label}/{child}#1")
            w.look()
        w.put("resume", to=label)
        w.look()


@_strategies("STR-17", "STR-16")
def two_deaths_at_once_under_rest_for_one_depend_on_their_order(w: Writer) -> None:
    for number, (pair, limit) in enumerate((("ac", 1), ("ca", 2), ("ca", 1), ("bc", 1))):
        label = f"s{number}"
        w.tree(label, *(w.worker(child) for child in "abc"), strategy="rest_for_one", max_restarts=limit)
        w.put("suspend", to=label)
        for child in pair:
            w.crash(f"{label}/{child}#1")
            w.look()
        w.put("resume", to=label)
        w.look()


@_strategies("STR-18", "INT-1", "INT-3")
def two_deaths_at_once_under_one_for_one_are_two_restarts(w: Writer) -> None:
    for number, limit in enumerate((2, 1)):
        label = f"s{number}"
        w.tree(label, *(w.worker(child) for child in "abc"), max_restarts=limit)
        w.put("suspend", to=label)
        w.crash(f"{label}/c#1")
        w.crash(f"{label}/a#1")
        w.look()
        w.put("resume", to=label)
        w.look()


@_strategies("STR-16", "STR-17", "STR-18", "SUP-56")
def deaths_while_the_supervisor_is_busy_are_handled_in_turn(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(label, *(w.worker(child) for child in "abc"), strategy=strategy, max_restarts=2)
        w.later(f"{label}/c#1", w.ms(50, 100), "crash", "boom")
        if w.is_virtual:
            w.later(f"{label}/a#1", 150, "crash", "boom")
        w.add(label, w.worker("d", init=[{"sleep": w.ms(300, 500)}, "ok"]))
        w.look()


@_strategies("STR-16", "STR-7", "SHUT-8", "SHUT-15")
def a_child_may_die_while_its_group_is_ended(w: Writer) -> None:
    for number, child in enumerate("bcdb"):
        strategy = GROUPS[number % 2]
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b"),
            w.worker("c", restart="temporary"),
            w.worker("d", restart="transient"),
            w.trapper("e", terminate={"sleep": w.ms(300, 400)}),
            strategy=strategy,
            max_restarts=1,
        )
        w.look()
        w.later(f"{label}/{child}#1", w.ms(100, 150), "crash", "boom")
        w.crash(f"{label}/a#1")
        w.look()


@_strategies("STR-16", "STR-13", "STR-12")
def a_child_may_die_while_its_group_is_started(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label = f"s{number}"
        w.spawn(f"p{number}")
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", init=["ok", {"sleep": w.ms(300, 400)}, "ok"]),
            w.worker("c"),
            strategy=strategy,
            max_restarts=2,
        )
        w.look()
        w.crash(f"{label}/a#1")
        w.later(f"p{number}", w.ms(100, 150), "cast", f"{label}/a#2", ["crash", "boom"])
        w.look()


@_strategies("STR-16", "STR-13", "STR-14", "STR-12")
def a_sibling_may_die_while_a_restart_is_retried(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a", value=1),
            w.worker("b", init=looping(w.ms(3, 1), w.ms(50, 200))),
            w.worker("c"),
            strategy=strategy,
            max_restarts=30,
        )
        w.look()
        w.later(f"{label}/a#1", w.ms(120, 100), "crash", "boom")
        w.crash(f"{label}/b#1")
        w.look()


@_strategies("STR-13", "STR-10", "INT-5")
def a_stranger_that_holds_the_name_of_a_member_makes_the_group_give_up(w: Writer) -> None:
    for number, strategy in enumerate(GROUPS):
        label = f"s{number}"
        name = f"n{number}"
        w.tree(label, w.worker("a"), w.worker("b", name=name), w.worker("c"), strategy=strategy, max_restarts=3)
        w.end(label, "b")
        w.spawn(f"p{number}", name=name)
        w.crash(f"{label}/a#1")
        w.look()
        w.put("whereis", name=name)


@_strategies("STR-12", "STR-14", "STR-6", clock="virtual")
def a_stranger_that_lets_go_of_a_name_in_time_ends_the_attempts(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        w.worker("b", init=looping(1, 100)),
        w.worker("c", name="n1"),
        strategy="rest_for_one",
        max_restarts=50,
    )
    w.end("s1", "c")
    w.spawn("p1", name="n1")
    w.look()
    w.crash("s1/a#1")
    w.stop("p1")
    w.look()
    w.put("whereis", name="n1")


@_strategies("STR-12", "STR-21", "INT-5", "SUP-12")
def a_parent_may_end_a_supervisor_that_retries(w: Writer) -> None:
    inner = supervisor(w.worker("b"), w.worker("c", init=looping()), w.worker("d"), max_restarts=9)
    w.tree("s1", w.worker("a"), nested("n", inner), w.worker("e"), strategy="one_for_all")
    w.look()
    w.crash("s1/n#1/c#1")
    w.ask("s1/n#1")
    w.crash("s1/e#1")
    w.look()
    w.ask("s1")
