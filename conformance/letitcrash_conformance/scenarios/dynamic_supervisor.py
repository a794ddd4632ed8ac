"""Scenarios of chapter `dynamic_supervisor`."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import dynamic, nested, supervisor
from letitcrash_spec.messages import Json, Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_dynamic = partial(scenario, SCENARIOS, "dynamic_supervisor")
FAILS: Json = {"crash": "again"}
REASONS: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"}, "killed", "noproc", {"error": "e1"})


@_dynamic("DYN-E1", "DYN-E10", "STR-5", "STR-6")
def every_child_brings_its_own_specification(w: Writer) -> None:
    w.pool("s1")
    w.look()
    w.add("s1", w.worker("a", value=1))
    w.add("s1", w.worker("b", value=2, restart="transient"))
    w.add("s1", w.worker("c", value=3, restart="temporary"))
    w.add("s1", nested("d", supervisor(w.worker("x"), w.worker("y"))))
    w.look()
    w.call("s1/a#1", "add", 10)
    w.call("s1/b#1", "add", 10)
    w.crash("s1/b#1")
    w.look()
    w.call("s1/a#1", "get")
    w.call("s1/b#2", "get")
    w.crash("s1/d#1/x#1")
    w.look()
    w.ask("s1")


@_dynamic("DYN-E2", "DYN-E10")
def a_start_answers_what_became_of_it(w: Writer) -> None:
    w.pool("s1", max_restarts=0)
    entries: tuple[Json, ...] = (
        "ok",
        "ignore",
        {"stop": {"error": "e1"}},
        {"stop": "normal"},
        {"crash": "boom"},
        {"sleep": 10, "then": "ignore"},
        {"sleep": 10, "then": {"stop": {"shutdown": "s1"}}},
    )
    for number, entry in enumerate(entries):
        w.add("s1", w.worker(f"k{number}", init=[entry]))
        w.add("s1", w.worker(f"l{number}", init=[entry], restart="temporary"))
    w.look()
    w.add("s1", nested("m", supervisor(w.worker("x"), w.worker("y", init=[{"crash": "boom"}]))))
    w.look()


@_dynamic("DYN-E4", "DYN-E2", "DYN-E7", "DYN-E10")
def at_its_limit_nothing_is_started(w: Writer) -> None:
    w.pool("s0", max_children=0)
    w.add("s0", w.worker("a"))
    w.pool("s1", max_children=2)
    w.add("s1", w.worker("a", init=["ignore"]))
    w.add("s1", w.worker("b", init=[{"crash": "boom"}]))
    w.add("s1", w.worker("c"))
    w.add("s1", w.worker("d", restart="temporary"))
    w.add("s1", w.worker("e"))
    w.look()
    w.cast("s1/d#1", "stop", "normal")
    w.look()
    w.add("s1", w.worker("f"))
    w.add("s1", w.worker("g"))
    w.end("s1", "s1/c#1")
    w.add("s1", w.worker("h", init=["ok", "ignore"]))
    w.add("s1", w.worker("i"))
    w.look()
    w.crash("s1/h#1")
    w.look()
    w.add("s1", w.worker("j"))
    w.add("s1", w.worker("k"))
    w.look()


@_dynamic("DYN-E4", "DYN-E9", "DYN-E6", "DYN-E10")
def a_child_that_is_being_restarted_keeps_its_place(w: Writer) -> None:
    w.pool("s1", max_children=2, max_restarts=9)
    w.add("s1", w.worker("a", init=looping()))
    w.add("s1", w.worker("b"))
    w.look()
    w.crash("s1/a#1")
    w.put("which_children", sup="s1")
    w.put("which_children", sup="s1")
    w.add("s1", w.worker("c"))
    w.end("s1", "s1/a#1")
    w.add("s1", w.worker("d"))
    w.end("s1", "s1/a#1")
    w.look()


@_dynamic("DYN-E6", "DYN-E7", "DYN-E10")
def a_child_is_ended_by_its_process_and_nobody_else_is(w: Writer) -> None:
    w.spawn("p1")
    w.pool("s1", max_restarts=2)
    w.pool("s2")
    w.add("s1", w.worker("a"))
    w.add("s1", w.worker("b"))
    w.add("s2", w.worker("a"))
    w.end("s1", "s2/a#1")
    w.end("s1", "p1")
    w.end("s1", "s1")
    w.end("s1", "s1/a#1")
    w.end("s1", "s1/a#1")
    w.crash("s1/b#1")
    w.look()
    w.end("s1", "s1/b#1")
    w.end("s1", "s1/b#2")
    w.look()


@_dynamic("DYN-E6", "DYN-E9", "INT-15")
def a_child_in_its_attempts_is_ended_by_its_former_process(w: Writer) -> None:
    w.pool("s1", max_restarts=9)
    w.add("s1", w.worker("a", init=["ok", *looping()]))
    w.add("s1", w.worker("b", restart="transient", init=looping()))
    w.look()
    w.crash("s1/a#1")
    w.look()
    w.crash("s1/a#2")
    w.put("which_children", sup="s1")
    w.end("s1", "s1/a#1")
    w.end("s1", "s1/a#2")
    w.look()
    w.crash("s1/b#1")
    w.put("count_children", sup="s1")
    w.put("count_children", sup="s1")
    w.end("s1", "s1/b#1")
    w.look()


@_dynamic("DYN-E7", "DYN-E10", "INT-7", "STR-2", "STR-3")
def what_is_not_restarted_is_forgotten(w: Writer) -> None:
    w.pool("s1", max_restarts=0)
    for number, reason in enumerate(REASONS):
        w.add("s1", w.worker(f"t{number}", restart="temporary"))
        w.cast(f"s1/t{number}#1", "stop", reason)
        if number < 3:
            w.add("s1", w.worker(f"u{number}", restart="transient"))
            w.cast(f"s1/u{number}#1", "stop", reason)
        w.look()
    w.add("s1", w.worker("a"))
    w.look()
    w.end("s1", "s1/t0#1")
    w.crash("s1/a#1")
    w.look()


@_dynamic("DYN-E8", "DYN-E9", "DYN-E10", "INT-5")
def a_restart_may_succeed_fail_or_be_ignored(w: Writer) -> None:
    w.pool("s1", max_restarts=20)
    later: tuple[list[Json], ...] = (
        ["ok"],
        ["ignore"],
        [FAILS, "ok"],
        [{"stop": {"error": "e1"}}, {"stop": "normal"}, "ok"],
        [FAILS, "ignore"],
        [{"sleep": 20, "then": FAILS}, {"sleep": 20}],
    )
    for number, entries in enumerate(later):
        w.add("s1", w.worker(f"k{number}", init=["ok", *entries]))
        w.look()
        w.crash(f"s1/k{number}#1")
        w.look()


@_dynamic("DYN-E9", "INT-12", "INT-5", "DYN-E11")
def attempts_count_until_the_limit_is_passed(w: Writer) -> None:
    for number, limit in enumerate((2, 3, 4)):
        label = f"s{number}"
        w.pool(label, max_restarts=limit)
        w.add(label, w.worker("a", init=["ok", FAILS, FAILS, "ok"]))
        w.add(label, w.worker("b"))
        w.add(label, w.worker("c", restart="temporary"))
        w.crash(f"{label}/a#1")
        w.look()
        w.crash(f"{label}/b#1")
        w.look()


@_dynamic("DYN-E11", "SHUT-2", "SHUT-5", "SHUT-7", "SHUT-8")
def all_children_end_at_once_each_in_its_own_way(w: Writer) -> None:
    time, long = w.ms(100, 150), w.ms(300, 500)
    pools = (
        (w.worker("a"), w.trapper("b", shutdown=time), w.trapper("c", shutdown=time, terminate={"crash": "late"})),
        (w.trapper("a", shutdown=time, terminate={"sleep": long}), w.trapper("b", shutdown="brutal_kill")),
        (w.trapper("a", shutdown="infinity", terminate={"sleep": long}), w.trapper("b", terminate={"sleep": 20})),
        (w.worker("a", shutdown="brutal_kill"), nested("b", supervisor(w.trapper("x"), w.worker("y")))),
    )
    for number, children in enumerate(pools):
        for way in ("stop", "crash"):
            label = f"{way}{number}"
            w.pool(label, max_restarts=0)
            for child in children:
                w.add(label, child)
            if way == "crash":
                w.add(label, w.worker("z"))
            w.look()
            if way == "stop":
                w.stop(label, timeout_ms=20_000)
            else:
                w.crash(f"{label}/z#1")
            w.look()


@_dynamic("DYN-E11", "SHUT-2", clock="virtual")
def many_slow_children_end_in_the_time_of_the_slowest(w: Writer) -> None:
    w.pool("s1")
    for number in range(1, 4):
        w.add("s1", w.trapper(f"k{number}", shutdown=100 + 10 * number, terminate={"sleep": 50 * number}))
    w.look()
    w.stop("s1")
    w.look()


@_dynamic("DYN-E12", "SUP-12", "SHUT-13")
def a_dynamic_supervisor_ends_with_its_parent(w: Writer) -> None:
    for number, reason in enumerate(REASONS):
        w.spawn(f"p{number}")
        w.pool(f"s{number}", link=f"p{number}")
        w.add(f"s{number}", w.worker("a"))
        w.add(f"s{number}", w.worker("b", restart="temporary"))
        w.cast(f"p{number}", "stop", reason)
        w.look()


@_dynamic("DYN-E12", "SUP-13", "SUP-14", "SUP-16")
def a_dynamic_supervisor_heeds_a_kill_and_its_parent_only(w: Writer) -> None:
    w.spawn("p1")
    for label in ("s1", "s2"):
        w.pool(label, max_restarts=0, link="p1" if label == "s2" else None)
        for child in "ab":
            w.add(label, w.trapper(child) if child == "a" else w.worker(child))
        for reason in REASONS:
            w.exit(label, reason)
        w.look()
    w.kill("s1")
    w.look()
    w.kill("p1")
    w.look()


@_dynamic("DYN-E12", "SUP-9", "SUP-10", "SUP-38")
def a_dynamic_supervisor_refuses_what_cannot_be(w: Writer) -> None:
    w.pool("s1", max_restarts=-1)
    w.pool("s2", max_seconds=0)
    w.pool("s3", max_children=-1)
    w.pool("s4")
    w.add("s4", w.worker("a", shutdown=-1))
    w.look()
    w.stop("s4", "shutdown")
    w.add("s4", w.worker("a"))
    w.ask("s4")
    w.end("s4", "s4/a#1")
    w.look()


@_dynamic("DYN-E13", "DYN-E2", "DYN-E9")
def a_child_whose_name_is_taken_is_not_kept(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.pool("s1", name="n2")
    w.add("s1", w.worker("a", name="n1"))
    w.add("s1", w.worker("b", name="n2"))
    w.look()
    w.stop("p1")
    w.add("s1", w.worker("a", name="n1"))
    w.put("whereis", name="n1")
    w.add("s1", w.worker("c", name="n1"))
    w.look()
    w.crash("s1/a#2")
    w.look()
    w.put("whereis", name="n1")


@_dynamic("DYN-E1", "DYN-E4", "STR-20", "STR-21", "SUP-26")
def a_dynamic_supervisor_in_a_tree_comes_back_empty(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        nested("pool", dynamic(max_restarts=1, max_seconds=3600, max_children=3)),
        w.worker("z"),
        strategy="rest_for_one",
    )
    for attempt in (1, 2):
        pool = f"s1/pool#{attempt}"
        for child in "abcd":
            w.add(pool, w.worker(child))
        w.look()
        w.crash(f"{pool}/a#1")
        w.look()
        w.crash(f"{pool}/b#1")
        w.look()
    w.ask("s1")
    w.ask("s1/pool#3")


@_dynamic("DYN-E9", "DYN-E4", "DYN-E10", "INT-12")
def many_children_die_and_come_back(w: Writer) -> None:
    w.pool("s1", max_restarts=50)
    for number in range(10):
        w.add("s1", w.worker(f"k{number}", init=["ok", *([FAILS] * (number % 3)), "ok"]))
    w.look()
    for number in range(10):
        w.crash(f"s1/k{number}#1")
        w.look()
    w.ask("s1")


@_dynamic("DYN-E6", "SUP-31", "SUP-39")
def a_dynamic_child_may_be_ended_while_it_dies(w: Writer) -> None:
    w.pool("s1", max_restarts=9)
    for child in "abc":
        w.add("s1", w.worker(child))
        w.kill(f"s1/{child}#1")
        w.end("s1", f"s1/{child}#1")
        w.look()


@_dynamic("DYN-E11", "SHUT-2", "SHUT-7")
def each_child_is_killed_when_its_own_time_is_over(w: Writer) -> None:
    w.pool("s1")
    for number in (2, 1, 3):
        w.add("s1", w.trapper(f"k{number}", shutdown=w.ms(100, 300) * number, terminate="hang"))
    w.add("s1", w.trapper("k4", shutdown="infinity", terminate={"sleep": w.ms(150, 500)}))
    w.look()
    w.stop("s1")
    w.look()


@_dynamic("DYN-E9", "DYN-E10", "INT-5", clock="virtual")
def two_dynamic_children_may_be_retried_at_the_same_time(w: Writer) -> None:
    w.pool("s1", max_restarts=30)
    for place, child in enumerate("abc"):
        w.add("s1", w.worker(child, init=looping(2, 40 + 10 * place)))
    w.look()
    w.crash("s1/a#1", "s1/b#1")
    w.look()
    w.crash("s1/c#1", "s1/b#4")
    w.look()
