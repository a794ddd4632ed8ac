"""`letitcrash report`: shows the result of a run again, from the JSON lines that it wrote."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from letitcrash_conformance.cli_outputs import add_outputs, check_outputs, write_outputs
from letitcrash_conformance.console import Screen
from letitcrash_conformance.recorder_reader import read_report
from letitcrash_conformance.render_lines import Line, wrap
from letitcrash_conformance.report import Detail, render_report
from letitcrash_conformance.report_compare import render_changes
from letitcrash_conformance.report_shown import Shown, prepare

__all__ = ["add_command"]

_EXAMPLES = """\
examples:
  letitcrash report report.jsonl
  letitcrash report before.jsonl after.jsonl --html report.html
  letitcrash report report.jsonl -q --junit junit.xml --markdown summary.md --badge badge.json

Of two files it also says what changed from the first to the second.
A file of a run that was cut off is shown as interrupted, and never as conformant. The exit code is that of the run;
of several files the worst: violation (1), subject error (4), inconclusive or interrupted (3), conformant (0).
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "report",
        help="show recorded runs again, also as a page, JUnit XML, Markdown or a badge",
        description="Show the results of runs from the files that `letitcrash run --json FILE` wrote.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file of JSON lines")
    voice = parser.add_mutually_exclusive_group()
    voice.add_argument("-q", "--quiet", action="store_true", help="show violations and the verdict alone")
    voice.add_argument(
        "-v", "--verbose", action="store_true", help="also list every clause that was not judged, and why"
    )
    add_outputs(parser)
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    check_outputs(arguments, runs=len(arguments.files))
    screen = Screen(sys.stdout, arguments.color)
    detail: Detail = "quiet" if arguments.quiet else "verbose" if arguments.verbose else "normal"
    runs = prepare([read_report(path) for path in arguments.files])
    codes: list[int] = []
    for number, run in enumerate(runs):
        if number:
            screen.show([Line("")])
        codes.append(_show(run, screen, detail))
    if len(runs) == 2 and detail != "quiet":
        screen.show([Line(""), *render_changes(runs[0], runs[1], screen.width)])
    complaints = write_outputs(arguments, runs)
    for complaint in complaints:
        print(f"letitcrash: {complaint}", file=sys.stderr)
    return next((code for code in (1, 4, 3) if code in codes), 2 if complaints or 2 in codes else 0)


def _show(run: Shown, screen: Screen, detail: Detail) -> int:
    report, result = run.report, run.report.result
    if detail != "quiet":
        head = f"{report.path}: {result.subject}, budget {result.budget}, letitcrash {report.suite}, {report.started}"
        screen.show([*wrap(head, width=screen.width, style="bold"), Line("")])
    if not report.is_complete:
        text = "This report has no footer: the run was cut off while it wrote it."
        screen.show([*wrap(text, width=screen.width, style="warn"), Line("")])
    if report.error is not None:
        screen.show([*wrap(f"SUBJECT ERROR: {report.error}", width=screen.width, style="bad"), Line("")])
    lines = render_report(run.tally, suite=report.suite, repeat=run.repeat, detail=detail, width=screen.width)
    screen.show(lines)
    return 3 if result.is_interrupted else run.tally.exit_code
