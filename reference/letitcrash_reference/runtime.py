"""The runtime: owner of processes, names, clock and backends."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

from letitcrash_reference.clock import ManualClock
from letitcrash_reference.context import current_process
from letitcrash_reference.errors import NoProcessError, UsageError
from letitcrash_reference.feed import Feed
from letitcrash_reference.handle import Handle
from letitcrash_reference.idle import is_idle, wait_until_idle, wait_until_idle_sync
from letitcrash_reference.info import ProcessInfo, Statistics, describe
from letitcrash_reference.pid import HasPid
from letitcrash_reference.process import Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.replies import ThreadFrom
from letitcrash_reference.starting_supervisors import SupervisorStarting
from letitcrash_reference.timer import Timer
from letitcrash_reference.waiting import await_token, block_on, make_token, refuse_dead_caller

__all__ = ["Runtime"]


class Runtime(SupervisorStarting):
    """A world of processes: start servers in it, leave it to stop them all.

        async with Runtime() as rt:
            counter = await rt.start(Counter(0), name="counter")
            await counter.call(Add(2))

    In a plain thread, without an event loop, write `with Runtime() as rt:` and use the methods that end in `_sync`.
    Handles work from every task of every loop and from every thread, whichever way the runtime was entered. Its ASYNC
    servers, timers and streams run on the loop that entered it, or on one in a thread of its own.

    Args:
        clock: Its time; a `MonotonicClock` unless given. Give a `ManualClock` to test without waiting.
        default_backend: Where servers run unless their start says otherwise.
        pool_threads: The most threads that run BLOCKING servers; the number of processors plus 4, at most 32, unless
            given. One whose server waits for another server does not count, so that servers that call each other
            cannot use all of them up.
        shutdown_timeout: Seconds that all servers together may take to stop when the runtime is left; then they are
            killed.
        logger: Where callbacks that raised are logged; `logging.getLogger("letitcrash_reference")` unless given.

    Source:
        BACK-1, BACK-11.
    """

    # -- messages by pid or name --------------------------------------------------------------------------------------

    async def call(self, target: HasPid | str, message: Any, timeout: float | None = 5.0) -> Any:
        """Call the process that has a pid or a name now; see `Handle.call`."""
        return await self._handle_of(target).call(message, timeout)

    def call_sync(self, target: HasPid | str, message: Any, timeout: float | None = 5.0) -> Any:
        """Like `call`, blocking this thread."""
        return self._handle_of(target).call_sync(message, timeout)

    def cast(self, target: HasPid | str, message: Any) -> None:
        """Cast to the process that has a pid or a name now. If there is none, nothing happens. Source: GS-36."""
        process = self.table.find(target)
        if process is not None:
            process.handle.cast(message)
        else:
            refuse_dead_caller()

    def send(self, target: HasPid | str, message: object) -> None:
        """Send a plain message, which arrives in `handle_info`. To a dead process it does nothing.

        Raises:
            NoProcessError: If nobody has the name.

        Source:
            EXIT-22, REG-14, REG-16.
        """
        refuse_dead_caller()
        process = self.table.find(target)
        if process is not None:
            process.handle.send(message)
        elif isinstance(target, str):
            raise NoProcessError(target)

    async def stop(
        self, target: HasPid | str, reason: ExitReason = ExitReason.NORMAL, timeout: float | None = None
    ) -> None:
        """Stop the process that has a pid or a name now; see `Handle.stop`."""
        await self._handle_of(target).stop(reason, timeout)

    def stop_sync(
        self, target: HasPid | str, reason: ExitReason = ExitReason.NORMAL, timeout: float | None = None
    ) -> None:
        """Like `stop`, blocking this thread."""
        self._handle_of(target).stop_sync(reason, timeout)

    def exit(self, target: HasPid, reason: ExitReason) -> None:
        """Send an exit signal. It has acted when this returns, also on a process that is busy.

        `KILL` ends any process, with reason killed and without its `terminate`. A process that traps exits gets any
        other reason as an `Exit` message, whose sender is the process whose callback is running here. One that does not
        trap them ends with that reason; `NORMAL` harms only the sender itself. To a dead process it does nothing.

        Raises:
            Killed: If it ends the process whose callback is running here.

        Source:
            EXIT-5 to EXIT-13, EXIT-17 to EXIT-20.
        """
        sender = current_process.get()
        with self.table.lock:
            refuse_dead_caller()
            process = self.table.find(target)
            if process is not None:
                self.table.exit(process, sender, reason)
        refuse_dead_caller()

    # -- names --------------------------------------------------------------------------------------------------------

    def register(self, name: str, target: HasPid) -> None:
        """Give a name to a process.

        Raises:
            AlreadyRegisteredError: If the name is taken, be it by this very process.
            AlreadyNamedError: If the process has another name.
            NoProcessError: If the process is dead.
            TypeError, ValueError: If the name is not a text, or empty.

        Source:
            REG-1 to REG-7, REG-9, REG-13.
        """
        registry = self.table.registry
        registry.check(name)
        with self.table.lock:
            refuse_dead_caller()
            process = self.table.find(target)
            if process is None:
                raise NoProcessError(target.pid)
            registry.add(name, process)

    def unregister(self, name: str) -> None:
        """Take a name back; its process lives on and may get another.

        Raises:
            NotRegisteredError: If nobody has the name.

        Source:
            REG-8 to REG-10.
        """
        with self.table.lock:
            refuse_dead_caller()
            self.table.registry.remove(name)

    def whereis(self, name: str) -> Handle[Any, Any, Any] | None:
        """Return the handle of the process that has a name; None if nobody has it. Source: REG-1, REG-11, REG-12."""
        self.table.registry.check(name)
        process = self.table.registry.names.get(name)
        return None if process is None else process.handle

    def name_of(self, target: HasPid) -> str | None:
        """Return the name of a process; None if it has none, or is dead."""
        process = self.table.find(target)
        return None if process is None else process.name

    def registered(self) -> list[str]:
        """Return all names, in the order of registration. Source: REG-15."""
        return list(self.table.registry.names)

    def count(self) -> int:
        """Return how many names there are."""
        return len(self.table.registry.names)

    # -- timers and streams -------------------------------------------------------------------------------------------

    def send_after(self, delay: float, target: HasPid | str, message: object) -> Timer:
        """Send `message` as an info, not before `delay` seconds have passed on the runtime's clock.

        Args:
            delay: Seconds, zero allowed.
            target: A pid or handle: the timer is void when that process is dead or dies. A name: it is looked up when
                the timer fires.
            message: Arrives in `handle_info`.

        Raises:
            ValueError: If `delay` is negative.

        Source:
            TIM-1, TIM-3, TIM-7, TIM-8, TIM-10.
        """
        if not delay >= 0:
            raise ValueError(f"expected a delay of at least 0 seconds, got {delay!r}")
        return self._start_timer(delay, target, message, None)

    def send_interval(self, period: float, target: HasPid | str, message: object) -> Timer:
        """Send `message` every `period` seconds, first after one period; otherwise like `send_after`.

        Raises:
            ValueError: If `period` is not above zero.
        """
        if not period > 0:
            raise ValueError(f"expected a period above 0 seconds, got {period!r}")
        return self._start_timer(period, target, message, period)

    def _start_timer(self, delay: float, target: HasPid | str, message: object, period: float | None) -> Timer:
        name = target if isinstance(target, str) else None
        with self.table.lock:
            refuse_dead_caller()
            timer = Timer(self, None if name is not None else self.table.find(target), name, message, period)
            timer.start(delay)
        return timer

    def feed(self, target: HasPid | str, source: AsyncIterable[Any], *, as_info: bool = False) -> Feed:
        """Cast each item of a stream to a server, until the stream ends, the server dies, or the feed is cancelled.

        A stream that raises is logged and ends the feed; the server is not touched.

        Args:
            target: Whom; a name means the process that has it now.
            source: The stream; it runs in a task of the runtime's event loop.
            as_info: Send the items as plain messages instead.

        Raises:
            NoProcessError: If there is no such process.
        """
        refuse_dead_caller()
        process = self._find(target)
        feed = Feed(self, process, source, as_info)
        feed.start(self.home_loop())
        return feed

    # -- time ---------------------------------------------------------------------------------------------------------

    async def sleep(self, seconds: float) -> None:
        """Wait on the runtime's clock. On a thread backend this blocks the thread; a kill ends it."""
        caller = current_process.get()
        token = make_token(caller)
        if isinstance(token, ThreadFrom):
            block_on(self, token, _finite(seconds), pause=True)
            return
        alarm = None if _finite(seconds) is None else self.clock.call_later(seconds, token.resolve, None)
        try:
            await await_token(self, token, None)
        finally:
            if alarm is not None:
                alarm.cancel()

    def sleep_sync(self, seconds: float) -> None:
        """Block this thread on the runtime's clock, as `time.sleep` does on real time: not even a kill ends it earlier.

        Leaving the runtime does. In a callback of an ASYNC server this stops the whole event loop; use `sleep` there.
        """
        refuse_dead_caller()
        token = _Sleeper(current_process.get())
        self.sleepers.add(token)
        try:
            block_on(self, token, _finite(seconds), pause=True)
        finally:
            self.sleepers.discard(token)

    async def wait_until_idle(self) -> None:
        """Wait until no server can make a step before time moves or a message from outside comes. For tests.

        A callback that waits inside the runtime (for the clock, for another server) is at rest; one that computes,
        blocks, or awaits something else is not, and is waited for without limit.
        """
        await wait_until_idle(self)

    def wait_until_idle_sync(self, timeout: float = 60.0) -> bool:
        """Like `wait_until_idle`, blocking this thread for at most `timeout` seconds of real time.

        Returns:
            Whether it is idle.
        """
        return wait_until_idle_sync(self, timeout)

    def is_idle(self) -> bool:
        """Return whether no server can make a step by itself right now."""
        return is_idle(self)

    async def advance(self, seconds: float) -> None:
        """Let time pass on a manual clock: from alarm to alarm, with all servers at rest before and after each.

        Raises:
            UsageError: If the runtime's clock is not a `ManualClock`.
            ValueError: If `seconds` is negative.
        """
        clock = self.clock
        if not isinstance(clock, ManualClock):
            raise UsageError(
                "expected a runtime with a ManualClock, got real time\n  remedy: Runtime(clock=ManualClock())"
            )
        if seconds < 0:
            raise ValueError(f"expected seconds of at least 0, got {seconds!r}")
        target = clock.now() + seconds
        await wait_until_idle(self)
        while clock.advance_to_next(target):
            await wait_until_idle(self)
        clock.advance(max(0.0, target - clock.now()))

    # -- looking in ---------------------------------------------------------------------------------------------------

    def handle_of(self, target: HasPid | str) -> Handle[Any, Any, Any] | None:
        """Return the handle of a live process; None if there is none."""
        process = self.table.find(target)
        return None if process is None else process.handle

    def info(self, target: HasPid | str) -> ProcessInfo | None:
        """Describe a live process; None if there is none. Source: BACK-7."""
        with self.table.lock:
            process = self.table.find(target)
            return None if process is None else describe(process)

    def processes(self) -> list[ProcessInfo]:
        """Describe all live processes, oldest first."""
        with self.table.lock:
            return [describe(process) for process in self.table.processes.values()]

    def statistics(self) -> Statistics:
        """Count what the runtime holds. Source: BACK-7, BACK-9, BACK-11."""
        pool, threads = self._pool, self._threads
        return Statistics(
            processes=len(self.table.processes),
            started=self.table.started,
            names=len(self.table.registry.names),
            timers=len(self.timers),
            feeds=len(self.feeds),
            tasks=0 if self._async is None else self._async.leftovers(),
            threads=(0 if pool is None else pool.leftovers()) + (0 if threads is None else threads.leftovers()),
            abandoned_threads=(0 if pool is None else pool.abandoned())
            + (0 if threads is None else threads.abandoned()),
            waiting=0 if pool is None else pool.waiting(),
        )

    def _find(self, target: HasPid | str) -> Process:
        process = self.table.find(target)
        if process is None:
            raise NoProcessError(target if isinstance(target, str) else target.pid)
        return process

    def _handle_of(self, target: HasPid | str) -> Handle[Any, Any, Any]:
        refuse_dead_caller()
        return self._find(target).handle


class _Sleeper(ThreadFrom[Any]):
    """The token of a thread that sleeps through everything but the clock."""

    __slots__ = ()
    survives_kill = True

    def __init__(self, process: Any) -> None:
        super().__init__(process)

    def fail(self, error: BaseException) -> None:
        """A kill does not wake it."""


def _finite(seconds: float) -> float | None:
    return None if seconds == float("inf") else seconds
