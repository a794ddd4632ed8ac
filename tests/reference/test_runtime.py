from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

import letitcrash_reference
from letitcrash_reference import (
    Backend,
    ExitReason,
    Handle,
    ManualClock,
    NoProcessError,
    Runtime,
    RuntimeClosedError,
    UsageError,
)
from tests.reference.servers import Notes, Worker, reason_of, runtime

DOWN = ("terminate", ExitReason.SHUTDOWN)


def nothing_left(rt: Runtime) -> bool:
    statistics = rt.statistics()
    return not any(getattr(statistics, name) for name in statistics.__slots__ if name != "started")


async def endless() -> AsyncIterator[int]:
    while True:
        yield 1
        await asyncio.sleep(3600)


async def fill(rt: Runtime, backend: Backend, notes: Notes) -> list[Handle[Any, Any, Any]]:
    """Start servers that are linked and monitored, with names, timers and a stream."""
    workers = [await rt.start(Worker(notes=notes, traps=True), backend=backend, name=f"n{i}") for i in range(3)]
    workers[0].link(workers[1])
    workers[0].monitor(workers[2])
    workers[1].send_interval(1000, "tick")
    workers[2].send_after(1000, "tick")
    rt.send_after(1000, "n0", "tick")
    workers[1].feed(endless())
    return workers


@pytest.mark.clause("BACK-11")
@pytest.mark.parametrize("clock", [True, False], ids=["manual", "monotonic"])
async def test_leaving_the_runtime_terminates_all_servers_and_leaves_nothing_behind(
    backend: Backend, clock: bool
) -> None:
    notes = Notes()
    async with Runtime(clock=ManualClock() if clock else None) as rt:
        workers = await fill(rt, backend, notes)
        workers[2].cast(1)
    assert notes.count(DOWN) == 3
    assert nothing_left(rt)
    assert not any(worker.is_alive for worker in workers)
    with pytest.raises(NoProcessError):
        await workers[0].call(1)


@pytest.mark.clause("BACK-11")
async def test_leaving_the_runtime_by_an_exception_does_the_same(backend: Backend) -> None:
    notes = Notes()
    rt = Runtime()

    async def fail() -> None:
        async with rt:
            await fill(rt, backend, notes)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert notes.count(DOWN) == 3
    assert nothing_left(rt)


@pytest.mark.clause("BACK-11")
async def test_leaving_the_runtime_by_cancellation_does_the_same(backend: Backend) -> None:
    notes = Notes()
    entered = asyncio.Event()
    runtimes: list[Runtime] = []

    async def main() -> None:
        async with Runtime() as rt:
            runtimes.append(rt)
            await fill(rt, backend, notes)
            entered.set()
            await asyncio.sleep(3600)

    task = asyncio.create_task(main())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes.count(DOWN) == 3
    assert nothing_left(runtimes[0])


@pytest.mark.clause("BACK-11")
@pytest.mark.parametrize("where", ["asyncio", "thread", "callback"])
def test_ctrl_c_terminates_all_servers_and_leaves_nothing_behind(backend: Backend, where: str) -> None:
    script = f"""
        import asyncio, signal, threading
        from letitcrash_reference import Backend, GenServer, Runtime

        class Noisy(GenServer):
            async def handle_call(self, message, sender):
                if message == "interrupt":
                    raise KeyboardInterrupt
            async def terminate(self, reason):
                print("terminate", reason, flush=True)

        def census(rt):
            statistics = rt.statistics()
            left = [name for name in statistics.__slots__ if name != "started" and getattr(statistics, name)]
            print("left", left, [t.name for t in threading.enumerate() if t is not threading.main_thread()], flush=True)

        async def main():
            try:
                async with Runtime() as rt:
                    server = await rt.start(Noisy(), backend=Backend.{backend.name}, name="n")
                    if {where!r} == "callback":
                        await server.call("interrupt")
                    print("ready", flush=True)
                    await asyncio.sleep(3600)
            finally:
                census(rt)

        def main_thread():
            try:
                with Runtime() as rt:
                    rt.start_sync(Noisy(), backend=Backend.{backend.name}, name="n")
                    print("ready", flush=True)
                    threading.Event().wait()
            finally:
                census(rt)

        try:
            main_thread() if {where!r} == "thread" else asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        except Exception as error:
            print(type(error).__name__, flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        if where != "callback":
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    lines = out.splitlines()
    assert "left [] []" in lines, out + err
    assert any(line.startswith("terminate") for line in lines), out + err
    if where != "callback":
        assert lines == ["terminate shutdown", "left [] []", "interrupted"], out + err
        assert err == ""


async def test_the_youngest_server_stops_first(backend: Backend) -> None:
    order: list[int] = []

    def stopper(number: int) -> Worker:
        async def note(worker: Worker) -> None:
            order.append(number)

        return Worker(on_terminate=note)

    async with Runtime() as rt:
        for number in range(4):
            await rt.start(stopper(number), backend=backend)
    assert order == [3, 2, 1, 0]


async def test_a_server_may_call_an_older_one_while_the_runtime_is_left(backend: Backend) -> None:
    answers: list[int] = []
    async with Runtime() as rt:
        older = await rt.start(Worker(7), backend=backend)

        async def ask(worker: Worker) -> None:
            answers.append(await older.call("get"))

        await rt.start(Worker(on_terminate=ask), backend=backend)
    assert answers == [7]


async def test_servers_that_do_not_stop_are_killed_when_the_time_is_over(backend: Backend) -> None:
    async def never_end(worker: Worker) -> None:
        await asyncio.Event().wait()

    async with Runtime(shutdown_timeout=0.01) as rt:
        stubborn = await rt.start(Worker(on_terminate=never_end), backend=backend)
        other = await rt.start(Worker(), backend=backend)
    assert await other.wait_dead() == ExitReason.SHUTDOWN
    assert await stubborn.wait_dead() == ExitReason.KILLED
    assert nothing_left(rt)


async def test_a_manual_clock_moves_on_while_the_runtime_is_left(backend: Backend) -> None:
    notes = Notes()

    async def sleep(worker: Worker) -> None:
        await worker.sleep(2)
        notes.append("slept")

    async def hang(worker: Worker) -> None:
        await worker.sleep(float("inf"))

    async with runtime() as rt:
        hanging = await rt.start(Worker(on_terminate=hang), backend=backend)
        sleeping = await rt.start(Worker(notes=notes, on_terminate=sleep), backend=backend)
    assert notes == [DOWN, "slept"]
    assert await sleeping.wait_dead() == ExitReason.SHUTDOWN
    assert await hanging.wait_dead() == ExitReason.KILLED


async def test_closing_without_time_kills_everybody_at_once(backend: Backend) -> None:
    notes = Notes()
    async with Runtime() as rt:
        workers = await fill(rt, backend, notes)
        await rt.close(timeout=0)
        assert DOWN not in notes
        assert await workers[0].wait_dead() == ExitReason.KILLED
        assert nothing_left(rt)
        await rt.close()


async def test_a_thread_that_a_callback_blocks_is_reported_when_the_runtime_is_left(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reached, opened = threading.Event(), threading.Event()

    async def block(worker: Worker) -> None:
        reached.set()
        opened.wait()

    async with Runtime() as rt:
        worker = await rt.start(Worker(), backend=Backend.THREAD)
        worker.cast(block)
        await asyncio.to_thread(reached.wait)
        await rt.close(timeout=0)
        assert "still run a callback" in caplog.text
        opened.set()
        while not nothing_left(rt):
            await asyncio.sleep(0)


async def test_a_task_that_swallows_its_cancellation_is_cancelled_again() -> None:
    async def insist(worker: Worker) -> None:
        for _ in range(3):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    async with Runtime() as rt:
        worker = await rt.start(Worker())
        worker.cast(insist)
        await asyncio.sleep(0)
        await rt.close(timeout=0)
        assert nothing_left(rt)


async def test_a_runtime_serves_once_and_only_while_it_is_open() -> None:
    rt = Runtime()
    with pytest.raises(RuntimeClosedError, match="not entered"):
        await rt.start(Worker())
    async with rt:
        pass
    with pytest.raises(RuntimeClosedError, match="left"):
        await rt.start(Worker())
    with pytest.raises(UsageError, match="make another one"):
        async with rt:
            pass
    with pytest.raises(UsageError, match="async with"), Runtime():
        pass


async def test_no_callback_can_leave_its_own_runtime(backend: Backend) -> None:
    async def leave(worker: Worker) -> str:
        with pytest.raises(UsageError):
            await worker.runtime.close()
        with pytest.raises(UsageError):
            worker.runtime.close_sync()
        return "refused"

    async with Runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        assert await worker.call(leave) == "refused"


async def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValueError, match="pool_threads"):
        Runtime(pool_threads=0)
    with pytest.raises(ValueError, match="shutdown_timeout"):
        Runtime(shutdown_timeout=-1)
    async with Runtime() as rt:
        wrong: Any = Worker
        with pytest.raises(TypeError, match="expected a GenServer object"):
            await rt.start(wrong)
        with pytest.raises(UsageError, match="pass a handle as parent="):
            await rt.start_linked(Worker())
        with pytest.raises(UsageError, match="pass a handle as watcher="):
            await rt.start_monitored(Worker())
        with pytest.raises(UsageError, match="move what needs a process"):
            _ = Worker().pid


async def test_one_clock_serves_one_runtime() -> None:
    async with Runtime() as rt:
        with pytest.raises(UsageError, match="a clock of its own"):
            async with Runtime(clock=rt.clock):
                pass


def test_a_runtime_works_in_plain_threads_without_any_event_loop(backend: Backend) -> None:
    notes = Notes()
    ticked = threading.Event()

    class Ticking(Worker):
        async def handle_info(self, message: object) -> None:
            ticked.set()

    with Runtime() as rt:
        worker = rt.start_sync(Ticking(3, notes=notes), backend=backend, name="n", timeout=30)
        assert rt.call_sync("n", 4) == 7
        worker.send_after(0.001, "tick")
        assert ticked.wait(30)
        child = rt.start_linked_sync(Worker(), parent=worker, backend=backend)
        watched, ref = rt.start_monitored_sync(Worker(), watcher=worker, backend=backend)
        assert worker.links == (child.pid,)
        assert worker.demonitor(ref)
        watched.stop_sync()
        assert rt.wait_until_idle_sync()
        threads = [threading.Thread(target=worker.call_sync, args=(1,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert worker.call_sync("get") == 12
        rt.stop_sync("n", ExitReason.shutdown("x"))
        assert notes == [("terminate", ExitReason.shutdown("x"))]
        rt.start_sync(Worker(notes=notes), backend=backend)
    assert notes[1:] == [DOWN]
    assert nothing_left(rt)


def test_handles_made_in_a_thread_can_be_awaited_in_a_loop(backend: Backend) -> None:
    with Runtime() as rt:
        worker = rt.start_sync(Worker(), backend=backend)

        async def main() -> None:
            assert await worker.call(3) == 3
            other = await rt.start(Worker(), backend=backend)
            assert await other.call(4) == 4
            await other.stop()
            assert await reason_of(worker.call("crash")) == ExitReason.error("crashed")

        asyncio.run(main())


async def test_a_runtime_can_be_left_from_another_loop(backend: Backend) -> None:
    async with Runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        await asyncio.to_thread(lambda: asyncio.run(rt.close()))
        assert not worker.is_alive
        assert nothing_left(rt)


async def test_two_runtimes_know_nothing_of_each_other(backend: Backend) -> None:
    async with Runtime() as one, Runtime() as other:
        await one.start(Worker(1), name="n", backend=backend)
        await other.start(Worker(2), name="n", backend=backend)
        assert (await one.call("n", "get"), await other.call("n", "get")) == (1, 2)


async def test_infos_tell_what_the_servers_do(backend: Backend) -> None:
    async def sleep(worker: Worker) -> None:
        await worker.sleep(1)

    async with runtime() as rt:
        worker = await rt.start(Worker(on_terminate=sleep), backend=backend, name="n")
        await rt.wait_until_idle()
        info = rt.info("n")
        assert info is not None
        assert (info.pid, info.name, info.server, info.status) == (worker.pid, "n", "Worker", "idle")
        worker.cast(sleep)
        worker.cast(1)
        await rt.wait_until_idle()
        info = rt.info(worker)
        assert info is not None
        assert (info.status, info.queued) == ("waiting", 1)
        stopping = asyncio.create_task(worker.stop())
        await rt.advance(1)
        info = rt.info(worker)
        assert info is not None
        assert info.status == "terminating"
        await rt.advance(1)
        await stopping
        assert rt.info(worker) is None
        assert rt.info("n") is None
        assert rt.handle_of(worker) is None


async def test_time_stands_still_until_it_is_moved(backend: Backend) -> None:
    notes = Notes()

    async def sleep(worker: Worker) -> None:
        await worker.sleep(1)
        notes.append(worker.runtime.clock.now())
        worker.handle.cast(sleep)

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        worker.cast(sleep)
        await rt.advance(5)
        assert notes == [1, 2, 3, 4, 5]
        assert rt.clock.now() == 5
        assert rt.is_idle()


def test_all_names_exported_are_there_and_sorted() -> None:
    names = letitcrash_reference.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(letitcrash_reference, name) for name in names)
