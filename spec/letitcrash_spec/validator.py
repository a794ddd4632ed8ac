"""Checks requests, answers and events against the protocol table.

Requests are checked strictly: an unknown argument is refused, because it is a slip of whoever wrote it. Answers,
observations and events are checked tolerantly: keys that the protocol does not know are ignored, so that a harness may
say more than it has to. What is judged here is only the form, which is the harness's business. Whether an answer is
right is the model's question; that is why the value of a call's answer may be anything that a probe can answer, and a
failure any of the known kinds: a reply that reached the wrong caller has to arrive at the model.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NoReturn, cast

from letitcrash_spec.checkers import compile_shapes, find_complaint
from letitcrash_spec.errors import MessageError
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.operations import OPERATIONS, SHAPES
from letitcrash_spec.shapes import Named, Shape
from letitcrash_spec.wording import shorten

__all__ = [
    "validate_action",
    "validate_answer",
    "validate_event",
    "validate_observation",
    "validate_operation",
    "validate_probe",
    "validate_request",
]

_CHECKERS = compile_shapes(SHAPES)
_ANSWER_CHECKERS = {spec.name: _CHECKERS[f"{spec.name}_answer"] for spec in OPERATIONS if spec.name != "parallel"}
_ARGS_CHECKERS = {spec.name: _CHECKERS[f"{spec.name}_args"] for spec in OPERATIONS}
_is_request = _CHECKERS["request"]
_is_event = _CHECKERS["event"]
_is_observation = _CHECKERS["observation"]


def validate_request(value: Any) -> None:
    """Check one line from the suite to a subject: `{"id": 17, "op": "call", "args": {...}}`.

    Raises:
        MessageError: If it is not a request of the protocol; unknown keys are refused.
    """
    if not _is_request(value):
        _raise(Named("request"), value, subject="the request", where=_name_request(value))


def validate_operation(operation: Operation) -> None:
    """Check the name and the arguments of an operation.

    Raises:
        MessageError: If there is no such operation or an argument is missing, unknown or of the wrong form.
    """
    op: Any = operation.op  # comes from a program that may be wrong
    check = _ARGS_CHECKERS.get(op) if isinstance(op, str) else None
    if check is None or not check(operation.args):
        value = {"op": operation.op, "args": operation.args}
        _raise(Named("operation"), value, subject="the operation", where=_name_request(value))


def validate_answer(operation: Operation, answer: Answer) -> None:
    """Check the form of an answer to an operation; keys beside `ok`, `fail` and `error` are ignored.

    An answer `{"error": ...}` is of good form: it says that the harness failed, and its caller has to act on that.

    Raises:
        MessageError: If a harness must not answer this.
    """
    check = _ANSWER_CHECKERS.get(operation.op)
    if check is not None:
        if check(answer):
            return
        _raise(Named(f"{operation.op}_answer"), answer, subject="the answer", where=f"the answer of {operation.op}")
    elif operation.op == "parallel":
        _validate_parallel(operation, answer)
    else:
        validate_operation(operation)


def validate_event(event: Any) -> None:
    """Check one entry of the event log; unknown keys are ignored, unknown events are not.

    Raises:
        MessageError: If it is not an event of the protocol.
    """
    if not _is_event(event):
        name = cast("dict[str, Any]", event).get("ev") if isinstance(event, dict) else None
        _raise(Named("event"), event, subject="the event", where=f"event {name}" if isinstance(name, str) else "event")


def validate_observation(observation: Any) -> None:
    """Check the value of an `observe` answer, events included; unknown keys are ignored.

    Raises:
        MessageError: If it is not an observation of the protocol.
    """
    if not _is_observation(observation):
        _raise(Named("observation"), observation, subject="the observation", where="observation")


def validate_action(action: Any) -> None:
    """Check a probe action: `["add", 2]`.

    Raises:
        MessageError: If the protocol knows no such action or it has the wrong parameters.
    """
    if not _CHECKERS["action"](action):
        _raise(Named("action"), action, subject="the action", where="action")


def validate_probe(probe: Any) -> None:
    """Check the description of a probe, as `spawn` takes it.

    Raises:
        MessageError: If the protocol does not allow it.
    """
    if not _CHECKERS["probe"](probe):
        _raise(Named("probe"), probe, subject="the probe", where="probe")


def _validate_parallel(operation: Operation, answer: Answer) -> None:
    """Check the stamped answers of every client against the operations that this client was given."""
    where = "the answer of parallel"
    if not _CHECKERS["parallel_answer"](answer):
        _raise(Named("parallel_answer"), answer, subject="the answer", where=where)
    if "ok" not in answer:
        return
    clients, histories = operation.args["clients"], answer["ok"]
    if len(histories) != len(clients):
        _refuse("'ok'", f"a list of {len(clients)} clients", histories, where)
    stamps: list[int] = []
    for number, (operations, history) in enumerate(zip(clients, histories, strict=True), 1):
        place = f"{where}, client {number}"
        if len(history) != len(operations):
            _refuse("the history", f"{len(operations)} answers long, one for each operation", history, place)
        for step, (entry, stamped) in enumerate(zip(operations, history, strict=True), 1):
            inner = Operation(entry["op"], entry["args"])
            if not _ANSWER_CHECKERS[inner.op](stamped["answer"]):
                shape = Named(f"{inner.op}_answer")
                _raise(shape, stamped["answer"], subject="the answer", where=f"{place}, step {step}, {inner.op}")
            stamps += (stamped["call"], stamped["return"])
        ordered = [stamp for stamped in history for stamp in (stamped["call"], stamped["return"])]
        if any(later <= earlier for earlier, later in pairwise(ordered)):
            _refuse("the stamps", "increasing from each call to its return and to the next call", ordered, place)
    if len(set(stamps)) != len(stamps):
        _refuse("the stamps", "unique, from one counter that all clients share", sorted(stamps), where)


def _name_request(value: Any) -> str:
    op = cast("dict[str, Any]", value).get("op") if isinstance(value, dict) else None
    return op if isinstance(op, str) and op in _ARGS_CHECKERS else "request"


def _raise(shape: Shape, value: Any, *, subject: str, where: str) -> NoReturn:
    complaint = find_complaint(shape, value, SHAPES, subject=subject, where=where)
    if complaint is None:  # pragma: no cover - the two roads agree, which a property test shows
        raise AssertionError(f"checker and explanation disagree about {value!r} as {shape!r}: please report")
    _refuse(*complaint)


def _refuse(subject: str, expected: str, got: object, where: str) -> NoReturn:
    message = f"expected {subject} to be {expected}, got {shorten(got)} (in {where})"
    raise MessageError(message, where=where, expected=expected, got=got)
