"""What requests and answers look like as bytes, and how long an operation may take by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from letitcrash_conformance.errors import SuiteError
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.operations import OPERATIONS
from letitcrash_spec.wording import shorten

__all__ = ["MAX_LINE", "BadHarnessError", "LineBuffer", "describe", "encode_requests", "own_time_ms", "parse_answer"]

MAX_LINE = 1 << 20
"""The longest line that either side may write, in bytes, its end not counted."""

_DEFAULT_MS: dict[str, int] = {
    spec.name: field.default or 0 for spec in OPERATIONS for field in spec.args if field.name == "timeout_ms"
}
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class BadHarnessError(Exception):
    """A harness did what it must not do; the message says `expected <what>, got <value>`."""


class LineBuffer:
    """Bytes that arrived, cut into lines."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Add bytes and return the lines that they complete, oldest first, without their ends.

        Raises:
            BadHarnessError: If the line that is not complete yet is longer than `MAX_LINE`.
        """
        head, end, tail = chunk.rpartition(b"\n")
        if not end:
            self._parts.append(tail)
            self._length += len(tail)
            if self._length > MAX_LINE:
                start = self.rest[:60]
                raise BadHarnessError(f"expected a line of at most {MAX_LINE} bytes, got more: it begins {start!r}")
            return []
        if self._parts:
            head = b"".join(self._parts) + head
            self._parts.clear()
        if tail:
            self._parts.append(tail)
        self._length = len(tail)
        return head.split(b"\n")

    @property
    def rest(self) -> bytes:
        """What arrived after the last end of a line."""
        return b"".join(self._parts)


def encode_requests(first_id: int, operations: Sequence[Operation]) -> bytes:
    """Return the requests as lines, their ids counted from `first_id`.

    Raises:
        SuiteError: If a request is no JSON or longer than `MAX_LINE`.
    """
    lines: list[str] = []
    for number, (op, args) in enumerate(operations, first_id):
        try:
            line = f'{{"id":{number},"op":"{op}","args":{_encode(args)}}}\n'
        except (TypeError, ValueError, RecursionError) as error:
            what = f"expected arguments of JSON, got {error}"
            raise SuiteError(f"{describe(number, Operation(op, args))}: {what}") from error
        if len(line) > MAX_LINE:
            what = f"expected a request of at most {MAX_LINE} bytes, got {len(line)}"
            raise SuiteError(f"{describe(number, Operation(op, args))}: {what}")
        lines.append(line)
    return "".join(lines).encode("ascii")


def parse_answer(line: bytes, wanted_id: int, last_id: int) -> Answer:
    """Read one line of a harness as the answer to a request.

    Args:
        line: The line without its end.
        wanted_id: The id of the oldest request that has no answer yet.
        last_id: The id of the youngest request of the batch.

    Returns:
        The answer without its id and whatever else the harness said beside it.

    Raises:
        BadHarnessError: If the line is not the one answer to that request, in whatever way.
    """
    if len(line) > MAX_LINE:
        raise BadHarnessError(f"expected a line of at most {MAX_LINE} bytes, got {len(line)}: {shorten(line[:200])}")
    try:
        answer: Any = _decode(line.decode())
    except UnicodeDecodeError as error:
        raise BadHarnessError(f"expected UTF-8 on standard output, got {shorten(line)} ({error.reason})") from error
    except (ValueError, RecursionError) as error:
        raise BadHarnessError(
            f"expected one JSON object per line on standard output, got {_show(line)} ({_why(error)})\n"
            "  a harness prints nothing else there: write remarks to standard error"
        ) from error
    if not isinstance(answer, dict):
        raise BadHarnessError(
            f"expected one JSON object per line on standard output, got {_show(line)}\n"
            "  a harness prints nothing else there: write remarks to standard error"
        )
    return _check(cast("dict[str, Any]", answer), line, wanted_id, last_id)


def _check(answer: dict[str, Any], line: bytes, wanted_id: int, last_id: int) -> Answer:
    got = answer.get("id")
    if got != wanted_id or type(got) is not int:
        raise BadHarnessError(_explain_id(answer, line, wanted_id, last_id))
    kinds = [kind for kind in ("ok", "fail", "error") if kind in answer]
    if len(kinds) != 1:
        found = f"{' and '.join(repr(kind) for kind in kinds)} at once" if kinds else "none of them"
        raise BadHarnessError(f"expected exactly one of 'ok', 'fail' and 'error', got {found}: {_show(line)}")
    if b"\\ud" in line or b"\\uD" in line:
        _refuse_surrogates(answer, line)
    return {kinds[0]: answer[kinds[0]]}


def _explain_id(answer: dict[str, Any], line: bytes, wanted_id: int, last_id: int) -> str:
    if "id" not in answer:
        return f"expected 'id' {wanted_id}, got an answer without an id: {_show(line)}"
    got = answer["id"]
    why = "nobody asked for that one"
    if type(got) is not int:
        why = "an id is a whole number, echoed as it came"
    elif 0 < got < wanted_id:
        why = "that one has had its answer"
    elif wanted_id < got <= last_id:
        why = "requests are answered in the order in which they came"
    return f"expected 'id' {wanted_id}, got {shorten(got)}: {why}: {_show(line)}"


def _refuse_surrogates(answer: dict[str, Any], line: bytes) -> None:
    try:
        json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BadHarnessError(f"expected text without lone surrogates, got {_show(line)}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode


def _show(line: bytes) -> str:
    return shorten(line.decode())


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)


def own_time_ms(operation: Operation) -> int:
    """Return how long the operation may lawfully take by itself, in milliseconds of the subject's clock."""
    args = operation.args
    if operation.op == "parallel":
        return max((_sum_own_times(client) for client in args["clients"]), default=0)
    own: int = args.get("timeout_ms") or args.get("settle_ms") or args.get("ms") or _DEFAULT_MS.get(operation.op, 0)
    return own


def _sum_own_times(client: list[dict[str, Any]]) -> int:
    return sum(own_time_ms(Operation(entry["op"], entry.get("args", {}))) for entry in client)


def describe(number: int, operation: Operation) -> str:
    """Name a request in a message: `request 17, call {'to': 'p1'}`."""
    return f"request {number}, {operation.op} {shorten(operation.args)}"
