"""Generated programs of the chapters of supervision: well formed, well aimed, and within what a subject has."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from letitcrash_conformance.flavors import FLAVORS, Times
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.odds import SUPERVISION
from letitcrash_conformance.plan import plan
from letitcrash_conformance.program import Program
from letitcrash_conformance.source import BytesSource, RandomSource, RecordedSource
from letitcrash_spec.hello import FEATURES, Hello
from letitcrash_spec.validator import validate_operation
from letitcrash_spec.values import CHILD_FIELDS, SUPERVISOR_FIELDS
from tests.support.modelled import HELLO

EVERYTHING = replace(HELLO, features=frozenset(FEATURES))
ON_A_WALL = replace(EVERYTHING, clock="wall", time_unit_ms=1000)


def programs(chapter: str, count: int, hello: Hello = EVERYTHING) -> Iterator[Program]:
    setting = Setting.of(hello, chapter, "mixed")
    for seed in range(count):
        yield generate(RandomSource(f"{chapter} {seed}"), setting)


def objects_of(value: object, key: str) -> list[dict[str, Any]]:
    """Return every object inside an argument that has a key."""
    found: list[dict[str, Any]] = []

    def meet(inner: dict[str, Any]) -> dict[str, Any]:
        if key in inner:
            found.append(inner)
        return inner

    json.loads(json.dumps(value), object_hook=meet)
    return found


def supervisors_of(value: object) -> list[dict[str, Any]]:
    return objects_of(value, "strategy")


def children_of(value: object) -> list[dict[str, Any]]:
    return objects_of(value, "restart")


def levels_of(spec: dict[str, Any]) -> int:
    below = [child["start"]["supervisor"] for child in spec.get("children", ()) if child["type"] == "supervisor"]
    return 1 + max(map(levels_of, below), default=0)


@pytest.mark.parametrize("hello", [EVERYTHING, ON_A_WALL], ids=["virtual", "wall"])
@pytest.mark.parametrize("chapter", SUPERVISION)
def test_programs_are_well_formed_and_end_with_a_look(chapter: str, hello: Hello) -> None:
    for program in programs(chapter, 200, hello):
        for operation in program.operations:
            validate_operation(operation)
        assert program.operations[-1].op == "observe"
        for before, operation in zip(program.operations, program.operations[1:], strict=False):
            assert operation.op != "advance" or before.op == "observe"


@pytest.mark.parametrize("chapter", SUPERVISION)
def test_the_same_choices_write_the_same_program_from_every_source(chapter: str) -> None:
    setting = Setting.of(EVERYTHING, chapter, "mixed")
    for seed in range(50):
        source = RandomSource(seed)
        program = generate(source, setting)
        assert generate(RecordedSource(source.choices), setting) == program
        assert generate(RandomSource(seed), setting) == program


@pytest.mark.parametrize("chapter", SUPERVISION)
def test_the_simplest_program_is_one_supervisor_and_a_look(chapter: str) -> None:
    program = generate(BytesSource(b""), Setting.of(EVERYTHING, chapter, "one"))
    assert [operation.op for operation in program.operations] == ["start_supervisor", "observe"]


@pytest.mark.parametrize("chapter", SUPERVISION)
def test_every_key_of_supervisors_and_children_is_written_out(chapter: str) -> None:
    for program in programs(chapter, 100):
        for operation in program.operations:
            for spec in supervisors_of(operation.args):
                kind = "dynamic" if spec["strategy"] == "dynamic" else "static"
                assert set(spec) == {field.name for field in SUPERVISOR_FIELDS[kind]}
            for child in children_of(operation.args):
                assert set(child) == {field.name for field in CHILD_FIELDS}


@pytest.mark.parametrize("chapter", SUPERVISION)
def test_programs_stay_small(chapter: str) -> None:
    lengths = sorted(len(program) for program in programs(chapter, 300))
    assert lengths[150] <= 40
    assert lengths[-1] <= 160
    for program in programs(chapter, 300):
        for operation in program.operations:
            for spec in supervisors_of(operation.args):
                assert levels_of(spec) <= 4
                if len({child["id"] for child in spec.get("children", ())}) == len(spec.get("children", ())):
                    assert len(children_of(spec)) <= 9


def test_trees_go_four_levels_deep_and_eight_children_wide() -> None:
    specs = [
        operation.args["spec"]
        for chapter in SUPERVISION
        for program in programs(chapter, 300)
        for operation in program.operations
        if operation.op == "start_supervisor"
    ]
    assert max(map(levels_of, specs)) == 4
    assert max(len(spec.get("children", ())) for spec in specs) >= 8


@pytest.mark.parametrize("chapter", SUPERVISION)
def test_a_subject_without_a_feature_is_not_asked_for_it(chapter: str) -> None:
    bare = replace(EVERYTHING, features=frozenset({"genserver", "supervisor"}))
    for program in programs(chapter, 200, bare):
        text = str(program.to_json())
        words = ("'link'", "'monitor'", "'register'", "'exit'", "'suspend'", "'trap_exit'", "'dynamic'", "n1", "_sign")
        assert [word for word in words if word in text] == []


@pytest.mark.parametrize("chapter", [*SUPERVISION, "world"])
def test_nobody_asks_for_supervisors_where_there_are_none(chapter: str) -> None:
    without = replace(HELLO, features=HELLO.features - {"supervisor", "dynamic_supervisor", "auto_shutdown"})
    for program in programs(chapter, 100, without):
        assert "sup" not in str(program.to_json()).replace("suppl", "")


def test_windows_are_met_at_their_very_edge_on_a_virtual_clock() -> None:
    waits: Counter[int] = Counter()
    for program in programs("intensity", 300):
        windows = {int(s["max_seconds"] * 1000) for op in program.operations for s in supervisors_of(op.args)}
        for operation in program.operations:
            if operation.op == "advance":
                waits.update(operation.args["ms"] - window for window in windows)
    assert min(waits[-1], waits[0], waits[1]) > 50


def test_no_wait_ends_near_the_edge_of_a_window_on_a_wall_clock() -> None:
    waits = 0
    for program in programs("intensity", 300, ON_A_WALL):
        advances = [operation.args["ms"] for operation in program.operations if operation.op == "advance"]
        assert all(ms > 1000 + ON_A_WALL.time_unit_ms + ON_A_WALL.wall_grain_ms for ms in advances)
        assert len(advances) <= 1
        waits += len(advances)
        for operation in program.operations:
            for spec in supervisors_of(operation.args):
                assert spec["max_seconds"] in (0, 1, 30)
    assert 5 < waits < 150


def test_times_of_different_kinds_are_further_apart_than_a_grain_on_a_wall_clock() -> None:
    setting = Setting.of(ON_A_WALL, "shutdown", "one")
    times = Times.of(setting)
    grain = setting.wall_grain_ms
    for one, other in (
        (times.terminates, times.shutdowns),
        (times.inits, times.patiences),
        (times.inits, times.pauses),
    ):
        assert min(abs(a - b) for a in one for b in other) >= grain


def test_times_of_different_kinds_never_tie_on_a_virtual_clock() -> None:
    times = Times.of(Setting.of(EVERYTHING, "shutdown", "one"))
    every = [*times.terminates, *times.shutdowns, *times.inits, *times.patiences, *times.pauses]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("chapter", SUPERVISION)
def test_no_worker_hangs_for_ever_on_a_wall_clock(chapter: str) -> None:
    for program in programs(chapter, 200, ON_A_WALL):
        for operation in program.operations:
            assert all(child["start"].get("terminate") != "hang" for child in children_of(operation.args))


def test_every_kind_of_child_and_every_operation_is_met_in_every_chapter() -> None:
    for chapter in SUPERVISION:
        met: Counter[str] = Counter()
        for program in programs(chapter, 400):
            for operation in program.operations:
                met[operation.op] += 1
                for child in children_of(operation.args):
                    met[child["restart"]] += 1
                    met[str(child["shutdown"])] += 1
        for word in ("start_child", "terminate_child", "which_children", "exit", "cast", "transient", "brutal_kill"):
            assert met[word] > 5, (chapter, word)


def test_a_plan_has_a_unit_for_each_chapter_where_the_subject_has_supervisors() -> None:
    units, unsupported = plan(EVERYTHING, chapters=SUPERVISION, backends=None, budget=10, seed=1)
    assert [(unit.chapter, unit.backend) for unit in units] == [
        (chapter, backend) for backend in ("one", "two", "mixed") for chapter in SUPERVISION
    ]
    assert unsupported == []
    without = replace(EVERYTHING, features=EVERYTHING.features - {"dynamic_supervisor"})
    units, unsupported = plan(without, chapters=SUPERVISION, backends=["one"], budget=10, seed=1)
    assert [unit.chapter for unit, _ in unsupported] == ["dynamic_supervisor"]
    assert len(units) == 4


def test_every_chapter_of_supervision_has_a_flavor() -> None:
    assert set(FLAVORS) == {*SUPERVISION, "world"}
