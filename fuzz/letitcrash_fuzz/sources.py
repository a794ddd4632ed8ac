"""Programs as bytes: read so that a change of the bytes stays a local change, and written in one canonical way.

The bytes are cut into parts by the byte 255. The first part holds the choices that concern the whole program (how long
it is, which kinds it leaves out), each further one the choices of one operation. A choice takes the digits, base 255,
that its bound needs. What a part lacks is 0, the simplest choice, and what it has too much of is not read, so that
what happens to one part cannot move the choices of the next.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from letitcrash_conformance.source import Source

__all__ = ["SEPARATOR", "BytesSource", "RandomSwarmSource", "Recording", "cut", "join"]

SEPARATOR = 0xFF
_BASE = 255
_MARK = bytes([SEPARATOR])

POOL_SIZES = (1, 2, 2, 3, 4, 6)
"""How many values of one bound an example of a swarm prefers."""

LOYALTIES = (0.0, 0.5, 0.8, 0.95)
"""How often an example of a swarm chooses among those it prefers."""


def cut(data: bytes) -> list[bytes]:
    """Return the parts of an input: that of the whole program first, then one for each operation."""
    return data.split(_MARK)


def join(parts: Sequence[bytes]) -> bytes:
    """Return the input with these parts."""
    return _MARK.join(parts)


class BytesSource:
    """Choices read from bytes, part by part. Behind the end of a part, and of all, the simplest choice is made."""

    __slots__ = ("_depth", "_head", "_inner", "_next", "_parts")

    def __init__(self, data: bytes) -> None:
        parts = cut(data)
        self._head = _Reader(parts[0])
        self._parts = parts
        self._next = 1
        self._inner = self._head
        self._depth = 0

    def below(self, bound: int) -> int:
        return 0 if bound == 1 else (self._inner if self._depth else self._head).read(bound)

    def begin(self) -> None:
        self._depth += 1
        if self._depth == 1:
            self._inner = _Reader(self._parts[self._next] if self._next < len(self._parts) else b"")
            self._next += 1

    def end(self) -> None:
        self._depth -= 1


class _Reader:
    """Reads the choices of one part."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def read(self, bound: int) -> int:
        number = 0
        factor = 1
        data, position = self._data, self._position
        while factor < bound:
            if position < len(data):
                number += data[position] * factor
            position += 1
            factor *= _BASE
        self._position = position
        return number % bound


class Recording:
    """Lets another source choose, and writes its choices down.

    Attributes:
        choices: The choices made so far, oldest first, as the other sources record them.
    """

    __slots__ = ("_depth", "_head", "_parts", "_source", "choices")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._head = bytearray()
        self._parts: list[bytearray] = []
        self._depth = 0
        self.choices: list[int] = []

    @property
    def data(self) -> bytes:
        """The shortest bytes from which `BytesSource` makes the same choices."""
        parts = [bytes(part).rstrip(b"\0") for part in (self._head, *self._parts)]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        return join(parts)

    def below(self, bound: int) -> int:
        choice = self._source.below(bound)
        if bound > 1:
            self.choices.append(choice)
            part = self._parts[-1] if self._depth else self._head
            rest = choice
            factor = 1
            while factor < bound:
                part.append(rest % _BASE)
                rest //= _BASE
                factor *= _BASE
        return choice

    def begin(self) -> None:
        self._source.begin()
        self._depth += 1
        if self._depth == 1:
            self._parts.append(bytearray())

    def end(self) -> None:
        self._depth -= 1
        self._source.end()


class RandomSwarmSource:
    """Choices by chance from small pools, which each example draws for itself.

    Each example prefers a few values of each bound: a few kinds of operations, a few processes, a few reasons. Most
    examples so become one-sided, each in another way, and what takes many operations of the same few kinds is met.
    """

    __slots__ = ("_chance", "_loyalty", "_pools")

    def __init__(self, seed: int | str) -> None:
        self._chance = random.Random(f"swarm {seed}")
        self._loyalty = self._chance.choice(LOYALTIES)
        self._pools: dict[int, list[int]] = {}

    def below(self, bound: int) -> int:
        if bound == 1:
            return 0
        chance = self._chance
        if chance.random() >= self._loyalty:
            return int(chance.random() * bound)
        pool = self._pools.get(bound)
        if pool is None:
            size = chance.choice(POOL_SIZES)
            pool = self._pools[bound] = [int(chance.random() * bound) for _ in range(size)]
        return chance.choice(pool)

    def begin(self) -> None:
        return

    def end(self) -> None:
        return
