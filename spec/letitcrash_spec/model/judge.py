"""From answers to a verdict: keeps the possible worlds, and says which clause is broken when none is left.

A program is judged in segments that end with an `observe`. Inside a segment the events that were observed guide the
search; when no lawful order explains them, the segment is followed once more without the guide, to say what was
expected instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol, TypeVar

from letitcrash_spec.messages import Answer, Json, Operation
from letitcrash_spec.model import histories, trees
from letitcrash_spec.model.diagnose import (
    Violation,
    explain_answer,
    explain_history,
    explain_observation,
    foreign_events,
    is_at_its_moment,
)
from letitcrash_spec.model.explore import TooManyWorlds
from letitcrash_spec.model.lawful import lawful_outcomes, outcomes_of, settle
from letitcrash_spec.model.world import UNTIMED, Event, Profile, Segment, Unspecified, World

__all__ = ["Judge", "Judgement", "Observer", "judge"]


ATTEMPTS = 500
"""How many worlds beyond one for each operation may be tried for one explanation, before equal ones are sought."""


SOME = 200
"""How many lawful outcomes are compared with an unlawful one to say what was expected."""

T = TypeVar("T")


@dataclass(slots=True)
class Judgement:
    """What the model says of one run of a program.

    Attributes:
        violation: The first thing that no lawful order explains, or None.
        undecided: Why nothing could be said from some point on, or None.
        judged: How many operations, from the first one, were judged.
        exercised: How often each clause was demanded and held.
    """

    violation: Violation | None = None
    undecided: str | None = None
    judged: int = 0
    exercised: Counter[str] = field(default_factory=Counter[str])


class Observer(Protocol):
    """Looks at worlds while a run is judged. It must not change them, and keep nothing of them: they go on.

    Where several worlds are possible, those are shown that the judge tries.
    """

    def before(self, world: World, operation: Operation) -> None:
        """An operation is about to be performed in a world that explains everything before it."""

    def quiet(self, world: World, tags: Sequence[str]) -> None:
        """A world has settled as it was observed; `tags` are the clauses that were demanded and held on the way."""


def judge(
    profile: Profile, operations: Sequence[Operation], answers: Sequence[Answer], observer: Observer | None = None
) -> Judgement:
    """Judge a whole run.

    Args:
        profile: Of the subject that was run.
        operations: The operations in order, without `reset`. Those after the last `observe` are judged by their
            answers alone.
        answers: What the subject answered, at most one per operation; missing ones are not judged.
        observer: Looks at the worlds, if there is one.
    """
    judge = Judge(profile, observer)
    for operation, answer in zip(operations, answers, strict=False):
        if judge.add(operation, answer):
            break
    else:
        judge.finish()
    return judge.judgement


class Judge:
    """Judges one run while it goes on. A new one starts with an empty world.

    Args:
        profile: Of the subject that is run.
        observer: Looks at the worlds, if there is one.
    """

    def __init__(self, profile: Profile, observer: Observer | None = None) -> None:
        self.profile = profile
        self._observer = observer
        self.judgement = Judgement()
        self._worlds = [World(profile)]
        self._segment: list[tuple[Operation, Answer]] = []
        self._done: list[list[tuple[Operation, Answer]]] = []
        self._is_partial = False  # whether worlds that were possible may have been left out

    def add(self, operation: Operation, answer: Answer) -> bool:
        """Take one operation and its answer. Returns True once the verdict is final."""
        self._segment.append((operation, answer))
        if operation.op == "observe":
            return self._close()
        return False

    def finish(self) -> None:
        """Judge what came after the last observation, by its answers alone."""
        if self._segment:
            self._close()

    def _close(self) -> bool:
        segment, self._segment = self._segment, []
        judgement = self.judgement
        try:
            worlds = self._advance(segment)
            if not worlds:
                judgement.violation = self._explain(segment)
                return True
        except Unspecified as reason:
            judgement.undecided = f"nothing is promised after {reason}"
            return True
        except TooManyWorlds:
            judgement.undecided = "the lawful orders are too many to be followed"
            return True
        tags = worlds[0].tags
        if worlds[0].names:
            tags.append("REG-15")
        if any(operation.op == "exit" for operation, _ in segment):
            tags.append("EXIT-24")
        judgement.exercised.update(tags)
        if self._observer is not None:
            self._observer.quiet(worlds[0], tags)
        for world in worlds:
            world.tags = []
        judgement.judged += len(segment)
        self._worlds = worlds
        self._done.append(segment)
        return False

    def _advance(self, segment: list[tuple[Operation, Answer]]) -> list[World]:
        """Return worlds that explain a segment.

        The first that is found is enough to say that the segment is lawful. Only what it does not explain later is
        asked of all that were possible.
        """
        try:
            first = next(_explanations(self._worlds, segment, self._observer), None)
        except TooManyWorlds:
            self._is_partial = True  # those that were left out may be found once equal ones are followed only once
            first = None
        if first is not None:
            self._is_partial = True
            return [first]
        if not self._is_partial:
            return []
        self._is_partial = False
        worlds = [World(self.profile)]
        for earlier in (*self._done, segment):
            worlds = _follow(worlds, earlier)
        return worlds

    def _before(self) -> list[World]:
        """Return the possible worlds before the last segment; only the first ones where all are too many."""
        worlds = [World(self.profile)]
        try:
            for earlier in self._done:
                worlds = _follow(worlds, earlier)
        except TooManyWorlds:
            worlds = [World(self.profile)]
            for earlier in self._done:
                worlds = list(islice(_explanations(worlds, earlier, None), 1))
            if not worlds:
                raise
        return worlds

    def _explain(self, segment: list[tuple[Operation, Answer]]) -> Violation:
        """Follow the run again up to this segment, and the segment without its guide.

        That the segment is unlawful is certain by now. Where its lawful orders are too many without the guide, some of
        them say what was expected.
        """
        worlds = self._before()
        if segment[-1][0].op == "observe":
            for world in worlds:
                world.end = segment[-1][1]["ok"].get("now")
        first = self.judgement.judged
        for position, (operation, answer) in enumerate(segment):
            index = first + position
            if operation.op == "observe":
                settled = _some(settle(worlds, operation.args["settle_ms"]))
                return explain_observation(index, operation, settled, answer["ok"])
            if operation.op == "parallel":
                worlds, stuck = histories.follow(worlds, operation.args["clients"], answer["ok"])
                if stuck is not None:
                    return explain_history(index, operation, stuck)
                continue
            outcomes = _some(outcome for world in worlds for outcome in outcomes_of(world, operation))
            worlds = _different([world for world, expected in outcomes if expected.admits(answer, self.profile)])
            if not worlds:
                return explain_answer(index, operation, [expected for _, expected in outcomes], answer)
        raise AssertionError("a segment that cannot be explained was explained without its guide")


def _some(found: Iterator[T]) -> list[T]:
    """Return all that is found, or what was found before it became too much."""
    kept: list[T] = []
    try:
        for each in islice(found, SOME):
            kept.append(each)  # noqa: PERF402 - what was found before an error stays
    except TooManyWorlds:
        if not kept:
            raise
    return kept


def _follow(worlds: Iterable[World], segment: Sequence[tuple[Operation, Answer]]) -> list[World]:
    """Return all worlds that explain a segment, set free of its guide."""
    return _different(list(_settled(_answer(_guided(worlds, segment), segment), segment)))


def _explanations(
    worlds: Iterable[World], segment: Sequence[tuple[Operation, Answer]], observer: Observer | None
) -> Iterator[World]:
    """Give the worlds that explain a segment, set free of its guide, each as soon as it is found.

    Raises:
        TooManyWorlds: If it takes too many attempts.
    """
    steps = segment[:-1] if segment[-1][0].op == "observe" else segment
    attempts = 0
    stack: list[Iterator[World]] = [iter(_guided(worlds, segment))]
    while stack:
        world = next(stack[-1], None)
        if world is None:
            stack.pop()
            continue
        attempts += 1
        if attempts > len(segment) + ATTEMPTS:
            raise TooManyWorlds
        if len(stack) <= len(steps):
            stack.append(_admitted(world, *steps[len(stack) - 1], observer))
        else:
            yield from _settled([world], segment)


def _admitted(world: World, operation: Operation, answer: Answer, observer: Observer | None) -> Iterator[World]:
    """Give the worlds in which one operation is answered as it was."""
    if observer is not None:
        observer.before(world, operation)
    if operation.op == "parallel":
        for explained in histories.explanations(world, operation.args["clients"], answer["ok"]):
            explained.tags.append("BACK-10")
            yield explained
        return
    for after, expected in outcomes_of(world, operation):
        if after.broken is None and expected.admits(answer, after.profile):
            after.tags.append(expected.clause)
            yield after


def _guided(worlds: Iterable[World], segment: Sequence[tuple[Operation, Answer]]) -> list[World]:
    """Let the observation at the end of a segment guide the worlds; none if it has what nobody can have reported."""
    last, answer = segment[-1]
    guide = _guide(answer["ok"]) if last.op == "observe" else None
    possible = list(worlds)
    for world in possible:
        world.segment = guide
        world.end = None if guide is None else guide.end
        world.cursor = {}
        world.log = {}
    if guide is not None and foreign_events(possible, segment, guide.events):
        return []
    return possible


def _answer(possible: list[World], segment: Sequence[tuple[Operation, Answer]]) -> list[World]:
    """Return the worlds that explain the answers of a segment."""
    for operation, answer in segment:
        if operation.op == "observe":
            break
        kept: list[World] = []
        for world, expected in lawful_outcomes(possible, operation, answer):
            if world.broken is None and expected.admits(answer, world.profile):
                world.tags.append(expected.clause)
                kept.append(world)
        if not kept:
            return []
        possible = _different(kept)
    return possible


def _settled(possible: list[World], segment: Sequence[tuple[Operation, Answer]]) -> Iterator[World]:
    """Let worlds settle as they did at the end of a segment, and give those that were observed."""
    if not segment or segment[-1][0].op != "observe":
        yield from possible
    elif possible:
        operation, answer = segment[-1]
        guide, observation = possible[0].segment, answer["ok"]
        assert guide is not None
        for world in settle(possible, operation.args["settle_ms"]):
            if _agrees(world, observation, guide):
                yield _free(world)


def _guide(observation: Mapping[str, Json]) -> Segment:
    events: dict[str, list[tuple[Event, int, int]]] = {}
    for place, report in enumerate(observation["events"]):
        events.setdefault(report["who"], []).append((as_event(report), report.get("t", UNTIMED), place))
    return Segment(events, observation.get("now"))


def as_event(report: Mapping[str, Json]) -> Event:
    """Return an observed event as the model writes it."""
    kind = report["ev"]
    if kind == "init":
        return ("init",)
    if kind == "info":
        return ("info", report["payload"])
    if kind == "down":
        return ("down", report["ref"], report["of"], report["reason"])
    if kind == "exit":
        return ("exit", report["of"], report["reason"])
    return (kind, report["reason"])


def _agrees(world: World, observation: Mapping[str, Json], guide: Segment) -> bool:
    """Say whether a quiet world is the one that was observed."""
    cursor = world.cursor
    for who, seen in guide.events.items():
        if cursor.get(who, 0) != len(seen):
            return False
    if world.names != observation["names"]:
        return False
    alive = {label for label, process in world.processes.items() if process.status != "dead"}
    if alive != set(observation["alive"]) or not is_at_its_moment(world, observation):
        return False
    return not trees.compare(world, observation)


def _free(world: World) -> World:
    """Set a surviving world free of the guide."""
    if world.segment is not None and world.segment.end is not None and world.profile.clock == "wall":
        world.now = max(world.now, world.segment.end)
    world.segment = None
    world.end = None
    world.cursor = {}
    world.log = {}
    world.orders = []
    world.earliest = []
    world.held = {}
    for process in world.processes.values():
        process.served = 0
        process.after = ()
    return world


def _different(worlds: list[World]) -> list[World]:
    """Return one world of each kind, the first."""
    if len(worlds) == 1:
        return worlds
    kept: dict[Any, World] = {}
    for world in worlds:
        kept.setdefault(world.key(), world)
    return list(kept.values())
