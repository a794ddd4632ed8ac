from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from letitcrash_reference import (
    AlreadyNamedError,
    AlreadyRegisteredError,
    Backend,
    ChildSpec,
    Down,
    DynamicSupervisorSpec,
    ExitReason,
    Handle,
    NoProcessError,
    NotRegisteredError,
    ProcessExitedError,
    Runtime,
    StartError,
    Stop,
    SupervisorSpec,
)
from tests.reference.servers import Notes, Worker
from tests.reference.stress import WAIT_S, in_own_loop, leaves_nothing, run_threads, scaled, wait_until_empty


def _many(count: int, client: Callable[[int], object]) -> list[Callable[[], object]]:
    return [partial(client, number) for number in range(count)]


async def _meet(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():
            await asyncio.sleep(0)


class Child(Worker):
    """A child that counts its starts and its ends among those of all."""

    def __init__(self, label: str, starts: Counter[str], alive: Counter[str], lock: threading.Lock) -> None:
        super().__init__()
        self._label, self._starts, self._alive, self._lock = label, starts, alive, lock

    async def init(self) -> None:
        with self._lock:
            self._starts[self._label] += 1
            self._alive[self._label] += 1
        self.handle.when_dead(self._count_end)

    def _count_end(self, reason: ExitReason) -> None:
        with self._lock:
            self._alive[self._label] -= 1


@leaves_nothing
@pytest.mark.clause("STR-1", "STR-5", "INT-1", "BACK-8")
async def test_stress_every_crash_is_one_restart_none_lost_none_double(backend: Backend) -> None:
    labels = [f"c{number}" for number in range(6)]
    crashes = scaled(8)
    starts, alive, lock = Counter[str](), Counter[str](), threading.Lock()
    backends = [*Backend, *Backend]

    def make(label: str) -> Callable[[], Child]:
        return lambda: Child(label, starts, alive, lock)

    async with Runtime(default_backend=backend) as rt:
        specs = [
            ChildSpec(label, make(label), backend=place, name=label)
            for label, place in zip(labels, backends, strict=True)
        ]
        limit = crashes * len(labels)
        tree = await rt.start_supervisor(SupervisorSpec(children=specs, max_restarts=limit, max_seconds=3600))

        def storm(number: int) -> None:
            for _ in range(crashes):
                victim = None
                while victim is None:  # its restart is under way
                    victim = rt.whereis(labels[number])
                victim.call_sync("get", WAIT_S)  # who dies before is a start that failed, not a crash
                victim.exit(ExitReason.error("storm"))

        await asyncio.to_thread(run_threads, _many(len(labels), storm))
        await _meet(lambda: sum(starts.values()) == limit + len(labels))
        children = await tree.which_children(timeout=WAIT_S)
        assert [child.restarts for child in children] == [crashes] * len(labels)
        assert starts == dict.fromkeys(labels, crashes + 1)
        assert alive == dict.fromkeys(labels, 1)
        counts = await tree.count_children()
        assert (counts.specs, counts.active) == (len(labels), len(labels))
        await tree.stop()
        assert sum(alive.values()) == 0
        await wait_until_empty(rt)


@leaves_nothing
@pytest.mark.clause("DYN-E3", "DYN-E10", "SUP-20")
async def test_stress_children_come_and_go_by_many_hands(backend: Backend) -> None:
    times = scaled(10)
    starts, alive, lock = Counter[str](), Counter[str](), threading.Lock()
    kept: list[Any] = []
    async with Runtime(default_backend=backend) as rt:
        tree = await rt.start_supervisor(DynamicSupervisorSpec(max_restarts=10_000, max_seconds=3600))

        def client(number: int) -> None:
            for step in range(times):
                spec = ChildSpec("any", lambda: Child("any", starts, alive, lock), backend=list(Backend)[step % 3])
                child = tree.start_child_sync(spec, timeout=WAIT_S)
                assert child is not None
                if step % 2:
                    tree.terminate_child_sync(child, timeout=WAIT_S)
                    assert not child.is_alive
                else:
                    child.exit(ExitReason.error("storm"))
                    kept.append(child)

        await asyncio.to_thread(run_threads, _many(4, client))
        await _meet(lambda: starts["any"] == 4 * times + len(kept))
        counts = await tree.count_children(timeout=WAIT_S)
        assert counts.specs == counts.active == alive["any"] == len(kept)
        await tree.stop()
        assert alive["any"] == 0
        await wait_until_empty(rt)


@leaves_nothing
@pytest.mark.clause("REG-1", "REG-2", "REG-10", "REG-11", "REG-13")
async def test_stress_a_name_has_one_holder_at_a_time() -> None:
    times, names = scaled(150), ("a", "b")
    taken, freed = Counter[str](), Counter[str]()
    deaths: list[int] = []
    async with Runtime() as rt:

        def client(number: int) -> None:
            mine = rt.start_sync(Worker(), backend=list(Backend)[number % 3])
            for step in range(times):
                name = names[(number + step) % 2]
                try:
                    mine.register(name)
                    taken[name] += 1
                except (AlreadyRegisteredError, AlreadyNamedError):
                    pass
                holder = rt.whereis(name)
                if step % 16 == 15:
                    mine.exit(ExitReason.KILL)
                    deaths.append(mine.name is not None)
                    assert mine not in (rt.whereis("a"), rt.whereis("b"))
                    mine = rt.start_sync(Worker(), backend=list(Backend)[step % 3])
                elif holder is mine:
                    for _ in range(1 + (step % 8 == 0)):  # the second time it is that of somebody else, if it is
                        with contextlib.suppress(NotRegisteredError):
                            rt.unregister(name)
                            freed[name] += 1
            mine.exit(ExitReason.KILL)

        def watch(number: int) -> None:
            for _ in range(times):
                for info in rt.processes():
                    assert info.name in (None, *names)
                held = [info.name for info in rt.processes() if info.name is not None]
                assert len(held) == len(set(held)), held

        await asyncio.to_thread(run_threads, [*_many(6, client), *_many(1, watch)])
        assert rt.registered() == []
        assert rt.count() == 0
        assert all(taken[name] >= freed[name] > 0 for name in names)
        assert not any(deaths)
        await wait_until_empty(rt)


@leaves_nothing
@pytest.mark.clause("REG-17", "REG-18", "REG-19")
async def test_stress_of_many_named_starts_one_at_a_time_succeeds(backend: Backend) -> None:
    started: list[Handle[Any, Any, Any]] = []
    async with Runtime() as rt:

        def client(number: int) -> None:
            for _ in range(scaled(25)):
                try:
                    server = rt.start_sync(Worker(), backend=backend, name="one")
                except AlreadyRegisteredError:
                    found = rt.whereis("one")
                    assert found is None or isinstance(found.pid.number, int)
                    continue
                assert server.name == "one"
                started.append(server)
                server.exit(ExitReason.KILL)

        await asyncio.to_thread(run_threads, _many(4, client))
        assert len(started) == len(set(started)) == rt.statistics().started
        assert rt.count() == 0
        await wait_until_empty(rt)


@leaves_nothing
@pytest.mark.clause("MON-1", "MON-2", "MON-5", "LNK-6", "LNK-7")
async def test_stress_a_monitor_set_while_its_target_dies_reports_once(backend: Backend) -> None:
    rounds = scaled(20)
    notes = Notes()
    async with Runtime() as rt:
        watchers = [await rt.start(Worker(notes=notes), backend=backend) for _ in range(3)]
        refs: list[Any] = []
        removed: list[Any] = []

        def watch(targets: list[Handle[Any, Any, Any]], number: int) -> None:
            for step, target in enumerate(targets):
                ref = watchers[number].monitor(target)
                if step % 4 == 3 and watchers[number].demonitor(ref):
                    removed.append(ref)
                else:
                    refs.append(ref)

        def kill(targets: list[Handle[Any, Any, Any]], number: int) -> None:
            for target in targets:
                target.exit(ExitReason.KILL)

        for _ in range(3):
            targets = [await rt.start(Worker(), backend=backend) for _ in range(rounds)]
            await asyncio.to_thread(
                run_threads, [*_many(3, partial(watch, targets)), *_many(2, partial(kill, targets))]
            )
        for watcher in watchers:
            await watcher.call("get", WAIT_S)
        downs = Counter(note.ref for note in notes if isinstance(note, Down))
        assert downs == Counter(refs)
        assert not set(downs) & set(removed)
        assert {note.reason for note in notes} <= {ExitReason.KILLED, ExitReason.NOPROC}


@leaves_nothing
@pytest.mark.clause("LNK-1", "LNK-6", "EXIT-8")
async def test_stress_who_links_with_the_dying_dies_or_is_refused(backend: Backend) -> None:
    rounds = scaled(25)
    refused: list[int] = []
    async with Runtime() as rt:
        firsts = [await rt.start(Worker(), backend=backend) for _ in range(rounds)]
        seconds = [await rt.start(Worker(), backend=backend) for _ in range(rounds)]

        def link(number: int) -> None:
            for position, (first, second) in enumerate(zip(firsts, seconds, strict=True)):
                try:
                    first.link(second)
                except NoProcessError:
                    refused.append(position)

        def kill(number: int) -> None:
            for second in seconds:
                second.exit(ExitReason.KILL)

        await asyncio.to_thread(run_threads, [*_many(1, link), *_many(1, kill)])
        for position, first in enumerate(firsts):
            assert first.is_alive is (position in refused)


@leaves_nothing
@pytest.mark.clause("TIM-3", "TIM-4", "TIM-7")
async def test_stress_a_timer_that_was_cancelled_in_time_never_fires(backend: Backend) -> None:
    count = scaled(60)
    notes = Notes()
    async with Runtime() as rt:
        server = await rt.start(Worker(notes=notes), backend=backend, name="target")
        void = await rt.start(Worker(notes=notes), backend=backend)
        cancelled: list[int] = []

        def client(number: int) -> None:
            targets = (server, "target", server)
            timers = [
                (step, rt.send_after(step % 3 / 1000, targets[step % 3], step))
                for step in range(number * count, (number + 1) * count)
            ]
            rt.send_after(3600, void, "never")
            cancelled.extend(step for step, timer in timers if timer.cancel())

        async def looped(number: int) -> None:
            client(number)

        clients = [*_many(2, client), *(in_own_loop(partial(looped, number)) for number in (2, 3))]
        await asyncio.to_thread(run_threads, clients)
        await _meet(lambda: rt.statistics().timers == 4)
        void.exit(ExitReason.KILL)
        assert rt.statistics().timers == 0
        assert await server.call("get", WAIT_S) == 0
        assert sorted([*notes, *cancelled]) == list(range(4 * count))


@leaves_nothing
@pytest.mark.clause("GS-58", "GS-59")
async def test_stress_casts_that_queue_before_a_stop_are_served(backend: Backend) -> None:
    casts = scaled(30)

    class Sum(Worker):
        async def terminate(self, reason: ExitReason) -> None:
            totals.append(self.value)

    totals: list[int] = []
    async with Runtime() as rt:
        for _ in range(3):
            totals.clear()
            server = await rt.start(Sum(), backend=backend)
            barrier = threading.Barrier(4)

            def client(number: int, server: Any = server, barrier: threading.Barrier = barrier) -> None:
                for _ in range(casts):
                    server.cast(1)
                if barrier.wait(WAIT_S) == 0:
                    server.stop_sync(timeout=WAIT_S)
                else:
                    with contextlib.suppress(NoProcessError, ProcessExitedError):
                        for _ in range(casts):
                            server.call_sync(0, WAIT_S)

            await asyncio.to_thread(run_threads, _many(4, client))
            assert totals == [4 * casts]


@leaves_nothing
@pytest.mark.clause("GS-24", "GS-26", "BACK-9")
async def test_stress_whoever_waits_for_a_server_learns_of_its_death(backend: Backend) -> None:
    rounds = scaled(15)
    told = Counter[str]()
    async with Runtime() as rt:

        def call(server: Handle[Any, Any, Any], message: Any, number: int) -> None:
            try:
                server.call_sync(message, None)
                told["answered"] += 1
            except (ProcessExitedError, NoProcessError):
                told["failed"] += 1

        async def suspend(server: Handle[Any, Any, Any]) -> None:
            try:
                await server.suspend(None)
                await server.resume(None)
                told["answered"] += 1
            except (ProcessExitedError, NoProcessError):
                told["failed"] += 1

        for _ in range(rounds):
            server = await rt.start(Worker(), backend=backend)
            clients = [*_many(1, partial(call, server, "later")), *_many(2, partial(call, server, 1))]
            clients += [in_own_loop(partial(suspend, server)) for _ in range(2)]
            clients.append(partial(server.exit, ExitReason.KILL))
            await asyncio.to_thread(run_threads, clients)
            assert not server.is_alive
        assert sum(told.values()) == 5 * rounds
        assert told["failed"] >= rounds
        await wait_until_empty(rt)


@leaves_nothing
@pytest.mark.clause("GS-3", "BACK-11")
async def test_stress_starts_that_fail_and_starts_that_are_killed_leave_nothing(backend: Backend) -> None:
    async def fail(worker: Worker) -> Stop[Any]:
        return Stop(ExitReason.error("no"))

    async with Runtime(pool_threads=2) as rt:

        def start(number: int) -> None:
            for step in range(scaled(10)):
                with pytest.raises(StartError):
                    rt.start_sync(Worker(on_init=fail), backend=backend, name=f"n{number}")
                rt.start_sync(Worker(), backend=list(Backend)[step % 3]).exit(ExitReason.KILL)

        await asyncio.to_thread(run_threads, _many(4, start))
        await wait_until_empty(rt)
    assert rt.statistics().threads == 0


@leaves_nothing
@pytest.mark.clause("BACK-11")
async def test_stress_idleness_is_seen_while_others_start_servers(backend: Backend) -> None:
    async with Runtime() as rt:
        is_over = threading.Event()

        def start(number: int) -> None:
            try:
                for _ in range(scaled(60)):
                    rt.start_sync(Worker(), backend=backend).cast(1)
            finally:
                is_over.set()

        started = asyncio.create_task(asyncio.to_thread(run_threads, _many(2, start)))
        while not is_over.is_set():
            await rt.wait_until_idle()
        await started
        await rt.wait_until_idle()
        assert rt.is_idle()
        assert all([await server.call("get") == 1 for server in map(rt.handle_of, _pids(rt)) if server is not None])


def _pids(rt: Runtime) -> list[Any]:
    return [info.pid for info in rt.processes()]
