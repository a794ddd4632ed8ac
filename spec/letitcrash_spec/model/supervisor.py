"""A supervisor as a machine of small steps: chapter `supervisor`.

A busy supervisor holds the task `("sup", todo, waiting)`. What it has to do, in order:

    ("start", key, mode, clause)       start a child; mode says what comes of a failure: "init", "restart", "group"
    ("add", spec, caller)              start a new child and answer
    ("again", id, caller)              start a child that was ended by hand and answer
    ("end", key, clause)               end a child, and go on when it is dead
    ("end all", clause)                end all children of a dynamic supervisor, at the same time
    ("gone", label)                    forget a child that is dead
    ("reply", caller, answer, clause)
    ("ready",)   ("fail", reason)      its own start has succeeded or failed
    ("die", reason, clause)

What it waits for: nothing, `("start", item, label, token)` for the start of a child, or
`("end", ((label, moment, ms), ...))` for the death of children, each to be killed at a moment or never.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from letitcrash_spec.messages import Answer, Json, fail, ok
from letitcrash_spec.model import dynamic_supervisor, exits, registry, shutdown, starting, strategies
from letitcrash_spec.model.tree import Child, Destination, Todo, Tree, is_refused, why_refused
from letitcrash_spec.model.world import Expected, Process, Signal, Unspecified, World

__all__ = [
    "NOBODY",
    "begin",
    "choose",
    "count",
    "handle",
    "host",
    "lawful_counts",
    "names_unborn",
    "receive_exit",
    "receive_start",
    "refusal_at_once",
    "report_start",
    "run",
]

NOBODY = ""
"""Stands in a request to a dynamic supervisor for a child that its sender knows no process of."""

_ANY_ERROR: Json = {"error": None}
_FAILED_CHILD: Json = {"shutdown": None}
"""What a supervisor ends with when a child fails to start: some text that names the child."""


def begin(
    world: World, label: str, spec: Mapping[str, Json], starter: Destination, parent: Process | None, clause: str
) -> Expected | None:
    """Start a supervisor; it starts its children by itself from now on.

    Args:
        world: The world that changes.
        label: Its label.
        spec: Its specification, as in the protocol.
        starter: Who waits for the start.
        parent: The process that it is linked to from the first moment, if any.
        clause: Why it is started.

    Returns:
        The refusal, or None: the supervisor is there.
    """
    refused = is_refused(spec)
    if refused is not None:
        if parent is not None:
            raise Unspecified("a refused specification of a supervisor inside another process")
        world.emit(label, ("dead", None), refused, optional=True)
        also = (fail("already_registered"),) if spec.get("name") in world.names else ()
        return Expected(fail("bad_spec"), refused, also)
    name = spec.get("name")
    if name is not None and name in world.names:
        return Expected(fail("already_registered"), "SUP-11")
    process = Process(label, {"trap_exit": True}, world.profile.default_backend)
    tree = process.tree = Tree(spec, starter)
    world.bear(process)
    process.starter = starter[0]
    if name is not None:
        registry.take_name(world, process, name)
    if parent is not None:
        process.parent = parent.label
        process.links.add(parent.label)
        parent.links.add(label)
        process.after = parent.after
    world.emit(label, ("init",), clause, optional=True)
    process.entering = clause
    children: list[Json] = spec.get("children", [])
    tree.children = [Child(child["id"], child, "undefined", None, "SUP-1") for child in children]
    rested: set[str] = set()  # children that had been deleted, or ended by hand, before it was restarted
    if "/" in label and not label.endswith("#1"):
        world.tags += ("STR-21", "INT-13")
        world.note("dead", label, None, "INT-13")
        former = world.processes.get(f"{label.rpartition('#')[0]}#{int(label.rpartition('#')[2]) - 1}")
        for child in former.tree.children if former is not None and former.tree is not None else ():
            world.note("init", f"{label}/{child.id}#1", None, "SUP-26")
            world.tags.append("SUP-26")
        if former is not None and former.tree is not None:
            before = {child.id: child.why for child in former.tree.children}
            lasting = [child for child in spec.get("children", ()) if child["restart"] != "temporary"]
            rested = {child["id"] for child in lasting if before.get(child["id"], "SUP-31") == "SUP-31"}
    clause = clause if clause.startswith("STR") else "SUP-1"
    starts = tuple(("start", child["id"], "init", "SUP-26" if child["id"] in rested else clause) for child in children)
    process.status = "busy"
    process.task = ("sup", (*starts, ("ready",)), ())
    return None


def host(world: World, process: Process, message: Signal) -> None:
    """Let a probe start a supervisor inside one of its callbacks, and become its parent."""
    _, src, token, label, spec = message
    process.calls.remove((src, token))
    refusal = begin(world, label, spec, (src, token), process, "SUP-1")
    if refusal is not None:
        world.signal(label, process.label, ("refused",))
        exits.answer(world, process, (src, token), refusal.answer, refusal.clause)
        return
    tree = world.processes[label].tree
    assert tree is not None
    tree.host = process.label
    process.status = "busy"
    process.task = ("hosting", label)


def receive_exit(world: World, process: Process, src: str, reason: Json, linked: bool) -> None:
    """Let an exit signal arrive at a supervisor, which cares for parent and children only (SUP-12, SUP-13)."""
    tree = process.tree
    assert tree is not None
    if src and src == process.parent:
        if process.suspended:
            raise Unspecified("an exit signal of its parent to a suspended process")
        clause = "SUP-14" if linked and reason == "killed" else "SUP-12"
        process.mailbox.append(("EXIT", src, reason, clause, False))
        return
    child = tree.holding(src)
    if child is not None and child.state == "running":
        if not linked:
            raise Unspecified("an exit signal that a living child sends to its supervisor")
        process.mailbox.append(("EXIT", src, reason, "STR-1", False))
        return
    if child is None:
        world.tags.append("SUP-13")
        world.note("dead", process.label, None, "SUP-13")
        for other in tree.children:
            if other.label is not None:
                world.note("dead", other.label, None, "SUP-13")


def handle(world: World, process: Process) -> None:
    """Let an idle supervisor take the oldest message of its mailbox."""
    message: Signal = process.mailbox.pop(0)
    process.served += 1
    kind = message[0]
    tree = process.tree
    assert tree is not None
    if kind == "EXIT":
        _, src, reason, clause, _ = message
        if src == process.parent:
            _obey(world, process, reason, clause)
        else:
            strategies.child_ended(world, process, src, reason)
    elif kind == "retry":
        strategies.retry(world, process, message[1])
    elif kind == "stop":
        process.stopped_by = message[1]
        _obey(world, process, message[2], "SUP-17" if message[2] == "normal" else "SHUT-13")
    elif kind == "admin":
        _, src, token, op, args = message
        _administer(world, process, tree, op, args, (src, token))
    elif kind == "suspend":
        process.suspended = True
        process.calls.remove(("", message[1]))
        exits.answer(world, process, ("", message[1]), ok(), "GS-21")
    elif kind == "info":
        world.tags.append("SUP-15")
        world.note("dead", process.label, None, "SUP-15")
    else:
        raise Unspecified(f"{kind!r} sent to a supervisor")
    run(world, process)


def _obey(world: World, process: Process, reason: Json, clause: str) -> None:
    """Begin to end in an orderly way, because the parent has ended or somebody has asked for it."""
    tree = process.tree
    assert tree is not None
    world.follow(process, process.parent)
    for child in tree.children:
        world.note("init", tree.next_label(process.label, child.id), None, "SHUT-9")
    ending = "SHUT-12" if "/" in process.label else "SHUT-1"
    process.status = "busy"
    process.task = ("sup", (*strategies.end_all(tree, ending), ("die", reason, clause)), ())


def refusal_at_once(process: Process, op: str, args: Mapping[str, Json]) -> Expected | None:
    """Return the refusal of a child that needs no supervisor: a client may look at it before it sends anything."""
    if op != "start_child" or process.tree is None:
        return None
    refused = why_refused(process.tree.spec, args["child"])
    return None if refused is None else Expected(fail("bad_spec"), refused)


def names_unborn(world: World, op: str, args: Mapping[str, Json]) -> bool:
    """Say whether a request names a child of a dynamic supervisor by a label that nobody has by now.

    Such a supervisor knows its children by their processes: what its sender takes for nobody stays nobody, even if the
    child is there when the supervisor reads the request.
    """
    if op != "terminate_child" or args["child"] in world.processes:
        return False
    process = world.processes.get(args["sup"])
    return process is not None and process.tree is not None and process.tree.is_dynamic


def _administer(
    world: World, process: Process, tree: Tree, op: str, args: Mapping[str, Json], caller: Destination
) -> None:
    todo: Todo
    if op == "start_child" and tree.is_dynamic and args["child"]["shutdown"] == 0:
        raise Unspecified("a child of a dynamic supervisor that is given no time to end")  # some refuse it
    refused = why_refused(tree.spec, args["child"]) if op == "start_child" else None
    if refused is not None:
        others = dynamic_supervisor.refuse(tree) if tree.is_dynamic else _refuse(tree, args["child"]["id"])
        process.task = ("sup", (("reply", caller, fail("bad_spec"), refused, others),), ())
        process.status = "busy"
        return
    if tree.is_dynamic and op != "count_children" and op != "which_children":
        todo = dynamic_supervisor.administer(world, process, tree, op, args, caller)
    elif op == "start_child":
        todo = _add(world, process, tree, args["child"], caller)
    elif op == "terminate_child":
        todo = _end(world, process, tree, args["child"], caller)
    elif op == "restart_child":
        todo = _again(process, tree, args["child"], caller)
    elif op == "delete_child":
        todo = _delete(world, process, tree, args["child"], caller)
    elif op == "which_children":
        rows = [[None if tree.is_dynamic else c.id, c.shown, c.spec["type"]] for c in tree.children]
        todo = (("reply", caller, ok(rows), "DYN-E10" if tree.is_dynamic else "SUP-50"),)
    else:
        counts, *alternatives = (ok(lawful) for lawful in lawful_counts(world, tree))
        todo = (("reply", caller, counts, "DYN-E10" if tree.is_dynamic else "SUP-52", tuple(alternatives)),)
    process.status = "busy"
    process.task = ("sup", todo, ())


def count(world: World, tree: Tree) -> dict[str, int]:
    """Return what `count_children` answers."""
    supervisors = sum(child.spec["type"] == "supervisor" for child in tree.children)
    active = [child for child in tree.children if child.state == "running" and world.live(child.label or "")]
    return {
        "specs": len(tree.children),
        "active": len(active),
        "supervisors": supervisors,
        "workers": len(tree.children) - supervisors,
    }


def _refuse(tree: Tree, child_id: str) -> tuple[Answer, ...]:
    """Return the refusal of a child whose id is known, if it is."""
    child = tree.find(child_id)
    if child is None:
        return ()
    return (fail("already_started", child=child.label) if child.state == "running" else fail("already_present"),)


def lawful_counts(world: World, tree: Tree) -> list[dict[str, int]]:
    """Return what `count_children` may answer: a dynamic supervisor may count a child until it hears of its death."""
    exact = count(world, tree)
    heard = sum(child.state == "running" for child in tree.children)
    return [exact, exact | {"active": heard}] if tree.is_dynamic and heard != exact["active"] else [exact]


def _add(world: World, process: Process, tree: Tree, spec: Mapping[str, Json], caller: Destination) -> Todo:
    child = tree.find(spec["id"])
    if child is None:
        world.note("dead", process.label, None, "SUP-27")
        return (("add", spec, caller),)
    world.note("init", tree.next_label(process.label, child.id), None, "SUP-21")
    if child.state == "running":
        return (("reply", caller, fail("already_started", child=child.label), "SUP-21"),)
    return (("reply", caller, fail("already_present"), "SUP-22"),)


def _end(world: World, process: Process, tree: Tree, child_id: str, caller: Destination) -> Todo:
    child = tree.find(child_id)
    if child is None:
        gone = ("ended", process.label, child_id) in world.notes
        clause = "SUP-34" if "/" in child_id else "SUP-33" if gone else "SUP-30"
        return (("reply", caller, fail("not_found"), clause),)
    strategies.spare(world, process, tree, [other for other in tree.children if other is not child], "SUP-32")
    world.note("init", tree.next_label(process.label, child.id), None, "SUP-32")
    world.note("dead", process.label, None, "SUP-37" if tree.auto_shutdown == "never" else "STR-33")
    world.tags += ("SUP-32", "SUP-37", "INT-8", "SUP-30")
    if tree.auto_shutdown != "never":
        world.tags.append("STR-33")
    if child.is_temporary:
        world.note("ended", process.label, child_id, "SUP-33")
        world.tags.append("SUP-33")
    if child.state == "restarting":
        world.tags += ("STR-15", "INT-15")
    clause = "SUP-30" if child.state != "running" else "SUP-31" if world.live(child.label or "") else "SUP-39"
    return (("end", child_id, "SUP-31"), ("reply", caller, ok(), clause))


def _again(process: Process, tree: Tree, child_id: str, caller: Destination) -> Todo:
    child = tree.find(child_id)
    if child is None:
        return (("reply", caller, fail("not_found"), "SUP-30"),)
    if child.state == "running":
        return (("reply", caller, fail("running"), "SUP-30"),)
    if child.state == "restarting":
        return (("reply", caller, fail("restarting"), "SUP-30"),)
    return (("again", child_id, caller),)


def _delete(world: World, process: Process, tree: Tree, child_id: str, caller: Destination) -> Todo:
    child = tree.find(child_id)
    if child is None:
        return (("reply", caller, fail("not_found"), "SUP-30"),)
    if child.state == "undefined":
        tree.children.remove(child)
        world.note("ended", process.label, child_id, "SUP-30")
        return (("reply", caller, ok(), "SUP-30"),)
    return (("reply", caller, fail(child.state), "SUP-30"),)


def run(world: World, process: Process) -> None:
    """Let a supervisor go on until it has to wait."""
    process.entering = None
    while process.task is not None and process.task[0] == "sup" and not process.task[2]:
        todo = process.task[1]
        if not todo:
            process.status = "idle"
            process.task = None
            return
        process.task = ("sup", todo[1:], ())
        _perform(world, process, todo[0])


def _perform(world: World, process: Process, item: tuple[Any, ...]) -> None:
    tree = process.tree
    assert tree is not None
    kind = item[0]
    if kind == "start":
        child = tree.find(item[1])
        if child is not None:
            _start(world, process, tree, child.spec, item)
    elif kind == "add":
        _start(world, process, tree, item[1], item)
    elif kind == "again":
        child = tree.find(item[1])
        assert child is not None
        _start(world, process, tree, child.spec, item)
    elif kind == "end":
        child = tree.find(item[1])
        if child is not None:
            shutdown.end(world, process, [child], item[2])
    elif kind == "end all":
        shutdown.end(world, process, list(tree.children), item[1])
    elif kind == "gone":
        child = tree.holding(item[1])
        if child is not None:
            shutdown.gone(world, process, child, world.notes.get(("ending", item[1], None), "SUP-31"))
    elif kind == "reply":
        caller, answer, clause, *also = item[1:]
        process.calls.remove(caller)
        exits.answer(world, process, caller, answer, clause, also=also[0] if also else ())
    elif kind == "ready":
        world.tags.append("SUP-1")
        report_start(world, process, ok("started"), "SUP-1")
    elif kind == "fail":
        _fail(world, process, tree, item[1])
    else:
        _, reason, clause = item
        exits.die(world, process, reason, clause)


def _start(world: World, process: Process, tree: Tree, spec: Mapping[str, Json], item: tuple[Any, ...]) -> None:
    """Call the start function of a child, and wait for it."""
    child_id = spec["id"]
    label = tree.next_label(process.label, child_id)
    attempt = tree.attempts[child_id] = tree.attempts.get(child_id, 0) + 1
    token = world.next_token()
    clause = item[3] if item[0] == "start" else "SUP-20" if item[0] == "add" else "SUP-35"
    if tree.is_dynamic and item[0] == "add":
        clause = "DYN-E1"
    start = spec["start"]
    nested = start.get("supervisor")
    refusal: Expected | None
    if nested is not None:
        refusal = begin(world, label, nested, (process.label, token), process, clause)
    else:
        refusal = starting.start_child(world, label, start, process, token, attempt, clause)
    if refusal is not None:
        holder = world.names.get((nested or start).get("name", ""))
        _started(world, process, item, label, fail("start_failed", reason=_ANY_ERROR), holder)
        return
    if nested is None:
        child = world.processes[label]
        others = [world.processes[other.label] for other in tree.children if other.label in world.processes]
        if any(other.backend != child.backend and other.tree is None for other in others):
            world.tags.append("BACK-8")
    assert process.task is not None
    process.task = ("sup", process.task[1], ("start", item, label, token))


def receive_start(world: World, process: Process, token: int, answer: Answer) -> None:
    """Let the outcome of a child's start arrive at its supervisor."""
    task = process.task
    if task is None or task[0] != "sup" or not task[2] or task[2][0] != "start" or task[2][3] != token:
        return
    _, item, label, _ = task[2]
    process.task = ("sup", task[1], ())
    world.follow(process, label)
    _started(world, process, item, label, answer, None)
    run(world, process)


def _started(
    world: World, process: Process, item: tuple[Any, ...], label: str, answer: Answer, holder: str | None
) -> None:
    """Take note of the outcome of a start, and see to what comes of it."""
    tree = process.tree
    assert tree is not None
    assert process.task is not None
    if item[0] == "add":
        _added(world, process, tree, item, label, answer, holder)
        return
    child = tree.find(item[1])
    assert child is not None
    if answer == ok("started"):
        why = item[3] if item[0] == "start" else "SUP-30"
        tree.put(child, child._replace(state="running", label=label, why=why))
        world.note("init", tree.next_label(process.label, child.id), None, "STR-6")
        if item[0] == "again":
            _reply(process, item[2], ok(label), "SUP-30")
        return
    if answer == ok("ignored"):
        _ignored(world, process, tree, child, item)
        return
    reason = answer["fail"].get("reason")
    if item[0] == "again":
        world.note("init", tree.next_label(process.label, child.id), None, "SUP-36")
        tree.put(child, child._replace(why="SUP-36"))
        _reply(process, item[2], fail("start_failed", reason=reason), "SUP-36", _taken(holder))
    elif item[2] == "init":
        _give_up_init(world, process, tree, child)
    else:
        tree.put(child, child._replace(state="restarting", why="DYN-E9" if tree.is_dynamic else "STR-12"))
        world.signal(process.label, process.label, ("retry", tree.key_of(child)))
        process.task = ("sup", (), ())
        if item[2] == "group":
            world.tags.append("STR-13" if tree.strategy == "one_for_all" else "STR-14")
            for other in tree.children:
                if other.state == "undefined":
                    world.note("init", tree.next_label(process.label, other.id), None, world.tags[-1])


def _give_up_init(world: World, process: Process, tree: Tree, child: Child) -> None:
    """End those that have started before, in reverse order, and then the supervisor itself (SUP-2)."""
    position = tree.children.index(child)
    for later in tree.children[position + 1 :]:
        world.note("init", tree.next_label(process.label, later.id), None, "SUP-2")
    endings = tuple(("end", other.id, "SUP-2") for other in reversed(tree.children[:position]))
    process.task = ("sup", (*endings, ("fail", _FAILED_CHILD)), ())


def _ignored(world: World, process: Process, tree: Tree, child: Child, item: tuple[Any, ...]) -> None:
    """A start that is declined is a success without a process (SUP-4, STR-19, DYN-E8)."""
    is_restart = item[0] == "start" and str(item[2]) != "init"
    clause = "DYN-E8" if tree.is_dynamic else "STR-19" if is_restart else "SUP-4"
    world.tags.append(clause)
    world.note("init", tree.next_label(process.label, child.id), None, clause)
    world.note("ended", process.label, None if tree.is_dynamic else child.id, clause)
    shutdown.forget(tree, child, clause)
    if item[0] == "again":
        _reply(process, item[2], ok(None), "SUP-30")


def _added(
    world: World, process: Process, tree: Tree, item: tuple[Any, ...], label: str, answer: Answer, holder: str | None
) -> None:
    _, spec, caller = item
    clause = "DYN-E2" if tree.is_dynamic else "SUP-20"
    if answer == ok("started"):
        tree.children.append(Child(spec["id"], spec, "running", label, clause))
        world.note("init", tree.next_label(process.label, spec["id"]), None, "STR-6")
        _reply(process, caller, ok(label), clause)
    elif answer == ok("ignored"):
        world.note(
            "ended", process.label, None if tree.is_dynamic else spec["id"], "DYN-E2" if tree.is_dynamic else "SUP-23"
        )
        if not (tree.is_dynamic or spec["restart"] == "temporary"):
            tree.children.append(Child(spec["id"], spec, "undefined", None, "SUP-23"))
        _reply(process, caller, ok(None), "DYN-E2" if tree.is_dynamic else "SUP-23")
    else:
        reason = answer["fail"].get("reason")
        clause = "DYN-E2" if tree.is_dynamic else "SUP-24"
        if holder is not None:
            clause = "DYN-E13" if tree.is_dynamic else "SUP-25"
        world.note("init", tree.next_label(process.label, spec["id"]), None, clause)
        world.note("ended", process.label, spec["id"], clause)
        _reply(process, caller, fail("start_failed", reason=reason), clause, _taken(holder))


def _taken(holder: str | None) -> tuple[Answer, ...]:
    """Return the other lawful answer where the name of a child is taken by a stranger (SUP-25)."""
    return () if holder is None else (fail("already_started", child=holder),)


def _reply(process: Process, caller: Destination, answer: Answer, clause: str, also: tuple[Answer, ...] = ()) -> None:
    assert process.task is not None
    process.task = ("sup", (("reply", caller, answer, clause, also), *process.task[1]), ())


def _fail(world: World, process: Process, tree: Tree, reason: Json) -> None:
    """Fail the start of a supervisor: its name is free first, then the starter is told and the process ends."""
    registry.free_name(world, process)
    process.given_up = True
    parent = world.live(process.parent or "")
    if parent is not None and parent.tree is not None:
        die_unseen(world, process, parent, reason, "SUP-2")
        return
    process.task = ("sup", (("die", reason, "SUP-2"),), ())
    report_start(world, process, fail("start_failed", reason=None), "SUP-2")


def report_start(world: World, process: Process, answer: Answer, clause: str) -> None:
    """Tell the starter of a supervisor what has come of it, once."""
    tree = process.tree
    assert tree is not None
    starter, tree.starter = tree.starter, None
    if starter is None:
        return
    if tree.host is not None:
        world.signal(process.label, tree.host, ("hosted",))
    exits.answer(world, process, starter, answer, clause)


def die_unseen(world: World, process: Process, parent: Process, reason: Json, clause: str) -> None:
    """End a child whose start has failed, at once: its supervisor does not care for its death any more."""
    process.links.discard(parent.label)
    parent.links.discard(process.label)
    process.task = None
    exits.die(world, process, reason, clause)


def choose(world: World, process: Process, index: int) -> None:
    """Follow one of two lawful ways: restart, or give up."""
    assert process.task is not None
    assert process.tree is not None
    what, key, clause = process.task[2][index]
    process.task = ("sup", (), ())
    child = process.tree.find(key)
    assert child is not None
    if what == "go on":
        strategies.go_on(world, process, child, clause)
    else:
        strategies.give_up(world, process, child)
    run(world, process)
