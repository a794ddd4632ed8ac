"""The values of the protocol: labels, reasons, targets, failures, probes, supervisors. Part of the protocol table."""

from __future__ import annotations

from dataclasses import dataclass

from letitcrash_spec.shapes import Choice, Field, ListOf, MapOf, Named, Record, Row, Scalar, Shape, Tagged, Union

__all__ = [
    "ANY",
    "BOOL",
    "CHILD_FIELDS",
    "FAILURES",
    "INIT_ENTRIES",
    "INT",
    "LABEL",
    "MS",
    "NAME",
    "NULL",
    "PROBE_FIELDS",
    "REASONS",
    "REASON_TEXT",
    "REF",
    "SUPERVISOR_FIELDS",
    "TERMINATE_ENTRIES",
    "TEXT",
    "VALUE_SHAPES",
    "Entry",
    "FailureSpec",
]

ANY = Scalar("any", "any value")
NULL = Scalar("null", "null")
BOOL = Scalar("bool", "true or false")
INT = Scalar("int", "a whole number")
MS = Scalar("int", "a whole number of milliseconds", least=0)
TEXT = Scalar("text", "a text")
LABEL = Scalar("text", "a label", least=1)
NAME = Scalar("text", "a registered name", least=1)
REF = Scalar("text", "a reference", least=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One way to write a reason, an init entry or a terminate entry.

    Attributes:
        wire: How it looks on the wire, with words for the variable parts.
        shape: Its shape.
        doc: What it means, without a full stop.
    """

    wire: str
    shape: Shape
    doc: str


@dataclass(frozen=True, slots=True)
class FailureSpec:
    """A kind of lawful refusal.

    Attributes:
        kind: Its name on the wire.
        doc: What it means, without a full stop.
        fields: What the failure carries beside `kind`.
    """

    kind: str
    doc: str
    fields: tuple[Field, ...] = ()


def _only(key: str, shape: Shape, what: str) -> Record:
    return Record((Field(key, shape),), what)


def _union(entries: tuple[Entry, ...], what: str) -> Union:
    """Join entries; the constants among them become one choice."""
    constants = tuple(value for entry in entries if isinstance(entry.shape, Choice) for value in entry.shape.values)
    return Union((Choice(constants), *(e.shape for e in entries if not isinstance(e.shape, Choice))), what)


REASONS: tuple[Entry, ...] = (
    Entry('"normal"', Choice(("normal",)), "the process ended as planned"),
    Entry('"shutdown"', Choice(("shutdown",)), "it was asked to end, in good order"),
    Entry('{"shutdown": text}', _only("shutdown", TEXT, "a shutdown with a text"), "the same with a remark"),
    Entry('"killed"', Choice(("killed",)), "it was ended by a kill signal, which nobody can trap"),
    Entry(
        '"kill"',
        Choice(("kill",)),
        "as a signal: the kill signal; as an observed reason: a process raised `kill` itself",
    ),
    Entry('"noproc"', Choice(("noproc",)), "there was no such process when the link, monitor or call reached it"),
    Entry(
        '{"error": text}',
        _only("error", TEXT, "an error with a text"),
        "any abnormal reason, such as a raised exception",
    ),
)

REASON_TEXT = "an exit reason ('normal', 'shutdown', {'shutdown': text}, 'killed', 'kill', 'noproc' or {'error': text})"

_REASON = Field("reason", Named("reason"), "the exit reason")

FAILURES: tuple[FailureSpec, ...] = (
    FailureSpec("noproc", "there is no such process or name"),
    FailureSpec("timeout", "no answer in time; whether the operation took place is unknown"),
    FailureSpec("exit", "the process ended before it answered", (_REASON,)),
    FailureSpec("already_registered", "the name is taken"),
    FailureSpec("already_named", "the process has a name already"),
    FailureSpec("not_registered", "nobody holds the name"),
    FailureSpec(
        "already_started", "a child of this id is running", (Field("child", LABEL, "the label of the running process"),)
    ),
    FailureSpec("already_present", "a child of this id is known and has no running process"),
    FailureSpec("not_found", "the supervisor has no such child"),
    FailureSpec("running", "the child is running"),
    FailureSpec("restarting", "the child is waiting to be restarted"),
    FailureSpec("max_children", "the dynamic supervisor has as many children as it may"),
    FailureSpec("start_failed", "the process did not start", (_REASON,)),
    FailureSpec("bad_spec", "the specification of the supervisor or child is refused"),
    FailureSpec("self_link", "the implementation refuses to link a process to itself"),
    FailureSpec("unsupported", "the implementation does not offer this, and its hello does not claim it"),
)

INIT_ENTRIES: tuple[Entry, ...] = (
    Entry('"ok"', Choice(("ok",)), "starts"),
    Entry('"ignore"', Choice(("ignore",)), "declines to start, which is no failure"),
    Entry('{"stop": reason}', _only("stop", Named("reason"), "a stop entry"), "refuses to start with that reason"),
    Entry('{"crash": text}', _only("crash", TEXT, "a crash entry"), "raises"),
    Entry(
        '{"sleep": ms, "then": entry}',
        Record(
            (
                Field("sleep", MS, "how long to block"),
                Field("then", Named("init_entry"), "what to do afterwards", is_optional=True, default="ok"),
            ),
            "a sleep entry",
        ),
        'blocks that long, then does `entry` (`"ok"` if left out)',
    ),
)

TERMINATE_ENTRIES: tuple[Entry, ...] = (
    Entry('"ok"', Choice(("ok",)), "returns at once"),
    Entry('{"sleep": ms}', _only("sleep", MS, "a sleep entry"), "blocks that long, then returns"),
    Entry('{"crash": text}', _only("crash", TEXT, "a crash entry"), "raises"),
    Entry('"hang"', Choice(("hang",)), "never returns by itself"),
)

PROBE_FIELDS: tuple[Field, ...] = (
    Field("value", INT, "the number it holds", is_optional=True, default=0),
    Field(
        "backend",
        Scalar("text", "the name of a backend", least=1),
        "one of the backends of the subject's hello; its default backend if left out",
        is_optional=True,
    ),
    Field("trap_exit", BOOL, "whether it starts out trapping exits", is_optional=True, default=False),
    Field("name", NAME, "the name it registers when it starts; none if left out", is_optional=True),
    Field(
        "init",
        ListOf(Named("init_entry"), "a list of init entries, at least one", least=1),
        "what its start attempts do, one entry each, the last one repeating",
        is_optional=True,
        default=["ok"],
    ),
    Field("terminate", Named("terminate_entry"), "what its cleanup callback does", is_optional=True, default="ok"),
)

_RESTARTS: tuple[Field, ...] = (
    Field("max_restarts", INT, "how many restarts it tolerates within the window"),
    Field(
        "max_seconds",
        Scalar("number", "a number of seconds"),
        "length of the window; a fraction only on a virtual clock",
    ),
)

_SUPERVISOR_NAME = Field(
    "name", Union((NAME, NULL), "a registered name or null"), "the name it registers", is_optional=True
)

SUPERVISOR_FIELDS: dict[str, tuple[Field, ...]] = {
    "static": (
        Field(
            "strategy", Choice(("one_for_one", "one_for_all", "rest_for_one")), "who is restarted with a failed child"
        ),
        *_RESTARTS,
        Field("children", ListOf(Named("child"), "a list of children"), "its children, in start order"),
        _SUPERVISOR_NAME,
        Field(
            "auto_shutdown",
            Choice(("never", "any_significant", "all_significant")),
            "when the end of significant children ends the supervisor (feature `auto_shutdown`)",
            is_optional=True,
            default="never",
        ),
    ),
    "dynamic": (
        Field("strategy", Choice(("dynamic",)), "a supervisor that starts empty, as Elixir's DynamicSupervisor"),
        *_RESTARTS,
        Field(
            "max_children",
            Union((INT, NULL), "a whole number or null"),
            "how many children it may have; null means no limit",
            is_optional=True,
        ),
        _SUPERVISOR_NAME,
    ),
}

CHILD_FIELDS: tuple[Field, ...] = (
    Field("id", Scalar("text", "a child id", least=1), "its id, unique within the supervisor"),
    Field("restart", Choice(("permanent", "transient", "temporary")), "when it is restarted"),
    Field(
        "shutdown",
        Union(
            (Choice(("brutal_kill", "infinity")), INT), "'brutal_kill', 'infinity' or a whole number of milliseconds"
        ),
        "how it is ended: killed at once, asked and waited for, or asked and killed after that many milliseconds",
    ),
    Field("type", Choice(("worker", "supervisor")), "what it is declared to be"),
    Field(
        "start",
        Union(
            (_only("supervisor", Named("supervisor"), "a nested supervisor"), Named("probe")),
            "a probe or {'supervisor': specification}",
        ),
        "the probe, or a nested supervisor",
    ),
    Field(
        "significant",
        BOOL,
        "whether its end counts for `auto_shutdown` (feature `auto_shutdown`)",
        is_optional=True,
        default=False,
    ),
)

_STATIC = Record(SUPERVISOR_FIELDS["static"], "a supervisor")

_COUNT = Record(
    tuple(Field(key, Scalar("int", "a whole number")) for key in ("specs", "active", "supervisors", "workers")),
    "an object with the counts",
    is_open=True,
)

_CHILD_ROW = Row(
    None,
    (
        Field(
            "id", Union((Scalar("text", "a child id", least=1), NULL), "a child id, or null under a dynamic supervisor")
        ),
        Field("process", Union((LABEL, NULL), "a label, null or 'restarting'")),
        Field("type", Choice(("worker", "supervisor"))),
    ),
    "[id, label or null or 'restarting', 'worker' or 'supervisor']",
)

VALUE_SHAPES: dict[str, Shape] = {
    "reason": _union(REASONS, REASON_TEXT),
    "target": Union((LABEL, _only("name", NAME, "a name")), "a target (a label or {'name': name})"),
    "failure": Tagged(
        "kind",
        tuple(
            (f.kind, Record((Field("kind", Choice((f.kind,))), *f.fields), f"a {f.kind} failure", True))
            for f in FAILURES
        ),
        "an object with 'kind'",
        "a kind of failure",
    ),
    "init_entry": _union(INIT_ENTRIES, "an init entry"),
    "terminate_entry": _union(TERMINATE_ENTRIES, "a terminate entry"),
    "probe": Record(PROBE_FIELDS, "a probe"),
    "supervisor": Tagged(
        "strategy",
        (
            ("one_for_one", _STATIC),
            ("one_for_all", _STATIC),
            ("rest_for_one", _STATIC),
            ("dynamic", Record(SUPERVISOR_FIELDS["dynamic"], "a dynamic supervisor")),
        ),
        "a supervisor",
        "a strategy",
    ),
    "child": Record(CHILD_FIELDS, "a child"),
    "child_list": ListOf(_CHILD_ROW, "a list of children"),
    "child_count": _COUNT,
    "names": MapOf(LABEL, "an object from names to labels"),
}
"""Named shapes of this module; the table of operations adds the rest."""
