"""Directed programs: what a search by chance meets too seldom, one module for each chapter."""

from __future__ import annotations

from collections.abc import Iterator

from letitcrash_conformance.generate import Setting
from letitcrash_conformance.needs import features_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.scenarios import (
    auto_shutdown,
    backends,
    crossings,
    dynamic_supervisor,
    exits,
    genserver,
    histories,
    intensity,
    links,
    monitors,
    orphans,
    phases,
    placings,
    registry,
    repeats,
    repeats_servers,
    shutdown,
    strategies,
    strategies_again,
    strategies_retry,
    supervisor,
    supervisor_admin,
    timers,
    unaided,
    wild,
)
from letitcrash_conformance.scenarios.scenario import Scenario

__all__ = ["ALL", "scenarios_of"]

ALL: tuple[Scenario, ...] = (
    *exits.SCENARIOS,
    *links.SCENARIOS,
    *monitors.SCENARIOS,
    *registry.SCENARIOS,
    *genserver.SCENARIOS,
    *supervisor.SCENARIOS,
    *supervisor_admin.SCENARIOS,
    *strategies.SCENARIOS,
    *strategies_retry.SCENARIOS,
    *strategies_again.SCENARIOS,
    *auto_shutdown.SCENARIOS,
    *intensity.SCENARIOS,
    *shutdown.SCENARIOS,
    *dynamic_supervisor.SCENARIOS,
    *crossings.SCENARIOS,
    *orphans.SCENARIOS,
    *placings.SCENARIOS,
    *timers.SCENARIOS,
    *backends.SCENARIOS,
    *unaided.SCENARIOS,
    *histories.SCENARIOS,
    *phases.SCENARIOS,
    *repeats.SCENARIOS,
    *repeats_servers.SCENARIOS,
    *wild.SCENARIOS,
)
"""Every scenario, in the order of the chapters."""


def scenarios_of(setting: Setting) -> Iterator[tuple[Program, Scenario]]:
    """Return the programs of a chapter for a setting: one for each scenario, or for each order of a mix of backends.

    A scenario is left out where the subject lacks a feature that the program needs.
    """
    for scenario in ALL:
        if scenario.chapter != setting.chapter or scenario.clock not in (None, setting.clock):
            continue
        for turn in range(len(setting.backends)):
            program = scenario.program(setting, turn)
            if features_of(program.operations) <= setting.features:
                yield program, scenario
