"""Faulty implementations: the reference with one fault each. The suite must catch every one and name its clause."""

from __future__ import annotations

from tests.conformance.mutants import (
    auto_shutdown,
    backends,
    backends_mixed,
    dynamic_supervisor,
    dynamic_supervisor_children,
    exits,
    genserver,
    genserver_life,
    intensity,
    links,
    monitors,
    more_children,
    more_corners,
    more_groups,
    more_paths,
    more_servers,
    more_signals,
    red_backends,
    red_exits,
    red_links,
    red_monitors,
    red_registry,
    red_servers,
    red_timers,
    red_tree_counts,
    red_tree_ends,
    red_tree_restarts,
    registry,
    shutdown,
    shutdown_time,
    strategies,
    strategies_groups,
    strategies_retry,
    supervisor,
    supervisor_admin,
    supervisor_life,
    supervisor_telling,
    timers,
    wild_servers,
    wild_trees,
)
from tests.conformance.mutants.plant import Mutant

__all__ = ["ALL", "RED", "TREES", "WILD"]

TREES: tuple[Mutant, ...] = (
    *supervisor.MUTANTS,
    *supervisor_admin.MUTANTS,
    *supervisor_telling.MUTANTS,
    *supervisor_life.MUTANTS,
    *strategies.MUTANTS,
    *strategies_groups.MUTANTS,
    *strategies_retry.MUTANTS,
    *auto_shutdown.MUTANTS,
    *intensity.MUTANTS,
    *shutdown.MUTANTS,
    *shutdown_time.MUTANTS,
    *dynamic_supervisor.MUTANTS,
    *dynamic_supervisor_children.MUTANTS,
    *more_children.MUTANTS,
    *more_groups.MUTANTS,
    *more_paths.MUTANTS,
    *red_tree_restarts.MUTANTS,
    *red_tree_counts.MUTANTS,
    *red_tree_ends.MUTANTS,
)
"""The mutants of the chapters of supervision."""

RED: tuple[Mutant, ...] = (
    *red_exits.MUTANTS,
    *red_links.MUTANTS,
    *red_monitors.MUTANTS,
    *red_registry.MUTANTS,
    *red_servers.MUTANTS,
    *red_timers.MUTANTS,
    *red_backends.MUTANTS,
)
"""What attackers of all other chapters thought of without having seen the suite."""

WILD: tuple[Mutant, ...] = (*wild_servers.MUTANTS, *wild_trees.MUTANTS)
"""What was reported of real runtimes and was not planted before; docs/wild.md tells where."""

ALL: tuple[Mutant, ...] = (
    *exits.MUTANTS,
    *links.MUTANTS,
    *monitors.MUTANTS,
    *registry.MUTANTS,
    *genserver.MUTANTS,
    *genserver_life.MUTANTS,
    *more_signals.MUTANTS,
    *more_servers.MUTANTS,
    *more_corners.MUTANTS,
    *TREES,
    *timers.MUTANTS,
    *backends.MUTANTS,
    *backends_mixed.MUTANTS,
    *RED,
    *WILD,
)
"""All mutants, chapter by chapter."""
