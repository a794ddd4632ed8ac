"""A schedule: who runs next, decided by chance from one seed, or read back from a printed list.

A list such as `3:1 17:2 18:c` tells the decisions that differ from first come, first served: at contested step 3 the
second in line runs, at step 17 the third, and at step 18 the clock moves although work is waiting.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.simulation.schedulers import (
    EventPriorities,
    Fifo,
    Pct,
    RandomWalk,
    Recorded,
    Scheduler,
)
from letitcrash_spec.hello import Hello

__all__ = [
    "CLOCK",
    "MODES",
    "STRATEGIES",
    "TIERS",
    "Decisions",
    "Mode",
    "Schedule",
    "Tier",
    "format_decisions",
    "parse_decisions",
    "slack_of",
]

Mode: TypeAlias = Literal["strict", "permute"]
"""`strict` keeps the promises of asyncio's own loop, so that only time and executors vary; `permute` also draws the
order in which tasks run."""

Tier: TypeAlias = Literal["tasks", "threads", "lines"]
"""What takes turns: tasks of one event loop; threads, where they synchronise; threads, between lines, too."""

TIERS: tuple[Tier, ...] = ("tasks", "threads", "lines")

MODES: tuple[Mode, ...] = ("strict", "permute")

STRATEGIES = ("random walk", "PCT 2", "PCT 3", "PCT 5", "event priorities")
"""The portfolio. Random walks meet short windows fastest, the others are needed for long ones."""

CLOCK = -1
"""The choice that moves the clock."""

Decisions: TypeAlias = "tuple[tuple[int, int], ...]"
"""Contested step and choice, steps ascending; a step that is missing takes the first in line."""

_HORIZONS = (24, 96, 384)
"""Contested steps among which PCT places its change points."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How to choose who runs next.

    Attributes:
        mode: Whether the order of tasks is drawn.
        strategy: `"fifo"`, `"recorded"` or one of `STRATEGIES`.
        seed: What chance begins with; equal seeds make equal choices.
        decisions: What `"recorded"` repeats; beyond it, first come, first served.
        tier: What takes turns.
    """

    mode: Mode = "permute"
    strategy: str = "fifo"
    seed: int = 0
    decisions: Decisions = ()
    tier: Tier = "tasks"

    @classmethod
    def draw(cls, seed: int | str, mode: Mode | None = None) -> Schedule:
        """Return a schedule of the portfolio that a seed stands for; the mode is drawn unless given."""
        chance = random.Random(f"schedule {seed}")
        drawn = MODES[chance.randrange(4) > 0]
        strategy = STRATEGIES[chance.randrange(len(STRATEGIES))]
        return cls(drawn if mode is None else mode, strategy, chance.randrange(1 << 32))

    def recorded(self, decisions: Decisions) -> Schedule:
        """Return the schedule that repeats decisions, in the same mode."""
        return Schedule(self.mode, "recorded", 0, decisions, self.tier)

    def to_json(self) -> dict[str, str]:
        """Return a recorded schedule as JSON-shaped data."""
        return {"tier": self.tier, "mode": self.mode, "decisions": format_decisions(self.decisions)}

    @classmethod
    def of_texts(cls, tier: str, mode: str, decisions: str) -> Schedule:
        """Return the schedule that `to_json` has written.

        Raises:
            UsageError: If the texts are not those of a schedule.
        """
        known: dict[str, Tier] = {each: each for each in TIERS}
        modes: dict[str, Mode] = {each: each for each in MODES}
        if tier not in known:
            raise UsageError(f"expected a tier of schedules ({', '.join(TIERS)}), got {tier!r}")
        if mode not in modes:
            raise UsageError(f"expected a mode of schedules ({' or '.join(MODES)}), got {mode!r}")
        return cls(modes[mode], "recorded", 0, parse_decisions(decisions), known[tier])

    def reseeded(self, number: int) -> Schedule:
        """Return another schedule of the portfolio in the same mode."""
        return replace(Schedule.draw(f"{self.seed} {number}"), mode=self.mode, tier=self.tier)

    def scheduler(self) -> Scheduler:
        """Return a fresh scheduler for one run.

        Raises:
            UsageError: If the strategy is not known.
        """
        strategy, seed = self.strategy, self.seed
        if strategy == "fifo":
            return Fifo()
        if strategy == "recorded":
            return Recorded(dict(self.decisions))
        if strategy == "random walk":
            return RandomWalk(seed)
        if strategy == "event priorities":
            return EventPriorities(seed, max(_HORIZONS) * 4)
        if strategy.startswith("PCT "):
            return Pct(seed, changes=int(strategy[4:]), horizon=_HORIZONS[seed % len(_HORIZONS)])
        raise UsageError(f"expected a strategy ({', '.join(('fifo', 'recorded', *STRATEGIES))}), got {strategy!r}")

    def __str__(self) -> str:
        if self.strategy == "recorded":
            return f"{self.mode}, {format_decisions(self.decisions) or 'first come, first served'}"
        return f"{self.mode}, {self.strategy}, seed {self.seed}"


def format_decisions(decisions: Iterable[tuple[int, int]]) -> str:
    """Return decisions as text: `"3:1 17:2 18:c"`."""
    return " ".join(f"{step}:{'c' if choice == CLOCK else choice}" for step, choice in decisions)


def parse_decisions(text: str) -> Decisions:
    """Read decisions back.

    Raises:
        UsageError: If the text is not a list of decisions with ascending steps.
    """
    found: list[tuple[int, int]] = []
    for word in text.split():
        step, colon, choice = word.partition(":")
        fits = colon and step.isdecimal() and (choice == "c" or (choice.isdecimal() and int(choice) > 0))
        if not fits or (found and found[-1][0] >= int(step)):
            raise UsageError(f"expected decisions such as '3:1 17:2 18:c', steps ascending, got {word!r} in {text!r}")
        found.append((int(step), CLOCK if choice == "c" else int(choice)))
    return tuple(found)


def slack_of(hello: Hello) -> float:
    """Return how far a drawn clock may run ahead of what can run, in seconds, so that a subject's promises hold.

    Where the subject has the clock in its hands nothing is promised. On a wall clock whatever is ready runs in less
    than any wait that matters: less than half the grain, so that two moments a grain apart keep their order.
    """
    return float("inf") if hello.clock == "virtual" else 0.4 * hello.wall_grain_ms / 1000
