"""The one road between a program and a subject: perform, observe, judge."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.program import SETTLE_MS, Program
from letitcrash_conformance.subject import Subject
from letitcrash_spec.errors import MessageError
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.model.judge import Judge, Judgement, judge
from letitcrash_spec.model.world import Profile
from letitcrash_spec.validator import validate_answer

__all__ = ["Outcome", "Session"]

RESET = Operation("reset", {})
_ALWAYS_OK = frozenset({"advance", "observe", "reset"})
_MAY_BE_UNSUPPORTED = frozenset({"delete_child", "restart_child"})  # of a dynamic supervisor
PATIENCE_S = 3.0
"""How long an unexplained observation is looked at again on a wall clock, in seconds, before it counts."""


@dataclass(slots=True)
class Outcome:
    """One run of one program.

    Attributes:
        program: The program.
        answers: What the subject answered, in order.
        judgement: What the model says of it.
    """

    program: Program
    answers: list[Answer]
    judgement: Judgement


class Session:
    """Drives one subject through programs, each in a world of its own.

    Used by one thread at a time. The machines take single steps (`reset`, `step`, `finish`), everything else whole
    programs (`run`), which a subject may pipeline; both are judged by the same model.

    Attributes:
        subject: The subject.
        hello: What it said of itself.
        settle_ms: How long an observation may let the world settle, in milliseconds of the subject's clock.
        operations: How many operations were performed so far.
        patience_s: How long an unexplained observation is looked at again on a wall clock, in seconds.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.hello = subject.hello
        self.profile = Profile.of(subject.hello)
        self.settle_ms = SETTLE_MS[subject.hello.clock]
        self.operations = 0
        self.patience_s = PATIENCE_S
        self._is_patient = subject.hello.clock == "wall"
        self._taken: list[Operation] = []
        self._answers: list[Answer] = []
        self._judge = Judge(self.profile)

    def run(self, program: Program, *, patient: bool = False) -> Outcome:
        """Perform a program and judge it.

        Args:
            program: The program; the world is emptied before it.
            patient: Take one operation at a time, and look again for a while where an observation is not explained:
                on a wall clock something may just be late.

        Raises:
            SubjectError: If the harness broke. Carries the answers that came before.
        """
        self.operations += len(program.operations)
        if patient or (self._is_patient and not self.hello.settle):
            return self._run_patiently(program)
        answers = self._ask([RESET, *program.operations])[1:]
        return Outcome(program, answers, judge(self.profile, program.operations, answers))

    def run_thoroughly(self, program: Program) -> Outcome:
        """Perform a program as a search does and, if nothing is wrong then, once more step by step.

        Raises:
            SubjectError: If the harness broke.
        """
        outcome = self.run(program)
        return outcome if outcome.judgement.violation is not None else self.run(program, patient=True)

    def _run_patiently(self, program: Program) -> Outcome:
        self._ask([RESET])
        answers: list[Answer] = []
        for index, operation in enumerate(program.operations):
            try:
                answers.extend(self._ask([operation]))
            except SubjectError as error:
                raise SubjectError(error.what, stderr=error.stderr, answers=answers) from error
            if operation.op != "observe":
                continue
            seen = program.operations[: index + 1]
            judgement = judge(self.profile, seen, answers)
            deadline = time.monotonic() + self.patience_s
            while judgement.violation is not None and self._is_patient and time.monotonic() < deadline:
                again = self._ask([operation])[0]
                answers[-1] = _merged(answers[-1], again)
                judgement = judge(self.profile, seen, answers)
            if judgement.violation is not None or judgement.undecided is not None:
                return Outcome(program, answers, judgement)
        return Outcome(program, answers, judge(self.profile, program.operations, answers))

    def _ask(self, operations: list[Operation]) -> list[Answer]:
        """Have the subject perform operations, and refuse answers that no adapter may give."""
        answers = self.subject.run(operations)
        if len(answers) != len(operations):
            what = f"expected {len(operations)} answers, one for each operation, got {len(answers)}"
            raise SubjectError(what, answers=answers)
        for index, (operation, answer) in enumerate(zip(operations, answers, strict=True)):
            try:
                validate_answer(operation, answer)
            except MessageError as error:
                raise SubjectError(f"{operation.op}: {error}", answers=answers[:index]) from None
            unsupported = (
                answer.get("fail", {}).get("kind") == "unsupported" and operation.op not in _MAY_BE_UNSUPPORTED
            )
            if "ok" not in answer and (operation.op in _ALWAYS_OK or unsupported):
                what = f"expected {operation.op} to be supported, as its hello says, got {answer!r}"
                raise SubjectError(what, answers=answers[:index])
        return answers

    # -- one step at a time ------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Empty the world and begin a new program."""
        self._ask([RESET])
        self._taken = []
        self._answers = []
        self._judge = Judge(self.profile)

    def step(self, op: str, **args: Any) -> Answer:
        """Perform one operation (`as_` stands for the argument `as`) and return its answer.

        What it means is judged at the next `look` at the latest.
        """
        if "as_" in args:
            args["as"] = args.pop("as_")
        if op == "advance":
            self.look()
        return self._take(Operation(op, args))

    def look(self) -> Judgement:
        """Let the world settle, observe it, and judge everything since the last look."""
        if not self._taken or self._taken[-1].op != "observe":
            self._take(Operation("observe", {"settle_ms": self.settle_ms}))
        return self._judge.judgement

    def program(self) -> Program:
        """Return the steps taken since the last `reset`."""
        return Program.of(self._taken, clock=self.hello.clock, origin="machine")

    @property
    def answers(self) -> list[Answer]:
        """What the steps since the last `reset` were answered, in order."""
        return list(self._answers)

    def _take(self, operation: Operation) -> Answer:
        self.operations += 1
        answer = self._ask([operation])[0]
        self._taken.append(operation)
        self._answers.append(answer)
        self._judge.add(operation, answer)
        return answer


def _merged(first: Answer, again: Answer) -> Answer:
    """Return one observation from two that followed each other: all events, and the later state."""
    later = dict(again["ok"])
    later["events"] = [*first["ok"]["events"], *later["events"]]
    return {"ok": later}
