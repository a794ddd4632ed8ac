"""A session that also says which states of the model a run visited."""

from __future__ import annotations

import contextlib

from letitcrash_conformance.program import Program
from letitcrash_conformance.session import RESET, Outcome, Session
from letitcrash_fuzz.lines import Lines
from letitcrash_fuzz.states import Visits
from letitcrash_spec.model.judge import judge

__all__ = ["WatchingSession"]


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
                judge(self.profile, outcome.program.operations, outcome.answers, visits)
        else:
            self.operations += len(program.operations)
            with self._around():
                answers = self._ask([RESET, *program.operations])[1:]
            outcome = Outcome(program, answers, judge(self.profile, program.operations, answers, visits))
        self.visited = tuple(visits.features)
        return outcome

    def _around(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self.lines is None else self.lines.around()
