"""The reference implementation as a subject, in this very process.

On the virtual clock time stands still while any process of the world can make a step. Only `advance`, `observe` and the
operations that wait for an answer move it, from alarm to alarm, and only when nothing can make a step.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from letitcrash_conformance.inprocess import Refused
from letitcrash_conformance.subjects.reference_probe import describe_error, read_reason
from letitcrash_conformance.subjects.reference_trees import ReferenceTrees
from letitcrash_conformance.subjects.reference_world import Pending, World
from letitcrash_reference import (
    AlreadyNamedError,
    AlreadyRegisteredError,
    Backend,
    ManualClock,
    NoProcessError,
    NotRegisteredError,
    ProcessExitedError,
    StartIgnoredError,
)
from letitcrash_reference.process import CALL, RESUME, SUSPEND
from letitcrash_spec.messages import Json, Reason

__all__ = ["ReferenceSubject"]

_FEATURES = (
    "genserver",
    "links",
    "monitors",
    "exit_signals",
    "registry",
    "supervisor",
    "dynamic_supervisor",
    "auto_shutdown",
    "timers",
    "suspend",
    "parallel",
    "nested_call",
    "error_text",
)


class ReferenceSubject(ReferenceTrees):
    """Drives the reference implementation.

    Args:
        clock: `"virtual"` for time that moves by itself when nothing else can, `"wall"` for real time.
        pool_threads: The most threads for probes on the blocking backend.
        silence_s: As in `InProcessSubject`.
    """

    HELLO: ClassVar[dict[str, Any]] = {
        "protocol": 1,
        "name": "reference",
        "version": "0.1.0",
        "language": "python",
        "backends": ["async", "blocking", "thread"],
        "default_backend": "async",
        "clock": "virtual",
        "time_unit_ms": 1,
        "wall_grain_ms": 100,
        "settle": True,
        "features": list(_FEATURES),
    }

    SIMULATED: tuple[str, ...] = ("async",)
    SIMULATED_THREADS: ClassVar[tuple[str, ...]] = ("letitcrash_reference", "letitcrash_conformance.subjects")

    # -- operations that wait -----------------------------------------------------------------------------------------

    async def spawn(self, as_: str, probe: dict[str, Any], timeout_ms: int = 5000) -> str:
        """Start a probe."""
        world = self._world or await self._enter()
        backend = Backend(probe.get("backend", "async"))
        server = world.make_probe(as_, probe)
        token = Pending(None, self._stir)
        try:
            world.runtime.begin_start(server, backend, probe.get("name"), None, None, token)
            await self._finish(world, token, timeout_ms)
        except AlreadyRegisteredError as error:
            raise Refused("already_registered") from error
        except StartIgnoredError:
            return "ignored"
        return "started"

    async def call(self, to: Json, msg: list[Any], timeout_ms: int = 5000) -> Json:
        """Ask a probe to do an action; the answer is the action's own."""
        answer = await self._ask(to, CALL, msg, timeout_ms)
        if "fail" in answer:
            raise Refused(**answer["fail"])
        return answer["ok"]

    async def stop(self, to: Json, reason: Reason, timeout_ms: int = 5000) -> None:
        """Stop a process and wait until it is dead."""
        world = self._world or await self._enter()
        process = world.find_process(to)
        if process is None:
            raise Refused("noproc")
        token = Pending(process, self._stir)
        wanted = read_reason(reason)
        try:
            process.handle.request_stop(wanted, token)
        except NoProcessError as error:
            raise Refused("noproc") from error
        died_of = await self._finish(world, token, timeout_ms)
        if died_of != wanted:
            raise Refused(**describe_error(ProcessExitedError(died_of, process.pid)))

    async def suspend(self, to: str) -> None:
        """Make a process keep its messages back."""
        await self._ask(to, SUSPEND, None, 5000)

    async def resume(self, to: str) -> None:
        """Let a suspended process go on."""
        await self._ask(to, RESUME, None, 5000)

    async def advance(self, ms: int) -> None:
        """Let time pass, from alarm to alarm."""
        world = self._world or await self._enter()
        clock = world.clock
        if not isinstance(clock, ManualClock):
            await asyncio.sleep(ms / 1000)
            return
        if self._waiting is not None:
            token = Pending(None, self._stir)
            clock.call_later(ms / 1000, token.resolve, None)
            await self._wait(world, token)
            return
        target = clock.now() + ms / 1000
        await self._settle(world)
        while clock.advance_to_next(target):
            await self._settle(world)
        clock.advance(max(0.0, target - clock.now()))

    async def observe(self, settle_ms: int) -> dict[str, Any]:
        """Settle the world and describe it."""
        world = self._world or await self._enter()
        clock = world.clock
        if isinstance(clock, ManualClock):
            quiet = await self._settle_virtually(world, clock, clock.now() + settle_ms / 1000)
        else:
            quiet = await self._settle_really(world, settle_ms / 1000)
        children = await self.describe_trees(world)
        table = world.runtime.table
        events, world.events = world.events, []
        return {
            "quiet": quiet,
            "now": world.now_ms,
            "alive": [
                label
                for label, server in world.servers.items()
                if server.process_record is not None and server.process_record.alive
            ],
            "names": {name: world.label_of(process.pid) for name, process in list(table.registry.names.items())},
            "children": children,
            "events": events,
        }

    async def parallel(self, clients: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
        """Perform the operations of several clients at the same time, each client in a task."""
        world = self._world or await self._enter()
        if not self._virtual:
            return await self.in_tasks(clients)
        left = len(clients)

        def leave() -> None:
            nonlocal left
            left -= 1
            self._stir()

        waiting = self._waiting = []
        work = self.loop.create_task(self.in_tasks(clients, on_end=leave))
        keeper = self.loop.create_task(self._keep_time(world, waiting, lambda: left))
        try:
            await asyncio.wait((work, keeper), return_when=asyncio.FIRST_COMPLETED)
            return await (work if work.done() else keeper)
        finally:
            self._waiting = None
            for task in (work, keeper):
                task.cancel()

    async def _settle_virtually(self, world: World, clock: ManualClock, limit: float) -> bool:
        while True:
            await self._settle(world)
            if world.is_quiet():
                return True
            if not clock.advance_to_next(limit):
                clock.advance(max(0.0, limit - clock.now()))
                return False

    async def _settle_really(self, world: World, seconds: float) -> bool:
        def is_quiet() -> bool:
            return world.runtime.is_idle() and world.is_quiet()

        deadline = self.loop.time() + seconds
        alarm = self.loop.call_at(deadline, self._stir)
        try:
            while not is_quiet():
                if self.loop.time() >= deadline:
                    return False
                await self._rest(is_quiet)
            return True
        finally:
            alarm.cancel()

    # -- operations that do not ---------------------------------------------------------------------------------------

    async def cast(self, to: Json, msg: list[Any]) -> None:
        """Ask a probe to do an action, without waiting."""
        world = self._world or await self._enter()
        process = world.find_process(to)
        if process is not None:
            process.handle.cast(msg)

    async def send(self, to: Json, payload: str) -> None:
        """Send a plain message."""
        world = self._world or await self._enter()
        process = world.find_process(to)
        if process is None:
            raise Refused("noproc")
        process.handle.send(payload)

    async def exit(self, to: str, reason: Reason) -> None:
        """Send an exit signal from outside."""
        world = self._world or await self._enter()
        process = world.find_process(to)
        if process is not None:
            process.handle.exit(read_reason(reason))

    async def register(self, name: str, to: str) -> None:
        """Give a process a name."""
        world = self._world or await self._enter()
        process = world.find_process(to)
        if process is None:
            raise Refused("noproc")
        try:
            process.handle.register(name)
        except (NoProcessError, AlreadyRegisteredError, AlreadyNamedError) as error:
            raise Refused(**describe_error(error)) from error

    async def unregister(self, name: str) -> None:
        """Take a name back."""
        world = self._world or await self._enter()
        try:
            world.runtime.unregister(name)
        except NotRegisteredError as error:
            raise Refused("not_registered") from error

    async def whereis(self, name: str) -> str | None:
        """Return the label of a name's holder."""
        world = self._world or await self._enter()
        holder = world.runtime.whereis(name)
        return None if holder is None else world.label_of(holder.pid)

    async def name_of(self, to: str) -> str | None:
        """Return the name of a process."""
        world = self._world or await self._enter()
        process = world.find_process(to)
        return None if process is None else process.handle.name
