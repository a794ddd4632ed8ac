"""Switches between the lines of some files: by `sys.monitoring` where there is one, else by `sys.settrace`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any

__all__ = ["Lines"]

_MONITORING: Any = getattr(sys, "monitoring", None)
_TOOL = 3  # not one of those that debuggers, coverage, profilers and optimizers take


class Lines:
    """Calls a function before each line of some files, in simulated threads.

    Args:
        prefixes: The files, by the beginnings of their paths.
        point: What to call.
    """

    def __init__(self, prefixes: Sequence[str], point: Callable[[], None]) -> None:
        self._prefixes = tuple(prefixes)
        self._point = point
        self._depth = 0

    def begin(self) -> None:
        """A simulated thread begins; called in it."""
        if _MONITORING is None:
            sys.settrace(self._trace)
            return
        self._depth += 1
        if self._depth == 1:
            events = _MONITORING.events
            _MONITORING.use_tool_id(_TOOL, "letitcrash")
            _MONITORING.register_callback(_TOOL, events.LINE, self._line)
            _MONITORING.set_events(_TOOL, events.LINE)
            _MONITORING.restart_events()

    def end(self) -> None:
        """A simulated thread ends; called in it."""
        if _MONITORING is None:
            sys.settrace(None)
            return
        self._depth -= 1
        if self._depth == 0:
            _MONITORING.set_events(_TOOL, 0)
            _MONITORING.register_callback(_TOOL, _MONITORING.events.LINE, None)
            _MONITORING.free_tool_id(_TOOL)

    def _line(self, code: CodeType, line: int) -> Any:
        if not code.co_filename.startswith(self._prefixes):
            return _MONITORING.DISABLE
        self._point()
        return None

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._trace_lines if frame.f_code.co_filename.startswith(self._prefixes) else None

    def _trace_lines(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self._point()
        return self._trace_lines
