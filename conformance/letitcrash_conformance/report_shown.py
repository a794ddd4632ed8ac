"""A run that is to be shown: read, added up, and named so that several can stand beside each other."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from letitcrash_conformance.recorder_reader import Report
from letitcrash_conformance.render_finding import Context
from letitcrash_conformance.render_lines import printable
from letitcrash_conformance.replay import name_replay
from letitcrash_conformance.results import Finding, Verdict
from letitcrash_conformance.tally import Tally, count_up

__all__ = ["Shown", "prepare", "repeat_of"]

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """A run that is to be shown.

    Attributes:
        name: The subject and its version; with the file if several runs would have the same name.
        report: The run.
        tally: The run, added up.
        repeat: Gives the command that repeats a finding; empty if there is none.
    """

    name: str
    report: Report
    tally: Tally
    repeat: Callable[[Finding], str]

    @property
    def verdict(self) -> str:
        """The verdict in words. A run that was cut off says so, whatever it found."""
        word = self.tally.verdict.value
        if not self.report.result.is_interrupted:
            return word
        return "interrupted" if self.tally.verdict is Verdict.INCONCLUSIVE else f"{word}, interrupted"

    def context(self, finding: Finding, width: int = 100) -> Context:
        """Return what a finding does not know of itself."""
        result = self.report.result
        return Context(result.subject, result.hello, self.report.suite, self.repeat(finding), width)


def repeat_of(report: Report) -> Callable[[Finding], str]:
    """Return a function that gives the command that repeats a finding of a report."""

    def repeat(finding: Finding) -> str:
        if report.replay_dir is None:
            return ""
        return f"letitcrash replay {shlex.quote(str(Path(report.replay_dir) / name_replay(finding)))}"

    return repeat


def prepare(reports: Sequence[Report], repeat: Callable[[Finding], str] | None = None) -> list[Shown]:
    """Add up reports and name them apart, in their order.

    Args:
        reports: The runs.
        repeat: Gives the command that repeats a finding; that of each report if left out.
    """
    runs = [Shown(_name_of(each), each, count_up(each.result), repeat or repeat_of(each)) for each in reports]
    for is_short in (True, False):
        names = Counter(run.name for run in runs)
        runs = [run if names[run.name] == 1 else _with_file(run, is_short=is_short) for run in runs]
    names = Counter(run.name for run in runs)
    return [run if names[run.name] == 1 else replace(run, name=f"{run.name}, run {n}") for n, run in enumerate(runs, 1)]


def _with_file(run: Shown, *, is_short: bool) -> Shown:
    path = run.report.path
    file = printable(path.name if is_short else str(path), keep="")
    return replace(run, name=f"{_name_of(run.report)}, {file}")


def _name_of(report: Report) -> str:
    hello = report.result.hello
    words = report.result.subject if hello is None else f"{hello.name} {hello.version}"
    name = printable(words, keep="")
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
