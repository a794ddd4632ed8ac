"""What a simulation finds by itself: nothing can run any more, it runs for ever, or it cannot see what blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from letitcrash_conformance.inprocess_stack import describe_awaits

__all__ = ["Deadlock", "Livelock", "Stuck", "Uncontrolled", "describe_wait", "name_owner"]


class Stuck(Exception):
    """A simulated run cannot come to its end.

    Attributes:
        what: What happened, in one line.
        waits: Who waits where, one text each.
    """

    def __init__(self, what: str, waits: Sequence[str]) -> None:
        self.what = what
        self.waits = tuple(waits)
        super().__init__("\n".join([what, *(f"  {line}" for wait in waits for line in wait.splitlines())]))


class Deadlock(Stuck):
    """Nobody is ready and no timer is set, but the run is not over."""


class Livelock(Stuck):
    """The bound on steps was reached."""


class Uncontrolled(Stuck):
    """A thread blocks in something that the simulation cannot see, so that nobody else can run."""


def describe_wait(name: str, task: asyncio.Task[Any]) -> str:
    """Return where a task waits: its name, and below it the awaits it is nested in, innermost last."""
    return f"{name} waits at\n{describe_awaits(task.get_coro())}"


def name_owner(who: Any) -> str:
    """Return what the owner of a callback is called: the function of a task, the class of anything else."""
    get_coroutine = getattr(who, "get_coro", None)
    if get_coroutine is not None:
        return str(getattr(get_coroutine(), "__qualname__", "task"))
    return str(who.__class__.__qualname__)
