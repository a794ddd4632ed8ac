"""The corpus that comes along: small inputs, chapter by chapter, that visit much of the model.

`python -m letitcrash_fuzz.seed_writer FOLDER` writes it anew; each line of a file is one input in hexadecimal digits.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files

from letitcrash_fuzz.sources import cut

__all__ = ["read_fragments", "read_seeds"]

MOST_FRAGMENTS = 200


@cache
def read_seeds(chapter: str) -> tuple[bytes, ...]:
    """Return the inputs that come along for a chapter, the shortest first."""
    file = files("letitcrash_fuzz") / "corpus" / f"{chapter}.txt"
    if not file.is_file():
        return ()
    return tuple(bytes.fromhex(line) for line in file.read_text("ascii").split() if line)


@cache
def read_fragments(chapter: str) -> tuple[bytes, ...]:
    """Return single operations of these inputs, the most frequent first: the dictionary of the chapter."""
    counts = Counter(part for seed in read_seeds(chapter) for part in cut(seed)[1:] if part)
    return tuple(part for part, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MOST_FRAGMENTS])
