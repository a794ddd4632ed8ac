"""The one table of the wire protocol, version 1: operations, probe actions, events, hello.

The validator, the JSON Schema and the protocol page are made from it, and nothing about the protocol's format is said
anywhere else in code. The values that operations carry (reasons, probes, supervisors) stand in `values`.
"""

from __future__ import annotations

from dataclasses import dataclass

from letitcrash_spec.hello import FEATURES
from letitcrash_spec.shapes import AnswerOf, Choice, Field, ListOf, MapOf, Named, Record, Row, Scalar, Shape, Tagged, Union
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

PROTOCOL_VERSION = 1

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


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table of probe actions; the fields are as in `OperationSpec`."""

    name: str
    args: tuple[Field, ...]
    ok: Shape
    ok_doc: str
    doc: str
    fails: tuple[str, ...] = ()
    feature: str | None = None


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One row of the table of events; every event also carries `ev` and `t`."""

    name: str
    fields: tuple[Field, ...]
    doc: str


def _timeout(default: int) -> Field:
    return Field("timeout_ms", MS, "how long to wait", is_optional=True, default=default)


def _sup_op(name: str, args: tuple[Field, ...], ok: Shape, ok_doc: str, doc: str, fails: tuple[str, ...] = ()) -> OperationSpec:
    args = (Field("sup", LABEL, "the supervisor"), *args, _timeout(SUPERVISOR_TIMEOUT_MS))
    return OperationSpec(name, args, ok, ok_doc, doc, fails, is_addressed=True, feature="supervisor")


_TO = Field("to", Named("target"), "the receiver")
_TO_LABEL = Field("to", LABEL, "the process")
_MSG = Field("msg", Named("action"), "the action for the probe")
_PAYLOAD = Field("payload", TEXT, "the text of the message")
_REASON = Field("reason", Named("reason"), "the exit reason")
_NAME = Field("name", NAME, "the name")
_AS = Field("as", LABEL, "the label for the new process")
_PROBE = Field("probe", Named("probe"), "the probe to start")
_REF = Field("ref", REF, "the reference")
_MS = Field("ms", MS, "the time")
_CHILD_ID = Field("child", Scalar("text", "a child id", least=1), "the id of the child")
_CHILD_OK = Union((LABEL, NULL), "the label of the child or null")

_STARTED = Choice(("started", "ignored"))
_VALUE = Union(
    (NULL, INT, BOOL, TEXT, ListOf(LABEL, "a list of labels"), Named("answer")),
    "null, a number, a truth value, a text, a list of labels or an answer",
)

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("get", (), INT, "the value", "nothing"),
    ActionSpec("add", (Field("n", INT, "what to add"),), INT, "the new value", "adds `n` to its value"),
    ActionSpec("sleep", (_MS,), NULL, "`null`", "blocks its callback that long"),
    ActionSpec("noreply", (), NULL, "", "handles the call and never answers it, so that the caller times out"),
    ActionSpec("crash", (Field("text", TEXT, "the error"),), NULL, "", "raises that error", ("exit",)),
    ActionSpec(
        "stop",
        (_REASON,),
        Choice(("stopping",)),
        '`"stopping"`',
        "returns stop with that reason from its callback, and for a call the reply with it",
    ),
    ActionSpec(
        "call",
        (_TO, _MSG, Field("timeout_ms", MS, "how long to wait")),
        Named("answer"),
        "the inner answer",
        "calls another probe from inside its callback; itself: `fail exit` with an `error` reason, at once",
        feature="nested_call",
    ),
    ActionSpec("cast", (_TO, _MSG), NULL, "`null`", "as the operation of the same name"),
    ActionSpec("send", (_TO, _PAYLOAD), NULL, "`null`", "as the operation of the same name", ("noproc",)),
    ActionSpec(
        "link",
        (Field("label", LABEL, "the other process"),),
        NULL,
        "`null`",
        "links itself to that process",
        ("noproc", "self_link"),
        feature="links",
    ),
    ActionSpec(
        "unlink", (Field("label", LABEL, "the other process"),), NULL, "`null`", "removes its link to that process", feature="links"
    ),
    ActionSpec("monitor", (_TO, _REF), NULL, "`null`", "monitors the target under that reference", feature="monitors"),
    ActionSpec(
        "demonitor",
        (_REF, Field("flush", BOOL, "whether to remove a DOWN that waits in its mailbox")),
        NULL,
        "`null`",
        "ends that monitor of its own",
        feature="monitors",
    ),
    ActionSpec(
        "trap_exit",
        (Field("flag", BOOL, "whether to trap exits"),),
        BOOL,
        "the old value",
        "sets its own flag",
        feature="exit_signals",
    ),
    ActionSpec(
        "exit",
        (Field("label", LABEL, "the receiver"), _REASON),
        NULL,
        "`null`",
        "sends an exit signal to a process, a supervisor or itself",
        feature="exit_signals",
    ),
    ActionSpec(
        "register",
        (_NAME,),
        NULL,
        "`null`",
        "registers itself under that name",
        ("already_registered", "already_named"),
        feature="registry",
    ),
    ActionSpec(
        "spawn",
        (
            Field("label", LABEL, "the label for the new process"),
            _PROBE,
            Field("how", Named("how"), "plain, linked to the spawner, or monitored by it"),
        ),
        _STARTED,
        "as the operation `spawn`",
        "starts another probe; if the start fails, whether the spawner also sees an EXIT or DOWN is left open",
        ("start_failed", "already_registered"),
    ),
    ActionSpec(
        "send_after", (_REF, _MS, _PAYLOAD), NULL, "`null`", "sets a timer that sends the payload to itself once", feature="timers"
    ),
    ActionSpec(
        "send_interval", (_REF, _MS, _PAYLOAD), NULL, "`null`", "sets a timer that sends it again and again", feature="timers"
    ),
    ActionSpec("cancel_timer", (_REF,), BOOL, "whether it was active", "cancels that timer", feature="timers"),
    ActionSpec(
        "links",
        (),
        ListOf(LABEL, "a list of labels"),
        "sorted labels of the live probes and supervisors linked to it",
        "nothing",
        feature="links",
    ),
)

HELLO_FIELDS: tuple[Field, ...] = (
    Field("protocol", Choice((PROTOCOL_VERSION,)), "the version it speaks"),
    Field("name", Scalar("text", "a text that is not empty", least=1), "the name of the implementation"),
    Field("version", Scalar("text", "a text that is not empty", least=1), "its version, free text"),
    Field("language", Scalar("text", "a text that is not empty", least=1), "the language it is written in"),
    Field(
        "backends",
        ListOf(Scalar("text", "the name of a backend", least=1), "a list of names, at least one", least=1),
        "the kinds of process it offers, in its own order",
    ),
    Field(
        "default_backend",
        Scalar("text", "the name of a backend", least=1),
        "the backend of a probe that names none; the first of `backends` if left out",
        is_optional=True,
    ),
    Field("clock", Choice(("virtual", "wall")), "`virtual` if waiting costs no real time, else `wall`"),
    Field(
        "time_unit_ms",
        Scalar("int", "a whole number of milliseconds", least=1),
        "the grain of its restart-intensity clock; OTP counts whole seconds, 1000",
        is_optional=True,
        default=1,
    ),
    Field(
        "wall_grain_ms",
        Scalar("int", "a whole number of milliseconds", least=1),
        "on a wall clock, the least distance between two moments that matter",
        is_optional=True,
        default=100,
    ),
    Field("settle", BOOL, "whether `observe` can tell that the world is quiet", is_optional=True, default=False),
    Field("features", ListOf(Choice(FEATURES, "a feature"), "a list of features"), "the groups of operations it offers"),
)

_WHO = Field("who", LABEL, "the process it happened to")

EVENTS: tuple[EventSpec, ...] = (
    EventSpec("init", (_WHO,), "a probe entered its init callback (optional for a supervisor)"),
    EventSpec("terminate", (_WHO, _REASON), "the cleanup callback of a probe was entered, with that reason"),
    EventSpec("dead", (_WHO, _REASON), "the process is gone; the reason is what a monitor sees"),
    EventSpec(
        "down",
        (_WHO, _REF, Field("of", Named("target"), "the target exactly as the request gave it"), _REASON),
        "a monitor message arrived at `who`",
    ),
    EventSpec(
        "exit",
        (_WHO, Field("of", Union((LABEL, NULL), "a label or null"), "the sender; null from outside"), _REASON),
        "a trapped exit signal arrived at `who`",
    ),
    EventSpec("info", (_WHO, _PAYLOAD), "a plain message or a timer message arrived at `who`"),
)

OBSERVATION_FIELDS: tuple[Field, ...] = (
    Field("quiet", Union((BOOL, NULL), "true, false or null"), "whether the world became quiet; null if it cannot be told"),
    Field("now", MS, "the time since reset"),
    Field("alive", ListOf(LABEL, "a list of labels"), "every live process, in any order"),
    Field("names", Named("names"), "every registered name and its holder"),
    Field("children", Named("children"), "every live supervisor's children; null for one that could not be asked in time"),
    Field("events", ListOf(Named("event"), "a list of events"), "what happened since the last observe, oldest first"),
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
    (Field("call", INT), Field("return", INT), Field("answer", Named("answer"))), "an object with 'call', 'return' and 'answer'", True
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
        (_AS, _PROBE, _timeout(DEFAULT_TIMEOUT_MS)),
        _STARTED,
        '`"started"`, or `"ignored"` if its init declined',
        "starts a probe that is linked to nobody",
        ("start_failed", "already_registered"),
        is_addressed=True,
        feature="genserver",
    ),
    OperationSpec(
        "call",
        (_TO, _MSG, _timeout(DEFAULT_TIMEOUT_MS)),
        _VALUE,
        "the answer of the action",
        "asks a probe to do an action and waits for its answer; probes only",
        is_addressed=True,
        feature="genserver",
    ),
    OperationSpec(
        "cast",
        (_TO, _MSG),
        NULL,
        "`null`, also to a dead process or an unknown name",
        "asks a probe to do an action and does not wait; probes only",
        feature="genserver",
    ),
    OperationSpec(
        "send",
        (_TO, _PAYLOAD),
        NULL,
        "`null`, also to a dead process; `noproc` for an unknown name",
        "sends a plain message",
        is_addressed=True,
        feature="genserver",
    ),
    OperationSpec(
        "stop",
        (_TO, _REASON, _timeout(DEFAULT_TIMEOUT_MS)),
        NULL,
        "`null`, once it is dead (`exit`: it died of another reason)",
        "ends a process in good order",
        is_addressed=True,
        feature="genserver",
    ),
    OperationSpec(
        "exit",
        (_TO_LABEL, _REASON),
        NULL,
        "`null`, always",
        "sends an exit signal and does not wait; the sender is a process linked to nobody",
        feature="exit_signals",
    ),
    OperationSpec(
        "register",
        (_NAME, _TO_LABEL),
        NULL,
        "`null`",
        "gives a process a name",
        ("already_registered", "already_named"),
        is_addressed=True,
        feature="registry",
    ),
    OperationSpec("unregister", (_NAME,), NULL, "`null`", "takes a name away", ("not_registered",), feature="registry"),
    OperationSpec(
        "whereis", (_NAME,), Union((LABEL, NULL), "a label or null"), "the holder's label, or `null`", "looks a name up", feature="registry"
    ),
    OperationSpec(
        "name_of",
        (_TO_LABEL,),
        Union((NAME, NULL), "a registered name or null"),
        "its name, or `null`; `null` also when dead",
        "asks for the name of a process",
        feature="registry",
    ),
    OperationSpec(
        "start_supervisor",
        (
            _AS,
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
        (Field("child", Scalar("text", "a child id or label", least=1), "its id; under a dynamic supervisor its label"),),
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
        (_TO_LABEL,),
        NULL,
        "`null`",
        "makes a process handle no message until it is resumed",
        is_addressed=True,
        feature="suspend",
    ),
    OperationSpec(
        "resume", (_TO_LABEL,), NULL, "`null`", "lets a suspended process go on", is_addressed=True, feature="suspend"
    ),
    OperationSpec(
        "advance",
        (_MS,),
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
    (Field("list", Named("child_list")), Field("count", Named("child_count"))), "an object with 'list' and 'count'", True
)

SHAPES: dict[str, Shape] = {
    **VALUE_SHAPES,
    "how": Union(
        (Choice(("plain", "link")), Record((Field("monitor", REF),), "a monitor")), "'plain', 'link' or {'monitor': reference}"
    ),
    "action": Tagged(
        0, tuple((a.name, Row(a.name, a.args, f"the action {a.name}")) for a in ACTIONS), "a probe action", "a probe action"
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
        tuple((e.name, Record((Field("ev", Choice((e.name,))), _EV_TIME, *e.fields), f"the event {e.name}", True)) for e in EVENTS),
        "an event",
        "an event",
    ),
}
"""Every named shape of the protocol; the names are those of the JSON Schema's definitions."""
