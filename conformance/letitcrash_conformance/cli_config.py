"""`letitcrash config`: shows what a run would be told, and whence each word of it comes."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from letitcrash_conformance.cli_options import add_options
from letitcrash_conformance.config import Config, NamedSubject
from letitcrash_conformance.config_options import Setting
from letitcrash_conformance.console import Screen
from letitcrash_conformance.render_lines import Line

__all__ = ["add_command"]

_ABOUT = """\
Show the settings that `letitcrash run` with the same words would have in force, and whence each comes.

Settings stand in letitcrash.toml, or in [tool.letitcrash] of pyproject.toml, of the current folder or the nearest one
above. Their keys are the long options of `letitcrash run`. The command line wins.
"""

_EXAMPLES = """\
examples:
  letitcrash config
  letitcrash config mine --budget deep     with these words on the command line
  letitcrash config --no-config            the defaults

  # letitcrash.toml
  subject = "mine"
  budget = "smoke"
  chapter = ["links", "monitors"]

  [subjects.mine]
  command = ["./my-harness", "--quiet"]
  cwd = "build"
  env = { MY_LOG = "off" }
  start-timeout = 60
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "config",
        help="show the settings in force, and whence they come",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_options(parser)
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    config: Config | None = arguments.settings
    screen = Screen(sys.stdout, arguments.color)
    where = "no file of settings" if config is None else f"settings from {config.path}"
    screen.show([Line(where, "bold"), Line(""), *_describe_options(arguments.in_force)])
    if config is not None and config.subjects:
        screen.show([Line(""), Line("subjects", "bold")])
        screen.show(_describe_subjects(config.subjects.values()))
    return 0


def _describe_options(settings: Iterable[Setting]) -> Iterable[Line]:
    told = [(setting, _write(setting.value)) for setting in settings]
    broad = min(max(len(text) for _, text in told), 40)
    for setting, text in told:
        yield Line(f"{setting.key:<12}  {text:<{broad}}  {setting.source}", "bold" if setting.is_from_file else "")


def _describe_subjects(subjects: Iterable[NamedSubject]) -> Iterable[Line]:
    for named in subjects:
        command = named.command if isinstance(named.command, str) else shlex.join(named.command)
        traits = [f"cwd {named.folder}"]
        traits += [f"env {name}={value}" for name, value in named.env]
        if named.start_timeout_s is not None:
            traits.append(f"start-timeout {named.start_timeout_s:g} s")
        if named.silence_s is not None:
            traits.append(f"silence {named.silence_s:g} s")
        yield Line(f"{named.name:<12}  {command or named.target}  ({', '.join(traits)})")


def _write(value: Any) -> str:
    """Return a value as the file would have it; a dash for nothing."""
    if value is None:
        return "-"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
