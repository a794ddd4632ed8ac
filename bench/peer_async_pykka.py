"""async-pykka: the same as tasks. Needs Python 3.12."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from bench.measure import Stopwatch

__all__ = ["call", "callers", "cast", "spawn", "spawn_idle"]

async_pykka: Any = importlib.import_module("async_pykka")  # not installed everywhere: its types cannot be relied on


class Counter(async_pykka.AsyncioActor):  # type: ignore[misc]
    """Adds up what it is sent."""

    async def on_start(self) -> None:
        self.value = 0

    async def on_receive(self, message: Any) -> int:
        self.value += message
        return self.value


def call(times: int) -> float:
    """Call one actor, with a timeout of 5 s."""

    async def main() -> float:
        counter = Counter.start()
        with Stopwatch() as watch:
            for _ in range(times):
                await counter.ask(1).get(timeout=5.0)
        await counter.stop()
        return watch.seconds

    return asyncio.run(main())


def cast(times: int) -> float:
    """Tell one actor, and ask it once at the end."""

    async def main() -> float:
        counter = Counter.start()
        with Stopwatch() as watch:
            for _ in range(times):
                counter.tell(1)
            await counter.ask(1).get()
        await counter.stop()
        return watch.seconds

    return asyncio.run(main())


def callers(times: int) -> float:
    """Call one actor from 100 tasks at the same time."""

    async def main() -> float:
        counter = Counter.start()

        async def caller() -> None:
            for _ in range(times // 100):
                await counter.ask(1).get(timeout=5.0)

        with Stopwatch() as watch:
            await asyncio.gather(*(caller() for _ in range(100)))
        await counter.stop()
        return watch.seconds

    return asyncio.run(main())


def spawn(times: int) -> float:
    """Start an actor and stop it, again and again."""

    async def main() -> float:
        with Stopwatch() as watch:
            for _ in range(times):
                await Counter.start().stop().get()
        return watch.seconds

    return asyncio.run(main())


async def spawn_idle(count: int) -> list[Any]:
    """Start actors that do nothing."""
    actors = [Counter.start() for _ in range(count)]
    await asyncio.sleep(0.01)
    return actors
