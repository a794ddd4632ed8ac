"""The one road between a program and a subject: perform, observe, judge."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.inprocess import InProcessSubject
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
_TIMES = re.compile(r'"(?:sleep|shutdown)"[:,] (\d+)')
_MAY_BE_UNSUPPORTED = frozenset({"delete_child", "restart_child"})  # of a dynamic supervisor
PATIENCE_S = 3.0
"""How long an unexplained observation is looked at again on a wall clock, in seconds, before it counts."""

AGAIN_S = 0.002
"""The time between two looks at what is not explained yet, in seconds; it doubles while nothing changes."""

RARELY_S = 0.25
"""The longest time between two such looks, in seconds."""

LAST_LOOK_S = 0.05
"""After how long the end of a program is looked at once more where the subject cannot tell that it is quiet."""

BUSY_S = 15.0
"""How much longer that may take as long as processes go on starting and ending, in seconds."""

FIRST_PATIENCE_S = 1.0
"""How long an unexplained observation is looked at again before the program is run once more, calmly, in seconds."""

LONGEST_CALM_MS = 2000
"""The longest time that a callback may say nothing before the world counts as quiet, in milliseconds."""


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
        is_warned: Whether what is run next is known to have failed: a subject that cannot tell when its world is quiet
            is then waited for from the start.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.hello = subject.hello
        self.profile = Profile.of(subject.hello)
        self.settle_ms = SETTLE_MS[subject.hello.clock]
        self.operations = 0
        self.patience_s = PATIENCE_S
        self.is_warned = False
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
        if self._is_patient and not self.hello.settle:
            return self._run_without_settling(program)
        if patient:
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

    def _run_without_settling(self, program: Program) -> Outcome:
        """Perform a program on a subject that cannot tell when its world is quiet.

        What was observed too early may be lawful all the same, in a course of events that was not the real one, and
        what comes later then looks wrong. So a violation counts only if it is still one when nothing is believed
        before the world has been calm for a while.
        """
        if not self.is_warned:
            patience_s, self.patience_s = self.patience_s, min(self.patience_s, FIRST_PATIENCE_S)
            try:
                outcome = self._run_patiently(program, last_look_s=LAST_LOOK_S)
            finally:
                self.patience_s = patience_s
            if outcome.judgement.violation is None:
                return outcome
            self.operations += len(program.operations)
        silent_s = _silent_ms(program.operations) / 1000
        if _is_ticking(program.operations):
            return self._run_patiently(program, delay_s=silent_s)
        return self._run_patiently(program, calm_s=silent_s + 2 * self.hello.wall_grain_ms / 1000)

    def _run_patiently(
        self, program: Program, *, calm_s: float = 0.0, delay_s: float = 0.0, last_look_s: float = 0.0
    ) -> Outcome:
        """Perform a program step by step, and look again where an observation is not explained.

        Args:
            program: The program.
            calm_s: Look at each observation again until nothing has changed for so long, in seconds; 0 for not at all.
            delay_s: Wait so long before each observation, in seconds.
            last_look_s: Look once more at the last one after that time, for what comes and must not; 0 for not at all.
        """
        self._ask([RESET])
        answers: list[Answer] = []
        for index, operation in enumerate(program.operations):
            if operation.op == "observe" and delay_s:
                self._rest(delay_s)
            try:
                answers.extend(self._ask([operation]))
            except SubjectError as error:
                raise SubjectError(error.what, stderr=error.stderr, answers=answers) from error
            if operation.op != "observe":
                continue
            seen = program.operations[: index + 1]
            judgement = judge(self.profile, seen, answers)
            patience_s = max(self.patience_s, calm_s)
            deadline = time.monotonic() + patience_s
            end = deadline + BUSY_S
            pause_s = calm_s or (last_look_s if index == len(program.operations) - 1 else 0.0)
            again_s = AGAIN_S
            if judgement.violation is not None and self._is_refuted(seen[:-1], answers[:-1]):
                return Outcome(program, answers, judgement)
            while self._is_patient and judgement.undecided is None and time.monotonic() < deadline + calm_s:
                is_explained = judgement.violation is None
                if is_explained:
                    if not pause_s:
                        break
                    self._rest(pause_s)
                elif time.monotonic() >= deadline:
                    break
                else:
                    self._rest(min(again_s, max(0.0, deadline - time.monotonic())))
                again = self._ask([operation])[0]
                is_calm = _is_same_world(answers[-1], again)
                again_s = min(again_s * 2, RARELY_S) if is_calm else AGAIN_S
                if is_explained and is_calm:
                    break
                if not self.hello.settle and _is_working(again):
                    deadline = min(time.monotonic() + patience_s, end)  # it is still busy
                answers[-1] = _merged(answers[-1], again)
                started = time.monotonic()
                judgement = judge(self.profile, seen, answers)
                thought_s = time.monotonic() - started  # which is not the subject's fault
                deadline += thought_s
                end += thought_s
            if judgement.violation is not None or judgement.undecided is not None:
                return Outcome(program, answers, judgement)
        return Outcome(program, answers, judge(self.profile, program.operations, answers))

    def _rest(self, seconds: float) -> None:
        """Let the subject go on by itself for some time; one of this process needs its loop for that."""
        if isinstance(self.subject, InProcessSubject):
            self.subject.rest(seconds)
        else:
            time.sleep(seconds)

    def _is_refuted(self, operations: Sequence[Operation], answers: Sequence[Answer]) -> bool:
        """Say whether answers are wrong by themselves, whatever an observation after them may show."""
        return self._is_patient and judge(self.profile, operations, answers).violation is not None

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


def _is_working(answer: Answer) -> bool:
    """Say whether a process has started or ended since the last look."""
    return any(event["ev"] in ("init", "terminate", "dead") for event in answer["ok"]["events"])


def _is_same_world(first: Answer, again: Answer) -> bool:
    """Say whether nothing was reported between two observations, and both show the same."""
    before, after = first["ok"], again["ok"]
    if after["events"] or before["names"] != after["names"] or before["children"] != after["children"]:
        return False
    return bool(set(before["alive"]) == set(after["alive"]))


def _is_ticking(operations: Sequence[Operation]) -> bool:
    """Say whether a program has timers that tick, so that its world is never calm."""
    return '"send_interval"' in json.dumps([operation.args for operation in operations])


def _silent_ms(operations: Sequence[Operation]) -> int:
    """Return how long a world that has more to do may say nothing, in milliseconds.

    What counts are the times for which callbacks block, and those after which a child is killed.
    """
    times = _TIMES.findall(json.dumps([operation.args for operation in operations]))
    return max((ms for ms in map(int, times) if ms <= LONGEST_CALM_MS), default=0)
