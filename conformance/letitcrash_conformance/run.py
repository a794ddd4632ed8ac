"""A whole run: says hello, lays out the plan, runs it here or in several processes, and gathers the results."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from letitcrash_conformance import interrupts
from letitcrash_conformance.engine import UnitRunner
from letitcrash_conformance.errors import SubjectError, SuiteError
from letitcrash_conformance.known import NOTHING, Known
from letitcrash_conformance.plan import plan
from letitcrash_conformance.program import Program
from letitcrash_conformance.results import Finding, Listener, RunResult, Trouble, Unit, UnitResult, find_simplest
from letitcrash_conformance.session import Outcome, Session
from letitcrash_conformance.simulation.schedule import Tier
from letitcrash_conformance.subject import Subject
from letitcrash_spec.hello import Hello

__all__ = ["repeat", "run"]

BROKEN_IN_A_ROW = 6
"""After how many pieces of work in a row that broke the harness the others are not tried."""

STALLED_S = 180.0
"""How long a worker process may say nothing before it is given up, in seconds."""

WORLDS_ON_A_WALL_CLOCK = 4
"""Worlds side by side on each core where time cannot be jumped over: nearly all of a run is waiting."""


def run(
    factory: Callable[[], Subject],
    *,
    subject: str,
    selected: frozenset[str],
    listener: Listener,
    chapters: Iterable[str] | None = None,
    backends: Sequence[str] | None = None,
    budget: str | int = "default",
    seed: int = 0,
    processes: int | None = 1,
    fail_fast: bool = False,
    threads: Tier | None = None,
    known: Known = NOTHING,
) -> RunResult:
    """Judge a subject.

    Args:
        factory: Makes the subject; picklable if `processes` is above 1.
        subject: How the subject was named, for the report.
        selected: Ids of the clauses to judge.
        listener: Hears what happens, in this thread.
        chapters: Chapters to run; None for all.
        backends: Backends to run; None for all.
        budget: `"smoke"`, `"default"`, `"deep"` or a number of examples for each chapter and backend.
        seed: The same seed gives the same programs.
        processes: How many processes share the work, each with a world of its own; None for one for each core, and
            for more of them on a wall clock, where they mostly wait.
        fail_fast: Stop at the first finding that is not known, or where the harness breaks.
        threads: How to run programs of backends with threads on drawn schedules, `"threads"` or `"lines"`; None for
            not at all.
        known: Failures that are known.

    Returns:
        Everything that was found. After Ctrl-C what was found so far, marked as interrupted.

    Raises:
        UsageError: If something asked for does not exist.
        SubjectError: If the subject could not be started at all.
    """
    started = time.monotonic()
    first = factory()
    try:
        hello = first.hello
    finally:
        first.close()
    listener.on_hello(hello)
    units, unsupported = plan(hello, chapters=chapters, backends=backends, budget=budget, seed=seed)
    result = RunResult(hello, subject, seed, str(budget), [], selected, known=known)
    for unit, reason in unsupported:
        left_out = UnitResult(unit, unsupported=reason)
        result.units.append(left_out)
        listener.on_unit_finished(left_out)
    if processes is None:
        processes = _count_processes(hello)
    if processes <= 1:
        work: _Here | _There = _Here(factory, selected, listener, threads, known)
    else:
        work = _There(factory, selected, listener, processes, threads, known)
    in_a_row = 0
    interrupts.forget()
    try:
        for number, unit_result in enumerate(work.run(units), start=1):
            result.units.append(unit_result)
            listener.on_unit_finished(unit_result)
            interrupts.check()
            in_a_row = 0 if unit_result.trouble is None else in_a_row + 1
            if fail_fast and not (unit_result.trouble is None and all(one.known for one in unit_result.findings)):
                break
            if in_a_row == BROKEN_IN_A_ROW and number < len(units):
                what = (
                    f"the harness broke {in_a_row} times in a row; {len(units) - number} further pieces were not tried"
                )
                rest = UnitResult(unit_result.unit, trouble=Trouble(what, (), None, unit_result.unit))
                result.units.append(rest)
                listener.on_unit_finished(rest)
                break
    except KeyboardInterrupt:
        with interrupts.shut_out():
            result.is_interrupted = True
            result.units.extend(work.unfinished())
            work.close()
    finally:
        work.close()
    result.seconds = time.monotonic() - started
    return result


def _count_processes(hello: Hello) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores * WORLDS_ON_A_WALL_CLOCK if hello.clock == "wall" else cores


def repeat(factory: Callable[[], Subject], program: Program) -> Outcome:
    """Run one program once on a fresh subject: as a search does, and if nothing is wrong then, step by step.

    Raises:
        SubjectError: If the harness broke.
    """
    subject = factory()
    try:
        return Session(subject).run_thoroughly(program)
    finally:
        subject.close()


class _Here:
    """Runs the units in this process."""

    def __init__(
        self,
        factory: Callable[[], Subject],
        selected: frozenset[str],
        listener: Listener,
        threads: Tier | None,
        known: Known,
    ) -> None:
        self._listener = listener
        self._findings: list[Finding] = []
        self._runner = UnitRunner(factory, selected, self._on_progress, self._on_finding, threads, known)
        self._current: Unit | None = None

    def _on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        interrupts.check()
        self._listener.on_progress(unit, examples, operations)

    def _on_finding(self, finding: Finding) -> None:
        self._findings.append(finding)
        self._listener.on_finding(finding)

    def run(self, units: Sequence[Unit]) -> Iterable[UnitResult]:
        for unit in units:
            self._current = unit
            self._findings = []
            self._listener.on_unit_started(unit)
            yield self._runner.run(unit)
            self._current = None

    def unfinished(self) -> list[UnitResult]:
        """Return what the interrupted unit had found."""
        if self._current is None:
            return []
        return [UnitResult(self._current, findings=self._findings)]

    def close(self) -> None:
        self._runner.close()


class _There:
    """Shares the units among worker processes, each with a subject of its own."""

    def __init__(
        self,
        factory: Callable[[], Subject],
        selected: frozenset[str],
        listener: Listener,
        processes: int,
        threads: Tier | None,
        known: Known,
    ) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._listener = listener
        self._units: Any = self._context.Queue()
        self._news: Any = self._context.Queue()
        self._count = processes
        self._processes: list[Any] = []
        self._factory = factory
        self._selected = selected
        self._threads = threads
        self._findings: dict[Unit, list[Finding]] = {}
        self._known = known
        self._told: set[tuple[str, str]] = set()
        self._is_done = False
        self._is_closed = False

    def run(self, units: Sequence[Unit]) -> Iterable[UnitResult]:
        for unit in units:
            self._units.put(unit)
        for _ in range(min(self._count, max(len(units), 1))):
            self._units.put(None)
            process = self._context.Process(
                target=_work,
                args=(self._factory, self._selected, self._units, self._news, self._threads, self._known),
                daemon=True,
            )
            with interrupts.postponed():
                process.start()
            self._processes.append(process)
        waiting = len(units)
        heard = time.monotonic()
        while waiting:
            interrupts.check()
            try:
                kind, *news = self._news.get(timeout=0.5)
            except queue.Empty:
                if not any(process.is_alive() for process in self._processes):
                    yield self._lost("a worker process ended without a word")
                    return
                if time.monotonic() - heard > STALLED_S:
                    yield self._lost(f"a worker process said nothing for {STALLED_S:.0f} s")
                    return
                continue
            heard = time.monotonic()
            if kind == "finished":
                waiting -= 1
                self._findings.pop(news[0].unit, None)
                yield self._without_told(news[0])
            elif kind == "started":
                self._findings[news[0]] = []
                self._listener.on_unit_started(news[0])
            elif kind == "failed":
                raise SuiteError(f"a worker process failed; its own words:\n{news[0]}")
            elif kind == "progress":
                self._listener.on_progress(*news)
            elif kind == "finding":
                self._findings.setdefault(news[0].found_in, []).append(news[0])
                if _key(news[0]) not in self._told:
                    self._listener.on_finding(news[0])
        self._is_done = True

    def _without_told(self, result: UnitResult) -> UnitResult:
        """Keep one finding for each clause, the simplest so far: several processes may have found the same."""
        under_way = [finding for findings in self._findings.values() for finding in findings]
        kept = [finding for finding in result.findings if _key(finding) not in self._told]
        self._told.update(map(_key, kept))
        result.findings = [
            find_simplest((finding, *(other for other in under_way if _key(other) == _key(finding))))
            for finding in kept
        ]
        return result

    def _lost(self, what: str) -> UnitResult:
        unit = next(iter(self._findings), Unit("world", "?", 0, 0))
        return UnitResult(unit, trouble=Trouble(what, (), None, unit))

    def unfinished(self) -> list[UnitResult]:
        """Return what the interrupted units had found."""
        return [self._without_told(UnitResult(unit, findings=found)) for unit, found in self._findings.items()]

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        for process in self._processes:
            process.join(timeout=5 if self._is_done else 0)
            if process.is_alive():
                process.terminate()
                process.join(timeout=5)
            if process.is_alive():
                process.kill()
                process.join()
        self._news.close()
        self._units.close()
        # The thread that fed it must have let go of its locks when this process ends, or one is not unregistered.
        feeder = threading.Thread(target=self._units.join_thread, daemon=True)
        feeder.start()
        feeder.join(timeout=1)
        self._units.cancel_join_thread()


def _key(finding: Finding) -> tuple[str, str]:
    return finding.violation.clause, finding.known


def _work(
    factory: Callable[[], Subject], selected: frozenset[str], units: Any, news: Any, threads: Tier | None, known: Known
) -> None:
    """Run units until there are none (a worker process)."""
    interrupts.ignore()
    runner = UnitRunner(
        factory,
        selected,
        lambda unit, examples, operations: news.put(("progress", unit, examples, operations)),
        lambda finding: news.put(("finding", finding)),
        threads,
        known,
    )

    def leave(number: int, frame: object) -> None:
        with contextlib.suppress(BaseException):
            runner.close()
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        while True:
            unit = units.get()
            if unit is None:
                return
            news.put(("started", unit))
            try:
                result = runner.run(unit)
            except SubjectError as error:
                result = UnitResult(unit, trouble=Trouble(error.what, error.stderr, None, unit))
            except Exception:
                news.put(("failed", traceback.format_exc()))
                return
            news.put(("finished", result))
    finally:
        with contextlib.suppress(Exception):
            runner.close()
