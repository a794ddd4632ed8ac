"""An event loop for one simulated thread: when it has nothing to do, its thread waits in the simulation."""

from __future__ import annotations

import asyncio
from typing import Any

from letitcrash_conformance.simulation.locks import Semaphore
from letitcrash_conformance.simulation.threads import SimThreads

__all__ = ["NapLoop"]


class _Nap:
    """Stands in for the selector."""

    def __init__(self, threads: SimThreads) -> None:
        self._awake = Semaphore(threads, 0)

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None or timeout > 0:
            self._awake.acquire(timeout=timeout)
        while self._awake.acquire(blocking=False):
            pass
        return []

    def wake(self) -> None:
        self._awake.release()

    def close(self) -> None:
        """There is nothing to close."""


class NapLoop(asyncio.BaseEventLoop):
    """An event loop on virtual time, in first come, first served order; other threads run while it waits."""

    def __init__(self, threads: SimThreads) -> None:
        super().__init__()
        self._threads = threads
        self._selector = _Nap(threads)

    def time(self) -> float:
        return self._threads.time()

    def _process_events(self, event_list: list[Any]) -> None:
        """Nothing to process: there are no file descriptors."""

    def _write_to_self(self) -> None:
        self._selector.wake()
