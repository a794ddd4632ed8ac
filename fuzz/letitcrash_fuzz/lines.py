"""Which lines of the subject were run: cheap enough to be asked of every execution.

From Python 3.12 on `sys.monitoring` reports each line once and costs nothing afterwards. Before, a trace function looks
at every second execution, and there at functions as long as some of their lines were never run.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from letitcrash_conformance.errors import UsageError

__all__ = ["Lines", "find_folders"]

_FIRST = 100
_EVERY = 2
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
        self._missing: dict[CodeType, set[int]] = {}
        self._tool: int | None = None
        self._blocks = 0

    def start(self) -> None:
        """Begin to collect, for the whole process."""
        if self._folders and sys.version_info >= (3, 12):
            self._start_monitoring()

    def stop(self) -> None:
        """Collect no more."""
        if sys.version_info >= (3, 12) and self._tool is not None:
            sys.monitoring.set_events(self._tool, 0)
            sys.monitoring.register_callback(self._tool, sys.monitoring.events.LINE, None)
            sys.monitoring.free_tool_id(self._tool)
            self._tool = None

    @contextlib.contextmanager
    def around(self) -> Generator[None]:
        """Collect inside the block, and in the threads that are started there; only where nothing else is at hand.

        Tracing makes the block several times slower, so that before Python 3.12 only every second block is traced, once
        the first have shown what is run always.
        """
        self._blocks += 1
        is_traced = self._blocks <= _FIRST or not self._blocks % _EVERY
        if not self._folders or sys.version_info >= (3, 12) or not is_traced or sys.gettrace() is not None:
            yield
            return
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        try:
            yield
        finally:
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
        missing = self._missing.get(code)
        if missing is None:
            missing = self._missing[code] = self._lines_of(code)
        return self._trace_line if missing else None

    def _lines_of(self, code: CodeType) -> set[int]:
        """Return the lines of a function that were not run yet; none if it is not one of the subject's."""
        file = code.co_filename
        if not file.startswith(self._folders):
            return set()
        lines = {line for _, _, line in code.co_lines() if line is not None and line != code.co_firstlineno}
        return {line for line in lines if (file, line) not in self._seen}

    def _trace_line(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            line = frame.f_lineno
            missing = self._missing[frame.f_code]
            if line in missing:
                missing.discard(line)
                self._note(frame.f_code.co_filename, line)
        return self._trace_line
