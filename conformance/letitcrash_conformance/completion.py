"""What could come next on a command line: worked out from its parser, for the shells to offer."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from letitcrash_conformance.config import find_config, read_config
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.lookup import SHIPPED
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.parser_walk import actions_of, commands_of, is_flag, is_list
from letitcrash_conformance.plan import BUDGETS
from letitcrash_spec.catalogue import CHAPTERS as SPEC_CHAPTERS
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.clause import Keyword, Profile

__all__ = ["Offer", "complete"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What could stand at the end of a command line.

    Attributes:
        words: Whole words that begin with what is there already, each with a line about it, which may be empty.
        wants_files: Whether a file or folder could stand there, which the shell knows best.
    """

    words: Mapping[str, str] = field(default_factory=dict[str, str])
    wants_files: bool = False


def complete(parser: argparse.ArgumentParser, before: Sequence[str], last: str) -> Offer:
    """Return what could be meant by the last word of a command line.

    Args:
        parser: The parser of the whole line.
        before: The words before it, without the program's name.
        last: The word as far as it is written; empty if it is not begun.
    """
    place = _Place(parser)
    for word in before:
        place.take(word)
    return place.offer(last)


class _Place:
    """How far a command line has come."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._enter(parser, "")

    def _enter(self, parser: argparse.ArgumentParser, command: str) -> None:
        self.command = command
        self.commands: Mapping[str, tuple[argparse.ArgumentParser, str]] = commands_of(parser)
        shown = [action for action in actions_of(parser) if action.help != argparse.SUPPRESS]
        self.options = {name: action for action in shown for name in action.option_strings}
        self.arguments = [action for action in shown if not action.option_strings and action.dest != argparse.SUPPRESS]
        self.waiting: argparse.Action | None = None
        self.has_ended = False
        self.used: set[argparse.Action] = set()

    def take(self, word: str) -> None:
        """Go on by one word."""
        if self.waiting is not None:
            self.waiting = None
        elif not self.has_ended and word == "--":
            self.has_ended = True
        elif not self.has_ended and word.startswith("-") and len(word) > 1:
            name, equals, _ = word.partition("=")
            action = self.options.get(name)
            if action is not None:
                self.used.update([] if is_list(action) else [action])
                self.waiting = None if equals or is_flag(action) else action
        elif word in self.commands:
            self._enter(self.commands[word][0], word)
        elif self.commands:
            self.commands = {}  # a command that is not known takes nothing that is
            self.options = {}
        elif self.arguments and self.arguments[0].nargs not in ("*", "+"):
            self.arguments.pop(0)

    def offer(self, last: str) -> Offer:
        """Return what could stand here."""
        if self.waiting is not None:
            return self._values(self.waiting, "", last)
        if last.startswith("-") and not self.has_ended:
            name, equals, value = last.partition("=")
            if equals and name in self.options:
                return self._values(self.options[name], f"{name}=", value)
            return Offer(
                {
                    each: action.help or ""
                    for each, action in self.options.items()
                    if each.startswith(last)
                    and (each.startswith("--") or last == each)
                    and (action not in self.used or last == each)
                }
            )
        if self.commands:
            return Offer({name: told for name, (_, told) in self.commands.items() if name.startswith(last)})
        if self.arguments:
            return self._values(self.arguments[0], "", last)
        return Offer()

    def _values(self, action: argparse.Action, head: str, last: str) -> Offer:
        if action.choices is not None:
            return _fitting({str(choice): "" for choice in action.choices}, head, last)
        if action.type is Path:
            return Offer(wants_files=True)
        names = _NAMES.get((self.command, action.dest)) or _NAMES.get(("", action.dest))
        if names is None:
            return Offer(wants_files=action.dest in _FILES)
        found = names()
        if action.dest not in _LISTS:
            return _fitting(found, head, last)
        done, comma, piece = last.rpartition(",")
        return _fitting(found, f"{head}{done}{comma}", piece)


def _fitting(words: Mapping[str, str], head: str, last: str) -> Offer:
    fits = {word: told for word, told in words.items() if word.startswith(last)}
    if not fits:
        fits = {word: told for word, told in words.items() if word.casefold().startswith(last.casefold())}
    return Offer({f"{head}{word}": told for word, told in fits.items()})


def _subjects() -> dict[str, str]:
    found = dict.fromkeys(SHIPPED, "shipped")
    try:
        path = find_config(Path.cwd())
        config = None if path is None else read_config(path)
    except UsageError:
        return found  # a run says what is wrong with the file; here is no place for it
    if config is not None:
        found.update(dict.fromkeys(config.subjects, f"named in {config.path.name}"))
    return found


def _clauses() -> dict[str, str]:
    return {clause.id: clause.text for clause in load_clauses().values()}


def _selection() -> dict[str, str]:
    return {**dict.fromkeys(SPEC_CHAPTERS, "chapter"), **_clauses()}


def _backends() -> dict[str, str]:
    return {"all": "every one, and the mix", "mixed": "drawn for each process"}


_NAMES: Mapping[tuple[str, str], Callable[[], Mapping[str, str]]] = {
    ("", "backend"): _backends,
    ("", "budget"): lambda: {name: f"{number} programs" for name, number in BUDGETS.items()},
    ("", "chapter"): lambda: dict.fromkeys(CHAPTERS, ""),
    ("", "clauses"): _selection,
    ("", "keyword"): lambda: {str(each): "" for each in Keyword},
    ("", "processes"): lambda: {"auto": "one for each core, or more"},
    ("", "profile"): lambda: {str(each): "" for each in Profile},
    ("", "selection"): _selection,
    ("", "subject"): _subjects,
    ("explain", "clauses"): _clauses,
    ("spec", "chapter"): lambda: dict.fromkeys(SPEC_CHAPTERS, ""),
}
"""Where the words of an option or argument come from, for a command or for all (an empty name)."""

_LISTS = frozenset({"backend", "chapter", "clauses"})
"""Options that take several words with commas between them."""

_FILES = frozenset({"command"})
"""Texts that often begin with the name of a file."""
