"""How the next input is chosen: by plain chance, by swarms, or guided by what was visited."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Sequence
from typing import Protocol

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.source import RandomSource, Source
from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.mutation import mutate
from letitcrash_fuzz.sources import BytesSource, RandomSwarmSource
from letitcrash_fuzz.target import Target

__all__ = ["BEST", "ENGINES", "Engine", "has_atheris", "open_engine", "refuse_engine"]

ENGINES = ("guided", "swarm", "random", "atheris")
"""The engines: `atheris` has a loop of its own and instruments the subject."""

BEST = "guided"
"""The engine that is used if none is asked for: it needs nothing, and works on every subject."""

_ARMS = ("mutant", "swarm", "random")
"""What the guided engine chooses among, by what each has brought of late."""


class Engine(Protocol):
    """Chooses inputs."""

    def next(self, number: int, knowledge: Knowledge) -> tuple[Source, str]:
        """Return where the choices of an execution come from, and by which way it was chosen.

        The same number with the same knowledge gives the same choices.
        """
        ...


class _Random:
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def next(self, number: int, knowledge: Knowledge) -> tuple[Source, str]:
        return RandomSource(f"{self._seed} {number}"), "random"


class _Swarm:
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def next(self, number: int, knowledge: Knowledge) -> tuple[Source, str]:
        return RandomSwarmSource(f"{self._seed} {number}"), "swarm"


class _Guided:
    """Changes inputs that brought something new, and begins anew as often as that brings more."""

    def __init__(self, target: Target, fragments: Sequence[bytes]) -> None:
        self._target = target
        self._fragments = fragments

    def next(self, number: int, knowledge: Knowledge) -> tuple[Source, str]:
        target = self._target
        chance = random.Random(f"guided {target.seed} {number}")
        arm = knowledge.choose_arm(_ARMS, chance) if knowledge.best else "random"
        if arm == "random":
            return RandomSource(f"{target.seed} {number}"), arm
        if arm == "swarm":
            return RandomSwarmSource(f"{target.seed} {number}"), arm
        data = mutate(
            knowledge.choose(chance),
            knowledge.choose(chance),
            chance,
            longest=target.longest,
            is_countable=target.is_countable,
            fragments=self._fragments,
        )
        return BytesSource(data), arm


def open_engine(target: Target, fragments: Sequence[bytes] = ()) -> Engine:
    """Return the engine of a target.

    Args:
        target: The target.
        fragments: Parts that are known to be worth something.

    Raises:
        UsageError: If there is no such engine.
    """
    refuse_engine(target.engine)
    if target.engine == "random":
        return _Random(target.seed)
    if target.engine == "swarm":
        return _Swarm(target.seed)
    return _Guided(target, fragments)


def has_atheris() -> bool:
    """Whether atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def refuse_engine(name: str) -> None:
    """Refuse an engine that cannot be used.

    Raises:
        UsageError: If there is no such engine, or it is not installed.
    """
    if name not in ENGINES:
        raise UsageError(f"expected an engine ({', '.join(ENGINES)}), got {name!r}")
    if name == "atheris" and not has_atheris():
        raise UsageError(
            "expected atheris to be installed for the engine 'atheris', found none\n"
            "  install letitcrash[fuzz], or use the engine 'guided', which needs nothing"
        )
