"""Scenarios of chapter `intensity`.

On a virtual clock they walk along the very edge of the window. On a wall clock a moment that matters is a grain of
whole seconds away from the edge, and waits are few.
"""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import LONG_S, Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import Strategy, nested, supervisor
from letitcrash_spec.messages import Json

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_intensity = partial(scenario, SCENARIOS, "intensity")
GROUPS: tuple[Strategy, ...] = ("one_for_all", "rest_for_one")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", *GROUPS)
FAILS: Json = {"crash": "again"}


@_intensity("INT-1", "INT-14", "SHUT-1", "SHUT-13")
def exactly_the_limit_is_tolerated(w: Writer) -> None:
    for limit in (1, 2, 3, 5):
        label = f"s{limit}"
        w.tree(label, w.worker("a"), w.worker("b"), w.worker("c"), max_restarts=limit)
        for attempt in range(1, limit + 2):
            w.crash(f"{label}/b#{attempt}")
            w.look()


@_intensity("INT-1", "INT-4", "INT-14", "SHUT-1")
def a_group_restart_counts_once_however_large_it_is(w: Writer) -> None:
    for strategy in GROUPS:
        w.tree(strategy, *(w.worker(child) for child in "abcde"), strategy=strategy, max_restarts=2)
        for attempt in (1, 2, 3):
            w.crash(f"{strategy}/a#{attempt}")
            w.look()


@_intensity("INT-2", "INT-14", "SHUT-1", "SHUT-4")
def a_limit_of_zero_tolerates_nothing(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(label, w.trapper("a"), w.worker("b"), w.trapper("c"), strategy=strategy, max_restarts=0)
        w.crash(f"{label}/{'abc'[number]}#1")
        w.look()


@_intensity("INT-3", "INT-1", "STR-5")
def the_limit_is_one_for_all_children(w: Writer) -> None:
    w.tree("s1", *(w.worker(child) for child in "abcd"), max_restarts=3)
    for child in "bdac":
        w.crash(f"s1/{child}#1")
        w.look()


@_intensity("INT-5", "INT-14", "STR-12")
def a_child_that_never_starts_again_gets_as_many_attempts_as_the_limit(w: Writer) -> None:
    for limit in (1, 2, 3, 4):
        label = f"s{limit}"
        w.tree(label, w.worker("a"), w.worker("b", init=["ok", FAILS]), w.worker("c"), max_restarts=limit)
        w.crash(f"{label}/b#1")
        w.look()


@_intensity("INT-5", "INT-1", "STR-12")
def attempts_that_failed_weigh_as_much_as_restarts(w: Writer) -> None:
    for limit in (3, 2):
        label = f"s{limit}"
        w.tree(label, w.worker("a", init=["ok", FAILS, FAILS, "ok"]), w.worker("b"), max_restarts=limit)
        w.crash(f"{label}/a#1")
        w.look()
        w.crash(f"{label}/b#1")
        w.look()


@_intensity("INT-5", "INT-6", "STR-13", "STR-14")
def every_failed_round_of_a_group_counts_once(w: Writer) -> None:
    for strategy in GROUPS:
        for limit in (2, 3):
            label = f"{strategy}{limit}"
            w.tree(
                label,
                w.trapper("a"),
                w.trapper("b", init=["ok", FAILS, "ok"]),
                w.trapper("c"),
                w.trapper("d", init=["ok", FAILS, "ok"]),
                strategy=strategy,
                max_restarts=limit,
            )
            w.crash(f"{label}/a#1")
            w.look()


@_intensity("INT-6", "INT-14", "STR-13")
def a_group_whose_member_never_starts_again_gives_up(w: Writer) -> None:
    for strategy in STRATEGIES:
        w.tree(
            strategy,
            w.trapper("a"),
            w.trapper("b", init=["ok", FAILS]),
            w.trapper("c"),
            strategy=strategy,
            max_restarts=4,
        )
        w.crash(f"{strategy}/b#1")
        w.look()


@_intensity("INT-7", "STR-2", "STR-3", "INT-2")
def ends_that_need_no_restart_do_not_count(w: Writer) -> None:
    w.tree(
        "s1",
        *(w.worker(f"t{number}", restart="temporary") for number in range(3)),
        *(w.worker(f"u{number}", restart="transient") for number in range(3)),
        w.worker("z"),
        max_restarts=0,
    )
    for number in range(3):
        w.crash(f"s1/t{number}#1")
        w.cast(f"s1/u{number}#1", "stop", ("normal", "shutdown", {"shutdown": "s1"})[number])
        w.look()
    w.cast("s1/z#1", "stop", "normal")
    w.look()


@_intensity("INT-8", "SUP-27", "SUP-37")
def what_is_done_by_hand_does_not_count(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), strategy="one_for_all", max_restarts=1)
    for attempt in range(1, 4):
        w.end("s1", "a")
        w.restart("s1", "a")
        w.add("s1", w.worker("c", init=[FAILS]))
        w.add("s1", w.worker(f"d{attempt}"))
    w.look()
    w.crash("s1/b#1")
    w.look()
    w.end("s1", "a")
    w.restart("s1", "a")
    w.look()
    w.crash("s1/b#2")
    w.look()


@_intensity("INT-9", "INT-11", "INT-1", clock="virtual")
def a_restart_counts_up_to_the_very_edge_of_the_window(w: Writer) -> None:
    for number, beyond in enumerate((-1, 0, 1, 2)):
        label = f"s{number}"
        w.tree(label, w.worker("a"), w.worker("b"), max_restarts=1, max_seconds=2)
        w.crash(f"{label}/a#1")
        w.look()
        w.advance(2000 + beyond)
        w.crash(f"{label}/b#1")
        w.look()


@_intensity("INT-9", "INT-11", clock="virtual")
def a_window_may_be_a_fraction_of_a_second(w: Writer) -> None:
    for number, seconds in enumerate((0.25, 0.001, 1.5)):
        for beyond in (0, 1):
            label = f"s{number}{beyond}"
            w.tree(label, w.worker("a"), max_restarts=2, max_seconds=seconds)
            w.crash(f"{label}/a#1")
            w.look()
            w.crash(f"{label}/a#2")
            w.look()
            w.advance(int(seconds * 1000) + beyond)
            w.crash(f"{label}/a#3")
            w.look()


@_intensity("INT-9", "INT-11", clock="virtual")
def the_window_slides_and_forgets_one_restart_at_a_time(w: Writer) -> None:
    for number, steps in enumerate(((3000, 2001, 2999, 2002, 2998), (3000, 2001, 2999, 2001, 2999))):
        label = f"s{number}"
        w.tree(label, w.worker("a"), w.worker("b"), strategy="one_for_all", max_restarts=2, max_seconds=5)
        w.crash(f"{label}/a#1")
        w.look()
        for attempt, step in enumerate(steps, 2):
            w.advance(step)
            w.crash(f"{label}/{'ab'[attempt % 2]}#{attempt}")
            w.look()


@_intensity("INT-9", "INT-11", clock="virtual")
def a_steady_loop_is_tolerated_if_it_is_slow_enough(w: Writer) -> None:
    for number, step in enumerate((1001, 1000)):
        label = f"s{number}"
        w.tree(label, w.worker("a"), max_restarts=1, max_seconds=1)
        for attempt in range(1, 7):
            w.crash(f"{label}/a#{attempt}")
            w.look()
            w.advance(step)


@_intensity("INT-9", "INT-11", "INT-3", clock="virtual")
def no_fixed_blocks_of_time_let_twice_the_limit_pass(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), max_restarts=3, max_seconds=1)
    w.advance(900)
    for attempt in (1, 2):
        w.crash(f"s1/a#{attempt}")
        w.look()
    w.advance(200)
    w.crash("s1/b#1")
    w.look()
    w.advance(801)
    w.crash("s1/b#2")
    w.look()
    w.crash("s1/b#3")
    w.look()
    w.crash("s1/b#4")
    w.look()


@_intensity("INT-5", "INT-9", "INT-11", clock="virtual")
def slow_attempts_slide_out_of_the_window_as_well(w: Writer) -> None:
    for number, ms in enumerate((500, 501, 400)):
        label = f"s{number}"
        w.tree(label, w.worker("a", init=looping(6, ms)), w.worker("b"), max_restarts=2, max_seconds=1)
        w.crash(f"{label}/a#1")
        w.look()


@_intensity("INT-9", "INT-11", "INT-1", clock="wall")
def crashes_far_apart_are_tolerated_for_ever(w: Writer) -> None:
    for label in ("s1", "s2", "s3"):
        w.tree(label, w.worker("a"), w.worker("b"), max_restarts=1, max_seconds=1)
    for attempt in (1, 2):
        for label in ("s1", "s2", "s3"):
            w.crash(f"{label}/{'ab'[attempt % 2]}#1")
            w.look()
        w.advance(3100)
    w.crash("s1/a#2")
    w.look()


@_intensity("INT-1", "INT-3", "INT-11", clock="wall")
def crashes_close_together_are_not(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), max_restarts=2, max_seconds=60)
    w.crash("s1/a#1")
    w.look()
    w.advance(1100)
    w.crash("s1/b#1")
    w.look()
    w.crash("s1/a#2")
    w.look()


@_intensity("INT-12", "INT-1", "INT-3")
def a_dynamic_supervisor_has_one_limit_for_all_children(w: Writer) -> None:
    w.pool("s1", max_restarts=2)
    for child in "abc":
        w.add("s1", w.worker(child))
    for child in "cab":
        w.crash(f"s1/{child}#1")
        w.look()


@_intensity("INT-12", "INT-9", "INT-11", clock="virtual")
def a_dynamic_supervisor_has_the_same_edge(w: Writer) -> None:
    for number, beyond in enumerate((0, 1)):
        label = f"s{number}"
        w.pool(label, max_restarts=1, max_seconds=1)
        w.add(label, w.worker("a"))
        w.add(label, w.worker("b"))
        w.crash(f"{label}/a#1")
        w.look()
        w.advance(1000 + beyond)
        w.crash(f"{label}/b#1")
        w.look()


@_intensity("INT-13", "STR-20", "STR-21", "INT-1")
def a_restarted_supervisor_has_its_whole_limit_again(w: Writer) -> None:
    inner = supervisor(w.worker("a"), w.worker("b"), max_restarts=2, max_seconds=LONG_S)
    w.tree("s1", nested("n", inner), w.worker("z"), max_restarts=1)
    for level in (1, 2):
        for attempt in (1, 2, 3):
            w.crash(f"s1/n#{level}/{'a' if level == 1 else 'b'}#{attempt}")
            w.look()


@_intensity("INT-14", "INT-1", "SHUT-1", "SHUT-2", "SHUT-5")
def giving_up_ends_the_others_in_order_and_in_their_way(w: Writer) -> None:
    w.trapping("p1")
    w.tree(
        "s1",
        w.trapper("a"),
        w.trapper("b", shutdown="brutal_kill"),
        w.worker("c"),
        w.trapper("d", terminate={"sleep": 30}),
        w.trapper("e", terminate={"crash": "late"}),
        nested("f", supervisor(w.trapper("x"), w.trapper("y"))),
        max_restarts=0,
        link="p1",
    )
    w.look()
    w.crash("s1/c#1")
    w.look()


@_intensity("INT-15", "STR-12", "SUP-12", "SHUT-16")
def a_parent_ends_a_supervisor_in_the_middle_of_its_attempts(w: Writer) -> None:
    w.spawn("p1")
    w.tree("s1", w.worker("a"), w.worker("b", init=looping()), w.worker("c"), max_restarts=9, link="p1")
    w.look()
    w.crash("s1/b#1")
    w.put("which_children", sup="s1")
    w.crash("p1")
    w.look()


@_intensity("INT-15", "STR-12", "SUP-17", "SHUT-16")
def a_supervisor_is_stopped_in_the_middle_of_its_attempts(w: Writer) -> None:
    for strategy in STRATEGIES:
        w.tree(
            strategy,
            w.worker("a"),
            w.worker("b", init=looping()),
            w.worker("c"),
            strategy=strategy,
            max_restarts=9,
        )
        w.look()
        w.crash(f"{strategy}/b#1")
        w.put("which_children", sup=strategy)
        w.stop(strategy, "shutdown")
        w.look()


@_intensity("INT-1", "INT-3", "STR-16", "STR-18")
def two_deaths_together_may_go_over_the_limit_together(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(label, *(w.worker(child) for child in "abc"), strategy=strategy, max_restarts=1)
        w.crash(f"{label}/c#1", f"{label}/a#1")
        w.look()


@_intensity("INT-8", "SUP-37", "SUP-27", "INT-1")
def what_is_done_by_hand_leaves_the_count_as_it_is(w: Writer) -> None:
    for number in range(4):
        label = f"s{number}"
        w.tree(label, w.worker("a"), w.worker("b"), max_restarts=2)
        w.crash(f"{label}/b#1")
        w.look()
        w.crash(f"{label}/a#1")
        w.look()
        if number == 3:
            w.add(label, w.worker("c"))
        else:
            w.end(label, "b")
        if number == 1:
            w.restart(label, "b")
        elif number == 2:
            w.delete(label, "b")
        w.crash(f"{label}/a#2")
        w.look()
