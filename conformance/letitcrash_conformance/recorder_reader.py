"""Reads the JSON lines of a run back: tolerant of an end that is missing, strict about everything else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.known import NOTHING
from letitcrash_conformance.known_records import load_known
from letitcrash_conformance.recorder import FORMAT, FORMAT_VERSION
from letitcrash_conformance.recorder_fields import Fields
from letitcrash_conformance.recorder_records import load_finding, load_unit_result
from letitcrash_conformance.results import Finding, RunResult, Unit, UnitResult
from letitcrash_spec.catalogue import load_clauses

__all__ = ["Report", "read_report"]


@dataclass(frozen=True, slots=True)
class Report:
    """A run, read from a file.

    Attributes:
        path: The file.
        result: The run. Without a footer it is interrupted.
        suite: Version of the suite that wrote it.
        started: When it began, ISO 8601 with its zone.
        replay_dir: Where its replay files were written, or None.
        is_complete: Whether there is a footer.
        error: Why the subject could not be run at all, or None.
    """

    path: Path
    result: RunResult
    suite: str
    started: str
    replay_dir: str | None
    is_complete: bool = True
    error: str | None = None


def read_report(path: Path) -> Report:
    """Read the file that `--json` wrote.

    Raises:
        UsageError: If it cannot be read or is not such a file; the message names the line.
    """
    lines = _read_lines(path)
    header = _read_header(lines, path)
    result = RunResult(
        hello=None,
        subject=header.text("subject"),
        seed=header.whole("seed", least=None),
        budget=header.text("budget"),
        units=[],
        selected=_read_selected(header),
        known=load_known(header.inner("known")) if header.has("known") else NOTHING,
    )
    early: dict[Unit, list[Finding]] = {}
    footer: Fields | None = None
    for fields in lines[1:]:
        if footer is not None:
            raise UsageError(f"expected nothing after the footer, got {fields.where}\n{_ADVICE}")
        kind = fields.text("kind")
        if kind == "hello":
            result.hello = fields.hello("hello")
        elif kind == "finding":
            finding = load_finding(fields)
            early.setdefault(finding.found_in, []).append(finding)
        elif kind == "unit":
            unit_result = load_unit_result(fields)
            early.pop(unit_result.unit, None)
            result.units.append(unit_result)
        elif kind == "footer":
            footer = fields
        else:
            raise fields.broken("kind", "hello, finding, unit or footer")
    result.units.extend(UnitResult(unit, findings=findings) for unit, findings in early.items())
    error: str | None = None
    if footer is None:
        result.is_interrupted = True
        result.seconds = sum(unit.seconds for unit in result.units)
    else:
        result.is_interrupted = footer.truth("interrupted")
        result.seconds = footer.number("seconds")
        error = footer.text("error") if footer.has("error") else None
    return Report(
        path=path,
        result=result,
        suite=header.text("suite"),
        started=header.text("started"),
        replay_dir=header.text("replay_dir") if header.has("replay_dir") else None,
        is_complete=footer is not None,
        error=error,
    )


_ADVICE = "  a report is what `letitcrash run SUBJECT --json FILE` writes, one run in each file"


def _read_lines(path: Path) -> list[Fields]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"expected a report in {str(path)!r}, could not read it: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        what = f"expected UTF-8 text in {str(path)!r}, got byte {error.start} that is none"
        raise UsageError(f"{what}\n{_ADVICE}") from None
    rows = text.split("\n")
    found: list[Fields] = []
    for number, row in enumerate(rows, 1):
        where = f"line {number} of {path}"
        if not row.strip():
            continue
        try:
            value: Any = json.loads(row)
        except (ValueError, RecursionError) as error:
            if number == len(rows) and found:
                break  # the run was cut off while it wrote this line
            raise UsageError(f"expected JSON in {where}, got {row[:60]!r}: {error}\n{_ADVICE}") from None
        found.append(Fields(value, where))
    if not found:
        raise UsageError(f"expected a report in {str(path)!r}, got an empty file\n{_ADVICE}")
    return found


def _read_header(lines: list[Fields], path: Path) -> Fields:
    header = lines[0]
    if header.data.get("kind") != "header" or header.data.get("format") != FORMAT:
        raise UsageError(f"expected the header of a {FORMAT} in {header.where}, got {str(header.data)[:80]}\n{_ADVICE}")
    if header.data.get("version") != FORMAT_VERSION:
        raise UsageError(
            f"expected version {FORMAT_VERSION} of {FORMAT}, got {header.data.get('version')!r} in {path}\n"
            f"  it was written by letitcrash {header.data.get('suite')}; read it with that version"
        )
    return header


def _read_selected(header: Fields) -> frozenset[str]:
    selected = header.texts("selected")
    known = load_clauses()
    if strangers := [clause for clause in selected if clause not in known]:
        raise UsageError(
            f"expected clauses of the catalogue in {header.where}, got {strangers[0]!r}\n"
            f"  it was written by letitcrash {header.data.get('suite')}; read it with that version"
        )
    return frozenset(selected)
