"""The start of a server: chapter `genserver`, Starting, and the named starts of chapter `registry`."""

from __future__ import annotations

from letitcrash_spec.messages import Answer, Json, fail, ok
from letitcrash_spec.model import exits, registry
from letitcrash_spec.model.world import Destination, Expected, Process, World

__all__ = ["act", "start", "start_child"]


def start(world: World, label: str, probe: Json, starter: Destination, how: Json) -> Expected | None:
    """Start a probe on behalf of `starter`.

    Args:
        world: The world that changes.
        label: The label of the new process.
        probe: Its script, as in the protocol.
        starter: Who waits for the start, and under which number.
        how: `"plain"`, `"link"` or `{"monitor": ref}`; link and monitor are there from the first moment (LNK-9,
            MON-16).

    Returns:
        The refusal of a start whose name is taken (REG-17), else None: the process is there and enters init.
    """
    name = probe.get("name")
    if name is not None and name in world.names:
        world.note("init", label, None, "REG-17")
        if how == "link":
            world.signal(label, starter[0], ("refused",))
        return Expected(fail("already_registered"), "REG-17")
    backend = probe.get("backend")
    if backend is None:
        backend = world.profile.default_backend
        world.tags.append("BACK-1")
    process = Process(label, probe, backend)
    world.processes[label] = process
    process.starter = starter[0]
    if name is not None:
        registry.take_name(world, process, name)
        world.tags.append("REG-17")
    spawner = world.processes.get(starter[0])
    if spawner is not None:
        if spawner.backend != backend:
            world.tags.append("BACK-4")
        if how == "link":
            process.parent = spawner.label
            process.links.add(spawner.label)
            spawner.links.add(label)
        elif how != "plain":
            spawner.monitors[how["monitor"]] = label
            process.watchers[how["monitor"]] = spawner.label
            process.born_watched = how["monitor"]
            world.tags.append("GS-14")
    clause = _clause_of_init(world, process)
    world.emit(label, ("init",), clause)
    world.note("init", label, None, clause)
    entries = probe.get("init") or ["ok"]
    process.task = ("start", entries[0], starter)
    return None


def start_child(
    world: World, label: str, probe: Json, boss: Process, token: int, attempt: int, clause: str
) -> Expected | None:
    """Start a probe on behalf of its supervisor, linked.

    Args:
        world: The world that changes.
        label: The label of the new process.
        probe: Its script, as in the protocol.
        boss: The supervisor.
        token: The number under which the supervisor waits for the outcome.
        attempt: How often this child has been started, this time included; it chooses the entry of the script.
        clause: Why it is started.

    Returns:
        The refusal of a start whose name is taken (REG-17), else None: the process is there and enters init.
    """
    name = probe.get("name")
    if name is not None and name in world.names:
        world.note("init", label, None, "REG-17")
        return Expected(fail("already_registered"), "REG-17")
    backend = probe.get("backend") or world.profile.default_backend
    process = Process(label, probe, backend)
    world.bear(process)
    process.starter = process.parent = boss.label
    if name is not None:
        registry.take_name(world, process, name)
    process.links.add(boss.label)
    boss.links.add(label)
    process.after = boss.after
    process.entering = clause
    entries = probe.get("init") or ["ok"]
    process.task = ("start", entries[min(attempt, len(entries)) - 1], (boss.label, token))
    return None


def _clause_of_init(world: World, process: Process) -> str:
    """Return why an init callback runs, and why it runs once."""
    return "BACK-3" if process.backend != world.profile.default_backend else "GS-1"


def _earliest(world: World, process: Process) -> int:
    """Return before which moment a child of a static supervisor cannot begin: its predecessor has ended by then.

    On a wall clock the end is seen by somebody else than the child, who may be late; so there is time to spare.
    """
    boss = world.live(process.parent or "")
    if boss is None or boss.tree is None or boss.tree.is_dynamic:  # ids under a dynamic one may be used again at once
        return 0
    return max(0, world.end_of_predecessor(process.label) - world.spare_ms)


def act(world: World, process: Process, entry: Json, starter: Destination) -> None:
    """Let an init callback do what its script says."""
    if process.entering is not None:
        world.emit(process.label, ("init",), process.entering, not_before=_earliest(world, process))
        world.note("init", process.label, None, _clause_of_init(world, process))
        process.entering = None
        if process.inbox or any(other.client is not None for other in world.processes.values()):
            return  # it may be killed before it goes on
    if entry == "ok":
        process.status = "idle"
        process.task = None
        _report(world, process, starter, ok("started"), world.notes.get(("freed", "", process.name), "GS-2"))
    elif entry == "ignore":
        _give_up(world, process, starter, ok("ignored"), "normal", "GS-3")
    elif "stop" in entry:
        _give_up(world, process, starter, fail("start_failed", reason=entry["stop"]), entry["stop"], "GS-4")
    elif "crash" in entry:
        reason = {"error": entry["crash"]}
        _give_up(world, process, starter, fail("start_failed", reason=reason), reason, "GS-5")
    else:
        process.task = ("sleep", world.now + entry["sleep"], ("start", entry.get("then", "ok"), starter))


def _give_up(world: World, process: Process, starter: Destination, answer: Answer, reason: Json, clause: str) -> None:
    """Fail a start: the name is free first (REG-19), then the starter is told and the process ends, in any order."""
    if process.name is not None:
        world.tags.append("REG-19")
        world.note("freed", "", process.name, "REG-19")
    registry.free_name(world, process)
    process.status = "busy"
    process.given_up = True
    world.note("terminate", process.label, None, "GS-4")
    boss = world.live(starter[0])
    if boss is not None and boss.tree is not None:  # which does not care for its death any more
        process.links.discard(boss.label)
        boss.links.discard(process.label)
        process.task = None
        exits.die(world, process, reason, clause)
    else:
        process.task = ("die", reason, clause, None)
    _report(world, process, starter, answer, clause)


def _report(world: World, process: Process, starter: Destination, answer: Answer, clause: str) -> None:
    exits.answer(world, process, starter, answer, clause)
