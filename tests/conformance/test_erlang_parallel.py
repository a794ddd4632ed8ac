"""The Erlang harness on real OTP: clients that ask at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.trees import supervisor, worker
from letitcrash_spec.messages import fail, ok
from tests.support.erlang_world import World, needs_erl, open_erlang

pytestmark = needs_erl


@pytest.fixture(scope="module", params=[1, 2], ids=["one scheduler", "two schedulers"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    yield from open_erlang(request.param)


@pytest.fixture
def world(subject: Subject) -> World:
    return World(subject)


def do(op: str, **args: Any) -> dict[str, Any]:
    return {"op": op, "args": {key.rstrip("_"): value for key, value in args.items()}}


def run(world: World, *clients: list[dict[str, Any]]) -> list[list[Any]]:
    """Return the answers of each client; the form of the stamps is the validator's business."""
    histories = world("parallel", clients=list(clients))["ok"]
    return [[stamped["answer"] for stamped in history] for history in histories]


@pytest.mark.clause("BACK-10", "GS-21")
def test_clients_that_add_at_the_same_time_lose_nothing(world: World) -> None:
    world.spawn("p1")
    histories = run(world, *[[do("call", to="p1", msg=["add", 1])] * 50] * 8)
    answers = [[answer["ok"] for answer in history] for history in histories]
    assert all(history == sorted(history) for history in answers)
    assert sorted(value for history in answers for value in history) == list(range(1, 401))


def test_the_stamps_of_a_client_that_waits_enclose_those_of_the_others(world: World) -> None:
    world.spawn("p1")
    waiting = [do("call", to="p1", msg=["sleep", 300]), do("whereis", name="n1")]
    slow, quick, none = world("parallel", clients=[waiting, [do("advance", ms=1)] * 3, []])["ok"]
    assert slow[0]["call"] < quick[-1]["return"] < slow[0]["return"]
    assert none == []


@pytest.mark.clause("REG-13", "REG-18", "SUP-21", "SUP-11")
def test_one_client_wins_what_only_one_can_have(world: World) -> None:
    for round_ in range(20):
        world("reset")
        world.start("s1", supervisor())
        clients = [
            [
                do("spawn", as_=f"p{number}", probe={"name": "n1"}),
                do("start_supervisor", as_=f"t{number}", spec=supervisor(name="n2")),
                do("start_child", sup="s1", child=worker("a")),
            ]
            for number in range(4)
        ]
        histories = run(world, *clients)
        spawned, started, added = (list(answers) for answers in zip(*histories, strict=True))
        assert sorted(spawned, key=str) == [fail("already_registered")] * 3 + [ok("started")], round_
        assert sorted(started, key=str) == [fail("already_registered")] * 3 + [ok("started")], round_
        assert sorted(added, key=str) == [fail("already_started", child="s1/a#1")] * 3 + [ok("s1/a#1")], round_
        seen = world.settled()
        assert len(seen["alive"]) == 4
        assert seen["names"].keys() == {"n1", "n2"}


def test_a_client_that_asks_for_what_nobody_knows_gets_an_error_in_its_place(world: World) -> None:
    world.spawn("p1")
    history = run(world, [do("start_supervisor", as_="s1", spec={"strategy": "dynamic"}), do("name_of", to="p1")])
    assert history == [[fail("unsupported"), ok()]]


def test_what_clients_started_stays_and_the_clients_leave_nothing(world: World) -> None:
    births = [do("spawn", as_="p1", probe={"trap_exit": True})], [do("start_supervisor", as_="s1", spec=supervisor())]
    assert run(world, *births) == [[ok("started")], [ok("started")]]
    assert world.settled()["alive"] == ["p1", "s1"]
    assert world.log("exit", "dead") == []
    assert world("reset") == ok()
    assert world.settled()["alive"] == []
