"""Keeps each finding of a run as a replay file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from letitcrash_conformance.replay import name_replay, write_replay
from letitcrash_conformance.report import repeat_command
from letitcrash_conformance.results import Finding, Unit, UnitResult
from letitcrash_spec.hello import Hello

__all__ = ["ReplayKeeper"]


class ReplayKeeper:
    """A listener that writes each finding into a folder as a replay file.

    Attributes:
        error: Why a file could not be written, or None.
    """

    def __init__(self, folder: Path, subject: str, command: Sequence[str] = ()) -> None:
        """Write nothing yet.

        Args:
            folder: Where to write; made with the first finding.
            subject: How the subject was named; empty if it cannot be named.
            command: The words of its command, if it is one.
        """
        self.error: OSError | None = None
        self._folder = folder
        self._subject = subject
        self._command = tuple(command)
        self._hello: Hello | None = None
        self._written: dict[str, Path] = {}

    def repeat(self, finding: Finding) -> str:
        """Return the command that repeats a finding."""
        name = name_replay(finding)
        if name in self._written:
            override = "" if self._subject else " --subject module:attribute"
            return f"letitcrash replay {shlex.quote(str(self._written[name]))}{override}"
        budget = str(max(finding.example + 1, 1))
        return repeat_command(finding, subject=self._subject, is_command=bool(self._command), budget=budget)

    def keep(self, finding: Finding, path: Path) -> None:
        """Remember that a file holds the finding already."""
        self._written[name_replay(finding)] = path

    def on_hello(self, hello: Hello) -> None:
        """Remember who is judged."""
        self._hello = hello

    def on_unit_started(self, unit: Unit) -> None:
        """Do nothing."""

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        """Do nothing."""

    def on_finding(self, finding: Finding) -> None:
        """Write the finding, unless it is in a file already."""
        if self._hello is None or name_replay(finding) in self._written:
            return
        try:
            path = write_replay(self._folder, finding, hello=self._hello, subject=self._subject, command=self._command)
        except OSError as error:
            self.error = error
        else:
            self._written[path.name] = path

    def on_unit_finished(self, result: UnitResult) -> None:
        """Do nothing."""
