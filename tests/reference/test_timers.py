from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from letitcrash_reference import Backend, ManualClock, NoProcessError, Runtime, UsageError
from tests.reference.servers import Notes, Worker, runtime


@pytest.mark.clause("TIM-1", "TIM-3")
async def test_a_timer_fires_once_and_not_before_its_time(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend)
        timer = worker.send_after(2, "late")
        worker.send_after(0, "now")
        await rt.advance(1.999)
        assert notes == ["now"]
        assert timer.active
        await rt.advance(0.001)
        await rt.advance(10)
        assert notes == ["now", "late"]
        assert not timer.active


async def test_an_interval_fires_once_per_period_until_it_is_cancelled(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend)
        timer = worker.send_interval(0.1, "tick")
        await rt.advance(0.95)
        await rt.wait_until_idle()
        assert notes == ["tick"] * 9
        assert timer.cancel() is True
        await rt.advance(1)
        assert len(notes) == 9


@pytest.mark.clause("TIM-4", "TIM-5", "TIM-6")
async def test_cancelling_says_whether_the_timer_was_active(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend)
        timer, fired = worker.send_after(2, "never"), worker.send_after(1, "once")
        await rt.advance(1)

        async def cancel(other: Worker) -> bool:
            return timer.cancel()

        assert await (await rt.start(Worker())).call(cancel) is True
        assert timer.cancel() is False
        assert fired.cancel() is False
        await rt.advance(5)
        assert notes == ["once"]


@pytest.mark.clause("TIM-7")
async def test_a_timer_to_a_process_is_void_when_the_process_is_dead(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        once, often = worker.send_after(2, "x"), worker.send_interval(2, "x")
        await worker.stop()
        assert not once.active
        assert once.cancel() is False
        assert often.cancel() is False
        assert rt.send_after(1, worker, "x").cancel() is False
        assert rt.statistics().timers == 0


@pytest.mark.clause("TIM-8", "TIM-10")
async def test_a_timer_to_a_name_looks_the_name_up_when_it_fires(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        creator = await rt.start(Worker(), backend=backend)

        async def set_timers(worker: Worker) -> None:
            worker.runtime.send_after(1, "n", "nobody there")
            worker.runtime.send_after(2, "n", "for the new one")

        await creator.call(set_timers)
        await creator.stop()
        await rt.advance(1)
        await rt.start(Worker(notes=notes), name="n", backend=backend)
        await rt.advance(1)
        await rt.wait_until_idle()
        assert notes == ["for the new one"]


@pytest.mark.clause("TIM-8")
async def test_an_interval_to_a_name_goes_on_while_nobody_has_it(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        timer = rt.send_interval(1, "n", "tick")
        await rt.advance(2)
        for ticks in (1, 2):
            holder = await rt.start(Worker(notes=notes), name="n", backend=backend)
            await rt.advance(1)
            await rt.wait_until_idle()
            assert notes.count("tick") == ticks
            await holder.stop()
            await rt.advance(1)
        assert timer.cancel() is True


@pytest.mark.clause("TIM-3")
async def test_times_that_make_no_sense_are_refused() -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker())
        for wrong in (-1, float("nan")):
            with pytest.raises(ValueError, match="expected a delay"):
                worker.send_after(wrong, "x")
        for wrong in (0, -1):
            with pytest.raises(ValueError, match="expected a period"):
                worker.send_interval(wrong, "x")
        with pytest.raises(ValueError, match="expected seconds"):
            await rt.advance(-1)
    async with Runtime() as rt:
        with pytest.raises(UsageError, match="ManualClock"):
            await rt.advance(1)


async def test_timers_go_by_real_time_unless_told_otherwise(backend: Backend) -> None:
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Alarmed(Worker):
        async def handle_info(self, message: object) -> None:
            loop.call_soon_threadsafe(arrived.set)

    async with Runtime() as rt:
        worker = await rt.start(Alarmed(), backend=backend)

        async def set_timer(server: Worker) -> None:
            server.send_after(0.001, "x")
            cancelled = server.send_after(0.002, "y")
            assert cancelled.cancel()

        await worker.call(set_timer)
        await arrived.wait()


def test_a_manual_clock_rings_alarms_in_the_order_of_their_times() -> None:
    clock = ManualClock(start=100)
    rung: list[tuple[str, float]] = []

    def note(what: str) -> None:
        rung.append((what, clock.now()))
        if what == "b":
            clock.call_later(0.1, note, "d")

    clock.call_later(0.3, note, "c")
    clock.call_later(0.1, note, "a")
    clock.call_later(0.2, note, "b")
    cancelled = clock.call_later(0.15, note, "never")
    assert cancelled.cancel()
    assert not cancelled.cancel()
    assert clock.next_deadline == pytest.approx(100.1)
    assert clock.advance(0.1) == 1
    assert clock.advance_to_next()
    assert not clock.advance_to_next(limit=100.25)
    assert clock.advance(0.1 + 0.2) == 2
    assert [what for what, _ in rung] == ["a", "b", "c", "d"]
    assert rung[2][1] == rung[3][1] == pytest.approx(100.3)
    assert clock.next_deadline is None


def test_a_manual_clock_forgets_cancelled_alarms() -> None:
    clock = ManualClock()
    for _ in range(10_000):
        clock.call_later(5, print).cancel()
    kept = [clock.call_later(1, dict) for _ in range(10)]
    assert clock.pending < 1000
    assert clock.advance(10) == len(kept)


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(1, count + 1):
        yield number
        await asyncio.sleep(0)


async def test_a_stream_feeds_a_server_with_casts(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend, name="n")
        feed = rt.feed("n", numbers(5))
        await feed.wait()
        assert await worker.call("get") == 15
        assert feed.done
        assert feed.cancel() is False
        assert rt.statistics().feeds == 0


async def test_a_stream_can_feed_infos_and_be_cancelled(backend: Backend) -> None:
    notes = Notes()
    released = asyncio.Event()

    async def endless() -> AsyncIterator[int]:
        yield 1
        await released.wait()
        yield 2

    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend)
        feed = worker.feed(endless(), as_info=True)
        while not notes:
            await asyncio.sleep(0)
        assert feed.cancel() is True
        released.set()
        await feed.wait()
        assert notes == [1]


async def test_a_stream_ends_with_its_server(backend: Backend) -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(0)
        finally:
            closed.set()

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        feed = worker.feed(endless())
        await asyncio.sleep(0)
        await worker.stop()
        await feed.wait()
        assert feed.done
        with pytest.raises(NoProcessError):
            worker.feed(endless())


async def test_a_stream_that_raises_is_logged_and_spares_the_server(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> AsyncIterator[Any]:
        yield 1
        raise ValueError("torn")

    async with runtime() as rt:
        worker = await rt.start(Worker())
        feed = worker.feed(broken())
        with pytest.raises(ValueError, match="torn"):
            await feed.wait()
        assert await worker.call("get") == 1
    assert "torn" in caplog.text
