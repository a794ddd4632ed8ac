"""Which clauses to judge and which chapters to run, from what somebody asked for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.odds import CHAPTERS, HISTORIES
from letitcrash_spec.catalogue import find_clauses, load_clauses

__all__ = ["choose_clauses", "split_words"]

WORLD = "world"


def split_words(values: Sequence[str] | None) -> list[str] | None:
    """Return the words of an option that may be given several times and hold commas; None if it was not given."""
    if values is None:
        return None
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def choose_clauses(
    clauses: Sequence[str] | None, chapters: Sequence[str] | None
) -> tuple[tuple[str, ...] | None, frozenset[str]]:
    """Return the chapters to run (None for all) and the ids of the clauses to judge.

    Clauses alone run the chapters in which they stand, and those that need several clients at once the histories, too.
    Chapters alone judge their clauses; the mix of all (`world`) and the histories (`histories`) judge every one.

    Args:
        clauses: Ids, chapters or patterns, as `find_clauses` takes them; None if nothing was asked.
        chapters: Words of chapters, `world` and `histories` among them; None if nothing was asked.

    Raises:
        UsageError: If a chapter is unknown, or none of the clauses can be checked.
        UnknownClauseError: If a clause is unknown.
    """
    if chapters is not None:
        _refuse_unknown(chapters)
    if clauses is None:
        if chapters is None:
            return None, frozenset(load_clauses())
        if WORLD in chapters or HISTORIES in chapters:
            return tuple(chapters), frozenset(load_clauses())
        return tuple(chapters), frozenset(clause.id for clause in find_clauses(*chapters))
    if not clauses:
        raise UsageError("expected clauses to judge, got none\n  `letitcrash spec` lists them")
    chosen = find_clauses(*clauses)
    if not any(clause.is_checked for clause in chosen):
        first = chosen[0]
        raise UsageError(
            f"expected clauses that can be checked, got {', '.join(clauses)}\n"
            f"  {first.id} is not checked: {first.unchecked}\n  `letitcrash explain {first.id}` tells more"
        )
    if chapters is None:
        homes = {clause.chapter for clause in chosen}
        if any("parallel" in clause.features for clause in chosen):
            homes.add(HISTORIES)
        chapters = [word for word in CHAPTERS if word in homes]
    return tuple(chapters), frozenset(clause.id for clause in chosen)


def _refuse_unknown(chapters: Sequence[str]) -> None:
    if not chapters:
        raise UsageError(f"expected chapters to run, got none\n  there are {', '.join(CHAPTERS)}")
    for word in chapters:
        if word not in CHAPTERS:
            near = difflib.get_close_matches(word, CHAPTERS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CHAPTERS)}"
            raise UsageError(f"expected a chapter, got {word!r}: {hint}")
