"""What a run of a program visits in the model, abstracted: states of processes, steps between them, operations in them.

A state forgets labels, names and values, and keeps what makes a difference to the rules: what a server is doing,
whether it traps exits, has a name, links, monitors, messages; what a supervisor does next, how many children it has,
and how near it is to its limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from letitcrash_spec.messages import Json, Operation
from letitcrash_spec.model.tree import Tree
from letitcrash_spec.model.world import DRIVER, Process, World

__all__ = ["KINDS", "Visits", "describe_operation", "describe_process"]

KINDS = ("state", "step", "pair", "world", "clause", "code")
"""What is counted, each by its first word: states, steps between states, operations in states, shapes of the whole
world, clauses that were demanded, and lines of the subject."""

_GONE = "nobody"
_MANY = 3


class Visits:
    """Collects what one run visits.

    Attributes:
        features: What was visited, each once: `"state ..."`, `"pair ... | ..."` and so on, in order.
    """

    __slots__ = ("_before", "features")

    def __init__(self) -> None:
        self.features: dict[str, None] = {}
        self._before: dict[str, str] = {}

    def before(self, world: World, operation: Operation) -> None:
        """Note the world in which an operation is performed."""
        states = self._look(world)
        what = describe_operation(operation)
        for label in _concerned(operation.args, world):
            self.features[f"pair {what} | {states.get(label) or _state_of(world, label)}"] = None
        msg = cast("list[Json]", operation.args.get("msg") or [])
        if len(msg) > 1:
            other = _label_of(msg[1], world)
            if other is not None:
                self.features[f"pair {what} of | {states.get(other) or _state_of(world, other)}"] = None
        self._before = states

    def quiet(self, world: World, tags: Sequence[str]) -> None:
        """Note a world that has settled, and the clauses that were demanded on the way to it."""
        states = self._look(world)
        live = [process for process in world.processes.values() if process.status != "dead" and process.label != DRIVER]
        trees = [process for process in live if process.tree is not None]
        ties = sum(len(process.links) for process in live) // 2
        shape = (
            f"{_some(len(live) - len(trees), 5)} servers, {_some(len(trees), 4)} supervisors, {_some(ties, 5)} links, "
            f"{_some(len(world.names))} names, {_some(len(world.timers))} timers"
        )
        self.features[f"world {shape}"] = None
        for tag in tags:
            self.features[f"clause {tag}"] = None
        self._before = states

    def _look(self, world: World) -> dict[str, str]:
        features = self.features
        states: dict[str, str] = {}
        before = self._before
        for label, process in world.processes.items():
            if process.client is not None:
                continue
            state = describe_process(process, world)
            states[label] = state
            features[f"state {state}"] = None
            old = before.get(label)
            if old is not None and old != state:
                features[f"step {_phase(old)} -> {_phase(state)}"] = None
        return states


_known: dict[tuple[Any, ...], str] = {}
"""Texts of states that were met; it only saves time."""


def describe_process(process: Process, world: World) -> str:
    """Return the abstract state of a process in a few words: `"server idle, traps, 1 link"`."""
    if process.status == "dead":
        return f"dead of {_reason(process.reason)}"
    tree = process.tree
    key: tuple[Any, ...]
    if tree is None:
        key = (
            _doing(process),
            process.parent is not None,
            process.trap,
            process.name is not None,
            bool(process.links),
            bool(process.watchers),
            bool(process.mailbox or process.inbox),
        )
    else:
        states = [child.state for child in tree.children]
        key = (
            _doing(process),
            process.parent is not None,
            tree.strategy,
            min(len(states), _MANY),
            "restarting" in states,
            "undefined" in states,
            _weight(tree, world),
            bool(process.mailbox or process.inbox),
        )
    text = _known.get(key)
    if text is None:
        text = _known[key] = _server(*key) if tree is None else _supervisor(*key)
    return text


def _server(doing: str, is_child: bool, traps: bool, named: bool, linked: bool, watched: bool, mail: bool) -> str:
    flags = {"traps exits": traps, "named": named, "linked": linked, "monitored": watched, "messages": mail}
    return ", ".join(
        [f"{'child' if is_child else 'server'} {doing}", *(word for word, is_so in flags.items() if is_so)]
    )


def _supervisor(
    doing: str, is_child: bool, strategy: str, children: int, restarting: bool, undefined: bool, weight: str, mail: bool
) -> str:
    flags = {
        "below another": is_child,
        "one restarting": restarting,
        "one without process": undefined,
        weight: bool(weight),
        "messages": mail,
    }
    first = [f"{strategy} supervisor {doing}", f"{_some(children)} children"]
    return ", ".join([*first, *(word for word, is_so in flags.items() if is_so)])


def _phase(state: str) -> str:
    """Return what a process is and does, without the rest."""
    return state.partition(",")[0]


def _doing(process: Process) -> str:
    """Return what a process is doing, in one or two words."""
    if process.suspended:
        return "suspended"
    task = process.task
    if task is None:
        return process.status
    if task[0] == "sup":
        todo = str(task[1][0][0]) if task[1] else "nothing"
        return f"busy: {todo}" + (f", waits for {task[2][0]}" if task[2] else "")
    return f"busy: {task[0]}"


def _weight(tree: Tree, world: World) -> str:
    """Say how near a supervisor is to its limit."""
    counted = sum(1 for earliest, _ in tree.restarts if world.now - earliest <= tree.window_ms)
    if not counted:
        return ""
    return "at its limit" if counted >= tree.max_restarts else "restarts counted"


def describe_operation(operation: Operation) -> str:
    """Return an operation without its operands: `"call link"`, `"exit kill"`."""
    args = operation.args
    if isinstance(args.get("msg"), list):
        msg = cast("list[Json]", args["msg"])
        words = f"{operation.op} {msg[0]}"
        return f"{words} {msg[2][0]}" if len(msg) > 2 and msg[0] in ("call", "cast") else words
    if "reason" in args:
        return f"{operation.op} {_reason(args['reason'])}"
    return operation.op


def _reason(reason: Json) -> str:
    return str(next(iter(reason), "?")) if isinstance(reason, dict) else str(reason)  # pyright: ignore[reportUnknownArgumentType] - JSON


def _concerned(args: Mapping[str, Json], world: World) -> list[str]:
    """Return the labels of the processes that an operation names."""
    found: list[str] = []
    for key in ("to", "sup"):
        label = _label_of(args.get(key), world)
        if label is not None:
            found.append(label)
    child = args.get("child")
    if isinstance(child, str) and "sup" in args:
        sup = world.processes.get(str(_label_of(args["sup"], world)))
        entry = None if sup is None or sup.tree is None else sup.tree.find(child)
        if entry is not None and entry.label is not None:
            found.append(entry.label)
    return found


def _label_of(target: Json, world: World) -> str | None:
    if isinstance(target, dict):
        name = cast("dict[str, Json]", target).get("name")
        return None if name is None else world.names.get(name, _GONE)
    return target if isinstance(target, str) and target in world.processes else None


def _state_of(world: World, label: str) -> str:
    process = world.processes.get(label)
    return _GONE if process is None else describe_process(process, world)


def _some(number: int, many: int = _MANY) -> str:
    return f"{many}+" if number >= many else str(number)
