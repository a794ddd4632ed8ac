"""`letitcrash new-adapter`: begins a harness for a runtime in some language."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from letitcrash_conformance.adapters import LANGUAGES, Language, write_adapter
from letitcrash_conformance.console import Screen

__all__ = ["add_command"]

_ABOUT = """\
Write a harness that works at once, with a toy runtime under test, to put your own runtime into.

The kit in it owns lines, ids, errors, checks and the probe, and is not edited. The adapter has a marked place for each
thing that a runtime can do, feature by feature, so that each feature makes more clauses run.
"""

_EXAMPLES = """\
examples:
  letitcrash new-adapter python my-adapter
  letitcrash new-adapter rust conformance/adapter
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "new-adapter",
        help="begin a harness for a runtime",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("language", choices=tuple(LANGUAGES), metavar="LANGUAGE", help=", ".join(LANGUAGES))
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to write, new or empty")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    language = LANGUAGES[arguments.language]
    folder: Path = arguments.folder
    written = write_adapter(language, folder)
    names = ", ".join(path.relative_to(folder).as_posix() for path in written)
    Screen(sys.stdout, arguments.color).put(f"wrote {names} into {folder}\n\n{_explain(language, folder)}")
    return 0


def _explain(language: Language, folder: Path) -> str:
    """Say what to do next."""
    command = shlex.join(language.command)
    steps = [f"cd {shlex.quote(str(folder))}"]
    if language.build:
        steps.append(shlex.join(language.build))
    steps += [
        f'letitcrash doctor --command "{command}"',
        f'letitcrash run --command "{command}" --budget smoke',
    ]
    lines = "\n".join(f"  {step}" for step in steps)
    return f"next:\n{lines}\nthen edit {language.adapter}: put your runtime in the place of the toy"
