"""The file of settings: `letitcrash.toml`, or `[tool.letitcrash]` in `pyproject.toml`.

It is searched from a folder upwards; the first folder that has one decides, and there `letitcrash.toml` wins.
Everything in it is checked when it is read, whether it is used or not, and a complaint names file, line and key.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, cast

from letitcrash_conformance.config_lines import find_lines
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.lookup import SHIPPED

__all__ = ["Config", "NamedSubject", "Table", "find_config", "read_config", "show_path"]

OWN_FILE = "letitcrash.toml"
SHARED_FILE = "pyproject.toml"
SUBJECTS = "subjects"
_TABLE = ("tool", "letitcrash")
_SUBJECT_KEYS = ("command", "cwd", "env", "silence", "start-timeout", "subject")


@dataclass(frozen=True, slots=True)
class NamedSubject:
    """A subject that the file gives a name.

    Attributes:
        name: Its name.
        target: Where it is, as `module:attribute` or a shipped name; empty for a command.
        command: The words of its harness; empty for a target.
        folder: The folder in which the harness runs, or from which the module is imported.
        env: Variables for the harness, on top of the environment.
        start_timeout_s: How long the harness may take to answer hello, in seconds; None for the default.
        silence_s: How long it may stay silent while an answer is due, in seconds; None for the default.
    """

    name: str
    target: str
    command: str | tuple[str, ...]
    folder: Path
    env: tuple[tuple[str, str], ...] = ()
    start_timeout_s: float | None = None
    silence_s: float | None = None


class Table:
    """One table of the file. Keys of ours are read with `-` or `_` between their words."""

    def __init__(
        self,
        values: Mapping[str, Any],
        path: Path,
        names: tuple[str, ...],
        lines: Mapping[tuple[str, ...], int],
        *,
        is_ours: bool = True,
    ) -> None:
        """Take a table.

        Args:
            values: Its keys and values.
            path: The file.
            names: The names of the table, from the outermost inwards; empty for the file itself.
            lines: (names of the table..., key) -> line, where the line is known.
            is_ours: Whether its keys are words of ours; names that the user chose are taken as they are.
        """
        self.path = path
        self.names = names
        self._lines = lines
        self._written: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        for key, value in values.items():
            plain = key.replace("_", "-") if is_ours else key
            if plain in self.values:
                self.refuse(key, f"expected {plain!r} once, got {self._written[plain]!r} and {key!r}")
            self._written[plain] = key
            self.values[plain] = value

    def place(self, key: str = "") -> str:
        """Return where a key stands, or the table: `"letitcrash.toml, line 3"`."""
        written = (*self.names, self._written.get(key, key)) if key else self.names
        line = self._lines.get(written)
        return f"{show_path(self.path)}, line {line}" if line else show_path(self.path)

    def refuse(self, key: str, what: str) -> NoReturn:
        """Complain about a key.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"{what} (in {self.place(key)})")

    def refuse_unknown(self, known: Iterable[str], what: str = "an option") -> None:
        """Refuse keys that are not known, with the nearest one that is.

        Raises:
            UsageError: If there are any.
        """
        choices = sorted(known)
        for key in self.values:
            if key not in choices:
                near = difflib.get_close_matches(key, choices, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(choices)}"
                self.refuse(key, f"expected {what}, got {self._written[key]!r}: {hint}")

    def broken(self, key: str, expected: str) -> NoReturn:
        """Complain about the value of a key.

        Raises:
            UsageError: Always.
        """
        self.refuse(key, f"expected {self._written[key]!r} to be {expected}, got {self.values[key]!r}")

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        value = self.values[key]
        if not isinstance(value, str) or not value:
            self.broken(key, "a text")
        return value

    def words(self, key: str) -> str | tuple[str, ...]:
        """Return a text, or a list of texts as a tuple; neither is empty."""
        value = self.values[key]
        if isinstance(value, list):
            listed = cast("list[object]", value)
            if listed and all(isinstance(each, str) for each in listed):
                return tuple(cast("list[str]", value))
        if not isinstance(value, str) or not value:
            self.broken(key, "a text or a list of texts")
        return value

    def seconds(self, key: str) -> float:
        """Return a number above zero."""
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            self.broken(key, "a number of seconds above zero")
        return float(value)

    def inner(self, key: str, *, is_ours: bool = True) -> Table:
        """Return a table inside this one; `is_ours` as for the table itself."""
        value = self.values[key]
        if not isinstance(value, dict):
            self.broken(key, "a table")
        return Table(
            cast("dict[str, Any]", value), self.path, (*self.names, self._written[key]), self._lines, is_ours=is_ours
        )


@dataclass(frozen=True, slots=True)
class Config:
    """What a file of settings says.

    Attributes:
        table: Its options, `subjects` left out.
        subjects: Its named subjects.
    """

    table: Table
    subjects: Mapping[str, NamedSubject] = field(default_factory=dict[str, NamedSubject])

    @property
    def path(self) -> Path:
        """The file."""
        return self.table.path

    @property
    def folder(self) -> Path:
        """The folder from which paths in the file count."""
        return self.table.path.parent


def find_config(folder: Path) -> Path | None:
    """Return the file of settings for a folder: its own or that of the nearest folder above; None if there is none.

    Raises:
        UsageError: If a file that may be it cannot be read.
    """
    for each in (folder, *folder.parents):
        own, shared = each / OWN_FILE, each / SHARED_FILE
        if own.is_file():
            return own
        if shared.is_file() and _dig(_load(shared)[1]) is not None:
            return shared
    return None


def read_config(path: Path) -> Config:
    """Read a file of settings and check the subjects in it; who knows the options checks those.

    Args:
        path: The file; one that is called `pyproject.toml` has the settings in `[tool.letitcrash]`.

    Raises:
        UsageError: If it cannot be read, or something in it is unknown or of the wrong kind.
    """
    text, values = _load(path)
    names: tuple[str, ...] = ()
    if path.name == SHARED_FILE:
        names = _TABLE
        found = _dig(values)
        if found is None:
            raise UsageError(f"expected a table [tool.letitcrash] in {str(path)!r}, found none")
        values = found
    table = Table(values, path, names, find_lines(text))
    subjects: dict[str, NamedSubject] = {}
    if SUBJECTS in table.values:
        listed = table.inner(SUBJECTS, is_ours=False)
        subjects = {name: _read_subject(listed, name) for name in listed.values}
        del table.values[SUBJECTS]
    return Config(table, subjects)


def _read_subject(listed: Table, name: str) -> NamedSubject:
    if name in SHIPPED:
        listed.refuse(name, f"expected a name of your own for a subject, got {name!r}, which is shipped")
    if not name or ":" in name or name != name.strip():
        listed.refuse(name, f"expected a name without ':' and blanks at its ends for a subject, got {name!r}")
    table = listed.inner(name)
    table.refuse_unknown(_SUBJECT_KEYS, f"a key of subject {name!r}")
    given = table.values
    if ("subject" in given) == ("command" in given):
        got = "both" if "subject" in given else "neither"
        listed.refuse(name, f"expected 'subject' or 'command' for subject {name!r}, got {got}")
    if "subject" in given and (strange := [each for each in ("env", "silence", "start-timeout") if each in given]):
        table.refuse(strange[0], f"expected {strange[0]!r} beside a 'command', got it beside 'subject'")
    folder = table.path.parent / table.text("cwd") if "cwd" in given else table.path.parent
    if not folder.is_dir():
        table.refuse("cwd", f"expected 'cwd' to be a folder, found no {str(folder)!r}")
    env = table.inner("env", is_ours=False) if "env" in given else None
    for variable, value in env.values.items() if env is not None else ():
        if not isinstance(value, str) or not variable or "\0" in variable + value or "=" in variable:
            table.refuse("env", f"expected variable {variable!r} of 'env' to be a text, got {value!r}")
    return NamedSubject(
        name=name,
        target=table.text("subject") if "subject" in given else "",
        command=table.words("command") if "command" in given else (),
        folder=folder,
        env=() if env is None else tuple(env.values.items()),
        start_timeout_s=table.seconds("start-timeout") if "start-timeout" in given else None,
        silence_s=table.seconds("silence") if "silence" in given else None,
    )


def _load(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        what = f"expected settings in {str(path)!r}, could not read it: {error.strerror or error}"
        raise UsageError(f"{what}\n{_ADVICE}") from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"expected UTF-8 text in {str(path)!r}, got byte {error.start} that is none\n{_ADVICE}"
        ) from None
    try:
        return text, tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers and nesting beyond what can be read
        raise UsageError(f"expected TOML in {str(path)!r}: {error}\n{_ADVICE}") from None


_ADVICE = "  mend it, name another file with --config, or use none with --no-config"


def _dig(values: Mapping[str, Any]) -> dict[str, Any] | None:
    found: Any = values
    for name in _TABLE:
        if not isinstance(found, dict) or name not in found:
            return None
        found = cast("dict[str, Any]", found)[name]
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def show_path(path: Path) -> str:
    """Return a path as short as it can be said."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
