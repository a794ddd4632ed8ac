"""The lines on which the keys of a TOML file stand, which Python's reader does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["find_lines"]

_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_FENCES = ('"""', "'''")


def find_lines(text: str) -> Mapping[tuple[str, ...], int]:
    """Return the line of each table and of each key that begins a line: `("tool", "letitcrash", "seed") -> 12`.

    Keys of tables that are written on one line (`{a = 1}`) have none of their own.

    Args:
        text: A file that is TOML.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    fence = ""
    for number, row in enumerate(text.splitlines(), 1):
        if fence:
            if fence in row:
                fence = ""
            continue
        if header := _HEADER.match(row):
            table = _names(header[1])
            found.setdefault(table, number)
        elif row.lstrip().startswith("["):
            table = ("",)  # of a kind that settings do not have
        elif key := _KEY.match(row):
            found.setdefault((*table, *_names(key[1])), number)
            fence = next((each for each in _FENCES if row.count(each) % 2), "")
    return found


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted))
