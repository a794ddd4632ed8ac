"""The unit of work: what it finds, what it learns, and that the same numbers give the same."""

from __future__ import annotations

import pickle
import sys

import pytest

from letitcrash_conformance.source import RandomSource
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_fuzz.campaign import campaign, execute
from letitcrash_fuzz.corpus import cover, measure
from letitcrash_fuzz.executor import Executor
from letitcrash_fuzz.finds import Find
from letitcrash_fuzz.knowledge import MAX_EACH, Knowledge
from letitcrash_fuzz.lines import Lines
from letitcrash_fuzz.ranges import Onlooker
from letitcrash_fuzz.target import Target
from tests.fuzz.planted import Deep
from tests.support.planted import Forgetful, Lame


class UntilFound(Onlooker):
    """Ends a range with its first violation."""

    found: Find | None = None

    def on_violation(self, find: Find) -> None:
        self.found = find

    def should_stop(self) -> bool:
        return self.found is not None


@pytest.mark.usefixtures("unmeasured")
def test_the_guided_engine_finds_a_deep_fault_from_a_fixed_seed() -> None:
    executor = Executor(Target(Deep, "monitors", "async", "guided", 5, packages=("tests.fuzz.planted",), longest=12))
    onlooker = UntilFound()
    try:
        result = execute(executor, 0, 5_000, Knowledge(), onlooker)
    finally:
        executor.close()

    assert onlooker.found is not None
    [find] = result.finds
    assert find.is_shrunk
    assert find.finding.repeats == find.finding.tries
    assert len(find.finding.program) <= 9


@pytest.mark.parametrize("engine", ["guided", "swarm", "random"])
def test_the_same_numbers_bring_the_same(engine: str) -> None:
    target = Target(ReferenceSubject, "links", "async", engine, seed=5, longest=10)

    one, two = campaign(target, 0, 40), campaign(target, 0, 40)

    assert one.learned == two.learned
    assert one.exercised == two.exercised
    assert one.executions == 40
    assert one.operations == two.operations > 100


def test_a_range_in_two_pieces_brings_what_it_brings_in_one() -> None:
    target = Target(ReferenceSubject, "registry", "async", "guided", seed=2, longest=10)
    whole = campaign(target, 0, 50)
    knowledge = Knowledge()

    for lo, hi in ((0, 17), (17, 50)):
        knowledge.merge(campaign(target, lo, hi, knowledge).learned)

    assert knowledge.hits == whole.learned.hits
    assert knowledge.best == whole.learned.best


def test_arguments_and_results_of_a_range_can_be_sent_to_other_machines() -> None:
    target = pickle.loads(pickle.dumps(Target(Forgetful, "registry", "async", longest=10)))

    result = campaign(target, 0, 60)
    again = pickle.loads(pickle.dumps(result))

    assert again == result
    assert again.finds


def test_one_clause_is_shrunk_a_few_times_only_and_each_find_is_another_program() -> None:
    result = campaign(Target(Forgetful, "registry", "async", longest=14), 0, 150)

    assert sum(result.violations.values()) > MAX_EACH * len(result.violations)
    names = [find.name for find in result.finds]
    assert len(names) == len(set(names))
    assert all(names.count(clause) <= MAX_EACH for clause in result.violations)


def test_a_harness_that_breaks_is_part_of_the_result_with_its_input() -> None:
    result = campaign(Target(Lame, "registry", "async", longest=14), 0, 60)

    assert result.troubles
    assert "the harness stumbled" in result.troubles[0].what
    assert result.troubles[0].program is not None
    executor = Executor(Target(Lame, "registry", "async", longest=14))
    try:
        program, _ = executor.write(result.troubles[0].data)
    finally:
        executor.close()
    assert program == result.troubles[0].program


def test_few_inputs_visit_what_many_visited() -> None:
    executor = Executor(Target(ReferenceSubject, "monitors", "async", longest=10))
    try:
        inputs = [executor.write(RandomSource(seed))[1].data for seed in range(50)]
        visited = measure(executor, inputs)
        kept = cover(visited)
        again = measure(executor, kept)
    finally:
        executor.close()

    everything = {feature for found in visited.values() for feature in found}
    assert {feature for found in again.values() for feature in found} == everything
    assert len(kept) < len(visited)
    assert cover(again) == kept


def test_states_are_told_in_words() -> None:
    result = campaign(Target(ReferenceSubject, "supervisor", "async", "random", longest=8), 0, 12)

    assert any(name.startswith(("state one_for", "state rest_for")) for name in result.learned.hits)
    assert any(name.startswith("pair ") and " | " in name for name in result.learned.hits)
    assert any(name.startswith("clause SUP-") for name in result.learned.hits)


@pytest.mark.usefixtures("unmeasured")
def test_lines_are_told_once_each() -> None:
    lines = Lines(["tests.fuzz.lines_to_run"])
    from tests.fuzz import lines_to_run

    lines.start()
    try:
        seen: list[tuple[str, ...]] = []
        for number in (1, 1, 5):
            with lines.around():
                lines_to_run.sign(number)
            seen.append(lines.take())
    finally:
        lines.stop()

    assert [len(new) for new in seen] == [2, 0, 1]
    assert seen[0][0].startswith("code fuzz/lines_to_run.py:")
    assert sys.gettrace() is None


def test_the_rare_is_chosen_oftener_than_the_frequent() -> None:
    import random

    knowledge = Knowledge()
    for _ in range(200):
        knowledge.learn(b"often", ["state a", "state b"])
    knowledge.learn(b"seldom", ["state a", "state c"])
    chance = random.Random(1)
    drawn = [knowledge.choose(chance) for _ in range(200)]

    assert drawn.count(b"seldom") > 60
    assert knowledge.rare("state", 9) == [("state c", 1)]
