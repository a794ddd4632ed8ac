"""Scenarios of chapter `supervisor`: how supervisors start, whom they obey, and how they end."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import LONG_S, Scenario, Writer, scenario
from letitcrash_conformance.trees import nested, supervisor
from letitcrash_spec.messages import Json, Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_supervisor = partial(scenario, SCENARIOS, "supervisor")
REASONS: tuple[Reason, ...] = ("normal", "shutdown", {"shutdown": "s1"}, "killed", "noproc", {"error": "e1"})


@_supervisor("SUP-1", "SUP-17", "SUP-50", "SUP-52", "SHUT-1")
def children_start_in_order_and_end_in_reverse(w: Writer) -> None:
    w.tree("s1", *(w.worker(child, init=[{"sleep": 10}]) for child in ("m", "b", "z", "a", "k")))
    w.look()
    for child in ("m", "a", "k"):
        w.call(f"s1/{child}#1", "add", 1)
    w.stop("s1")
    w.look()


@_supervisor("SUP-1", "SUP-17", "SHUT-1", "SHUT-4")
def children_that_clean_up_end_one_after_the_other(w: Writer) -> None:
    w.tree("s1", *(w.trapper(child, terminate={"sleep": 10}) for child in ("m", "b", "z", "a", "k")))
    w.look()
    w.stop("s1")
    w.look()


@_supervisor("SUP-2", "SUP-3", "SHUT-1")
def a_child_that_does_not_start_takes_back_those_before_it(w: Writer) -> None:
    entries: tuple[Json, ...] = (
        {"stop": {"error": "e1"}},
        {"crash": "boom"},
        {"stop": "normal"},
        {"stop": "shutdown"},
        {"sleep": 10, "then": {"stop": {"shutdown": "s1"}}},
    )
    for number, entry in enumerate(entries):
        place = number % 4
        children = [w.worker(child, init=[entry] if at == place else ["ok"]) for at, child in enumerate("abcd")]
        w.tree(f"s{number}", *children, max_restarts=5)
        w.look()
        w.ask(f"s{number}")


@_supervisor("SUP-2", "SHUT-1", "SHUT-4")
def a_failed_start_cleans_up_and_frees_every_name(w: Writer) -> None:
    for number, child in enumerate("abcd"):
        children = [
            w.trapper(each, name=f"n{each}", init=[{"crash": "boom"}] if each == child else ["ok"]) for each in "abcd"
        ]
        w.tree(f"s{number}", *children, name="top")
        w.look()
    w.tree("s9", *(w.trapper(each, name=f"n{each}") for each in "abcd"), name="top")
    w.look()


@_supervisor("SUP-2", "SUP-12")
def a_failed_start_reaches_its_parent_over_the_link(w: Writer) -> None:
    w.spawn("p1")
    w.trapping("p2")
    for parent in ("p1", "p2"):
        w.tree(f"s{parent}", w.trapper("a"), w.worker("b", init=[{"crash": "boom"}]), link=parent)
        w.look()
        w.call(parent, "add", 1)


@_supervisor("SUP-2", "SUP-3", "SHUT-12")
def a_nested_supervisor_that_does_not_start_fails_the_whole_tree(w: Writer) -> None:
    deep = supervisor(w.worker("c"), w.worker("d", init=[{"crash": "boom"}]), w.worker("e"))
    w.tree("s1", w.worker("a"), nested("b", deep), w.worker("f"))
    w.look()
    deeper = supervisor(w.worker("g"), nested("h", deep), strategy="one_for_all")
    w.tree("s2", w.worker("a"), nested("b", deeper), w.worker("f"))
    w.look()


@_supervisor("SUP-4", "SUP-50", "SUP-52")
def a_child_that_ignores_is_kept_unless_it_is_temporary(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a", init=["ignore"]),
        w.worker("b"),
        w.worker("c", restart="transient", init=["ignore"]),
        w.worker("d", restart="temporary", init=["ignore"]),
        w.worker("e", restart="temporary"),
    )
    w.look()
    w.restart("s1", "d")
    w.add("s1", w.worker("d"))
    w.add("s1", w.worker("a"))
    w.look()
    w.stop("s1", "shutdown")
    w.look()


@_supervisor("SUP-4", "SUP-17", "SUP-52")
def a_supervisor_may_have_no_children_at_all(w: Writer) -> None:
    w.tree("s1")
    w.tree("s2", w.worker("a", init=["ignore"]), strategy="one_for_all")
    w.tree("s3", nested("b", supervisor()), strategy="rest_for_one", max_restarts=0)
    w.look()
    for label in ("s1", "s2", "s3"):
        w.ask(label)
        w.stop(label)
    w.look()


@_supervisor("SUP-7")
def two_children_of_one_id_are_refused(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), w.worker("a"))
    w.tree("s2", w.worker("a"), w.worker("a", restart="temporary", init=["ignore"]))
    w.look()
    w.tree("s3", nested("a", supervisor(w.worker("a"))), w.worker("b"))
    w.look()


@_supervisor("SUP-9")
def limits_that_cannot_be_are_refused(w: Writer) -> None:
    for number, (restarts, seconds) in enumerate(((-1, 5), (1, 0), (1, -5), (-1, 0))):
        w.tree(f"s{number}", w.worker("a"), max_restarts=restarts, max_seconds=seconds)
    w.look()
    w.tree("s9", w.worker("a"), max_restarts=0, max_seconds=1)
    w.look()


@_supervisor("SUP-10", "SUP-24")
def a_child_with_an_impossible_shutdown_is_refused(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b", shutdown=-1))
    w.look()
    w.tree("s2", w.worker("a"))
    w.add("s2", w.worker("b", shutdown=-5))
    w.look()
    w.add("s2", w.worker("b"))
    w.look()


@_supervisor("SUP-11")
def a_supervisor_whose_name_is_taken_starts_nothing(w: Writer) -> None:
    w.tree("s1", w.worker("a"), name="n1")
    w.tree("s2", w.worker("a"), w.worker("b", name="n2"), name="n1")
    w.put("whereis", name="n1")
    w.put("whereis", name="n2")
    w.put("name_of", to="s1")
    w.look()
    w.spawn("p1", name="n3")
    w.tree("s3", w.worker("a"), name="n3")
    w.stop("s1")
    w.tree("s4", w.worker("a"), name="n1")
    w.put("whereis", name="n1")
    w.look()


@_supervisor("SUP-12", "SUP-17", "SHUT-1", "SHUT-13")
def the_end_of_a_parent_ends_its_supervisor_with_the_same_reason(w: Writer) -> None:
    for number, reason in enumerate(REASONS):
        w.spawn(f"p{number}")
        w.tree(f"s{number}", w.worker("a"), w.worker("b"), w.worker("c"), link=f"p{number}")
        w.cast(f"p{number}", "stop", reason)
        w.look()
    w.spawn("q1")
    w.tree("t1", w.worker("a"), link="q1")
    w.crash("q1")
    w.look()


@_supervisor("SUP-12", "SUP-14", "SHUT-1", "SHUT-4", "SHUT-13")
def a_killed_parent_is_no_kill_of_the_tree(w: Writer) -> None:
    w.spawn("p1")
    w.tree(
        "s1",
        w.trapper("a"),
        nested("b", supervisor(w.trapper("c"), w.worker("d"))),
        w.worker("e"),
        w.trapper("f", terminate={"sleep": 20}),
        link="p1",
    )
    w.look()
    w.kill("p1")
    w.look()


@_supervisor("SUP-12", "SUP-13", "SHUT-13")
def signals_to_a_parent_that_traps_do_not_touch_the_tree(w: Writer) -> None:
    w.trapping("p1")
    w.tree("s1", w.worker("a"), link="p1")
    for reason in REASONS:
        w.exit("p1", reason)
    w.look()
    w.call("p1", "exit", "s1", "normal")
    w.look()
    w.call("p1", "get")


@_supervisor("SUP-12", "SHUT-13")
def a_signal_of_the_parent_ends_the_tree_whatever_its_reason(w: Writer) -> None:
    for number, reason in enumerate(REASONS):
        w.trapping(f"p{number}")
        w.tree(f"s{number}", w.trapper("a"), w.worker("b"), link=f"p{number}")
        w.call(f"p{number}", "exit", f"s{number}", reason)
        w.look()


@_supervisor("SUP-13")
def signals_of_strangers_are_ignored(w: Writer) -> None:
    w.spawn("p1")
    w.tree("s1", w.worker("a"), nested("b", supervisor(w.worker("c"))), max_restarts=0)
    for reason in REASONS:
        w.exit("s1", reason)
        w.exit("s1/b#1", reason)
        w.call("p1", "exit", "s1", reason)
        w.look()
    w.ask("s1")
    w.call("s1/b#1/c#1", "exit", "s1", "shutdown")
    w.call("s1/a#1", "exit", "s1/b#1", {"error": "e1"})
    w.look()
    w.call("s1/b#1/c#1", "add", 1)


@_supervisor("SUP-13")
def a_stranger_that_linked_itself_to_a_supervisor_may_die(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.tree("s1", w.worker("a"), w.worker("b"), strategy="one_for_all", max_restarts=0)
    w.call("p1", "link", "s1")
    w.call("p2", "link", "s1")
    w.look()
    w.crash("p1")
    w.look()
    w.kill("s1")
    w.look()


@_supervisor("SUP-15")
def messages_that_nobody_expects_are_ignored(w: Writer) -> None:
    w.tree("s1", w.worker("a"), nested("b", supervisor(w.worker("c"))), name="n1", max_restarts=0)
    for payload in ("hello", "!crash", "!stop"):
        w.send("s1", payload)
        w.send({"name": "n1"}, payload)
        w.look()
        w.send("s1/b#1", payload)
        w.look()
    w.end("s1", "a")
    w.restart("s1", "a")
    w.look()


@_supervisor("SUP-16", "SUP-38")
def a_killed_supervisor_leaves_no_child_behind(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        w.trapper("b"),
        nested("c", supervisor(w.worker("d"), w.trapper("e"))),
        w.trapper("f", shutdown="brutal_kill"),
        w.worker("g", restart="temporary"),
    )
    w.look()
    w.kill("s1")
    w.look()
    w.ask("s1")
    w.ask("s1/c#1")


@_supervisor("SUP-16", "STR-1", "STR-21", "SUP-26")
def a_killed_nested_supervisor_comes_back_with_all_its_children(w: Writer) -> None:
    w.tree("s1", nested("b", supervisor(w.worker("c"), w.trapper("d"))), w.worker("e"))
    w.add("s1/b#1", w.worker("f"))
    w.look()
    for attempt in (1, 2, 3):
        w.kill(f"s1/b#{attempt}")
        w.look()
    w.kill("s1/b#4")
    w.look()


@_supervisor("SUP-17", "SHUT-13", "SHUT-1")
def a_supervisor_that_is_stopped_ends_with_the_reason_of_the_request(w: Writer) -> None:
    for number, reason in enumerate(REASONS):
        w.tree(f"s{number}", w.worker("a"), nested("b", supervisor(w.worker("c"))), w.worker("d"))
        w.stop(f"s{number}", reason)
        w.look()


@_supervisor("SUP-26", "STR-20", "STR-21", "INT-13")
def children_that_were_added_are_gone_after_a_restart(w: Writer) -> None:
    w.tree("s1", nested("b", supervisor(w.worker("c"), max_restarts=0, max_seconds=LONG_S)), w.worker("e"))
    w.add("s1", w.worker("f"))
    for attempt in (1, 2):
        for child in ("d", "g"):
            w.add(f"s1/b#{attempt}", w.worker(child))
        w.add("s1", nested("h", supervisor(w.worker("i"))))
        w.look()
        w.crash(f"s1/b#{attempt}/d#1")
        w.look()


@_supervisor("SUP-56", "SUP-20")
def a_supervisor_that_starts_a_child_lets_others_wait(w: Writer) -> None:
    slow, short = w.ms(500, 900), w.ms(100, 150)
    w.tree("s1", w.worker("a"), w.worker("b"))
    w.look()
    w.add("s1", w.worker("c", init=[{"sleep": slow}]), timeout_ms=short)
    w.put("which_children", sup="s1", timeout_ms=short)
    if w.is_virtual:
        w.call("s1/b#1", "add", 1)
    w.look()
    w.ask("s1")


@_supervisor("SUP-56", "SUP-31", "STR-1")
def a_death_while_another_child_is_ended_is_handled_afterwards(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.trapper("b", terminate={"sleep": w.ms(300, 400)}), w.worker("c"))
    w.look()
    w.later("s1/a#1", w.ms(100, 150), "crash", "boom")
    w.end("s1", "b")
    w.look()
    w.restart("s1", "b")
    w.look()


@_supervisor("SUP-56", "SUP-20", "STR-8", "STR-1")
def a_death_while_another_child_is_added_is_handled_afterwards(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), strategy="rest_for_one")
    w.look()
    w.later("s1/b#1", w.ms(100, 150), "crash", "boom")
    w.add("s1", w.worker("c", init=[{"sleep": w.ms(300, 400)}, "ok"]))
    w.look()
    w.ask("s1")


@_supervisor("SUP-1", "SUP-12", "SUP-56", "SHUT-13", clock="virtual")
def a_parent_that_is_told_to_end_during_the_start_ends_after_it(w: Writer) -> None:
    reasons: tuple[Reason, ...] = ("normal", {"error": "e1"})
    for number, reason in enumerate(reasons):
        parent = f"p{number}"
        w.spawn(parent)
        w.tree(f"s{number}", w.trapper("a"), w.trapper("b", init=[{"sleep": 500}]), link=parent, timeout_ms=100)
        w.cast(parent, "stop", reason)
        w.look()


@_supervisor("SUP-1", "SUP-56", "STR-1", clock="virtual")
def a_child_that_dies_during_the_start_is_restarted_after_it(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b", init=[{"sleep": 500}]), w.worker("c"), timeout_ms=100)
    w.crash("s1/a#1")
    w.look()
    w.ask("s1")
