"""What can be said of a run on the command line, or in the file of settings."""

from __future__ import annotations

import argparse
from pathlib import Path

from letitcrash_conformance.cli_outputs import add_outputs
from letitcrash_conformance.config_options import add_config_options
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.plan import BUDGETS
from letitcrash_conformance.simulation.schedule import TIERS

__all__ = ["add_options"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add everything that can be said of a run."""
    parser.add_argument(
        "subject",
        nargs="?",
        metavar="SUBJECT",
        help="a shipped name, a name that the settings give, or module:attribute",
    )
    parser.add_argument("--command", metavar="WORDS", help="start this harness instead, as a shell would split it")
    parser.add_argument(
        "--clauses",
        action="append",
        metavar="IDS",
        help="judge these alone: ids, chapters or patterns, with commas; a break of another clause is only counted",
    )
    parser.add_argument(
        "--chapter",
        action="append",
        metavar="WORDS",
        help=f"run these alone ({', '.join(CHAPTERS)}) and judge their clauses; world is the mix of all",
    )
    parser.add_argument(
        "--backend",
        action="append",
        metavar="NAME",
        help="run on this backend of the subject, on 'mixed' (drawn for each process), or on 'all' (the default)",
    )
    budgets = ", ".join(f"{name} ({number})" for name, number in BUDGETS.items())
    parser.add_argument(
        "--budget",
        default="default",
        metavar="SIZE",
        help=f"programs for each chapter on each backend: {budgets}, or a number",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="repeat the search of an earlier run (drawn if left out)")
    parser.add_argument(
        "-n",
        "--processes",
        default="auto",
        metavar="N",
        help="processes that share the work, or auto: one for each core, and more where the subject's clock makes"
        " them wait",
    )
    parser.add_argument(
        "--schedules",
        choices=TIERS,
        default=TIERS[0],
        help="for subjects of this process, draw who runs next: among tasks of simulated loops (always), also among "
        "threads where they synchronise, or even between their lines (these two need letitcrash[simulation])",
    )
    parser.add_argument("--known", type=Path, metavar="FILE", help="failures that are known (`letitcrash baseline`)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON lines, while it happens")
    parser.add_argument(
        "--replay-dir",
        type=Path,
        default=Path(".letitcrash"),
        metavar="DIR",
        help="where each finding becomes a replay file (default: .letitcrash)",
    )
    parser.add_argument(
        "-x",
        "--fail-fast",
        action="store_true",
        help="stop after the first piece of work that found something or broke the harness",
    )
    parser.add_argument(
        "--strict", action="store_true", help="an inconclusive run is a failure, too (exit code 1 instead of 3)"
    )
    parser.add_argument(
        "--skip-stored", action="store_true", help="do not repeat the programs of the replay folder before the search"
    )
    parser.add_argument("--list", action="store_true", help="show what would be checked, and check nothing")
    add_outputs(parser)
    add_config_options(parser)
    voice = parser.add_mutually_exclusive_group()
    voice.add_argument("-q", "--quiet", action="store_true", help="show violations and the verdict alone")
    voice.add_argument(
        "-v", "--verbose", action="store_true", help="also list every clause that was not judged, and why"
    )
