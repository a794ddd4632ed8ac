"""The file of settings: where it is found, what may stand in it, and that the command line wins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from letitcrash_conformance import cli
from letitcrash_conformance.config import find_config, read_config
from letitcrash_conformance.config_lines import find_lines
from letitcrash_conformance.errors import UsageError

PLANTED = "tests.support.planted"

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


def settings(out: str) -> dict[str, tuple[str, str]]:
    """Return what `letitcrash config` shows: key -> value and source."""
    rows = [row.split(maxsplit=1) for row in out.splitlines()[2:] if "  " in row]
    return {key: (rest.rpartition("  ")[0].strip(), rest.rpartition("  ")[2]) for key, rest in rows}


def write(text: str, name: str = "letitcrash.toml") -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_the_nearest_folder_that_has_a_file_decides(tmp_path: Path) -> None:
    write("[tool.letitcrash]\nseed = 1\n", "pyproject.toml")
    write("[project]\nname = 'x'\n", "deep/pyproject.toml")
    (tmp_path / "deep" / "er").mkdir()

    assert find_config(tmp_path / "deep" / "er") == tmp_path / "pyproject.toml"
    write("seed = 2\n", "deep/letitcrash.toml")
    assert find_config(tmp_path / "deep" / "er") == tmp_path / "deep" / "letitcrash.toml"


def test_its_own_file_wins_in_the_same_folder(tmp_path: Path) -> None:
    write("[tool.letitcrash]\nseed = 1\n", "pyproject.toml")
    write("seed = 2\n")

    assert find_config(tmp_path) == tmp_path / "letitcrash.toml"


def test_every_option_shows_its_value_and_whence_it_comes(letitcrash: Run) -> None:
    write('[tool.letitcrash]\nbudget = 40\nchapter = "links"\nreplay_dir = "kept"\nstrict = true\n', "pyproject.toml")

    code, out, _ = letitcrash("config", "reference", "--chapter", "timers", "-v")

    shown = settings(out)
    assert code == 0
    assert shown["subject"] == ('"reference"', "command line")
    assert shown["budget"] == ('"40"', "pyproject.toml, line 2")
    assert shown["chapter"] == ('["timers"]', "command line")
    assert shown["replay-dir"][0].endswith('kept"')
    assert shown["strict"] == ("true", "pyproject.toml, line 5")
    assert shown["verbose"] == ("true", "command line")
    assert shown["seed"] == ("-", "default")


def test_of_options_that_exclude_each_other_the_command_line_chooses(letitcrash: Run) -> None:
    write('quiet = true\ncommand = ["./harness"]\n')

    shown = settings(letitcrash("config", "reference", "-v")[1])

    assert (shown["quiet"][0], shown["verbose"][0]) == ("false", "true")
    assert (shown["subject"][0], shown["command"][0]) == ('"reference"', "-")


def test_a_run_does_what_the_file_says(letitcrash: Run) -> None:
    write('subject = "reference"\nchapter = ["registry"]\nbackend = ["async"]\nbudget = 5\nseed = 9\nprocesses = 1\n')

    code, out, _ = letitcrash("run")

    assert code in (0, 3)
    assert "judging reference: 33 clauses, budget 5, seed 9, 1 process" in out


def test_no_file_is_read_if_asked_and_another_one_if_named(letitcrash: Run) -> None:
    write("seed = 1\n")
    write("seed = 2\n", "other.toml")

    without = letitcrash("config", "--no-config")[1]
    other = letitcrash("config", "--config", "other.toml")[1]

    assert settings(without)["seed"] == ("-", "default")
    assert settings(other)["seed"] == ("2", "other.toml, line 1")


def test_a_named_subject_is_run_with_its_folder_and_variables(letitcrash: Run) -> None:
    harness = Path(__file__).parents[1] / "support" / "harnesses" / "good.py"
    write(
        "import os, runpy\nassert os.environ['WHO_IS_IT'] == 'me', 'no variable'\nassert os.path.exists('here.py')\n"
        f"runpy.run_path({str(harness)!r}, run_name='__main__')\n",
        "build/here.py",
    )
    write(
        f"[subjects.my_own]\ncommand = [{sys.executable!r}, 'here.py']\ncwd = 'build'\n"
        "env = { WHO_IS_IT = 'me' }\nstart_timeout = 60\n"
    )

    code, out, err = letitcrash("run", "my_own", "--budget", "1", "--seed", "1", "-n", "1")

    assert code != 2, err
    assert code != 4, out + err
    assert "judging my_own: " in out


def test_a_finding_of_a_named_subject_is_repeated_by_its_name(letitcrash: Run) -> None:
    write(f'[subjects.mine]\nsubject = "{PLANTED}:Forgetful"\n')
    code, _, _ = letitcrash("run", "mine", "--chapter", "registry", "--backend", "async", "--budget", "30", "-n", "1")

    again = letitcrash("replay", ".letitcrash")
    lost = letitcrash("replay", ".letitcrash", "--no-config")

    assert (code, again[0]) == (1, 1), again
    assert "STILL FAILS" in again[1]
    assert lost[0] == 2
    assert "expected a subject, got 'mine'" in lost[2]


WRONG: list[tuple[str, str, str]] = [
    ("bugdet = 1\n", "expected an option, got 'bugdet': did you mean 'budget'?", "line 1"),
    ("\nseed = '1'\n", "expected 'seed' to be a whole number, got '1'", "line 2"),
    ("seed = true\n", "expected 'seed' to be a whole number, got True", "line 1"),
    ("budget = 1.5\n", "expected 'budget' to be a text or a whole number, got 1.5", "line 1"),
    ("chapter = [1]\n", "expected 'chapter' to be a text or a list of texts, got [1]", "line 1"),
    ("chapter = []\n", "expected 'chapter' to be a text or a list of texts, got []", "line 1"),
    ("strict = 1\n", "expected 'strict' to be true or false, got 1", "line 1"),
    ("schedules = 'all'\n", "expected 'schedules' to be one of tasks, threads, lines, got 'all'", "line 1"),
    ("json = 7\n", "expected 'json' to be a text, got 7", "line 1"),
    ("command = 'x'\nsubject = 'y'\n", "expected one of 'command' and 'subject', got both", "line 2"),
    ("quiet = true\nverbose = true\n", "expected one of 'quiet' and 'verbose', got both", "line 2"),
    ("replay-dir = 'a'\nreplay_dir = 'b'\n", "expected 'replay-dir' once", "line 2"),
    ("config = 'x'\n", "expected an option, got 'config'", "line 1"),
    ("subjects = 3\n", "expected 'subjects' to be a table, got 3", "line 1"),
    ("[subjects]\nmine = 3\n", "expected 'mine' to be a table, got 3", "line 2"),
    ("[subjects.mine]\n", "expected 'subject' or 'command' for subject 'mine', got neither", "line 1"),
    ("[subjects.mine]\ncommand = 'x'\nsubject = 'y'\n", "for subject 'mine', got both", "line 1"),
    ("[subjects.mine]\ncomand = 'x'\n", "expected a key of subject 'mine', got 'comand': did you mean", "line 2"),
    ("[subjects.mine]\ncommand = []\n", "expected 'command' to be a text or a list of texts, got []", "line 2"),
    ("[subjects.mine]\ncommand = 'x'\ncwd = 'gone'\n", "expected 'cwd' to be a folder", "line 3"),
    ("[subjects.mine]\ncommand = 'x'\nenv = {A = 1}\n", "expected variable 'A' of 'env' to be a text, got 1", "line 3"),
    ("[subjects.mine]\ncommand = 'x'\nsilence = 0\n", "expected 'silence' to be a number of seconds", "line 3"),
    ("[subjects.mine]\nsubject = 'x:y'\nenv = {A = 'b'}\n", "expected 'env' beside a 'command'", "line 3"),
    ("[subjects.erlang]\ncommand = 'x'\n", "got 'erlang', which is shipped", "line 1"),
    ("[subjects.'a:b']\ncommand = 'x'\n", "expected a name without ':'", "line 1"),
    ("seed = \n", "expected TOML in", "line 1"),
]


@pytest.mark.parametrize(("text", "words", "line"), WRONG)
def test_what_is_wrong_in_the_file_is_refused_with_file_line_and_key(
    letitcrash: Run, text: str, words: str, line: str
) -> None:
    write(text)

    code, _, err = letitcrash("run", "reference", "--budget", "1") if "command" not in text else letitcrash("run")

    assert code == 2
    assert words in err
    assert "letitcrash.toml" in err
    assert line in err


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff", "expected UTF-8 text"), (None, "could not read it: Is a directory")],
)
def test_a_file_that_cannot_be_read_is_refused(letitcrash: Run, content: bytes | None, words: str) -> None:
    path = Path("mine.toml")
    path.mkdir() if content is None else path.write_bytes(content)

    code, _, err = letitcrash("run", "reference", "--config", "mine.toml")

    assert code == 2
    assert words in err
    assert "--no-config" in err


def test_a_pyproject_that_is_named_needs_the_table(tmp_path: Path) -> None:
    write("[project]\n", "pyproject.toml")

    with pytest.raises(UsageError, match=r"expected a table \[tool.letitcrash\]"):
        read_config(tmp_path / "pyproject.toml")


def test_an_unknown_subject_is_told_the_names_that_the_file_gives(letitcrash: Run) -> None:
    write("[subjects.mine]\nsubject = 'reference'\n")

    code, _, err = letitcrash("run", "mnie")

    assert code == 2
    assert "letitcrash.toml names mine; did you mean 'mine'?" in err


def test_a_wrong_word_from_the_file_is_traced_to_it(letitcrash: Run) -> None:
    write('chapter = ["linkz"]\n')

    code, _, err = letitcrash("run", "reference")

    assert code == 2
    assert "expected a chapter, got 'linkz': did you mean links?" in err
    assert "chapter from letitcrash.toml, line 1" in err


def test_keys_are_found_on_their_lines_past_texts_of_many_lines() -> None:
    text = 'a = """\nb = 1\n"""\n[t.u] # here\n"c" = 1\nd.e = 2\n[[x]]\nf = 1\n'

    assert find_lines(text) == {("a",): 1, ("t", "u"): 4, ("t", "u", "c"): 5, ("t", "u", "d", "e"): 6, ("", "f"): 8}
