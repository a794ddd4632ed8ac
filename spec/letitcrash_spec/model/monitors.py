"""Monitors: chapter `monitors`."""

from __future__ import annotations

from letitcrash_spec.messages import Answer, Json, ok
from letitcrash_spec.model.world import Process, Signal, Unspecified, World

__all__ = ["demonitor", "monitor", "receive_down", "receive_monitor"]


def monitor(world: World, process: Process, target: Json, ref: str) -> Answer:
    """Set a monitor in the caller's own name, on a label or on the holder of a name at this moment (MON-15)."""
    label = world.names.get(target["name"]) if isinstance(target, dict) else target  # pyright: ignore[reportUnknownArgumentType] - JSON
    process.monitors[ref] = target
    if isinstance(target, dict):
        world.note("down", process.label, ref, "MON-15")
    if label is None:
        world.signal(process.label, process.label, ("down", ref, "noproc", False))
    elif label == process.label:
        world.note("down", process.label, ref, "MON-14")
    elif label not in world.processes:
        raise Unspecified(f"a monitor on {label!r}, which was never started")
    else:
        world.signal(process.label, label, ("monitor", ref))
    return ok()


def receive_monitor(world: World, process: Process, src: str, ref: str) -> None:
    """Let a monitor signal arrive at a process, which may be dead by now (MON-2, MON-18)."""
    if process.status == "dead":
        world.signal(process.label, src, ("down", ref, "noproc", False))
    else:
        process.watchers[ref] = src


def receive_down(world: World, process: Process, src: str, ref: str, reason: Json, optional: bool) -> None:
    """Let a DOWN arrive at the monitor's owner; one that is no longer active is dropped (MON-8)."""
    if ref not in process.monitors:
        return
    of = process.monitors.pop(ref)
    clause = _down_clause(world, process, src, ref, of, reason)
    if not process.trap and reason != "normal":
        world.tags.append("MON-21")
    world.note("down", process.label, ref, "MON-7")
    process.mailbox.append(("DOWN", ref, of, reason, clause, optional))


def _down_clause(world: World, process: Process, src: str, ref: str, of: Json, reason: Json) -> str:
    if isinstance(of, dict):
        return "MON-3" if src == process.label else "MON-15"
    target = world.processes[src]
    if ref == target.born_watched:
        return "MON-16"
    world.tags.append("MON-17")
    if reason == "noproc" and target.reason != "noproc":
        return "MON-18" if ("sent exit", process.label, src) in world.notes else "MON-2"
    if process.label in target.told:
        return "MON-19"
    if ("demonitored", process.label, of) in world.notes:
        return "MON-6"
    if world.notes.get(("exit", process.label, src)) in ("LNK-15", "LNK-3"):
        return "LNK-19"
    if any(other == of for other in process.monitors.values()):
        return "MON-5"
    return "MON-1"


def demonitor(world: World, process: Process, ref: str, flush: bool) -> Answer:
    """Take a monitor back; with `flush` a DOWN that is already in the mailbox goes too (MON-9)."""
    of = process.monitors.pop(ref, None)
    if of is not None:
        world.note("down", process.label, ref, "MON-8")
        if isinstance(of, str):
            world.note("demonitored", process.label, of, "MON-6")
        label = of if isinstance(of, str) else None
        for other in world.processes.values():
            is_meant = label is None or other.label == label
            is_watched = ref in other.watchers or any(("monitor", ref) in queue for queue in other.inbox.values())
            if is_meant and is_watched and other.status != "dead" and other.label != process.label:
                world.signal(process.label, other.label, ("demonitor", ref))
    elif flush:
        kept = [message for message in process.mailbox if message[:2] != ("DOWN", ref)]
        process.mailbox = [_renamed(message, "MON-9") for message in kept]
        world.note("down", process.label, ref, "MON-9")
        world.tags.append("MON-9")
    else:
        world.tags.append("MON-10")
        process.mailbox = [
            _renamed(message, "MON-8") if message[:2] == ("DOWN", ref) else message for message in process.mailbox
        ]
    return ok()


def _renamed(message: Signal, clause: str) -> Signal:
    """Let a queued DOWN be demanded by another clause."""
    return (*message[:4], clause, message[5]) if message[0] == "DOWN" else message
