"""Planted races: never met by asyncio's own loop, found by drawn schedules, shrunk and repeated."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

import bench.races_threads
from bench.races import RACES as FIRST_RACES
from bench.races import Race, Wrong
from bench.races_threads import THREAD_RACES, ThreadRace
from bench.races_trees import TREE_RACES
from letitcrash_conformance.simulation import Schedule, SimLoop, Stuck
from letitcrash_conformance.simulation.minimize import minimize
from letitcrash_conformance.simulation.patching import Stage, modules_of
from letitcrash_conformance.simulation.schedule import Decisions
from letitcrash_conformance.simulation.threads import SimThreads

RACES = (*FIRST_RACES, *TREE_RACES)

_MANY = 600
"""Far more schedules than any of the races needs."""

_LINES = (str(Path(bench.races_threads.__file__)),)

_by_name = pytest.mark.parametrize("race", RACES, ids=lambda race: race.name)
_by_thread_name = pytest.mark.parametrize("race", THREAD_RACES, ids=lambda race: race.name)


def _happens(race: Race, schedule: Schedule, *, is_planted: bool = True) -> tuple[bool, Decisions]:
    loop = SimLoop(schedule, max_steps=20_000)
    try:
        loop.run_until_complete(race.scenario(is_planted))
    except (Wrong, Stuck):
        return True, loop.decisions
    else:
        return False, loop.decisions
    finally:
        loop.finish()


@_by_name
def test_the_ordinary_loop_never_meets_a_planted_race(race: Race) -> None:
    asyncio.run(race.scenario(True))
    assert not _happens(race, Schedule())[0]


@_by_name
def test_the_portfolio_finds_each_planted_race_and_its_decisions_repeat_it(race: Race) -> None:
    for seed in range(_MANY):
        happens, decisions = _happens(race, Schedule.draw(seed))
        if happens:
            break
    else:
        pytest.fail(f"not found in {_MANY} schedules")
    mode = Schedule.draw(seed).mode
    shortest = minimize(
        decisions, lambda some: _happens(race, Schedule(mode).recorded(some))[0], runs=10_000, seconds=60
    )
    assert 0 < len(shortest) <= len(decisions)
    assert _happens(race, Schedule(mode).recorded(shortest))[0]
    for position in range(len(shortest)):
        fewer = shortest[:position] + shortest[position + 1 :]
        assert not _happens(race, Schedule(mode).recorded(fewer))[0]


@_by_name
def test_without_the_race_no_schedule_raises_an_alarm(race: Race) -> None:
    for seed in range(150):
        assert not _happens(race, Schedule.draw(seed), is_planted=False)[0]


@pytest.mark.parametrize("race", [race for race in RACES if race.is_strict], ids=lambda race: race.name)
def test_a_race_with_the_clock_is_found_in_strict_mode(race: Race) -> None:
    assert any(_happens(race, Schedule.draw(seed, "strict"))[0] for seed in range(_MANY))


@pytest.mark.parametrize("race", [race for race in RACES if not race.is_strict], ids=lambda race: race.name)
def test_strict_mode_raises_no_alarm_where_the_order_of_tasks_would_have_to_change(race: Race) -> None:
    assert not any(_happens(race, Schedule.draw(seed, "strict"))[0] for seed in range(60))


def test_a_seed_means_the_same_on_every_version_of_python() -> None:
    told = hashlib.sha256()
    for race in RACES:
        if not race.is_strict:  # asyncio's own timeouts take another number of steps since Python 3.12
            for seed in range(40):
                told.update(repr(_happens(race, Schedule.draw(seed))).encode())
    assert told.hexdigest()[:16] == "e21257eca18ae433"


def _happens_in_threads(race: ThreadRace, schedule: Schedule, lines: tuple[str, ...] = ()) -> tuple[bool, Decisions]:
    threads = SimThreads(schedule, lines=lines, max_switches=20_000)
    try:
        with Stage(threads).patched(modules_of("bench.races_threads")):
            threads.run(race.scenario)
    except (Wrong, Stuck):
        return True, threads.decisions
    else:
        return False, threads.decisions
    finally:
        threads.close()


@_by_thread_name
def test_first_come_first_served_never_meets_a_race_of_threads(race: ThreadRace) -> None:
    assert not _happens_in_threads(race, Schedule())[0]


@_by_thread_name
def test_the_portfolio_finds_each_race_of_threads_and_its_decisions_repeat_it(race: ThreadRace) -> None:
    lines = _LINES if race.needs_lines else ()
    for seed in range(_MANY):
        happens, decisions = _happens_in_threads(race, Schedule.draw(seed), lines)
        if happens:
            break
    else:
        pytest.fail(f"not found in {_MANY} schedules")
    shortest = minimize(decisions, lambda some: _happens_in_threads(race, Schedule().recorded(some), lines)[0])
    assert 0 < len(shortest) <= 6
    assert _happens_in_threads(race, Schedule().recorded(shortest), lines)[0]


@pytest.mark.parametrize("race", [race for race in THREAD_RACES if race.needs_lines], ids=lambda race: race.name)
def test_a_window_of_plain_lines_needs_switches_between_lines(race: ThreadRace) -> None:
    assert not any(_happens_in_threads(race, Schedule.draw(seed))[0] for seed in range(100))
