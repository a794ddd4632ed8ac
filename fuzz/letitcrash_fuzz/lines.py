"""Which lines of the subject were run: cheap enough to be asked of every execution.

From Python 3.12 on `sys.monitoring` reports each line once and costs nothing afterwards. Before, a trace function looks
at functions while they still bring something new, and then less and less often.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from letitcrash_conformance.errors import UsageError

__all__ = ["Lines", "find_folders"]

_PATIENCE = 32
"""Calls of one function that may bring nothing new before it is looked at half as often."""

_NAME = "letitcrash fuzz"


def find_folders(packages: Sequence[str]) -> list[str]:
    """Return where the files of packages and modules are: folders with a slash at their end, or single files.

    Raises:
        UsageError: If one cannot be imported or has no files.
    """
    found: list[str] = []
    for name in packages:
        try:
            module = importlib.import_module(name)
        except Exception as error:
            raise UsageError(f"expected a package to instrument, got {name!r}: {error}") from None
        if module.__file__ is None:
            raise UsageError(f"expected a package with files to instrument, got {name!r}, which has none")
        path = Path(module.__file__)
        found.append(f"{path.parent}/" if path.name == "__init__.py" else str(path))
    return found


class Lines:
    """Collects the lines of some packages that are run, each once.

    Args:
        packages: Names of packages and modules.

    Raises:
        UsageError: If one cannot be imported.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self._folders = tuple(find_folders(packages))
        self._new: dict[str, None] = {}
        self._seen: set[tuple[str, int]] = set()
        self._idle: dict[CodeType, int] = {}
        self._tool: int | None = None

    def start(self) -> None:
        """Begin to collect; the threads that are started from now on included."""
        if not self._folders:
            return
        if sys.version_info >= (3, 12):
            self._start_monitoring()
        else:
            threading.settrace(self._trace)
            sys.settrace(self._trace)

    def stop(self) -> None:
        """Collect no more."""
        if not self._folders:
            return
        if sys.version_info >= (3, 12):
            if self._tool is not None:
                sys.monitoring.set_events(self._tool, 0)
                sys.monitoring.register_callback(self._tool, sys.monitoring.events.LINE, None)
                sys.monitoring.free_tool_id(self._tool)
                self._tool = None
        else:
            sys.settrace(None)
            threading.settrace(None)

    def take(self) -> tuple[str, ...]:
        """Return the lines that were run for the first time since the last call: `"code file.py:12"`."""
        new, self._new = self._new, {}
        return tuple(new)

    def _note(self, file: str, line: int) -> bool:
        """Note a line. Returns whether it is new."""
        if (file, line) in self._seen:
            return False
        self._seen.add((file, line))
        path = Path(file)
        self._new[f"code {path.parent.name}/{path.name}:{line}"] = None
        return True

    # -- sys.monitoring ------------------------------------------------------------------------------------------------

    def _start_monitoring(self) -> None:
        if sys.version_info < (3, 12):
            return
        monitoring = sys.monitoring
        free = next((tool for tool in (4, 3) if monitoring.get_tool(tool) is None), None)
        if free is None:
            return  # others measure this process already: the states of the model must do
        self._tool = free
        monitoring.use_tool_id(free, _NAME)
        monitoring.register_callback(free, monitoring.events.LINE, self._on_line)
        monitoring.restart_events()
        monitoring.set_events(free, monitoring.events.LINE)

    def _on_line(self, code: CodeType, line: int) -> Any:
        if code.co_filename.startswith(self._folders):
            self._note(code.co_filename, line)
        if sys.version_info >= (3, 12):
            return sys.monitoring.DISABLE
        return None

    # -- sys.settrace --------------------------------------------------------------------------------------------------

    def _trace(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        idle = self._idle.get(code)
        if idle is None:
            idle = 0 if code.co_filename.startswith(self._folders) else -1
        if idle < 0:
            self._idle[code] = -1
            return None
        self._idle[code] = idle + 1
        if idle > _PATIENCE and idle & (idle - 1):
            return None  # only every time that the number of calls is a power of two
        return self._trace_line

    def _trace_line(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line" and self._note(frame.f_code.co_filename, frame.f_lineno):
            self._idle[frame.f_code] = 0
        return self._trace_line
