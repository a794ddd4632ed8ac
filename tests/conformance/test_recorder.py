"""The JSON lines of a run: written while it goes on, read back whole, cut off or broken."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.program import Program
from letitcrash_conformance.recorder import Recorder
from letitcrash_conformance.recorder_reader import read_report
from letitcrash_conformance.results import RunResult, Trouble, Unit, UnitResult, Wait
from letitcrash_conformance.tally import count_up
from tests.support.findings import HELLO, LOOK, SPAWN, UNIT, make_finding, make_result, make_unit

OTHER = Unit("registry", "two", examples=20, seed=7, first=200, has_scenarios=False)
SELECTED = frozenset({"GS-21", "LNK-1", "N-1"})


def record(path: Path, result: RunResult, *, until: str = "footer", error: str | None = None) -> None:
    """Write a run as it would have happened, up to a line of this kind."""
    with path.open("w", encoding="utf-8") as file:
        recorder = Recorder(file, subject="fake", selected=SELECTED, budget="20", seed=7, argv=["run", "fake"])
        assert recorder.error is None
        if result.hello is not None:
            recorder.on_hello(result.hello)
        for unit in result.units:
            recorder.on_unit_started(unit.unit)
            recorder.on_progress(unit.unit, 3, 50)
            for finding in unit.findings:
                recorder.on_finding(finding)
            if until == "finding":
                return
            recorder.on_unit_finished(unit)
        if until == "footer":
            recorder.finish(result, error=error)


def full_result() -> RunResult:
    broken = make_unit("LNK-1", unit=OTHER)
    broken.waits = [Wait(2.5, -1, 7), Wait(0.125, 3, 12)]
    broken.trouble = Trouble("end of file", ("a", "b"), Program((SPAWN, LOOK), "search"), OTHER)
    left_out = make_unit(unsupported="the subject does not declare timers", unit=Unit("timers", "one", 20, 7))
    finding = make_finding(
        differences=["p1 is gone"], got={"ok": None}, expected=[{"ok": 5}, {"fail": {"kind": "exit"}}]
    )
    return make_result(
        make_unit("LNK-1", findings=[finding], undecided=2), broken, left_out, selected=SELECTED, seconds=12.5
    )


def test_what_was_written_is_read_back_the_same(tmp_path: Path) -> None:
    result = full_result()
    record(tmp_path / "run.jsonl", result)

    report = read_report(tmp_path / "run.jsonl")

    assert report.result == result
    assert report.is_complete
    assert report.error is None


def test_the_file_begins_with_a_header_and_ends_with_a_footer(tmp_path: Path) -> None:
    record(tmp_path / "run.jsonl", full_result())

    rows = [json.loads(row) for row in (tmp_path / "run.jsonl").read_text(encoding="utf-8").splitlines()]

    assert [row["kind"] for row in rows] == ["header", "hello", "finding", "unit", "unit", "unit", "footer"]
    assert rows[0]["argv"] == ["run", "fake"]
    assert rows[0]["selected"] == ["LNK-1", "GS-21", "N-1"]
    assert rows[-1]["verdict"] == "violation"
    assert rows[-1]["violations"] == ["GS-21"]
    assert rows[-1]["clauses"]["failed"] == 1


def test_every_line_is_written_when_its_event_happens() -> None:
    file = io.StringIO()
    recorder = Recorder(file, subject="fake", selected=SELECTED, budget="20", seed=7)
    written = [len(file.getvalue().splitlines())]
    recorder.on_hello(HELLO)
    written.append(len(file.getvalue().splitlines()))
    recorder.on_finding(make_finding())
    written.append(len(file.getvalue().splitlines()))

    assert written == [1, 2, 3]


def test_a_unit_that_was_interrupted_is_written_at_the_end(tmp_path: Path) -> None:
    result = make_result(make_unit("LNK-1", findings=[make_finding()]), selected=SELECTED, is_interrupted=True)
    with (tmp_path / "run.jsonl").open("w", encoding="utf-8") as file:
        recorder = Recorder(file, subject="fake", selected=SELECTED, budget="20", seed=7)
        recorder.on_hello(HELLO)
        recorder.finish(result)

    assert read_report(tmp_path / "run.jsonl").result == result


def test_a_file_without_a_footer_is_interrupted(tmp_path: Path) -> None:
    record(tmp_path / "run.jsonl", make_result(make_unit("LNK-1"), selected=SELECTED), until="unit")

    report = read_report(tmp_path / "run.jsonl")

    assert not report.is_complete
    assert report.result.is_interrupted
    assert count_up(report.result).verdict.value == "inconclusive"


def test_a_finding_outlives_a_run_that_is_killed_before_its_unit_ends(tmp_path: Path) -> None:
    record(tmp_path / "run.jsonl", make_result(make_unit(findings=[make_finding()])), until="finding")

    report = read_report(tmp_path / "run.jsonl")

    assert report.result.units == [UnitResult(UNIT, findings=[make_finding()])]


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_last_line_that_was_cut_is_a_run_that_was_cut(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "run.jsonl"
    record(path, full_result())
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(rows[:-1]) + rows[-1][:-cut].rstrip("}\n"), encoding="utf-8")

    report = read_report(path)

    assert not report.is_complete
    assert len(report.result.units) == 3


def test_a_subject_that_never_said_hello_leaves_a_complete_report(tmp_path: Path) -> None:
    record(tmp_path / "run.jsonl", make_result(hello=None, selected=SELECTED), error="no such file")

    report = read_report(tmp_path / "run.jsonl")

    assert report.is_complete
    assert report.error == "no such file"
    assert count_up(report.result).verdict.value == "subject error"


def change(row: int, **fields: Any) -> Any:
    def edit(rows: list[dict[str, Any]]) -> None:
        rows[row].update(fields)

    return edit


def change_finding(**fields: Any) -> Any:
    def edit(rows: list[dict[str, Any]]) -> None:
        rows[3]["findings"][0].update(fields)

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (change(0, format="other"), "expected the header of a letitcrash-report in line 1"),
        (change(0, version=9), "expected version 1 of letitcrash-report, got 9"),
        (change(0, seed="7"), "expected 'seed' to be a whole number, got '7' (in line 1"),
        (change(0, selected=["LNK-1", "XYZ-1"]), "expected clauses of the catalogue in line 1"),
        (change(1, hello={"protocol": 1}), "expected 'hello' to be a hello of the protocol"),
        (change(2, kind="surprise"), "expected 'kind' to be hello, finding, unit or footer, got 'surprise' (in line 3"),
        (change(3, examples=-1), "expected 'examples' to be a whole number, 0 or more, got -1 (in line 4"),
        (change(3, exercised={"LNK-1": "x"}), "expected 'LNK-1' to be a whole number, 0 or more, got 'x'"),
        (change(3, undecided=None), "expected 'undecided' to be an object, got None"),
        (change(3, seconds="x"), "expected 'seconds' to be a number, 0 or more, got 'x'"),
        (change_finding(step=9), "expected 'step' to be a step of the program, which has 3, got 9"),
        (change_finding(program=[{"op": "cal", "args": {}}]), "(in step 1 of 'program', entry 1 of 'findings', line 4"),
        (change_finding(program=[{"op": "reset", "args": {}}]), "expected an operation inside a world, got 'reset'"),
        (
            change_finding(answers=["yes"]),
            "expected the answer to be an answer with exactly one of",
        ),
        (change_finding(answers=[{"ok": None}] * 4), "expected 'answers' to be at most 3 answers, one for each operat"),
        (change_finding(differences=[1]), "expected 'differences' to be a list of texts, got [1]"),
        (change(6, interrupted="no"), "expected 'interrupted' to be true or false, got 'no' (in line 7"),
    ],
)
def test_nonsense_is_refused_with_its_line(tmp_path: Path, edit: Any, words: str) -> None:
    path = tmp_path / "run.jsonl"
    record(path, full_result())
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    edit(rows)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        read_report(path)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "got an empty file"),
        (b"hello\n", "expected JSON in line 1"),
        (b"[]\n", "expected an object in line 1"),
        (b"\xff\xfe", "got byte 0 that is none"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "run.jsonl").write_bytes(content)

    with pytest.raises(UsageError) as caught:
        read_report(tmp_path / "run.jsonl")

    assert words in str(caught.value)


def test_a_broken_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    record(path, full_result())
    rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*rows[:2], "{nonsense", *rows[2:]]) + "\n", encoding="utf-8")

    with pytest.raises(UsageError, match="expected JSON in line 3"):
        read_report(path)


def test_lines_after_the_footer_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    record(path, full_result())
    text = path.read_text(encoding="utf-8")
    path.write_text(text + text, encoding="utf-8")

    with pytest.raises(UsageError, match="expected nothing after the footer, got line 8"):
        read_report(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.jsonl.*No such file"):
        read_report(tmp_path / "missing.jsonl")


class FullDisk(io.StringIO):
    """Takes some lines, then has no room left."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, text: str) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= 1
        return super().write(text)


def test_a_full_disk_ends_the_recording_and_not_the_run() -> None:
    file = FullDisk(2)
    recorder = Recorder(file, subject="fake", selected=SELECTED, budget="20", seed=7)
    recorder.on_hello(HELLO)
    assert recorder.error is None

    recorder.on_unit_finished(make_unit("LNK-1"))
    file.room = 5
    recorder.finish(make_result(make_unit("LNK-1")))

    assert recorder.error is not None
    assert recorder.error.errno == errno.ENOSPC
    assert len(file.getvalue().splitlines()) == 2
