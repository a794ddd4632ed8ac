"""Names of processes: each name belongs to one process, each process has at most one name."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from letitcrash_reference.errors import AlreadyNamedError, AlreadyRegisteredError, NotRegisteredError

if TYPE_CHECKING:
    from letitcrash_reference.process import Process

__all__ = ["Registry"]


class Registry:
    """The names of one runtime's processes. Everybody may register anybody.

    Attributes:
        names: Name to its live holder, in the order of registration. Read without the lock, changed under it.

    Source:
        REG-1 to REG-13, REG-15, REG-17 to REG-19.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self.names: dict[str, Process] = {}

    def add(self, name: str, process: Process) -> None:
        """Give a name to a live process.

        Raises:
            AlreadyRegisteredError: If the name is taken, be it by this very process.
            AlreadyNamedError: If the process has another name.
            TypeError, ValueError: If the name is not a text, or empty.
        """
        self.check(name)
        with self._lock:
            holder = self.names.get(name)
            if holder is not None:
                raise AlreadyRegisteredError(name, holder.pid)
            if process.name is not None:
                raise AlreadyNamedError(name, process.pid, process.name)
            self.names[name] = process
            process.name = name

    def check(self, name: object) -> None:
        """Refuse what can never be a name."""
        if not isinstance(name, str):
            raise TypeError(f"expected a text as name, got {name!r}")
        if not name:
            raise ValueError("expected a name of at least one character, got ''")

    def remove(self, name: str) -> None:
        """Take a name back; its process lives on.

        Raises:
            NotRegisteredError: If nobody has the name.
        """
        with self._lock:
            process = self.names.pop(name, None)
            if process is None:
                raise NotRegisteredError(name)
            process.name = None

    def free(self, process: Process) -> None:
        """Take the name of a dying process back, if it has one; called under the lock."""
        if process.name is not None:
            self.names.pop(process.name, None)
