"""Stored programs: repeated before every run of their subject, and of no other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from letitcrash_conformance import cli
from tests.support import planted

PLANTED = "tests.support.planted"
QUICK = ["--chapter", "registry", "--backend", "async", "--seed", "1", "-n", "1"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def letitcrash(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def stored(letitcrash: Run) -> Path:
    """A folder with one finding of `Forgetful`."""
    letitcrash("run", f"{PLANTED}:Forgetful", *QUICK, "--budget", "30", "-q")
    [path] = Path(".letitcrash").iterdir()
    return path


def claim(path: Path, subject: str) -> None:
    """Let a file say that it belongs to another subject."""
    path.write_text(path.read_text().replace(f"{PLANTED}:Forgetful", subject))


def test_what_is_stored_is_repeated_first_and_counts(letitcrash: Run, stored: Path) -> None:
    code, out, _ = letitcrash("run", f"{PLANTED}:Forgetful", *QUICK, "--budget", "30", "--json", "run.jsonl")

    rows = out.splitlines()
    assert code == 1
    assert rows[1] == f"stored   {stored}: still fails, REG-1 is broken (try 1 of 3)"
    assert rows[2].startswith("subject  ")
    assert f"repeat it  letitcrash replay {stored}" in out
    kinds = [json.loads(row)["kind"] for row in Path("run.jsonl").read_text().splitlines()]
    assert kinds[:4] == ["header", "hello", "finding", "unit"]
    assert letitcrash("report", "run.jsonl", "-q")[0] == 1


def test_what_is_stored_ends_a_run_that_stops_at_the_first_failure(letitcrash: Run, stored: Path) -> None:
    code, out, _ = letitcrash("run", f"{PLANTED}:Forgetful", *QUICK, "-x")

    assert code == 1
    assert "programs, " not in out
    assert "REG-1 MUST" in out
    assert [*stored.parent.iterdir()] == [stored]


def test_what_is_fixed_is_said_to_be_and_stays_until_it_is_pruned(letitcrash: Run, stored: Path) -> None:
    claim(stored, "reference")

    code, out, _ = letitcrash("run", "reference", *QUICK, "--budget", "30")
    again = letitcrash("replay")
    pruned = letitcrash("replay", "--prune")

    assert code == 0
    assert f"stored   {stored}: fixed, REG-1 holds in 3 of 3 tries" in out
    assert "1 fixed program in .letitcrash: stays and is repeated first in every run" in out
    assert again[0] == pruned[0] == 0
    assert f"deleted      {stored}" in pruned[1]
    assert not stored.exists()


def test_many_fixed_ones_are_counted_and_not_all_named(letitcrash: Run, stored: Path) -> None:
    claim(stored, "reference")
    for number in range(5):
        stored.with_name(f"copy-{number}.json").write_text(stored.read_text())

    out = letitcrash("run", "reference", *QUICK, "--budget", "1")[1]
    verbose = letitcrash("run", "reference", *QUICK, "--budget", "1", "-v")[1]

    assert out.count(": fixed, ") == 3
    assert "6 fixed programs in .letitcrash, 3 more than are named here: stay and are repeated" in out
    assert verbose.count(": fixed, ") == 6


@pytest.mark.parametrize(
    "words",
    [
        ["reference"],
        [f"{PLANTED}:Forgetful", "--skip-stored"],
        [f"{PLANTED}:Forgetful", "--clauses", "REG-2"],
        [f"{PLANTED}:Forgetful", "--backend", "thread"],
    ],
)
def test_other_subjects_clauses_and_backends_are_left_out(letitcrash: Run, stored: Path, words: list[str]) -> None:
    rest = [*QUICK[:2], *QUICK[4:]] if "--backend" in words else QUICK

    out = letitcrash("run", *words, *rest, "--budget", "1")[1]

    assert "stored  " not in out
    assert stored.exists()


def test_a_broken_file_is_named_and_does_not_stop_a_run(letitcrash: Run, stored: Path) -> None:
    claim(stored, "reference")
    (stored.parent / "a.json").write_text('{"format": ')
    (stored.parent / "b.json").mkdir()

    code, out, err = letitcrash("run", "reference", *QUICK, "--budget", "30")

    assert code == 0
    assert f"{stored}: fixed" in out
    assert f"expected JSON in {stored.parent / 'a.json'}, line 1" in err
    assert f"expected a replay file in {str(stored.parent / 'b.json')!r}, got something that is no file" in err
    assert err.count("the run goes on without this file") == 2


def test_a_failure_that_is_known_is_known_in_the_store_too(letitcrash: Run, stored: Path) -> None:
    Path("known.toml").write_text('[[known]]\nclause = "REG-1"\nkind = "failing"\nreason = "names come later"\n')

    out = letitcrash("run", f"{PLANTED}:Forgetful", *QUICK, "--budget", "30", "--known", "known.toml")[1]

    assert f"stored   {stored}: known, REG-1 is broken" in out


def test_a_harness_that_breaks_on_what_is_stored_is_a_subject_error(letitcrash: Run, stored: Path) -> None:
    claim(stored, f"{PLANTED}:Lame")

    code, out, _ = letitcrash("run", f"{PLANTED}:Lame", *QUICK, "--budget", "1")

    assert code == 4
    assert f"stored   {stored}: cannot run" in out


def test_a_subject_that_cannot_be_started_is_told_once(letitcrash: Run, stored: Path) -> None:
    claim(stored, f"{PLANTED}:stillborn")

    code, _, err = letitcrash("run", f"{PLANTED}:stillborn", *QUICK)

    assert code == 4
    assert err.startswith("letitcrash: subject error: start of the harness")


def test_ctrl_c_while_what_is_stored_is_repeated_shows_what_was_found(
    letitcrash: Run, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.with_name("z.json").write_text(stored.read_text())
    programs = iter([planted.Forgetful, planted.Interrupted])
    monkeypatch.setattr(planted.Interrupted, "programs", 200)
    monkeypatch.setattr(planted, "Forgetful", lambda: next(programs)())

    code, out, _ = letitcrash("run", f"{PLANTED}:Forgetful", *QUICK)

    assert code == 130
    assert "REG-1 MUST" in out
    assert "INTERRUPTED" in out
