"""The supervisor of many children that come and go, known by their pids."""

from __future__ import annotations

from typing import Any, ClassVar

from letitcrash_reference.children import Child, count, describe_child
from letitcrash_reference.errors import ChildNotFoundError, ChildStartError, MaxChildrenError
from letitcrash_reference.handle import Handle
from letitcrash_reference.messages import Exit
from letitcrash_reference.pid import Pid
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.requests import CountChildren, GetChildSpec, StartChild, TerminateChild, WhichChildren
from letitcrash_reference.results import Stop
from letitcrash_reference.specs import ChildSpec, DynamicSupervisorSpec
from letitcrash_reference.strategies import needs_restart
from letitcrash_reference.supervising import AnySupervisor, unknown_request
from letitcrash_reference.supervisor_handle import DynamicSupervisorHandle

__all__ = ["DynamicSupervisor"]


class DynamicSupervisor(AnySupervisor[DynamicSupervisorSpec]):
    """Starts children on request, restarts those that end, each on its own, and ends all at once when it ends itself.

    What it does about one child costs the same however many it has. Start it with `Runtime.start_supervisor(spec)`, and
    talk to it through the `DynamicSupervisorHandle` that this returns.

    Args:
        spec: How it supervises.
    """

    handle_class: ClassVar[type[Handle[Any, Any, Any]]] = DynamicSupervisorHandle

    def __init__(self, spec: DynamicSupervisorSpec) -> None:
        super().__init__(spec)
        self._children: dict[Pid, Child] = {}

    # -- its life -----------------------------------------------------------------------------------------------------

    async def init(self) -> None:
        """Begin without children. Source: SUP-12."""
        self.trap_exit(True)

    async def terminate(self, reason: ExitReason) -> None:
        """End all children at once, each in its own way. Source: DYN-E11."""
        await self.end(*self._children.values())

    # -- ends and restarts --------------------------------------------------------------------------------------------

    def find(self, signal: Exit) -> Child | None:
        return None if signal.pid is None else self._children.get(signal.pid)

    async def handle_end(self, child: Child, reason: ExitReason) -> Stop[Any] | None:
        if needs_restart(child.spec.restart, reason):
            return await self.restart_within_budget(child)
        self.forget(child)
        return None

    async def restart(self, child: Child) -> None:
        """Restart a child; until that works it keeps the pid it had. Source: DYN-E8, DYN-E9, DYN-S8."""
        try:
            process = await self.start_process(child.spec)
        except ChildStartError as error:
            self.retry_later(child, error)
            return
        self.forget(child)
        if process is not None:
            child.process = process
            child.restarts += 1
            self._children[process.pid] = child

    def forget(self, child: Child) -> None:
        process, child.process, child.retry = child.process, None, None
        if process is not None:
            self._children.pop(process.pid, None)

    # -- requests -----------------------------------------------------------------------------------------------------

    async def administer(self, request: Any) -> Any:
        match request:
            case WhichChildren():
                return [describe_child(child, has_id=False) for child in self._children.values()]
            case CountChildren():
                return count(self._children.values())
            case StartChild(spec):
                return await self._start_child(spec)
            case TerminateChild(pid):
                child = self._find_child(pid)
                await self.end(child)
                return self.forget(child)
            case GetChildSpec(pid):
                return self._find_child(pid).spec
            case _:
                raise unknown_request(request)

    async def _start_child(self, spec: ChildSpec) -> Handle[Any, Any, Any] | None:
        """Source: DYN-E1 to DYN-E4."""
        self.spec.check_significance(spec)
        limit = self.spec.max_children
        if limit is not None and len(self._children) >= limit:
            raise MaxChildrenError(spec.id, limit)
        process = await self.start_process(spec)
        if process is None:
            return None
        child = self._children[process.pid] = Child(spec)
        child.process = process
        return process.handle

    def _find_child(self, pid: object) -> Child:
        child = self._children.get(pid) if isinstance(pid, Pid) else None
        if child is None:
            raise ChildNotFoundError(pid)
        return child
