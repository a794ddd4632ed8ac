"""One failure on the page: what the terminal says of it, and the drawn timeline."""

from __future__ import annotations

from typing import Literal, TypeAlias

from letitcrash_conformance.page.drawing import describe_timeline, draw_timeline
from letitcrash_conformance.page.markup import Child, Html, join, prose, tag
from letitcrash_conformance.render import words_of
from letitcrash_conformance.render_finding import compare, found_words, render_schedule, subject_words, words_told
from letitcrash_conformance.render_history import find_place, render_history, words_of_place
from letitcrash_conformance.render_lines import count, plain_text
from letitcrash_conformance.render_trees import Branch, find_trees
from letitcrash_conformance.report import rate_of
from letitcrash_conformance.report_shown import Shown
from letitcrash_conformance.results import Finding, Trouble
from letitcrash_conformance.timeline import build_timeline
from letitcrash_spec.catalogue import load_clauses

__all__ = ["Extent", "build_finding", "build_trouble"]

Extent: TypeAlias = Literal["full", "plain", "brief"]
"""How much of a finding is shown: everything; without the drawing; what differs and the command alone."""

MAX_STEPS = 200
MAX_FURTHER = 20
LONGEST = 2_000
_WIDTH = 100
_KEY = "Circle: start. Cross: death. Thin arrow: message. Thick: exit signal or link. Dashed: monitor. Shaded: fails."


def build_finding(run: Shown, finding: Finding, identity: str, extent: Extent = "full") -> Html:
    """Return a finding as an `article`.

    Args:
        run: The run that found it.
        finding: The finding.
        identity: The article's id on the page.
        extent: How much of it to show.
    """
    violation = finding.violation
    clause = load_clauses().get(violation.clause)
    keyword = "" if clause is None else f" {clause.keyword}"
    word = "is known on" if finding.known else "is flaky on" if finding.is_flaky else "is broken by"
    parts: list[Child] = [
        tag("h3", tag("a", violation.clause, href=f"#{violation.clause}"), f"{keyword} {word} {run.name}"),
    ]
    if clause is not None:
        parts += [
            tag("p", prose(clause.text), class_="statement"),
            tag("p", f"Source: {clause.source}", class_="muted statement"),
        ]
    if finding.is_flaky:
        parts.append(tag("p", f"Flaky: {rate_of(finding, run.tally)}.", class_="note"))
    entry = run.report.result.known.find(finding.known)
    if entry is not None:
        parts.append(tag("p", f"Known ({entry.kind}): {_cut(entry.words)}", class_="note"))
    parts += _compared(finding)
    if extent != "brief":
        parts += _steps(finding)
    if extent == "full":
        parts += _drawn(finding)
        parts += _trees(finding)
    if extent != "brief" and finding.schedule is not None:
        parts += _scheduled(finding)
    parts.append(_facts(run, finding))
    if extent != "full":
        left_out = "drawing" if extent == "plain" else "program"
        parts.append(tag("p", f"This page is full: the {left_out} is left out here.", class_="muted"))
    return tag("article", *parts, id=identity, class_="finding")


def build_trouble(run: Shown, trouble: Trouble) -> Html:
    """Return what broke a harness as an `article`."""
    unit = trouble.found_in
    last = "\n".join(trouble.stderr)
    return tag(
        "article",
        tag("h3", f"The harness of {run.name} broke in {unit.chapter} on {unit.backend}"),
        tag("p", _cut(trouble.what)),
        join(tag("p", "The last lines of its standard error:"), _code(_cut(last))) if last else None,
        tag("p", "This says nothing about the implementation: repair the harness first.", class_="muted"),
        class_="finding",
    )


def _compared(finding: Finding) -> list[Child]:
    violation = finding.violation
    what = violation.what.partition(":")[0] if violation.operation.op == "observe" else violation.what
    place = find_place(violation)
    model, subject = compare(violation.expected, violation.got)
    further = violation.differences[:MAX_FURTHER]
    more = len(violation.differences) - len(further)
    return [
        tag("h4", f"What differs at step {violation.index + 1}: {_cut(what)}"),
        None if place is None else tag("p", words_of_place(violation.operation, place)),
        tag(
            "dl",
            tag("dt", "Model"),
            *(
                tag("dd", "" if number == 0 else "or ", _code(_cut(text)), class_="model")
                for number, text in enumerate(model)
            ),
            tag("dt", "Subject"),
            *(tag("dd", _code(_cut(text)), class_="subject") for text in subject),
            class_="sides",
        ),
        join(
            tag("p", "Also different:"),
            tag("ul", *(tag("li", _cut(text)) for text in further), tag("li", f"and {more} more") if more else None),
        )
        if further
        else None,
    ]


def _steps(finding: Finding) -> list[Child]:
    program = finding.program.operations
    steps = count(len(program), "step")
    was = f", shrunk from {finding.length_found}" if finding.length_found > len(program) else ""
    rows: list[Html] = []
    for index, operation in enumerate(program[:MAX_STEPS]):
        answer = finding.answers[index] if index < len(finding.answers) else None
        fails = index == finding.violation.index
        sign = tag("strong", " fails here") if fails else None
        if operation.op == "parallel":
            place = find_place(finding.violation) if fails else None
            lines = render_history(operation, answer, head="", is_failing=fails, marked=place, width=_WIDTH)
            columns = tag("pre", "\n".join(line.text.removeprefix(" " * 8) for line in lines[1:]))
            words = join(lines[0].text, sign, _wide(columns, f"Step {index + 1} in columns"))
        else:
            words = join(words_of(operation), words_told(operation, answer), sign)
        rows.append(tag("li", words, class_="fails" if fails else None))
    if len(program) > MAX_STEPS:
        rows.append(tag("li", f"and {len(program) - MAX_STEPS} steps more"))
    return [tag("h4", f"The program that shows it ({steps}{was})"), tag("ol", *rows, class_="steps")]


def _drawn(finding: Finding) -> list[Child]:
    violation = finding.violation
    timeline = build_timeline(finding.program.operations, finding.answers, violation)
    label = f"Timeline of the program that breaks {violation.clause}; the list below it says the same in words"
    idle = f" Without a lane, for they only began: {', '.join(timeline.idle)}." if timeline.idle else ""
    return [
        tag("h4", "The timeline"),
        _wide(draw_timeline(timeline, label), f"Timeline of {violation.clause}"),
        tag("p", f"{_KEY}{idle}", class_="muted"),
        tag("details", tag("summary", "The timeline in words"), tag("ol", describe_timeline(timeline))),
    ]


def _trees(finding: Finding) -> list[Child]:
    trees = find_trees(finding.program.operations, finding.answers, finding.violation.index)
    if trees is None:
        return []
    before = "as it was started" if trees.step_before is None else f"step {trees.step_before + 1}"
    return [
        tag("h4", "The supervision tree, as the subject tells it"),
        tag(
            "div",
            _tree(f"Before ({before})", trees.before),
            _tree(f"After (step {trees.step_after + 1})", trees.after),
            class_="trees",
        ),
    ]


def _tree(title: str, branches: tuple[Branch, ...]) -> Html:
    inside = _nest(list(branches)) if branches else tag("p", "No supervisor.")
    return tag("div", tag("h5", title), inside)


def _nest(branches: list[Branch]) -> Html:
    """Return rows, each with its depth, as lists inside lists."""
    items: list[Html] = []
    index = 0
    while index < len(branches):
        end = index + 1
        while end < len(branches) and branches[end].depth > branches[index].depth:
            end += 1
        below = branches[index + 1 : end]
        mark = tag("em", " differs", class_="new") if branches[index].is_new else None
        items.append(tag("li", branches[index].text, mark, _nest(below) if below else None))
        index = end
    return tag("ul", *items)


def _scheduled(finding: Finding) -> list[Child]:
    assert finding.schedule is not None
    lines = render_schedule(finding.schedule, finding.story, _WIDTH)
    return [
        tag("h4", "The schedule that shows it"),
        _wide(tag("pre", plain_text(lines)), "Schedule"),
    ]


def _facts(run: Shown, finding: Finding) -> Html:
    context = run.context(finding)
    return tag(
        "dl",
        tag("dt", "Subject"),
        tag("dd", subject_words(finding.found_in, context)),
        tag("dt", "Found by"),
        tag("dd", found_words(finding, context)),
        join(tag("dt", "Repeat it"), tag("dd", tag("code", context.repeat, class_="repeat")))
        if context.repeat
        else None,
        class_="facts",
    )


def _wide(inside: Html, label: str) -> Html:
    """Return what may be wider than the screen in a frame that scrolls, also by keyboard."""
    return tag("div", inside, class_="scroll", tabindex=0, role="region", aria_label=label)


def _code(text: str) -> Html:
    return tag("pre", text) if "\n" in text else tag("code", text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text)} characters)"
