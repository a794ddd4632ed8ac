from __future__ import annotations

import asyncio
from typing import Any

import pytest

from letitcrash_reference import (
    Backend,
    ChildAlreadyPresentError,
    ChildAlreadyStartedError,
    ChildCounts,
    ChildNotFoundError,
    ChildRestartingError,
    ChildRunningError,
    ChildSpec,
    ChildStartError,
    CustomStart,
    ExitReason,
    Handle,
    InvalidSpecError,
    NoProcessError,
    Runtime,
    SupervisorSpec,
)
from tests.reference.servers import Worker, runtime
from tests.reference.trees import Nursery, crash, handle, start, states


@pytest.mark.clause("SUP-20", "SUP-21", "SUP-22", "SUP-30", "SUP-31")
async def test_a_child_goes_through_all_its_states(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("a"))
        leaf = await handle(sup, "a")
        with pytest.raises(ChildAlreadyStartedError) as caught:
            await sup.start_child(nursery.leaf("a"))
        assert (caught.value.child, caught.value.handle) == ("a", leaf)
        for refused in (sup.restart_child("a"), sup.delete_child("a")):
            with pytest.raises(ChildRunningError, match="remedy: terminate_child first"):
                await refused
        await sup.terminate_child("a")
        assert not leaf.is_alive
        await sup.terminate_child("a")
        with pytest.raises(ChildAlreadyPresentError):
            await sup.start_child(nursery.leaf("a"))
        again = await sup.restart_child("a")
        assert again is not None
        assert again is await handle(sup, "a")
        await sup.terminate_child("a")
        await sup.delete_child("a")
        for unknown in (
            sup.terminate_child("a"),
            sup.restart_child("a"),
            sup.delete_child("a"),
            sup.get_child_spec("a"),
        ):
            with pytest.raises(ChildNotFoundError):
                await unknown
        await sup.start_child(nursery.leaf("a"))
        assert nursery.take() == "+a -a +a -a +a"


@pytest.mark.clause("SUP-34")
async def test_a_pid_is_no_id() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("a"))
        with pytest.raises(ChildNotFoundError):
            await sup.terminate_child((await handle(sup, "a")).pid)
        assert await states(sup) == {"a": "up"}


@pytest.mark.clause("SUP-20", "SUP-35", "STR-8", "SHUT-1")
async def test_a_new_child_comes_last_and_a_restarted_one_keeps_its_place(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("ab"), strategy="rest_for_one")
        await sup.start_child(nursery.leaf("c"))
        await sup.terminate_child("a")
        await sup.restart_child("a")
        nursery.take()
        await crash(rt, sup, "b")
        assert nursery.take() == "-c +b +c"
        await sup.stop()
        assert nursery.take() == "-c -b -a"


@pytest.mark.clause("SUP-23", "SUP-24", "SUP-36", "SUP-27", "INT-8")
async def test_a_child_that_does_not_start_is_not_kept_when_new_and_stays_down_when_known(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, max_restarts=0)
        for _ in range(2):
            with pytest.raises(ChildStartError) as caught:
                await sup.start_child(nursery.leaf("a", "fail"))
            assert (caught.value.child, caught.value.reason) == ("a", ExitReason.error("no"))
        assert await sup.start_child(nursery.leaf("a", "ok", "fail", "ignore", "ok")) is not None
        await sup.terminate_child("a")
        with pytest.raises(ChildStartError):
            await sup.restart_child("a")
        assert await states(sup) == {"a": "down"}
        assert await sup.restart_child("a") is None
        assert await sup.restart_child("a") is not None
        assert await sup.start_child(nursery.leaf("i", "ignore")) is None
        assert await sup.start_child(nursery.leaf("t", "ignore", restart="temporary")) is None
        assert await states(sup) == {"a": "up", "i": "down"}


@pytest.mark.clause("SUP-32", "SUP-37")
@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
async def test_ending_a_child_by_hand_concerns_nobody_else_and_counts_for_nothing(strategy: Any) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("abc"), strategy=strategy, max_restarts=0)
        for _ in range(4):
            await sup.terminate_child("b")
            await rt.wait_until_idle()
            assert await states(sup) == {"a": "up", "b": "down", "c": "up"}
            await sup.restart_child("b")
        assert nursery.take() == "+a +b +c" + 4 * " -b +b"


@pytest.mark.clause("SUP-33", "STR-2")
async def test_a_temporary_child_is_forgotten_when_it_ends_or_is_ended() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a", restart="temporary"))
        await sup.terminate_child("a")
        assert await states(sup) == {}
        with pytest.raises(ChildNotFoundError):
            await sup.restart_child("a")
        await sup.start_child(nursery.leaf("a", restart="temporary"))
        await crash(rt, sup, "a")
        assert await states(sup) == {}


@pytest.mark.clause("SUP-39", "STR-16")
async def test_a_child_whose_death_was_not_noticed_yet_is_ended_for_good(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("a"), max_restarts=0)
        leaf = await handle(sup, "a")
        await sup.suspend()
        ending = asyncio.create_task(sup.terminate_child("a"))
        await rt.wait_until_idle()
        leaf.exit(ExitReason.KILL)
        await sup.resume()
        await ending
        await rt.wait_until_idle()
        assert await states(sup) == {"a": "down"}


@pytest.mark.clause("SUP-40")
async def test_a_child_that_unlinked_itself_can_be_ended(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a", shutdown="infinity"))
        leaf = await handle(sup, "a")
        leaf.unlink(sup)
        await sup.terminate_child("a")
        assert (leaf.is_alive, nursery.take()) == (False, "+a -a")


@pytest.mark.clause("SUP-41")
async def test_the_death_of_a_child_that_is_not_linked_goes_unnoticed(backend: Backend) -> None:
    async def start_unlinked(rt: Runtime) -> Handle[Any, Any, Any]:
        return await rt.start(Worker(), backend=backend)

    async with runtime() as rt:
        sup = await start(rt, ChildSpec("a", CustomStart(start_unlinked)))
        leaf = await handle(sup, "a")
        leaf.exit(ExitReason.KILL)
        await rt.wait_until_idle()
        assert await handle(sup, "a") is leaf
        assert await sup.count_children() == ChildCounts(specs=1, active=0, supervisors=0, workers=1)
        with pytest.raises(ChildRunningError):
            await sup.restart_child("a")
        await sup.terminate_child("a")
        assert await sup.restart_child("a") is not None


@pytest.mark.clause("SUP-50", "SUP-52", "SUP-53", "SUP-54")
async def test_children_are_listed_and_counted_by_what_they_are() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(
            rt,
            nursery.leaf("a"),
            nursery.leaf("b", "ignore"),
            ChildSpec("s", SupervisorSpec()),
            nursery.leaf("t", type="supervisor"),
        )
        rows = await sup.which_children()
        assert [(row.id, row.handle is None, row.type) for row in rows] == [
            ("a", False, "worker"),
            ("b", True, "worker"),
            ("s", False, "supervisor"),
            ("t", False, "supervisor"),
        ]
        assert await sup.count_children() == ChildCounts(specs=4, active=3, supervisors=2, workers=2)
        spec = await sup.get_child_spec("s")
        assert (spec.restart, spec.shutdown, spec.type) == ("permanent", "infinity", "supervisor")


@pytest.mark.clause("SUP-56")
async def test_while_a_child_starts_requests_wait_and_kill_does_not(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt)
        adding = asyncio.create_task(sup.start_child(nursery.leaf("a", (10, "ok"))))
        asking = asyncio.create_task(sup.which_children())
        await rt.advance(9)
        assert not asking.done()
        await rt.advance(1)
        assert [row.id for row in await asking] == ["a"]
        await adding
        adding = asyncio.create_task(sup.start_child(nursery.leaf("b", (10, "ok"))))
        await rt.wait_until_idle()
        sup.exit(ExitReason.KILL)
        assert not sup.is_alive
        with pytest.raises(Exception, match="killed"):
            await adding
        await rt.advance(10)


@pytest.mark.clause("SUP-30", "STR-12", "INT-15")
async def test_requests_are_answered_between_the_attempts_of_a_restart(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a", "ok", (10, "fail")), max_restarts=9)
        (await handle(sup, "a")).exit(ExitReason.KILL)
        await rt.wait_until_idle()
        requests: list[tuple[Any, type[Exception] | None]] = [
            (sup.start_child(nursery.leaf("a")), ChildAlreadyPresentError),
            (sup.restart_child("a"), ChildRestartingError),
            (sup.delete_child("a"), ChildRestartingError),
            (sup.terminate_child("a"), None),
        ]
        tasks = [asyncio.create_task(request) for request, _ in requests]
        asking = asyncio.create_task(states(sup))
        await rt.advance(9)
        assert not any(task.done() for task in [*tasks, asking])
        await rt.advance(1)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(answer) for answer in answers] == [error or type(None) for _, error in requests]
        assert await asking == {"a": "down"}
        assert rt.is_idle()  # the retry was called off


@pytest.mark.clause("SUP-53", "INT-15", "SUP-12")
async def test_a_supervisor_can_be_stopped_between_the_attempts_of_a_restart(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a"), nursery.leaf("b", "ok", (10, "fail")), max_restarts=9)
        (await handle(sup, "b")).exit(ExitReason.KILL)
        await rt.wait_until_idle()
        counting, stopping = asyncio.create_task(sup.count_children()), asyncio.create_task(sup.stop())
        await rt.advance(10)
        await stopping
        assert (await counting).specs == 2
        assert nursery.take() == "+a +b +b -a"


@pytest.mark.clause("SUP-38")
async def test_requests_to_a_dead_supervisor_fail() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt)
        await sup.stop()
        for request in (sup.start_child(nursery.leaf("a")), sup.which_children(), sup.terminate_child("a")):
            with pytest.raises(NoProcessError):
                await request


@pytest.mark.clause("STR-35")
async def test_a_significant_child_needs_a_supervisor_that_shuts_down() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt)
        with pytest.raises(InvalidSpecError, match="where auto_shutdown is 'never'"):
            await sup.start_child(nursery.leaf("a", restart="transient", significant=True))
        assert await states(sup) == {}
