"""A subject in this process whose programs run on drawn schedules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from letitcrash_conformance.inprocess import InProcessSubject
from letitcrash_conformance.simulation.schedule import Schedule
from letitcrash_conformance.simulation.story import Story
from letitcrash_conformance.subject import Subject
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Operation

__all__ = ["ScheduledSubject"]


class ScheduledSubject:
    """Runs each batch of an in-process subject on the schedule that was set.

    A `reset` at the beginning of a batch runs first come, first served, so that nothing of an earlier world has a part
    in the decisions.

    Attributes:
        schedule: What the next batch runs on.
        taken: The decisions of the last batch, as a schedule that repeats them.
        is_telling: Whether to write down who runs when.
        story: That of the last batch, if it was asked for.
    """

    def __init__(self, factory: Callable[[], Subject]) -> None:
        """Make the subject, and replace its event loop.

        Raises:
            SubjectError: If the subject cannot be started.
            TypeError: If it is not one in this process.
        """
        subject = factory()
        if not isinstance(subject, InProcessSubject):
            subject.close()
            raise TypeError(f"expected a subject in this process, got {subject!r}")
        self._subject = subject
        self._loop = subject.simulate()
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
            SubjectError: As always; also for a deadlock or a livelock, with who waits where.
        """
        answers: list[Answer] = []
        loop = self._loop
        loop.on_step = None
        if operations and operations[0].op == "reset":
            loop.begin(Schedule())
            answers = self._subject.run(operations[:1])
            operations = operations[1:]
        loop.begin(self.schedule)
        if self.is_telling:
            self.story = Story(loop, self._subject)
            loop.on_step = self._note
        try:
            return answers + self._subject.run(operations)
        finally:
            loop.on_step = None
            self.taken = self.schedule.recorded(loop.decisions)

    def _note(self, step: asyncio.Handle, waiting: int, number: int) -> None:
        assert self.story is not None
        task = self._loop.task_of(step)
        who = None if task is None else self._subject.name_task(task)
        self.story.note(who or self._loop.name_of(getattr(step, "owner", 0)), waiting, number)

    def close(self) -> None:
        """End the subject; see `Subject.close`."""
        self._loop.begin(Schedule())
        self._subject.close()
