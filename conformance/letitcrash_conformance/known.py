"""Known failures: what somebody has written down as broken already, so that a run tells it apart from what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

__all__ = ["KINDS", "NOTHING", "Entry", "Kind", "Known"]

Kind: TypeAlias = Literal["failing", "flaky"]
"""`"failing"`: it fails in every run that is big enough. `"flaky"`: it fails in some."""

KINDS: tuple[Kind, ...] = ("failing", "flaky")


@dataclass(frozen=True, slots=True)
class Entry:
    """One known failure.

    Attributes:
        id: The clause that is broken (`"LNK-7"`), or the scenario that fails, whatever it breaks (`"scenario:<name>"`).
        kind: Whether every run finds it.
        reason: Why it is known, in words.
        link: Where there is more to read; may be empty.
        until: The last day on which it is accepted, or None.
        runs: In how many of how many runs it was found when it was written down, or None.
        budget: Programs for each chapter and backend of these runs, or None.
        where: The places in which it was found then: `"links on thread"`.
        line: Where it begins in its file, from 1; None if that is not known.
        is_expired: Whether its last day was over when the file was read.
    """

    id: str
    kind: Kind
    reason: str
    link: str = ""
    until: date | None = None
    runs: tuple[int, int] | None = None
    budget: int | None = None
    where: tuple[str, ...] = ()
    line: int | None = None
    is_expired: bool = False

    @property
    def is_scenario(self) -> bool:
        """Whether it names a scenario, and not a clause."""
        return self.id.startswith("scenario:")

    @property
    def words(self) -> str:
        """What somebody wrote about it: the reason, and the day and the link if there are any."""
        until = "" if self.until is None else f", until {self.until}"
        link = f" ({self.link})" if self.link else ""
        return f"{self.reason}{until}{link}"

    @property
    def place(self) -> str:
        """Where it stands: `", line 12"`; empty if that is not known."""
        return "" if self.line is None else f", line {self.line}"


@dataclass(frozen=True, slots=True)
class Known:
    """All known failures of a run.

    Attributes:
        path: The file they were read from; empty if there is none.
        entries: The entries, in the order of the file.
        accepts_all: Whether everything counts as known: a run that writes a baseline goes on whatever it finds.
    """

    path: str = ""
    entries: tuple[Entry, ...] = ()
    accepts_all: bool = False

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def excuse(self, clause: str, origin: str) -> str:
        """Return the id under which a violation is known; empty if it is not, or not any more.

        Args:
            clause: The clause that is broken.
            origin: What made the program: `"search"`, `"scenario:<name>"`.
        """
        valid = {entry.id for entry in self.entries if self.accepts_all or not entry.is_expired}
        if origin in valid:
            return origin
        return clause if clause in valid or self.accepts_all else ""

    def find(self, identity: str) -> Entry | None:
        """Return the entry of an id, or None."""
        return next((entry for entry in self.entries if entry.id == identity), None)


NOTHING = Known()
"""No known failures."""
