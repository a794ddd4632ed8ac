"""Checks values against shapes: compiled closures that say yes or no, and a slower walk that says what is wrong.

The two are kept apart because the suite checks every answer: the closure of a plain answer costs a few hundred
nanoseconds, and words are only looked for once something is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias, TypeGuard, assert_never

from letitcrash_spec.shapes import (
    AnswerOf,
    Choice,
    Field,
    ListOf,
    MapOf,
    Named,
    Record,
    Row,
    Scalar,
    Shape,
    Tagged,
    Union,
)
from letitcrash_spec.wording import describe_shape, shorten

__all__ = ["Checker", "Complaint", "compile_shapes", "find_complaint"]

Checker: TypeAlias = Callable[[Any], bool]
"""Says whether a value has a shape."""

_ANSWER_KEYS = ("ok", "fail", "error")


class Complaint(NamedTuple):
    """What is wrong with a value.

    Attributes:
        subject: The offending part: `"'timeout_ms'"`, or the word for the whole message.
        expected: What it should have been, in words.
        got: What it was.
        where: The path of the container it stands in.
    """

    subject: str
    expected: str
    got: Any
    where: str


def compile_shapes(shapes: Mapping[str, Shape]) -> dict[str, Checker]:
    """Return a checker for every named shape; shapes may refer to each other and to themselves."""
    checkers: dict[str, Checker] = {}
    for name, shape in shapes.items():
        checkers[name] = _compile(shape, checkers)
    return checkers


def _compile(shape: Shape, checkers: dict[str, Checker]) -> Checker:
    match shape:
        case Scalar():
            return _compile_scalar(shape)
        case Choice():
            # The type stands beside the value because True equals 1.
            allowed = frozenset((type(value), value) for value in shape.values)
            return lambda value: isinstance(value, (str, int)) and (type(value), value) in allowed
        case ListOf():
            return _compile_list(_compile(shape.item, checkers), shape.least)
        case Row():
            return _compile_row(shape, checkers)
        case MapOf():
            return _compile_map(_compile(shape.value, checkers))
        case Record():
            return _compile_record(shape, checkers)
        case Union():
            return _compile_union(tuple(_compile(choice, checkers) for choice in shape.choices))
        case Tagged():
            return _compile_tagged(shape.key, {tag: _compile(case, checkers) for tag, case in shape.cases})
        case Named():
            if shape.name in checkers:
                return checkers[shape.name]
            name = shape.name
            return lambda value: checkers[name](value)  # looked up late, for shapes that contain themselves
        case AnswerOf():
            return _compile_answer(shape, checkers)
        case _:
            assert_never(shape)


def _compile_scalar(shape: Scalar) -> Checker:
    least = shape.least
    match shape.kind:
        case "any":
            return lambda _value: True
        case "null":
            return lambda value: value is None
        case "bool":
            return lambda value: value is True or value is False
        case "int":
            if least is None:
                return lambda value: type(value) is int
            return lambda value: type(value) is int and value >= least
        case "number":
            return _is_number
        case "text":
            if not least:
                return lambda value: isinstance(value, str)
            return lambda value: isinstance(value, str) and len(value) >= least
        case _:
            assert_never(shape.kind)


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _compile_map(check: Checker) -> Checker:
    def is_map(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        entries: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType] - cast() would be a call
        return all(map(check, entries.values())) and all(isinstance(key, str) for key in entries)

    return is_map


def _compile_list(check: Checker, least: int) -> Checker:
    def is_list(value: Any) -> bool:
        if not isinstance(value, list):
            return False
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - cast() would be a call
        if len(items) < least:
            return False
        for item in items:  # noqa: SIM110 - a plain loop is faster than all() over a generator
            if not check(item):
                return False
        return True

    return is_list


def _compile_row(shape: Row, checkers: dict[str, Checker]) -> Checker:
    tag = shape.tag
    start = 0 if tag is None else 1
    checks = tuple(enumerate((_compile(field.shape, checkers) for field in shape.fields), start))
    length = start + len(checks)

    def is_row(value: Any) -> bool:
        if not isinstance(value, list):
            return False
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - cast() would be a call
        if len(items) != length or (tag is not None and items[0] != tag):
            return False
        for index, check in checks:  # noqa: SIM110
            if not check(items[index]):
                return False
        return True

    return is_row


def _compile_record(shape: Record, checkers: dict[str, Checker]) -> Checker:
    required = tuple((f.name, _compile(f.shape, checkers)) for f in shape.fields if not f.is_optional)
    optional = {f.name: _compile(f.shape, checkers) for f in shape.fields if f.is_optional}
    is_open = shape.is_open

    def is_record(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        fields: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType] - cast() would be a call
        for name, check in required:
            if name not in fields or not check(fields[name]):
                return False
        if len(fields) == len(required):
            return True
        for key in fields:
            if key in optional:
                if not optional[key](fields[key]):
                    return False
            elif not is_open and key not in names:
                return False
        return True

    names = frozenset(name for name, _ in required)
    return is_record


def _compile_union(checks: tuple[Checker, ...]) -> Checker:
    def is_one(value: Any) -> bool:
        for check in checks:  # noqa: SIM110
            if check(value):
                return True
        return False

    return is_one


def _compile_tagged(key: str | int, cases: dict[str, Checker]) -> Checker:
    def is_tagged_list(value: Any) -> bool:
        if not isinstance(value, list) or not value or not isinstance(value[0], str):
            return False
        check = cases.get(value[0])
        return check is not None and check(value)

    def is_tagged_object(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        fields: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType] - cast() would be a call
        tag = fields.get(key)
        check = cases.get(tag) if isinstance(tag, str) else None
        return check is not None and check(fields)

    return is_tagged_list if key == 0 else is_tagged_object


def _compile_answer(shape: AnswerOf, checkers: dict[str, Checker]) -> Checker:
    is_ok = _compile(shape.ok, checkers)
    is_failure = _compile(Named("failure"), checkers)
    is_error = _compile(Named("harness_error"), checkers)

    def is_answer(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        fields: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType] - cast() would be a call
        if "ok" in fields:
            return is_ok(fields["ok"]) and (len(fields) == 1 or ("fail" not in fields and "error" not in fields))
        if "fail" in fields:
            return is_failure(fields["fail"]) and "error" not in fields
        return "error" in fields and is_error(fields["error"])

    return is_answer


def find_complaint(
    shape: Shape, value: Any, shapes: Mapping[str, Shape], *, subject: str, where: str
) -> Complaint | None:
    """Say what is wrong with a value, or return `None` if it has the shape.

    Args:
        shape: What the value should look like.
        value: The value.
        shapes: The table that `Named` shapes refer to.
        subject: The value's word in the complaint: `"'timeout_ms'"`, `"item 2"`.
        where: The path of the value's container, or of the value itself if it is a whole message.
    """
    return _Walk(shapes).find(shape, value, subject, where, where)


class _Walk:
    """The slow road: the same rules as the closures, in words."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes

    def find(self, shape: Shape, value: Any, subject: str, where: str, here: str) -> Complaint | None:
        """Judge `value`, called `subject`, found in `where`; its own path is `here`."""
        plain = Complaint(subject, describe_shape(shape, self._shapes), value, where)
        match shape:
            case Named():
                return self.find(self._shapes[shape.name], value, subject, where, here)
            case Scalar() | Choice():
                return self._find_plain(shape, value, plain)
            case ListOf():
                if not _is_list(value) or len(value) < shape.least:
                    return plain
                words = ((shape.item, item, f"item {i + 1}", f"{here}[{i}]") for i, item in enumerate(value))
                return self._first((item_shape, item, name, here, path) for item_shape, item, name, path in words)
            case Row():
                return self._find_row(shape, value, plain, here)
            case MapOf():
                if not _is_object(value) or not all(isinstance(key, str) for key in value):
                    return plain
                return self._first((shape.value, v, f"{k!r}", here, f"{here}.{k}") for k, v in value.items())
            case Record():
                return self._find_record(shape, value, plain, here)
            case Union():
                return self._find_union(shape, value, plain, here)
            case Tagged():
                return self._find_tagged(shape, value, plain, here)
            case AnswerOf():
                return self._find_answer(shape, value, plain, here)
            case _:
                assert_never(shape)

    def _first(self, parts: Any) -> Complaint | None:
        for part in parts:
            complaint = self.find(*part)
            if complaint is not None:
                return complaint
        return None

    def _find_plain(self, shape: Scalar | Choice, value: Any, plain: Complaint) -> Complaint | None:
        if _compile(shape, {})(value):
            return None
        least = shape.least if isinstance(shape, Scalar) else None
        if isinstance(shape, Scalar) and shape.kind == "int" and least is not None and type(value) is int:
            return plain._replace(expected=f"{plain.expected} of at least {least}")
        if (
            isinstance(shape, Scalar)
            and shape.kind == "text"
            and least
            and value == ""
            and "empty" not in plain.expected
        ):
            return plain._replace(expected=f"{plain.expected} that is not empty")
        return plain

    def _find_row(self, shape: Row, value: Any, plain: Complaint, here: str) -> Complaint | None:
        start = 0 if shape.tag is None else 1
        names = ", ".join(field.name for field in shape.fields)
        if not _is_list(value) or (shape.tag is not None and value[:1] != [shape.tag]):
            return plain
        if len(value) != start + len(shape.fields):
            form = f"[{', '.join(filter(None, (repr(shape.tag) if shape.tag else '', names)))}]"
            return plain._replace(expected=f"{form}, {start + len(shape.fields)} items")
        places = enumerate(shape.fields, start)
        return self._first((f.shape, value[i], f"{f.name!r}", here, f"{here}[{i}]") for i, f in places)

    def _find_record(self, shape: Record, value: Any, plain: Complaint, here: str) -> Complaint | None:
        if not _is_object(value):
            return (
                plain if shape.what.startswith("an object") else plain._replace(expected=f"{plain.expected}, an object")
            )
        for field in shape.fields:
            if field.name in value:
                complaint = self.find(field.shape, value[field.name], f"{field.name!r}", here, f"{here}.{field.name}")
                if complaint is not None:
                    return complaint
            elif not field.is_optional:
                return self._missing(field, value, here)
        names = [field.name for field in shape.fields]
        unknown = [] if shape.is_open else [key for key in value if key not in names]
        if unknown:
            known = " and ".join(filter(None, (", ".join(map(repr, names[:-1])), repr(names[-1]) if names else "")))
            return Complaint("the keys", f"{known or 'none'} and no others" if known else "none", unknown[0], here)
        return None

    def _missing(self, field: Field, value: dict[str, Any], here: str) -> Complaint:
        what = describe_shape(field.shape, self._shapes)
        return Complaint(f"{field.name!r}", f"there, {what}", _Keys(value), here)

    def _find_union(self, shape: Union, value: Any, plain: Complaint, here: str) -> Complaint | None:
        """Follow the one choice the value seems to aim at, so that the complaint is about the part that is wrong."""
        if any(self.find(choice, value, plain.subject, plain.where, here) is None for choice in shape.choices):
            return None
        aims = [self._shapes[choice.name] if isinstance(choice, Named) else choice for choice in shape.choices]
        for aim in aims:
            is_list = isinstance(value, list) and isinstance(aim, ListOf)
            if is_list or (_is_object(value) and _aims_at(aim, value)):
                return self.find(aim, value, plain.subject, plain.where, here)
        records = [aim for aim in aims if isinstance(aim, Record)]
        if len(records) == 1 and any(field.name in _keys(value) for field in records[0].fields):
            return self.find(records[0], value, plain.subject, plain.where, here)
        return plain

    def _find_tagged(self, shape: Tagged, value: Any, plain: Complaint, here: str) -> Complaint | None:
        cases = dict(shape.cases)
        tags = ", ".join(cases)
        if shape.key == 0:
            if not _is_list(value) or not value:
                return plain._replace(expected=f"{plain.expected}, a list that begins with its name")
            tag, subject, where = value[0], "item 1", here
        else:
            if not _is_object(value):
                return (
                    plain
                    if plain.expected.startswith("an object")
                    else plain._replace(expected=f"{plain.expected}, an object")
                )
            if shape.key not in value:
                return Complaint(f"{shape.key!r}", f"there, {shape.tag_what}", _Keys(value), here)
            tag, subject, where = value[shape.key], f"{shape.key!r}", here
        if not isinstance(tag, str) or tag not in cases:
            return Complaint(subject, f"{shape.tag_what} ({tags})", tag, where)
        return self.find(cases[tag], value, plain.subject, plain.where, here)

    def _find_answer(self, shape: AnswerOf, value: Any, plain: Complaint, here: str) -> Complaint | None:
        keys = [key for key in _ANSWER_KEYS if key in _keys(value)]
        if len(keys) != 1:
            return plain._replace(got=_Keys(value) if _is_object(value) else value)
        shapes: dict[str, Shape] = {"ok": shape.ok, "fail": Named("failure"), "error": Named("harness_error")}
        return self.find(shapes[keys[0]], value[keys[0]], f"{keys[0]!r}", here, f"{here}.{keys[0]}")


class _Keys:
    """Stands for an object of which only the keys matter in a message."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._keys = list(value)

    def __repr__(self) -> str:
        return f"only {', '.join(map(shorten, self._keys))}" if self._keys else "an empty object"


def _aims_at(shape: Shape, value: Mapping[str, Any]) -> bool:
    """Whether an object has the keys by which this shape is known."""
    match shape:
        case Record():
            return all(field.is_optional or field.name in value for field in shape.fields)
        case Tagged():
            return shape.key in value
        case _:
            return isinstance(shape, AnswerOf)


def _keys(value: Any) -> Mapping[str, Any]:
    return value if _is_object(value) else {}


def _is_object(value: Any) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
