"""What a supervisor knows of its children, and what it tells about them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from letitcrash_reference.handle import Handle
from letitcrash_reference.process import Process
from letitcrash_reference.specs import ChildSpec, ChildType

__all__ = ["Child", "ChildCounts", "ChildInfo", "count", "describe_child"]


class Child:
    """One child of a running supervisor.

    Attributes:
        spec: How to start, restart and end it.
        process: Its process, also a dead one whose end has not been noticed; None while it has none. Under a dynamic
            supervisor a child that is being restarted keeps its last one.
        retry: The request to try again that is under way, while it is being restarted.
        restarts: How often the supervisor started it again by itself.
    """

    __slots__ = ("process", "restarts", "retry", "spec")

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.process: Process | None = None
        self.retry: object = None
        self.restarts = 0

    @property
    def is_restarting(self) -> bool:
        """Whether a restart failed and is about to be tried again."""
        return self.retry is not None

    @property
    def is_down(self) -> bool:
        """Whether it has no process and none is on its way."""
        return self.process is None and self.retry is None


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """A child at one moment.

    Attributes:
        id: Its id; None under a dynamic supervisor, where pids take the place of ids.
        handle: Its process; None while it has none.
        is_restarting: Whether its restart failed and is about to be tried again.
        type: What it is declared to be.
        restarts: How often the supervisor started it again by itself.

    Source:
        SUP-50, SUP-53, DYN-E10.
    """

    id: str | None
    handle: Handle[Any, Any, Any] | None
    is_restarting: bool
    type: ChildType
    restarts: int


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """How many children a supervisor has at one moment.

    Attributes:
        specs: All of them.
        active: Those with a live process.
        supervisors: Those declared as supervisors, running or not.
        workers: Those declared as workers, running or not.

    Source:
        SUP-52, SUP-53, DYN-E10.
    """

    specs: int
    active: int
    supervisors: int
    workers: int


def describe_child(child: Child, *, has_id: bool = True) -> ChildInfo:
    """Return what a supervisor tells about one child."""
    process = None if child.is_restarting else child.process
    return ChildInfo(
        id=child.spec.id if has_id else None,
        handle=None if process is None else process.handle,
        is_restarting=child.is_restarting,
        type=child.spec.type or "worker",
        restarts=child.restarts,
    )


def count(children: Collection[Child]) -> ChildCounts:
    """Return how many children there are, of which kinds."""
    supervisors = sum(child.spec.type == "supervisor" for child in children)
    return ChildCounts(
        specs=len(children),
        active=sum(child.process is not None and child.process.alive for child in children),
        supervisors=supervisors,
        workers=len(children) - supervisors,
    )
