"""What a runtime holds: its table, clock, drivers, timers, and who wants to know when a process rests."""

from __future__ import annotations

import asyncio
import enum
import logging
import os
import threading
from collections.abc import Callable
from typing import Any

from letitcrash_reference.backend import Backend
from letitcrash_reference.clock import Clock, MonotonicClock
from letitcrash_reference.drivers.async_driver import AsyncDriver
from letitcrash_reference.drivers.driver import Driver
from letitcrash_reference.drivers.pool_driver import PoolDriver
from letitcrash_reference.drivers.thread_driver import ThreadDriver
from letitcrash_reference.errors import RuntimeClosedError
from letitcrash_reference.feed import Feed
from letitcrash_reference.home import HomeThread
from letitcrash_reference.process import Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.replies import ThreadFrom
from letitcrash_reference.table import ProcessTable
from letitcrash_reference.timer import Timer

__all__ = ["RuntimeCore", "State"]

_running_loop = asyncio._get_running_loop  # pyright: ignore[reportPrivateUsage]


class State(enum.Enum):
    """Where a runtime is in its life."""

    NEW = "not entered"
    OPEN = "open"
    CLOSING = "being left"
    CLOSED = "left"


class RuntimeCore:
    """The parts of a runtime and what its own modules do with them; users see `Runtime`.

    Attributes:
        table: The processes.
        clock: Its time.
        logger: Where callbacks that raised are logged.
        timers: The active ones.
        feeds: The running ones.
        watchers: Called, from any thread, whenever a process comes to rest or ends, or a thread ends.
        sleepers: Threads that block on the clock without listening for a kill.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        default_backend: Backend = Backend.ASYNC,
        pool_threads: int | None = None,
        shutdown_timeout: float = 5.0,
        logger: logging.Logger | None = None,
    ) -> None:
        if pool_threads is not None and pool_threads < 1:
            raise ValueError(f"expected pool_threads of at least 1, got {pool_threads!r}")
        if not shutdown_timeout >= 0:
            raise ValueError(f"expected a shutdown_timeout of at least 0 seconds, got {shutdown_timeout!r}")
        self.table = ProcessTable()
        self.clock: Clock = MonotonicClock() if clock is None else clock
        self.logger = logging.getLogger("letitcrash_reference") if logger is None else logger
        self.default_backend = default_backend
        self.pool_threads = pool_threads
        self.shutdown_timeout = shutdown_timeout
        self.timers: set[Timer] = set()
        self.feeds: set[Feed] = set()
        self.watchers: set[Callable[[], object]] = set()
        self.sleepers: set[ThreadFrom[Any]] = set()
        self._state = State.NEW
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home: HomeThread | None = None
        self._home_lock = threading.Lock()
        self._async: AsyncDriver | None = None
        self._pool: PoolDriver | None = None
        self._threads: ThreadDriver | None = None

    # -- the event loop -----------------------------------------------------------------------------------------------

    @property
    def loop_or_none(self) -> asyncio.AbstractEventLoop | None:
        """The event loop of its ASYNC servers, timers and feeds; None if none was needed so far."""
        return self._loop

    def home_loop(self) -> asyncio.AbstractEventLoop:
        """Return that event loop; one in a thread of its own is started if need be."""
        if self._loop is None:
            with self._home_lock:
                if self._loop is None:
                    if self._state is not State.OPEN and self._state is not State.CLOSING:
                        raise self.closed_error()
                    self._home = HomeThread()
                    self._loop = self._home.loop
        return self._loop

    @property
    def runs_on_this_thread(self) -> bool:
        """Whether all its processes run on the event loop that runs here."""
        return self._pool is None and self._threads is None and (self._loop is None or _running_loop() is self._loop)

    # -- the drivers --------------------------------------------------------------------------------------------------

    def driver(self, backend: Backend) -> Driver:
        """Return the driver of a backend, made when first needed; called under the table's lock."""
        if backend is Backend.ASYNC:
            if self._async is None:
                self._async = AsyncDriver(self.home_loop())
            return self._async
        if backend is Backend.BLOCKING:
            if self._pool is None:
                self._pool = PoolDriver(self, self.pool_threads or min(32, (os.cpu_count() or 1) + 4))
            return self._pool
        if self._threads is None:
            self._threads = ThreadDriver(self)
        return self._threads

    @property
    def is_open(self) -> bool:
        """Whether servers can be started: it was entered, and is not being left."""
        return self._state is State.OPEN

    @property
    def has_only_tasks(self) -> bool:
        """Whether no thread of its own runs servers."""
        return self._pool is None and self._threads is None

    @property
    def needs_loop(self) -> bool:
        """Whether it has or had ASYNC servers, so that its event loop must run for it to make progress."""
        return self._async is not None

    def leftovers(self) -> int:
        """Return how many tasks and threads of servers and streams have not ended."""
        drivers: tuple[Driver | None, ...] = (self._async, self._pool, self._threads)
        return len(self.feeds) + sum(driver.leftovers() for driver in drivers if driver is not None)

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return the tasks of servers and streams that have not ended."""
        feeding = [feed.task for feed in tuple(self.feeds) if feed.task is not None]
        return feeding if self._async is None else [*self._async.tasks, *feeding]

    def server_threads(self) -> list[threading.Thread]:
        """Return the threads of the BLOCKING and THREAD backends that have not ended."""
        threads = [] if self._threads is None else list(self._threads.threads)
        if self._pool is not None:
            threads += [
                w.thread for w in (*self._pool.workers, *self._pool.lent, *self._pool.stuck) if w.thread is not None
            ]
        return threads

    # -- what its parts report ----------------------------------------------------------------------------------------

    def notify(self) -> None:
        """Tell the watchers that a process has come to rest, or that a thread has ended."""
        for watcher in tuple(self.watchers):
            watcher()

    def kill(self, process: Process) -> None:
        """End a process at once."""
        self.table.die(process, ExitReason.KILLED)

    def log_crash(self, process: Process, callback: str, error: BaseException, reason: ExitReason) -> None:
        """Log, once, that a callback raised."""
        self.logger.error(
            "process %s (name %r, %s, %s backend) crashed in %s: %s",
            process.pid,
            process.name,
            type(process.server).__name__,
            process.backend.value,
            callback,
            reason,
            exc_info=error,
        )

    def closed_error(self) -> RuntimeClosedError:
        """Return the error for whoever asks too early or too late."""
        return RuntimeClosedError(
            f"expected an open runtime, got one that is {self._state.value}\n"
            "  remedy: start servers inside 'async with Runtime() as rt:' (or 'with' in a plain thread)"
        )
