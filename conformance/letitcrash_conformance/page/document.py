"""The whole page: one HTML file with its style, its script and its data inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import Any

from letitcrash_conformance.page.articles import Extent, build_finding, build_trouble
from letitcrash_conformance.page.markup import Html, escape, join, script_data, tag
from letitcrash_conformance.page.matrix import SIGNS, build_matrix, build_runs, judged_clauses
from letitcrash_conformance.render_lines import count, printable
from letitcrash_conformance.report_shown import Shown
from letitcrash_conformance.results import Finding
from letitcrash_conformance.tally import Status
from letitcrash_spec.catalogue import load_chapters
from letitcrash_spec.clause import Clause, Keyword

__all__ = ["build_page"]

ROOM: dict[Extent, int] = {"full": 800_000, "plain": 1_050_000, "brief": 1_250_000}
"""How many bytes all failures together may take until less of each is shown, so that the page stays below 2 MB."""

_STATUSES = tuple(SIGNS)
_NOT_ASKED = -1


def build_page(runs: Sequence[Shown]) -> str:
    """Return runs as one HTML page that works from a file, without any other.

    What a subject said is escaped wherever it stands. A policy inside the page forbids every script but its own and
    every request.
    """
    style, script = _read("style.css"), _read("script.js")
    articles, places, left_out = _build_articles(runs)
    return Template(_read("frame.html")).substitute(
        policy=_policy(style, script),
        title=escape(f"letitcrash: {', '.join(run.name for run in runs)}"),
        style=style,
        script=script,
        runs=build_runs(runs),
        filters=_build_filters(runs),
        legend=_build_legend(),
        matrix=build_matrix(runs),
        failures=articles or tag("p", "No run broke a clause."),
        left_out=_say_left_out(left_out),
        choices=_build_choices(runs),
        data=script_data(_gather(runs, places)),
        suite=escape(", ".join(sorted({run.report.suite for run in runs}))),
    )


def _read(name: str) -> str:
    return resources.files("letitcrash_conformance.page").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> Html:
    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

    return Html(
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _build_articles(runs: Sequence[Shown]) -> tuple[Html, dict[tuple[int, str], str], int]:
    """Return the failures, where each stands by run and clause, and how many had no room at all."""
    built: list[Html] = []
    places: dict[tuple[int, str], str] = {}
    size = left_out = 0
    for number, run in enumerate(runs):
        for finding in (*run.tally.violations, *run.tally.flaky, *run.tally.known):
            identity = f"failure-{number + 1}-{finding.violation.clause}"
            article = _fit(run, finding, identity, size)
            if article is None:
                left_out += 1
                continue
            size += len(article.encode())
            built.append(article)
            places[number, finding.violation.clause] = identity
        for trouble in run.tally.troubles[:20]:
            article = build_trouble(run, trouble)
            if size + len(article.encode()) <= ROOM["brief"]:
                size += len(article.encode())
                built.append(article)
    return join(*built), places, left_out


def _fit(run: Shown, finding: Finding, identity: str, size: int) -> Html | None:
    extents: tuple[Extent, ...] = ("full", "plain", "brief")
    for extent in extents:
        if size >= ROOM[extent]:
            continue
        article = build_finding(run, finding, printable(identity, keep=""), extent)
        if size + len(article.encode()) <= ROOM[extent]:
            return article
    return None


def _say_left_out(number: int) -> Html:
    if not number:
        return Html("")
    text = f"This page is full: {count(number, 'failure')} more, which letitcrash report shows in the terminal."
    return tag("p", text, class_="note")


def _build_filters(runs: Sequence[Shown]) -> Html:
    clauses = judged_clauses(runs)
    words = {clause.chapter for clause in clauses}
    chapters = [(chapter.word, chapter.title) for chapter in load_chapters() if chapter.word in words]
    keywords = [(str(each), str(each)) for each in Keyword if any(clause.keyword is each for clause in clauses)]
    verdicts = [(str(number), status.value) for number, status in enumerate(_STATUSES)]
    subjects = [(str(number), run.name) for number, run in enumerate(runs)]
    return join(
        _select("chapter", "Chapter", "all chapters", chapters),
        _select("keyword", "Keyword", "all keywords", keywords),
        _select("verdict", "Verdict", "any verdict", verdicts),
        _select("subject", "Of subject", "any subject", subjects),
        tag(
            "div",
            tag("label", "Words", for_="words"),
            tag("input", id="words", type="search", autocomplete="off", spellcheck="false"),
        ),
        tag("div", tag("button", "Show all", type="reset")),
    )


def _select(name: str, label: str, everything: str, options: Sequence[tuple[str, str]]) -> Html:
    inside = [tag("option", everything, value="")]
    inside += [tag("option", text, value=value) for value, text in options]
    return tag("div", tag("label", label, for_=name), tag("select", *inside, id=name))


def _build_choices(runs: Sequence[Shown]) -> Html:
    if len(runs) < 2:
        return tag("p", "A comparison needs a second report: letitcrash report BEFORE AFTER --html FILE")
    options = [(str(number), run.name) for number, run in enumerate(runs)]

    def choose(name: str, label: str, chosen: int) -> Html:
        inside = [tag("option", text, value=value, selected=value == str(chosen)) for value, text in options]
        return tag("div", tag("label", label, for_=name), tag("select", *inside, id=name))

    return join(
        tag("form", choose("before", "Before", 0), choose("after", "After", 1), class_="filters", id="pair"),
        tag("div", id="compared", role="status"),
    )


def _build_legend() -> Html:
    notes = {
        Status.PASSED: "demanded at least once, and held each time",
        Status.FAILED: "broken, and broken again when it was repeated",
        Status.FLAKY: "broken once, and never again when it was repeated",
        Status.KNOWN: "broken, and written down as known",
        Status.INCONCLUSIVE: "the run or the harness broke off before a program demanded it",
        Status.NOT_EXERCISED: "it applies, and no program demanded it",
        Status.NOT_SUPPORTED: "it does not apply to this subject, or to what the run was asked for",
        Status.NOT_CHECKED: "nothing checks it; its page says why",
    }
    rows: list[Html] = []
    for status, (sign, look) in SIGNS.items():
        sign_shown = tag("span", sign, aria_hidden="true")
        rows += [tag("dt", sign_shown, f" {status.value}", class_=look), tag("dd", notes[status])]
    return tag("details", tag("summary", "What the verdicts mean"), tag("dl", *rows, class_="legend"))


def _gather(runs: Sequence[Shown], places: dict[tuple[int, str], str]) -> dict[str, Any]:
    """Return what the script needs to filter, to compare and to show a clause."""
    told = [{each.clause.id: each for each in run.tally.clauses} for run in runs]
    reasons: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for clause in judged_clauses(runs):
        cells: list[list[Any]] = []
        for number, of in enumerate(told):
            each = of.get(clause.id)
            if each is None:
                cells.append([_NOT_ASKED, 0, -1, ""])
                continue
            reason = reasons.setdefault(printable(each.reason), len(reasons)) if each.reason else -1
            place = places.get((number, clause.id), "")
            cells.append([_STATUSES.index(each.status), each.held, reason, place])
        rows.append({**_describe(clause), "cells": cells})
    return {
        "runs": [printable(run.name, keep="") for run in runs],
        "statuses": [status.value for status in _STATUSES],
        "looks": [look for _, look in SIGNS.values()],
        "signs": [sign for sign, _ in SIGNS.values()],
        "chapters": {chapter.word: chapter.title for chapter in load_chapters()},
        "reasons": list(reasons),
        "clauses": rows,
    }


def _describe(clause: Clause) -> dict[str, Any]:
    facts = [f"Profile: {clause.profile}", f"Features: {', '.join(sorted(clause.features)) or 'none'}"]
    if clause.verified:
        facts.append(f"Seen on: {', '.join(clause.verified)}")
    return {
        "id": clause.id,
        "chapter": clause.chapter,
        "keyword": str(clause.keyword),
        "intent": clause.intent,
        "source": clause.source,
        "facts": ". ".join(facts) + ".",
    }
