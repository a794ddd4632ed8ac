"""Validator, explanation and JSON Schema agree on lawful messages and on mutated ones."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letitcrash_spec import OPERATIONS, SHAPES, build_schema
from letitcrash_spec.checkers import compile_shapes, find_complaint
from letitcrash_spec.shapes import AnswerOf, Choice, ListOf, MapOf, Named, Record, Row, Scalar, Shape, Tagged, Union

CHECKERS = compile_shapes(SHAPES)
NAMES = ["request", "answer", "event", "observation", "hello_answer", *(f"{spec.name}_answer" for spec in OPERATIONS)]

TEXTS = st.text(max_size=4)


@cache
def schema_of(name: str) -> jsonschema.Draft202012Validator:
    schema = {key: value for key, value in build_schema().items() if key != "anyOf"}
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


@cache
def lawful(name: str) -> st.SearchStrategy[Any]:
    """Values of a named shape, made from nothing but the table."""
    return st.deferred(lambda: from_shape(SHAPES[name]))


def from_shape(shape: Shape) -> st.SearchStrategy[Any]:
    match shape:
        case Named():
            return lawful(shape.name)
        case Scalar():
            return from_scalar(shape)
        case Choice():
            return st.sampled_from(shape.values)
        case ListOf():
            return st.lists(from_shape(shape.item), min_size=shape.least, max_size=shape.least + 2)
        case MapOf():
            return st.dictionaries(TEXTS, from_shape(shape.value), max_size=2)
        case Row():
            tag = [st.just(shape.tag)] if shape.tag is not None else []
            return st.tuples(*tag, *(from_shape(field.shape) for field in shape.fields)).map(list)
        case Record():
            required = {f.name: from_shape(f.shape) for f in shape.fields if not f.is_optional}
            optional = {f.name: from_shape(f.shape) for f in shape.fields if f.is_optional}
            extra = {"x_unknown": st.integers()} if shape.is_open else {}
            return st.fixed_dictionaries(required, optional={**optional, **extra})
        case Union():
            return st.one_of(*map(from_shape, shape.choices))
        case Tagged():
            return st.one_of(*(from_shape(case) for _, case in shape.cases))
        case AnswerOf():
            outcomes = {"ok": shape.ok, "fail": Named("failure"), "error": Named("harness_error")}
            return st.one_of(*(st.fixed_dictionaries({key: from_shape(s)}) for key, s in outcomes.items()))


def from_scalar(shape: Scalar) -> st.SearchStrategy[Any]:
    match shape.kind:
        case "null":
            return st.none()
        case "bool":
            return st.booleans()
        case "int":
            return st.integers(min_value=shape.least)
        case "number":
            return st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        case "text":
            return st.text(min_size=shape.least or 0, max_size=4)
        case "any":
            return st.none() | st.integers() | TEXTS


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path in a JSON value, the root included."""
    yield path
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        for key in fields:
            yield from places(fields[key], (*path, key))
    elif isinstance(value, list):
        items = cast("list[object]", value)
        for index, item in enumerate(items):
            yield from places(item, (*path, index))


WRONG = st.sampled_from([None, True, -1, 1.5, "", "x", [], {}, ["x"], {"x": 1}])


@st.composite
def mutated(draw: st.DrawFn, name: str) -> Any:
    """A lawful value with one place replaced, removed or added to; it may still be lawful."""
    value = copy.deepcopy(draw(lawful(name)))
    path = draw(st.sampled_from(list(places(value))))
    if not path:
        return draw(WRONG)
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    match draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            holder[path[-1]] = draw(WRONG)
        case "remove":
            del holder[path[-1]]
        case _ if isinstance(holder, dict):
            holder["x_added"] = draw(WRONG)
        case _:
            holder.append(draw(WRONG))
    return value


def verdicts(name: str, value: Any) -> tuple[bool, bool, bool]:
    """What the compiled checker, the explanation and the schema say."""
    complaint = find_complaint(Named(name), value, SHAPES, subject="it", where="test")
    is_valid = bool(schema_of(name).is_valid(value))  # pyright: ignore[reportUnknownMemberType] - typed in part only
    return CHECKERS[name](value), complaint is None, is_valid


SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(st.data())
def test_what_the_table_describes_is_accepted_by_all_three(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    value = data.draw(lawful(name))

    assert verdicts(name, value) == (True, True, True)


@SETTINGS
@given(st.data())
def test_a_mutated_message_gets_one_verdict_from_all_three(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    value = data.draw(mutated(name))

    assert len(set(verdicts(name, value))) == 1, value


@SETTINGS
@given(st.data())
def test_an_unknown_key_is_refused_in_requests_and_ignored_in_answers_and_events(data: st.DataObject) -> None:
    request = data.draw(lawful("request"))
    event = data.draw(lawful("event"))
    answer = data.draw(lawful("answer"))

    assert verdicts("request", {**request, "x_added": 1}) == (False, False, False)
    assert verdicts("request", {**request, "args": {**request["args"], "x_added": 1}}) == (False, False, False)
    assert verdicts("event", {**event, "x_added": 1}) == (True, True, True)
    assert verdicts("answer", {**answer, "x_added": 1}) == (True, True, True)
