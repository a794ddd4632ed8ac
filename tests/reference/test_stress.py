from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from letitcrash_reference import NO_REPLY, Backend, CallTimeoutError, ExitReason, From, GenServer, Handle, Runtime
from tests.reference.servers import Worker
from tests.reference.stress import WAIT_S, in_own_loop, leaves_nothing, run_threads, scaled, wait_until_empty

other_backend = pytest.mark.parametrize("other", list(Backend), ids=lambda other: f"from_{other.value}")


def _call_from_threads(server: Handle[Any, Any, Any], clients: int, times: int) -> None:
    """Call from plain threads, from loops in threads, and cast from both."""

    def plain() -> None:
        for _ in range(times):
            server.call_sync(1, WAIT_S)
            server.cast(1)
        server.call_sync("get", WAIT_S)

    async def looped() -> None:
        async def one() -> None:
            for _ in range(times):
                await server.call(1, WAIT_S)
                server.cast(1)
            await server.call("get", WAIT_S)

        await asyncio.gather(one(), one())

    run_threads([plain] * clients + [in_own_loop(looped)] * clients)


@pytest.mark.clause("BACK-10", "GS-21")
@leaves_nothing
async def test_stress_clients_in_tasks_threads_and_other_loops_lose_no_update(backend: Backend) -> None:
    clients, times = 3, scaled(40)

    async def tasked(server: Handle[Any, Any, Any]) -> None:
        for _ in range(times):
            await server.call(1, WAIT_S)
            server.cast(1)

    async with Runtime() as rt:
        server = await rt.start(Worker(), backend=backend)
        await asyncio.gather(
            asyncio.to_thread(_call_from_threads, server, clients, times),
            *(tasked(server) for _ in range(clients)),
        )
        assert await server.call("get", WAIT_S) == 2 * times * (clients + 2 * clients + clients)
        await server.stop()
        await wait_until_empty(rt)


@other_backend
@pytest.mark.clause("BACK-4", "BACK-10")
@leaves_nothing
async def test_stress_servers_of_each_backend_call_those_of_each_other(backend: Backend, other: Backend) -> None:
    clients, times = 4, scaled(25)
    async with Runtime() as rt:
        servers = [await rt.start(Worker(), backend=backend) for _ in range(3)]

        async def work(client: Worker) -> int:
            total = 0
            for _ in range(times):
                for server in servers:
                    total += await server.call(1, WAIT_S) > 0
                    server.cast(1)
            return total

        callers = [await rt.start(Worker(), backend=other) for _ in range(clients)]
        assert await asyncio.gather(*(caller.call(work, WAIT_S) for caller in callers)) == [3 * times] * clients
        assert [await server.call("get", WAIT_S) for server in servers] == [2 * times * clients] * 3
        for process in (*servers, *callers):
            process.exit(ExitReason.KILL)
        await wait_until_empty(rt)


@pytest.mark.clause("BACK-6", "BACK-7", "BACK-10")
@leaves_nothing
async def test_stress_more_servers_than_pool_threads_serve_everybody(backend: Backend) -> None:
    async with Runtime(pool_threads=3, default_backend=backend) as rt:
        servers = [await rt.start(Worker()) for _ in range(scaled(60))]
        clients = [in_own_loop(partial(_visit, servers)) for _ in range(3)]
        await asyncio.to_thread(run_threads, clients)
        assert [await server.call("get", WAIT_S) for server in servers] == [6] * len(servers)
        if backend is Backend.BLOCKING:
            assert rt.statistics().threads == 3


async def _visit(servers: list[Handle[Any, Any, Any]]) -> None:
    await asyncio.gather(*(server.call(1, WAIT_S) for server in servers))
    for server in servers:
        server.cast(1)
    await asyncio.gather(*(server.call("get", WAIT_S) for server in servers))


@pytest.mark.clause("BACK-5", "BACK-7")
@pytest.mark.parametrize("size", [1, 2])
@leaves_nothing
async def test_stress_a_chain_of_calls_is_longer_than_the_pool_has_threads(size: int) -> None:
    length = scaled(20)
    async with Runtime(pool_threads=size, default_backend=Backend.BLOCKING) as rt:
        chain: list[Handle[Any, Any, Any]] = []

        async def ask_next(worker: Worker, number: int = 0) -> int:
            worker.value += 1
            if number + 1 == length:
                return 1
            return 1 + int(await chain[number + 1].call(partial(ask_next, number=number + 1), WAIT_S))

        chain += [await rt.start(Worker()) for _ in range(length)]
        for _ in range(3):
            assert await chain[0].call(ask_next, WAIT_S) == length
        assert [await worker.call("get") for worker in chain] == [3] * length
        assert await _threads_come_down_to(rt, size)


@pytest.mark.clause("BACK-7")
@leaves_nothing
async def test_stress_servers_in_a_full_pool_call_each_other_and_start_others() -> None:
    count, times = scaled(12), 5
    async with Runtime(pool_threads=2, default_backend=Backend.BLOCKING) as rt:
        back = [await rt.start(Worker()) for _ in range(count)]

        async def work(worker: Worker) -> int:
            for _ in range(times):
                for peer in back:
                    await peer.call(1, WAIT_S)
            child = await worker.start_linked(Worker(worker.value))
            answer = int(await child.call(1, WAIT_S))
            await child.stop()
            return answer

        front = [await rt.start(Worker(number)) for number in range(count)]
        answers = await asyncio.gather(*(worker.call(work, WAIT_S) for worker in front))
        assert answers == [number + 1 for number in range(count)]
        assert [await peer.call("get", WAIT_S) for peer in back] == [times * count] * count
        assert await _threads_come_down_to(rt, 2)


async def _threads_come_down_to(rt: Runtime, most: int) -> bool:
    async with asyncio.timeout(WAIT_S):
        while rt.statistics().threads > most:
            await asyncio.sleep(0)
    return True


@pytest.mark.clause("BACK-11")
@leaves_nothing
async def test_stress_thousands_of_servers_live_at_once() -> None:
    count = min(10_000, scaled(2_000))
    async with Runtime() as rt:
        servers = [await rt.start(Worker(number), name=f"s{number}") for number in range(count)]
        answers = await asyncio.gather(*(server.call(1, WAIT_S) for server in servers))
        assert sum(answers) == count * (count + 1) // 2
        for number in range(0, count, 2):
            rt.exit(servers[number], ExitReason.KILL)
        assert rt.count() == rt.statistics().processes == count // 2
        assert sum(server.is_alive for server in servers) == count // 2
    assert rt.statistics().processes == rt.statistics().tasks == 0


@pytest.mark.clause("BACK-7", "BACK-11")
@leaves_nothing
async def test_stress_hundreds_of_servers_live_on_threads() -> None:
    count = min(2_000, scaled(100))
    async with Runtime() as rt:
        servers = [await rt.start(Worker(), backend=Backend.THREAD) for _ in range(count)]
        await asyncio.to_thread(run_threads, [in_own_loop(partial(_visit, servers)) for _ in range(2)])
        assert [await server.call("get", WAIT_S) for server in servers] == [4] * count
        assert rt.statistics().threads == count


class Tardy(GenServer[Any, Any, Any]):
    """Answers the calls of its clients later, when it is told to, and counts the answers that were in time."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Any, From[Any]]] = []
        self.in_time = 0

    async def handle_call(self, message: Any, sender: From[Any]) -> Any:
        if message == "count":
            return self.in_time
        self.waiting.append((message, sender))
        return NO_REPLY

    async def handle_cast(self, message: Any) -> None:
        for question, sender in self.waiting:
            self.in_time += sender.reply(question)
        self.waiting.clear()


@pytest.mark.clause("GS-22", "GS-31")
@leaves_nothing
async def test_stress_late_answers_reach_no_later_call_and_those_in_time_are_counted(backend: Backend) -> None:
    times = scaled(40)
    answered: list[int] = []

    def client(server: Handle[Any, Any, Any], first: int) -> None:
        for number in range(first, first + times):
            server.cast("answer")
            try:
                assert server.call_sync(number, 0.0005) == number
                answered.append(number)
            except CallTimeoutError:
                pass

    async def looped(server: Handle[Any, Any, Any], first: int) -> None:
        for number in range(first, first + times):
            server.cast("answer")
            try:
                assert await server.call(number, 0.0005) == number
                answered.append(number)
            except CallTimeoutError:
                pass

    async with Runtime() as rt:
        server = await rt.start(Tardy(), backend=backend)
        clients: list[Callable[[], object]] = [partial(client, server, 10_000 * n) for n in range(1, 4)]
        clients += [in_own_loop(partial(looped, server, 10_000 * n)) for n in range(4, 7)]
        await asyncio.to_thread(run_threads, clients)
        server.cast("answer")
        assert await server.call("count", WAIT_S) == len(answered) == len(set(answered))
