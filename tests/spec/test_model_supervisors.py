"""The model of supervisors: what it must accept, because real OTP or Elixir did just this, and what it must refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from letitcrash_conformance.trees import dynamic, supervisor, worker
from letitcrash_spec.messages import Answer, Operation, fail, ok
from letitcrash_spec.model.world import Profile
from tests.spec.test_model import Report, Step, advance, call, cast, clause_of, ended, ev, exit_, other, spawn

SECONDS = Profile("wall", 100, True, ("process",), "process", 1000)
CRASH = {"error": "boom"}


def start(label: str, *children: dict[str, Any], answer: Answer | None = None, **spec: Any) -> Step:
    args = {"as": label, "spec": supervisor(*children, **spec)}
    return Operation("start_supervisor", args), answer or ok("started")


def crash(label: str) -> Step:
    return cast(label, ["crash", "boom"])


def look(*events: Report, now: int = 0, quiet: bool = True, **trees: dict[str, str | None]) -> Step:
    """Return an observation: for each supervisor its children by id; None for one without a process."""
    children: dict[str, Any] = {}
    alive: list[str] = []
    for sup, rows in trees.items():
        alive += [sup, *(label for label in rows.values() if label not in (None, "restarting"))]
        up = sum(label not in (None, "restarting") for label in rows.values())
        count = {"specs": len(rows), "active": up, "supervisors": 0, "workers": len(rows)}
        listed = [[None if "#" in key else key, label, "worker"] for key, label in rows.items()]
        children[sup] = {"list": listed, "count": count}
    value = {"quiet": quiet, "now": now, "alive": alive, "names": {}, "children": children, "events": list(events)}
    return Operation("observe", {"settle_ms": 5000}), ok(value)


def born(*labels: str) -> list[Report]:
    return [ev(label, "init") for label in labels]


def died(label: str) -> list[Report]:
    return ended(label, CRASH)


def asked(label: str) -> list[Report]:
    return ended(label, "shutdown")


def trapper(child_id: str, **more: Any) -> dict[str, Any]:
    probe = {"trap_exit": True, **more.pop("probe", {})}
    return worker(child_id, probe, **more)


INIT_FAILS = {"init": [{"crash": "x"}]}
FAILS_ONCE = {"init": ["ok", {"crash": "x"}, "ok"]}


def failed(label: str) -> list[Report]:
    return [ev(label, "init"), ev(label, "dead", reason={"error": "x"})]


@pytest.mark.clause("SUP-2")
def test_a_failed_start_ends_those_before_in_reverse_order() -> None:
    reason = {"shutdown": "b"}
    step = start("s", trapper("a"), worker("b", INIT_FAILS), answer=fail("start_failed", reason=reason))
    gone = ev("s", "dead", reason=reason)
    assert clause_of([step, look(*born("s/a#1"), *failed("s/b#1"), *asked("s/a#1"), gone)]) is None
    assert clause_of([step, look(*born("s/a#1"), *failed("s/b#1"), gone)]) is not None


def test_a_refused_supervisor_may_be_seen_to_end_and_may_be_refused_by_its_name() -> None:
    twice = start("s", worker("a"), worker("a"), answer=fail("bad_spec"))
    assert clause_of([twice, look()]) is None
    assert clause_of([twice, look(ev("s", "dead", reason={"error": "duplicate"}))]) is None
    named = [spawn("p", name="n"), start("s", max_restarts=-1, name="n", answer=fail("already_registered"))]
    assert clause_of(named) is None


GROUP = {
    "one_for_one": look(*born("s/a#1", "s/b#1", "s/c#1"), *died("s/b#1"), *born("s/b#2"),
                        s={"a": "s/a#1", "b": "s/b#2", "c": "s/c#1"}),
    "rest_for_one": look(*born("s/a#1", "s/b#1", "s/c#1"), *died("s/b#1"), *asked("s/c#1"), *born("s/b#2", "s/c#2"),
                         s={"a": "s/a#1", "b": "s/b#2", "c": "s/c#2"}),
    "one_for_all": look(*born("s/a#1", "s/b#1", "s/c#1"), *died("s/b#1"), *asked("s/c#1"), *asked("s/a#1"),
                        *born("s/a#2", "s/b#2", "s/c#2"), s={"a": "s/a#2", "b": "s/b#2", "c": "s/c#2"}),
}  # fmt: skip


@pytest.mark.clause("STR-5", "STR-7", "STR-8")
@pytest.mark.parametrize("strategy", GROUP)
@pytest.mark.parametrize("seen", GROUP)
def test_each_strategy_restarts_its_own_group(strategy: str, seen: str) -> None:
    steps = [start("s", trapper("a"), trapper("b"), trapper("c"), strategy=strategy), crash("s/b#1"), GROUP[seen]]
    assert (clause_of(steps) is None) == (strategy == seen)


@pytest.mark.clause("STR-7")
def test_the_order_of_the_ends_of_a_group_is_judged_across_processes() -> None:
    steps = [start("s", trapper("a"), trapper("b"), trapper("c"), strategy="one_for_all"), crash("s/b#1")]
    wrong = look(*born("s/a#1", "s/b#1", "s/c#1"), *died("s/b#1"), *asked("s/a#1"), *asked("s/c#1"),
                 *born("s/a#2", "s/b#2", "s/c#2"), s={"a": "s/a#2", "b": "s/b#2", "c": "s/c#2"})  # fmt: skip
    assert clause_of([*steps, wrong]) == "STR-7"


@pytest.mark.clause("STR-13", "STR-14")
def test_a_member_that_fails_in_a_group_restart_is_tried_again_with_its_own_group() -> None:
    children = [trapper("a"), trapper("b", probe=FAILS_ONCE), trapper("c")]
    first = born("s/a#1", "s/b#1", "s/c#1")
    everything = look(
        *first, *died("s/a#1"), *asked("s/c#1"), *asked("s/b#1"), *born("s/a#2"), *failed("s/b#2"), *asked("s/a#2"),
        *born("s/a#3", "s/b#3", "s/c#2"), s={"a": "s/a#3", "b": "s/b#3", "c": "s/c#2"},
    )  # fmt: skip
    the_rest = look(
        *first, *died("s/a#1"), *asked("s/c#1"), *asked("s/b#1"), *born("s/a#2"), *failed("s/b#2"),
        *born("s/b#3", "s/c#2"), s={"a": "s/a#2", "b": "s/b#3", "c": "s/c#2"},
    )  # fmt: skip
    for strategy, right, wrong in (("one_for_all", everything, the_rest), ("rest_for_one", the_rest, everything)):
        steps = [start("s", *children, strategy=strategy), crash("s/a#1")]
        assert clause_of([*steps, right]) is None
        assert clause_of([*steps, wrong]) is not None


@pytest.mark.clause("INT-10", "INT-11")
@pytest.mark.parametrize(("ms", "lives"), [(999, False), (1000, False), (1001, True)])
def test_a_restart_counts_up_to_the_very_edge_of_the_window(ms: int, lives: bool) -> None:
    steps = [
        start("s", worker("a"), max_restarts=1, max_seconds=1),
        crash("s/a#1"),
        look(*born("s/a#1"), *died("s/a#1"), *born("s/a#2"), s={"a": "s/a#2"}),
        advance(ms),
        crash("s/a#2"),
    ]
    up = look(*died("s/a#2"), *born("s/a#3"), now=ms, s={"a": "s/a#3"})
    down = look(*died("s/a#2"), ev("s", "dead", reason="shutdown"), now=ms)
    assert (clause_of([*steps, up]) is None) == lives
    assert (clause_of([*steps, down]) is None) != lives


@pytest.mark.clause("INT-10")
def test_on_a_wall_clock_what_lies_near_the_edge_is_left_open() -> None:
    steps = [
        start("s", worker("a"), max_restarts=1, max_seconds=1),
        crash("s/a#1"),
        look(*born("s/a#1"), *died("s/a#1"), *born("s/a#2"), now=20, s={"a": "s/a#2"}),
        advance(1500),
        crash("s/a#2"),
    ]
    up = look(*died("s/a#2"), *born("s/a#3"), now=1600, s={"a": "s/a#3"})
    down = look(*died("s/a#2"), ev("s", "dead", reason="shutdown"), now=1600)
    assert clause_of([*steps, up], SECONDS) is None
    assert clause_of([*steps, down], SECONDS) is None


@pytest.mark.clause("STR-16", "STR-18")
def test_two_deaths_at_once_cost_one_restart_of_all_or_two_of_one() -> None:
    for strategy, lives in (("one_for_all", True), ("one_for_one", False)):
        steps = [
            start("s", worker("a"), worker("b"), strategy=strategy, max_restarts=1),
            look(*born("s/a#1", "s/b#1"), s={"a": "s/a#1", "b": "s/b#1"}),
            other("suspend", ok(), to="s"),
            exit_("s/a#1", "kill"),
            exit_("s/b#1", "kill"),
            other("resume", ok(), to="s"),
        ]
        gone = [ev("s/a#1", "dead", reason="killed"), ev("s/b#1", "dead", reason="killed")]
        both = look(*gone, *born("s/a#2", "s/b#2"), s={"a": "s/a#2", "b": "s/b#2"})
        assert (clause_of([*steps, both]) is None) == lives


@pytest.mark.clause("SUP-41", "SUP-40")
def test_a_child_that_cut_its_link_dies_unnoticed_and_can_be_ended() -> None:
    steps = [start("s", worker("a")), call("s/a#1", ["unlink", "s"], ok()), crash("s/a#1")]
    value = {"list": [["a", "s/a#1", "worker"]], "count": {"specs": 1, "active": 0, "supervisors": 0, "workers": 1}}
    seen = {"quiet": True, "now": 0, "alive": ["s"], "names": {}, "children": {"s": value}}
    observe = Operation("observe", {"settle_ms": 5000}), ok(seen | {"events": [*born("s/a#1"), *died("s/a#1")]})
    assert clause_of([*steps, observe]) is None
    restarted = look(*born("s/a#1"), *died("s/a#1"), *born("s/a#2"), s={"a": "s/a#2"})
    assert clause_of([*steps, restarted]) == "SUP-41"
    ending = [*steps[:2], other("terminate_child", ok(), sup="s", child="a")]
    assert clause_of(ending, SECONDS) is None


@pytest.mark.clause("STR-12", "INT-15")
def test_a_request_that_came_before_an_attempt_failed_is_served_before_the_next() -> None:
    slow = {"sleep": 50, "then": {"crash": "x"}}
    steps = [start("s", worker("a", {"init": ["ok", slow, slow, "ok"]})), crash("s/a#1")]
    ask = Operation("which_children", {"sup": "s"})
    assert clause_of([*steps, (ask, ok([["a", "restarting", "worker"]]))]) is None
    assert clause_of([*steps, (ask, ok([["a", "s/a#4", "worker"]]))]) is not None


@pytest.mark.clause("DYN-E4", "DYN-E6")
def test_a_dynamic_supervisor_counts_and_forgets_its_children() -> None:
    pool = Operation("start_supervisor", {"as": "s", "spec": dynamic(max_children=1)}), ok("started")
    add = Operation("start_child", {"sup": "s", "child": worker("a")})
    more = Operation("start_child", {"sup": "s", "child": worker("b")})
    end = Operation("terminate_child", {"sup": "s", "child": "s/a#1"})
    steps = [pool, (add, ok("s/a#1"))]
    assert clause_of([*steps, (more, fail("max_children")), (end, ok()), (more, ok("s/b#1"))]) is None
    assert clause_of([*steps, (more, ok("s/b#1"))]) == "DYN-E4"
    assert clause_of([*steps, (end, ok()), (end, ok())]) == "DYN-E6"


def parallel(*clients: Sequence[tuple[str, dict[str, Any], int, int, Answer]]) -> Step:
    programs = [[{"op": op, "args": args} for op, args, *_ in client] for client in clients]
    history = [
        [{"call": begin, "return": end, "answer": answer} for *_, begin, end, answer in client] for client in clients
    ]
    return Operation("parallel", {"clients": programs}), ok(history)


def adding(begin: int, end: int, seen: int) -> tuple[str, dict[str, Any], int, int, Answer]:
    return "call", {"to": "p", "msg": ["add", 1]}, begin, end, ok(seen)


@pytest.mark.clause("BACK-10")
def test_a_history_is_right_if_some_order_within_its_stamps_explains_it() -> None:
    assert clause_of([spawn("p"), parallel([adding(1, 4, 2)], [adding(2, 3, 1)])]) is None
    assert clause_of([spawn("p"), parallel([adding(1, 2, 2)], [adding(3, 4, 1)])]) is not None
    assert clause_of([spawn("p"), parallel([adding(1, 4, 1)], [adding(2, 3, 1)])]) is not None


@pytest.mark.clause("GS-58", "GS-59")
def test_what_a_busy_server_is_sent_by_one_client_may_arrive_behind_what_another_sent_later() -> None:
    """A stop may be handled before messages and a signal whose sender had its answers first: two senders, no order."""
    busy = ("call", {"to": "p", "msg": ["sleep", 20], "timeout_ms": 10}, 1, 2, fail("timeout"))
    stop = ("stop", {"to": "p", "reason": "normal"}, 3, 8, ok())
    told = ("send", {"to": "p", "payload": "i1"}, 4, 5, ok())
    sent = ("exit", {"to": "p", "reason": "shutdown"}, 6, 7, ok())
    steps = [spawn("p", trap_exit=True), parallel([busy, stop], [told, sent])]
    gone: dict[str, Any] = {"quiet": True, "now": 20, "alive": [], "names": {}, "children": {}}
    first = [ev("p", "init"), *ended("p", "normal")]
    heard = [ev("p", "info", payload="i1"), ev("p", "exit", of=None, reason="shutdown")]
    last = [first[0], *heard, *first[1:]]
    for events in (first, last):
        assert clause_of([*steps, (Operation("observe", {"settle_ms": 5000}), ok({**gone, "events": events}))]) is None
    trapped = [spawn("p", trap_exit=True), parallel([busy, stop], [(*sent[:2], 4, 5, ok())])]
    for events in (first, [first[0], heard[1], *first[1:]]):
        assert (
            clause_of([*trapped, (Operation("observe", {"settle_ms": 5000}), ok({**gone, "events": events}))]) is None
        )
    wrong = [first[0], heard[1], *first[1:]]
    assert clause_of([*steps, (Operation("observe", {"settle_ms": 5000}), ok({**gone, "events": wrong}))]) is not None


@pytest.mark.clause("SUP-10", "SUP-30")
def test_a_child_that_must_be_refused_may_be_refused_while_its_supervisor_is_busy() -> None:
    stuck = worker("a", {"init": ["ok", {"sleep": 1_000_000}]})
    asked = Operation("start_child", {"sup": "s", "child": {**worker("b"), "shutdown": -1}, "timeout_ms": 50})
    valid = Operation("start_child", {"sup": "s", "child": worker("b"), "timeout_ms": 50})
    steps = [start("s", stuck), crash("s/a#1")]
    assert clause_of([*steps, (asked, fail("bad_spec"))]) is None
    assert clause_of([*steps, (asked, fail("timeout"))]) is None
    assert clause_of([*steps, (asked, ok("s/b#1"))]) is not None
    assert clause_of([*steps, (valid, fail("bad_spec"))]) is not None


@pytest.mark.clause("SUP-1")
def test_a_supervisor_that_a_suspended_probe_starts_after_it_is_resumed_reports_then() -> None:
    args = {"as": "s", "spec": supervisor(worker("a")), "link": "p", "timeout_ms": 50}
    seen: dict[str, Any] = {"now": 50, "quiet": True, "alive": ["p"], "names": {}, "children": {}, "events": born("p")}
    steps = [
        spawn("p"),
        other("suspend", ok(), to="p"),
        (Operation("start_supervisor", args), fail("timeout")),
        (Operation("observe", {"settle_ms": 5000}), ok(seen)),
        other("resume", ok(), to="p"),
    ]
    operation, answer = look(*born("s/a#1"), now=50, s={"a": "s/a#1"})
    later = {**answer["ok"], "alive": ["p", "s", "s/a#1"]}
    stranger = {**later, "events": born("s/a#1", "s/b#1")}
    assert clause_of([*steps, (operation, ok(later))]) is None
    assert clause_of([*steps, (operation, ok(stranger))]) is not None


@pytest.mark.clause("DYN-E6")
@pytest.mark.parametrize("at_once", [False, True])
def test_a_request_that_names_a_child_before_it_is_there_may_mean_nobody(at_once: bool) -> None:
    """Its sender knows no process of the child; that it hears nothing more in time does not change what was asked."""
    asked_for = {"sup": "s", "child": "s/a#2", "timeout_ms": 31}
    named = (Operation("terminate_child", asked_for), fail("timeout"))
    if at_once:
        named = parallel([("terminate_child", asked_for, 1, 2, fail("timeout"))])
    steps = [
        start("s", strategy="dynamic"),
        other("start_child", ok("s/a#1"), sup="s", child=worker("a", {"init": ["ok", {"sleep": 37}, "ok"]})),
        exit_("s/a#1", "shutdown"),
        named,
    ]
    first = [*born("s/a#1"), ev("s/a#1", "dead", reason="shutdown"), *born("s/a#2")]
    assert clause_of([*steps, look(*first, now=37, s={"s/a#2": "s/a#2"})]) is None
    assert clause_of([*steps, look(*first, ev("s/a#2", "dead", reason="shutdown"), now=37, s={})]) is None
    assert clause_of([*steps, look(*first, ev("s/a#2", "dead", reason="killed"), now=37, s={})]) is not None


@pytest.mark.clause("GS-60", "GS-62", "INT-5")
@pytest.mark.parametrize("answer", [ok(), fail("exit", reason="shutdown")])
def test_a_supervisor_that_gives_up_while_it_is_told_to_stop_may_say_so_whatever_was_asked(answer: Answer) -> None:
    """Its own reason for giving up is `shutdown`, too; OTP's stop tells the two apart while it waits for an answer."""
    failing: dict[str, Any] = {"init": ["ok", {"sleep": 50, "then": {"crash": "slow"}}]}
    steps = [
        start(
            "s",
            trapper("a", probe={"terminate": {"sleep": 30}}),
            worker("b", failing),
            max_restarts=1,
            max_seconds=3600,
        ),
        crash("s/b#1"),
        other("which_children", ok([["b", "restarting", "worker"], ["a", "s/a#1", "worker"]]), sup="s"),
        other("stop", answer, to="s", reason="shutdown"),
    ]
    assert clause_of(steps) is None
    assert clause_of([*steps[:-1], other("stop", fail("exit", reason="normal"), to="s", reason="shutdown")]) is not None
