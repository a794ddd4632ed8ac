"""The floors of searching: a system that does nothing, driven without Hypothesis and by its state machines."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from bench.measure import Stopwatch

__all__ = ["bare", "stateful"]

STEPS = 50


class NoSystem:
    """Does nothing, four ways."""

    def __init__(self) -> None:
        self.steps = 0

    def take(self, kind: int, value: int) -> None:
        self.steps += 1


def bare(times: int) -> float:
    """Draw a command by chance, decode it, and perform it."""
    system = NoSystem()
    draw = random.Random(0).random
    with Stopwatch() as watch:
        for _ in range(times):
            choice = int(draw() * 64)
            system.take(choice & 3, choice >> 2)
    return watch.seconds


def _always(machine: RuleBasedStateMachine) -> bool:
    return True


class NoMachine(RuleBasedStateMachine):
    """Four rules with two arguments each, a bundle and preconditions."""

    steps = 0
    things: Bundle[int] = Bundle("things")

    @rule(target=things, value=st.integers(0, 9), flag=st.booleans())
    def make(self, value: int, flag: bool) -> int:
        type(self).steps += 1
        return value

    @precondition(_always)
    @rule(thing=things, value=st.integers(0, 9))
    def first(self, thing: int, value: int) -> None:
        type(self).steps += 1

    @precondition(_always)
    @rule(thing=things, value=st.integers(0, 9))
    def second(self, thing: int, value: int) -> None:
        type(self).steps += 1

    @precondition(_always)
    @rule(value=st.integers(0, 9), flag=st.booleans())
    def third(self, value: int, flag: bool) -> None:
        type(self).steps += 1


def stateful(times: int) -> float:
    """Let Hypothesis drive such a machine; returns the seconds that so many steps take."""
    NoMachine.steps = 0
    how = settings(
        max_examples=max(1, times // STEPS),
        stateful_step_count=STEPS,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    with Stopwatch() as watch:
        run_state_machine_as_test(NoMachine, settings=how)
    return watch.seconds * times / max(1, NoMachine.steps)
