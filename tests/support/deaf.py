"""A listener for tests that look at the result of a run alone."""

from __future__ import annotations

from letitcrash_conformance.results import Finding, Unit, UnitResult
from letitcrash_spec.hello import Hello

__all__ = ["Deaf"]


class Deaf:
    """Hears everything and does nothing with it."""

    def on_hello(self, hello: Hello) -> None: ...

    def on_unit_started(self, unit: Unit) -> None: ...

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None: ...

    def on_finding(self, finding: Finding) -> None: ...

    def on_unit_finished(self, result: UnitResult) -> None: ...
