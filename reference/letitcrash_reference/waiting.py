"""Waiting for a token: awaiting in a task of an ordinary loop, blocking in a thread.

While the callback of a process waits here its record says so, which is how `wait_until_idle` tells a callback that
waits from one that works.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from letitcrash_reference.context import current_process
from letitcrash_reference.drivers.blocking_loop import BlockingLoop
from letitcrash_reference.errors import CallingSelfError, Killed, UsageError
from letitcrash_reference.process import Process
from letitcrash_reference.replies import From, LoopFrom, ThreadFrom

if TYPE_CHECKING:
    from letitcrash_reference.core import RuntimeCore

__all__ = [
    "OUTSIDE",
    "await_token",
    "block_on",
    "make_thread_token",
    "make_token",
    "post_call",
    "refuse_dead_caller",
    "refuse_self",
]

_running_loop = asyncio._get_running_loop  # pyright: ignore[reportPrivateUsage]


class _Outside:
    """What `blocked_on` holds while a callback waits for something the runtime knows nothing of."""

    done = False

    def fail(self, error: BaseException) -> None:
        """Nothing to end: nobody knows how."""


OUTSIDE = _Outside()


def refuse_dead_caller() -> None:
    """Refuse what the callback of a dead process asks for.

    Raises:
        Killed: If the process whose callback is running is dead.
    """
    caller = current_process.get()
    if caller is not None and not caller.alive:
        raise Killed


def refuse_self(process: Process, what: str) -> None:
    """Refuse a callback that would wait for its own server.

    Raises:
        CallingSelfError: If the running task is the one that runs the process' callbacks.
    """
    if current_process.get() is process and process.task is not None and process.task is _task_here():
        raise CallingSelfError(
            f"expected another server, got {process!r} itself, which cannot wait for itself\n"
            f"  remedy: {what} directly, or from a task of its own"
        )


def make_token(process: Any) -> From[Any]:
    """Return a token for the code that runs here: of its event loop, or of its thread if that loop is a thread's."""
    refuse_dead_caller()
    loop = asyncio.get_running_loop()
    return ThreadFrom(process) if loop.__class__ is BlockingLoop else LoopFrom(process, loop)


def make_thread_token(runtime: RuntimeCore, process: Any) -> ThreadFrom[Any]:
    """Return a token for the thread that runs here.

    Raises:
        UsageError: If this thread runs the runtime's own event loop, which must not block.
    """
    refuse_dead_caller()
    loop = _running_loop()
    if loop is not None and loop is runtime.loop_or_none:
        raise UsageError(
            "expected a thread other than the one of the runtime's event loop, which would wait for itself\n"
            "  remedy: await the method of the same name without '_sync'"
        )
    return ThreadFrom(process)


def post_call(process: Process, item: tuple[Any, Any, From[Any]]) -> None:
    """Put an item that somebody waits for into a mailbox; if its process is dead, the token fails.

    Raises:
        Killed: If the process whose callback is running is dead.
    """
    caller = current_process.get()
    if caller is None:
        process.post_call(item)
        return
    with caller.runtime.table.lock:
        refuse_dead_caller()
        process.post_call(item)


async def await_token(runtime: RuntimeCore, token: From[Any], timeout: float | None) -> Any:
    """Wait until a token is resolved and return its value.

    Args:
        runtime: Whose clock and watchers count.
        token: From `make_token`.
        timeout: Seconds on the runtime's clock, None for no limit.

    Raises:
        CallTimeoutError: If the time is over.
        Killed: If the process that waits dies meanwhile.
    """
    if not isinstance(token, LoopFrom):
        assert isinstance(token, ThreadFrom)
        return block_on(runtime, token, timeout)
    caller = current_process.get()
    if caller is not None and caller.task is not asyncio.current_task():
        caller = None
    if timeout is not None:
        runtime.clock.watch(token, timeout)
    if caller is not None:
        caller.blocked_on = token
        if caller.runtime.watchers:
            caller.runtime.notify()
    try:
        return await token.future
    finally:
        if timeout is not None:
            runtime.clock.unwatch(token)
        if caller is not None:
            caller.wakes += 1
            caller.blocked_on = None


def block_on(runtime: RuntimeCore, token: ThreadFrom[Any], timeout: float | None, *, pause: bool = False) -> Any:
    """Block this thread until a token is resolved and return its value; otherwise like `await_token`.

    With `pause` the end of `timeout` is no failure but what the caller waits for.
    """
    clock = runtime.clock
    caller = current_process.get()
    token.timeout = timeout or 0.0
    on_time = partial(token.resolve, None) if pause else token.expire
    # The alarm comes first: who looks for idle processes must not find this one waiting for nothing.
    alarm = None if timeout is None else clock.arm(token, timeout, on_time)
    is_waiting = caller is not None and not pause
    try:
        if caller is not None:
            if is_waiting:
                caller.driver.begin_wait(caller)
            caller.blocked_on = token
            if not caller.alive and not token.survives_kill:
                raise Killed
            if caller.runtime.watchers:
                caller.runtime.notify()
        return clock.take(token, timeout, on_time)
    finally:
        if alarm is not None:
            alarm.cancel()
        if caller is not None:
            caller.wakes += 1
            caller.blocked_on = None
            if is_waiting:
                caller.driver.end_wait(caller)


def _task_here() -> asyncio.Task[Any] | None:
    return None if _running_loop() is None else asyncio.current_task()
