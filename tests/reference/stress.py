"""What the stress tests share: their sizes, clients in threads, and the proof that nothing is left.

`LETITCRASH_STRESS=20 pytest tests/reference -k stress` makes every size twenty times as big.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ParamSpec

from letitcrash_reference import Runtime
from letitcrash_reference.process import Process
from letitcrash_reference.replies import LoopFrom, ThreadFrom

__all__ = ["WAIT_S", "in_own_loop", "leaves_nothing", "run_threads", "scaled", "wait_until_empty"]

_P = ParamSpec("_P")

WAIT_S = 120  # ends a hang, says nothing about speed
_KINDS = (Process, LoopFrom, ThreadFrom)


def scaled(size: int) -> int:
    """Return a size, multiplied by what the environment asks for."""
    return max(1, round(size * float(os.environ.get("LETITCRASH_STRESS", "1"))))


def run_threads(clients: Sequence[Callable[[], object]]) -> None:
    """Run each client in a plain thread of its own, all at once; the first error of any is raised here."""
    errors: list[BaseException] = []
    barrier = threading.Barrier(len(clients))

    def drive(client: Callable[[], object]) -> None:
        try:
            barrier.wait(WAIT_S)
            client()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=drive, args=(client,), name="client", daemon=True) for client in clients]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S)
            assert not thread.is_alive(), "a client hangs"
    finally:
        sys.setswitchinterval(interval)
    if errors:
        raise errors[0]


def in_own_loop(client: Callable[[], Coroutine[Any, Any, object]]) -> Callable[[], object]:
    """Return a client that runs in an event loop of its own."""
    return lambda: asyncio.run(client())


def leaves_nothing(test: Callable[_P, Coroutine[Any, Any, None]]) -> Callable[_P, Coroutine[Any, Any, None]]:
    """Check that a test leaves no thread, and no process and no reply in memory."""

    @functools.wraps(test)
    async def checked(*args: _P.args, **kwargs: _P.kwargs) -> None:
        before = _count()
        threads = threading.active_count()
        await test(*args, **kwargs)
        await asyncio.get_running_loop().shutdown_default_executor()
        assert threading.active_count() == threads, threading.enumerate()
        after = _count()
        assert after == before, f"expected {before} of {[kind.__name__ for kind in _KINDS]} in memory, got {after}"

    return checked


def _count() -> list[int]:
    gc.collect()
    kinds: Counter[type[Any]] = Counter(map(type, gc.get_objects()))
    return [kinds[kind] for kind in _KINDS]


async def wait_until_empty(rt: Runtime) -> None:
    """Wait until no process is left, with its task or thread, and check that it has left neither name nor timer."""
    async with asyncio.timeout(WAIT_S):
        while True:
            now = rt.statistics()
            if not now.processes and not now.tasks and not now.abandoned_threads:
                break
            await asyncio.sleep(0)
    assert (now.names, now.timers, now.feeds) == (0, 0, 0)
