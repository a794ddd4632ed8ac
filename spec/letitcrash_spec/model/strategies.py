"""Who is restarted, and with whom: chapter `strategies`."""

from __future__ import annotations

from letitcrash_spec.messages import Json
from letitcrash_spec.model import intensity
from letitcrash_spec.model.shutdown import forget
from letitcrash_spec.model.tree import Child, Todo, Tree
from letitcrash_spec.model.world import Process, World

__all__ = ["child_ended", "end_all", "give_up", "go_on", "retry", "spare"]


def child_ended(world: World, process: Process, label: str, reason: Json) -> None:
    """Let a supervisor take note of the death of a child that it did not end itself."""
    tree = process.tree
    assert tree is not None
    child = tree.holding(label)
    if child is None or child.state != "running":
        return
    world.follow(process, label)
    why = _needs_no_restart(child, reason)
    if why is None:
        _restart(world, process, child, _restart_clause(child, reason))
        return
    siblings = [other for other in tree.children if other is not child]
    world.note("init", tree.next_label(process.label, child.id), None, why)
    world.tags += (why, "INT-7", "DYN-E7") if tree.is_dynamic else (why, "INT-7")
    if siblings:
        world.tags.append("STR-4")
    spare(world, process, tree, siblings, "STR-4")
    world.note("dead", process.label, None, "STR-34" if tree.auto_shutdown != "never" else "INT-7")
    forget(tree, child, why)
    if child.spec.get("significant", False) and tree.auto_shutdown != "never":
        left = any(other.spec.get("significant", False) and other.state != "undefined" for other in tree.children)
        if tree.auto_shutdown == "any_significant" or not left:
            clause = "STR-30" if tree.auto_shutdown == "any_significant" else "STR-32"
            process.task = ("sup", (*end_all(tree, clause), ("die", "shutdown", clause)), ())
            process.status = "busy"
        else:
            world.note("dead", process.label, None, "STR-32")
    elif tree.auto_shutdown != "never":
        world.tags.append("STR-34")


def _needs_no_restart(child: Child, reason: Json) -> str | None:
    """Return the clause by which a death is not followed by a restart, or None."""
    if child.restart == "temporary":
        return "STR-2"
    is_orderly = reason in ("normal", "shutdown") or (isinstance(reason, dict) and "shutdown" in reason)
    if child.restart == "transient" and is_orderly:
        return "STR-20" if "supervisor" in child.spec["start"] else "STR-3"
    return None


def _restart_clause(child: Child, reason: Json) -> str:
    if child.restart == "permanent" and (reason in ("normal", "shutdown") or "shutdown" in str(reason)):
        return "STR-20" if "supervisor" in child.spec["start"] else "STR-1"
    if child.spec.get("significant", False):
        return "STR-31"
    if "supervisor" in child.spec["start"]:
        return "STR-21"
    return "STR-3" if child.restart == "transient" else "STR-1"


def spare(world: World, process: Process, tree: Tree, siblings: list[Child], clause: str) -> None:
    """Remember by which clause some children must be left alone."""
    for other in siblings:
        if other.label is not None:
            world.note("dead", other.label, None, clause)
            world.note("terminate", other.label, None, clause)
        world.note("init", tree.next_label(process.label, other.id), None, clause)


def retry(world: World, process: Process, key: str) -> None:
    """Try again to restart a child whose last start has failed, unless somebody has seen to it meanwhile (STR-15)."""
    tree = process.tree
    assert tree is not None
    child = tree.find(key)
    if child is None or child.state != "restarting":
        return
    _restart(world, process, child, "DYN-E9" if tree.is_dynamic else "STR-12")


def _restart(world: World, process: Process, child: Child, clause: str) -> None:
    tree = process.tree
    assert tree is not None
    may_go_on, may_give_up = intensity.add_restart(world, process.label, tree)
    process.status = "busy"
    if may_go_on and may_give_up:
        key = tree.key_of(child)
        process.task = ("branch", None, [("go on", key, clause), ("give up", key, clause)])
    elif may_go_on:
        go_on(world, process, child, clause)
    else:
        give_up(world, process, child)


def go_on(world: World, process: Process, child: Child, clause: str) -> None:
    """Restart a child together with those that its supervisor's strategy ties to it."""
    tree = process.tree
    assert tree is not None
    is_retry = child.state == "restarting"
    _expect_life(world, process, tree, child)
    key = tree.key_of(child)
    if tree.strategy in ("one_for_one", "dynamic"):
        siblings = [other for other in tree.children if other is not child]
        if tree.is_dynamic:
            world.tags.append("STR-5")
        elif siblings:
            world.tags += ("STR-5", "STR-18", "INT-3")
        spare(world, process, tree, siblings, "STR-5")
        process.task = ("sup", (("start", key, "restart", clause),), ())
        return
    world.tags.append(clause)
    strategy = "STR-7" if tree.strategy == "one_for_all" else "STR-8"
    position = 0 if tree.strategy == "one_for_all" else tree.children.index(child)
    before, group = tree.children[:position], tree.children[position:]
    if before:
        spare(world, process, tree, [other for other in before if other.state == "running"], "STR-8")
        stopped = [other for other in before if other.state == "undefined"]
        if stopped:
            world.tags.append("STR-11")
        spare(world, process, tree, stopped, "STR-11")
    if len(group) > 1:
        world.tags.append("INT-6" if is_retry else "INT-4")
        _expect_group_life(world, process, tree, child, group)
    tree.put(child, child._replace(state="undefined", label=None, why=strategy))
    endings: Todo = tuple(("end", other.id, strategy) for other in reversed(group) if other is not child)
    starts: list[tuple[str, str, str, str]] = []
    for other in group:
        if other.is_temporary:
            world.note("init", tree.next_label(process.label, other.id), None, "STR-9")
            world.tags.append("STR-9")
            continue
        reason = "STR-10" if other.state == "undefined" else strategy
        if is_retry:
            reason = "STR-13" if tree.strategy == "one_for_all" else "STR-14"
        starts.append(("start", other.id, "group", reason))
    process.task = ("sup", (*endings, *starts), ())


def give_up(world: World, process: Process, child: Child) -> None:
    """Let a supervisor end all others and then itself, because there were too many restarts (INT-1, INT-14)."""
    tree = process.tree
    assert tree is not None
    was_retry = child.state == "restarting"
    clause = _give_up_clause(world, tree, was_retry)
    world.note("init", tree.next_label(process.label, child.id), None, "INT-14" if clause == "INT-1" else clause)
    world.tags += ("INT-14",) if not was_retry else ("INT-5", "INT-16")
    if tree.max_restarts == 0:
        world.tags.append("INT-2")
    if tree.is_dynamic:
        world.tags.append("INT-12")
    for other in tree.children:
        if other is not child:
            world.note("init", tree.next_label(process.label, other.id), None, clause)
    forget(tree, child, "INT-1")
    process.status = "busy"
    process.task = ("sup", (*end_all(tree, "INT-1"), ("die", "shutdown", clause)), ())


def _give_up_clause(world: World, tree: Tree, was_retry: bool) -> str:
    """Return why it must give up: at the edge of the window, over a while, at the first failure, or in a burst."""
    if tree.is_dynamic:
        return "INT-12"
    moments = [earliest for earliest, _ in tree.restarts]
    if world.now - moments[0] >= tree.window_ms - world.profile.grain_ms and len(moments) > 1:
        return "INT-11"
    if was_retry:
        return "INT-6" if tree.strategy == "one_for_all" and len(tree.children) > 1 else "INT-5"
    if world.now > moments[0]:
        return "INT-9"
    return "INT-2" if tree.max_restarts == 0 else "INT-1"


def _expect_life(world: World, process: Process, tree: Tree, child: Child) -> None:
    """Remember by which clause the supervisor must not give up at this restart."""
    key = ("dead", process.label, None)
    others = [other for other in tree.children if other is not child and other.state == "running"]
    if world.notes.get(key) == "STR-32":
        return
    if child.state == "restarting":
        world.note(*key, "INT-5")
    elif tree.auto_shutdown != "never" and child.spec.get("significant"):
        world.note(*key, "STR-31")
    elif tree.strategy == "one_for_one" and any(world.live(other.label or "") is None for other in others):
        world.note(*key, "STR-18")
    else:
        world.notes.setdefault(key, "INT-1")


def _expect_group_life(world: World, process: Process, tree: Tree, child: Child, group: list[Child]) -> None:
    """Remember by which clause the supervisor must not give up, or end, at the restart of a group."""
    members = [other for other in group if other is not child and other.state == "running"]
    clause = "INT-6" if child.state == "restarting" else "INT-4"
    if any(world.live(other.label or "") is None for other in members):
        clause = "STR-16" if tree.strategy == "one_for_all" else "STR-17"
    if tree.auto_shutdown != "never" and any(other.spec.get("significant") for other in members):
        clause = "STR-33"
    if world.notes.get(("dead", process.label, None)) != "INT-13" or clause != "INT-4":
        world.note("dead", process.label, None, clause)


def end_all(tree: Tree, clause: str) -> Todo:
    """Return what is to be done to end all children: one by one in reverse order, or all at once."""
    if tree.is_dynamic:
        return (("end all", clause),)
    return tuple(("end", child.id, clause) for child in reversed(tree.children))
