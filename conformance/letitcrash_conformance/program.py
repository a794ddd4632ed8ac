"""A program: what one example does to one world, from an empty one to its last observation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from letitcrash_spec.messages import Operation

__all__ = ["SETTLE_MS", "Program"]

SETTLE_MS = {"virtual": 10_000, "wall": 5_000}
"""How long an observation may let the world settle, in milliseconds of the subject's clock."""


@dataclass(frozen=True, slots=True)
class Program:
    """Operations to perform in order, in a world of their own.

    Attributes:
        operations: The operations without the `reset` before them. The last one is an `observe`, and an `observe`
            stands before every `advance`, so that time never jumps over unfinished work.
        origin: What made it: `"search"`, `"scenario:<name>"`, `"replay:<file>"`, `"machine"`.
    """

    operations: tuple[Operation, ...]
    origin: str = "search"

    @classmethod
    def of(cls, operations: Iterable[Operation], *, clock: str, origin: str = "search") -> Program:
        """Return a program of these operations, with the observations that every program needs added."""
        return cls(tuple(_observed(operations, SETTLE_MS[clock])), origin)

    def __len__(self) -> int:
        return len(self.operations)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the operations as JSON-shaped data, oldest first."""
        return [{"op": operation.op, "args": operation.args} for operation in self.operations]


def _observed(operations: Iterable[Operation], settle_ms: int) -> Iterator[Operation]:
    is_observed = True
    for operation in operations:
        if operation.op == "observe":
            if not is_observed:
                yield Operation("observe", {"settle_ms": settle_ms})
            is_observed = True
            continue
        if operation.op == "advance" and not is_observed:
            yield Operation("observe", {"settle_ms": settle_ms})
        yield operation
        is_observed = False
    if not is_observed:
        yield Operation("observe", {"settle_ms": settle_ms})
