"""The handles of supervisors: what can be asked of them, in tasks and in threads.

A request is answered when everything that reached the supervisor before it is dealt with, and while it starts or ends a
child it deals with nothing else. Requests wait without limit unless a timeout is given, in seconds on the runtime's
clock; when that is over, the request is still carried out. All of them raise `NoProcessError` if the supervisor is
dead, `ProcessExitedError` if it ends before it answers, and `CallTimeoutError` if the time is over.
"""

from __future__ import annotations

from typing import Any

from letitcrash_reference.children import ChildCounts, ChildInfo
from letitcrash_reference.handle import Handle
from letitcrash_reference.pid import HasPid
from letitcrash_reference.requests import (
    CountChildren,
    DeleteChild,
    GetChildSpec,
    Request,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChildren,
)
from letitcrash_reference.specs import ChildSpec

__all__ = ["AnySupervisorHandle", "DynamicSupervisorHandle", "SupervisorHandle"]


class AnySupervisorHandle(Handle[Request, Any, Any]):
    """What can be asked of a supervisor of either kind."""

    __slots__ = ()

    async def start_child(self, spec: ChildSpec, timeout: float | None = None) -> Handle[Any, Any, Any] | None:
        """Add a child at the end of the start order, and start it.

        It is started again as its spec says, but if the supervisor itself is restarted, its successor does not know it.

        Returns:
            Its handle; None if its start function declined. A static supervisor keeps its spec then, unless it is
            temporary.

        Raises:
            ChildAlreadyStartedError: If a child of this id runs. Only under a static supervisor.
            ChildAlreadyPresentError: If one is known, and does not run. Only under a static supervisor.
            MaxChildrenError: If there are too many. Only under a dynamic supervisor.
            ChildStartError: If it did not start; its spec is not kept.
            InvalidSpecError: If it is significant where no child can be.

        Source:
            SUP-20 to SUP-27, DYN-E1 to DYN-E4, DYN-E13.
        """
        answer: Handle[Any, Any, Any] | None = await self.call(StartChild(spec), timeout)
        return answer

    def start_child_sync(self, spec: ChildSpec, timeout: float | None = None) -> Handle[Any, Any, Any] | None:
        """Like `start_child`, blocking this thread."""
        answer: Handle[Any, Any, Any] | None = self.call_sync(StartChild(spec), timeout)
        return answer

    async def which_children(self, timeout: float | None = None) -> list[ChildInfo]:
        """Describe all children: a static supervisor's in start order, a dynamic one's in no particular order.

        Source:
            SUP-50, SUP-51, SUP-53, DYN-E10.
        """
        answer: list[ChildInfo] = await self.call(WhichChildren(), timeout)
        return answer

    def which_children_sync(self, timeout: float | None = None) -> list[ChildInfo]:
        """Like `which_children`, blocking this thread."""
        answer: list[ChildInfo] = self.call_sync(WhichChildren(), timeout)
        return answer

    async def count_children(self, timeout: float | None = None) -> ChildCounts:
        """Count the children. Source: SUP-52, SUP-53, DYN-E10."""
        answer: ChildCounts = await self.call(CountChildren(), timeout)
        return answer

    def count_children_sync(self, timeout: float | None = None) -> ChildCounts:
        """Like `count_children`, blocking this thread."""
        answer: ChildCounts = self.call_sync(CountChildren(), timeout)
        return answer


class SupervisorHandle(AnySupervisorHandle):
    """Stands for a `Supervisor`, whose children are known by their ids."""

    __slots__ = ()

    async def terminate_child(self, child_id: str, timeout: float | None = None) -> None:
        """End a child and leave it down, whatever its restart type; siblings are not touched.

        One that is down already stays so; one that is being restarted is not any more. A temporary child is forgotten.

        Raises:
            ChildNotFoundError: If there is no such child.

        Source:
            SUP-30 to SUP-34, SUP-37, SUP-39, SUP-40, STR-15.
        """
        await self.call(TerminateChild(child_id), timeout)

    def terminate_child_sync(self, child_id: str, timeout: float | None = None) -> None:
        """Like `terminate_child`, blocking this thread."""
        self.call_sync(TerminateChild(child_id), timeout)

    async def restart_child(self, child_id: str, timeout: float | None = None) -> Handle[Any, Any, Any] | None:
        """Start a child that is down, in its old place; that does not count as a restart.

        Returns:
            Its handle; None if its start function declined.

        Raises:
            ChildNotFoundError: If there is no such child.
            ChildRunningError: If it runs.
            ChildRestartingError: If it is being restarted.
            ChildStartError: If it did not start; it stays down.

        Source:
            SUP-30, SUP-35 to SUP-37, INT-8.
        """
        answer: Handle[Any, Any, Any] | None = await self.call(RestartChild(child_id), timeout)
        return answer

    def restart_child_sync(self, child_id: str, timeout: float | None = None) -> Handle[Any, Any, Any] | None:
        """Like `restart_child`, blocking this thread."""
        answer: Handle[Any, Any, Any] | None = self.call_sync(RestartChild(child_id), timeout)
        return answer

    async def delete_child(self, child_id: str, timeout: float | None = None) -> None:
        """Forget a child that is down.

        Raises:
            ChildNotFoundError, ChildRunningError, ChildRestartingError: As in `restart_child`.

        Source:
            SUP-30.
        """
        await self.call(DeleteChild(child_id), timeout)

    def delete_child_sync(self, child_id: str, timeout: float | None = None) -> None:
        """Like `delete_child`, blocking this thread."""
        self.call_sync(DeleteChild(child_id), timeout)

    async def get_child_spec(self, child_id: str, timeout: float | None = None) -> ChildSpec:
        """Return the spec of a child, with all defaults filled in.

        Raises:
            ChildNotFoundError: If there is no such child.

        Source:
            SUP-54.
        """
        answer: ChildSpec = await self.call(GetChildSpec(child_id), timeout)
        return answer

    def get_child_spec_sync(self, child_id: str, timeout: float | None = None) -> ChildSpec:
        """Like `get_child_spec`, blocking this thread."""
        answer: ChildSpec = self.call_sync(GetChildSpec(child_id), timeout)
        return answer


class DynamicSupervisorHandle(AnySupervisorHandle):
    """Stands for a `DynamicSupervisor`, whose children are known by their pids.

    A child that is being restarted is known by the last pid that it had.
    """

    __slots__ = ()

    async def terminate_child(self, child: HasPid, timeout: float | None = None) -> None:
        """End a child for good, whatever its restart type.

        Raises:
            ChildNotFoundError: If it is no child of this supervisor, or not any more.

        Source:
            DYN-E6, DYN-E7.
        """
        await self.call(TerminateChild(child.pid), timeout)

    def terminate_child_sync(self, child: HasPid, timeout: float | None = None) -> None:
        """Like `terminate_child`, blocking this thread."""
        self.call_sync(TerminateChild(child.pid), timeout)

    async def get_child_spec(self, child: HasPid, timeout: float | None = None) -> ChildSpec:
        """Return the spec of a child, with all defaults filled in.

        Raises:
            ChildNotFoundError: If it is no child of this supervisor, or not any more.
        """
        answer: ChildSpec = await self.call(GetChildSpec(child.pid), timeout)
        return answer

    def get_child_spec_sync(self, child: HasPid, timeout: float | None = None) -> ChildSpec:
        """Like `get_child_spec`, blocking this thread."""
        answer: ChildSpec = self.call_sync(GetChildSpec(child.pid), timeout)
        return answer
