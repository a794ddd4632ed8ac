"""The items that the pytest plugin makes of a suite."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from letitcrash_conformance.cli_selection import choose_clauses
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.known import Known
from letitcrash_conformance.known_file import read_known
from letitcrash_conformance.lookup import find_subject
from letitcrash_conformance.plan import plan
from letitcrash_conformance.pytest_plugin_suite import Suite
from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.render_finding import Context, render_finding
from letitcrash_conformance.render_lines import Line, wrap
from letitcrash_conformance.replay_keeper import ReplayKeeper
from letitcrash_conformance.report import render_trouble
from letitcrash_conformance.results import RunResult
from letitcrash_conformance.run import run
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.tally import Status, Tally, count_up
from letitcrash_spec.errors import UnknownClauseError

__all__ = ["ConformanceFailure", "FailureText", "Job", "SuiteItem", "collect_suite"]

WIDTH = 100


class ConformanceFailure(Exception):
    """An item failed; its text is everything that is worth reading.

    Attributes:
        lines: The text.
        brief: The same in one line.
    """

    def __init__(self, lines: list[Line], brief: str) -> None:
        self.lines = lines
        self.brief = brief
        super().__init__(brief)


class FailureText:
    """What pytest prints for a failure: the text alone, without a traceback through the suite."""

    def __init__(self, failure: ConformanceFailure, path: str, line: int) -> None:
        self._lines = failure.lines
        # The one line of pytest's summary and of a JUnit report is looked for here.
        self.reprcrash = SimpleNamespace(path=path, lineno=line, message=failure.brief)

    def __str__(self) -> str:
        return "\n".join(line.text for line in self._lines)

    def toterminal(self, tw: Any) -> None:
        """Print the text on pytest's terminal writer."""
        marks = {"bad": {"red": True}, "good": {"green": True}, "warn": {"yellow": True}, "bold": {"bold": True}}
        for line in self._lines:
            tw.line(line.text, **marks.get(line.style, {}))


@dataclass(frozen=True, slots=True)
class Job:
    """What the items of one suite share.

    Attributes:
        factory: Makes the subject.
        subject: How it can be named; empty if it cannot be.
        command: The words of its command, if it is one.
        selected: The clauses to judge.
        budget: The budget.
        seed: The seed.
        known: Failures that are known.
    """

    factory: Callable[[], Subject]
    subject: str
    command: tuple[str, ...]
    selected: frozenset[str]
    budget: str | int
    seed: int
    known: Known


def collect_suite(collector: pytest.Module | pytest.Class, name: str, suite: Suite) -> list[SuiteItem]:
    """Return the items of a suite: one per chapter and backend, or one that says why there are none."""

    def make(label: str, job: Job | None, chapter: str = "", backend: str = "", problem: str = "") -> SuiteItem:
        item: SuiteItem = cast("Any", SuiteItem).from_parent(
            collector,
            name=f"{name}[{label}]",
            job=job,
            chapter=chapter,
            backend=backend,
            problem=problem,
            line=suite.line,
        )
        item.add_marker("letitcrash")
        return item

    try:
        chapters, job = _make_job(suite, collector.config)
        subject = job.factory()
        try:
            hello = subject.hello
        finally:
            subject.close()
        backends = list(suite.backends) if suite.backends is not None else None
        units, unsupported = plan(hello, chapters=chapters, backends=backends, budget=job.budget, seed=job.seed)
    except (UsageError, UnknownClauseError) as error:
        return [make("setup", None, problem=str(error))]
    except SubjectError as error:
        return [make("setup", None, problem=f"subject error: {error}")]
    pairs = dict.fromkeys((unit.chapter, unit.backend) for unit in (*units, *(unit for unit, _ in unsupported)))
    return [make(f"{chapter}-{backend}", job, chapter, backend) for chapter, backend in pairs]


class SuiteItem(pytest.Item):
    """One chapter on one backend of one subject."""

    def __init__(
        self,
        *,
        name: str,
        parent: pytest.Collector,
        job: Job | None,
        chapter: str,
        backend: str,
        problem: str,
        line: int | None,
    ) -> None:
        # Given as text, so that pytest sees the parameters in it, as it does in the ids that it has stored (--lf).
        nodeid = f"{parent.nodeid}::{name}"
        super().__init__(name, parent, nodeid=nodeid)  # pyright: ignore[reportUnknownMemberType]
        self._job = job
        self._chapter = chapter
        self._backend = backend
        self._problem = problem
        self._line = line

    def runtest(self) -> None:
        """Run the chapter, and fail with everything that was found."""
        job = self._job
        if job is None:
            raise ConformanceFailure([Line(self._problem, "bad")], self._problem.splitlines()[0])
        folder = self.config.rootpath / cast("str", self.config.getoption("--letitcrash-replay-dir"))
        keeper = ReplayKeeper(_from_here(folder), job.subject, job.command)
        result = run(
            job.factory,
            subject=job.subject or "the subject",
            selected=job.selected,
            listener=keeper,
            chapters=[self._chapter],
            backends=[self._backend],
            budget=job.budget,
            seed=job.seed,
            known=job.known,
        )
        if result.is_interrupted:
            raise KeyboardInterrupt
        _conclude(result, keeper)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the text of a failure; only a bug of the suite keeps its traceback."""
        error = excinfo.value
        if isinstance(error, SubjectError):
            text = f"subject error: {error}"
            error = ConformanceFailure([Line(row, "bad") for row in text.splitlines()], text.splitlines()[0])
        if isinstance(error, ConformanceFailure):
            return FailureText(error, str(self.path), (self._line or 0) + 1)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        """Return where the item stands and how it is called."""
        return self.path, self._line, self.name


def _conclude(result: RunResult, keeper: ReplayKeeper) -> None:
    tally = count_up(result)
    lines: list[Line] = []
    for finding in tally.violations:
        context = Context(result.subject, result.hello, suite_version(), keeper.repeat(finding), WIDTH)
        lines += [*render_finding(finding, context), Line("")]
    for trouble in tally.troubles:
        lines += [*render_trouble(trouble, WIDTH), Line("")]
    if lines:
        names = [f"{finding.violation.clause} is broken" for finding in tally.violations]
        names += [f"subject error: {trouble.what.splitlines()[0]}" for trouble in tally.troubles]
        raise ConformanceFailure(lines[:-1], "; ".join(names))
    reasons = [unit.unsupported for unit in result.units]
    if all(reasons):
        pytest.skip(f"not supported: {reasons[0]}" if reasons else "not supported")
    if tally.flaky:
        names = [f"{f.violation.clause} was broken once, and not again in {f.tries} repeats" for f in tally.flaky]
        pytest.xfail(f"flaky: {'; '.join(names)}; {keeper.repeat(tally.flaky[0])}")
    if tally.known:
        names = [f"{finding.violation.clause} is known to be broken" for finding in tally.known]
        pytest.xfail("; ".join(names))
    if not tally.counts[Status.PASSED]:
        raise ConformanceFailure(_explain_nothing(tally), "nothing was exercised")


def _explain_nothing(tally: Tally) -> list[Line]:
    text = (
        f"nothing was exercised: {tally.examples:,} programs with {tally.operations:,} operations demanded none of the "
        "clauses that were asked for, so this says nothing about the subject; a bigger budget may"
    )
    lines = wrap(text, width=WIDTH, style="bad")
    for reason, number in tally.undecided.most_common(3):
        lines += wrap(f"undecided: {number:,} times, {reason}", width=WIDTH, rest="    ")
    return lines


def _make_job(suite: Suite, config: pytest.Config) -> tuple[tuple[str, ...] | None, Job]:
    chapters, selected = choose_clauses(suite.clauses, suite.chapters)
    budget = suite.budget if suite.budget is not None else cast("str", config.getoption("--letitcrash-budget"))
    seed = suite.seed if suite.seed is not None else cast("int", config.getoption("--letitcrash-seed"))
    path = suite.known if suite.known is not None else cast("str | None", config.getoption("--letitcrash-known"))
    known = read_known(None if path is None else config.rootpath / path)
    made = suite.subject
    if suite.command is not None or made is None or isinstance(made, str):
        if made is not None and not isinstance(made, str):
            raise UsageError(f"expected a subject or a command, got both: {made!r} and {suite.command!r}")
        found = find_subject(made, command=suite.command)
        return chapters, Job(found, found.text, found.command, selected, budget, seed, known)
    if not callable(made):
        raise UsageError(
            f"expected a class of subjects or a function that makes one, got {made!r}\n"
            "  each item starts a subject of its own: write suite(MySubject), or suite(lambda: MySubject(...))"
        )
    return chapters, Job(_Checked(made), suite.name, (), selected, budget, seed, known)


class _Checked:
    """Makes subjects and refuses what is none."""

    def __init__(self, make: Callable[[], Subject]) -> None:
        self._make = make

    def __call__(self) -> Subject:
        subject = self._make()
        made: Any = subject  # a user's function may make anything
        if inspect.isclass(made) or not all(hasattr(made, name) for name in ("hello", "run", "close")):
            raise UsageError(f"expected {self._make!r} to make a subject with hello, run and close, got {subject!r}")
        return subject


def _from_here(folder: Path) -> Path:
    try:
        return Path(os.path.relpath(folder))
    except ValueError:  # another drive
        return folder
