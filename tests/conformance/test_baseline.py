"""`letitcrash baseline`: what it writes, what it keeps, and what it never loses."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from letitcrash_conformance import cli
from letitcrash_conformance.baseline import REASON, apply_changes, compare_with, write_whole
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.known import Known
from letitcrash_conformance.known_file import parse_known
from letitcrash_conformance.known_stale import ENOUGH
from letitcrash_conformance.results import RunResult, Unit, UnitResult
from tests.support import planted
from tests.support.findings import make_finding, make_result

QUICK = ["--chapter", "registry", "--backend", "async", "--budget", "20", "--seed", "1", "-n", "1"]
PLANTED = "tests.support.planted"
UNIT = Unit("registry", "async", 250, 1)

MINE = """\
# Head of the file.

# why GS-21 comes first
[[known]]
reason = 'it is "hard"'  # do not touch
clause = "GS-21"
kind = "failing" # for now
link = "https://example.org/21"
until = 2999-01-01

# about names
[[known]]
clause = "REG-1"
kind = "flaky"
reason = '''
two
[[known]]
lines'''
runs = '1 of 5'

[[known]]
clause = "REG-2"
kind = "failing"
reason = "gone?"
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", [*sys.path])


def make_run(*broken: str, flaky: bool = False) -> RunResult:
    unit = UnitResult(UNIT, 260)
    unit.exercised.update(dict.fromkeys(["GS-21", "REG-1", "REG-2", "REG-3"], ENOUGH))
    repeats = 0 if flaky else 3
    unit.findings = [make_finding(clause, known=clause, unit=UNIT, repeats=repeats) for clause in broken]
    result = make_result(unit)
    result.budget = "250"
    return result


def summarise(old: Known, results: list[RunResult], *, prune: bool = False) -> dict[str, tuple[str, str]]:
    return {change.entry.id: (change.word, change.entry.kind) for change in compare_with(old, results, prune=prune)}


def test_what_every_run_finds_is_failing_and_what_some_find_is_flaky() -> None:
    results = [make_run("REG-1", "REG-2"), make_run("REG-1"), make_run("REG-1")]

    changes = compare_with(Known(), results, prune=False)

    assert [(c.word, c.entry.id, c.entry.kind, c.entry.runs) for c in changes] == [
        ("added", "REG-1", "failing", (3, 3)),
        ("added", "REG-2", "flaky", (1, 3)),
    ]
    assert changes[0].entry.where == ("registry on async",)
    assert changes[0].entry.budget == 250


def test_what_no_run_can_repeat_is_flaky_though_every_run_sees_it() -> None:
    assert summarise(Known(), [make_run("REG-1", flaky=True)] * 2) == {"REG-1": ("added", "flaky")}


def test_entries_change_from_failing_to_flaky_and_never_back() -> None:
    old = parse_known(MINE, "known.toml")

    found = summarise(old, [make_run("GS-21", "REG-1", "REG-2"), make_run("REG-1", "REG-2")])

    assert found == {"GS-21": ("changed", "flaky"), "REG-1": ("kept", "flaky"), "REG-2": ("kept", "failing")}


def test_pruning_removes_what_does_not_fail_any_more_and_keeps_what_luck_may_have_hidden() -> None:
    old = parse_known(MINE, "known.toml")
    few, many = [make_run("GS-21")] * 3, [make_run("GS-21")] * 14

    assert summarise(old, few)["REG-2"][0] == "kept"
    assert summarise(old, few, prune=True) == {
        "GS-21": ("kept", "failing"),
        "REG-1": ("kept", "flaky"),
        "REG-2": ("removed", "failing"),
    }
    assert summarise(old, many, prune=True)["REG-1"][0] == "removed"


def test_runs_that_did_too_little_remove_nothing() -> None:
    old = parse_known(MINE, "known.toml")
    small = make_run("GS-21")
    small.units[0].examples = 10
    elsewhere = make_run("GS-21")
    elsewhere.selected = frozenset({"GS-21"})

    assert summarise(old, [small], prune=True)["REG-2"][0] == "kept"
    assert summarise(old, [elsewhere], prune=True)["REG-2"][0] == "kept"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_words_comments_and_order_of_entries_that_stay_are_kept(end: str) -> None:
    text = MINE.replace("\n", end)
    changes = compare_with(parse_known(text, "k"), [make_run("GS-21", "REG-1", "REG-3"), make_run("REG-1")], prune=True)

    whole = apply_changes("k", text, changes)

    expected = (
        MINE.replace('"failing" # for now', '"flaky" # for now')
        .replace(
            "until = 2999-01-01\n", 'until = 2999-01-01\nruns = "1 of 2"\nbudget = 250\nwhere = ["registry on async"]\n'
        )
        .replace("runs = '1 of 5'\n", 'runs = "2 of 2"\nbudget = 250\nwhere = ["registry on async"]\n')
        .replace('[[known]]\nclause = "REG-2"\nkind = "failing"\nreason = "gone?"\n', "")
    )
    added = f'[[known]]\nclause = "REG-3"\nkind = "flaky"\nreason = "{REASON}"\n'
    added += 'runs = "1 of 2"\nbudget = 250\nwhere = ["registry on async"]\n'
    assert whole == (expected + added).replace("\n", end)
    assert [entry.id for entry in parse_known(whole, "k")] == ["GS-21", "REG-1", "REG-3"]


def test_a_file_that_needs_no_change_stays_as_it_is() -> None:
    once = apply_changes("k", MINE, compare_with(parse_known(MINE, "k"), [make_run("GS-21", "REG-1")], prune=True))

    assert (
        apply_changes("k", once, compare_with(parse_known(once, "k"), [make_run("GS-21", "REG-1")], prune=True)) == once
    )


def test_a_file_that_cannot_be_changed_in_place_is_refused() -> None:
    inline = 'known = [{clause = "GS-21", kind = "failing", reason = "x"}]\n'
    changes = compare_with(parse_known(inline, "k"), [make_run("GS-21", "REG-1")], prune=False)

    with pytest.raises(UsageError, match=r"each entry needs a \[\[known\]\] of its own"):
        apply_changes("k", inline, changes)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "known.toml"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="could not: No space left on device\n  the old file is as it was"):
        write_whole(path, "new")

    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["known.toml"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_stays_a_device() -> None:
    with pytest.raises(UsageError, match=r"could not: No space left on device\n.* another file with --json"):
        write_whole(Path("/dev/full"), "new", "--json")

    assert Path("/dev/full").is_char_device()


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("old")
    real.chmod(0o640)
    (tmp_path / "known.toml").symlink_to(real)

    write_whole(tmp_path / "known.toml", "new")

    assert (tmp_path / "known.toml").is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def letitcrash(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_baseline_is_written_used_and_pruned(capsys: pytest.CaptureFixture[str]) -> None:
    written = letitcrash(capsys, "baseline", f"{PLANTED}:Forgetful", *QUICK, "--runs", "2")
    text = Path("known.toml").read_text()
    again = letitcrash(capsys, "baseline", f"{PLANTED}:Forgetful", *QUICK, "--runs", "2")
    used = letitcrash(
        capsys, "run", f"{PLANTED}:Forgetful", *QUICK, "--known", "known.toml", "--clauses", "REG-1,REG-2"
    )
    pruned = letitcrash(capsys, "baseline", "reference", *QUICK, "--runs", "1", "--prune")

    assert written[0] == 0
    assert "added    REG-1: failing, found in 2 of 2 runs; letitcrash replay .letitcrash/REG-1-" in written[1]
    assert [(entry.id, entry.kind) for entry in parse_known(text, "k")] == [("REG-1", "failing")]
    assert again[0] == 0
    assert again[1].splitlines()[-1] == "known.toml is as it was: 1 entry"
    assert used[0] == 0, used[1]
    assert pruned[0] == 0
    assert "removed  REG-1: not found in 1 run\n" in pruned[1]
    assert parse_known(Path("known.toml").read_text(), "k").entries == ()


def test_a_subject_without_failures_gets_an_empty_file(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = letitcrash(capsys, "baseline", "reference", *QUICK, "--runs", "1", "--out", "k.toml")

    assert code == 0
    assert "Nothing fails, and nothing is known to." in out
    assert parse_known(Path("k.toml").read_text(), "k").entries == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reference", "--runs", "0"], "expected a number of runs above zero with --runs, got 0"),
        (["reference", "--out", "."], "got the folder '.'"),
        (["reference", "--out", "absent/known.toml"], "its folder takes no new file (No such file or directory)"),
        (["reference", "--out", "broken.toml"], "expected TOML in broken.toml"),
        (["reference", "-n", "many"], "expected a number of processes"),
        (["refrence"], "did you mean 'reference'"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_run(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.toml").write_text("[[known]")

    code, out, err = letitcrash(capsys, "baseline", *words)

    assert (code, out) == (2, "")
    assert message in err


def test_ctrl_c_and_a_broken_harness_leave_the_old_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted.Interrupted, "programs", 0)
    Path("known.toml").write_text(MINE)

    words = ["--chapter", "registry,genserver", "--backend", "async", "--budget", "250", "--seed", "1", "-n", "1"]
    interrupted = letitcrash(capsys, "baseline", f"{PLANTED}:Interrupted", *words)
    broken = letitcrash(capsys, "baseline", f"{PLANTED}:Lame", *QUICK)

    assert interrupted[0] == 130
    assert "INTERRUPTED, nothing was written: known.toml is as it was" in interrupted[1]
    assert broken[0] == 4
    assert "subject error, nothing was written: known.toml is as it was" in broken[1]
    assert Path("known.toml").read_text() == MINE
