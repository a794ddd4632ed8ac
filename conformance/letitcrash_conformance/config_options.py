"""What is in force: the command line, then the file of settings, then the defaults; and whence each came.

The keys of the file are the long options of `letitcrash run` without their dashes, and their kinds are those of the
parser, so that an option that is added there can be set in the file, too.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from letitcrash_conformance.config import SUBJECTS, Config, NamedSubject, Table, find_config, read_config, show_path
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.lookup import SubjectFactory, find_subject
from letitcrash_conformance.parser_walk import actions_of, groups_of, is_flag, is_list
from letitcrash_spec.errors import UnknownClauseError

__all__ = ["Setting", "add_config_options", "adopt", "find_named", "folder_of", "settle", "traced"]

_ON_THE_LINE_ONLY = frozenset({"help", "config", "no_config", "list", "show_config"})
_NUMBERS_TOO = frozenset({"budget", "processes"})
_COMMAND_LINE = "command line"
_DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """One option in force.

    Attributes:
        key: Its key in the file.
        value: Its value.
        source: Where the value comes from: `"command line"`, `"default"`, or file and line.
    """

    key: str
    value: Any
    source: str

    @property
    def is_from_file(self) -> bool:
        """Whether the file of settings says so."""
        return self.source not in (_COMMAND_LINE, _DEFAULT)


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which file of settings to read."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="read settings from this file (default: letitcrash.toml or [tool.letitcrash] in pyproject.toml, of this "
        "folder or the nearest above)",
    )
    which.add_argument("--no-config", action="store_true", help="read no file of settings")


def adopt(parser: argparse.ArgumentParser) -> None:
    """Let the file of settings give options of a parser that the command line leaves out.

    To be called when the parser has all its options. Its arguments then hold only what the command line says, until
    `settle` fills them up.
    """
    defaults: dict[str, Any] = {}
    for action in actions_of(parser):
        if action.dest not in _ON_THE_LINE_ONLY:
            defaults[action.dest] = action.default
            action.default = argparse.SUPPRESS
    parser.set_defaults(adopted=(parser, defaults))


def settle(arguments: argparse.Namespace) -> None:
    """Read the file of settings that a command line means, if the command takes one, and fill the arguments up.

    Afterwards they have `settings`, the file or None, and if their parser was adopted `in_force`, a list of settings.

    Raises:
        UsageError: If the file cannot be read, or something in it is unknown or of the wrong kind.
    """
    if not hasattr(arguments, "no_config"):
        return
    config = _find(arguments)
    arguments.settings = config
    adopted: tuple[argparse.ArgumentParser, dict[str, Any]] | None = getattr(arguments, "adopted", None)
    if adopted is None:
        return
    parser, defaults = adopted
    from_file = {} if config is None else dict(_read_options(config, parser))
    given = {dest for dest in defaults if hasattr(arguments, dest)}
    for group in (*groups_of(parser), _subject_options(parser)):
        dests = {action.dest for action in group}
        if dests & given:
            for dest in dests - given:
                from_file.pop(dest, None)
        elif config is not None and len(both := sorted(dests & set(from_file))) > 1:
            config.table.refuse(_key(both[1]), f"expected one of {' and '.join(map(repr, both))}, got both")
    in_force: list[Setting] = []
    for dest, default in defaults.items():
        if dest in given:
            source = _COMMAND_LINE
        elif dest in from_file and config is not None:
            setattr(arguments, dest, from_file[dest])
            source = config.table.place(_key(dest))
        else:
            setattr(arguments, dest, default)
            source = _DEFAULT
        in_force.append(Setting(_key(dest), getattr(arguments, dest), source))
    arguments.in_force = in_force


def find_named(
    config: Config | None, text: str | None, command: str | tuple[str, ...] | None = None, *, folder: Path | None = None
) -> SubjectFactory:
    """Find a subject as `find_subject` does, and among the named ones of the file of settings before.

    Args:
        config: The file of settings, or None.
        text: A name, or `module:attribute`; None if there is a command.
        command: A harness to start instead.
        folder: Where a command runs and modules are found; the current folder if left out.

    Raises:
        UsageError: If there is no such subject.
    """
    named = None if config is None or text is None or command is not None else config.subjects.get(text)
    if named is not None:
        return _make_factory(named)
    try:
        return find_subject(text, command=command, folder=folder)
    except UsageError as error:
        if config is None or not config.subjects or text is None or ":" in text:
            raise
        names = sorted(config.subjects)
        near = difflib.get_close_matches(text, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{error}\n  {show_path(config.path)} names {', '.join(names)}{hint}") from None


@contextlib.contextmanager
def traced(arguments: argparse.Namespace) -> Generator[None]:
    """Let a complaint about what was asked for say which of it the file of settings asks for."""
    try:
        yield
    except (UsageError, UnknownClauseError) as error:
        asked = [setting for setting in arguments.in_force if setting.is_from_file]
        if not asked:
            raise
        told = ", ".join(f"{setting.key} from {setting.source}" for setting in asked)
        raise UsageError(f"{error}\n  in force: {told}") from None


def folder_of(arguments: argparse.Namespace) -> Path | None:
    """Return the folder of the file of settings if it is what says who is judged, else None."""
    config: Config | None = arguments.settings
    if config is None or not any(
        setting.key in ("subject", "command") and setting.is_from_file for setting in arguments.in_force
    ):
        return None
    return config.folder


def _make_factory(named: NamedSubject) -> SubjectFactory:
    times: dict[str, float] = {}
    if named.start_timeout_s is not None:
        times["start_timeout_s"] = named.start_timeout_s
    if named.silence_s is not None:
        times["silence_s"] = named.silence_s
    command = named.command or None
    found = find_subject(None if command else named.target, command=command, folder=named.folder, **times)
    return SubjectFactory(
        named.name,
        target=found.target,
        command=found.command,
        folder=found.folder,
        start_timeout_s=found.start_timeout_s,
        silence_s=found.silence_s,
        env=named.env,
    )


def _find(arguments: argparse.Namespace) -> Config | None:
    if arguments.config is not None:
        return read_config(arguments.config)
    path = None if arguments.no_config else find_config(Path.cwd())
    return None if path is None else read_config(path)


def _key(dest: str) -> str:
    return dest.replace("_", "-")


def _subject_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the two ways to say who is judged: they exclude each other."""
    return [action for action in actions_of(parser) if action.dest in ("subject", "command")]


def _read_options(config: Config, parser: argparse.ArgumentParser) -> Iterator[tuple[str, Any]]:
    table = config.table
    actions = {_key(action.dest): action for action in actions_of(parser) if action.dest not in _ON_THE_LINE_ONLY}
    table.refuse_unknown([*actions, SUBJECTS])
    for key in table.values:
        yield actions[key].dest, _read_value(table, key, actions[key])


def _read_value(table: Table, key: str, action: argparse.Action) -> Any:
    value = table.values[key]
    if is_flag(action):
        if not isinstance(value, bool):
            table.broken(key, "true or false")
        return value
    if is_list(action):
        words = table.words(key)
        return [words] if isinstance(words, str) else list(words)
    if action.type is int:
        if isinstance(value, bool) or not isinstance(value, int):
            table.broken(key, "a whole number")
        return value
    if action.type is Path:
        return table.path.parent / table.text(key)
    if action.choices is not None:
        choices = tuple(cast("tuple[str, ...]", action.choices))
        if value not in choices:
            table.broken(key, f"one of {', '.join(choices)}")
        return value
    if action.dest == "command":
        return table.words(key)
    if action.dest in _NUMBERS_TOO:
        if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
            table.broken(key, "a text or a whole number")
        return str(value)
    return table.text(key)
