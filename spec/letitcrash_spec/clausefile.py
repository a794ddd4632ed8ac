"""Reads one clause file and says exactly what is wrong with it, if anything is.

A file opens with the chapter's own keys (`title`, `prefix`, `about`), may give `[defaults]` for `verified`, `time`,
`profile`, `features` and `unchecked`, may have `[[section]]` headings, and lists its clauses as `[[clause]]` tables.
"""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from importlib import resources
from typing import Any, TypeVar, cast

from letitcrash_spec.clause import Chapter, Clause, Keyword, Profile, Section, TimeNeed
from letitcrash_spec.errors import CatalogueError
from letitcrash_spec.hello import FEATURES

__all__ = ["parse_chapter", "read_chapter"]

_E = TypeVar("_E", bound=StrEnum)

_CHAPTER_KEYS = frozenset({"title", "prefix", "about", "defaults", "section", "clause"})
_DEFAULT_KEYS = frozenset({"verified", "time", "profile", "features", "unchecked"})
_CLAUSE_KEYS = frozenset({"id", "keyword", "text", "intent", "source", "checked_by"}) | _DEFAULT_KEYS
_CHECKER = re.compile(r"model|differential|scenario:[a-z0-9_]+")


def read_chapter(word: str) -> Chapter:
    """Read the clause file of a chapter from the package.

    Args:
        word: The chapter's word: `"links"`.

    Raises:
        CatalogueError: If the file is missing or broken.
    """
    file = f"{word}.toml"
    try:
        text = resources.files("letitcrash_spec").joinpath("clauses", file).read_text("utf-8")
    except FileNotFoundError:
        raise CatalogueError("expected a clause file of this name, got none", file=file) from None
    return parse_chapter(word, text)


def parse_chapter(word: str, text: str) -> Chapter:
    """Build a chapter from the text of its clause file.

    Raises:
        CatalogueError: If the text is broken; it names the file, the clause and the field.
    """
    file = f"{word}.toml"
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers and nesting beyond what can be read
        raise CatalogueError(f"expected TOML, got an error: {error}", file=file) from None
    whole = _Table(data, file, "")
    whole.refuse_unknown(_CHAPTER_KEYS)
    prefix = whole.text("prefix")
    defaults = whole.table("defaults")
    _Table(defaults, file, "defaults").refuse_unknown(_DEFAULT_KEYS)
    clauses = tuple(
        _parse_clause(_Table({**_fitting(defaults, entry), **entry}, file, _name(entry, number)), word, prefix)
        for number, entry in enumerate(whole.tables("clause"), 1)
    )
    _refuse_disorder([clause.id for clause in clauses], file)
    sections: list[Section] = []
    for number, entry in enumerate(whole.tables("section"), 1):
        table = _Table(entry, file, f"section {number}")
        table.refuse_unknown(frozenset({"title", "first"}))
        section = Section(table.text("title"), table.text("first"))
        if section.first not in {clause.id for clause in clauses}:
            raise table.broken("first", "the id of a clause in this file", section.first)
        sections.append(section)
    return Chapter(word, whole.text("title"), prefix, whole.text("about"), tuple(sections), clauses)


def _fitting(defaults: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Leave out a default reason for not checking where the clause says what checks it."""
    return {key: value for key, value in defaults.items() if key != "unchecked" or "checked_by" not in entry}


def _name(entry: dict[str, Any], number: int) -> str:
    clause_id = entry.get("id")
    return clause_id if isinstance(clause_id, str) and clause_id else f"clause {number} of the file"


def _parse_clause(table: _Table, chapter: str, prefix: str) -> Clause:
    table.refuse_unknown(_CLAUSE_KEYS)
    clause_id = table.text("id")
    if re.fullmatch(rf"{prefix}-[A-Z]?[1-9][0-9]*", clause_id) is None:
        raise table.broken("id", f"an id of the form '{prefix}-7'", clause_id)
    features = table.texts("features")
    for feature in features:
        if feature not in FEATURES:
            raise table.broken("features", f"features of {', '.join(FEATURES)}", feature)
    checked_by = table.texts("checked_by")
    for checker in checked_by:
        if _CHECKER.fullmatch(checker) is None:
            raise table.broken("checked_by", "'model', 'differential' or 'scenario:<name>'", checker)
    unchecked = table.text("unchecked") if "unchecked" in table.data else ""
    if bool(checked_by) == bool(unchecked):
        got = "both" if checked_by else "neither"
        raise table.broken("checked_by", "either what checks it, or 'unchecked' with the reason why nothing can", got)
    return Clause(
        id=clause_id,
        chapter=chapter,
        keyword=table.choice("keyword", Keyword),
        text=table.sentence("text"),
        intent=table.sentence("intent"),
        source=table.text("source"),
        profile=table.choice("profile", Profile),
        verified=table.texts("verified"),
        time=table.choice("time", TimeNeed),
        features=features,
        checked_by=checked_by,
        unchecked=unchecked,
    )


def _refuse_disorder(ids: list[str], file: str) -> None:
    """Clauses stand in natural order, each once, so that a reader and a merge find their place."""
    keys = [_natural(clause_id) for clause_id in ids]
    for before, after, clause_id in zip(keys, keys[1:], ids[1:], strict=False):
        if after == before:
            raise CatalogueError("expected each id once, got it twice", file=file, clause=clause_id, field="id")
        if after < before:
            raise CatalogueError(
                "expected clauses in the order of their ids, got this one too late", file=file, clause=clause_id
            )


def _natural(clause_id: str) -> tuple[str, int]:
    tail = clause_id.split("-", 1)[1]
    letters = tail.rstrip("0123456789")
    return letters, int(tail[len(letters) :])


class _Table:
    """A TOML table that knows where it stands."""

    def __init__(self, data: dict[str, Any], file: str, clause: str) -> None:
        self.data = data
        self._file = file
        self._clause = clause

    def broken(self, field: str, expected: str, got: object) -> CatalogueError:
        return CatalogueError(f"expected {expected}, got {got!r}", file=self._file, clause=self._clause, field=field)

    def refuse_unknown(self, known: frozenset[str]) -> None:
        for key in self.data:
            if key not in known:
                raise self.broken(key, f"a field of {', '.join(sorted(known))}", key)

    def text(self, field: str) -> str:
        value = self.data.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.broken(field, "a text", value)
        return " ".join(value.split())

    def sentence(self, field: str) -> str:
        value = self.text(field)
        if not value.endswith("."):
            raise self.broken(field, "sentences, ending in a full stop", value)
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        value = self.data.get(field, [])
        if not isinstance(value, list):
            raise self.broken(field, "a list of texts", value)
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - TOML
        if not all(isinstance(item, str) and item for item in items):
            raise self.broken(field, "a list of texts", items)
        return tuple(items)

    def choice(self, field: str, kind: type[_E]) -> _E:
        value = self.data.get(field)
        for member in kind:
            if member.value == value:
                return member
        raise self.broken(field, f"one of {', '.join(kind)}", value)

    def table(self, field: str) -> dict[str, Any]:
        value = self.data.get(field, {})
        if not isinstance(value, dict):
            raise self.broken(field, "a table", value)
        return cast("dict[str, Any]", value)

    def tables(self, field: str) -> list[dict[str, Any]]:
        value = self.data.get(field, [])
        if not isinstance(value, list):
            raise self.broken(field, f"[[{field}]] tables", value)
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - TOML
        if not all(isinstance(item, dict) for item in items):
            raise self.broken(field, f"[[{field}]] tables", items)
        return items
