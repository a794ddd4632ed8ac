"""Where code stands, in words: the calls of a thread, and the awaits of a task that sleeps."""

from __future__ import annotations

import asyncio
import os
import selectors
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["describe_awaits", "describe_calls", "is_in_loop"]

_SHOWN = 6
_ASYNCIO = str(Path(asyncio.__file__).parent) + os.sep
_HERE = str(Path(__file__).parent / "inprocess")


def is_in_loop(stack: traceback.StackSummary) -> bool:
    """Whether the innermost call is the event loop's own, so that nothing of the subject runs."""
    return bool(stack) and (stack[-1].filename == selectors.__file__ or stack[-1].filename.startswith(_ASYNCIO))


def describe_calls(stack: Iterable[traceback.FrameSummary]) -> str:
    """Return the innermost calls, one indented line each, innermost last, without those of asyncio and the suite."""
    frames = list(stack)
    for index in range(len(frames) - 1, -1, -1):
        if frames[index].filename.startswith(_HERE):
            frames = frames[index + 1 :] or frames
            break
    shown = [frame for frame in frames if not frame.filename.startswith(_ASYNCIO)] or frames
    return "\n".join(_describe(f.filename, f.lineno, f.name, f.line) for f in shown[-_SHOWN:])


def describe_awaits(awaited: Any) -> str:
    """Return the awaits that a suspended coroutine is nested in, one indented line each, innermost last."""
    lines: list[str] = []
    while awaited is not None:
        frame = _first(awaited, "cr_frame", "gi_frame", "ag_frame")
        if frame is None:
            lines.append(f"    a {type(awaited).__name__} that is not done")
            break
        if not frame.f_code.co_filename.startswith(_HERE):
            summary = traceback.FrameSummary(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
            lines.append(_describe(summary.filename, summary.lineno, summary.name, summary.line))
        awaited = _first(awaited, "cr_await", "gi_yieldfrom", "ag_await")
    return "\n".join(lines[-_SHOWN:])


def _first(holder: Any, *names: str) -> Any:
    return next((value for name in names if (value := getattr(holder, name, None)) is not None), None)


def _describe(filename: str, line: int | None, name: str, text: str | None) -> str:
    return f"    {filename}:{line} in {name}" + (f": {text}" if text else "")
