"""`letitcrash report`: shows the result of a run again, from the JSON lines that it wrote."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from letitcrash_conformance.console import Screen
from letitcrash_conformance.recorder_reader import Report, read_report
from letitcrash_conformance.render_lines import Line, wrap
from letitcrash_conformance.replay import name_replay
from letitcrash_conformance.report import Detail, render_report
from letitcrash_conformance.results import Finding
from letitcrash_conformance.tally import count_up

__all__ = ["add_command"]

_EXAMPLES = """\
example:
  letitcrash report report.jsonl

A file of a run that was cut off is shown as interrupted, and never as conformant. The exit code is that of the run;
of several files the worst: violation (1), subject error (4), inconclusive or interrupted (3), conformant (0).
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "report",
        help="show a recorded run again",
        description="Show the result of a run from the file that `letitcrash run --json FILE` wrote.",
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
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    screen = Screen(sys.stdout)
    detail: Detail = "quiet" if arguments.quiet else "verbose" if arguments.verbose else "normal"
    reports = [read_report(path) for path in arguments.files]
    codes: list[int] = []
    for number, report in enumerate(reports):
        if number:
            screen.show([Line("")])
        codes.append(_show(report, screen, detail))
    return next((code for code in (1, 4, 3) if code in codes), 0)


def _show(report: Report, screen: Screen, detail: Detail) -> int:
    result = report.result
    if detail != "quiet":
        head = f"{report.path}: {result.subject}, budget {result.budget}, letitcrash {report.suite}, {report.started}"
        screen.show([*wrap(head, width=screen.width, style="bold"), Line("")])
    if not report.is_complete:
        text = "This report has no footer: the run was cut off while it wrote it."
        screen.show([*wrap(text, width=screen.width, style="warn"), Line("")])
    if report.error is not None:
        screen.show([*wrap(f"SUBJECT ERROR: {report.error}", width=screen.width, style="bad"), Line("")])

    def repeat(finding: Finding) -> str:
        if report.replay_dir is None:
            return ""
        return f"letitcrash replay {shlex.quote(str(Path(report.replay_dir) / name_replay(finding)))}"

    tally = count_up(result)
    screen.show(render_report(tally, suite=report.suite, repeat=repeat, detail=detail, width=screen.width))
    return 3 if result.is_interrupted else tally.verdict.exit_code
