"""The report of a whole run as text: every violation, a table, and one line that anybody understands."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from letitcrash_conformance.render_finding import Context, render_finding
from letitcrash_conformance.render_lines import Line, Style, count, printable, wrap
from letitcrash_conformance.results import Finding, Trouble, Verdict
from letitcrash_conformance.tally import Status, Tally, say_verdict
from letitcrash_spec.catalogue import load_chapters

__all__ = [
    "Detail",
    "rate_of",
    "render_complaints",
    "render_report",
    "render_trouble",
    "render_verdict",
    "repeat_command",
]

Detail: TypeAlias = Literal["quiet", "normal", "verbose"]
"""How much a report says: violations and the verdict; also the table; also every clause that was not judged."""

MAX_LISTED = 12
_COLUMNS = (
    Status.PASSED,
    Status.FAILED,
    Status.FLAKY,
    Status.KNOWN,
    Status.INCONCLUSIVE,
    Status.NOT_EXERCISED,
    Status.NOT_SUPPORTED,
    Status.NOT_CHECKED,
)
_RARE = frozenset({Status.FLAKY, Status.KNOWN, Status.INCONCLUSIVE})
"""Columns that are shown where they count something."""

SLOW_S = 1.0
"""A program that takes longer is named among the slowest waits, in seconds."""

_VERDICT_STYLE: dict[Verdict, Style] = {
    Verdict.CONFORMANT: "good",
    Verdict.VIOLATION: "bad",
    Verdict.INCONCLUSIVE: "warn",
    Verdict.SUBJECT_ERROR: "bad",
}


def render_report(
    tally: Tally, *, suite: str, repeat: Callable[[Finding], str], detail: Detail = "normal", width: int = 100
) -> list[Line]:
    """Return the report of a run.

    Args:
        tally: The run, added up.
        suite: Version of the suite that ran.
        repeat: Gives the command that repeats a finding.
        detail: How much to say.
        width: Columns of the text.
    """
    result = tally.result
    lines: list[Line] = []
    for finding in (*tally.violations, *tally.flaky):
        context = Context(result.subject, result.hello, suite, repeat(finding), width)
        lines += [*render_finding(finding, context), Line("")]
    if detail == "verbose":
        for finding in tally.known:
            lines += [Line(f"KNOWN: {_entry_of(finding, tally)}", "warn")]
            context = Context(result.subject, result.hello, suite, repeat(finding), width)
            lines += [*render_finding(finding, context), Line("")]
    for trouble in tally.troubles:
        lines += [*render_trouble(trouble, width), Line("")]
    if detail != "quiet":
        lines += [*_render_table(tally), Line("")]
        lines += _render_gaps(tally, detail, width)
        lines += _render_undecided(tally, detail, width)
        lines += _render_rates(tally, width)
        lines += _render_known(tally, repeat, width)
        lines += _render_waits(tally, detail, width)
    if result.is_interrupted:
        lines += wrap(
            "INTERRUPTED: this run did not come to its end; what it did not reach is not judged.",
            width=width,
            style="warn",
        )
    return [*lines, *render_complaints(tally, width), render_verdict(tally)]


def render_verdict(tally: Tally) -> Line:
    """Return the last line of a report."""
    return Line(say_verdict(tally), _VERDICT_STYLE[tally.verdict])


def render_complaints(tally: Tally, width: int = 100) -> list[Line]:
    """Return what is wrong with the entries of the known failures, one after the other."""
    lines: list[Line] = []
    for complaint in tally.complaints:
        entry = complaint.entry
        text = f"BASELINE {tally.result.known.path}{entry.place}: {entry.id} {complaint.what}"
        lines += wrap(text, rest="    ", width=width, style="bad")
    return lines


def render_trouble(trouble: Trouble, width: int = 100) -> list[Line]:
    """Return what broke the harness, and where."""
    unit = trouble.found_in
    lines = wrap(f"SUBJECT ERROR in {unit.chapter} on {unit.backend}: {trouble.what}", width=width, style="bad")
    if trouble.stderr:
        lines.append(Line("  the last lines of its standard error:"))
        lines += [Line(f"    {printable(text)}", "dim") for text in trouble.stderr]
    if trouble.program is not None:
        lines.append(Line(f"  it happened in a program of {count(len(trouble.program), 'operation')}"))
    advice = "The harness broke, so this says nothing about the implementation: repair the harness first."
    return [*lines, *wrap(advice, first="  ", width=width)]


def repeat_command(finding: Finding, *, subject: str, is_command: bool, budget: str) -> str:
    """Return the command that searches for a finding again, for a run that wrote no replay file."""
    unit = finding.found_in
    who = f"--command {shlex.quote(subject)}" if is_command else shlex.quote(subject)
    how = f"--chapter {unit.chapter} --backend {unit.backend} --budget {budget} --seed {unit.seed}"
    return f"letitcrash run {who} {how}"


def _render_table(tally: Tally) -> list[Line]:
    columns = [status for status in _COLUMNS if status not in _RARE or tally.counts[status]]
    rows: Counter[tuple[str, str, Status]] = Counter()
    for each in tally.clauses:
        rows[each.clause.chapter, str(each.clause.keyword), each.status] += 1
    keys = dict.fromkeys((each.clause.chapter, str(each.clause.keyword)) for each in tally.clauses)
    order = [chapter.word for chapter in load_chapters()]
    head = f"{'chapter':<20}{'keyword':<15}" + "".join(f"{status.value:>{len(status.value) + 2}}" for status in columns)
    lines = [Line(head.rstrip(), "bold")]
    for chapter, keyword in sorted(keys, key=lambda key: (order.index(key[0]), key[1])):
        cells = [rows[chapter, keyword, status] for status in columns]
        is_bad = rows[chapter, keyword, Status.FAILED] > 0
        is_thin = any(rows[chapter, keyword, status] for status in (*_RARE, Status.NOT_EXERCISED))
        text = f"{chapter:<20}{keyword:<15}" + _cells(cells, columns)
        lines.append(Line(text, "bad" if is_bad else "warn" if is_thin else ""))
    total = f"{'all':<35}" + _cells([tally.counts[status] for status in columns], columns)
    return [*lines, Line(total, "bold")]


def _cells(numbers: Sequence[int], columns: Sequence[Status]) -> str:
    return "".join(f"{number or '.':>{len(column.value) + 2}}" for number, column in zip(numbers, columns, strict=True))


def _render_gaps(tally: Tally, detail: Detail, width: int) -> list[Line]:
    """Return the clauses that were not judged: those that should have been always, the others if asked for."""
    lines: list[Line] = []
    missed = tally.having(Status.NOT_EXERCISED)
    shown = missed if detail == "verbose" else missed[:MAX_LISTED]
    for each in shown:
        text = f"not exercised: {each.clause.id} {each.clause.keyword}: {each.clause.text}"
        lines += wrap(text, rest="    ", width=width, style="warn")
    if len(shown) < len(missed):
        rest = ", ".join(each.clause.id for each in missed[len(shown) :])
        lines += wrap(f"not exercised: {rest}", rest="    ", width=width, style="warn")
    if missed:
        text = "No program of this run demanded these clauses, so it says nothing about them; a bigger --budget may."
        lines += [*wrap(text, width=width), Line("")]
    if detail == "verbose":
        for status in (Status.INCONCLUSIVE, Status.NOT_SUPPORTED, Status.NOT_CHECKED):
            for each in tally.having(status):
                lines += wrap(f"{status.value}: {each.clause.id}: {each.reason}", rest="    ", width=width, style="dim")
            if tally.having(status):
                lines.append(Line(""))
    return lines


def _render_undecided(tally: Tally, detail: Detail, width: int) -> list[Line]:
    total = sum(tally.undecided.values())
    if not total or (detail != "verbose" and total * 10 < tally.examples):
        return []
    lines = [Line(f"undecided: {total:,} of {count(tally.examples, 'program')} were not judged to their end")]
    reasons = tally.undecided.most_common(None if detail == "verbose" else 5)
    for reason, number in reasons:
        lines += wrap(f"undecided: {number:,} times, {reason}", rest="    ", width=width, style="dim")
    return [*lines, Line("")]


def rate_of(finding: Finding, tally: Tally) -> str:
    """Return how often a clause that did not break in every repeat broke: in the search and when it was repeated."""
    held = next((each.held for each in tally.clauses if each.clause.id == finding.violation.clause), 0)
    again = f"{finding.repeats} of {finding.tries} repeats broke it again"
    return f"broke once and held {count(held, 'time')} in the search; {again}"


def _render_rates(tally: Tally, width: int) -> list[Line]:
    """Return the findings that did not break in every repeat, with their rate."""
    unsteady = [finding for finding in (*tally.violations, *tally.flaky) if finding.repeats < finding.tries]
    lines: list[Line] = []
    for finding in unsteady:
        word = "flaky" if finding.is_flaky else "unsteady"
        text = f"{word}: {finding.violation.clause} {rate_of(finding, tally)}"
        lines += wrap(text, rest="    ", width=width, style="warn")
    return [*lines, Line("")] if lines else []


def _entry_of(finding: Finding, tally: Tally) -> str:
    entry = tally.result.known.find(finding.known)
    return finding.known if entry is None else f"{entry.kind}, {entry.words}"


def _render_known(tally: Tally, repeat: Callable[[Finding], str], width: int) -> list[Line]:
    """Return the known failures that were seen, each with its reason and the command that repeats it."""
    lines: list[Line] = []
    for finding in tally.known:
        name = finding.violation.clause
        through = "" if finding.known == name else f" in {finding.known}"
        text = f"known: {name}{through}: {_entry_of(finding, tally)}; {repeat(finding)}"
        lines += wrap(text, rest="    ", width=width, style="warn")
    return [*lines, Line("")] if lines else []


def _render_waits(tally: Tally, detail: Detail, width: int) -> list[Line]:
    """Return the programs that took longest: those that are slow, or all that are remembered if asked for."""
    shown = [(unit, wait) for unit, wait in tally.waits if detail == "verbose" or wait.seconds >= SLOW_S]
    lines: list[Line] = []
    for unit, wait in shown:
        what = "a scenario" if wait.example < 0 else f"example {wait.example}"
        text = f"slowest wait: {wait.seconds:.1f} s for {what} of {unit.chapter} on {unit.backend}"
        lines += wrap(f"{text}, {count(wait.operations, 'operation')}", rest="    ", width=width, style="dim")
    return [*lines, Line("")] if lines else []
