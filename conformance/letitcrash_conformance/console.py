"""The terminal: prints lines with or without colours, and shows how a run goes on."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TextIO, TypeAlias

from letitcrash_conformance.render_lines import Line, Style, count, printable
from letitcrash_conformance.results import Finding, Unit, UnitResult
from letitcrash_spec.hello import Hello

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["COLORS", "Color", "LiveProgress", "PlainProgress", "Screen", "is_colored", "is_lively"]

Color: TypeAlias = Literal["auto", "always", "never"]
"""When to show colours: on a terminal that wants them, always, or never."""

COLORS: tuple[Color, ...] = ("auto", "always", "never")

REPORT_S = 15.0
"""How long a run is silent at most where there is no live display, in seconds."""

_CODES: dict[Style, str] = {"bad": "31", "bold": "1", "dim": "2", "good": "32", "warn": "33"}


def is_lively(file: TextIO, environment: Mapping[str, str] | None = None) -> bool:
    """Whether to show a live display: on a terminal, unless the environment says otherwise.

    Args:
        file: Where the text goes.
        environment: The environment; `CI`, `NO_COLOR` (if not empty) and `TERM=dumb` ask for plain lines.
    """
    env = os.environ if environment is None else environment
    return file.isatty() and not env.get("CI") and not env.get("NO_COLOR") and env.get("TERM") != "dumb"


def is_colored(file: TextIO, color: Color = "auto", environment: Mapping[str, str] | None = None) -> bool:
    """Whether to show colours.

    Args:
        file: Where the text goes.
        color: What was asked for; `"auto"` leaves it to the environment and the stream.
        environment: The environment: `NO_COLOR` forbids colours and `FORCE_COLOR` demands them, also in a file or a
            pipe (if they are not empty; the first wins). Without them colours are for terminals, as in `is_lively`.
    """
    env = os.environ if environment is None else environment
    if color != "auto":
        return color == "always"
    if env.get("NO_COLOR"):
        return False
    return bool(env.get("FORCE_COLOR")) or is_lively(file, env)


class Screen:
    """Where the text of a command goes.

    Attributes:
        file: The stream.
        is_colored: Whether lines are shown with colours.
        is_lively: Whether it takes a live display.
        width: Columns of running text.
    """

    def __init__(self, file: TextIO, color: Color = "auto") -> None:
        """Look at a stream.

        Args:
            file: The stream.
            color: When to show colours; without any, nothing moves either.
        """
        self.file = file
        self.is_colored = is_colored(file, color)
        self.is_lively = color != "never" and is_lively(file)
        self.width = min(max(shutil.get_terminal_size((100, 24)).columns, 60), 110)

    def show(self, lines: Iterable[Line]) -> None:
        """Print lines; what the stream cannot encode, and what could steer a terminal, is printed as escapes."""
        for line in lines:
            code = _CODES.get(line.style, "") if self.is_colored else ""
            text = printable(line.text)
            self.put(f"\x1b[{code}m{text}\x1b[0m" if code and text else text)

    def put(self, text: str) -> None:
        """Print one text as it is, and at once."""
        encoding = self.file.encoding or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        self.file.write(f"{text}\n")
        self.file.flush()


class PlainProgress:
    """Says how a run goes on in lines that can be searched: one for each unit, and one now and then."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._spoken = time.monotonic()

    def close(self) -> None:
        """End the display."""

    def on_hello(self, hello: Hello) -> None:
        """Say who is judged."""
        self._say(_introduce(hello))

    def on_unit_started(self, unit: Unit) -> None:
        """Say nothing."""

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        """Say how far a unit has come, if nothing was said for a while."""
        if time.monotonic() - self._spoken >= REPORT_S:
            done = f"{examples:,} of about {unit.examples:,} programs, {count(operations, 'operation')}"
            self._say(Line(f"running  {_name(unit)}: {done}", "dim"))

    def on_finding(self, finding: Finding) -> None:
        """Say what was found; the report comes at the end."""
        self._say(_announce(finding))

    def on_unit_finished(self, result: UnitResult) -> None:
        """Say what the unit brought."""
        self._say(_sum_up(result))

    def _say(self, line: Line) -> None:
        self._spoken = time.monotonic()
        self._screen.show([line])


class LiveProgress:
    """Shows a bar that moves at the bottom of a terminal, and what was found above it."""

    def __init__(self, screen: Screen, total: Callable[[Hello], int], *, is_verbose: bool = False) -> None:
        """Start the display.

        Args:
            screen: The terminal.
            total: Says how many examples the run has, once the subject is known.
            is_verbose: Whether units that brought nothing new are shown too.
        """
        self._screen = screen
        self._total = total
        self._is_verbose = is_verbose
        self._done: dict[Unit, tuple[int, int]] = {}
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def close(self) -> None:
        """Take the display away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def on_hello(self, hello: Hello) -> None:
        """Say who is judged, and show the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._screen.show([_introduce(hello)])
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f} programs, {task.fields[operations]:,} operations"),
            TimeElapsedColumn(),
            console=Console(file=self._screen.file, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=max(self._total(hello), 1), operations=0)
        self._bar.start()

    def on_unit_started(self, unit: Unit) -> None:
        """Name the unit beside the bar."""
        self._done.setdefault(unit, (0, 0))
        self._move(unit)

    def on_progress(self, unit: Unit, examples: int, operations: int) -> None:
        """Move the bar."""
        self._done[unit] = (examples, operations)
        self._move(unit)

    def on_finding(self, finding: Finding) -> None:
        """Say what was found, above the bar."""
        self._say(_announce(finding))

    def on_unit_finished(self, result: UnitResult) -> None:
        """Move the bar; a unit that failed or was left out gets a line of its own."""
        self._done[result.unit] = (max(result.examples, result.unit.examples), result.operations)
        self._move(result.unit)
        if self._is_verbose or result.trouble is not None or result.unsupported is not None:
            self._say(_sum_up(result))

    def _move(self, unit: Unit) -> None:
        if self._bar is not None and self._task is not None:
            completed = sum(min(examples, of.examples) for of, (examples, _) in self._done.items())
            operations = sum(number for _, number in self._done.values())
            self._bar.update(self._task, completed=completed, operations=operations, description=_name(unit))

    def _say(self, line: Line) -> None:
        if self._bar is None:
            self._screen.show([line])
            return
        from rich.text import Text

        styles: dict[Style, str] = {"bad": "red", "bold": "bold", "dim": "dim", "good": "green", "warn": "yellow"}
        self._bar.console.print(Text(line.text, styles.get(line.style, "")), soft_wrap=True)


def _introduce(hello: Hello) -> Line:
    noun = "backend" if len(hello.backends) == 1 else "backends"
    backends = f"{noun} {', '.join(hello.backends)}"
    return Line(f"subject  {hello.name} {hello.version} ({hello.language}), {backends}, {hello.clock} clock")


def _announce(finding: Finding) -> Line:
    violation = finding.violation
    word, style = ("flaky", "warn") if finding.is_flaky else ("found", "bad")
    if finding.known:
        word, style = "known", "warn"
    what = violation.what.splitlines()[0] if violation.what else ""
    text = f"{word:<8} {violation.clause} in {_name(finding.found_in)}, {count(len(finding.program), 'step')}: {what}"
    return Line(text, "warn" if style == "warn" else "bad")


def _sum_up(result: UnitResult) -> Line:
    name = _name(result.unit)
    did = f"{count(result.examples, 'program')}, {count(result.operations, 'operation')} ({result.seconds:.1f} s)"
    if result.unsupported is not None:
        return Line(f"skipped  {name}: not supported, {result.unsupported}", "dim")
    if result.trouble is not None:
        return Line(f"broken   {name}: {result.trouble.what.splitlines()[0]}", "bad")
    if result.findings:
        clauses = ", ".join(finding.violation.clause for finding in result.findings)
        if all(finding.known for finding in result.findings):
            return Line(f"known    {name}: {clauses}; {did}", "warn")
        return Line(f"failed   {name}: {clauses}; {did}", "bad")
    return Line(f"ok       {name}: {did}")


def _name(unit: Unit) -> str:
    part = f" from program {unit.first}" if unit.first else ""
    return f"{unit.chapter} on {unit.backend}{part}"
