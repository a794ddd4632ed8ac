"""Histories in columns: what several clients did at the same time, when, and what they were answered."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from letitcrash_conformance.render import value_text, words_of, words_of_answer
from letitcrash_conformance.render_lines import Line, Style, count
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.model.diagnose import Violation

__all__ = ["Place", "find_place", "render_history", "words_of_place"]

NARROWEST = 30
"""How many columns of text a client needs to stand beside others."""

MAX_ROWS = 24
"""How many rows of a long history are shown: its beginning, and those around the answer that differs."""

_BEGINNING = 4
_AFTER = 3
_INDENT = " " * 8
_PLACE = re.compile(r"operation (\d+) of client (\d+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation stands in a history: client and turn, both counted from 0."""

    client: int
    turn: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """One operation of a history as it is shown."""

    place: Place
    call: int
    end: int
    words: str
    is_marked: bool


def find_place(violation: Violation) -> Place | None:
    """Return which operation of a history a violation is about; None if it is about none."""
    if violation.operation.op != "parallel":
        return None
    found = _PLACE.search(violation.what)
    return None if found is None else Place(int(found[2]) - 1, int(found[1]) - 1)


def words_of_place(operation: Operation, place: Place) -> str:
    """Return what an operation of a history asks for: `"client 2: call p1 add 5"`."""
    step = operation.args["clients"][place.client][place.turn]
    return f"client {place.client + 1}: {words_of(Operation(step['op'], step['args']))}"


def render_history(
    operation: Operation, answer: Answer | None, *, head: str, is_failing: bool, marked: Place | None, width: int
) -> list[Line]:
    """Return a `parallel` step: one column for each client, or one block where there is no room for columns.

    Time runs downwards. Operations stand in one row if each had begun before any other had its answer. Before each
    stand its two stamps, after it its answer; the one that nothing explains is marked with `>`.

    Args:
        operation: The step.
        answer: What was answered to it; None if nothing was.
        head: What its first line begins with.
        is_failing: Whether it is the step that failed.
        marked: The operation that nothing explains, or None.
        width: Columns of the text.
    """
    clients = operation.args["clients"]
    entries = _entries(operation, answer, marked)
    number = count(len(clients), "client")
    told = "" if answer is None or "ok" in answer else f"  -> {words_of_answer(answer)}"
    stamps = ", each operation after its stamps" if entries and entries[0].call else ""
    lines = [Line(f"{head}at the same time, {number}{stamps}:{told}", "bad" if is_failing and marked is None else "")]
    room = width - len(_INDENT)
    column = (room - 3 * (len(clients) - 1)) // max(1, len(clients))
    if column >= NARROWEST:
        return lines + _columns(entries, len(clients), column)
    return lines + _blocks(entries, len(clients), room)


def _entries(operation: Operation, answer: Answer | None, marked: Place | None) -> list[_Entry]:
    history = answer.get("ok") if answer is not None else None
    found: list[_Entry] = []
    for client, steps in enumerate(operation.args["clients"]):
        for turn, step in enumerate(steps):
            place = Place(client, turn)
            words = words_of(Operation(step["op"], step["args"]))
            stamped = history[client][turn] if history is not None else None
            if stamped is None:
                found.append(_Entry(place, 0, 0, words, place == marked))
                continue
            call, end = stamped["call"], stamped["return"]
            told = f"{call}..{end} {words}{_told(step['op'], stamped['answer'])}"
            found.append(_Entry(place, call, end, told, place == marked))
    return found


def _told(op: str, answer: Answer) -> str:
    if "ok" not in answer:
        return f" -> {words_of_answer(answer)}"
    value = answer["ok"]
    is_silent = value is None and op not in ("call", "whereis", "name_of", "start_child", "restart_child")
    return "" if is_silent else f" -> {value_text(value)}"


# -- side by side ------------------------------------------------------------------------------------------------------


def _columns(entries: Sequence[_Entry], clients: int, width: int) -> list[Line]:
    def join(cells: Sequence[str]) -> str:
        return (_INDENT + " | ".join(f"{cell:<{width}}" for cell in cells)).rstrip()

    lines = [Line(join([f"client {client + 1}" for client in range(clients)]), "dim")]
    for row in _shortened(_rows(entries)):
        if isinstance(row, int):
            lines.append(Line(f"{_INDENT}... {count(row, 'row')} more", "dim"))
            continue
        cells = [_cell(row.get(client), width) for client in range(clients)]
        is_bad = any(entry.is_marked for entry in row.values())
        for height in range(max(len(cell) for cell in cells)):
            texts = [cell[height] if height < len(cell) else "" for cell in cells]
            lines.append(Line(join(texts), "bad" if is_bad else ""))
    return lines


def _rows(entries: Sequence[_Entry]) -> list[dict[int, _Entry]]:
    """Put operations into one row that were all under way at one moment."""
    rows: list[dict[int, _Entry]] = []
    first_end = 0
    turns: set[tuple[int, int]] = set()
    for entry in sorted(entries, key=lambda each: (each.call, each.place.turn, each.place.client)):
        client, turn = entry.place.client, entry.place.turn
        has_stamps = entry.call > 0
        fits = entry.call < first_end if has_stamps else any(row_turn == turn for _, row_turn in turns)
        if rows and client not in rows[-1] and fits:
            rows[-1][client] = entry
            first_end = min(first_end, entry.end)
        else:
            rows.append({client: entry})
            first_end = entry.end
            turns = set()
        turns.add((client, turn))
    return rows


def _shortened(rows: Sequence[dict[int, _Entry]]) -> Iterator[dict[int, _Entry] | int]:
    """Leave out the middle of a long history; a number stands for so many rows."""
    if len(rows) <= MAX_ROWS:
        yield from rows
        return
    place = next((n for n, row in enumerate(rows) if any(entry.is_marked for entry in row.values())), len(rows) - 1)
    end = min(max(place + 1 + _AFTER, MAX_ROWS), len(rows))
    start = max(end - (MAX_ROWS - _BEGINNING), _BEGINNING)
    yield from rows[:_BEGINNING]
    if start > _BEGINNING:
        yield start - _BEGINNING
    yield from rows[start:end]
    if end < len(rows):
        yield len(rows) - end


def _cell(entry: _Entry | None, width: int) -> list[str]:
    if entry is None:
        return [""]
    mark = "> " if entry.is_marked else "  "
    return textwrap.wrap(
        entry.words, width=width, initial_indent=mark, subsequent_indent="    ", break_on_hyphens=False
    )


# -- one below the other -----------------------------------------------------------------------------------------------


def _blocks(entries: Sequence[_Entry], clients: int, width: int) -> list[Line]:
    lines: list[Line] = []
    for client in range(clients):
        lines.append(Line(f"{_INDENT}client {client + 1}", "dim"))
        own = [{0: entry} for entry in entries if entry.place.client == client]
        for row in _shortened(own):
            if isinstance(row, int):
                lines.append(Line(f"{_INDENT}    ... {count(row, 'operation')} more", "dim"))
                continue
            style: Style = "bad" if row[0].is_marked else ""
            lines += [Line(f"{_INDENT}  {text}", style) for text in _cell(row[0], width - 2)]
    return lines
