"""The runtime's clock: real time, or time that a test moves by hand."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from letitcrash_reference.errors import UsageError
from letitcrash_reference.replies import LoopFrom, ThreadFrom

__all__ = ["Alarm", "Clock", "ManualClock", "MonotonicClock"]

_running_loop = asyncio._get_running_loop  # pyright: ignore[reportPrivateUsage]

SWEEP = 0.25  # seconds between two looks at the deadlines of calls; each gets an exact timer when it is nearly due


class Alarm:
    """A callback that a clock will run once.

    Attributes:
        active: Whether it is still to come.
    """

    __slots__ = ("active", "args", "callback", "handle")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.callback = callback
        self.args = args
        self.active = True
        self.handle: Any = None

    def cancel(self) -> bool:
        """Prevent the callback, from any thread.

        Returns:
            Whether it was still to come.
        """
        was_active, self.active = self.active, False
        if was_active and self.handle is not None:
            self.handle.cancel()
        return was_active

    def ring(self) -> None:
        """Run the callback, unless it was cancelled or has run."""
        if self.active:
            self.active = False
            self.callback(*self.args)


class Clock(ABC):
    """The time of one runtime: timers, call timeouts and sleeps all go by it."""

    @abstractmethod
    def now(self) -> float:
        """Return the time in seconds, from an arbitrary start, never going back."""

    @abstractmethod
    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Alarm:
        """Run `callback(*args)` once, `delay` seconds from now; it must be short and must not raise."""

    @abstractmethod
    def watch(self, token: LoopFrom[Any], timeout: float) -> None:
        """Expire a token unless it is unwatched within `timeout` seconds."""

    @abstractmethod
    def unwatch(self, token: LoopFrom[Any]) -> None:
        """Stop watching a token."""

    @abstractmethod
    def arm(self, token: ThreadFrom[Any], timeout: float, on_time: Callable[[], object]) -> Alarm | None:
        """Set the alarm of a thread that is about to block on a token; None if `take` needs none."""

    @abstractmethod
    def take(self, token: ThreadFrom[Any], timeout: float | None, on_time: Callable[[], object]) -> Any:
        """Block until a token is resolved and return its value; after `timeout` seconds `on_time()` resolves it."""

    @abstractmethod
    def close(self) -> None:
        """Forget every alarm. The clock may be used again."""


class MonotonicClock(Clock):
    """Real time, which wall clock jumps do not touch; the default. One clock serves one runtime. Source: TIM-12."""

    def __init__(self) -> None:
        self._find_loop: Callable[[], asyncio.AbstractEventLoop] | None = None
        self._sweeps: dict[asyncio.AbstractEventLoop, _Sweep] = {}

    def attach(self, find_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        """Use the event loop that `find_loop` returns to run alarms."""
        if self._find_loop is not None:
            raise UsageError("expected a clock of its own for each runtime, got one that another runtime uses")
        self._find_loop = find_loop

    def now(self) -> float:
        return time.monotonic()

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Alarm:
        alarm = Alarm(callback, args)
        if self._find_loop is None:
            raise UsageError("expected a clock that belongs to a runtime, got one that does not")
        loop = self._find_loop()
        if _running_loop() is loop:
            alarm.handle = loop.call_later(delay, alarm.ring)
        else:
            alarm.handle = handle = _ElsewhereHandle(loop, alarm, delay)
            handle.start()
        return alarm

    def watch(self, token: LoopFrom[Any], timeout: float) -> None:
        token.timeout = timeout
        if timeout <= SWEEP:
            token.alarm = token.loop.call_later(timeout, token.expire)
            return
        sweep = self._sweeps.get(token.loop)
        if sweep is None:
            for loop in tuple(self._sweeps):
                if loop.is_closed():
                    self._sweeps.pop(loop, None)
            sweep = self._sweeps[token.loop] = _Sweep(token.loop, self._sweeps)
        sweep.deadlines[token] = time.monotonic() + timeout

    def unwatch(self, token: LoopFrom[Any]) -> None:
        if token.alarm is not None:
            token.alarm.cancel()
        else:
            sweep = self._sweeps.get(token.loop)
            if sweep is not None:
                sweep.deadlines.pop(token, None)

    def arm(self, token: ThreadFrom[Any], timeout: float, on_time: Callable[[], object]) -> Alarm | None:
        return None

    def take(self, token: ThreadFrom[Any], timeout: float | None, on_time: Callable[[], object]) -> Any:
        try:
            return token.take(timeout)
        except queue.Empty:
            on_time()
            return token.take(None)

    def close(self) -> None:
        loop = _running_loop()
        sweep = None if loop is None else self._sweeps.get(loop)
        if sweep is not None:
            sweep.timer.cancel()
        self._sweeps.clear()
        self._find_loop = None


class _Sweep:
    """The deadlines of the calls that wait on one loop; used on that loop alone.

    Attributes:
        deadlines: When each token expires, in seconds of `time.monotonic`.
        timer: The next look at them.
    """

    __slots__ = ("_all", "_loop", "deadlines", "timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, sweeps: dict[asyncio.AbstractEventLoop, _Sweep]) -> None:
        self._loop = loop
        self._all = sweeps
        self.deadlines: dict[LoopFrom[Any], float] = {}
        self.timer = loop.call_later(SWEEP, self._look)

    def _look(self) -> None:
        now = time.monotonic()
        for token, deadline in tuple(self.deadlines.items()):
            if deadline <= now + SWEEP * 2:
                del self.deadlines[token]
                token.alarm = self._loop.call_later(max(0.0, deadline - now), token.expire)
        if self.deadlines:
            self.timer = self._loop.call_later(SWEEP, self._look)
        else:
            self._all.pop(self._loop, None)


class _ElsewhereHandle:
    """Sets the timer of an alarm on its loop, and cancels it, from any thread."""

    __slots__ = ("_alarm", "_due", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, alarm: Alarm, delay: float) -> None:
        self._loop = loop
        self._alarm = alarm
        self._due = time.monotonic() + delay
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._loop.call_soon_threadsafe(self._arm)

    def cancel(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and its timers with it
            self._loop.call_soon_threadsafe(self._disarm)

    def _arm(self) -> None:
        if self._alarm.active:
            self._timer = self._loop.call_later(max(0.0, self._due - time.monotonic()), self._alarm.ring)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class ManualClock(Clock):
    """Time that stands still until somebody moves it, to test servers without waiting.

    `advance` moves time and nothing else: servers react when they next run. `Runtime.advance` also lets them
    react to each alarm before time goes on. Times are kept in whole nanoseconds, so that 0.1 and 0.2 seconds are 0.3.

    Args:
        start: The time at the start, in seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = round(start * 1e9)
        self._heap: list[tuple[int, int, Alarm]] = []
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        self._crowded = 256

    def now(self) -> float:
        return self._now / 1e9

    @property
    def pending(self) -> int:
        """How many alarms it holds, some of them perhaps cancelled."""
        return len(self._heap)

    @property
    def next_deadline(self) -> float | None:
        """When the next alarm rings, in seconds on this clock; None if no alarm is set."""
        with self._lock:
            heap = self._heap
            while heap and not heap[0][2].active:
                heapq.heappop(heap)
            return heap[0][0] / 1e9 if heap else None

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Alarm:
        """Run `callback(*args)` once time has moved by `delay` seconds, in the thread that moves it.

        With a delay of zero or less it runs at once.
        """
        alarm = Alarm(callback, args)
        if delay <= 0:
            alarm.ring()
            return alarm
        with self._lock:
            heap = self._heap
            heapq.heappush(heap, (self._now + round(delay * 1e9), next(self._numbers), alarm))
            if len(heap) > self._crowded:
                self._heap = [entry for entry in heap if entry[2].active]
                heapq.heapify(self._heap)
                self._crowded = max(256, 2 * len(self._heap))
        return alarm

    def advance(self, seconds: float) -> int:
        """Move time by `seconds`, ringing the alarms that come due, each at its own moment, in order.

        Returns:
            How many alarms rang.

        Raises:
            ValueError: If `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError(f"expected seconds of at least 0, got {seconds!r}")
        return self._advance_to(self._now + round(seconds * 1e9))

    def advance_to_next(self, limit: float | None = None) -> bool:
        """Move time to the next alarm and ring all that are due then.

        Args:
            limit: Do not move beyond this time, in seconds on this clock.

        Returns:
            False if there is no alarm up to `limit`; time has not moved then.
        """
        with self._lock:
            if self.next_deadline is None or (limit is not None and self._heap[0][0] > round(limit * 1e9)):
                return False
            due = self._heap[0][0]
        self._advance_to(due)
        return True

    def _advance_to(self, target: int) -> int:
        rung = 0
        while True:
            with self._lock:
                if not self._heap or self._heap[0][0] > target:
                    self._now = max(self._now, target)
                    return rung
                due, _, alarm = heapq.heappop(self._heap)
                if not alarm.active:
                    continue
                self._now = max(self._now, due)
            rung += 1
            alarm.ring()

    def watch(self, token: LoopFrom[Any], timeout: float) -> None:
        token.timeout = timeout
        token.alarm = self.call_later(timeout, token.expire)

    def unwatch(self, token: LoopFrom[Any]) -> None:
        if token.alarm is not None:
            token.alarm.cancel()

    def arm(self, token: ThreadFrom[Any], timeout: float, on_time: Callable[[], object]) -> Alarm | None:
        return self.call_later(timeout, on_time)

    def take(self, token: ThreadFrom[Any], timeout: float | None, on_time: Callable[[], object]) -> Any:
        return token.take(None)

    def close(self) -> None:
        with self._lock:
            for _, _, alarm in self._heap:
                alarm.active = False
            self._heap.clear()
