"""Notices that a batch makes no progress, and gets the driving thread out of it.

One sleeping thread per subject looks at a counter a few times per bound; a batch pays two attribute writes for it. A
timer signal per batch would cost more, and would take SIGALRM away from pytest-timeout and from subjects that use it.
When a batch has stood still for too long, the thread raises `Silence` in the driving thread: by the signal SIGURG if
that is the main thread (nobody minds a stray SIGURG, and a signal interrupts a blocked system call), else as an
asynchronous exception, which a call that blocks outside Python cannot see before it returns.

Time is counted in ticks, not read from a clock, so that a stopped process or a starved machine is never taken for a
silent subject.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import signal
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, TypeAlias

__all__ = ["Silence", "Watch"]

_LOOKS = 20
_LONGEST_TICK_S = 1.0
_Handler: TypeAlias = "Callable[[int, FrameType | None], Any] | int | None"


class Silence(KeyboardInterrupt):
    """The batch stood still for too long.

    It is a KeyboardInterrupt because asyncio lets only that one and SystemExit pass out of a task or a callback.
    """


class Watch:
    """Watches one driving thread, one batch at a time.

    Attributes:
        done: The progress of the running batch, a list that grows; None between batches.
        bound_s: How long the step that runs now may stand still, in seconds of real time.
        stack: Where the driving thread was when the bound was passed, oldest call first; None if it was not.
        stood_at: How much was done then.
        wake: Called from the watching thread, to wake a driving thread that sleeps outside Python.
    """

    def __init__(self, bound_s: float, wake: Callable[[], object]) -> None:
        self.done: Sequence[Any] | None = None
        self.bound_s = bound_s
        self.stack: traceback.StackSummary | None = None
        self.stood_at = 0
        self.wake = wake
        self._batch = 0
        self._thread_id = 0
        self._tick_s = min(bound_s / _LOOKS, _LONGEST_TICK_S)
        self._ended = _thread.allocate_lock()
        self._raising = _thread.allocate_lock()
        self._is_running = False

    def begin(self, done: Sequence[Any]) -> None:
        """Start to watch a batch in the calling thread; `done` grows with every step."""
        if not self._is_running or self._thread_id != _thread.get_ident():
            self._start()
        self._batch += 1
        self.done = done

    def end(self) -> None:
        """End the batch. Nothing is raised in the driving thread after this has returned."""
        self.done = None
        if self.stack is None or self._is_alarmed():
            return
        # One that is on its way must arrive here. Taking it back would leave Python 3.11 looking for it for ever, in
        # a loop without end as soon as a function is traced, as coverage does.
        try:
            with self._raising:
                _raise_in(self._thread_id, Silence)
                while True:
                    pass
        except Silence:
            pass

    def close(self) -> None:
        """End the watching thread."""
        if self._is_running:
            self._is_running = False
            self._ended.release()
            if _is_main_thread():
                _Alarm.remove(self)

    def _start(self) -> None:
        self._thread_id = _thread.get_ident()
        if _is_main_thread():
            _Alarm.add(self)
        if not self._is_running:
            self._is_running = True
            self._ended.acquire()
            _thread.start_new_thread(self._look, ())

    def _look(self) -> None:
        seen, still = (0, 0), 0
        while not self._ended.acquire(timeout=self._tick_s):
            done = self.done
            now = (self._batch, -1 if done is None else len(done))
            if done is None or now != seen:
                seen, still = now, 0
                continue
            still += 1
            if still * self._tick_s >= self.bound_s:
                still = 0
                with self._raising:
                    self._raise(seen)

    def _is_alarmed(self) -> bool:
        """Whether the driving thread is reached by a signal; any other one by an exception set from outside."""
        return os.name == "posix" and self._thread_id == threading.main_thread().ident

    def _raise(self, seen: tuple[int, int]) -> None:
        frame = sys._current_frames().get(self._thread_id)  # pyright: ignore[reportPrivateUsage]
        stack = traceback.extract_stack(frame) if frame is not None else traceback.StackSummary()
        del frame
        if self.stack is None:
            self.stood_at = seen[1]
            self.stack = stack
        done = self.done
        if done is None or (self._batch, len(done)) != seen:
            if self.stack is stack:
                self.stack = None
        elif self._is_alarmed():
            signal.pthread_kill(self._thread_id, signal.SIGURG)
        else:
            _raise_in(self._thread_id, Silence)
            self.wake()


class _Alarm:
    """The handler of SIGURG while subjects are watched in the main thread; there is at most one in a process."""

    def __init__(self, before: _Handler) -> None:
        self.before = before
        self.watches: weakref.WeakSet[Watch] = weakref.WeakSet()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        for watch in self.watches:
            if watch.stack is not None and watch.done is not None:
                raise Silence
        if callable(self.before):
            self.before(number, frame)

    @staticmethod
    def add(watch: Watch) -> None:
        if os.name != "posix":
            return
        handler = signal.getsignal(signal.SIGURG)
        if not isinstance(handler, _Alarm):
            handler = _Alarm(handler)
            signal.signal(signal.SIGURG, handler)
        handler.watches.add(watch)

    @staticmethod
    def remove(watch: Watch) -> None:
        handler = signal.getsignal(signal.SIGURG) if os.name == "posix" else None
        if isinstance(handler, _Alarm):
            handler.watches.discard(watch)
            if not handler.watches:
                signal.signal(signal.SIGURG, signal.SIG_DFL if handler.before is None else handler.before)


def _is_main_thread() -> bool:
    return threading.main_thread().ident == _thread.get_ident()


def _raise_in(thread_id: int, kind: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(kind))
