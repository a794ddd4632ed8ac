"""Measuring: several ways to do the same, taken in turns, compared round by round."""

from __future__ import annotations

import contextlib
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from types import TracebackType

__all__ = ["Comparison", "Stopwatch", "Way", "compare", "one_processor"]


class Stopwatch:
    """Measures a `with` block.

    Args:
        clock: What to measure with: CPU time of this process with all its threads, unless given.

    Attributes:
        seconds: How long the block took.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._began = 0.0
        self.seconds = 0.0

    def __enter__(self) -> Stopwatch:
        self._began = self._clock()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.seconds = self._clock() - self._began


@contextlib.contextmanager
def one_processor() -> Generator[bool, None, None]:
    """Keep this process on one processor inside the `with` block, where the system allows it; tells whether it does.

    Threads that hand work to each other on several processors spend most of their time on waiting for Python's lock,
    and how much that is depends on what else runs.
    """
    if sys.platform != "linux":
        yield False
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, allowed)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do what is measured.

    Attributes:
        name: How it is called in the table.
        run: Does it so many times and returns how many seconds that took, without what came before and after.
        times: How many times in a round.
    """

    name: str
    run: Callable[[int], float]
    times: int


@dataclass(slots=True)
class Comparison:
    """The rates of several ways, one for each round.

    Attributes:
        rates: Times per second by name, in the order of the rounds.
    """

    rates: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def rate(self, name: str) -> float:
        """Return the median rate of a way, in times per second."""
        return statistics.median(self.rates[name])

    def ratio(self, name: str, base: str) -> float:
        """Return how many times as fast a way is as another: the median over the rounds."""
        pairs = zip(self.rates[name], self.rates[base], strict=True)
        return statistics.median(rate / other for rate, other in pairs)


def compare(ways: Sequence[Way], *, rounds: int) -> Comparison:
    """Run the ways in turns, so that a busy moment of the machine meets all of them.

    Args:
        ways: What to compare; each is run once before, unmeasured and short.
        rounds: How many turns.
    """
    result = Comparison({way.name: [] for way in ways})
    for way in ways:
        way.run(max(1, way.times // 20))
    for _ in range(rounds):
        for way in ways:
            gc.collect()
            result.rates[way.name].append(way.times / max(way.run(way.times), 1e-9))
    return result
