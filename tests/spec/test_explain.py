"""What `letitcrash spec` and `letitcrash explain` print."""

from __future__ import annotations

import pytest

from letitcrash_spec import UnknownClauseError, explain_clause, find_clauses, load_clauses, render_clauses

WIDTH = 72


def test_explaining_a_checked_clause_tells_all_that_is_known() -> None:
    clause = load_clauses()["LNK-7"]

    lines = explain_clause("lnk-7", width=WIDTH).splitlines()

    text = " ".join(" ".join(lines).split())
    assert lines[0] == "LNK-7  SHOULD  (Links)"
    assert clause.text in text
    assert f"Why it matters {clause.intent}" in text
    assert f"Source {clause.source}" in text
    assert "Seen on OTP 25, OTP 28" in text
    assert "Features genserver, links" in text
    assert "Checked by the model" in text
    assert "Not checked" not in text


def test_explaining_an_unchecked_clause_gives_the_reason() -> None:
    text = " ".join(explain_clause("GS-39", width=WIDTH).split())

    assert f"Not checked {load_clauses()['GS-39'].unchecked}" in text
    assert "Checked by" not in text


@pytest.mark.parametrize(
    ("clause_id", "neighbours"),
    [("LNK-1", ["LNK-2"]), ("LNK-7", ["LNK-6", "LNK-8"]), ("LNK-21", ["LNK-20"]), ("GS-20", ["GS-14", "GS-21"])],
)
def test_an_explanation_shows_the_neighbours_within_the_chapter(clause_id: str, neighbours: list[str]) -> None:
    _, _, tail = explain_clause(clause_id, width=WIDTH).partition("Next to it\n")

    assert [line.split()[0] for line in tail.splitlines()] == neighbours


@pytest.mark.parametrize("clause_id", list(load_clauses()))
def test_no_line_of_an_explanation_is_wider_than_asked(clause_id: str) -> None:
    assert max(map(len, explain_clause(clause_id, width=WIDTH).splitlines())) <= WIDTH


def test_explaining_an_unknown_clause_names_the_nearest() -> None:
    with pytest.raises(UnknownClauseError, match="did you mean LNK-7\\?"):
        explain_clause("LNK-77")


def test_explaining_a_chapter_points_to_its_list() -> None:
    with pytest.raises(UnknownClauseError, match="got the chapter 'links'\n`letitcrash spec links` lists"):
        explain_clause("links")


def test_a_list_has_a_heading_for_each_chapter_and_a_count() -> None:
    text = render_clauses(find_clauses("LNK-1?", "EXIT-4"), width=WIDTH)

    assert "Exits (EXIT, 1 of 29)" in text
    assert "Links (LNK, 10 of 21)" in text
    assert text.index("EXIT-4") < text.index("LNK-10") < text.index("LNK-19")
    assert "11 clauses, 10 checked by the suite" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_list_marks_what_is_not_checked() -> None:
    assert "[not checked]" in render_clauses(find_clauses("EXIT-4"))
    assert "[not checked]" not in render_clauses(find_clauses("EXIT-5"))


def test_an_empty_list_says_so() -> None:
    assert render_clauses([]) == "No clause fits."
