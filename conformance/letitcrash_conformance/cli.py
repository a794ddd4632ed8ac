"""The command `letitcrash`: reads the command line, runs one of its commands, and explains what went wrong."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TextIO

from letitcrash_conformance import (
    cli_adapter,
    cli_baseline,
    cli_compare,
    cli_completion,
    cli_config,
    cli_doctor,
    cli_fuzz,
    cli_replay,
    cli_report,
    cli_run,
    cli_spec,
    interrupts,
)
from letitcrash_conformance.config_options import adopt, settle
from letitcrash_conformance.console import COLORS
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.recorder import suite_version
from letitcrash_spec.errors import UnknownClauseError

__all__ = ["EXIT_BROKEN_PIPE", "EXIT_INTERRUPTED", "EXIT_SUITE", "EXIT_USAGE", "main", "make_parser"]

EXIT_USAGE = 2
EXIT_SUITE = 70
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

_FULL = frozenset({errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC})

_ABOUT = """\
Judge an implementation of OTP-style processes (servers, links, monitors, names, supervisors) against numbered clauses.

  letitcrash run reference                             the reference implementation
  letitcrash run mypackage.harness:MySubject           your own, in Python
  letitcrash run --command "./my-harness --quiet"      your own, in any language
  letitcrash replay .letitcrash                        repeat what failed
  letitcrash explain LNK-7                             what a clause demands, and why
"""

_EXITS = """\
exit codes:
  0    conformant: every clause that could be checked was exercised and held
  1    violation: a clause is broken, with a program that shows it again
  2    wrong usage, or a report could not be written
  3    inconclusive: too little was observed, or the run was cut off
  4    subject error: the harness of the subject broke
  70   a bug of the suite; please report it
  130  interrupted by Ctrl-C, after showing what was found so far
"""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; each command sets `handler`."""
    parser = argparse.ArgumentParser(
        prog="letitcrash",
        description=_ABOUT,
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"letitcrash {suite_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (
        cli_run,
        cli_replay,
        cli_report,
        cli_baseline,
        cli_compare,
        cli_adapter,
        cli_doctor,
        cli_fuzz,
        cli_config,
    ):
        module.add_command(commands.add_parser)
    cli_spec.add_commands(commands.add_parser)
    cli_completion.add_command(commands.add_parser, make_parser)
    for command in commands.choices.values():
        command.add_argument(
            "--color",
            choices=COLORS,
            default=COLORS[0],
            help="when to show colours (default: on a terminal; NO_COLOR and FORCE_COLOR are heeded)",
        )
    for name in ("run", "config"):
        adopt(commands.choices[name])
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        argv: The words after the program's name; those of the process if left out.
    """
    _open_streams()
    try:
        try:
            arguments = make_parser().parse_args(argv)
            interrupts.listen()
            settle(arguments)
            handler: Callable[[argparse.Namespace], int] = arguments.handler
            return handler(arguments)
        except (UsageError, UnknownClauseError) as error:
            _complain(str(error))
            return EXIT_USAGE
        except SubjectError as error:
            _complain(f"subject error: {error}")
            return 4
        except KeyboardInterrupt:
            _complain("interrupted")
            return EXIT_INTERRUPTED
        except BrokenPipeError:
            raise
        except Exception as error:
            if _is_full(error):
                raise
            traceback.print_exc()
            _complain(
                f"this is a bug of the suite, version {suite_version()} ({type(error).__name__})\n"
                "  please report it with the lines above and the command that you ran"
            )
            return EXIT_SUITE
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has gone; nothing is left to say, also not by Python when it closes the stream.
        _fall_silent(sys.stdout)
        return EXIT_BROKEN_PIPE
    except OSError as error:
        if not _is_full(error):
            raise
        _fall_silent(sys.stdout)
        _complain(
            f"standard output could not be written: {error.strerror}\n  make room or send it elsewhere, and run again"
        )
        return EXIT_USAGE


def _open_streams() -> None:
    """Let what is written go nowhere where the process was started without standard output or error."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123


def _is_full(error: BaseException) -> bool:
    """Whether an error is that of a stream that takes no more; those of files name their file."""
    return isinstance(error, OSError) and error.filename is None and error.errno in _FULL


def _fall_silent(stream: TextIO) -> None:
    """Send what is written to a stream nowhere, also what is still to be flushed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _complain(text: str) -> None:
    try:
        print(f"letitcrash: {text}", file=sys.stderr, flush=True)
    except OSError:  # the exit code must do
        _fall_silent(sys.stderr)
