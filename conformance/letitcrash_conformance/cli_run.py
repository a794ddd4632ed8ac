"""`letitcrash run`: judges a subject, shows how it goes on, and writes what was found."""

from __future__ import annotations

import argparse
import contextlib
import random
import shlex
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from letitcrash_conformance.cli_corpus import Remembering, Stored, repeat_stored
from letitcrash_conformance.cli_list import render_list, require_something
from letitcrash_conformance.cli_listeners import Everybody
from letitcrash_conformance.cli_options import add_options
from letitcrash_conformance.cli_outputs import check_outputs, write_outputs
from letitcrash_conformance.cli_selection import choose_clauses, split_words
from letitcrash_conformance.config_options import find_named, folder_of, traced
from letitcrash_conformance.console import LiveProgress, PlainProgress, Screen
from letitcrash_conformance.corpus import Corpus, load_corpus
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.known import NOTHING, Known
from letitcrash_conformance.known_file import read_known
from letitcrash_conformance.lookup import SubjectFactory
from letitcrash_conformance.plan import examples_of, plan
from letitcrash_conformance.recorder import Recorder, suite_version
from letitcrash_conformance.recorder_reader import Report
from letitcrash_conformance.render_lines import Line, count
from letitcrash_conformance.replay_keeper import ReplayKeeper
from letitcrash_conformance.report import Detail, render_report
from letitcrash_conformance.report_shown import prepare
from letitcrash_conformance.results import Listener, RunResult, Unit, UnitResult, Verdict
from letitcrash_conformance.run import run
from letitcrash_conformance.simulation.schedule import TIERS, Tier
from letitcrash_conformance.simulation.threads import require_greenlet
from letitcrash_conformance.tally import count_up
from letitcrash_spec.hello import Hello

__all__ = ["Order", "add_command", "handle", "name_subject"]

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
        asked: The words that chose the clauses; empty for all of them.
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
    asked: str = ""

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
            asked=", ".join([*(arguments.clauses or ()), *(arguments.chapter or ())]),
            detail="quiet" if arguments.quiet else "verbose" if arguments.verbose else "normal",
        )

    def describe(self) -> Line:
        """Return the first line of a run: enough to run it again."""
        what = f"{self.subject}: {count(len(self.selected), 'clause')}, budget {self.budget}, seed {self.seed}"
        shared = "" if self.processes is None else f", {count(self.processes, 'process', 'processes')}"
        return Line(f"letitcrash {suite_version()} judging {what}{shared}")

    def plan(self, hello: Hello) -> tuple[list[Unit], list[tuple[Unit, str]]]:
        """Return the units to run on a subject, and those that it does not support, each with the reason."""
        return plan(hello, chapters=self.chapters, backends=self.backends, budget=self.budget, seed=self.seed)

    def count_examples(self, hello: Hello) -> int:
        """Return how many programs a subject will be given, scenarios left out."""
        return sum(unit.examples for unit in self.plan(hello)[0])

    def find_stored(self, folder: Path) -> Corpus:
        """Return the stored programs that belong to it."""
        return load_corpus(
            folder,
            subject=self.subject,
            command=self.factory.command,
            selected=self.selected,
            backends=self.backends,
        )

    def result(self, hello: Hello | None = None, units: Sequence[UnitResult] = ()) -> RunResult:
        """Return the result of a run that came no further than these units."""
        return RunResult(hello, self.subject, self.seed, self.budget, [*units], self.selected, known=self.known)

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
    if arguments.list:
        return _list(order, arguments)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    screen = Screen(sys.stdout, arguments.color)
    keeper = ReplayKeeper(arguments.replay_dir, order.subject, order.factory.command)
    with _open(arguments.json) as file:
        recorder = None if file is None else _make_recorder(file, order, arguments.replay_dir)
        progress = _make_progress(screen, order)
        if progress is not None:
            screen.show([order.describe()])
        try:
            result = _run(order, arguments, keeper, recorder, progress, screen)
        except SubjectError as error:
            nothing = order.result()
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
    if arguments.fail_fast and (tally.violations or tally.flaky):
        screen.show([Line("stopped at the first failure (--fail-fast): what was not reached is not judged", "warn")])
    code = 130 if result.is_interrupted else tally.exit_code
    if arguments.strict and code == Verdict.INCONCLUSIVE.exit_code:
        screen.show([Line("strict: an inconclusive run counts as a failure (exit code 1)", "bad")])
        code = Verdict.VIOLATION.exit_code
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


def _list(order: Order, arguments: argparse.Namespace) -> int:
    """Show what a run would do."""
    subject = order.factory()
    try:
        hello = subject.hello
    finally:
        subject.close()
    require_something(hello, order.selected, order.plan(hello), order.asked)
    corpus = Corpus() if arguments.skip_stored else order.find_stored(arguments.replay_dir)
    screen = Screen(sys.stdout, arguments.color)
    screen.show(
        render_list(hello, order.result(hello), order.plan(hello), corpus, detail=order.detail, width=screen.width)
    )
    return 0


def _run(
    order: Order,
    arguments: argparse.Namespace,
    keeper: ReplayKeeper,
    recorder: Recorder | None,
    progress: PlainProgress | LiveProgress | None,
    screen: Screen,
) -> RunResult:
    """Repeat what is stored, then run."""
    stored = Stored()
    is_interrupted = False
    corpus = Corpus() if arguments.skip_stored else order.find_stored(arguments.replay_dir)
    try:
        repeat_stored(
            stored,
            corpus,
            order.factory,
            keeper,
            None if progress is None else screen,
            selected=order.selected,
            known=order.known,
            folder=arguments.replay_dir,
            is_verbose=order.detail == "verbose",
            fail_fast=arguments.fail_fast,
        )
    except KeyboardInterrupt:
        is_interrupted = True
    behind = [each for each in (keeper, recorder) if each is not None]
    listener = Remembering(
        Everybody([*behind, *([] if progress is None else [progress])]),
        behind,
        stored.results,
        lambda hello: require_something(hello, order.selected, order.plan(hello), order.asked),
    )
    if is_interrupted or (arguments.fail_fast and stored.has_failed):
        if stored.hello is not None:
            listener.on_hello(stored.hello)
        result = order.result(stored.hello, stored.results)
        result.is_interrupted = is_interrupted
        return result
    result = order.run(listener, fail_fast=arguments.fail_fast)
    result.units[:0] = stored.results
    return result


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
