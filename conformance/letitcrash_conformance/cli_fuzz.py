"""`letitcrash fuzz`: searches for long, guided by what the programs visit. The fuzzers are loaded when it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from letitcrash_conformance.odds import CHAPTERS

__all__ = ["add_command"]

_EXAMPLES = """\
examples:
  letitcrash fuzz reference --minutes 10 -n 2
  letitcrash fuzz mypackage.harness:MySubject --chapter links,world --instrument mypackage
  letitcrash fuzz --command "./my-harness" --minutes 60 --json fuzz.json
  letitcrash fuzz reference --minutes 600 --cluster tcp://scheduler:8786
  letitcrash fuzz reference --against erlang --chapter links
  letitcrash fuzz reference --chapter links --minimize

What is known is kept in a folder and the same command goes on from there: after Ctrl-C, after a crash of the machine,
or on another day. Each find becomes a replay file, which `letitcrash replay` repeats.

exit codes: 0 nothing found, 1 violation, 2 wrong usage or a file that could not be written, 3 nothing was run,
4 the harness broke, 130 stopped by Ctrl-C after showing what was found
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "fuzz",
        help="search for long, guided by coverage",
        description="Search for violations that chance alone does not meet, for as long as you like.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("subject", nargs="?", metavar="SUBJECT", help="a shipped name or module:attribute")
    parser.add_argument("--command", metavar="WORDS", help="start this harness instead, as a shell would split it")
    parser.add_argument("--minutes", type=float, default=1.0, metavar="N", help="how long (default: 1)")
    parser.add_argument("--runs", type=int, metavar="N", help="end after so many programs at the latest")
    parser.add_argument(
        "-n", "--processes", type=int, default=1, metavar="N", help="how many worker processes (default: 1)"
    )
    parser.add_argument(
        "--cluster",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="work on a cluster of dask.distributed (letitcrash[cluster]): that of a scheduler (tcp://host:8786), or "
        "without an address one of -n processes, started and ended here",
    )
    parser.add_argument(
        "--share",
        action="append",
        metavar="PLACE",
        help="learn from other campaigns and let them learn: a folder, or redis://host:port/number "
        "(letitcrash[redis]); may be given several times",
    )
    parser.add_argument(
        "--against",
        metavar="SUBJECT",
        help="run the same programs on this one too; where they differ, the model says who is right",
    )
    parser.add_argument(
        "--engine",
        metavar="WORD",
        help="how inputs are chosen: guided (default; everywhere), swarm, random, or atheris (letitcrash[fuzz]; for "
        "subjects of this process)",
    )
    parser.add_argument(
        "--chapter", action="append", metavar="WORDS", help=f"search these alone, in turns ({', '.join(CHAPTERS)})"
    )
    parser.add_argument(
        "--backend",
        action="append",
        metavar="WORDS",
        help="backends of the subject, 'mixed' or 'all' (default: its own)",
    )
    parser.add_argument(
        "--instrument",
        action="append",
        metavar="PACKAGES",
        help="packages of this process whose lines guide the search (default: those that the subject names)",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the same seed and one process give the same programs")
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="where the campaign is kept (default: .letitcrash/fuzz/SUBJECT)"
    )
    parser.add_argument(
        "--replay-dir",
        type=Path,
        default=Path(".letitcrash"),
        metavar="DIR",
        help="where each find becomes a replay file (default: .letitcrash)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON at the end")
    parser.add_argument("-q", "--quiet", action="store_true", help="show finds and the report alone")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--minimize", action="store_true", help="only leave out of the corpus what adds nothing")
    instead.add_argument("--input", type=Path, metavar="FILE", help="only run one kept input, and show what it does")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    from letitcrash_fuzz.command import handle

    return handle(arguments)
