"""A subject behind a command that speaks the protocol on its standard streams."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.framing import (
    BadHarnessError,
    LineBuffer,
    describe,
    encode_requests,
    own_time_ms,
    parse_answer,
)
from letitcrash_conformance.process import HarnessProcess
from letitcrash_spec.errors import MessageError
from letitcrash_spec.hello import Hello, HelloError, parse_hello
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.operations import PROTOCOL_VERSION
from letitcrash_spec.validator import validate_answer
from letitcrash_spec.wording import shorten

__all__ = ["CommandSubject", "split_command"]

_SLICE = 256
_CHUNK = 1 << 16
_TICK_S = 0.5
_EXIT_S = 1.0
_HELLO = Operation("hello", {"protocol": PROTOCOL_VERSION})


class CommandSubject:
    """A harness in a process of its own, driven over its standard streams.

    It is started and says hello when this object is made. Requests of a batch are written while answers are read, so
    that neither side ever waits for a full pipe. After a `SubjectError` nothing of it is left running; `reopen` makes
    a fresh one. The same holds after `close`, when the object is collected, and when the suite ends.

    Attributes:
        command: The words of the command.
        process: The process and what it started.
    """

    def __init__(
        self,
        command: Sequence[str] | str,
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        start_timeout_s: float = 30.0,
        silence_s: float = 30.0,
        bye_timeout_s: float = 5.0,
        validate: Callable[[Operation, Answer], None] = validate_answer,
    ) -> None:
        """Start the harness and say hello.

        Args:
            command: The command as words, or as one text that is split as a shell would, without running a shell.
            cwd: The folder to start it in; the current one if None.
            env: Variables to set on top of the suite's own environment.
            start_timeout_s: How long it may take to answer hello, in seconds of real time.
            silence_s: How long it may write nothing while an answer is due, in seconds of real time, on top of the
                time that the operation itself asks for (`timeout_ms`, `settle_ms`, `ms`).
            bye_timeout_s: How long it may take to end by itself after bye, in seconds of real time; then it is ended.
            validate: Raises `MessageError` for an answer that the protocol does not know.

        Raises:
            SubjectError: If it cannot be started, or its hello does not come or is not what the protocol asks for.
            UsageError: If the command is empty, or this system has no process groups.
        """
        self.command = split_command(command)
        self._cwd = None if cwd is None else os.fspath(cwd)
        self._env = None if env is None else dict(env)
        self._start_timeout_s = start_timeout_s
        self._silence_s = silence_s
        self._bye_timeout_s = bye_timeout_s
        self._validate = validate
        self._closed_by: str | None = None
        self._next_id = 1
        self._lines = LineBuffer()
        self.process = HarnessProcess(self.command, cwd=self._cwd, env=self._env)
        self._finalizer = weakref.finalize(self, self.process.kill)
        self._poll = select.poll()
        self._poll.register(self.process.stdout, select.POLLIN)
        self._hello = self._say_hello()

    def __repr__(self) -> str:
        state = "open" if self._closed_by is None else f"closed {self._closed_by}"
        return f"<CommandSubject {shlex.join(self.command)!r} pid {self.process.pid}, {state}>"

    @property
    def hello(self) -> Hello:
        """What the harness said of itself."""
        return self._hello

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        """Send a batch and collect its answers; see `Subject.run`."""
        if self._closed_by is not None:
            raise SubjectError(
                f"expected an open subject, got one that was closed {self._closed_by}; make a fresh one by reopen()"
            )
        return self._exchange(operations, self._silence_s)

    def close(self) -> None:
        """Say bye, then wait, then terminate, then kill; see `Subject.close`."""
        if self._closed_by is None:
            self._closed_by = "by close()"
            with contextlib.suppress(OSError):
                os.write(self.process.stdin, encode_requests(self._next_id, [Operation("bye", {})]))
            self.process.end(patience_s=self._bye_timeout_s)
        self._finalizer.detach()

    def reopen(self) -> CommandSubject:
        """Close this subject and start a fresh one with the same settings."""
        self.close()
        return CommandSubject(
            self.command,
            cwd=self._cwd,
            env=self._env,
            start_timeout_s=self._start_timeout_s,
            silence_s=self._silence_s,
            bye_timeout_s=self._bye_timeout_s,
            validate=self._validate,
        )

    def _say_hello(self) -> Hello:
        validate, self._validate = self._validate, _accept
        answer = self._exchange([_HELLO], self._start_timeout_s)[0]
        self._validate = validate
        if "ok" not in answer:
            self._fail(f"hello: expected 'ok' with a description of the subject, got {shorten(answer)}", [])
        try:
            return parse_hello(answer["ok"])
        except HelloError as error:
            self._fail(f"hello: {error}", [])

    def _exchange(self, operations: Sequence[Operation], silence_s: float) -> list[Answer]:
        first_id = self._next_id
        self._next_id += len(operations)
        answers: list[Answer] = []
        try:
            self._pump(operations, answers, first_id, silence_s)
        except BadHarnessError as bad:
            number = min(len(answers), len(operations) - 1)
            self._fail(f"{describe(first_id + number, operations[number])}: {bad}", answers)
        except BaseException:
            self._closed_by = "after an interruption"
            self.process.kill()
            raise
        return answers

    def _pump(self, operations: Sequence[Operation], answers: list[Answer], first_id: int, silence_s: float) -> None:
        """Write requests and read answers, whichever is possible, until every operation has its answer.

        Raises:
            BadHarnessError: If the harness did anything else; `answers` holds what came before.
        """
        process, poll = self.process, self._poll
        count, encoded = len(operations), 0
        pending = memoryview(b"")
        is_polled_for_writing = False
        # Waiting is counted in ticks, so that a stopped or starved suite blames nobody for its own absence.
        tick_s = min(_TICK_S, silence_s / 10)
        tick_ms = max(1, round(tick_s * 1000))
        ticks = 0
        try:
            while len(answers) < count:
                if not pending and encoded < count:
                    part = operations[encoded : encoded + _SLICE]
                    pending = memoryview(encode_requests(first_id + encoded, part))
                    encoded += len(part)
                if pending:
                    pending, is_read = self._write(pending)
                    if not is_read:
                        encoded = count
                has_more = bool(pending) or encoded < count
                if has_more != is_polled_for_writing:
                    is_polled_for_writing = has_more
                    if has_more:
                        poll.register(process.stdin, select.POLLOUT)
                    else:
                        poll.unregister(process.stdin)
                if poll.poll(tick_ms):
                    if self._read(operations, answers, first_id):
                        ticks = 0
                else:
                    ticks += 1
                    self._check_patience(operations[len(answers)], ticks * tick_ms / 1000, silence_s)
        finally:
            if is_polled_for_writing:
                poll.unregister(process.stdin)

    def _write(self, pending: memoryview) -> tuple[memoryview, bool]:
        """Write what the pipe takes; returns what is left, and whether anybody still reads."""
        try:
            return pending[os.write(self.process.stdin, pending) :], True
        except BlockingIOError:
            return pending, True
        except BrokenPipeError:
            return memoryview(b""), False

    def _read(self, operations: Sequence[Operation], answers: list[Answer], first_id: int) -> bool:
        """Read what the pipe holds and append the answers; returns whether it held anything."""
        try:
            chunk = os.read(self.process.stdout, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            raise BadHarnessError(f"expected an answer, got end of file: {self._explain_end()}")
        count = len(operations)
        last_id = first_id + count - 1
        validate = self._validate
        for line in self._lines.feed(chunk):
            done = len(answers)
            if done == count:
                raise BadHarnessError(f"expected nothing after the last answer, got {shorten(line)}")
            answer = parse_answer(line, first_id + done, last_id)
            operation = operations[done]
            try:
                validate(operation, answer)
            except MessageError as error:
                raise BadHarnessError(str(error)) from error
            _refuse_errors(operation, answer)
            answers.append(answer)
        if len(answers) == count and self._lines.rest:
            raise BadHarnessError(f"expected nothing after the last answer, got {shorten(self._lines.rest)}")
        return True

    def _check_patience(self, operation: Operation, waited_s: float, silence_s: float) -> None:
        if self.process.has_exited():
            raise BadHarnessError(
                f"expected an answer, got none: the harness {self.process.describe_exit()}, "
                "but something that it started holds its standard output open"
            )
        if waited_s >= min(_EXIT_S, silence_s) and not self.process.has_reader():
            raise BadHarnessError("expected an answer, got none: the harness closed its standard input but runs on")
        own_s = own_time_ms(operation) / 1000
        if waited_s >= silence_s + own_s:
            rest = self._lines.rest
            got = f"half a line, {shorten(rest)}, and then nothing" if rest else "nothing"
            own = f" beyond the {own_s:g} s that the operation may take" if own_s else ""
            raise BadHarnessError(
                f"expected an answer, got {got} for {silence_s:g} s{own}\n"
                "  a harness ends its line and flushes its standard output after every answer"
            )

    def _explain_end(self) -> str:
        if self.process.wait_exited(_EXIT_S):
            what = f"the harness {self.process.describe_exit()}"
        else:
            what = "the harness closed its standard output but runs on"
        rest = self._lines.rest
        return f"{what}, leaving half a line, {shorten(rest)}" if rest else what

    def _fail(self, what: str, answers: list[Answer]) -> NoReturn:
        self._closed_by = "after an error"
        self.process.end()
        raise SubjectError(what, stderr=self.process.stderr, answers=answers)


def _accept(operation: Operation, answer: Answer) -> None:
    """Leave the judgement of a hello to `parse_hello`."""


def _refuse_errors(operation: Operation, answer: Answer) -> None:
    """Refuse an answer that tells a trouble of the harness itself, also where one of several clients got it."""
    if "error" in answer:
        raise BadHarnessError(f"expected 'ok' or 'fail', got an error of the harness: {shorten(answer['error'], 400)}")
    if operation.op == "parallel":
        for client, entries in enumerate(answer.get("ok", ()), start=1):
            for turn, entry in enumerate(entries, start=1):
                if "error" in entry["answer"]:
                    raise BadHarnessError(
                        f"operation {turn} of client {client}: expected 'ok' or 'fail', "
                        f"got an error of the harness: {shorten(entry['answer']['error'], 400)}"
                    )


def split_command(command: Sequence[str] | str) -> tuple[str, ...]:
    """Return the words of a command, splitting a text as a shell would.

    Raises:
        UsageError: If there is no word in it, or a quotation mark is left open.
    """
    try:
        words = tuple(shlex.split(command)) if isinstance(command, str) else tuple(map(os.fspath, command))
    except ValueError as error:
        raise UsageError(f"expected a command, got {command!r} ({str(error).lower()})") from error
    if not words or not words[0]:
        raise UsageError(f"expected a command, got {command!r}")
    return words
