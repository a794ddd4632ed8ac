"""What README shows is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def block_with(word: str) -> str:
    (block,) = [block for block in BLOCKS if word in block]
    return str(block)


def test_the_example_of_the_reference_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", block_with("asyncio.run")], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("5\n", "")


def test_the_example_of_a_subject_is_a_subject() -> None:
    scope: dict[str, Any] = {}
    exec(block_with("class MySubject"), scope)
    subject = scope["MySubject"]()
    try:
        assert subject.hello.name == "mine"
    finally:
        subject.close()


@pytest.mark.parametrize("word", ["run", "replay", "spec", "explain", "report"])
def test_every_command_shown_exists(word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "letitcrash_conformance", word, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
