"""Every way in which a harness can be bad ends in one exact message, and leaves nothing running."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.wire import CommandSubject, split_command
from letitcrash_spec.hello import FEATURES
from letitcrash_spec.messages import Operation

HARNESSES = Path(__file__).parents[1] / "support" / "harnesses"
RESET = Operation("reset", {})
CALL = Operation("call", {"to": "p1", "msg": ["get"], "timeout_ms": 10})
# Its own time keeps the first operation from being taken for silent on a slow machine.
FIRST = Operation("advance", {"ms": 60_000})
ANSWERED: dict[str, object] = {"fail": {"kind": "unsupported"}}
BATCH = [FIRST, CALL, RESET]
AT_CALL = f"request 3, call {CALL.args}: "
AFTER_CALL = "request 4, reset {}: "
AT_HELLO = "request 1, hello {'protocol': 1}: "
FLUSH = "\n  a harness ends its line and flushes its standard output after every answer"
REMARKS = "\n  a harness prints nothing else there: write remarks to standard error"
ONE_LINE = "expected one JSON object per line on standard output, got "


def open_bad(name: str, **options: float) -> CommandSubject:
    return CommandSubject([sys.executable, str(HARNESSES / "bad.py"), name], **options)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_group_alive(group: int) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(its_group) == group and state != "Z":
                return True
    return False


def run_twice(subject: CommandSubject, operations: list[Operation]) -> None:
    subject.run(operations)
    subject.run(operations)


def fail_in_batch(name: str) -> tuple[SubjectError, CommandSubject]:
    subject = open_bad(name, silence_s=1.0)
    with pytest.raises(SubjectError) as caught:
        run_twice(subject, BATCH)
    return caught.value, subject


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("exits", AT_CALL + "expected an answer, got end of file: the harness exited with code 7"),
        ("kills_itself", AT_CALL + "expected an answer, got end of file: the harness was ended by SIGKILL"),
        (
            "closes_standard_output",
            AT_CALL + "expected an answer, got end of file: the harness closed its standard output but runs on",
        ),
        (
            "exits_while_a_child_holds_its_output",
            AT_CALL + "expected an answer, got none: the harness exited with code 5, "
            "but something that it started holds its standard output open",
        ),
        (
            "hangs",
            AT_CALL + "expected an answer, got nothing for 1 s beyond the 0.01 s that the operation may take" + FLUSH,
        ),
        (
            "stops_in_the_middle_of_a_line",
            AT_CALL + 'expected an answer, got half a line, b\'{"id": 3, "o\', and then nothing for 1 s '
            "beyond the 0.01 s that the operation may take" + FLUSH,
        ),
        (
            "ends_in_the_middle_of_a_line",
            AT_CALL + "expected an answer, got end of file: the harness exited with code 0, "
            'leaving half a line, b\'{"id": 3, "o\'',
        ),
        (
            "writes_a_long_line",
            AT_CALL + "expected a line of at most 1048576 bytes, got 1048595: "
            f'b\'{{"id": 3, "ok": "{"x" * 38} ... {"x" * 56}\'',
        ),
        (
            "never_ends_its_line",
            AT_CALL + f"expected a line of at most 1048576 bytes, got more: it begins b'{'x' * 60}'",
        ),
        (
            "answers_what_nobody_asked",
            AT_CALL + "expected 'id' 3, got 999: nobody asked for that one: '{\"id\": 999, \"ok\": 0}'",
        ),
        (
            "answers_out_of_order",
            AT_CALL + "expected 'id' 3, got 4: requests are answered in the order in which they came: "
            '\'{"id": 4, "ok": null}\'',
        ),
        ("answers_without_id", AT_CALL + "expected 'id' 3, got an answer without an id: '{\"ok\": 0}'"),
        (
            "answers_with_a_text_as_id",
            AT_CALL + "expected 'id' 3, got '3': an id is a whole number, echoed as it came: "
            '\'{"id": "3", "ok": 0}\'',
        ),
        (
            "writes_bytes",
            AT_CALL + 'expected UTF-8 on standard output, got b\'{"id": 3, "ok": "\\xff"}\' (invalid start byte)',
        ),
        (
            "debugs_on_standard_output",
            AT_CALL + ONE_LINE + "'got a call' (Expecting value at column 1)" + REMARKS,
        ),
        ("writes_an_empty_line", AT_CALL + ONE_LINE + "'' (Expecting value at column 1)" + REMARKS),
        ("writes_nan", AT_CALL + ONE_LINE + '\'{"id": 3, "ok": NaN}\' (NaN is not JSON)' + REMARKS),
        (
            "nests_too_deeply",
            AT_CALL + ONE_LINE + f'\'{{"id": 3, "ok": {"[" * 40} ... {"[" * 56}\' (nested too deeply)' + REMARKS,
        ),
        (
            "writes_a_lone_surrogate",
            AT_CALL + 'expected text without lone surrogates, got \'{"id": 3, "ok": "\\\\ud800"}\'',
        ),
        ("writes_a_list", AT_CALL + ONE_LINE + "'[3, \"ok\", 0]'" + REMARKS),
        (
            "answers_both",
            AT_CALL + "expected exactly one of 'ok', 'fail' and 'error', got 'ok' and 'fail' at once: "
            '\'{"id": 3, "ok": 0, "fail": {"kind": "noproc"}}\'',
        ),
        (
            "answers_neither",
            AT_CALL
            + "expected exactly one of 'ok', 'fail' and 'error', got none of them: '{\"id\": 3, \"result\": 0}'",
        ),
        (
            "answers_error",
            AT_CALL + "expected 'ok' or 'fail', got an error of the harness: {'message': \"unknown op 'call'\"}",
        ),
    ],
)
def test_a_defect_is_named_exactly_and_earlier_answers_are_kept_and_nothing_is_left_running(
    name: str, what: str
) -> None:
    error, subject = fail_in_batch(name)
    assert error.what == what
    assert error.answers == (ANSWERED,)
    assert not is_group_alive(subject.process.pid)


@pytest.mark.parametrize("name", ["fails_with_an_unknown_kind", "answers_the_wrong_shape"])
def test_an_answer_that_the_protocol_does_not_know_is_named_by_the_validator(name: str) -> None:
    error, _ = fail_in_batch(name)
    assert error.what.startswith(AT_CALL + "expected '")
    assert error.what.endswith(("(in the answer of call.fail)", "(in the answer of call)"))
    assert error.answers == (ANSWERED,)


@pytest.mark.parametrize("name", ["answers_twice", "goes_on_answering"])
def test_a_second_answer_to_one_request_is_refused(name: str) -> None:
    error, subject = fail_in_batch(name)
    assert error.what == AFTER_CALL + "expected 'id' 4, got 3: that one has had its answer: '{\"id\": 3, \"ok\": 0}'"
    assert error.answers == (ANSWERED, {"ok": 0})
    assert not is_group_alive(subject.process.pid)


@pytest.mark.parametrize("name", ["answers_twice", "goes_on_answering"])
def test_lines_after_the_last_answer_are_refused_now_or_with_the_next_batch(name: str) -> None:
    subject = open_bad(name)
    with pytest.raises(SubjectError, match=r"expected nothing after the last answer|that one has had its answer"):
        run_twice(subject, [CALL])


def test_a_harness_that_closes_its_standard_input_is_found() -> None:
    error, subject = fail_in_batch("closes_standard_input")
    assert error.what == AFTER_CALL + "expected an answer, got none: the harness closed its standard input but runs on"
    assert not is_group_alive(subject.process.pid)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("exits_at_start", AT_HELLO + "expected an answer, got end of file: the harness exited with code 3"),
        ("silent_at_start", AT_HELLO + "expected an answer, got nothing for 0.3 s" + FLUSH),
        (
            "prints_a_banner",
            AT_HELLO + ONE_LINE + "'Welcome to bad 1.0' (Expecting value at column 1)" + REMARKS,
        ),
        ("speaks_another_version", "hello: expected 'protocol' 1, got 2"),
        ("declares_an_unknown_feature", f"hello: expected a feature of {', '.join(FEATURES)}, got 'teleport'"),
        (
            "refuses_hello",
            "hello: expected 'ok' with a description of the subject, got {'fail': {'kind': 'unsupported'}}",
        ),
    ],
)
def test_a_start_that_fails_is_named_exactly(name: str, what: str) -> None:
    start_timeout_s = 0.3 if name == "silent_at_start" else 30.0
    with pytest.raises(SubjectError) as caught:
        open_bad(name, start_timeout_s=start_timeout_s)
    assert caught.value.what == what
    assert caught.value.answers == ()


def test_the_last_lines_of_standard_error_are_in_the_message() -> None:
    error, _ = fail_in_batch("exits")
    assert error.stderr == ("Traceback: out of ideas",)
    assert str(error).endswith("\n  last lines of its standard error:\n    Traceback: out of ideas")


def test_an_error_of_the_harness_that_only_one_client_got_is_no_answer() -> None:
    subject = open_bad("answers_error_to_a_client")
    cast = {"op": "cast", "args": {"to": "p1", "msg": ["noreply"]}}
    with pytest.raises(SubjectError) as caught:
        subject.run([Operation("parallel", {"clients": [[], [cast]]})])
    assert "operation 1 of client 2: expected 'ok' or 'fail', got an error of the harness" in caught.value.what
    assert "unknown op 'cast'" in caught.value.what


def test_endless_standard_error_hurts_nobody() -> None:
    subject = open_bad("floods_standard_error")
    try:
        assert subject.run(BATCH * 100) == [ANSWERED, {"fail": {"kind": "noproc"}}, {"ok": None}] * 100
        assert set(subject.process.stderr[:-1]) <= {"still here"}
    finally:
        subject.close()
    assert not is_group_alive(subject.process.pid)


def test_a_harness_that_ignores_bye_and_sigterm_is_killed() -> None:
    subject = open_bad("ignores_sigterm_and_end_of_input", bye_timeout_s=0.1)
    assert subject.run([RESET]) == [{"ok": None}]
    assert is_group_alive(subject.process.pid)
    subject.close()
    assert not is_group_alive(subject.process.pid)


@pytest.mark.parametrize("name", ["leaves_a_child", "leaves_a_child_in_a_session_of_its_own"])
def test_what_a_harness_leaves_behind_is_ended_with_it(name: str) -> None:
    subject = open_bad(name)
    subject.run(BATCH)
    subject.close()
    child = int(subject.process.stderr[-1])
    assert not is_alive(child)
    assert not is_group_alive(subject.process.pid)


def test_an_interrupted_batch_leaves_nothing_running_and_the_interrupt_passes_through() -> None:
    subject = open_bad("interrupts_the_suite")
    with pytest.raises(KeyboardInterrupt):
        subject.run(BATCH)
    assert not is_group_alive(subject.process.pid)
    with pytest.raises(SubjectError) as caught:
        subject.run(BATCH)
    assert caught.value.what == (
        "expected an open subject, got one that was closed after an interruption; make a fresh one by reopen()"
    )
    subject.close()


def test_after_an_error_reopen_makes_a_fresh_subject() -> None:
    error, subject = fail_in_batch("exits")
    assert "code 7" in error.what
    with pytest.raises(SubjectError, match="closed after an error; make a fresh one by reopen"):
        subject.run([RESET])
    fresh = subject.reopen()
    try:
        assert fresh.run([RESET]) == [{"ok": None}]
        assert fresh.process.pid != subject.process.pid
    finally:
        fresh.close()


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(SubjectError) as caught:
        CommandSubject("no-such-harness --fast")
    assert caught.value.what == (
        "start of ['no-such-harness', '--fast']: expected a command, found no 'no-such-harness'; "
        "is it installed and on the PATH?"
    )


def test_a_file_that_is_not_executable_is_named(tmp_path: Path) -> None:
    file = tmp_path / "harness"
    file.write_text("#!/bin/sh\n")
    with pytest.raises(SubjectError) as caught:
        CommandSubject([str(file)])
    assert caught.value.what == (
        f"start of [{str(file)!r}]: expected {str(file)!r} to be executable, got permission denied"
    )


def test_a_script_whose_interpreter_is_missing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "harness"
    file.write_text("#!/no/such/interpreter\n")
    file.chmod(0o755)
    with pytest.raises(SubjectError, match="to be runnable, its interpreter was not found"):
        CommandSubject([str(file)])


def test_a_file_that_is_no_program_is_named(tmp_path: Path) -> None:
    file = tmp_path / "harness"
    file.write_bytes(b"\x00\x01\x02")
    file.chmod(0o755)
    with pytest.raises(SubjectError, match="to be runnable, got: Exec format error"):
        CommandSubject([str(file)])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = str(tmp_path / "gone")
    with pytest.raises(SubjectError) as caught:
        CommandSubject([sys.executable], cwd=folder)
    assert caught.value.what.endswith(f"expected a folder to start it in, got {folder!r}")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "expected a command, got ''"),
        ([], "expected a command, got []"),
        ("'open", 'expected a command, got "\'open" (no closing quotation)'),
    ],
)
def test_a_command_without_words_is_refused(command: str | list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_command(command)
    assert str(caught.value) == message
