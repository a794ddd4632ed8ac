from __future__ import annotations

import asyncio
from typing import Any

import pytest

from letitcrash_reference import (
    Backend,
    ChildCounts,
    ChildNotFoundError,
    ChildStartError,
    DynamicSupervisorHandle,
    DynamicSupervisorSpec,
    ExitReason,
    Handle,
    InvalidSpecError,
    MaxChildrenError,
    Runtime,
    UsageError,
)
from letitcrash_reference.requests import RestartChild
from tests.reference.servers import Worker, runtime
from tests.reference.trees import ERROR, Nursery

AnyHandle = Handle[Any, Any, Any]


async def start(rt: Runtime, **fields: Any) -> DynamicSupervisorHandle:
    return await rt.start_supervisor(DynamicSupervisorSpec(**fields))


async def add(pool: DynamicSupervisorHandle, nursery: Nursery, *entries: Any, **fields: Any) -> AnyHandle:
    added = await pool.start_child(nursery.leaf("a", *entries, **fields))
    assert added is not None
    return added


async def kill(rt: Runtime, leaf: AnyHandle) -> None:
    leaf.exit(ExitReason.KILL)
    await rt.wait_until_idle()


async def pids(pool: DynamicSupervisorHandle) -> list[Any]:
    return [child.handle for child in await pool.which_children()]


@pytest.mark.clause("DYN-E1", "DYN-E7", "DYN-E10", "INT-7")
async def test_children_come_and_go_and_ids_do_not_matter(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        pool = await start(rt, max_restarts=1)
        permanent = await add(pool, nursery)
        transient = await add(pool, nursery, restart="transient")
        temporary = await add(pool, nursery, restart="temporary")
        assert await pids(pool) == [permanent, transient, temporary]
        assert {child.id for child in await pool.which_children()} == {None}
        await transient.stop(ExitReason.shutdown("x"))
        await kill(rt, temporary)
        assert await pids(pool) == [permanent]
        await kill(rt, permanent)
        again = (await pids(pool))[0]
        assert again is not permanent
        assert await pool.count_children() == ChildCounts(specs=1, active=1, supervisors=0, workers=1)
        assert (await pool.get_child_spec(again)).id == "a"


@pytest.mark.clause("DYN-E2", "DYN-E13")
async def test_a_start_that_fails_or_declines_leaves_nothing(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        await rt.start(Worker(), name="taken")
        pool = await start(rt)
        assert await pool.start_child(nursery.leaf("a", "ignore")) is None
        with pytest.raises(ChildStartError) as caught:
            await pool.start_child(nursery.leaf("a", "fail"))
        assert caught.value.reason == ERROR
        with pytest.raises(ChildStartError, match="expected a free name, got 'taken'"):
            await pool.start_child(nursery.leaf("a", name="taken"))
        assert await pool.count_children() == ChildCounts(specs=0, active=0, supervisors=0, workers=0)


@pytest.mark.clause("DYN-E4")
async def test_max_children_counts_those_that_run_or_are_being_restarted(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        pool = await start(rt, max_children=1, max_restarts=9)
        assert await pool.start_child(nursery.leaf("a", "ignore")) is None
        leaf = await add(pool, nursery, "ok", (10, "fail"))
        await kill(rt, leaf)
        adding = asyncio.create_task(pool.start_child(nursery.leaf("b")))
        counting = asyncio.create_task(pool.count_children())
        ending = asyncio.create_task(pool.terminate_child(leaf))
        await rt.advance(10)
        with pytest.raises(MaxChildrenError, match="max_children=1") as caught:
            await adding
        assert (caught.value.child, caught.value.limit) == ("b", 1)
        assert await counting == ChildCounts(specs=1, active=0, supervisors=0, workers=1)
        await ending
        nursery.take()
        await add(pool, nursery)
        none = await start(rt, max_children=0)
        with pytest.raises(MaxChildrenError):
            await none.start_child(nursery.leaf("b"))
        assert nursery.take() == "+a"


@pytest.mark.clause("DYN-E6", "DYN-E9", "DYN-S8")
async def test_a_child_is_ended_by_its_pid_also_while_it_is_being_restarted(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        pool = await start(rt, max_restarts=9)
        stranger = await rt.start(Worker())
        leaf = await add(pool, nursery)
        await pool.terminate_child(leaf)
        for gone in (leaf, stranger):
            with pytest.raises(ChildNotFoundError):
                await pool.terminate_child(gone)
        assert stranger.is_alive
        leaf = await add(pool, nursery, "ok", (10, "fail"))
        await kill(rt, leaf)
        listing = asyncio.create_task(pool.which_children())
        ending = asyncio.create_task(pool.terminate_child(leaf))
        await rt.advance(10)
        assert [(child.handle, child.is_restarting) for child in await listing] == [(None, True)]
        await ending
        await rt.wait_until_idle()
        assert await pids(pool) == []


@pytest.mark.clause("DYN-E8", "DYN-E9")
async def test_a_restart_is_tried_until_it_works_and_one_that_declines_removes_the_child(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        pool = await start(rt)
        leaf = await add(pool, nursery, "ok", "fail", "raise", "ok")
        await kill(rt, leaf)
        assert nursery.take() == "+a +a +a +a"
        assert [child.restarts for child in await pool.which_children()] == [1]
        await pool.terminate_child((await pids(pool))[0])
        other = await start(rt)
        await kill(rt, await add(other, nursery, "ok", "ignore"))
        assert await pids(other) == []


@pytest.mark.clause("DYN-E9", "INT-1", "INT-3", "INT-5", "INT-12", "SHUT-13")
async def test_all_children_share_one_budget(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        pool = await start(rt)
        leaves = [await add(pool, nursery) for _ in range(5)]
        for leaf in leaves[:3]:
            await kill(rt, leaf)
        assert pool.is_alive
        await kill(rt, leaves[3])
        assert await pool.wait_dead() == ExitReason.SHUTDOWN
        assert not leaves[4].is_alive
        assert rt.statistics().processes == 0
        failing = await start(rt)
        nursery.take()
        await kill(rt, await add(failing, nursery, "ok", "fail"))
        assert await failing.wait_dead() == ExitReason.SHUTDOWN
        assert nursery.take() == "+a +a +a +a"


@pytest.mark.clause("DYN-E12", "SUP-13")
async def test_it_ends_with_its_parent_only_and_has_no_significant_children() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        parent = await rt.start(Worker())
        pool = await rt.start_supervisor(DynamicSupervisorSpec(), parent=parent)
        leaf = await add(pool, nursery)
        with pytest.raises(InvalidSpecError, match="significant child of a dynamic supervisor"):
            await pool.start_child(nursery.leaf("a", restart="transient", significant=True))
        pool.exit(ExitReason.SHUTDOWN)
        assert await pids(pool) == [leaf]
        await parent.stop()
        assert await pool.wait_dead() == ExitReason.NORMAL
        assert nursery.take() == "+a -a"


@pytest.mark.clause("DYN-E7")
async def test_children_are_not_restarted_by_hand() -> None:
    async with runtime() as rt:
        pool = await start(rt)
        with pytest.raises(UsageError, match="expected a request to a supervisor"):
            await pool.call(RestartChild("a"))


class Unscannable(dict[Any, Any]):
    """The children of a supervisor, which must not be looked through."""

    may_scan = False

    def values(self) -> Any:
        assert self.may_scan, "expected no look at every child"
        return super().values()

    def __iter__(self) -> Any:
        assert self.may_scan, "expected no look at every child"
        return super().__iter__()


@pytest.mark.clause("DYN-E9")
async def test_a_restart_does_not_look_at_the_other_children(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        pool = await start(rt, max_restarts=9)
        leaves = [await add(pool, nursery, "ok", "fail", "ok") for _ in range(5)]
        server: Any = pool.record.server
        children = server._children
        server._children = Unscannable(children)
        for leaf in leaves[:2]:
            await kill(rt, leaf)
        await pool.terminate_child(leaves[2])
        await add(pool, nursery)
        server._children.may_scan = True
        counts = await pool.count_children()
        assert (counts.specs, counts.active) == (5, 5)
