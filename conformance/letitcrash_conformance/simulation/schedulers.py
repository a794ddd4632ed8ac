"""Schedulers: each picks, at a contested step, who of those that are ready runs next.

All of them are deterministic: what they do depends on their seed and on what they were asked, never on addresses or
hashes. Owners (tasks, threads) are numbered in the order in which they were first seen; the clock is owner 0.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Protocol

__all__ = ["EventPriorities", "Fifo", "Pct", "RandomWalk", "Ready", "Recorded", "Scheduler", "stand_ins"]

_CLOCK_OWNER = 0


class Ready(Protocol):
    """Somebody who can run."""

    @property
    def owner(self) -> int:
        """Its number."""
        ...


class Scheduler(Protocol):
    """Picks who runs next."""

    def pick(self, ready: Sequence[Ready], has_clock: bool) -> int:
        """Return a position in `ready`, which is in order of arrival, or `len(ready)` for the clock.

        Args:
            ready: Who can run, at least one.
            has_clock: Whether the clock may move instead.
        """
        ...


class Fifo:
    """First come, first served; time moves when nobody is ready."""

    def pick(self, ready: Sequence[Ready], has_clock: bool) -> int:
        return 0


class Recorded:
    """Repeats decisions by the number of the contested step; where none is told or one does not fit, as `Fifo`."""

    def __init__(self, decisions: Mapping[int, int]) -> None:
        self._decisions = decisions
        self._step = -1

    def pick(self, ready: Sequence[Ready], has_clock: bool) -> int:
        self._step += 1
        choice = self._decisions.get(self._step, 0)
        if choice < 0:
            return len(ready) if has_clock else 0
        return choice if choice < len(ready) else 0


class RandomWalk:
    """Everybody who is ready has the same chance at every step."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def pick(self, ready: Sequence[Ready], has_clock: bool) -> int:
        return int(self._random() * (len(ready) + has_clock))


class EventPriorities:
    """Every step of every owner gets a priority of its own; who is low is held back while others run on.

    After `bound` contested steps everybody has the same chance, so that nobody starves.
    """

    def __init__(self, seed: int, bound: int) -> None:
        self._random = random.Random(seed).random
        self._priorities: dict[int, float] = {}
        self._left = bound

    def pick(self, ready: Sequence[Ready], has_clock: bool) -> int:
        self._left -= 1
        chance = self._random
        if self._left < 0:
            return int(chance() * (len(ready) + has_clock))
        priorities = self._priorities
        best, best_owner, position = -1.0, -1, 0
        for index, each in enumerate(ready):
            owner = each.owner
            priority = priorities.get(owner)
            if priority is None:
                priority = priorities[owner] = chance()
            if priority > best:
                best, best_owner, position = priority, owner, index
        if has_clock:
            priority = priorities.get(_CLOCK_OWNER)
            if priority is None:
                priority = priorities[_CLOCK_OWNER] = chance()
            if priority > best:
                best_owner, position = _CLOCK_OWNER, len(ready)
        del priorities[best_owner]
        return position


class Pct:
    """Probabilistic concurrency testing: who has the highest priority runs, and at few points it loses it.

    Source: Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of
    Finding Bugs" (ASPLOS 2010). After four horizons everybody has the same chance: strict priorities would let two
    owners that wait for a third one by spinning run for ever. The clock gets a new priority whenever it has moved.

    Args:
        seed: What chance begins with.
        changes: How many change points there are.
        horizon: The contested steps among which they lie.
    """

    def __init__(self, seed: int, *, changes: int, horizon: int) -> None:
        chance = random.Random(seed)
        self._random = chance.random
        self._changes = {chance.randrange(horizon) for _ in range(changes)}
        self._end = horizon * 4
        self._step = -1
        self._priorities: dict[int, float] = {}
        self._lowest = 0.0

    def pick(self, ready: Sequence[Ready], has_clock: bool) -> int:
        self._step += 1
        step = self._step
        if step >= self._end:
            return int(self._random() * (len(ready) + has_clock))
        position, owner = self._highest(ready, has_clock)
        if step in self._changes:
            self._lowest -= 1.0
            self._priorities[owner] = self._lowest
            position, owner = self._highest(ready, has_clock)
        if owner == _CLOCK_OWNER:
            del self._priorities[_CLOCK_OWNER]
        return position

    def _highest(self, ready: Sequence[Ready], has_clock: bool) -> tuple[int, int]:
        priorities, chance = self._priorities, self._random
        best, best_owner, position = float("-inf"), -1, 0
        for index, each in enumerate(ready):
            owner = each.owner
            priority = priorities.get(owner)
            if priority is None:
                priority = priorities[owner] = chance()
            if priority > best:
                best, best_owner, position = priority, owner, index
        if has_clock:
            priority = priorities.get(_CLOCK_OWNER)
            if priority is None:
                priority = priorities[_CLOCK_OWNER] = chance()
            if priority > best:
                best_owner, position = _CLOCK_OWNER, len(ready)
        return position, best_owner


class _Job:
    __slots__ = ("owner",)

    def __init__(self, owner: int) -> None:
        self.owner = owner


_JOBS = tuple(_Job(-2 - number) for number in range(64))


def stand_ins(count: int) -> tuple[Ready, ...]:
    """Return so many owners for what is no task: jobs of executors, lengths of a pause."""
    return _JOBS[:count] if count <= len(_JOBS) else tuple(_Job(-2 - number) for number in range(count))
