"""Faulty implementations: the reference with one fault each. The suite must catch every one and name its clause."""

from __future__ import annotations

from tests.conformance.mutants import (
    backends,
    backends_mixed,
    exits,
    genserver,
    genserver_life,
    links,
    monitors,
    registry,
    timers,
)
from tests.conformance.mutants.plant import Mutant

__all__ = ["ALL"]

ALL: tuple[Mutant, ...] = (
    *exits.MUTANTS,
    *links.MUTANTS,
    *monitors.MUTANTS,
    *registry.MUTANTS,
    *genserver.MUTANTS,
    *genserver_life.MUTANTS,
    *timers.MUTANTS,
    *backends.MUTANTS,
    *backends_mixed.MUTANTS,
)
"""All mutants, chapter by chapter."""
