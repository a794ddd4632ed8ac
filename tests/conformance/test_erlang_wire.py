"""The Erlang harness as a command: what it makes of odd input, how it starts and how it ends."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.subjects.erlang_otp import erlang_command, erlang_subject
from letitcrash_conformance.trees import supervisor, worker

needs_erl = pytest.mark.skipif(shutil.which("erl") is None, reason="needs Erlang's `erl` (Debian: erlang-base)")

MIB = 1 << 20
BOUND_S = 60


SUP: dict[str, Any] = supervisor()
CHILD: dict[str, Any] = worker("a")
MALFORMED: list[tuple[str, dict[str, Any], str]] = [
    ("cal", {}, "unknown op 'cal'"),
    ("hello", {}, "expected the argument 'protocol', got none"),
    ("hello", {"protocol": 2}, "expected protocol 1, got 2"),
    ("spawn", {}, "spawn: expected the argument 'as'"),
    ("spawn", {"as": 1, "probe": {}}, "spawn: as: expected a text, got 1"),
    ("spawn", {"as": "p", "probe": 1}, "probe: expected a probe, an object, got 1"),
    ("spawn", {"as": "p", "probe": {"valu": 1}}, 'and terminate, got {"valu":1}'),
    ("spawn", {"as": "p", "probe": {"value": 1.5}}, "value: expected an integer, got 1.5"),
    ("spawn", {"as": "p", "probe": {"backend": "thread"}}, 'expected the backend "process", got "thread"'),
    ("spawn", {"as": "p", "probe": {"init": []}}, "init: expected a list"),
    ("spawn", {"as": "p", "probe": {"init": ["okay"]}}, 'expected "ok", "ignore"'),
    ("spawn", {"as": "p", "probe": {"terminate": {"sleep": -1}}}, "milliseconds between 0 and 4294967295, got -1"),
    ("spawn", {"as": "p", "probe": {}, "timeout_ms": None}, "timeout_ms: expected a whole number"),
    (
        "call",
        {"to": "p", "msg": ["get", 1]},
        'expected an action of the protocol with its arguments, got ["get",1]',
    ),
    ("call", {"to": "p", "msg": "get"}, "expected an action"),
    ("call", {"to": {"nam": "n"}, "msg": ["get"]}, 'expected a label or {"name": text}, got {"nam":"n"}'),
    ("call", {"to": "p", "msg": ["call", "p", ["cast", "p", ["add", "x"]], 1]}, 'expected an integer, got "x"'),
    ("call", {"to": "p", "msg": ["spawn", "q", {}, "linked"]}, 'expected "plain", "link"'),
    ("call", {"to": "p", "msg": ["send_interval", "t", 0, "x"]}, "milliseconds between 1 and 4294967295, got 0"),
    ("exit", {"to": "p", "reason": "because"}, 'reason: expected a reason ("normal"'),
    ("exit", {"to": "p", "reason": {"error": "a", "b": 1}}, "expected a reason"),
    ("advance", {"ms": 2**32}, "got 4294967296"),
    ("start_supervisor", {"as": "s", "spec": 1}, "spec: expected a supervisor, an object, got 1"),
    ("start_supervisor", {"as": "s", "spec": {**SUP, "strategy": "all"}}, 'expected "one_for_one", "one_for_all"'),
    ("start_supervisor", {"as": "s", "spec": {**SUP, "max_restarts": 1.5}}, "max_restarts: expected an integer"),
    ("start_supervisor", {"as": "s", "spec": {**SUP, "max_seconds": "5"}}, "max_seconds: expected a number of sec"),
    ("start_supervisor", {"as": "s", "spec": {**SUP, "max_children": 5}}, 'auto_shutdown, got {"max_children":5}'),
    ("start_supervisor", {"as": "s", "spec": {**SUP, "name": 5}}, "name: expected a name or null, got 5"),
    ("start_supervisor", {"as": "s", "spec": {**SUP, "auto_shutdown": "no"}}, 'expected "never", "any_significant"'),
    ("start_supervisor", {"as": "s", "spec": {**SUP, "children": {}}}, "children: expected a list of children"),
    ("start_supervisor", {"as": "s", "spec": SUP, "link": None}, "link: expected a text, got null"),
    ("start_child", {"sup": "s", "child": {**CHILD, "shutdown": "never"}}, 'expected "brutal_kill", "infinity"'),
    ("start_child", {"sup": "s", "child": {**CHILD, "shutdown": 2**32}}, "at most 4294967295 milliseconds"),
    ("start_child", {"sup": "s", "child": {**CHILD, "restart": "always"}}, 'expected "permanent", "transient"'),
    ("start_child", {"sup": "s", "child": {**CHILD, "type": "probe"}}, 'expected "worker" or "supervisor"'),
    ("start_child", {"sup": "s", "child": {**CHILD, "start": {"init": []}}}, "start: init: expected a list"),
    ("start_child", {"sup": "s", "child": {**CHILD, "start": {"supervisor": 1}}}, "start: expected a supervisor"),
    ("start_child", {"sup": "s", "child": {**CHILD, "key": 1}}, 'start and significant, got {"key":1}'),
    ("terminate_child", {"sup": "s", "child": 1}, "child: expected a text, got 1"),
    ("which_children", {}, "expected the argument 'sup', got none"),
    ("parallel", {"clients": 1}, "clients: expected a list of clients, got 1"),
    ("parallel", {"clients": [1]}, "expected a list of operations, got 1"),
    ("parallel", {"clients": [[{"op": "call"}]]}, "expected an object with an 'op' and its 'args'"),
    ("parallel", {"clients": [[{"op": "reset", "args": {}}]]}, "expected an operation that may stand in parallel"),
    (
        "observe",
        {"settle_ms": "1"},
        'settle_ms: expected a whole number of milliseconds between 0 and 4294967295, got "1"',
    ),
]


def request(number: int, op: str, **args: Any) -> bytes:
    return json.dumps({"id": number, "op": op, "args": {k.rstrip("_"): v for k, v in args.items()}}).encode()


def call(number: int, to: str, *action: Any) -> bytes:
    return request(number, "call", to=to, msg=list(action))


def run(*lines: bytes) -> subprocess.CompletedProcess[bytes]:
    """Write all lines at once, close the input, and wait for the end of the harness."""
    text = b"".join(line + b"\n" for line in lines)
    return subprocess.run(erlang_command(), check=False, input=text, capture_output=True, timeout=BOUND_S)


def answers(*lines: bytes) -> list[dict[str, Any]]:
    done = run(*lines)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def message(answer: dict[str, Any]) -> str:
    text: str = answer["error"]["message"]
    return text


@needs_erl
@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"", "ends in the middle"),
        (b'{"id": 1, "op": ', "ends in the middle"),
        (b"hello?", "not JSON at byte 1"),
        (b'{"id": 1} x', "not JSON at byte 11"),
        (b'{"id": 01, "op": "reset"}', "not JSON at byte 9"),
        (b'{"id": 1, "op": "a\xff"}', "not JSON at byte 19"),
        (b'{"id": 1, "op": "a\tb"}', "not JSON"),
        (b'{"id": 1, "op": "\\ud800"}', "half a surrogate pair"),
        (b'{"id": 1, "op": "\\u12"}', "not JSON"),
        (b"[1, 2]", "an object with an integer 'id'"),
        (b'{"op": "reset"}', "an object with an integer 'id'"),
        (b'{"id": "1", "op": "reset"}', "an object with an integer 'id'"),
    ],
)
def test_a_line_that_is_no_request_is_an_error_without_id(line: bytes, told: str) -> None:
    first, second = answers(line, request(2, "reset"))
    assert first["id"] is None
    assert told in message(first)
    assert second == {"id": 2, "ok": None}


@needs_erl
@pytest.mark.parametrize(("op", "args", "told"), MALFORMED)
def test_a_malformed_request_is_an_error_and_does_nothing(op: str, args: dict[str, Any], told: str) -> None:
    lines = [request(1, "reset"), request(2, op, **args), request(3, "observe", settle_ms=10_000)]
    _, refused, seen = answers(*lines)
    assert (refused["id"], told in message(refused)) == (2, True), refused
    assert (seen["ok"]["quiet"], seen["ok"]["alive"]) == (True, [])


@needs_erl
def test_arguments_that_are_no_object_are_an_error() -> None:
    first, second = answers(b'{"id": 1, "op": "reset", "args": [1]}', b'{"id": 2, "op": "reset"}')
    assert "expected an object of arguments, got [1]" in message(first)
    assert second == {"id": 2, "ok": None}


@needs_erl
def test_a_long_value_is_cut_in_the_message() -> None:
    (refused,) = answers(request(1, "advance", ms="ü" * 5_000))
    assert len(message(refused)) < 400
    assert message(refused).endswith("...")


@needs_erl
def test_json_of_every_kind_is_understood() -> None:
    odd = b' {"op" :"spawn"\t, "id":1, "args": {"as": "p\\u00fc\\/\\ud83d\\ude00", "probe" : { "value" : -0 } }, '
    odd += b'"x": [1.5e3, -2E-2, {}, [], true, false, null]}\r'
    big = 10**400
    lines = [
        odd,
        call(2, "pü/\U0001f600", "add", big),
        call(3, "pü/\U0001f600", "add", -big - 1),
        call(-4, "none", "get"),
    ]
    assert answers(*lines) == [
        {"id": 1, "ok": "started"},
        {"id": 2, "ok": big},
        {"id": 3, "ok": -1},
        {"id": -4, "fail": {"kind": "noproc"}},
    ]


@needs_erl
def test_a_line_may_have_a_mebibyte_and_not_more() -> None:
    def padded(number: int, size: int) -> bytes:
        line = request(number, "send", to="p1", payload="")
        return line.replace(b'"payload": ""', b'"payload": "' + b"x" * (size - len(line)) + b'"')

    lines = [
        request(1, "spawn", as_="p1", probe={}),
        padded(2, MIB),
        padded(3, MIB + 1),
        padded(4, 3 * MIB),
        request(5, "observe", settle_ms=10_000),
        request(6, "observe", settle_ms=10_000),
    ]
    started, fits, longer, much_longer, seen, then = answers(*lines)
    assert (started["ok"], fits) == ("started", {"id": 2, "ok": None})
    for refused in (longer, much_longer):
        assert refused["id"] is None
        assert "at most 1048576 bytes, got a longer one" in message(refused)
    assert "more than 1048576; observe more often" in message(seen)
    assert (then["ok"]["events"], then["ok"]["alive"]) == ([], ["p1"])


@needs_erl
def test_thousands_of_requests_are_taken_before_an_answer_is_read() -> None:
    count = 50_000
    lines = [request(1, "spawn", as_="p1", probe={})]
    lines += [call(number, "p1", "add", 1) for number in range(2, count + 1)]
    command = erlang_command()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as harness:
        assert harness.stdin is not None
        assert harness.stdout is not None
        written = harness.stdin.write(b"\n".join(lines) + b"\n")
        assert written
        harness.stdin.flush()
        got = [json.loads(harness.stdout.readline()) for _ in range(count)]
        harness.stdin.close()
        assert harness.wait(BOUND_S) == 0
    assert got == [{"id": 1, "ok": "started"}, *({"id": n, "ok": n - 1} for n in range(2, count + 1))]


@needs_erl
def test_a_label_is_bound_once() -> None:
    lines = [
        request(1, "spawn", as_="p1", probe={}),
        request(2, "stop", to="p1", reason="normal"),
        request(3, "spawn", as_="p1", probe={}),
        request(4, "spawn", as_="p2", probe={}),
        call(5, "p2", "spawn", "p1", {}, "plain"),
        call(6, "p2", "call", "p2", ["get"], 1),
        request(7, "cast", to="p2", msg=["spawn", "p1", {}, "plain"]),
        call(8, "p2", "get"),
        request(9, "observe", settle_ms=10_000),
        request(10, "observe", settle_ms=10_000),
    ]
    got = answers(*lines)
    for answer in (got[2], got[4], got[8]):
        assert message(answer) == "expected a label that is not bound yet, got 'p1'"
    assert (got[6]["ok"], got[7]["ok"]) == (None, 0)
    assert (got[9]["ok"]["alive"], got[9]["ok"]["quiet"]) == (["p2"], True)


@needs_erl
def test_a_label_of_the_wrong_kind_reaches_no_process() -> None:
    lines = [
        request(1, "spawn", as_="p1", probe={}),
        request(2, "start_supervisor", as_="s1", spec={**SUP, "name": "n1"}),
        call(3, "s1", "get"),
        request(4, "cast", to={"name": "n1"}, msg=["get"]),
        request(5, "which_children", sup="p1"),
        request(6, "start_supervisor", as_="s2", spec=SUP, link="s1"),
        request(7, "start_supervisor", as_="p1", spec=SUP),
        request(8, "start_supervisor", as_="p1", spec=SUP, link="p1"),
        call(9, "p1", "call", {"name": "n1"}, ["get"], 1000),
        request(10, "observe", settle_ms=10_000),
    ]
    got = answers(*lines)
    assert message(got[2]) == message(got[3]) == message(got[8]) == "expected a probe, got the supervisor 's1'"
    assert message(got[4]) == "expected a supervisor, got the probe 'p1'"
    assert message(got[5]) == "expected a probe, got the supervisor 's1'"
    assert message(got[6]) == message(got[7]) == "expected a label that is not bound yet, got 'p1'"
    assert (got[9]["ok"]["alive"], got[9]["ok"]["quiet"]) == (["p1", "s1"], True)


@needs_erl
def test_a_label_that_a_child_needs_and_somebody_has_is_told_by_the_next_observe() -> None:
    lines = [
        request(1, "spawn", as_="s1/a#1", probe={}),
        request(2, "start_supervisor", as_="s1", spec=SUP),
        request(3, "start_child", sup="s1", child=CHILD),
        request(4, "observe", settle_ms=10_000),
        request(5, "start_child", sup="s1", child=CHILD),
    ]
    got = answers(*lines)
    assert got[2]["fail"]["kind"] == "start_failed"
    assert message(got[3]) == "expected a label that is not bound yet, got 's1/a#1'"
    assert got[4] == {"id": 5, "ok": "s1/a#2"}


@needs_erl
def test_a_reference_is_used_once() -> None:
    got = answers(
        request(1, "spawn", as_="p1", probe={}),
        call(2, "p1", "monitor", "p1", "x"),
        call(3, "p1", "send_after", "t", 100_000, ""),
        call(4, "p1", "monitor", "p1", "t"),
        call(5, "p1", "send_after", "x", 1, ""),
        call(6, "p1", "send_interval", "t", 1, ""),
    )
    assert [answer.get("ok", "error") for answer in got] == ["started", None, None, "error", "error", "error"]
    assert message(got[4]) == "expected a reference that is not used yet, got 'x'"


@needs_erl
def test_more_names_than_the_harness_holds_are_an_error_and_a_reset_helps() -> None:
    lines = [request(1, "spawn", as_="p1", probe={})]
    for number in range(10_000):
        lines.append(request(2, "register", name=f"n{number}", to="p1"))
        lines.append(request(3, "unregister", name=f"n{number}"))
    lines += [
        request(4, "register", name="one more", to="p1"),
        call(5, "p1", "register", "one more"),
        request(6, "whereis", name="one more"),
        request(7, "reset"),
        request(8, "spawn", as_="p1", probe={"name": "one more"}),
    ]
    got = answers(*lines)
    assert all(answer["ok"] is None for answer in got[1:-5])
    for refused in got[-5:-3]:
        assert "expected at most 10000 different names between two resets" in message(refused)
    assert [answer["ok"] for answer in got[-3:]] == [None, None, "started"]


@needs_erl
def test_bye_is_answered_and_ends_the_harness_at_once() -> None:
    lines = [
        request(1, "spawn", as_="p1", probe={"terminate": "hang", "trap_exit": True}),
        request(2, "exit", to="p1", reason="shutdown"),
        request(3, "bye"),
        request(4, "reset"),
    ]
    assert [answer["id"] for answer in answers(*lines)] == [1, 2, 3]


@needs_erl
def test_the_end_of_input_ends_the_harness_also_in_the_middle_of_a_request() -> None:
    lines = [request(1, "spawn", as_="p1", probe={}), request(2, "call", to="p1", msg=["sleep", 4_000_000_000])]
    assert answers(*lines) == [{"id": 1, "ok": "started"}]
    assert answers() == []


@needs_erl
def test_the_harness_ends_when_nobody_reads_its_answers() -> None:
    with subprocess.Popen(
        erlang_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as harness:
        assert harness.stdin is not None
        assert harness.stdout is not None
        assert harness.stderr is not None
        harness.stdout.close()
        harness.stdin.write(request(1, "reset") + b"\n")
        harness.stdin.flush()
        assert harness.wait(BOUND_S) == 1
        assert b"could not write to standard output: epipe" in harness.stderr.read()


@needs_erl
def test_crashes_and_restarts_print_nothing() -> None:
    failing = {**CHILD, "start": {"init": ["ok", {"crash": "loud"}]}}
    lines = [
        request(1, "spawn", as_="p1", probe={}),
        call(2, "p1", "crash", "loud"),
        request(3, "start_supervisor", as_="s1", spec=supervisor(failing, max_restarts=50)),
        request(4, "send", to="s1", payload="unexpected"),
        request(5, "cast", to="s1/a#1", msg=["crash", "loud"]),
        request(6, "observe", settle_ms=10_000),
        request(7, "bye"),
    ]
    done = run(*lines)
    assert (len(done.stdout.splitlines()), done.stderr) == (7, b"")
    assert json.loads(done.stdout.splitlines()[5])["ok"]["alive"] == []


# how it is started


def test_without_erl_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"expected Erlang's `erl` on the PATH, got none: .*erlang-base\)$"):
        erlang_subject()


def test_no_schedulers_are_refused() -> None:
    with pytest.raises(UsageError, match="expected at least one scheduler, got 0"):
        erlang_subject(0)


def test_an_erl_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "erl"
    fake.write_text("#!/bin/sh\necho no such boot file\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(UsageError, match="got no such boot file: install Erlang/OTP 25"):
        erlang_command()


def code_folder(command: list[str]) -> Path:
    return Path(command[command.index("-pa") + 1])


@needs_erl
def test_the_harness_is_compiled_once_into_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = code_folder(erlang_command())
    assert folder.parent == tmp_path / "letitcrash" / "erlang"
    first = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert "lic_main.beam" in first
    assert code_folder(erlang_command(2)) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == first
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@needs_erl
def test_a_cache_with_missing_files_is_repaired(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = code_folder(erlang_command())
    (folder / "lic_json.beam").unlink()
    erlang_command()
    assert (folder / "lic_json.beam").is_file()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@needs_erl
def test_several_starts_at_once_share_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with ThreadPoolExecutor(4) as pool:
        commands = [future.result(BOUND_S) for future in [pool.submit(erlang_command) for _ in range(4)]]
    assert commands == commands[:1] * 4
    assert [answer["ok"] for answer in answers(request(1, "reset"))] == [None]
    assert len(list((tmp_path / "letitcrash" / "erlang").iterdir())) == 1


@needs_erl
def test_without_a_writable_cache_a_temporary_folder_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    folder = code_folder(erlang_command())
    assert folder.is_relative_to(tmp_path / "tmp")
    folder.parent.chmod(0o777)
    with pytest.raises(UsageError, match=r"may be written by others\n  set XDG_CACHE_HOME"):
        erlang_command()
