"""What an observation shows of supervisors and their children, against what a world holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from letitcrash_spec.messages import Json
from letitcrash_spec.model import supervisor
from letitcrash_spec.model.tree import Tree
from letitcrash_spec.model.world import Process, World

__all__ = ["TreeDifference", "compare", "may_exist"]


class TreeDifference(NamedTuple):
    """Something that an observation shows otherwise than a world: clause, words, what was expected, what was seen."""

    clause: str
    what: str
    expected: Json
    got: Json


def compare(world: World, observation: Mapping[str, Json]) -> list[TreeDifference]:
    """Return how the children of live supervisors differ from what was observed.

    A supervisor that is busy or suspended may not have answered; on a wall clock an idle one may be late, too.
    """
    observed: Mapping[str, Json] = observation["children"]
    found: list[TreeDifference] = []
    for process in world.processes.values():
        tree = process.tree
        if tree is None or process.status != "idle" or process.suspended:
            continue
        seen = observed.get(process.label)
        if seen is None:
            if world.profile.clock == "virtual" and observation["quiet"]:
                clause = "SUP-50"
                found.append(TreeDifference(clause, f"{process.label} tells of its children", "children", None))
            continue
        found += _compare_rows(world, process, tree, seen["list"])
        lawful = supervisor.lawful_counts(world, tree)
        if not any(all(seen["count"].get(key) == value for key, value in counts.items()) for counts in lawful):
            clause = "DYN-E10" if tree.is_dynamic else "SUP-52"
            found.append(TreeDifference(clause, f"what {process.label} counts", lawful[0], seen["count"]))
        world.tags += ("SUP-50", "SUP-52", "SUP-51")
    return found


def _compare_rows(
    world: World, process: Process, tree: Tree, seen: Sequence[Sequence[Json]]
) -> Iterable[TreeDifference]:
    expected = [[None if tree.is_dynamic else child.id, child.shown, child.spec["type"]] for child in tree.children]
    left, right = sorted(map(repr, expected)), sorted(map(repr, seen))
    if left == right:
        return
    for child, wanted in zip(tree.children, expected, strict=True):
        if repr(wanted) in right:
            right.remove(repr(wanted))
            continue
        others = [list(other) for other in seen if not tree.is_dynamic and other[0] == child.id]
        is_typed = bool(others) and others[0][:2] == wanted[:2]  # only the type differs
        clause = child.why if (others and not is_typed) or child.state == "undefined" else "SUP-50"
        yield TreeDifference(clause, f"what {process.label} shows of {child.id}", wanted, others[0] if others else None)
    for row in seen:
        shown = list(row)
        if repr(shown) in right and not any(shown[0] == child.id for child in tree.children):
            clause = world.notes.get(("ended", process.label, shown[0]), "DYN-E7" if tree.is_dynamic else "STR-2")
            yield TreeDifference(clause, f"what {process.label} shows of {shown[0]}", None, shown)


def may_exist(label: str, known: Iterable[str]) -> bool:
    """Say whether a label may be that of a supervised child: it begins with that of somebody who is known."""
    return "/" in label and label.split("/", 1)[0] in set(known)
