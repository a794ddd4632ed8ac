"""Scenarios of chapter `shutdown`."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import Restart, Shutdown, nested, supervisor
from letitcrash_spec.messages import Json, Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_shutdown = partial(scenario, SCENARIOS, "shutdown")
REASONS: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"}, {"error": "e1"})


def _mixed(w: Writer) -> list[dict[str, Json]]:
    """Return children that obey, dawdle, fail and are not asked, each with a way of its own."""
    brief, long = w.ms(20, 20), w.ms(500, 1000)
    time = w.ms(60, 150)
    return [
        w.worker("a"),
        w.trapper("b", shutdown=time),
        w.trapper("c", shutdown=time, terminate={"sleep": brief}),
        w.trapper("d", shutdown=time, terminate={"sleep": long}),
        w.trapper("e", shutdown=time, terminate={"crash": "late"}),
        w.trapper("f", shutdown="infinity", terminate={"sleep": w.ms(200, 200)}),
        w.trapper("g", shutdown="brutal_kill", terminate={"sleep": long}),
        w.worker("h", shutdown="brutal_kill"),
        w.worker("i", shutdown="infinity", restart="temporary"),
    ]


@_shutdown("SHUT-1", "SHUT-2", "SHUT-3", "SHUT-4", "SHUT-5", "SHUT-6", "SHUT-7", "SHUT-8")
def a_stop_ends_each_child_in_its_own_way(w: Writer) -> None:
    w.tree("s1", *_mixed(w))
    w.look()
    w.stop("s1", timeout_ms=30_000)
    w.look()


@_shutdown("SHUT-1", "SHUT-7", "SHUT-8", "SHUT-13", "SUP-14")
def the_death_of_the_parent_ends_each_child_in_its_own_way(w: Writer) -> None:
    w.spawn("p1")
    w.tree("s1", *_mixed(w), link="p1", strategy="one_for_all")
    w.look()
    w.kill("p1")
    w.look()


@_shutdown("SHUT-1", "SHUT-7", "SHUT-8", "SHUT-13", "INT-14")
def giving_up_ends_each_child_in_its_own_way(w: Writer) -> None:
    w.tree("s1", *_mixed(w), max_restarts=0, strategy="rest_for_one")
    w.look()
    w.crash("s1/c#1")
    w.look()


@_shutdown("SHUT-1", "SHUT-7", "SHUT-8", "SUP-2")
def a_failed_start_ends_each_child_in_its_own_way(w: Writer) -> None:
    w.tree("s1", *_mixed(w), w.worker("z", init=[{"crash": "boom"}]))
    w.look()


@_shutdown("SHUT-15", "SHUT-2", "SHUT-5", "SHUT-6", "SHUT-7", "SUP-31")
def children_ended_by_hand_end_in_their_own_way(w: Writer) -> None:
    w.tree("s1", *_mixed(w), max_restarts=0)
    for child in "dhaegcbfi":
        w.end("s1", child)
    w.look()
    for child in "dg":
        w.restart("s1", child)
    w.look()


@_shutdown("SHUT-15", "STR-7", "SHUT-7", "SHUT-5")
def children_ended_for_a_group_restart_end_in_their_own_way(w: Writer) -> None:
    w.tree("s1", w.worker("0"), *_mixed(w), strategy="one_for_all", max_restarts=2)
    w.crash("s1/0#1")
    w.look()
    w.crash("s1/b#2")
    w.look()


@_shutdown("SHUT-3", "SHUT-13")
def children_that_do_not_trap_die_of_the_request(w: Writer) -> None:
    shutdowns: tuple[Shutdown, ...] = (1, 5000, "infinity", "brutal_kill")
    for number, reason in enumerate(REASONS):
        children = [w.worker(f"c{place}", shutdown=each) for place, each in enumerate(shutdowns)]
        w.tree(f"s{number}", *children)
        w.stop(f"s{number}", reason)
        w.look()


@_shutdown("SHUT-2", "SHUT-7", "SHUT-15", clock="virtual")
def a_child_has_its_time_to_the_last_millisecond(w: Writer) -> None:
    for number, ms in enumerate((98, 99, 101, 102)):
        label = f"s{number}"
        w.tree(label, w.worker("a"), w.trapper("b", shutdown=100, terminate={"sleep": ms}))
        w.end(label, "b")
        w.look()
        w.restart(label, "b")
        w.stop(label)
        w.look()


@_shutdown("SHUT-2", "SHUT-7")
def a_child_that_never_ends_is_killed(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        w.trapper("b", shutdown=w.ms(100, 150), terminate="hang"),
        w.trapper("c", shutdown="brutal_kill", terminate="hang"),
    )
    w.end("s1", "b")
    w.look()
    w.restart("s1", "b")
    w.stop("s1")
    w.look()


@_shutdown("SHUT-6", "SHUT-15")
def a_child_without_limit_is_waited_for(w: Writer) -> None:
    long = w.ms(60_000, 800)
    w.tree(
        "s1",
        w.trapper("a", shutdown="infinity", terminate={"sleep": long}),
        nested("b", supervisor(w.trapper("c", shutdown="infinity", terminate={"sleep": long}))),
    )
    w.put("stop", to="s1", reason="normal", timeout_ms=w.ms(300_000, 20_000))
    w.look()


@_shutdown("SHUT-6", "SUP-56", clock="virtual")
def a_child_that_hangs_without_limit_must_be_killed_from_outside(w: Writer) -> None:
    w.tree("s1", w.trapper("a"), w.trapper("b", shutdown="infinity", terminate="hang"), w.trapper("c"))
    w.stop("s1", timeout_ms=100)
    w.look()
    w.kill("s1/b#1")
    w.look()


@_shutdown("SHUT-8", "SHUT-9", "STR-1", "INT-7")
def children_that_end_by_themselves_during_the_end_keep_their_reasons(w: Writer) -> None:
    kinds: tuple[Restart, ...] = ("permanent", "transient", "temporary")
    for number, reason in enumerate(REASONS):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a", restart=kinds[number % 3]),
            w.worker("b", restart=kinds[(number + 1) % 3]),
            w.trapper("c", terminate={"sleep": w.ms(300, 400)}),
            max_restarts=0,
        )
        w.look()
        w.later(f"{label}/a#1", w.ms(100, 100), "stop", reason)
        if w.is_virtual:
            w.later(f"{label}/b#1", 150, "stop", reason)
        w.stop(label)
        w.look()


@_shutdown("SHUT-8", "SHUT-13", "STR-1")
def a_cleanup_that_fails_disturbs_nobody(w: Writer) -> None:
    w.tree("s1", *(w.trapper(child, terminate={"crash": f"late {child}"}) for child in "abc"), max_restarts=0)
    w.end("s1", "b")
    w.look()
    w.stop("s1", {"shutdown": "s1"})
    w.look()


@_shutdown("SHUT-9", "SHUT-8", "SUP-12")
def deaths_during_the_end_cause_no_restart(w: Writer) -> None:
    w.spawn("p1")
    w.tree(
        "s1",
        nested("b", supervisor(w.worker("x"), w.worker("y"))),
        w.trapper("d", terminate={"sleep": w.ms(300, 400)}),
        strategy="one_for_all",
        link="p1",
    )
    w.look()
    w.later("s1/b#1/x#1", w.ms(100, 150), "crash", "boom")
    w.crash("p1")
    w.look()


@_shutdown("SHUT-10", "SHUT-2", "SHUT-7")
def times_are_spent_one_after_the_other(w: Writer) -> None:
    time = w.ms(100, 150)
    w.tree("s1", *(w.trapper(child, shutdown=time, terminate={"sleep": 10 * time}) for child in "abc"))
    w.look()
    w.stop("s1", timeout_ms=20_000)
    w.look()


@_shutdown("SHUT-11", "SHUT-4", "SUP-16")
def a_signal_from_the_supervisor_is_an_order(w: Writer) -> None:
    w.tree("s1", w.trapper("a"), w.trapper("b"), w.worker("c"))
    for reason in REASONS:
        w.exit("s1/a#1", reason)
        w.call("s1/b#1", "exit", "s1/a#1", reason)
        w.look()
    w.end("s1", "a")
    w.look()
    w.kill("s1")
    w.look()


@_shutdown("SHUT-12", "SHUT-1", "SUP-17")
def a_subtree_ends_before_the_next_sibling(w: Writer) -> None:
    inner = supervisor(
        w.trapper("x", terminate={"sleep": 20}),
        nested("y", supervisor(w.trapper("u", terminate={"sleep": 20}), w.worker("v"))),
        w.trapper("z"),
    )
    w.tree("s1", w.trapper("a"), nested("b", inner), nested("c", supervisor(w.worker("w"))), w.trapper("d"))
    w.look()
    w.end("s1", "b")
    w.look()
    w.restart("s1", "b")
    w.look()
    w.stop("s1")
    w.look()


@_shutdown("SHUT-12", "SHUT-5", "SHUT-2", "SUP-16")
def a_nested_supervisor_may_be_killed_for_being_slow(w: Writer) -> None:
    slow = supervisor(w.worker("x"), w.trapper("y", shutdown="infinity", terminate={"sleep": w.ms(500, 1000)}))
    w.tree(
        "s1",
        w.worker("a"),
        nested("b", slow, shutdown=w.ms(100, 150)),
        nested("c", supervisor(w.trapper("x"), w.worker("y")), shutdown="brutal_kill"),
        w.worker("d"),
    )
    w.look()
    w.end("s1", "c")
    w.look()
    w.stop("s1")
    w.look()


@_shutdown("SHUT-13", "INT-1", "SUP-12", "SUP-17", "STR-20")
def a_supervisor_tells_by_its_reason_why_it_ended(w: Writer) -> None:
    w.spawn("p1")
    w.tree("s1", w.worker("a"), link="p1")
    w.tree("s2", w.worker("a"), max_restarts=0)
    w.tree("s3", w.worker("a"))
    w.tree("s4", nested("a", supervisor(w.worker("b"))))
    w.cast("p1", "stop", {"error": "e1"})
    w.crash("s2/a#1")
    w.look()
    w.stop("s3", {"error": "e2"})
    w.end("s4", "a")
    w.look()


@_shutdown("SHUT-14", "SHUT-2")
def a_time_of_zero_is_legal(w: Writer) -> None:
    w.tree("s1", w.worker("a", shutdown=0), w.trapper("b", shutdown=0), w.worker("c"))
    w.end("s1", "a")
    w.look()
    w.restart("s1", "a")
    w.end("s1", "b")
    w.look()
    w.stop("s1")
    w.look()


@_shutdown("SHUT-16", "SUP-17", "SUP-22")
def children_without_a_process_are_passed_over(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        w.worker("b", init=["ignore"]),
        w.worker("c", restart="transient"),
        w.worker("d"),
        nested("e", supervisor(w.worker("x", init=["ignore"]))),
    )
    w.end("s1", "d")
    w.cast("s1/c#1", "stop", "normal")
    w.look()
    w.stop("s1")
    w.look()
    w.tree("s2", w.worker("a"), w.worker("b", init=looping()), w.worker("c"), max_restarts=9, strategy="rest_for_one")
    w.look()
    w.crash("s2/a#1")
    w.put("which_children", sup="s2")
    w.stop("s2")
    w.look()


@_shutdown("SHUT-5", "SHUT-15", "STR-1")
def a_killed_child_is_a_dead_child_like_any_other(w: Writer) -> None:
    w.tree("s1", w.trapper("a", shutdown="brutal_kill"), w.trapper("b"), strategy="one_for_all")
    w.kill("s1/a#1")
    w.look()
    w.end("s1", "a")
    w.restart("s1", "a")
    w.look()
    w.kill("s1/b#2")
    w.look()


@_shutdown("SHUT-8", "SUP-31", "SHUT-2", "SHUT-6")
def a_child_that_is_busy_is_ended_in_its_time(w: Writer) -> None:
    busy = w.ms(500, 600)
    children = (
        w.worker("a"),
        w.trapper("b", shutdown=w.ms(100, 150)),
        w.trapper("c", shutdown="infinity"),
        w.trapper("d", shutdown="brutal_kill"),
    )
    w.tree("s1", *children)
    for child in "abcd":
        w.cast(f"s1/{child}#1", "sleep", busy)
        w.end("s1", child)
        w.look()
