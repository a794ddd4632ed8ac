"""From several seeded runs to a baseline: what fails in each of them, what in some, and what does not fail any more."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.known import Entry, Kind, Known
from letitcrash_conformance.known_file import parse_known
from letitcrash_conformance.known_stale import is_refuted
from letitcrash_conformance.known_text import rewrite
from letitcrash_conformance.plan import examples_of
from letitcrash_conformance.render_lines import count
from letitcrash_conformance.results import RunResult
from letitcrash_spec.catalogue import sort_key

__all__ = ["REASON", "Change", "Word", "apply_changes", "compare_with", "write_whole"]

REASON = "not looked into yet"
"""What stands as the reason of an entry that nobody has edited."""

DOUBT = 0.05
"""How likely luck alone may be when a flaky failure that was not seen is taken for gone."""

RATE = 0.2
"""The share of runs in which a flaky failure is taken to show if its entry does not say."""

Word: TypeAlias = Literal["added", "changed", "kept", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one entry.

    Attributes:
        word: What becomes of it.
        entry: The entry as it shall be; as it was, if it is removed.
        why: What was seen, in words.
        position: Where it stands in the old file, from 0; None if it is new.
        is_edited: Whether anything about it is different from the old file.
    """

    word: Word
    entry: Entry
    why: str
    position: int | None = None
    is_edited: bool = True


def compare_with(old: Known, results: Sequence[RunResult], *, prune: bool) -> list[Change]:
    """Return what becomes of each entry, those of the old file first, then what is new in natural order.

    A failure is `failing` if every run found it and could repeat it, else `flaky`. An entry that says `flaky` stays so:
    that a number of runs found it does not mean that all will.

    Args:
        old: The entries so far.
        results: The runs, which accepted everything and came to their end.
        prune: Whether to remove entries of what does not fail any more.
    """
    seen, steady, places = _gather(results)
    runs = len(results)
    budget = examples_of(results[0].budget)
    changes: list[Change] = []
    for position, entry in enumerate(old):
        failed = seen[entry.id]
        if not failed:
            changes.append(_judge_unseen(entry, position, results, prune=prune))
            continue
        kind: Kind = "failing" if entry.kind == "failing" and steady[entry.id] == runs else "flaky"
        now = replace(entry, kind=kind, runs=(failed, runs), budget=budget, where=places[entry.id])
        word: Word = "kept" if now.kind == entry.kind else "changed"
        changes.append(Change(word, now, _say_seen(entry, failed, runs), position, now != entry))
    known = {entry.id for entry in old}
    for identity in sorted(seen.keys() - known, key=sort_key):
        failed = seen[identity]
        kind = "failing" if steady[identity] == runs else "flaky"
        entry = Entry(identity, kind, REASON, runs=(failed, runs), budget=budget, where=places[identity])
        changes.append(Change("added", entry, f"{kind}, found in {failed} of {count(runs, 'run')}"))
    return changes


def apply_changes(path: str, text: str, changes: Sequence[Change]) -> str:
    """Return the text of a baseline with the changes made, and nothing else changed.

    Args:
        path: The file, for messages.
        text: Its text so far; empty if there is none.
        changes: The changes.

    Raises:
        UsageError: If the text is written in a way that cannot be changed piece by piece.
    """
    inside = {
        change.position: None if change.word == "removed" else change.entry
        for change in changes
        if change.position is not None and change.is_edited
    }
    added = [change.entry for change in changes if change.word == "added"]
    if text and not inside and not added:
        return text
    advice = (
        "  each entry needs a [[known]] of its own, with one key on each line\n"
        "  nothing was written; move the file away, run again, and carry your reasons over"
    )
    try:
        whole = rewrite(text, inside, added)
        found = parse_known(whole, path)
    except UsageError as error:
        raise UsageError(f"expected a file that can be changed in place, got {path}: {error}\n{advice}") from None
    wanted = [change.entry for change in changes if change.word != "removed"]
    if [_plain(entry) for entry in found] != [_plain(entry) for entry in wanted]:
        raise UsageError(f"expected a file that can be changed in place, got {path}\n{advice}")
    return whole


def write_whole(path: Path, text: str, option: str = "--out") -> None:
    """Write a file as a whole or not at all: whatever happens, there is the old one or the new one.

    Args:
        path: The file.
        text: What it shall hold.
        option: What has named the file, for the message.

    Raises:
        UsageError: If it cannot be written; the old file is as it was.
    """
    real = path.resolve()
    temporary: str | None = None
    try:
        if real.exists() and not real.is_file():  # a pipe or a device keeps its place
            with real.open("wb", buffering=0) as device:
                device.write(text.encode("utf-8"))
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{real.name}.", suffix=".tmp", dir=real.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            shutil.copymode(real, temporary)
        else:
            mask = os.umask(0)
            os.umask(mask)
            Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(real)
        temporary = None
    except OSError as error:
        state = "the old file is as it was" if real.exists() else "there is no file"
        what = f"expected to write {str(path)!r}, could not: {error.strerror or error}"
        raise UsageError(f"{what}\n  {state}; make room or name another file with {option}") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()


def _gather(results: Sequence[RunResult]) -> tuple[Counter[str], Counter[str], dict[str, tuple[str, ...]]]:
    """Return for each id in how many runs it was found, in how many it could be repeated, and in which places."""
    seen: Counter[str] = Counter()
    steady: Counter[str] = Counter()
    places: dict[str, set[str]] = {}
    for result in results:
        findings = [finding for unit in result.units for finding in unit.findings]
        seen.update({finding.known for finding in findings})
        steady.update({finding.known for finding in findings if not finding.is_flaky})
        for finding in findings:
            place = f"{finding.found_in.chapter} on {finding.found_in.backend}"
            places.setdefault(finding.known, set()).add(place)
    return seen, steady, {identity: tuple(sorted(found)) for identity, found in places.items()}


def _say_seen(entry: Entry, failed: int, runs: int) -> str:
    words = f"found in {failed} of {count(runs, 'run')}"
    if entry.kind == "failing" and failed < runs:
        words += ", so it is flaky"
    elif entry.kind == "failing":
        words = f"failing, {words}"
    elif failed == runs and runs > 1:
        words = f'flaky, {words}; write kind = "failing" to hear of its end'
    else:
        words = f"flaky, {words}"
    if entry.is_expired:
        words += f"; EXPIRED on {entry.until}: mend it, or decide anew and move 'until'"
    return words


def _judge_unseen(entry: Entry, position: int, results: Sequence[RunResult], *, prune: bool) -> Change:
    """Say what becomes of an entry that no run found."""
    runs = len(results)
    held: Counter[str] = Counter()
    for result in results:
        for unit in result.units:
            held.update(unit.exercised)
    if not entry.is_scenario and entry.id not in results[0].selected:
        return Change("kept", entry, "not asked for", position, is_edited=False)
    if not all(is_refuted(entry, result, held) for result in results):
        why = "not found, and these runs did too little to say that it is gone: run all that its entry names"
        return Change("kept", entry, why, position, is_edited=False)
    if entry.kind == "flaky" and runs < (needed := _runs_needed(entry)):
        why = f"not found in {count(runs, 'run')}, which may be luck; --runs {needed} would tell"
        return Change("kept", entry, why, position, is_edited=False)
    if prune:
        return Change("removed", entry, f"not found in {count(runs, 'run')}", position)
    return Change("kept", entry, f"not found in {count(runs, 'run')}; --prune removes it", position, is_edited=False)


def _runs_needed(entry: Entry) -> int:
    """Return after how many runs without it a flaky failure is hardly there any more."""
    failed, runs = entry.runs or (1, round(1 / RATE))
    rate = min(failed / runs, 0.9)
    return math.ceil(math.log(DOUBT) / math.log(1 - rate))


def _plain(entry: Entry) -> Entry:
    return replace(entry, line=None, is_expired=False)
