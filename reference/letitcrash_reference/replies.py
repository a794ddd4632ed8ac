"""The two ends of waiting: whoever asks makes a reply token, whoever answers resolves it, once.

A token belongs to an event loop (`LoopFrom`: the asker awaits a future) or to a thread (`ThreadFrom`: the asker blocks
on a one-shot queue). Answers to a token that is done already are dropped, which is all there is to late replies.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from letitcrash_reference.context import current_process
from letitcrash_reference.errors import CallTimeoutError, Killed

if TYPE_CHECKING:
    from letitcrash_reference.process import Process

__all__ = ["From", "LoopFrom", "ThreadFrom"]

ReplyT = TypeVar("ReplyT")
_running_loop = asyncio._get_running_loop  # pyright: ignore[reportPrivateUsage]


class _Cancellable(Protocol):
    def cancel(self) -> object: ...


class From(Generic[ReplyT]):
    """Whom to answer: `handle_call` gets one with each call.

    Keep it to answer later, or pass it to another process or thread: anybody may answer.

    Source:
        GS-22, GS-31, GS-35.
    """

    __slots__ = ("alarm", "done", "process", "timeout")

    def __init__(self, process: Process) -> None:
        self.process = process
        self.done = False
        self.timeout: float = 0.0
        self.alarm: _Cancellable | None = None

    def reply(self, value: ReplyT) -> bool:
        """Answer the caller, from any task or thread.

        Returns:
            Whether the answer was in time. False if the call was answered already, or its caller gave up or was failed
            by the server's death; the answer is dropped then.

        Raises:
            Killed: If the process that answers is dead.
        """
        caller = current_process.get()
        with self.process.runtime.table.lock:  # of all who answer, and the end of the time, one comes first
            if caller is not None and not caller.alive:
                raise Killed
            if self.done:
                return False
            self._forget()
            self.resolve(value)
            return True

    def expire(self) -> None:
        """Give up: the asker gets a `CallTimeoutError`, unless it has its answer."""
        with self.process.runtime.table.lock:
            if not self.done:
                self._forget()
                self.fail(CallTimeoutError(self.process.pid, self.timeout))

    def _forget(self) -> None:
        deferred = self.process.deferred
        if deferred:
            deferred.discard(self)

    def resolve(self, value: Any) -> None:
        """Hand over the answer, unless the token is done."""
        raise NotImplementedError

    def fail(self, error: BaseException) -> None:
        """Make the asker raise `error`, unless the token is done."""
        raise NotImplementedError


class LoopFrom(From[ReplyT]):
    """A token of a task that awaits `future` on `loop`."""

    __slots__ = ("future", "loop")

    def __init__(self, process: Process, loop: asyncio.AbstractEventLoop) -> None:
        self.process = process
        self.done = False
        self.alarm = None
        self.loop = loop
        self.future: asyncio.Future[ReplyT] = loop.create_future()

    def resolve(self, value: Any) -> None:
        self.done = True
        future = self.future
        if _running_loop() is self.loop:
            if not future.done():
                future.set_result(value)
        else:
            self._from_elsewhere(_settle, value)

    def fail(self, error: BaseException) -> None:
        self.done = True
        if _running_loop() is self.loop:
            _settle_error(self.future, error)
        else:
            self._from_elsewhere(_settle_error, error)

    def _from_elsewhere(self, settle: Any, value: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the asker's loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(settle, self.future, value)


class ThreadFrom(From[ReplyT]):
    """A token of a thread that blocks on `queue`, which gets (True, value) or (False, error).

    Attributes:
        survives_kill: Whether the thread goes on to wait when its process is killed.
    """

    survives_kill: ClassVar[bool] = False

    __slots__ = ("queue",)

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self.queue: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def resolve(self, value: Any) -> None:
        if not self.done:
            self.done = True
            self.queue.put((True, value))

    def fail(self, error: BaseException) -> None:
        if not self.done:
            self.done = True
            self.queue.put((False, error))

    def take(self, timeout: float | None) -> ReplyT:
        """Block until the token is resolved and return its value.

        Raises:
            queue.Empty: If `timeout` seconds of real time pass first.
        """
        fine, value = self.queue.get(timeout=timeout)
        if fine:
            return value  # type: ignore[no-any-return]
        raise value


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _settle_error(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
