"""The handle of a process: what everybody else uses to talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from letitcrash_reference.actions import ProcessActions
from letitcrash_reference.context import current_process
from letitcrash_reference.errors import NoProcessError, ProcessExitedError
from letitcrash_reference.process import CALL, CAST, INFO, RESUME, STOP, SUSPEND, Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.replies import From, LoopFrom
from letitcrash_reference.waiting import (
    await_token,
    block_on,
    make_thread_token,
    make_token,
    post_call,
    refuse_dead_caller,
    refuse_self,
)

__all__ = ["Handle"]

CallT = TypeVar("CallT")
CastT = TypeVar("CastT")
ReplyT = TypeVar("ReplyT")
_get_running_loop = asyncio.get_running_loop


class Handle(ProcessActions, Generic[CallT, CastT, ReplyT]):
    """Stands for one process, also after its death.

    Usable from any task of any loop and, with the methods that end in `_sync`, from any thread. Each process has one
    handle, so handles compare and hash by identity.
    """

    __slots__ = ("_process",)

    def __init__(self, process: Process) -> None:
        self._process = process

    def _record(self) -> Process:
        return self._process

    @property
    def record(self) -> Process:
        """Internal: the process."""
        return self._process

    async def call(self, message: CallT, timeout: float | None = 5.0) -> ReplyT:
        """Send a request and wait for the answer.

        Args:
            message: What to ask.
            timeout: Seconds on the runtime's clock, None for no limit.

        Raises:
            NoProcessError: If the server is dead.
            ProcessExitedError: If it dies before it answers; raised the moment it does.
            CallTimeoutError: If the time is over. The request may still be carried out; its answer is dropped.
            CallingSelfError: If a server calls itself from its own callback.

        Source:
            GS-20 to GS-31.
        """
        if current_process.get() is not None:
            return cast(ReplyT, await self._call_as_process(message, timeout))
        if timeout is not None and not timeout >= 0:
            _checked(timeout)
        process = self._process
        token: LoopFrom[ReplyT] = LoopFrom(process, _get_running_loop())
        process.mailbox.append((CALL, message, token))
        if process.parked:
            process.wake()
        if not process.alive:
            process.miss(token)
        if timeout is None:
            return await token.future
        clock = process.runtime.clock
        clock.watch(token, timeout)
        try:
            return await token.future
        finally:
            clock.unwatch(token)

    async def _call_as_process(self, message: CallT, timeout: float | None) -> Any:
        process = self._process
        refuse_self(process, "do the work")
        token = make_token(process)
        post_call(process, (CALL, message, token))
        return await await_token(process.runtime, token, _checked(timeout))

    def call_sync(self, message: CallT, timeout: float | None = 5.0) -> ReplyT:
        """Send a request and block this thread until the answer comes; otherwise like `call`.

        Raises:
            UsageError: If this thread runs the runtime's own event loop.
        """
        process = self._process
        refuse_self(process, "do the work")
        token = make_thread_token(process.runtime, process)
        post_call(process, (CALL, message, token))
        return cast(ReplyT, block_on(process.runtime, token, _checked(timeout)))

    def cast(self, message: CastT) -> None:
        """Send a message that nobody answers. To a dead server it does nothing. Source: GS-36."""
        caller = current_process.get()
        process = self._process
        if caller is not None:
            process.post_from(caller, (CAST, message))
            return
        process.mailbox.append((CAST, message))
        if process.parked:
            process.wake()

    def send(self, message: object) -> None:
        """Send a plain message, which arrives in `handle_info`. To a dead server it does nothing.

        Source:
            EXIT-22, GS-37.
        """
        caller = current_process.get()
        if caller is not None:
            self._process.post_from(caller, (INFO, message))
        else:
            self._process.post((INFO, message))

    def exit(self, reason: ExitReason) -> None:
        """Send it an exit signal; see `Runtime.exit`."""
        self._process.runtime.exit(self, reason)

    async def stop(self, reason: ExitReason = ExitReason.NORMAL, timeout: float | None = None) -> None:
        """Ask the server to end, after the messages queued before, and wait until it is dead.

        Args:
            reason: What it ends with; its `terminate` gets it.
            timeout: Seconds on the runtime's clock, None for no limit.

        Raises:
            NoProcessError: If it is dead.
            ProcessExitedError: If it ends with another reason than asked for.
            CallTimeoutError: If it takes longer. It goes on terminating.
            CallingSelfError: If a server stops itself this way; its callbacks return `Stop` instead.

        Source:
            GS-58 to GS-63.
        """
        process = self._process
        refuse_self(process, "return Stop(reason)")
        token = make_token(process)
        self.request_stop(reason, token)
        self._check_end(reason, await await_token(process.runtime, token, _checked(timeout)))

    def stop_sync(self, reason: ExitReason = ExitReason.NORMAL, timeout: float | None = None) -> None:
        """Like `stop`, blocking this thread."""
        process = self._process
        refuse_self(process, "return Stop(reason)")
        token = make_thread_token(process.runtime, process)
        self.request_stop(reason, token)
        self._check_end(reason, block_on(process.runtime, token, _checked(timeout)))

    def request_stop(self, reason: ExitReason, token: From[Any]) -> None:
        """Internal: put a stop request into the mailbox; `token` is resolved with the reason it dies of."""
        process = self._process
        with process.runtime.table.lock:
            refuse_dead_caller()
            if not process.alive:
                raise NoProcessError(process.pid)
            if process.waiters is None:
                process.waiters = []
            process.waiters.append(token)
            process.post((STOP, reason))

    def _check_end(self, wanted: ExitReason, reason: ExitReason) -> None:
        if reason != wanted:
            raise ProcessExitedError(reason, self._process.pid)

    async def wait_dead(self, timeout: float | None = None) -> ExitReason:
        """Wait until the process is dead, and return why it died. At once if it is dead already.

        Raises:
            CallTimeoutError: If it lives longer than `timeout` seconds.
        """
        process = self._process
        token = make_token(process)
        with process.runtime.table.lock:
            if process.alive:
                if process.waiters is None:
                    process.waiters = []
                process.waiters.append(token)
            else:
                token.resolve(process.reason)
        return cast(ExitReason, await await_token(process.runtime, token, _checked(timeout)))

    def when_dead(self, callback: Callable[[ExitReason], object]) -> None:
        """Have `callback(reason)` called when the process dies, at once if it is dead already.

        It runs in whatever task or thread ends the process, after the name is free and before any other process
        learns of the death. It must be short, must not raise, and must not use the runtime.
        """
        process = self._process
        with process.runtime.table.lock:
            if process.alive:
                if process.mourners is None:
                    process.mourners = []
                process.mourners.append(callback)
                return
        callback(process.reason or ExitReason.KILLED)

    async def suspend(self, timeout: float | None = 5.0) -> None:
        """Make the server keep its messages back; waits until those queued before are handled.

        While suspended it obeys only `resume`, `stop`, exit signals and, if it traps them, its parent's exit. For tests
        and debugging.

        Raises:
            NoProcessError, ProcessExitedError, CallTimeoutError: As in `call`.
        """
        await self._ask(SUSPEND, timeout)

    async def resume(self, timeout: float | None = 5.0) -> None:
        """Let a suspended server go on, with the messages it kept back first; does nothing to any other."""
        await self._ask(RESUME, timeout)

    async def _ask(self, kind: int, timeout: float | None) -> None:
        process = self._process
        refuse_self(process, "return from the callback")
        token = make_token(process)
        post_call(process, (kind, None, token))
        await await_token(process.runtime, token, _checked(timeout))

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        process = self._process
        return f"Handle({process!r})" if process.alive else f"Handle({process!r}, dead: {process.reason})"


def _checked(timeout: float | None) -> float | None:
    """Refuse a timeout that is no time."""
    if timeout is not None and not timeout >= 0:
        raise ValueError(f"expected a timeout of at least 0 seconds or None, got {timeout!r}")
    return timeout
