"""Exit signals and deaths: chapter `exits`, and what every death does to links, monitors, names and callers."""

from __future__ import annotations

from letitcrash_spec.messages import Json, fail, ok
from letitcrash_spec.model.world import Destination, Expected, Process, Signal, Unspecified, World

__all__ = ["answer", "die", "receive_exit", "send_exit"]


def send_exit(world: World, src: str, target: str, reason: Json) -> None:
    """Send the signal of exit/2; its effect is decided when it is received (EXIT-20)."""
    world.signal(src, target, ("exit", src, reason, False, False))


def receive_exit(world: World, process: Process, signal: Signal, *, behind: int) -> None:
    """Let an exit signal arrive at a live process.

    Args:
        world: The world that changes.
        process: The receiver.
        signal: `("exit", src, reason, linked, optional)`: who called exit/2 or the dead peer of a link; a signal of a
            link has no effect if the link is gone by now (LNK-16); an optional one may be seen by a trapping
            receiver, or not (a start that failed).
        behind: How many signals of the same sender are still on their way.
    """
    _, src, reason, linked, optional = signal
    label = process.label
    if linked:
        if src not in process.links:
            return
        process.links.discard(src)
        world.note("exit", label, src, "LNK-18")
    elif reason == "kill":
        clause = "EXIT-13" if src == label else "EXIT-18" if process.status == "busy" else "EXIT-12"
        world.note("terminate", label, None, "EXIT-12")
        die(world, process, "killed", "EXIT-19" if behind and clause == "EXIT-12" else clause)
        return
    if process.trap:
        if process.suspended and src == process.parent:
            raise Unspecified("an exit signal of its parent to a suspended process")
        clause = _trapped_clause(process, src, reason, linked)
        process.mailbox.append(("EXIT", src, reason, clause, optional))
        world.note("dead", label, None, "LNK-13" if linked else "EXIT-7")
        return
    if reason == "normal" and (linked or src != label):
        world.note("dead", label, None, "GS-56" if src == process.parent else "LNK-11" if linked else "EXIT-8")
        world.tags.append("LNK-11" if linked else "EXIT-8")
        return
    world.note("terminate", label, None, "GS-54")
    die(world, process, reason, _lethal_clause(process, src, reason, linked, behind))


def _trapped_clause(process: Process, src: str, reason: Json, linked: bool) -> str:
    if not linked:
        return "EXIT-11" if src == process.label else "EXIT-9" if reason == "normal" else "EXIT-7"
    if reason == "noproc":
        return "LNK-6"
    if reason in ("kill", "killed"):
        return "EXIT-15" if reason == "kill" else "EXIT-16"
    return "LNK-1"


def _lethal_clause(process: Process, src: str, reason: Json, linked: bool, behind: int) -> str:
    if not linked:
        if src == process.label:
            return "EXIT-10" if reason == "normal" else "EXIT-17"
        if process.status == "busy":
            return "EXIT-18"
        return "EXIT-19" if behind else "EXIT-6"
    if reason == "noproc":
        return "LNK-7"
    if src == process.parent:
        return "GS-56"
    if reason in ("kill", "killed"):
        return "EXIT-15" if reason == "kill" else "EXIT-16"
    if reason == "shutdown" or (isinstance(reason, dict) and "shutdown" in reason):
        return "EXIT-26"
    return "LNK-12"


def die(world: World, process: Process, reason: Json, clause: str) -> None:
    """End a process: its name is free first (EXIT-25), then links, monitors and callers are told the reason."""
    label = process.label
    starter = _starter(process)
    failed = starter is not None or process.given_up
    process.status = "dead"
    process.reason = reason
    process.task = None
    if process.name is not None:
        del world.names[process.name]
        process.name = None
        world.tags.append("REG-11")
    for ref in [ref for ref, timer in world.timers.items() if timer.owner == label]:
        del world.timers[ref]
        world.tags.append("TIM-7")
    for caller in process.calls:
        answer(world, process, caller, fail("exit", reason=reason), "GS-26")
    for token, wanted in process.stops:
        if reason == wanted:
            answer(world, process, ("", token), ok(), "GS-58" if reason == "normal" else "GS-59")
        else:
            answer(world, process, ("", token), fail("exit", reason=reason), "GS-62")
    if starter is not None:
        answer(world, process, starter, fail("start_failed", reason=reason), "GS-5")
    for peer in sorted(process.links):
        world.signal(label, peer, ("exit", label, reason, True, failed and peer == process.parent))
    for ref, owner in sorted(process.watchers.items()):
        world.signal(label, owner, ("down", ref, reason, failed and ref == process.born_watched))
    process.calls = []
    process.stops = []
    process.mailbox = []
    process.watchers = {}
    process.links = set()
    world.emit(label, ("dead", reason), clause)


def _starter(process: Process) -> Destination | None:
    """Return who still waits for the start of this process."""
    task = process.task
    while task is not None and task[0] == "sleep":
        task = task[2]
    return task[2] if task is not None and task[0] == "start" else None


def answer(world: World, process: Process, caller: Destination, value: dict[str, Json], clause: str) -> None:
    """Send the answer of a request to its caller; an answer that nobody waits for any more is dropped (GS-31)."""
    src, token = caller
    if src:
        world.signal(process.label, src, ("reply", token, value))
    elif world.open_token is not None and world.open_token[0] == token:
        world.answer = Expected(value, clause)
        world.open_token = None
    else:
        world.tags.append("GS-31")
