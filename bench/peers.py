"""The peers that are installed, and those that are not and why."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
import tracemalloc
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = ["Peer", "find_peers"]


@dataclass(frozen=True, slots=True)
class Peer:
    """A library to compare with.

    Attributes:
        name: Its name.
        module: What does with it what is measured: `call`, `cast`, `callers`, `spawn`, `spawn_idle`.
        slowness: How many times fewer servers are started of it at once.
        is_async: Whether its `spawn_idle` is a coroutine function.
    """

    name: str
    module: ModuleType
    slowness: int
    is_async: bool

    def bytes_each(self, count: int) -> float:
        """Return what one idle server takes of Python's memory, in bytes."""
        return asyncio.run(self._measure(count))

    async def _measure(self, count: int) -> float:
        first = await self._spawn_idle(1)
        gc.collect()
        tracemalloc.start()
        actors = await self._spawn_idle(count)
        gc.collect()
        size = tracemalloc.get_traced_memory()[0] / count
        tracemalloc.stop()
        for actor in [*first, *actors]:
            ended = actor.stop()
            if self.is_async:
                await ended
        return size

    async def _spawn_idle(self, count: int) -> list[Any]:
        started = self.module.spawn_idle(count)
        return list(await started if self.is_async else started)


def find_peers() -> tuple[list[Peer], list[str]]:
    """Return the peers that can be imported, and a line for each that cannot."""
    peers: list[Peer] = []
    missing: list[str] = []
    try:
        peers.append(Peer("pykka", importlib.import_module("bench.peer_pykka"), 20, False))
    except ImportError as error:
        missing.append(f"pykka is left out: {error}; install it with: make install-bench")
    try:
        peers.append(Peer("async-pykka", importlib.import_module("bench.peer_async_pykka"), 1, True))
    except ImportError as error:
        why = "it needs Python 3.12" if sys.version_info < (3, 12) else f"{error}; install it with: make install-bench"
        missing.append(f"async-pykka is left out: {why}")
    return peers, missing
