"""Lines that a test counts."""

from __future__ import annotations


def sign(number: int) -> str:
    if number > 3:
        return "more"
    return "less"
