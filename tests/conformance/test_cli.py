"""The command line: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from letitcrash_conformance import cli, cli_run
from letitcrash_conformance.errors import SuiteError
from tests.support import planted

ROOT = Path(__file__).parents[2]
PLANTED = "tests.support.planted"
QUICK = ["--chapter", "registry", "--backend", "async", "--budget", "30", "--seed", "1", "-n", "1"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def letitcrash(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: exit code, standard output, standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = cli.main(words)
        except SystemExit as leaving:  # argparse leaves by itself
            code = leaving.code if isinstance(leaving.code, int) else 1
        out, err = capsys.readouterr()
        return code, out, err

    return run


Run = Callable[..., tuple[int, str, str]]


def verdict_of(out: str) -> str:
    """Return the last line, without the time that the run took: it is rounded once more in a file."""
    return re.sub(r"[\d.]+ s\)$", "", out.splitlines()[-1])


def start(*words: str, start_new_session: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "letitcrash_conformance", *words],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=start_new_session,
    )


def test_a_subject_that_keeps_the_clauses_is_conformant(letitcrash: Run) -> None:
    code, out, err = letitcrash("run", "reference", *QUICK)

    assert code == 0, out
    assert "judging reference: 33 clauses, budget 30, seed 1, 1 process" in out
    assert re.search(r"^ok       registry on async: \d+ programs", out, re.MULTILINE)
    assert re.fullmatch(
        r"conformant: (\d+) of \1 checkable clauses held in [\d,]+ operations \(.*\)", out.splitlines()[-1]
    )
    assert err == ""


def test_a_violation_is_shown_kept_and_repeated(letitcrash: Run) -> None:
    code, out, _ = letitcrash("run", f"{PLANTED}:Forgetful", *QUICK, "--json", "run.jsonl")
    assert code == 1
    assert "REG-1 MUST: Registering a process under a free name succeeds" in out
    assert '  model    answers "p1"\n  subject  answers null\n' in out
    command = re.search(r"^repeat it  letitcrash (replay \.letitcrash/REG-1-[0-9a-f]{6}\.json)$", out, re.MULTILINE)
    assert command is not None

    again = letitcrash(*command[1].split())
    fixed = letitcrash("replay", ".letitcrash", "--subject", "reference")
    report = letitcrash("report", "run.jsonl")

    assert again[0] == 1
    assert again[1].startswith("STILL FAILS  .letitcrash/REG-1-")
    assert "  > " in again[1]
    assert fixed[0] == 0
    assert fixed[1].startswith("FIXED        .letitcrash/REG-1-")
    assert report[0] == 1
    assert verdict_of(report[1]) == verdict_of(out)
    assert command[0] in report[1]


def test_a_harness_that_breaks_is_a_subject_error(letitcrash: Run) -> None:
    code, out, _ = letitcrash("run", f"{PLANTED}:Lame", *QUICK)

    assert code == 4
    assert "SUBJECT ERROR in registry on async" in out
    assert "the harness stumbled" in out


def test_a_harness_that_cannot_be_started_is_a_subject_error_also_in_the_report(letitcrash: Run) -> None:
    code, _, err = letitcrash("run", f"{PLANTED}:stillborn", *QUICK, "--json", "run.jsonl")
    report = letitcrash("report", "run.jsonl")

    assert code == 4
    assert err.startswith("letitcrash: subject error: start of the harness: expected a hello, got end of file\n")
    assert "no such table: users" in err
    assert "Traceback" not in err
    assert report[0] == 4
    assert "SUBJECT ERROR: start of the harness" in report[1]


def test_a_fault_that_does_not_repeat_is_inconclusive(letitcrash: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planted.Flaky, "has_lied", False)

    code, out, _ = letitcrash("run", f"{PLANTED}:Flaky", *QUICK)

    assert code == 3
    assert "FLAKY: seen once, and not again" in out
    assert out.splitlines()[-1].startswith("inconclusive: REG-1 broken once and not again (flaky)")


def test_a_run_that_exercises_too_little_is_inconclusive(letitcrash: Run) -> None:
    words = [
        "--chapter",
        "timers",
        "--clauses",
        "REG-1",
        "--backend",
        "async",
        "--budget",
        "1",
        "--seed",
        "1",
        "-n",
        "1",
    ]

    code, out, _ = letitcrash("run", "reference", *words)

    assert code == 3
    assert "not exercised: REG-1 MUST" in out


def test_ctrl_c_shows_what_was_found_so_far(letitcrash: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planted.Interrupted, "programs", 0)
    words = ["--chapter", "registry,genserver", "--backend", "async", "--budget", "250", "--seed", "1", "-n", "1"]

    code, out, _ = letitcrash("run", f"{PLANTED}:Interrupted", *words, "--json", "run.jsonl")
    report = letitcrash("report", "run.jsonl", "-q")

    assert code == 130
    assert "INTERRUPTED: this run did not come to its end" in out
    assert "REG-1 MUST" in out
    assert report[0] == 3
    assert verdict_of(report[1]) == verdict_of(out)


def test_ctrl_c_ends_the_worker_processes_too() -> None:
    with start("run", "reference", "--budget", "100000", "--seed", "1", "-n", "2", start_new_session=True) as process:
        assert process.stdout is not None
        for row in process.stdout:
            if row.startswith("ok "):
                break
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert "INTERRUPTED" in out


def test_ctrl_c_while_the_worker_processes_begin_shows_no_traceback() -> None:
    with start("run", "reference", "--budget", "100000", "--seed", "1", "-n", "2", start_new_session=True) as process:
        assert process.stdout is not None
        for row in process.stdout:
            if row.startswith("subject "):
                break
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert err in ("", "letitcrash: interrupted\n")


def test_a_reader_who_leaves_is_no_error() -> None:
    with start("run", "reference", *QUICK) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.wait(timeout=60)

    assert process.returncode == cli.EXIT_BROKEN_PIPE
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [("explain", "LNK-7"), ("run", "reference", *QUICK)])
def test_output_that_finds_no_room_is_the_users_affair(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "letitcrash_conformance", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == cli.EXIT_USAGE
    assert done.stderr == (
        "letitcrash: standard output could not be written: No space left on device\n"
        "  make room or send it elsewhere, and run again\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="needs a shell that can close a stream")
@pytest.mark.parametrize(("closed", "clause", "code"), [(">&-", "LNK-7", 0), (">&- 2>&-", "LNK-77", 2)])
def test_a_stream_that_is_closed_takes_no_more_than_its_text_away(closed: str, clause: str, code: int) -> None:
    command = shlex.join([sys.executable, "-m", "letitcrash_conformance", "explain", clause])
    done = subprocess.run(f"{command} {closed}", shell=True, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_reported_and_the_result_is_shown_all_the_same(letitcrash: Run) -> None:
    code, out, err = letitcrash("run", "reference", *QUICK, "--json", "/dev/full")

    assert code == 2
    assert out.splitlines()[-1].startswith("conformant: ")
    assert err.startswith("letitcrash: the report '/dev/full' is not complete: No space left on device\n")


def test_a_replay_folder_that_cannot_be_written_leaves_the_search_as_the_command(
    letitcrash: Run, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")

    code, out, err = letitcrash("run", f"{PLANTED}:Forgetful", *QUICK, "--replay-dir", "taken")

    assert code == 1
    assert "no replay file could be written into 'taken'" in err
    assert f"repeat it  letitcrash run {PLANTED}:Forgetful --chapter registry --backend async" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run"], "expected a subject"),
        (["run", "refrence"], "did you mean 'reference'?"),
        (["run", "reference", "--command", "x"], "expected a subject or a command, got both"),
        (["run", "reference", "--chapter", "link"], "expected a chapter, got 'link': did you mean links?"),
        (["run", "reference", "--chapter", ","], "expected chapters to run, got none"),
        (["run", "reference", "--clauses", "LNK-999"], "expected a clause, a chapter or a pattern, got 'LNK-999'"),
        (["run", "reference", "--clauses", ""], "expected clauses to judge, got none"),
        (["run", "reference", "--clauses", "N-1"], "N-1 is not checked: "),
        (["run", "reference", "--budget", "huge"], "expected a budget of smoke, default, deep"),
        (["run", "reference", "--backend", "asinc"], "expected a backend of reference"),
        (["run", "reference", "-n", "0"], "expected a number of processes above zero"),
        (["run", "reference", "--seed", "x"], "invalid int value: 'x'"),
        (["run", "reference", "--json", "no/such/folder/x"], "expected a file to write to with --json"),
        (["replay", "missing.json"], "found no 'missing.json'"),
        (["replay", ".", "--tries", "0"], "expected a number of tries above zero, got 0"),
        (["report", "missing.jsonl"], "could not read it"),
        (["explain", "LNK-999"], "expected a clause"),
        (["spec", "--search", "("], "expected a regular expression"),
        (["spec", "--keyword", "MUSTN"], "expected a keyword"),
        (["run", f"{PLANTED}:Bare", "--chapter", "registry"], "got registry, of which none can: the subject does not"),
        (["run", "reference", "--color", "red"], "invalid choice: 'red'"),
        (["replay", ".", "--prune", "--subject", "reference"], "expected --prune without another subject"),
        (["frobnicate"], "invalid choice"),
        ([], "the following arguments are required"),
    ],
)
def test_wrong_usage_is_explained_without_a_traceback(letitcrash: Run, words: list[str], message: str) -> None:
    code, _, err = letitcrash(*words)

    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_a_broken_replay_file_is_explained_and_the_others_are_run(letitcrash: Run, tmp_path: Path) -> None:
    letitcrash("run", f"{PLANTED}:Forgetful", *QUICK)
    [good] = (tmp_path / ".letitcrash").iterdir()
    (tmp_path / ".letitcrash" / "a-broken.json").write_text('{"format": "letitcrash-replay 1", ')

    code, out, err = letitcrash("replay", ".letitcrash")

    assert code == 2
    assert "expected JSON in .letitcrash/a-broken.json, line 1" in err
    assert f"STILL FAILS  .letitcrash/{good.name}" in out


def test_of_several_replays_each_is_told_and_the_worst_decides(letitcrash: Run) -> None:
    letitcrash("run", f"{PLANTED}:Forgetful", *QUICK)
    [bad] = Path(".letitcrash").iterdir()
    good = bad.with_name("good.json")
    good.write_text(bad.read_text().replace(f"{PLANTED}:Forgetful", "reference"))
    lame = bad.with_name("lame.json")
    lame.write_text(bad.read_text().replace(f"{PLANTED}:Forgetful", f"{PLANTED}:Lame"))

    mixed, out, _ = letitcrash("replay", str(good), str(lame), str(bad))

    assert mixed == 1
    assert [row.split("  ")[0] for row in out.splitlines() if ".json:" in row] == ["FIXED", "CANNOT RUN", "STILL FAILS"]
    assert "Source: erlang:register/2" in out
    assert letitcrash("replay", str(good), str(lame))[0] == 4
    assert letitcrash("replay", str(good), "missing.json", str(bad))[0] == 2


def test_a_replay_on_a_subject_that_lacks_a_feature_cannot_run(letitcrash: Run) -> None:
    letitcrash("run", f"{PLANTED}:Forgetful", *QUICK)

    code, out, _ = letitcrash("replay", ".letitcrash", "--subject", f"{PLANTED}:Bare")

    assert code == 4
    assert out.startswith("CANNOT RUN   .letitcrash/REG-1-")
    assert "the program needs registry" in out


def test_a_replay_whose_subject_is_gone_says_how_to_name_another(letitcrash: Run, tmp_path: Path) -> None:
    letitcrash("run", f"{PLANTED}:Forgetful", *QUICK)
    [path] = (tmp_path / ".letitcrash").iterdir()
    path.write_text(path.read_text().replace(f"{PLANTED}:Forgetful", "gone_for_good:Subject"))

    code, _, err = letitcrash("replay", str(path))

    assert code == 2
    assert "gone_for_good" in err
    assert "--subject module:attribute" in err


def test_a_report_that_was_cut_off_is_never_conformant(letitcrash: Run, tmp_path: Path) -> None:
    letitcrash("run", "reference", *QUICK, "--json", "run.jsonl")
    rows = (tmp_path / "run.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "run.jsonl").write_text("".join(rows[:-1]))

    code, out, _ = letitcrash("report", "run.jsonl")

    assert code == 3
    assert "no footer" in out
    assert out.splitlines()[-1].startswith("inconclusive: interrupted before its end")


def test_of_several_reports_the_worst_decides(letitcrash: Run) -> None:
    letitcrash("run", "reference", *QUICK, "--json", "good.jsonl")
    letitcrash("run", f"{PLANTED}:Forgetful", *QUICK, "--json", "bad.jsonl")

    code, out, _ = letitcrash("report", "good.jsonl", "bad.jsonl", "-q")

    assert code == 1
    assert "conformant: " in out
    assert "violation: REG-1" in out


def test_a_quiet_run_prints_the_verdict_alone(letitcrash: Run) -> None:
    code, out, _ = letitcrash("run", "reference", *QUICK, "-q")

    assert code == 0
    assert len(out.splitlines()) == 1


def test_the_same_seed_does_the_same_and_a_drawn_one_is_shown(letitcrash: Run) -> None:
    first = letitcrash("run", "reference", *QUICK)[1]
    second = letitcrash("run", "reference", *QUICK)[1]
    without = [*QUICK[: QUICK.index("--seed")], "-n", "1"]
    drawn = letitcrash("run", "reference", *without, "--json", "run.jsonl")[1]

    def operations(out: str) -> str:
        return out.splitlines()[-1].partition("held in ")[2].partition(" (")[0]

    assert operations(first) == operations(second)
    header = json.loads(Path("run.jsonl").read_text().splitlines()[0])
    assert f"seed {header['seed']}," in drawn.splitlines()[0]
    assert f"seed {header['seed']}," in drawn.splitlines()[-1]


def test_clauses_alone_run_the_chapters_in_which_they_stand(letitcrash: Run) -> None:
    code, out, _ = letitcrash(
        "run", "reference", "--clauses", "reg-1,LNK-1", "--backend", "async", "--budget", "20", "--seed", "1", "-n", "1"
    )

    assert code == 0
    assert re.findall(r"^ok +(\w+) on async", out, re.MULTILINE) == ["links", "registry"]
    assert "2 of 2 checkable clauses held" in out


def test_a_command_is_judged_like_a_python_subject(letitcrash: Run) -> None:
    harness = f"{sys.executable} {ROOT / 'tests' / 'support' / 'harnesses' / 'good.py'}"

    code, out, _ = letitcrash("run", "--command", harness, "--budget", "1", "--seed", "1", "-n", "1")

    assert code != 2, out
    assert out.startswith("letitcrash ")
    assert "subject  " in out


def test_the_specification_is_listed_filtered_and_explained(letitcrash: Run) -> None:
    everything = letitcrash("spec")
    some = letitcrash("spec", "links", "REG-1", "--chapter", "links", "--keyword", "should")
    page = letitcrash("explain", "lnk-7")

    assert everything[0] == some[0] == page[0] == 0
    assert "GS-1 " in everything[1]
    assert "LNK-7" in some[1]
    assert "REG-1" not in some[1]
    assert "LNK-1 " not in some[1]
    assert page[1].startswith("LNK-7  SHOULD")


def test_a_strict_run_fails_where_it_would_be_inconclusive(letitcrash: Run) -> None:
    words = ["--chapter", "timers", "--clauses", "REG-1", "--backend", "async", "--budget", "1", "-n", "1", "--strict"]

    code, out, _ = letitcrash("run", "reference", *words, "-q")

    assert code == 1
    assert out.splitlines()[-2].startswith("inconclusive: 1 clause not exercised")
    assert out.splitlines()[-1] == "strict: an inconclusive run counts as a failure (exit code 1)"


def test_strictness_changes_no_other_verdict(letitcrash: Run) -> None:
    assert letitcrash("run", "reference", *QUICK, "--strict", "-q")[0] == 0
    assert letitcrash("run", f"{PLANTED}:Lame", *QUICK, "--strict", "-q")[0] == 4


def test_the_first_failure_ends_a_run_if_asked(letitcrash: Run) -> None:
    words = ["--chapter", "registry,timers", "--backend", "async", "--budget", "30", "--seed", "1", "-n", "1"]

    code, out, _ = letitcrash("run", f"{PLANTED}:Forgetful", *words, "-x")

    assert code == 1
    assert "timers on async" not in out
    assert out.splitlines()[-1] == "stopped at the first failure (--fail-fast): what was not reached is not judged"


def test_a_list_shows_what_would_be_checked_and_runs_nothing(letitcrash: Run) -> None:
    code, out, _ = letitcrash("run", f"{PLANTED}:Bare", "--list", "--budget", "smoke")
    named = letitcrash("run", f"{PLANTED}:Bare", "--list", "-v", "--chapter", "registry,genserver")[1]
    short = letitcrash("run", "reference", "--list", "-q", *QUICK)[1]

    assert code == 0
    assert re.search(r"^genserver +\d+ \+ 15$", out, re.MULTILINE)
    assert re.search(r"^registry +not run: the subject does not declare registry$", out, re.MULTILINE)
    assert re.search(r"^not supported: \d+, the subject does not declare registry$", out, re.MULTILINE)
    assert "nothing was run" in out.splitlines()[-1]
    assert re.search(r"^GS-1 MUST: to check$", named, re.MULTILINE)
    assert re.search(r"^REG-1 MUST: not supported, the subject does not declare registry$", named, re.MULTILINE)
    assert short.splitlines()[-1] == "17 clauses to check, 30 programs to search; nothing was run"
    assert not Path(".letitcrash").exists()


def test_what_is_no_terminal_gets_no_control_codes(letitcrash: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    out = letitcrash("run", f"{PLANTED}:Forgetful", *QUICK)[1]

    assert "\x1b" not in out
    assert "\r" not in out
    assert "\x1b[31m" in letitcrash("run", f"{PLANTED}:Forgetful", *QUICK, "--color", "always")[1]


def test_the_version_is_told(letitcrash: Run) -> None:
    code, out, _ = letitcrash("--version")

    assert code == 0
    assert re.fullmatch(r"letitcrash \d+\.\d+.*\n", out)


@pytest.mark.parametrize("command", ["run", "replay", "report", "spec", "explain"])
def test_every_command_explains_itself_with_an_example(letitcrash: Run, command: str) -> None:
    code, out, _ = letitcrash(command, "--help")

    assert code == 0
    assert re.search(rf"^  letitcrash {command} ", out, re.MULTILINE)


@pytest.mark.parametrize("error", [SuiteError("the judge lost count"), ZeroDivisionError("division by zero")])
def test_a_bug_of_the_suite_keeps_its_traceback_and_asks_for_a_report(
    letitcrash: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def stumble(*args: object, **rest: object) -> None:
        raise error

    monkeypatch.setattr(cli_run, "run", stumble)

    code, _, err = letitcrash("run", "reference", *QUICK)

    assert code == cli.EXIT_SUITE
    assert "Traceback" in err
    assert str(error) in err
    assert "please report it" in err
