"""`letitcrash replay`: runs stored programs again and says whether they still fail."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from letitcrash_conformance.config import Config
from letitcrash_conformance.config_options import add_config_options, find_named
from letitcrash_conformance.console import Screen
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.render_finding import Context, render_finding
from letitcrash_conformance.render_lines import Line, Style
from letitcrash_conformance.replay import Replay, find_replays, read_replay
from letitcrash_conformance.replay_runner import State, Verdict, repeat
from letitcrash_conformance.subject import Subject

__all__ = ["DEFAULT_FOLDER", "STYLES", "add_command"]

DEFAULT_FOLDER = Path(".letitcrash")

STYLES: dict[State, Style] = {
    State.FIXED: "good",
    State.STILL_FAILS: "bad",
    State.CANNOT_RUN: "warn",
    State.UNDECIDED: "warn",
}
"""How the first line about a stored program looks."""

_EXAMPLES = """\
examples:
  letitcrash replay                                          every file in .letitcrash
  letitcrash replay .letitcrash/LNK-7-ab12cd.json
  letitcrash replay LNK-7-ab12cd.json --subject mine:Fixed   the same program, another subject
  letitcrash replay --prune                                  and delete the files of what is fixed

Each file gets one line: FIXED (it holds in every try), STILL FAILS (and the report of a run), CANNOT RUN (the harness
broke, or the subject lacks what the program uses) or UNDECIDED (the model promises nothing about it). A file that is
broken is named with the place and the reason, and the others are run all the same.

exit codes, the first that applies:
  2  a file is broken or missing       1  one still fails       4  one cannot run       3  one is undecided
  0  all are fixed
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "replay",
        help="repeat stored findings",
        description="Run the programs of replay files again.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="FILE|DIR",
        help="replay files, or folders of them (default: .letitcrash)",
    )
    parser.add_argument("--subject", metavar="SUBJECT", help="run on this subject instead of the one in the file")
    parser.add_argument("--command", metavar="WORDS", help="run on this harness instead of the one in the file")
    parser.add_argument("--tries", type=int, metavar="N", help="how often to run a program that does not fail at once")
    parser.add_argument("--prune", action="store_true", help="delete the files of what is fixed")
    add_config_options(parser)
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    if arguments.tries is not None and arguments.tries < 1:
        raise UsageError(f"expected a number of tries above zero, got {arguments.tries}")
    instead = None
    if arguments.subject is not None or arguments.command is not None:
        instead = find_named(arguments.settings, arguments.subject, arguments.command)
        if arguments.prune:
            raise UsageError("expected --prune without another subject: what is fixed in it may fail in the one named")
    screen = Screen(sys.stdout, arguments.color)
    codes: list[int] = []
    for path in find_replays(arguments.paths or [DEFAULT_FOLDER], on_missing=lambda error: _complain(error, codes)):
        try:
            replay = read_replay(path)
            factory = instead if instead is not None else _find(replay, arguments.settings)
            verdict = repeat(replay, factory, tries=arguments.tries)
        except UsageError as error:
            _complain(error, codes)
            continue
        _show(replay, verdict, screen)
        codes.append(verdict.state.value[1])
        if arguments.prune and verdict.state is State.FIXED:
            _delete(path, screen, codes)
    return next((code for code in (2, 1, 4, 3) if code in codes), 0)


def _complain(error: UsageError, codes: list[int]) -> None:
    print(f"letitcrash: {error}", file=sys.stderr)
    codes.append(2)


def _delete(path: Path, screen: Screen, codes: list[int]) -> None:
    try:
        path.unlink()
    except OSError as error:
        _complain(UsageError(f"expected to delete {str(path)!r}: {error.strerror or error}"), codes)
    else:
        screen.show([Line(f"deleted      {path}")])


def _find(replay: Replay, config: Config | None) -> Callable[[], Subject]:
    try:
        is_named = config is not None and replay.subject in config.subjects
        if replay.command and not is_named:
            return find_named(config, None, replay.command)
        if not replay.subject:
            raise UsageError("expected the name of a subject in the file, got none")
        return find_named(config, replay.subject)
    except UsageError as error:
        advice = "  name the subject with --subject module:attribute or --command '...'"
        raise UsageError(f"{error} (in {replay.path})\n{advice}") from None


def _show(replay: Replay, verdict: Verdict, screen: Screen) -> None:
    why = verdict.why.splitlines() or [""]
    lines = [Line(f"{verdict.state.value[0]:<11}  {replay.path}: {why[0]}", STYLES[verdict.state])]
    lines += [Line(f"    {text}") for text in why[1:]]
    if verdict.finding is not None:
        name = replay.subject or shlex.join(replay.command)
        context = Context(name, verdict.hello, suite_version(), "", screen.width)
        lines += [Line(""), *render_finding(verdict.finding, context), Line("")]
    screen.show(lines)
