"""What a runtime has to be able to do, feature by feature: operations and probe actions under one name each.

An operation is asked for by the suite, an action by a probe; where both have a name they mean the same, and an adapter
writes one function. All of it is read from the protocol table; only the order of the features is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from letitcrash_spec import fields
from letitcrash_spec.actions import ACTIONS
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.operations import COMMON_FAILS, OPERATIONS
from letitcrash_spec.shapes import Field, Named

__all__ = ["KIT_ACTIONS", "KIT_OPERATIONS", "STEPS", "RuntimeCall", "Step", "count_clauses", "list_calls", "name_param"]

KIT_OPERATIONS = frozenset({"advance", "bye", "hello", "observe", "parallel", "reset"})
"""Operations that the kit performs by itself, or with a hook of its own."""

KIT_ACTIONS = frozenset({"add", "crash", "get", "noreply", "sleep", "stop"})
"""Actions of the probe that the kit performs by itself."""

_SPAWN = (fields.AS, fields.PROBE, Field("how", Named("how"), "its ties"))


@dataclass(frozen=True, slots=True)
class RuntimeCall:
    """One function of an adapter.

    Attributes:
        name: Its name.
        feature: The feature it belongs to.
        params: Its parameters, after `by`: the label of the probe that asks, or none if the suite does.
        doc: What it does, without a full stop.
        ok_doc: What it returns, in words.
        fails: What it may refuse with.
    """

    name: str
    feature: str
    params: tuple[str, ...]
    doc: str
    ok_doc: str
    fails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One feature on the way of an adapter.

    Attributes:
        feature: Its name in hello.
        hint: What else there is to do for it, in one sentence; may be empty.
        hooks: Functions beside the calls of the table: name and what it returns.
    """

    feature: str
    hint: str = ""
    hooks: tuple[tuple[str, str], ...] = ()


STEPS: tuple[Step, ...] = (
    Step("genserver"),
    Step("nested_call", "A probe calls another one from inside its callback: `call` with `by` set."),
    Step(
        "links",
        "`spawn` with how 'link' starts a process linked to `by`. Log a trapped EXIT by its probe's exit(of, reason).",
    ),
    Step(
        "monitors",
        "`spawn` with how {'monitor': ref}: `by` monitors it. Log a DOWN by its probe's down(ref, of, reason).",
    ),
    Step(
        "exit_signals",
        "A probe with 'trap_exit' set starts out trapping; log its EXIT messages by exit(of, reason) of that probe.",
    ),
    Step(
        "registry",
        "A probe with a 'name' registers it before its init acts.",
        (("names", "every registered name and the label of its holder"),),
    ),
    Step("timers", "A message of a timer reaches the probe as a plain message. The kit's advance sleeps."),
    Step(
        "supervisor",
        "The kit's child makes the probe of a child, with its label `<sup>/<id>#<n>`, at each start attempt.",
    ),
    Step(
        "dynamic_supervisor",
        "`start_supervisor` with the strategy 'dynamic'; `start_child` and `terminate_child` of it.",
    ),
    Step("auto_shutdown", "`significant` of a child and `auto_shutdown` of a supervisor."),
    Step("suspend"),
    Step(
        "parallel",
        "Declare it once every function above may be called by several clients at once; the kit does the rest.",
    ),
    Step("error_text", "Declare it if the text of a crash reaches those who see its reason."),
)
"""The features in the order in which an adapter is best written: each one makes more clauses run."""


def list_calls() -> tuple[RuntimeCall, ...]:
    """Return every function of an adapter, in the order of `STEPS` and then of the protocol table."""
    calls: dict[str, RuntimeCall] = {}
    for spec in OPERATIONS:
        if spec.name in KIT_OPERATIONS:
            continue
        fails = (*spec.fails, *(COMMON_FAILS if spec.is_addressed else ()))
        params = (*_names(_SPAWN), "timeout_ms") if spec.name == "spawn" else _names(spec.args)
        calls[spec.name] = RuntimeCall(spec.name, spec.feature or "genserver", params, spec.doc, spec.ok_doc, fails)
    for action in ACTIONS:
        if action.name in KIT_ACTIONS or action.name in calls:
            continue
        calls[action.name] = RuntimeCall(
            action.name,
            action.feature or "genserver",
            _names(action.args),
            action.doc if action.doc != "nothing" else "tells what a process is linked to",
            action.ok_doc,
            action.fails,
        )
    order = [step.feature for step in STEPS]
    return tuple(sorted(calls.values(), key=lambda call: order.index(call.feature)))


def name_param(call: str, argument: str) -> str:
    """Return what an argument of an operation or action is called by the function of that name."""
    return _RENAMED.get((call, argument), "label" if argument == "as" else argument)


def count_clauses() -> Mapping[str, int]:
    """Return for each feature how many more checked clauses apply once it is declared beside those before it."""
    declared: set[str] = set()
    before = 0
    more: dict[str, int] = {}
    for step in STEPS:
        declared.add(step.feature)
        now = sum(1 for c in load_clauses().values() if c.is_checked and declared.issuperset(c.features))
        more[step.feature] = now - before
        before = now
    return MappingProxyType(more)


_RENAMED = {("exit", "label"): "to"}


def _names(args: tuple[Field, ...]) -> tuple[str, ...]:
    return tuple("label" if field.name == "as" else field.name for field in args)
