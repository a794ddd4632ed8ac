"""Starting servers."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar, cast

from letitcrash_reference.backend import Backend
from letitcrash_reference.context import current_process
from letitcrash_reference.core import State
from letitcrash_reference.errors import (
    CallTimeoutError,
    NoProcessError,
    StartError,
    StartTimeoutError,
    UsageError,
)
from letitcrash_reference.handle import Handle
from letitcrash_reference.lifespan import Lifespan
from letitcrash_reference.pid import HasPid, MonitorRef, Pid
from letitcrash_reference.process import Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.replies import From
from letitcrash_reference.server import GenServer
from letitcrash_reference.table import check_alive
from letitcrash_reference.waiting import await_token, block_on, make_thread_token, make_token, refuse_dead_caller

__all__ = ["Starting"]

CallT = TypeVar("CallT")
CastT = TypeVar("CastT")
ReplyT = TypeVar("ReplyT")


class Starting(Lifespan):
    """The start functions of a runtime."""

    async def start(
        self,
        server: GenServer[CallT, CastT, ReplyT],
        *,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Handle[CallT, CastT, ReplyT]:
        """Start a server and wait until its `init` is done.

        Args:
            server: A new server object; it serves once.
            backend: Where its callbacks run; `default_backend` unless given.
            name: Its name, given before `init` runs.
            timeout: Seconds on the runtime's clock that `init` may take, None for no limit.

        Returns:
            Its handle.

        Raises:
            StartError: If `init` returned `Stop` or raised, or the process was killed meanwhile; carries the reason.
            StartIgnoredError: If `init` returned `Ignore`.
            StartTimeoutError: If `init` took too long; the server was killed.
            AlreadyRegisteredError: If the name is taken; nothing was started.
            RuntimeClosedError: If the runtime is not open.

        Source:
            GS-1 to GS-5, GS-10, GS-11, REG-17 to REG-19, BACK-1.
        """
        return await self._start(server, backend, name, timeout, None, None)

    async def start_linked(
        self,
        server: GenServer[CallT, CastT, ReplyT],
        *,
        parent: HasPid | None = None,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Handle[CallT, CastT, ReplyT]:
        """Start a server as the child of a process, linked with it from the first moment.

        If the start fails, a parent that does not trap exits dies of the reason (unless it is normal), one that does
        gets no message.

        Args:
            parent: The process it is linked with; the one whose callback is running unless given.
            server: As in `start`.
            backend: As in `start`.
            name: As in `start`.
            timeout: As in `start`.

        Raises:
            NoProcessError: If the parent is dead.
            UsageError: If no parent is given outside of any callback.
            StartError, AlreadyRegisteredError, RuntimeClosedError: As in `start`.

        Source:
            LNK-9, LNK-21, GS-4, GS-55, GS-56.
        """
        return await self._start(server, backend, name, timeout, self._relative(parent, "parent"), None)

    async def start_monitored(
        self,
        server: GenServer[CallT, CastT, ReplyT],
        *,
        watcher: HasPid | None = None,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> tuple[Handle[CallT, CastT, ReplyT], MonitorRef]:
        """Start a server that a process monitors from the first moment. A failed start sends no `Down`.

        Args:
            watcher: The process that gets the `Down` message; the one whose callback is running unless given.
            server: As in `start`.
            backend: As in `start`.
            name: As in `start`.
            timeout: As in `start`.

        Returns:
            The server's handle and the monitor's reference.

        Raises:
            NoProcessError, UsageError, StartError, AlreadyRegisteredError, RuntimeClosedError: As in `start_linked`.

        Source:
            MON-16, GS-14.
        """
        handle = await self._start(server, backend, name, timeout, None, self._relative(watcher, "watcher"))
        return handle, self._start_ref_of(server)

    def start_sync(
        self,
        server: GenServer[CallT, CastT, ReplyT],
        *,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Handle[CallT, CastT, ReplyT]:
        """Like `start`, blocking this thread."""
        return self._start_sync(server, backend, name, timeout, None, None)

    def start_linked_sync(
        self,
        server: GenServer[CallT, CastT, ReplyT],
        *,
        parent: HasPid | None = None,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Handle[CallT, CastT, ReplyT]:
        """Like `start_linked`, blocking this thread."""
        return self._start_sync(server, backend, name, timeout, self._relative(parent, "parent"), None)

    def start_monitored_sync(
        self,
        server: GenServer[CallT, CastT, ReplyT],
        *,
        watcher: HasPid | None = None,
        backend: Backend | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> tuple[Handle[CallT, CastT, ReplyT], MonitorRef]:
        """Like `start_monitored`, blocking this thread."""
        handle = self._start_sync(server, backend, name, timeout, None, self._relative(watcher, "watcher"))
        return handle, self._start_ref_of(server)

    # -- how ----------------------------------------------------------------------------------------------------------

    async def _start(
        self,
        server: GenServer[CallT, CastT, ReplyT],
        backend: Backend | None,
        name: str | None,
        timeout: float | None,
        parent: Process | None,
        watcher: Process | None,
    ) -> Handle[CallT, CastT, ReplyT]:
        token = make_token(None)
        process = self.begin_start(server, backend, name, parent, watcher, token)
        try:
            await await_token(self._runtime(), token, timeout)
        except CallTimeoutError:
            self._give_up(process)
            raise StartTimeoutError(timeout or 0.0) from None
        except asyncio.CancelledError:
            self._abandon(process)
            raise
        return cast("Handle[CallT, CastT, ReplyT]", process.handle)

    def _start_sync(
        self,
        server: GenServer[CallT, CastT, ReplyT],
        backend: Backend | None,
        name: str | None,
        timeout: float | None,
        parent: Process | None,
        watcher: Process | None,
    ) -> Handle[CallT, CastT, ReplyT]:
        token = make_thread_token(self._runtime(), None)
        process = self.begin_start(server, backend, name, parent, watcher, token)
        try:
            block_on(self._runtime(), token, timeout)
        except CallTimeoutError:
            self._give_up(process)
            raise StartTimeoutError(timeout or 0.0) from None
        except KeyboardInterrupt:
            self._abandon(process)
            raise
        return cast("Handle[CallT, CastT, ReplyT]", process.handle)

    def begin_start(
        self,
        server: GenServer[Any, Any, Any],
        backend: Backend | None,
        name: str | None,
        parent: Process | None,
        watcher: Process | None,
        token: From[Any],
    ) -> Process:
        """Make the process, known by name, link and monitor before it takes its first step, and launch it.

        Internal: what the start functions share. `token` is resolved once `init` is done.
        """
        table = self.table
        if not isinstance(server, GenServer):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a GenServer object, got {server!r}")
        if name is not None:
            table.registry.check(name)
        with table.lock:
            refuse_dead_caller()
            if self._state is not State.OPEN:
                raise self.closed_error()
            if server.process_record is not None:
                raise UsageError(
                    f"expected a new server object, got that of {server.process_record!r}\n  remedy: make another one"
                )
            for relative in (parent, watcher):
                if relative is not None:
                    check_alive(relative)
            backend = self.default_backend if backend is None else backend
            driver = self.driver(backend)
            process = Process(Pid(table.started + 1), server, self._runtime(), backend, driver)
            process.handle = server.handle_class(process)
            if name is not None:
                table.registry.add(name, process)
            table.started += 1
            process.start_token = token
            token.process = process
            server.process_record = process
            table.processes[process.pid] = process
            if parent is not None:
                process.parent = parent
                table.join(parent, process)
            if watcher is not None:
                process.start_ref = process.monitored_as = table.watch(watcher, process)
        try:
            driver.launch(process)
        except RuntimeError as error:
            table.die(process, ExitReason.error(str(error)))
            raise StartError(process.reason or ExitReason.KILLED) from error
        return process

    def _start_ref_of(self, server: GenServer[Any, Any, Any]) -> MonitorRef:
        process = server.process_record
        assert process is not None
        assert process.monitored_as is not None
        return process.monitored_as

    def _relative(self, given: HasPid | None, role: str) -> Process:
        """Return the live process that stands for `parent=` or `watcher=`."""
        if given is None:
            caller = current_process.get()
            if caller is None or caller.runtime is not self:
                raise UsageError(
                    f"expected {role}= outside of a callback, got None\n  remedy: pass a handle as {role}="
                )
            return caller
        process = self.table.find(given)
        if process is None:
            caller = current_process.get()
            if caller is not None and caller.pid is given.pid:
                check_alive(caller)
            raise NoProcessError(given.pid)
        return process

    def _give_up(self, process: Process) -> None:
        """Kill a server that did not start in time; whoever started it survives."""
        with self.table.lock:
            if process.alive and process.parent is not None:
                self.table.part(process, process.parent)
            self.kill(process)

    def _abandon(self, process: Process) -> None:
        """End a start that nobody waits for any more, unless it was a process that died while it waited."""
        caller = current_process.get()
        if caller is None or caller.alive:
            self._give_up(process)

    def _runtime(self) -> Any:
        return self
