"""What hunts brought, as a page: how much it takes to catch the faults of each chapter, and which survive."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from letitcrash_conformance.plan import NEEDS
from tests.conformance.mutants.hunt import CHAPTERS
from tests.conformance.mutants.plant import Mutant

__all__ = ["Row", "read_rows", "write_page"]

HARDEST = 12
"""How many of the mutants that took the most examples are listed."""

_LINE = re.compile(r"(?P<name>\w+) +(?:SURVIVED +|(?P<clause>[A-Z]+-\w+) +)(?P<seconds>[\d.]+) s +(?P<examples>\d+) ")

_INTRO = """# Planted faults

<!-- Written by `python -m tests.conformance.mutants --markdown TABLE`. -->

The suite is tried on implementations that are known to be wrong: the reference with one fault each, which a patch
of a few lines plants while a test runs (`tests/conformance/mutants`).
A mutant counts as caught if a run with the default budget and seed 1 reports a clause that names its fault.
Examples are the generated programs that were needed; 0 means that a directed scenario showed it before the search.
Seconds include shrinking, in one process on a busy machine.
Chapters that can name the fault come first, and other clauses are not judged; a user's run tells more.
Races, which need clients at the same time or another order of threads, are hunted apart (`hunt_races.py`).
"""

_UNSEEN = """## What cannot be seen

Two faults were planted and taken back, because no program tells them from the reference:
a restart window that forgets at most one restart at a time (there is never more than the limit in it),
and a process that has been suspended twice and needs two resumes (nothing is promised for it).
"""


class Row(NamedTuple):
    """What one hunt brought.

    Attributes:
        name: The mutant's.
        clause: What named its fault; None: it survived.
        seconds: How long it took.
        examples: How many generated programs it took.
    """

    name: str
    clause: str | None
    seconds: float
    examples: int


@dataclass(frozen=True, slots=True)
class _Group:
    chapter: str
    rows: list[Row]

    def line(self) -> str:
        caught = [row for row in self.rows if row.clause is not None]
        seconds = [row.seconds for row in caught] or [0.0]
        examples = [row.examples for row in caught] or [0]
        at_once = sum(row.examples == 0 for row in caught)
        return (
            f"| {self.chapter} | {len(self.rows)} | {len(caught)} | {at_once} "
            f"| {statistics.median_low(examples)} | {max(examples)} "
            f"| {statistics.median(seconds):.1f} | {max(seconds):.1f} |"
        )


def read_rows(lines: Iterable[str]) -> list[Row]:
    """Read what the table of the hunts says, line by line; of two lines about one mutant the later one counts."""
    rows: dict[str, Row] = {}
    for line in lines:
        found = _LINE.match(line)
        if found is not None:
            seconds, examples = float(found["seconds"]), int(found["examples"])
            rows[found["name"]] = Row(found["name"], found["clause"], seconds, examples)
    return list(rows.values())


def write_page(rows: Iterable[Row], mutants: Iterable[Mutant]) -> str:
    """Return the page about those mutants that were hunted.

    Args:
        rows: What was found; rows of other mutants are left out.
        mutants: All that there are.
    """
    known = {mutant.name: mutant for mutant in mutants}
    hunted = [row for row in rows if row.name in known]
    groups = {chapter: _Group(chapter, []) for chapter in NEEDS}
    for row in hunted:
        groups[_chapter_of(row, known)].rows.append(row)
    head = "| chapter | faults | caught | at once | examples, median | worst | seconds, median | worst |"
    lines = [_INTRO, head, "|---|---|---|---|---|---|---|---|"]
    lines += (group.line() for group in groups.values() if group.rows)
    lines.append(_Group("**all**", hunted).line())
    lines += ["", "## The hardest to find", "", "| fault | named by | examples | seconds |", "|---|---|---|---|"]
    caught = [row for row in hunted if row.clause is not None]
    for row in sorted(caught, key=lambda row: (-row.examples, row.name))[:HARDEST]:
        lines.append(f"| {known[row.name].fault} | {row.clause} | {row.examples} | {row.seconds:.1f} |")
    lines += ["", "## Survivors", ""]
    survivors = [row for row in hunted if row.clause is None]
    lines += [f"- `{row.name}`: {known[row.name].survives or 'not yet explained'}" for row in survivors] or ["None."]
    missing = sorted(known.keys() - {row.name for row in hunted})
    if missing:
        lines += ["", f"Not hunted for this page: {', '.join(f'`{name}`' for name in missing)}."]
    return "\n".join([*lines, "", _UNSEEN])


def _chapter_of(row: Row, known: Mapping[str, Mutant]) -> str:
    """Return the chapter of the clause that named a fault, or of the first one that should have."""
    clause = row.clause or min(known[row.name].clauses)
    return CHAPTERS[clause.partition("-")[0]]
