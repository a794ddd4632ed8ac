"""Runs as Markdown, for the summary of a job or a comment: verdicts, a table, and every violation to unfold."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence

from letitcrash_conformance.render_finding import render_finding
from letitcrash_conformance.render_lines import plain_text, printable
from letitcrash_conformance.report import rate_of, render_trouble
from letitcrash_conformance.report_compare import compare_runs, name_clauses
from letitcrash_conformance.report_shown import Shown
from letitcrash_conformance.results import Finding, Verdict
from letitcrash_conformance.tally import Status, say_verdict
from letitcrash_spec.catalogue import load_chapters

__all__ = ["build_markdown"]

MAX_SHOWN = 20
"""Findings of one run that are shown whole; the others are named."""

LONGEST = 20_000
"""Characters of one finding that are shown; a summary of a job has little room."""

_SIGNS = {Verdict.CONFORMANT: "✅", Verdict.VIOLATION: "❌", Verdict.INCONCLUSIVE: "❔", Verdict.SUBJECT_ERROR: "💥"}


def build_markdown(runs: Sequence[Shown]) -> str:
    """Return runs as Markdown, in which nothing that a subject says becomes a link, a mention or markup."""
    parts = [_build_run(run) for run in runs]
    if len(runs) == 2:
        parts.append("\n".join(_build_changes(*runs)))
    return "\n".join(parts)


def _build_run(run: Shown) -> str:
    tally = run.tally
    lines = [
        f"## {_SIGNS[tally.verdict]} {_plain(run.name)}: {run.verdict}",
        "",
        _plain(say_verdict(tally)),
        "",
    ]
    if run.report.result.is_interrupted:
        lines += ["> **Interrupted**: this run did not come to its end; what it did not reach is not judged.", ""]
    if run.report.error is not None:
        lines += [*_fence(run.report.error), ""]
    lines += [*_build_table(run), ""]
    findings = (*tally.violations, *tally.flaky, *tally.known)
    for complaint in tally.complaints:
        what = f"{complaint.entry.id} {complaint.what} ({tally.result.known.path}{complaint.entry.place})"
        lines += [f"> **Baseline**: {_plain(what)}", ""]
    for finding in findings[:MAX_SHOWN]:
        lines += _build_finding(run, finding)
    if len(findings) > MAX_SHOWN:
        rest = ", ".join(finding.violation.clause for finding in findings[MAX_SHOWN:])
        lines += [f"Also broken: {_plain(rest)}", ""]
    for trouble in tally.troubles[:MAX_SHOWN]:
        where = _plain(f"{trouble.found_in.chapter} on {trouble.found_in.backend}")
        lines += _unfold(f"The harness broke in {where}", plain_text(render_trouble(trouble)))
    missed = [each.clause.id for each in (*tally.having(Status.NOT_EXERCISED), *tally.having(Status.INCONCLUSIVE))]
    if missed:
        lines += [f"Not judged, though they apply: {', '.join(missed)}", ""]
    result = run.report.result
    facts = f"letitcrash {run.report.suite}, seed {result.seed}, budget {result.budget}, subject {result.subject}"
    return "\n".join([*lines, _plain(facts), ""])


def _build_changes(before: Shown, after: Shown) -> list[str]:
    lines = [f"## From {_plain(before.name)} to {_plain(after.name)}", "", "| change | clauses |", "| --- | --- |"]
    for kind, clauses in compare_runs(before.tally, after.tally).items():
        lines.append(f"| {kind} ({len(clauses)}) | {name_clauses(clauses)} |")
    return [*lines, ""]


def _build_table(run: Shown) -> list[str]:
    shown = [status for status in Status if run.tally.counts[status]]
    rows: Counter[tuple[str, Status]] = Counter((each.clause.chapter, each.status) for each in run.tally.clauses)
    lines = [
        f"| chapter | {' | '.join(status.value for status in shown)} |",
        f"| --- |{' ---: |' * len(shown)}",
    ]
    for chapter in load_chapters():
        cells = [rows[chapter.word, status] for status in shown]
        if any(cells):
            lines.append(f"| {chapter.title} | {' | '.join(str(cell or '') for cell in cells)} |")
    totals = " | ".join(f"**{run.tally.counts[status]}**" for status in shown)
    return [*lines, f"| **all** | {totals} |"] if shown else ["No clause was selected."]


def _build_finding(run: Shown, finding: Finding) -> list[str]:
    violation = finding.violation
    what = " ".join(violation.what.split())
    title = f"{violation.clause}: {what[:120]}"
    if finding.is_flaky:
        title = f"{violation.clause} is flaky: {rate_of(finding, run.tally)}"
    if finding.known:
        entry = run.report.result.known.find(finding.known)
        title = f"{violation.clause} is known: {finding.known if entry is None else entry.words}"
    return _unfold(_plain(title), plain_text(render_finding(finding, run.context(finding))))


def _unfold(title: str, text: str) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *_fence(text), "", "</details>", ""]


def _fence(text: str) -> list[str]:
    shown = printable(text)
    if len(shown) > LONGEST:
        shown = f"{shown[:LONGEST]}\n... and {len(shown) - LONGEST} characters more"
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *shown.splitlines(), fence]


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    flat = html.escape(printable(text, keep=""), quote=False)
    return re.sub(r"[`*_\[\]|~@\\]|://", lambda match: "".join(f"&#{ord(each)};" for each in match[0]), flat)
