"""Broken bytes and values: random ones, and those that are nearly right."""

from __future__ import annotations

import copy
import json
import random
from typing import Any, TypeGuard

__all__ = ["break_bytes", "break_json", "draw_bytes", "dump"]

_PIECES = (
    *(b"null", b"true", b"{}", b"[]", b'""', b"-1", b"0", b"1e999", b"-0.0", b"NaN", b"1.5", b"\x00", b"\xff\xfe"),
    *(
        b"\n",
        b"\r\n",
        b'"',
        b"\\",
        b'\\ud800"',
        b"'''",
        b"[[",
        b"]]",
        b"=",
        b",",
        b":",
        b"#",
        b"\xe2\x80\xa8",
        b"9" * 30,
    ),
    *(b"9" * 5_000, b"[" * 3_000, b'{"a":' * 3_000, b"a." * 2_000, b"x" * 70_000),
)
_TEXTS = ("", "p1", "ok", "normal", "noproc", "\ud800", "\x00", "x" * 300, "links", "SUP-1", "é", "../../etc", "1")
_NUMBERS = (-1, 0, 1, 7, 2**31, 2**63, -(2**70), 10**400, 1.5, 1e308, float("inf"), float("nan"))


def draw_bytes(chance: random.Random) -> bytes:
    """Return bytes of no meaning, a few or many."""
    return chance.randbytes(chance.choice((0, 1, 3, 20, 200, 5_000)))


def break_bytes(data: bytes, chance: random.Random) -> bytes:
    """Return bytes that are nearly `data`: cut, doubled, changed, or with something put into them."""
    broken = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        place = chance.randrange(len(broken) + 1)
        end = min(len(broken), place + chance.choice((1, 1, 2, 8, 60, 1_000)))
        kind = chance.randrange(6)
        if kind == 0:
            del broken[place:end]
        elif kind == 1:
            broken[place:place] = broken[place:end]
        elif kind == 2:
            broken[place:end] = chance.choice(_PIECES)
        elif kind == 3:
            broken[place:place] = chance.choice(_PIECES)
        elif kind == 4 and place < len(broken):
            broken[place] = chance.randrange(256)
        else:
            del broken[place:]
    return bytes(broken)


def break_json(value: Any, chance: random.Random) -> Any:
    """Return a value of JSON with one part of it, or a few, exchanged, left out, doubled or renamed."""
    whole = [copy.deepcopy(value)]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        _break_one(whole, chance)
    return whole[0]


def _break_one(whole: list[Any], chance: random.Random) -> None:
    inside: Any = whole
    key: Any = 0
    while chance.random() < 0.8:
        below = inside[key]
        if _is_object(below) and below:
            inside, key = below, chance.choice(list(below))
        elif _is_list(below) and below:
            inside, key = below, chance.randrange(len(below))
        else:
            break
    kind = chance.randrange(5)
    if inside is whole or kind < 2:
        inside[key] = _draw(chance, 2)
    elif kind == 2:
        del inside[key]
    elif _is_list(inside):
        inside.insert(key, copy.deepcopy(inside[key]) if kind == 3 else _draw(chance, 1))
    else:
        inside[chance.choice(_TEXTS)] = inside.pop(key) if kind == 3 else _draw(chance, 1)


def _draw(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(7 if depth else 5)
    if kind == 0:
        return chance.choice(_TEXTS)
    if kind == 1:
        return chance.choice(_NUMBERS)
    if kind < 5:
        empty: list[Any] = [None, True, False, "", [], {}]
        return chance.choice(empty)
    if kind == 5:
        return [_draw(chance, depth - 1) for _ in range(chance.randrange(3))]
    return {chance.choice(_TEXTS): _draw(chance, depth - 1) for _ in range(chance.randrange(3))}


def dump(value: Any) -> bytes:
    """Return a value as JSON, also if it holds what is none."""
    return json.dumps(value).encode("ascii")


def _is_object(value: Any) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
