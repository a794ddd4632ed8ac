"""Changes of inputs: of single choices, of whole operations, and of two inputs crossed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from letitcrash_fuzz.sources import SEPARATOR, cut, join

__all__ = ["mutate"]

FRESH = 12
"""Bytes of a part that is made up."""

STACK = (1, 1, 2, 2, 3, 4, 6)
"""How many changes are made at once."""


def mutate(
    data: bytes,
    other: bytes,
    chance: random.Random,
    *,
    longest: int,
    is_countable: bool,
    fragments: Sequence[bytes] = (),
) -> bytes:
    """Return a changed input.

    Args:
        data: The input.
        other: Another one, to take parts from.
        chance: What draws the changes.
        longest: How many parts an input may have, that of the whole program left out.
        is_countable: Whether the first choice says how many parts there are; it then follows what becomes of them.
        fragments: Parts that are known to be worth something.
    """
    parts = cut(data)
    before = len(parts)
    others = cut(other)[1:]
    for _ in range(chance.choice(STACK)):
        change = chance.choice(_CHANGES)
        change(parts, others, fragments, chance)
    del parts[longest + 1 :]
    if is_countable and len(parts) != before:
        length = (parts[0][0] if parts[0] else 0) + len(parts) - before
        parts[0] = bytes([min(max(length, 0), longest - 1)]) + parts[0][1:]
    return join(parts)


def _change_byte(
    parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random
) -> None:
    where = _place(parts, chance)
    part = parts[where]
    position = chance.randrange(len(part) + 1)
    kind = chance.randrange(4)
    if kind == 0 or position == len(part):
        value = chance.randrange(SEPARATOR)
    elif kind == 1:
        value = (part[position] + chance.choice((-3, -2, -1, 1, 2, 3))) % SEPARATOR
    elif kind == 2:
        value = 0
    else:
        value = min(part[position] ^ (1 << chance.randrange(8)), SEPARATOR - 1)
    parts[where] = part[:position] + bytes([value]) + part[position + 1 :]


def _redraw_tail(
    parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random
) -> None:
    where = _place(parts, chance)
    part = parts[where]
    position = chance.randrange(len(part) + 1)
    parts[where] = part[:position] + _fresh(chance)


def _drop_part(parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random) -> None:
    if len(parts) > 2:
        first = chance.randrange(1, len(parts))
        del parts[first : first + chance.choice((1, 1, 1, 2, 4))]


def _double_part(
    parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random
) -> None:
    if len(parts) > 1:
        first = chance.randrange(1, len(parts))
        piece = parts[first : first + chance.choice((1, 1, 2, 3))]
        place = chance.randrange(first, len(parts)) + 1
        parts[place:place] = piece


def _vary_part(parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random) -> None:
    """Put a changed copy of a part behind it: often another operation on the same process."""
    if len(parts) > 1:
        where = chance.randrange(1, len(parts))
        part = parts[where]
        place = chance.randrange(where, len(parts)) + 1
        if part:
            position = chance.randrange(len(part))
            part = part[:position] + bytes([chance.randrange(SEPARATOR)]) + part[position + 1 :]
        parts.insert(place, part)


def _swap_parts(parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random) -> None:
    if len(parts) > 2:
        one, two = chance.randrange(1, len(parts)), chance.randrange(1, len(parts))
        parts[one], parts[two] = parts[two], parts[one]


def _insert_fresh(
    parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random
) -> None:
    parts.insert(chance.randrange(1, len(parts) + 1), _fresh(chance))


def _insert_known(
    parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random
) -> None:
    known = fragments or others
    if known:
        parts.insert(chance.randrange(1, len(parts) + 1), chance.choice(known))


def _splice(parts: list[bytes], others: Sequence[bytes], fragments: Sequence[bytes], chance: random.Random) -> None:
    """Go on as another input does, or take a piece of it."""
    if not others:
        return
    place = chance.randrange(1, len(parts) + 1)
    first = chance.randrange(len(others))
    if chance.random() < 0.5:
        parts[place:] = others[first:]
    else:
        parts[place:place] = others[first : first + chance.choice((1, 2, 3, 5))]


def _place(parts: Sequence[bytes], chance: random.Random) -> int:
    """Draw a part, seldom that of the whole program."""
    if len(parts) == 1 or chance.random() < 0.06:
        return 0
    return chance.randrange(1, len(parts))


def _fresh(chance: random.Random) -> bytes:
    return bytes(chance.randrange(SEPARATOR) for _ in range(FRESH))


_Change = Callable[[list[bytes], Sequence[bytes], Sequence[bytes], random.Random], None]
_CHANGES: tuple[_Change, ...] = (
    _change_byte,
    _change_byte,
    _change_byte,
    _redraw_tail,
    _drop_part,
    _double_part,
    _vary_part,
    _vary_part,
    _swap_parts,
    _insert_fresh,
    _insert_fresh,
    _insert_known,
    _splice,
    _splice,
)
