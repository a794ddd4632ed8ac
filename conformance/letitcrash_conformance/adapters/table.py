"""The part of the protocol table that a kit reads: operations, actions, and the shapes of what a request may carry."""

from __future__ import annotations

import json
from typing import Any, assert_never

from letitcrash_conformance.adapters.calls import KIT_ACTIONS, KIT_OPERATIONS, name_param
from letitcrash_spec.actions import ACTIONS
from letitcrash_spec.hello import FEATURES
from letitcrash_spec.operations import OPERATIONS, PROTOCOL_VERSION, SHAPES
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

__all__ = ["build_table", "render_table"]

_TALL = ("operations", "actions", "shapes")


def build_table() -> dict[str, Any]:
    """Return the table as JSON-shaped data.

    A shape is a list that begins with its kind: `["int", least or null]`, `["text", least]`, `["choice", values]`,
    `["list", item, least]`, `["row", tag or null, fields]`, `["map", value]`, `["record", fields, is open]`,
    `["union", shapes, words]`, `["tagged", key or 0, {tag: shape}, words]`, `["ref", name]`, and a field is
    `[name, shape, is optional]`.
    """
    return {
        "protocol": PROTOCOL_VERSION,
        "features": list(FEATURES),
        "operations": {
            spec.name: {
                "feature": spec.feature,
                "is_concurrent": spec.is_concurrent,
                "is_kit": spec.name in KIT_OPERATIONS,
                "params": {field.name: name_param(spec.name, field.name) for field in spec.args},
                "defaults": {field.name: field.default for field in spec.args if field.default is not None},
            }
            for spec in OPERATIONS
        },
        "actions": {
            action.name: {
                "feature": action.feature,
                "is_kit": action.name in KIT_ACTIONS,
                "params": [name_param(action.name, field.name) for field in action.args],
            }
            for action in ACTIONS
        },
        "shapes": _collect(),
    }


def render_table() -> str:
    """Return the table as a file: one line for each operation, action and shape."""
    table = build_table()
    parts: list[str] = []
    for key, value in table.items():
        if key in _TALL:
            rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in value.items())
            parts.append(f"{json.dumps(key)}: {{\n{rows}\n}}")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _collect() -> dict[str, Any]:
    """Return the shapes that a request can reach, `<op>_args` first."""
    found: dict[str, Any] = {}
    waiting = [f"{spec.name}_args" for spec in OPERATIONS]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = _shape(SHAPES[name], waiting)
    return found


def _shape(shape: Shape, waiting: list[str]) -> list[Any]:
    match shape:
        case Scalar(kind="int" | "text"):
            return [shape.kind, shape.least]
        case Scalar():
            return [shape.kind]
        case Choice():
            return ["choice", list(shape.values)]
        case ListOf():
            return ["list", _shape(shape.item, waiting), shape.least]
        case Row():
            return ["row", shape.tag, [_field(field, waiting) for field in shape.fields]]
        case MapOf():
            return ["map", _shape(shape.value, waiting)]
        case Record():
            return ["record", [_field(field, waiting) for field in shape.fields], shape.is_open]
        case Union():
            return ["union", [_shape(choice, waiting) for choice in shape.choices], shape.what]
        case Tagged():
            return ["tagged", shape.key, {tag: _shape(case, waiting) for tag, case in shape.cases}, shape.what]
        case Named():
            waiting.append(shape.name)
            return ["ref", shape.name]
        case AnswerOf():
            return ["any"]
        case _:
            assert_never(shape)


def _field(field: Field, waiting: list[str]) -> list[Any]:
    return [field.name, _shape(field.shape, waiting), field.is_optional]
