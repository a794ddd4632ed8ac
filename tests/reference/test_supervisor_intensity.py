from __future__ import annotations

from typing import Any

import pytest

from letitcrash_reference import Backend, ChildSpec, ExitReason, SupervisorSpec
from letitcrash_reference.intensity import RestartBudget
from tests.reference.servers import runtime
from tests.reference.trees import Nursery, crash, handle, start, states


@pytest.mark.clause("INT-9", "INT-10")
@pytest.mark.parametrize(
    ("times", "limit", "seconds", "verdicts"),
    [
        ([0, 0, 0, 0], 3, 5, "yyyn"),
        ([0], 0, 5, "n"),
        ([0, 5], 1, 5, "yn"),
        ([0, 5.0009], 1, 5, "yn"),
        ([0, 5.001], 1, 5, "yy"),
        ([0.0009, 5.001], 1, 5, "yy"),
        ([0, 3, 6, 9, 12], 1, 2.9, "yyyyy"),
        ([0, 3, 5, 8.001, 8.5], 2, 5, "yynyn"),
        ([0, 0.029, 0.058], 1, 0.029, "ynn"),
        ([0.1, 0.3], 1, 0.2, "yn"),
    ],
)
def test_the_window_is_closed_slides_and_counts_whole_milliseconds(
    times: list[float], limit: int, seconds: float, verdicts: str
) -> None:
    budget = RestartBudget(limit, seconds)
    assert "".join("y" if budget.spend(time) else "n" for time in times) == verdicts


@pytest.mark.clause("INT-1", "INT-2", "INT-3", "INT-14", "SHUT-1", "SHUT-13")
@pytest.mark.parametrize("limit", [0, 1, 3])
async def test_one_restart_too_many_ends_the_supervisor_in_order(backend: Backend, limit: int) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("abc"), max_restarts=limit)
        for number in range(limit):
            await crash(rt, sup, "abc"[number % 3])
        assert await states(sup) == {"a": "up", "b": "up", "c": "up"}
        nursery.take()
        await crash(rt, sup, "b")
        assert await sup.wait_dead() == ExitReason.SHUTDOWN
        assert nursery.take() == "-c -a"


@pytest.mark.clause("INT-9", "INT-11")
async def test_a_restart_is_forgotten_a_moment_after_the_window(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        for wait, lives in ((5.0, False), (5.001, True)):
            sup = await start(rt, *nursery.leaves("a"), max_restarts=1)
            await crash(rt, sup, "a")
            await rt.advance(wait)
            await crash(rt, sup, "a")
            assert sup.is_alive is lives


@pytest.mark.clause("INT-4")
@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
async def test_a_group_restart_counts_once(strategy: Any) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("abcd"), strategy=strategy, max_restarts=2)
        await crash(rt, sup, "a")
        await crash(rt, sup, "a")
        assert sup.is_alive
        await crash(rt, sup, "d")
        assert not sup.is_alive


@pytest.mark.clause("INT-5", "INT-6", "INT-14")
@pytest.mark.parametrize(
    ("strategy", "story"),
    [
        ("one_for_one", "+b +b +b -c -a"),
        ("one_for_all", "-c -a +a +b -a +a +b -a +a +b -a"),
        ("rest_for_one", "-c +b +b +b -a"),
    ],
)
async def test_every_attempt_counts(backend: Backend, strategy: Any, story: str) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a"), nursery.leaf("b", "ok", "fail"), nursery.leaf("c"), strategy=strategy)
        nursery.take()
        await crash(rt, sup, "b")
        assert await sup.wait_dead() == ExitReason.SHUTDOWN
        assert nursery.take() == story


@pytest.mark.clause("INT-7")
async def test_a_normal_end_of_a_permanent_child_counts() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("a"), max_restarts=1)
        for _ in range(2):
            await (await handle(sup, "a")).stop()
            await rt.wait_until_idle()
        assert not sup.is_alive


@pytest.mark.clause("INT-1", "INT-13", "STR-21")
async def test_a_crash_storm_escalates_level_by_level(backend: Backend) -> None:
    nursery = Nursery(backend)

    def level(spec: SupervisorSpec) -> SupervisorSpec:
        return SupervisorSpec(children=[ChildSpec("x", spec)], max_restarts=1)

    async with runtime() as rt:
        leaf = nursery.leaf("a")
        top = await rt.start_supervisor(level(level(SupervisorSpec(children=[leaf], max_restarts=1))))
        for crashes in range(1, 9):
            middle: Any = await handle(top, "x")
            low: Any = await handle(middle, "x")
            await crash(rt, low, "a")
            assert top.is_alive is (crashes < 8)
        assert nursery.take() == " ".join(["+a"] * 8)
