"""A short way to talk to a subject, for the tests of the Elixir harness."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.elixir_otp import elixir_subject
from letitcrash_spec.messages import Answer
from tests.support.erlang_world import World, dead, error, exit_of

__all__ = ["ElixirWorld", "dead", "error", "exit_of", "needs_elixir", "open_elixir"]

needs_elixir = pytest.mark.skipif(
    shutil.which("elixir") is None or shutil.which("erl") is None, reason="needs Elixir's `elixir` (Debian: elixir)"
)


def open_elixir(schedulers: int) -> Iterator[Subject]:
    """Give a running Elixir subject, and close it."""
    subject = elixir_subject(schedulers)
    yield subject
    subject.close()


class ElixirWorld(World):
    """A world with short names for the operations on supervisors as well."""

    def add(self, sup: str, child: dict[str, Any], **args: Any) -> Answer:
        return self("start_child", sup=sup, child=child, **args)

    def end(self, sup: str, child: str, **args: Any) -> Answer:
        return self("terminate_child", sup=sup, child=child, **args)

    def listed(self, sup: str) -> list[Any]:
        return sorted(self("which_children", sup=sup)["ok"], key=str)

    def counted(self, sup: str) -> dict[str, int]:
        count: dict[str, int] = self("count_children", sup=sup)["ok"]
        return count

    def kill(self, label: str) -> None:
        """End a process at once, and wait until everything that follows from it has happened."""
        self("exit", to=label, reason="kill")
        self.settled()

    def story(self) -> list[tuple[Any, ...]]:
        """Settle and return the births, terminations and deaths so far, in short."""
        return [(event["ev"], event["who"], *([event["reason"]] if "reason" in event else [])) for event in self.log()]
