"""Links: chapter `links`."""

from __future__ import annotations

from letitcrash_spec.messages import Answer, fail, ok
from letitcrash_spec.model.world import Expected, Process, Unspecified, World

__all__ = ["link", "linked_labels", "receive_link", "unlink"]


def link(world: World, process: Process, target: str) -> list[tuple[Expected, bool]]:
    """Link a process to another in its own name.

    Returns:
        The lawful answers; the flag says whether the link signal is sent with it. A non-trapping caller of a dead
        process is told at once or dies of `noproc` later (LNK-7).
    """
    if target == process.label:
        world.note("links", target, None, "LNK-5")
        return [(Expected(ok(), "LNK-5"), False)]
    other = world.processes.get(target)
    if other is None:
        raise Unspecified(f"a link to {target!r}, which was never started")
    if other.status == "dead" and not process.trap:
        return [(Expected(fail("noproc"), "LNK-7"), False), (Expected(ok(), "LNK-7"), True)]
    return [(Expected(ok(), _link_clause(world, process, target)), True)]


def _link_clause(world: World, process: Process, target: str) -> str:
    label = process.label
    if target in process.links:
        world.note("link", label, target, "LNK-2")
        world.note("link", target, label, "LNK-2")
        world.note("linked twice", label, target, "LNK-3")
        world.note("linked twice", target, label, "LNK-3")
        return "LNK-2"
    if ("exit", label, target) in world.notes and world.notes["exit", label, target] in ("LNK-15", "LNK-3", "LNK-4"):
        world.note("link", label, target, "LNK-17")
        world.note("link", target, label, "LNK-17")
        world.note("links", label, None, "LNK-17")
        world.note("links", target, None, "LNK-17")
        return "LNK-17"
    return "LNK-6" if process.trap else "LNK-1"


def send_link(world: World, process: Process, target: str) -> None:
    """Record the link on the caller's side and tell the other side."""
    process.links.add(target)
    world.signal(process.label, target, ("link",))


def receive_link(world: World, process: Process, src: str) -> None:
    """Let a link signal arrive at a process, which may be dead by now (LNK-6, LNK-20)."""
    if process.status == "dead":
        world.signal(process.label, src, ("exit", process.label, "noproc", True, False))
    else:
        process.links.add(src)


def unlink(world: World, process: Process, target: str) -> Answer:
    """Remove a link from the caller's side: from now on it has no effect on the caller (LNK-15)."""
    if target in process.links:
        process.links.discard(target)
        world.signal(process.label, target, ("unlink",))
        clause = world.notes.pop(("linked twice", process.label, target), "LNK-15")
        world.notes.pop(("linked twice", target, process.label), None)
        world.tags.append(clause)
        world.note("links", process.label, None, clause)
        world.note("exit", process.label, target, clause)
        world.note("dead", process.label, None, clause)
        world.note("exit", target, process.label, "LNK-4")
        world.note("dead", target, None, "LNK-4")
        world.tags.append("LNK-4")
        if target in process.monitors.values():
            world.tags.append("LNK-19")
    return ok()


def linked_labels(world: World, process: Process) -> list[str]:
    """Return the labels of the live processes that this one is linked to, sorted."""
    return sorted(label for label in process.links if world.live(label) is not None)
