"""State machines for Hypothesis, one for each chapter and one that mixes them.

    TestLinks = machine_for("links", MySubject).TestCase

They take the same steps through the same session as everything else, and are what you subclass for rules of your own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.machines.backends import BackendsMachine
from letitcrash_conformance.machines.base import BrokenClause, SessionMachine, when
from letitcrash_conformance.machines.dynamic_supervisor import DynamicSupervisorMachine
from letitcrash_conformance.machines.exits import ExitsMachine
from letitcrash_conformance.machines.genserver import GenserverMachine
from letitcrash_conformance.machines.intensity import IntensityMachine
from letitcrash_conformance.machines.links import LinksMachine
from letitcrash_conformance.machines.monitors import MonitorsMachine
from letitcrash_conformance.machines.registry import RegistryMachine
from letitcrash_conformance.machines.shutdown import ShutdownMachine
from letitcrash_conformance.machines.strategies import (
    OneForAllMachine,
    OneForOneMachine,
    RestForOneMachine,
    StrategiesMachine,
)
from letitcrash_conformance.machines.supervisor import SupervisorMachine
from letitcrash_conformance.machines.timers import TimersMachine
from letitcrash_conformance.machines.trees import TreesMachine, when_trees
from letitcrash_conformance.machines.world import WorldMachine
from letitcrash_conformance.subject import Subject

__all__ = [
    "MACHINES",
    "TREE_MACHINES",
    "BackendsMachine",
    "BrokenClause",
    "DynamicSupervisorMachine",
    "ExitsMachine",
    "GenserverMachine",
    "IntensityMachine",
    "LinksMachine",
    "MonitorsMachine",
    "OneForAllMachine",
    "OneForOneMachine",
    "RegistryMachine",
    "RestForOneMachine",
    "SessionMachine",
    "ShutdownMachine",
    "StrategiesMachine",
    "SupervisorMachine",
    "TimersMachine",
    "TreesMachine",
    "WorldMachine",
    "machine_for",
    "when",
    "when_trees",
]

TREE_MACHINES: Mapping[str, type[SessionMachine]] = MappingProxyType(
    {
        "supervisor": SupervisorMachine,
        "strategies": StrategiesMachine,
        "intensity": IntensityMachine,
        "shutdown": ShutdownMachine,
        "dynamic_supervisor": DynamicSupervisorMachine,
    }
)
"""The machines of supervision."""

MACHINES: Mapping[str, type[SessionMachine]] = MappingProxyType(
    {
        "exits": ExitsMachine,
        "links": LinksMachine,
        "monitors": MonitorsMachine,
        "registry": RegistryMachine,
        "genserver": GenserverMachine,
        **TREE_MACHINES,
        "timers": TimersMachine,
        "backends": BackendsMachine,
        "world": WorldMachine,
    }
)
"""The machine of each chapter, and the mix of all."""


def machine_for(chapter: str, factory: Callable[[], Subject], *, backend: str | None = None) -> type[SessionMachine]:
    """Return the machine of a chapter for a subject; its `TestCase` runs under pytest and unittest.

    Args:
        chapter: Name of a chapter, or `"world"` for the mix of all.
        factory: Makes the subject; called once for all examples, and again after its harness broke.
        backend: The backend that probes run on, `"mixed"` for any of the subject's; else the machine's own choice.

    Raises:
        UsageError: If there is no such chapter.
    """
    machine = MACHINES.get(chapter)
    if machine is None:
        raise UsageError(f"expected a chapter of {', '.join(MACHINES)}, got {chapter!r}")
    attributes: dict[str, object] = {"factory": staticmethod(factory), "__doc__": machine.__doc__}
    if backend is not None:
        attributes["backend"] = backend
    return type(machine.__name__, (machine,), attributes)
