"""What requests and answers look like as bytes, and how long an operation may take by itself."""

from __future__ import annotations

from typing import Any

from letitcrash_spec.messages import Operation
from letitcrash_spec.operations import OPERATIONS
from letitcrash_spec.wording import shorten

__all__ = ["describe", "own_time_ms"]

_DEFAULT_MS: dict[str, int] = {
    spec.name: field.default or 0 for spec in OPERATIONS for field in spec.args if field.name == "timeout_ms"
}


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
