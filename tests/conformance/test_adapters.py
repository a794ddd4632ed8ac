"""A new adapter of each language works at once: it builds, the doctor finds nothing, and the suite can judge it."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance import cli
from letitcrash_conformance.adapters import LANGUAGES, count_author_lines, write_adapter
from letitcrash_conformance.adapters.calls import STEPS, list_calls
from letitcrash_conformance.adapters.table import render_table
from letitcrash_conformance.adapters.writing import render_files
from letitcrash_conformance.doctor import examine
from letitcrash_conformance.doctor_talk import FAULT, open_talk
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.lookup import find_subject
from letitcrash_spec.errors import MessageError
from letitcrash_spec.hello import FEATURES
from letitcrash_spec.messages import Operation
from letitcrash_spec.operations import ACTIONS, OPERATIONS
from letitcrash_spec.validator import validate_operation

MORE = ("nested_call", "parallel", "error_text")
BUILD_S = 300
Adapter = tuple[str, Path]

CHILD: dict[str, Any] = {"id": "a", "restart": "permanent", "shutdown": 5, "type": "worker", "start": {}}
SPEC: dict[str, Any] = {"strategy": "one_for_one", "max_restarts": 1, "max_seconds": 0.5, "children": [CHILD]}
RIGHT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("call", {"to": {"name": "n1"}, "msg": ["call", "p2", ["add", -(2**80)], 5]}),
    ("cast", {"to": "p1", "msg": ["spawn", "p2", {"init": [{"sleep": 1, "then": "ok"}]}, {"monitor": "m1"}]}),
    ("stop", {"to": "p1", "reason": {"shutdown": ""}, "timeout_ms": 0}),
    ("start_supervisor", {"as": "s1", "spec": SPEC}),
    ("start_supervisor", {"as": "s2", "spec": {**SPEC, "name": None, "children": []}}),
    ("start_child", {"sup": "s1", "child": {**CHILD, "start": {"supervisor": SPEC}}}),
    ("parallel", {"clients": [[{"op": "advance", "args": {"ms": 0}}], []]}),
)
WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("call", {"to": "", "msg": ["get"]}),
    ("call", {"to": "p1", "msg": []}),
    ("call", {"to": "p1", "msg": ["fly"]}),
    ("call", {"to": "p1", "msg": ["add"]}),
    ("call", {"to": "p1", "msg": ["add", 1.5]}),
    ("call", {"to": "p1", "msg": ["add", True]}),
    ("call", {"to": {"label": "p1"}, "msg": ["get"]}),
    ("call", {"to": "p1", "msg": ["get"], "timeout_ms": -1}),
    ("call", {"to": "p1", "msg": ["get"], "colour": "red"}),
    ("call", {"to": "p1", "msg": ["cast", "p2", ["sleep", "long"]]}),
    ("cast", {"to": "p1"}),
    ("stop", {"to": "p1", "reason": "bored"}),
    ("stop", {"to": "p1", "reason": {"error": 1}}),
    ("spawn", {"as": "p1", "probe": {"init": []}}),
    ("spawn", {"as": "p1", "probe": {"terminate": "never"}}),
    ("spawn", {"as": "p1", "probe": {"init": [{"sleep": 1, "then": "perhaps"}]}}),
    ("start_supervisor", {"as": "s1", "spec": {**SPEC, "strategy": "none"}}),
    ("start_child", {"sup": "s1", "child": {**CHILD, "shutdown": "soon"}}),
    ("start_child", {"sup": "s1", "child": {key: value for key, value in CHILD.items() if key != "restart"}}),
    ("parallel", {"clients": [[{"op": "reset", "args": {}}]]}),
    ("parallel", {"clients": [{}]}),
    ("advance", {"ms": None}),
)


def need_tools(language: str) -> None:
    missing = [tool for tool in LANGUAGES[language].tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{language} needs {', '.join(missing)}, which is not installed")


def build(language: str, folder: Path) -> None:
    if LANGUAGES[language].build:
        done = subprocess.run(
            LANGUAGES[language].build, cwd=folder, capture_output=True, text=True, timeout=BUILD_S, check=False
        )
        assert (done.returncode, "warning" in done.stderr) == (0, False), done.stderr


def declare(text: str, *features: str) -> str:
    """Add features beside the only one that a fresh adapter declares, whatever its language."""
    match = re.search(r'(<<)?"genserver"(>>|\.into\(\))?(?=[\]}])', text)
    assert match is not None
    return text.replace(match[0], ", ".join(match[0].replace("genserver", each) for each in ("genserver", *features)))


@pytest.fixture(scope="module", params=sorted(LANGUAGES))
def adapter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Adapter:
    """Return a language and the folder with its fresh adapter, built."""
    language: str = request.param
    need_tools(language)
    folder = tmp_path_factory.mktemp("adapters") / language
    write_adapter(LANGUAGES[language], folder)
    build(language, folder)
    return language, folder


def enter(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Go into the folder of an adapter, and return its command."""
    language, folder = adapter
    monkeypatch.chdir(folder)
    return (sys.executable, "adapter.py") if language == "python" else LANGUAGES[language].command


def test_the_doctor_finds_nothing_wrong_with_a_fresh_adapter(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = examine(find_subject(command=enter(adapter, monkeypatch)), patience_s=30.0)
    assert [result for result in diagnosis.results if result.state == "wrong"] == []
    assert diagnosis.hello is not None
    assert diagnosis.hello.language == adapter[0]


def test_the_suite_judges_a_fresh_adapter_and_finds_no_violation(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = " ".join(enter(adapter, monkeypatch))
    words = [
        "run",
        "--command",
        command,
        "--budget",
        "smoke",
        "--seed",
        "1",
        "-n",
        "1",
        "--chapter",
        "genserver,backends",
    ]
    code = cli.main([*words, "--replay-dir", str(tmp_path), "--json", str(tmp_path / "run.jsonl")])
    assert code in (0, 3), capsys.readouterr().out
    out = capsys.readouterr().out
    assert re.search(r"\d\d of \d\d checkable clauses held", out)


def test_every_kit_refuses_what_the_protocol_refuses_and_nothing_else(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = open_talk(find_subject(command=enter(adapter, monkeypatch)), patience_s=30.0)
    try:
        assert [row for row in WRONG if FAULT not in talk.ask_all([Operation(*row)])[0]] == []
        assert [row for row in RIGHT if FAULT in talk.ask_all([Operation(*row)])[0]] == []
    finally:
        talk.close()


def test_what_is_refused_and_what_is_not_is_so_for_the_suite_too() -> None:
    for op, args in RIGHT:
        validate_operation(Operation(op, args))
    for op, args in WRONG:
        with pytest.raises(MessageError):
            validate_operation(Operation(op, args))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_toy_holds_with_all_that_the_kit_makes_of_it(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_tools(language)
    folder = tmp_path / language
    write_adapter(LANGUAGES[language], folder)
    path = folder / LANGUAGES[language].adapter
    path.write_text(declare(path.read_text("utf-8"), *MORE), encoding="utf-8")
    build(language, folder)
    diagnosis = examine(find_subject(command=enter((language, folder), monkeypatch)), patience_s=30.0)
    assert [result for result in diagnosis.results if result.state == "wrong"] == []
    assert {"nested_call works", "parallel works"} <= {result.name for result in diagnosis.results}


@pytest.mark.parametrize("language", [name for name in sorted(LANGUAGES) if not LANGUAGES[name].build])
def test_a_feature_that_is_declared_but_not_written_is_an_error_that_names_its_function(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_tools(language)
    write_adapter(LANGUAGES[language], tmp_path / language)
    path = tmp_path / language / LANGUAGES[language].adapter
    path.write_text(declare(path.read_text("utf-8"), "registry"), encoding="utf-8")
    talk = open_talk(find_subject(command=enter((language, tmp_path / language), monkeypatch)), patience_s=30.0)
    try:
        answer = talk.ask("whereis", name="n1")
    finally:
        talk.close()
    assert "whereis is declared by the features of hello, but not written yet" in answer[FAULT]["message"]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_an_adapter_has_a_place_for_everything_a_runtime_can_do_in_the_order_of_the_features(language: str) -> None:
    files = render_files(LANGUAGES[language])
    text = files[LANGUAGES[language].adapter]
    assert "@@" not in "".join(files.values())
    places = [text.index(f"{step.feature}: ") for step in STEPS]
    assert places == sorted(places)
    for call in list_calls():
        assert re.search(rf"\b{call.name}\b", text) or call.name.title().replace("_", "") in text
    for name in files:
        if name.split(".")[-1] in ("py", "mjs", "go", "rs", "erl", "ex"):
            assert len(files[name]) > 200


def test_every_feature_operation_and_action_has_its_place() -> None:
    assert sorted(step.feature for step in STEPS) == list(FEATURES)
    table = json.loads(render_table())
    assert list(table["operations"]) == [spec.name for spec in OPERATIONS]
    assert list(table["actions"]) == [action.name for action in ACTIONS]
    names = {call.name for call in list_calls()}
    kits = {name for rows in (table["operations"], table["actions"]) for name, row in rows.items() if row["is_kit"]}
    assert names | kits == {spec.name for spec in OPERATIONS} | {action.name for action in ACTIONS}


def test_the_shapes_of_the_table_refer_to_each_other_only() -> None:
    shapes = json.loads(render_table())["shapes"]
    assert set(re.findall(r'\["ref", "(\w+)"\]', json.dumps(shapes))) <= set(shapes)


def test_the_python_kit_is_python_of_every_supported_version(tmp_path: Path) -> None:
    write_adapter(LANGUAGES["python"], tmp_path / "python")
    for path in (tmp_path / "python").glob("*.py"):
        compile(path.read_text("utf-8"), str(path), "exec")
    spec = importlib.util.spec_from_file_location("kit", tmp_path / "python" / "kit.py")
    assert spec is not None
    assert spec.loader is not None
    kit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kit)
    check: Callable[[list[str], Any, str], str | None] = kit.check
    assert check(["ref", "advance_args"], {"ms": 1}, "advance.args") is None
    assert check(["ref", "advance_args"], {"ms": "1"}, "advance.args") == 'expected advance.args.ms to be int, got "1"'


def test_nothing_that_is_there_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="expected a folder that is new or empty"):
        write_adapter(LANGUAGES["go"], tmp_path)
    assert cli.main(["new-adapter", "go", str(tmp_path)]) == 2
    assert "nothing that is there is ever overwritten" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_the_command_tells_what_it_wrote_and_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["new-adapter", "rust", str(tmp_path / "mine")]) == 0
    out = capsys.readouterr().out
    assert "src/adapter.rs" in out
    assert f"  cd {tmp_path / 'mine'}\n  cargo build --release --offline\n" in out
    assert '  letitcrash doctor --command "target/release/harness"\n' in out


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_an_author_writes_little(language: str) -> None:
    assert 30 < count_author_lines(LANGUAGES[language]) < 140


def test_the_kit_counts_the_attempts_of_a_child_and_hands_out_the_entries_of_its_script(tmp_path: Path) -> None:
    write_adapter(LANGUAGES["python"], tmp_path / "python")
    spec = importlib.util.spec_from_file_location("kit", tmp_path / "python" / "kit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kit = module.Kit()
    kit.HELLO = {"backends": ["thread"]}
    child = {**CHILD, "start": {"init": ["ok", "ignore"]}}
    attempts = [kit.child("s1", child) for _ in range(3)]
    assert [(probe.label, probe.init(None)) for probe in attempts] == [
        ("s1/a#1", "ok"),
        ("s1/a#2", "ignore"),
        ("s1/a#3", "ignore"),
    ]
    assert kit.child("s1", {**CHILD, "id": "b", "start": {"supervisor": SPEC}}) == ("s1/b#1", SPEC)
    assert kit.world.supervisors == ["s1/b#1"]
