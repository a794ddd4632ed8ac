"""Writes specifications of supervisors and children, flavored by chapter."""

from __future__ import annotations

from typing import Any

from letitcrash_conformance.flavors import FLAVORS, Flavor, Times
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_conformance.trees import AutoShutdown, Restart, Shutdown, dynamic, nested, supervisor, worker
from letitcrash_conformance.writer import NAMES, Writer
from letitcrash_spec.messages import Json

__all__ = ["SpecWriter"]

IDS = "abcdefgh"
SUPERVISOR_NAMES = ("top", "sub")
"""Names of supervisors; probes have others, because probes alone can be called by name."""

LEVELS = 4
PROCESSES = 8
"""How many children one specification has at most, over all levels."""


class SpecWriter(Writer):
    """A writer that knows supervisors and children.

    Attributes:
        flavor: What the trees of the chapter look like.
        times: The times that specifications and operations use.
    """

    def __init__(self, source: Source, setting: Setting) -> None:
        super().__init__(source, setting)
        self.flavor: Flavor = FLAVORS[setting.chapter]
        self.times = Times.of(setting)
        self._left = PROCESSES

    def chance(self, sixteenths: int) -> bool:
        """Say yes with this share; no is the simplest."""
        return self.source.below(16) >= 16 - sixteenths

    def offers(self, *features: str) -> bool:
        """Whether the subject has all these features."""
        return self.setting.features.issuperset(features)

    # -- supervisors -------------------------------------------------------------------------------------------

    def supervisor_spec(self) -> dict[str, Json]:
        """Write a supervisor for the top of a tree."""
        self._left = PROCESSES
        return self._supervisor(1, int(self.one(self.flavor.sizes)))

    def _supervisor(self, level: int, size: int) -> dict[str, Json]:
        max_restarts = int(self.one(self.flavor.max_restarts))
        max_seconds = self._window()
        name = str(self.one(SUPERVISOR_NAMES)) if self.offers("registry") and self.chance(2) else None
        if self.offers("dynamic_supervisor") and self.chance(self.flavor.dynamics):
            limit = None if self.source.below(2) else self.source.below(4)
            return dynamic(max_restarts=max_restarts, max_seconds=max_seconds, max_children=limit, name=name)
        auto_shutdown: AutoShutdown = "never"
        if self.offers("auto_shutdown") and self.chance(self.flavor.significants):
            auto_shutdown = "any_significant" if self.source.below(2) else "all_significant"
        is_automatic = auto_shutdown != "never"
        children = [
            self._child(child_id, level, is_added=False, has_auto_shutdown=is_automatic)
            for child_id in IDS[:size]
            if self._left
        ]
        return supervisor(
            *children,
            strategy=self.one(self.flavor.strategies),
            max_restarts=max_restarts,
            max_seconds=max_seconds,
            name=name,
            auto_shutdown=auto_shutdown,
        )

    def _window(self) -> float:
        if self.is_virtual:
            window = float(self.one(self.flavor.windows))
            return int(window) if window == int(window) or self.setting.time_unit_ms > 1 else window
        return 1 if self.setting.chapter == "intensity" and self.source.below(3) else 30

    def misspelled(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Spoil a specification of a supervisor."""
        kind = self.source.below(6)
        children = spec.get("children")
        if kind < 4 and children:
            child = children[self.source.below(len(children))]
            spoiled = child if kind < 2 else self.misspelled_child(child)
            return {**spec, "children": [*(other for other in children if kind < 2 or other is not child), spoiled]}
        if kind == 4:
            return {**spec, "max_seconds": 0}
        return {**spec, "max_restarts": -1}

    def misspelled_child(self, child: dict[str, Any]) -> dict[str, Any]:
        """Spoil a specification of a child: a time that is none, or a significant child that is permanent."""
        if self.offers("auto_shutdown") and self.source.below(2):
            return {**child, "significant": True, "restart": "permanent"}
        return {**child, "shutdown": -1}

    # -- children ----------------------------------------------------------------------------------------------

    def child_spec(self, child_id: str, *, has_auto_shutdown: bool = False) -> dict[str, Json]:
        """Write a child that is added to a running supervisor."""
        self._left = 3
        return self._child(child_id, LEVELS - 2, is_added=True, has_auto_shutdown=has_auto_shutdown)

    def _child(self, child_id: str, level: int, *, is_added: bool, has_auto_shutdown: bool) -> dict[str, Json]:
        self._left -= 1
        restart: Restart = self.one(self.flavor.restarts)
        is_significant = has_auto_shutdown and restart != "permanent" and self.source.below(3) > 0
        if level < LEVELS and self._left and self.chance(self.flavor.nests * 2 if level > 1 else self.flavor.nests):
            spec = self._supervisor(level + 1, 1 + self.source.below(2))
            shutdown: Shutdown = "infinity"
            if self.chance(2):
                shutdown = "brutal_kill" if self.source.below(4) == 3 else int(self.one(self.times.shutdowns[:2]))
            # One id is always a worker or always a supervisor, so that what is sent to its label makes sense.
            return nested(child_id.upper(), spec, restart=restart, shutdown=shutdown, significant=is_significant)
        probe = self.child_probe(is_added=is_added)
        shutdown = self._shutdown(probe)
        return worker(child_id.lower(), probe, restart=restart, shutdown=shutdown, significant=is_significant)

    def _shutdown(self, probe: dict[str, Json]) -> Shutdown:
        kind = str(self.one(self.flavor.shutdowns))
        if kind == "brutal_kill":
            return "brutal_kill"
        if kind == "infinity" and (probe.get("terminate") != "hang" or self.source.below(4) == 3):
            return "infinity"
        return int(self.one(self.times.shutdowns)) if kind == "ms" else 5000

    def child_probe(self, *, is_added: bool) -> dict[str, Json]:
        """Write the probe of a child; one that is added while the supervisor runs fails its first start more often."""
        probe: dict[str, Json] = {}
        backend = self.one(self.setting.backends)
        if backend != self.setting.default_backend or self.source.below(2):
            probe["backend"] = backend
        flavor = self.flavor
        if self.chance(flavor.traps) and "exit_signals" in self.setting.features:
            probe["trap_exit"] = True
        if self.chance(flavor.terminates):
            probe["terminate"] = self._terminate()
        if self.chance(flavor.inits):
            probe["init"] = self._init(is_added=is_added)
        if self.offers("registry") and self.chance(flavor.names):
            probe["name"] = self.one(NAMES)
        return probe

    def _terminate(self) -> Json:
        kind = self.source.below(8)
        if kind in (5, 6):
            return {"crash": "late"}
        if kind == 7 and self.is_virtual and self.source.below(2):
            return "hang"  # on a wall clock every later look would wait for it in vain
        return {"sleep": self.one(self.times.terminates)}

    def _init(self, *, is_added: bool) -> list[Json]:
        first: list[Json] = ["ok"]
        if self.source.below(16) >= (9 if is_added else 15):
            first = [self._fault() for _ in range(1 + self.source.below(3))]
        kind = self.source.below(8)
        faults: list[Json] = [self._fault()] * (1, 1, 2, 2, 3, 3, 1, 1)[kind]
        if kind == 6:  # the third start, not only the second
            return [*first, "ok", *faults, "ok"]
        if kind == 7:  # never again, and at once, so that the budget is soon used up
            return [*first, "ok", {"crash": "early"}]
        return [*first, *faults, "ok"]

    def _fault(self) -> Json:
        kind = self.source.below(8)
        if kind < 2:
            return {"crash": "early"}
        if kind == 2:
            return "ignore"
        if kind == 3:
            return {"stop": self.reason(raised=True)}
        ms = int(self.one(self.times.inits))
        return {"sleep": ms} if kind == 4 else {"sleep": ms, "then": self.one(({"crash": "slow"}, "ignore", "ok"))}

    def slow_child(self, child_id: str) -> dict[str, Json]:
        """Write a child whose restarts take time and fail once or twice, so that it can be met while it restarts."""
        slow: Json = {"sleep": self.one(self.times.inits), "then": {"crash": "slow"}}
        probe = self.child_probe(is_added=False)
        probe["init"] = ["ok", *[slow] * (1 + self.source.below(2)), "ok"]
        probe.pop("name", None)
        restart: Restart = "transient" if self.source.below(4) == 3 else "permanent"
        return worker(child_id.lower(), probe, restart=restart, shutdown=self._shutdown(probe))
