from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import Any

import pytest

from letitcrash_reference import (
    Backend,
    ChildSpec,
    DynamicSupervisorSpec,
    ExitReason,
    GenServer,
    ProcessExit,
    Runtime,
    SupervisorSpec,
)
from tests.reference.servers import Notes, Worker, runtime
from tests.reference.trees import Nursery, crash, handle, start, states


async def linger(worker: Worker) -> None:
    """Clean up for 100 seconds."""
    await worker.sleep(100)


def deaths(*handles: Any, into: Notes, rt: Runtime) -> None:
    """Note the deaths of processes: number, seconds on the clock, reason."""

    def note(number: int, reason: ExitReason) -> None:
        into.append((number, rt.clock.now(), str(reason)))

    for number, process in enumerate(handles):
        process.when_dead(partial(note, number))


async def leave(rt: Runtime, supervisor: Any, seconds: float) -> None:
    """Stop a supervisor and let time pass meanwhile."""
    stopping = asyncio.create_task(supervisor.stop(ExitReason.SHUTDOWN))
    await rt.advance(seconds)
    await stopping


@pytest.mark.clause("SHUT-2", "SHUT-3", "SHUT-4", "SHUT-5", "SHUT-6", "SHUT-7", "SHUT-10")
async def test_children_end_one_after_the_other_each_in_its_own_way(backend: Backend) -> None:
    nursery = Nursery(backend)
    noted = Notes()
    async with runtime() as rt:
        sup = await start(
            rt,
            nursery.leaf("a", on_terminate=linger, shutdown=5),
            nursery.leaf("b", on_terminate=linger, shutdown="infinity"),
            nursery.leaf("c", on_terminate=linger, shutdown="brutal_kill"),
            nursery.leaf("d", traps=False, shutdown=5),
            nursery.leaf("e", on_terminate=linger),
        )
        deaths(*[child.handle for child in await sup.which_children()], sup, into=noted, rt=rt)
        nursery.take()
        await leave(rt, sup, 200)
        assert noted == [
            (4, 5, "killed"),
            (3, 5, "shutdown"),
            (2, 5, "killed"),
            (1, 105, "shutdown"),
            (0, 110, "killed"),
            (5, 110, "shutdown"),
        ]
        assert nursery.take() == "-e -b -a"


@pytest.mark.clause("SHUT-7", "SHUT-14", "SHUT-15", "SUP-31")
@pytest.mark.parametrize("shutdown", [0, 5])
async def test_a_child_that_takes_too_long_is_killed_and_may_start_again(backend: Backend, shutdown: float) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a", on_terminate=linger, shutdown=shutdown))
        leaf = await handle(sup, "a")
        ending = asyncio.create_task(sup.terminate_child("a"))
        await rt.advance(5)
        await ending
        assert await leaf.wait_dead() == ExitReason.KILLED
        assert await sup.restart_child("a") is not None
        (await handle(sup, "a")).exit(ExitReason.KILL)


@pytest.mark.clause("SHUT-8", "SHUT-9", "STR-16")
async def test_children_that_end_otherwise_or_by_themselves_do_not_disturb(backend: Backend) -> None:
    nursery = Nursery(backend)

    async def refuse(worker: Worker) -> None:
        raise ProcessExit(ExitReason.error("e"))

    async with runtime() as rt:
        sup = await start(
            rt,
            nursery.leaf("a"),
            nursery.leaf("b", on_terminate=refuse),
            nursery.leaf("c"),
            nursery.leaf("d", on_terminate=linger, shutdown=10),
            max_restarts=0,
        )
        third = await handle(sup, "c")
        nursery.take()
        stopping = asyncio.create_task(sup.stop())
        await rt.wait_until_idle()
        third.exit(ExitReason.KILL)
        await rt.advance(10)
        await stopping
        assert nursery.take() == "-d -b -a"


@pytest.mark.clause("SHUT-11", "GS-55")
async def test_the_request_to_end_comes_from_the_supervisor(backend: Backend) -> None:
    noted = Notes()

    class Spy(GenServer[Any, Any, Any]):
        async def init(self) -> None:
            self.trap_exit(True)

        async def handle_info(self, message: object) -> None:
            noted.append(message)

        async def terminate(self, reason: ExitReason) -> None:
            noted.append(reason)

    async with runtime() as rt:
        sup = await start(rt, ChildSpec("a", Spy, backend=backend))
        (await handle(sup, "a")).exit(ExitReason.SHUTDOWN)  # from a stranger: a message
        await sup.stop()
        assert [getattr(note, "pid", note) for note in noted] == [None, ExitReason.SHUTDOWN]


@pytest.mark.clause("SHUT-12", "SHUT-1")
async def test_a_subtree_ends_before_the_next_sibling() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        inner = SupervisorSpec(children=nursery.leaves("bc"))
        top = await start(rt, *nursery.leaves("a"), ChildSpec("i", inner), *nursery.leaves("d"))
        nursery.take()
        await top.stop()
        assert nursery.take() == "-d -c -b -a"


@pytest.mark.clause("SHUT-16")
async def test_children_without_a_process_are_skipped(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a"), nursery.leaf("b", "ignore"), nursery.leaf("c", "ok", "fail"))
        await sup.terminate_child("a")
        nursery.take()
        await sup.stop()
        assert nursery.take() == "-c"


@pytest.mark.clause("BACK-9", "SHUT-2", "SHUT-7")
@pytest.mark.parametrize("backend", [Backend.BLOCKING, Backend.THREAD], ids=lambda backend: backend.value)
async def test_a_supervisor_goes_on_while_the_thread_of_a_child_is_stuck(backend: Backend) -> None:
    released = threading.Event()

    class Stuck(GenServer[Any, Any, Any]):
        async def init(self) -> None:
            self.trap_exit(True)

        async def handle_cast(self, message: Any) -> None:
            with self.waiting_outside():
                released.wait()

    async with runtime() as rt:
        sup = await start(rt, ChildSpec("a", Stuck, backend=backend, shutdown=5, name="stuck"))
        rt.cast("stuck", "go")
        await rt.wait_until_idle()
        ending = asyncio.create_task(sup.terminate_child("a"))
        await rt.advance(5)
        await ending
        assert (rt.whereis("stuck"), rt.statistics().abandoned_threads) == (None, 1)
        again = await sup.restart_child("a")
        assert rt.whereis("stuck") is again
        rt.cast("stuck", "go")
        await rt.wait_until_idle()
        await crash(rt, sup, "a")
        assert await states(sup) == {"a": "up"}
        released.set()


@pytest.mark.clause("SUP-16", "SHUT-2")
async def test_a_supervisor_killed_while_it_ends_its_children_leaves_none(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        for spec in (SupervisorSpec(), DynamicSupervisorSpec()):
            sup: Any = await rt.start_supervisor(spec)
            for label in "abc":
                await sup.start_child(nursery.leaf(label, on_terminate=linger, shutdown=50))
            stopping = asyncio.create_task(sup.stop())
            await rt.advance(10)
            sup.exit(ExitReason.KILL)
            with pytest.raises(Exception, match="killed"):
                await stopping
            await rt.advance(100)
            assert rt.statistics().processes == 0


@pytest.mark.clause("DYN-E11", "SHUT-2", "SHUT-5", "SHUT-6")
async def test_a_dynamic_supervisor_ends_all_at_once_each_in_its_own_time(backend: Backend) -> None:
    nursery = Nursery(backend)
    noted = Notes()
    async with runtime() as rt:
        pool = await rt.start_supervisor(DynamicSupervisorSpec())
        handles = [
            await pool.start_child(nursery.leaf("a", on_terminate=linger, shutdown=shutdown))
            for shutdown in (20, 10, "brutal_kill", 10, "infinity", 200)
        ]
        deaths(*handles, pool, into=noted, rt=rt)
        await leave(rt, pool, 300)
        assert noted[0] == (2, 0, "killed")
        assert sorted(noted) == [
            (0, 20, "killed"),
            (1, 10, "killed"),
            (2, 0, "killed"),
            (3, 10, "killed"),
            (4, 100, "shutdown"),
            (5, 100, "shutdown"),
            (6, 100, "shutdown"),
        ]


@pytest.mark.clause("DYN-E11")
async def test_ten_thousand_children_take_the_time_of_the_slowest() -> None:
    class Slow(Worker):
        async def terminate(self, reason: ExitReason) -> None:
            await self.sleep(1 + self.value % 7)

    async with runtime() as rt:
        pool = await rt.start_supervisor(DynamicSupervisorSpec())
        for number in range(10_000):
            await pool.start_child(ChildSpec("x", partial(Slow, number, traps=True), shutdown=5))
        assert (await pool.count_children()).active == 10_000
        await leave(rt, pool, 5)
        assert rt.clock.now() == 5
        assert rt.statistics().processes == 0
