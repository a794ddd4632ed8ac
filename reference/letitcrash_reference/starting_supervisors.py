"""Starting supervisors."""

from __future__ import annotations

from typing import Any, cast, overload

from letitcrash_reference.backend import Backend
from letitcrash_reference.dynamic_supervisor import DynamicSupervisor
from letitcrash_reference.pid import HasPid
from letitcrash_reference.specs import DynamicSupervisorSpec, SupervisorSpec
from letitcrash_reference.starting import Starting
from letitcrash_reference.supervisor import Supervisor
from letitcrash_reference.supervisor_handle import DynamicSupervisorHandle, SupervisorHandle

__all__ = ["SupervisorStarting"]


class SupervisorStarting(Starting):
    """The start functions of a runtime for supervisors."""

    @overload
    async def start_supervisor(
        self, spec: SupervisorSpec, *, parent: HasPid | None = None, timeout: float | None = None
    ) -> SupervisorHandle: ...

    @overload
    async def start_supervisor(
        self, spec: DynamicSupervisorSpec, *, parent: HasPid | None = None, timeout: float | None = None
    ) -> DynamicSupervisorHandle: ...

    async def start_supervisor(
        self,
        spec: SupervisorSpec | DynamicSupervisorSpec,
        *,
        parent: HasPid | None = None,
        timeout: float | None = None,
    ) -> SupervisorHandle | DynamicSupervisorHandle:
        """Start a supervisor and its children, and wait until all of them run.

        A supervisor always traps exits and obeys its parent's end only, a stop request, and `kill`.

        Args:
            spec: What it supervises, and how.
            parent: The process it is linked with, and ends with; none unless given.
            timeout: Seconds on the runtime's clock that the whole start may take, None for no limit.

        Returns:
            Its handle.

        Raises:
            StartError: If a child did not start; those that did have been ended again. If there is a parent that does
                not trap exits, it dies of it.
            StartTimeoutError: If it took too long; the supervisor was killed, and its children with it.
            AlreadyRegisteredError: If its name is taken; nothing was started.
            NoProcessError: If the parent is dead.
            RuntimeClosedError: If the runtime is not open.

        Source:
            SUP-1, SUP-2, SUP-11, SUP-12.
        """
        if parent is None:
            handle = await self.start(_make(spec), backend=Backend.ASYNC, name=spec.name, timeout=timeout)
        else:
            handle = await self.start_linked(
                _make(spec), parent=parent, backend=Backend.ASYNC, name=spec.name, timeout=timeout
            )
        return cast("SupervisorHandle | DynamicSupervisorHandle", handle)

    @overload
    def start_supervisor_sync(
        self, spec: SupervisorSpec, *, parent: HasPid | None = None, timeout: float | None = None
    ) -> SupervisorHandle: ...

    @overload
    def start_supervisor_sync(
        self, spec: DynamicSupervisorSpec, *, parent: HasPid | None = None, timeout: float | None = None
    ) -> DynamicSupervisorHandle: ...

    def start_supervisor_sync(
        self,
        spec: SupervisorSpec | DynamicSupervisorSpec,
        *,
        parent: HasPid | None = None,
        timeout: float | None = None,
    ) -> SupervisorHandle | DynamicSupervisorHandle:
        """Like `start_supervisor`, blocking this thread."""
        if parent is None:
            handle = self.start_sync(_make(spec), backend=Backend.ASYNC, name=spec.name, timeout=timeout)
        else:
            handle = self.start_linked_sync(
                _make(spec), parent=parent, backend=Backend.ASYNC, name=spec.name, timeout=timeout
            )
        return cast("SupervisorHandle | DynamicSupervisorHandle", handle)


def _make(spec: Any) -> Supervisor | DynamicSupervisor:
    if isinstance(spec, SupervisorSpec):
        return Supervisor(spec)
    if isinstance(spec, DynamicSupervisorSpec):
        return DynamicSupervisor(spec)
    raise TypeError(f"expected a SupervisorSpec or a DynamicSupervisorSpec, got {spec!r}")
