"""Writes the corpus that comes along anew.

`python -m letitcrash_fuzz.seed_writer FOLDER [SUBJECT [RUNS [CHAPTER...]]]`
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from letitcrash_conformance.lookup import find_subject
from letitcrash_fuzz.campaign import execute
from letitcrash_fuzz.corpus import cover, measure
from letitcrash_fuzz.executor import Executor
from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.ranges import Onlooker
from letitcrash_fuzz.target import Target, supported

__all__ = ["main"]

RUNS = 600
"""Programs that are searched for each chapter."""

KINDS = ("state ", "step ", "clause ")
"""What the inputs that are kept cover."""

MOST = 48
"""Inputs that are kept for each chapter."""


def main(argv: Sequence[str]) -> None:
    """Search each chapter of a subject for a while, and write the few inputs that cover most."""
    folder = Path(argv[0])
    factory = find_subject(argv[1] if len(argv) > 1 else "reference")
    runs = int(argv[2]) if len(argv) > 2 else RUNS
    first = factory()
    hello = first.hello
    first.close()
    folder.mkdir(parents=True, exist_ok=True)
    executor: Executor | None = None
    for chapter in argv[3:] or supported(hello):
        target = Target(factory, chapter, hello.default_backend)
        executor = executor or Executor(target)
        executor.turn_to(target)
        knowledge = Knowledge()
        execute(executor, 0, runs, knowledge, Onlooker())
        kept = _choose(measure(executor, knowledge.corpus))
        (folder / f"{chapter}.txt").write_text("".join(f"{data.hex()}\n" for data in kept), "ascii")
        print(f"{chapter}: {len(kept)} of {len(knowledge.corpus)} inputs", flush=True)
    if executor is not None:
        executor.close()


def _choose(visited: dict[bytes, Iterable[str]]) -> list[bytes]:
    """Return inputs that cover all kinds that matter, at most so many: those that cover most."""
    features = {data: [feature for feature in found if feature.startswith(KINDS)] for data, found in visited.items()}
    kept = cover(features)
    kept = sorted(kept, key=lambda data: (-len(features[data]), data))[:MOST]
    return sorted(kept, key=lambda data: (len(data), data))


if __name__ == "__main__":
    main(sys.argv[1:])
