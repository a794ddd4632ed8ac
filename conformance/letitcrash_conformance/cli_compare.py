"""`letitcrash compare`: runs the same programs on two subjects, and says who is right where they differ."""

from __future__ import annotations

import argparse
import json
import random
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from letitcrash_conformance.baseline import write_whole
from letitcrash_conformance.cli_selection import choose_clauses, split_words
from letitcrash_conformance.compare import Case, Comparison, Group, compare
from letitcrash_conformance.config_options import add_config_options, find_named
from letitcrash_conformance.console import Screen
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.lookup import SubjectFactory
from letitcrash_conformance.plan import BUDGETS, examples_of
from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.recorder_fields import dump_hello
from letitcrash_conformance.render_compare import render_comparison, say_verdict
from letitcrash_conformance.render_lines import Line, count
from letitcrash_conformance.report import Detail

__all__ = ["add_command", "dump_comparison", "name_apart"]

FORMAT = "letitcrash-comparison 1"

_EXAMPLES = """\
examples:
  letitcrash compare reference erlang
  letitcrash compare reference mypackage.harness:MySubject --chapter registry --budget smoke
  letitcrash compare erlang --command "./my-harness --stdio" --clauses LNK-7 --json compared.json

Only what both subjects offer is used. The model judges both sides of each difference. Moments and the order of what
different processes report are not compared, because nothing is promised about them.

exit codes:
  0    no difference that matters: wherever they differ, both are lawful
  1    a difference where one side is wrong, or both are
  2    wrong usage, or the JSON file could not be written
  3    inconclusive: a difference that did not repeat or could not be judged, or nothing was compared to its end
  4    the harness of a subject broke
  130  interrupted, after showing what was found so far
"""


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "compare",
        help="run the same programs on two subjects",
        description="Run the same programs on two subjects and show where they differ, and who is right.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help="two of them, as `letitcrash run` takes one")
    parser.add_argument(
        "--command", action="append", default=[], metavar="WORDS", help="start this harness as the other subject"
    )
    parser.add_argument("--clauses", "--clause", action="append", metavar="IDS", help="let these alone decide")
    parser.add_argument("--chapter", action="append", metavar="WORDS", help="run these alone")
    parser.add_argument(
        "--backend",
        action="append",
        metavar="NAME",
        help="run on this backend; a subject without it runs on its default (by default: all that both have, or all)",
    )
    sizes = parser.add_mutually_exclusive_group()
    named = ", ".join(f"{name} ({number})" for name, number in BUDGETS.items())
    sizes.add_argument(
        "--budget",
        default="default",
        metavar="SIZE",
        help=f"programs for each chapter and backend: {named}, or a number",
    )
    sizes.add_argument("--examples", dest="budget", metavar="N", help="the same as --budget N")
    parser.add_argument("--seed", type=int, metavar="N", help="repeat an earlier comparison (drawn if left out)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as one JSON object")
    add_config_options(parser)
    voice = parser.add_mutually_exclusive_group()
    voice.add_argument("-q", "--quiet", action="store_true", help="show faults and the verdict alone")
    voice.add_argument("-v", "--verbose", action="store_true", help="also show the programs of lawful differences")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> int:
    chapters, selected = choose_clauses(split_words(arguments.clauses), split_words(arguments.chapter))
    examples_of(arguments.budget)
    left, right = _find_both(arguments)
    names = name_apart(left, right)
    path: Path | None = arguments.json
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        raise UsageError(
            f"expected a file to write to with --json, got {str(path)!r}: there is no such folder, or it is one"
        )
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    screen = Screen(sys.stdout, arguments.color)
    detail: Detail = "quiet" if arguments.quiet else "verbose" if arguments.verbose else "normal"

    def tell(where: str, group: Group | None) -> None:
        if detail == "quiet":
            return
        if group is None:
            screen.show([Line(f"compare  {where}", "dim")])
        elif group.kind.is_wrong:
            screen.show([Line(f"found    {group.kind.value}: {', '.join(group.clauses)}", "bad")])

    if detail != "quiet":
        what = f"{count(len(selected), 'clause')}, budget {arguments.budget}, seed {seed}"
        screen.show([Line(f"letitcrash {suite_version()} comparing {names[0]} with {names[1]}: {what}")])
    comparison = compare(
        (left, right),
        names=names,
        selected=selected,
        chapters=chapters,
        backends=split_words(arguments.backend),
        budget=arguments.budget,
        seed=seed,
        tell=tell,
    )
    words = [*arguments.subjects, *(word for command in arguments.command for word in ("--command", command))]
    repeat = f"letitcrash compare {shlex.join(words)}"
    lines = render_comparison(comparison, repeat=repeat, detail=detail, width=screen.width)
    screen.show(lines if detail == "quiet" else [Line(""), *lines])
    code = 130 if comparison.is_interrupted else comparison.exit_code
    if path is not None:
        try:
            write_whole(path, json.dumps(dump_comparison(comparison), ensure_ascii=False, indent=1) + "\n", "--json")
        except UsageError as error:
            print(f"letitcrash: {error}", file=sys.stderr)
            code = code or 2
    return code


def _find_both(arguments: argparse.Namespace) -> tuple[SubjectFactory, SubjectFactory]:
    subjects: Sequence[str] = arguments.subjects
    commands: Sequence[str] = arguments.command
    if len(subjects) + len(commands) != 2:
        got = [*map(repr, subjects), *(f"--command {command!r}" for command in commands)]
        raise UsageError(
            f"expected two subjects to compare, got {', '.join(got) or 'none'}\n"
            "  name both, or one and a harness with --command: letitcrash compare reference erlang"
        )
    found = [find_named(arguments.settings, text) for text in subjects]
    found += [find_named(arguments.settings, None, command) for command in commands]
    return found[0], found[1]


def name_apart(left: SubjectFactory, right: SubjectFactory) -> tuple[str, str]:
    """Return short names that differ."""

    def shorten(factory: SubjectFactory) -> str:
        return Path(factory.command[0]).name if factory.command else factory.text.rpartition(":")[2]

    for names in ((shorten(left), shorten(right)), (left.text, right.text)):
        if names[0] != names[1] and max(map(len, names)) <= 40:
            return names
    return f"A:{shorten(left)[:40]}", f"B:{shorten(right)[:40]}"


def dump_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON-shaped data."""
    return {
        "format": FORMAT,
        "suite": suite_version(),
        "subjects": [
            {"name": name, "hello": dump_hello(hello)}
            for name, hello in zip(comparison.names, comparison.hellos, strict=True)
        ],
        "seed": comparison.seed,
        "budget": comparison.budget,
        "verdict": say_verdict(comparison),
        "exit_code": comparison.exit_code,
        "interrupted": comparison.is_interrupted,
        "seconds": round(comparison.seconds, 3),
        "programs": comparison.programs,
        "equal": comparison.equal,
        "operations": comparison.operations,
        "differences": [_dump_group(group) for wrong in (True, False) for group in comparison.having(wrong=wrong)],
        "alike": dict(comparison.alike),
        "not_asked_for": dict(comparison.unasked),
        "skipped": comparison.skipped,
        "troubles": [{"what": each.what, "stderr": list(each.stderr)} for each in comparison.troubles],
    }


def _dump_group(group: Group) -> dict[str, Any]:
    return {
        "kind": group.kind.name.lower(),
        "clauses": list(group.clauses),
        "why": group.why,
        "count": group.count,
        "flaky": group.is_flaky,
        "case": None if group.case is None else _dump_case(group.case),
    }


def _dump_case(case: Case) -> dict[str, Any]:
    return {
        "step": case.difference.index + 1,
        "backends": list(case.backends),
        "chapter": case.chapter,
        "example": case.example,
        "length_found": case.length_found,
        "repeats": case.repeats,
        "tries": case.tries,
        "program": case.outcome.program.to_json(),
        "answers": [list(side.answers) for side in (case.outcome.left, case.outcome.right)],
    }
