"""What can go wrong with the specification's data.

SpecificationError
├── CatalogueError       a clause file is broken (also a ValueError)
├── UnknownClauseError   a selection names no clause (also a LookupError)
└── MessageError         a message breaks the protocol (also a ValueError)
"""

from __future__ import annotations

__all__ = ["CatalogueError", "MessageError", "SpecificationError", "UnknownClauseError"]


class SpecificationError(Exception):
    """Base of the errors of this package."""


class CatalogueError(SpecificationError, ValueError):
    """A clause file that cannot be read.

    Attributes:
        file: Name of the file, without its folder.
        clause: Id of the clause, or its place in the file; empty if the whole file is meant.
        field: The field that is wrong; empty if none is to blame.
    """

    def __init__(self, problem: str, *, file: str, clause: str = "", field: str = "") -> None:
        place = ", ".join(part for part in (file, clause, f"field {field!r}" if field else "") if part)
        super().__init__(f"{place}: {problem}")
        self.file = file
        self.clause = clause
        self.field = field


class UnknownClauseError(SpecificationError, LookupError):
    """A selection that names nothing in the catalogue.

    Attributes:
        selection: What was asked for.
        nearest: The known names closest to it, best first; may be empty.
    """

    def __init__(self, message: str, *, selection: str, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.selection = selection
        self.nearest = nearest


class MessageError(SpecificationError, ValueError):
    """A request, answer or event that the protocol does not allow.

    Attributes:
        where: The part of the message that holds the offending value: `"call.args"`.
        expected: What should have stood there, in words.
        got: The value that stood there, or `None` if nothing did.
    """

    def __init__(self, message: str, *, where: str, expected: str, got: object) -> None:
        super().__init__(message)
        self.where = where
        self.expected = expected
        self.got = got
