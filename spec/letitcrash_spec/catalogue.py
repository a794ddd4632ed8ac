"""The clauses as data: reads `clauses/*.toml` and finds clauses by id, chapter, pattern, keyword and words."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from letitcrash_spec.clause import Chapter, Clause, Keyword, Profile
from letitcrash_spec.clausefile import read_chapter
from letitcrash_spec.errors import UnknownClauseError

__all__ = ["CHAPTERS", "find_clauses", "find_unknown", "load_chapters", "load_clauses", "sort_key"]

CHAPTERS: tuple[str, ...] = (
    "exits",
    "links",
    "monitors",
    "registry",
    "genserver",
    "supervisor",
    "strategies",
    "intensity",
    "shutdown",
    "dynamic_supervisor",
    "timers",
    "backends",
    "nondeterminism",
)
"""The chapters in reading order; each word is also the name of a file in `clauses/`."""

_E = TypeVar("_E", bound=StrEnum)
_ID = re.compile(r"([A-Z]+)-([A-Z]?)([0-9]+)")


def sort_key(clause_id: str) -> tuple[int, str, str, int]:
    """Return a key that sorts ids naturally: chapters in reading order, `LNK-2` before `LNK-10`.

    Raises:
        ValueError: If it has not the form of an id.
    """
    match = _ID.fullmatch(clause_id)
    if match is None:
        raise ValueError(f"expected a clause id such as 'LNK-7', got {clause_id!r}")
    prefix, letter, number = match.groups()
    chapters = [chapter.prefix for chapter in load_chapters()]
    return (chapters.index(prefix) if prefix in chapters else len(chapters), prefix, letter, int(number))


@cache
def load_chapters() -> tuple[Chapter, ...]:
    """Return every chapter, in reading order; the files are read once.

    Raises:
        CatalogueError: If a clause file is broken; the message names the file, the clause and the field.
    """
    return tuple(read_chapter(word) for word in CHAPTERS)


@cache
def load_clauses() -> Mapping[str, Clause]:
    """Return every clause by its id, in natural order; the files are read once.

    Raises:
        CatalogueError: If a clause file is broken; the message names the file, the clause and the field.
    """
    return MappingProxyType({clause.id: clause for chapter in load_chapters() for clause in chapter.clauses})


def find_clauses(
    *selections: str,
    keyword: str | None = None,
    profile: str | None = None,
    text: str | None = None,
) -> tuple[Clause, ...]:
    """Return the clauses that a selection names, in natural order.

    Args:
        selections: Each an id (`"LNK-7"`), a prefix or chapter (`"LNK"`, `"links"`), or a pattern (`"LNK-1?"`),
            in either case of letters; a clause is taken if any of them names it. None at all means every clause.
        keyword: Take only clauses of this keyword.
        profile: Take only clauses of this profile.
        text: Take only clauses in whose id, text, intent or source this regular expression is found, in either case.

    Raises:
        UnknownClauseError: If a selection, the keyword or the profile names nothing; the message names the nearest.
        ValueError: If `text` is not a regular expression.
    """
    wanted = {clause.id for selection in selections for clause in _select(selection)} if selections else None
    words = _compile_words(text)
    wanted_keyword = _choose(Keyword, keyword, "a keyword")
    wanted_profile = _choose(Profile, profile, "a profile")
    return tuple(
        clause
        for clause in load_clauses().values()
        if (wanted is None or clause.id in wanted)
        and (wanted_keyword is None or clause.keyword is wanted_keyword)
        and (wanted_profile is None or clause.profile is wanted_profile)
        and (words is None or any(map(words.search, (clause.id, clause.text, clause.intent, clause.source))))
    )


def find_unknown(selection: str) -> UnknownClauseError:
    """Return the error for a selection that names no clause; its message names the nearest thing that exists."""
    word = selection.strip()
    if any(word.upper() == chapter.prefix or word.lower() == chapter.word for chapter in load_chapters()):
        message = (
            f"expected the id of one clause, got the chapter {selection!r}\n`letitcrash spec {word}` lists its clauses"
        )
        return UnknownClauseError(message, selection=selection, nearest=(word,))
    names = [*load_clauses(), *(c.prefix for c in load_chapters()), *CHAPTERS]
    by_case = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), by_case, n=3, cutoff=0.5)
    nearest = tuple(by_case[name] for name in close)
    hint = f"did you mean {nearest[0]}?" if nearest else f"the chapters are {', '.join(CHAPTERS)}"
    message = (
        f"expected a clause, a chapter or a pattern, got {selection!r}: {hint}\n`letitcrash spec` lists every clause"
    )
    return UnknownClauseError(message, selection=selection, nearest=nearest)


def _select(selection: str) -> Iterable[Clause]:
    clauses = load_clauses()
    word = selection.strip()
    if word.upper() in clauses:
        return (clauses[word.upper()],)
    for chapter in load_chapters():
        if word.upper() == chapter.prefix or word.lower() == chapter.word:
            return chapter.clauses
    # A pattern, or a family such as REG-X.
    pattern = word.upper() if any(sign in word for sign in "*?[") else f"{word.upper()}[0-9]*" if word else ""
    hits = [clause for clause in clauses.values() if fnmatch.fnmatchcase(clause.id, pattern)]
    if hits and not word[-1:].isdigit():
        return hits
    raise find_unknown(selection)


def _choose(kind: type[_E], value: str | None, what: str) -> _E | None:
    if value is None:
        return None
    for member in kind:
        if value.strip().casefold().replace("_", " ") in (member.value.casefold(), member.value.replace("-", " ")):
            return member
    names = [member.value for member in kind]
    close = difflib.get_close_matches(value.casefold(), [name.casefold() for name in names], n=1, cutoff=0.5)
    nearest = tuple(name for name in names if name.casefold() in close)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(names)}"
    raise UnknownClauseError(f"expected {what}, got {value!r}: {hint}", selection=value, nearest=nearest)


def _compile_words(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"expected a regular expression as text, got {text!r}: {error}") from None
