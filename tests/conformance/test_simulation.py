"""The simulated event loop: who runs next, what time it is, and what it finds by itself."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.simulation import (
    CLOCK,
    Deadlock,
    Livelock,
    Schedule,
    SimLoop,
    format_decisions,
    parse_decisions,
)
from letitcrash_conformance.simulation.minimize import minimize
from letitcrash_conformance.simulation.schedule import MODES, STRATEGIES, Mode


async def _log_of_tasks(count: int = 3, rounds: int = 3) -> list[str]:
    log: list[str] = []

    async def work(name: str) -> None:
        for number in range(rounds):
            log.append(f"{name}{number}")
            await asyncio.sleep(0)

    await asyncio.gather(*(work("abcdefgh"[number]) for number in range(count)))
    return log


def _run(schedule: Schedule) -> tuple[list[str], SimLoop]:
    loop = SimLoop(schedule)
    try:
        return loop.run_until_complete(_log_of_tasks()), loop
    finally:
        loop.finish()


def test_without_a_schedule_tasks_run_as_on_the_ordinary_loop() -> None:
    assert _run(Schedule())[0] == asyncio.run(_log_of_tasks())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strict_schedules_keep_the_order_of_the_ordinary_loop(strategy: str) -> None:
    for seed in range(20):
        assert _run(Schedule("strict", strategy, seed))[0] == asyncio.run(_log_of_tasks())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_permutes_tasks_and_keeps_the_order_inside_each(strategy: str) -> None:
    logs = [_run(Schedule("permute", strategy, seed))[0] for seed in range(30)]
    assert len({tuple(log) for log in logs}) > 5
    for log in logs:
        assert [word for word in log if word[0] == "b"] == ["b0", "b1", "b2"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_recorded_decisions_repeat_the_run(strategy: str) -> None:
    for seed in range(10):
        first, loop = _run(Schedule("permute", strategy, seed))
        again, other = _run(loop_schedule := Schedule("permute").recorded(loop.decisions))
        assert again == first
        assert other.decisions == loop.decisions == loop_schedule.decisions


def test_time_is_virtual_and_timers_keep_their_order() -> None:
    async def sleepers() -> tuple[list[int], float]:
        woken: list[int] = []

        async def sleep(seconds: int) -> None:
            await asyncio.sleep(seconds)
            woken.append(seconds)

        await asyncio.gather(*(sleep(seconds) for seconds in (1000, 10, 100)))
        return woken, asyncio.get_running_loop().time()

    loop = SimLoop()
    assert loop.run_until_complete(sleepers()) == ([10, 100, 1000], 1000.0)
    loop.finish()


async def _reply_or_timeout() -> str:
    reply = asyncio.get_running_loop().create_future()

    async def answer() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        if not reply.done():
            reply.set_result("reply")

    task = asyncio.ensure_future(answer())
    try:
        return str(await asyncio.wait_for(reply, 5))
    except TimeoutError:
        return "timeout"
    finally:
        await task


@pytest.mark.parametrize("mode", MODES)
def test_an_early_clock_lets_timeouts_race_with_replies(mode: Mode) -> None:
    assert asyncio.run(_reply_or_timeout()) == "reply"
    found: set[str] = set()
    for seed in range(40):
        loop = SimLoop(Schedule(mode, "random walk", seed))
        found.add(loop.run_until_complete(_reply_or_timeout()))
        loop.finish()
    assert found == {"reply", "timeout"}


def test_the_clock_runs_ahead_of_ready_work_by_no_more_than_the_slack() -> None:
    for seed in range(40):
        loop = SimLoop(Schedule("permute", "random walk", seed), slack=1.0)
        assert loop.run_until_complete(_reply_or_timeout()) == "reply"
        loop.finish()


def test_a_timer_that_is_cancelled_when_it_is_due_does_not_ring() -> None:
    async def cancel() -> list[str]:
        rung: list[str] = []
        loop = asyncio.get_running_loop()
        second = loop.call_later(1, rung.append, "second")

        def first() -> None:
            rung.append("first")
            second.cancel()

        loop.call_at(0.5, first)
        loop.call_at(1, second.cancel)
        await asyncio.sleep(2)
        return rung

    for seed in range(20):
        loop = SimLoop(Schedule("permute", "random walk", seed))
        assert loop.run_until_complete(cancel()) == ["first"]
        loop.finish()


def test_jobs_of_executors_run_as_steps_of_their_own() -> None:
    async def jobs() -> list[str]:
        log: list[str] = []
        await asyncio.gather(asyncio.to_thread(log.append, "a"), asyncio.to_thread(log.append, "b"))
        return log

    for mode in MODES:
        logs: set[tuple[str, ...]] = set()
        for seed in range(30):
            loop = SimLoop(Schedule(mode, "random walk", seed))
            logs.add(tuple(loop.run_until_complete(jobs())))
            loop.finish()
        assert logs == {("a", "b"), ("b", "a")}


def test_a_deadlock_names_who_waits_where() -> None:
    async def dinner() -> None:
        forks = asyncio.Lock(), asyncio.Lock()

        async def eat(first: int, second: int) -> None:
            async with forks[first]:
                await asyncio.sleep(0)
                async with forks[second]:
                    pass

        await asyncio.gather(eat(0, 1), eat(1, 0))

    loop = SimLoop()
    with pytest.raises(Deadlock, match="nobody is ready and no timer is set") as found:
        loop.run_until_complete(dinner())
    loop.finish()
    waits = [wait for wait in found.value.waits if "dinner.<locals>.eat" in wait]
    assert len(waits) == 2
    assert all("async with forks[second]" in wait for wait in waits)


def test_a_livelock_is_found_by_the_bound_on_steps() -> None:
    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    loop = SimLoop(max_steps=1000)
    with pytest.raises(Livelock, match="1000 steps and no end"):
        loop.run_until_complete(spin())
    loop.finish()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_who_waits_by_spinning_does_not_starve_the_others(strategy: str) -> None:
    async def spin() -> None:
        is_set = False

        async def work() -> None:
            nonlocal is_set
            await asyncio.sleep(0)
            is_set = True

        task = asyncio.ensure_future(work())
        while not is_set:
            await asyncio.sleep(0)
        await task

    for seed in range(20):
        loop = SimLoop(Schedule("permute", strategy, seed), max_steps=10_000)
        loop.run_until_complete(spin())
        loop.finish()


def test_what_the_exception_handler_is_told_is_kept() -> None:
    async def fail() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)

    loop = SimLoop()
    loop.run_until_complete(fail())
    assert "ZeroDivisionError" in loop.complaints[0]
    loop.finish()


def test_rest_waits_until_nobody_else_can_run_before_time_passes() -> None:
    async def rest() -> tuple[list[str], float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        task = asyncio.ensure_future(_log_of_tasks())
        sleeper = asyncio.ensure_future(asyncio.sleep(7))
        await loop.rest()
        sleeper.cancel()
        return task.result(), loop.time()

    loop = SimLoop(Schedule("permute", "recorded", 0, ((0, 1),)))
    log, now = loop.run_until_complete(rest())
    assert len(log) == 9
    assert now == 0.0
    loop.finish()


def test_decisions_are_printed_and_read_back() -> None:
    decisions = ((3, 1), (17, 2), (18, CLOCK))
    assert format_decisions(decisions) == "3:1 17:2 18:c"
    assert parse_decisions("3:1 17:2 18:c") == decisions
    assert parse_decisions("") == ()


@pytest.mark.parametrize("text", ["3", "3:0", "3:x", "x:1", "3:1 3:2", "4:1 3:1", "3:-1", "3: 1"])
def test_what_is_no_list_of_decisions_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected decisions such as '3:1 17:2 18:c'"):
        parse_decisions(text)


def test_an_unknown_strategy_and_an_unknown_mode_are_refused() -> None:
    with pytest.raises(UsageError, match="expected a strategy"):
        Schedule(strategy="luck").scheduler()
    with pytest.raises(UsageError, match="expected a mode of schedules"):
        Schedule.of_texts("tasks", "loose", "")
    with pytest.raises(UsageError, match="expected a tier of schedules"):
        Schedule.of_texts("processes", "strict", "")


def test_minimizing_leaves_the_decisions_that_matter() -> None:
    asked: list[int] = []

    def fails(decisions: tuple[tuple[int, int], ...]) -> bool:
        asked.append(len(decisions))
        return {(10, 1), (20, CLOCK)} <= {(step, min(choice, 1)) for step, choice in decisions}

    many = tuple((step, CLOCK if step == 20 else 3) for step in range(60))
    assert minimize(many, fails) == ((10, 1), (20, CLOCK))
    assert len(asked) < 120


def test_minimizing_ends_at_nothing_if_no_decision_is_needed() -> None:
    assert minimize(((1, 1), (2, 1)), lambda decisions: True) == ()


_PRINT = """
from letitcrash_conformance.simulation import Schedule, SimLoop, format_decisions
import asyncio
async def main():
    async def work(lock):
        async with lock:
            await asyncio.sleep(0)
        await asyncio.sleep(1)
    lock = asyncio.Lock()
    await asyncio.gather(*(work(lock) for _ in range(5)))
for seed in range(25):
    loop = SimLoop(Schedule.draw(seed))
    loop.run_until_complete(main())
    print(loop.steps, format_decisions(loop.decisions))
"""


def test_a_seed_means_the_same_schedule_in_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", _PRINT],
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for salt in ("1", "2")
    }
    assert len(told) == 1
    assert len(told.pop().splitlines()) == 25
