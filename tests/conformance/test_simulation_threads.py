"""Simulated threads: what stands in for `threading`, `queue` and `time`, and what is found by itself."""

from __future__ import annotations

import _thread
import asyncio
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.simulation import Deadlock, Livelock, Schedule
from letitcrash_conformance.simulation import threads as threads_module
from letitcrash_conformance.simulation.patching import Stage
from letitcrash_conformance.simulation.stuck import Uncontrolled
from letitcrash_conformance.simulation.threads import SimThreads

HERE = sys.modules[__name__]


def _run(function: Callable[[], Any], schedule: Schedule | None = None, **options: Any) -> Any:
    threads = SimThreads(schedule, **options)
    try:
        with Stage(threads).patched([HERE]):
            return threads.run(function)
    finally:
        threads.close()


def _all_schedules(function: Callable[[], Any], count: int = 40) -> list[Any]:
    return [_run(function, Schedule.draw(seed)) for seed in range(count)]


def _start(*functions: Callable[[], object]) -> list[threading.Thread]:
    started = [threading.Thread(target=function) for function in functions]
    for thread in started:
        thread.start()
    return started


def test_outside_the_simulation_modules_keep_the_real_threading() -> None:
    real = threading
    assert _run(lambda: threading is real) is False
    assert threading is real


def test_threads_outside_the_simulation_keep_the_real_threading() -> None:
    def look() -> list[object]:
        return [
            threading.current_thread(),
            type(threading.Lock()),
            type(threading.Thread()),
            type(queue.Queue[int]()),
            type(asyncio.new_event_loop),
            threading.get_ident() > 1000,
            time.time() > 1_000_000,
        ]

    def outside() -> list[object]:
        return [type(seen) if isinstance(seen, threading.Thread) else seen for seen in look()[1:]]

    def main() -> list[object]:
        seen: list[object] = []
        thread = real_thread(target=lambda: seen.extend(outside()))
        thread.start()
        thread.join()
        return seen

    real_thread = threading.Thread
    here = outside()
    assert _run(main) == here
    assert _run(outside)[:4] != here[:4]


def test_a_lock_admits_one_thread_at_a_time() -> None:
    def main() -> list[str]:
        lock, log = threading.Lock(), list[str]()

        def work(name: str) -> None:
            with lock:
                log.append(f"{name} in")
                time.sleep(1)
                log.append(f"{name} out")

        for thread in _start(lambda: work("a"), lambda: work("b")):
            thread.join()
        return log

    for log in _all_schedules(main):
        assert [word[2:] for word in log] == ["in", "out", "in", "out"]
        assert log[0][0] == log[1][0]


def test_a_reentrant_lock_lets_its_holder_in_again_and_nobody_else() -> None:
    def main() -> tuple[bool, bool]:
        lock = threading.RLock()
        seen: list[bool] = []
        with lock, lock:
            for thread in _start(lambda: seen.append(lock.acquire(blocking=False))):
                thread.join()
        return seen[0], lock.acquire(timeout=5)

    assert set(_all_schedules(main)) == {(False, True)}


def test_locks_refuse_what_the_real_ones_refuse() -> None:
    def main() -> None:
        with pytest.raises(RuntimeError, match="release unlocked lock"):
            threading.Lock().release()
        with pytest.raises(RuntimeError, match="un-acquired lock"):
            threading.RLock().release()
        with pytest.raises(ValueError, match="released too many times"):
            threading.BoundedSemaphore(1).release()
        with pytest.raises(RuntimeError, match="before it is started"):
            threading.Thread().join()

    _run(main)


def test_time_passes_only_when_nobody_can_run_or_the_clock_is_drawn() -> None:
    def main() -> tuple[bool, float]:
        event = threading.Event()
        is_set = event.wait(1000)
        return is_set, time.monotonic()

    assert _run(main) == (False, 1000.0)


def test_a_wait_with_a_time_out_races_with_the_clock() -> None:
    def main() -> bool:
        event = threading.Event()
        _start(event.set)
        return event.wait(5)

    assert set(_all_schedules(main)) == {True, False}


def test_a_condition_loses_no_notification() -> None:
    def main() -> list[int]:
        items, taken = list[int](), list[int]()
        condition = threading.Condition()

        def take() -> None:
            with condition:
                condition.wait_for(lambda: items)
                taken.append(items.pop())

        takers = _start(take, take)
        for number in (1, 2):
            with condition:
                items.append(number)
                condition.notify()
        for thread in takers:
            thread.join()
        return sorted(taken)

    assert all(taken == [1, 2] for taken in _all_schedules(main))


def test_a_condition_may_time_out() -> None:
    def main() -> tuple[bool, float]:
        condition = threading.Condition(threading.Lock())
        with condition:
            return condition.wait(3), time.monotonic()

    assert _run(main) == (False, 3.0)


def test_queues_keep_their_order_and_their_bound() -> None:
    def main() -> list[int]:
        narrow: queue.Queue[int] = queue.Queue(1)

        def fill() -> None:
            for number in range(5):
                narrow.put(number)

        _start(fill)
        return [narrow.get() for _ in range(5)]

    assert all(taken == [0, 1, 2, 3, 4] for taken in _all_schedules(main))


def test_an_empty_queue_times_out_with_the_real_error() -> None:
    def main() -> float:
        with pytest.raises(queue.Empty):
            queue.SimpleQueue[int]().get(timeout=7)
        return time.monotonic()

    assert _run(main) == 7.0


def test_each_thread_has_its_own_name_and_local_data() -> None:
    def main() -> list[str]:
        local = threading.local()
        names: list[str] = []

        def work() -> None:
            local.name = threading.current_thread().name
            time.sleep(1)
            names.append(local.name)

        for thread in _start(work, work):
            thread.join()
        assert not hasattr(local, "name")
        assert threading.current_thread() is threading.main_thread()
        assert threading.active_count() == 1
        return sorted(names)

    assert len(set(_run(main))) == 2


def test_each_thread_may_run_an_event_loop_of_its_own() -> None:
    def main() -> list[tuple[str, float]]:
        found: list[tuple[str, float]] = []

        async def work(name: str) -> None:
            await asyncio.sleep(2)
            found.append((name, asyncio.get_running_loop().time()))

        for thread in _start(lambda: asyncio.run(work("a")), lambda: asyncio.run(work("b"))):
            thread.join()
        return sorted(found)

    assert _run(main) == [("a", 2.0), ("b", 2.0)]


def test_what_a_thread_raises_in_main_comes_out() -> None:
    def main() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        _run(main)


def test_a_deadlock_says_who_waits_for_whom_and_where() -> None:
    def main() -> None:
        forks = threading.Lock(), threading.Lock()

        def eat(first: int, second: int) -> None:
            with forks[first]:
                time.sleep(1)
                with forks[second]:
                    pass

        for thread in _start(lambda: eat(0, 1), lambda: eat(1, 0)):
            thread.join()

    with pytest.raises(Deadlock, match="no thread can run and no time-out is set") as found:
        _run(main)
    told = "\n".join(found.value.waits)
    assert "Thread-2 waits for a Lock that Thread-3 holds" in told
    assert "Thread-3 waits for a Lock that Thread-2 holds" in told
    assert "with forks[second]" in told


def test_a_livelock_is_found_by_the_bound_on_switches() -> None:
    def main() -> None:
        _start(lambda: time.sleep(1000))
        lock = threading.Lock()
        while True:
            with lock:
                pass

    with pytest.raises(Livelock, match="500 switches and no end"):
        _run(main, max_switches=500)


def test_a_thread_that_waits_by_spinning_lets_the_others_run() -> None:
    def main() -> bool:
        done: list[int] = []
        _start(lambda: done.append(1))
        lock = threading.Lock()
        while not done:
            with lock:
                pass
        return True

    assert all(_all_schedules(main))


def test_what_blocks_outside_the_simulation_is_said() -> None:
    lock = _thread.allocate_lock()
    lock.acquire()

    def main() -> None:
        lock.acquire(timeout=20)

    with pytest.raises(Uncontrolled, match="uncontrolled blocking: the main thread has not come back") as found:
        _run(main, unseen_s=0.2)
    assert "lock.acquire(timeout=20)" in str(found.value)


def test_the_same_seed_makes_the_same_switches() -> None:
    def main() -> list[str]:
        mailbox: queue.Queue[str] = queue.Queue()
        for name in "abc":
            _start(lambda name=name: mailbox.put(name))  # type: ignore[misc]
        return [mailbox.get() for _ in range(3)]

    runs = [_all_schedules(main), _all_schedules(main)]
    assert runs[0] == runs[1]
    assert len({tuple(log) for log in runs[0]}) > 2


def test_without_greenlet_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "greenlet", None)
    with pytest.raises(UsageError, match=r"pip install 'letitcrash\[simulation\]'"):
        SimThreads()


def test_what_is_not_simulated_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"expected something that is simulated, got threading\.Barrier"):
        _run(lambda: threading.Barrier(2))
