"""Writes the protocol table as a JSON Schema (draft 2020-12)."""

from __future__ import annotations

from typing import Any, assert_never

from letitcrash_spec.operations import PROTOCOL_VERSION, SHAPES
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

__all__ = ["build_schema", "build_shape_schema"]

_SCALARS = {"null": "null", "bool": "boolean", "int": "integer", "number": "number", "text": "string"}


def build_schema() -> dict[str, Any]:
    """Return the schema of one line in either direction; every named shape is a definition.

    A line from the suite is a `request`; a line from a subject is a `response`: the `id` of the request beside the
    answer. The form of `ok` depends on the operation, so that each one has a definition of its own: `spawn_answer`.
    The schema is as strict as the validator in all that one message shows by itself. That the answers of `parallel` fit
    its operations, and that `default_backend` is one of `backends`, only the suite checks.
    """
    response = {
        "description": "One line from a subject.",
        "allOf": [_ref("answer"), {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"letitcrash wire protocol, version {PROTOCOL_VERSION}",
        "description": "Generated from the protocol table by `python -m letitcrash_spec.page`.",
        "anyOf": [_ref("request"), _ref("response")],
        "$defs": {**{name: build_shape_schema(shape) for name, shape in SHAPES.items()}, "response": response},
    }


def build_shape_schema(shape: Shape) -> dict[str, Any]:
    """Return the schema of one shape; named shapes become references to `#/$defs/<name>`."""
    match shape:
        case Scalar(kind="any"):
            return {}
        case Scalar():
            limit = {"text": "minLength", "int": "minimum"}.get(shape.kind)
            return {"type": _SCALARS[shape.kind], **({limit: shape.least} if limit and shape.least is not None else {})}
        case Choice():
            values = list(shape.values)
            return {"enum": values} if len(values) > 1 else {"const": values[0]}
        case ListOf():
            least = {"minItems": shape.least} if shape.least else {}
            return {"type": "array", "items": build_shape_schema(shape.item), **least}
        case Row():
            tag = [{"const": shape.tag}] if shape.tag is not None else []
            places: list[dict[str, Any]] = [*tag, *(_build_field(field, in_row=True) for field in shape.fields)]
            return {"type": "array", "prefixItems": places, "items": False, "minItems": len(places)}
        case MapOf():
            return {"type": "object", "additionalProperties": build_shape_schema(shape.value)}
        case Record():
            return _build_record(shape)
        case Union():
            return {"anyOf": [build_shape_schema(choice) for choice in shape.choices]}
        case Tagged():
            return {"anyOf": [build_shape_schema(case) for case in dict.fromkeys(case for _, case in shape.cases)]}
        case Named():
            return _ref(shape.name)
        case AnswerOf():
            outcomes = {"ok": build_shape_schema(shape.ok), "fail": _ref("failure"), "error": _ref("harness_error")}
            return {"type": "object", "properties": outcomes, "oneOf": [{"required": [key]} for key in outcomes]}
        case _:
            assert_never(shape)


def _build_record(shape: Record) -> dict[str, Any]:
    required = [field.name for field in shape.fields if not field.is_optional]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field.name: _build_field(field) for field in shape.fields},
    }
    if required:
        schema["required"] = required
    if not shape.is_open:
        schema["additionalProperties"] = False
    return schema


def _build_field(field: Field, *, in_row: bool = False) -> dict[str, Any]:
    schema = build_shape_schema(field.shape)
    if in_row:
        schema = {**schema, "title": field.name}
    if field.doc:
        schema = {**schema, "description": f"{field.doc[0].upper()}{field.doc[1:]}."}
    if field.is_optional and field.default is not None:
        schema = {**schema, "default": field.default}
    return schema


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}
