"""What planted races are made of: code that runs a little later, and requests that are served side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from letitcrash_reference.errors import Killed

__all__ = ["TOOLS", "later", "pause", "serve_beside", "soon"]

_BESIDE: set[asyncio.Task[None]] = set()


async def pause(times: int = 1) -> None:
    """Let others run."""
    for _ in range(times):
        await asyncio.sleep(0)


def later(turns: int, call: Callable[..., object], *args: Any) -> None:
    """Call something after others have had so many turns."""
    if turns > 1:
        soon(later, turns - 1, call, *args)
    else:
        soon(call, *args)


def soon(call: Callable[..., object], *args: Any) -> None:
    """Call something once those who are ready have run."""
    asyncio.get_running_loop().call_soon(call, *args)


def serve_beside(request: Awaitable[Any], sender: Any) -> None:
    """Answer a request from a task of its own, while its server goes on to serve others."""

    async def serve() -> None:
        try:
            answer = await request
        except (Exception, Killed) as error:
            sender.fail(error)
        else:
            if not sender.done:
                sender.resolve(answer)

    task = asyncio.get_running_loop().create_task(serve())
    _BESIDE.add(task)
    task.add_done_callback(_BESIDE.discard)


TOOLS: dict[str, Callable[[], Any]] = {
    "later": lambda: later,
    "pause": lambda: pause,
    "serve_beside": lambda: serve_beside,
    "soon": lambda: soon,
}
"""The names that edited functions see."""
