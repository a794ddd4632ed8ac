"""Directed programs: what a search by chance meets too seldom."""

from __future__ import annotations

from collections.abc import Iterator

from letitcrash_conformance.generate import Setting
from letitcrash_conformance.program import Program

__all__ = ["scenarios_of"]


def scenarios_of(setting: Setting) -> Iterator[Program]:
    """Return the programs of a chapter, for every backend of the setting."""
    return iter(())
