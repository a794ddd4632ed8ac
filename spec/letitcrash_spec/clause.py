"""What a clause is: the records of the catalogue and the words they use."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Chapter", "Clause", "Keyword", "Profile", "Section", "TimeNeed"]


class Keyword(StrEnum):
    """How binding a clause is."""

    MUST = "MUST"
    MUST_NOT = "MUST NOT"
    SHOULD = "SHOULD"
    MAY = "MAY"
    VERSION = "VERSION"
    """It depends on the version of OTP; the text says how."""
    IMPLEMENTATION = "IMPLEMENTATION"
    """It describes what OTP happens to do and binds nobody."""


class Profile(StrEnum):
    """Whom a clause binds."""

    CORE = "core"
    """Every implementation."""
    BEAM = "beam"
    """Implementations that run on Erlang's virtual machine, and those that copy its interfaces to the letter."""
    BACKENDS = "backends"
    """Implementations that offer more than one kind of process."""
    ELIXIR_REGISTRY = "elixir-registry"
    """Implementations with a registry from keys to processes, as Elixir's `Registry`."""
    SUITE = "suite"
    """The suite itself, and everybody who writes a test for such an implementation."""


class TimeNeed(StrEnum):
    """What a check of a clause needs to know about time."""

    NO = "no"
    """Nothing: it waits for things that must happen."""
    QUIET = "quiet"
    """It shows that something does not happen, which takes silence or a world that is known to be quiet."""
    CLOCK = "clock"
    """It is about durations."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered sentence of the specification.

    Attributes:
        id: Its number: `"LNK-7"`. Numbers never change and are never given twice.
        chapter: The word of its chapter: `"links"`.
        keyword: How binding it is.
        text: What it demands.
        intent: Why it matters: what goes wrong where it is broken.
        source: Where it comes from.
        profile: Whom it binds.
        verified: Real implementations on which it was seen to hold; empty if it rests on documentation alone.
        time: What a check of it needs to know about time.
        features: What the subject's hello must declare for it to apply.
        checked_by: What checks it: `"model"`, `"differential"`, `"scenario:<name>"`. Empty if nothing can.
        unchecked: Why nothing checks it; empty if something does.
    """

    id: str
    chapter: str
    keyword: Keyword
    text: str
    intent: str
    source: str
    profile: Profile
    verified: tuple[str, ...]
    time: TimeNeed
    features: tuple[str, ...]
    checked_by: tuple[str, ...]
    unchecked: str

    @property
    def is_checked(self) -> bool:
        """Whether the suite checks it at all."""
        return bool(self.checked_by)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading inside a chapter; it holds from the clause `first` on."""

    title: str
    first: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """The clauses of one topic.

    Attributes:
        word: Its word, the same everywhere in the project: `"links"`.
        title: Its heading.
        prefix: What its ids begin with: `"LNK"`.
        about: What it is about, in a sentence or two.
        sections: Its inner headings, in order; may be empty.
        clauses: Its clauses, in natural order.
    """

    word: str
    title: str
    prefix: str
    about: str
    sections: tuple[Section, ...]
    clauses: tuple[Clause, ...]
