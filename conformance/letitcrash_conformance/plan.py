"""What a run does: which chapters, on which backends, with how many examples."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.results import Unit
from letitcrash_spec.hello import Hello

__all__ = ["BUDGETS", "examples_of", "plan", "seed_of"]

BUDGETS = {"smoke": 15, "default": 250, "deep": 1600}
"""Examples for each chapter on each backend."""

NEEDS = {
    "exits": {"genserver", "exit_signals"},
    "links": {"genserver", "links"},
    "monitors": {"genserver", "monitors"},
    "registry": {"genserver", "registry"},
    "genserver": {"genserver"},
    "supervisor": {"genserver", "supervisor"},
    "strategies": {"genserver", "supervisor"},
    "intensity": {"genserver", "supervisor"},
    "shutdown": {"genserver", "supervisor"},
    "dynamic_supervisor": {"genserver", "supervisor", "dynamic_supervisor"},
    "timers": {"genserver", "timers"},
    "backends": {"genserver"},
    "world": {"genserver"},
    "histories": {"genserver", "parallel"},
}
"""The features without which a chapter cannot be run."""

SLICE = 200
"""Examples that one unit holds at most, so that processes can share the work."""


WALL_SLICE = 50
"""The same for a wall clock, on which an example takes longer."""


def examples_of(budget: str | int) -> int:
    """Return the number of examples for each chapter and backend.

    Raises:
        UsageError: If the budget is neither known nor a number above zero.
    """
    if isinstance(budget, str) and budget in BUDGETS:
        return BUDGETS[budget]
    try:
        number = int(budget)
    except ValueError:
        number = 0
    if number < 1:
        names = ", ".join(BUDGETS)
        raise UsageError(f"expected a budget of {names} or a number of examples above zero, got {budget!r}")
    return number


def plan(
    hello: Hello, *, chapters: Iterable[str] | None, backends: Sequence[str] | None, budget: str | int, seed: int
) -> tuple[list[Unit], list[tuple[Unit, str]]]:
    """Lay out a run.

    Args:
        hello: What the subject offers.
        chapters: Chapters to run; None for all. The mix of all (`world`) comes along with every full run.
        backends: Backends to run, `"mixed"` among them; None for all and, if there are several, the mix.
        budget: A name of `BUDGETS` or a number of examples.
        seed: The seed of the run.

    Returns:
        The units to run, and those that the subject does not support, each with the reason.

    Raises:
        UsageError: If a backend is unknown to the subject.
    """
    examples = examples_of(budget)
    chosen = list(CHAPTERS) if chapters is None else [chapter for chapter in CHAPTERS if chapter in set(chapters)]
    units: list[Unit] = []
    unsupported: list[tuple[Unit, str]] = []
    for backend in _backends(hello, backends):
        for chapter in chosen:
            missing = NEEDS[chapter] - hello.features
            if missing:
                reason = f"the subject does not declare {', '.join(sorted(missing))}"
                unsupported.append((Unit(chapter, backend, examples, seed), reason))
                continue
            size = WALL_SLICE if hello.clock == "wall" else SLICE
            for first in range(0, examples, size):
                count = min(size, examples - first)
                units.append(Unit(chapter, backend, count, seed, first, has_scenarios=first == 0))
    return units, unsupported


def _backends(hello: Hello, asked: Sequence[str] | None) -> list[str]:
    everything = [*hello.backends, "mixed"] if len(hello.backends) > 1 else list(hello.backends)
    if asked is None or "all" in asked:
        return everything
    for backend in asked:
        if backend not in everything:
            raise UsageError(f"expected a backend of {hello.name}: {', '.join(everything)}, got {backend!r}")
    return [backend for backend in everything if backend in asked]


def seed_of(unit: Unit, example: int) -> int:
    """Return the seed of one example: the same for every backend, so that they can be compared."""
    return unit.seed * 1_000_003 + zlib.crc32(f"{unit.chapter} {example}".encode())
