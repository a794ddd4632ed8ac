"""Histories: is there an order of what several clients did at the same time that explains every answer?

The stamps say what certainly came before what. Between two of them every lawful step of the world and of the clients is
followed, those that lead to another answer than the one observed are left at once, and equal worlds are followed once
(the search of Wing and Gong with the memory of Lowe, over a model that moves by itself).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from letitcrash_spec.messages import Answer, Json
from letitcrash_spec.model import clients
from letitcrash_spec.model.clients import Client, Moment, moments_of
from letitcrash_spec.model.explore import TooManyWorlds, search
from letitcrash_spec.model.world import Expected, World

__all__ = ["Stuck", "follow"]

LIMIT = 800
"""How many worlds one answer of a history may fan out to before the model gives up."""

MANY = 400
"""How many possible worlds there may be between two stamps before the model gives up."""


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
        process = world.processes[label]
        expected = process.client.answer if process.client is not None else None
        assert expected is not None
        world.tags.append(expected.clause)
        process.client = Client(moment.turn)
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
