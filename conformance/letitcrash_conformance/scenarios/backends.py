"""Scenarios of chapter `backends`. The probes take the backends of the setting in turn."""

from __future__ import annotations

from functools import partial

from letitcrash_conformance.scenarios.scenario import Scenario, Writer, scenario
from letitcrash_conformance.trees import Strategy, nested, supervisor
from letitcrash_spec.messages import Reason

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = []
_backends = partial(scenario, SCENARIOS, "backends")


@_backends("BACK-1")
def a_probe_without_a_backend_runs_on_the_default(w: Writer) -> None:
    w.put("spawn", **{"as": "p1", "probe": {"value": 3}})
    w.call("p1", "add", 4)
    w.stop("p1")
    w.look()


@_backends("BACK-3")
def init_and_cleanup_run_exactly_once(w: Writer) -> None:
    reasons: tuple[Reason, ...] = ("normal", "shutdown", {"error": "e1"})
    for number, reason in enumerate(reasons):
        w.spawn(f"p{number}")
        w.stop(f"p{number}", reason)
        w.spawn(f"q{number}")
        w.cast(f"q{number}", "stop", reason)
        w.look()
    w.spawn("r1", "r2")
    w.call("r1", "crash", "boom")
    w.send("r2", "!crash")
    w.look()


@_backends("BACK-4")
def servers_of_all_backends_work_together(w: Writer) -> None:
    w.trapping("p1", "p2", "p3", "p4")
    for left, right in (("p1", "p2"), ("p2", "p3"), ("p3", "p1"), ("p2", "p1"), ("p1", "p4")):
        w.call(left, "call", right, ["add", 1], 4500)
        w.call(left, "cast", right, ["add", 10])
        w.call(left, "send", right, f"from {left}")
        w.call(left, "link", right)
        w.call(left, "monitor", right, f"{left}{right}")
        w.look()
    for label in ("p1", "p2", "p3", "p4"):
        w.call(label, "get")
    w.cast("p1", "crash", "boom")
    w.look()
    w.stop("p3", "shutdown")
    w.look()


@_backends("BACK-4")
def what_a_server_sends_reaches_those_of_all_backends(w: Writer) -> None:
    w.spawn("p1", "p2", "p3", "p4")
    for number, (left, right) in enumerate((("p1", "p2"), ("p2", "p3"), ("p3", "p1"), ("p3", "p2"), ("p4", "p3"))):
        w.call(left, "cast", right, ["add", 10**number])
        w.call(left, "send", right, f"i{number}")
        w.look()
        w.call(right, "get")


@_backends("BACK-5", clock="virtual")
def a_blocked_server_delays_nobody_else(w: Writer) -> None:
    w.spawn("p1", terminate="hang")
    w.spawn("p2", "p3", "p4")
    w.cast("p1", "stop", "normal")
    w.look()
    for label in ("p2", "p3", "p4"):
        w.call(label, "add", 1)
        w.send(label, "hello")
    w.look()


@_backends("BACK-6")
def every_server_has_its_own_state(w: Writer) -> None:
    labels = [f"p{number}" for number in range(9)]
    for number, label in enumerate(labels):
        w.spawn(label, value=100 * number)
    for number, label in enumerate(labels):
        w.call(label, "add", number)
    for label in reversed(labels):
        w.cast(label, "add", 10)
    for label in labels:
        w.call(label, "get")
    w.look()


@_backends("BACK-9", "EXIT-12", clock="virtual")
def a_server_killed_while_it_blocks_is_dead_at_once(w: Writer) -> None:
    w.spawn("p1", terminate="hang", name="n1")
    w.spawn("p2")
    w.call("p2", "monitor", "p1", "m1")
    w.cast("p1", "stop", "normal")
    w.look()
    w.exit("p1", "kill")
    w.look()
    w.put("whereis", name="n1")
    w.spawn("p3", name="n1")
    w.call({"name": "n1"}, "add", 1)
    w.look()


@_backends("BACK-9")
def a_server_killed_in_a_long_callback_has_no_later_effect(w: Writer) -> None:
    w.spawn("p1", name="n1")
    w.spawn("p2")
    w.call("p2", "monitor", "p1", "m1")
    w.cast("p1", "sleep", w.ms(500, 60_000))
    w.cast("p1", "send", "p2", "never")
    w.exit("p1", "kill")
    w.look()
    w.put("whereis", name="n1")
    w.spawn("p3", name="n1")
    w.look()


@_backends("BACK-10")
def callers_at_the_same_time_lose_no_update(w: Writer) -> None:
    w.spawn("p0")
    clients = [f"p{number}" for number in range(1, 6)]
    w.spawn(*clients)
    for _ in range(4):
        for client in clients:
            w.cast(client, "cast", "p0", ["add", 1])
        w.look()
    for client in clients:
        w.cast(client, "call", "p0", ["add", 1], 4500)
    w.look()
    w.call("p0", "get")


@_backends("BACK-12")
def numbers_and_texts_of_any_size_pass_unchanged(w: Writer) -> None:
    w.spawn("p1")
    for number in (2**31, -(2**31) - 1, 2**53 + 1, -(2**53) - 1, 2**63, -(2**63) - 1, 2**64 + 1, 10**30):
        w.spawn(f"q{w.spawned}", value=number)
        w.call(f"q{w.spawned - 1}", "get")
        w.call("p1", "add", number)
        w.call("p1", "add", -number)
    for payload in ("äöü", "日本語", "🙂", "\u0000\t\r\n", "'\"\\", "x" * 20_000):
        w.send("p1", payload)
    w.look()


@_backends("BACK-11", "BACK-6")
def a_crowd_of_servers_comes_and_goes(w: Writer) -> None:
    labels = [f"p{number}" for number in range(24)]
    w.spawn(*labels)
    for label in labels:
        w.call(label, "add", 1)
    w.look()
    for label in labels[::2]:
        w.stop(label)
    w.look()


@_backends("BACK-8", "STR-7", "STR-8", "SHUT-1")
def a_supervisor_may_have_children_of_all_backends(w: Writer) -> None:
    strategies: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")
    for number, strategy in enumerate(strategies):
        label = f"s{number}"
        w.tree(
            label,
            w.trapper("a"),
            w.worker("b", init=["ok", {"crash": "again"}, "ok"]),
            w.trapper("c", terminate={"sleep": 20}),
            nested("d", supervisor(w.worker("x"), w.trapper("y"), strategy="one_for_all")),
            w.trapper("e", shutdown="brutal_kill"),
            strategy=strategy,
            max_restarts=4,
        )
        w.crash(f"{label}/d#1/x#1")
        w.look()
        w.crash(f"{label}/b#1")
        w.look()
        w.stop(label)
        w.look()


@_backends("BACK-9", "BACK-8", "SHUT-7", "STR-7", clock="virtual")
def a_child_that_blocks_its_carrier_does_not_hold_up_its_supervisor(w: Writer) -> None:
    w.tree(
        "s1",
        w.worker("a"),
        w.trapper("b", shutdown="brutal_kill"),
        w.trapper("c", shutdown=100, terminate="hang"),
        w.trapper("d", shutdown=100),
        strategy="one_for_all",
    )
    w.cast("s1/b#1", "sleep", 60_000)
    w.cast("s1/d#1", "sleep", 60_000)
    w.crash("s1/a#1")
    w.look()
    w.end("s1", "c")
    w.look()
