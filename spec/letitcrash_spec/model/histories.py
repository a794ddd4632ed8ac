"""Histories: is there an order of what several clients did at the same time that explains every answer?

The stamps say what certainly came before what. Between two of them every lawful step of the world and of the clients is
followed, those that lead to another answer than the one observed are left at once, and equal worlds are followed once
(the search of Wing and Gong with the memory of Lowe, over a model that moves by itself).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from letitcrash_spec.messages import Answer, Json
from letitcrash_spec.model import clients
from letitcrash_spec.model.clients import Client, Moment, moments_of
from letitcrash_spec.model.explore import TooManyWorlds, search, walk
from letitcrash_spec.model.world import Expected, World

__all__ = ["Stuck", "explanations", "follow"]

LIMIT = 800
"""How many worlds one answer of a history may fan out to before the model gives up."""

MANY = 400
"""How many possible worlds there may be between two stamps before the model gives up."""


MOST = 3000
"""How many answers may be explained on the way to one explanation of a whole history before the model gives up."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """The first answer that nothing explains.

    Attributes:
        client: Whose answer it is, counted from 0.
        turn: Which of its operations, counted from 0.
        answer: The answer.
        lawful: What it might have been.
    """

    client: int
    turn: int
    answer: Answer
    lawful: tuple[Expected, ...]


def follow(
    worlds: Sequence[World],
    operations: Sequence[Sequence[Mapping[str, Json]]],
    history: Sequence[Sequence[Mapping[str, Json]]],
) -> tuple[list[World], Stuck | None]:
    """Follow a history.

    Args:
        worlds: The possible worlds before it; they are changed.
        operations: For each client its operations in order, `{"op":, "args":}`.
        history: For each client its stamps and answers in order, `{"call":, "return":, "answer":}`.

    Returns:
        The possible worlds after it; none if nothing explains it. The second value is the first answer at which every
        order fails, if the answers alone decide.

    Raises:
        TooManyWorlds: If the lawful orders are too many to be followed.
        Unspecified: If the specification promises nothing that could be compared from here on.
    """
    possible = list(worlds)
    for world in possible:
        clients.join(world, len(operations))
    for moment in moments_of(history):
        if not moment.is_end:
            operation = operations[moment.client][moment.turn]
            for world in possible:
                _begin(world, moment, operation)
            possible = [world for world in possible if world.broken is None]
            continue
        before = [world.copy() for world in possible]
        possible = _end(possible, moment)
        if not possible:
            return [], _explain(before, moment)
        if len(possible) > MANY:
            raise TooManyWorlds
    for world in possible:
        clients.leave(world)
    return _different(possible), None


def explanations(
    world: World, operations: Sequence[Sequence[Mapping[str, Json]]], history: Sequence[Sequence[Mapping[str, Json]]]
) -> Generator[World, None, None]:
    """Give the possible worlds after a history one after the other, each as soon as it is found.

    The arguments and errors are those of `follow`, for one world. One explanation is enough to say that a history is
    lawful, and is found long before all are.
    """
    clients.join(world, len(operations))
    moments = moments_of(history)
    seen: set[Any] = set()
    count = 0
    stack: list[tuple[int, Iterator[World]]] = [(0, iter((world,)))]
    while stack:
        index, possible = stack[-1]
        found = next(possible, None)
        if found is None:
            stack.pop()
            continue
        count += 1
        if count > MOST:
            raise TooManyWorlds
        while index < len(moments) and not moments[index].is_end and found.broken is None:
            moment = moments[index]
            _begin(found, moment, operations[moment.client][moment.turn])
            index += 1
        if found.broken is not None:
            continue
        if count > len(moments):
            key = (index, found.key())
            if key in seen:
                continue
            seen.add(key)
        if index < len(moments):
            stack.append((index + 1, _ends(found, moments[index])))
        else:
            clients.leave(found)
            yield found


def _ends(world: World, moment: Moment) -> Generator[World, None, None]:
    """Follow a world until a client has its answer, order by order."""
    label = clients.name(moment.client)
    for found in walk([world], _has_answer(label), near=label, limit=LIMIT):
        _take_answer(found, label, moment)
        yield found


def _take_answer(world: World, label: str, moment: Moment) -> None:
    process = world.processes[label]
    expected = process.client.answer if process.client is not None else None
    assert expected is not None
    world.tags.append(expected.clause)
    process.client = Client(moment.turn)


def _begin(world: World, moment: Moment, operation: Mapping[str, Json]) -> None:
    process = world.processes[clients.name(moment.client)]
    clients.begin(world, process, Client(moment.turn, operation["op"], operation["args"], moment.answer))


def _end(worlds: Sequence[World], moment: Moment) -> list[World]:
    """Follow worlds until a client has its answer."""
    label = clients.name(moment.client)
    found: list[World] = []
    for world in worlds:
        found += search([world], _has_answer(label), near=label, limit=LIMIT)
    for world in found:
        _take_answer(world, label, moment)
    return _different(found)


def _has_answer(label: str) -> Callable[[World], bool]:
    def goal(world: World) -> bool:
        client = world.processes[label].client
        return client is not None and client.answer is not None

    return goal


def _explain(worlds: Sequence[World], moment: Moment) -> Stuck:
    """Follow worlds to a client's answer once more, whatever the answer is."""
    label = clients.name(moment.client)
    lawful: list[Expected] = []
    for world in worlds:
        process = world.processes[label]
        assert process.client is not None
        process.client = process.client._replace(wants=None)
        if process.client.answer is not None:
            lawful.append(process.client.answer)
            continue
        for after in search([world], _has_answer(label), near=label, limit=LIMIT):
            client = after.processes[label].client
            if client is not None and client.answer is not None:
                lawful.append(client.answer)
    return Stuck(moment.client, moment.turn, moment.answer, tuple(lawful))


def _different(worlds: list[World]) -> list[World]:
    """Return one world of each kind, the first."""
    kept: dict[Any, World] = {}
    for world in worlds:
        kept.setdefault(world.key(), world)
    return list(kept.values())
