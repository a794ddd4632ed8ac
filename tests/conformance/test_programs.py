"""How programs are written, shrunk and planned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.hypothesis_source import shrink_choices
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.plan import plan, seed_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.results import Unit
from letitcrash_conformance.scenarios import ALL, scenarios_of
from letitcrash_conformance.session import Session
from letitcrash_conformance.shrink import shrink
from letitcrash_conformance.source import BytesSource, RandomSource, RecordedSource, Source
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.hello import FEATURES
from letitcrash_spec.messages import Answer, Operation, ok
from letitcrash_spec.validator import validate_operation
from tests.support.modelled import HELLO


def setting(chapter: str = "world", backend: str = "mixed") -> Setting:
    return Setting.of(HELLO, chapter, backend)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_same_choices_write_the_same_program_from_every_source(chapter: str) -> None:
    for seed in range(50):
        source = RandomSource(seed)
        program = generate(source, setting(chapter))
        assert generate(RecordedSource(source.choices), setting(chapter)) == program
        assert generate(RandomSource(seed), setting(chapter)) == program


def test_bytes_write_programs_too() -> None:
    lengths = {len(generate(BytesSource(bytes([seed] * 400)), setting())) for seed in range(40)}
    assert len(lengths) > 5
    assert len(generate(BytesSource(b""), setting())) >= 2


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_programs_are_well_formed_and_end_with_a_look(chapter: str) -> None:
    for seed in range(100):
        program = generate(RandomSource(f"{chapter} {seed}"), setting(chapter))
        for operation in program.operations:
            validate_operation(operation)
        assert program.operations[-1].op == "observe"
        for before, operation in zip(program.operations, program.operations[1:], strict=False):
            assert operation.op != "advance" or before.op == "observe"


def test_a_subject_without_a_feature_is_not_asked_for_it() -> None:
    bare = Setting("world", ("one",), "one", "virtual", frozenset({"genserver"}))
    for seed in range(200):
        text = str(generate(RandomSource(seed), bare).to_json())
        for word in (
            "'link'",
            "'monitor'",
            "'register'",
            "'send_after'",
            "'exit'",
            "'suspend'",
            "'trap_exit'",
            "'name'",
        ):
            assert f"'{word}'" not in text, (seed, word)


def test_hypothesis_shrinks_choices_to_the_simplest_that_fail() -> None:
    best: list[list[int]] = []

    def make(source: Source) -> list[int]:
        return [source.below(100) for _ in range(1 + source.below(10))]

    def fails(values: list[int]) -> bool:
        if any(value >= 37 for value in values):
            best.append(values)
            return True
        return False

    source = RandomSource(4)
    while not fails(make(source)):
        source.choices.clear()
    shrink_choices(make, source.choices, fails, seconds=20)
    assert min(best, key=lambda values: (len(values), values)) == [37]


class Deaf(ReferenceSubject):
    """The reference with one fault: an addition of 7 is lost."""

    async def call(self, to: object, msg: list[object], timeout_ms: int = 5000) -> object:
        if msg == ["add", 7]:
            msg = ["get"]
        return await super().call(to, msg, timeout_ms)


def test_a_finding_is_shrunk_to_its_smallest_story() -> None:
    subject = Deaf()
    try:
        session = Session(subject)
        where = Setting.of(session.hello, "genserver", "async")

        def make(source: Source) -> Program:
            return generate(source, where)

        for seed in range(2000):
            source = RandomSource(seed)
            outcome = session.run(make(source))
            if outcome.judgement.violation is not None:
                break
        else:
            pytest.fail("the planted fault was not found")
        shrunk = shrink(session, outcome, make, source.choices, seconds=20)
        operations = [(operation.op, operation.args.get("msg")) for operation in shrunk.program.operations]
        assert [op for op, _ in operations] == ["spawn", "call", "observe"]
        assert operations[1][1] == ["add", 7]
    finally:
        subject.close()


def test_a_plan_covers_every_chapter_on_every_backend_and_the_mix() -> None:
    everything = replace(HELLO, features=frozenset(FEATURES))
    units, unsupported = plan(everything, chapters=None, backends=None, budget=250, seed=1)
    assert not unsupported
    assert {(unit.chapter, unit.backend) for unit in units} == {
        (chapter, backend) for chapter in CHAPTERS for backend in ("one", "two", "mixed")
    }
    assert sum(unit.examples for unit in units) == 250 * len(CHAPTERS) * 3
    assert sum(unit.has_scenarios for unit in units) == len(CHAPTERS) * 3


@pytest.mark.parametrize("budget", ["huge", "0", "-3", ""])
def test_a_budget_that_means_nothing_is_refused(budget: str) -> None:
    with pytest.raises(UsageError, match="expected a budget"):
        plan(HELLO, chapters=None, backends=None, budget=budget, seed=1)


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a backend of modelled: one, two, mixed, got 'three'"):
        plan(HELLO, chapters=None, backends=["three"], budget="smoke", seed=1)


def test_examples_have_the_same_seed_on_every_backend() -> None:
    assert seed_of(Unit("links", "one", 5, 3), 4) == seed_of(Unit("links", "two", 9, 3), 4)
    assert seed_of(Unit("links", "one", 5, 3), 4) != seed_of(Unit("links", "one", 5, 4), 4)


def test_scenarios_name_clauses_that_exist_and_have_names_of_their_own() -> None:
    catalogue = load_clauses()
    assert len({scenario.name for scenario in ALL}) == len(ALL)
    for scenario in ALL:
        assert scenario.clauses
        assert set(scenario.clauses) <= catalogue.keys(), scenario.name


@pytest.mark.parametrize("chapter", [chapter for chapter in CHAPTERS if chapter != "world"])
def test_every_scenario_is_judged_to_its_end_on_the_reference(chapter: str) -> None:
    subject = ReferenceSubject()
    try:
        session = Session(subject)
        for backend in (*session.hello.backends, "mixed"):
            for program, scenario in scenarios_of(Setting.of(session.hello, chapter, backend)):
                judgement = session.run(program).judgement
                assert judgement.violation is None, (scenario.name, backend, judgement.violation)
                assert judgement.undecided is None, (scenario.name, backend, judgement.undecided)
    finally:
        subject.close()


def test_a_step_is_judged_at_the_next_look() -> None:
    class Scripted:
        hello = HELLO

        def run(self, operations: list[Operation]) -> list[Answer]:
            events = [{"ev": "init", "who": "p1", "t": 0}]
            answers = {
                "reset": ok(),
                "spawn": ok("started"),
                "call": ok(8),
                "observe": ok(
                    {"quiet": True, "now": 0, "alive": ["p1"], "names": {}, "children": {}, "events": events}
                ),
            }
            return [answers[operation.op] for operation in operations]

        def close(self) -> None:
            return

    session = Session(Scripted())  # type: ignore[arg-type]
    session.reset()
    session.step("spawn", as_="p1", probe={"value": 3})
    assert session.step("call", to="p1", msg=["add", 4]) == ok(8)
    violation = session.look().violation
    assert violation is not None
    assert violation.clause == "GS-20"
