from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from letitcrash_reference import (
    AlreadyNamedError,
    AlreadyRegisteredError,
    Backend,
    NoProcessError,
    NotRegisteredError,
    RegistrationError,
    Runtime,
)
from tests.reference.servers import Worker, runtime


@pytest.mark.clause("REG-1", "REG-12", "REG-15")
async def test_a_registered_process_is_found_by_its_name() -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker())
        worker.register("n")
        assert rt.whereis("n") is worker
        assert (rt.name_of(worker), worker.name, rt.registered(), rt.count()) == ("n", "n", ["n"], 1)
        assert rt.whereis("m") is None
        assert await rt.call("n", 3) == 3
        await rt.stop("n")
        assert (rt.name_of(worker), worker.name, rt.registered(), rt.count()) == (None, None, [], 0)


@pytest.mark.clause("REG-2", "REG-3", "REG-4", "REG-5", "REG-8")
async def test_a_name_belongs_to_one_process_and_a_process_has_one_name() -> None:
    async with runtime() as rt:
        one, other, dead = await rt.start(Worker()), await rt.start(Worker()), await rt.start(Worker())
        await dead.stop()
        one.register("n")
        for process, name, error in (
            (other, "n", AlreadyRegisteredError),
            (one, "n", AlreadyRegisteredError),
            (one, "m", AlreadyNamedError),
            (dead, "m", NoProcessError),
        ):
            with pytest.raises(error):
                process.register(name)
        assert rt.registered() == ["n"]
        with pytest.raises(NotRegisteredError):
            rt.unregister("m")
        with pytest.raises(NotRegisteredError):
            other.unregister()


@pytest.mark.clause("REG-6", "REG-7")
async def test_names_are_texts_that_are_not_empty() -> None:
    cases: list[tuple[Any, type[Exception]]] = [(None, TypeError), (7, TypeError), ("", ValueError)]
    async with runtime() as rt:
        worker = await rt.start(Worker())
        for name, error in cases:
            with pytest.raises(error):
                rt.register(name, worker)
            with pytest.raises(error):
                rt.whereis(name)


@pytest.mark.clause("REG-9", "REG-10", "REG-16")
async def test_a_name_can_be_taken_back_and_given_to_another(backend: Backend) -> None:
    async with runtime() as rt:
        old, new = await rt.start(Worker(), backend=backend), await rt.start(Worker(), backend=backend)
        rt.register("n", old)
        rt.cast("n", 1)
        rt.unregister("n")
        rt.register("n", new)
        rt.cast("n", 10)
        old.register("m")
        assert (await old.call("get"), await new.call("get")) == (1, 10)
        assert rt.registered() == ["n", "m"]


@pytest.mark.clause("REG-13", "REG-18")
async def test_of_many_starts_that_race_for_a_name_exactly_one_succeeds(backend: Backend) -> None:
    async with runtime() as rt:
        results = await asyncio.gather(
            *(rt.start(Worker(), name="n", backend=backend) for _ in range(20)), return_exceptions=True
        )
        errors = [result for result in results if isinstance(result, AlreadyRegisteredError)]
        assert len(errors) == 19
        assert len({error.pid for error in errors}) == 1


@pytest.mark.clause("REG-13")
def test_of_many_threads_that_race_for_a_name_exactly_one_gets_it() -> None:
    with Runtime() as rt:
        workers = [rt.start_sync(Worker(), backend=Backend.BLOCKING) for _ in range(8)]
        outcomes: list[str] = []

        def race(index: int) -> None:
            try:
                workers[index].register("n")
                outcomes.append("won")
            except RegistrationError:
                outcomes.append("lost")

        threads = [threading.Thread(target=race, args=(index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["lost"] * 7 + ["won"]
