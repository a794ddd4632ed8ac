"""A small event loop without sockets, for the threads of the BLOCKING and THREAD backends.

It lets a callback on a thread await asyncio's sleep, timeouts, locks, futures and tasks. It owns no file descriptor, so
that a thread costs a thread and no more.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

__all__ = ["BlockingLoop"]


class _Nap:
    """Stands in for the selector: waits until somebody writes to the loop, or the next timer is due."""

    def __init__(self) -> None:
        self._awake = threading.Semaphore(0)

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None or timeout > 0:
            self._awake.acquire(timeout=timeout)
        while self._awake.acquire(blocking=False):
            pass
        return []

    def wake(self) -> None:
        self._awake.release()

    def close(self) -> None:
        pass


class BlockingLoop(asyncio.BaseEventLoop):
    """An event loop for one thread: timers, futures, tasks and `call_soon_threadsafe`, but no I/O."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Nap()

    def _process_events(self, event_list: list[Any]) -> None:
        """Nothing to process: there are no file descriptors."""

    def _write_to_self(self) -> None:
        self._selector.wake()

    def finish(self) -> None:
        """Cancel the tasks that callbacks left behind, and close."""
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            self.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.close()
