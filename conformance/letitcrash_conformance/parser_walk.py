"""Looks at a parser of `argparse`, whose parts have no public names: the one place that does."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import cast

__all__ = ["actions_of", "commands_of", "groups_of", "is_flag", "is_list"]


def actions_of(parser: argparse.ArgumentParser) -> Sequence[argparse.Action]:
    """Return the options and arguments of a parser, in the order in which they were added."""
    return tuple(parser._actions)  # pyright: ignore[reportPrivateUsage]


def groups_of(parser: argparse.ArgumentParser) -> Sequence[Sequence[argparse.Action]]:
    """Return the groups of options that exclude each other."""
    groups = parser._mutually_exclusive_groups  # pyright: ignore[reportPrivateUsage]
    return [
        tuple(group._group_actions)  # pyright: ignore[reportPrivateUsage]
        for group in groups
    ]


def commands_of(parser: argparse.ArgumentParser) -> Mapping[str, tuple[argparse.ArgumentParser, str]]:
    """Return the commands of a parser: name -> its parser and its line of help; empty if it has none."""
    found: dict[str, tuple[argparse.ArgumentParser, str]] = {}
    for action in actions_of(parser):
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage]
            helps = {choice.dest: choice.help or "" for choice in action._get_subactions()}
            for name, command in cast("Mapping[str, argparse.ArgumentParser]", action.choices).items():  # pyright: ignore[reportUnknownMemberType]
                found[name] = (command, helps.get(name, ""))
    return found


def is_flag(action: argparse.Action) -> bool:
    """Whether an option stands alone, without a value."""
    return action.nargs == 0


def is_list(action: argparse.Action) -> bool:
    """Whether an option can be given several times, each time with one more value."""
    return isinstance(action, argparse._AppendAction)  # pyright: ignore[reportPrivateUsage]
