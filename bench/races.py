"""Planted races: small servers that are wrong in some orders only, and never in the order of asyncio's own loop.

Each scenario is a coroutine that raises `Wrong` when the race has happened, or never ends. With `is_planted` false the
same scenario is right in every order.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

__all__ = ["RACES", "Race", "Wrong", "hop"]


class Wrong(Exception):
    """The race has happened."""


@dataclass(frozen=True, slots=True)
class Race:
    """A scenario with a race.

    Attributes:
        name: A short name.
        scenario: Makes the coroutine, with the race or without.
        is_strict: Whether the race can happen without a change to the order in which asyncio runs tasks.
    """

    name: str
    scenario: Callable[[bool], Coroutine[Any, Any, None]]
    is_strict: bool = False


async def hop(times: int = 1) -> None:
    """Let others run, so many times."""
    for _ in range(times):
        await asyncio.sleep(0)


class Server:
    """A server that handles one request after another."""

    def __init__(self, handle: Callable[[Any], Coroutine[Any, Any, Any]]) -> None:
        self._mailbox: asyncio.Queue[tuple[Any, asyncio.Future[Any]]] = asyncio.Queue()
        self._handle = handle
        self.task = asyncio.ensure_future(self._serve())

    async def _serve(self) -> None:
        while True:
            request, reply = await self._mailbox.get()
            answer = await self._handle(request)
            if not reply.done():
                reply.set_result(answer)

    def ask(self, request: Any) -> asyncio.Future[Any]:
        """Send a request; the future gets the answer."""
        reply = asyncio.get_running_loop().create_future()
        self._mailbox.put_nowait((request, reply))
        return reply


async def _check_then_act(is_planted: bool) -> None:
    """Two clients register one name; the table is looked at, and written one await later."""
    names: dict[str, str] = {}

    async def register(who: str) -> bool:
        if "n" in names:
            return False
        if is_planted:
            await hop()
            names["n"] = who
            return True
        return names.setdefault("n", who) == who

    async def client(who: str, delay: int) -> bool:
        await hop(delay)
        return await register(who)

    if sum(await asyncio.gather(client("a", 0), client("b", 5))) != 1:
        raise Wrong("both clients have registered the name")


async def _lost_increment(is_planted: bool) -> None:
    """Two clients increment a counter: they read, await, and write."""
    values = {"a": 0}
    lock = asyncio.Lock()

    async def increment(delay: int) -> None:
        await hop(delay)
        async with contextlib.nullcontext() if is_planted else lock:
            seen = values["a"]
            await hop(2)
            values["a"] = seen + 1

    await asyncio.gather(increment(0), increment(6))
    if values["a"] != 2:
        raise Wrong(f"two increments made {values['a']}")


async def _silent_monitor(is_planted: bool) -> None:
    """A monitor is set while its target dies: it looked alive, and its list of watchers is read no more."""
    is_alive = True
    watchers: list[list[str]] = []
    inbox: list[str] = []

    async def monitor() -> None:
        if not is_alive:
            inbox.append("noproc")
            return
        if is_planted:
            await hop()
        watchers.append(inbox)

    async def die() -> None:
        nonlocal is_alive
        await hop(5)
        is_alive = False
        for watcher in watchers:
            watcher.append("killed")

    await asyncio.gather(monitor(), die())
    if len(inbox) != 1:
        raise Wrong(f"the monitor reported {len(inbox)} times")


async def _early_down(is_planted: bool) -> None:
    """The watcher of a dead process takes over its name, which is freed too late."""
    names = {"n": "old"}
    down = asyncio.get_running_loop().create_future()

    async def die() -> None:
        await hop()
        if not is_planted:
            del names["n"]
        down.set_result(None)
        if is_planted:
            await hop()
            del names["n"]

    async def take_over() -> None:
        await down
        await hop(3)
        if "n" in names:
            raise Wrong("the name is taken when its owner's death is known")

    await asyncio.gather(die(), take_over())


async def _stale_reply(is_planted: bool) -> None:
    """A client whose first call timed out takes the late reply for that of its second call."""
    replies: asyncio.Queue[tuple[int, int]] = asyncio.Queue()

    async def square(number: int) -> None:
        await hop(3)
        replies.put_nowait((number, number * number))

    async def call(number: int) -> int | None:
        asked = asyncio.ensure_future(square(number))
        try:
            async with asyncio.timeout(5):
                while True:
                    of, answer = await replies.get()
                    if is_planted or of == number:
                        return answer
        except TimeoutError:
            return None
        finally:
            pending.append(asked)

    pending: list[asyncio.Task[None]] = []
    for number in (2, 3):
        answer = await call(number)
        if answer not in (None, number * number):
            raise Wrong(f"the square of {number} is {answer}")
    await asyncio.gather(*pending)


async def _calls_in_a_circle(is_planted: bool) -> None:
    """Two servers call each other while they handle a call: a deadlock, if both do it at once."""

    async def first(request: str) -> str:
        return str(await servers[1].ask("plain")) if request == "nested" else "first"

    async def second(request: str) -> str:
        return str(await servers[0].ask("plain")) if request == "nested" and is_planted else "second"

    servers = (Server(first), Server(second))

    async def client(server: Server, delay: int) -> None:
        await hop(delay)
        await server.ask("nested")

    await asyncio.gather(client(servers[0], 0), client(servers[1], 12))


async def _lost_restart(is_planted: bool) -> None:
    """A supervisor that restarts one child forgets another that dies meanwhile."""
    alive = {"a", "b"}
    is_busy = False
    lock = asyncio.Lock()

    async def restart(child: str) -> None:
        nonlocal is_busy
        if is_planted:
            if is_busy:
                return
            is_busy = True
            await hop(2)
            alive.add(child)
            is_busy = False
            return
        async with lock:
            await hop(2)
            alive.add(child)

    async def crash(child: str, delay: int) -> None:
        await hop(delay)
        alive.discard(child)
        await restart(child)

    await asyncio.gather(crash("a", 0), crash("b", 6))
    if alive != {"a", "b"}:
        raise Wrong(f"only {sorted(alive)} live")


async def _reused_pid(is_planted: bool) -> None:
    """A client that looks a name up is held back so long that its pid belongs to somebody else: a long window."""
    pids = 4 if is_planted else 1 << 20
    table: dict[int, int] = {0: 0}
    current = 0

    async def restart() -> None:
        nonlocal current
        for generation in range(1, 9):
            await hop(3)
            del table[current]
            current = generation % pids
            table[current] = generation

    async def client() -> None:
        await hop(2)
        pid, generation = current, table[current]
        await hop()
        if table.get(pid, generation) != generation:
            raise Wrong("the message went to a stranger with the same pid")

    await asyncio.gather(restart(), client())


RACES: tuple[Race, ...] = (
    Race("check-then-act in register", _check_then_act),
    Race("lost increment", _lost_increment),
    Race("monitor that never reports", _silent_monitor),
    Race("DOWN before the name is free", _early_down),
    Race("stale reply after a timeout", _stale_reply, is_strict=True),
    Race("two servers calling each other", _calls_in_a_circle),
    Race("lost restart", _lost_restart),
    Race("pid reused (long window)", _reused_pid),
)
"""The first ones; more are in `bench.races_trees`, those that need threads in `bench.races_threads`."""
