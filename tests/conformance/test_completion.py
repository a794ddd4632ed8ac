"""Completion of command lines: what is offered, and that real shells ask for it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from letitcrash_conformance import cli
from letitcrash_conformance.parser_walk import commands_of

Ask = Callable[[str], list[str]]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def offered(capsys: pytest.CaptureFixture[str]) -> Ask:
    def ask(line: str) -> list[str]:
        assert cli.main(["completion", "bash", "--line", line]) == 0
        return capsys.readouterr().out.splitlines()

    return ask


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("letitcrash exp", ["explain"]),
        ("letitcrash run --ch", ["--chapter"]),
        ("letitcrash run --chapter m", ["monitors"]),
        ("letitcrash run --chapter links,m", ["links,monitors"]),
        ("letitcrash run --chapter=links,m", ["--chapter=links,monitors"]),
        ("letitcrash run --chapter links --ch", ["--chapter"]),
        ("letitcrash run --strict --str", []),
        ("letitcrash run --budget s", ["smoke"]),
        ("letitcrash run -n 2 --budget de", ["default", "deep"]),
        ("letitcrash run ref", ["reference"]),
        ("letitcrash run reference ref", []),
        ("letitcrash run --clauses reg-2", ["REG-2", "REG-20"]),
        ("letitcrash explain BACK-1 back-2", ["BACK-2"]),
        ("letitcrash explain --color a", ["auto", "always"]),
        ("letitcrash spec tim", ["timers"]),
        ("letitcrash spec --keyword SH", ["SHOULD"]),
        ("letitcrash completion f", ["fish"]),
        ("letitcrash new-adapter ru", ["rust"]),
        ("letitcrash new-adapter rust ", [":files"]),
        ("letitcrash replay .let", [":files"]),
        ("letitcrash run --html=", [":files"]),
        ("letitcrash run 'ref", ["reference"]),
        ("letitcrash --v", ["--version"]),
        ("letitcrash nonsense --x ", []),
        ("letitcrash run --seed ", []),
        ("letitcrash run -- --ch", []),
    ],
)
def test_what_could_come_next_is_offered(offered: Ask, line: str, expected: list[str]) -> None:
    words = offered(line)

    assert [word for word in expected if word not in words] == []
    if line != "letitcrash run --clauses reg-2":
        assert words == expected


def test_every_command_and_every_option_is_offered(offered: Ask) -> None:
    commands = commands_of(cli.make_parser())

    assert offered("letitcrash ") == [*commands]
    assert {"run", "replay", "config", "completion"} <= commands.keys()
    for command in commands:
        options = offered(f"letitcrash {command} --")
        assert "--help" in options
        assert "--color" in options
    assert not {"--line", "--told"} & {*offered("letitcrash completion bash --")}


def test_subjects_that_the_settings_name_are_offered_and_a_broken_file_is_no_obstacle(offered: Ask) -> None:
    Path("letitcrash.toml").write_text('[subjects.mine]\nsubject = "reference"\n')
    assert offered("letitcrash run mi") == ["mine"]
    assert offered("letitcrash doctor m") == ["mine"]

    Path("letitcrash.toml").write_text("[subjects")
    assert offered("letitcrash run e") == ["erlang", "elixir"] or offered("letitcrash run e") == ["elixir", "erlang"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The command, as a program with its own name."""
    path = tmp_path / "bin" / "letitcrash"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m letitcrash_conformance "$@"\n')
    path.chmod(0o755)
    return path


def run_shell(shell: str, script: str, program: Path) -> list[str]:
    words = [shell, "--no-config", "-c", script] if shell == "fish" else [shell, "-c", script]
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(program.parent)}
    done = subprocess.run(words, env=env, text=True, capture_output=True, timeout=120, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes(program: Path) -> None:
    Path("name with blanks.json").touch()
    script = "source <(letitcrash completion bash)\ncomplete -p letitcrash\n"
    for line, words in [
        ("letitcrash repl", ["letitcrash", "repl"]),
        ("letitcrash run --chapter=li", ["letitcrash", "run", "--chapter", "=", "li"]),
        ("letitcrash run --color=", ["letitcrash", "run", "--color", "="]),
        ("letitcrash replay na", ["letitcrash", "replay", "na"]),
    ]:
        script += (
            f"COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({shlex.join(words)})\n"
            f"COMP_CWORD={len(words) - 1}; _letitcrash; (IFS=,; printf '%s\\n' \"${{COMPREPLY[*]}}\")\n"
        )

    assert run_shell("bash", script, program) == [
        "complete -F _letitcrash letitcrash",
        "replay",
        "links",
        "auto,always,never",
        "name with blanks.json",
    ]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_completes(program: Path) -> None:
    script = (
        "source <(letitcrash completion zsh)\n"
        "compadd() { print -l -- $words_found; print -l -- $told }\n_files() { print -- files }\n"
        "words=(letitcrash run --ch); CURRENT=3; PREFIX=--ch; _letitcrash\n"
        "words=(letitcrash replay x); CURRENT=3; PREFIX=x; _letitcrash\n"
    )

    offered = run_shell("zsh", script, program)

    assert offered[0] == "--chapter"
    assert offered[1].startswith("--chapter  -- run these alone")
    assert offered[2:] == ["files"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes(program: Path) -> None:
    Path("found.json").touch()
    script = (
        "letitcrash completion fish | source\n"
        "complete -C 'letitcrash run --ch'\ncomplete -C 'letitcrash explain BACK-11'\n"
        "complete -C 'letitcrash replay fo'\n"
    )

    offered = run_shell("fish", script, program)

    assert offered[0].startswith("--chapter\trun these alone")
    assert offered[1].startswith("BACK-11\t")
    assert offered[2].startswith("found.json")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_a_script_that_says_how_to_use_it(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert cli.main(["completion", shell]) == 0

    assert f"letitcrash completion {shell}" in capsys.readouterr().out
