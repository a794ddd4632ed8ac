"""The pages for people: their links lead somewhere, and their Python is Python."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
NEEDED = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def test_the_pages_are_there() -> None:
    assert {name_of(page) for page in PAGES} >= NEEDED


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_python_example_can_be_parsed(page: Path) -> None:
    for example in PYTHON.findall(page.read_text("utf-8")):
        ast.parse(example)


def test_what_the_readme_imports_is_there() -> None:
    imports = [
        node
        for example in PYTHON.findall((ROOT / "README.md").read_text("utf-8"))
        for node in ast.walk(ast.parse(example))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("letitcrash_")
    ]

    assert imports
    for node in imports:
        exec(compile(ast.Module([node], []), "README.md", "exec"), {})
