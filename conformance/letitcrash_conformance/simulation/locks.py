"""What `threading` offers, for simulated threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from letitcrash_conformance.simulation.threads import Fiber, SimThreads

__all__ = ["Condition", "Event", "Local", "Lock", "RLock", "Semaphore", "Thread"]


def _limit(blocking: bool, timeout: float | None) -> float | None:
    """Return how long to wait: None without limit, 0 not at all."""
    if not blocking:
        return 0.0
    return None if timeout is None or timeout < 0 else timeout


class _Waitable:
    """Something that threads wait for."""

    def __init__(self, threads: SimThreads) -> None:
        self._threads = threads
        self._waiters: list[Fiber] = []

    def _wait_until(self, is_free: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until a condition holds; return whether it does."""
        threads = self._threads
        threads.point()
        end = None if timeout is None else threads.time() + timeout
        while not is_free():
            left = None if end is None else end - threads.time()
            if left is not None and left <= 0:
                return False
            threads.block(self._describe(), self._waiters, left)
        return True

    def _describe(self) -> str:
        return f"a {type(self).__name__}"


class Lock(_Waitable):
    """A lock."""

    def __init__(self, threads: SimThreads) -> None:
        super().__init__(threads)
        self._holder: Fiber | None = None
        self._is_held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not self._wait_until(lambda: not self._is_held, _limit(blocking, timeout)):
            return False
        self._is_held = True
        self._holder = self._threads.current
        return True

    def release(self) -> None:
        if not self._is_held:
            raise RuntimeError("release unlocked lock")
        self._is_held = False
        self._holder = None
        self._threads.wake_all(self._waiters)
        self._threads.point()

    def locked(self) -> bool:
        return self._is_held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *end: object) -> None:
        self.release()

    def _describe(self) -> str:
        return f"a {type(self).__name__}{'' if self._holder is None else f' that {self._holder.name} holds'}"


class RLock(Lock):
    """A lock that its holder may take again."""

    def __init__(self, threads: SimThreads) -> None:
        super().__init__(threads)
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._count and self._holder is self._threads.current:
            self._count += 1
            return True
        if not super().acquire(blocking, timeout):
            return False
        self._count = 1
        return True

    def release(self) -> None:
        if self._holder is not self._threads.current or not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            super().release()

    def release_all(self) -> int:
        """Release it however often it was taken, and return how often that was."""
        count, self._count = self._count, 1
        self.release()
        return count

    def acquire_again(self, count: int) -> None:
        """Take it back as often."""
        self.acquire()
        self._count = count


class Condition:
    """A condition variable."""

    def __init__(self, threads: SimThreads, lock: Any = None) -> None:
        self._threads = threads
        self._lock = RLock(threads) if lock is None else lock
        self._waiters: list[Fiber] = []
        self.acquire = self._lock.acquire
        self.release = self._lock.release

    def __enter__(self) -> bool:
        return bool(self._lock.acquire())

    def __exit__(self, *end: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        lock = self._lock
        threads = self._threads
        # No switch between the release and the wait: a notification must not be lost.
        fiber = threads.current
        assert fiber is not None
        waiters = self._waiters
        waiters.append(fiber)
        count = lock.release_all() if isinstance(lock, RLock) else lock.release()
        if fiber in waiters:
            waiters.remove(fiber)
            is_told = threads.block("a Condition to be notified", waiters, timeout)
        else:
            is_told = True
        if isinstance(lock, RLock):
            lock.acquire_again(count)
        else:
            lock.acquire()
        return is_told

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        threads = self._threads
        end = None if timeout is None else threads.time() + timeout
        result = predicate()
        while not result:
            left = None if end is None else end - threads.time()
            if left is not None and left <= 0:
                break
            self.wait(left)
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        woken, self._waiters[:n] = self._waiters[:n], []
        for fiber in woken:
            self._threads.wake(fiber)

    def notify_all(self) -> None:
        self.notify(len(self._waiters))


class Semaphore(_Waitable):
    """A semaphore."""

    def __init__(self, threads: SimThreads, value: int = 1, bound: int | None = None) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        super().__init__(threads)
        self._value = value
        self._bound = bound

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        if not self._wait_until(lambda: self._value > 0, _limit(blocking, timeout)):
            return False
        self._value -= 1
        return True

    def release(self, n: int = 1) -> None:
        if self._bound is not None and self._value + n > self._bound:
            raise ValueError("Semaphore released too many times")
        self._value += n
        self._threads.wake_all(self._waiters)
        self._threads.point()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *end: object) -> None:
        self.release()


class Event(_Waitable):
    """An event."""

    def __init__(self, threads: SimThreads) -> None:
        super().__init__(threads)
        self._flag = False

    def is_set(self) -> bool:
        return self._flag

    def set(self) -> None:
        self._flag = True
        self._threads.wake_all(self._waiters)
        self._threads.point()

    def clear(self) -> None:
        self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        return self._wait_until(lambda: self._flag, _limit(True, timeout))


class Thread:
    """A thread; made by a subclass that knows its simulation."""

    simulation: SimThreads

    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
    ) -> None:
        self._target = target
        self._args = tuple(args)
        self._kwargs = dict(kwargs or {})
        self._fiber: Fiber | None = None
        self.name = name or "Thread"
        self.daemon = bool(daemon)

    def run(self) -> None:
        if self._target is not None:
            self._target(*self._args, **self._kwargs)

    def start(self) -> None:
        if self._fiber is not None:
            raise RuntimeError("threads can only be started once")
        fiber = self._fiber = self.simulation.spawn(self.run, self.name)
        fiber.thread = self
        if self.name == "Thread":
            self.name = fiber.name = f"Thread-{fiber.owner}"
        self.simulation.point()

    def join(self, timeout: float | None = None) -> None:
        fiber = self._fiber
        if fiber is None:
            raise RuntimeError("cannot join thread before it is started")
        if fiber is self.simulation.current:
            raise RuntimeError("cannot join current thread")
        if not fiber.is_done:
            self.simulation.block(f"{fiber.name} to end", fiber.joiners, _limit(True, timeout))

    def is_alive(self) -> bool:
        return self._fiber is not None and not self._fiber.is_done

    @property
    def ident(self) -> int | None:
        return None if self._fiber is None else self._fiber.owner

    native_id = ident

    def __repr__(self) -> str:
        state = "initial" if self._fiber is None else "stopped" if self._fiber.is_done else "started"
        return f"<Thread({self.name}, {state}, simulated)>"


class Local:
    """Data of each thread's own."""

    def __init__(self, threads: SimThreads) -> None:
        object.__setattr__(self, "_threads", threads)

    def _own(self) -> dict[str, Any]:
        fiber = object.__getattribute__(self, "_threads").current
        return {} if fiber is None else fiber.locals.setdefault(self, {})

    def __getattr__(self, name: str) -> Any:
        try:
            return self._own()[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._own()[name] = value

    def __delattr__(self, name: str) -> None:
        if self._own().pop(name, self) is self:
            raise AttributeError(name)
