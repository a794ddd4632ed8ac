"""Timers: chapter `timers`."""

from __future__ import annotations

from letitcrash_spec.messages import Answer, ok
from letitcrash_spec.model.world import Process, Timer, World

__all__ = ["cancel_timer", "fire", "fireable", "is_foreign", "overdue", "set_timer"]


def set_timer(world: World, process: Process, ref: str, after: int, payload: str, *, repeat: bool) -> Answer:
    """Set a timer of a process to itself, once or repeatedly, `after` milliseconds from now."""
    world.timers[ref] = Timer(process.label, payload, world.now + after, after if repeat else None, world.slept, after)
    world.note("info", process.label, payload, "TIM-1")
    return ok()


def cancel_timer(world: World, process: Process, ref: str) -> tuple[Answer, str]:
    """Cancel a timer, also one that another process has set (TIM-6), and say whether it was active."""
    timer = world.timers.pop(ref, None)
    if timer is None:
        return ok(False), world.notes.get(("timer", "", ref), "TIM-5")
    world.note("info", timer.owner, timer.payload, "TIM-4")
    return ok(True), "TIM-4" if timer.owner == process.label else "TIM-6"


def is_foreign(world: World, process: Process, ref: str) -> bool:
    """Say whether a timer is active and was set by another process."""
    timer = world.timers.get(ref)
    return timer is not None and timer.owner != process.label


def fireable(world: World, ref: str) -> bool:
    """Say whether a timer may expire now (wall clock: any time after its earliest moment)."""
    timer = world.timers[ref]
    segment = world.segment
    if segment is None or segment.end is None:
        return True
    return timer.due <= segment.end + 1


def overdue(world: World, timer: Timer) -> bool:
    """Say whether a timer must have expired at least once by now (wall clock)."""
    return timer.fired == 0 and world.slept - timer.slept >= timer.after + world.profile.grain_ms


def fire(world: World, ref: str) -> None:
    """Let a timer expire: its message is on its way."""
    timer = world.timers[ref]
    timer.fired += 1
    clause = "TIM-3" if timer.after == 0 else "TIM-1"
    world.signal(f"timer {ref}", timer.owner, ("info", timer.payload, clause, timer.due))
    if timer.period is None:
        del world.timers[ref]
        world.note("info", timer.owner, timer.payload, "TIM-1")
    else:
        timer.due += max(timer.period, 1)
