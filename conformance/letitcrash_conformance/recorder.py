"""Writes a run as JSON lines while it goes on: a header, a line for each thing that happened, a footer.

Every line is one object with a `kind`: `header` first, then `hello`, `finding` and `unit` in the order in which they
happened, and `footer` last. A file without a footer is the file of a run that was cut off.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TextIO

from letitcrash_conformance.known import NOTHING, Known
from letitcrash_conformance.known_records import dump_known
from letitcrash_conformance.recorder_fields import dump_hello
from letitcrash_conformance.recorder_records import dump_finding, dump_unit_result
from letitcrash_conformance.results import Finding, RunResult, Unit, UnitResult
from letitcrash_conformance.tally import Status, count_up
from letitcrash_spec.catalogue import sort_key
from letitcrash_spec.hello import Hello

__all__ = ["FORMAT", "FORMAT_VERSION", "Recorder", "suite_version"]

FORMAT = "letitcrash-report"
FORMAT_VERSION = 1


def suite_version() -> str:
    """Return the version of this suite."""
    try:
        return version("letitcrash")
    except PackageNotFoundError:  # pragma: no cover - run from sources that were never installed
        return "unknown"


class Recorder:
    """A listener that writes what it hears to a file, each line at once.

    A write that fails (a full disk) ends the recording and never the run; `error` says why.

    Attributes:
        error: Why the file is not complete, or None.
    """

    def __init__(
        self,
        file: TextIO,
        *,
        subject: str,
        command: Sequence[str] = (),
        selected: frozenset[str],
        budget: str,
        seed: int,
        argv: Sequence[str] = (),
        replay_dir: str | None = None,
        known: Known = NOTHING,
    ) -> None:
        """Write the header.

        Args:
            file: Where to write; stays open.
            subject: How the subject was named.
            command: The words of its command, if it is one.
            selected: The clauses to judge.
            budget: The budget as it was asked for.
            seed: The seed of the run.
            argv: The command line of the run.
            replay_dir: Where replay files are written, or None.
            known: Failures that are known.
        """
        self.error: OSError | None = None
        self._file = file
        self._written: list[UnitResult] = []
        self._write(
            "header",
            format=FORMAT,
            version=FORMAT_VERSION,
            suite=suite_version(),
            python=platform.python_version(),
            platform=platform.platform(terse=True),
            subject=subject,
            command=list(command),
            budget=budget,
            seed=seed,
            argv=list(argv),
            replay_dir=replay_dir,
            started=_now(),
            selected=sorted(selected, key=sort_key),
            **({"known": dump_known(known)} if known.entries else {}),
        )

    def on_hello(self, hello: Hello) -> None:
        """Write what the subject said of itself."""
        self._write("hello", hello=dump_hello(hello))

    def on_unit_started(self, unit: Unit) -> None:
        """Write nothing."""

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        """Write nothing."""

    def on_finding(self, finding: Finding) -> None:
        """Write the finding, so that it outlives a run that is killed."""
        self._write("finding", **dump_finding(finding))

    def on_unit_finished(self, result: UnitResult) -> None:
        """Write what the unit brought."""
        self._written.append(result)
        self._write("unit", **dump_unit_result(result))

    def finish(self, result: RunResult, *, error: str | None = None) -> None:
        """Write what was not written yet, and the footer.

        Args:
            result: The whole run.
            error: Why the subject could not be run at all, or None.
        """
        for unit_result in result.units:
            if not any(unit_result is written for written in self._written):
                self.on_unit_finished(unit_result)
        tally = count_up(result)
        self._write(
            "footer",
            verdict=tally.verdict.value,
            exit_code=tally.exit_code,
            interrupted=result.is_interrupted,
            error=error,
            seconds=round(result.seconds, 3),
            operations=tally.operations,
            examples=tally.examples,
            clauses={status.value: tally.counts[status] for status in Status},
            violations=[finding.violation.clause for finding in tally.violations],
            flaky=[finding.violation.clause for finding in tally.flaky],
            known=[finding.violation.clause for finding in tally.known],
            baseline=[f"{each.entry.id} {each.what}" for each in tally.complaints],
            ended=_now(),
        )

    def _write(self, kind: str, **fields: Any) -> None:
        if self.error is not None:
            return
        try:
            self._file.write(json.dumps({"kind": kind, **fields}, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as error:
            self.error = error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
