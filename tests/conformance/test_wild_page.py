"""The page about bugs of real runtimes names what there is: faults, clauses and scenarios."""

from __future__ import annotations

import re
from pathlib import Path

from letitcrash_conformance.scenarios import ALL as SCENARIOS
from letitcrash_spec.catalogue import load_clauses
from tests.conformance.mutants import ALL, WILD

PAGE = (Path(__file__).parents[2] / "docs" / "wild.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| [^|]+ \[[^\]]+\]\(https://github\.com/[\w.-]+/[\w.-]+/(?:issues|pull)/\d+\)[^|]* \| (?P<what>[^|]+) "
    r"\| (?P<clause>[A-Z0-9-]+) \| (?:near: )?`(?P<fault>\w+)`(?P<new> \(new\))? \| (?:search|`(?P<scenario>\w+)`) \|$",
    re.MULTILINE,
)
ROWS = list(ROW.finditer(PAGE))
FAULTS = {mutant.name: mutant for mutant in ALL}


def test_every_bug_has_a_row_that_can_be_read() -> None:
    section = PAGE.split("## The bugs\n")[1].split("\n## ")[0]
    assert len(ROWS) == section.count("\n| ") - 2  # its two rows of heading


def test_every_row_names_a_fault_that_is_planted_and_a_clause_that_names_it() -> None:
    clauses = load_clauses()
    for row in ROWS:
        assert row["clause"] in clauses, row[0]
        assert row["clause"] in FAULTS[row["fault"]].clauses, row[0]


def test_every_scenario_that_shows_a_bug_exists() -> None:
    names = {scenario.name for scenario in SCENARIOS}
    assert {row["scenario"] for row in ROWS} - {None} <= names


def test_all_faults_that_were_planted_for_the_page_are_on_it_and_called_new() -> None:
    assert {row["fault"] for row in ROWS if row["new"]} == {mutant.name for mutant in WILD}


def test_the_page_counts_its_rows() -> None:
    assert f"{len(ROWS)} bugs from" in PAGE
    assert f"Of {len({row['fault'] for row in ROWS})} different faults {len(WILD)} are new." in PAGE
