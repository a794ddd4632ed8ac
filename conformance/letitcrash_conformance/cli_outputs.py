"""The files that commands write beside what they show: JUnit XML, Markdown, a badge, the page."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from letitcrash_conformance.badge import build_badge
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.junit import build_junit
from letitcrash_conformance.markdown import build_markdown
from letitcrash_conformance.page.document import build_page
from letitcrash_conformance.report_shown import Shown

__all__ = ["add_outputs", "check_outputs", "write_outputs"]

_KINDS: dict[str, tuple[Callable[[Sequence[Shown]], str], str]] = {
    "html": (build_page, "one page with everything, which needs no network"),
    "junit": (build_junit, "JUnit XML: a test case for each clause"),
    "markdown": (build_markdown, "Markdown, for the summary of a job"),
    "badge": (lambda runs: build_badge(runs[0]), "JSON for a badge of shields.io"),
}


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add an option for each kind of file."""
    group = parser.add_argument_group("files to write")
    for kind, (_, what) in _KINDS.items():
        group.add_argument(f"--{kind}", type=Path, metavar="FILE", help=what)


def check_outputs(arguments: argparse.Namespace, *, runs: int = 1) -> None:
    """Refuse files that could not be written, before any work is done.

    Args:
        arguments: The command line.
        runs: How many runs are to be shown.

    Raises:
        UsageError: If a folder is missing, a file is a folder or is named twice, or a badge is asked for several runs.
    """
    if arguments.badge is not None and runs > 1:
        raise UsageError(f"expected one report with --badge, got {runs}\n  a badge shows the verdict of one run")
    seen: dict[Path, str] = {}
    for kind in (*_KINDS, "json"):
        path: Path | None = getattr(arguments, kind, None)
        if path is None:
            continue
        if path.is_dir():
            raise UsageError(f"expected a file to write to with --{kind}, got the folder {str(path)!r}")
        if not path.parent.is_dir():
            what = f"expected a file to write to with --{kind}, got {str(path)!r}"
            raise UsageError(f"{what}: there is no folder {str(path.parent)!r}")
        other = seen.setdefault(path.resolve(), kind)
        if other != kind:
            raise UsageError(f"expected a file for each of --{other} and --{kind}, got {str(path)!r} for both")


def write_outputs(arguments: argparse.Namespace, runs: Sequence[Shown]) -> list[str]:
    """Write what was asked for, and return a complaint for each file that could not be written."""
    complaints: list[str] = []
    for kind, (build, _) in _KINDS.items():
        path: Path | None = getattr(arguments, kind)
        if path is None:
            continue
        text, is_new = build(runs), not path.exists()
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            if is_new:  # half a file is worse than none
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            complaints.append(f"no {kind} file could be written to {str(path)!r}: {error.strerror or error}")
    return complaints
