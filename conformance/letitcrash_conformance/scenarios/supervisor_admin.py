"""Scenarios of chapter `supervisor`: adding, ending, restarting and deleting children by hand, and asking for them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, looping, scenario
from letitcrash_conformance.trees import Strategy, nested, supervisor
from letitcrash_spec.messages import Json

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_supervisor = partial(scenario, SCENARIOS, "supervisor")
STRATEGIES: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")


def _administer(w: Writer, sup: str, ids: Iterable[str]) -> None:
    """Do everything that names a child to each id, ending it last."""
    for child in ids:
        w.add(sup, w.worker(child))
        w.restart(sup, child)
        w.delete(sup, child)


@_supervisor("SUP-20", "SUP-35", "STR-8", "SHUT-1")
def an_added_child_is_the_last_in_the_order(w: Writer) -> None:
    w.tree("s1", w.trapper("b"), w.trapper("c"), strategy="rest_for_one", max_restarts=9)
    w.add("s1", w.trapper("a"))
    w.add("s1", w.trapper("d", restart="transient"))
    w.look()
    w.crash("s1/c#1")
    w.look()
    w.crash("s1/a#2")
    w.look()
    w.stop("s1")
    w.look()


@_supervisor("SUP-35", "SUP-20", "SHUT-1")
def a_child_restarted_by_hand_keeps_its_place_in_the_order_of_the_end(w: Writer) -> None:
    for strategy in STRATEGIES:
        sup = f"s-{strategy}"
        w.tree(sup, w.trapper("a"), w.trapper("b"), w.trapper("c"), strategy=strategy)
        w.end(sup, "a")
        w.restart(sup, "a")
        w.add(sup, w.trapper("d"))
        w.look()
        w.stop(sup)
        w.look()


@_supervisor("SUP-21", "SUP-22", "SUP-30")
def an_id_that_is_known_cannot_be_added_again(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b", init=["ignore"]), w.worker("c"), w.worker("d", restart="transient"))
    w.end("s1", "c")
    w.cast("s1/d#1", "stop", "normal")
    w.look()
    for child in "abcd":
        w.add("s1", w.worker(child, restart="temporary"))
        w.add("s1", nested(child, supervisor(w.worker("x"))))
    w.look()


@_supervisor("SUP-23", "SUP-4", "SUP-22", "SUP-52")
def an_added_child_may_ignore(w: Writer) -> None:
    w.tree("s1", max_restarts=0)
    w.add("s1", w.worker("a", init=["ignore"]))
    w.add("s1", w.worker("b"))
    w.add("s1", w.worker("c", restart="temporary", init=["ignore"]))
    w.add("s1", w.worker("d", restart="transient", init=["ignore", "ok"]))
    w.look()
    for child in "acd":
        w.restart("s1", child)
    w.add("s1", w.worker("c", restart="temporary"))
    w.look()


@_supervisor("SUP-24", "SUP-27", "SUP-3", "INT-8")
def an_added_child_that_fails_is_not_kept(w: Writer) -> None:
    w.tree("s1", w.worker("a"), max_restarts=0)
    entries: tuple[Json, ...] = (
        {"stop": {"error": "e1"}},
        {"crash": "boom"},
        {"stop": "normal"},
        {"sleep": 10, "then": {"stop": "shutdown"}},
    )
    for entry in entries:
        w.add("s1", w.worker("b", init=[entry] * 8))
        w.restart("s1", "b")
    w.look()
    w.add("s1", w.worker("b"))
    w.add("s1", nested("c", supervisor(w.worker("x"), w.worker("y", init=[{"crash": "boom"}]))))
    w.add("s1", nested("c", supervisor(w.worker("x"), w.worker("y"))))
    w.look()
    w.stop("s1")
    w.look()


@_supervisor("SUP-24", "SUP-27", "SUP-36")
def a_child_whose_name_a_stranger_holds_does_not_start(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.tree("s1", w.worker("a"), w.worker("b", name="n1"), w.worker("c"))
    w.look()
    w.tree("s2", w.worker("a"), max_restarts=0)
    w.add("s2", w.worker("b", name="n1"))
    w.look()
    w.stop("p1")
    w.add("s2", w.worker("b", name="n1"))
    w.put("whereis", name="n1")
    w.look()
    w.end("s2", "b")
    w.spawn("p2", name="n1")
    w.restart("s2", "b")
    w.look()
    w.stop("p2")
    w.restart("s2", "b")
    w.put("whereis", name="n1")
    w.look()


@_supervisor("SUP-30", "SUP-31", "SUP-21", "SUP-22", "SUP-33", "SUP-50", "SUP-52")
def every_cell_of_the_table_of_administration(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b", init=["ignore", "ignore", "ok"]), nested("c", supervisor(w.worker("x"))))
    _administer(w, "s1", "abc")
    w.look()
    for child in "abcz":
        w.end("s1", child)
        w.end("s1", child)
    w.look()
    for child in "abc":
        w.add("s1", w.worker(child))
        w.restart("s1", child)
        w.restart("s1", child)
        w.delete("s1", child)
    w.look()
    for child in "abc":
        w.end("s1", child)
        w.delete("s1", child)
        w.delete("s1", child)
        w.restart("s1", child)
        w.end("s1", child)
    w.look()
    for child in "cab":
        w.add("s1", w.worker(child))
    w.look()


@_supervisor("SUP-30", "SUP-22", "SUP-53", "STR-12", "INT-15")
def a_child_that_is_being_restarted_answers_every_request(w: Writer) -> None:
    for number in range(7):
        label = f"s{number}"
        w.tree(label, w.worker("a", init=looping()), w.worker("b"), max_restarts=9)
        w.look()
        w.crash(f"{label}/a#1")
        w.put("which_children", sup=label)
        if number == 0:
            w.add(label, w.worker("a"))
        elif number == 1:
            w.restart(label, "a")
        elif number == 2:
            w.delete(label, "a")
        elif number == 3:
            w.end(label, "a")
        elif number == 4:
            w.put("count_children", sup=label)
        else:
            w.add(label, w.worker("c" if number == 5 else "b"))
        w.look()


@_supervisor("SUP-30", "SUP-36", "SUP-53", "INT-8")
def a_cancelled_restart_can_be_taken_up_by_hand(w: Writer) -> None:
    failing: Json = {"sleep": 50, "then": {"stop": {"error": "e1"}}}
    w.tree("s1", w.worker("a", init=["ok", *[failing] * 4]), max_restarts=9)
    w.look()
    w.crash("s1/a#1")
    w.put("which_children", sup="s1")
    w.end("s1", "a")
    w.look()
    w.restart("s1", "a")
    w.look()
    w.end("s1", "a")
    w.delete("s1", "a")
    w.look()


@_supervisor("SUP-33", "SUP-30", "STR-2")
def a_temporary_child_that_is_ended_is_forgotten(w: Writer) -> None:
    w.tree("s1", w.worker("a", restart="temporary"), w.worker("b"), max_restarts=0)
    for attempt in (1, 2, 3):
        w.end("s1", "a")
        w.end("s1", "a")
        w.restart("s1", "a")
        w.delete("s1", "a")
        w.add("s1", w.worker("a", restart="temporary", value=attempt))
        w.look()


@_supervisor("SUP-32", "SUP-37", "INT-8")
def ending_a_child_by_hand_touches_no_other(w: Writer) -> None:
    for number, strategy in enumerate(STRATEGIES):
        label = f"s{number}"
        w.tree(
            label,
            w.worker("a"),
            w.worker("b", restart="transient"),
            w.worker("c", restart="temporary"),
            w.worker("d"),
            strategy=strategy,
            max_restarts=0,
        )
        for child in "bac":
            w.end(label, child)
            w.look()
        w.ask(label)


@_supervisor("SUP-35", "STR-8", "SHUT-1")
def a_child_restarted_by_hand_keeps_its_place(w: Writer) -> None:
    w.tree("s1", *(w.worker(child) for child in "abcd"), strategy="rest_for_one", max_restarts=9)
    for child in "cb":
        w.end("s1", child)
    w.restart("s1", "b")
    w.restart("s1", "c")
    w.look()
    w.crash("s1/b#2")
    w.look()
    w.crash("s1/d#2")
    w.look()
    w.stop("s1")
    w.look()


@_supervisor("SUP-36", "SUP-3", "INT-8")
def a_restart_by_hand_that_fails_is_not_repeated(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a", init=["ok", {"stop": {"error": "e1"}}, {"crash": "boom"}, "ignore", "ok"]),
        w.worker("b"),
        strategy="one_for_all",
        max_restarts=0,
    )
    w.end("s1", "a")
    for _ in range(4):
        w.restart("s1", "a")
        w.look()


@_supervisor("SUP-37", "INT-8", "SUP-31")
def any_number_of_restarts_by_hand_is_free(w: Writer) -> None:
    w.tree("s1", w.worker("a", value=5), w.worker("b"), strategy="rest_for_one", max_restarts=0)
    for attempt in range(1, 6):
        w.call(f"s1/a#{attempt}", "add", attempt)
        w.end("s1", "a")
        w.restart("s1", "a")
    w.look()
    w.call("s1/a#6", "get")
    w.crash("s1/b#1")
    w.look()


@_supervisor("SUP-38", "SUP-17")
def requests_to_a_supervisor_that_is_gone_find_nobody(w: Writer) -> None:
    w.tree("s1", w.worker("a"), max_restarts=0)
    w.tree("s2", w.worker("a"))
    w.crash("s1/a#1")
    w.stop("s2")
    w.look()
    for label in ("s1", "s2", "s9"):
        w.ask(label)
        w.add(label, w.worker("b"))
        w.end(label, "a")
        w.restart(label, "a")
        w.delete(label, "a")
        w.stop(label)
    w.look()


@_supervisor("SUP-39", "SUP-31")
def a_child_may_be_ended_while_it_dies(w: Writer) -> None:
    w.tree("s1", *(w.worker(child) for child in "abcd"), w.worker("e", restart="temporary"), max_restarts=20)
    for child in "abcd":
        w.kill(f"s1/{child}#1")
        w.end("s1", child)
        w.look()
    w.kill("s1/e#1")
    w.end("s1", "e")
    w.look()


@_supervisor("SUP-39", "SUP-56", "SUP-31")
def a_child_that_died_unnoticed_is_ended_all_the_same(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), w.worker("c"), strategy="one_for_all", max_restarts=5)
    w.put("suspend", to="s1")
    w.crash("s1/b#1")
    w.look()
    w.put("which_children", sup="s1", timeout_ms=w.ms(50, 150))
    w.put("terminate_child", sup="s1", child="b", timeout_ms=w.ms(50, 150))
    w.put("resume", to="s1")
    w.look()
    w.ask("s1")


@_supervisor("SUP-40", "SUP-31")
def a_child_that_cut_its_link_can_still_be_ended(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        w.trapper("b"),
        w.worker("c", shutdown="brutal_kill"),
        w.worker("d"),
        w.trapper("e", terminate={"sleep": 20}),
    )
    for child in "abcde":
        w.call(f"s1/{child}#1", "unlink", "s1")
        w.look()
    for child in "abc":
        w.end("s1", child)
        w.look()
    w.restart("s1", "a")
    w.look()
    w.stop("s1")
    w.look()


@_supervisor("SUP-41", "SUP-52", "SUP-30")
def the_death_of_a_child_that_cut_its_link_goes_unnoticed(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), w.worker("c"), strategy="one_for_all", max_restarts=3)
    w.call("s1/b#1", "unlink", "s1")
    w.look()
    w.crash("s1/b#1")
    w.look()
    w.add("s1", w.worker("b"))
    w.restart("s1", "b")
    w.delete("s1", "b")
    w.end("s1", "b")
    w.look()
    w.restart("s1", "b")
    w.look()
    w.crash("s1/b#2")
    w.look()


@_supervisor("SUP-50", "SUP-52", "SUP-53", "SUP-20")
def lists_and_counts_follow_every_change(w: Writer) -> None:
    inner = supervisor(w.worker("x"), nested("y", supervisor()))
    w.tree("s1", w.worker("a"), nested("b", inner), w.worker("c", restart="transient"), nested("d", supervisor()))
    w.look()
    w.ask("s1")
    w.end("s1", "b")
    w.ask("s1")
    w.add("s1", w.worker("e", restart="temporary"))
    w.cast("s1/c#1", "stop", "shutdown")
    w.look()
    w.ask("s1")
    w.cast("s1/e#1", "stop", "normal")
    w.end("s1", "d")
    w.delete("s1", "d")
    w.look()
    w.ask("s1")
    w.restart("s1", "b")
    w.look()
    w.ask("s1/b#2")


@_supervisor("SUP-26", "STR-21", "SUP-30")
def a_restarted_supervisor_has_the_children_of_its_specification(w: Writer) -> None:
    inner = supervisor(w.worker("a"), w.worker("b"), w.worker("c"), max_restarts=0)
    w.tree("s1", nested("n", inner), w.worker("z"))
    w.look()
    w.end("s1/n#1", "a")
    w.delete("s1/n#1", "a")
    w.end("s1/n#1", "c")
    w.add("s1/n#1", w.worker("d"))
    w.look()
    w.crash("s1/n#1/b#1")
    w.look()
    w.ask("s1/n#2")


@_supervisor("SUP-56", "SUP-31", "SUP-35", "SUP-20")
def requests_are_done_though_nobody_waits_for_them(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"))
    w.end("s1", "a")
    w.look()
    w.add("s1", w.worker("c", init=[{"sleep": w.ms(300, 600)}]), timeout_ms=w.ms(20, 50))
    w.put("terminate_child", sup="s1", child="b", timeout_ms=w.ms(20, 50))
    w.put("restart_child", sup="s1", child="a", timeout_ms=w.ms(20, 50))
    w.look()
    w.ask("s1")
