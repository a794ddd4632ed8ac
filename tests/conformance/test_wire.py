"""A subject behind a command: batches, pipes, and what is left when it is gone."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance.errors import SubjectError, SuiteError
from letitcrash_conformance.framing import MAX_LINE, LineBuffer, encode_requests, own_time_ms
from letitcrash_conformance.wire import CommandSubject
from letitcrash_spec.errors import MessageError
from letitcrash_spec.messages import Answer, Operation

HARNESSES = Path(__file__).parents[1] / "support" / "harnesses"
GOOD = [sys.executable, str(HARNESSES / "good.py")]
RESET = Operation("reset", {})


def call(*action: Any, **more: Any) -> Operation:
    return Operation("call", {"to": "p1", "msg": list(action), **more})


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def list_children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def test_a_good_harness_answers_every_operation_of_a_batch_in_order() -> None:
    subject = CommandSubject(GOOD)
    try:
        assert subject.hello.name == "good"
        answers = subject.run(
            [
                RESET,
                Operation("spawn", {"as": "p1", "probe": {"value": 3}}),
                call("add", 2),
                Operation("cast", {"to": "p1", "msg": ["add", 1]}),
                call("get"),
                Operation("call", {"to": "p2", "msg": ["get"]}),
                Operation("whereis", {"name": "n1"}),
                Operation("observe", {"settle_ms": 10}),
            ]
        )
    finally:
        subject.close()
    assert answers[:-1] == [
        {"ok": None},
        {"ok": "started"},
        {"ok": 5},
        {"ok": None},
        {"ok": 6},
        {"fail": {"kind": "noproc"}},
        {"fail": {"kind": "unsupported"}},
    ]
    assert answers[-1]["ok"]["events"] == [{"ev": "init", "who": "p1", "t": 0}]


def test_a_batch_far_larger_than_the_pipes_does_not_block() -> None:
    subject = CommandSubject(GOOD)
    add = call("add", 1, note="x" * 1000)
    try:
        subject.run([RESET, Operation("spawn", {"as": "p1", "probe": {}})])
        answers = subject.run([add] * 5000)
        assert [answer["ok"] for answer in answers] == list(range(1, 5001))
    finally:
        subject.close()


def test_a_harness_that_reads_everything_before_it_answers_does_not_block(tmp_path: Path) -> None:
    code = (
        "import json, sys\n"
        "from good import HELLO\n"
        "print(json.dumps({'id': json.loads(sys.stdin.readline())['id'], 'ok': HELLO}), flush=True)\n"
        "ids = [json.loads(sys.stdin.readline())['id'] for _ in range(20000)]\n"
        "for i in ids: print(json.dumps({'id': i, 'fail': {'kind': 'unsupported', 'note': 'x' * 100}}))\n"
    )
    subject = CommandSubject([sys.executable, "-c", code], env={"PYTHONPATH": str(HARNESSES)})
    try:
        assert len(subject.run([RESET] * 20000)) == 20000
    finally:
        subject.close()


def test_the_time_that_an_operation_asks_for_comes_on_top_of_the_bound_of_silence() -> None:
    code = (
        "import json, sys, threading\n"
        "from good import HELLO\n"
        "for line in sys.stdin:\n"
        "    request = json.loads(line)\n"
        "    if request['op'] == 'advance': threading.Event().wait(0.5)\n"
        "    value = HELLO if request['op'] == 'hello' else None\n"
        "    print(json.dumps({'id': request['id'], 'ok': value}), flush=True)\n"
    )
    subject = CommandSubject([sys.executable, "-c", code], env={"PYTHONPATH": str(HARNESSES)}, silence_s=0.1)
    try:
        assert subject.run([Operation("advance", {"ms": 60_000})]) == [{"ok": None}]
    finally:
        subject.close()


@pytest.mark.parametrize(
    ("operation", "own_ms"),
    [
        (RESET, 0),
        (call("get"), 5000),
        (call("get", timeout_ms=20), 20),
        (Operation("which_children", {"sup": "s1"}), 60000),
        (Operation("observe", {"settle_ms": 30}), 30),
        (Operation("advance", {"ms": 40}), 40),
        (
            Operation(
                "parallel",
                {
                    "clients": [
                        [{"op": "advance", "args": {"ms": 5}}, {"op": "advance", "args": {"ms": 6}}],
                        [{"op": "advance", "args": {"ms": 7}}],
                    ]
                },
            ),
            11,
        ),
    ],
)
def test_the_own_time_of_an_operation_is_what_its_arguments_or_the_protocol_say(
    operation: Operation, own_ms: int
) -> None:
    assert own_time_ms(operation) == own_ms


def test_an_answer_is_judged_by_the_validator_that_was_given() -> None:
    def refuse(operation: Operation, answer: Answer) -> None:
        raise MessageError(f"expected better than {answer}", where="", expected="", got=None)

    subject = CommandSubject(GOOD, validate=refuse)
    with pytest.raises(SubjectError) as caught:
        subject.run([RESET])
    assert caught.value.what == "request 2, reset {}: expected better than {'ok': None}"


def test_the_folder_and_the_variables_reach_the_harness(tmp_path: Path) -> None:
    code = "import os, sys; sys.stderr.write(os.getcwd() + ' ' + os.environ['COLOUR']); sys.exit(1)"
    with pytest.raises(SubjectError) as caught:
        CommandSubject([sys.executable, "-c", code], cwd=tmp_path, env={"COLOUR": "green"})
    assert caught.value.stderr == (f"{tmp_path} green",)


def test_only_the_last_forty_lines_of_standard_error_are_kept() -> None:
    code = "import sys\nfor n in range(1000): print('line', n, file=sys.stderr)\nsys.exit(1)"
    with pytest.raises(SubjectError) as caught:
        CommandSubject([sys.executable, "-c", code])
    assert caught.value.stderr == tuple(f"line {n}" for n in range(960, 1000))


def test_close_may_be_called_twice_and_a_closed_subject_says_so() -> None:
    subject = CommandSubject(GOOD)
    subject.close()
    subject.close()
    assert not is_running(subject.process.pid)
    assert subject.process.describe_exit() == "exited with code 0"
    with pytest.raises(SubjectError, match=r"closed by close\(\); make a fresh one by reopen\(\)"):
        subject.run([RESET])


def test_a_harness_that_died_meanwhile_is_closed_without_an_error() -> None:
    subject = CommandSubject(GOOD)
    os.kill(subject.process.pid, signal.SIGKILL)
    subject.close()
    assert not is_running(subject.process.pid)


def test_a_subject_that_is_forgotten_takes_its_processes_with_it() -> None:
    subject = CommandSubject(GOOD)
    pid = subject.process.pid
    assert is_running(pid)
    del subject
    gc.collect()
    assert not is_running(pid)


@pytest.mark.parametrize("end", ["pass", "raise RuntimeError('the suite broke')", "sys.exit(3)"])
def test_a_suite_that_ends_without_closing_leaves_nothing_running(end: str) -> None:
    stubborn = [sys.executable, str(HARNESSES / "bad.py"), "ignores_sigterm_and_end_of_input"]
    code = (
        "import sys\n"
        "from letitcrash_conformance.wire import CommandSubject\n"
        f"subject = CommandSubject({stubborn!r})\n"
        "print(subject.process.pid, flush=True)\n"
        f"{end}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert not is_running(int(done.stdout))


def test_fifty_subjects_leak_neither_descriptors_nor_processes() -> None:
    CommandSubject(GOOD).close()
    gc.collect()
    before = count_descriptors(), len(list_children())
    for number in range(50):
        if number % 5 == 0:
            with pytest.raises(SubjectError):
                CommandSubject([sys.executable, str(HARNESSES / "bad.py"), "exits_at_start"])
        elif number % 5 == 1:
            with pytest.raises(SubjectError):
                CommandSubject(["no-such-harness"])
        else:
            CommandSubject(GOOD).close()
    assert (count_descriptors(), len(list_children())) == before


def test_bytes_are_cut_into_lines_wherever_the_chunks_end() -> None:
    text = b"one\n\nthree\nfo"
    for size in range(1, len(text) + 1):
        buffer = LineBuffer()
        lines = [line for at in range(0, len(text), size) for line in buffer.feed(text[at : at + size])]
        assert lines == [b"one", b"", b"three"]
        assert buffer.rest == b"fo"


def test_a_request_that_cannot_be_sent_is_our_own_fault() -> None:
    with pytest.raises(SuiteError, match=f"expected a request of at most {MAX_LINE} bytes, got"):
        encode_requests(1, [call("x" * MAX_LINE)])
    with pytest.raises(SuiteError, match="expected arguments of JSON, got"):
        encode_requests(1, [call(object())])
