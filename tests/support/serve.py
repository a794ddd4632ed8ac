"""Serves a subject of this process over standard streams: `python -m tests.support.serve module:attribute`.

Whatever requests have arrived are performed as one batch: an implementation is met as hastily as without a pipe.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.framing import LineBuffer
from letitcrash_conformance.subject import Subject
from letitcrash_spec.messages import Operation

__all__ = ["serve"]

_CHUNK = 1 << 16


def serve(subject: Subject, *, reading: int = 0, writing: int = 1) -> int:
    """Answer requests until bye or the end of the input.

    Args:
        subject: Whom to serve; closed at the end.
        reading: The file descriptor that requests come from.
        writing: The file descriptor that answers go to.

    Returns:
        The exit code: 0, or 1 if the subject broke; then the request that broke it was answered with an `error`.
    """
    try:
        for batch in _read_batches(reading):
            operations = [Operation(request["op"], request["args"]) for request in batch]
            broken: str | None = None
            try:
                answers = subject.run(operations)
            except SubjectError as error:
                answers, broken = list(error.answers), error.what
            lines = [{"id": request["id"], **answer} for request, answer in zip(batch, answers, strict=False)]
            if broken is not None:
                lines.append({"id": batch[len(answers)]["id"], "error": {"message": broken}})
            _write(writing, "".join(json.dumps(line) + "\n" for line in lines).encode())
            if broken is not None:
                return 1
            if any(request["op"] == "bye" for request in batch):
                return 0
        return 0
    finally:
        subject.close()


def _read_batches(reading: int) -> Iterator[list[dict[str, Any]]]:
    lines = LineBuffer()
    while chunk := os.read(reading, _CHUNK):
        batch = [json.loads(line) for line in lines.feed(chunk)]
        if batch:
            yield batch


def _write(writing: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(writing, view) :]


def main(words: list[str]) -> int:
    """Serve what `module:attribute` makes."""
    module, _, attribute = words[0].partition(":")
    make: Callable[[], Subject] = getattr(importlib.import_module(module), attribute)
    return serve(make())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
