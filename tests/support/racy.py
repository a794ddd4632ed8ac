"""The reference with a race: every signal of the client goes on its way in a task of its own.

On asyncio's own loop these tasks run in the order in which they were made, so that nobody can tell. Where the order of
tasks is drawn, one signal overtakes another of the same sender.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from letitcrash_conformance.inprocess import Refused
from letitcrash_conformance.subjects.reference import ReferenceSubject

_POSTED = frozenset({"cast", "exit", "send"})


class Overtaking(ReferenceSubject):
    """Its signals may overtake each other."""

    def __init__(self) -> None:
        super().__init__()
        self._posted: set[asyncio.Task[None]] = set()
        wrapped = {name: (self._wrap(name, method), True) for name, (method, _) in self._methods.items()}
        self._methods.update(wrapped)

    def _wrap(self, name: str, method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        async def post(**args: Any) -> None:
            if name == "send" and not isinstance(args["to"], str):  # it must say whether anybody has the name
                await follow(**args)
                return
            task = asyncio.ensure_future(_deliver(method(**args)))
            self._posted.add(task)
            task.add_done_callback(self._posted.discard)

        async def follow(**args: Any) -> Any:
            await asyncio.sleep(0)  # those posted before have a head start
            if name in ("observe", "reset"):
                await asyncio.gather(*self._posted)
            return await method(**args)

        return post if name in _POSTED else follow


async def _deliver(signal: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(Refused):
        await signal


class LateRegister(ReferenceSubject):
    """Gives a name an await after it has looked whether the name is free."""

    async def register(self, name: str, to: str) -> None:
        world = self._world
        process = None if world is None else world.find_process(to)
        if world is None or process is None or not process.alive:
            raise Refused("noproc")
        names = world.runtime.table.registry.names
        if name in names:
            raise Refused("already_registered")
        if process.name is not None:
            raise Refused("already_named")
        await asyncio.sleep(0)
        if process.alive:
            names[name] = process
            process.name = name
