"""Reads `known.toml` strictly: a mistake in it must not hide a failure."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeGuard

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.known import KINDS, Entry, Kind, Known
from letitcrash_conformance.known_text import find_lines
from letitcrash_conformance.scenarios import ALL
from letitcrash_spec.catalogue import find_unknown, load_clauses

__all__ = ["parse_known", "read_known"]

_KEYS = ("clause", "property", "kind", "reason", "link", "until", "runs", "budget", "where")
_ADVICE = "  `letitcrash baseline SUBJECT --out known.toml` writes such a file"


def read_known(path: Path | None, *, today: date | None = None) -> Known:
    """Read a file of known failures.

    Args:
        path: The file; None for no known failures.
        today: The day that expires entries; the current one (UTC) if left out.

    Raises:
        UsageError: If it cannot be read or something in it is wrong; the message names the line where that is known.
    """
    if path is None:
        return Known()
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        what = f"expected a file of known failures, could not read {str(path)!r}: {error.strerror or error}"
        raise UsageError(f"{what}\n{_ADVICE}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"expected UTF-8 text in {str(path)!r}, got byte {error.start} that is none") from None
    return parse_known(text, str(path), today=today)


def parse_known(text: str, path: str, *, today: date | None = None) -> Known:
    """Read the text of such a file; see `read_known`.

    Args:
        text: The text.
        path: The file it is from, for messages.
        today: The day that expires entries; the current one (UTC) if left out.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers and nesting beyond what can be read
        raise UsageError(f"expected TOML in {path}, got a mistake: {error}\n{_ADVICE}") from None
    for key in data:
        if key != "known":
            raise UsageError(f"expected [[known]] in {path}, got {key!r}{_nearest(key, ['known'])}\n{_ADVICE}")
    tables: Any = data.get("known", [])
    if not _is_list(tables):
        raise UsageError(
            f"expected [[known]] in {path}, each with an entry below it, got {_short(tables)}\n"
            "  write two brackets: [[known]]"
        )
    lines = find_lines(text)
    day = datetime.now(UTC).date() if today is None else today
    entries: list[Entry] = []
    for number, table in enumerate(tables):
        line = lines[number] if len(lines) == len(tables) else None
        place = f"line {line} of {path}" if line is not None else f"entry {number + 1} of {path}"
        if not _is_table(table):
            raise UsageError(f"expected an entry in {place}, got {_short(table)}\n{_ADVICE}")
        entry = _Table(table, place).read(line, day)
        earlier = next((other for other in entries if other.id == entry.id), None)
        if earlier is not None:
            first = f"stands in line {earlier.line} already" if earlier.line is not None else "stands above already"
            raise UsageError(f"expected one entry for {entry.id} in {path}, got a second one in {place}; it {first}")
        entries.append(entry)
    return Known(path, tuple(entries))


class _Table:
    """One table of the file."""

    def __init__(self, data: dict[str, Any], place: str) -> None:
        self.data = data
        self.place = place

    def read(self, line: int | None, today: date) -> Entry:
        for key in self.data:
            if key not in _KEYS:
                hint = _nearest(key, _KEYS) or f": there are {', '.join(_KEYS)}"
                raise self.wrong(f"expected a key of an entry, got {key!r}{hint}")
        until = self.until()
        return Entry(
            id=self.identity(),
            kind=self.kind(),
            reason=self.text("reason", "why it is known, in words"),
            link=self.text("link", "an address") if "link" in self.data else "",
            until=until,
            runs=self.runs(),
            budget=self.budget(),
            where=self.where(),
            line=line,
            is_expired=until is not None and until < today,
        )

    def wrong(self, what: str) -> UsageError:
        return UsageError(f"{what} ({self.place})")

    def text(self, key: str, meaning: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str) or not value.strip():
            got = _short(value) if key in self.data else "nothing"
            raise self.wrong(f"expected {key!r} to be {meaning}, got {got}")
        return value

    def identity(self) -> str:
        if ("clause" in self.data) == ("property" in self.data):
            got = "both" if "clause" in self.data else "neither"
            raise self.wrong(f"expected 'clause' or 'property' in an entry, got {got}")
        if "property" in self.data:
            name = self.text("property", "the name of a scenario: 'scenario:<name>'")
            names = [f"scenario:{scenario.name}" for scenario in ALL]
            if name not in names:
                hint = (
                    _nearest(name, names) or "; a scenario is named 'scenario:<name>', as `letitcrash explain` shows it"
                )
                raise self.wrong(f"expected the name of a scenario, got {name!r}{hint}")
            return name
        word = self.text("clause", "the id of a clause")
        clause = load_clauses().get(word)
        if clause is None:
            near = find_unknown(word).nearest or difflib.get_close_matches(word.upper(), list(load_clauses()), n=1)
            hint = f"; did you mean {near[0]}?" if near else "; `letitcrash spec` lists them"
            raise self.wrong(f"expected the id of a clause, got {word!r}{hint}")
        if not clause.is_checked:
            raise self.wrong(f"expected a clause that is checked, got {word}, which never fails: {clause.unchecked}")
        return word

    def kind(self) -> Kind:
        value = self.data.get("kind")
        for kind in KINDS:
            if value == kind:
                return kind
        hint = _nearest(value, KINDS) if isinstance(value, str) else ""
        got = _short(value) if "kind" in self.data else "nothing"
        raise self.wrong(f"expected 'kind' to be 'failing' or 'flaky', got {got}{hint}")

    def until(self) -> date | None:
        if "until" not in self.data:
            return None
        value = self.data["until"]
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise self.wrong(f"expected 'until' to be a date such as 2027-01-31, got {_short(value)}")

    def runs(self) -> tuple[int, int] | None:
        if "runs" not in self.data:
            return None
        words = self.data["runs"].split() if isinstance(self.data["runs"], str) else []
        if len(words) == 3 and words[1] == "of" and words[0].isdecimal() and words[2].isdecimal():
            failed, done = int(words[0]), int(words[2])
            if 1 <= failed <= done:
                return failed, done
        raise self.wrong(f"expected 'runs' to be a text such as '3 of 5', got {_short(self.data['runs'])}")

    def budget(self) -> int | None:
        value = self.data.get("budget")
        if "budget" not in self.data:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.wrong(f"expected 'budget' to be a number of programs above zero, got {_short(value)}")
        return value

    def where(self) -> tuple[str, ...]:
        value: Any = self.data.get("where", [])
        if not _is_list(value) or not all(isinstance(each, str) for each in value):
            raise self.wrong(f"expected 'where' to be a list such as ['links on thread'], got {_short(value)}")
        return tuple(value)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_table(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]} ... {text[-15:]}"
