"""The tables that are printed: plain text, one row for each measure."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["goal_words", "number_words", "print_table", "ratio_words"]


def number_words(value: float) -> str:
    """Return a rate or a size in three digits: `"960"`, `"12.3k"`, `"4.5M"`."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            scaled = value / size
            return f"{scaled:.0f}{unit}" if scaled >= 100 else f"{scaled:.1f}{unit}"
    return f"{value:.0f}"


def ratio_words(value: float) -> str:
    """Return a ratio: `"x0.71"`, `"x12.4"`."""
    return f"x{value:.2f}" if value < 10 else f"x{value:.1f}"


def goal_words(value: float, goal: float, *, at_most: bool = False) -> str:
    """Return a goal and whether it is reached, for a reader; nothing depends on it."""
    is_reached = value <= goal if at_most else value >= goal
    words = number_words(goal) if goal >= 100 else f"{goal:g}"
    return f"{'<=' if at_most else '>='} {words} {'ok' if is_reached else 'MISSED'}"


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> None:
    """Print a table, its first column to the left and the others to the right, and notes below."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    print(f"\n{title}")
    for first, *others in [header, *rows]:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  " + "  ".join([first.ljust(widths[0]), *cells]).rstrip())
    for note in notes:
        print(f"  {note}")
