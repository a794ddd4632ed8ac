"""The tutorial is true: everything it tells the reader to write and to run is written and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from letitcrash_conformance.adapters import LANGUAGES, count_author_lines

DOCS = Path(__file__).parents[2] / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND_S = 280


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, what stands beside it, and its text."""

    kind: str
    options: dict[str, str]
    text: str


def read_blocks(text: str) -> list[Block]:
    return [
        Block(kind, dict(word.split("=", 1) for word in options.split()), text)
        for kind, options, text in BLOCK.findall(text)
    ]


class Reader:
    """Somebody who does what the tutorial says, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        beside = Path(sys.executable).parent
        self.env = {**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100", "CI": "1"}

    def follow(self, block: Block) -> None:
        match block.kind:
            case "console":
                self.run(block)
            case "diff":
                self.patch(self.folder / block.options["file"], block.text)
            case "python":
                (self.folder / block.options["file"]).write_text(block.text, encoding="utf-8")
            case kind:
                raise AssertionError(f"expected a block that can be followed, got {kind!r}")

    def patch(self, path: Path, diff: str) -> None:
        old, new = ("".join(line[1:] + "\n" for line in diff.splitlines() if line[0] == sign) for sign in "-+")
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, block: Block) -> None:
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            if command.startswith("cd "):
                self.folder = (self.folder / command[3:]).resolve(strict=True)
                continue
            done = subprocess.run(
                command,
                shell=True,
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=COMMAND_S,
                check=False,
            )
            codes = block.options.get("exit", "0").split(",")
            assert str(done.returncode) in codes, f"{command}\n{done.stdout}\n{done.stderr}"
            assert_shown(shown, done.stdout, command)


def assert_shown(shown: str, printed: str, command: str) -> None:
    """Check that what is shown was printed; `...` stands for anything, and at the end of a line for its rest."""
    pattern = ""
    for line in shown.splitlines():
        if line == "...":
            pattern += "(?:.*\n)*?"
        elif line.endswith("..."):
            pattern += re.escape(line.removesuffix("...")) + ".*\n"
        else:
            pattern += re.escape(line) + "\n"
    if shown:
        assert re.fullmatch(pattern, f"{printed.rstrip()}\n"), f"{command}\nshown:\n{shown}\nprinted:\n{printed}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", ["tutorial.md", "in-process.md"])
def test_who_follows_a_page_sees_what_it_shows(tmp_path: Path, page: str) -> None:
    reader = Reader(tmp_path)
    followed = 0
    for block in read_blocks((DOCS / page).read_text(encoding="utf-8")):
        if shutil.which(block.options.get("needs", "sh")):
            reader.follow(block)
            followed += 1
    assert followed >= 10


def test_the_tutorial_lists_every_language_as_it_is() -> None:
    for language in LANGUAGES.values():
        build = f"`{' '.join(language.build)}`" if language.build else ""
        cells = (
            f"`{language.name}`",
            f"`{language.adapter}`",
            build,
            f"`{' '.join(language.command)}`",
            str(count_author_lines(language)),
        )
        assert f"| {' | '.join(cells)} |\n" in TUTORIAL
