"""The supervisor of a fixed set of children, known by their ids and kept in their start order."""

from __future__ import annotations

from typing import Any, ClassVar

from letitcrash_reference.children import Child, count, describe_child
from letitcrash_reference.errors import (
    ChildAlreadyPresentError,
    ChildAlreadyStartedError,
    ChildNotFoundError,
    ChildRestartingError,
    ChildRunningError,
    ChildStartError,
)
from letitcrash_reference.handle import Handle
from letitcrash_reference.messages import Exit
from letitcrash_reference.pid import Pid
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.requests import (
    CountChildren,
    DeleteChild,
    GetChildSpec,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChildren,
)
from letitcrash_reference.results import Stop
from letitcrash_reference.specs import ChildSpec, SupervisorSpec
from letitcrash_reference.strategies import find_group, is_over, needs_restart
from letitcrash_reference.supervising import AnySupervisor, unknown_request
from letitcrash_reference.supervisor_handle import SupervisorHandle

__all__ = ["Supervisor"]


class Supervisor(AnySupervisor[SupervisorSpec]):
    """Starts its children in order, restarts those that end, and ends them in reverse order when it ends itself.

    Start it with `Runtime.start_supervisor(spec)`, and talk to it through the `SupervisorHandle` that this returns.

    Args:
        spec: What it supervises, and how.
    """

    handle_class: ClassVar[type[Handle[Any, Any, Any]]] = SupervisorHandle

    def __init__(self, spec: SupervisorSpec) -> None:
        super().__init__(spec)
        self._children: dict[str, Child] = {}
        self._by_pid: dict[Pid, Child] = {}

    # -- its life -----------------------------------------------------------------------------------------------------

    async def init(self) -> Stop[Any] | None:
        """Start the children; if one does not start, end those that did. Source: SUP-1, SUP-2, SUP-12."""
        self.trap_exit(True)
        for spec in self.spec.children:
            child = self._children[spec.id] = Child(spec)
            try:
                await self._start(child)
            except ChildStartError as error:
                await self._end_each(list(self._children.values()))
                text = f"failed to start child {spec.id!r}: {error.reason}"
                return Stop(ExitReason(ExitReason.SHUTDOWN.kind, text, error))
        return None

    async def terminate(self, reason: ExitReason) -> None:
        """End the children, one after the other, the last one first. Source: SHUT-1, SHUT-10, SHUT-12."""
        await self._end_each(list(self._children.values()))

    # -- ends and restarts --------------------------------------------------------------------------------------------

    def find(self, signal: Exit) -> Child | None:
        return None if signal.pid is None else self._by_pid.get(signal.pid)

    async def handle_end(self, child: Child, reason: ExitReason) -> Stop[Any] | None:
        if needs_restart(child.spec.restart, reason):
            self._detach(child)
            return await self.restart_within_budget(child)
        self.forget(child)
        return Stop(ExitReason.SHUTDOWN) if is_over(self.spec.auto_shutdown, self._children.values(), child) else None

    async def restart(self, child: Child) -> None:
        """Restart a child and its group; whoever fails to start is tried again.

        Source:
            STR-5 to STR-19, INT-4, INT-6.
        """
        group = find_group(self.spec.strategy, self._children.values(), child)
        await self._end_each(group)
        for member in group:
            if member.spec.restart == "temporary":
                continue
            try:
                await self._start(member)
            except ChildStartError as error:
                self.retry_later(member, error)
                return
            member.restarts += 1

    def forget(self, child: Child) -> None:
        self._detach(child)
        if child.spec.restart == "temporary":
            self._children.pop(child.spec.id, None)

    def _detach(self, child: Child) -> None:
        """Part a child from its process, whose exit signal then is a stranger's, and from a restart under way."""
        process, child.process, child.retry = child.process, None, None
        if process is not None:
            self._by_pid.pop(process.pid, None)

    async def _start(self, child: Child) -> None:
        """Start a child that is among the children; a temporary one that declines is dropped. Source: SUP-4, STR-19."""
        process = child.process = await self.start_process(child.spec)
        if process is not None:
            self._by_pid[process.pid] = child
        elif child.spec.restart == "temporary":
            self.forget(child)

    async def _end_each(self, children: list[Child]) -> None:
        """End children one after the other, the last one first, and leave them down; temporary ones are dropped."""
        for child in reversed(children):
            await self.end(child)
            self.forget(child)

    # -- requests -----------------------------------------------------------------------------------------------------

    async def administer(self, request: Any) -> Any:
        match request:
            case WhichChildren():
                return [describe_child(child) for child in self._children.values()]
            case CountChildren():
                return count(self._children.values())
            case StartChild(spec):
                return await self._start_child(spec)
            case TerminateChild(child_id):
                return await self._terminate_child(child_id)
            case RestartChild(child_id):
                return await self._restart_child(child_id)
            case DeleteChild(child_id):
                del self._children[self._find_down(child_id).spec.id]
                return None
            case GetChildSpec(child_id):
                return self._find_child(child_id).spec
            case _:
                raise unknown_request(request)

    async def _start_child(self, spec: ChildSpec) -> Handle[Any, Any, Any] | None:
        """Source: SUP-20 to SUP-27."""
        self.spec.check_significance(spec)
        present = self._children.get(spec.id)
        if present is not None:
            if present.process is not None:
                raise ChildAlreadyStartedError(spec.id, present.process.handle)
            raise ChildAlreadyPresentError(spec.id)
        child = self._children[spec.id] = Child(spec)
        try:
            await self._start(child)
        except ChildStartError:
            del self._children[spec.id]
            raise
        return None if child.process is None else child.process.handle

    async def _terminate_child(self, child_id: object) -> None:
        """Source: SUP-30 to SUP-34, SUP-39, SUP-40, STR-15."""
        child = self._find_child(child_id)
        await self.end(child)
        self.forget(child)

    async def _restart_child(self, child_id: object) -> Handle[Any, Any, Any] | None:
        """Source: SUP-30, SUP-35 to SUP-37."""
        child = self._find_down(child_id)
        await self._start(child)
        return None if child.process is None else child.process.handle

    def _find_child(self, child_id: object) -> Child:
        child = self._children.get(child_id) if isinstance(child_id, str) else None
        if child is None:
            raise ChildNotFoundError(child_id)
        return child

    def _find_down(self, child_id: object) -> Child:
        child = self._find_child(child_id)
        if child.process is not None:
            raise ChildRunningError(child.spec.id)
        if child.is_restarting:
            raise ChildRestartingError(child.spec.id)
        return child
