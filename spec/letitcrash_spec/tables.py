"""Renders the parts of the protocol table as Markdown tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from letitcrash_spec.hello import FEATURES
from letitcrash_spec.operations import ACTIONS, EVENTS, HELLO_FIELDS, OBSERVATION_FIELDS, OPERATIONS, SHAPES
from letitcrash_spec.shapes import Choice, Field, Named, Shape
from letitcrash_spec.values import (
    BOOL,
    CHILD_FIELDS,
    FAILURES,
    INIT_ENTRIES,
    INT,
    LABEL,
    MS,
    NAME,
    PROBE_FIELDS,
    REASONS,
    REF,
    SUPERVISOR_FIELDS,
    TERMINATE_ENTRIES,
    TEXT,
    Entry,
)
from letitcrash_spec.wording import describe_shape, join_words

__all__ = ["TABLES"]

_START = next(field.shape for field in CHILD_FIELDS if field.name == "start")

_SHORT: tuple[tuple[Shape, str], ...] = (
    (LABEL, "label"),
    (NAME, "name"),
    (REF, "reference"),
    (MS, "ms"),
    (INT, "whole number"),
    (TEXT, "text"),
    (BOOL, "bool"),
    (_START, '`{"supervisor": specification}` or probe'),
    (Named("how"), '`"plain"`, `"link"` or `{"monitor": reference}`'),
)

_FEATURE_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "auto_shutdown": "the keys `auto_shutdown` and `significant` of supervisors and children",
        "dynamic_supervisor": "the strategy `dynamic`",
        "error_text": 'the text of `{"error": text}` reaches observers unchanged, and is compared',
        "exit_signals": "the key `trap_exit` of the probe",
        "links": '`spawn` with `"link"` in a probe',
        "monitors": '`spawn` with `{"monitor": reference}` in a probe',
        "registry": "the key `name` of the probe, and targets by name",
    }
)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _short(shape: Shape) -> str:
    for known, word in _SHORT:
        if shape is known or shape == known:
            return word
    if isinstance(shape, Named) and shape.name not in {"names", "children"}:
        return shape.name.replace("_", " ")
    if isinstance(shape, Choice):
        return join_words([f"`{json.dumps(value)}`" for value in shape.values])
    words = re.sub(r"'(\w+)'", r'`"\1"`', describe_shape(shape, SHAPES))
    return words.removeprefix("a ").removeprefix("an ")


def _fields(fields: Sequence[Field]) -> str:
    rows = ([f"`{f.name}`", _short(f.shape), _need(f), f.doc] for f in fields)
    return _table(["key", "value", "optional", "meaning"], rows)


def _need(field: Field) -> str:
    if not field.is_optional:
        return "no"
    return "yes" if field.default is None else f"yes, `{json.dumps(field.default)}`"


def _parameters(fields: Sequence[Field]) -> str:
    parts = [f"`{f.name}` {_short(f.shape)}{' (optional)' if f.is_optional else ''}" for f in fields]
    return "<br>".join(parts)


def _entries(entries: Sequence[Entry], head: str) -> str:
    return _table([head, "meaning"], ([f"`{entry.wire}`", entry.doc] for entry in entries))


def _code_list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _failures() -> str:
    carried = (", ".join(f"`{f.name}`: {f.doc}" for f in failure.fields) for failure in FAILURES)
    return _table(
        ["kind", "meaning", "carries"],
        ([f"`{failure.kind}`", failure.doc, extra] for failure, extra in zip(FAILURES, carried, strict=True)),
    )


def _actions() -> str:
    rows = (
        [
            f"`[{', '.join([json.dumps(a.name), *(f.name for f in a.args)])}]`",
            _parameters(a.args),
            a.doc,
            a.ok_doc,
            _code_list(a.fails),
        ]
        for a in ACTIONS
    )
    return _table(["action", "parameters", "what the probe does", "ok", "further fail"], rows)


def _operations() -> str:
    rows = ([f"`{o.name}`", _parameters(o.args), o.doc, o.ok_doc, _code_list(o.fails)] for o in OPERATIONS)
    return _table(["op", "args", "what it does", "ok", "further fail"], rows)


def _events() -> str:
    rows: list[list[str]] = []
    for event in EVENTS:
        keys = ", ".join(f'"{f.name}": {_short(f.shape)}' for f in event.fields)
        rows.append([f'`{{"ev": "{event.name}", {keys}}}`', event.doc])
    return _table(["event", "meaning"], rows)


def _features() -> str:
    rows: list[list[str]] = []
    for feature in FEATURES:
        operations = _code_list(o.name for o in OPERATIONS if o.feature == feature)
        actions = _code_list(a.name for a in ACTIONS if a.feature == feature)
        gates = [
            f"operations {operations}" if operations else "",
            f"actions {actions}" if actions else "",
            _FEATURE_NOTES.get(feature, ""),
        ]
        rows.append([f"`{feature}`", "; ".join(filter(None, gates))])
    return _table(["feature", "what it stands for"], rows)


TABLES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "actions": _actions,
        "child": lambda: _fields(CHILD_FIELDS),
        "dynamic": lambda: _fields(SUPERVISOR_FIELDS["dynamic"]),
        "events": _events,
        "failures": _failures,
        "features": _features,
        "hello": lambda: _fields(HELLO_FIELDS),
        "init": lambda: _entries(INIT_ENTRIES, "entry"),
        "observation": lambda: _fields(OBSERVATION_FIELDS),
        "operations": _operations,
        "probe": lambda: _fields(PROBE_FIELDS),
        "reasons": lambda: _entries(REASONS, "reason"),
        "supervisor": lambda: _fields(SUPERVISOR_FIELDS["static"]),
        "terminate": lambda: _entries(TERMINATE_ENTRIES, "entry"),
    }
)
"""Every table of the page by the word that stands in its template."""
