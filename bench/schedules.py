"""Drawn schedules: how many it takes to meet a planted race, and how fast they run."""

from __future__ import annotations

import asyncio
import queue
import statistics
import sys
import threading
from collections.abc import Callable
from functools import partial

from bench import races_threads
from bench.measure import Stopwatch, Way, compare
from bench.races import RACES, Race, Wrong
from bench.races_threads import THREAD_RACES, ThreadRace
from bench.races_trees import TREE_RACES
from bench.table import goal_words, number_words, print_table, ratio_words
from letitcrash_conformance.simulation import Schedule, SimLoop, Stuck
from letitcrash_conformance.simulation.patching import Stage, modules_of
from letitcrash_conformance.simulation.schedule import STRATEGIES
from letitcrash_conformance.simulation.threads import SimThreads

__all__ = ["run"]

GOAL = 150_000
LIMIT = 300
TRIALS = 5
REAL_RUNS = 300
_LINES = (races_threads.__file__,)
_WAYS = (*STRATEGIES, "portfolio", "as drawn")


def run(*, rounds: int, shrink: int) -> None:
    """Measure and print; the arguments are those of the other benchmarks."""
    _measure_speed(rounds, shrink)
    _count_runs(max(3, TRIALS // shrink))


def _count_runs(trials: int) -> None:
    rows = [
        [race.name, _words(_happens_in_asyncio(race)), *_row(partial(_happens, race), trials)]
        for race in (*RACES, *TREE_RACES)
    ]
    for race in THREAD_RACES:
        real = "would hang" if race.may_hang else _words(_happens_in_reality(race))
        if not race.needs_lines:
            rows.append([race.name, real, *_row(partial(_happens_in_threads, race, ()), trials)])
        rows.append([f"{race.name}, by lines", real, *_row(partial(_happens_in_threads, race, _LINES), trials)])
    print_table(
        "Planted races: schedules until one is met, the median of " + f"{trials} searches",
        ["", "asyncio, threads", "fifo", *_WAYS],
        rows,
        [
            f"'-': not in {LIMIT} schedules, or not in the one schedule that first come, first served is.",
            f"The first column is asyncio's own loop, or {REAL_RUNS} runs of real threads that change all the time.",
            "'as drawn' is what a run of the suite draws: the portfolio, one in four schedules in strict mode.",
        ],
    )


def _row(happens: Callable[[Schedule], bool], trials: int) -> list[str]:
    fifo = "1" if happens(Schedule()) else "-"
    return [fifo, *(_median(happens, way, trials) for way in _WAYS)]


def _median(happens: Callable[[Schedule], bool], way: str, trials: int) -> str:
    needed: list[float] = []
    for trial in range(trials):
        seeds = range(trial * 10_000, trial * 10_000 + LIMIT)
        found = next((number for number, seed in enumerate(seeds, 1) if happens(_schedule(way, seed))), None)
        needed.append(float("inf") if found is None else found)
        if len(needed) * 2 > trials and needed.count(float("inf")) * 2 > trials:
            break  # the median is known
    median = statistics.median(needed)
    return "-" if median == float("inf") else f"{median:.0f}"


def _schedule(way: str, seed: int) -> Schedule:
    if way in STRATEGIES:
        return Schedule("permute", way, seed)
    return Schedule.draw(seed, "permute" if way == "portfolio" else None)


def _words(found: int | None) -> str:
    return "-" if found is None else str(found)


def _happens_in_asyncio(race: Race) -> int | None:
    try:
        asyncio.run(race.scenario(True))
    except Wrong:
        return 1
    return None


def _happens(race: Race, schedule: Schedule) -> bool:
    loop = SimLoop(schedule, max_steps=20_000)
    try:
        loop.run_until_complete(race.scenario(True))
    except (Wrong, Stuck):
        return True
    finally:
        loop.finish()
    return False


def _happens_in_reality(race: ThreadRace) -> int | None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for number in range(1, REAL_RUNS + 1):
            try:
                race.scenario()
            except Wrong:
                return number
    finally:
        sys.setswitchinterval(interval)
    return None


def _happens_in_threads(race: ThreadRace, lines: tuple[str, ...], schedule: Schedule) -> bool:
    threads = SimThreads(schedule, lines=lines, max_switches=20_000)
    try:
        with Stage(threads).patched([races_threads]):
            threads.run(race.scenario)
    except (Wrong, Stuck):
        return True
    finally:
        threads.close()
    return False


# -- speed --------------------------------------------------------------------------------------------------------


async def _ping_pong(times: int) -> None:
    """Four pairs of tasks that hand a message to and fro."""

    async def pair() -> None:
        there: asyncio.Queue[int] = asyncio.Queue()
        back: asyncio.Queue[int] = asyncio.Queue()

        async def echo() -> None:
            for _ in range(times):
                back.put_nowait(await there.get())

        task = asyncio.ensure_future(echo())
        for number in range(times):
            there.put_nowait(number)
            await back.get()
        await task

    await asyncio.gather(*(pair() for _ in range(4)))


def _plain(times: int) -> float:
    rounds = max(1, times // 8)
    with Stopwatch() as watch:
        asyncio.run(_ping_pong(rounds))
    return watch.seconds * times / (rounds * 8)


def _simulated(schedule: Schedule) -> Callable[[int], float]:
    def measure(times: int) -> float:
        loop = SimLoop(schedule, max_steps=1 << 60)
        with Stopwatch() as watch:
            loop.run_until_complete(_ping_pong(max(1, times // 8)))
        steps = loop.steps
        loop.finish()
        return watch.seconds * times / steps

    return measure


def _exchange(times: int) -> None:
    there: queue.Queue[int] = queue.Queue()
    back: queue.Queue[int] = queue.Queue()

    def echo() -> None:
        for _ in range(times):
            back.put(there.get())

    thread = threading.Thread(target=echo)
    thread.start()
    for number in range(times):
        there.put(number)
        back.get()
    thread.join()


def _threaded(schedule: Schedule) -> Callable[[int], float]:
    def measure(times: int) -> float:
        threads = SimThreads(schedule, max_switches=1 << 60)
        with Stage(threads).patched(modules_of(__name__)), Stopwatch() as watch:
            threads.run(lambda: _exchange(max(1, times // 30)))
        switches = threads.switches
        threads.close()
        return watch.seconds * times / switches

    return measure


def _measure_speed(rounds: int, shrink: int) -> None:
    times = max(2_000, 20_000 // shrink)
    strategies = ("fifo", *STRATEGIES)
    ways = [
        Way("asyncio", _plain, times),
        *(Way(f"tasks, {name}", _simulated(Schedule("permute", name, 7)), times) for name in strategies),
        *(Way(f"threads, {name}", _threaded(Schedule("permute", name, 7)), times) for name in strategies),
    ]
    result = compare(ways, rounds=rounds)
    rows = [
        [
            way.name,
            number_words(result.rate(way.name)),
            goal_words(result.rate(way.name), GOAL) if way.name != "asyncio" else "",
            ratio_words(result.ratio(way.name, "asyncio")),
        ]
        for way in ways
    ]
    print_table(
        "Simulated schedules: steps of tasks, switches of threads",
        ["", "steps/s", "goal", "of asyncio's own loop"],
        rows,
        ["Steps per second of CPU time: two tasks, or two threads, that hand a message to and fro."],
    )
