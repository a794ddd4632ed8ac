"""Deterministic simulation: an event loop, and threads, whose schedule is drawn, recorded and replayed."""

from __future__ import annotations

from letitcrash_conformance.simulation.loop import SimLoop
from letitcrash_conformance.simulation.schedule import CLOCK, Schedule, format_decisions, parse_decisions
from letitcrash_conformance.simulation.stuck import Deadlock, Livelock, Stuck

__all__ = ["CLOCK", "Deadlock", "Livelock", "Schedule", "SimLoop", "Stuck", "format_decisions", "parse_decisions"]
