"""The generated documents equal what the data gives, and their examples are lawful."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from letitcrash_spec import (
    ACTIONS,
    EVENTS,
    FAILURES,
    OPERATIONS,
    Operation,
    load_clauses,
    validate_answer,
    validate_observation,
    validate_operation,
    validate_probe,
    validate_request,
)
from letitcrash_spec.page import build_pages, build_protocol_page, main

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["clauses.md", "protocol.md", "protocol.schema.json"])
def test_a_generated_document_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == build_pages()[name], "run `python -m letitcrash_spec.page docs`"


def test_the_command_writes_the_documents_and_then_finds_them_fresh(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    assert main(["--check", str(folder)]) == 1
    assert not folder.exists()
    assert main([str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == set(build_pages())
    assert main(["--check", str(folder)]) == 0


def test_the_command_names_a_stale_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(tmp_path)])
    (tmp_path / "clauses.md").write_text("old", "utf-8")

    assert main(["--check", str(tmp_path)]) == 1
    assert "expected clauses.md as generated" in capsys.readouterr().err


def test_the_protocol_page_has_a_row_for_everything_in_the_table() -> None:
    page = build_protocol_page()

    assert [o.name for o in OPERATIONS if f"| `{o.name}` |" not in page] == []
    assert [a.name for a in ACTIONS if f'| `["{a.name}"' not in page] == []
    assert [e.name for e in EVENTS if f'| `{{"ev": "{e.name}"' not in page] == []
    assert [f.kind for f in FAILURES if f"| `{f.kind}` |" not in page] == []
    assert "<!-- table" not in page


def test_the_page_of_clauses_shows_every_clause() -> None:
    page = build_pages()["clauses.md"]

    assert [c.id for c in load_clauses().values() if f"\n#### {c.id} {c.keyword}\n" not in page] == []


def _fences(info: str) -> list[str]:
    return re.findall(rf"^```{info}\n(.*?)^```$", build_protocol_page(), re.MULTILINE | re.DOTALL)


def _conversations() -> Iterator[tuple[str, dict[str, Any]]]:
    for block in _fences("text"):
        for line in block.splitlines():
            yield line[:3], json.loads(line[3:])


def test_the_conversations_on_the_page_are_lawful() -> None:
    requests: dict[int, Operation] = {}
    answered: list[int] = []
    for arrow, message in _conversations():
        if arrow == "-> ":
            validate_request(message)
            requests[message["id"]] = Operation(message["op"], message["args"])
        else:
            validate_answer(requests[message["id"]], message)
            answered.append(message["id"])
    assert answered == list(requests)
    assert len(answered) >= 5


def _validate_supervisor(spec: Any) -> None:
    validate_operation(Operation("start_supervisor", {"as": "s1", "spec": spec}))


def _validate_child(child: Any) -> None:
    validate_operation(Operation("start_child", {"sup": "s1", "child": child}))


@pytest.mark.parametrize(
    ("info", "validate"),
    [
        ("json probe", validate_probe),
        ("json supervisor", _validate_supervisor),
        ("json child", _validate_child),
        ("json observation", validate_observation),
    ],
)
def test_the_examples_on_the_page_are_lawful(info: str, validate: Callable[[Any], None]) -> None:
    examples = _fences(info)

    assert examples
    for example in examples:
        validate(json.loads(example))
