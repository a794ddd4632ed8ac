"""What every backend's driver can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from letitcrash_reference.process import Process

__all__ = ["SLICE", "Driver"]

SLICE = 200  # messages that a server may handle before others get their turn


class Driver(ABC):
    """Runs the processes of one backend of one runtime."""

    @abstractmethod
    def launch(self, process: Process) -> None:
        """Let a new process begin, from any thread."""

    @abstractmethod
    def rouse(self, process: Process, waiter: Any) -> None:
        """Let a parked process go on; `waiter` is what was popped from `process.parked`. From any thread."""

    @abstractmethod
    def halt(self, process: Process) -> None:
        """Make the code of a process that has just died end soon. From any thread, under the table's lock."""

    def is_queued_in_vain(self, process: Process) -> bool:
        """Whether the process wants to run and cannot before another one blocks no more."""
        return False

    @abstractmethod
    def leftovers(self) -> int:
        """Return how many tasks or threads of this driver have not ended yet."""
