"""What is wrong with a baseline after a run: entries whose day is over, and entries of what does not fail any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from letitcrash_conformance.known import Entry
from letitcrash_conformance.plan import BUDGETS
from letitcrash_conformance.results import RunResult
from letitcrash_conformance.scenarios import scenarios_of
from letitcrash_conformance.setting import Setting
from letitcrash_spec.catalogue import load_clauses

__all__ = ["ENOUGH", "Complaint", "find_complaints", "is_refuted"]

ENOUGH = 25
"""How often a clause must have held before an entry that does not say where it was found counts as stale."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """An entry that must be looked at.

    Attributes:
        entry: The entry.
        what: What is wrong with it and what to do, in one or two sentences.
    """

    entry: Entry
    what: str


def find_complaints(result: RunResult, held: Mapping[str, int]) -> tuple[Complaint, ...]:
    """Return the entries of a run's known failures that are expired or stale, in the order of their file.

    An entry is stale if it is of the kind `failing`, its clause was selected, and the run did what it takes to find it
    (see `is_refuted`) and did not. A run that was cut off, or whose harness broke, makes none stale.

    Args:
        result: The run.
        held: How often each clause was demanded and held.
    """
    seen = {finding.known for unit in result.units for finding in unit.findings}
    broken = {finding.violation.clause for unit in result.units for finding in unit.findings}
    complaints: list[Complaint] = []
    for entry in result.known:
        if entry.is_expired:
            state = " and it is still broken" if entry.id in broken else ""
            what = f"was accepted until {entry.until}{state}: mend it, or decide anew and move 'until'"
            complaints.append(Complaint(entry, what))
        elif entry.kind == "failing" and entry.id not in seen and is_refuted(entry, result, held):
            times = f"held {held[entry.id]:,} times" if held.get(entry.id) else "ran"
            what = f"does not fail any more: it {times} now; remove the entry, or run letitcrash baseline --prune"
            complaints.append(Complaint(entry, what))
    return tuple(complaints)


def is_refuted(entry: Entry, result: RunResult, held: Mapping[str, int]) -> bool:
    """Whether a run that did not find a known failure has done enough to say that it is gone.

    It has if the clause held, and every place in which the entry was found had at least as many programs as then. For
    an entry that names no places the clause must have held at least `ENOUGH` times, and its chapter must have had as
    many programs as the entry says, or those of the default budget.
    """
    if result.hello is None or result.is_interrupted or any(unit.trouble is not None for unit in result.units):
        return False
    if entry.is_scenario:
        return _has_run(entry, result)
    if entry.id not in result.selected or not held.get(entry.id):
        return False
    done: Counter[str] = Counter()
    for unit in result.units:
        if unit.unsupported is None:
            done[f"{unit.unit.chapter} on {unit.unit.backend}"] += min(unit.examples, unit.unit.examples)
    if entry.where:
        return all(done[place] >= (entry.budget or 1) for place in entry.where)
    chapter = load_clauses()[entry.id].chapter
    most = max((number for place, number in done.items() if place.startswith(f"{chapter} on ")), default=0)
    return held[entry.id] >= ENOUGH and most >= (entry.budget or BUDGETS["default"])


def _has_run(entry: Entry, result: RunResult) -> bool:
    assert result.hello is not None
    for unit in result.units:
        if unit.unsupported is None and unit.unit.has_scenarios:
            setting = Setting.of(result.hello, unit.unit.chapter, unit.unit.backend)
            names = [scenario.name for _, scenario in scenarios_of(setting)]
            if entry.id.removeprefix("scenario:") in names:
                return unit.examples >= len(names)
    return False
