"""What every backend's driver can do."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from typing import Any

from letitcrash_reference.process import Process

__all__ = ["SLICE", "Driver", "Ending"]

SLICE = 200  # messages that a server may handle before others get their turn


class Ending:
    """Threads that have done their work and are about to end, so that they can be joined without waiting."""

    def __init__(self) -> None:
        self._threads: deque[threading.Thread] = deque()
        self._lock = threading.Lock()

    def add(self, thread: threading.Thread) -> None:
        """Remember a thread, called by itself as its last act but one."""
        self._threads.append(thread)

    def prune(self) -> None:
        """Forget those that have ended."""
        with self._lock:
            while self._threads and not self._threads[0].is_alive():
                self._threads.popleft()

    def join(self) -> None:
        """Wait until all have ended."""
        while self._threads:
            self._threads.popleft().join()


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

    def begin_wait(self, process: Process) -> None:
        """The callback of a process is about to block its thread until another process answers."""
        return

    def end_wait(self, process: Process) -> None:
        """That wait is over."""
        return

    def is_queued_in_vain(self, process: Process) -> bool:
        """Whether the process wants to run and cannot before another one blocks no more."""
        return False

    @abstractmethod
    def leftovers(self) -> int:
        """Return how many tasks or threads of this driver have not ended yet."""
