"""A zoo of bad harnesses: `python bad.py answers_twice` is good until hello or the first `call`, then does that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from good import HELLO, World  # type: ignore[import-not-found] # a neighbour of this script

Request = dict[str, Any]
Beast = Callable[[Request], object]

AT_START: dict[str, Callable[[], object]] = {}
AT_HELLO: dict[str, Beast] = {}
AT_CALL: dict[str, Beast] = {}


def at_start(beast: Callable[[], object]) -> Callable[[], object]:
    AT_START[beast.__name__] = beast
    return beast


def at_hello(beast: Beast) -> Beast:
    AT_HELLO[beast.__name__] = beast
    return beast


def at_call(beast: Beast) -> Beast:
    AT_CALL[beast.__name__] = beast
    return beast


def write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def answer(request: Request, **rest: Any) -> None:
    write(json.dumps({"id": request["id"], **rest}).encode() + b"\n")


def complain(text: object) -> None:
    print(text, file=sys.stderr, flush=True)


def hang() -> NoReturn:
    while True:
        signal.pause()


def leave_child(**options: Any) -> None:
    """Start a process that never ends, and tell its id on standard error."""
    code = "import signal; print('started', flush=True); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options)
    assert child.stdout is not None
    child.stdout.readline()
    complain(child.pid)


@at_start
def exits_at_start() -> None:
    complain("no licence")
    os._exit(3)


@at_start
def silent_at_start() -> None:
    hang()


@at_start
def prints_a_banner() -> None:
    write(b"Welcome to bad 1.0\n")


@at_start
def floods_standard_error() -> None:
    def flood() -> None:
        while True:
            os.write(2, b"still here\n" * 1000)

    threading.Thread(target=flood, daemon=True).start()


@at_start
def ignores_sigterm_and_end_of_input() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@at_hello
def speaks_another_version(request: Request) -> None:
    answer(request, ok={**HELLO, "protocol": 2})


@at_hello
def declares_an_unknown_feature(request: Request) -> None:
    answer(request, ok={**HELLO, "features": ["genserver", "teleport"]})


@at_hello
def refuses_hello(request: Request) -> None:
    answer(request, fail={"kind": "unsupported"})


@at_call
def exits(request: Request) -> None:
    complain("Traceback: out of ideas")
    os._exit(7)


@at_call
def kills_itself(request: Request) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@at_call
def closes_standard_output(request: Request) -> None:
    os.close(1)
    hang()


@at_call
def closes_standard_input(request: Request) -> None:
    answer(request, ok=0)
    os.close(0)
    hang()


@at_call
def hangs(request: Request) -> None:
    complain("thinking")
    hang()


@at_call
def stops_in_the_middle_of_a_line(request: Request) -> None:
    write(b'{"id": 3, "o')
    hang()


@at_call
def ends_in_the_middle_of_a_line(request: Request) -> None:
    write(b'{"id": 3, "o')
    os._exit(0)


@at_call
def writes_a_long_line(request: Request) -> None:
    answer(request, ok="x" * (1 << 20))


@at_call
def never_ends_its_line(request: Request) -> None:
    while True:
        write(b"x" * 65536)


@at_call
def answers_what_nobody_asked(request: Request) -> None:
    answer({"id": 999}, ok=0)


@at_call
def goes_on_answering(request: Request) -> None:
    line = json.dumps({"id": request["id"], "ok": 0}).encode() + b"\n"
    while True:
        write(line * 1000)


@at_call
def answers_twice(request: Request) -> None:
    answer(request, ok=0)
    answer(request, ok=0)


@at_call
def answers_out_of_order(request: Request) -> None:
    answer({"id": request["id"] + 1}, ok=None)


@at_call
def answers_without_id(request: Request) -> None:
    write(b'{"ok": 0}\n')


@at_call
def answers_with_a_text_as_id(request: Request) -> None:
    answer({"id": str(request["id"])}, ok=0)


@at_call
def writes_bytes(request: Request) -> None:
    write(b'{"id": 3, "ok": "\xff"}\n')


@at_call
def debugs_on_standard_output(request: Request) -> None:
    write(b"got a call\n")


@at_call
def writes_an_empty_line(request: Request) -> None:
    write(b"\n")


@at_call
def writes_nan(request: Request) -> None:
    write(b'{"id": 3, "ok": NaN}\n')


@at_call
def writes_a_lone_surrogate(request: Request) -> None:
    write(b'{"id": 3, "ok": "\\ud800"}\n')


@at_call
def nests_too_deeply(request: Request) -> None:
    write(b'{"id": 3, "ok": ' + b"[" * 200_000 + b"\n")


@at_call
def writes_a_list(request: Request) -> None:
    write(b'[3, "ok", 0]\n')


@at_call
def answers_both(request: Request) -> None:
    answer(request, ok=0, fail={"kind": "noproc"})


@at_call
def answers_neither(request: Request) -> None:
    answer(request, result=0)


@at_call
def fails_with_an_unknown_kind(request: Request) -> None:
    answer(request, fail={"kind": "oops"})


@at_call
def answers_the_wrong_shape(request: Request) -> None:
    answer(request, ok={"value": 0})


@at_call
def answers_error(request: Request) -> None:
    answer(request, error={"message": "unknown op 'call'"})


@at_call
def answers_error_to_a_client(request: Request) -> None:
    entries = [{"call": 1, "return": 2, "answer": {"error": {"message": "unknown op 'cast'"}}}]
    answer(request, ok=[[], entries])


@at_call
def interrupts_the_suite(request: Request) -> None:
    os.kill(os.getppid(), signal.SIGINT)
    hang()


@at_call
def leaves_a_child(request: Request) -> None:
    leave_child()
    answer(request, ok=0)


@at_call
def leaves_a_child_in_a_session_of_its_own(request: Request) -> None:
    leave_child(start_new_session=True)
    answer(request, ok=0)


@at_call
def exits_while_a_child_holds_its_output(request: Request) -> None:
    code = "import signal, sys; print('started', file=sys.stderr, flush=True); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL)
    complain(child.pid)
    os._exit(5)


def main() -> None:
    name = sys.argv[1]
    AT_START.get(name, lambda: None)()
    world = World()
    for line in sys.stdin:
        request = json.loads(line)
        beast = {"hello": AT_HELLO, "call": AT_CALL, "parallel": AT_CALL}.get(request["op"], {}).get(name)
        if beast is not None:
            beast(request)
            continue
        answer(request, **world.perform(request["op"], request["args"]))
    if name == "ignores_sigterm_and_end_of_input":
        hang()


if __name__ == "__main__":
    main()
