"""The text of a violation: what differs, the smallest program that shows it, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from letitcrash_conformance.render import is_answer, is_event, value_text, words_of, words_of_answer, words_of_event
from letitcrash_conformance.render_history import Place, find_place, render_history, words_of_place
from letitcrash_conformance.render_lines import Line, count, wrap
from letitcrash_conformance.render_timeline import render_timeline
from letitcrash_conformance.render_trees import find_trees, render_trees
from letitcrash_conformance.results import Finding, Unit
from letitcrash_conformance.simulation.schedule import Schedule, format_decisions
from letitcrash_conformance.timeline import build_timeline
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Json, Operation
from letitcrash_spec.model.diagnose import Violation

__all__ = [
    "Context",
    "compare",
    "found_words",
    "render_comparison",
    "render_finding",
    "render_headline",
    "render_schedule",
    "render_steps",
    "render_story",
    "subject_words",
    "words_told",
]

MAX_EVENTS = 12
MAX_FURTHER = 5
MAX_LAWFUL = 8
MAX_TURNS = 40
_WHOLE = 1 << 30
_LONG = 72
_KEPT = 12


@dataclass(frozen=True, slots=True)
class Context:
    """What a finding does not know of itself.

    Attributes:
        subject: How the subject was named.
        hello: What it said of itself; None if it never did.
        suite: Version of the suite that ran.
        repeat: The one command that repeats the finding; empty if there is none.
        width: Columns of the text.
    """

    subject: str
    hello: Hello | None
    suite: str
    repeat: str = ""
    width: int = 100


def render_finding(finding: Finding, context: Context) -> list[Line]:
    """Return the report of one finding, for a reader who has seen none before."""
    violation = finding.violation
    width = context.width
    lines = render_headline(violation, width)
    if finding.is_flaky:
        text = f"FLAKY: seen once, and not again in {count(finding.tries, 'repeat')} of the program below"
        lines += wrap(text, width=width, style="warn")
    lines.append(Line(""))
    lines += render_comparison(violation, width)
    lines.append(Line(""))
    steps = count(len(finding.program), "step")
    was = f", shrunk from {finding.length_found}" if finding.length_found > len(finding.program) else ""
    lines.append(Line(f"The program that shows it ({steps}{was}):", "bold"))
    place = find_place(violation)
    lines += render_steps(finding.program.operations, finding.answers, violation.index, width, place=place)
    lines.append(Line(""))
    if finding.schedule is not None:
        lines += [*render_schedule(finding.schedule, finding.story, width), Line("")]
    lines += render_story(finding, width)
    lines += wrap(subject_words(finding.found_in, context), first="subject    ", width=width)
    lines += wrap(found_words(finding, context), first="found by   ", width=width)
    if context.repeat:
        lines.append(Line(f"repeat it  {context.repeat}", "bold"))
    return lines


def render_headline(violation: Violation, width: int) -> list[Line]:
    """Return the broken clause: `LNK-7 MUST: text`, and where it comes from."""
    clause = load_clauses().get(violation.clause)
    if clause is None:
        return [Line(f"{violation.clause}: a clause that this version of the catalogue does not have", "bad")]
    lines = wrap(f"{clause.id} {clause.keyword}: {clause.text}", width=width, style="bad")
    return [*lines, *wrap(f"Source: {clause.source}", rest="  ", width=width, style="dim")]


def render_story(finding: Finding, width: int) -> list[Line]:
    """Return the timeline and the supervision trees of a finding, each with an empty line after it, where they help."""
    operations, answers, violation = finding.program.operations, finding.answers, finding.violation
    trees = find_trees(operations, answers, violation.index)
    parts = (
        render_timeline(build_timeline(operations, answers, violation), width),
        [] if trees is None else render_trees(trees, width),
    )
    return [line for part in parts if part for line in (*part, Line(""))]


def render_comparison(violation: Violation, width: int = 100) -> list[Line]:
    """Return what differs, with model and subject one above the other and further differences below."""
    # The two sides are shown below in better words than those after the colon.
    what = violation.what.partition(":")[0] if violation.operation.op == "observe" else violation.what
    lines = wrap(f"What differs at step {violation.index + 1}: {what}", width=width, style="bold")
    place = find_place(violation)
    if place is not None:
        lines += wrap(words_of_place(violation.operation, place), first="  ", width=width)
    model, subject = compare(violation.expected, violation.got)
    for position, text in enumerate(model):
        lines += wrap(text, first="  model    " if position == 0 else "    or     ", width=width, style="good")
    for position, text in enumerate(subject):
        lines += wrap(text, first="  subject  " if position == 0 else "           ", width=width, style="bad")
    further = violation.differences
    if further:
        lines.append(Line("Also different:"))
        for text in further[:MAX_FURTHER]:
            lines += wrap(text, first="  - ", width=width)
        if len(further) > MAX_FURTHER:
            lines.append(Line(f"  - and {len(further) - MAX_FURTHER} more"))
    return lines


def compare(expected: Sequence[Json], got: Json) -> tuple[list[str], list[str]]:
    """Return the two sides in words: what would be lawful, each possibility a text, and what came, line by line.

    Where there is one possibility and both sides are long, what they have in common is left out.
    """
    if _is_event_list(got):
        shown = [words_of_event(event) for event in got[:MAX_EVENTS]]
        if len(got) > MAX_EVENTS:
            shown.append(f"and {len(got) - MAX_EVENTS} events more")
        return [_outcome(value) for value in expected] or ["no lawful order of events reports this:"], shown
    if len(expected) == 1:
        left, right = _elide(_outcome(expected[0], _WHOLE), _outcome(got, _WHOLE))
        return [left], [right]
    lawful = [_outcome(value) for value in expected[:MAX_LAWFUL]]
    if len(expected) > MAX_LAWFUL:
        lawful.append(f"one of {len(expected) - MAX_LAWFUL} further answers")
    return lawful or ["no answer"], [_outcome(got)]


def render_steps(
    operations: Sequence[Operation],
    answers: Sequence[Answer],
    failing: int | None,
    width: int,
    *,
    place: Place | None = None,
) -> list[Line]:
    """Return a program as numbered steps in words, with the answers that tell something.

    Args:
        operations: The program.
        answers: What the subject answered; may end early.
        failing: Position of the step that failed, from 0, to be marked; None marks none.
        width: Columns of the text.
        place: The operation of that step that failed, if it is a history.
    """
    lines: list[Line] = []
    for index, operation in enumerate(operations):
        is_failing = index == failing
        head = f"{'>' if is_failing else ' ':>3} {index + 1:>3}. "
        answer = answers[index] if index < len(answers) else None
        if operation.op == "parallel":
            marked = place if is_failing else None
            lines += render_history(operation, answer, head=head, is_failing=is_failing, marked=marked, width=width)
            continue
        words = words_of(operation) + words_told(operation, answer)
        lines += wrap(words, first=head, width=width, style="bad" if is_failing else "")
    return lines


def render_schedule(schedule: Schedule, story: Sequence[str], width: int) -> list[Line]:
    """Return a drawn schedule: its decisions, and who ran when."""
    decisions = format_decisions(schedule.decisions)
    promise = (
        "keeps the order that asyncio promises" if schedule.mode == "strict" else "asyncio itself keeps another order"
    )
    text = f"The schedule that shows it: {decisions or 'first come, first served'} ({schedule.mode}: {promise})"
    lines = wrap(text, width=width, style="bold")
    if story:
        lines.append(Line("  step  who ran, and what it did (* drawn: somebody else was first in line)"))
        for row in story[:MAX_TURNS]:
            lines += wrap(row[8:], first=row[:8], width=width)
        if len(story) > MAX_TURNS:
            lines.append(Line(f"        and {len(story) - MAX_TURNS} turns more"))
    return lines


def words_told(operation: Operation, answer: Answer | None) -> str:
    """Return an answer as the end of a step: `"  -> 5"`; empty if a reader does not need it."""
    if answer is None or operation.op in ("observe", "reset"):
        return ""
    if "ok" not in answer:
        return f"  -> {words_of_answer(answer)}"
    value = answer["ok"]
    if operation.op == "call" or (value is not None and value != "started"):
        return f"  -> {value_text(value)}"
    return "  -> null" if operation.op in ("whereis", "name_of") else ""


def subject_words(unit: Unit, context: Context) -> str:
    """Return who was judged, and how it was run."""
    if context.hello is None:
        return context.subject
    hello = context.hello
    named = "" if context.subject == hello.name else f", run as {context.subject}"
    backend = "a mix of its backends" if unit.backend == "mixed" else f"backend {unit.backend}"
    return f"{hello.name} {hello.version} ({hello.language}{named}), {backend}, {hello.clock} clock"


def found_words(finding: Finding, context: Context) -> str:
    """Return what found a finding, with seed and suite version."""
    unit = finding.found_in
    kind, _, name = finding.program.origin.partition(":")
    named = f"stored in {name}" if kind == "replay" else f"scenario {name.replace('_', ' ')!r}"
    place = named if finding.example < 0 else f"example {finding.example}"
    again = "" if finding.is_flaky else f"; it failed again {finding.repeats} of {finding.tries} times"
    return f"letitcrash {context.suite}, seed {unit.seed}, chapter {unit.chapter}, {place}{again}"


def _outcome(value: Json, longest: int = _LONG) -> str:
    if value is None:
        return "nothing"
    if is_event(value):
        return words_of_event(value, longest=longest)
    if is_answer(value):
        return words_of_answer(value, longest=longest)
    return value if isinstance(value, str) else value_text(value, longest=longest)


def _is_event_list(value: Json) -> TypeGuard[Sequence[Mapping[str, Json]]]:
    match value:
        case [{"ev": _}, *rest]:
            return all(is_event(each) for each in rest)
        case _:
            return False


def _elide(left: str, right: str) -> tuple[str, str]:
    """Leave out what two long texts have in common, but for a few characters around the difference."""
    if max(len(left), len(right)) <= _LONG or left == right:
        return left, right
    before = _shared(left, right)
    after = _shared(left[before:][::-1], right[before:][::-1])
    return _middle(left, before, after), _middle(right, before, after)


def _shared(left: str, right: str) -> int:
    """Return how many characters two texts have in common at their beginnings."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(left), len(right)))


def _middle(text: str, before: int, after: int) -> str:
    start = before - _KEPT if before > 2 * _KEPT else 0
    end = len(text) - after + _KEPT if after > 2 * _KEPT else len(text)
    middle = text[start:end]
    if len(middle) > 4 * _LONG:
        middle = f"{middle[: 2 * _LONG]} ... {middle[-2 * _LONG :]} ({len(text)} characters)"
    return f"{'... ' if start else ''}{middle}{' ...' if end < len(text) else ''}"
