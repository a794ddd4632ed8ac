"""Makes a schedule shorter: leaves out decisions, one group after another, as long as the failure stays."""

from __future__ import annotations

import time
from collections.abc import Callable

from letitcrash_conformance.simulation.schedule import CLOCK, Decisions

__all__ = ["minimize"]


def minimize(
    decisions: Decisions, fails: Callable[[Decisions], bool], *, runs: int = 400, seconds: float = 4.0
) -> Decisions:
    """Return fewer decisions, with lower choices, that still fail (delta debugging towards first come, first served).

    Args:
        decisions: What fails; assumed to.
        fails: Runs with decisions and says whether it fails in the same way.
        runs: How often `fails` may be asked.
        seconds: How long it may take, in seconds of real time; checked between runs.
    """
    left = runs
    deadline = time.monotonic() + seconds
    best = decisions

    def ask(candidate: Decisions) -> bool:
        nonlocal left, best
        if left <= 0 or time.monotonic() > deadline:
            return False
        left -= 1
        if not fails(candidate):
            return False
        best = candidate
        return True

    if not best or ask(()):
        return best
    _shorten(lambda: best, ask)
    size = max(1, len(best) // 2)
    while left > 0 and time.monotonic() < deadline:
        before = best
        position = 0
        while position < len(best):
            if not ask(best[:position] + best[position + size :]):
                position += size
        if size > 1:
            size = max(1, size // 2)
            continue
        for position, (step, choice) in enumerate(best):
            if choice != CLOCK and choice > 1:
                ask((*best[:position], (step, 1), *best[position + 1 :]))
        if best == before:
            break
    return best


def _shorten(best: Callable[[], Decisions], ask: Callable[[Decisions], bool]) -> None:
    """Cut off the end: what was decided after the failure does not matter."""
    keep = 0
    while keep < len(best()):
        middle = (keep + len(best())) // 2
        if not ask(best()[:middle]):
            keep = middle + 1
