"""The plain data that travels between the suite and a subject.

Everything is JSON-shaped Python data (`dict`, `list`, `str`, `int`, `bool`, `None`), so that an in-process subject
and a command on the other side of a pipe are given, and give back, the very same values.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

__all__ = ["Answer", "Clock", "Failure", "Json", "Operation", "Reason", "fail", "ok"]

Json: TypeAlias = Any
"""Any value that JSON can carry."""

Reason: TypeAlias = "str | dict[str, str]"
"""An exit reason on the wire: `"normal"`, `{"shutdown": text}`, `{"error": text}`, ..."""

Answer: TypeAlias = dict[str, Any]
"""What a subject answers: `{"ok": value}`, `{"fail": failure}` or `{"error": {"message": text}}`."""

Failure: TypeAlias = dict[str, Any]
"""A lawful refusal: `{"kind": kind}` and, for some kinds, `reason` or `child`."""

Clock: TypeAlias = Literal["virtual", "wall"]


class Operation(NamedTuple):
    """One request to a subject.

    Attributes:
        op: Name of the operation, as in the protocol (`"spawn"`, `"call"`, ...).
        args: Its arguments by name, JSON-shaped. Never changed after the operation was made.
    """

    op: str
    args: dict[str, Any]


def ok(value: Json = None) -> Answer:
    """Return the answer of an operation that took place with `value`."""
    return {"ok": value}


def fail(kind: str, **fields: Json) -> Answer:
    """Return the answer of an operation that was lawfully refused, with the failure's further `fields`."""
    return {"fail": {"kind": kind, **fields}}
