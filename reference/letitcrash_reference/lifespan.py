"""Entering and leaving a runtime."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from letitcrash_reference.clock import MonotonicClock
from letitcrash_reference.closing import stop_all, wait_for_leftovers
from letitcrash_reference.context import current_process
from letitcrash_reference.core import RuntimeCore, State
from letitcrash_reference.errors import Killed, UsageError

__all__ = ["Lifespan"]

_running_loop = asyncio._get_running_loop  # pyright: ignore[reportPrivateUsage]


class Lifespan(RuntimeCore):
    """The context managers of a runtime."""

    def _open(self, loop: asyncio.AbstractEventLoop | None) -> None:
        if self._state is not State.NEW:
            raise UsageError(f"expected a new runtime, got one that is {self._state.value}\n  remedy: make another one")
        if isinstance(self.clock, MonotonicClock):
            self.clock.attach(self.home_loop)
        self._loop = loop
        self._state = State.OPEN

    async def __aenter__(self) -> Self:
        self._open(asyncio.get_running_loop())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        if _running_loop() is not None:
            raise UsageError("expected a thread without an event loop, got one with it\n  remedy: use 'async with'")
        self._open(None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_sync()

    async def close(self, timeout: float | None = None) -> None:
        """Leave the runtime: stop all servers, the youngest first, and wait until their tasks and threads have ended.

        Each server gets a stop request with reason shutdown, so that its `terminate` runs. Leaving the `async with`
        block does the same. Afterwards there is no process, name, timer, stream, task or thread of the runtime, except
        threads that a callback still blocks; they are logged, and end with their callback. Does nothing the second
        time.

        Args:
            timeout: Seconds for all servers together, `shutdown_timeout` unless given; then those that are left are
                killed. With 0 all are killed at once.

        Raises:
            UsageError: If a callback of one of its own servers asks for it.

        Source:
            BACK-11.
        """
        if self._state is State.NEW:
            self._state = State.CLOSED
        if self._state is not State.OPEN:
            return
        self._refuse_own_process()
        if self._loop is not None and _running_loop() is not self._loop:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.close(timeout), self._loop))
            return
        self._state = State.CLOSING
        timeout = self.shutdown_timeout if timeout is None else timeout
        interrupted: BaseException | None = None
        try:
            if timeout > 0 and self.table.processes:
                await stop_all(self, timeout)
        except BaseException as error:
            interrupted = error
        self._kill_all()
        try:
            if self.leftovers() or not self.has_only_tasks:
                await self._end_workers(max(1.0, timeout))
        except BaseException as error:
            interrupted = error
        self.clock.close()
        self._state = State.CLOSED
        if interrupted is not None:
            raise interrupted

    def close_sync(self, timeout: float | None = None) -> None:
        """Like `close`, blocking this thread.

        Raises:
            UsageError: If this thread runs an event loop.
        """
        if self._state is State.NEW:
            self._state = State.CLOSED
        if self._state is not State.OPEN:
            return
        self._refuse_own_process()
        if _running_loop() is not None:
            raise UsageError("expected a thread without an event loop, got one with it\n  remedy: await close()")
        ending = asyncio.run_coroutine_threadsafe(self.close(timeout), self.home_loop())
        try:
            ending.result()
        finally:
            if self._home is not None:
                if not ending.done():  # interrupted: end at once
                    self._kill_all()
                self._home.close()
                self._home = None

    def _refuse_own_process(self) -> None:
        caller = current_process.get()
        if caller is not None and caller.runtime is self:
            if not caller.alive:
                raise Killed
            raise UsageError("expected a client outside the runtime's servers, got one of their callbacks")

    def _kill_all(self) -> None:
        with self.table.lock:
            while self.table.processes:
                self.kill(next(reversed(self.table.processes.values())))
            for feed in tuple(self.feeds):
                feed.cancel()
            for timer in tuple(self.timers):
                timer.cancel()
            for sleeper in tuple(self.sleepers):
                sleeper.resolve(None)

    async def _end_workers(self, grace: float) -> None:
        if self._pool is not None:
            self._pool.close()
        left = await wait_for_leftovers(self, grace)
        if left:
            names = [task.get_name() for task in self.tasks()] + [thread.name for thread in self.server_threads()]
            self.logger.warning(
                "%d tasks or threads still run a callback of a killed process after %g s; "
                "each ends when its callback returns: %s",
                left,
                grace,
                ", ".join(names),
            )
        for driver in (self._pool, self._threads):
            if driver is not None:
                driver.ending.join()
