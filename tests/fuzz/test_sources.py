"""Programs as bytes: nothing is lost on the way, and a change of the bytes stays where it is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letitcrash_conformance.generate import generate
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import RandomSource, RecordedSource
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_fuzz.mutation import mutate
from letitcrash_fuzz.sources import BytesSource, RandomSwarmSource, Recording, cut, join
from letitcrash_spec.hello import parse_hello

HELLO = parse_hello(ReferenceSubject.HELLO)


def setting(chapter: str) -> Setting:
    return Setting.of(HELLO, chapter, "mixed")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_bytes_of_a_program_make_the_same_program(chapter: str) -> None:
    for seed in range(15):
        recording = Recording(RandomSource(seed))
        program = generate(recording, setting(chapter))
        again = Recording(BytesSource(recording.data))

        assert generate(again, setting(chapter)) == program
        assert again.data == recording.data
        assert generate(RecordedSource(recording.choices), setting(chapter)) == program


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300), chapter=st.sampled_from(CHAPTERS))
def test_any_bytes_make_a_program_and_their_canonical_form_makes_the_same(data: bytes, chapter: str) -> None:
    recording = Recording(BytesSource(data))
    program = generate(recording, setting(chapter))

    assert program.operations
    assert generate(BytesSource(recording.data), setting(chapter)) == program


@given(bounds=st.lists(st.integers(1, 2**40), max_size=8), data=st.binary(max_size=40))
def test_choices_stay_below_their_bounds(bounds: list[int], data: bytes) -> None:
    source = BytesSource(data)

    assert all(0 <= source.below(bound) < bound for bound in bounds)


def test_behind_the_end_of_the_bytes_the_simplest_choice_is_made() -> None:
    source = BytesSource(bytes([7]))

    assert [source.below(10) for _ in range(4)] == [7, 0, 0, 0]


@given(
    st.lists(st.binary(max_size=6).map(lambda part: part.replace(b"\xff", b"\x01")), min_size=2, max_size=6), st.data()
)
def test_what_happens_to_one_part_does_not_move_the_choices_of_the_others(
    parts: list[bytes], data: st.DataObject
) -> None:
    where = data.draw(st.integers(0, len(parts) - 1))
    other = data.draw(st.binary(max_size=9).map(lambda part: part.replace(b"\xff", b"\x02")))
    changed = [*parts[:where], other, *parts[where + 1 :]]

    before, after = _read(join(parts)), _read(join(changed))

    assert [choices for place, choices in enumerate(before) if place != where] == [
        choices for place, choices in enumerate(after) if place != where
    ]


def _read(data: bytes) -> list[list[int]]:
    source = BytesSource(data)
    found = [[source.below(200) for _ in range(3)]]
    for _ in range(len(cut(data)) - 1):
        source.begin()
        found.append([source.below(1000) for _ in range(4)])
        source.end()
    return found


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 30))
def test_changed_inputs_stay_within_bounds_and_make_programs(seed: int, steps: int) -> None:
    chance = random.Random(seed)
    data, other = b"", join([b"\x03\x01", b"\x05\x06", b"\x07", b"\x09"])
    for _ in range(steps):
        data = mutate(data, other, chance, longest=12, is_countable=True, fragments=[b"\x01\x02"])

    assert len(cut(data)) <= 13
    assert generate(BytesSource(data), setting("links"), longest=12).operations


def test_the_length_of_a_program_follows_its_parts() -> None:
    data = join([b"\x04\x01"] + [b"\x05\x06"] * 5)
    changes: set[int] = set()
    for seed in range(200):
        plain = mutate(data, data, random.Random(seed), longest=30, is_countable=False)
        counted = mutate(data, data, random.Random(seed), longest=30, is_countable=True)
        more = len(cut(plain)) - len(cut(data))
        changes.add(more)

        assert cut(counted)[1:] == cut(plain)[1:]
        assert cut(counted)[0][0] == (min(max(plain[0] + more, 0), 29) if more else plain[0])

    assert min(changes) < 0 < max(changes)


def test_a_swarm_draws_from_few_values_and_the_same_seed_draws_the_same() -> None:
    counts: list[int] = []
    for seed in range(40):
        one, two = RandomSwarmSource(seed), RandomSwarmSource(seed)
        drawn = [one.below(1000) for _ in range(60)]
        assert drawn == [two.below(1000) for _ in range(60)]
        counts.append(len(set(drawn)))

    assert min(counts) <= 12
    assert max(counts) >= 50
