"""Runs as JUnit XML, Markdown and a badge, and the options that write them."""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import shlex
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from letitcrash_conformance.badge import build_badge
from letitcrash_conformance.cli import main, make_parser
from letitcrash_conformance.cli_outputs import write_outputs
from letitcrash_conformance.junit import build_junit
from letitcrash_conformance.markdown import build_markdown
from letitcrash_conformance.render_lines import plain_text
from letitcrash_conformance.report_compare import compare_runs, render_changes
from letitcrash_conformance.report_shown import prepare
from letitcrash_conformance.results import RunResult
from tests.support.findings import HELLO, make_finding, make_result, make_unit
from tests.support.shown import (
    CHECKED,
    HOSTILE,
    make_full_unit,
    make_hello,
    make_report,
    make_six,
    make_supervised_finding,
    show,
)

PLAIN = ("GS-21", "LNK-1")
HOLDS = make_result(make_unit(*PLAIN), selected=PLAIN)
BROKEN = make_result(make_unit("LNK-1", findings=[make_finding()]), selected=PLAIN)
FLAKY = make_result(make_unit(*PLAIN, findings=[make_finding(repeats=0)]), selected=PLAIN)
CUT = make_result(make_unit("LNK-1"), selected=PLAIN, is_interrupted=True)


def junit_of(*results: RunResult) -> ET.Element:
    return ET.fromstring(build_junit(show(*results)))


def test_junit_has_a_case_for_each_clause_in_its_chapter() -> None:
    cases = junit_of(make_result(make_unit(*PLAIN), selected=[*PLAIN, "N-1"])).findall("testsuite/testcase")

    assert [case.get("classname") for case in cases] == [
        "letitcrash.links",
        "letitcrash.genserver",
        "letitcrash.nondeterminism",
    ]
    assert (cases[0].get("name") or "").startswith("LNK-1 MUST: ")
    assert [len(case) for case in cases] == [0, 0, 1]
    assert cases[2].find("skipped") is not None


def test_a_failure_in_junit_has_the_words_of_the_violation() -> None:
    failure = junit_of(BROKEN).find("testsuite/testcase/failure")

    assert failure is not None
    assert failure.get("message") == "the answer of call"
    assert "  subject  answers 4" in (failure.text or "")
    assert "letitcrash replay .letitcrash/GS-21-" in (failure.text or "")


@pytest.mark.parametrize("result", [HOLDS, BROKEN, FLAKY, CUT])
def test_the_numbers_of_a_junit_suite_are_those_of_its_cases(result: RunResult) -> None:
    suite = junit_of(result)[0]
    found = Counter(inside.tag for case in suite.findall("testcase") for inside in case)

    assert suite.get("tests") == str(len(suite.findall("testcase")))
    assert suite.get("failures") == str(found["failure"])
    assert suite.get("errors") == str(found["error"])
    assert suite.get("skipped") == str(found["skipped"])


def test_what_is_flaky_is_skipped_in_junit_and_tells_its_rate() -> None:
    skipped = junit_of(FLAKY).find("testsuite/testcase/skipped")

    assert skipped is not None
    assert (skipped.get("message") or "").startswith("flaky: broke once and held 3 times in the search")


def test_a_run_that_was_cut_off_is_an_error_in_junit() -> None:
    [error] = junit_of(CUT).findall("testsuite/testcase/error")

    assert error.get("message") == "interrupted"


def test_a_broken_harness_is_an_error_in_junit_and_so_is_one_that_never_started() -> None:
    broken = junit_of(make_result(make_unit(trouble="end of file"), selected=["LNK-1"]))
    dead = make_report(make_result(selected=["LNK-1"], hello=None), error="no such file")

    assert [error.get("message") for error in broken.iter("error")] == ["end of file"]
    assert [e.get("message") for e in ET.fromstring(build_junit(prepare([dead]))).iter("error")] == ["no such file"]


def test_junit_can_be_read_whatever_a_subject_says() -> None:
    root = ET.fromstring(build_junit(make_six()))

    assert len(root) == 6
    assert any("alert(2)" in (error.get("message") or "") for error in root.iter("error"))


def test_markdown_shows_verdict_numbers_and_the_whole_violation() -> None:
    text = build_markdown(show(BROKEN))

    assert text.startswith("## ❌ fake 1.2: violation\n")
    assert "| GenServer |  | 1 |" in text
    assert "<details><summary>GS-21: the answer of call</summary>" in text
    assert "  subject  answers 4" in text


def test_markdown_of_a_run_that_was_cut_off_says_so() -> None:
    text = build_markdown(show(CUT))

    assert "interrupted" in text.splitlines()[0]
    assert "**Interrupted**" in text
    assert "conformant" not in text


def test_nothing_that_a_subject_says_is_markup_in_markdown() -> None:
    words = "@everyone [x](http://a.b) <b> | ``` *c*"
    finding = make_supervised_finding(text=words)
    unit = make_unit("LNK-1", findings=[replace(finding, violation=replace(finding.violation, what=words))])
    text = build_markdown(show(make_result(unit, hello=replace(HELLO, name=words))))
    outside = re.sub(r"^(````+)text\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)

    assert "````text" in text
    for word in ("@everyone", "[x]", "http://", "<b>", "```", "*c*"):
        assert word not in outside


def test_markdown_names_what_has_no_room() -> None:
    clauses = [f"EXIT-{n}" for n in range(1, 29)]
    findings = [make_finding(clause) for clause in clauses]

    assert "Also broken: EXIT-21, " in build_markdown(show(make_result(make_unit(findings=findings))))


@pytest.mark.parametrize(
    ("result", "message", "color"),
    [
        (HOLDS, "conformant: 2 of 2 clauses", "brightgreen"),
        (BROKEN, "violation: 1 of 2 clauses", "red"),
        (FLAKY, "inconclusive: 1 of 2 clauses", "yellow"),
        (CUT, "interrupted: 1 of 2 clauses", "yellow"),
        (make_result(selected=PLAIN, hello=None), "subject error: 0 of 2 clauses", "lightgrey"),
    ],
)
def test_a_badge_shows_the_verdict(result: RunResult, message: str, color: str) -> None:
    badge = json.loads(build_badge(show(result)[0]))

    assert (badge["schemaVersion"], badge["label"]) == (1, "letitcrash")
    assert (badge["message"], badge["color"]) == (message, color)
    assert badge.get("isError", False) is (color == "lightgrey")


def test_runs_of_one_subject_are_told_apart_by_their_files() -> None:
    assert [run.name for run in show(HOLDS, BROKEN)] == ["fake 1.2, run1.jsonl", "fake 1.2, run2.jsonl"]
    assert [run.name for run in show(HOLDS)] == ["fake 1.2"]


def test_the_same_file_twice_is_numbered() -> None:
    names = [run.name for run in prepare([make_report(HOLDS), make_report(HOLDS)])]

    assert names == ["fake 1.2, reports/run.jsonl, run 1", "fake 1.2, reports/run.jsonl, run 2"]


def test_a_name_is_one_short_line_whatever_a_subject_says() -> None:
    [run] = show(make_result(hello=replace(HELLO, name=HOSTILE * 3 + "\n")))

    assert len(run.name) <= 60
    assert run.name.isprintable()


def test_a_run_writes_every_kind_of_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = "run reference --clauses LNK-5 --chapter links --budget 2 -n 1 --backend async --json a.jsonl -q"
    outputs = ["--html", "a.html", "--junit", "a.xml", "--markdown", "a.md", "--badge", "a.json"]

    assert main([*words.split(), *outputs]) == 0
    assert "<!doctype html>" in Path("a.html").read_text(encoding="utf-8")
    assert ET.parse("a.xml").getroot().tag == "testsuites"
    assert "reference" in Path("a.md").read_text(encoding="utf-8")
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["color"] == "brightgreen"

    assert main(["report", "a.jsonl", "a.jsonl", "-q", "--html", "b.html"]) == 0
    assert "run 2" in Path("b.html").read_text(encoding="utf-8")


def test_a_subject_that_cannot_be_started_leaves_the_files_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["run", "tests.support.planted:stillborn", "--budget", "2", "-n", "1", "-q", "--junit", "a.xml"]) == 4
    assert "no such table: users" in Path("a.xml").read_text(encoding="utf-8")


def test_of_two_runs_the_changes_are_told_in_text_and_markdown() -> None:
    before = make_result(
        make_unit("LNK-1", "LNK-2", findings=[make_finding("LNK-2"), make_finding("LNK-3")]),
        selected=["LNK-1", "LNK-2", "LNK-3", "LNK-4"],
    )
    after = make_result(
        make_unit("LNK-2", "LNK-4", findings=[make_finding("LNK-1"), make_finding("LNK-3")]),
        selected=["LNK-1", "LNK-2", "LNK-3", "LNK-4"],
    )
    runs = show(before, after)

    assert compare_runs(runs[0].tally, runs[1].tally) == {
        "Broken": ["LNK-1"],
        "Fixed": ["LNK-2"],
        "New": ["LNK-4"],
        "Still broken": ["LNK-3"],
        "No longer judged": [],
    }
    assert "  broken (held before and does not now): 1: LNK-1" in plain_text(render_changes(runs[0], runs[1]))
    assert "| Fixed (1) | LNK-2 |" in build_markdown(runs)


def test_of_many_clauses_of_one_kind_the_first_are_named() -> None:
    runs = show(make_result(make_full_unit(), hello=make_hello()), make_result(make_unit("EXIT-1"), hello=make_hello()))

    text = plain_text(render_changes(runs[0], runs[1]))
    assert "EXIT-2, EXIT-3" in text
    assert f" and {len(CHECKED) - 41} more" in " ".join(text.split())


def test_every_command_in_the_docs_can_be_given() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    commands = [line.strip() for line in page.splitlines() if line.strip().startswith("letitcrash ")]

    assert len(commands) >= 5
    for command in commands:
        make_parser().parse_args(shlex.split(command)[1:])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--html", "missing/a.html"],
            "expected a file to write to with --html, got 'missing/a.html': there is no fold",
        ),
        (["--junit", "."], "expected a file to write to with --junit, got the folder '.'"),
        (["--junit", "x", "--markdown", "./x"], "expected a file for each of --junit and --markdown, got 'x' for both"),
    ],
)
def test_files_that_cannot_be_written_are_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["run", "reference", *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("is_new", [True, False])
def test_half_a_file_is_not_left_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_new: bool) -> None:
    def fill(path: Path, data: str, **_: object) -> None:
        path.write_bytes(data[:10].encode())
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "junit.xml"
    if not is_new:
        path.touch()
    monkeypatch.setattr(Path, "write_text", fill)
    asked = argparse.Namespace(junit=path, html=None, markdown=None, badge=None)

    assert write_outputs(asked, show(HOLDS)) == [
        f"no junit file could be written to {str(path)!r}: No space left on device"
    ]
    assert path.exists() is not is_new


def test_a_badge_of_several_runs_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "a.jsonl", "b.jsonl", "--badge", "badge.json"]) == 2
    assert "expected one report with --badge, got 2" in capsys.readouterr().err
