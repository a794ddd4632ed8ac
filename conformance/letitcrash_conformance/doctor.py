"""Examines a harness: asks for one thing after the other, survives whatever comes, and says what to mend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from letitcrash_conformance.doctor_checks import BYE, CHECKS, Check
from letitcrash_conformance.doctor_features import FEATURE_CHECKS
from letitcrash_conformance.doctor_fixes import find_fix
from letitcrash_conformance.doctor_talk import Broken, Complaint, Talk, open_talk
from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.lookup import SubjectFactory
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Operation

__all__ = ["Diagnosis", "Result", "examine"]

_MOST_BROKEN = 3
_START = "the harness starts and says hello"


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found.

    Attributes:
        name: What should be so.
        state: Whether it is; `"left out"` if it could not be asked.
        what: What is wrong, or why it was left out; empty if all is well.
        fix: What to do about it; empty if all is well.
        trail: The last requests and answers before it went wrong, oldest first.
        stderr: The last lines of the harness's standard error, oldest first, if it broke.
    """

    name: str
    state: Literal["ok", "wrong", "left out"]
    what: str = ""
    fix: str = ""
    trail: tuple[str, ...] = ()
    stderr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an examination found.

    Attributes:
        hello: What the harness said of itself; None if it did not.
        results: What each check found, in order.
    """

    hello: Hello | None
    results: tuple[Result, ...]

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return all(result.state != "wrong" for result in self.results)


def examine(
    factory: SubjectFactory, *, patience_s: float = 5.0, on_result: Callable[[Result], object] | None = None
) -> Diagnosis:
    """Examine a harness.

    It is started once, and again after each time that it breaks; after the third time the rest is left out. Nothing of
    it runs on when this returns.

    Args:
        factory: Starts it.
        patience_s: How long it may be silent, in seconds beyond what an operation may take by itself.
        on_result: Told each result as it is found.

    Raises:
        UsageError: If what was named is not there, or is no subject.
    """
    results: list[Result] = []

    def note(result: Result) -> None:
        results.append(result)
        if on_result is not None:
            on_result(result)

    try:
        talk = open_talk(factory, patience_s=patience_s)
    except SubjectError as error:
        note(Result(_START, "wrong", error.what, find_fix(error.what), stderr=error.stderr))
        return Diagnosis(None, tuple(results))
    hello = talk.hello
    note(Result(_START, "ok"))
    broken = 0
    try:
        for check in (*CHECKS, *FEATURE_CHECKS, BYE):
            if check.is_wire and not talk.is_wire:
                note(Result(check.name, "left out", "only a harness behind a pipe can be asked"))
                continue
            if not hello.features.issuperset(check.features):
                if check in CHECKS:
                    note(Result(check.name, "left out", "hello does not declare genserver"))
                continue
            result, is_broken = _run(check, talk)
            note(result)
            if is_broken:
                broken += 1
                talk.close()
                if broken == _MOST_BROKEN:
                    note(Result("the rest", "left out", f"the harness broke {broken} times: mend that first"))
                    break
                talk = open_talk(factory, patience_s=patience_s)
    except SubjectError as error:
        note(Result(f"{_START} again", "wrong", error.what, find_fix(error.what), stderr=error.stderr))
    finally:
        talk.close()
    return Diagnosis(hello, tuple(results))


def _run(check: Check, talk: Talk) -> tuple[Result, bool]:
    """Run a check in a world of its own; returns what it found, and whether the harness broke."""
    talk.trail.clear()
    try:
        if check is not BYE:
            talk.ask_all([Operation("reset", {})])
            talk.trail.clear()
        check.run(talk)
    except Complaint as complaint:
        return Result(check.name, "wrong", complaint.what, complaint.fix, tuple(talk.trail)), False
    except Broken as broken:
        error = broken.error
        return (
            Result(check.name, "wrong", error.what, find_fix(error.what), tuple(talk.trail), error.stderr),
            True,
        )
    return Result(check.name, "ok"), False
