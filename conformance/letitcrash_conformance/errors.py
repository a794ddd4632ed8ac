"""The errors of the suite, named after whose fault they are.

    LetItCrashError
    +-- UsageError              the caller's: wrong option, unknown clause, broken file (exit code 2)
    +-- SubjectError            the subject's harness broke: crash, silence, nonsense (exit code 4)
    +-- SuiteError              ours: please report it

Each carries what it knows as fields, so that no code reads its text.
"""

from __future__ import annotations

from collections.abc import Sequence

from letitcrash_spec.messages import Answer

__all__ = ["LetItCrashError", "SubjectError", "SuiteError", "UsageError"]


class LetItCrashError(Exception):
    """Base class of every error this package raises on purpose."""


class UsageError(LetItCrashError):
    """The suite was asked for something it cannot do; the message says what and how to ask instead."""


class SuiteError(LetItCrashError):
    """A bug of the suite itself. Please report it with the message and the replay file."""


class SubjectError(LetItCrashError):
    """The subject's harness could not be driven. Never a verdict on the implementation under test.

    Attributes:
        what: What happened, in one line.
        stderr: The harness's last lines of standard error, oldest first; empty in process.
        answers: The answers of the current batch that did arrive, in order of the requests.
    """

    def __init__(self, what: str, *, stderr: Sequence[str] = (), answers: Sequence[Answer] = ()) -> None:
        self.what = what
        self.stderr = tuple(stderr)
        self.answers = tuple(answers)
        super().__init__(what)

    def __str__(self) -> str:
        if not self.stderr:
            return self.what
        tail = "\n".join(f"    {line}" for line in self.stderr)
        return f"{self.what}\n  last lines of its standard error:\n{tail}"
