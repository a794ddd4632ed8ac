"""Where a generated program gets its small choices from: chance, Hypothesis, bytes or a record.

The generator asks for whole numbers below a bound and never knows which source it has. Zero is always the simplest
choice, so that a shorter and lower list of choices means a simpler program.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

__all__ = ["BytesSource", "RandomSource", "RecordedSource", "Source"]


class Source(Protocol):
    """A stream of small choices."""

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to `bound - 1`; `bound` is at least 1."""
        ...

    def begin(self) -> None:
        """A part of the program begins that makes sense on its own."""
        ...

    def end(self) -> None:
        """That part is over."""
        ...


class RandomSource:
    """Choices by chance, recorded so that they can be shrunk and replayed.

    Attributes:
        choices: The choices made so far, oldest first. A bound of 1 leaves no choice and no record.
    """

    __slots__ = ("_random", "choices")

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed).random
        self.choices: list[int] = []

    def below(self, bound: int) -> int:
        if bound == 1:
            return 0
        choice = int(self._random() * bound)
        self.choices.append(choice)
        return choice

    def begin(self) -> None:
        return

    def end(self) -> None:
        return


class RecordedSource:
    """Choices that were made before. Beyond their end, and where one does not fit any more, the simplest is made."""

    __slots__ = ("_choices", "_position")

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices = choices
        self._position = 0

    def below(self, bound: int) -> int:
        if bound == 1:
            return 0
        position = self._position
        self._position = position + 1
        if position >= len(self._choices):
            return 0
        choice = self._choices[position]
        return choice if 0 <= choice < bound else 0

    def begin(self) -> None:
        return

    def end(self) -> None:
        return


class BytesSource:
    """Choices read from bytes, as a coverage-guided fuzzer makes them: one byte for small bounds, more for large."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def below(self, bound: int) -> int:
        if bound == 1:
            return 0
        width = max(1, ((bound - 1).bit_length() + 7) // 8)
        chunk = self._data[self._position : self._position + width]
        self._position += width
        return int.from_bytes(chunk, "little") % bound

    def begin(self) -> None:
        return

    def end(self) -> None:
        return
