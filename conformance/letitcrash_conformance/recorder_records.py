"""The records of a run as JSON-shaped data, and back."""

from __future__ import annotations

from typing import Any

from letitcrash_conformance.program import Program
from letitcrash_conformance.recorder_fields import Fields
from letitcrash_conformance.results import Finding, Trouble, Unit, UnitResult, Wait
from letitcrash_spec.messages import Operation
from letitcrash_spec.model.diagnose import Violation

__all__ = [
    "dump_finding",
    "dump_trouble",
    "dump_unit",
    "dump_unit_result",
    "load_finding",
    "load_trouble",
    "load_unit",
    "load_unit_result",
    "load_violation",
]


def dump_unit(unit: Unit) -> dict[str, Any]:
    """Return a unit, JSON-shaped."""
    return {
        "chapter": unit.chapter,
        "backend": unit.backend,
        "examples": unit.examples,
        "seed": unit.seed,
        "first": unit.first,
        "has_scenarios": unit.has_scenarios,
    }


def load_unit(fields: Fields) -> Unit:
    """Return the unit of an object."""
    return Unit(
        chapter=fields.text("chapter"),
        backend=fields.text("backend"),
        examples=fields.whole("examples"),
        seed=fields.whole("seed", least=None),
        first=fields.whole("first"),
        has_scenarios=fields.truth("has_scenarios"),
    )


def dump_finding(finding: Finding) -> dict[str, Any]:
    """Return a finding with its program, JSON-shaped."""
    violation = finding.violation
    return {
        "clause": violation.clause,
        "step": violation.index + 1,
        "what": violation.what,
        "expected": list(violation.expected),
        "got": violation.got,
        "differences": list(violation.differences),
        "origin": finding.program.origin,
        "program": finding.program.to_json(),
        "answers": list(finding.answers),
        "unit": dump_unit(finding.found_in),
        "example": finding.example,
        "length_found": finding.length_found,
        "repeats": finding.repeats,
        "tries": finding.tries,
        **({} if finding.schedule is None else {"schedule": finding.schedule.to_json(), "story": list(finding.story)}),
        **({"known": finding.known} if finding.known else {}),
    }


def load_finding(fields: Fields) -> Finding:
    """Return the finding of an object."""
    operations = fields.operations("program")
    return Finding(
        violation=load_violation(fields, operations),
        program=Program(operations, fields.text("origin")),
        answers=fields.answers("answers", operations),
        found_in=load_unit(fields.inner("unit")),
        example=fields.whole("example", least=-1),
        length_found=fields.whole("length_found"),
        repeats=fields.whole("repeats"),
        tries=fields.whole("tries"),
        schedule=fields.schedule("schedule"),
        story=fields.texts("story") if fields.has("story") else (),
        known=fields.text("known") if fields.has("known") else "",
    )


def load_violation(fields: Fields, operations: tuple[Operation, ...]) -> Violation:
    """Return the violation of an object, at one of the `operations` of its program."""
    step = fields.whole("step", least=1)
    if step > len(operations):
        raise fields.broken("step", f"a step of the program, which has {len(operations)}")
    return Violation(
        clause=fields.text("clause"),
        index=step - 1,
        operation=operations[step - 1],
        what=fields.text("what"),
        expected=tuple(fields.many("expected")),
        got=fields.any("got"),
        differences=fields.texts("differences"),
    )


def dump_unit_result(result: UnitResult) -> dict[str, Any]:
    """Return what a unit brought, JSON-shaped."""
    trouble = result.trouble
    return {
        "unit": dump_unit(result.unit),
        "examples": result.examples,
        "operations": result.operations,
        "seconds": round(result.seconds, 3),
        "exercised": dict(sorted(result.exercised.items())),
        "findings": [dump_finding(finding) for finding in result.findings],
        "undecided": dict(result.undecided),
        "trouble": None if trouble is None else dump_trouble(trouble),
        "unsupported": result.unsupported,
        "waits": [
            {"seconds": round(wait.seconds, 3), "example": wait.example, "operations": wait.operations}
            for wait in result.waits
        ],
    }


def load_unit_result(fields: Fields) -> UnitResult:
    """Return the unit result of an object."""
    return UnitResult(
        unit=load_unit(fields.inner("unit")),
        examples=fields.whole("examples"),
        operations=fields.whole("operations"),
        seconds=fields.number("seconds"),
        exercised=fields.counter("exercised"),
        findings=[load_finding(each) for each in fields.inners("findings")],
        undecided=fields.counter("undecided"),
        trouble=load_trouble(fields.inner("trouble")) if fields.has("trouble") else None,
        unsupported=fields.text("unsupported") if fields.has("unsupported") else None,
        waits=[
            Wait(each.number("seconds"), each.whole("example", least=-1), each.whole("operations"))
            for each in (fields.inners("waits") if fields.has("waits") else ())
        ],
    )


def dump_trouble(trouble: Trouble) -> dict[str, Any]:
    """Return a trouble with its program, if it has one, JSON-shaped."""
    program = trouble.program
    return {
        "what": trouble.what,
        "stderr": list(trouble.stderr),
        "origin": None if program is None else program.origin,
        "program": None if program is None else program.to_json(),
        "unit": dump_unit(trouble.found_in),
    }


def load_trouble(fields: Fields) -> Trouble:
    """Return the trouble of an object."""
    program = Program(fields.operations("program"), fields.text("origin")) if fields.has("program") else None
    return Trouble(fields.text("what"), fields.texts("stderr"), program, load_unit(fields.inner("unit")))
