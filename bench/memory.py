"""How many bytes an idle server costs."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

from bench import floor, reference
from bench.peers import Peer
from letitcrash_reference import Runtime

__all__ = ["bytes_each"]


def bytes_each(peers: list[Peer], count: int) -> dict[str, float]:
    """Return what one idle server takes of Python's memory, in bytes, for the floor, the reference and each peer.

    The stacks of threads come on top.
    """
    found = {"floor": asyncio.run(_of_floor(count)), "reference": asyncio.run(_of_reference(count))}
    for peer in peers:
        found[peer.name] = peer.bytes_each(max(10, count // peer.slowness))
    return found


async def _of_floor(count: int) -> float:
    first = await floor.spawn_idle(1)
    before = _begin()
    servers = await floor.spawn_idle(count)
    size = _end(before, count)
    tasks = [server.task for server in first + servers]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return size


async def _of_reference(count: int) -> float:
    async with Runtime() as runtime:
        await reference.spawn_idle(1, runtime)
        before = _begin()
        handles = await reference.spawn_idle(count, runtime)
        size = _end(before, count)
        del handles
        return size


def _begin() -> int:
    gc.collect()
    tracemalloc.start()
    return tracemalloc.get_traced_memory()[0]


def _end(before: int, count: int) -> float:
    gc.collect()
    size = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return size / count
