"""`letitcrash run`: judges a subject, shows how it goes on, and writes what was found."""

from __future__ import annotations

import argparse
import contextlib
import random
import shlex
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from letitcrash_conformance.cli_listeners import Everybody
from letitcrash_conformance.cli_outputs import add_outputs, check_outputs, write_outputs
from letitcrash_conformance.cli_selection import choose_clauses, split_words
from letitcrash_conformance.config_options import add_config_options, find_named, folder_of, traced
from letitcrash_conformance.console import LiveProgress, PlainProgress, Screen
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.known import NOTHING, Known
from letitcrash_conformance.known_file import read_known
from letitcrash_conformance.lookup import SubjectFactory
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.plan import BUDGETS, examples_of, plan
from letitcrash_conformance.recorder import Recorder, suite_version
from letitcrash_conformance.recorder_reader import Report
from letitcrash_conformance.render_lines import Line, count
from letitcrash_conformance.replay_keeper import ReplayKeeper
from letitcrash_conformance.report import Detail, render_report
from letitcrash_conformance.report_shown import prepare
from letitcrash_conformance.results import Listener, RunResult
from letitcrash_conformance.run import run
from letitcrash_conformance.simulation.schedule import TIERS, Tier
from letitcrash_conformance.simulation.threads import require_greenlet
from letitcrash_conformance.tally import count_up
from letitcrash_spec.hello import Hello

__all__ = ["Order", "add_command", "add_options", "handle", "name_subject"]

_EXAMPLES = """\
examples:
  letitcrash run reference
  letitcrash run mypackage.harness:MySubject --chapter links,monitors --budget deep
  letitcrash run --command "escript harness.erl" --backend all -n 1 --json report.jsonl
  letitcrash run reference --clauses LNK-7,'MON-1*' --seed 7

The subject is a shipped name (reference, erlang, elixir), or `module:attribute`: a class, a function without arguments,
or an object, with hello, run and close. Modules of the current folder can be named. A command is started and driven
over its standard input and output, as the protocol page says.
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
    add_options(parser)
    parser.set_defaults(handler=handle)


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
        "-x", "--fail-fast", action="store_true", help="stop after the first piece of work that found something"
    )
    parser.add_argument(
        "--strict", action="store_true", help="an inconclusive run is a failure, too (exit code 1 instead of 3)"
    )
    add_outputs(parser)
    add_config_options(parser)
    voice = parser.add_mutually_exclusive_group()
    voice.add_argument("-q", "--quiet", action="store_true", help="show violations and the verdict alone")
    voice.add_argument(
        "-v", "--verbose", action="store_true", help="also list every clause that was not judged, and why"
    )


@dataclass(frozen=True, slots=True)
class Order:
    """What a command line asks for, checked.

    Attributes:
        factory: Makes the subject.
        subject: How it was named.
        chapters: Chapters to run; None for all.
        selected: Ids of the clauses to judge.
        backends: Backends to run on; None for all.
        budget: The budget.
        seed: The seed, drawn if none was given.
        processes: How many processes share the work; None leaves it to the run.
        detail: How much to say.
        threads: How to run threads on drawn schedules; None for not at all.
        known: Failures that are known.
    """

    factory: SubjectFactory
    subject: str
    chapters: tuple[str, ...] | None
    selected: frozenset[str]
    backends: list[str] | None
    budget: str
    seed: int
    processes: int | None
    detail: Detail
    threads: Tier | None = None
    known: Known = NOTHING

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Order:
        """Check a command line.

        Raises:
            UsageError: If something asked for does not exist.
        """
        chapters, selected = choose_clauses(split_words(arguments.clauses), split_words(arguments.chapter))
        examples_of(arguments.budget)
        factory = find_named(arguments.settings, arguments.subject, arguments.command, folder=folder_of(arguments))
        if arguments.schedules != TIERS[0]:
            require_greenlet()
        return cls(
            factory=factory,
            subject=name_subject(factory),
            chapters=chapters,
            selected=selected,
            backends=split_words(arguments.backend),
            budget=arguments.budget,
            seed=random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed,
            processes=_count_processes(arguments.processes),
            threads=None if arguments.schedules == TIERS[0] else arguments.schedules,
            known=read_known(arguments.known),
            detail="quiet" if arguments.quiet else "verbose" if arguments.verbose else "normal",
        )

    def describe(self) -> Line:
        """Return the first line of a run: enough to run it again."""
        what = f"{self.subject}: {count(len(self.selected), 'clause')}, budget {self.budget}, seed {self.seed}"
        shared = "" if self.processes is None else f", {count(self.processes, 'process', 'processes')}"
        return Line(f"letitcrash {suite_version()} judging {what}{shared}")

    def count_examples(self, hello: Hello) -> int:
        """Return how many programs a subject will be given, scenarios left out."""
        units, _ = plan(hello, chapters=self.chapters, backends=self.backends, budget=self.budget, seed=self.seed)
        return sum(unit.examples for unit in units)

    def run(self, listener: Listener, *, fail_fast: bool) -> RunResult:
        """Run it."""
        return run(
            self.factory,
            subject=self.subject,
            selected=self.selected,
            listener=listener,
            chapters=self.chapters,
            backends=self.backends,
            budget=self.budget,
            seed=self.seed,
            processes=self.processes,
            fail_fast=fail_fast,
            threads=self.threads,
            known=self.known,
        )


def name_subject(factory: SubjectFactory) -> str:
    """Return how a subject is named: a command in its words, anything else as it was written."""
    is_bare = factory.command and factory.text == " ".join(factory.command)
    return shlex.join(factory.command) if is_bare else factory.text


def handle(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code.

    Raises:
        UsageError: If something asked for does not exist.
        SubjectError: If the subject cannot be started.
    """
    check_outputs(arguments)
    with traced(arguments):
        order = Order.of(arguments)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    screen = Screen(sys.stdout, arguments.color)
    keeper = ReplayKeeper(arguments.replay_dir, order.subject, order.factory.command)
    with _open(arguments.json) as file:
        recorder = None if file is None else _make_recorder(file, order, arguments.replay_dir)
        progress = _make_progress(screen, order)
        if progress is not None:
            screen.show([order.describe()])
        everybody = Everybody([each for each in (keeper, recorder, progress) if each is not None])
        try:
            result = order.run(everybody, fail_fast=arguments.fail_fast)
        except SubjectError as error:
            nothing = RunResult(None, order.subject, order.seed, order.budget, [], order.selected)
            if recorder is not None:
                recorder.finish(nothing, error=str(error))
            _write(arguments, nothing, keeper, started, error=str(error))
            raise
        finally:
            if progress is not None:
                progress.close()
        if recorder is not None:
            recorder.finish(result)
    tally = count_up(result)
    lines = render_report(tally, suite=suite_version(), repeat=keeper.repeat, detail=order.detail, width=screen.width)
    screen.show(lines if order.detail == "quiet" else [Line(""), *lines])
    code = 130 if result.is_interrupted else tally.exit_code
    if not _write(arguments, result, keeper, started):
        code = code or 2
    if keeper.error is not None:
        _warn(f"no replay file could be written into {str(arguments.replay_dir)!r}: {keeper.error.strerror}")
    if recorder is not None and recorder.error is not None:
        _warn(
            f"the report {str(arguments.json)!r} is not complete: {recorder.error.strerror}\n"
            "  make room or name another file, and run again; the verdict above holds"
        )
        code = code or 2
    return code


def _write(
    arguments: argparse.Namespace, result: RunResult, keeper: ReplayKeeper, started: str, *, error: str | None = None
) -> bool:
    """Write the files that were asked for. Returns whether all of them could be written."""
    report = Report(
        arguments.json or Path("this run"), result, suite_version(), started, str(arguments.replay_dir), error=error
    )
    complaints = write_outputs(arguments, prepare([report], keeper.repeat))
    for complaint in complaints:
        _warn(complaint)
    return not complaints


def _make_recorder(file: TextIO, order: Order, replay_dir: Path) -> Recorder:
    return Recorder(
        file,
        subject=order.subject,
        command=order.factory.command,
        selected=order.selected,
        budget=order.budget,
        seed=order.seed,
        argv=sys.argv[1:],
        replay_dir=str(replay_dir),
        known=order.known,
    )


def _make_progress(screen: Screen, order: Order) -> PlainProgress | LiveProgress | None:
    if order.detail == "quiet":
        return None
    if screen.is_lively:
        return LiveProgress(screen, order.count_examples, is_verbose=order.detail == "verbose")
    return PlainProgress(screen)


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


def _count_processes(words: str) -> int | None:
    if words == "auto":
        return None
    if not words.isdecimal() or int(words) < 1:
        raise UsageError(f"expected a number of processes above zero, or 'auto', with -n, got {words!r}")
    return int(words)


def _warn(text: str) -> None:
    print(f"letitcrash: {text}", file=sys.stderr)
