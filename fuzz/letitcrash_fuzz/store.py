"""The folder of a campaign: what it knows, so that it can be resumed, and the inputs that broke something.

FOLDER/links-async/state.json       counters, coverage, what is known of finds
FOLDER/links-async/corpus/          the inputs worth keeping, one file each, named after their content
FOLDER/links-async/troubles/        inputs that were running when the harness or a worker broke, with the story
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from letitcrash_conformance.errors import UsageError
from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.ranges import Trouble
from letitcrash_fuzz.totals import KnownFind, Totals

try:
    import fcntl
except ImportError:  # not a Unix: two campaigns in one folder are not told apart
    fcntl = None  # type: ignore[assignment]

__all__ = ["FORMAT", "Store", "name_input"]

FORMAT = "letitcrash-fuzz 1"


def name_input(data: bytes) -> str:
    """Return the file name of an input."""
    return hashlib.sha256(data).hexdigest()[:16]


class Store:
    """One campaign at a time works in a folder.

    Attributes:
        folder: The folder.
        error: Why something could not be written the last time, or None.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is missing, and claim it.

        Raises:
            UsageError: If it cannot be made or written to, or another campaign works in it.
        """
        self.folder = folder
        self.error: OSError | None = None
        self._written: dict[str, set[str]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / "lock").open("a")
        except OSError as error:
            raise UsageError(
                f"expected a folder to keep the campaign in, got {str(folder)!r}: {error.strerror}\n"
                "  name another with --corpus"
            ) from None
        if fcntl is not None:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._lock.close()
                raise UsageError(
                    f"expected a folder in which no other campaign is at work, got {str(folder)!r}\n"
                    "  end the other one, or name another folder with --corpus; -n runs more processes in one campaign"
                ) from None

    def close(self) -> None:
        """Let others work in the folder."""
        self._lock.close()

    def load(self, target: str) -> tuple[Totals, list[bytes]]:
        """Return what is known of a target, and the inputs of its corpus that are not accounted for yet.

        Raises:
            UsageError: If its files cannot be read or are not those of a campaign; the message says which and where.
        """
        inputs = self.inputs(target)
        path = self.folder / target / "state.json"
        if not path.exists():
            return Totals(), list(inputs.values())
        totals = _read(path, inputs)
        known = set(totals.knowledge.best.values())
        self._written[target] = {name_input(data) for data in known}
        return totals, [data for data in inputs.values() if data not in known]

    def inputs(self, target: str) -> dict[str, bytes]:
        """Return the inputs of a target by their file names, sorted by name.

        Raises:
            UsageError: If one cannot be read.
        """
        folder = self.folder / target / "corpus"
        found: dict[str, bytes] = {}
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            try:
                found[path.name] = path.read_bytes()
            except OSError as error:
                raise UsageError(f"expected an input in {str(path)!r}, could not read it: {error.strerror}") from None
        return found

    def save(self, target: str, totals: Totals) -> None:
        """Write what is known of a target. What cannot be written is noted in `error`, never raised."""
        try:
            self._write(target, totals)
            self.error = None
        except OSError as error:
            self.error = error

    def _write(self, target: str, totals: Totals) -> None:
        folder = self.folder / target
        corpus = folder / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        written = self._written.setdefault(target, set())
        kept = {name_input(data): data for data in totals.knowledge.corpus}
        for name, data in kept.items():
            if name not in written:
                (corpus / name).write_bytes(data)
        for name in written - set(kept):
            (corpus / name).unlink(missing_ok=True)
        self._written[target] = set(kept)
        _replace(folder / "state.json", json.dumps(_dump(totals), ensure_ascii=False))

    def keep_trouble(self, target: str, trouble: Trouble) -> Path | None:
        """Write an input that broke something, with its story.

        Returns the file of the input; None if it cannot be written.
        """
        folder = self.folder / target / "troubles"
        path = folder / f"{name_input(trouble.data)}.bin"
        lines = [trouble.what, f"execution {trouble.number} of target {target}"]
        if trouble.program is not None:
            lines += [json.dumps(step, ensure_ascii=False) for step in trouble.program.to_json()]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(trouble.data)
            path.with_suffix(".txt").write_text("\n".join(lines) + "\n", "utf-8")
        except OSError as error:
            self.error = error
            return None
        return path

    def replace_corpus(self, target: str, inputs: Iterable[bytes]) -> None:
        """Let the corpus of a target consist of these inputs.

        Raises:
            UsageError: If it cannot be written.
        """
        corpus = self.folder / target / "corpus"
        kept = {name_input(data): data for data in inputs}
        try:
            corpus.mkdir(parents=True, exist_ok=True)
            for name, data in kept.items():
                (corpus / name).write_bytes(data)
            for path in corpus.iterdir():
                if path.name not in kept:
                    path.unlink()
        except OSError as error:
            raise UsageError(f"expected to write a corpus to {str(corpus)!r}: {error.strerror}") from None
        self._written[target] = set(kept)


def _replace(path: Path, text: str) -> None:
    """Write a file so that there is either the old one or the new one, whatever happens."""
    draft = path.with_suffix(".new")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def _dump(totals: Totals) -> dict[str, Any]:
    knowledge = totals.knowledge
    return {
        "format": FORMAT,
        "next": totals.next,
        "executions": totals.executions,
        "operations": totals.operations,
        "seconds": totals.seconds,
        "troubles": totals.troubles,
        "finds": [asdict(find) for find in totals.finds.values()],
        "violations": totals.violations,
        "exercised": totals.exercised,
        "undecided": totals.undecided,
        "arms": knowledge.arms,
        "hits": knowledge.hits,
        "picks": knowledge.picks,
        "best": {feature: name_input(data) for feature, data in knowledge.best.items()},
        "frontier": knowledge.frontier,
    }


def _read(path: Path, inputs: Mapping[str, bytes]) -> Totals:
    advice = "  move the folder away to begin anew; its corpus can be copied to the new one"
    try:
        data: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"expected the state of a campaign in {str(path)!r}: {error}\n{advice}") from None
    try:
        if data["format"] != FORMAT:
            raise ValueError(f"expected format {FORMAT!r}, got {data['format']!r}")
        # A feature whose input is gone is forgotten: it counts as new when it is visited again.
        best = {str(key): inputs[name] for key, name in data["best"].items() if name in inputs}
        knowledge = Knowledge(
            hits=Counter({key: number for key, number in _numbers(data["hits"]).items() if key in best}),
            best=best,
            picks=_numbers(data["picks"]),
            arms={str(arm): (float(tried), float(brought)) for arm, (tried, brought) in data["arms"].items()},
            frontier=([str(name) for name in data["frontier"][0]], [str(name) for name in data["frontier"][1]]),
        )
        return Totals(
            next=int(data["next"]),
            executions=int(data["executions"]),
            operations=int(data["operations"]),
            seconds=float(data["seconds"]),
            troubles=int(data["troubles"]),
            knowledge=knowledge,
            exercised=_numbers(data["exercised"]),
            undecided=_numbers(data["undecided"]),
            violations=_numbers(data["violations"]),
            finds={find["name"]: KnownFind(**find) for find in data["finds"]},
        )
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"expected the state of a campaign in {str(path)!r}, got {what}\n{advice}") from None


def _numbers(data: Mapping[str, Any]) -> Counter[str]:
    return Counter({str(key): int(number) for key, number in data.items()})
