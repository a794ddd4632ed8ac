"""`letitcrash fuzz`: what it shows and keeps, how it goes on, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from letitcrash_conformance.cli import main
from letitcrash_fuzz.store import Store
from letitcrash_fuzz.totals import Totals
from tests.fuzz.planted import MARK

ROOT = Path(__file__).parents[2]
BOUND_S = 120


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # subjects are named as modules of the current folder


def words(folder: Path, subject: str, *more: str) -> list[str]:
    return [
        *("fuzz", subject, "--minutes", "2", "--seed", "1", "--color", "never"),
        *("--corpus", str(folder / "campaign"), "--replay-dir", str(folder / "replays")),
        *more,
    ]


def test_a_campaign_is_kept_and_goes_on_where_it_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = main(words(tmp_path, "reference", "--chapter", "registry", "--runs", "30", "--engine", "random"))
    capsys.readouterr()
    report = tmp_path / "report.json"
    second = main(
        words(
            tmp_path, "reference", "--chapter", "registry", "--runs", "20", "--engine", "random", "--json", str(report)
        )
    )
    shown = capsys.readouterr().out

    assert (first, second) == (0, 0)
    assert "goes on in" in shown
    assert "30 programs, 0 finds so far" in shown
    assert "; 30 in earlier runs" in shown
    data = json.loads(report.read_text("utf-8"))
    assert data["executions"] == 20
    target = data["targets"]["registry-async"]
    assert target["executions"] == 50
    assert target["visited"]["state"] > 5
    assert target["corpus"] == len(list((tmp_path / "campaign" / "registry-async" / "corpus").iterdir()))


def test_a_find_becomes_a_replay_file_that_repeats_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(words(tmp_path, "tests.support.planted:Forgetful", "--chapter", "registry", "--runs", "60"))
    shown = capsys.readouterr().out
    replays = sorted((tmp_path / "replays").glob("*.json"))

    assert code == 1
    assert "new violation" in shown
    assert replays
    assert main(["replay", str(replays[0])]) == 1
    assert "STILL FAILS" in capsys.readouterr().out


def test_a_worker_that_is_killed_is_replaced_and_its_input_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARK, str(tmp_path / "mark"))

    code = main(
        words(tmp_path, "tests.fuzz.planted:Killed", "--chapter", "registry", "--runs", "30", "--engine", "random")
    )
    shown = capsys.readouterr().out

    assert code == 4
    assert "was killed by SIGKILL" in shown
    [kept] = (tmp_path / "campaign" / "registry-async" / "troubles").glob("*.bin")
    assert "execution 11 of target registry-async" in kept.with_suffix(".txt").read_text("utf-8")
    assert "ran       29 programs" in shown
    assert main(words(tmp_path, "reference", "--chapter", "registry", "--input", str(kept))) == 0
    assert "it holds" in capsys.readouterr().out


def test_ctrl_c_keeps_and_shows_what_was_found(tmp_path: Path) -> None:
    command = words(tmp_path, "tests.support.planted:Forgetful", "--chapter", "registry")
    process = subprocess.Popen(
        [sys.executable, "-m", "letitcrash_conformance", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("found"):
            assert line, "it ended before anything was found"
        os.killpg(process.pid, signal.SIGINT)
        shown, errors = process.communicate(timeout=BOUND_S)
    finally:
        process.kill()
        process.communicate()

    assert process.returncode == 130, errors
    assert "interrupted; the same command goes on from here" in shown
    assert "Traceback" not in errors
    assert list((tmp_path / "replays").glob("*.json"))
    state = json.loads((tmp_path / "campaign" / "registry-async" / "state.json").read_text("utf-8"))
    assert state["finds"]


def test_a_corpus_is_made_smaller_and_visits_as_much(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(words(tmp_path, "reference", "--chapter", "genserver", "--runs", "25", "--engine", "swarm"))
    corpus = tmp_path / "campaign" / "genserver-async" / "corpus"
    before = len(list(corpus.iterdir()))
    capsys.readouterr()

    code = main(words(tmp_path, "reference", "--chapter", "genserver", "--minimize"))

    assert code == 0
    assert f"of {before} inputs" in capsys.readouterr().out
    assert 0 < len(list(corpus.iterdir())) <= before


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--minutes", "0"), "expected a number of minutes above zero"),
        (("--runs", "0"), "expected a number of programs above zero"),
        (("-n", "0"), "expected a number of processes above zero"),
        (("--engine", "magic"), "expected an engine (guided, swarm, random, atheris), got 'magic'"),
        (("--chapter", "nonsense"), "expected a chapter"),
        (("--backend", "gpu"), "expected a backend of reference"),
        (("--instrument", "no_such_package"), "expected a package to instrument, got 'no_such_package'"),
        (("--json", "/no/such/folder/x.json"), "expected a file to write to with --json"),
        (("--minimize",), "expected a corpus"),
        (("--chapter", "links", "--input", "/no/such/file"), "expected an input"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], complaint: str
) -> None:
    assert main(words(tmp_path, "reference", *more)) == 2
    assert complaint in capsys.readouterr().err


def test_two_campaigns_do_not_share_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path / "campaign")
    try:
        assert main(words(tmp_path, "reference", "--chapter", "links")) == 2
    finally:
        store.close()

    assert "expected a folder in which no other campaign is at work" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "something else"}', '{"format": "letitcrash-fuzz 1"}'])
def test_a_broken_state_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    folder = tmp_path / "campaign" / "links-async"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text(text, "utf-8")

    assert main(words(tmp_path, "reference", "--chapter", "links")) == 2
    assert "expected the state of a campaign in" in capsys.readouterr().err


def test_what_is_known_is_read_as_it_was_written(tmp_path: Path) -> None:
    totals = Totals(next=7, executions=6, operations=50)
    totals.knowledge.learn(b"\x01\xff\x02", ["state a", "code x.py:3"], "mutant")
    store = Store(tmp_path)
    store.save("links-async", totals)
    again, strangers = store.load("links-async")
    (tmp_path / "links-async" / "corpus" / "mine").write_bytes(b"\x05")
    _, added = store.load("links-async")
    store.close()

    assert (again.next, again.executions, again.operations) == (7, 6, 50)
    assert again.knowledge.best == totals.knowledge.best
    assert again.knowledge.hits == totals.knowledge.hits
    assert again.knowledge.frontier == totals.knowledge.frontier
    assert strangers == []
    assert added == [b"\x05"]
