"""Hand-made runs: findings, unit results and whole results, for tests of everything that reports them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from letitcrash_conformance.program import Program
from letitcrash_conformance.results import Finding, RunResult, Trouble, Unit, UnitResult
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.model.diagnose import Violation

HELLO = Hello(
    name="fake",
    version="1.2",
    language="python",
    backends=("one", "two"),
    default_backend="one",
    clock="virtual",
    time_unit_ms=1,
    wall_grain_ms=100,
    settle=True,
    features=frozenset({"genserver", "links", "monitors", "registry", "exit_signals", "timers"}),
)

UNIT = Unit("links", "one", examples=20, seed=7)

SPAWN = Operation("spawn", {"as": "p1", "probe": {"trap_exit": True}})
CALL = Operation("call", {"to": "p1", "msg": ["add", 5]})
LOOK = Operation("observe", {"settle_ms": 1000})


def make_finding(
    clause: str = "GS-21",
    *,
    operations: Sequence[Operation] = (SPAWN, CALL, LOOK),
    answers: Sequence[Answer] = ({"ok": "started"}, {"ok": 4}),
    index: int = 1,
    what: str = "the answer of call",
    expected: Sequence[Any] = ({"ok": 5},),
    got: Any = {"ok": 4},  # noqa: B006
    differences: Sequence[str] = (),
    unit: Unit = UNIT,
    example: int = 3,
    repeats: int = 3,
    tries: int = 3,
    known: str = "",
) -> Finding:
    """Return a finding; by default an addition that went wrong in the second of three steps."""
    violation = Violation(clause, index, operations[index], what, tuple(expected), got, tuple(differences))
    program = Program(tuple(operations))
    return Finding(violation, program, tuple(answers), unit, example, 24, repeats, tries, known=known)


def make_result(
    *units: UnitResult,
    selected: Iterable[str] | None = None,
    hello: Hello | None = HELLO,
    is_interrupted: bool = False,
    seconds: float = 1.5,
) -> RunResult:
    """Return the result of a run with these units."""
    return RunResult(
        hello=hello,
        subject="fake",
        seed=7,
        budget="20",
        units=[*units],
        selected=frozenset(load_clauses() if selected is None else selected),
        is_interrupted=is_interrupted,
        seconds=seconds,
    )


def make_unit(
    *exercised: str,
    findings: Sequence[Finding] = (),
    trouble: str | None = None,
    unsupported: str | None = None,
    unit: Unit = UNIT,
    undecided: int = 0,
) -> UnitResult:
    """Return the result of a unit that exercised these clauses three times each."""
    return UnitResult(
        unit=unit,
        examples=20,
        operations=400,
        seconds=0.25,
        exercised=Counter(dict.fromkeys(exercised, 3)),
        findings=list(findings),
        undecided=Counter({"the lawful orders are too many to be followed": undecided} if undecided else {}),
        trouble=None if trouble is None else Trouble(trouble, ("last words",), None, unit),
        unsupported=unsupported,
    )
