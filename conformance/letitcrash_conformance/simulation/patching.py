"""Lets modules use simulated threads: what they imported of `threading`, `queue` and `time` is exchanged."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import queue
import sys
import threading
import time
from collections.abc import Generator, Iterable
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
            id(asyncio.new_event_loop): partial(NapLoop, threads),
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
    thread_class = type("Thread", (locks.Thread,), {"simulation": threads, "__module__": "threading"})
    main = thread_class(name="the main thread")

    def current_thread() -> Any:
        fiber = threads.current
        return main if fiber is None or fiber.thread is None else fiber.thread

    def running() -> list[Any]:
        return [main, *(fiber.thread for fiber in threads.fibers() if fiber.thread is not None)]

    return _Module(
        threading,
        BoundedSemaphore=lambda value=1: locks.Semaphore(threads, value, value),
        Condition=partial(locks.Condition, threads),
        Event=partial(locks.Event, threads),
        Lock=partial(locks.Lock, threads),
        RLock=partial(locks.RLock, threads),
        Semaphore=partial(locks.Semaphore, threads),
        Thread=thread_class,
        active_count=lambda: len(running()),
        current_thread=current_thread,
        enumerate=running,
        get_ident=lambda: 0 if threads.current is None else threads.current.owner,
        get_native_id=lambda: 0 if threads.current is None else threads.current.owner,
        local=partial(locks.Local, threads),
        main_thread=lambda: main,
    )


def _make_time(threads: SimThreads) -> ModuleType:
    return _Module(
        time,
        monotonic=threads.time,
        monotonic_ns=lambda: round(threads.time() * 1e9),
        perf_counter=threads.time,
        sleep=threads.sleep,
        time=threads.time,
    )


def _make_queue(threading_module: ModuleType, threads: SimThreads) -> ModuleType:
    """Return a fresh copy of the standard module, whose Python code then uses our locks."""
    spec = importlib.util.spec_from_file_location("queue", queue.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    copy.threading = threading_module
    copy.time = threads.time
    copy.Full = queue.Full
    copy.Empty = queue.Empty
    copy.SimpleQueue = copy._PySimpleQueue
    result: ModuleType = copy
    return result
