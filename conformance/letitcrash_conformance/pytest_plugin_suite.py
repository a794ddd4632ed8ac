"""What a test file says: `conformance = suite(MySubject)`. Light on purpose: pytest loads it in every session."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from letitcrash_conformance.subject import Subject

__all__ = ["Suite", "suite"]


@dataclass(frozen=True, slots=True)
class Suite:
    """A subject to judge under pytest; the attributes are the arguments of `suite`.

    Attributes:
        line: The line of the file on which it stands, from 0.
    """

    subject: Callable[[], Subject] | str | None
    command: Sequence[str] | str | None
    clauses: tuple[str, ...] | None
    chapters: tuple[str, ...] | None
    backends: tuple[str, ...] | None
    budget: str | int | None
    seed: int | None
    known: str | None
    line: int | None

    @property
    def name(self) -> str:
        """How the subject can be named elsewhere: `module:attribute` or what was given; empty if it cannot be."""
        made: Any = self.subject
        if isinstance(made, str):
            return made
        where = getattr(made, "__qualname__", "")
        return "" if not where or "<" in where else f"{made.__module__}:{where}"


def suite(
    subject: Callable[[], Subject] | str | None = None,
    *,
    command: Sequence[str] | str | None = None,
    clauses: Sequence[str] | str | None = None,
    chapters: Sequence[str] | str | None = None,
    backends: Sequence[str] | str | None = None,
    budget: str | int | None = None,
    seed: int | None = None,
    known: str | os.PathLike[str] | None = None,
) -> Suite:
    """Return a suite for pytest to collect, one item for each chapter on each backend.

        from letitcrash_conformance import suite

        conformance = suite(MySubject)

    Args:
        subject: A class of subjects or a function that makes one, or, as on the command line, a shipped name or
            `module:attribute`.
        command: A harness to start instead: its words, or one text that is split as a shell would.
        clauses: Ids, chapters or patterns to judge; all if left out.
        chapters: Chapters to run; all if left out.
        backends: Backends to run on; all if left out.
        budget: `"smoke"`, `"default"`, `"deep"` or a number of programs for each chapter on each backend; that of the
            option `--letitcrash-budget` if left out.
        seed: Where the search begins; that of the option `--letitcrash-seed` if left out.
        known: A file of known failures, as `letitcrash baseline` writes it, relative to pytest's root; that of the
            option `--letitcrash-known` if left out. What it names is expected to fail. Entries that are out of date are
            complained of by `letitcrash run --known`, for that takes a whole run.
    """
    frame = inspect.currentframe()
    caller = frame.f_back if frame is not None else None
    return Suite(
        subject=subject,
        command=command,
        clauses=_words(clauses),
        chapters=_words(chapters),
        backends=_words(backends),
        budget=budget,
        seed=seed,
        known=None if known is None else os.fspath(known),
        line=caller.f_lineno - 1 if caller is not None else None,
    )


def _words(value: Sequence[str] | str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)
