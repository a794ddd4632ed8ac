"""A subject in this process whose threads run on drawn schedules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.framing import describe
from letitcrash_conformance.inprocess import InProcessSubject
from letitcrash_conformance.simulation.patching import Stage, modules_of
from letitcrash_conformance.simulation.schedule import Schedule, slack_of
from letitcrash_conformance.simulation.story import Story
from letitcrash_conformance.simulation.stuck import Stuck
from letitcrash_conformance.simulation.threads import Fiber, SimThreads
from letitcrash_conformance.subject import Subject
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Operation

__all__ = ["ThreadedSubject"]


_LONGEST_PAUSE = 4


class ThreadedSubject:
    """Runs each batch of an in-process subject with simulated threads, on the schedule that was set.

    The subject names in `SIMULATED_THREADS` the packages that make its threads and locks. While a batch runs they use
    the simulated ones; loops that are made meanwhile wait in the simulation, too.

    Attributes:
        schedule: What the next batch runs on.
        taken: The decisions of the last batch, as a schedule that repeats them.
        is_telling: Whether to write down who runs when.
        story: That of the last batch, if it was asked for.
    """

    def __init__(
        self,
        factory: Callable[[], Subject],
        packages: Sequence[str],
        *,
        lines: Sequence[str] = (),
    ) -> None:
        """Make the subject in its simulation.

        Args:
            factory: Makes the subject.
            packages: The imported packages and modules whose use of threads is simulated.
            lines: Files, by the beginnings of their paths, between whose lines threads switch, too.

        Raises:
            SubjectError: If the subject cannot be started.
            TypeError: If it is not one in this process.
            UsageError: If greenlet is not installed.
        """
        self._threads = SimThreads(lines=lines)
        self._stage = Stage(self._threads)
        self._modules = modules_of(*packages)
        with self._stage.patched(self._modules):
            subject = self._threads.run(factory)
        if not isinstance(subject, InProcessSubject):
            subject.close()
            raise TypeError(f"expected a subject in this process, got {subject!r}")
        self._subject = subject
        self._threads.slack = slack_of(subject.hello)
        subject.pause = self._pause
        self.schedule = Schedule()
        self.taken = Schedule(strategy="recorded")
        self.is_telling = False
        self.story: Story | None = None

    @property
    def hello(self) -> Hello:
        """What the subject says of itself."""
        return self._subject.hello

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        """Perform a batch; see `Subject.run`.

        Raises:
            SubjectError: As always; also for a deadlock, a livelock, or a thread that blocks unseen.
        """
        threads = self._threads
        answers: list[Answer] = []
        with self._stage.patched(self._modules):
            if operations and operations[0].op == "reset":
                threads.begin(Schedule())
                answers = self._perform(operations[:1])
                operations = operations[1:]
            threads.begin(self.schedule)
            if self.is_telling:
                self.story = Story(threads, self._subject)
                threads.on_switch = self._note
            try:
                return answers + self._perform(operations)
            finally:
                threads.on_switch = None
                self.taken = self.schedule.recorded(threads.decisions)

    def _perform(self, operations: Sequence[Operation]) -> list[Answer]:
        try:
            return self._threads.run(lambda: self._subject.run(operations))
        except Stuck as stuck:
            begun = self._subject.begun
            number = max(1, len(begun))
            place = describe(number, operations[number - 1])
            raise SubjectError(f"{place}: expected an answer, got a {stuck}") from stuck

    async def _pause(self) -> None:
        for _ in range(self._threads.draw(_LONGEST_PAUSE)):
            await asyncio.sleep(0)
            self._threads.point()

    def _note(self, fiber: Fiber, waiting: int, number: int) -> None:
        assert self.story is not None
        self.story.note(fiber.name, waiting, number)

    def close(self) -> None:
        """End the subject; see `Subject.close`."""
        threads = self._threads
        threads.begin(Schedule())
        try:
            with self._stage.patched(self._modules):
                threads.run(self._subject.close)
        except Stuck:
            pass  # what hangs is ended below
        finally:
            threads.close()
