"""The table of subjects by clause, and the numbers of each run."""

from __future__ import annotations

from collections.abc import Sequence

from letitcrash_conformance.page.markup import Html, prose, tag
from letitcrash_conformance.report_shown import Shown
from letitcrash_conformance.results import Verdict
from letitcrash_conformance.tally import ClauseTally, Status, say_verdict
from letitcrash_spec.catalogue import load_chapters, load_clauses
from letitcrash_spec.clause import Clause

__all__ = ["SIGNS", "build_matrix", "build_runs", "judged_clauses"]

SIGNS: dict[Status, tuple[str, str]] = {
    Status.PASSED: ("✓", "good"),
    Status.FAILED: ("✗", "bad"),
    Status.FLAKY: ("≈", "warn"),
    Status.KNOWN: ("!", "warn"),
    Status.INCONCLUSIVE: ("?", "warn"),
    Status.NOT_EXERCISED: ("○", "warn"),
    Status.NOT_SUPPORTED: ("–", "quiet"),
    Status.NOT_CHECKED: ("·", "quiet"),
}
"""The sign and the look of each status; its word stands beside them, so that neither colour nor sign is needed."""

_LOOKS = {
    Verdict.CONFORMANT: "good",
    Verdict.VIOLATION: "bad",
    Verdict.INCONCLUSIVE: "warn",
    Verdict.SUBJECT_ERROR: "bad",
}


def judged_clauses(runs: Sequence[Shown]) -> list[Clause]:
    """Return every clause that one of the runs says something about, in natural order."""
    told = {each.clause.id for run in runs for each in run.tally.clauses}
    return [clause for clause in load_clauses().values() if clause.id in told]


def build_runs(runs: Sequence[Shown]) -> Html:
    """Return the table of runs: verdict, numbers, and what was run."""
    heads = ("Subject", "Verdict", *(status.value for status in SIGNS), "Seed", "Budget", "Suite", "Started")
    return tag(
        "table",
        tag("caption", "The runs on this page", class_="unseen"),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag("tbody", *(_build_run(run) for run in runs)),
    )


def _build_run(run: Shown) -> Html:
    result, tally = run.report.result, run.tally
    named = None if result.subject in run.name else tag("div", f"run as {result.subject}", class_="muted")
    words = [
        tag("strong", run.verdict, class_=_LOOKS[tally.verdict]),
        tag("div", say_verdict(tally).partition(": ")[2], class_="muted"),
    ]
    if result.is_interrupted:
        text = "This run did not come to its end; what it did not reach is not judged."
        words.append(tag("div", text, class_="warn"))
    for complaint in tally.complaints:
        text = f"Baseline {result.known.path}{complaint.entry.place}: {complaint.entry.id} {complaint.what}"
        words.append(tag("div", text, class_="warn"))
    if run.report.error is not None:
        words.append(tag("div", run.report.error[:2000], class_="bad"))
    return tag(
        "tr",
        tag("th", run.name, named, scope="row"),
        tag("td", *words, class_="verdict"),
        *(tag("td", str(tally.counts[status]), class_="number") for status in SIGNS),
        tag("td", str(result.seed), class_="number"),
        tag("td", result.budget),
        tag("td", run.report.suite),
        tag("td", run.report.started.replace("T", " ").removesuffix("+00:00")),
    )


def build_matrix(runs: Sequence[Shown]) -> Html:
    """Return the table with a row for each clause and a column for each run."""
    told = [{each.clause.id: each for each in run.tally.clauses} for run in runs]
    heads = [tag("th", "Clause", scope="col", class_="id"), tag("th", "Text", scope="col", class_="text")]
    heads += [tag("th", run.name, scope="col", class_="run") for run in runs]
    clauses = judged_clauses(runs)
    bodies: list[Html] = []
    for chapter in load_chapters():
        rows = [
            _build_row(clause, [of.get(clause.id) for of in told])
            for clause in clauses
            if clause.chapter == chapter.word
        ]
        if rows:
            title = tag("tr", tag("th", chapter.title, colspan=2 + len(runs), scope="colgroup"), class_="chapter")
            bodies.append(tag("tbody", title, *rows))
    return tag(
        "table",
        tag("caption", "What each run says of each clause", class_="unseen"),
        tag("thead", tag("tr", *heads)),
        *bodies,
    )


def _build_row(clause: Clause, told: Sequence[ClauseTally | None]) -> Html:
    head = tag(
        "th", tag("a", clause.id, href=f"#{clause.id}"), " ", tag("span", str(clause.keyword)), scope="row", class_="id"
    )
    return tag(
        "tr", head, tag("td", prose(clause.text), class_="text"), *(_build_cell(each) for each in told), id=clause.id
    )


def _build_cell(told: ClauseTally | None) -> Html:
    if told is None:
        return tag("td", "not asked for", class_="quiet")
    sign, look = SIGNS[told.status]
    return tag("td", tag("span", sign, aria_hidden="true"), f" {told.status.value}", class_=look)
