"""Which programs of a run are run on drawn schedules, and how."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.inprocess import InProcessSubject
from letitcrash_conformance.simulation.schedule import Schedule, Tier
from letitcrash_conformance.simulation.session import ScheduledSession
from letitcrash_conformance.simulation.subject import ScheduledSubject
from letitcrash_conformance.simulation.subject_threads import ThreadedSubject
from letitcrash_conformance.subject import Subject

__all__ = ["choose_tier", "draw_schedule", "open_session"]

_OURS = "letitcrash_conformance"


def choose_tier(subject: Subject, backend: str, threads: Tier | None = None) -> Tier | None:
    """Return how programs of a backend can be run on drawn schedules; None if they cannot.

    Args:
        subject: The subject.
        backend: One of its backends, or `"mixed"`.
        threads: What to do with backends that use threads: `"threads"`, `"lines"`, or nothing.
    """
    if not isinstance(subject, InProcessSubject):
        return None
    if backend in subject.SIMULATED:
        return "tasks"
    return threads if subject.SIMULATED_THREADS else None


def draw_schedule(seed: str, tier: Tier = "tasks") -> Schedule | None:
    """Return the schedule of an example; None for about every second one, which runs in the ordinary way."""
    if not random.Random(f"share {seed}").randrange(2):
        return None
    drawn = Schedule.draw(seed)
    return drawn if tier == "tasks" else replace(drawn, mode="permute", tier=tier)


def open_session(factory: Callable[[], Subject], tier: Tier) -> ScheduledSession:
    """Return a session with a fresh subject whose programs run on drawn schedules.

    Raises:
        SubjectError: If the subject cannot be started.
        UsageError: If it cannot be simulated in this way, or greenlet is needed and not installed.
    """
    if tier == "tasks":
        return ScheduledSession(ScheduledSubject(factory))
    subject = factory()
    packages = subject.SIMULATED_THREADS if isinstance(subject, InProcessSubject) else ()
    subject.close()
    if not packages:
        raise UsageError(
            f"expected a subject that names its packages with threads (SIMULATED_THREADS), got {subject!r}"
        )
    lines = _folders(packages) if tier == "lines" else ()
    return ScheduledSession(ThreadedSubject(factory, packages, lines=lines))


def _folders(packages: Sequence[str]) -> list[str]:
    """Return where the files of packages are; those of the suite itself are left out."""
    found: list[str] = []
    for name in packages:
        module = importlib.import_module(name)
        if not name.startswith(_OURS) and module.__file__ is not None:
            path = Path(module.__file__)
            found.append(f"{path.parent}/" if path.name == "__init__.py" else str(path))
    return found
