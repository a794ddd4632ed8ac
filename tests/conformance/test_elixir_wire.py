"""The Elixir harness as a command: what it refuses, how it is compiled, and what is said where there is no Elixir."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.subjects.elixir_otp import elixir_command, elixir_subject
from letitcrash_conformance.trees import dynamic, nested, supervisor, worker
from tests.support.elixir_world import needs_elixir

BOUND_S = 60


def answers(*requests: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Send requests to a fresh harness, and return its answers once it has ended by itself."""
    lines = [json.dumps({"id": n, "op": op, "args": args}) for n, (op, args) in enumerate(requests, 1)]
    lines.append(json.dumps({"id": len(lines) + 1, "op": "bye"}))
    done = subprocess.run(
        elixir_command(), input="\n".join([*lines, ""]), capture_output=True, text=True, timeout=BOUND_S, check=True
    )
    assert done.stderr == ""
    read = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in read] == list(range(1, len(lines) + 1))
    return read[:-1]


@needs_elixir
def test_malformed_requests_are_errors_and_reach_nobody() -> None:
    malformed: list[tuple[str, dict[str, Any], str]] = [
        ("cal", {}, "unknown op 'cal'"),
        ("spawn", {"as": "p", "probe": {"backend": "thread"}}, 'expected the backend "process", got "thread"'),
        ("call", {"to": "p", "msg": "get"}, "expected an action"),
        ("start_supervisor", {"as": "s", "spec": 1}, "spec: expected a supervisor, an object, got 1"),
        ("start_supervisor", {"as": "s", "spec": {**dynamic(), "children": []}}, "expected a dynamic supervisor with"),
        ("start_supervisor", {"as": "s", "spec": {**dynamic(), "max_children": "x"}}, 'an integer, got "x"'),
        ("start_supervisor", {"as": "s", "spec": {**supervisor(), "strategy": "all"}}, 'got "all"'),
        ("start_child", {"sup": "s", "child": {**worker("a"), "type": "job"}}, 'got "job"'),
        (
            "start_child",
            {"sup": "s", "child": nested("a", {**dynamic(), "strategy": 1})},
            "start: expected a supervisor with",
        ),
    ]
    told = answers(*((op, args) for op, args, _ in malformed), ("observe", {"settle_ms": 5000}))
    for (op, args, expected), answer in zip(malformed, told, strict=False):
        assert expected in answer["error"]["message"], (op, args)
    assert (told[-1]["ok"]["events"], told[-1]["ok"]["alive"]) == ([], [])


@needs_elixir
def test_a_supervisor_is_no_probe_and_a_probe_no_supervisor() -> None:
    start = ("start_supervisor", {"as": "s1", "spec": supervisor(name="n1")})
    get: dict[str, Any] = {"msg": ["get"]}
    spawn: tuple[str, dict[str, Any]] = ("spawn", {"as": "p1", "probe": {}})
    *_, not_sup, no_parent, by_label, by_name, cast, again, seen = answers(
        *(spawn, start),
        ("which_children", {"sup": "p1"}),
        ("start_supervisor", {"as": "s2", "spec": supervisor(), "link": "s1"}),
        *(("call", {"to": "s1", **get}), ("call", {"to": {"name": "n1"}, **get}), ("cast", {"to": "s1", **get})),
        *(start, ("observe", {"settle_ms": 5000})),
    )
    assert not_sup["error"]["message"] == "expected a supervisor, got the probe 'p1'"
    for answer in (no_parent, by_label, by_name, cast):
        assert answer["error"]["message"] == "expected a probe, got the supervisor 's1'"
    assert again["error"]["message"] == "expected a label that is not bound yet, got 's1'"
    assert seen["ok"]["alive"] == ["p1", "s1"]


@needs_elixir
def test_a_feature_that_is_not_declared_is_unsupported() -> None:
    child = worker("a", restart="transient", significant=True)
    hello, *told = answers(
        ("hello", {"protocol": 1}),
        ("start_supervisor", {"as": "s1", "spec": supervisor(auto_shutdown="any_significant")}),
        ("start_supervisor", {"as": "s2", "spec": supervisor(nested("b", supervisor(child)))}),
    )
    if "auto_shutdown" in hello["ok"]["features"]:
        assert told[0]["ok"] == "started"
    else:
        assert [answer["fail"] for answer in told] == [{"kind": "unsupported"}] * 2


def test_a_missing_elixir_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"^expected Elixir's `elixir` on the PATH, got none: .*install elixir\)$"):
        elixir_subject()


def test_a_missing_erl_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.joinpath("elixir").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"^expected Elixir's `erl` on the PATH, got none: install Elixir 1\.14"):
        elixir_subject()


def test_no_schedulers_are_refused() -> None:
    with pytest.raises(UsageError, match="expected at least one scheduler, got 0"):
        elixir_command(0)


def test_an_elixir_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("elixir", "erl"):
        tmp_path.joinpath(name).write_text("#!/bin/sh\necho no such thing\nexit 3\n")
        tmp_path.joinpath(name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(UsageError, match=r"to be Elixir's `elixir`.*, got no such thing: install Elixir"):
        elixir_command()


def code_folder(command: list[str]) -> Path:
    return Path(command[command.index("-pa") + 1])


@needs_elixir
def test_the_harness_is_compiled_once_by_whoever_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with ThreadPoolExecutor(2) as pool:
        commands = [future.result(BOUND_S) for future in [pool.submit(elixir_command) for _ in range(2)]]
    assert commands[0] == commands[1]
    folder = code_folder(commands[0])
    assert [path.name for path in (tmp_path / "letitcrash" / "elixir").iterdir()] == [folder.name]
    first = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {"lic_main.beam", "lic_probe.beam", "lic_dynamic.beam"} <= first.keys()
    assert code_folder(elixir_command(2)) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == first
    (folder / "lic_static.beam").unlink()
    elixir_command()
    assert (folder / "lic_static.beam").is_file()


@needs_elixir
def test_an_elixir_behind_a_script_is_asked_where_its_library_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    direct = elixir_command()
    script = tmp_path / "elixir"
    real = subprocess.run(["/bin/sh", "-c", "command -v elixir"], capture_output=True, text=True, check=True)
    script.write_text(f'#!/bin/sh\nexec {real.stdout.strip()} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr("shutil.which", {"elixir": str(script), "erl": direct[0]}.__getitem__)
    behind = elixir_command()
    assert Path(behind[behind.index("-s") - 1]).resolve() == Path(direct[direct.index("-s") - 1]).resolve()
