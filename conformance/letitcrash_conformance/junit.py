"""A run as JUnit XML, for continuous integration: one test case for each clause."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from letitcrash_conformance.render_finding import render_finding
from letitcrash_conformance.render_lines import plain_text, printable
from letitcrash_conformance.report import rate_of, render_trouble
from letitcrash_conformance.report_shown import Shown
from letitcrash_conformance.results import Finding
from letitcrash_conformance.tally import ClauseTally, Status

__all__ = ["build_junit"]


def build_junit(runs: Sequence[Shown]) -> str:
    """Return runs as JUnit XML, one suite for each run.

    A broken clause is a failure with the words of the violation. A clause that was not judged is skipped and says why,
    and so is a flaky or a known one. A harness that broke, a run that was cut off and an entry of a baseline that must
    be looked at are errors of a test case of their own.
    """
    root = ET.Element("testsuites", name="letitcrash")
    for run in runs:
        root.append(_build_suite(run))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _build_suite(run: Shown) -> ET.Element:
    result = run.report.result
    suite = ET.Element("testsuite", name=f"letitcrash: {run.name}")
    suite.set("time", f"{result.seconds:.3f}")
    suite.set("timestamp", printable(run.report.started, keep=""))
    facts = {"suite": run.report.suite, "subject": result.subject, "seed": result.seed, "budget": result.budget}
    properties = ET.SubElement(suite, "properties")
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=name, value=printable(str(value), keep=""))
    broken = {
        finding.violation.clause: finding for finding in (*run.tally.known, *run.tally.flaky, *run.tally.violations)
    }
    for clause in run.tally.clauses:
        suite.append(_build_case(run, clause, broken.get(clause.clause.id)))
    for trouble in run.tally.troubles:
        case = _case("harness", f"{trouble.found_in.chapter} on {trouble.found_in.backend}", suite)
        _say(case, "error", trouble.what, plain_text(render_trouble(trouble)))
    for complaint in run.tally.complaints:
        case = _case("baseline", complaint.entry.id, suite)
        _say(case, "error", f"{result.known.path}{complaint.entry.place}: {complaint.what}", "")
    if run.report.error is not None:
        _say(_case("harness", "start", suite), "error", run.report.error, "")
    if result.is_interrupted:
        text = "The run did not come to its end; what it did not reach is not judged."
        _say(_case("run", "to its end", suite), "error", "interrupted", text)
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for kind, plural in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(plural, str(sum(case.find(kind) is not None for case in cases)))
    return suite


def _build_case(run: Shown, judged: ClauseTally, finding: Finding | None) -> ET.Element:
    clause = judged.clause
    case = _case(clause.chapter, f"{clause.id} {clause.keyword}: {' '.join(clause.text.split())}")
    if finding is not None and judged.status in (Status.FAILED, Status.FLAKY, Status.KNOWN):
        text = plain_text(render_finding(finding, run.context(finding)))
        if judged.status is Status.FAILED:
            _say(case, "failure", finding.violation.what, text, kind=str(clause.keyword))
        else:
            why = judged.reason if judged.status is Status.KNOWN else rate_of(finding, run.tally)
            _say(case, "skipped", f"{judged.status.value}: {why}", "")
            ET.SubElement(case, "system-out").text = printable(text)
    elif judged.status is not Status.PASSED:
        reason = f": {judged.reason}" if judged.reason else ""
        _say(case, "skipped", f"{judged.status.value}{reason}", "")
    return case


def _case(place: str, name: str, parent: ET.Element | None = None) -> ET.Element:
    case = ET.Element("testcase", classname=f"letitcrash.{place}", name=name)
    if parent is not None:
        parent.append(case)
    return case


def _say(case: ET.Element, tag: str, message: str, text: str, *, kind: str = "") -> None:
    said = ET.SubElement(case, tag, message=printable(message, keep="").strip())
    if kind:
        said.set("type", kind)
    if text:
        said.text = printable(text)
