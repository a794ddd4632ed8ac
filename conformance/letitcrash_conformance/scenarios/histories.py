"""Scenarios of several clients at once: what only one of them may get, and what none of them may lose."""

from __future__ import annotations

from functools import partial
from typing import Any

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_spec.messages import Json

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_histories = partial(scenario, SCENARIOS, "histories")


def _do(op: str, **args: Json) -> dict[str, Any]:
    return {"op": op, "args": args}


def _call(to: Json, *action: Json, **args: Json) -> dict[str, Any]:
    return _do("call", to=to, msg=list(action), **args)


def _cast(to: Json, *action: Json) -> dict[str, Any]:
    return _do("cast", to=to, msg=list(action))


def _kill(to: str) -> dict[str, Any]:
    return _do("exit", to=to, reason="kill")


def _at_once(w: Writer, *clients: list[dict[str, Any]]) -> None:
    """Let clients act at the same time, in a world that is quiet before and is looked at after."""
    w.look()
    w.put("parallel", clients=list(clients))
    w.look()


# -- servers -----------------------------------------------------------------------------------------------------------


@_histories("BACK-10", "GS-21")
def four_clients_add_and_nothing_is_lost(w: Writer) -> None:
    w.spawn("p1")
    _at_once(w, *[[_call("p1", "add", 1)] * 25 for _ in range(4)])
    w.call("p1", "get")


@_histories("BACK-10", "GS-20", "GS-21")
def each_client_gets_the_answer_to_its_own_question(w: Writer) -> None:
    w.spawn("p1", value=1000)
    w.spawn("p2", value=2000)
    clients = [
        [_call(label, "add", 10**number) for label in ("p1", "p2")] + [_call(label, "get") for label in ("p2", "p1")]
        for number in range(3)
    ]
    _at_once(w, *clients)


@_histories("GS-21", "GS-36")
def what_a_client_has_cast_is_handled_before_its_call(w: Writer) -> None:
    w.spawn("p1")
    clients = [[_cast("p1", "add", 10**n), _cast("p1", "add", 10**n), _call("p1", "get")] for n in range(3)]
    _at_once(w, *clients)


@_histories("GS-26", "EXIT-12")
def a_server_is_killed_while_clients_call_it(w: Writer) -> None:
    for number in range(1, 4):
        label = f"p{number}"
        w.spawn(label)
        _at_once(w, [_call(label, "add", 1), _call(label, "add", 1)], [_kill(label)], [_call(label, "add", 10)])


@_histories("GS-36")
def a_server_is_stopped_while_clients_cast_to_it(w: Writer) -> None:
    w.spawn("p1")
    casts = [_cast("p1", "add", 1), _do("send", to="p1", payload="hello")]
    _at_once(w, casts, [_do("stop", to="p1", reason="normal")], [*casts, _call("p1", "get")])


@_histories("GS-37")
def two_clients_send_to_a_server(w: Writer) -> None:
    w.spawn("p1")
    _at_once(w, *([_do("send", to="p1", payload=text), _do("send", to="p1", payload=text * 2)] for text in ("i", "j")))


@_histories("EXIT-6", "EXIT-7")
def exit_signals_of_two_clients_keep_their_reasons(w: Writer) -> None:
    w.trapping("p1")
    w.spawn("p2")
    reasons = ({"error": "e1"}, {"error": "e2"})
    _at_once(w, *([_do("exit", to=label, reason=reason) for label in ("p1", "p2")] for reason in reasons))


@_histories("GS-62")
def two_clients_stop_a_server_for_different_reasons(w: Writer) -> None:
    w.trapping("p1")
    _at_once(
        w, [_do("stop", to="p1", reason="normal")], [_do("stop", to="p1", reason="shutdown")], [_call("p1", "get")]
    )


@_histories("GS-31")
def an_answer_that_comes_too_late_is_not_taken_for_the_next(w: Writer) -> None:
    w.spawn("p1", "p2")
    w.cast("p1", "sleep", w.ms(100, 2300))
    late = _call("p1", "add", 7, timeout_ms=w.ms(10, 200))
    w.put(
        "parallel",
        clients=[[late, _call("p2", "sleep", w.ms(200, 2500)), _call("p2", "add", 1)], [_call("p2", "add", 10)]],
    )
    w.look()


@_histories("MON-1", "MON-7", "MON-2")
def a_server_dies_while_others_begin_to_watch_it(w: Writer) -> None:
    w.spawn("p0", "p1", "p2")
    watchers = [[_call(f"p{n}", "monitor", "p0", f"m{n}")] for n in range(1, 3)]
    _at_once(w, *watchers, [_kill("p0")])


@_histories("EXIT-12")
def a_server_dies_while_others_link_to_it(w: Writer) -> None:
    w.spawn("p0")
    w.trapping("p1", "p2")
    linkers = [[_call(f"p{n}", "link", "p0")] for n in range(1, 3)]
    _at_once(w, *linkers, [_kill("p0")])


# -- names -------------------------------------------------------------------------------------------------------------


@_histories("REG-13", "REG-2")
def of_many_who_register_one_name_one_succeeds(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4")
    clients = [[_do("register", name="n1", to=f"p{n}"), _do("whereis", name="n1")] for n in range(1, 5)]
    _at_once(w, *clients)


@_histories("REG-13", "REG-10")
def a_name_goes_from_hand_to_hand(w: Writer) -> None:
    w.spawn("p1", "p2", "p3")
    clients = [
        [_do("register", name="n1", to=f"p{n}"), _do("whereis", name="n1"), _do("unregister", name="n1")]
        for n in range(1, 4)
    ]
    _at_once(w, *clients)
    _at_once(w, *(client * 2 for client in clients[:2]))


@_histories("REG-4")
def clients_register_one_process_under_two_names(w: Writer) -> None:
    w.spawn("p1")
    clients = [[_do("register", name=f"n{n}", to="p1"), _do("name_of", to="p1")] for n in range(1, 3)]
    _at_once(w, *clients, [_do("whereis", name="n1"), _do("whereis", name="n2")])


@_histories("REG-1")
def a_process_gets_a_name_while_it_loses_another(w: Writer) -> None:
    w.spawn("p1", name="n1")
    again = [_do("register", name="n2", to="p1"), _do("name_of", to="p1")]
    _at_once(w, [_do("unregister", name="n1")], again, again)
    w.put("name_of", to="p1")


@_histories("REG-18", "REG-17")
def of_many_named_starts_one_succeeds(w: Writer) -> None:
    clients = [[_do("spawn", **{"as": f"p{n}", "probe": w.probe(name="n1", value=n)})] for n in range(1, 4)]
    _at_once(w, *clients)
    w.call({"name": "n1"}, "get")


@_histories("REG-11", "EXIT-25")
def a_name_is_taken_over_while_its_holder_is_killed(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.spawn("p2", "p3")
    takers = [[_do("register", name="n1", to=f"p{n}"), _call({"name": "n1"}, "get")] for n in range(2, 4)]
    _at_once(w, [_kill("p1"), _do("whereis", name="n1")], *takers)


@_histories("GS-64", "REG-11")
def who_has_stopped_a_server_finds_its_name_free(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.spawn("p2")
    stop = _do("stop", to="p1", reason="normal")
    _at_once(w, [stop, _do("whereis", name="n1"), _do("register", name="n1", to="p2")], [_call("p1", "get"), stop])


# -- children ----------------------------------------------------------------------------------------------------------


@_histories("SUP-20", "SUP-21")
def of_many_who_start_one_child_one_succeeds(w: Writer) -> None:
    w.tree("s1")
    clients = [[_do("start_child", sup="s1", child=w.worker("a", value=n))] for n in range(4)]
    _at_once(w, *clients)
    w.ask("s1")


@_histories("SUP-20", "SUP-50")
def children_are_added_while_others_are_listed(w: Writer) -> None:
    w.tree("s1", w.worker("a"))
    adders = [[_do("start_child", sup="s1", child=w.worker(child_id))] for child_id in ("b", "c")]
    _at_once(w, *adders, [_do("which_children", sup="s1"), _do("count_children", sup="s1")])


@_histories("SUP-52")
def children_are_counted_while_others_are_added(w: Writer) -> None:
    w.tree("s1")
    adders = [[_do("start_child", sup="s1", child=w.worker(child_id))] for child_id in ("a", "b")]
    number = _do("count_children", sup="s1")
    _at_once(w, *adders, [number, number])


@_histories("SUP-31", "SUP-30")
def two_clients_end_one_child(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b", restart="temporary"))
    for child_id in "ab":
        end = [_do("terminate_child", sup="s1", child=child_id), _call(f"s1/{child_id}#1", "get")]
        _at_once(w, end, end)


@_histories("SUP-11")
def of_two_supervisors_with_one_name_one_starts(w: Writer) -> None:
    w.tree("s0", name="n2")
    spec = dict(w.operations[-1].args["spec"], name="n1")
    clients = [[_do("start_supervisor", **{"as": f"s{n}", "spec": spec}), _do("whereis", name="n1")] for n in (1, 2)]
    _at_once(w, *clients)


@_histories("SUP-31", "SUP-32")
def a_child_is_ended_by_hand_while_it_is_killed(w: Writer) -> None:
    for number, strategy in enumerate(("one_for_one", "one_for_all"), 1):
        label = f"s{number}"
        w.tree(label, w.worker("a"), w.worker("b"), strategy=strategy)  # type: ignore[arg-type]
        _at_once(
            w,
            [_kill(f"{label}/a#1")],
            [_do("terminate_child", sup=label, child="a"), _do("which_children", sup=label)],
        )


@_histories("SUP-30")
def a_stopped_child_is_restarted_and_deleted_at_once(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"))
    w.end("s1", "a")
    _at_once(
        w,
        [_do("restart_child", sup="s1", child="a")],
        [_do("delete_child", sup="s1", child="a")],
        [_do("start_child", sup="s1", child=w.worker("a"))],
    )


@_histories("STR-18", "INT-3")
def children_of_one_for_one_die_together(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), w.worker("c"))
    _at_once(w, *([_kill(f"s1/{child_id}#1")] for child_id in "abc"))
    _at_once(w, *([_kill(f"s1/{child_id}#2")] for child_id in "ab"))


@_histories("STR-16")
def children_of_one_for_all_die_together(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), w.worker("c"), strategy="one_for_all", max_restarts=4)
    _at_once(w, *([_kill(f"s1/{child_id}#1")] for child_id in "abc"))


@_histories("STR-17", "STR-16")
def children_of_rest_for_one_die_together(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), w.worker("c"), strategy="rest_for_one", max_restarts=4)
    _at_once(w, *([_kill(f"s1/{child_id}#1")] for child_id in "abc"))


@_histories("STR-18")
def a_child_dies_while_another_is_being_restarted(w: Writer) -> None:
    sleep = w.ms(20, 200)
    w.tree("s1", w.worker("a", init=["ok", {"sleep": sleep}]), w.worker("b"), w.worker("c"))
    w.look()
    w.kill("s1/a#1")
    w.put("parallel", clients=[[_kill("s1/b#1")], [_kill("s1/c#1")]])
    w.look()


@_histories("SHUT-1")
def children_die_while_their_supervisor_is_stopped(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b"), w.worker("c"))
    _at_once(w, [_do("stop", to="s1", reason="normal")], [_kill("s1/b#1")], [_kill("s1/a#1"), _call("s1/c#1", "get")])


@_histories("SUP-50")
def children_are_listed_while_they_die(w: Writer) -> None:
    w.tree("s1", w.worker("a"), w.worker("b", restart="temporary"))
    look = _do("which_children", sup="s1")
    _at_once(w, [look, look], [_kill("s1/a#1"), _kill("s1/b#1")])


@_histories("SUP-38")
def a_supervisor_is_asked_while_it_is_killed(w: Writer) -> None:
    w.tree("s1", w.worker("a"))
    asking = [_do("which_children", sup="s1"), _do("start_child", sup="s1", child=w.worker("b"))]
    _at_once(w, [_kill("s1")], asking)


@_histories("SUP-31", "REG-11")
def who_has_ended_a_child_finds_its_name_free(w: Writer) -> None:
    w.spawn("p1")
    w.tree("s1", w.trapper("a", name="n1"))
    _at_once(
        w,
        [_do("terminate_child", sup="s1", child="a"), _do("register", name="n1", to="p1")],
        [_call({"name": "n1"}, "get")],
    )


@_histories("DYN-E4")
def a_limit_on_children_holds_for_many_at_once(w: Writer) -> None:
    w.pool("s1", max_children=2)
    clients = [[_do("start_child", sup="s1", child=w.worker(f"k{n}"))] for n in range(1, 5)]
    _at_once(w, *clients)
    w.put("count_children", sup="s1")


@_histories("DYN-E1")
def dynamic_children_die_together(w: Writer) -> None:
    w.pool("s1")
    for key in ("k1", "k2", "k3"):
        w.add("s1", w.worker(key))
    _at_once(w, *([_kill(f"s1/{key}#1")] for key in ("k1", "k2", "k3")))


@_histories("DYN-E4")
def a_place_becomes_free_while_others_want_it(w: Writer) -> None:
    w.pool("s1", max_children=1)
    w.add("s1", w.worker("k1", restart="temporary"))
    clients = [[_do("start_child", sup="s1", child=w.worker(f"k{n}"))] for n in range(2, 4)]
    _at_once(w, [_do("terminate_child", sup="s1", child="s1/k1#1")], *clients)
    w.put("which_children", sup="s1")
