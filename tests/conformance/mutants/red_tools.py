"""What attackers' faults are made of: a memory for each world, and messages that look like what they are not."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from letitcrash_reference.messages import Exit

__all__ = ["Memory", "Sent"]


class Memory:
    """Remembers things about the processes of each world on its own."""

    def __init__(self) -> None:
        self._worlds: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()

    def __call__(self, process: Any) -> dict[Any, Any]:
        """Return what is remembered in the world of a process, to be changed freely."""
        return self._worlds.setdefault(process.runtime, {})


class Sent(Exit):
    """An exit that somebody sent on purpose."""
