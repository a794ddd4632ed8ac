"""The machine that mixes all chapters."""

from __future__ import annotations

from letitcrash_conformance.machines.dynamic_supervisor import DynamicSupervisorMachine
from letitcrash_conformance.machines.genserver import GenserverMachine
from letitcrash_conformance.machines.intensity import IntensityMachine
from letitcrash_conformance.machines.links import LinksMachine
from letitcrash_conformance.machines.monitors import MonitorsMachine
from letitcrash_conformance.machines.registry import RegistryMachine
from letitcrash_conformance.machines.shutdown import ShutdownMachine
from letitcrash_conformance.machines.supervisor import SupervisorMachine
from letitcrash_conformance.machines.timers import TimersMachine

__all__ = ["WorldMachine"]


class WorldMachine(
    GenserverMachine,
    LinksMachine,
    MonitorsMachine,
    RegistryMachine,
    TimersMachine,
    SupervisorMachine,
    IntensityMachine,
    ShutdownMachine,
    DynamicSupervisorMachine,
):
    """Every rule of every chapter that the subject offers, on all of its backends."""

    backend = "mixed"
    chapter = "world"
    needs = GenserverMachine.needs
