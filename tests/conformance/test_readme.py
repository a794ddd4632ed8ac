"""What README shows is true."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance.adapters import LANGUAGES, count_author_lines
from letitcrash_conformance.cli import make_parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
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


BROKEN = """
from dataclasses import replace

from letitcrash_conformance.subjects.reference import ReferenceSubject


class Broken(ReferenceSubject):
    @property
    def hello(self):
        return replace(super().hello, name="broken")

    async def observe(self, settle_ms):
        seen = await super().observe(settle_ms)
        for event in seen["events"]:
            if event["ev"] == "down" and event["reason"] == "killed":
                event["reason"] = "kill"
        return seen
"""
STORED: dict[str, Any] = {
    "format": "letitcrash-replay 1",
    "suite": "0.1.0",
    "subject": {"name": "broken:Broken"},
    "hello": {
        "protocol": 1,
        "name": "broken",
        "version": "0.1.0",
        "language": "python",
        "backends": ["async"],
        "clock": "virtual",
        "features": ["genserver", "monitors", "exit_signals"],
    },
    "clause": "MON-1",
    "backend": "async",
    "chapter": "monitors",
    "seed": 7,
    "example": 204,
    "origin": "search",
    "program": [
        {"op": "spawn", "args": {"as": "p1", "probe": {}}},
        {"op": "spawn", "args": {"as": "p2", "probe": {}}},
        {"op": "call", "args": {"to": "p2", "msg": ["monitor", "p1", "m3"]}},
        {"op": "exit", "args": {"to": "p1", "reason": "kill"}},
        {"op": "observe", "args": {"settle_ms": 10000}},
    ],
}


def test_the_failure_shown_is_what_a_planted_fault_prints(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "stored.json").write_text(json.dumps(STORED), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "letitcrash_conformance", "replay", "stored.json"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100", "CI": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (shown,) = re.findall(r"```text\n(MON-1 .*?)\n```", README, flags=re.DOTALL)
    shown, repeat_it = shown.rsplit("\n", 1)

    # A replay does not shrink, and says how often that very run repeated it.
    shown = re.sub(r"\(5 steps, shrunk from \d+\)", "(5 steps)", shown)
    shown = re.sub(r"failed again \d of \d times", "failed again 1 of 1 times", shown)
    assert done.returncode == 1, done.stdout + done.stderr
    assert shown in done.stdout
    assert re.fullmatch(r"repeat it  letitcrash replay \.letitcrash/MON-1-[0-9a-f]{6}\.json", repeat_it)


def test_the_sizes_of_the_smallest_adapters_are_counted() -> None:
    (sizes,) = re.findall(r"^The smallest adapter is (.*)\.$", README, flags=re.MULTILINE)
    shown = {name.lower(): int(lines) for lines, name in re.findall(r"(\d+)(?: lines of one's own)? in (\w+)", sizes)}
    assert shown == {language.name: count_author_lines(language) for language in LANGUAGES.values()}


def test_every_page_of_the_documentation_is_linked() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages == set(re.findall(r"\]\(docs/([\w-]+\.md)\)", README))


COMMANDS = re.findall(r"^    ([a-z-]+)(?: {2,}\S.*)?$", make_parser().format_help(), flags=re.MULTILINE)


def test_every_command_is_in_the_table() -> None:
    table = README.split("## The command line")[1].split("Exit codes:")[0]
    assert len(COMMANDS) >= 12
    assert [word for word in COMMANDS if f"letitcrash {word}" not in table] == []


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_shown_exists(word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "letitcrash_conformance", word, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
