"""Ctrl-C that is not lost.

Python drops the exception of an interrupt that comes while a destructor or a callback of the garbage collector runs,
and goes on. Here it is remembered as well, and raised by the next `check`.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType

__all__ = ["check", "forget", "held", "ignore", "listen", "postponed", "shut_out"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Memory:
    """What is known of the interrupts of this process."""

    has_come = False
    is_held = False


_memory = _Memory()


def listen() -> None:
    """Have Ctrl-C and a request to end raise `KeyboardInterrupt` from now on, and forget earlier ones.

    A signal that this process was started to ignore stays ignored. Does nothing outside the main thread.
    """
    forget()
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _interrupt)


def forget() -> None:
    """Know nothing of earlier interrupts: somebody has handled them."""
    _memory.has_come = False


def check() -> None:
    """Raise `KeyboardInterrupt` if an interrupt has come that nobody has heard of."""
    if _memory.has_come:
        forget()
        raise KeyboardInterrupt


def ignore() -> None:
    """Leave Ctrl-C to the process that started this one with `postponed`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def postponed() -> Generator[None]:
    """Let Ctrl-C wait inside, and in the processes that are started there, until they `ignore` it.

    A terminal tells all processes at once, and one that still loads its modules would end with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # to start it ends every block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def held() -> Generator[None]:
    """Let an interrupt wait for the next `check` inside; a second one does not wait.

    For code that checks every moment, and whose libraries would lose the exception or be left in disorder by it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _handled_by(_interrupt):
        _memory.has_come, _memory.is_held = False, True
        try:
            yield
            check()
        finally:
            _memory.is_held = False


@contextmanager
def shut_out() -> Generator[None]:
    """Ignore interrupts while what was found is gathered and the harness is ended (a few seconds at most)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _handled_by(signal.SIG_IGN):
        yield


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Generator[None]:
    """Have a handler for both signals inside, but for one that is ignored already."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number, former in before.items():
            if former is not signal.SIG_IGN:
                signal.signal(number, handler)
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _interrupt(number: int, frame: FrameType | None) -> None:
    is_first = not _memory.has_come
    _memory.has_come = True
    if not (_memory.is_held and is_first):
        raise KeyboardInterrupt
