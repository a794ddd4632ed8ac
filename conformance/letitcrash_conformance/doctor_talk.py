"""A conversation with a harness under examination: one request at a time, each answer checked, the last ones kept."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.lookup import SubjectFactory
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.wire import CommandSubject
from letitcrash_spec.errors import MessageError
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.operations import OPERATIONS
from letitcrash_spec.validator import validate_answer

__all__ = ["FAULT", "Broken", "Complaint", "Talk", "name_command", "open_talk"]

FAULT = "fault"
"""The key under which a talk keeps an `error` of the harness."""

_SHOWN = 3
_WIDTH = 200
_NAMES = frozenset(spec.name for spec in OPERATIONS)
_TIMEOUT_MS = 2000
_NO_OPERATION = Operation("reset", {})


class Complaint(Exception):
    """Something is wrong, and the conversation can go on.

    Attributes:
        what: What was expected and what came.
        fix: What to do.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


class Broken(Exception):
    """The conversation cannot go on: the harness has to be started anew.

    Attributes:
        error: What happened.
    """

    def __init__(self, error: SubjectError) -> None:
        super().__init__(error.what)
        self.error = error


class Talk:
    """A conversation with one harness.

    Attributes:
        subject: The harness.
        hello: What it said of itself.
        is_wire: Whether it sits behind a pipe, where every request can be sent, wrong ones too.
        patience_s: How long to wait for something that must happen, in seconds.
        trail: The last requests and answers, oldest first.
    """

    def __init__(self, subject: Subject, *, patience_s: float) -> None:
        self.subject = subject
        self.hello: Hello = subject.hello
        self.is_wire = isinstance(subject, CommandSubject)
        self.patience_s = patience_s
        self.trail: list[str] = []

    def ask(self, op: str, **args: Any) -> Answer:
        """Send a request (`as_` stands for the argument `as`) and return its answer, an error under `FAULT`.

        Raises:
            Broken: If there is no such answer.
        """
        if "as_" in args:
            args["as"] = args.pop("as_")
        if op in ("call", "stop"):
            args.setdefault("timeout_ms", _TIMEOUT_MS)
        return self.ask_all([Operation(op, args)])[0]

    def ask_all(self, operations: Sequence[Operation]) -> list[Answer]:
        """Send requests without waiting in between, and return their answers.

        Raises:
            Broken: If they are not all answered, in their order.
        """
        try:
            answers = self.subject.run(operations)
            if not self.is_wire:
                for operation, answer in zip(operations, answers, strict=True):
                    validate_answer(operation, answer)
        except SubjectError as error:
            self._note(operations, error.answers)
            raise Broken(error) from None
        except MessageError as error:
            self._note(operations, ())
            raise Broken(SubjectError(f"{operations[0].op}: {error}")) from None
        self._note(operations, answers)
        return answers

    def get(self, op: str, *, fix: str, **args: Any) -> Any:
        """Send a request that has to take place, and return the value of `ok`.

        Raises:
            Complaint: If it is answered by anything else.
            Broken: If it is not answered.
        """
        answer = self.ask(op, **args)
        if "ok" not in answer:
            self.complain("expected 'ok'", answer, fix)
        return answer["ok"]

    def want(self, expected: object, op: str, *, fix: str, **args: Any) -> None:
        """Send a request whose value of `ok` is known.

        Raises:
            Complaint: If it is answered by anything else.
            Broken: If it is not answered.
        """
        answer = self.ask(op, **args)
        if answer != {"ok": expected}:
            self.complain(f"expected {_show({'ok': expected})}", answer, fix)

    def want_fail(self, kinds: str, op: str, *, fix: str, **args: Any) -> Answer:
        """Send a request that has to be refused with one of some kinds, and return the answer.

        Raises:
            Complaint: If it is answered by anything else.
            Broken: If it is not answered.
        """
        answer = self.ask(op, **args)
        if answer.get("fail", {}).get("kind") not in kinds.split():
            self.complain(f"expected a failure of kind {kinds.replace(' ', ' or ')}", answer, fix)
        return answer

    def want_fault(self, op: str, *, fix: str, **args: Any) -> None:
        """Send a request that is wrong, which the harness has to say by `error`.

        Raises:
            Complaint: If it is answered by anything else.
            Broken: If it is not answered.
        """
        answer = self.ask(op, **args)
        if FAULT not in answer:
            self.complain("expected an 'error' with a 'message'", answer, fix)

    def look(self, seen: Callable[[dict[str, Any]], bool], what: str, *, fix: str) -> dict[str, Any]:
        """Observe until something is seen; the observation holds all events since the first look.

        Raises:
            Complaint: If it is not seen in time, or at once in a world that is quiet.
            Broken: If an observation is not answered.
        """
        events: list[Any] = []
        waited_ms = 0
        while True:
            observation = self.get("observe", settle_ms=1000, fix="`observe` always takes place")
            events += observation["events"]
            whole = {**observation, "events": list(events)}
            if seen(whole):
                return whole
            if observation["quiet"] is True or waited_ms >= self.patience_s * 1000:
                self.complain(f"expected {what} in an observation", whole, fix)
            self.get("advance", ms=20, fix="`advance` always takes place")
            waited_ms += 20

    def complain(self, expected: str, got: Any, fix: str) -> NoReturn:
        """Say what is wrong.

        Raises:
            Complaint: Always.
        """
        raise Complaint(f"{expected}, got {_show(got)}", fix)

    def close(self) -> None:
        """End the harness, and whatever is left of it."""
        self.subject.close()

    def _note(self, operations: Sequence[Operation], answers: Sequence[Answer]) -> None:
        for number, (op, args) in enumerate(operations[-_SHOWN:], max(0, len(operations) - _SHOWN)):
            self.trail.append(f"-> {op} {_show(args)}")
            if number < len(answers):
                self.trail.append(f"<- {_show(answers[number])}")
        del self.trail[: -2 * _SHOWN]


def open_talk(factory: SubjectFactory, *, patience_s: float) -> Talk:
    """Start a harness and hear its hello.

    Raises:
        SubjectError: If it cannot be started, or its hello is not what the protocol asks for.
        UsageError: If what was named is not there.
    """
    if factory.command:
        subject: Subject = _listen(factory.command, patience_s, cwd=factory.folder or None)
    else:
        subject = factory()
        if isinstance(subject, CommandSubject):
            # What it was started with stays its own; only its errors have to be heard.
            subject.close()
            subject._validate = _set_aside  # pyright: ignore[reportPrivateUsage]
            subject = subject.reopen()
    return Talk(subject, patience_s=patience_s)


def _listen(command: Sequence[str], patience_s: float, *, cwd: str | None) -> CommandSubject:
    return CommandSubject(
        command,
        cwd=cwd,
        start_timeout_s=max(patience_s, 10.0),
        silence_s=patience_s,
        bye_timeout_s=patience_s,
        validate=_set_aside,
    )


def _set_aside(operation: Operation, answer: Answer) -> None:
    """Check an answer, and put an `error` under another key: to the examination it is an answer like others."""
    validate_answer(operation if operation.op in _NAMES else _NO_OPERATION, answer)
    if "error" in answer:
        answer[FAULT] = answer.pop("error")


def _show(value: Any) -> str:
    if value.__class__ is dict and FAULT in value:
        value = {"error": value[FAULT]}
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 4]} ..."


def name_command(factory: SubjectFactory) -> str:
    """Return how the user named the harness."""
    return shlex.join(factory.command) if factory.command else factory.text
