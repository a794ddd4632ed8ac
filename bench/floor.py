"""The floors: the least that a server in Python can be, without any of what makes it a process."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from queue import SimpleQueue
from typing import Any

from bench.measure import Stopwatch

__all__ = ["call", "callers", "cast", "spawn", "spawn_idle", "thread_call"]

_STOP = object()


class BareServer:
    """One asyncio task fed by a deque, woken by a future, answering through a future."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.mailbox: deque[tuple[Any, asyncio.Future[int] | None]] = deque()
        self.waiter: asyncio.Future[None] | None = None
        self.value = 0
        self.task = self.loop.create_task(self.serve())

    async def serve(self) -> None:
        mailbox = self.mailbox
        while True:
            while mailbox:
                message, reply = mailbox.popleft()
                if message is _STOP:
                    return
                self.value += message
                if reply is not None:
                    reply.set_result(self.value)
            self.waiter = self.loop.create_future()
            await self.waiter

    def call(self, message: int) -> asyncio.Future[int]:
        reply: asyncio.Future[int] = self.loop.create_future()
        self.mailbox.append((message, reply))
        self.wake()
        return reply

    def cast(self, message: Any) -> None:
        self.mailbox.append((message, None))
        self.wake()

    def wake(self) -> None:
        waiter = self.waiter
        if waiter is not None:
            self.waiter = None
            waiter.set_result(None)


def call(times: int) -> float:
    """Call one server, one call after another."""

    async def main() -> float:
        server = BareServer()
        with Stopwatch() as watch:
            for _ in range(times):
                await server.call(1)
        await _stop(server)
        return watch.seconds

    return asyncio.run(main())


def cast(times: int) -> float:
    """Cast to one server, and call it once at the end."""

    async def main() -> float:
        server = BareServer()
        with Stopwatch() as watch:
            for _ in range(times):
                server.cast(1)
            await server.call(1)
        await _stop(server)
        return watch.seconds

    return asyncio.run(main())


def callers(times: int) -> float:
    """Call one server from 100 tasks at the same time."""

    async def main() -> float:
        server = BareServer()

        async def caller() -> None:
            for _ in range(times // 100):
                await server.call(1)

        with Stopwatch() as watch:
            await asyncio.gather(*(caller() for _ in range(100)))
        await _stop(server)
        return watch.seconds

    return asyncio.run(main())


def spawn(times: int) -> float:
    """Start a server, wait for its first answer, and end it, again and again."""

    async def main() -> float:
        with Stopwatch() as watch:
            for _ in range(times):
                server = BareServer()
                await server.call(0)
                await _stop(server)
        return watch.seconds

    return asyncio.run(main())


async def spawn_idle(count: int) -> list[BareServer]:
    """Start servers that do nothing."""
    servers = [BareServer() for _ in range(count)]
    await asyncio.sleep(0)
    return servers


def thread_call(times: int) -> float:
    """Call a thread by a queue, with a fresh queue for each reply."""
    inbox: SimpleQueue[tuple[Any, SimpleQueue[int]] | None] = SimpleQueue()

    def serve() -> None:
        value = 0
        while (item := inbox.get()) is not None:
            message, reply = item
            value += message
            reply.put(value)

    thread = threading.Thread(target=serve)
    thread.start()
    with Stopwatch() as watch:
        for _ in range(times):
            reply: SimpleQueue[int] = SimpleQueue()
            inbox.put((1, reply))
            reply.get(timeout=5.0)
    inbox.put(None)
    thread.join()
    return watch.seconds


async def _stop(server: BareServer) -> None:
    server.cast(_STOP)
    await server.task
