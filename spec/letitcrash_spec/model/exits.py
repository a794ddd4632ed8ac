"""Exit signals and deaths: chapter `exits`, and what every death does to links, monitors, names and callers."""

from __future__ import annotations

from letitcrash_spec.messages import Json, fail, ok
from letitcrash_spec.model import shutdown
from letitcrash_spec.model.world import Destination, Expected, Process, Signal, Unspecified, World

__all__ = ["answer", "die", "receive_exit", "send_exit"]


def send_exit(world: World, src: str, target: str, reason: Json) -> None:
    """Send the signal of exit/2; its effect is decided when it is received (EXIT-20)."""
    world.signal(src, target, ("exit", src, reason, False, False))
    if src and src != target and reason != "normal":
        world.note("sent exit", src, target, "EXIT-5")


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
            world.tags.append("LNK-16")
            return
        process.links.discard(src)
        world.note("exit", label, src, world.notes.get(("link", label, src), "LNK-18"))
        world.note("links", label, None, "LNK-18")
    elif reason == "kill":
        clause = "EXIT-13" if src == label else "EXIT-18" if process.status == "busy" else "EXIT-12"
        if src and src == process.parent:
            clause = world.notes.get(("killing", label, None), clause)
        world.note("terminate", label, None, "EXIT-12")
        die(world, process, "killed", "EXIT-19" if behind and clause == "EXIT-12" else clause)
        return
    if process.tree is not None:
        from letitcrash_spec.model import supervisor  # the two call each other

        supervisor.receive_exit(world, process, src, reason, linked)
        return
    if process.trap:
        if process.suspended and src == process.parent:
            raise Unspecified("an exit signal of its parent to a suspended process")
        clause = _trapped_clause(world, process, src, reason, linked)
        process.mailbox.append(("EXIT", src, reason, clause, optional))
        waits = process.suspended or process.mailbox[:-1]
        world.note("dead", label, None, "LNK-13" if linked else "EXIT-20" if waits else "EXIT-7")
        world.note("terminate", label, None, "GS-57")
        return
    if reason == "normal" and (linked or src != label):
        world.note("dead", label, None, "GS-56" if src == process.parent else "LNK-11" if linked else "EXIT-8")
        world.tags.append("LNK-11" if linked else "EXIT-8")
        return
    world.note("terminate", label, None, "GS-54")
    die(world, process, reason, _lethal_clause(world, process, src, reason, linked, behind))


def _trapped_clause(world: World, process: Process, src: str, reason: Json, linked: bool) -> str:
    label = process.label
    if not linked:
        return "EXIT-11" if src == label else "EXIT-9" if reason == "normal" else "EXIT-7"
    peer = world.processes[src]
    if peer.label in process.monitors.values():
        world.tags.append("LNK-19")
    if reason == "noproc" and peer.reason != "noproc":
        return "LNK-20" if ("sent exit", label, src) in world.notes else "LNK-6"
    if peer.parent == label:
        return "LNK-9"
    world.tags.append("LNK-10")
    history = world.notes.get(("link", label, src))
    if history is not None:
        return history
    if label in peer.told:
        return "EXIT-28"
    if reason in ("kill", "killed"):
        return "EXIT-15" if reason == "kill" else "EXIT-16"
    return "LNK-1"


def _lethal_clause(world: World, process: Process, src: str, reason: Json, linked: bool, behind: int) -> str:
    if src == process.parent and world.processes[src].tree is not None:
        return "SUP-16" if linked else "SHUT-3"
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
    if world.processes[src].parent == process.label:
        return "LNK-9"
    if reason in ("kill", "killed"):
        return "EXIT-15" if reason == "kill" else "EXIT-16"
    if reason == "shutdown" or (isinstance(reason, dict) and "shutdown" in reason):
        return "EXIT-26"
    return "LNK-12"


def die(world: World, process: Process, reason: Json, clause: str) -> None:
    """End a process: its name is free first (EXIT-25), then links, monitors and callers are told the reason."""
    label = process.label
    if process.task is not None and process.task[0] == "hosting" and _is_starting(world, process.task[1]):
        raise Unspecified("the death of a process inside which a supervisor starts")
    starter = _starter(process)
    failed = process.given_up = starter is not None or process.given_up
    process.status = "dead"
    process.reason = reason
    if process.name is not None:
        name = process.name
        del world.names[name]
        process.name = None
        world.tags += ("REG-11", "EXIT-25", "GS-64")
        world.note("freed", "", name, "REG-11")
        if process.watchers:
            world.tags.append("MON-20")
    for of in process.monitors.values():
        if isinstance(of, str) and of != label:
            world.tags.append("MON-4")
            world.note("dead", of, None, "MON-4")
    if len(world.processes) > 1:
        for other in world.processes.values():
            if other.starter == label and other.status != "dead" and label not in other.links:
                world.tags.append("GS-10")
                world.note("dead", other.label, None, "GS-10")
    if reason == "killed" and process.task is not None and process.task[0] in ("sleep", "hang"):
        world.tags.append("BACK-9")
    for ref in [ref for ref, timer in world.timers.items() if timer.owner == label]:
        del world.timers[ref]
        world.tags.append("TIM-7")
        world.note("timer", "", ref, "TIM-7")
    for caller in process.calls:
        answer(world, process, caller, fail("exit", reason=reason), "GS-26")
    for token, wanted, src in process.stops:
        if reason == wanted and token == process.stopped_by:
            answer(world, process, (src, token), ok(), "GS-58" if reason == "normal" else "GS-59")
        elif reason == wanted:  # it died by itself, of the reason asked for
            answer(world, process, (src, token), ok(), "GS-62", also=(fail("exit", reason=reason),))
        else:
            answer(world, process, (src, token), fail("exit", reason=reason), "GS-62")
    if starter is not None:
        answer(world, process, starter, fail("start_failed", reason=reason), "GS-5")
        if process.tree is not None and process.tree.host is not None:
            world.signal(label, process.tree.host, ("hosted",))
        if starter[0]:
            world.processes[starter[0]].value_clause = "GS-5"
    _announce(world, process, reason, failed=failed)
    if any(src.startswith("client ") for src in process.inbox):
        from letitcrash_spec.model import clients  # the two call each other

        clients.lost(world, process, reason)
    process.task = None
    process.calls = []
    process.stops = []
    process.mailbox = []
    process.watchers = {}
    is_linked = process.parent in process.links
    process.links = set()
    if process.entering is None:
        not_before = process.doomed
        if process.tree is not None and reason != "killed":  # it has waited for its children
            not_before = max(not_before, world.latest_below(label) - world.profile.grain_ms)
        is_timed = process.doomed and world.profile.clock == "virtual" and reason == "killed"
        not_after = process.doomed if is_timed else None
        world.emit(label, ("dead", reason), clause, not_before=not_before, not_after=not_after)
    elif process.tree is not None:  # it has not begun yet
        world.emit(label, ("dead", reason), clause, optional=True)
    boss = world.live(process.parent or "")
    if boss is not None and boss.tree is not None:
        shutdown.is_over(boss, label)
        if not is_linked:
            shutdown.unnoticed(world, boss, label)


def _is_starting(world: World, label: str) -> bool:
    """Say whether somebody still waits for the start of a supervisor."""
    tree = world.processes[label].tree
    return tree is not None and tree.starter is not None


def _announce(world: World, process: Process, reason: Json, *, failed: bool) -> None:
    """Tell links and monitors of a death.

    What one receiver is told of one death arrives in an order that nobody promises (N-2), see signals.py.
    """
    label = process.label
    told: list[str] = []
    for peer in sorted(process.links):
        world.signal(label, peer, ("exit", label, reason, True, failed and peer == process.parent))
        told.append(peer)
    for ref, owner in sorted(process.watchers.items()):
        world.signal(label, owner, ("down", ref, reason, failed and ref == process.born_watched))
        told.append(owner)
    for receiver in set(told):
        if told.count(receiver) > 1 and world.processes[receiver].suspended:
            raise Unspecified("a death that a suspended process hears of twice")


def _starter(process: Process) -> Destination | None:
    """Return who still waits for the start of this process."""
    if process.tree is not None:
        return process.tree.starter
    task = process.task
    while task is not None and task[0] == "sleep":
        task = task[2]
    return task[2] if task is not None and task[0] == "start" else None


def answer(
    world: World,
    process: Process,
    caller: Destination,
    value: dict[str, Json],
    clause: str,
    *,
    also: tuple[dict[str, Json], ...] = (),
) -> None:
    """Send the answer of a request to its caller; an answer that nobody waits for any more is dropped (GS-31)."""
    src, token = caller
    asker = world.processes.get(src) if src else None
    if asker is not None and asker.client is not None:
        from letitcrash_spec.model import clients  # the two call each other

        clients.receive(world, asker, token, Expected(value, clause, also))
    elif src:
        world.signal(process.label, src, ("reply", token, value))
    elif world.open_token is not None and world.open_token[0] == token:
        for other in world.processes.values():
            if other.task is not None and other.task[0] in ("sleep", "hang") and other is not process:
                world.tags.append("BACK-5")
        world.answer = Expected(value, clause, also)
        world.open_token = None
    else:
        world.tags.append("GS-31")
        if process.tree is None:
            world.note("terminate", process.label, None, "GS-31")
            world.note("dead", process.label, None, "GS-31")
        if process.value_clause not in ("GS-5", "GS-30"):
            process.value_clause = "GS-31"
