"""The timeline of a program as SVG: lanes from left to right, time from top to bottom."""

from __future__ import annotations

from letitcrash_conformance.page.markup import Html, join, tag
from letitcrash_conformance.render_lines import printable
from letitcrash_conformance.timeline import Mark, Timeline

__all__ = ["describe_timeline", "draw_timeline"]

MAX_ROWS = 80
"""Rows that are drawn; earlier ones are left out."""

_ROW = 26
_TOP = 40
_GUTTER = 52
_LETTER = 7.4
_WORDS = 68


def draw_timeline(timeline: Timeline, label: str) -> Html:
    """Return a timeline as an SVG image.

    What is drawn stands below the picture as text, so the picture itself is one image with a label.

    Args:
        timeline: The timeline.
        label: What the picture shows, for those who do not see it.
    """
    marks = timeline.marks[-MAX_ROWS:]
    columns, right = _place(timeline.lanes)
    longest = max((len(_words(mark)) for mark in marks), default=0)
    width = round(right + 16 + _LETTER * longest)
    height = _TOP + _ROW * len(marks) + 8
    parts: list[Html] = []
    for lane, x in columns.items():
        parts.append(tag("text", printable(lane, keep=""), x=x, y=18, class_="lane"))
    parts += [part for row, mark in enumerate(marks) for part in _background(row, mark, timeline, width)]
    parts += _draw_lifelines(timeline, marks, columns)
    for row, mark in enumerate(marks):
        parts += _draw_mark(row, mark, columns, right)
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=label,
        class_="timeline",
    )


def _place(lanes: tuple[str, ...]) -> tuple[dict[str, int], int]:
    columns: dict[str, int] = {}
    x = float(_GUTTER)
    for lane in lanes:
        size = max(64.0, _LETTER * len(printable(lane, keep="")) + 18)
        columns[lane] = round(x + size / 2)
        x += size
    return columns, round(x)


def _y(row: int) -> int:
    return _TOP + _ROW * row + _ROW // 2


def _background(row: int, mark: Mark, timeline: Timeline, width: int) -> list[Html]:
    kind = "wrong" if mark.is_wrong else "fails" if mark.is_step and mark.step == timeline.failing else ""
    if not kind:
        return []
    return [tag("rect", x=0, y=_y(row) - _ROW // 2, width=width, height=_ROW, class_=kind)]


def _draw_lifelines(timeline: Timeline, marks: tuple[Mark, ...], columns: dict[str, int]) -> list[Html]:
    # Whoever is first seen in some other way than by a beginning was there before the first row.
    starts = {lane: _TOP for lane in timeline.lanes if _first_kind(marks, lane) != "birth"}
    end = _TOP + _ROW * len(marks)
    lines: list[tuple[str, int, int]] = []
    for row, mark in enumerate(marks):
        if mark.kind == "birth":
            if mark.lane in starts:
                lines.append((mark.lane, starts[mark.lane], _y(row)))
            starts[mark.lane] = _y(row)
        elif mark.kind == "death" and mark.lane in starts:
            lines.append((mark.lane, starts.pop(mark.lane), _y(row)))
    lines += [(lane, start, end) for lane, start in starts.items()]
    return [
        tag("line", x1=columns[lane], y1=start, x2=columns[lane], y2=stop, class_="life") for lane, start, stop in lines
    ]


def _first_kind(marks: tuple[Mark, ...], lane: str) -> str:
    return next((mark.kind for mark in marks if mark.lane == lane), "note")


def _draw_mark(row: int, mark: Mark, columns: dict[str, int], right: int) -> list[Html]:
    y = _y(row)
    parts: list[Html] = []
    if mark.is_step:
        parts.append(tag("text", f"{mark.step + 1}.", x=_GUTTER - 12, y=y + 4, class_="step"))
    x = columns.get(mark.lane)
    if x is not None:
        origin = columns.get(mark.source, x)
        if origin != x:
            parts += _draw_arrow(origin, x, y, mark.kind)
        parts += _draw_point(x, y, mark, has_arrow=origin != x)
    parts.append(tag("text", _words(mark), x=right + 8, y=y + 4))
    return parts


def _draw_arrow(origin: int, x: int, y: int, kind: str) -> list[Html]:
    side = 1 if x > origin else -1
    tip = x - 5 * side if kind == "birth" else x
    head = f"M{tip} {y}l{-9 * side} -5v10z"
    return [
        tag("line", x1=origin, y1=y, x2=tip - 8 * side, y2=y, class_=kind),
        tag("path", d=head, class_="head"),
    ]


def _draw_point(x: int, y: int, mark: Mark, *, has_arrow: bool) -> list[Html]:
    if mark.kind == "birth":
        return [tag("circle", cx=x, cy=y, r=5, class_="born")]
    if mark.kind == "death":
        return [tag("path", d=f"M{x - 6} {y - 6}l12 12M{x - 6} {y + 6}l12 -12", class_="dead")]
    return [] if has_arrow else [tag("circle", cx=x, cy=y, r=3.5, class_="dot")]


def _words(mark: Mark) -> str:
    who = f"{mark.who}: " if mark.who and mark.who != mark.lane else ""
    words = " ".join(printable(f"{who}{mark.words}", keep="").split())
    return words if len(words) <= _WORDS else f"{words[: _WORDS - 1]}…"


def describe_timeline(timeline: Timeline) -> Html:
    """Return the rows of a timeline as list entries."""
    return join(*(tag("li", mark.sentence) for mark in timeline.marks[-MAX_ROWS:]))
