"""Machine of the chapter backends: processes of different backends in one world."""

from __future__ import annotations

from letitcrash_conformance.machines.genserver import GenserverMachine
from letitcrash_conformance.machines.links import LinksMachine
from letitcrash_conformance.machines.monitors import MonitorsMachine

__all__ = ["BackendsMachine"]


class BackendsMachine(GenserverMachine, LinksMachine, MonitorsMachine):
    """Processes on all backends of a subject that call, link and watch each other across them."""

    backend = "mixed"
    needs = GenserverMachine.needs
