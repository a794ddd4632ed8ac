"""Lines of a report: text with a style for terminals that have one."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Line", "Style", "count", "plain_text", "printable", "wrap"]

Style: TypeAlias = Literal["", "bad", "bold", "dim", "good", "warn"]
"""How a line looks where colours are shown; what it says never depends on it."""


class Line(NamedTuple):
    """One line of a report.

    Attributes:
        text: The line, without an end.
        style: How it looks on a terminal.
    """

    text: str
    style: Style = ""


def plain_text(lines: Iterable[Line]) -> str:
    """Return lines as one text, without a final line end."""
    return "\n".join(line.text for line in lines)


def wrap(text: str, *, width: int, first: str = "", rest: str | None = None, style: Style = "") -> list[Line]:
    """Return a text as lines of at most `width` columns.

    Args:
        text: The text; line ends in it are kept.
        width: Number of columns.
        first: What the first line begins with.
        rest: What the others begin with; blanks of the same length if left out.
        style: The style of all lines.
    """
    indent = " " * len(first) if rest is None else rest
    lines: list[Line] = []
    for paragraph in text.splitlines() or [""]:
        head = first if not lines else indent
        pieces = textwrap.wrap(
            paragraph,
            width=max(width, len(indent) + 20),
            initial_indent=head,
            subsequent_indent=indent,
            break_on_hyphens=False,
            break_long_words=False,
        )
        lines += [Line(piece, style) for piece in pieces or [head.rstrip()]]
    return lines


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `"1 program"`, `"6,021 operations"`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def printable(text: str, *, keep: str = "\n\t") -> str:
    r"""Return a text with everything escaped that a reader does not see or that changes how the rest is shown.

    Control characters, marks that change the direction of writing, half characters and unassigned ones become what
    Python writes for them: `"\x1b"`.

    Args:
        text: The text, from anybody.
        keep: Control characters that stay as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each in keep or not _is_unseen(each) else _escape(each) for each in text)


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
