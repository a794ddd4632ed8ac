"""What changed from one run to another: clauses that broke, were fixed, are new, and those that still do not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from letitcrash_conformance.render_lines import Line, Style, wrap
from letitcrash_conformance.report_shown import Shown
from letitcrash_conformance.tally import Status, Tally
from letitcrash_spec.catalogue import sort_key

__all__ = ["KINDS", "compare_runs", "name_clauses", "render_changes"]

MAX_NAMED = 40
"""Clauses of one kind of change that are named."""

_JUDGED = frozenset({Status.PASSED, Status.FAILED, Status.FLAKY, Status.KNOWN})

KINDS: Mapping[str, tuple[str, Callable[[Status | None, Status | None], bool]]] = {
    "Broken": (
        "held before and does not now",
        lambda before, after: before is Status.PASSED and after in _JUDGED and after is not Status.PASSED,
    ),
    "Fixed": (
        "did not hold before and holds now",
        lambda before, after: before in _JUDGED and before is not Status.PASSED and after is Status.PASSED,
    ),
    "New": ("was not judged before and is now", lambda before, after: before not in _JUDGED and after in _JUDGED),
    "Still broken": (
        "does not hold in either",
        lambda before, after: {before, after} <= _JUDGED and Status.PASSED not in (before, after),
    ),
    "No longer judged": (
        "was judged before and is not now",
        lambda before, after: before in _JUDGED and after not in _JUDGED,
    ),
}
"""Each kind of change with its meaning and the test for it; None stands for a clause that was not asked for.

The page says the same of any two of its runs.
"""

_STYLES: dict[str, Style] = {"Broken": "bad", "Fixed": "good", "Still broken": "bad"}


def compare_runs(before: Tally, after: Tally) -> dict[str, list[str]]:
    """Return the clauses of each kind of change, all kinds, each in natural order of its clauses."""
    one = {each.clause.id: each.status for each in before.clauses}
    other = {each.clause.id: each.status for each in after.clauses}
    ids = sorted({*one, *other}, key=sort_key)
    return {kind: [i for i in ids if fits(one.get(i), other.get(i))] for kind, (_, fits) in KINDS.items()}


def name_clauses(clauses: Sequence[str]) -> str:
    """Return clauses in one line: the first of them, and how many more there are."""
    more = len(clauses) - MAX_NAMED
    return ", ".join(clauses[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def render_changes(before: Shown, after: Shown, width: int = 100) -> list[Line]:
    """Return what changed from one run to another as text."""
    lines = wrap(f"From {before.name} to {after.name}:", width=width, style="bold")
    for kind, clauses in compare_runs(before.tally, after.tally).items():
        style: Style = _STYLES.get(kind, "") if clauses else "dim"
        names = f": {name_clauses(clauses)}" if clauses else ""
        text = f"{kind.lower()} ({KINDS[kind][0]}): {len(clauses)}{names}"
        lines += wrap(text, first="  ", rest="      ", width=width, style=style)
    return lines
