"""Two subjects driven through the same programs, each judged by the model, as one session that can be shrunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeGuard

from letitcrash_conformance.compare_answers import find_difference
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.program import SETTLE_MS, Program
from letitcrash_conformance.session import Outcome, Session
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.subject import Subject
from letitcrash_spec.catalogue import load_clauses, sort_key
from letitcrash_spec.clause import Keyword
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Operation
from letitcrash_spec.model.diagnose import Violation
from letitcrash_spec.model.judge import Judgement, judge

__all__ = ["ANY", "Difference", "Kind", "PairOutcome", "PairSession", "meet", "pair_backends", "with_backend"]

ANY = "?"
"""The backend of programs that both subjects run, each on its own."""

_LIMIT = "the lawful orders are too many to be followed"


class Kind(Enum):
    """What the model says of a difference."""

    LEFT_RIGHT = "the first is right"
    RIGHT_RIGHT = "the second is right"
    LEFT_WRONG = "the first is wrong, and of the second nothing can be said"
    RIGHT_WRONG = "the second is wrong, and of the first nothing can be said"
    BOTH_WRONG = "both are wrong"
    BOTH_LAWFUL = "both are lawful"
    UNDECIDED = "undecided"

    @property
    def is_wrong(self) -> bool:
        """Whether somebody is wrong."""
        return self not in (Kind.BOTH_LAWFUL, Kind.UNDECIDED)

    @property
    def wrong(self) -> tuple[bool, bool]:
        """Whether the first and whether the second is wrong."""
        left = self in (Kind.RIGHT_RIGHT, Kind.LEFT_WRONG, Kind.BOTH_WRONG)
        return left, self in (Kind.LEFT_RIGHT, Kind.RIGHT_WRONG, Kind.BOTH_WRONG)


@dataclass(frozen=True, slots=True)
class Difference:
    """A way in which two subjects differ.

    Attributes:
        kind: What the model says of it.
        clauses: The clauses that decide: those that are broken, the first subject's first; for a lawful difference
            those that leave the choice, where the model can tell.
        index: The step that shows it, from 0.
        why: Further words: why nothing is promised, or why nothing can be said.
    """

    kind: Kind
    clauses: tuple[str, ...]
    index: int
    why: str = ""

    @property
    def key(self) -> str:
        """The same for differences of the same way."""
        return f"{self.kind.value}: {', '.join(self.clauses) or self.why}"


@dataclass(slots=True)
class PairOutcome(Outcome):
    """One run of one program on both subjects; `judgement` has a violation where they differ.

    Attributes:
        left: What the first subject did, and what the model says of it.
        right: What the second one did.
        difference: How they differ, or None.
        alike: The clause that both break in the same way; empty if there is none.
    """

    left: Outcome
    right: Outcome
    difference: Difference | None = None
    alike: str = ""


def pair_backends(left: Hello, right: Hello, asked: Sequence[str] | None) -> list[tuple[str, str]]:
    """Return which backends of two subjects to compare.

    Backends of the same name are compared with each other. If there are none, each backend of the one is compared with
    the default backend of the other.

    Args:
        left: The first subject.
        right: The second one.
        asked: Backends to run on; a subject that does not have one runs on its default. None for all.

    Raises:
        UsageError: If neither has a backend that was asked for.
    """
    if asked is None or "all" in asked:
        common = [(name, name) for name in left.backends if name in right.backends]
        if common:
            return common
        if len(left.backends) > 1:
            return [(name, right.default_backend) for name in left.backends]
        return [(left.default_backend, name) for name in right.backends]
    pairs: list[tuple[str, str]] = []
    for name in asked:
        if name not in left.backends and name not in right.backends:
            there = f"{left.name}: {', '.join(left.backends)}; {right.name}: {', '.join(right.backends)}"
            raise UsageError(f"expected a backend of {there}, got {name!r}")
        pairs.append(
            (
                name if name in left.backends else left.default_backend,
                name if name in right.backends else right.default_backend,
            )
        )
    return pairs


def meet(left: Hello, right: Hello, chapter: str) -> Setting:
    """Return what programs may use that both subjects run: the features of both, on the coarser clock."""
    return Setting(
        chapter,
        backends=(ANY,),
        default_backend="",
        clock="wall" if "wall" in (left.clock, right.clock) else "virtual",
        features=left.features & right.features,
        time_unit_ms=max(left.time_unit_ms, right.time_unit_ms),
        wall_grain_ms=max(left.wall_grain_ms, right.wall_grain_ms),
    )


def with_backend(operations: Sequence[Operation], backend: str | None, clock: str | None = None) -> list[Operation]:
    """Return operations for one subject: on its backend, and with observations that fit its clock.

    Args:
        operations: The operations, on the backend `ANY`.
        backend: The backend; None leaves it out, for readers.
        clock: The clock; None leaves the observations as they are.
    """

    def change(value: Any) -> Any:
        if _is_object(value):
            items = value.items()
            found = {key: change(inside) for key, inside in items if key != "backend" or inside != ANY}
            if backend is not None and len(found) < len(items):
                found["backend"] = backend
            return found
        if _is_list(value):
            return [change(inside) for inside in value]
        return value

    return [
        Operation("observe", {"settle_ms": SETTLE_MS[clock]})
        if operation.op == "observe" and clock is not None
        else Operation(operation.op, change(operation.args))
        for operation in operations
    ]


class PairSession(Session):
    """Drives two subjects through the same programs.

    Attributes:
        left: The session with the first subject.
        right: The session with the second one.
        backends: On which backend each of them runs.
        error_text: Whether both promise to keep the text of errors.
    """

    def __init__(self, left: Subject, right: Subject, names: tuple[str, str], backends: tuple[str, str]) -> None:
        """Drive two subjects.

        Args:
            left: The first subject.
            right: The second one.
            names: How they are called, for messages.
            backends: On which backend each of them runs.
        """
        super().__init__(left)
        self.left, self.right = Session(left), Session(right)
        self.backends = backends
        self._names = names
        if right.hello.clock == "wall":
            self.hello = replace(left.hello, clock="wall")
        self.error_text = all("error_text" in hello.features for hello in (left.hello, right.hello))

    def close(self) -> None:
        """End both subjects."""
        self.left.subject.close()
        self.right.subject.close()

    def run(self, program: Program, *, patient: bool = False) -> PairOutcome:
        """Perform a program on both and say how they differ.

        Raises:
            SubjectError: If a harness broke; the message names whose.
        """
        self.operations += 2 * len(program.operations)
        sides: list[Outcome] = []
        for session, name, backend in zip((self.left, self.right), self._names, self.backends, strict=True):
            session.patience_s = self.patience_s
            operations = with_backend(program.operations, backend, session.hello.clock)
            try:
                sides.append(session.run(Program(tuple(operations), program.origin), patient=patient))
            except SubjectError as error:
                raise SubjectError(f"{name}: {error.what}", stderr=error.stderr) from error
        return self._decide(program, sides[0], sides[1])

    def _decide(self, program: Program, left: Outcome, right: Outcome) -> PairOutcome:
        operations = program.operations
        found = find_difference(operations, left.answers, right.answers, error_text=self.error_text)
        both = [side.judgement.violation for side in (left, right)]
        difference: Difference | None = None
        alike = ""
        if both[0] is None and both[1] is None:
            difference = None if found is None else self._without_violation(program, left, right, found)
        else:
            index = min(violation.index for violation in both if violation is not None)
            end = _end_of_segment(operations, index)
            wrong = [v is not None and v.index < end for v in both]
            clauses = tuple(v.clause for v in both if v is not None and v.index < end)
            if all(wrong) and len(set(clauses)) == 1 and (found is None or found >= end):
                alike = clauses[0]
            elif all(wrong):
                difference = Difference(Kind.BOTH_WRONG, tuple(dict.fromkeys(clauses)), index)
            else:
                other = (right if wrong[0] else left).judgement
                is_right = other.undecided is None or other.judged > index
                kinds = (Kind.RIGHT_RIGHT, Kind.LEFT_WRONG) if wrong[0] else (Kind.LEFT_RIGHT, Kind.RIGHT_WRONG)
                why = "" if is_right else other.undecided or ""
                difference = Difference(kinds[0] if is_right else kinds[1], clauses, index, why)
        judgement = Judgement()
        if difference is not None:
            step = difference.index
            judgement.violation = Violation(difference.key, step, operations[step], "", (), None)
        return PairOutcome(program, left.answers, judgement, left, right, difference, alike)

    def _without_violation(self, program: Program, left: Outcome, right: Outcome, index: int) -> Difference:
        for side in (left, right):
            undecided = side.judgement.undecided
            if undecided is not None and side.judgement.judged <= index:
                kind = Kind.UNDECIDED if undecided == _LIMIT else Kind.BOTH_LAWFUL
                return Difference(kind, (), index, undecided)
        if program.operations[index].op == "parallel":
            return Difference(Kind.BOTH_LAWFUL, (), index, "several clients at once are served in any order")
        one, other = (self._relied_on(session, side, index) for session, side in self._sides(left, right))
        clauses = tuple(sorted(one ^ other, key=sort_key))
        free = tuple(clause for clause in clauses if load_clauses()[clause].keyword is Keyword.MAY)
        return Difference(
            Kind.BOTH_LAWFUL, (free or clauses)[:2], index, f"the answer of {program.operations[index].op}"
        )

    def _sides(self, left: Outcome, right: Outcome) -> tuple[tuple[Session, Outcome], tuple[Session, Outcome]]:
        return (self.left, left), (self.right, right)

    def _relied_on(self, session: Session, outcome: Outcome, index: int) -> set[str]:
        """Return the clauses that explain the part of a run, between two observations, in which a step stands."""
        operations = outcome.program.operations
        start = index
        while start > 0 and operations[start - 1].op != "observe":
            start -= 1
        end = _end_of_segment(operations, index)
        before = judge(session.profile, operations[:start], outcome.answers[:start]).exercised
        through = judge(session.profile, operations[:end], outcome.answers[:end]).exercised
        return {clause for clause in through - before if clause in load_clauses()}


def _end_of_segment(operations: Sequence[Operation], index: int) -> int:
    """Return the position behind the next observation at or behind a step."""
    while index < len(operations) and operations[index].op != "observe":
        index += 1
    return index + 1


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
