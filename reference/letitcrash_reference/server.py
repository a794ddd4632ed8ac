"""The base class of servers."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from letitcrash_reference.actions import ProcessActions
from letitcrash_reference.errors import UsageError
from letitcrash_reference.handle import Handle
from letitcrash_reference.pid import HasPid, MonitorRef
from letitcrash_reference.process import Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.replies import From
from letitcrash_reference.results import Continue, Ignore, NoReply, Reply, Stop
from letitcrash_reference.waiting import OUTSIDE

if TYPE_CHECKING:
    from letitcrash_reference.backend import Backend

__all__ = ["GenServer"]

CallT = TypeVar("CallT")
CastT = TypeVar("CastT")
ReplyT = TypeVar("ReplyT")
OtherCallT = TypeVar("OtherCallT")
OtherCastT = TypeVar("OtherCastT")
OtherReplyT = TypeVar("OtherReplyT")


class GenServer(ProcessActions, Generic[CallT, CastT, ReplyT]):
    """A process that handles one message at a time, in the order they came.

    Subclass it, say what messages it takes (`class Counter(GenServer[Get | Add, Reset, int])`), and write the callbacks
    it needs. Callbacks are `async def` on every backend; which task or thread runs them is the backend's business. An
    object serves once: start a new one instead of a dead one.

    An exception in a callback ends the process, after `terminate`, with the exception as reason; it is logged once. In
    the callbacks the methods of the server itself (`self.link`, `self.monitor`, `self.send_after`, `self.start_linked`,
    ...) act in its own name.
    """

    process_record: Process | None = None
    """Internal: the process, once it is started."""

    handle_class: ClassVar[type[Handle[Any, Any, Any]]] = Handle
    """Internal: what others use to talk to it."""

    is_supervisor: ClassVar[bool] = False
    """Internal: whether it starts and ends the servers that are its children."""

    def _record(self) -> Process:
        process = self.process_record
        if process is None:
            raise UsageError(
                f"expected a started server, got {type(self).__name__}, which is not started\n"
                "  remedy: move what needs a process from __init__ to init"
            )
        return process

    # -- callbacks ----------------------------------------------------------------------------------------------------

    async def init(self) -> Ignore | Stop[ReplyT] | Continue | None:
        """Prepare the server; whoever starts it waits for this.

        Returns:
            None to serve, `Continue` to run `handle_continue` first, `Ignore` to decline, `Stop(reason)` to fail.

        Source:
            GS-1 to GS-5.
        """
        return None

    async def handle_call(
        self, message: CallT, sender: From[ReplyT]
    ) -> ReplyT | Reply[ReplyT] | NoReply | Continue | Stop[ReplyT]:
        """Answer a call.

        Args:
            message: What was asked.
            sender: Whom to answer; needed only to answer later.

        Returns:
            The answer; or `NO_REPLY` if `sender.reply` will answer later, `Reply(value, then=Continue(...))`,
            `Continue(...)`, or `Stop(reason, reply=value)`.

        Source:
            GS-20 to GS-23, GS-33, GS-34.
        """
        raise NotImplementedError(f"{type(self).__name__} has no handle_call, got the call {message!r}")

    async def handle_cast(self, message: CastT) -> Continue | Stop[ReplyT] | None:
        """Handle a message that nobody waits for. Source: GS-36, GS-38."""
        raise NotImplementedError(f"{type(self).__name__} has no handle_cast, got the cast {message!r}")

    async def handle_info(self, message: object) -> Continue | Stop[ReplyT] | None:
        """Handle any other message: `Down`, `Exit`, timers, and what `send` was given.

        Without this callback the message is logged and dropped.

        Source:
            GS-37, GS-38, GS-57.
        """
        self._record().runtime.logger.info(
            "process %r got the message %r, which it does not handle", self.process_record, message
        )
        return None

    async def handle_continue(self, message: Any) -> Continue | Stop[ReplyT] | None:
        """Go on after a callback that returned `Continue`, before any queued message. Source: GS-39, GS-40."""
        raise NotImplementedError(f"{type(self).__name__} has no handle_continue, got {message!r}")

    async def terminate(self, reason: ExitReason) -> None:
        """Clean up before the process ends.

        Called when it stops or crashes by itself, for a stop request, and if it traps exits when its parent ends. Not
        called if `init` failed, and not for an exit signal that kills. An exception here replaces the exit reason.

        Source:
            GS-50 to GS-55.
        """

    # -- in its own name ----------------------------------------------------------------------------------------------

    @property
    def handle(self) -> Handle[CallT, CastT, ReplyT]:
        """The handle that others use."""
        return self._record().handle

    def exit(self, target: HasPid, reason: ExitReason) -> None:
        """Send an exit signal to a process, or to itself; see `Runtime.exit`."""
        self._record().runtime.exit(target, reason)

    async def start(
        self,
        server: GenServer[OtherCallT, OtherCastT, OtherReplyT],
        *,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Handle[OtherCallT, OtherCastT, OtherReplyT]:
        """Start another server, not linked with this one; see `Runtime.start`."""
        return await self._record().runtime.start(server, backend=backend, name=name, timeout=timeout)

    async def start_linked(
        self,
        server: GenServer[OtherCallT, OtherCastT, OtherReplyT],
        *,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Handle[OtherCallT, OtherCastT, OtherReplyT]:
        """Start another server as this one's child; see `Runtime.start_linked`."""
        return await self._record().runtime.start_linked(
            server, parent=self, backend=backend, name=name, timeout=timeout
        )

    async def start_monitored(
        self,
        server: GenServer[OtherCallT, OtherCastT, OtherReplyT],
        *,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> tuple[Handle[OtherCallT, OtherCastT, OtherReplyT], MonitorRef]:
        """Start another server and watch it; see `Runtime.start_monitored`."""
        return await self._record().runtime.start_monitored(
            server, watcher=self, backend=backend, name=name, timeout=timeout
        )

    async def sleep(self, seconds: float) -> None:
        """Wait inside a callback, on the runtime's clock; messages wait too. See `Runtime.sleep`."""
        await self._record().runtime.sleep(seconds)

    @contextlib.contextmanager
    def waiting_outside(self) -> Generator[None]:
        """Say that the callback now waits for something that the runtime knows nothing of, such as a test's own event.

        `wait_until_idle` does not wait for the callback inside the `with` block.
        """
        process = self._record()
        process.blocked_on = OUTSIDE
        process.runtime.notify()
        try:
            yield
        finally:
            process.wakes += 1
            process.blocked_on = None
