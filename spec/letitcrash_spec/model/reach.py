"""Which processes the pending work of one process can touch: an upper bound, used to leave out useless orders."""

from __future__ import annotations

from dataclasses import dataclass

from letitcrash_spec.messages import Json
from letitcrash_spec.model import registry
from letitcrash_spec.model.world import Process, Signal, World

__all__ = ["NAMES", "Reach", "reach_of"]

NAMES = "@names"
"""Stands for the registry, which everybody reads and writes at once."""


@dataclass(slots=True)
class Reach:
    """What the pending work of a process can touch.

    Attributes:
        touched: Labels of processes (itself among them) that it can send something to, directly or through others,
            and `NAMES` if it uses the registry.
        reads: Whether it looks at another process, or at the names, without a message.
    """

    touched: set[str]
    reads: bool = False


def reach_of(world: World, process: Process) -> Reach:
    """Return what the pending work of `process` can touch."""
    reach = Reach(set())
    _process(world, process, reach, lethal=False)
    return reach


def _process(world: World, process: Process, reach: Reach, *, lethal: bool) -> None:
    label = process.label
    if (f"{label} dies" if lethal else label) in reach.touched:
        return
    reach.touched.add(label)
    for queue in process.inbox.values():
        for signal in queue:
            _signal(world, process, signal, reach)
    for src in process.inbox:
        if process.status == "dead" and src in world.processes:
            _process(world, world.processes[src], reach, lethal=True)
    for message in process.mailbox:
        _signal(world, process, message, reach)
    task = process.task
    while task is not None and task[0] == "sleep":
        task = task[2]
    if task is not None and task[0] in ("die", "start", "hang"):
        lethal = True
    for src, _ in process.calls:
        _touch(world, src, reach)
    if task is not None and task[0] == "start":
        _touch(world, task[2][0], reach)
    if lethal or process.stops:
        _death(world, process, reach)


def _touch(world: World, label: str, reach: Reach) -> None:
    other = world.processes.get(label)
    if other is not None:
        _process(world, other, reach, lethal=False)


def _death(world: World, process: Process, reach: Reach) -> None:
    if f"{process.label} dies" in reach.touched:
        return
    reach.touched.add(f"{process.label} dies")
    if process.name is not None:
        reach.touched.add(NAMES)
    for peer in process.links:
        other = world.processes.get(peer)
        if other is not None:
            _process(world, other, reach, lethal=not other.trap or other.parent == process.label)
    for owner in process.watchers.values():
        _touch(world, owner, reach)


def _signal(world: World, process: Process, signal: Signal, reach: Reach) -> None:
    kind = signal[0]
    if kind == "call":
        if signal[1] in world.processes:
            _touch(world, signal[1], reach)
        _action(world, process, signal[-1], reach)
    elif kind == "cast":
        _action(world, process, signal[1], reach)
    elif kind == "info":
        if signal[1] in ("!crash", "!stop"):
            _death(world, process, reach)
    elif kind in ("stop", "exit", "EXIT"):
        _death(world, process, reach)


def _action(world: World, process: Process, action: Json, reach: Reach) -> None:
    kind = action[0]
    if kind in ("crash", "stop"):
        _death(world, process, reach)
        return
    if kind in ("call", "cast", "send", "monitor"):
        if isinstance(action[1], dict):
            reach.reads = True
            reach.touched.add(NAMES)
        label = registry.resolve(world, action[1])
        other = world.processes.get(label) if label is not None else None
        if other is not None:
            _process(world, other, reach, lethal=False)
            if kind in ("call", "cast"):
                _action(world, other, action[2], reach)
            elif kind == "send" and action[2] in ("!crash", "!stop"):
                _death(world, other, reach)
        if isinstance(action[1], dict):
            for everyone in world.processes.values():  # the name may have another holder by then
                _process(world, everyone, reach, lethal=True)
    elif kind in ("link", "unlink", "exit"):
        other = world.processes.get(action[1])
        if other is not None:
            _process(world, other, reach, lethal=kind != "unlink")
        if kind == "link":
            reach.reads = True
            _death(world, process, reach)
        elif kind == "exit" and action[1] == process.label:
            _death(world, process, reach)
    elif kind == "links":
        reach.reads = True
        reach.touched.update(process.links)
    elif kind in ("register", "spawn", "cancel_timer"):
        reach.reads = True
        reach.touched.add(NAMES)
        if kind == "spawn":
            _death(world, process, reach)
