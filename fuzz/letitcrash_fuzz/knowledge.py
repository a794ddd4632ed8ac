"""What a campaign knows of one target: what was visited how often, and the inputs that are worth changing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["RARE", "Arms", "Delta", "Knowledge"]

Arms: TypeAlias = "dict[str, tuple[float, float]]"
"""Way of choosing inputs -> how often it was tried and how much it brought, what is long ago counting less."""

RARE = 3
"""How often something may have been visited to be listed as rare."""

FRONTIER = 24
"""How many of the last features that were new have their inputs changed first."""

PRIORS = {"mutant": 3.0, "swarm": 1.0, "random": 0.5}
"""What is expected of each way of choosing inputs when none has brought anything of late."""

MAX_EACH = 3
"""How many different shrunk programs are looked for that break one clause; more would say nothing new."""

MAX_TRIES = 8
"""How many programs that break one clause are shrunk at most."""

_FORGET = 0.995
_LINE = "code "


@dataclass(slots=True)
class Delta:
    """What somebody has learned, to be told to others.

    Attributes:
        hits: Feature -> how many executions visited it; a line of the subject counts once for each process.
        best: Feature -> the shortest input known to visit it, where it is the first or a shorter one.
        news: What was new, oldest first, one feature for each execution.
        picks: Feature -> how often its input was chosen to be changed.
        tried: Clause -> how often a program that breaks it was shrunk.
        arms: How the ways of choosing inputs have done.
    """

    hits: Counter[str] = field(default_factory=Counter[str])
    best: dict[str, bytes] = field(default_factory=dict[str, bytes])
    tried: Counter[str] = field(default_factory=Counter[str])
    news: list[str] = field(default_factory=list[str])
    picks: Counter[str] = field(default_factory=Counter[str])
    arms: Arms = field(default_factory=dict[str, tuple[float, float]])


@dataclass(slots=True)
class Knowledge:
    """Coverage and corpus of one target.

    An input belongs to the corpus as long as it is the shortest one known for something that it visits.

    Attributes:
        hits: Feature -> how many executions visited it.
        best: Feature -> the shortest input known to visit it.
        settled: Clause -> how many different shrunk programs were found in this run that break it.
        tried: Clause -> how often a program that breaks it was shrunk in this run.
        picks: Feature -> how often its input was chosen to be changed.
        arms: How the ways of choosing inputs have done.
        frontier: The last features that were new, oldest first: those of the model, and lines of the subject.
        delta: What was learned since this was copied.
    """

    hits: Counter[str] = field(default_factory=Counter[str])
    best: dict[str, bytes] = field(default_factory=dict[str, bytes])
    settled: Counter[str] = field(default_factory=Counter[str])
    tried: Counter[str] = field(default_factory=Counter[str])
    picks: Counter[str] = field(default_factory=Counter[str])
    arms: Arms = field(default_factory=dict[str, tuple[float, float]])
    frontier: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    delta: Delta = field(default_factory=Delta)
    _names: list[str] = field(default_factory=list[str])

    def copy(self) -> Knowledge:
        """Return knowledge that can grow without this one."""
        return Knowledge(
            Counter(self.hits),
            dict(self.best),
            Counter(self.settled),
            Counter(self.tried),
            Counter(self.picks),
            dict(self.arms),
            (list(self.frontier[0]), list(self.frontier[1])),
        )

    def learn(self, data: bytes, features: Iterable[str], arm: str = "") -> int:
        """Take one execution in.

        Args:
            data: The input.
            features: What it visited, each once.
            arm: How it was chosen.

        Returns:
            How much of it nobody had visited before.
        """
        new = 0
        newest = ""
        hits, best, delta = self.hits, self.best, self.delta
        for feature in features:
            number = hits[feature]
            hits[feature] = number + 1
            delta.hits[feature] += 1
            if not number:
                new += 1
                newest = feature  # lines come last
            old = best.get(feature)
            if old is None or len(data) < len(old):
                best[feature] = delta.best[feature] = data
        if new:
            self._advance(newest)
            delta.news.append(newest)
        if arm:
            self._judge(arm, new)
        return new

    def merge(self, delta: Delta) -> int:
        """Take in what somebody else has learned. Returns how many features are new."""
        new = sum(1 for feature in delta.hits if feature not in self.hits)
        self.hits.update(delta.hits)
        self.picks.update(delta.picks)
        self.tried.update(delta.tried)
        self.arms.update(delta.arms)
        for feature, data in delta.best.items():
            old = self.best.get(feature)
            if old is None or len(data) < len(old):
                self.best[feature] = data
        for feature in delta.news:
            self._advance(feature)
        return new

    def note_shrunk(self, clause: str, *, is_new: bool) -> None:
        """Take in that a program that breaks a clause was shrunk, and whether what came out is a new one."""
        self.tried[clause] += 1
        self.delta.tried[clause] += 1
        self.settled[clause] += is_new

    def is_settled(self, clause: str) -> bool:
        """Whether enough is known of a clause in this run: further programs that break it are only counted."""
        return self.settled[clause] >= MAX_EACH or self.tried[clause] >= MAX_TRIES

    @property
    def corpus(self) -> list[bytes]:
        """The inputs that are kept, each once, in the order in which they were met."""
        return list(dict.fromkeys(self.best.values()))

    def choose(self, chance: random.Random) -> bytes:
        """Draw an input: one that brought something new of late, or one that visits what is seldom visited.

        Empty if nothing is known.
        """
        if not self.best:
            return b""
        kind = chance.randrange(4)
        names = self.frontier[kind % 2] if kind else []
        if names:
            feature = names[max(chance.randrange(len(names)), chance.randrange(len(names)))]
            if feature in self.best:
                return self.best[feature]
        if len(self._names) != len(self.best):
            self._names = list(self.best)
        drawn = [chance.choice(self._names) for _ in range(4)]
        feature = min(drawn, key=self._weight)
        self.picks[feature] += 1
        self.delta.picks[feature] += 1
        return self.best[feature]

    def choose_arm(self, arms: Sequence[str], chance: random.Random) -> str:
        """Draw a way of choosing inputs: the oftener, the more it has brought of late; each now and then."""
        gains: list[float] = []
        for arm in arms:
            tried, brought = self.arms.get(arm, (0.0, 0.0))
            gains.append((brought + PRIORS.get(arm, 1.0)) / (tried + 1))
        most = max(gains)
        return chance.choices(arms, [max(gain / most, 0.1) for gain in gains])[0]

    def count(self, kind: str) -> int:
        """Return how many different features of a kind were visited."""
        return sum(1 for feature in self.hits if feature.startswith(f"{kind} "))

    def rare(self, kind: str, most: int) -> list[tuple[str, int]]:
        """Return what was visited least of a kind, with how often, the rarest first."""
        found = [(name, hits) for name, hits in self.hits.items() if hits <= RARE and name.startswith(f"{kind} ")]
        return sorted(found, key=lambda each: (each[1], each[0]))[:most]

    def _advance(self, feature: str) -> None:
        frontier = self.frontier[feature.startswith(_LINE)]
        frontier.append(feature)
        if len(frontier) > FRONTIER:
            del frontier[0]

    def _judge(self, arm: str, new: int) -> None:
        for name, (tried, brought) in self.arms.items():
            self.arms[name] = (tried * _FORGET, brought * _FORGET)
        tried, brought = self.arms.get(arm, (0.0, 0.0))
        self.arms[arm] = (tried + 1, brought + new)
        self.delta.arms = dict(self.arms)

    def _weight(self, feature: str) -> int:
        hits = 1 if feature.startswith(_LINE) else self.hits[feature]
        return self.picks[feature] + 4 * hits.bit_length()
