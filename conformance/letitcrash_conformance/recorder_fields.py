"""Reads JSON-shaped data strictly: each value is checked, and a complaint says where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.simulation.schedule import Schedule
from letitcrash_spec.errors import MessageError
from letitcrash_spec.hello import Hello, HelloError, parse_hello
from letitcrash_spec.messages import Answer, Json, Operation
from letitcrash_spec.validator import validate_answer, validate_operation

__all__ = ["Fields", "dump_hello"]

_OUTSIDE = frozenset({"hello", "reset", "bye"})


class Fields:
    """An object of a file.

    Every method raises `UsageError` if the field is missing or of another kind; the message names file and field.
    """

    def __init__(self, value: Json, where: str) -> None:
        """Take an object.

        Args:
            value: What stands in the file.
            where: The place, for messages: `"line 3 of run.jsonl"`.
        """
        if not isinstance(value, dict):
            raise UsageError(f"expected an object in {where}, got {_short(value)}")
        self.data: dict[str, Any] = value
        self.where = where

    def broken(self, key: str, expected: str) -> UsageError:
        """Return the complaint that a field is not what was expected."""
        got = _short(self.data[key]) if key in self.data else "nothing"
        return UsageError(f"expected {key!r} to be {expected}, got {got} (in {self.where})")

    def has(self, key: str) -> bool:
        """Whether a field is there and not null."""
        return self.data.get(key) is not None

    def text(self, key: str) -> str:
        """Return a text."""
        value = self.data.get(key)
        if not isinstance(value, str):
            raise self.broken(key, "a text")
        return value

    def whole(self, key: str, *, least: int | None = 0) -> int:
        """Return a whole number that is not below `least`."""
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
            raise self.broken(key, "a whole number" if least is None else f"a whole number, {least} or more")
        return value

    def number(self, key: str) -> float:
        """Return a number that is not negative."""
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise self.broken(key, "a number, 0 or more")
        try:
            return float(value)
        except OverflowError:
            raise self.broken(key, "a number that a computer can hold") from None

    def truth(self, key: str) -> bool:
        """Return a truth value."""
        value = self.data.get(key)
        if not isinstance(value, bool):
            raise self.broken(key, "true or false")
        return value

    def any(self, key: str) -> Json:
        """Return whatever stands there, which may be null."""
        if key not in self.data:
            raise self.broken(key, "given")
        return self.data[key]

    def many(self, key: str) -> list[Any]:
        """Return a list."""
        value: list[Any] = self.data.get(key, ())
        if not isinstance(value, list):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise self.broken(key, "a list")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        values = self.many(key)
        if not all(isinstance(value, str) for value in values):
            raise self.broken(key, "a list of texts")
        return tuple(values)

    def inner(self, key: str) -> Fields:
        """Return an object inside this one."""
        if not isinstance(self.data.get(key), dict):
            raise self.broken(key, "an object")
        return Fields(self.data[key], f"{key!r}, {self.where}")

    def inners(self, key: str) -> list[Fields]:
        """Return a list of objects inside this one."""
        return [Fields(value, f"entry {n} of {key!r}, {self.where}") for n, value in enumerate(self.many(key), 1)]

    def counter(self, key: str) -> Counter[str]:
        """Return an object from texts to counts."""
        fields = self.inner(key)
        return Counter({name: fields.whole(name) for name in fields.data})

    def hello(self, key: str) -> Hello:
        """Return a subject's description of itself."""
        try:
            return parse_hello(self.inner(key).data)
        except HelloError as error:
            raise UsageError(f"expected {key!r} to be a hello of the protocol: {error} (in {self.where})") from None

    def schedule(self, key: str) -> Schedule | None:
        """Return a recorded schedule; None if there is none."""
        if not self.has(key):
            return None
        inside = self.inner(key)
        try:
            return Schedule.of_texts(inside.text("tier"), inside.text("mode"), inside.text("decisions"))
        except UsageError as error:
            raise UsageError(f"{error} (in {inside.where})") from None

    def operation(self) -> Operation:
        """Return the operation that this object is."""
        operation = Operation(self.text("op"), self.inner("args").data)
        if extra := sorted(self.data.keys() - {"op", "args"}):
            raise UsageError(f"expected 'op' and 'args' only, got {extra[0]!r} (in {self.where})")
        try:
            validate_operation(operation)
        except MessageError as error:
            raise UsageError(f"{error} (in {self.where})") from None
        if operation.op in _OUTSIDE:
            raise UsageError(f"expected an operation inside a world, got {operation.op!r} (in {self.where})")
        return operation

    def operations(self, key: str, lines: Sequence[int] = ()) -> tuple[Operation, ...]:
        """Return a list of operations, checked against the protocol.

        Args:
            key: The field.
            lines: The line of the file on which each operation stands, if that is known.
        """
        found: list[Operation] = []
        for number, value in enumerate(self.many(key), 1):
            line = f", line {lines[number - 1]}" if len(lines) == len(self.many(key)) else ""
            found.append(Fields(value, f"step {number}{line} of {key!r}, {self.where}").operation())
        return tuple(found)

    def answers(self, key: str, operations: Sequence[Operation]) -> tuple[Answer, ...]:
        """Return a list of answers to `operations`, checked against the protocol; it may end early."""
        answers = self.many(key)
        if len(answers) > len(operations):
            raise self.broken(key, f"at most {len(operations)} answers, one for each operation")
        for number, (operation, answer) in enumerate(zip(operations, answers, strict=False), 1):
            try:
                validate_answer(operation, answer)
            except MessageError as error:
                raise UsageError(f"{error} (in answer {number} of {key!r}, {self.where})") from None
        return tuple(answers)


def dump_hello(hello: Hello) -> dict[str, Any]:
    """Return a hello as `parse_hello` takes it."""
    return {
        "protocol": 1,
        "name": hello.name,
        "version": hello.version,
        "language": hello.language,
        "backends": list(hello.backends),
        "default_backend": hello.default_backend,
        "clock": hello.clock,
        "time_unit_ms": hello.time_unit_ms,
        "wall_grain_ms": hello.wall_grain_ms,
        "settle": hello.settle,
        "features": sorted(hello.features),
    }


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]} ... {text[-15:]}"
