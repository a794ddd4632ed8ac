"""`letitcrash baseline`: writes down what fails, from several runs, so that later runs tell apart what is new."""

from __future__ import annotations

import argparse
import random
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from letitcrash_conformance.baseline import REASON, Change, apply_changes, compare_with, write_whole
from letitcrash_conformance.cli_selection import choose_clauses, split_words
from letitcrash_conformance.config_options import add_config_options, find_named
from letitcrash_conformance.console import Screen
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.known import Known
from letitcrash_conformance.known_file import parse_known, read_known
from letitcrash_conformance.plan import examples_of
from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.render_lines import Line, Style, count, wrap
from letitcrash_conformance.replay_keeper import ReplayKeeper
from letitcrash_conformance.report import render_trouble
from letitcrash_conformance.results import Finding, RunResult, Unit, UnitResult
from letitcrash_conformance.run import run
from letitcrash_conformance.tally import Status, count_up
from letitcrash_spec.hello import Hello

__all__ = ["add_command"]

_EXAMPLES = """\
examples:
  letitcrash baseline mypackage.harness:MySubject
  letitcrash baseline --command "./my-harness" --runs 10 --seed 1 --out known.toml
  letitcrash baseline mypackage.harness:MySubject --prune
  letitcrash run mypackage.harness:MySubject --known known.toml

Each run has a seed of its own and goes on whatever it finds. What every run finds is written down as failing, what some
find as flaky, with its rate. Reasons, links, dates and comments that you wrote stay as they are, and so does the order.
An entry of what no run finds any more is removed with --prune alone.

exit codes:
  0    the file says what was found      3  nothing was exercised; nothing was written
  2    wrong usage, or the file cannot   4  the harness of the subject broke; nothing was written
       be read or written                130  interrupted; nothing was written
"""

_STYLES: dict[str, Style] = {"added": "warn", "changed": "warn", "kept": "", "removed": "good"}
_SPEAK_S = 15.0


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "baseline",
        help="write down what is known to fail",
        description="Judge a subject several times and write down what fails, for `letitcrash run --known FILE`.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("subject", nargs="?", metavar="SUBJECT", help="a shipped name or module:attribute")
    parser.add_argument("--command", metavar="WORDS", help="start this harness instead, as a shell would split it")
    parser.add_argument(
        "--runs", type=int, default=5, metavar="N", help="how many runs, each with its seed (default: 5)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the first run; the others follow it")
    parser.add_argument(
        "--budget", default="default", metavar="SIZE", help="size of each run, as `letitcrash run` has it"
    )
    parser.add_argument("--chapter", action="append", metavar="WORDS", help="run these alone, and leave other entries")
    parser.add_argument("--clauses", action="append", metavar="IDS", help="judge these alone, and leave other entries")
    parser.add_argument("--backend", action="append", metavar="NAME", help="run on this backend alone")
    parser.add_argument("-n", "--processes", default="auto", metavar="N", help="processes that share each run, or auto")
    parser.add_argument(
        "--out", type=Path, default=Path("known.toml"), metavar="FILE", help="the file (default: known.toml)"
    )
    parser.add_argument("--prune", action="store_true", help="remove entries of what does not fail any more")
    parser.add_argument(
        "--replay-dir",
        type=Path,
        default=Path(".letitcrash"),
        metavar="DIR",
        help="where each failure becomes a replay file (default: .letitcrash)",
    )
    add_config_options(parser)
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    path: Path = arguments.out
    if arguments.runs < 1:
        raise UsageError(f"expected a number of runs above zero with --runs, got {arguments.runs}")
    chapters, selected = choose_clauses(split_words(arguments.clauses), split_words(arguments.chapter))
    examples = examples_of(arguments.budget)
    processes = _count_processes(arguments.processes)
    factory = find_named(arguments.settings, arguments.subject, arguments.command)
    _refuse_place(path)
    old = read_known(path) if path.exists() else Known(str(path))
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    screen = Screen(sys.stdout, arguments.color)
    subject = shlex.join(factory.command) if factory.command else factory.text
    last = seed + arguments.runs - 1
    seeds = f"seed {seed}" if arguments.runs == 1 else f"seeds {seed} to {last}"
    what = f"{count(arguments.runs, 'run')}, {count(len(selected), 'clause')}, budget {arguments.budget}, {seeds}"
    screen.show([Line(f"letitcrash {suite_version()} baseline of {subject}: {what}")])
    teller = _Teller(screen, ReplayKeeper(arguments.replay_dir, subject, factory.command))
    results: list[RunResult] = []
    for number in range(arguments.runs):
        teller.begin(number + 1, arguments.runs)
        result = run(
            factory,
            subject=subject,
            selected=selected,
            listener=teller,
            chapters=chapters,
            backends=split_words(arguments.backend),
            budget=str(examples),
            seed=seed + number,
            processes=processes,
            known=Known(str(path), old.entries, accepts_all=True),
        )
        if (code := _refuse_result(result, path, screen)) is not None:
            return code
        results.append(result)
        teller.end(result)
    return _write(path, results, teller, screen, prune=arguments.prune)


def _write(path: Path, results: Sequence[RunResult], teller: _Teller, screen: Screen, *, prune: bool) -> int:
    text = ""
    if path.exists():  # somebody may have edited it while the runs went on
        read_known(path)
        text = path.read_bytes().decode("utf-8")
    changes = compare_with(parse_known(text, str(path)), results, prune=prune)
    whole = apply_changes(str(path), text, changes)
    screen.show([Line(""), *_render(changes, teller, screen.width)])
    left = [change.entry for change in changes if change.word != "removed"]
    if whole == text and path.exists():
        screen.show([Line(f"{path} is as it was: {count(len(left), 'entry', 'entries')}", "good")])
        return 0
    write_whole(path, whole)
    screen.show([Line(f"wrote {path}: {count(len(left), 'entry', 'entries')}", "good")])
    if any(entry.reason == REASON for entry in left):
        screen.show(wrap(f"Give each reason = {REASON!r} a better one, and until a date.", width=screen.width))
    return 0


def _render(changes: Sequence[Change], teller: _Teller, width: int) -> list[Line]:
    lines: list[Line] = []
    for change in changes:
        repeat = teller.repeat(change.entry.id) if change.word in ("added", "changed") else ""
        text = f"{change.word:<8} {change.entry.id}: {change.why}{f'; {repeat}' if repeat else ''}"
        lines += wrap(text, rest=" " * 9, width=width, style=_STYLES[change.word])
    return [*lines, Line("")] if lines else [Line("Nothing fails, and nothing is known to.", "good"), Line("")]


def _refuse_result(result: RunResult, path: Path, screen: Screen) -> int | None:
    """Return the exit code of a run that says too little to write anything down, or None."""
    tally = count_up(result)
    state = f"nothing was written: {path} is as it was" if path.exists() else "nothing was written"
    if result.is_interrupted:
        screen.show([Line(f"INTERRUPTED, {state}", "warn")])
        return 130
    if tally.troubles:
        for trouble in tally.troubles:
            screen.show(render_trouble(trouble, screen.width))
        screen.show([Line(f"subject error, {state}", "bad")])
        return 4
    if not tally.counts[Status.PASSED] and not tally.known:
        text = f"inconclusive: nothing that was asked for was exercised in the run of seed {result.seed}, {state}"
        screen.show(wrap(text, width=screen.width, style="warn"))
        return 3
    return None


def _refuse_place(path: Path) -> None:
    """Refuse a file that could not be written, before any work is done."""
    if path.is_dir():
        raise UsageError(f"expected a file to write to with --out, got the folder {str(path)!r}")
    try:
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass
    except OSError as error:
        what = f"expected a file to write to with --out, got {str(path)!r}"
        raise UsageError(f"{what}: its folder takes no new file ({error.strerror or error})") from None


def _count_processes(words: str) -> int | None:
    if words == "auto":
        return None
    if not words.isdecimal() or int(words) < 1:
        raise UsageError(f"expected a number of processes above zero, or 'auto', with -n, got {words!r}")
    return int(words)


class _Teller:
    """A listener that says what is found for the first time, and keeps that as a replay file."""

    def __init__(self, screen: Screen, keeper: ReplayKeeper) -> None:
        self._screen = screen
        self._keeper = keeper
        self._first: dict[str, Finding] = {}
        self._name = ""
        self._begun = self._spoken = time.monotonic()

    def begin(self, number: int, runs: int) -> None:
        """A run begins."""
        self._name = f"run {number} of {runs}"
        self._begun = self._spoken = time.monotonic()

    def end(self, result: RunResult) -> None:
        """A run is over."""
        found = sorted({finding.known for unit in result.units for finding in unit.findings})
        what = ", ".join(found) or "nothing fails"
        examples = count(sum(unit.examples for unit in result.units), "program")
        text = f"{self._name}, seed {result.seed}: {what}; {examples} ({time.monotonic() - self._begun:.1f} s)"
        self._screen.show(wrap(text, rest="    ", width=self._screen.width))

    def repeat(self, identity: str) -> str:
        """Return the command that repeats the first finding of an id; empty if there is none."""
        return self._keeper.repeat(self._first[identity]) if identity in self._first else ""

    def on_hello(self, hello: Hello) -> None:
        """Remember who is judged."""
        self._keeper.on_hello(hello)

    def on_unit_started(self, unit: Unit) -> None:
        """Do nothing."""

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        """Say that the run goes on, if nothing was said for a while."""
        if time.monotonic() - self._spoken >= _SPEAK_S:
            self._spoken = time.monotonic()
            self._screen.show([Line(f"running  {self._name}: {unit.chapter} on {unit.backend}", "dim")])

    def on_finding(self, finding: Finding) -> None:
        """Say what is new."""
        if finding.known in self._first:
            return
        self._first[finding.known] = finding
        self._keeper.on_finding(finding)
        self._spoken = time.monotonic()
        unit = finding.found_in
        what = finding.violation.what.partition("\n")[0]
        self._screen.show([Line(f"found    {finding.known} in {unit.chapter} on {unit.backend}: {what}")])

    def on_unit_finished(self, result: UnitResult) -> None:
        """Do nothing."""
