"""How likely each operation and each action is, chapter by chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from letitcrash_conformance.source import Source

__all__ = ["ACTIONS", "CHAPTERS", "HISTORIES", "OPERATIONS", "SUPERVISION", "Odds", "pick"]

HISTORIES = "histories"
"""The word of the programs whose clients act at the same time; not a chapter of clauses."""
SUPERVISION = ("supervisor", "strategies", "intensity", "shutdown", "dynamic_supervisor")
"""The chapters of supervision."""

CHAPTERS = (
    "exits",
    "links",
    "monitors",
    "registry",
    "genserver",
    *SUPERVISION,
    "timers",
    "backends",
    "world",
    HISTORIES,
)
"""What the search runs through, in this order; `world` mixes all chapters."""

_FEATURE = {
    "advance": "timers",
    "burst": "supervisor",
    "cancel_timer": "timers",
    "count_children": "supervisor",
    "delete_child": "supervisor",
    "demonitor": "monitors",
    "edge": "supervisor",
    "end_supervisor": "supervisor",
    "exit": "exit_signals",
    "fell": "supervisor",
    "kill": "exit_signals",
    "link": "links",
    "links": "links",
    "meddle": "supervisor",
    "monitor": "monitors",
    "name_of": "registry",
    "queued": "supervisor",
    "register": "registry",
    "restart_child": "supervisor",
    "send_after": "timers",
    "send_interval": "timers",
    "start_child": "supervisor",
    "start_supervisor": "supervisor",
    "stranger": "supervisor",
    "suspend": "suspend",
    "terminate_child": "supervisor",
    "together": "supervisor",
    "trap_exit": "exit_signals",
    "unlink": "links",
    "unlink_child": "supervisor",
    "unregister": "registry",
    "usurp": "supervisor",
    "whereis": "registry",
    "which_children": "supervisor",
}
"""The feature that an operation or action needs, where it needs one beyond `genserver`."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Names with their weights; higher means more often."""

    names: tuple[str, ...]
    weights: tuple[int, ...]
    total: int

    @classmethod
    def of(cls, weights: Mapping[str, int]) -> Odds:
        names = tuple(weights)
        return cls(names, tuple(weights[name] for name in names), sum(weights.values()))

    def only(self, kept: Sequence[int]) -> Odds:
        """Return the odds of the entries at these positions."""
        return Odds.of({self.names[index]: self.weights[index] for index in kept})

    def usable(self, features: frozenset[str], *, inside: bool = False) -> Odds:
        """Return the odds of what a subject with these features offers, as operations or inside a callback."""
        return Odds.of(
            {
                name: weight
                for name, weight in zip(self.names, self.weights, strict=True)
                if ("nested_call" if inside and name == "call" else _FEATURE.get(name, "genserver")) in features
            }
        )


def pick(source: Source, odds: Odds) -> str:
    """Draw a name; the first is the simplest."""
    point = source.below(odds.total)
    for name, weight in zip(odds.names, odds.weights, strict=True):
        point -= weight
        if point < 0:
            return name
    return odds.names[0]


_BASE = {"observe": 8, "call": 10, "cast": 6, "spawn": 2, "crash": 1, "send": 2}
_BASE_ACTIONS = {"get": 3, "add": 6}


def _odds(base: Mapping[str, int], **more: int) -> Odds:
    return Odds.of({**base, **more})


_TREES = {"observe": 3, "fell": 8, "which_children": 1, "count_children": 1, "call": 1}
_TREE_ACTIONS = {"get": 2, "add": 3, "link": 1, "monitor": 2, "trap_exit": 1, "sleep": 1}
_IN_WORLD = {
    "start_supervisor": 2,
    "fell": 3,
    "burst": 1,
    "together": 1,
    "start_child": 2,
    "terminate_child": 1,
    "restart_child": 1,
    "delete_child": 1,
    "which_children": 1,
    "meddle": 1,
    "stranger": 1,
    "end_supervisor": 1,
}

OPERATIONS: dict[str, Odds] = {
    "exits": _odds(_BASE, exit=10, kill=3, stop=2),
    "links": _odds(_BASE, exit=3, kill=2, crash=3, stop=2),
    "monitors": _odds(_BASE, exit=2, kill=2, crash=3, stop=2, register=1),
    "registry": _odds(_BASE, register=7, unregister=3, whereis=5, name_of=3, kill=3, stop=2, spawn=4),
    "genserver": _odds(_BASE, stop=4, send=5, exit=2, kill=1, spawn=4, suspend=1),
    "supervisor": _odds(
        _TREES,
        start_child=6,
        terminate_child=6,
        restart_child=5,
        delete_child=4,
        count_children=2,
        meddle=3,
        together=1,
        stranger=2,
        usurp=2,
        unlink_child=1,
        end_supervisor=1,
        start_supervisor=1,
    ),
    "strategies": _odds(
        _TREES,
        burst=4,
        together=4,
        queued=2,
        meddle=4,
        terminate_child=5,
        restart_child=1,
        start_child=2,
        usurp=1,
        stranger=1,
        start_supervisor=1,
    ),
    "intensity": _odds(
        _TREES, edge=12, burst=6, together=2, queued=1, meddle=2, terminate_child=1, restart_child=2, start_child=1
    ),
    "shutdown": _odds(
        _TREES,
        terminate_child=6,
        end_supervisor=6,
        meddle=6,
        together=2,
        restart_child=2,
        start_child=1,
        stranger=1,
        start_supervisor=3,
        unlink_child=1,
    ),
    "dynamic_supervisor": _odds(
        _TREES, start_child=12, terminate_child=5, burst=3, together=2, meddle=4, edge=2, end_supervisor=1, stranger=1
    ),
    "timers": _odds(_BASE, advance=7, kill=1, stop=1),
    "backends": _odds(_BASE, kill=3, stop=3, spawn=4, exit=2),
    "world": _odds(
        _BASE,
        exit=3,
        kill=2,
        stop=2,
        register=2,
        unregister=1,
        whereis=1,
        name_of=1,
        advance=2,
        suspend=1,
        **_IN_WORLD,
    ),
}

ACTIONS: dict[str, Odds] = {
    "exits": _odds(_BASE_ACTIONS, exit=6, trap_exit=4, crash=2, stop=2, link=2, sleep=1, send=2, monitor=1),
    "links": _odds(_BASE_ACTIONS, link=9, unlink=4, trap_exit=3, spawn=3, links=3, crash=1, stop=1, exit=2),
    "monitors": _odds(_BASE_ACTIONS, monitor=9, demonitor=5, spawn=2, crash=1, stop=1, exit=1, send=2, link=1),
    "registry": _odds(_BASE_ACTIONS, register=5, spawn=2, monitor=2, send=2, call=1, crash=1, stop=1),
    "genserver": _odds(
        _BASE_ACTIONS, noreply=2, sleep=3, crash=2, stop=3, call=3, cast=3, send=3, spawn=3, trap_exit=1
    ),
    **{chapter: _odds(_TREE_ACTIONS) for chapter in SUPERVISION},
    "timers": _odds(_BASE_ACTIONS, send_after=9, send_interval=3, cancel_timer=6, sleep=2, crash=1, stop=1),
    "backends": _odds(
        _BASE_ACTIONS, call=5, cast=4, send=2, link=2, monitor=2, sleep=2, crash=1, stop=1, spawn=2, trap_exit=1, exit=1
    ),
    "world": _odds(
        _BASE_ACTIONS,
        noreply=1,
        sleep=2,
        crash=1,
        stop=2,
        call=2,
        cast=2,
        send=2,
        link=4,
        unlink=2,
        monitor=4,
        demonitor=2,
        trap_exit=2,
        exit=2,
        register=2,
        spawn=2,
        send_after=2,
        send_interval=1,
        cancel_timer=1,
        links=1,
    ),
}
