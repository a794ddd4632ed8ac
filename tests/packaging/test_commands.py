"""The commands of everyday work say what they need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands of development need bash and make")


def run(*command: str | Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": path or os.environ["PATH"]}
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=120, check=False, env=environment
    )


def old_python(folder: Path, name: str) -> Path:
    """Write a Python that says it is too old."""
    python = folder / name
    python.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.10" && exit 0\nexit 1\n', "utf-8")
    python.chmod(0o755)
    return python


def test_a_python_that_is_too_old_is_refused_by_name(tmp_path: Path) -> None:
    done = run(ROOT / ".ci" / "venv", tmp_path / "venv", old_python(tmp_path, "python3"))

    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "is Python 3.8.10" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_machine_without_a_new_python_is_told_what_to_do(tmp_path: Path) -> None:
    for tool in ("bash", "env"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    old_python(tmp_path, "python3")

    done = run(ROOT / ".ci" / "venv", tmp_path / "venv", path=str(tmp_path))

    assert done.returncode == 1
    assert "needs Python 3.11 or newer, found Python 3.8.10" in done.stderr
    assert "make run PYTHON=" in done.stderr


def test_an_environment_is_made_with_the_python_that_is_named(tmp_path: Path) -> None:
    done = run(ROOT / ".ci" / "venv", tmp_path / "venv", sys.executable)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "venv" / "bin" / "python").exists()


def test_an_unknown_step_is_refused_with_the_known_ones() -> None:
    done = run(ROOT / ".ci" / "run", "formatt")

    assert done.returncode == 2
    assert done.stderr == (
        "expected steps among: format lint imports types tests package conformance docs, got 'formatt'\n"
    )


def test_the_steps_in_the_guide_are_those_that_exist() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    found = re.search(r"readonly steps=\(([a-z ]+)\)", script)
    assert found is not None
    steps = found[1].split()

    assert sorted(re.findall(r"^step_([a-z]+)\(\)", script, re.MULTILINE)) == sorted(steps)
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert [step for step in steps if f"`{step}`" not in guide] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_lists_its_commands_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "-C", str(ROOT)], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )

    listed = re.findall(r"^  make ([a-z-]+)", done.stdout, re.MULTILINE)
    assert {"run", "test", "bench", "lint", "clean"} <= set(listed)
