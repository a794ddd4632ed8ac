"""`letitcrash spec` and `letitcrash explain`: the clauses, listed and told one by one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from letitcrash_conformance.cli_selection import split_words
from letitcrash_conformance.console import Screen
from letitcrash_conformance.errors import UsageError
from letitcrash_spec.catalogue import CHAPTERS, find_clauses
from letitcrash_spec.explain import explain_clause, render_clauses

__all__ = ["add_commands"]

_EXAMPLES = """\
examples:
  letitcrash spec                            every clause
  letitcrash spec links 'GS-1*' REG-3        a chapter, a pattern, an id
  letitcrash spec --keyword SHOULD           all of one keyword
  letitcrash spec --search 'late repl(y|ies)'
"""


def add_commands(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add both commands to the command line."""
    spec = add_parser(
        "spec",
        help="list clauses",
        description="List the clauses of the specification.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    spec.add_argument("selection", nargs="*", metavar="SELECTION", help="ids, chapters or patterns (all if left out)")
    spec.add_argument("--chapter", action="append", metavar="WORDS", help=f"of these chapters: {', '.join(CHAPTERS)}")
    spec.add_argument("--keyword", metavar="WORD", help="of this keyword: MUST, 'MUST NOT', SHOULD, MAY, ...")
    spec.add_argument("--profile", metavar="WORD", help="that bind these implementations: core, backends, beam, ...")
    spec.add_argument("--search", metavar="TEXT", help="in which this regular expression is found, in either case")
    spec.set_defaults(handler=_list)
    explain = add_parser(
        "explain",
        help="explain a clause",
        description="Say what a clause demands, why it matters, where it comes from and how it is checked.",
        epilog="example:\n  letitcrash explain LNK-7",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    explain.add_argument("clauses", nargs="+", metavar="ID", help="one or more ids, in either case of letters")
    explain.set_defaults(handler=_explain)


def _list(arguments: argparse.Namespace) -> int:
    screen = Screen(sys.stdout, arguments.color)
    try:
        clauses = find_clauses(
            *arguments.selection, keyword=arguments.keyword, profile=arguments.profile, text=arguments.search
        )
    except ValueError as error:
        raise UsageError(f"{error} (in --search)") from None
    chapters = split_words(arguments.chapter)
    if chapters is not None:
        inside = {clause.id for clause in find_clauses(*chapters)}
        clauses = tuple(clause for clause in clauses if clause.id in inside)
    screen.put(render_clauses(clauses, width=screen.width))
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    screen = Screen(sys.stdout, arguments.color)
    pages = [explain_clause(clause, width=screen.width) for clause in arguments.clauses]
    screen.put("\n\n\n".join(pages))
    return 0
