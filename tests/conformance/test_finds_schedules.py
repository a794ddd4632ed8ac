"""What drawn schedules have found in the reference, kept as replay files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from letitcrash_conformance.replay import read_replay
from letitcrash_conformance.replay_runner import State, repeat
from letitcrash_conformance.simulation import Schedule
from letitcrash_conformance.simulation.choose import open_session
from letitcrash_conformance.subjects.reference import ReferenceSubject

FINDS = sorted((Path(__file__).parent / "finds").glob("*.json"))
MANY = 80


@pytest.mark.parametrize("path", FINDS, ids=lambda path: path.stem)
def test_what_was_found_is_fixed(path: Path) -> None:
    assert repeat(read_replay(path), ReferenceSubject).state is State.FIXED


@pytest.mark.parametrize("path", FINDS, ids=lambda path: path.stem)
def test_other_schedules_do_not_show_it_either(path: Path) -> None:
    """Decisions between lines fit one version of these lines only, so that chance looks as well."""
    replay = read_replay(path)
    assert replay.schedule is not None
    session = open_session(ReferenceSubject, replay.schedule.tier)
    try:
        for seed in range(MANY):
            schedule = replace(Schedule.draw(seed, replay.schedule.mode), tier=replay.schedule.tier)
            assert session.run_on(schedule, replay.program).judgement.violation is None, seed
    finally:
        session.subject.close()
