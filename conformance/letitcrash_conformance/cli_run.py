"""`letitcrash run`: judges a subject, shows how it goes on, and writes what was found."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shlex
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TextIO

from letitcrash_conformance.cli_listeners import Everybody
from letitcrash_conformance.cli_selection import choose_clauses, split_words
from letitcrash_conformance.console import LiveProgress, PlainProgress, Screen
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.lookup import find_subject
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.plan import BUDGETS, examples_of, plan
from letitcrash_conformance.recorder import Recorder, suite_version
from letitcrash_conformance.render_lines import Line, count
from letitcrash_conformance.replay_keeper import ReplayKeeper
from letitcrash_conformance.report import Detail, render_report
from letitcrash_conformance.results import Listener, RunResult
from letitcrash_conformance.run import run
from letitcrash_conformance.tally import count_up
from letitcrash_spec.hello import Hello

__all__ = ["add_command", "handle"]

_EXAMPLES = """\
examples:
  letitcrash run reference
  letitcrash run mypackage.harness:MySubject --chapter links,monitors --budget deep
  letitcrash run --command "escript harness.erl" --backend all -n 1 --json report.jsonl
  letitcrash run reference --clauses LNK-7,'MON-1*' --seed 7

The subject is a shipped name (reference, erlang), or `module:attribute`: a class, a function without arguments, or an
object, with hello, run and close. Modules of the current folder can be named. A command is started and driven over its
standard input and output, as the protocol page says.
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "run",
        help="judge a subject",
        description="Judge a subject against the clauses.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("subject", nargs="?", metavar="SUBJECT", help="a shipped name or module:attribute")
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
        help="processes that share the work, or auto: one for each core",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON lines, while it happens")
    parser.add_argument(
        "--replay-dir",
        type=Path,
        default=Path(".letitcrash"),
        metavar="DIR",
        help="where each finding becomes a replay file (default: .letitcrash)",
    )
    parser.add_argument("--fail-fast", action="store_true", help="stop after the first unit that found something")
    voice = parser.add_mutually_exclusive_group()
    voice.add_argument("-q", "--quiet", action="store_true", help="show violations and the verdict alone")
    voice.add_argument(
        "-v", "--verbose", action="store_true", help="also list every clause that was not judged, and why"
    )
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code.

    Raises:
        UsageError: If something asked for does not exist.
    """
    clauses = split_words(arguments.clauses)
    chapters, selected = choose_clauses(clauses, split_words(arguments.chapter))
    examples_of(arguments.budget)
    backends = split_words(arguments.backend)
    factory = find_subject(arguments.subject, command=arguments.command)
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    processes = _count_processes(arguments.processes)
    subject = shlex.join(factory.command) if factory.command else factory.text
    screen = Screen(sys.stdout)
    if not arguments.quiet:
        with_processes = f", {count(processes, 'process', 'processes')}"
        words = f"judging {subject}: {count(len(selected), 'clause')}, budget {arguments.budget}, seed {seed}"
        screen.show([Line(f"letitcrash {suite_version()} {words}{with_processes}")])

    def total(hello: Hello) -> int:
        units, _ = plan(hello, chapters=chapters, backends=backends, budget=arguments.budget, seed=seed)
        return sum(unit.examples for unit in units)

    with _open(arguments.json) as file:
        keeper = ReplayKeeper(arguments.replay_dir, subject, factory.command)
        listeners: list[Listener] = [keeper]
        recorder: Recorder | None = None
        if file is not None:
            recorder = Recorder(
                file,
                subject=subject,
                command=factory.command,
                selected=selected,
                budget=arguments.budget,
                seed=seed,
                argv=sys.argv[1:],
                replay_dir=str(arguments.replay_dir),
            )
            listeners.append(recorder)
        progress: PlainProgress | LiveProgress | None = None
        if not arguments.quiet:
            is_lively = screen.is_lively
            progress = LiveProgress(screen, total, is_verbose=arguments.verbose) if is_lively else PlainProgress(screen)
            listeners.append(progress)
        try:
            result = run(
                factory,
                subject=subject,
                selected=selected,
                listener=Everybody(listeners),
                chapters=chapters,
                backends=backends,
                budget=arguments.budget,
                seed=seed,
                processes=processes,
                fail_fast=arguments.fail_fast,
            )
        except SubjectError as error:
            if recorder is not None:
                nothing = RunResult(None, subject, seed, str(arguments.budget), [], selected)
                recorder.finish(nothing, error=str(error))
            raise
        finally:
            if progress is not None:
                progress.close()
        if recorder is not None:
            recorder.finish(result)
    detail: Detail = "quiet" if arguments.quiet else "verbose" if arguments.verbose else "normal"
    return _conclude(result, screen, detail, keeper, recorder, arguments)


def _conclude(
    result: RunResult,
    screen: Screen,
    detail: Detail,
    keeper: ReplayKeeper,
    recorder: Recorder | None,
    arguments: argparse.Namespace,
) -> int:
    tally = count_up(result)
    if detail != "quiet":
        screen.show([Line("")])
    screen.show(render_report(tally, suite=suite_version(), repeat=keeper.repeat, detail=detail, width=screen.width))
    code = 130 if result.is_interrupted else tally.verdict.exit_code
    if keeper.error is not None:
        _warn(f"no replay file could be written into {str(arguments.replay_dir)!r}: {keeper.error.strerror}")
    if recorder is not None and recorder.error is not None:
        _warn(
            f"the report {str(arguments.json)!r} is not complete: {recorder.error.strerror}\n"
            "  make room or name another file, and run again; the verdict above holds"
        )
        code = code or 2
    return code


@contextlib.contextmanager
def _open(path: Path | None) -> Generator[TextIO | None, None, None]:
    """Open the report, before any work is done: a file that cannot be written should be known at once."""
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"expected a file to write to with --json, got {str(path)!r}: {error.strerror}") from None
    try:
        yield file
    finally:
        # What could not be written before cannot be written now; the recorder has said so.
        with contextlib.suppress(OSError):
            file.close()


def _count_processes(words: str) -> int:
    if words == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not words.isdecimal() or int(words) < 1:
        raise UsageError(f"expected a number of processes above zero, or 'auto', with -n, got {words!r}")
    return int(words)


def _warn(text: str) -> None:
    print(f"letitcrash: {text}", file=sys.stderr)
