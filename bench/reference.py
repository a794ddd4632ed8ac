"""The reference implementation, doing what is measured."""

from __future__ import annotations

import asyncio

from bench.measure import Stopwatch
from letitcrash_reference import Backend, From, GenServer, Handle, Runtime

__all__ = [
    "call",
    "callers",
    "cast",
    "from_other_loop",
    "loop_to_thread",
    "pool_call",
    "spawn",
    "spawn_idle",
    "thread_call",
]


class Counter(GenServer[int, int, int]):
    """Adds up what it is sent."""

    def __init__(self) -> None:
        self.value = 0

    async def handle_call(self, message: int, sender: From[int]) -> int:
        self.value += message
        return self.value

    async def handle_cast(self, message: int) -> None:
        self.value += message


def call(times: int) -> float:
    """Call one server, with the usual timeout of 5 s."""
    return asyncio.run(_call(times, Backend.ASYNC))


def loop_to_thread(times: int) -> float:
    """Call a server that has a thread of its own, from a task."""
    return asyncio.run(_call(times, Backend.THREAD))


async def _call(times: int, backend: Backend) -> float:
    async with Runtime() as runtime:
        counter = await runtime.start(Counter(), backend=backend)
        return await _time_calls(counter, times)


async def _time_calls(counter: Handle[int, int, int], times: int) -> float:
    with Stopwatch() as watch:
        for _ in range(times):
            await counter.call(1)
    return watch.seconds


def from_other_loop(times: int) -> float:
    """Call a server that runs on another event loop, in another thread."""
    with Runtime() as runtime:
        counter = runtime.start_sync(Counter())
        return asyncio.run(_time_calls(counter, times))


def cast(times: int) -> float:
    """Cast to one server, and call it once at the end."""

    async def main() -> float:
        async with Runtime() as runtime:
            counter = await runtime.start(Counter())
            with Stopwatch() as watch:
                for _ in range(times):
                    counter.cast(1)
                await counter.call(1)
            return watch.seconds

    return asyncio.run(main())


def callers(times: int) -> float:
    """Call one server from 100 tasks at the same time."""

    async def main() -> float:
        async with Runtime() as runtime:
            counter = await runtime.start(Counter())

            async def caller() -> None:
                for _ in range(times // 100):
                    await counter.call(1)

            with Stopwatch() as watch:
                await asyncio.gather(*(caller() for _ in range(100)))
            return watch.seconds

    return asyncio.run(main())


def spawn(times: int) -> float:
    """Start a server and stop it, again and again."""

    async def main() -> float:
        async with Runtime() as runtime:
            with Stopwatch() as watch:
                for _ in range(times):
                    counter = await runtime.start(Counter())
                    await counter.stop()
            return watch.seconds

    return asyncio.run(main())


async def spawn_idle(count: int, runtime: Runtime) -> list[Handle[int, int, int]]:
    """Start servers that do nothing."""
    return [await runtime.start(Counter()) for _ in range(count)]


def thread_call(times: int) -> float:
    """Call a server that has a thread of its own, from a thread."""
    return _call_sync(times, Backend.THREAD)


def pool_call(times: int) -> float:
    """Call a server of the pool, from a thread."""
    return _call_sync(times, Backend.BLOCKING)


def _call_sync(times: int, backend: Backend) -> float:
    with Runtime() as runtime:
        counter = runtime.start_sync(Counter(), backend=backend)
        with Stopwatch() as watch:
            for _ in range(times):
                counter.call_sync(1)
        return watch.seconds
