"""The timeline of a program as text: a lane for each process, a row for each thing that happened."""

from __future__ import annotations

import textwrap

from letitcrash_conformance.render_lines import Line, Style, count, wrap
from letitcrash_conformance.timeline import Kind, Mark, Timeline

__all__ = ["render_timeline"]

MAX_ROWS = 16
"""Rows that are shown; earlier ones are left out."""

LEAST_WORDS = 30
_GAP = 2
_STROKES: dict[Kind, str] = {"birth": "-", "death": "-", "message": "-", "notice": ".", "signal": "=", "note": "-"}
_POINTS: dict[Kind, str] = {"birth": "o", "death": "x", "message": "|", "notice": "|", "signal": "|", "note": "*"}


def render_timeline(timeline: Timeline, width: int = 100) -> list[Line]:
    """Return a timeline as text; nothing if fewer than two processes are in it, for then the steps say it all.

    Args:
        timeline: The timeline.
        width: Columns of the text.
    """
    if timeline.processes < 2:
        return []
    grid = _Grid(timeline)
    head = "The timeline (o start, x death, ---> message, ===> signal, ...> DOWN, > fails, ! must not be):"
    if grid.width + LEAST_WORDS > width:
        what = f"{count(timeline.processes, 'process', 'processes')} do not fit into {width} columns"
        return [Line(f"The timeline is on the page (letitcrash report FILE --html PAGE): {what}", "dim")]
    rows = [_Row(grid, mark, mark.step == timeline.failing and mark.is_step) for mark in timeline.marks]
    left_out = max(len(rows) - MAX_ROWS, 0)
    lines = [Line(head, "bold"), Line(grid.head, "dim")]
    if left_out:
        lines.append(Line(f"{'':9}{count(left_out, 'row')} before these", "dim"))
    for row in rows[left_out:]:
        lines += row.lines(width)
    if timeline.idle:
        lines += wrap(f"without a lane, for they only began: {', '.join(timeline.idle)}", first=" " * 9, width=width)
    return lines


class _Grid:
    """Where the lanes stand, and who lives while rows are made from top to bottom."""

    def __init__(self, timeline: Timeline) -> None:
        self.columns: dict[str, int] = {}
        # Whoever is first seen in some other way than by a beginning was there before the first row.
        begins = {mark.lane: mark.kind for mark in reversed(timeline.marks)}
        self.living: set[str] = {lane for lane in timeline.lanes if begins.get(lane) != "birth"}
        names: list[str] = []
        column = 9
        for lane in timeline.lanes:
            size = max(len(lane), 5)
            self.columns[lane] = column + size // 2
            names.append(f"{lane:^{size}}")
            column += size + _GAP
        self.width = column + 1
        self.head = (" " * 9 + (" " * _GAP).join(names)).rstrip()

    def lifelines(self) -> list[str]:
        """Return an empty row: a stroke for each lane whose process lives."""
        cells = [" "] * self.width
        for lane in self.living:
            cells[self.columns[lane]] = "|"
        return cells


class _Row:
    """One mark, drawn."""

    def __init__(self, grid: _Grid, mark: Mark, is_failing: bool) -> None:
        if mark.kind == "birth":
            grid.living.discard(mark.lane)
        cells = grid.lifelines()
        at = grid.columns.get(mark.lane)
        if at is not None:
            if mark.source and mark.source != mark.lane:
                _draw_arrow(cells, grid.columns[mark.source], at, mark.kind)
            cells[at] = _POINTS[mark.kind] if mark.source or mark.kind != "message" else "*"
        if mark.kind == "birth":
            grid.living.add(mark.lane)
        elif mark.kind == "death":
            grid.living.discard(mark.lane)
        number = f"{mark.step + 1}." if mark.is_step else ""
        self._head = f"{'>' if is_failing else ' ':>3} {number:>4} "
        self._cells = "".join(cells)[9:]
        self._after = "".join(grid.lifelines())[9:]
        is_attempt = mark.who != mark.lane and mark.who
        self._words = f"{mark.who}: {mark.words}" if is_attempt else mark.words
        if mark.is_wrong:
            self._head = f"{'!':>3} {number:>4} "
        self._style: Style = "bad" if is_failing or mark.is_wrong else ""

    def lines(self, width: int) -> list[Line]:
        """Return the row, its words wrapped beside the lanes."""
        room = max(width - 9 - len(self._cells) - 1, LEAST_WORDS - 1)
        first, *rest = textwrap.wrap(self._words, room, break_on_hyphens=False) or [""]
        lines = [Line(f"{self._head}{self._cells} {first}".rstrip(), self._style)]
        return lines + [Line(f"{'':9}{self._after} {each}", self._style) for each in rest]


def _draw_arrow(cells: list[str], source: int, target: int, kind: Kind) -> None:
    stroke = _STROKES[kind]
    low, high = sorted((source, target))
    for column in range(low + 1, high):
        cells[column] = stroke
    cells[source] = "+"
    if target > source:
        cells[target - 1] = ">"
    else:
        cells[target + 1] = "<"
