"""`letitcrash doctor`: examines a harness, message by message, and says what to mend."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

from letitcrash_conformance.adapters.calls import STEPS, count_clauses
from letitcrash_conformance.config_options import add_config_options, find_named
from letitcrash_conformance.console import Screen
from letitcrash_conformance.doctor import Diagnosis, Result, examine
from letitcrash_conformance.doctor_talk import name_command
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.render_lines import Line, count

__all__ = ["add_command"]

_ABOUT = """\
Check a harness against the protocol, message by message, and say what is wrong and how to mend it.

It judges the adapter, not the runtime: run it first, and again after each feature that you add.
"""

_EXAMPLES = """\
examples:
  letitcrash doctor --command "python3 adapter.py"
  letitcrash doctor --command "./harness" --patience 30
  letitcrash doctor mypackage.harness:MySubject

exit codes:
  0  nothing is wrong
  1  something is wrong with the harness
  2  wrong usage
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "doctor",
        help="check a harness against the protocol",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("subject", nargs="?", metavar="SUBJECT", help="a shipped name or module:attribute")
    parser.add_argument("--command", metavar="WORDS", help="start this harness instead, as a shell would split it")
    parser.add_argument(
        "--patience", type=float, default=5.0, metavar="S", help="how many seconds it may be silent (default: 5)"
    )
    add_config_options(parser)
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    if not arguments.patience > 0:
        raise UsageError(f"expected a number of seconds above zero with --patience, got {arguments.patience!r}")
    found = find_named(arguments.settings, arguments.subject, arguments.command)
    factory = replace(found, silence_s=arguments.patience)
    screen = Screen(sys.stdout, arguments.color)
    screen.show([Line(f"examining {name_command(factory)}")])
    diagnosis = examine(factory, patience_s=arguments.patience, on_result=lambda result: screen.show(_describe(result)))
    screen.show([Line(""), *_conclude(diagnosis)])
    return 0 if diagnosis.is_fine else 1


def _describe(result: Result) -> Iterator[Line]:
    if result.state == "ok":
        yield Line(f"ok     {result.name}")
        return
    if result.state == "left out":
        yield Line(f"-      {result.name}: left out, {result.what}", "dim")
        return
    yield Line(f"WRONG  {result.name}", "bad")
    for line in result.what.splitlines():
        yield Line(f"         {line}")
    for line in result.trail:
        yield Line(f"           {line}", "dim")
    if result.stderr:
        yield Line("         last lines of its standard error:")
        for line in result.stderr[-10:]:
            yield Line(f"           {line}", "dim")
    yield Line(f"         fix: {result.fix}", "bold")


def _conclude(diagnosis: Diagnosis) -> Iterator[Line]:
    wrong = sum(1 for result in diagnosis.results if result.state == "wrong")
    asked = sum(1 for result in diagnosis.results if result.state != "left out")
    if wrong:
        yield Line(f"{count(wrong, 'thing')} to mend, in {count(asked, 'check')}; begin with the first", "bad")
        return
    yield Line(f"nothing is wrong in {count(asked, 'check')}", "good")
    if diagnosis.hello is not None:
        clauses = count_clauses()
        for step in STEPS:
            if step.feature not in diagnosis.hello.features and clauses[step.feature]:
                more = count(clauses[step.feature], "more clause")
                yield Line(f"next: `letitcrash run`, or the feature {step.feature}, which makes {more} run")
                return
        yield Line("next: `letitcrash run`")
