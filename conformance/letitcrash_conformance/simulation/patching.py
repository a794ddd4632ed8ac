"""Lets modules use simulated threads: what they imported of `threading`, `queue` and `time` is exchanged."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import queue
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from functools import partial
from types import ModuleType
from typing import Any

from letitcrash_conformance.simulation import locks
from letitcrash_conformance.simulation.naploop import NapLoop
from letitcrash_conformance.simulation.threads import SimThreads

__all__ = ["Stage", "modules_of"]


def modules_of(*packages: str) -> list[ModuleType]:
    """Return the imported modules of packages, and those named themselves."""
    return [
        module
        for name, module in sorted(sys.modules.items())
        if any(name == package or name.startswith(f"{package}.") for package in packages)
    ]


class Stage:
    """The modules `threading`, `queue` and `time` of one simulation.

    Attributes:
        threads: The simulation.
        threading: Stands in for the module of that name. What it does not simulate and what blocks is refused.
        queue: Stands in for `queue`.
        time: Stands in for `time`; the wall clock begins at zero, too.
    """

    def __init__(self, threads: SimThreads) -> None:
        self.threads = threads
        self.threading = _make_threading(threads)
        self.time = _make_time(threads)
        self.queue = _make_queue(self.threading, threads)
        self._exchanges: dict[int, Any] = {
            id(threading): self.threading,
            id(queue): self.queue,
            id(time): self.time,
            id(asyncio.new_event_loop): _only_here(threads, partial(NapLoop, threads), asyncio.new_event_loop),
        }
        for real, ours in ((threading, self.threading), (queue, self.queue), (time, self.time)):
            for name in _NAMES[real.__name__]:
                self._exchanges[id(getattr(real, name))] = getattr(ours, name)

    @contextlib.contextmanager
    def patched(self, modules: Iterable[ModuleType]) -> Generator[None]:
        """Let modules, and asyncio's loops made meanwhile, use the simulation inside the block.

        Classes that inherit from those of `threading` keep their real bases: import their modules inside the block.
        """
        exchanged: list[tuple[dict[str, Any], str, Any]] = []
        for module in (*modules, *_LOOPS):
            scope = vars(module)
            for name, value in list(scope.items()):
                ours = self._exchanges.get(id(value))
                if ours is not None:
                    exchanged.append((scope, name, value))
                    scope[name] = ours
        try:
            yield
        finally:
            for scope, name, value in exchanged:
                scope[name] = value


_LOOPS = (asyncio, sys.modules["asyncio.base_events"], sys.modules["asyncio.events"])
_NAMES = {
    "threading": (
        "BoundedSemaphore",
        "Condition",
        "Event",
        "Lock",
        "RLock",
        "Semaphore",
        "Thread",
        "active_count",
        "current_thread",
        "enumerate",
        "get_ident",
        "get_native_id",
        "local",
        "main_thread",
    ),
    "queue": ("LifoQueue", "PriorityQueue", "Queue", "SimpleQueue"),
    "time": ("monotonic", "monotonic_ns", "perf_counter", "sleep", "time"),
}
_REFUSED = ("Barrier", "Timer", "_start_new_thread")


class _Module(ModuleType):
    """A module that has everything else from another one."""

    def __init__(self, real: ModuleType, **ours: Any) -> None:
        super().__init__(real.__name__, real.__doc__)
        self.__dict__.update(ours)
        self.__dict__["_real"] = real

    def __getattr__(self, name: str) -> Any:
        real = self.__dict__["_real"]
        if name in _REFUSED:
            raise AttributeError(f"expected something that is simulated, got {real.__name__}.{name}")
        return getattr(real, name)


def _make_threading(threads: SimThreads) -> ModuleType:
    real = threading
    inner_class = type("Thread", (locks.Thread,), {"simulation": threads})
    thread_class = _class_only_here(threads, inner_class, real.Thread)
    main = thread_class(name="the main thread")

    def bounded(value: int = 1) -> locks.Semaphore:
        return locks.Semaphore(threads, value, value)

    def current_thread() -> Any:
        fiber = threads.current
        return main if fiber is None or fiber.thread is None else fiber.thread

    def running() -> list[Any]:
        return [main, *(fiber.thread for fiber in threads.fibers() if fiber.thread is not None)]

    return _Module(
        threading,
        BoundedSemaphore=_only_here(threads, bounded, real.BoundedSemaphore),
        Condition=_only_here(threads, partial(locks.Condition, threads), real.Condition),
        Event=_only_here(threads, partial(locks.Event, threads), real.Event),
        Lock=_only_here(threads, partial(locks.Lock, threads), real.Lock),
        RLock=_only_here(threads, partial(locks.RLock, threads), real.RLock),
        Semaphore=_only_here(threads, partial(locks.Semaphore, threads), real.Semaphore),
        Thread=thread_class,
        active_count=_only_here(threads, lambda: len(running()), real.active_count),
        current_thread=_only_here(threads, current_thread, real.current_thread),
        enumerate=_only_here(threads, running, real.enumerate),
        get_ident=_only_here(threads, lambda: 0 if threads.current is None else threads.current.owner, real.get_ident),
        get_native_id=_only_here(
            threads, lambda: 0 if threads.current is None else threads.current.owner, real.get_native_id
        ),
        local=_only_here(threads, partial(locks.Local, threads), real.local),
        main_thread=_only_here(threads, lambda: main, real.main_thread),
    )


def _make_time(threads: SimThreads) -> ModuleType:
    return _Module(
        time,
        monotonic=_only_here(threads, threads.time, time.monotonic),
        monotonic_ns=_only_here(threads, lambda: round(threads.time() * 1e9), time.monotonic_ns),
        perf_counter=_only_here(threads, threads.time, time.perf_counter),
        sleep=_only_here(threads, threads.sleep, time.sleep),
        time=_only_here(threads, threads.time, time.time),
    )


def _only_here(threads: SimThreads, ours: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is ours in the thread of the simulation.

    Threads outside of it, such as those that another subject has left behind, share the patched modules.
    """

    def choose(*args: Any, **kwargs: Any) -> Any:
        return (ours if threads.is_here() else real)(*args, **kwargs)

    return choose


def _class_only_here(threads: SimThreads, ours: type, real: type) -> type:
    """Return a class that is ours in the thread of the simulation."""

    def make(cls: Any, *args: Any, **kwargs: Any) -> Any:
        return object.__new__(cls) if threads.is_here() or cls is not found else real(*args, **kwargs)

    found: Any = type(ours.__name__, (ours,), {"__module__": real.__module__, "__new__": make})
    result: type = found
    return result


def _make_queue(threading_module: ModuleType, threads: SimThreads) -> ModuleType:
    """Return a fresh copy of the standard module, whose Python code then uses our locks."""
    spec = importlib.util.spec_from_file_location("queue", queue.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    copy.threading = threading_module
    copy.time = threads.time  # only our classes use it
    copy.Full = queue.Full
    copy.Empty = queue.Empty
    copy.SimpleQueue = copy._PySimpleQueue
    for name in _NAMES["queue"]:
        setattr(copy, name, _class_only_here(threads, getattr(copy, name), getattr(queue, name)))
    result: ModuleType = copy
    return result
