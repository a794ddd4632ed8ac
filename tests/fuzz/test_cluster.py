"""`letitcrash fuzz --cluster`: workers that are killed lose nothing, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from letitcrash_conformance.cli import main
from letitcrash_fuzz.campaign import campaign
from letitcrash_fuzz.cluster import load_dask
from letitcrash_fuzz.cluster_here import ClusterHere
from letitcrash_fuzz.knowledge import MAX_EACH, Knowledge
from letitcrash_fuzz.target import Target
from tests.fuzz.planted import MARK, KilledWrong
from tests.fuzz.test_fuzz_command import BOUND_S, ROOT, words

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="dask.distributed is not installed: letitcrash[cluster]"
)
RUNS = 45


def start(folder: Path, subject: str, *more: str, mark: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "letitcrash_conformance", *words(folder, subject, *more), "--cluster"]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """End a campaign and all of its workers, whatever became of it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def left_over(group: int) -> list[str]:
    """Return the processes of a group that are there still; those that are dead and not buried do not count."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text("utf-8").rpartition(")")
        except OSError:
            continue
        state, _, its_group = rest.split()[:3]
        if int(its_group) == group and state != "Z":
            found.append(name)
    return found


@needs_dask
def test_a_worker_of_a_cluster_that_is_killed_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = tmp_path / "report.json"
    mark = tmp_path / "mark"
    process = start(
        *(tmp_path, "tests.fuzz.planted:KilledWrong", "--chapter", "registry", "--engine", "random"),
        *("--runs", str(RUNS), "-n", "2", "--json", str(report)),
        mark=str(mark),
    )
    try:
        shown, errors = process.communicate(timeout=BOUND_S)
    finally:
        end(process)

    assert process.returncode == 1, errors
    assert mark.exists()
    assert errors == ""
    data = json.loads(report.read_text("utf-8"))
    [target] = data["targets"].values()
    assert data["executions"] == target["executions"] == RUNS
    assert target["troubles"] == 0
    assert f"ran       {RUNS} programs" in shown
    monkeypatch.setenv(MARK, str(mark))
    settled = Knowledge(settled=Counter(dict.fromkeys(target["violations"], MAX_EACH)))  # there is no need to shrink
    here = campaign(Target(KilledWrong, "registry", "async", "random", 1), 0, RUNS, settled)
    visited = {feature: hits for feature, hits in target["hits"].items() if not feature.startswith("code ")}
    assert visited == here.learned.hits
    assert target["violations"] == here.violations
    assert {find["clause"] for find in data["finds"]} == set(here.violations)
    assert {find["replay"] for find in data["finds"]} == {path.name for path in (tmp_path / "replays").iterdir()}


@needs_dask
def test_ctrl_c_ends_a_cluster_of_this_machine(tmp_path: Path) -> None:
    process = start(tmp_path, "tests.fuzz.planted:KilledWrong", "--chapter", "registry", "-n", "2", mark=str(tmp_path))
    try:
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("found"):
            assert line, "it ended before anything was found"
        os.killpg(process.pid, signal.SIGINT)
        shown, errors = process.communicate(timeout=BOUND_S)
        deadline = time.monotonic() + BOUND_S
        while (left := left_over(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.05)  # what multiprocessing started to tidy up behind its processes ends after them
        assert not left
    finally:
        end(process)

    assert process.returncode == 130, errors
    assert errors == ""
    assert "interrupted; the same command goes on from here" in shown
    assert list((tmp_path / "replays").glob("*.json"))


@needs_dask
def test_a_worker_whose_nanny_is_gone_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letitcrash_fuzz.cluster_here.REPLACE_S", 0.0)
    here = ClusterHere(load_dask(), 1, tmp_path)
    try:
        [nanny] = here.inner.workers.values()
        former = nanny.pid
        here.inner.sync(nanny.close)
        deadline = time.monotonic() + BOUND_S
        while not (pids := [other.pid for other in here.inner.workers.values() if other.pid not in (None, former)]):
            assert time.monotonic() < deadline, "no other worker came"
            here.mend()
            time.sleep(0.05)
    finally:
        here.close()

    assert len(pids) == 1


@needs_dask
def test_a_scheduler_that_does_not_answer_is_named(
    tmp_path: Path,
) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "letitcrash_conformance"),
            *words(tmp_path, "reference", "--chapter", "registry", "--cluster", "carrier-pigeon://1:1"),
        ],
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        cwd=ROOT,
        check=False,
    )

    assert result.returncode == 2
    assert "expected a dask cluster at 'carrier-pigeon://1:1'" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_dask_one_line_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setitem(sys.modules, "distributed", None)

    assert main(words(tmp_path, "reference", "--chapter", "registry", "--cluster")) == 2
    shown = capsys.readouterr().err
    assert "expected dask.distributed to be installed for --cluster" in shown
    assert 'pip install "letitcrash[cluster]"' in shown
