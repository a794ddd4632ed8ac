"""Planted races of threads, as plain code that knows nothing of simulations.

Each function raises `Wrong` when the race has happened, or never ends.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.races import Wrong

__all__ = ["THREAD_RACES", "ThreadRace"]


@dataclass(frozen=True, slots=True)
class ThreadRace:
    """A scenario with a race of threads.

    Attributes:
        name: A short name.
        scenario: The function.
        needs_lines: Whether threads must switch between plain lines to meet it.
        may_hang: Whether real threads would hang in it.
    """

    name: str
    scenario: Callable[[], None]
    needs_lines: bool = False
    may_hang: bool = False


def _run_all(*functions: Callable[[], object]) -> None:
    threads = [threading.Thread(target=function, daemon=True) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _window_with_a_call() -> None:
    """Two threads read and write a counter, each under its lock, but not in one piece."""
    values = {"a": 0}
    lock = threading.Lock()

    def increment() -> None:
        with lock:
            seen = values["a"]
        with lock:
            values["a"] = seen + 1

    _run_all(increment, increment)
    if values["a"] != 2:
        raise Wrong(f"two increments made {values['a']}")


def _window_of_two_lines() -> None:
    """The same without a lock: nothing but two plain lines."""
    values = {"a": 0}

    def increment() -> None:
        seen = values["a"]
        values["a"] = seen + 1

    _run_all(increment, increment)
    if values["a"] != 2:
        raise Wrong(f"two increments made {values['a']}")


class _Server:
    """A server in a thread of its own, which may call a peer while it handles a call."""

    def __init__(self) -> None:
        self._mailbox: queue.Queue[tuple[str, queue.SimpleQueue[str]]] = queue.Queue()
        self.peer = self
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            request, reply = self._mailbox.get()
            reply.put(self.peer.call("plain") if request == "nested" else "plain")

    def call(self, request: str) -> str:
        reply: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._mailbox.put((request, reply))
        return reply.get()


def _calls_in_a_circle() -> None:
    """Two servers call each other: a deadlock, if both do it at once."""
    first, second = _Server(), _Server()
    first.peer, second.peer = second, first

    def late() -> None:
        time.sleep(0.01)
        second.call("nested")

    _run_all(lambda: first.call("nested"), late)


def _silent_monitor() -> None:
    """A monitor is set while its target dies: it looked alive, and its list of watchers is read no more."""
    state: dict[str, Any] = {"is_alive": True, "watchers": []}
    lock = threading.Lock()
    inbox: list[str] = []

    def monitor() -> None:
        with lock:
            is_alive = state["is_alive"]
        if not is_alive:
            inbox.append("noproc")
            return
        with lock:
            state["watchers"].append(inbox)

    def die() -> None:
        with lock:
            state["is_alive"] = False
        with lock:
            for watcher in state["watchers"]:
                watcher.append("killed")

    _run_all(monitor, die)
    if len(inbox) != 1:
        raise Wrong(f"the monitor reported {len(inbox)} times")


THREAD_RACES: tuple[ThreadRace, ...] = (
    ThreadRace("window with a call", _window_with_a_call),
    ThreadRace("window of two plain lines", _window_of_two_lines, needs_lines=True),
    ThreadRace("two servers in threads calling each other", _calls_in_a_circle, may_hang=True),
    ThreadRace("monitor that never reports, threads", _silent_monitor),
)
"""All of them."""
