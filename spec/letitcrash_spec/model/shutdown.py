"""How a supervisor ends its children: chapter `shutdown`."""

from __future__ import annotations

from typing import TypeAlias

from letitcrash_spec.model.tree import Child, Tree
from letitcrash_spec.model.world import Process, World

__all__ = ["deadline_of", "end", "gone", "is_over", "is_short", "run_out", "unnoticed", "wait_for"]

BRUTAL = "brutal_kill"
INFINITY = "infinity"

Asked: TypeAlias = "tuple[str, int | None, int]"
"""Who was asked to end, the moment at which it is killed, and the time it was given in milliseconds."""


def end(world: World, process: Process, children: list[Child], clause: str) -> None:
    """Begin to end some children at the same time; those without a process are skipped (SHUT-16).

    The supervisor waits afterwards for all that were alive, see `wait_for`.

    Args:
        world: The world that changes.
        process: The supervisor.
        children: Whom to end: one, or all of a dynamic supervisor.
        clause: Why they are ended.
    """
    asked: list[Asked] = []
    for child in children:
        target = world.live(child.label) if child.state == "running" and child.label is not None else None
        if target is None:
            if child.state == "running":
                world.tags += ("SUP-39", "STR-16")
            else:
                world.tags.append("SHUT-16")
            gone(world, process, child, clause)
            continue
        asked.append(_ask(world, process, child, target, clause))
    wait_for(process, tuple(asked))


def wait_for(process: Process, asked: tuple[Asked, ...]) -> None:
    """Let a supervisor wait for the death of processes."""
    assert process.task is not None
    process.task = ("sup", process.task[1], ("end", asked) if asked else ())


def _ask(world: World, process: Process, child: Child, target: Process, clause: str) -> Asked:
    """Send the request to end, and return when the child will be killed."""
    label = target.label
    shutdown = child.spec["shutdown"]
    if label not in process.links:
        clause = "SUP-40"
        world.tags.append(clause)
    world.note("ending", label, None, clause)
    if clause not in ("SUP-31", "SUP-40") and process.tree is not None and not process.tree.is_dynamic:
        for other in process.tree.children:  # whose turn comes after the death of this one
            if other is not child and other.state == "running" and other.label is not None:
                world.note("dead", other.label, None, clause if clause in ("STR-7", "STR-8", "SUP-2") else "SHUT-1")
    if child.spec["type"] == "worker" and shutdown == INFINITY:
        world.tags.append("SHUT-6")
    if shutdown == BRUTAL:
        world.note("killing", label, None, "SHUT-5")
        world.note("terminate", label, None, "SHUT-5")
        world.signal(process.label, label, ("exit", process.label, "kill", False, False))
        return (label, None, 0)
    world.signal(process.label, label, ("exit", process.label, "shutdown", False, False))
    world.note("asked", label, None, "SHUT-6" if shutdown == INFINITY else "SHUT-2")
    is_dynamic = process.tree is not None and process.tree.is_dynamic
    world.note("time", "", None, "DYN-E11" if is_dynamic else "SHUT-6" if shutdown == INFINITY else "SHUT-10")
    if shutdown == INFINITY:
        return (label, None, 0)
    return (label, world.now + int(shutdown), int(shutdown))


def is_over(process: Process, label: str) -> bool:
    """Record the death of a process that a supervisor waits for. Returns True if it was the last one."""
    task = process.task
    if task is None or task[0] != "sup" or not task[2] or task[2][0] != "end":
        return False
    left = tuple(entry for entry in task[2][1] if entry[0] != label)
    if len(left) == len(task[2][1]):
        return False
    todo = (("gone", label), *task[1])
    process.task = ("sup", todo, ("end", left) if left else ())
    return not left


def unnoticed(world: World, process: Process, label: str) -> None:
    """Remember that a child has died without a link to its supervisor, which does not hear of it (SUP-41)."""
    child = None if process.tree is None else process.tree.holding(label)
    if process.tree is None or child is None or child.state != "running":
        return
    world.tags.append("SUP-41")
    for other in process.tree.children:
        world.note("init", process.tree.next_label(process.label, other.id), None, "SUP-41")
        if other.label is not None:
            world.note("dead", other.label, None, "SUP-41")
    world.note("dead", process.label, None, "SUP-41")
    process.tree.put(child, child._replace(why="SUP-41"))


def gone(world: World, process: Process, child: Child, clause: str) -> None:
    """Forget the process of a child that has ended, and what is still to come from it (SUP-39, STR-16)."""
    tree = process.tree
    assert tree is not None
    label = child.label
    if label is not None and child.state == "running":
        process.mailbox = [m for m in process.mailbox if not (m[0] == "EXIT" and m[1] == label)]
        process.inbox.pop(label, None)
        process.links.discard(label)
        world.follow(process, label)
    if child.state == "restarting":
        world.note("init", tree.next_label(process.label, child.id), None, "STR-15")
    forget(tree, child, clause)


def forget(tree: Tree, child: Child, why: str) -> None:
    """Let a child be without a process: a temporary one, or one of a dynamic supervisor, is not kept at all."""
    if child.is_temporary or tree.is_dynamic:
        tree.children.remove(child)
    else:
        tree.put(child, child._replace(state="undefined", label=None, why=why))


def deadline_of(process: Process) -> int | None:
    """Return the next moment at which a supervisor kills a child that has not ended in time, or None."""
    task = process.task
    if task is None or task[0] != "sup" or not task[2] or task[2][0] != "end":
        return None
    return min((moment for _, moment, _ in task[2][1] if moment is not None), default=None)


def is_short(process: Process, ms: int) -> bool:
    """Say whether a supervisor waits for a child that has less than `ms` milliseconds to end."""
    if deadline_of(process) is None or process.task is None:
        return False
    return any(moment is not None and after < ms for _, moment, after in process.task[2][1])


def run_out(world: World, process: Process) -> None:
    """Kill those whose time to end is over (SHUT-2, SHUT-7)."""
    assert process.task is not None
    moment = deadline_of(process)
    assert moment is not None
    left: list[Asked] = []
    for label, deadline, after in process.task[2][1]:
        if deadline is None or deadline > moment:
            left.append((label, deadline, after))
            continue
        world.note("killing", label, None, "SHUT-7")
        world.processes[label].doomed = moment
        world.signal(process.label, label, ("exit", process.label, "kill", False, False))
        left.append((label, None, 0))
    process.task = ("sup", process.task[1], ("end", tuple(left)))
