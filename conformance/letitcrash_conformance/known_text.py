"""The text of `known.toml`: where its entries stand, and how they are changed without touching anything else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from letitcrash_conformance.known import Entry

__all__ = ["HEAD", "find_lines", "rewrite"]

HEAD = """\
# Failures that are known: `letitcrash run SUBJECT --known known.toml` does not fail because of them.
# An entry that no longer fails is an error; `letitcrash baseline SUBJECT --prune` removes it.
"""

_HEADER = re.compile(r"\s*\[\[\s*(?:known|\"known\"|'known')\s*\]\]")
_VALUE = r"(\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|\[[^\]]*\]|[^\s#]+)"


@dataclass(slots=True)
class _Block:
    """One entry: its header, what stands below it, and the comment right above it."""

    lines: list[str] = field(default_factory=list[str])


def find_lines(text: str) -> list[int]:
    """Return the lines, from 1, on which entries begin. Complete where each entry has a `[[known]]` of its own."""
    found: list[int] = []
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not fence and _HEADER.match(line):
            found.append(number)
        fence = _fence_after(line, fence)
    return found


def rewrite(text: str, changes: Mapping[int, Entry | None], added: Sequence[Entry]) -> str:
    """Return the text with entries changed, removed and added, and everything else as it was.

    Args:
        text: The text; empty for a new file.
        changes: Position of an entry, from 0, to the entry as it shall be, or None to remove it. Only what a run
            has found out is changed: `kind`, `runs`, `budget`, `where`.
        added: Entries to put at the end.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    head, blocks = _split(text.replace("\r\n", "\n") if text.strip() else HEAD)
    parts = ["".join(head)]
    for position, block in enumerate(blocks):
        if position not in changes:
            parts.append("".join(block.lines))
        elif (entry := changes[position]) is not None:
            parts.append(_change("".join(block.lines), entry))
    if not text.strip() and not added:
        return HEAD
    whole = "".join(parts)
    for entry in added:
        whole = f"{whole.rstrip()}\n\n{_write(entry)}"
    return f"{whole.rstrip()}\n".replace("\n", end)


def _split(text: str) -> tuple[list[str], list[_Block]]:
    rows = text.splitlines(keepends=True)
    starts: list[int] = []
    for line in find_lines(text):
        start = line - 1
        while start > 0 and rows[start - 1].lstrip().startswith("#"):
            start -= 1
        starts.append(start)
    if rows and not rows[-1].endswith("\n"):
        rows[-1] += "\n"
    if not starts:
        return rows, []
    ends = [*starts[1:], len(rows)]
    return rows[: starts[0]], [_Block(rows[start:end]) for start, end in zip(starts, ends, strict=True)]


def _fence_after(line: str, fence: str) -> str:
    """Return the mark of the text of several lines that is open after a line; empty if there is none."""
    place = 0
    while True:
        if fence:
            place = line.find(fence, place)
            if place < 0:
                return fence
            place, fence = place + 3, ""
        opening = re.compile(r"#|\"\"\"|'''|\"(?:[^\"\\]|\\.)*\"|'[^']*'").search(line, place)
        if opening is None or opening[0] == "#":
            return ""
        place = opening.end()
        if opening[0] in ('"""', "'''"):
            fence = opening[0]


def _facts(entry: Entry) -> dict[str, str]:
    """Return what a run finds out about an entry, as TOML."""
    facts = {"kind": _quote(entry.kind)}
    if entry.runs is not None:
        facts["runs"] = _quote(f"{entry.runs[0]} of {entry.runs[1]}")
    if entry.budget is not None:
        facts["budget"] = str(entry.budget)
    if entry.where:
        facts["where"] = f"[{', '.join(map(_quote, entry.where))}]"
    return facts


def _change(text: str, entry: Entry) -> str:
    for key, value in _facts(entry).items():
        pattern = re.compile(rf"^([ \t]*{key}[ \t]*=[ \t]*){_VALUE}", re.MULTILINE)
        if pattern.search(text):
            text = pattern.sub(lambda match, value=value: f"{match[1]}{value}", text, count=1)  # type: ignore[misc]
            continue
        rows = text.splitlines(keepends=True)
        last = max(index for index, row in enumerate(rows) if row.strip() and not row.lstrip().startswith("#"))
        rows.insert(last + 1, f"{key} = {value}\n")
        text = "".join(rows)
    return text


def _write(entry: Entry) -> str:
    rows = ["[[known]]", f"{'property' if entry.is_scenario else 'clause'} = {_quote(entry.id)}"]
    facts = _facts(entry)
    rows.append(f"kind = {facts.pop('kind')}")
    rows.append(f"reason = {_quote(entry.reason)}")
    if entry.link:
        rows.append(f"link = {_quote(entry.link)}")
    if entry.until is not None:
        rows.append(f"until = {entry.until.isoformat()}")
    rows += [f"{key} = {value}" for key, value in facts.items()]
    return "\n".join(rows) + "\n"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
