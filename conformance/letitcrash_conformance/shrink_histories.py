"""Smaller histories: fewer clients, fewer operations of each, a shorter story before them; and how lucky a run must be.

What several clients do at the same time comes out differently from run to run where threads or processes of a virtual
machine are real, so that a candidate counts as passing only when it has not failed in several tries.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from letitcrash_spec.messages import Answer, Json, Operation

__all__ = ["Luck", "candidates_of", "has_history", "size_of", "without_label"]

MOST_TRIES = 60
"""How often a candidate is run at most before it counts as passing."""

_DOUBT = 0.05
_WEIGHT = 0.4


class Luck:
    """How often a failing program fails, and how many tries a candidate deserves for that.

    Args:
        least: How many tries a candidate has at least.
    """

    def __init__(self, least: int) -> None:
        self._least = least
        self.rate = 1.0

    @property
    def tries(self) -> int:
        """How often to run a candidate: so often that one like the last failing ones would hardly ever pass."""
        if self.rate >= 1.0:
            return self._least
        needed = math.ceil(math.log(_DOUBT) / math.log(1.0 - self.rate))
        return max(self._least, min(needed, MOST_TRIES))

    def measured(self, failed: int, runs: int) -> None:
        """Take over what was counted: it has failed in so many runs, at least in one."""
        self.rate = failed / runs

    def found(self, number: int) -> None:
        """A candidate has failed, in its try of this number, from 1."""
        self.rate = min(1.0, (1 - _WEIGHT) * self.rate + _WEIGHT / number)


def has_history(operations: Sequence[Operation]) -> bool:
    """Whether several clients act at the same time."""
    return any(operation.op == "parallel" for operation in operations)


def size_of(operation: Operation) -> int:
    """Return how many operations there are to read: a history counts with all that its clients do."""
    if operation.op != "parallel":
        return 1
    return 1 + sum(len(client) for client in operation.args["clients"])


def candidates_of(operations: Sequence[Operation], answers: Sequence[Answer]) -> Iterator[list[Operation]]:
    """Return programs with a smaller history each, the boldest first.

    Args:
        operations: The program.
        answers: What was answered to it; may end early.
    """
    for position, operation in enumerate(operations):
        if operation.op != "parallel":
            continue
        before, after = operations[:position], operations[position + 1 :]
        clients = operation.args["clients"]
        answer = answers[position] if position < len(answers) else None
        yield [*before, *_in_turn(clients, answer), *after]
        for smaller in _smaller(clients):
            yield [*before, Operation("parallel", {"clients": smaller}), *after]


def _in_turn(clients: Sequence[Sequence[Any]], answer: Answer | None) -> list[Operation]:
    """Return the operations of all clients one after the other, in the order in which they began."""
    history = None if answer is None else answer.get("ok")
    found: list[tuple[int, int, Operation]] = []
    for client, steps in enumerate(clients):
        for turn, step in enumerate(steps):
            call = turn if history is None else history[client][turn]["call"]
            found.append((call, client, Operation(step["op"], step["args"])))
    return [operation for _, _, operation in sorted(found, key=lambda each: each[:2])]


def _smaller(clients: Sequence[Sequence[Any]]) -> Iterator[list[list[Any]]]:
    for number, client in enumerate(clients):
        rest = [list(other) for other in clients]
        if len(clients) > 1 or not client:
            yield rest[:number] + rest[number + 1 :]
    for number, client in enumerate(clients):
        rest = [list(other) for other in clients]
        size = len(client) // 2
        while size > 0:
            for start in range(len(client) - size, -1, -size):
                rest[number] = [*client[:start], *client[start + size :]]
                if rest[number] or len(clients) == 1:
                    yield [list(other) for other in rest]
            size //= 2


def without_label(operations: Sequence[Operation], label: str) -> list[Operation]:
    """Leave out what speaks of a process that is not started any more, also inside of histories."""
    marks = (json.dumps(label), json.dumps(f"{label}/")[:-1])

    def speaks(args: Json) -> bool:
        text = json.dumps(args)
        return any(mark in text for mark in marks)

    kept: list[Operation] = []
    for operation in operations:
        if operation.op == "parallel":
            clients = [[step for step in client if not speaks(step["args"])] for client in operation.args["clients"]]
            clients = [client for client in clients if client]
            if clients:
                kept.append(Operation("parallel", {"clients": clients}))
        elif not speaks(operation.args):
            kept.append(operation)
    return kept
