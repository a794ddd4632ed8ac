"""Replay files: written to be read, edited and run again; what cannot be run is refused with its place."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.replay import find_replays, name_replay, read_replay, refuse_replay, write_replay
from letitcrash_conformance.replay_runner import State, repeat
from letitcrash_conformance.results import Unit
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.messages import Operation
from tests.support import planted
from tests.support.findings import CALL, HELLO, LOOK, SPAWN, make_finding

NAMED = (
    Operation("spawn", {"as": "p1", "probe": {}}),
    Operation("register", {"name": "n1", "to": "p1"}),
    Operation("whereis", {"name": "n1"}),
    LOOK,
)


def write(folder: Path, **rest: Any) -> Path:
    return write_replay(folder, make_finding(**rest), hello=HELLO, subject="fake")


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    value = json.loads(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
    return path


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    finding = make_finding()
    path = write_replay(tmp_path / "deep" / "folder", finding, hello=HELLO, subject="mine:Subject")

    replay = read_replay(path)

    assert replay.program.operations == finding.program.operations
    assert replay.program.origin == f"replay:{path}"
    assert (replay.subject, replay.command, replay.hello, replay.clause) == ("mine:Subject", (), HELLO, "GS-21")


def test_a_command_is_kept_in_its_words(tmp_path: Path) -> None:
    path = write_replay(tmp_path, make_finding(), hello=HELLO, subject="x", command=["./run me", "--now"])

    assert read_replay(path).command == ("./run me", "--now")


def test_each_operation_has_a_line_of_its_own(tmp_path: Path) -> None:
    rows = write(tmp_path).read_text(encoding="utf-8").splitlines()

    assert [row.strip().rstrip(",") for row in rows if '"op"' in row] == [
        '{"op": "spawn", "args": {"as": "p1", "probe": {"trap_exit": true}}}',
        '{"op": "call", "args": {"to": "p1", "msg": ["add", 5]}}',
        '{"op": "observe", "args": {"settle_ms": 1000}}',
    ]


def test_the_name_of_a_file_is_the_clause_and_depends_on_the_program_alone() -> None:
    name = name_replay(make_finding())

    assert name.startswith("GS-21-")
    assert name == name_replay(make_finding(got={"ok": 9}))
    assert name != name_replay(make_finding(operations=(SPAWN, CALL, CALL, LOOK)))


def test_the_information_for_the_reader_may_be_deleted(tmp_path: Path) -> None:
    path = edit(write(tmp_path), lambda value: value.pop("for your information"))

    assert read_replay(path).clause == "GS-21"


def test_observations_that_were_edited_away_are_put_back(tmp_path: Path) -> None:
    path = write(tmp_path, operations=(SPAWN, CALL, LOOK, Operation("advance", {"ms": 5}), LOOK))
    edit(path, lambda value: value.update(program=[step for step in value["program"] if step["op"] != "observe"]))

    assert [operation.op for operation in read_replay(path).program.operations] == [
        "spawn",
        "call",
        "observe",
        "advance",
        "observe",
    ]


BROKEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda v: v.update(format="letitcrash-replay 9"), "expected 'format' to be 'letitcrash-replay 1'"),
    (lambda v: v.pop("hello"), "expected 'hello' to be an object, got nothing"),
    (lambda v: v["hello"].update(clock="sun"), "expected 'clock' to be 'virtual' or 'wall', got 'sun'"),
    (lambda v: v.update(clause="LNK-999"), "expected 'clause' to be a clause of the catalogue"),
    (lambda v: v.update(program=[]), "expected 'program' to be a list of operations, at least one"),
    (lambda v: v.update(program="x"), "expected 'program' to be a list, got 'x'"),
    (lambda v: v["program"].append(7), "expected an object in step 4 of 'program'"),
    (lambda v: v["program"][1].update(op="cal"), "'cal'"),
    (lambda v: v["program"][1].update(note="x"), "expected 'op' and 'args' only, got 'note'"),
    (lambda v: v["program"][0].update(op="reset", args={}), "expected an operation inside a world, got 'reset'"),
    (lambda v: v["program"][1]["args"].update(msg=["ad", 2]), "(in step 2 of 'program'"),
    (lambda v: v.pop("subject"), "expected 'subject' to be an object, got nothing"),
    (lambda v: v.pop("suite"), "expected 'suite' to be a text, got nothing"),
    (lambda v: v.update(seed="x"), "expected 'seed' to be a whole number, got 'x'"),
    (lambda v: v.update(example=-2), "expected 'example' to be a whole number, -1 or more, got -2"),
    (lambda v: v.update(backend=["one"]), "expected 'backend' to be a text, got ['one']"),
    (lambda v: v.update(repeated=3), "expected 'repeated' to be an object, got 3"),
    (lambda v: v.update(schedule={"tier": "x", "mode": "strict", "decisions": ""}), "expected a tier of schedules"),
    (lambda v: v["subject"].update(command="./x"), "expected 'command' to be a list"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN)
def test_a_broken_file_is_refused_with_its_place(tmp_path: Path, change: Any, words: str) -> None:
    path = edit(write(tmp_path), change)

    with pytest.raises(UsageError) as caught:
        read_replay(path)

    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_broken_operation_on_a_line_of_its_own_is_refused_with_the_line(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('["add", 5]', '["add", "five"]'), encoding="utf-8")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if '["add", 5]' in row)

    with pytest.raises(UsageError, match=f"in step 2, line {line} of 'program'"):
        read_replay(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{\n "format": \n', "expected JSON in {path}, line 3, column 1, got the end of the file"),
        (b'{\n "format": oops\n}', "line 2, column 12, got '\"format\": oops'"),
        (b"[]", "expected an object in {path}, got []"),
        (b"\xff", "got byte 0 that is none"),
        (b"\x7fELF\x02\x01\x01\x00", "expected JSON in {path}, line 1, column 1"),
        (b"", "expected JSON in {path}, line 1, column 1, got the end of the file"),
        (b"[" * 100_000, "expected JSON that can be read in {path}, got lists in lists without end"),
        (b'{"seed": ' + b"9" * 5_000 + b"}", "expected JSON that can be read in {path}, got a number without end"),
        (b" " * 4_000_001, "expected at most 4,000,000 bytes in "),
    ],
)
def test_a_file_that_is_no_json_object_is_refused_with_its_place(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)

    with pytest.raises(UsageError) as caught:
        read_replay(path)

    assert words.format(path=path) in str(caught.value)


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")

    with pytest.raises(UsageError, match="got something that is no file"):
        read_replay(tmp_path / "pipe.json")


def test_what_found_a_program_is_told_again_and_may_be_deleted(tmp_path: Path) -> None:
    path = write(tmp_path, unit=Unit("links", "two", 20, 77), example=12)
    replay = read_replay(path)
    bare = read_replay(
        edit(path, lambda v: [v.pop(key) for key in ("chapter", "backend", "seed", "example", "origin")])
    )

    assert (replay.unit.chapter, replay.unit.backend, replay.unit.seed, replay.example) == ("links", "two", 77, 12)
    assert replay.origin == "search"
    assert (bare.unit.chapter, bare.unit.backend, bare.example) == ("genserver", "one", -1)
    assert bare.origin == f"replay:{path}"


def test_a_command_with_a_name_of_its_own_keeps_both(tmp_path: Path) -> None:
    path = write_replay(tmp_path, make_finding(), hello=HELLO, subject="mine", command=["./run", "it"])
    bare = write_replay(tmp_path / "b", make_finding(), hello=HELLO, subject="./run it", command=["./run", "it"])

    assert (read_replay(path).subject, read_replay(path).command) == ("mine", ("./run", "it"))
    assert (read_replay(bare).subject, read_replay(bare).command) == ("", ("./run", "it"))


def test_file_names_are_safe_on_every_system() -> None:
    names = [name_replay(make_finding(clause)) for clause in load_clauses()]

    assert [name for name in names if not re.fullmatch(r"[A-Z]+-[A-Z]?\d+[a-z]?-[0-9a-f]{6}\.json", name)] == []


def test_a_folder_means_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "c.txt"):
        (tmp_path / name).touch()

    assert [*find_replays([tmp_path, tmp_path / "c.txt"])] == [
        tmp_path / "a.json",
        tmp_path / "b.json",
        tmp_path / "c.txt",
    ]


def test_an_empty_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected replay files"):
        list(find_replays([tmp_path]))
    with pytest.raises(UsageError, match=r"found no .*missing"):
        list(find_replays([tmp_path / "missing"]))


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        (NAMED, "the program needs registry, which fake does not declare"),
        ((SPAWN, Operation("call", {"to": "p1", "msg": ["call", "p1", ["links"], 9]}), LOOK), "links, nested_call"),
        (
            (Operation("parallel", {"clients": [[{"op": "unregister", "args": {"name": "n1"}}]]}), LOOK, LOOK),
            "parallel, registry",
        ),
        (
            (SPAWN, Operation("call", {"to": "p1", "msg": ["spawn", "q1", {"backend": "three"}, "plain"]}), LOOK),
            "the program uses backend 'three', and fake has one, two",
        ),
        ((SPAWN, CALL, LOOK), ""),
    ],
)
def test_a_subject_that_lacks_what_a_program_uses_is_refused(
    tmp_path: Path, operations: tuple[Operation, ...], words: str
) -> None:
    replay = read_replay(write(tmp_path, operations=operations))
    hello = replace(HELLO, features=frozenset({"exit_signals", "genserver", "monitors"}))

    refusal = refuse_replay(replay, hello)

    assert words in refusal
    assert bool(refusal) is bool(words)


def test_a_program_that_still_fails_says_what_differs(tmp_path: Path) -> None:
    replay = read_replay(write(tmp_path, clause="REG-1", operations=NAMED))

    verdict = repeat(replay, planted.Forgetful)

    assert verdict.state is State.STILL_FAILS
    assert verdict.why == "REG-1 is broken (try 1 of 3)"
    assert verdict.finding is not None
    assert verdict.finding.violation.index == 2


def test_a_program_that_breaks_another_clause_now_says_both(tmp_path: Path) -> None:
    replay = read_replay(write(tmp_path, clause="LNK-1", operations=NAMED))

    assert repeat(replay, planted.Forgetful, tries=1).why == "REG-1 is broken, it was LNK-1 (try 1 of 1)"


def test_a_program_that_holds_in_every_try_is_fixed(tmp_path: Path) -> None:
    replay = read_replay(write(tmp_path, clause="REG-1", operations=NAMED))

    verdict = repeat(replay, ReferenceSubject, tries=2)

    assert (verdict.state, verdict.why) == (State.FIXED, "REG-1 holds in 2 of 2 tries")


def test_a_harness_that_breaks_cannot_run_it(tmp_path: Path) -> None:
    replay = read_replay(write(tmp_path, clause="REG-1", operations=NAMED))

    for factory, words in [(planted.Lame, "the harness stumbled"), (planted.stillborn, "no such table: users")]:
        verdict = repeat(replay, factory)
        assert verdict.state is State.CANNOT_RUN
        assert words in verdict.why


def test_a_program_about_which_nothing_is_promised_is_undecided(tmp_path: Path) -> None:
    nobody = Operation("call", {"to": "p1", "msg": ["exit", "p9", "kill"]})
    replay = read_replay(write(tmp_path, operations=(SPAWN, nobody, LOOK)))

    verdict = repeat(replay, ReferenceSubject)

    assert verdict.state is State.UNDECIDED
    assert "never started" in verdict.why
