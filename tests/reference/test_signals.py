from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from letitcrash_reference import (
    Backend,
    Down,
    Exit,
    ExitReason,
    Handle,
    NoProcessError,
    Pid,
    Runtime,
    Stop,
)
from tests.reference.servers import Notes, Worker, runtime

Any3 = Handle[Any, Any, Any]
ERROR = ExitReason.error("e")


async def start(rt: Runtime, backend: Backend, notes: Notes | None = None, *, traps: bool = False) -> Any3:
    return await rt.start(Worker(notes=notes, traps=traps), backend=backend)


@pytest.mark.clause("EXIT-6", "EXIT-8", "EXIT-26")
async def test_an_exit_signal_ends_a_process_unless_its_reason_is_normal(backend: Backend) -> None:
    async with runtime() as rt:
        for reason in (ERROR, ExitReason.SHUTDOWN, ExitReason.shutdown("x"), ExitReason.KILLED, ExitReason.NOPROC):
            notes = Notes()
            worker = await start(rt, backend, notes)
            worker.exit(ExitReason.NORMAL)
            assert await worker.call(1) == 1
            worker.exit(reason)
            assert not worker.is_alive
            assert await worker.wait_dead() == reason
            assert notes == []


@pytest.mark.clause("EXIT-7", "EXIT-9", "GS-57")
async def test_a_process_that_traps_exits_gets_signals_as_messages(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        worker = await start(rt, backend, notes, traps=True)
        sender = await start(rt, backend)

        async def signal(server: Worker) -> None:
            server.exit(worker, ERROR)

        worker.exit(ExitReason.NORMAL)
        await sender.call(signal)
        await rt.wait_until_idle()
        assert notes == [Exit(None, ExitReason.NORMAL), Exit(sender.pid, ERROR)]


@pytest.mark.clause("EXIT-12", "EXIT-18", "GS-54")
async def test_kill_cannot_be_trapped_and_does_not_wait_for_the_callback(backend: Backend) -> None:
    notes = Notes()

    async def sleep(worker: Worker) -> None:
        await worker.sleep(100)
        worker.notes.append("woke up")

    async with runtime() as rt:
        worker = await start(rt, backend, notes, traps=True)
        worker.cast(sleep)
        await rt.wait_until_idle()
        worker.exit(ExitReason.KILL)
        assert await worker.wait_dead() == ExitReason.KILLED
        await rt.advance(200)
        assert notes == []


@pytest.mark.clause("EXIT-10", "EXIT-11", "EXIT-13", "EXIT-17")
@pytest.mark.parametrize(
    ("traps", "reason", "death"),
    [
        (False, ExitReason.NORMAL, ExitReason.NORMAL),
        (False, ERROR, ERROR),
        (True, ExitReason.KILL, ExitReason.KILLED),
        (True, ExitReason.NORMAL, None),
    ],
)
async def test_a_signal_to_oneself_acts_at_once_and_cannot_be_caught(
    backend: Backend, traps: bool, reason: ExitReason, death: ExitReason | None
) -> None:
    notes = Notes()

    async def signal_self(worker: Worker) -> None:
        try:
            worker.exit(worker, reason)
        except Exception as error:
            notes.append(error)
        notes.append("still here")

    async with runtime() as rt:
        worker = await start(rt, backend, notes, traps=traps)
        worker.cast(signal_self)
        if death is None:
            await rt.wait_until_idle()
            assert notes == ["still here", Exit(worker.pid, reason)]
        else:
            assert await worker.wait_dead() == death
            assert notes == []


@pytest.mark.clause("EXIT-20", "EXIT-21")
async def test_the_trap_flag_starts_false_and_counts_when_the_signal_arrives(backend: Backend) -> None:
    notes = Notes()

    async def clear(worker: Worker) -> None:
        await worker.sleep(1)
        worker.trap_exit(False)

    async with runtime() as rt:
        worker = await start(rt, backend, notes)
        assert not worker.is_trapping_exit
        assert worker.trap_exit(True) is False
        assert worker.trap_exit(True) is True
        worker.cast(clear)
        await rt.wait_until_idle()
        worker.exit(ERROR)
        await rt.advance(1)
        await rt.wait_until_idle()
        assert notes == [Exit(None, ERROR)]
        assert not worker.is_trapping_exit


@pytest.mark.clause("EXIT-19", "EXIT-23")
async def test_the_first_of_two_lethal_signals_decides(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await start(rt, backend)
        worker.exit(ExitReason.SHUTDOWN)
        worker.exit(ERROR)
        assert await worker.wait_dead() == ExitReason.SHUTDOWN


@pytest.mark.clause("LNK-1", "LNK-12", "EXIT-16", "BACK-4")
@pytest.mark.parametrize("other", list(Backend), ids=lambda backend: backend.value)
async def test_death_spreads_over_links_between_all_backends(backend: Backend, other: Backend) -> None:
    async with runtime() as rt:
        chain = [await start(rt, kind) for kind in (backend, other) * 5]
        for left, right in pairwise(chain):
            left.link(right)
        chain[4].exit(ExitReason.KILL)
        assert [await worker.wait_dead() for worker in chain] == [ExitReason.KILLED] * 10


async def test_a_long_chain_of_links_dies_without_exhausting_the_stack() -> None:
    async with runtime() as rt:
        chain = [await start(rt, Backend.ASYNC) for _ in range(3000)]
        for left, right in pairwise(chain):
            left.link(right)
        chain[0].exit(ERROR)
        assert rt.processes() == []


@pytest.mark.clause("LNK-11", "LNK-13", "EXIT-15")
async def test_links_spare_who_traps_exits_and_everybody_from_normal(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        peer, plain = await start(rt, backend), await start(rt, backend)
        plain.link(peer)
        await peer.stop()
        assert await plain.call(1) == 1
        for reason in (ExitReason.NORMAL, ExitReason.KILL, ERROR):
            notes.clear()
            peer = await start(rt, backend)
            trapping = await start(rt, backend, notes, traps=True)
            trapping.link(peer)
            peer.cast(Stop(reason))
            await peer.wait_dead()
            await rt.wait_until_idle()
            assert notes == [Exit(peer.pid, reason)]


@pytest.mark.clause("LNK-2", "LNK-3", "LNK-4", "LNK-18")
async def test_there_is_one_link_per_pair_however_often_it_was_made(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        worker, peer = await start(rt, backend, notes, traps=True), await start(rt, backend)
        worker.link(peer)
        peer.link(worker)
        worker.link(peer)
        assert worker.links == (peer.pid,)
        peer.unlink(worker)
        assert worker.links == peer.links == ()
        worker.link(peer)
        peer.link(worker)
        peer.exit(ERROR)
        await rt.wait_until_idle()
        assert notes == [Exit(peer.pid, ERROR)]
        assert worker.links == ()


@pytest.mark.clause("LNK-5", "LNK-14")
async def test_linking_with_oneself_and_unlinking_strangers_change_nothing(backend: Backend) -> None:
    async with runtime() as rt:
        worker, dead = await start(rt, backend), await start(rt, backend)
        await dead.stop()
        worker.link(worker)
        assert worker.links == ()
        worker.unlink(worker)
        worker.unlink(dead)


@pytest.mark.clause("LNK-6", "LNK-7", "LNK-20")
async def test_linking_with_the_dead_is_an_error_or_for_who_traps_exits_a_message(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        dead, plain = await start(rt, backend), await start(rt, backend)
        trapping = await start(rt, backend, notes, traps=True)
        dead.exit(ExitReason.KILL)
        with pytest.raises(NoProcessError):
            plain.link(dead)
        trapping.link(dead)
        await rt.wait_until_idle()
        assert notes == [Exit(dead.pid, ExitReason.NOPROC)]
        with pytest.raises(NoProcessError):
            dead.link(plain)


@pytest.mark.clause("LNK-8", "MON-12", "MON-22")
async def test_only_processes_can_be_linked_and_monitored() -> None:
    async with runtime() as rt:
        worker = await start(rt, Backend.ASYNC)
        wrong: Any = 7
        for act in (worker.link, worker.unlink, worker.monitor):
            with pytest.raises(TypeError, match="expected a pid"):
                act(wrong)
        with pytest.raises(TypeError, match="expected a monitor reference"):
            worker.demonitor(wrong)


@pytest.mark.clause("MON-1", "MON-2", "MON-3", "MON-5", "MON-7")
async def test_each_monitor_sends_one_down_with_the_true_reason(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        watcher, target = await start(rt, backend, notes), await start(rt, backend)
        first, second = watcher.monitor(target), watcher.monitor(target.pid)
        await target.stop(ExitReason.shutdown("x"))
        third, fourth = watcher.monitor(target), watcher.monitor("nobody")
        await rt.wait_until_idle()
        assert notes == [
            Down(first, target.pid, ExitReason.shutdown("x")),
            Down(second, target.pid, ExitReason.shutdown("x")),
            Down(third, target.pid, ExitReason.NOPROC),
            Down(fourth, None, ExitReason.NOPROC, "nobody"),
        ]
        assert watcher.is_alive


@pytest.mark.clause("MON-4", "MON-6", "MON-8", "MON-10", "MON-11")
async def test_a_removed_monitor_sends_nothing(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        watcher, target = await start(rt, backend, notes), await start(rt, backend)
        removed, kept = watcher.monitor(target), watcher.monitor(target)
        assert watcher.demonitor(removed) is True
        assert watcher.demonitor(removed) is False
        assert target.demonitor(kept) is False
        target.exit(ERROR)
        await rt.wait_until_idle()
        assert notes == [Down(kept, target.pid, ERROR)]
        assert watcher.demonitor(kept) is False


@pytest.mark.clause("MON-9")
@pytest.mark.parametrize("flush", [True, False])
async def test_only_flush_removes_a_down_that_waits_in_the_mailbox(backend: Backend, flush: bool) -> None:
    notes = Notes()
    async with runtime() as rt:
        watcher, target = await start(rt, backend, notes), await start(rt, backend)
        one, other = watcher.monitor(target), watcher.monitor(target)

        async def flush_one(worker: Worker) -> None:
            target.exit(ERROR)
            assert worker.demonitor(one, flush=flush) is False

        await watcher.call(flush_one)
        await rt.wait_until_idle()
        expected = [Down(one, target.pid, ERROR), Down(other, target.pid, ERROR)]
        assert notes == (expected[1:] if flush else expected)


@pytest.mark.clause("MON-14")
async def test_a_process_that_monitors_itself_hears_nothing(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await start(rt, backend)
        ref = worker.monitor(worker)
        assert worker.demonitor(ref) is True
        worker.monitor(worker)
        await worker.stop()


@pytest.mark.clause("MON-15")
async def test_a_monitor_by_name_stays_with_the_process_that_had_the_name(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        watcher, old, new = await start(rt, backend, notes), await start(rt, backend), await start(rt, backend)
        old.register("n")
        ref = watcher.monitor("n")
        rt.unregister("n")
        new.register("n")
        new.exit(ERROR)
        await rt.wait_until_idle()
        assert notes == []
        old.exit(ERROR)
        await rt.wait_until_idle()
        assert notes == [Down(ref, old.pid, ERROR, "n")]


@pytest.mark.clause("LNK-19")
async def test_links_and_monitors_do_not_touch_each_other(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        watcher, target = await start(rt, backend, notes, traps=True), await start(rt, backend)
        watcher.link(target)
        ref = watcher.monitor(target)
        target.exit(ERROR)
        await rt.wait_until_idle()
        assert sorted(notes, key=len) == [Exit(target.pid, ERROR), Down(ref, target.pid, ERROR)]


@pytest.mark.clause("MON-20", "REG-11", "EXIT-25", "GS-64")
async def test_a_name_is_free_before_the_death_of_its_holder_is_seen(backend: Backend) -> None:
    seen = Notes()

    class Watcher(Worker):
        async def handle_info(self, message: object) -> None:
            seen.append(self.runtime.whereis("n"))

    async with runtime() as rt:
        watcher = await rt.start(Watcher(traps=True), backend=backend)
        target = await rt.start(Worker(), name="n", backend=backend)
        watcher.link(target)
        watcher.monitor(target)
        target.exit(ExitReason.KILL)
        assert rt.whereis("n") is None
        await rt.wait_until_idle()
        assert seen == [None, None]
        assert (await rt.start(Worker(), name="n", backend=backend)).name == "n"


@pytest.mark.clause("LNK-9", "MON-16", "GS-10", "GS-14")
async def test_links_and_monitors_of_a_start_are_there_from_the_first_moment(backend: Backend) -> None:
    notes = Notes()

    class Parent(Worker):
        async def handle_call(self, message: Any, sender: Any) -> Any:
            async def stop(worker: Worker) -> None:
                worker.handle.cast(Stop(ERROR))

            linked = await self.start_linked(Worker(on_init=stop), backend=backend)
            monitored, ref = await self.start_monitored(Worker(on_init=stop), backend=backend)
            plain = await self.start(Worker(on_init=stop), backend=backend)
            return linked.pid, monitored.pid, ref, plain

    async with runtime() as rt:
        parent = await rt.start(Parent(notes=notes, traps=True), backend=backend)
        linked, monitored, ref, plain = await parent.call("go")
        await plain.wait_dead()
        await rt.wait_until_idle()
        assert sorted(notes, key=len) == [Exit(linked, ERROR), Down(ref, monitored, ERROR)]


@pytest.mark.clause("GS-55")
@pytest.mark.parametrize("reason", [ExitReason.NORMAL, ExitReason.SHUTDOWN, ExitReason.KILL, ERROR], ids=str)
async def test_a_child_that_traps_exits_terminates_when_its_parent_ends(backend: Backend, reason: ExitReason) -> None:
    notes = Notes()
    async with runtime() as rt:
        parent = await start(rt, backend)
        child = await rt.start_linked(Worker(notes=notes, traps=True), parent=parent, backend=backend)
        parent.cast(Stop(reason))
        assert await child.wait_dead() == reason
        assert notes == [("terminate", reason)]


@pytest.mark.clause("GS-56", "GS-54")
async def test_a_child_that_does_not_trap_exits_dies_without_terminate_but_survives_a_normal_end(
    backend: Backend,
) -> None:
    notes = Notes()
    async with runtime() as rt:
        for reason, survives in ((ExitReason.NORMAL, True), (ExitReason.SHUTDOWN, False)):
            parent = await start(rt, backend)
            child = await rt.start_linked(Worker(notes=notes), parent=parent, backend=backend)
            parent.cast(Stop(reason))
            await parent.wait_dead()
            assert child.is_alive is survives
        assert notes == []


@pytest.mark.clause("EXIT-28", "MON-19")
async def test_what_a_process_sent_arrives_before_the_news_of_its_death(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        watcher, target = await start(rt, backend, notes), await start(rt, backend)
        ref = watcher.monitor(target)

        async def say_goodbye(worker: Worker) -> Stop[Any]:
            for number in range(3):
                watcher.send(number)
            return Stop()

        target.cast(say_goodbye)
        await target.wait_dead()
        await rt.wait_until_idle()
        assert notes == [0, 1, 2, Down(ref, target.pid, ExitReason.NORMAL)]


async def test_pids_are_unique_ordered_by_age_and_printed_like_erlangs() -> None:
    async with runtime() as rt, Runtime() as other:
        workers = [await start(rt, Backend.ASYNC) for _ in range(3)]
        pids = [worker.pid for worker in workers]
        assert sorted(pids, reverse=True) == pids[::-1]
        assert str(pids[0]) == "<0.1>"
        assert len({*pids, (await start(other, Backend.ASYNC)).pid}) == 4
        assert isinstance(pids[0], Pid)
        assert pids[0].pid is pids[0]


def test_reasons_say_what_is_normal() -> None:
    normal = [ExitReason.NORMAL, ExitReason.SHUTDOWN, ExitReason.shutdown("x")]
    abnormal = [ExitReason.KILLED, ExitReason.KILL, ExitReason.NOPROC, ExitReason.error("normal")]
    assert all(reason.is_normal and not reason.is_abnormal for reason in normal)
    assert all(reason.is_abnormal and not reason.is_normal for reason in abnormal)
    assert ExitReason.from_exception(ValueError("x")) == ExitReason.error("x")
    assert ExitReason.from_exception(ValueError()) == ExitReason.error("ValueError")
    assert [str(reason) for reason in (ExitReason.KILL, ExitReason.shutdown("x"))] == ["kill", "shutdown: x"]
