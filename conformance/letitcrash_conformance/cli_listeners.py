"""Lets several listeners hear one run."""

from __future__ import annotations

from collections.abc import Sequence

from letitcrash_conformance.results import Finding, Listener, Unit, UnitResult
from letitcrash_spec.hello import Hello

__all__ = ["Everybody"]


class Everybody:
    """A listener that tells several others, in their order."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners

    def on_hello(self, hello: Hello) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener.on_hello(hello)

    def on_unit_started(self, unit: Unit) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener.on_unit_started(unit)

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener.on_progress(unit, examples, operations)

    def on_finding(self, finding: Finding) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener.on_finding(finding)

    def on_unit_finished(self, result: UnitResult) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener.on_unit_finished(result)
