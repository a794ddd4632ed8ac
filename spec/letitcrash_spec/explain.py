"""Renders clauses as plain text: the list of `letitcrash spec` and the page of `letitcrash explain`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby

from letitcrash_spec.catalogue import find_unknown, load_chapters, load_clauses
from letitcrash_spec.clause import Chapter, Clause, Profile, TimeNeed

__all__ = ["describe_checks", "explain_clause", "render_clauses"]

_TIME_WORDS = {
    TimeNeed.NO: "none needed: a check waits for what must happen",
    TimeNeed.QUIET: "a check has to show that something does not happen",
    TimeNeed.CLOCK: "a check is about durations",
}

_PROFILE_WORDS = {
    Profile.CORE: "every implementation",
    Profile.BEAM: "what runs on Erlang's virtual machine or copies its interfaces to the letter",
    Profile.BACKENDS: "implementations with more than one kind of process",
    Profile.ELIXIR_REGISTRY: "registries from keys to processes, as Elixir's Registry",
    Profile.SUITE: "the suite, and whoever writes a test",
}


def render_clauses(clauses: Sequence[Clause], *, width: int = 100) -> str:
    """Return a list of clauses as text, under a heading for each chapter, with no line longer than `width` if possible.

    Args:
        clauses: What `find_clauses` returned; an empty list gives one line that says so.
        width: Number of columns, at least 40.

    Returns:
        The text, without a final line end.
    """
    if not clauses:
        return "No clause fits."
    chapters = {chapter.word: chapter for chapter in load_chapters()}
    blocks: list[str] = []
    for word, group in groupby(clauses, key=lambda clause: clause.chapter):
        members = list(group)
        blocks.append("\n".join([_head(chapters[word], members), "", *(_line(clause, width) for clause in members)]))
    checked = sum(clause.is_checked for clause in clauses)
    noun = "clause" if len(clauses) == 1 else "clauses"
    foot = (
        f"{len(clauses)} {noun}, {checked} checked by the suite. `letitcrash explain ID` tells more about one of them."
    )
    return "\n\n".join([*blocks, textwrap.fill(foot, max(width, 40))])


def explain_clause(clause_id: str, *, width: int = 100) -> str:
    """Return everything that is known about one clause as text.

    Args:
        clause_id: Its id, in either case of letters: `"LNK-7"`.
        width: Number of columns, at least 40.

    Returns:
        Text, intent, source, how it is checked or why it is not, and its neighbours, without a final line end.

    Raises:
        UnknownClauseError: If there is no such clause; the message names the nearest.
    """
    clauses = load_clauses()
    clause = clauses.get(clause_id.strip().upper())
    if clause is None:
        raise find_unknown(clause_id)
    title = next(chapter.title for chapter in load_chapters() if chapter.word == clause.chapter)
    facts = {
        "Binds": f"{clause.profile}: {_PROFILE_WORDS[clause.profile]}",
        "Source": clause.source,
        "Seen on": ", ".join(clause.verified) or "nothing: it rests on its source alone",
        "Features": ", ".join(clause.features) or "none",
        "Time": _TIME_WORDS[clause.time],
        "Checked by" if clause.is_checked else "Not checked": describe_checks(clause),
    }
    parts = [
        f"{clause.id}  {clause.keyword}  ({title})",
        _indent(clause.text, width),
        "Why it matters",
        _indent(clause.intent, width),
        "\n".join(_hang(f"{name:<13}", value, width) for name, value in facts.items()),
    ]
    neighbours = _find_neighbours(clause)
    if neighbours:
        lines = [_shorten(f"    {n.id:<8}  {n.text}", width) for n in neighbours]
        parts.append("\n".join(["Next to it", *lines]))
    return "\n\n".join(parts)


def describe_checks(clause: Clause) -> str:
    """Say in words what checks a clause, or why nothing does."""
    words: list[str] = []
    for checker in clause.checked_by:
        if checker == "model":
            words.append("the model, in every run that meets it")
        elif checker == "differential":
            words.append("a comparison of all backends on the same program")
        else:
            words.append(f"the scenario {checker.partition(':')[2]}")
    return "; ".join(words) or clause.unchecked


def _head(chapter: Chapter, members: Sequence[Clause]) -> str:
    return f"{chapter.title} ({chapter.prefix}, {len(members)} of {len(chapter.clauses)})"


def _line(clause: Clause, width: int) -> str:
    mark = "" if clause.is_checked else " [not checked]"
    return _hang(f"  {clause.id:<8}  {clause.keyword:<8}  ", f"{clause.text}{mark}", width)


def _find_neighbours(clause: Clause) -> list[Clause]:
    family = [other for other in load_clauses().values() if other.chapter == clause.chapter]
    place = family.index(clause)
    return [*family[max(place - 1, 0) : place], *family[place + 1 : place + 2]]


def _indent(text: str, width: int) -> str:
    return _hang("    ", text, width)


def _hang(head: str, text: str, width: int) -> str:
    wrapper = textwrap.TextWrapper(
        width=max(width, 40), initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False
    )
    return wrapper.fill(text)


def _shorten(line: str, width: int) -> str:
    limit = max(width, 40)
    return line if len(line) <= limit else f"{line[: limit - 4].rstrip()} ..."
