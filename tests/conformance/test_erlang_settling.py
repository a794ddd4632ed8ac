"""Whether the Erlang harness ever calls its world quiet too early: random cascades of deaths, foretold by hand.

What becomes of a random tree of supervisors is not foretold: it has to stay as it was when it was called quiet, and
its log has to tell causes before consequences.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.trees import Restart, Shutdown, Strategy, nested, supervisor, worker
from letitcrash_spec.messages import Json, Operation
from tests.support.erlang_world import SETTLE_MS, needs_erl, open_erlang

pytestmark = needs_erl

OBSERVE = Operation("observe", {"settle_ms": SETTLE_MS})
WORLDS = 300
TREES = 150


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_erlang(request.param)


@dataclass
class Cascade:
    """Linked and monitored processes, one of which is killed; the last two operations observe."""

    operations: list[Operation]
    dead: set[str]
    alive: set[str]
    exits: set[tuple[str, str]]
    downs: set[tuple[str, str]]


def ask(to: str, *action: Any, op: str = "call") -> Operation:
    return Operation(op, {"to": to, "msg": list(action)})


def draw_cascade(source: random.Random) -> Cascade:
    labels = [f"p{n}" for n in range(source.randint(2, 10))]
    trapping = {label for label in labels if source.random() < 0.25}
    operations = [Operation("reset", {})]
    for label in labels:
        probe = {"trap_exit": label in trapping, "name": f"name of {label}"}
        operations.append(Operation("spawn", {"as": label, "probe": probe}))
    links: set[frozenset[str]] = set()
    for _ in range(source.randint(1, 2 * len(labels))):
        one, other = source.sample(labels, 2)
        links.add(frozenset((one, other)))
        operations.append(ask(one, "link", other, op=source.choice(["call", "cast"])))
    monitors: list[tuple[str, str, str]] = []
    for n in range(source.randint(0, len(labels))):
        one, other = source.sample(labels, 2)
        monitors.append((one, other, f"m{n}"))
        target = source.choice([other, {"name": f"name of {other}"}])
        operations.append(ask(one, "monitor", target, f"m{n}"))
    operations.append(OBSERVE)
    victim = source.choice(labels)
    kill = Operation("exit", {"to": victim, "reason": "kill"})
    operations += [source.choice([kill, ask(victim, "crash", "x", op="cast")]), OBSERVE, OBSERVE]
    dead, exits, falling = {victim}, set[tuple[str, str]](), [victim]
    while falling:
        gone = falling.pop()
        for link in links:
            for peer in link - {gone} if gone in link else ():
                if peer in trapping:
                    exits.add((peer, gone))
                elif peer not in dead:
                    dead.add(peer)
                    falling.append(peer)
    alive = set(labels) - dead
    exits = {(who, of) for who, of in exits if who in alive}
    downs = {(who, ref) for who, of, ref in monitors if of in dead and who in alive}
    return Cascade(operations, dead, alive, exits, downs)


@pytest.mark.clause("LNK-12", "LNK-13", "MON-1", "REG-11")
def test_a_quiet_world_shows_every_consequence_of_a_death(subject: Subject) -> None:
    source = random.Random(7)
    for number in range(WORLDS):
        cascade = draw_cascade(source)
        before, _, seen, then = (answer["ok"] for answer in subject.run(cascade.operations)[-4:])
        assert (before["quiet"], seen["quiet"], then["quiet"]) == (True, True, True), number
        events = seen["events"]
        assert {event["who"] for event in events if event["ev"] == "dead"} == cascade.dead, number
        assert set(seen["alive"]) == set(seen["names"].values()) == cascade.alive, number
        shown = [event for event in events if event["who"] in cascade.alive]
        assert {(e["who"], e["of"]) for e in shown if e["ev"] == "exit"} == cascade.exits, number
        assert {(e["who"], e["ref"]) for e in shown if e["ev"] == "down"} == cascade.downs, number
        assert then["events"] == [], number
        for place, event in enumerate(events):
            if event["ev"] in ("exit", "down"):
                of = event["of"] if isinstance(event["of"], str) else event["of"]["name"].removeprefix("name of ")
                assert of in {e["who"] for e in events[:place] if e["ev"] == "dead"}, (number, events)


def draw_tree(source: random.Random, depth: int) -> dict[str, Json]:
    children = list[dict[str, Json]]()
    for child_id in "abcd"[: source.randint(1, 4)]:
        if depth > 0 and source.random() < 0.4:
            restart = source.choice(["permanent", "transient", "temporary"])
            children.append(nested(child_id, draw_tree(source, depth - 1), restart=cast("Restart", restart)))
            continue
        failing: list[Json] = [{"stop": {"error": "failed"}}, {"crash": "failed"}]
        init = source.choice([["ok"], ["ok", "ignore"], ["ok", *failing[: source.randint(1, 2)], "ok"]])
        restart = source.choice(["permanent", "permanent", "transient", "temporary"])
        shutdown = source.choice(["brutal_kill", "infinity", 60_000])
        probe: dict[str, Json] = {"trap_exit": source.random() < 0.5, "init": init}
        child = worker(child_id, probe, restart=cast("Restart", restart), shutdown=cast("Shutdown", shutdown))
        children.append(child)
    strategy = source.choice(["one_for_one", "one_for_all", "rest_for_one"])
    return supervisor(*children, strategy=cast("Strategy", strategy), max_restarts=source.choice([0, 1, 3, 10]))


def check_order(events: list[dict[str, Any]], where: object) -> None:
    """A child is dead before its next attempt begins, and before its supervisor is, unless that was killed."""
    fate = {e["who"]: (place, e["reason"]) for place, e in enumerate(events) if e["ev"] == "dead"}
    for place, event in enumerate(events):
        base, _, attempt = event["who"].rpartition("#")
        if event["ev"] == "init" and base and attempt != "1":
            earlier = f"{base}#{int(attempt) - 1}"
            assert earlier in fate, (where, event, events)
            assert fate[earlier][0] < place, (where, event, events)
        if event["ev"] == "dead" and base:
            above, reason = fate.get(base.rpartition("/")[0], (place, None))
            assert above >= place or reason == "killed", (where, event, events)


@pytest.mark.clause("SHUT-1", "SHUT-12", "STR-12", "INT-16")
def test_a_quiet_tree_shows_every_restart_and_every_death(subject: Subject) -> None:
    source = random.Random(11)
    for number in range(TREES):
        start = Operation("start_supervisor", {"as": "s1", "spec": draw_tree(source, 2)})
        seen = subject.run([Operation("reset", {}), start, OBSERVE])[-1]["ok"]
        events = seen["events"]
        for step in range(4):
            if not seen["alive"]:
                break
            victim = source.choice(seen["alive"])
            blows = [Operation("exit", {"to": victim, "reason": "kill"})]
            blows.append(Operation("stop", {"to": victim, "reason": "shutdown"}))
            blows.append(Operation("terminate_child", {"sup": "s1", "child": source.choice("abcd")}))
            if any(event["who"] == victim and event["ev"] == "init" for event in events):
                blows.append(ask(victim, "crash", "x", op="cast"))
            seen, then = (answer["ok"] for answer in subject.run([source.choice(blows), OBSERVE, OBSERVE])[1:])
            assert (seen["quiet"], then["quiet"], then["events"]) == (True, True, []), (number, step)
            assert (seen["alive"], seen["children"]) == (then["alive"], then["children"]), (number, step)
            assert None not in seen["children"].values(), (number, step)
            events += seen["events"]
        check_order(events, number)
