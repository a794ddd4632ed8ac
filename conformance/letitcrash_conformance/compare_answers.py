"""What two subjects answered to the same operations: where it differs, and in which parts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from letitcrash_conformance.render import value_text, words_of_answer, words_of_event
from letitcrash_spec.messages import Answer, Json, Operation

__all__ = ["Part", "Texts", "find_difference", "list_parts"]

MAX_EVENTS = 8
_RAISED = "crash"
"""The error that a probe raises by itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in which two answers to one operation differ.

    Attributes:
        what: What it is, in words: `"the answer"`, `"what p1 reports"`.
        left: What the first subject answered, in words.
        right: What the second one answered.
    """

    what: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Texts:
    """Which texts inside of reasons are compared.

    Attributes:
        program: The program as JSON: a text that does not stand in it is an implementation's own words.
        error_text: Whether both subjects promise to keep the text of errors.
    """

    program: str
    error_text: bool

    @classmethod
    def of(cls, operations: Sequence[Operation], *, error_text: bool) -> Texts:
        """Return what is compared for a program."""
        return cls(json.dumps([operation.args for operation in operations]), error_text)

    def compares(self, kind: str, text: Json) -> bool:
        """Whether the text of a reason of the kind `error` or `shutdown` is compared."""
        if kind == "error" and not self.error_text:
            return False
        return text == _RAISED or json.dumps(text) in self.program


def find_difference(
    operations: Sequence[Operation], left: Sequence[Answer], right: Sequence[Answer], *, error_text: bool
) -> int | None:
    """Return the position of the first operation that was answered differently; None if there is none.

    Left out is what nobody promises or compares: moments, stamps, the order of events of different processes and of
    children, and texts of reasons that are an implementation's own words.

    Args:
        operations: The operations.
        left: What the first subject answered, in order; may end early.
        right: What the second one answered.
        error_text: Whether both subjects promise to keep the text of errors.
    """
    texts = Texts.of(operations, error_text=error_text)
    for index, (operation, one, other) in enumerate(zip(operations, left, right, strict=False)):
        if one != other and _normal(operation, one, texts) != _normal(operation, other, texts):
            return index
    return None


def list_parts(operation: Operation, left: Answer, right: Answer, texts: Texts) -> list[Part]:
    """Return the parts in which two answers to an operation differ; equal parts are left out."""
    one, other = _normal(operation, left, texts), _normal(operation, right, texts)
    if one == other:
        return []
    if operation.op == "observe":
        return list(_observed_parts(one, other))
    if operation.op == "parallel":
        return list(_history_parts(one, other))
    return [Part("the answer", words_of_answer(left), words_of_answer(right))]


def _observed_parts(one: Mapping[str, Json], other: Mapping[str, Json]) -> Iterator[Part]:
    for who in sorted({*one["events"], *other["events"]}):
        sides = one["events"].get(who, []), other["events"].get(who, [])
        if sides[0] != sides[1]:
            yield Part(f"what {who} reports", *(_say_events(who, events) for events in _without_equal(*sides)))
    for who in sorted({*one["alive"]} ^ {*other["alive"]}):
        yield Part(f"whether {who} is alive", *("yes" if who in side["alive"] else "no" for side in (one, other)))
    for key, what in (("names", "who holds {}"), ("children", "the children of {}")):
        for name in sorted({*one[key], *other[key]}):
            values = one[key].get(name), other[key].get(name)
            if values[0] != values[1]:
                yield Part(what.format(name), *("nothing" if v is None else value_text(v) for v in values))


def _history_parts(one: Sequence[Any], other: Sequence[Any]) -> Iterator[Part]:
    for client, (answers, others) in enumerate(zip(one, other, strict=False), 1):
        for turn, (left, right) in enumerate(zip(answers, others, strict=False), 1):
            if left != right:
                yield Part(f"operation {turn} of client {client}", words_of_answer(left), words_of_answer(right))


def _without_equal(left: Sequence[Any], right: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Leave out the events with which both sequences begin, but for nothing."""
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    return left[start:], right[start:]


def _say_events(who: str, events: Sequence[Mapping[str, Json]]) -> str:
    words = [words_of_event({"who": who, **event}) for event in events[:MAX_EVENTS]]
    if len(events) > MAX_EVENTS:
        words.append(f"and {len(events) - MAX_EVENTS} more")
    return "; ".join(words) or "nothing more"


def _normal(operation: Operation, answer: Answer, texts: Texts) -> Any:
    """Return an answer without what is not compared."""
    value: Any = _without_texts(answer, texts)
    if "ok" not in value:
        return value
    value = value["ok"]
    if operation.op == "observe":
        events: dict[str, list[Any]] = {}
        for event in value["events"]:
            told = {key: field for key, field in event.items() if key not in ("t", "who")}
            events.setdefault(event["who"], []).append(told)
        children = {name: _sorted_rows(told) for name, told in value.get("children", {}).items()}
        return {"alive": sorted(value["alive"]), "names": value["names"], "children": children, "events": events}
    if operation.op == "parallel":
        return [[step["answer"] for step in client] for client in value]
    if operation.op == "which_children":
        return {"ok": _sorted(value)}
    return {"ok": value}


def _sorted_rows(told: Any) -> Any:
    if _is_object(told) and "list" in told:
        return {**told, "list": _sorted(told["list"])}
    return told


def _sorted(rows: Any) -> list[Any]:
    return sorted(rows, key=json.dumps)


def _without_texts(value: Any, texts: Texts) -> Any:
    """Return a value without the texts that are not compared."""
    if _is_object(value):
        ((kind, text),) = value.items() if len(value) == 1 else (("", None),)
        if kind in ("error", "shutdown") and not texts.compares(kind, text):
            return {kind: ""}
        return {key: _without_texts(inside, texts) for key, inside in value.items()}
    if _is_list(value):
        return [_without_texts(inside, texts) for inside in value]
    return value


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
