"""A session that also says which states of the model a run visited."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Sequence

from letitcrash_conformance.program import Program
from letitcrash_conformance.session import RESET, Outcome, Session
from letitcrash_fuzz.lines import Lines
from letitcrash_fuzz.states import Visits
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.model import judge as judging
from letitcrash_spec.model.judge import Judge
from letitcrash_spec.model.world import Profile, World

__all__ = ["WatchingSession"]

_ROAD = "outcomes_of"


class WatchingSession(Session):
    """Drives a subject and watches the model while it judges.

    Where the model sees several possible worlds, those that it tries are watched.

    Attributes:
        visited: What the last run visited, each once; see `Visits`.
        lines: Collects the lines of the subject, if it is one of this process.
    """

    visited: tuple[str, ...] = ()
    lines: Lines | None = None

    def run_watched(self, program: Program) -> Outcome:
        """Perform a program and judge it as `run` does, and note what it visits.

        Raises:
            SubjectError: If the harness broke. Carries the answers that came before.
        """
        visits = Visits()
        self.visited = ()
        if self._is_patient and not self.hello.settle:
            with self._around():
                outcome = self.run(program)
            if outcome.judgement.violation is None:
                self._judge_watched(outcome.program.operations, outcome.answers, visits)
        else:
            self.operations += len(program.operations)
            with self._around():
                answers = self._ask([RESET, *program.operations])[1:]
            judge = self._judge_watched(program.operations, answers, visits)
            outcome = Outcome(program, answers, judge.judgement)
        self.visited = tuple(visits.features)
        return outcome

    def _around(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self.lines is None else self.lines.around()

    def _judge_watched(self, operations: Sequence[Operation], answers: Sequence[Answer], visits: Visits) -> Judge:
        judge = _WatchingJudge(self.profile, visits)
        with _watched(visits):
            for operation, answer in zip(operations, answers, strict=False):
                if judge.add(operation, answer):
                    break
            else:
                judge.finish()
        return judge


class _WatchingJudge(Judge):
    """Judges, and lets somebody look at each quiet world."""

    def __init__(self, profile: Profile, visits: Visits) -> None:
        super().__init__(profile)
        self._visits = visits

    def _close(self) -> bool:
        before = dict(self.judgement.exercised)
        is_final = super()._close()
        if not is_final:
            tags = [tag for tag, number in self.judgement.exercised.items() if number > before.get(tag, 0)]
            self._visits.quiet(self._worlds[0], tags)
        return is_final


@contextlib.contextmanager
def _watched(visits: Visits) -> Generator[None]:
    """Let `visits` see the world before each operation that is judged.

    The judge has no place for onlookers, which would cost every run; its one road into the model is borrowed instead.
    """
    original: Callable[[World, Operation], Iterable[object]] = getattr(judging, _ROAD)

    def look(world: World, operation: Operation) -> Iterable[object]:
        visits.before(world, operation)
        return original(world, operation)

    setattr(judging, _ROAD, look)
    try:
        yield
    finally:
        setattr(judging, _ROAD, original)
