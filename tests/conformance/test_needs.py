"""Nobody is asked for a feature that they do not declare, by chance or by a directed program."""

from __future__ import annotations

import random
from typing import Any

import pytest

from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.needs import features_of
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.plan import NEEDS
from letitcrash_conformance.scenarios import ALL, scenarios_of
from letitcrash_conformance.source import RandomSource
from letitcrash_spec.hello import FEATURES
from letitcrash_spec.messages import Operation

WORKER: dict[str, Any] = {"id": "a", "type": "worker", "start": {}}
TREE: dict[str, Any] = {"strategy": "one_for_one", "children": [WORKER]}
NESTED: dict[str, Any] = {"id": "b", "type": "supervisor", "start": {"supervisor": {**TREE, "strategy": "dynamic"}}}


def setting(chapter: str, clock: str, features: frozenset[str]) -> Setting:
    return Setting(chapter, ("one", "two"), "one", clock, features)


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("spawn", {"as": "p1", "probe": {"trap_exit": False, "name": None}}, "genserver"),
    ("spawn", {"as": "p1", "probe": {"trap_exit": True}}, "exit_signals genserver"),
    ("spawn", {"as": "p1", "probe": {"name": "n1"}}, "genserver registry"),
    ("call", {"to": {"name": "n1"}, "msg": ["get"]}, "genserver registry"),
    ("cast", {"to": "p1", "msg": ["call", "p2", ["cast", "p3", ["link", "p4"]], 5]}, "genserver links nested_call"),
    ("call", {"to": "p1", "msg": ["send", {"name": "n1"}, "x"]}, "genserver registry"),
    ("call", {"to": "p1", "msg": ["monitor", {"name": "n1"}, "m1"]}, "genserver monitors registry"),
    ("call", {"to": "p1", "msg": ["spawn", "p2", {"trap_exit": True}, "link"]}, "exit_signals genserver links"),
    ("call", {"to": "p1", "msg": ["spawn", "p2", {}, {"monitor": "m1"}]}, "genserver monitors"),
    ("call", {"to": "p1", "msg": ["spawn", "p2", {}, "plain"]}, "genserver"),
    ("start_supervisor", {"as": "s1", "spec": TREE}, "supervisor"),
    ("start_supervisor", {"as": "s1", "spec": {**TREE, "name": "n1"}}, "registry supervisor"),
    (
        "start_supervisor",
        {"as": "s1", "spec": {**TREE, "auto_shutdown": "any_significant"}},
        "auto_shutdown supervisor",
    ),
    ("start_child", {"sup": "s1", "child": {**WORKER, "significant": True}}, "auto_shutdown supervisor"),
    ("start_child", {"sup": "s1", "child": NESTED}, "dynamic_supervisor supervisor"),
    (
        "parallel",
        {"clients": [[], [{"op": "register", "args": {"name": "n1", "label": "p1"}}]]},
        "parallel registry",
    ),
]


@pytest.mark.parametrize(("op", "args", "needed"), CASES)
def test_every_place_of_a_feature_is_seen(op: str, args: dict[str, Any], needed: str) -> None:
    assert sorted(features_of([Operation(op, args)])) == needed.split()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nobody_is_asked_by_chance_for_what_they_do_not_declare(chapter: str) -> None:
    for number in range(150):
        chance = random.Random(f"{chapter} {number}")
        features = NEEDS[chapter] | {feature for feature in FEATURES if chance.random() < 0.5}
        if "supervisor" not in features:
            features -= {"dynamic_supervisor", "auto_shutdown"}
        where = setting(chapter, chance.choice(("virtual", "wall")), frozenset(features))
        program = generate(RandomSource(number), where)
        assert features_of(program.operations) <= where.features


@pytest.mark.parametrize("missing", FEATURES)
def test_nobody_is_directed_to_what_they_do_not_declare(missing: str) -> None:
    features = frozenset(FEATURES) - {missing}
    for chapter, needs in NEEDS.items():
        if not needs <= features:
            continue
        for clock in ("virtual", "wall"):
            for program, _ in scenarios_of(setting(chapter, clock, features)):
                assert features_of(program.operations) <= features


def test_who_declares_everything_is_shown_every_scenario() -> None:
    shown = {
        scenario.name
        for chapter in CHAPTERS
        for clock in ("virtual", "wall")
        for _, scenario in scenarios_of(setting(chapter, clock, frozenset(FEATURES)))
    }

    assert shown == {scenario.name for scenario in ALL}
