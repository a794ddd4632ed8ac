"""Which features a program needs of the subject that is to run it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from letitcrash_spec.messages import Operation
from letitcrash_spec.operations import ACTIONS, OPERATIONS

__all__ = ["features_of"]

_OPERATIONS = {spec.name: spec.feature for spec in OPERATIONS}
_ACTIONS = {spec.name: spec.feature for spec in ACTIONS}


def features_of(operations: Iterable[Operation]) -> frozenset[str]:
    """Return the features that these operations need, as the table of features in the protocol says.

    A key of a probe, child or supervisor counts only where it says something else than its default.

    Args:
        operations: Operations in any order, those of the clients of a `parallel` included.
    """
    return frozenset(feature for operation in operations for feature in _of_operation(operation) if feature)


def _of_operation(operation: Operation) -> Iterator[str | None]:
    args = operation.args
    yield _OPERATIONS.get(operation.op)
    if operation.op == "parallel":
        for client in args["clients"]:
            for step in client:
                yield from _of_operation(Operation(step["op"], step["args"]))
    yield from _of_target(args.get("to"))
    if "msg" in args:
        yield from _of_action(args["msg"])
    if operation.op == "spawn":
        yield from _of_probe(args["probe"])
    if operation.op == "start_supervisor":
        yield from _of_supervisor(args["spec"])
    if operation.op == "start_child":
        yield from _of_child(args["child"])


def _of_action(action: list[Any]) -> Iterator[str | None]:
    name, *args = action
    yield _ACTIONS.get(name)
    if name in ("call", "cast", "send", "monitor") and args:
        yield from _of_target(args[0])
    if name in ("call", "cast") and len(args) > 1:
        yield from _of_action(args[1])
    if name == "spawn":
        yield from _of_probe(args[1])
        how = args[2] if len(args) > 2 else None
        yield "links" if how == "link" else "monitors" if isinstance(how, dict) else None


def _of_target(target: Any) -> Iterator[str | None]:
    yield "registry" if isinstance(target, dict) else None


def _of_probe(probe: dict[str, Any]) -> Iterator[str | None]:
    yield "exit_signals" if probe.get("trap_exit") else None
    yield "registry" if probe.get("name") is not None else None


def _of_supervisor(spec: dict[str, Any]) -> Iterator[str | None]:
    yield "supervisor"
    yield "dynamic_supervisor" if spec.get("strategy") == "dynamic" else None
    yield "auto_shutdown" if spec.get("auto_shutdown", "never") != "never" else None
    yield "registry" if spec.get("name") is not None else None
    for child in spec.get("children", ()):
        yield from _of_child(child)


def _of_child(child: dict[str, Any]) -> Iterator[str | None]:
    yield "auto_shutdown" if child.get("significant") else None
    start = child["start"]
    if "supervisor" in start:
        yield from _of_supervisor(start["supervisor"])
    else:
        yield from _of_probe(start)
