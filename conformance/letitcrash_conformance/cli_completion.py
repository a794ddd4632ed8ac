"""`letitcrash completion`: prints what a shell needs to complete command lines, and answers when it asks."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from importlib import resources

from letitcrash_conformance.completion import complete
from letitcrash_conformance.console import Screen

__all__ = ["FILES", "SHELLS", "add_command"]

SHELLS = ("bash", "zsh", "fish")

FILES = ":files"
"""What stands instead of words where the shell should offer files."""

_EXAMPLES = """\
examples:
  source <(letitcrash completion bash)                                          in ~/.bashrc
  source <(letitcrash completion zsh)                                           in ~/.zshrc, after compinit
  letitcrash completion fish > ~/.config/fish/completions/letitcrash.fish       once

Commands, options, chapters, clauses, budgets, subjects (also those that the settings name) and files are completed; the
shell asks letitcrash itself, so that a new version needs no new script.
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser], make_parser: Callable[[], object]) -> None:
    """Add the command to the command line.

    Args:
        add_parser: Makes its parser.
        make_parser: Makes the parser of the whole command line, when a shell asks.
    """
    parser = add_parser(
        "completion",
        help="print a script that lets a shell complete command lines",
        description="Print a script that lets a shell complete the command lines of letitcrash.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    parser.add_argument("--line", help=argparse.SUPPRESS)
    parser.add_argument("--told", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(handler=_handle, make_parser=make_parser)


def _handle(arguments: argparse.Namespace) -> int:
    screen = Screen(sys.stdout, "never")
    if arguments.line is None:
        script = resources.files("letitcrash_conformance") / "completions" / f"letitcrash.{arguments.shell}"
        screen.put(script.read_text(encoding="utf-8").rstrip("\n"))
        return 0
    words = _split(arguments.line)
    offer = complete(arguments.make_parser(), words[1:-1], words[-1])
    rows = [f"{word}\t{' '.join(told.split())[:80]}" if arguments.told else word for word, told in offer.words.items()]
    if offer.wants_files:
        rows.append(FILES)
    if rows:
        screen.put("\n".join(rows))
    return 0


def _split(line: str) -> list[str]:
    """Return the words of a line as a shell would see them, the last as far as it is written: at least two."""
    for ending in ("", "'", '"'):
        try:
            # The mark keeps a last word that is empty, or a blank that is escaped, from getting lost.
            words = shlex.split(f"{line}\0{ending}")
        except ValueError:
            continue
        words[-1] = words[-1].rstrip("\0")
        return words if len(words) > 1 else [*words, ""]
    return [line, ""]
