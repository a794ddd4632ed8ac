"""`letitcrash fuzz A --against B`: where two subjects differ, the model says who is right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from letitcrash_conformance.cli import main
from tests.fuzz.test_fuzz_command import ROOT, words


def test_the_subject_that_is_wrong_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    report = tmp_path / "report.json"

    code = main(
        words(
            *(tmp_path, "reference", "--against", "tests.fuzz.planted:Polite", "--chapter", "registry"),
            *("--backend", "async", "--runs", "60", "--json", str(report)),
        )
    )
    shown = capsys.readouterr().out

    assert code == 1
    assert "--against tests.fuzz.planted:Polite --chapter registry --backend async --seed 1" in shown
    data = json.loads(report.read_text("utf-8"))
    wrong = [each for each in data["differences"] if each["kind"] == "left_right"]
    assert wrong
    assert all(each["case"]["repeats"] == each["case"]["tries"] for each in wrong)
    assert data["visited"]["state"] > 5


def test_a_subject_does_not_differ_from_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    code = main(
        words(
            *(tmp_path, "reference", "--against", "letitcrash_conformance.subjects.reference:ReferenceSubject"),
            *("--chapter", "registry", "--backend", "async", "--runs", "40", "--engine", "random"),
        )
    )

    assert code == 0
    assert "no difference" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--cluster",), "expected --against without --cluster"),
        (("-n", "2"), "expected --against without -n"),
        (("--chapter", "poetry"), "expected a chapter that both support, got poetry"),
        (("--backend", "gpu"), "expected a backend of"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], complaint: str
) -> None:
    assert main(words(tmp_path, "reference", "--against", "reference", *more)) == 2
    assert complaint in capsys.readouterr().err
