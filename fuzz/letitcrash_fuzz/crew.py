"""Who works on a campaign: places that take one range after another, wherever they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from letitcrash_fuzz.worker import Job

__all__ = ["Crew", "Message", "Place"]


@dataclass(slots=True, eq=False)
class Place:
    """One that takes a range at a time.

    Attributes:
        slot: Its number.
        running: The file with the input that it is running; None if that is written nowhere in reach.
        job: What it is doing, or None.
        progress: Executions and operations of its range so far.
    """

    slot: int
    running: Path | None = None
    job: Job | None = None
    progress: tuple[int, int] = (0, 0)


Message: TypeAlias = "tuple[Place, Literal['progress', 'violation', 'find', 'done', 'died', 'note'], Any]"
"""Who, what, and a value: counts, a find, a range, the story of a death, or something to be told."""


class Crew(Protocol):
    """Several places. Used by one thread."""

    @property
    def workers(self) -> Sequence[Place]:
        """All places."""
        ...

    @property
    def idle(self) -> list[Place]:
        """The places that can take a range now."""
        ...

    @property
    def busy(self) -> list[Place]:
        """The places with a range."""
        ...

    def give(self, worker: Any, job: Job) -> None:
        """Give an idle place a range."""
        ...

    def listen(self, timeout_s: float) -> Iterator[Message]:
        """Give what is said; wait for it for a while.

        Raises:
            SubjectError: If nobody can be reached any more.
            SuiteError: If a range failed by a mistake of the suite or of the command line.
        """
        ...

    def stop(self, patience_s: float) -> Iterator[Message]:
        """Let all ranges end early, and give what is still said."""
        ...

    def close(self) -> None:
        """End all that was started."""
        ...
