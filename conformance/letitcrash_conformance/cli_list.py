"""What a run would check, and what not and why: shown before it, and refused if it is nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from letitcrash_conformance.corpus import Corpus
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.render_lines import Line, count, wrap
from letitcrash_conformance.report import Detail
from letitcrash_conformance.results import RunResult, Unit, UnitResult
from letitcrash_conformance.scenarios import scenarios_of
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.tally import Status, Tally, count_up
from letitcrash_spec.catalogue import load_chapters
from letitcrash_spec.hello import Hello

__all__ = ["render_list", "require_something"]

Plan: TypeAlias = "tuple[Sequence[Unit], Sequence[tuple[Unit, str]]]"
"""The units to run, and those that the subject does not support, each with the reason."""

_LEFT_OUT = (Status.NOT_SUPPORTED, Status.NOT_CHECKED)


def require_something(hello: Hello, selected: Iterable[str], plan: Plan, asked: str) -> None:
    """Refuse a run that could check nothing.

    Args:
        hello: What the subject offers.
        selected: Ids of the clauses to judge.
        plan: What is to be run.
        asked: The words that chose the clauses; empty for all of them.

    Raises:
        UsageError: If no chapter can be run, or none of the clauses applies to the subject.
    """
    tally = _foresee(RunResult(hello, "", 0, "", [], frozenset(selected)), plan)
    if tally.checkable and plan[0]:
        return
    reasons = [reason for _, reason in plan[1]] if not plan[0] else [each.reason for each in tally.clauses]
    why = f": {reasons[0]}" if reasons else ""
    raise UsageError(
        f"expected clauses that can be checked on {hello.name}, got {asked or 'all of them'}, "
        f"of which none can{why}\n  `--list` shows what a run would check"
    )


def render_list(
    hello: Hello, nothing: RunResult, plan: Plan, corpus: Corpus, *, detail: Detail = "normal", width: int = 100
) -> list[Line]:
    """Return what a run would do: chapters, backends, programs, clauses.

    Args:
        hello: What the subject offers.
        nothing: The run, before anything has run.
        plan: What is to be run.
        corpus: The stored programs that come first.
        detail: How much to say; verbose names each clause.
        width: Columns of the text.
    """
    tally = _foresee(nothing, plan)
    units, unsupported = plan
    lines = [Line(f"{hello.name} {hello.version} ({hello.language}), {hello.clock} clock"), Line("")]
    if detail != "quiet":
        lines += [*_render_units(units, unsupported, hello, width), Line(""), *_render_clauses(tally, detail, width)]
    if corpus.replays:
        lines.append(Line(f"{count(len(corpus.replays), 'stored program')} before the search"))
        if detail == "verbose":
            lines += [Line(f"  {replay.path}") for replay in corpus.replays]
    for complaint in corpus.broken:
        lines += wrap(f"broken: {complaint}", rest="    ", width=width, style="warn")
    searched = sum(unit.examples for unit in units)
    total = f"{count(tally.checkable, 'clause')} to check, {count(searched, 'program')} to search"
    return [*lines, Line(f"{total}; nothing was run", "bold")]


def _foresee(nothing: RunResult, plan: Plan) -> Tally:
    """Return the tally of the run before it has done anything: what it will check counts as not exercised."""
    nothing.units = [UnitResult(unit) for unit in plan[0]]
    return count_up(nothing)


def _render_units(
    units: Sequence[Unit], unsupported: Sequence[tuple[Unit, str]], hello: Hello, width: int
) -> list[Line]:
    programs: Counter[tuple[str, str]] = Counter()
    for unit in units:
        programs[unit.chapter, unit.backend] += unit.examples
    backends = list(dict.fromkeys(backend for _, backend in programs))
    lines = [Line(f"{'scenarios + programs':<22}" + "".join(f"{backend:>14}" for backend in backends), "bold")]
    for chapter in dict.fromkeys(chapter for chapter, _ in programs):
        cells = ""
        for backend in backends:
            scenarios = sum(1 for _ in scenarios_of(Setting.of(hello, chapter, backend)))
            cells += f"{f'{scenarios} + {programs[chapter, backend]:,}':>14}"
        lines.append(Line(f"{chapter:<22}{cells}"))
    reasons: dict[tuple[str, str], list[str]] = {}
    for unit, reason in unsupported:
        reasons.setdefault((unit.chapter, reason), []).append(unit.backend)
    for chapter, reason in reasons:
        lines += wrap(f"{chapter:<22}not run: {reason}", rest=" " * 22, width=width, style="dim")
    return lines


def _render_clauses(tally: Tally, detail: Detail, width: int) -> list[Line]:
    order = [chapter.word for chapter in load_chapters()]
    columns = ("to check", *(status.value for status in _LEFT_OUT))
    rows: Counter[tuple[str, str]] = Counter()
    for each in tally.clauses:
        rows[each.clause.chapter, each.status.value if each.status in _LEFT_OUT else columns[0]] += 1
    lines = [Line(f"{'clauses of':<20}" + "".join(f"{word:>{len(word) + 2}}" for word in columns), "bold")]
    for chapter in (word for word in order if any((word, column) in rows for column in columns)):
        cells = "".join(f"{rows[chapter, word] or '.':>{len(word) + 2}}" for word in columns)
        lines.append(Line(f"{chapter:<20}{cells}"))
    if detail == "verbose":
        lines.append(Line(""))
        for each in tally.clauses:
            what = f"{each.status.value}, {each.reason}" if each.status in _LEFT_OUT else "to check"
            lines += wrap(f"{each.clause.id} {each.clause.keyword}: {what}", rest="    ", width=width)
    else:
        why = Counter(each.reason for status in _LEFT_OUT for each in tally.having(status) if status is _LEFT_OUT[0])
        for reason, number in why.most_common():
            lines += wrap(f"not supported: {number}, {reason}", rest="    ", width=width, style="dim")
    return [*lines, Line("")]
