"""Names: chapter `registry`. Reads and writes take effect at once, for every process."""

from __future__ import annotations

from letitcrash_spec.messages import Json, fail, ok
from letitcrash_spec.model.world import Expected, Process, World

__all__ = ["name_of", "register", "resolve", "unregister", "whereis"]


def register(world: World, name: str, label: str) -> list[Expected]:
    """Give a process a name. Where several refusals apply, each of them is lawful.

    Returns:
        The lawful answers. If the only one is `ok`, the name is taken now.
    """
    process = world.live(label)
    refusals: list[Expected] = []
    if process is None:
        refusals.append(Expected(fail("noproc"), "REG-5"))
    elif process.name is not None:
        refusals.append(Expected(fail("already_named"), "REG-3" if process.name == name else "REG-4"))
    if name in world.names:
        refusals.append(Expected(fail("already_registered"), "REG-3" if world.names[name] == label else "REG-2"))
    if refusals or process is None:
        return refusals
    take_name(world, process, name)
    again = ("unregistered", "", name) in world.notes or ("unregistered", label, None) in world.notes
    return [Expected(ok(), "REG-10" if again else world.notes.get(("freed", "", name), "REG-1"))]


def take_name(world: World, process: Process, name: str) -> None:
    """Bind a free name to a live process."""
    world.names[name] = process.label
    process.name = name


def free_name(world: World, process: Process) -> None:
    """Give back the name of a process, if it has one."""
    if process.name is not None:
        del world.names[process.name]
        process.name = None


def unregister(world: World, name: str) -> Expected:
    """Take a name away from its holder, whoever that is (REG-9)."""
    label = world.names.get(name)
    if label is None:
        return Expected(fail("not_registered"), "REG-8")
    free_name(world, world.processes[label])
    world.note("unregistered", "", name, "REG-10")
    world.note("unregistered", label, None, "REG-10")
    return Expected(ok(), "REG-9")


def whereis(world: World, name: str) -> Expected:
    """Return the lawful answer of a look-up."""
    label = world.names.get(name)
    clause = world.notes.get(("freed", "", name), "REG-12") if label is None else "REG-1"
    return Expected(ok(label), clause)


def name_of(world: World, label: str) -> list[Expected]:
    """Return the lawful answers for the name of a process."""
    process = world.processes.get(label)
    if process is None:
        return [Expected(ok(None), "REG-1"), Expected(fail("noproc"), "REG-1")]
    if process.status == "dead":
        return [Expected(ok(None), "REG-11")]
    return [Expected(ok(process.name), world.notes.get(("unregistered", label, None), "REG-1"))]


def resolve(world: World, target: Json) -> str | None:
    """Return the label that a target means at this moment (REG-16), or None for an unknown name."""
    if isinstance(target, dict):
        return world.names.get(target["name"])  # pyright: ignore[reportUnknownArgumentType] - JSON
    return str(target)
