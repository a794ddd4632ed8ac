"""What the supervision trees of each chapter look like: shares, sizes, and times that never tie on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from letitcrash_conformance.setting import Setting
from letitcrash_conformance.trees import Restart, Strategy

__all__ = ["FLAVORS", "Flavor", "Times"]


@dataclass(frozen=True, slots=True)
class Flavor:
    """Shares are in sixteenths. Each tuple is drawn from evenly, its first entry is the simplest.

    Attributes:
        sizes: How many children a supervisor at the top has.
        nests: Share of children that are supervisors.
        dynamics: Share of supervisors that are dynamic.
        linked: Share of supervisors at the top that have a parent.
        traps: Share of children that trap exits.
        terminates: Share of children whose cleanup is slow, hangs or raises.
        inits: Share of children whose later starts do something else than succeed.
        names: Share of children that have a registered name.
        significants: Share of supervisors with automatic shutdown.
        strategies: Strategies.
        restarts: Restart types.
        shutdowns: Ways to end a child; `"ms"` stands for a time.
        max_restarts: How many restarts are tolerated.
        windows: Windows in seconds on a virtual clock.
    """

    sizes: tuple[int, ...] = (1, 2, 3)
    nests: int = 2
    dynamics: int = 0
    linked: int = 4
    traps: int = 4
    terminates: int = 2
    inits: int = 4
    names: int = 1
    significants: int = 0
    strategies: tuple[Strategy, ...] = ("one_for_one", "one_for_all", "rest_for_one")
    restarts: tuple[Restart, ...] = ("permanent", "permanent", "transient", "temporary")
    shutdowns: tuple[str, ...] = ("default", "default", "ms", "brutal_kill", "infinity")
    max_restarts: tuple[int, ...] = (3, 5, 10, 2, 1)
    windows: tuple[float, ...] = (5, 5, 1, 0.5)


_ADMINISTRATION = Flavor(sizes=(1, 2, 3, 0), inits=5, names=3, restarts=("permanent", "transient", "temporary"))

FLAVORS: Mapping[str, Flavor] = MappingProxyType(
    {
        "supervisor": _ADMINISTRATION,
        "strategies": Flavor(
            sizes=(2, 3, 3, 4, 5, 8),
            significants=4,
            strategies=("one_for_one", "one_for_all", "rest_for_one", "rest_for_one"),
            max_restarts=(3, 5, 10, 10, 4),
        ),
        "intensity": Flavor(
            sizes=(1, 2, 3),
            nests=3,
            terminates=1,
            restarts=("permanent", "permanent", "permanent", "transient"),
            max_restarts=(1, 2, 2, 3, 3, 0, 4),
            windows=(1, 0.5, 5, 0.05, 2, 0.25, 1.5, 0.001),
        ),
        "shutdown": Flavor(
            sizes=(1, 2, 3, 4),
            nests=4,
            linked=8,
            traps=12,
            terminates=10,
            inits=2,
            names=0,
            shutdowns=("default", "ms", "ms", "ms", "brutal_kill", "infinity"),
            max_restarts=(3, 1, 10, 0),
        ),
        "dynamic_supervisor": replace(_ADMINISTRATION, dynamics=14, nests=1, sizes=(1, 2)),
        "world": Flavor(dynamics=3, significants=2, names=2),
    }
)
"""The flavor of each chapter that has trees."""


@dataclass(frozen=True, slots=True)
class Times:
    """Times in milliseconds that lie on different lattices, so that no two moments coincide on purpose.

    Attributes:
        terminates: How long a slow cleanup takes.
        shutdowns: How long a child is given.
        inits: How long a slow start takes.
        patiences: How long a caller waits that gives up early.
        pauses: A little while, shorter than any other of these times.
    """

    terminates: tuple[int, ...]
    shutdowns: tuple[int, ...]
    inits: tuple[int, ...]
    patiences: tuple[int, ...]
    pauses: tuple[int, ...]

    @classmethod
    def of(cls, setting: Setting) -> Times:
        """Return the times for a subject: of every kind on a virtual clock, few and short ones on a wall clock."""
        if setting.is_virtual:
            return cls((53, 23, 97, 303), (100, 50, 200, 0), (37, 67, 127), (31, 61, 151), (5, 15, 45))
        grain = setting.wall_grain_ms
        return cls((grain * 3 // 10, grain * 4), (grain * 2,), (grain * 3 // 2,), (grain // 2,), (grain // 4,))
