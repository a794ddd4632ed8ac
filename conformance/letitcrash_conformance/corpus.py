"""The stored programs of one subject, which every run repeats before it searches."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.known import Known
from letitcrash_conformance.replay import Replay, find_replays, read_replay
from letitcrash_conformance.replay_runner import State, Verdict, repeat
from letitcrash_conformance.results import Finding, Trouble, UnitResult
from letitcrash_conformance.subject import Subject

__all__ = ["Corpus", "load_corpus", "repeat_corpus", "result_of"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a folder holds for a run.

    Attributes:
        replays: The programs to repeat, sorted by the names of their files.
        broken: A complaint for each file that cannot be read.
    """

    replays: tuple[Replay, ...] = ()
    broken: tuple[str, ...] = ()


def load_corpus(
    folder: Path, *, subject: str, command: Sequence[str], selected: frozenset[str], backends: Sequence[str] | None
) -> Corpus:
    """Read the programs that a folder holds for a run; those of other subjects, clauses and backends are left out.

    Args:
        folder: The folder; one that is not there holds none.
        subject: How the subject is named.
        command: The words of its command, if it is one.
        selected: Ids of the clauses to judge.
        backends: The backends to run on; None for all.
    """
    if not folder.is_dir():
        return Corpus()
    found: list[Replay] = []
    broken: list[str] = []
    for path in find_replays([folder], on_missing=lambda error: None):
        try:
            replay = read_replay(path)
        except UsageError as error:
            broken.append(str(error))
            continue
        is_ours = (replay.subject == subject) if replay.subject else shlex.join(replay.command) == shlex.join(command)
        is_asked = backends is None or "all" in backends or replay.unit.backend in backends
        if is_ours and (replay.subject or replay.command) and is_asked and replay.clause in selected:
            found.append(replay)
    return Corpus(tuple(found), tuple(broken))


def repeat_corpus(corpus: Corpus, factory: Callable[[], Subject]) -> Iterator[tuple[Replay, Verdict]]:
    """Run the programs again, one after another.

    Raises:
        UsageError: If the schedule of a file needs greenlet, and that is not installed.
    """
    for replay in corpus.replays:
        yield replay, repeat(replay, factory)


def result_of(replay: Replay, verdict: Verdict, *, selected: frozenset[str], known: Known) -> UnitResult:
    """Return what a repeated program adds to a run: a finding if it still fails, trouble if the harness broke.

    What it exercised is not counted, so that the same seed brings the same whatever is stored.

    Args:
        replay: The file.
        verdict: What became of it.
        selected: Ids of the clauses to judge; the break of another is only counted.
        known: Failures that are known.
    """
    result = UnitResult(replay.unit, examples=1, operations=len(replay.program))
    finding = verdict.finding
    if finding is not None and finding.violation.clause not in selected:
        result.undecided[f"{finding.violation.clause} was broken, which was not asked for"] += 1
    elif finding is not None:
        result.findings.append(_as_known(finding, known))
    if verdict.state is State.UNDECIDED:
        result.undecided[verdict.why] += 1
    if verdict.error is not None:
        error = verdict.error
        result.trouble = Trouble(error.what, error.stderr, replay.program, replay.unit)
    return result


def _as_known(finding: Finding, known: Known) -> Finding:
    return replace(finding, known=known.excuse(finding.violation.clause, finding.program.origin))
