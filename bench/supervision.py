"""What supervision costs in the reference: restarts, a hundred thousand dynamic siblings, memory for each child."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import tracemalloc
from collections.abc import Callable

from bench.table import number_words, print_table, ratio_words
from letitcrash_reference import ChildSpec, DynamicSupervisorSpec, From, GenServer, Handle, Runtime, SupervisorSpec

__all__ = ["run"]

SIBLINGS = (10, 1_000, 100_000)
RESTARTS = 2_000
PLENTY = 1_000_000


class _Fragile(GenServer[str, str, int]):
    """A server that does nothing and breaks when told to."""

    wanted = 0
    started: asyncio.Future[None] | None = None

    async def init(self) -> None:
        cls = type(self)
        cls.wanted -= 1
        if cls.wanted == 0 and cls.started is not None:
            cls.started.set_result(None)

    async def handle_call(self, message: str, sender: From[int]) -> int:
        return 1

    async def handle_cast(self, message: str) -> None:
        raise RuntimeError(message)


_CHILD = ChildSpec("child", _Fragile)


def run(*, rounds: int, shrink: int) -> None:
    """Measure and print; the arguments are those of the other benchmarks."""
    logging.disable()  # the crashes are on purpose
    try:
        _print(rounds=rounds, shrink=shrink)
    finally:
        logging.disable(logging.NOTSET)


def _print(*, rounds: int, shrink: int) -> None:
    restarts = max(50, RESTARTS // shrink)
    base = _median(rounds, lambda: asyncio.run(_one_for_one(restarts)))
    rows = [["one_for_one, 1 child", number_words(restarts / base), ratio_words(1.0)]]
    group = _median(rounds, lambda: asyncio.run(_one_for_all(restarts // 10)))
    rate = restarts // 10 / group
    rows.append(["one_for_all, 10 children", number_words(rate), ratio_words(rate * base / restarts)])
    notes = ["Restarts per second of CPU time, crash and restart together; a group counts once."]
    for count in SIBLINGS:
        siblings = max(10, count // shrink)
        start, per_restart, size = asyncio.run(_among(siblings, max(20, restarts // 10)))
        rate = 1 / per_restart
        rows.append([f"dynamic, {siblings:,} siblings", number_words(rate), ratio_words(rate * base / restarts)])
        if count == SIBLINGS[-1]:
            notes.append(
                f"{siblings:,} children were started in {start:.1f} s of CPU time, {number_words(siblings / start)} a"
                f" second, and take {number_words(size)} bytes each."
            )
    notes.append("A restart must not cost more among many siblings: compare the ratios of the dynamic rows.")
    print_table("Restarts of the reference", ["", "restarts/s", "of the first row"], rows, notes)


def _median(rounds: int, measure: Callable[[], None]) -> float:
    times: list[float] = []
    for _ in range(rounds):
        began = time.process_time()
        measure()
        times.append(time.process_time() - began)
    return sorted(times)[len(times) // 2]


async def _one_for_one(times: int) -> None:
    spec = SupervisorSpec(strategy="one_for_one", children=(_CHILD,), max_restarts=PLENTY)
    async with Runtime() as runtime:
        supervisor = await runtime.start_supervisor(spec)
        for _ in range(times):
            (row,) = await supervisor.which_children()
            await _break(row.handle)


async def _one_for_all(times: int) -> None:
    children = tuple(ChildSpec(f"child {number}", _Fragile) for number in range(10))
    spec = SupervisorSpec(strategy="one_for_all", children=children, max_restarts=PLENTY)
    async with Runtime() as runtime:
        supervisor = await runtime.start_supervisor(spec)
        for turn in range(times):
            rows = await supervisor.which_children()
            await _break(rows[turn % len(rows)].handle, len(rows))


async def _among(siblings: int, times: int) -> tuple[float, float, float]:
    """Return the seconds of CPU time of the start of all and of one restart, and the bytes of one child."""
    async with Runtime() as runtime:
        supervisor = await runtime.start_supervisor(DynamicSupervisorSpec(max_restarts=PLENTY))
        gc.collect()
        tracemalloc.start()
        for _ in range(500):  # memory is measured on some: to trace all would take minutes
            await supervisor.start_child(_CHILD)
        gc.collect()
        size = tracemalloc.get_traced_memory()[0] / 500
        tracemalloc.stop()
        began = time.process_time()
        handles = [await supervisor.start_child(_CHILD) for _ in range(siblings)]
        start = time.process_time() - began
        began = time.process_time()
        for handle in handles[: min(times, len(handles))]:
            await _break(handle)
        return start, (time.process_time() - began) / min(times, len(handles)), size


async def _break(handle: Handle[str, str, int] | None, starts: int = 1) -> None:
    """Break a child and wait until so many have started in its stead."""
    assert handle is not None
    _Fragile.wanted = starts
    _Fragile.started = asyncio.get_running_loop().create_future()
    handle.cast("break")
    await _Fragile.started
