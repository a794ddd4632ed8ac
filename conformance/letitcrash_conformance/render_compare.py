"""The text of a comparison: who is right where two subjects differ, and the smallest program that shows it."""

from __future__ import annotations

from collections.abc import Sequence

from letitcrash_conformance.compare import Case, Comparison, Group
from letitcrash_conformance.compare_answers import Texts, list_parts
from letitcrash_conformance.compare_session import Kind, with_backend
from letitcrash_conformance.render import words_of, words_of_answer
from letitcrash_conformance.render_finding import compare, render_headline, words_told
from letitcrash_conformance.render_lines import Line, Style, count, wrap
from letitcrash_conformance.report import Detail, render_trouble
from letitcrash_conformance.session import Outcome
from letitcrash_spec.catalogue import load_clauses, sort_key
from letitcrash_spec.clause import Keyword
from letitcrash_spec.messages import Answer, Operation

__all__ = ["render_comparison", "say_verdict"]

MAX_PARTS = 8
MAX_LISTED = 10
_WORDS = {1: "violation", 3: "inconclusive", 4: "subject error", 0: "no difference that matters"}
_STYLES: dict[int, Style] = {0: "good", 1: "bad", 3: "warn", 4: "bad"}


def render_comparison(
    comparison: Comparison, *, repeat: str, detail: Detail = "normal", width: int = 100
) -> list[Line]:
    """Return the text of a comparison.

    Args:
        comparison: What was found.
        repeat: How the comparison is run again, without chapter, backend and budget: `"letitcrash compare a b"`.
        detail: How much to say. `"quiet"` leaves out what is lawful, `"verbose"` shows its programs, too.
        width: Columns of the text.
    """
    lines: list[Line] = []
    for group in comparison.having(wrong=True):
        lines += [*_render_group(group, comparison, repeat, width), Line("")]
    for trouble in comparison.troubles:
        lines += [*render_trouble(trouble, width), Line("")]
    if detail != "quiet":
        lines += _render_lawful(comparison, repeat, detail, width)
        lines += _render_rest(comparison, width)
    if comparison.is_interrupted:
        text = "INTERRUPTED: this comparison did not come to its end; what it did not reach is not compared."
        lines += wrap(text, width=width, style="warn")
    return [*lines, *wrap(say_verdict(comparison), width=width, style=_STYLES[comparison.exit_code])]


def say_verdict(comparison: Comparison) -> str:
    """Return the one line that says how a comparison went, with its numbers."""
    wrong = comparison.having(wrong=True)
    sides: dict[str, list[str]] = {}
    for group in wrong:
        for name, is_wrong in zip(comparison.names, group.kind.wrong, strict=True):
            if is_wrong and not group.is_flaky:
                sides.setdefault(name, []).extend(group.clauses)
    told = [f"{name} breaks {', '.join(sorted(set(clauses), key=sort_key))}" for name, clauses in sides.items()]
    if comparison.exit_code == 4:
        told = [comparison.troubles[0].what.splitlines()[0]]
    if comparison.exit_code == 3:
        told = _doubts(comparison)
    if comparison.exit_code == 0:
        told = [f"{comparison.names[0]} and {comparison.names[1]} are lawful wherever they differ"]
        if not comparison.groups:
            told = [f"{comparison.names[0]} and {comparison.names[1]} answered alike"]
    did = f"{count(comparison.programs, 'program')}, {count(comparison.operations, 'operation')}"
    numbers = f"({did}; seed {comparison.seed}, {comparison.seconds:.1f} s)"
    return f"{_WORDS[comparison.exit_code]}: {'; '.join(told)} {numbers}"


def _doubts(comparison: Comparison) -> list[str]:
    doubts = ["interrupted before its end"] if comparison.is_interrupted else []
    flaky = [clause for group in comparison.having(wrong=True) for clause in group.clauses]
    if flaky:
        doubts.append(f"{', '.join(flaky)} decided once and not again (flaky)")
    undecided = sum(group.count for group in comparison.groups.values() if group.kind is Kind.UNDECIDED)
    if undecided:
        doubts.append(f"{count(undecided, 'difference')} could not be judged")
    return doubts or ["nothing was judged to its end on both sides"]


def _name_kind(group: Group, comparison: Comparison) -> str:
    left, right = comparison.names
    clauses = ", ".join(group.clauses)
    match group.kind:
        case Kind.LEFT_RIGHT:
            return f"{left} is right, {right} is wrong"
        case Kind.RIGHT_RIGHT:
            return f"{right} is right, {left} is wrong"
        case Kind.LEFT_WRONG:
            return f"{left} is wrong, of {right} nothing can be said: {group.why}"
        case Kind.RIGHT_WRONG:
            return f"{right} is wrong, of {left} nothing can be said: {group.why}"
        case Kind.BOTH_WRONG:
            return f"both are wrong ({clauses})"
        case Kind.BOTH_LAWFUL | Kind.UNDECIDED:
            return f"{group.kind.value}: {clauses or group.why}"


def _render_group(group: Group, comparison: Comparison, repeat: str, width: int) -> list[Line]:
    case = group.case
    seen = f"seen in {count(group.count, 'program')}"
    if case is None:
        names = f"{_name_kind(group, comparison)}: {', '.join(group.clauses)}"
        return wrap(f"{names}; {seen}, not shrunk: there are too many ways to differ", width=width, style="bad")
    lines: list[Line] = []
    if group.is_flaky:
        text = f"FLAKY: seen once, and not again in {count(case.tries, 'repeat')}. It is held against nobody."
        lines += wrap(text, width=width, style="warn")
    shown: set[str] = set()
    for side in (case.outcome.left, case.outcome.right):
        violation = side.judgement.violation
        if violation is not None and violation.clause in group.clauses and violation.clause not in shown:
            shown.add(violation.clause)
            lines += render_headline(violation, width)
    lines += [Line(""), *wrap(f"{_name_kind(group, comparison)}; {seen}", width=width, style="bad"), Line("")]
    lines += _render_sides(case, comparison, width)
    lines.append(Line(""))
    lines += _render_program(case, comparison, width)
    lines += [Line(""), *_render_facts(case, comparison, width)]
    lines += [Line(f"repeat it  {_repeat(case, comparison, repeat)}", "bold")]
    return lines


def _render_sides(case: Case, comparison: Comparison, width: int) -> list[Line]:
    """Return what differs: what is lawful, and what each subject did."""
    outcome = case.outcome
    index = case.difference.index
    operation = outcome.program.operations[index]
    labels = _labels(comparison)
    lines = wrap(f"What differs at step {index + 1}: {_what(operation)}", width=width, style="bold")
    for side in (outcome.left, outcome.right):
        violation = side.judgement.violation
        if violation is not None and violation.index == index:
            for number, text in enumerate(compare(violation.expected, violation.got)[0]):
                first = f"  {'lawful' if number == 0 else '    or':<{_wide(labels)}}  "
                lines += wrap(text, first=first, width=width, style="good")
            break
    wrong = case.difference.kind.wrong
    answers = [side.answers[index] if index < len(side.answers) else None for side in (outcome.left, outcome.right)]
    parts = [] if None in answers else list_parts(operation, *_both(answers), _texts(case, comparison))
    if not parts:
        for label, side, is_wrong in zip(labels, (outcome.left, outcome.right), wrong, strict=True):
            violation = side.judgement.violation
            text = "keeps it" if violation is None else "; ".join(compare(violation.expected, violation.got)[1])
            style: Style = "bad" if is_wrong else "good"
            lines += wrap(text, first=f"  {label:<{_wide(labels)}}  ", width=width, style=style)
    for part in parts[:MAX_PARTS]:
        if operation.op in ("observe", "parallel"):
            lines.append(Line(f"  {part.what}"))
        for label, text, is_wrong in zip(labels, (part.left, part.right), wrong, strict=True):
            lines += wrap(text, first=f"  {label:<{_wide(labels)}}  ", width=width, style="bad" if is_wrong else "")
    if len(parts) > MAX_PARTS:
        lines.append(Line(f"  and {count(len(parts) - MAX_PARTS, 'difference')} more"))
    return lines


def _render_program(case: Case, comparison: Comparison, width: int) -> list[Line]:
    """Return the program as numbered steps, with both answers where they differ and one where they are equal."""
    outcome = case.outcome
    operations = with_backend(outcome.program.operations, None)
    shrunk = f", shrunk from {case.length_found}" if case.length_found > len(operations) else ""
    lines = [Line(f"The program that shows it ({count(len(operations), 'step')}{shrunk}):", "bold")]
    labels = _labels(comparison)
    for index, operation in enumerate(operations):
        is_failing = index == case.difference.index
        head = f"{'>' if is_failing else ' ':>3} {index + 1:>3}. "
        told = [
            words_told(operation, side.answers[index] if index < len(side.answers) else None) for side in _sides(case)
        ]
        if operation.op == "parallel" or told[0] == told[1]:
            words = words_of(operation) + ("" if operation.op == "parallel" else told[0])
            lines += wrap(words, first=head, width=width, style="bad" if is_failing else "")
            continue
        lines += wrap(words_of(operation), first=head, width=width, style="bad" if is_failing else "")
        for label, text in zip(labels, _told_in_full(case, index), strict=True):
            lines += wrap(text, first=f"         {label:<{_wide(labels)}}  ", width=width)
    return lines


def _render_facts(case: Case, comparison: Comparison, width: int) -> list[Line]:
    lines: list[Line] = []
    for label, hello, backend in zip(_labels(comparison), comparison.hellos, case.backends, strict=True):
        words = f"{hello.name} {hello.version} ({hello.language}), backend {backend}, {hello.clock} clock"
        lines += wrap(words, first=f"{label:<{_wide(_labels(comparison))}}  ", width=width)
    name = case.outcome.program.origin.removeprefix("scenario:").replace("_", " ")
    place = f"scenario {name!r}" if case.example < 0 else f"example {case.example}"
    again = f"; they differed so again {case.repeats} of {case.tries} times"
    return [*lines, *wrap(f"chapter {case.chapter}, {place}{again}", first="found by   ", width=width)]


def _repeat(case: Case, comparison: Comparison, repeat: str) -> str:
    backends = dict.fromkeys(case.backends)
    usable = [b for b in backends if any(b == hello.default_backend for hello in comparison.hellos)]
    others = [b for b in backends if b not in usable]
    backend = (others or list(backends))[0]
    budget = max(case.example + 1, 1)
    words = f" --budget {budget}" if comparison.budget else ""  # without one, a guide wrote the programs
    return f"{repeat} --chapter {case.chapter} --backend {backend}{words} --seed {comparison.seed}"


def _render_lawful(comparison: Comparison, repeat: str, detail: Detail, width: int) -> list[Line]:
    groups = comparison.having(wrong=False)
    if not groups:
        return []
    total = sum(group.count for group in groups)
    has_undecided = any(group.kind is Kind.UNDECIDED for group in groups)
    head = "Both lawful, or not to be judged" if has_undecided else "Both lawful"
    text = f"{head}: {count(total, 'difference')} in {count(len(groups), 'way')}"
    lines = [Line(text, "bold")]
    for group in groups if detail == "verbose" else groups[:MAX_LISTED]:
        lines += _render_lawful_group(group, comparison, width)
        if detail == "verbose" and group.case is not None:
            lines += [*_render_program(group.case, comparison, width), Line("")]
    if detail != "verbose" and len(groups) > MAX_LISTED:
        lines.append(Line(f"  and {count(len(groups) - MAX_LISTED, 'way')} more, which -v shows"))
    return [*lines, Line("")]


def _render_lawful_group(group: Group, comparison: Comparison, width: int) -> list[Line]:
    named = [f"{clause} {load_clauses()[clause].keyword}" for clause in group.clauses]
    word = "not judged: " if group.kind is Kind.UNDECIDED else ""
    if named:
        is_free = all(load_clauses()[clause].keyword is Keyword.MAY for clause in group.clauses)
        named[0] = f"{'left open by' if is_free else 'explained by'} {named[0]}"
    lines = wrap(f"{word}{', '.join(named) or group.why}; {count(group.count, 'time')}", first="  ", width=width)
    case = group.case
    if case is None:
        return lines
    operation = with_backend(case.outcome.program.operations, None)[case.difference.index]
    labels = _labels(comparison)
    answers = [side.answers[case.difference.index] for side in _sides(case)]
    for part in list_parts(operation, *_both(answers), _texts(case, comparison))[:1]:
        what = part.what if operation.op in ("observe", "parallel") else words_of(operation)
        lines += wrap(what, first="      ", width=width, style="dim")
        for label, text in zip(labels, (part.left, part.right), strict=True):
            lines += wrap(text, first=f"        {label:<{_wide(labels)}}  ", width=width, style="dim")
    return lines


def _render_rest(comparison: Comparison, width: int) -> list[Line]:
    lines: list[Line] = []
    for clause, number in comparison.alike.most_common():
        text = f"alike: both break {clause} in the same way, in {count(number, 'program')}; letitcrash run shows it"
        lines += wrap(text, rest="    ", width=width, style="warn")
    for clause, number in comparison.unasked.most_common():
        text = f"not asked for: {clause} decided {count(number, 'difference')}"
        lines += wrap(text, rest="    ", width=width, style="dim")
    for chapter, why in comparison.skipped.items():
        lines += wrap(f"skipped: {chapter}: {why}", rest="    ", width=width, style="dim")
    return [*lines, Line("")] if lines else []


def _what(operation: Operation) -> str:
    if operation.op == "observe":
        return "what is observed"
    return f"the answer of {operation.op}" if operation.op != "parallel" else "what the clients were answered"


def _labels(comparison: Comparison) -> tuple[str, str]:
    return comparison.names


def _wide(labels: Sequence[str]) -> int:
    return max(len("lawful"), *map(len, labels))


def _sides(case: Case) -> tuple[Outcome, Outcome]:
    return case.outcome.left, case.outcome.right


def _told_in_full(case: Case, index: int) -> list[str]:
    """Return what each side answered to a step, also where a reader would not need it."""
    given = [side.answers[index] if index < len(side.answers) else None for side in _sides(case)]
    return ["is not asked any more" if answer is None else words_of_answer(answer) for answer in given]


def _texts(case: Case, comparison: Comparison) -> Texts:
    has_text = all("error_text" in hello.features for hello in comparison.hellos)
    return Texts.of(case.outcome.program.operations, error_text=has_text)


def _both(answers: Sequence[Answer | None]) -> tuple[Answer, Answer]:
    left, right = answers
    assert left is not None
    assert right is not None
    return left, right
