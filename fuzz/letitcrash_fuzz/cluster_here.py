"""The cluster of this machine that a campaign starts for itself: it lasts, whatever becomes of its workers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import time
from pathlib import Path
from typing import Any

__all__ = ["ClusterHere"]

CLOSE_S = 5.0
"""How long it may take to let go, and its processes to end, in seconds."""

REPLACE_S = 20.0
"""How long a worker may be away before another one takes its place, in seconds."""

TRIES = 3
"""How often it is started, if one of its workers dies before it is there."""

_PRELOAD = "letitcrash_fuzz.cluster_range"


class ClusterHere:
    """A `LocalCluster` of dask with one thread a worker.

    A worker that dies at work is started again by its nanny. One that dies while it starts takes its nanny with it;
    `mend` replaces both.

    Attributes:
        inner: The `LocalCluster`.
    """

    def __init__(self, dask: Any, count: int, folder: Path) -> None:
        """Start it.

        Args:
            dask: The module `distributed`.
            count: How many worker processes it has.
            folder: Where it may put files.

        Raises:
            OSError, RuntimeError, TimeoutError: If it did not start.
        """
        self._count = count
        self._seen: dict[Any, float] = {}
        for tries_left in reversed(range(TRIES)):
            try:
                self.inner = dask.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                    local_directory=str(folder),
                    preload=[_PRELOAD],
                )
                return
            except (OSError, RuntimeError, TimeoutError):
                if not tries_left:
                    raise

    def mend(self) -> None:
        """Replace the workers that have been away for long."""
        now = time.monotonic()
        present = {state.name for state in self.inner.scheduler.workers.values()}
        lost: list[Any] = []
        for name in list(self.inner.workers):
            if name in present:
                self._seen[name] = now
            elif now - self._seen.setdefault(name, now) > REPLACE_S:
                lost.append(name)
                del self._seen[name]
        if lost:
            self.inner.sync(self._bury, lost)
        if len(self.inner.workers) < self._count:
            self.inner.scale(self._count)

    async def _bury(self, lost: list[Any]) -> None:
        for name in lost:
            nanny = self.inner.workers.pop(name, None)
            if nanny is not None:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(nanny.close(timeout=CLOSE_S), 2 * CLOSE_S)

    def close(self) -> None:
        """End it, and wait until its processes are gone."""
        with contextlib.suppress(Exception):
            self.inner.close(timeout=CLOSE_S)
        deadline = time.monotonic() + CLOSE_S
        for worker in multiprocessing.active_children():
            worker.join(max(0.0, deadline - time.monotonic()))
