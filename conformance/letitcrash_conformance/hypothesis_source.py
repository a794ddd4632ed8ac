"""Hypothesis as a source of choices. The only module that touches Hypothesis's inner parts.

Search runs on bare chance; what it finds is handed to Hypothesis here, as the list of choices it made, and shrunk by
it. `draw_integer`, the spans and the example database's coding are not public: they are used nowhere else, and the
tests of this module fail first when a release of Hypothesis changes them.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, find, settings
from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes
from hypothesis.errors import HypothesisException
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.strategies import SearchStrategy

from letitcrash_conformance.source import Source

__all__ = ["HypothesisSource", "choices_strategy", "shrink_choices"]

T = TypeVar("T")
_KEY = b"letitcrash"
_PART = 0x6C6963


class HypothesisSource:
    """Choices drawn by Hypothesis, with a span around each part so that it can be deleted as one."""

    __slots__ = ("_data",)

    def __init__(self, data: ConjectureData) -> None:
        self._data = data

    def below(self, bound: int) -> int:
        return 0 if bound == 1 else self._data.draw_integer(0, bound - 1)

    def begin(self) -> None:
        self._data.start_span(_PART)

    def end(self) -> None:
        self._data.stop_span()


class _ChoicesStrategy(SearchStrategy[T]):
    def __init__(self, make: Callable[[Source], T]) -> None:
        super().__init__()
        self._make = make

    def do_draw(self, data: ConjectureData) -> T:
        return self._make(HypothesisSource(data))


def choices_strategy(make: Callable[[Source], T]) -> SearchStrategy[T]:
    """Return a strategy whose values are made from small choices."""
    return _ChoicesStrategy(make)


def shrink_choices(
    make: Callable[[Source], T], choices: Sequence[int], fails: Callable[[T], bool], *, seconds: float
) -> None:
    """Let Hypothesis simplify a list of choices that is known to fail.

    Args:
        make: Makes an example from a source.
        choices: The choices that fail.
        fails: Runs an example and says whether it still fails. It keeps the simplest one itself.
        seconds: When to stop looking for simpler ones, in seconds of real time.
    """
    deadline = time.monotonic() + seconds
    database = InMemoryExampleDatabase()
    database.save(_KEY + b".secondary", choices_to_bytes(tuple(choices)))

    def still_fails(example: T) -> bool:
        return time.monotonic() < deadline and fails(example)

    options = settings(
        database=database,
        phases=[Phase.reuse, Phase.shrink],
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType] - it cannot see through the metaclass
    )
    with warnings.catch_warnings(), contextlib.suppress(HypothesisException):
        warnings.simplefilter("ignore")  # an example that fails by luck only is told apart by whoever runs it
        find(choices_strategy(make), still_fails, settings=options, database_key=_KEY)
