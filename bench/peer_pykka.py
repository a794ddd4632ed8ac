"""pykka: actors on threads, the best known in Python."""

from __future__ import annotations

import importlib
import threading
from typing import Any

from bench.measure import Stopwatch

__all__ = ["call", "callers", "cast", "spawn", "spawn_idle"]

pykka: Any = importlib.import_module("pykka")  # not installed everywhere, so that its types cannot be relied on


class Counter(pykka.ThreadingActor):  # type: ignore[misc]
    """Adds up what it is sent."""

    def on_start(self) -> None:
        self.value = 0

    def on_receive(self, message: Any) -> int:
        self.value += message
        return self.value


def call(times: int) -> float:
    """Call one actor, with a timeout of 5 s."""
    counter = Counter.start()
    with Stopwatch() as watch:
        for _ in range(times):
            counter.ask(1, timeout=5.0)
    counter.stop()
    return watch.seconds


def cast(times: int) -> float:
    """Tell one actor, and ask it once at the end."""
    counter = Counter.start()
    with Stopwatch() as watch:
        for _ in range(times):
            counter.tell(1)
        counter.ask(1)
    counter.stop()
    return watch.seconds


def callers(times: int) -> float:
    """Call one actor from 100 threads at the same time."""
    counter = Counter.start()

    def caller() -> None:
        for _ in range(times // 100):
            counter.ask(1, timeout=5.0)

    threads = [threading.Thread(target=caller) for _ in range(100)]
    with Stopwatch() as watch:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    counter.stop()
    return watch.seconds


def spawn(times: int) -> float:
    """Start an actor and stop it, again and again."""
    with Stopwatch() as watch:
        for _ in range(times):
            Counter.start().stop()
    return watch.seconds


def spawn_idle(count: int) -> list[Any]:
    """Start actors that do nothing."""
    return [Counter.start() for _ in range(count)]
