"""The arithmetic of a run: from what its units brought to a status for each clause and one verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from letitcrash_conformance.known_stale import Complaint, find_complaints
from letitcrash_conformance.results import Finding, RunResult, Trouble, Unit, UnitResult, Verdict, Wait
from letitcrash_spec.catalogue import load_clauses, sort_key
from letitcrash_spec.clause import Clause, Keyword, Profile
from letitcrash_spec.hello import Hello

__all__ = ["BINDING", "ClauseTally", "Status", "Tally", "count_up", "say_verdict"]

MAX_SLOWEST = 5

BINDING = frozenset({Keyword.MUST, Keyword.MUST_NOT, Keyword.SHOULD})
"""Keywords whose clauses have to be exercised before a run can be called conformant."""


class Status(Enum):
    """What a run says of one clause."""

    PASSED = "passed"
    """It was demanded at least once, and held each time."""
    FAILED = "failed"
    """It was broken, and repeating the program broke it again."""
    FLAKY = "flaky"
    """It was broken once and never again when the program was repeated."""
    KNOWN = "known"
    """It was broken, and the known failures of the run say so."""
    INCONCLUSIVE = "inconclusive"
    """No program demanded it to its end, and the run or the harness broke off before one could."""
    NOT_EXERCISED = "not exercised"
    """It applies and could be checked, and no program of this run demanded it."""
    NOT_SUPPORTED = "not supported"
    """It does not apply to this subject, or to what the run was asked for."""
    NOT_CHECKED = "not checked"
    """Nothing checks it; the catalogue says why."""


@dataclass(frozen=True, slots=True)
class ClauseTally:
    """One clause in one run.

    Attributes:
        clause: The clause.
        status: What the run says of it.
        held: How often it was demanded and held.
        reason: Why it is not supported or not checked, or why it is known; empty otherwise.
    """

    clause: Clause
    status: Status
    held: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """A run, added up.

    Attributes:
        result: The run.
        clauses: Every selected clause, and every one that was broken, in natural order.
        violations: Findings that repeated, one for each clause, in natural order of the clauses.
        flaky: Findings that did not repeat, one for each clause that has no other, in natural order.
        troubles: Where the harness broke, in the order in which it did.
        undecided: Reason -> number of programs that were not judged to their end for it.
        verdict: The verdict.
        operations: Operations performed.
        examples: Programs performed.
        counts: Status -> number of clauses.
        waits: The programs that took longest, each with its unit, slowest first, at most five.
        known: Findings that are known, one for each clause, in natural order.
        complaints: Entries of the known failures that must be looked at, in the order of their file.
    """

    result: RunResult
    clauses: tuple[ClauseTally, ...]
    violations: tuple[Finding, ...]
    flaky: tuple[Finding, ...]
    troubles: tuple[Trouble, ...]
    undecided: Counter[str]
    verdict: Verdict
    operations: int
    examples: int
    counts: Mapping[Status, int] = field(default_factory=dict[Status, int])
    waits: tuple[tuple[Unit, Wait], ...] = ()
    known: tuple[Finding, ...] = ()
    complaints: tuple[Complaint, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code of the run: that of its verdict, and 2 for a baseline that must be looked at."""
        return self.verdict.exit_code or (2 if self.complaints else 0)

    def having(self, status: Status) -> tuple[ClauseTally, ...]:
        """Return the clauses of one status, in natural order."""
        return tuple(each for each in self.clauses if each.status is status)

    @property
    def checkable(self) -> int:
        """How many clauses this run could have said something about."""
        return len(self.clauses) - self.counts[Status.NOT_SUPPORTED] - self.counts[Status.NOT_CHECKED]


def count_up(result: RunResult) -> Tally:
    """Add up a run.

    Of the findings that are not known: the verdict is a violation if one repeated, else a subject error if the harness
    broke anywhere, else inconclusive if the run was interrupted, if a finding was flaky, or if a binding clause (or
    every clause) went unexercised.
    """
    held: Counter[str] = Counter()
    undecided: Counter[str] = Counter()
    for unit in result.units:
        held.update(unit.exercised)
        undecided.update(unit.undecided)
    everything = [finding for unit in result.units for finding in unit.findings]
    findings = [finding for finding in everything if not finding.known]
    known = _first_of_each(finding for finding in everything if finding.known)
    violations = _first_of_each(finding for finding in findings if not finding.is_flaky)
    flaky = {c: f for c, f in _first_of_each(f for f in findings if f.is_flaky).items() if c not in violations}
    catalogue = load_clauses()
    ids = sorted({*result.selected, *violations, *flaky, *known} & catalogue.keys(), key=sort_key)
    broken = {
        **{clause: (Status.KNOWN, _say_known(result, finding)) for clause, finding in known.items()},
        **dict.fromkeys(flaky, (Status.FLAKY, "")),
        **dict.fromkeys(violations, (Status.FAILED, "")),
    }
    clauses = tuple(_judge_clause(catalogue[i], broken.get(i), held[i], result) for i in ids)
    troubles = tuple(unit.trouble for unit in result.units if unit.trouble is not None)
    counts = Counter(each.status for each in clauses)
    return Tally(
        result=result,
        clauses=clauses,
        violations=tuple(violations.values()),
        flaky=tuple(flaky.values()),
        troubles=troubles,
        undecided=undecided,
        verdict=_judge_run(result, clauses, has_violations=bool(violations), has_flaky=bool(flaky)),
        operations=sum(unit.operations for unit in result.units),
        examples=sum(unit.examples for unit in result.units),
        counts={status: counts[status] for status in Status},
        waits=_find_slowest(result.units),
        known=tuple(known.values()),
        complaints=find_complaints(result, held),
    )


def say_verdict(tally: Tally) -> str:
    """Return the one line that says how the run went, with its numbers."""
    result = tally.result
    did = f"{tally.operations:,} operations"
    violations = len(tally.violations)
    known = f", {len(tally.known)} known" if tally.known else ""
    outdated = f", {len(tally.complaints)} in the baseline to look at" if tally.complaints else ""
    numbers = f"{violations} {_plural('violation', violations)}{known}{outdated}"
    tail = f"({numbers}; seed {result.seed}, {_seconds(result.seconds)})"
    passed, checkable = tally.counts[Status.PASSED], tally.checkable
    held = f"{passed} of {checkable} checkable {_plural('clause', checkable)} held in {did}"
    interrupted = "interrupted before its end, " if result.is_interrupted else ""
    match tally.verdict:
        case Verdict.CONFORMANT:
            return f"conformant{_but_for(tally)}: {held} {tail}"
        case Verdict.VIOLATION:
            names = ", ".join(finding.violation.clause for finding in tally.violations)
            return f"violation: {interrupted}{names} broken, {held} {tail}"
        case Verdict.SUBJECT_ERROR:
            first = tally.troubles[0].what.splitlines()[0] if tally.troubles else "the subject never said hello"
            return f"subject error: {interrupted}{first}; {held} {tail}"
        case Verdict.INCONCLUSIVE:
            return f"inconclusive: {'; '.join(_doubts(tally))}; {held} {tail}"


def _but_for(tally: Tally) -> str:
    if not tally.known:
        return ""
    names = ", ".join(finding.violation.clause for finding in tally.known)
    return f" but for {len(tally.known)} known {_plural('failure', len(tally.known))} ({names})"


def _say_known(result: RunResult, finding: Finding) -> str:
    entry = result.known.find(finding.known)
    return "" if entry is None else entry.words


def _doubts(tally: Tally) -> list[str]:
    doubts: list[str] = []
    if tally.result.is_interrupted:
        doubts.append("interrupted before its end")
    if tally.flaky:
        names = ", ".join(finding.violation.clause for finding in tally.flaky)
        doubts.append(f"{names} broken once and not again (flaky)")
    missed = [each for each in tally.having(Status.NOT_EXERCISED) if each.clause.keyword in BINDING]
    if missed:
        doubts.append(f"{len(missed)} {_plural('clause', len(missed))} not exercised")
    if not tally.checkable:
        doubts.append("nothing that was asked for can be checked on this subject")
    return doubts or ["nothing was exercised"]


def _first_of_each(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Keep the shortest finding of each clause, in natural order of the clauses."""
    kept: dict[str, Finding] = {}
    for finding in findings:
        clause = finding.violation.clause
        if clause not in kept or len(finding.program) < len(kept[clause].program):
            kept[clause] = finding
    return dict(sorted(kept.items(), key=lambda item: sort_key(item[0])))


def _judge_clause(clause: Clause, broken: tuple[Status, str] | None, held: int, result: RunResult) -> ClauseTally:
    if broken is not None:
        return ClauseTally(clause, broken[0], held, broken[1])
    if not clause.is_checked:
        return ClauseTally(clause, Status.NOT_CHECKED, held, clause.unchecked)
    if result.hello is not None:
        reason = _refuses(clause, result.hello)
        if reason:
            return ClauseTally(clause, Status.NOT_SUPPORTED, held, reason)
    if held:
        return ClauseTally(clause, Status.PASSED, held)
    if clause.profile is Profile.BACKENDS and not _spans_backends(result.units):
        return ClauseTally(clause, Status.NOT_SUPPORTED, 0, "the run was asked for one backend only")
    reason = _broke_off(clause, result)
    if reason:
        return ClauseTally(clause, Status.INCONCLUSIVE, 0, reason)
    return ClauseTally(clause, Status.NOT_EXERCISED)


def _broke_off(clause: Clause, result: RunResult) -> str:
    """Say what kept a run from demanding a clause; empty if nothing did."""
    if result.is_interrupted:
        return "the run was cut off before a program demanded it"
    if result.hello is None:
        return "the subject could not be started"
    if any(unit.trouble is not None and unit.unit.chapter in (clause.chapter, "world") for unit in result.units):
        return "the harness broke before a program demanded it"
    return ""


def _find_slowest(units: Iterable[UnitResult]) -> tuple[tuple[Unit, Wait], ...]:
    waits = [(result.unit, wait) for result in units for wait in result.waits]
    return tuple(sorted(waits, key=lambda each: -each[1].seconds)[:MAX_SLOWEST])


def _refuses(clause: Clause, hello: Hello) -> str:
    """Say why a clause does not apply to a subject; empty if it does."""
    missing = [feature for feature in clause.features if feature not in hello.features]
    if missing:
        return f"the subject does not declare {', '.join(missing)}"
    if clause.profile is Profile.BACKENDS and len(hello.backends) < 2:
        return "the subject has one backend"
    return ""


def _spans_backends(units: Iterable[UnitResult]) -> bool:
    backends = {unit.unit.backend for unit in units}
    return len(backends) > 1 or "mixed" in backends


def _judge_run(
    result: RunResult, clauses: tuple[ClauseTally, ...], *, has_violations: bool, has_flaky: bool
) -> Verdict:
    if has_violations:
        return Verdict.VIOLATION
    if result.hello is None or any(unit.trouble is not None for unit in result.units):
        return Verdict.INCONCLUSIVE if result.is_interrupted and result.hello is None else Verdict.SUBJECT_ERROR
    if result.is_interrupted or has_flaky:
        return Verdict.INCONCLUSIVE
    if any(each.status is Status.NOT_EXERCISED and each.clause.keyword in BINDING for each in clauses):
        return Verdict.INCONCLUSIVE
    has_passed = any(each.status is Status.PASSED for each in clauses)
    return Verdict.CONFORMANT if has_passed else Verdict.INCONCLUSIVE


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _seconds(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
