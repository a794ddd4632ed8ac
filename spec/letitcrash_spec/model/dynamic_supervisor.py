"""Children that come and go by the thousand: chapter `dynamic_supervisor`, where it differs from `supervisor`."""

from __future__ import annotations

from collections.abc import Mapping

from letitcrash_spec.messages import Answer, Json, fail, ok
from letitcrash_spec.model.tree import Destination, Todo, Tree
from letitcrash_spec.model.world import Process, World

__all__ = ["administer", "refuse"]


def refuse(tree: Tree) -> tuple[Answer, ...]:
    """Return the refusal of one more child, if there are as many as there may be (DYN-E4)."""
    limit = tree.spec.get("max_children")
    return (fail("max_children"),) if limit is not None and len(tree.children) >= limit else ()


def administer(
    world: World, process: Process, tree: Tree, op: str, args: Mapping[str, Json], caller: Destination
) -> Todo:
    """Return what a dynamic supervisor has to do for a request."""
    if op == "start_child":
        limit = tree.spec.get("max_children")
        if refuse(tree):
            world.note("init", tree.next_label(process.label, args["child"]["id"]), None, "DYN-E4")
            return (("reply", caller, fail("max_children"), "DYN-E4"),)
        if limit is not None:
            world.tags.append("DYN-E4")
        return (("add", args["child"], caller),)
    if op == "terminate_child":
        child = tree.find(args["child"])
        if child is None:
            return (("reply", caller, fail("not_found"), "DYN-E6"),)
        world.note("init", tree.next_label(process.label, child.id), None, "DYN-E6")
        world.tags.append("DYN-E7")
        return (("end", args["child"], "DYN-E6"), ("reply", caller, ok(), "DYN-E6"))
    return (("reply", caller, fail("unsupported"), "DYN-E7"),)
