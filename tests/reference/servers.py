"""The servers that the tests start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from letitcrash_reference import (
    NO_REPLY,
    Continue,
    ExitReason,
    From,
    GenServer,
    Ignore,
    ManualClock,
    ProcessExitedError,
    Runtime,
    Stop,
)

__all__ = ["Boom", "Do", "Notes", "Worker", "reason_of", "runtime"]

Do = Callable[["Worker"], Awaitable[Any]]
Init = Callable[["Worker"], Awaitable[Ignore | Stop[Any] | Continue | None]]


class Boom(Exception):
    """What crashing callbacks raise."""


class Notes(list[Any]):
    """What servers noted, oldest first. Appending is atomic, so that every backend may share one."""


class Worker(GenServer[Any, Any, Any]):
    """Does what its messages say: a call or cast is a number to add, a name of an action, or a function of the worker.

    Args:
        value: The number it starts with.
        notes: Where it notes its infos, its init and its terminate.
        on_init: What its init does.
        on_terminate: What its terminate does.
        traps: Whether it traps exits from the start.
    """

    def __init__(
        self,
        value: int = 0,
        *,
        notes: Notes | None = None,
        on_init: Init | None = None,
        on_terminate: Do | None = None,
        traps: bool = False,
    ) -> None:
        self.value = value
        self.notes = Notes() if notes is None else notes
        self.waiting: list[From[Any]] = []
        self._on_init = on_init
        self._on_terminate = on_terminate
        self._traps = traps

    async def init(self) -> Ignore | Stop[Any] | Continue | None:
        self.trap_exit(self._traps)
        return None if self._on_init is None else await self._on_init(self)

    async def handle_call(self, message: Any, sender: From[Any]) -> Any:
        if callable(message):
            return await cast(Do, message)(self)
        if isinstance(message, (Stop, Continue)):
            return cast(Any, message)
        if message == "crash":
            raise Boom("crashed")
        if message == "later":
            self.waiting.append(sender)
            return NO_REPLY
        if message == "get":
            return self.value
        self.value += message
        return self.value

    async def handle_cast(self, message: Any) -> Any:
        if callable(message):
            return await cast(Do, message)(self)
        if isinstance(message, (Stop, Continue)):
            return cast(Any, message)
        if message == "crash":
            raise Boom("crashed")
        self.value += message
        return None

    async def handle_info(self, message: object) -> Any:
        if message == "crash":
            raise Boom("crashed")
        self.notes.append(message)
        return None

    async def handle_continue(self, message: Any) -> Any:
        if callable(message):
            return await cast(Do, message)(self)
        self.notes.append(("continue", message))
        return None

    async def terminate(self, reason: ExitReason) -> None:
        self.notes.append(("terminate", reason))
        if self._on_terminate is not None:
            await self._on_terminate(self)


def runtime() -> Runtime:
    """Return a runtime whose time stands still."""
    return Runtime(clock=ManualClock())


async def reason_of(call: Awaitable[Any]) -> ExitReason:
    """Return the reason with which the server of a call died instead of answering."""
    try:
        value = await call
    except ProcessExitedError as error:
        return error.reason
    raise AssertionError(f"expected the server to die, got the answer {value!r}")
