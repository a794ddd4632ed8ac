"""The model of a child that comes back: not before its predecessor has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from letitcrash_conformance.trees import worker
from letitcrash_spec.model.world import Profile
from tests.spec.test_model import Step, clause_of, ev
from tests.spec.test_model_supervisors import born, crash, look, start

WALL = Profile("wall", 100, True, ("process",), "process")
CRASH = {"error": "boom"}


def restarted(*, began: int, ended: int, slow: int) -> list[Step]:
    """Return what is seen of a child that crashes at once and cleans up for `slow` ms; both moments in ms."""
    events = [
        *born("s/a#1"),
        ev("s/a#1", "terminate", reason=CRASH),
        ev("s/a#1", "dead", reason=CRASH, t=ended),
        ev("s/a#2", "init", t=began),
    ]
    child = worker("a", {"terminate": {"sleep": slow}})
    return [start("s", child), crash("s/a#1"), look(*events, now=max(began, ended), s={"a": "s/a#2"})]


@pytest.mark.clause("STR-6")
def test_a_child_comes_back_when_its_predecessor_has_ended() -> None:
    assert clause_of(restarted(began=100, ended=100, slow=100)) is None


@pytest.mark.clause("STR-6")
@pytest.mark.parametrize("began", [0, 97])
def test_a_child_that_begins_before_its_predecessor_has_ended_is_named(began: int) -> None:
    assert clause_of(restarted(began=began, ended=100, slow=100)) == "STR-6"


@pytest.mark.clause("STR-6")
def test_on_a_wall_clock_the_end_may_be_reported_late() -> None:
    assert clause_of(restarted(began=1010, ended=1450, slow=1000), WALL) is None


@pytest.mark.clause("STR-6")
def test_on_a_wall_clock_it_may_not_be_reported_ever_so_late() -> None:
    assert clause_of(restarted(began=10, ended=1010, slow=1000), WALL) == "STR-6"


@pytest.mark.clause("STR-6")
def test_who_cannot_tell_when_the_world_is_quiet_may_see_deaths_when_it_looks_for_them() -> None:
    assert clause_of(restarted(began=10, ended=5010, slow=1000), replace(WALL, settle=False)) is None
