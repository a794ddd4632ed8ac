"""The one table of the wire protocol, version 1: operations, probe actions, events, hello.

The validator, the JSON Schema and the protocol page are made from it, and nothing about the protocol's format is said
anywhere else in code. The values that operations carry (reasons, probes, supervisors) stand in `values`,
the other rows of the table in `actions` and `reports`; all of them can be had from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from letitcrash_spec import fields
from letitcrash_spec.actions import ACTIONS, ActionSpec
from letitcrash_spec.reports import EVENTS, HELLO_FIELDS, OBSERVATION_FIELDS, PROTOCOL_VERSION, EventSpec
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
from letitcrash_spec.values import BOOL, INT, LABEL, MS, NAME, NULL, REF, TEXT, VALUE_SHAPES

__all__ = [
    "ACTIONS",
    "COMMON_FAILS",
    "DEFAULT_TIMEOUT_MS",
    "EVENTS",
    "HELLO_FIELDS",
    "OBSERVATION_FIELDS",
    "OPERATIONS",
    "PROTOCOL_VERSION",
    "SHAPES",
    "SUPERVISOR_TIMEOUT_MS",
    "ActionSpec",
    "EventSpec",
    "OperationSpec",
]

DEFAULT_TIMEOUT_MS = 5000
"""What `call`, `stop` and `spawn` wait for if the request does not say, in milliseconds."""

SUPERVISOR_TIMEOUT_MS = 60000
"""What operations on supervisors wait for if the request does not say, in milliseconds."""

COMMON_FAILS: tuple[str, ...] = ("noproc", "exit", "timeout")
"""What every operation addressed to a process may answer."""


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """One row of the table of operations.

    Attributes:
        name: The value of `op`.
        args: Its arguments.
        ok: Shape of the value of `ok`.
        ok_doc: That value in words.
        doc: What the operation does, without a full stop.
        fails: The kinds of failure it may answer beyond `COMMON_FAILS`.
        is_addressed: Whether it waits on a process, so that `COMMON_FAILS` apply.
        feature: The feature that a subject needs for it, if any.
        is_concurrent: Whether it may stand inside `parallel`.
    """

    name: str
    args: tuple[Field, ...]
    ok: Shape
    ok_doc: str
    doc: str
    fails: tuple[str, ...] = ()
    is_addressed: bool = False
    feature: str | None = None
    is_concurrent: bool = True


def _timeout(default: int) -> Field:
    return Field("timeout_ms", MS, "how long to wait", is_optional=True, default=default)


def _sup_op(
    name: str, args: tuple[Field, ...], ok: Shape, ok_doc: str, doc: str, fails: tuple[str, ...] = ()
) -> OperationSpec:
    args = (Field("sup", LABEL, "the supervisor"), *args, _timeout(SUPERVISOR_TIMEOUT_MS))
    return OperationSpec(name, args, ok, ok_doc, doc, fails, is_addressed=True, feature="supervisor")


_CHILD_ID = Field("child", Scalar("text", "a child id", least=1), "the id of the child")
_CHILD_OK = Union((LABEL, NULL), "the label of the child or null")

_VALUE = Union(
    (NULL, INT, BOOL, TEXT, ListOf(LABEL, "a list of labels"), Named("answer")),
    "null, a number, a truth value, a text, a list of labels or an answer",
)

_CLIENTS = Field(
    "clients",
    ListOf(
        ListOf(Named("concurrent_operation"), "a list of operations that may stand in parallel"),
        "a list of clients, each a list of operations",
    ),
    "the operations of each client, each `{op, args}`",
)
_STAMPED = Record(
    (Field("call", INT), Field("return", INT), Field("answer", Named("answer"))),
    "an object with 'call', 'return' and 'answer'",
    True,
)

OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "hello",
        (Field("protocol", INT, "the version the suite speaks"),),
        Named("hello"),
        "a description of the subject",
        "asks the subject what it is",
        is_concurrent=False,
    ),
    OperationSpec(
        "reset",
        (),
        NULL,
        "`null`",
        "starts a new world: all processes of this one are gone, names are free, log, labels and time are at zero",
        is_concurrent=False,
    ),
    OperationSpec(
        "spawn",
        (fields.AS, fields.PROBE, _timeout(DEFAULT_TIMEOUT_MS)),
        fields.STARTED,
        '`"started"`, or `"ignored"` if its init declined',
        "starts a probe that is linked to nobody",
        ("start_failed", "already_registered"),
        is_addressed=True,
        feature="genserver",
    ),
    OperationSpec(
        "call",
        (fields.TO, fields.MSG, _timeout(DEFAULT_TIMEOUT_MS)),
        _VALUE,
        "the answer of the action",
        "asks a probe to do an action and waits for its answer; probes only",
        is_addressed=True,
        feature="genserver",
    ),
    OperationSpec(
        "cast",
        (fields.TO, fields.MSG),
        NULL,
        "`null`, also to a dead process or an unknown name",
        "asks a probe to do an action and does not wait; probes only",
        feature="genserver",
    ),
    OperationSpec(
        "send",
        (fields.TO, fields.PAYLOAD),
        NULL,
        "`null`, also to a dead process; `noproc` for an unknown name",
        "sends a plain message",
        is_addressed=True,
        feature="genserver",
    ),
    OperationSpec(
        "stop",
        (fields.TO, fields.REASON, _timeout(DEFAULT_TIMEOUT_MS)),
        NULL,
        "`null`, once it is dead (`exit`: it died of another reason)",
        "ends a process in good order",
        is_addressed=True,
        feature="genserver",
    ),
    OperationSpec(
        "exit",
        (fields.TO_LABEL, fields.REASON),
        NULL,
        "`null`, always",
        "sends an exit signal and does not wait; the sender is a process linked to nobody",
        feature="exit_signals",
    ),
    OperationSpec(
        "register",
        (fields.NAME, fields.TO_LABEL),
        NULL,
        "`null`",
        "gives a process a name",
        ("already_registered", "already_named"),
        is_addressed=True,
        feature="registry",
    ),
    OperationSpec(
        "unregister", (fields.NAME,), NULL, "`null`", "takes a name away", ("not_registered",), feature="registry"
    ),
    OperationSpec(
        "whereis",
        (fields.NAME,),
        Union((LABEL, NULL), "a label or null"),
        "the holder's label, or `null`",
        "looks a name up",
        feature="registry",
    ),
    OperationSpec(
        "name_of",
        (fields.TO_LABEL,),
        Union((NAME, NULL), "a registered name or null"),
        "its name, or `null`; `null` also when dead",
        "asks for the name of a process",
        feature="registry",
    ),
    OperationSpec(
        "start_supervisor",
        (
            fields.AS,
            Field("spec", Named("supervisor"), "the supervisor"),
            Field("link", LABEL, "a live probe that becomes its parent; none if left out", is_optional=True),
            _timeout(SUPERVISOR_TIMEOUT_MS),
        ),
        Choice(("started",)),
        '`"started"`',
        "starts a supervisor and its children",
        ("start_failed", "bad_spec", "already_registered"),
        is_addressed=True,
        feature="supervisor",
    ),
    _sup_op(
        "start_child",
        (Field("child", Named("child"), "the child"),),
        _CHILD_OK,
        "the label of the child, or `null` if its init ignored",
        "adds a child and starts it",
        ("already_started", "already_present", "start_failed", "bad_spec", "max_children"),
    ),
    _sup_op(
        "terminate_child",
        (
            Field(
                "child", Scalar("text", "a child id or label", least=1), "its id; under a dynamic supervisor its label"
            ),
        ),
        NULL,
        "`null`",
        "ends a child and leaves it ended",
        ("not_found",),
    ),
    _sup_op(
        "restart_child",
        (_CHILD_ID,),
        _CHILD_OK,
        "the label of the child, or `null` if its init ignored",
        "starts a child that has no process",
        ("not_found", "running", "restarting", "start_failed", "unsupported"),
    ),
    _sup_op(
        "delete_child",
        (_CHILD_ID,),
        NULL,
        "`null`",
        "forgets a child that has no process",
        ("not_found", "running", "restarting", "unsupported"),
    ),
    _sup_op("which_children", (), Named("child_list"), "one row for each child, in any order", "lists the children"),
    _sup_op("count_children", (), Named("child_count"), "an object with four counts", "counts the children"),
    OperationSpec(
        "suspend",
        (fields.TO_LABEL,),
        NULL,
        "`null`",
        "makes a process handle no message until it is resumed",
        is_addressed=True,
        feature="suspend",
    ),
    OperationSpec(
        "resume",
        (fields.TO_LABEL,),
        NULL,
        "`null`",
        "lets a suspended process go on",
        is_addressed=True,
        feature="suspend",
    ),
    OperationSpec(
        "advance",
        (fields.MS,),
        NULL,
        "`null`: that much time has passed for the subject",
        "lets time pass: a virtual clock jumps, a wall clock sleeps",
    ),
    OperationSpec(
        "parallel",
        (_CLIENTS,),
        ListOf(ListOf(_STAMPED, "a list of stamped answers"), "a list with the stamped answers of each client"),
        "for each client the list of `{call, return, answer}`",
        "runs several clients at the same time",
        feature="parallel",
        is_concurrent=False,
    ),
    OperationSpec(
        "observe",
        (Field("settle_ms", MS, "how long to wait for the world to become quiet, at most"),),
        Named("observation"),
        "an observation",
        "waits until the world is quiet and describes it",
        is_concurrent=False,
    ),
    OperationSpec("bye", (), NULL, "`null`, then the harness exits with 0", "ends the session", is_concurrent=False),
)


def _operation_record(spec: OperationSpec, *extra: Field) -> Record:
    op = Field("op", Choice((spec.name,)))
    return Record((*extra, op, Field("args", Named(f"{spec.name}_args"))), f"the operation {spec.name}")


def _operation(what: str, specs: tuple[OperationSpec, ...], *extra: Field) -> Tagged:
    return Tagged("op", tuple((s.name, _operation_record(s, *extra)) for s in specs), what, "an operation")


_ID = Field("id", INT, "the number of the request")
_EV_TIME = Field("t", MS, "the time since reset")
_CHILDREN = Record(
    (Field("list", Named("child_list")), Field("count", Named("child_count"))),
    "an object with 'list' and 'count'",
    True,
)

SHAPES: dict[str, Shape] = {
    **VALUE_SHAPES,
    "how": Union(
        (Choice(("plain", "link")), Record((Field("monitor", REF),), "a monitor")),
        "'plain', 'link' or {'monitor': reference}",
    ),
    "action": Tagged(
        0,
        tuple((a.name, Row(a.name, a.args, f"the action {a.name}")) for a in ACTIONS),
        "a probe action",
        "a probe action",
    ),
    **{f"{s.name}_args": Record(s.args, f"the arguments of {s.name}") for s in OPERATIONS},
    "operation": _operation("an operation", OPERATIONS),
    "concurrent_operation": _operation(
        "an operation that may stand in parallel", tuple(s for s in OPERATIONS if s.is_concurrent)
    ),
    "request": _operation("a request", OPERATIONS, _ID),
    "answer": AnswerOf(Scalar("any", "any value")),
    **{f"{s.name}_answer": AnswerOf(s.ok) for s in OPERATIONS},
    "harness_error": Record((Field("message", TEXT, "what went wrong"),), "an object with 'message'", True),
    "hello": Record(HELLO_FIELDS, "a description of the subject", True),
    "children": MapOf(Union((_CHILDREN, NULL), "the children or null"), "an object from supervisor labels to children"),
    "observation": Record(OBSERVATION_FIELDS, "an observation", True),
    "event": Tagged(
        "ev",
        tuple(
            (e.name, Record((Field("ev", Choice((e.name,))), _EV_TIME, *e.fields), f"the event {e.name}", True))
            for e in EVENTS
        ),
        "an event",
        "an event",
    ),
}
"""Every named shape of the protocol; the names are those of the JSON Schema's definitions."""
