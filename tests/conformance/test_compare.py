"""`letitcrash compare`: who is right where two subjects differ, and how it is told."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance import cli
from letitcrash_conformance.compare import Comparison, compare
from letitcrash_conformance.compare_answers import Texts, find_difference, list_parts
from letitcrash_conformance.compare_session import ANY, Kind, meet, pair_backends, with_backend
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.lookup import find_subject
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.messages import Operation
from tests.support import planted
from tests.support.findings import HELLO
from tests.support.planted import Flaky, Forgetful, Lame

QUICK = ["--chapter", "registry", "--backend", "async", "--budget", "15", "--seed", "1"]
PLANTED = "tests.support.planted"
LOOK = Operation("observe", {"settle_ms": 5000})


class Numb(ReferenceSubject):
    """Says of every name that it is taken by somebody else."""

    async def whereis(self, name: str) -> str | None:
        return "p9"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("COLUMNS", "100")


def hold(
    left: Callable[[], Subject], right: Callable[[], Subject], *, chapter: str = "registry", clauses: Sequence[str] = ()
) -> Comparison:
    return compare(
        (left, right),
        names=("one", "other"),
        selected=frozenset(clauses or load_clauses()),
        chapters=[chapter],
        backends=["async"],
        budget="15",
        seed=1,
    )


def test_a_subject_does_not_differ_from_itself() -> None:
    comparison = hold(ReferenceSubject, ReferenceSubject)

    assert comparison.groups == {}
    assert comparison.equal > 15
    assert comparison.exit_code == 0


@pytest.mark.parametrize("is_swapped", [False, True])
def test_the_model_says_who_is_wrong_and_the_program_is_small(is_swapped: bool) -> None:
    sides: list[Callable[[], Subject]] = [ReferenceSubject, Forgetful]
    if is_swapped:
        sides.reverse()

    comparison = hold(sides[0], sides[1])

    (group,) = comparison.having(wrong=True)
    assert group.kind is (Kind.RIGHT_RIGHT if is_swapped else Kind.LEFT_RIGHT)
    assert group.clauses == ("REG-1",)
    assert group.count > 1
    assert group.case is not None
    assert [operation.op for operation in group.case.outcome.program.operations] == [
        "spawn",
        "register",
        "whereis",
        "observe",
    ]
    assert group.case.repeats == group.case.tries
    assert comparison.exit_code == 1


def test_the_same_fault_on_both_sides_is_no_difference() -> None:
    comparison = hold(Forgetful, Forgetful)

    assert comparison.groups == {}
    assert comparison.alike["REG-1"] > 1


def test_two_faults_in_one_place_make_both_wrong() -> None:
    comparison = hold(Forgetful, Numb)

    kinds = {group.kind for group in comparison.having(wrong=True)}
    assert Kind.BOTH_WRONG in kinds
    assert comparison.exit_code == 1


def test_a_difference_that_another_clause_decides_is_only_counted() -> None:
    comparison = hold(ReferenceSubject, Forgetful, clauses=["REG-2"])

    assert comparison.having(wrong=True) == []
    assert comparison.unasked["REG-1"] > 1
    assert comparison.exit_code == 0


def test_a_difference_that_does_not_repeat_is_held_against_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planted.Flaky, "has_lied", False)

    comparison = hold(ReferenceSubject, Flaky)

    assert [group.is_flaky for group in comparison.having(wrong=True)] == [True]
    assert comparison.exit_code == 3


def test_a_harness_that_breaks_is_named() -> None:
    comparison = hold(ReferenceSubject, Lame)

    assert comparison.troubles[0].what.startswith("other: ")
    assert comparison.exit_code == 4


@pytest.mark.clause("REG-2")
def test_a_fault_behind_a_pipe_is_told_from_the_reference() -> None:
    command = f"{shlex.quote(sys.executable)} -m tests.conformance.mutants.served register_takes_over"
    served = find_subject(command=command, folder=Path(__file__).parents[2])

    comparison = hold(ReferenceSubject, served, clauses=["REG-2"])

    assert [(group.kind, group.clauses) for group in comparison.having(wrong=True)] == [(Kind.LEFT_RIGHT, ("REG-2",))]


@pytest.mark.skipif(shutil.which("erl") is None, reason="needs erl")
def test_real_erlang_and_the_reference_differ_in_nothing_that_matters(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["reference", "erlang", "--chapter", "links", "--backend", "async", "--budget", "3", "--seed", "1"]

    code, out, _ = letitcrash(capsys, "compare", *words)

    assert code == 0, out
    assert "compare  links on async and process" in out
    assert "\nno difference that matters: reference and erlang" in out


OBSERVED: dict[str, Any] = {
    "quiet": True,
    "now": 5,
    "alive": ["p1", "p2"],
    "names": {"n1": "p1"},
    "children": {},
    "events": [
        {"ev": "init", "who": "p1", "t": 0},
        {"ev": "init", "who": "p2", "t": 0},
        {"ev": "info", "who": "p1", "payload": "a", "t": 1},
    ],
}


def test_moments_and_the_order_of_what_different_processes_report_are_not_compared() -> None:
    events = [{**OBSERVED["events"][1], "t": 7}, OBSERVED["events"][0], OBSERVED["events"][2]]
    other = {**OBSERVED, "now": 9, "alive": ["p2", "p1"], "events": events}

    assert find_difference([LOOK], [{"ok": OBSERVED}], [{"ok": other}], error_text=True) is None


def test_an_observation_is_compared_part_by_part_and_equal_parts_are_left_out() -> None:
    other: dict[str, Any] = {**OBSERVED, "alive": ["p1"], "names": {}, "events": OBSERVED["events"][:2]}

    parts = list_parts(LOOK, {"ok": OBSERVED}, {"ok": other}, Texts.of([LOOK], error_text=True))

    assert [part.what for part in parts] == ["what p1 reports", "whether p2 is alive", "who holds n1"]
    assert parts[0].right == "nothing more"
    assert (parts[1].left, parts[1].right) == ("yes", "no")


@pytest.mark.parametrize(
    ("kind", "text", "error_text", "index"),
    [
        ("error", "c2", True, 0),
        ("error", "c2", False, None),
        ("error", "own words", True, 0),  # the other side kept what the program says
        ("shutdown", "c2", False, 0),
    ],
)
def test_texts_of_the_program_are_compared_where_they_are_promised(
    kind: str, text: str, error_text: bool, index: int | None
) -> None:
    operations = [Operation("call", {"to": "p1", "msg": ["crash", word]}) for word in ("c1", "c2")]
    answers = [{"fail": {"kind": "exit", "reason": {kind: words}}} for words in ("c1", text)]

    assert find_difference(operations, answers[:1], answers[1:], error_text=error_text) == index


def test_an_implementations_own_words_are_not_compared() -> None:
    call = Operation("call", {"to": "p1", "msg": ["get"]})
    answers = [{"fail": {"kind": "exit", "reason": {"shutdown": words}}} for words in ("<0.1>", "<0.2>")]

    assert find_difference([call], answers[:1], answers[1:], error_text=True) is None


def test_children_may_be_listed_in_any_order_and_clients_stamped_at_any_time() -> None:
    which = Operation("which_children", {"sup": "s1"})
    rows = [["a", "s1/a#1", "worker"], ["b", None, "worker"]]
    history = Operation("parallel", {"clients": [[{"op": "whereis", "args": {"name": "n1"}}]]})

    def stamp(first: int) -> dict[str, Any]:
        return {"ok": [[{"call": first, "return": first + 1, "answer": {"ok": None}}]]}

    operations = [which, history]
    found = find_difference(operations, [{"ok": rows}, stamp(1)], [{"ok": rows[::-1]}, stamp(4)], error_text=True)

    assert found is None


def test_backends_of_the_same_name_are_compared_and_else_each_with_the_default() -> None:
    one = replace(HELLO, backends=("async", "thread"), default_backend="async")
    other = replace(HELLO, backends=("process",), default_backend="process")

    assert pair_backends(one, one, None) == [("async", "async"), ("thread", "thread")]
    assert pair_backends(one, other, None) == [("async", "process"), ("thread", "process")]
    assert pair_backends(other, one, ["all"]) == [("process", "async"), ("process", "thread")]
    assert pair_backends(one, other, ["thread"]) == [("thread", "process")]
    with pytest.raises(UsageError, match="expected a backend of fake: async, thread; fake: process, got 'fiber'"):
        pair_backends(one, other, ["fiber"])


def test_programs_use_what_both_offer_on_the_coarser_clock() -> None:
    other = replace(HELLO, clock="wall", features=frozenset({"genserver", "links", "suspend"}), wall_grain_ms=250)

    setting = meet(HELLO, other, "links")

    assert setting.clock == "wall"
    assert setting.features == {"genserver", "links"}
    assert setting.wall_grain_ms == 250


def test_each_subject_runs_a_program_on_its_own_backend_and_clock() -> None:
    operations = [Operation("spawn", {"as": "p1", "probe": {"backend": ANY, "init": [{"backend": ANY}]}}), LOOK]

    assert with_backend(operations, "thread", "virtual") == [
        Operation("spawn", {"as": "p1", "probe": {"init": [{"backend": "thread"}], "backend": "thread"}}),
        Operation("observe", {"settle_ms": 10_000}),
    ]
    assert with_backend(operations, None)[0].args["probe"] == {"init": [{}]}


def letitcrash(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_the_report_shows_both_answers_and_the_command_repeats_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = letitcrash(capsys, "compare", "reference", f"{PLANTED}:Forgetful", *QUICK, "--json", "c.json")
    command = next(row for row in out.splitlines() if row.startswith("repeat it  letitcrash "))
    again = letitcrash(capsys, *command.split()[3:], "-q")
    told = json.loads(Path("c.json").read_text())

    assert code == 1
    assert "REG-1 MUST: Registering a process under a free name succeeds" in out
    assert "reference is right, Forgetful is wrong; seen in " in out
    assert '  lawful     answers "p1"\n  reference  answers "p1"\n  Forgetful  answers null\n' in out
    assert "  >   3. look up name 'n1'\n         reference  answers \"p1\"\n         Forgetful  answers null\n" in out
    assert out.splitlines()[-1].startswith("violation: Forgetful breaks REG-1 (")
    assert again[0] == 1
    assert "reference is right, Forgetful is wrong" in again[1]
    assert told["exit_code"] == 1
    assert told["differences"][0]["kind"] == "left_right"
    assert told["differences"][0]["case"]["answers"][1][2] == {"ok": None}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reference"], "expected two subjects to compare, got 'reference'"),
        ([], "got none"),
        (["reference", "erlang", "--command", "x"], "got 'reference', 'erlang', --command 'x'"),
        (["reference", "erlagn"], "did you mean 'erlang'"),
        (["reference", "reference", "--budget", "0"], "expected a budget"),
        (["reference", "reference", "--chapter", "lins"], "did you mean links"),
        (["reference", "reference", "--clauses", "LNK-999"], "LNK-999"),
        (["reference", "reference", "--json", "absent/c.json"], "expected a file to write to with --json"),
        (["reference", "reference", "--backend", "fiber"], "expected a backend of reference: async, blocking, thread"),
    ],
)
def test_wrong_usage_is_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = letitcrash(capsys, "compare", *words)

    assert code == 2
    assert message in err


def test_subjects_that_cannot_be_started_are_subject_errors(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = letitcrash(capsys, "compare", "reference", f"{PLANTED}:stillborn", *QUICK)

    assert code == 4
    assert err.startswith("letitcrash: subject error: stillborn: start of the harness")


def test_ctrl_c_shows_what_was_found_so_far(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted.Interrupted, "programs", 0)

    code, out, _ = letitcrash(
        capsys, "compare", "reference", f"{PLANTED}:Interrupted", *QUICK[:-3], "400", "--seed", "1"
    )

    assert code == 130
    assert "INTERRUPTED: this comparison did not come to its end" in out
    assert "reference is right, Interrupted is wrong" in out
