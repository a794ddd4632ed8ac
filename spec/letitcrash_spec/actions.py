"""The probe's actions, and the fields they share with operations. Part of the protocol table."""

from __future__ import annotations

from dataclasses import dataclass

from letitcrash_spec import fields
from letitcrash_spec.shapes import Choice, Field, ListOf, Named, Shape
from letitcrash_spec.values import BOOL, INT, LABEL, MS, NULL, TEXT

__all__ = ["ACTIONS", "ActionSpec"]


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table of probe actions; the fields are as in `operations.OperationSpec`."""

    name: str
    args: tuple[Field, ...]
    ok: Shape
    ok_doc: str
    doc: str
    fails: tuple[str, ...] = ()
    feature: str | None = None


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("get", (), INT, "the value", "nothing"),
    ActionSpec("add", (Field("n", INT, "what to add"),), INT, "the new value", "adds `n` to its value"),
    ActionSpec("sleep", (fields.MS,), NULL, "`null`", "blocks its callback that long"),
    ActionSpec("noreply", (), NULL, "", "handles the call and never answers it, so that the caller times out"),
    ActionSpec("crash", (Field("text", TEXT, "the error"),), NULL, "", "raises that error", ("exit",)),
    ActionSpec(
        "stop",
        (fields.REASON,),
        Choice(("stopping",)),
        '`"stopping"`',
        "returns stop with that reason from its callback, and for a call the reply with it",
    ),
    ActionSpec(
        "call",
        (fields.TO, fields.MSG, Field("timeout_ms", MS, "how long to wait")),
        Named("answer"),
        "the inner answer",
        "calls another probe from inside its callback; itself: `fail exit` with an `error` reason, at once",
        feature="nested_call",
    ),
    ActionSpec("cast", (fields.TO, fields.MSG), NULL, "`null`", "as the operation of the same name"),
    ActionSpec("send", (fields.TO, fields.PAYLOAD), NULL, "`null`", "as the operation of the same name", ("noproc",)),
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
        "unlink",
        (Field("label", LABEL, "the other process"),),
        NULL,
        "`null`",
        "removes its link to that process",
        feature="links",
    ),
    ActionSpec(
        "monitor",
        (fields.TO, fields.REF),
        NULL,
        "`null`",
        "monitors the target under that reference",
        feature="monitors",
    ),
    ActionSpec(
        "demonitor",
        (fields.REF, Field("flush", BOOL, "whether to remove a DOWN that waits in its mailbox")),
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
        (Field("label", LABEL, "the receiver"), fields.REASON),
        NULL,
        "`null`",
        "sends an exit signal to a process, a supervisor or itself",
        feature="exit_signals",
    ),
    ActionSpec(
        "register",
        (fields.NAME,),
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
            fields.PROBE,
            Field("how", Named("how"), "plain, linked to the spawner, or monitored by it"),
        ),
        fields.STARTED,
        "as the operation `spawn`",
        "starts another probe; if the start fails, whether the spawner also sees an EXIT or DOWN is left open",
        ("start_failed", "already_registered"),
    ),
    ActionSpec(
        "send_after",
        (fields.REF, fields.MS, fields.PAYLOAD),
        NULL,
        "`null`",
        "sets a timer that sends the payload to itself once",
        feature="timers",
    ),
    ActionSpec(
        "send_interval",
        (fields.REF, fields.MS, fields.PAYLOAD),
        NULL,
        "`null`",
        "sets a timer that sends it again and again",
        feature="timers",
    ),
    ActionSpec("cancel_timer", (fields.REF,), BOOL, "whether it was active", "cancels that timer", feature="timers"),
    ActionSpec(
        "links",
        (),
        ListOf(LABEL, "a list of labels"),
        "sorted labels of the live probes and supervisors linked to it",
        "nothing",
        feature="links",
    ),
)
