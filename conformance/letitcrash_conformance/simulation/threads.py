"""Threads whose schedule is drawn: each is a greenlet, all run in one thread of the system, and time is virtual.

Threads switch where they use what `locks`, `queues` and `sleep` offer, and with `lines` also between the lines of some
files. The same schedulers choose as for tasks. What blocks elsewhere (sockets, locks made before) is not seen; it is
noticed after a while, and said.
"""

from __future__ import annotations

import asyncio
import heapq
import importlib
import itertools
import sys
import traceback
from _thread import get_ident
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.inprocess_stack import describe_calls
from letitcrash_conformance.inprocess_watch import Silence, Watch
from letitcrash_conformance.simulation.lines import Lines
from letitcrash_conformance.simulation.schedule import CLOCK, Decisions, Schedule
from letitcrash_conformance.simulation.schedulers import Scheduler, stand_ins
from letitcrash_conformance.simulation.stuck import Deadlock, Livelock, Uncontrolled

__all__ = ["MAX_SWITCHES", "Fiber", "SimThreads", "require_greenlet"]

T = TypeVar("T")

MAX_SWITCHES = 200_000
"""Switches after which a run counts as a livelock."""

SLICE = 100
"""Points after which a thread lets others go first, so that none starves."""

UNSEEN_S = 1.0
"""How long a thread may run without a switch, in seconds of real time, before it counts as blocked elsewhere."""


def _import_greenlet() -> Any:
    """Return the package; None if the extra `simulation` is not installed."""
    try:
        return importlib.import_module("greenlet")
    except ImportError:
        return None


greenlet: Any = _import_greenlet()
_get_loop = asyncio._get_running_loop  # pyright: ignore[reportPrivateUsage]
_set_loop = asyncio._set_running_loop  # pyright: ignore[reportPrivateUsage]


def require_greenlet() -> None:
    """Check that threads can be simulated.

    Raises:
        UsageError: If greenlet is not installed.
    """
    if greenlet is None:
        raise UsageError(
            "expected the package greenlet, which simulates threads, found none\n"
            "  remedy: pip install 'letitcrash[simulation]'"
        )


class Fiber:
    """One simulated thread, as the scheduler knows it.

    Attributes:
        owner: Its number, from 1, in order of creation.
        name: What it is called.
        is_done: Whether its function has returned.
        thread: The object that stands for it in the program; None for the main one.
        waits_for: What it is blocked on, in words; empty if it can run.
        error: What its function raised, if it did.
        joiners: Who waits for its end.
        locals: Its data of each `Local`.
        context: The greenlet.
        timer: Its entry among the time-outs, if it has one.
        since: The time since which it can run.
    """

    __slots__ = (
        "context",
        "error",
        "is_done",
        "joiners",
        "locals",
        "name",
        "owner",
        "since",
        "thread",
        "timer",
        "waits_for",
    )

    def __init__(self, owner: int, name: str, glet: Any) -> None:
        self.owner = owner
        self.name = name
        self.is_done = False
        self.thread: Any = None
        self.waits_for = ""
        self.error: BaseException | None = None
        self.joiners: list[Fiber] = []
        self.locals: dict[Any, dict[str, Any]] = {}
        self.context = glet
        self.timer: list[Any] | None = None
        self.since = 0.0


class SimThreads:
    """Runs functions as simulated threads.

        threads = SimThreads(Schedule.draw(7))
        with threads.patched([my_module]):
            threads.run(my_module.main)

    Args:
        schedule: How to choose who runs next.
        lines: Files, by the beginnings of their paths, between whose lines threads switch, too.
        max_switches: Switches after which a run counts as a livelock.
        slack: How far the clock may run ahead of a thread that can run, in seconds of virtual time.
        unseen_s: How long a thread may run without a switch, in seconds of real time.

    Attributes:
        switches: Switches since `begin`.
        on_switch: Called before each switch with who is about to run, how many others can, and the number of the
            contested step or -1; None for none.
        current: Who runs; None outside `run`.

    Raises:
        UsageError: If greenlet is not installed.
    """

    def __init__(
        self,
        schedule: Schedule | None = None,
        *,
        lines: Sequence[str] = (),
        max_switches: int = MAX_SWITCHES,
        slack: float = float("inf"),
        unseen_s: float = UNSEEN_S,
    ) -> None:
        require_greenlet()
        self._ident = get_ident()
        self.max_switches = max_switches
        self.slack = slack
        self.switches = 0
        self.on_switch: Callable[[Fiber, int, int], None] | None = None
        self.current: Fiber | None = None
        self._slice = SLICE
        self._lines = Lines(lines, self.point) if lines else None
        self._now = 0.0
        self._ready: list[Fiber] = []
        self._timers: list[list[Any]] = []
        self._numbers = itertools.count()
        self._fibers: dict[int, Fiber] = {}
        self._owners = 0
        self._hub: Any = None
        self._is_closing = False
        self._watch = Watch(unseen_s, _nothing)
        self._bound_s = unseen_s
        self.begin(Schedule() if schedule is None else schedule)

    def begin(self, schedule: Schedule) -> None:
        """Start a new run: its scheduler, its decisions and its count of switches. Time goes on."""
        self._scheduler: Scheduler | None = None if schedule.strategy == "fifo" else schedule.scheduler()
        self._taken: list[tuple[int, int]] = []
        self._contested = 0
        self._slice = SLICE
        self.switches = 0

    @property
    def decisions(self) -> Decisions:
        """What was decided since `begin` and differs from first come, first served."""
        return tuple(self._taken)

    def fibers(self) -> list[Fiber]:
        """Return the threads that have not ended, oldest first."""
        return list(self._fibers.values())

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return self._now

    def is_here(self) -> bool:
        """Whether the code that asks runs in the one thread of the system that runs all simulated ones."""
        return get_ident() == self._ident

    # -- running ------------------------------------------------------------------------------------------------------

    def run(self, main: Callable[[], T]) -> T:
        """Run a function as the main thread until it returns; others that are left stay where they are.

        Raises:
            Deadlock: If nobody can run and no time-out is set.
            Livelock: If the bound on switches is reached.
            Uncontrolled: If a thread blocks in something that is not simulated.
            BaseException: What the function raised.
        """
        if self._hub is not None:
            raise UsageError("expected no simulation that runs already, got one")
        result: list[T] = []
        fiber = self.spawn(lambda: result.append(main()), "the main thread")
        self._ident = get_ident()
        hooks, loop = sys.get_asyncgen_hooks(), _get_loop()
        self._hub = greenlet.getcurrent()
        watch = self._watch
        try:
            watch.begin(_Progress(self))
            self._drive(fiber)
        except Silence:
            watch.end()
            raise self._uncontrolled() from None
        finally:
            watch.end()
            watch.stack = None
            self._hub = self.current = None
            sys.set_asyncgen_hooks(*hooks)
            _set_loop(loop)
        if fiber.error is not None:
            raise fiber.error
        return result[0]

    def _drive(self, main: Fiber) -> None:
        ready, timers = self._ready, self._timers
        while not main.is_done:
            while timers and timers[0][2] is None:
                heapq.heappop(timers)
            if not ready:
                if not timers:
                    raise Deadlock("deadlock: no thread can run and no time-out is set", self._waits())
                self._tick()
                continue
            count = len(ready)
            position, number = 0, -1
            has_clock = bool(timers) and timers[0][0] - min(fiber.since for fiber in ready) <= self.slack
            if self._scheduler is not None and (count > 1 or has_clock):
                number = self._contested
                self._contested = number + 1
                position = self._scheduler.pick(ready, has_clock)
                if position:
                    self._taken.append((number, CLOCK if position == count else position))
                    if position == count:
                        self._tick()
                        continue
            self.switches += 1
            if self.switches > self.max_switches:
                what = f"livelock: {self.max_switches} switches and no end, the next one is to {ready[position].name}"
                raise Livelock(what, self._waits())
            fiber = ready.pop(position)
            if fiber is not self.current:
                self.current = fiber
                self._slice = SLICE
            if self.on_switch is not None:
                self.on_switch(fiber, len(ready), number)
            fiber.context.switch()

    def spawn(self, function: Callable[[], object], name: str) -> Fiber:
        """Start a thread; the caller goes on until its next switch."""
        self._owners += 1

        def body() -> None:
            _set_loop(None)
            if self._lines is not None:
                self._lines.begin()
            try:
                function()
            except greenlet.GreenletExit:
                pass
            except Silence:
                raise
            except BaseException as error:
                fiber.error = error
            finally:
                if self._lines is not None:
                    self._lines.end()
                self._finish(fiber)

        # The hub is the parent: who ends must come back there, not to whoever has made it.
        glet = greenlet.greenlet(body, self._hub if self._hub is not None else greenlet.getcurrent())
        fiber = self._fibers[self._owners] = Fiber(self._owners, name, glet)
        fiber.since = self._now
        self._ready.append(fiber)
        return fiber

    def _finish(self, fiber: Fiber) -> None:
        fiber.is_done = True
        self._fibers.pop(fiber.owner, None)
        for joiner in fiber.joiners:
            self.wake(joiner)

    def close(self) -> None:
        """End every thread that is left, where it stands, with its `finally` blocks."""
        self._is_closing = True
        self._watch.close()
        for fiber in list(self._fibers.values()):
            glet = fiber.context
            if glet:
                self.current = fiber
                glet.parent = greenlet.getcurrent()
                glet.throw(greenlet.GreenletExit)
        self._fibers.clear()
        self._ready.clear()
        self.current = None

    # -- what primitives are made of ----------------------------------------------------------------------------------

    def point(self) -> None:
        """Let the scheduler switch to another thread, if there is one that can run.

        Unless it is drawn otherwise the thread goes on, as real ones mostly do, until its slice of points is over.
        """
        fiber = self.current
        if fiber is None or self._hub is None or self._is_closing or not (self._ready or self._timers):
            return
        self._slice -= 1
        fiber.since = self._now
        if self._slice > 0:
            self._ready.insert(0, fiber)
        else:
            self._slice = SLICE
            self._ready.append(fiber)
        self._leave()

    def draw(self, count: int) -> int:
        """Return a number below `count` that the schedule decides on, 0 unless it is drawn otherwise."""
        scheduler = self._scheduler
        if scheduler is None:
            return 0
        number = self._contested
        self._contested = number + 1
        choice = scheduler.pick(stand_ins(count), False)
        if choice:
            self._taken.append((number, choice))
        return choice

    def block(self, what: str, waiters: list[Fiber], timeout: float | None) -> bool:
        """Wait in a list until somebody calls `wake`.

        Args:
            what: What for, in words.
            waiters: The list; who gives up leaves it.
            timeout: Seconds of virtual time, None for no limit.

        Returns:
            False if the time was over first.
        """
        fiber = self.current
        if self._is_closing:
            raise greenlet.GreenletExit
        if fiber is None or self._hub is None:
            raise UsageError(f"expected to wait for {what} inside a simulation that runs, got no such thread")
        fiber.waits_for = what
        waiters.append(fiber)
        if timeout is not None:
            fiber.timer = [self._now + max(0.0, timeout), next(self._numbers), fiber]
            heapq.heappush(self._timers, fiber.timer)
        self._leave()
        if fiber in waiters:
            waiters.remove(fiber)
            return False
        return True

    def wake(self, fiber: Fiber) -> None:
        """Let a blocked thread go on; who called it has taken it out of its list of waiters, or does so next."""
        timer = fiber.timer
        if timer is not None:
            fiber.timer = timer[2] = None
        if fiber.waits_for:
            fiber.waits_for = ""
            fiber.since = self._now
            self._ready.append(fiber)

    def wake_all(self, waiters: list[Fiber]) -> None:
        """Let all of a list go on, the one that came first first; the scheduler says who is faster."""
        woken = waiters[:]
        waiters.clear()
        for fiber in woken:
            self.wake(fiber)

    def sleep(self, seconds: float) -> None:
        """Wait for virtual time."""
        if seconds <= 0:
            self._slice = 0
            self.point()
        else:
            self.block(f"{seconds:g} s to pass", [], seconds)

    def _leave(self) -> None:
        loop = _get_loop()
        self._hub.switch()
        _set_loop(loop)
        if self._is_closing:
            raise greenlet.GreenletExit

    def _tick(self) -> None:
        """Let time jump to the next time-out; all that are due then can run, in order."""
        timers = self._timers
        while timers and timers[0][2] is None:
            heapq.heappop(timers)
        if not timers:
            return
        now = self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= now:
            fiber = heapq.heappop(timers)[2]
            if fiber is not None:
                fiber.timer = None
                fiber.waits_for = ""
                fiber.since = now
                self._ready.append(fiber)

    # -- findings -----------------------------------------------------------------------------------------------------

    def _waits(self) -> list[str]:
        return [
            f"{fiber.name} {f'waits for {fiber.waits_for}' if fiber.waits_for else 'can run'}, at\n{_where(fiber)}"
            for fiber in self._fibers.values()
        ]

    def _uncontrolled(self) -> Uncontrolled:
        name = "a thread" if self.current is None else self.current.name
        stack = self._watch.stack or traceback.StackSummary()
        what = (
            f"uncontrolled blocking: {name} has not come back for {self._bound_s:g} s; "
            "it computes, or blocks in something that is not simulated"
        )
        return Uncontrolled(what, [f"it stands at\n{describe_calls(stack)}"])


class _Progress(Sequence[int]):
    """What the watching thread looks at."""

    def __init__(self, threads: SimThreads) -> None:
        self._threads = threads

    def __len__(self) -> int:
        return self._threads.switches

    def __getitem__(self, index: Any) -> Any:
        raise IndexError(index)


def _where(fiber: Fiber) -> str:
    frame = fiber.context.gr_frame
    if frame is None:
        return "    its beginning"
    frames = traceback.extract_stack(frame)
    own = [each for each in frames if "/simulation/" not in each.filename.replace("\\", "/")]
    return describe_calls(own or frames)


def _nothing() -> None:
    pass
