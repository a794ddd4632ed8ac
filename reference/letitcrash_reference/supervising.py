"""What static and dynamic supervisors share: answering requests, starting one child, retrying, giving up.

A supervisor is a server like any other: it is linked, named, watched, called and stopped in the same way. While it
starts or ends a child it does nothing else; requests and the ends of other children wait in its mailbox.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from letitcrash_reference.children import Child
from letitcrash_reference.errors import (
    AlreadyRegisteredError,
    ChildStartError,
    RuntimeSystemError,
    StartError,
    StartIgnoredError,
    UsageError,
)
from letitcrash_reference.handle import Handle
from letitcrash_reference.intensity import RestartBudget
from letitcrash_reference.messages import Exit
from letitcrash_reference.process import Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.replies import From
from letitcrash_reference.results import NO_REPLY, NoReply, Stop
from letitcrash_reference.server import GenServer
from letitcrash_reference.shutdown import end_children
from letitcrash_reference.specs import ChildSpec, CustomStart, DynamicSupervisorSpec, SupervisorSpec

__all__ = ["AnySupervisor", "Retry", "unknown_request"]

SpecT = TypeVar("SpecT", bound=SupervisorSpec | DynamicSupervisorSpec)


class Retry:
    """The message of a supervisor to itself: try again to restart a child. It counts for one child and one time."""

    __slots__ = ("child",)

    def __init__(self, child: Child) -> None:
        self.child = child


class AnySupervisor(GenServer[Any, Any, Any], ABC, Generic[SpecT]):
    """The common part of `Supervisor` and `DynamicSupervisor`.

    Source:
        SUP-12 to SUP-17, STR-12, INT-5, INT-15.
    """

    is_supervisor: ClassVar[bool] = True

    def __init__(self, spec: SpecT) -> None:
        self.spec = spec
        self._budget = RestartBudget(spec.max_restarts, spec.max_seconds)

    # -- what its two kinds differ in ---------------------------------------------------------------------------------

    @abstractmethod
    async def administer(self, request: Any) -> Any:
        """Do what a request asks for and return the answer; a refusal is raised."""

    @abstractmethod
    def find(self, signal: Exit) -> Child | None:
        """Return the child whose process an exit signal names; None if it names a stranger."""

    @abstractmethod
    async def handle_end(self, child: Child, reason: ExitReason) -> Stop[Any] | None:
        """Do what the end of a child's process asks for."""

    @abstractmethod
    async def restart(self, child: Child) -> None:
        """Try to start a child again, with all that its supervisor's strategy says; the budget allows it."""

    # -- callbacks ----------------------------------------------------------------------------------------------------

    async def handle_call(self, message: Any, sender: From[Any]) -> Any:
        try:
            return await self.administer(message)
        except RuntimeSystemError as error:
            return _refuse(sender, error)

    async def handle_cast(self, message: Any) -> Stop[Any] | None:
        if isinstance(message, Retry) and message.child.retry is message:  # else it was called off meanwhile
            return await self.restart_within_budget(message.child)
        return None

    async def handle_info(self, message: object) -> Any:
        if not isinstance(message, Exit):
            return await self.drop(message)
        child = self.find(message)
        if child is None or child.process is None or child.process.alive:  # a stranger, or a child that did not end
            return None
        return await self.handle_end(child, message.reason)

    async def drop(self, message: object) -> None:
        """Log a message that means nothing to a supervisor."""
        await super().handle_info(message)

    # -- restarting ---------------------------------------------------------------------------------------------------

    async def restart_within_budget(self, child: Child) -> Stop[Any] | None:
        """Restart a child, or give up. Source: INT-1, INT-2, INT-5, INT-14."""
        if self._budget.spend(self.runtime.clock.now()):
            await self.restart(child)
            return None
        self.runtime.logger.error(
            "supervisor %r gives up over child %r: more than %d restarts in %g s",
            self.process_record,
            child.spec.id,
            self.spec.max_restarts,
            self.spec.max_seconds,
        )
        return Stop(ExitReason.SHUTDOWN)

    def retry_later(self, child: Child, error: ChildStartError) -> None:
        """Try again to restart a child, once the messages that have come meanwhile are handled. Source: STR-12."""
        if not self.runtime.is_open:  # nothing starts any more, and this supervisor is about to be stopped
            child.retry = None
            return
        self.runtime.logger.warning("supervisor %r: %s; it tries again", self.process_record, error)
        child.retry = Retry(child)
        self.handle.cast(child.retry)

    # -- starting and ending ------------------------------------------------------------------------------------------

    async def start_process(self, spec: ChildSpec) -> Process | None:
        """Run the start function of a child.

        Returns:
            The new process; None if it declined.

        Raises:
            ChildStartError: If it did not start.

        Source:
            SUP-1, SUP-3, SUP-4, SUP-56.
        """
        try:
            handle = await self._run_start(spec)
        except StartIgnoredError:
            return None
        except StartError as error:
            raise ChildStartError(spec.id, error.reason) from error
        except AlreadyRegisteredError as error:
            raise ChildStartError(spec.id, ExitReason.from_exception(error)) from error
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, SystemExit)) or self._is_ending():
                raise
            raise ChildStartError(spec.id, ExitReason.from_exception(error)) from error
        return None if handle is None else self._check(spec, handle)

    def _check(self, spec: ChildSpec, handle: object) -> Process:
        """Return the process of what a start function returned."""
        if not isinstance(handle, Handle) or handle.runtime is not self.runtime:
            text = f"expected the start function to return a handle of this runtime or None, got {handle!r}"
            raise ChildStartError(spec.id, ExitReason.error(text))
        process: Process = handle.record
        return process

    async def _run_start(self, spec: ChildSpec) -> Handle[Any, Any, Any] | None:
        start = spec.start
        if isinstance(start, CustomStart):
            return await start.function(self.runtime)
        if isinstance(start, (SupervisorSpec, DynamicSupervisorSpec)):
            return await self.runtime.start_supervisor(start, parent=self)
        return await self.start_linked(start(), backend=spec.backend, name=spec.name)

    def _is_ending(self) -> bool:
        """Whether this supervisor is dead, or somebody cancelled its task."""
        process = self._record()
        task = process.task
        return not process.alive or (task is not None and task.cancelling() > 0)

    async def end(self, *children: Child) -> None:
        """End the processes of children, all at once, and return when they are dead. Source: SHUT-15."""
        await end_children(self._record(), children)


def _refuse(sender: From[Any], error: RuntimeSystemError) -> NoReply:
    sender.fail(error)
    return NO_REPLY


def unknown_request(request: object) -> UsageError:
    """Return the error for whoever calls a supervisor with something else than a request."""
    return UsageError(
        f"expected a request to a supervisor, got {request!r}\n"
        "  remedy: use the methods of its handle, such as start_child"
    )
