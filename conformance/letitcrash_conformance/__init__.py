"""The conformance suite: judges any implementation of OTP-style processes against the specification.

The names below are imported when they are first used, so that whoever needs one of them does not load them all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from letitcrash_conformance.errors import LetItCrashError, SubjectError, SuiteError, UsageError
    from letitcrash_conformance.inprocess import InProcessSubject, Refused
    from letitcrash_conformance.lookup import find_subject
    from letitcrash_conformance.program import Program
    from letitcrash_conformance.pytest_plugin_suite import suite
    from letitcrash_conformance.results import Finding, Listener, RunResult, Verdict
    from letitcrash_conformance.session import Session
    from letitcrash_conformance.subject import Subject
    from letitcrash_conformance.wire import CommandSubject

__all__ = [
    "CommandSubject",
    "Finding",
    "InProcessSubject",
    "LetItCrashError",
    "Listener",
    "Program",
    "Refused",
    "RunResult",
    "Session",
    "Subject",
    "SubjectError",
    "SuiteError",
    "UsageError",
    "Verdict",
    "find_subject",
    "suite",
]

_PLACES = {
    "CommandSubject": "wire",
    "Finding": "results",
    "InProcessSubject": "inprocess",
    "LetItCrashError": "errors",
    "Listener": "results",
    "Program": "program",
    "Refused": "inprocess",
    "RunResult": "results",
    "Session": "session",
    "Subject": "subject",
    "SubjectError": "errors",
    "SuiteError": "errors",
    "UsageError": "errors",
    "Verdict": "results",
    "find_subject": "lookup",
    "suite": "pytest_plugin_suite",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{place}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
