"""How a campaign goes on: one line that moves on a terminal, and a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from letitcrash_conformance.console import Screen
from letitcrash_conformance.render_lines import Line, Style, count
from letitcrash_fuzz.finds import Find
from letitcrash_fuzz.fuzzing import Campaign
from letitcrash_fuzz.ranges import Trouble
from letitcrash_fuzz.target import Target

__all__ = ["Display"]

QUIET_S = 60.0
"""How long a campaign says nothing where there is no live line, in seconds."""

_MOVE_S = 0.5


class Display:
    """Shows a campaign, and lets somebody keep each find."""

    def __init__(self, screen: Screen, keep: Callable[[Find], object], *, is_quiet: bool = False) -> None:
        """Show nothing yet.

        Args:
            screen: Where to show it.
            keep: Called with each new find, first.
            is_quiet: Whether to show finds alone.
        """
        self._screen = screen
        self._keep = keep
        self._is_quiet = is_quiet
        self._moved = self._spoken = time.monotonic()
        self._shown = 0
        self._troubles: set[str] = set()

    def on_progress(self, campaign: Campaign) -> None:
        """Move the line, or say a word if nothing was said for long."""
        now = time.monotonic()
        if self._is_quiet:
            return
        if self._screen.is_lively:
            if now - self._moved >= _MOVE_S:
                self._moved = now
                self._draw(_describe(campaign))
        elif now - self._spoken >= QUIET_S:
            self._say(Line(_describe(campaign), "dim"))

    def on_find(self, target: Target, find: Find) -> None:
        """Keep a find, and say what it is."""
        self._keep(find)
        violation = find.finding.violation
        what = violation.what.splitlines()[0] if violation.what else ""
        kind = "flaky" if find.finding.is_flaky else "found" if find.is_shrunk else "found (not shrunk)"
        steps = count(len(find.finding.program), "step")
        style: Style = "warn" if find.finding.is_flaky else "bad"
        self._say(Line(f"{kind:<8} {find.clause} in {target.chapter} on {target.backend}, {steps}: {what}", style))

    def on_trouble(self, target: Target, trouble: Trouble, path: Path | None) -> None:
        """Say what broke, each kind once."""
        what = trouble.what.splitlines()[0]
        if what in self._troubles:
            return
        self._troubles.add(what)
        kept = f"; the input is kept in {path}" if path is not None else ""
        self._say(Line(f"broken   {target.chapter} on {target.backend}: {what}{kept}", "warn"))

    def on_note(self, text: str) -> None:
        """Say it."""
        self._say(Line(text, "dim"))

    def close(self) -> None:
        """Take the moving line away."""
        self._draw("")

    def _say(self, line: Line) -> None:
        self._draw("")
        self._spoken = time.monotonic()
        self._screen.show([line])

    def _draw(self, text: str) -> None:
        """Put a text in the place of the moving line."""
        if not self._screen.is_lively or (not text and not self._shown):
            return
        text = text[: self._screen.width]
        self._screen.file.write("\r" + text.ljust(self._shown) + ("\r" if not text else ""))
        self._screen.file.flush()
        self._shown = len(text)


def _describe(campaign: Campaign) -> str:
    seconds = max(campaign.seconds, 0.001)
    minutes, rest = divmod(int(seconds), 60)
    corpus = sum(len(totals.knowledge.corpus) for totals in campaign.totals.values())
    lines = campaign.count("code")
    parts = [
        f"{minutes}:{rest:02}",
        f"{campaign.executions:,} runs ({campaign.executions / seconds:,.0f}/s)",
        f"{campaign.operations:,} operations",
        f"{campaign.count('state'):,} states, {campaign.count('pair'):,} pairs"
        + (f", {lines:,} lines" if lines else ""),
        f"corpus {corpus:,}",
        count(len(campaign.finds), "new find"),
    ]
    return " | ".join(parts)
