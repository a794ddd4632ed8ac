from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from letitcrash_reference import (
    Backend,
    CallTimeoutError,
    Down,
    ExitReason,
    Killed,
    ProcessExitedError,
    Runtime,
    Stop,
    UsageError,
)
from tests.reference.servers import Notes, Worker, reason_of, runtime

BOTH = [Backend.BLOCKING, Backend.THREAD]
on_threads = pytest.mark.parametrize("backend", BOTH, ids=lambda backend: backend.value)
WAIT_S = 30  # ends a hang, says nothing about speed


class Gate:
    """Blocks threads until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    async def block(self, worker: Worker) -> None:
        self.reached.set()
        assert self.opened.wait(WAIT_S)

    async def wait_reached(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, WAIT_S)


@pytest.mark.clause("BACK-1")
async def test_a_server_runs_on_the_asynchronous_backend_unless_told_otherwise() -> None:
    async with Runtime() as rt:
        await rt.start(Worker())
        await rt.start(Worker(), backend=Backend.THREAD)
        assert [info.backend for info in rt.processes()] == [Backend.ASYNC, Backend.THREAD]
    async with Runtime(default_backend=Backend.BLOCKING) as rt:
        await rt.start(Worker())
        assert [info.backend for info in rt.processes()] == [Backend.BLOCKING]


def test_backends_compare_hash_and_print() -> None:
    assert len({*Backend, Backend.ASYNC}) == 3
    assert str(Backend.ASYNC) == "Backend.ASYNC"
    assert Backend("thread") is Backend.THREAD


@pytest.mark.clause("BACK-4")
@pytest.mark.parametrize("other", list(Backend), ids=lambda backend: backend.value)
async def test_servers_of_all_backends_call_each_other(backend: Backend, other: Backend) -> None:
    async with runtime() as rt:
        counter = await rt.start(Worker(50), backend=other)
        forwarder = await rt.start(Worker(), backend=backend)

        async def forward(worker: Worker) -> Any:
            counter.cast(1)
            with pytest.raises(ProcessExitedError):
                await (await worker.start(Worker(), backend=other)).call("crash")
            return await counter.call(1)

        assert await forwarder.call(forward) == 52


@pytest.mark.clause("BACK-10")
async def test_concurrent_callers_lose_no_update(backend: Backend) -> None:
    async with Runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)

        async def call() -> None:
            for _ in range(20):
                await worker.call(1)

        def call_from_a_thread() -> None:
            for _ in range(20):
                worker.call_sync(1)

        def call_from_another_loop() -> None:
            asyncio.run(call())

        await asyncio.gather(
            *(call() for _ in range(5)),
            *(asyncio.to_thread(call_from_a_thread) for _ in range(3)),
            *(asyncio.to_thread(call_from_another_loop) for _ in range(2)),
        )
        assert await worker.call("get") == 200


async def test_calls_from_another_loop_time_out_and_fail_like_any_other(backend: Backend) -> None:
    async with Runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)

        async def call() -> None:
            with pytest.raises(CallTimeoutError):
                await worker.call("later", timeout=0.01)
            assert await reason_of(worker.call("crash")) == ExitReason.error("crashed")

        await asyncio.to_thread(lambda: asyncio.run(call()))


async def test_a_callback_on_any_backend_may_await_what_asyncio_offers(backend: Backend) -> None:
    async def use_asyncio(worker: Worker) -> list[int]:
        async def one(number: int) -> int:
            await asyncio.sleep(0.001)
            return number

        async with asyncio.timeout(WAIT_S):
            numbers = list(await asyncio.gather(*(one(number) for number in range(3))))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        return [*numbers, await asyncio.to_thread(lambda: 3)]

    async with Runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        assert await worker.call(use_asyncio) == [0, 1, 2, 3]


async def test_a_callback_that_cancels_its_own_task_ends_the_process(backend: Backend) -> None:
    async def cancel(worker: Worker) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    async with runtime() as rt:
        worker, other = await rt.start(Worker(), backend=backend), await rt.start(Worker(), backend=backend)
        assert await reason_of(worker.call(cancel)) == ExitReason.KILLED
        assert await other.call(1) == 1


async def test_awaiting_something_cancelled_is_a_crash_like_any_other(backend: Backend) -> None:
    async def await_cancelled(worker: Worker) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    notes = Notes()
    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend)
        reason = await reason_of(worker.call(await_cancelled))
        assert reason == ExitReason.error("CancelledError")
        assert notes == [("terminate", reason)]


@pytest.mark.clause("BACK-5")
@on_threads
async def test_a_callback_that_blocks_its_thread_delays_nobody_else(backend: Backend) -> None:
    gate = Gate()
    async with Runtime() as rt:
        blocked = await rt.start(Worker(), backend=backend)
        others = [await rt.start(Worker(), backend=kind) for kind in Backend]
        blocked.cast(gate.block)
        await gate.wait_reached()
        for other in others:
            assert await other.call(1) == 1
        gate.opened.set()
        assert await blocked.call(1) == 1


@pytest.mark.clause("BACK-9")
@on_threads
async def test_a_process_killed_while_its_thread_blocks_is_dead_for_all_others_at_once(backend: Backend) -> None:
    gate = Gate()
    notes, tried = Notes(), Notes()

    async def block_and_try(worker: Worker) -> str:
        await gate.block(worker)
        for act in (
            lambda: other.cast(1),
            lambda: other.send("late"),
            lambda: worker.link(other),
            lambda: worker.monitor(other),
            lambda: worker.register("m"),
            lambda: worker.exit(other, ExitReason.KILL),
            lambda: worker.send_after(0, "late"),
            lambda: rt.send_after(0, other, "late"),
            lambda: other.call_sync("get"),
            lambda: rt.start_sync(Worker(), backend=backend),
            lambda: rt.unregister("o"),
        ):
            try:
                act()
            except Killed:
                tried.append("refused")
        return "late answer"

    async with Runtime() as rt:
        stuck = await rt.start(Worker(notes=notes), backend=backend, name="n")
        other = await rt.start(Worker(notes=notes), backend=backend, name="o")
        ref = other.monitor(stuck)
        call = asyncio.create_task(reason_of(stuck.call(block_and_try)))
        await gate.wait_reached()
        stuck.cast(1)
        queued = asyncio.create_task(reason_of(stuck.call(1)))
        await asyncio.sleep(0)
        stuck.exit(ExitReason.KILL)
        assert await call == await queued == ExitReason.KILLED
        assert rt.whereis("n") is None
        assert await other.call("get") == 0
        assert notes == [Down(ref, stuck.pid, ExitReason.KILLED)]
        assert rt.statistics().abandoned_threads == 1
        again = await rt.start(Worker(), backend=backend, name="n")
        assert await again.call(1) == 1
        gate.opened.set()
        while rt.statistics().abandoned_threads:
            await asyncio.sleep(0)
        assert tried == ["refused"] * 11
        assert await other.call("get") == 0
        assert len(notes) == 1
        assert rt.registered() == ["o", "n"]


@on_threads
async def test_a_kill_ends_at_once_what_waits_inside_the_runtime(backend: Backend) -> None:
    async def wait(worker: Worker) -> None:
        await other.call("later", timeout=None)

    async def sleep(worker: Worker) -> None:
        await worker.sleep(1000)

    async def sleep_in_asyncio(worker: Worker) -> None:
        await asyncio.sleep(1000)

    async with Runtime() as rt:
        other = await rt.start(Worker())
        for action in (wait, sleep, sleep_in_asyncio):
            worker = await rt.start(Worker(), backend=backend)
            worker.cast(action)
            info = rt.info(worker)
            while info is None or info.status not in ("waiting", "running") or info.queued:
                await asyncio.sleep(0)
                info = rt.info(worker)
            worker.exit(ExitReason.KILL)
            while rt.statistics().abandoned_threads:
                await asyncio.sleep(0)


@pytest.mark.clause("BACK-7")
async def test_more_servers_than_pool_threads_wait_their_turn_visibly_and_can_be_killed() -> None:
    gates = [Gate(), Gate()]
    async with Runtime(pool_threads=2) as rt:
        blocked = [await rt.start(Worker(), backend=Backend.BLOCKING) for _ in gates]
        for worker, gate in zip(blocked, gates, strict=True):
            worker.cast(gate.block)
            await gate.wait_reached()
        starts = [
            asyncio.create_task(rt.start(Worker(), backend=Backend.BLOCKING, name=name)) for name in ("a", "b", "c")
        ]
        await asyncio.sleep(0)
        infos = [info for info in rt.processes() if info.name]
        assert [info.status for info in infos] == ["waiting to start"] * 3
        assert rt.statistics().waiting == 3
        assert rt.statistics().threads == 2
        victim = rt.whereis("b")
        assert victim is not None
        victim.exit(ExitReason.KILL)
        with pytest.raises(Exception, match="killed"):
            await starts[1]
        assert await (await rt.start(Worker())).call(1) == 1
        gates[0].opened.set()
        first, last = await starts[0], await starts[2]
        assert (await first.call(1), await last.call(2)) == (1, 2)
        gates[1].opened.set()
        assert await blocked[1].call(1) == 1


@pytest.mark.clause("BACK-7", "BACK-9")
async def test_the_pool_replaces_a_thread_that_is_stuck_in_a_killed_server() -> None:
    gate = Gate()
    async with Runtime(pool_threads=1) as rt:
        stuck, other = [await rt.start(Worker(), backend=Backend.BLOCKING) for _ in range(2)]
        stuck.cast(gate.block)
        await gate.wait_reached()
        call = asyncio.create_task(other.call(1))
        await asyncio.sleep(0)
        stuck.exit(ExitReason.KILL)
        assert await call == 1
        statistics = rt.statistics()
        assert (statistics.threads, statistics.abandoned_threads) == (2, 1)
        gate.opened.set()


async def test_a_hundred_servers_share_a_pool_of_three_threads() -> None:
    async with Runtime(pool_threads=3) as rt:
        workers = [await rt.start(Worker(number), backend=Backend.BLOCKING) for number in range(100)]
        for _ in range(10):
            for worker in workers:
                worker.cast(1)
        values = await asyncio.gather(*(worker.call("get") for worker in workers))
        assert values == [number + 10 for number in range(100)]
        assert rt.statistics().threads == 3


@pytest.mark.clause("BACK-12")
async def test_values_are_handed_over_unchanged(backend: Backend) -> None:
    values = [2**31, 2**53 + 1, 2**63, -(2**100), "日本語 ✓", "x" * 100_000, None]

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        for value in values:

            async def echo(server: Worker, value: object = value) -> object:
                return value

            assert await worker.call(echo) is value


async def test_a_server_with_a_full_mailbox_lets_others_take_their_turn(backend: Backend) -> None:
    notes = Notes()

    async def note(worker: Worker) -> None:
        notes.append("other")

    async def note_end(worker: Worker) -> None:
        notes.append("end")

    async with runtime() as rt:
        busy, other = [await rt.start(Worker(), backend=backend) for _ in range(2)]
        for _ in range(2000):
            busy.cast(1)
        other.cast(note)
        busy.cast(note_end)
        assert await busy.call("get") == 2000
        await other.call("get")
        if backend is Backend.ASYNC:
            assert notes == ["other", "end"]


async def test_the_loop_is_protected_from_calls_that_would_block_it(backend: Backend) -> None:
    async with Runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        for blocking in (
            lambda: worker.call_sync(1),
            worker.stop_sync,
            lambda: rt.start_sync(Worker(), backend=backend),
        ):
            with pytest.raises(UsageError, match="await the method"):
                blocking()


@on_threads
async def test_a_callback_may_block_on_the_runtimes_clock(backend: Backend) -> None:
    async def sleep(worker: Worker) -> float:
        worker.runtime.sleep_sync(2)
        return worker.runtime.clock.now()

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        call = asyncio.create_task(worker.call(sleep))
        await rt.advance(3)
        assert await call == 2


async def test_what_waits_outside_the_runtime_is_waited_for_unless_the_callback_says_so(backend: Backend) -> None:
    loop = asyncio.get_running_loop()
    released = loop.create_future()

    async def wait_released() -> None:
        await released

    async def wait_outside(worker: Worker) -> Stop[Any]:
        with worker.waiting_outside():
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(wait_released(), loop))
        return Stop()

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        worker.cast(wait_outside)
        await rt.wait_until_idle()
        assert worker.is_alive
        released.set_result(None)
        assert await worker.wait_dead() == ExitReason.NORMAL
