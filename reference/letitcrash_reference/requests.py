"""What a supervisor can be asked; its handle puts these into calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from letitcrash_reference.pid import Pid
from letitcrash_reference.specs import ChildSpec

__all__ = [
    "CountChildren",
    "DeleteChild",
    "GetChildSpec",
    "Request",
    "RestartChild",
    "StartChild",
    "TerminateChild",
    "WhichChildren",
]


@dataclass(frozen=True, slots=True)
class StartChild:
    """Start a new child."""

    spec: ChildSpec


@dataclass(frozen=True, slots=True)
class TerminateChild:
    """End a child: by its id, or by its pid under a dynamic supervisor."""

    child: str | Pid


@dataclass(frozen=True, slots=True)
class RestartChild:
    """Start a known child that is down."""

    id: str


@dataclass(frozen=True, slots=True)
class DeleteChild:
    """Forget a child that is down."""

    id: str


@dataclass(frozen=True, slots=True)
class WhichChildren:
    """Describe the children."""


@dataclass(frozen=True, slots=True)
class CountChildren:
    """Count the children."""


@dataclass(frozen=True, slots=True)
class GetChildSpec:
    """Return the spec of a child: by its id, or by its pid under a dynamic supervisor."""

    child: str | Pid


Request: TypeAlias = (
    StartChild | TerminateChild | RestartChild | DeleteChild | WhichChildren | CountChildren | GetChildSpec
)
