"""The page about the planted faults says what the hunts brought."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.mutants import ALL
from tests.conformance.mutants.__main__ import main
from tests.conformance.mutants.table import Row, read_rows, write_page

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"

TABLE = [
    "kill_runs_terminate                           EXIT-12     1.07 s      3 examples exits     async     3 ops 3/3 ()",
    "link_is_one_way                               SURVIVED   56.44 s   4017 ()",
    "Task exception was never retrieved",
    "links_count                                   BROKEN expected 'x' once in f, found it 2 times",
    "link_is_one_way                               LNK-1       0.03 s      0 examples links     async     5 ops 3/3 ()",
    "down_comes_twice                              SURVIVED    6.00 s   4017 (GS-37 3/3)",
]


def test_the_later_of_two_lines_about_one_fault_counts() -> None:
    assert read_rows(TABLE) == [
        Row("kill_runs_terminate", "EXIT-12", 1.07, 3),
        Row("link_is_one_way", "LNK-1", 0.03, 0),
        Row("down_comes_twice", None, 6.0, 4017),
    ]


def test_a_page_counts_by_chapter_and_names_survivors() -> None:
    page = write_page(read_rows(TABLE), ALL)

    assert "| exits | 1 | 1 | 0 | 3 | 3 | 1.1 | 1.1 |" in page
    assert "| monitors | 1 | 0 | 0 |" in page
    assert "| **all** | 3 | 2 | 1 |" in page
    assert "- `down_comes_twice`: not yet explained" in page


def test_a_page_says_which_faults_were_not_hunted() -> None:
    page = write_page([Row(mutant.name, "GS-1", 1.0, 0) for mutant in ALL[1:]], ALL)

    assert f"Not hunted for this page: `{ALL[0].name}`." in page
    assert "None." in page


def test_the_committed_page_explains_each_survivor() -> None:
    page = PAGE.read_text(encoding="utf-8")
    faults, caught = (int(cell) for cell in page.partition("| **all** |")[2].split("|")[:2])

    assert faults - caught == page.partition("## Survivors")[2].count("- `")
    assert "not yet explained" not in page


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty"
    empty.write_text("nothing\n", encoding="utf-8")

    assert main(["--markdown", str(tmp_path / "missing")]) == 2
    assert main(["--markdown", str(empty)]) == 2
    assert "expected files with tables of hunts" in capsys.readouterr().err


def test_a_table_becomes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table.txt"
    table.write_text("\n".join(TABLE), encoding="utf-8")

    assert main(["--markdown", str(table)]) == 0
    assert capsys.readouterr().out == write_page(read_rows(TABLE), ALL)
