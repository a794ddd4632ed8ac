"""How many restarts are too many: chapter `intensity`."""

from __future__ import annotations

from letitcrash_spec.model.tree import Tree
from letitcrash_spec.model.world import World

__all__ = ["add_restart"]


def add_restart(world: World, label: str, tree: Tree) -> tuple[bool, bool]:
    """Count one more restart of a supervisor.

    A restart at r counts at now if r >= now - window, both floored to the subject's unit (INT-9, INT-10). On a wall
    clock the moments are known only within bounds.

    Returns:
        Whether the supervisor may go on, and whether it may give up; both if the clock leaves it open.
    """
    now = (world.now, world.now if world.profile.clock == "virtual" else world.end)
    kept = tuple(moment for moment in tree.restarts if not _is_surely_out(world, tree, moment, now))
    surely = 1 + sum(_is_surely_in(world, tree, moment, now) for moment in kept)
    if len(kept) < len(tree.restarts):
        world.tags += ("INT-9", "INT-11")
        world.note("dead", label, None, "INT-9")
    tree.restarts = (*kept, now)
    limit = tree.max_restarts
    return surely <= limit, 1 + len(kept) > limit


def _is_surely_out(world: World, tree: Tree, old: tuple[int, int | None], now: tuple[int, int | None]) -> bool:
    if old[1] is None:
        return False
    unit = world.profile.time_unit_ms
    if world.profile.clock == "virtual":
        return _floor(old[1], unit) < _floor(now[0], unit) - tree.window_ms
    return now[0] - old[1] >= tree.window_ms + unit


def _is_surely_in(world: World, tree: Tree, old: tuple[int, int | None], now: tuple[int, int | None]) -> bool:
    if world.profile.clock == "virtual":
        return True  # those that are out have been left out
    return now[1] is not None and now[1] - old[0] <= tree.window_ms


def _floor(moment: int, unit: int) -> int:
    return moment // unit * unit
