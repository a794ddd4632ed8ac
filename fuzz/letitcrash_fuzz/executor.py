"""Runs inputs on one subject, and says what each one visited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.program import Program
from letitcrash_conformance.session import Outcome
from letitcrash_conformance.source import Source
from letitcrash_conformance.subject import Subject
from letitcrash_fuzz.lines import Lines
from letitcrash_fuzz.sources import BytesSource, Recording
from letitcrash_fuzz.target import Target
from letitcrash_fuzz.watching import WatchingSession
from letitcrash_spec.hello import Hello

__all__ = ["Execution", "Executor"]


@dataclass(frozen=True, slots=True)
class Execution:
    """One input that was run.

    Attributes:
        data: The input, in the one way that it is written.
        choices: Its choices, for shrinking.
        outcome: What the subject answered, and what the model says of it.
        features: What it visited, each once.
    """

    data: bytes
    choices: list[int]
    outcome: Outcome
    features: tuple[str, ...]


class Executor:
    """Runs inputs on a subject, which it makes anew when it breaks. Used in one thread.

    Args:
        target: What to search.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._session: WatchingSession | None = None
        self._make: Callable[[Source], Program] | None = None
        self._lines = Lines(target.packages)
        self._lines.start()

    @property
    def hello(self) -> Hello:
        """What the subject said of itself.

        Raises:
            SubjectError: If it cannot be started.
        """
        return self.session().hello

    def session(self) -> WatchingSession:
        """Return the session with the subject, started if it is not running.

        Raises:
            SubjectError: If the subject cannot be started.
        """
        if self._session is None:
            self._session = WatchingSession(self.target.factory())
            self._session.lines = self._lines
        return self._session

    def turn_to(self, target: Target) -> None:
        """Search another target of the same subject from now on."""
        if target != self.target:
            self.target = target
            self._make = None

    def fresh(self) -> Subject:
        """Return a fresh subject in place of the one at work, which is ended. The caller ends it.

        Raises:
            SubjectError: If it cannot be started.
        """
        self._end()
        return self.target.factory()

    def maker(self) -> Callable[[Source], Program]:
        """Return what writes programs for the subject.

        Raises:
            SubjectError: If the subject cannot be started.
        """
        if self._make is None:
            self._make = self.target.maker(self.session().hello)
        return self._make

    def write(self, source: Source | bytes) -> tuple[Program, Recording]:
        """Return the program of an input, or of a source, and its choices.

        Raises:
            SubjectError: If the subject cannot be started.
        """
        recording = Recording(BytesSource(source) if isinstance(source, bytes) else source)
        return self.maker()(recording), recording

    def run(self, program: Program, recording: Recording) -> Execution:
        """Run a program.

        Raises:
            SubjectError: If the harness broke; the next run begins with a fresh one.
        """
        session = self.session()
        try:
            outcome = session.run_watched(program)
        except SubjectError:
            self._end()
            raise
        return Execution(recording.data, recording.choices, outcome, (*session.visited, *self._lines.take()))

    def close(self) -> None:
        """End the subject."""
        self._lines.stop()
        self._end()

    def _end(self) -> None:
        if self._session is not None:
            self._session.subject.close()
            self._session = None
