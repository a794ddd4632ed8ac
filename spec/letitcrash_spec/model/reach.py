"""Which processes the pending work of one process can touch: an upper bound, used to leave out useless orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from letitcrash_spec.messages import Json
from letitcrash_spec.model import registry
from letitcrash_spec.model.tree import Tree
from letitcrash_spec.model.world import Process, Signal, World

__all__ = ["NAMES", "NAMES_CHANGE", "Reach", "reach_of"]

NAMES = "@names"
"""Stands for the registry, which everybody reads and writes at once."""

NAMES_CHANGE = "@names change"
"""Added where the registry may be changed and not only read."""


_LETHAL = frozenset({"crash", "stop", "exit", "link", "spawn", "call"})


@dataclass(slots=True)
class Reach:
    """What the pending work of a process can touch.

    Attributes:
        touched: Labels of processes (itself among them) that it can send something to, directly or through others,
            and `NAMES` if it uses the registry.
        reads: Whether it looks at another process, or at the names, without a message.
        roots: The topmost supervisors of trees in which processes may be born.
    """

    touched: set[str]
    reads: bool = False
    roots: set[str] = field(default_factory=set[str])


def reach_of(world: World, process: Process) -> Reach:
    """Return what the pending work of `process` can touch."""
    reach = Reach(set())
    _process(world, process, reach, lethal=False)
    return reach


def _process(world: World, process: Process, reach: Reach, *, lethal: bool) -> None:
    if process.label not in reach.touched:
        reach.touched.add(process.label)
        lethal = _pending(world, process, reach) or lethal
        if process.tree is not None and process.status != "dead":
            _tree(world, process, process.tree, reach)
    if lethal:
        _death(world, process, reach)


def _pending(world: World, process: Process, reach: Reach) -> bool:
    """Add what everything pending at a process can touch. Returns whether it may die of it."""
    if process.client is not None:
        if process.client.op is not None:
            _client(world, process, process.client.op, process.client.args, reach)
        return False
    for src, queue in process.inbox.items():
        for signal in queue:
            _at_arrival(world, src, signal[0], reach)
            _signal(world, process, signal, reach)
        if process.status == "dead" and src in world.processes:
            _process(world, world.processes[src], reach, lethal=True)
    for message in process.mailbox:
        _signal(world, process, message, reach)
    for src, _ in process.calls:
        _touch(world, src, reach)
    for _, _, src in process.stops:
        _touch(world, src, reach)
    if process.tree is not None and process.tree.starter is not None:
        _touch(world, process.tree.starter[0], reach)
    task = process.task
    while task is not None and task[0] == "sleep":
        task = task[2]
    if task is not None and task[0] == "start":
        _touch(world, task[2][0], reach)
    if task is not None and task[0] == "branch" and process.tree is None:
        for _, effect in task[2]:
            if effect is not None:
                _action(world, process, ["cancel_timer" if effect[0] == "cancel" else "link", effect[1]], reach)
    return bool(process.stops) or (task is not None and task[0] in ("die", "ending", "start", "hang"))


def _client(world: World, process: Process, op: str, args: Mapping[str, Json], reach: Reach) -> None:
    """Add what an operation of one of several clients can touch."""
    reach.reads = True
    if op in ("call", "cast"):
        _action(world, process, [op, args["to"], args["msg"]], reach)
    elif op == "send":
        _action(world, process, [op, args["to"], args["payload"]], reach)
    elif op == "exit":
        _action(world, process, [op, args["to"], args["reason"]], reach)
    elif op == "stop":
        _action(world, process, ["send", args["to"], "!stop"], reach)
    elif op in ("spawn", "start_supervisor"):
        reach.touched.update((f"@birth {args['as']}", NAMES, NAMES_CHANGE))
        if args.get("link") is not None:
            _at(world, args["link"], reach)
    elif "sup" in args:
        _at(world, args["sup"], reach)
        child = args.get("child")
        if isinstance(child, str) and "/" in child:
            _at(world, child, reach)
    else:
        reach.touched.add(NAMES)
        if op in ("register", "unregister"):
            reach.touched.add(NAMES_CHANGE)
        if "to" in args:
            _at(world, args["to"], reach)


def _at(world: World, label: str, reach: Reach) -> None:
    """Add a process, or the chance that it is born."""
    other = world.processes.get(label)
    if other is None:
        _birth(world, label, reach)
    else:
        _process(world, other, reach, lethal=False)


def _tree(world: World, process: Process, tree: Tree, reach: Reach) -> None:
    """A supervisor that is touched may end and start any of its children, and end itself."""
    reach.roots.add(process.label.split("/", 1)[0])
    if any(_has_name(child.spec["start"]) for child in tree.children):
        reach.touched.update((NAMES, NAMES_CHANGE))
    for other in list(world.processes.values()):
        if other.parent == process.label and other.status != "dead":
            _process(world, other, reach, lethal=True)
    _death(world, process, reach)


def _has_name(start: Json) -> bool:
    """Say whether a child, or anybody below it, has a name."""
    nested = start.get("supervisor")
    if nested is None:
        return start.get("name") is not None
    return nested.get("name") is not None or any(_has_name(child["start"]) for child in nested.get("children", ()))


def _touch(world: World, label: str, reach: Reach) -> None:
    other = world.processes.get(label)
    if other is not None:
        _process(world, other, reach, lethal=False)


def _death(world: World, process: Process, reach: Reach) -> None:
    if f"{process.label} dies" in reach.touched:
        return
    reach.touched.add(f"{process.label} dies")
    if process.name is not None:
        reach.touched.update((NAMES, NAMES_CHANGE))
    for peer in process.links:
        other = world.processes.get(peer)
        if other is not None:
            _process(world, other, reach, lethal=not other.trap or other.parent == process.label)
    for owner in process.watchers.values():
        _touch(world, owner, reach)
    boss = world.processes.get(process.parent or "")
    if boss is not None and boss.tree is not None and boss.status != "dead":  # it may wait for this death
        _process(world, boss, reach, lethal=False)


def _signal(world: World, process: Process, signal: Signal, reach: Reach) -> None:
    kind = signal[0]
    if kind == "call":
        if isinstance(signal[1], str):  # in the mailbox, with its sender
            _touch(world, signal[1], reach)
        _action(world, process, signal[-1], reach)
    elif kind == "cast":
        _action(world, process, signal[1], reach)
    elif kind == "info":
        if signal[1] in ("!crash", "!stop"):
            _death(world, process, reach)
    elif kind in ("stop", "exit", "EXIT"):
        _death(world, process, reach)
    elif kind in ("admin", "host"):
        _named(signal, reach)
        reach.touched.add(f"@birth {signal[-2]}")


def _named(signal: Signal, reach: Reach) -> None:
    """What is asked of a supervisor may bring new names."""
    if "'name'" in repr(signal[-1]):
        reach.touched.update((NAMES, NAMES_CHANGE))


def _at_arrival(world: World, src: str, kind: str, reach: Reach) -> None:
    """A request, a link or a monitor is answered, at the latest by the death of its receiver."""
    if kind in ("admin", "call", "host", "link", "monitor", "stop"):
        _touch(world, src, reach)


def _birth(world: World, label: str, reach: Reach) -> None:
    """Whether there is a process of this label may change while this waits."""
    reach.reads = True
    reach.touched.add(f"@birth {label}")
    root, slash, _ = label.partition("/")
    if slash:
        for other in list(world.processes.values()):
            if other.tree is not None and other.status != "dead" and other.label.split("/", 1)[0] == root:
                _process(world, other, reach, lethal=False)


def _action(world: World, process: Process, action: Json, reach: Reach) -> None:
    kind = action[0]
    if kind in ("crash", "stop"):
        _death(world, process, reach)
        return
    if kind in ("call", "cast", "send", "monitor"):
        if isinstance(action[1], dict):
            reach.reads = True
            reach.touched.add(NAMES)
            inner = action[2]
            lethal = inner in ("!crash", "!stop") if kind == "send" else kind != "monitor" and inner[0] in _LETHAL
            for everyone in world.processes.values():  # the name may have another holder by then
                _process(world, everyone, reach, lethal=lethal)
        label = registry.resolve(world, action[1])
        other = world.processes.get(label) if label is not None else None
        if other is None and label is not None:
            _birth(world, label, reach)
        if other is not None:
            _process(world, other, reach, lethal=False)
            if kind in ("call", "cast"):
                _action(world, other, action[2], reach)
            elif kind == "send" and action[2] in ("!crash", "!stop"):
                _death(world, other, reach)
    elif kind in ("link", "unlink", "exit"):
        other = world.processes.get(action[1])
        if other is None:
            _birth(world, action[1], reach)
        else:
            _process(world, other, reach, lethal=kind != "unlink")
        if kind == "link":
            reach.reads = True
            _death(world, process, reach)
        elif kind == "exit" and action[1] == process.label:
            _death(world, process, reach)
    elif kind == "links":
        reach.reads = True
        reach.touched.update(process.links)
    elif kind in ("send_after", "send_interval"):
        reach.reads = True
        reach.touched.add(f"@timer {action[1]}")
    elif kind == "cancel_timer":
        reach.reads = True
        reach.touched.add(f"@timer {action[1]}")
        timer = world.timers.get(action[1])
        if timer is not None:
            _touch(world, timer.owner, reach)
    elif kind in ("register", "spawn"):
        reach.reads = True
        reach.touched.update((NAMES, NAMES_CHANGE))
        if kind == "spawn":
            reach.touched.add(f"@birth {action[1]}")
            _death(world, process, reach)
