"""Windows of a few lines between a death and the thread it concerns: found on drawn schedules that switch there."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import letitcrash_reference
from letitcrash_conformance.simulation import Schedule
from letitcrash_conformance.simulation.patching import Stage, modules_of
from letitcrash_conformance.simulation.threads import SimThreads
from letitcrash_reference import Backend, ExitReason, Handle, ManualClock, NoProcessError, ProcessExitedError, Runtime
from tests.reference.servers import Worker
from tests.reference.stress import scaled

Server = Handle[Any, Any, Any]

_LINES = tuple(
    str(Path(letitcrash_reference.__file__).parent / name)
    for name in ("serving.py", "process.py", "table.py", "starting.py", "runtime.py", "drivers/driver.py")
)
_DEAD = (NoProcessError, ProcessExitedError)


def _run_all(*clients: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def drive(client: Callable[[], object]) -> None:
        try:
            client()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=drive, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _await(make: Callable[[], Coroutine[Any, Any, object]]) -> None:
    loop = asyncio.new_event_loop()
    try:
        with contextlib.suppress(*_DEAD):
            loop.run_until_complete(make())
    finally:
        loop.close()


def _call(server: Server, message: Any) -> None:
    with contextlib.suppress(*_DEAD):
        server.call_sync(message, None)


def _suspend_while_it_dies(rt: Runtime, server: Server) -> None:
    _run_all(lambda: _await(lambda: server.suspend(None)), lambda: server.exit(ExitReason.KILL))


def _resume_while_it_dies(rt: Runtime, server: Server) -> None:
    _await(lambda: server.suspend(None))
    _run_all(
        lambda: _call(server, 1),
        lambda: _await(lambda: server.resume(None)),
        lambda: server.exit(ExitReason.KILL),
    )


def _answer_later_while_it_dies(rt: Runtime, server: Server) -> None:
    _run_all(lambda: _call(server, "later"), lambda: server.exit(ExitReason.KILL))


def _cast_to_a_name_that_is_being_given(rt: Runtime, server: Server) -> None:
    _run_all(
        lambda: rt.start_sync(Worker(), backend=Backend.THREAD, name="n"),
        lambda: rt.cast("n", 1),
        lambda: rt.whereis("n"),
    )


def _starts_while_threads_end(rt: Runtime, server: Server) -> None:
    server.exit(ExitReason.KILL)
    _run_all(*[lambda: rt.start_sync(Worker(), backend=Backend.THREAD).exit(ExitReason.KILL)] * 2)


@pytest.mark.parametrize(
    "scenario",
    [
        _suspend_while_it_dies,
        _resume_while_it_dies,
        _answer_later_while_it_dies,
        _cast_to_a_name_that_is_being_given,
        _starts_while_threads_end,
    ],
    ids=lambda scenario: scenario.__name__.strip("_"),
)
@pytest.mark.clause("GS-24", "GS-26", "BACK-9")
def test_stress_nobody_waits_for_ever_and_nothing_breaks_on_any_schedule(
    scenario: Callable[[Runtime, Server], None],
) -> None:
    async def live() -> None:
        async with Runtime(clock=ManualClock()) as rt:
            server = await rt.start(Worker(), backend=Backend.THREAD)
            _run_all(lambda: scenario(rt, server))  # nothing here needs the loop meanwhile

    def main() -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(live())
        finally:
            loop.close()

    modules = modules_of("letitcrash_reference", __name__)
    for seed in range(scaled(200)):
        threads = SimThreads(Schedule.draw(seed, "permute"), lines=_LINES)
        try:
            with Stage(threads).patched(modules):
                threads.run(main)
        except BaseException as error:
            error.add_note(f"on the schedule of seed {seed}")
            raise
        finally:
            threads.close()
