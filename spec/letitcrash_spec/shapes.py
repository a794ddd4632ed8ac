"""The small language in which the protocol table describes JSON values.

One description serves four readers: the validator compiles it to closures, the schema writer turns it into JSON Schema,
the page writer into words, and a generator of adapter skeletons can read the fields of every operation from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from letitcrash_spec.messages import Json

__all__ = [
    "AnswerOf",
    "Choice",
    "Field",
    "ListOf",
    "MapOf",
    "Named",
    "Record",
    "Row",
    "Scalar",
    "Shape",
    "Tagged",
    "Union",
]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single JSON value of one kind.

    Attributes:
        kind: Its JSON type; `"any"` accepts everything, `"number"` whole numbers and fractions.
        what: The value in words, with its article: `"a whole number of milliseconds"`.
        least: Smallest number, or smallest length of a text; no limit if `None`.
    """

    kind: Literal["any", "null", "bool", "int", "number", "text"]
    what: str
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some constants; `what` is their word in messages, or the constants themselves if empty."""

    values: tuple[str | int, ...]
    what: str = ""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A JSON array whose items all have one shape, at least `least` of them."""

    item: Shape
    what: str
    least: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A JSON array of fixed length; if `tag` is given, it stands first and the fields follow it."""

    tag: str | None
    fields: tuple[Field, ...]
    what: str


@dataclass(frozen=True, slots=True)
class MapOf:
    """A JSON object with any keys whose values all have one shape."""

    value: Shape
    what: str


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object with known keys; an open one may carry further keys, which are ignored."""

    fields: tuple[Field, ...]
    what: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Union:
    """A value of one of several shapes."""

    choices: tuple[Shape, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value whose shape is chosen by a tag.

    Attributes:
        key: Where the tag stands: an object's key, or 0 for the first item of an array.
        cases: Tag and shape, in the order of the page.
        what: The value in words, with its article.
        tag_what: The tag in words, with its article: `"a probe action"`.
    """

    key: str | Literal[0]
    cases: tuple[tuple[str, Shape], ...]
    what: str
    tag_what: str


@dataclass(frozen=True, slots=True)
class Named:
    """A shape that stands in the table of shapes under `name`; it may contain itself."""

    name: str


@dataclass(frozen=True, slots=True)
class AnswerOf:
    """An answer: exactly one of `ok` (with this shape), `fail` and `error`; further keys are ignored."""

    ok: Shape


Shape: TypeAlias = "Scalar | Choice | ListOf | Row | MapOf | Record | Union | Tagged | Named | AnswerOf"
"""Any description of a JSON value."""


@dataclass(frozen=True, slots=True)
class Field:
    """A key of an object or a place in a row.

    Attributes:
        name: The key; in a row the word for the place.
        shape: The shape of its value.
        doc: What it means, without a full stop; may be empty.
        is_optional: Whether it may be left out (never in a row).
        default: What a receiver takes if it is left out; `None` if there is no such value.
    """

    name: str
    shape: Shape
    doc: str = ""
    is_optional: bool = False
    default: Json = None
