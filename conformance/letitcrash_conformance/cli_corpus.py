"""Repeats the stored programs of a subject before its run, and tells what became of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from letitcrash_conformance.cli_replay import STYLES
from letitcrash_conformance.console import Screen
from letitcrash_conformance.corpus import Corpus, repeat_corpus, result_of
from letitcrash_conformance.known import Known
from letitcrash_conformance.lookup import SubjectFactory
from letitcrash_conformance.render_lines import Line, count
from letitcrash_conformance.replay import Replay
from letitcrash_conformance.replay_keeper import ReplayKeeper
from letitcrash_conformance.replay_runner import State, Verdict
from letitcrash_conformance.results import Finding, Listener, Unit, UnitResult
from letitcrash_spec.hello import Hello

__all__ = ["Remembering", "Stored", "repeat_stored"]

MAX_FIXED = 3
"""Fixed programs that are named one by one unless everything is asked for."""


@dataclass(slots=True)
class Stored:
    """What the stored programs brought so far.

    Attributes:
        results: A result for each program that was repeated.
        hello: What the subject said of itself, once it has.
    """

    results: list[UnitResult] = field(default_factory=list[UnitResult])
    hello: Hello | None = None

    @property
    def has_failed(self) -> bool:
        """Whether one still fails, and is not known."""
        return any(not finding.known for result in self.results for finding in result.findings)


class Remembering:
    """A listener that tells another of the stored programs as soon as it has heard hello."""

    def __init__(
        self,
        listener: Listener,
        told: Sequence[Listener],
        results: Sequence[UnitResult],
        check: Callable[[Hello], None],
    ) -> None:
        """Tell nothing yet.

        Args:
            listener: Hears everything.
            told: Those behind it who hear of the stored programs.
            results: What these brought.
            check: Called with the hello before anybody is.
        """
        self._check = check
        self._listener = listener
        self._told = told
        self._results = results

    def on_hello(self, hello: Hello) -> None:
        """Pass it on, and tell of the stored programs."""
        self._check(hello)
        self._listener.on_hello(hello)
        for result in self._results:
            for listener in self._told:
                listener.on_unit_started(result.unit)
                for finding in result.findings:
                    listener.on_finding(finding)
                listener.on_unit_finished(result)

    def on_unit_started(self, unit: Unit) -> None:
        """Pass it on."""
        self._listener.on_unit_started(unit)

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        """Pass it on."""
        self._listener.on_progress(unit, examples, operations)

    def on_finding(self, finding: Finding) -> None:
        """Pass it on."""
        self._listener.on_finding(finding)

    def on_unit_finished(self, result: UnitResult) -> None:
        """Pass it on."""
        self._listener.on_unit_finished(result)


def repeat_stored(
    stored: Stored,
    corpus: Corpus,
    factory: SubjectFactory,
    keeper: ReplayKeeper,
    screen: Screen | None,
    *,
    selected: frozenset[str],
    known: Known,
    folder: Path,
    is_verbose: bool = False,
    fail_fast: bool = False,
) -> None:
    """Repeat stored programs and say what became of each.

    Args:
        stored: Takes what they bring, one by one.
        corpus: The programs.
        factory: Makes the subject.
        keeper: Learns in which files the findings are already.
        screen: Where to tell; None for nowhere.
        selected: Ids of the clauses to judge.
        known: Failures that are known.
        folder: Where the files are.
        is_verbose: Whether to name every fixed one.
        fail_fast: Whether to stop at the first that still fails and is not known.

    Raises:
        SubjectError: If the subject cannot be started.
    """
    for complaint in corpus.broken:
        print(f"letitcrash: {complaint}\n  the run goes on without this file; mend or delete it", file=sys.stderr)
    fixed: list[Replay] = []
    for replay, verdict in repeat_corpus(corpus, factory):
        if verdict.hello is None and verdict.error is not None:
            raise verdict.error
        result = result_of(replay, verdict, selected=selected, known=known)
        stored.results.append(result)
        stored.hello = verdict.hello
        for finding in result.findings:
            keeper.keep(finding, replay.path)
        if verdict.state is State.FIXED:
            fixed.append(replay)
        if screen is not None and (verdict.state is not State.FIXED or is_verbose or len(fixed) <= MAX_FIXED):
            screen.show([_tell(replay, verdict, result)])
        if fail_fast and stored.has_failed:
            break
    if screen is not None and fixed:
        screen.show([_tell_fixed(fixed, folder, is_verbose=is_verbose)])


def _tell(replay: Replay, verdict: Verdict, result: UnitResult) -> Line:
    word = "known" if any(finding.known for finding in result.findings) else verdict.state.value[0].lower()
    why = verdict.why.splitlines() or [""]
    return Line(f"stored   {replay.path}: {word}, {why[0]}", "warn" if word == "known" else STYLES[verdict.state])


def _tell_fixed(fixed: Sequence[Replay], folder: Path, *, is_verbose: bool) -> Line:
    more = "" if is_verbose or len(fixed) <= MAX_FIXED else f", {len(fixed) - MAX_FIXED} more than are named here"
    stay = "stays and is" if len(fixed) == 1 else "stay and are"
    text = f"stored   {count(len(fixed), 'fixed program')} in {folder}{more}: {stay} repeated first in every run"
    return Line(f"{text}, until `letitcrash replay {folder} --prune`", "dim")
