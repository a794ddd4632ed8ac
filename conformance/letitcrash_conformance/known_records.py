"""Known failures as JSON-shaped data, for the header of a report, and back."""

from __future__ import annotations

from datetime import date
from typing import Any

from letitcrash_conformance.known import KINDS, Entry, Kind, Known
from letitcrash_conformance.recorder_fields import Fields

__all__ = ["dump_known", "load_known"]


def dump_known(known: Known) -> dict[str, Any]:
    """Return known failures, JSON-shaped."""
    return {"path": known.path, "entries": [_dump(entry) for entry in known]}


def load_known(fields: Fields) -> Known:
    """Return the known failures of an object."""
    return Known(fields.text("path"), tuple(_load(each) for each in fields.inners("entries")))


def _dump(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "reason": entry.reason,
        "link": entry.link,
        "until": None if entry.until is None else entry.until.isoformat(),
        "runs": None if entry.runs is None else list(entry.runs),
        "budget": entry.budget,
        "where": list(entry.where),
        "line": entry.line,
        "expired": entry.is_expired,
    }


def _load(fields: Fields) -> Entry:
    return Entry(
        id=fields.text("id"),
        kind=_kind(fields),
        reason=fields.text("reason"),
        link=fields.text("link"),
        until=_day(fields),
        runs=_runs(fields),
        budget=fields.whole("budget", least=1) if fields.has("budget") else None,
        where=fields.texts("where"),
        line=fields.whole("line", least=1) if fields.has("line") else None,
        is_expired=fields.truth("expired"),
    )


def _kind(fields: Fields) -> Kind:
    word = fields.text("kind")
    for kind in KINDS:
        if word == kind:
            return kind
    raise fields.broken("kind", " or ".join(KINDS))


def _day(fields: Fields) -> date | None:
    if not fields.has("until"):
        return None
    try:
        return date.fromisoformat(fields.text("until"))
    except ValueError:
        raise fields.broken("until", "a date such as 2027-01-31") from None


def _runs(fields: Fields) -> tuple[int, int] | None:
    if not fields.has("runs"):
        return None
    match fields.many("runs"):
        case [int(failed), int(done)] if 1 <= failed <= done:
            return failed, done
        case _:
            raise fields.broken("runs", "two numbers, such as [3, 5]")
