"""The reference implementation as a subject, in this very process.

On the virtual clock time stands still while any process of the world can make a step. Only `advance`, `observe` and the
operations that wait for an answer move it, from alarm to alarm, and only when nothing can make a step.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from letitcrash_conformance.inprocess import InProcessSubject, Refused
from letitcrash_conformance.subjects.reference_probe import describe_error, read_reason
from letitcrash_conformance.subjects.reference_world import Pending, World
from letitcrash_reference import (
    AlreadyNamedError,
    AlreadyRegisteredError,
    Backend,
    Clock,
    ManualClock,
    MonotonicClock,
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
    "timers",
    "suspend",
    "nested_call",
    "error_text",
)
_SPINS = 3


class ReferenceSubject(InProcessSubject):
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

    def __init__(
        self, *, clock: Literal["virtual", "wall"] = "virtual", pool_threads: int = 64, silence_s: float = 30.0
    ) -> None:
        if clock != "virtual":
            self.HELLO = {**type(self).HELLO, "clock": clock}  # type: ignore[misc]
        super().__init__(silence_s=silence_s)
        self._virtual = clock == "virtual"
        self._pool_threads = pool_threads
        self._world: World | None = None
        self._resting: asyncio.Future[None] | None = None
        self._block = threading.Lock()
        self._block.acquire()
        self._blocking = False

    async def teardown(self) -> None:
        """End the world."""
        await self._end_world()

    # -- worlds -------------------------------------------------------------------------------------------------------

    async def reset(self) -> None:
        """Start a new world."""
        await self._end_world()
        self._world = None

    async def _enter(self) -> World:
        """Return the world, made when first needed."""
        clock: Clock = ManualClock() if self._virtual else MonotonicClock()
        world = World(clock, self._pool_threads)
        await world.runtime.__aenter__()
        world.runtime.watchers.add(self._stir)
        self._world = world
        return world

    async def _end_world(self) -> None:
        world, self._world = self._world, None
        if world is not None:
            world.released.set()
            await world.runtime.close(timeout=0)

    # -- letting the world run ----------------------------------------------------------------------------------------

    def _stir(self) -> None:
        """Notice, in any thread, that a process came to rest or that the operation has its answer."""
        if self._blocking:
            self._blocking = False
            with contextlib.suppress(RuntimeError):  # another thread was faster
                self._block.release()
        resting = self._resting
        if resting is not None:
            self._resting = None
            self.loop.call_soon_threadsafe(_settle, resting)

    async def _wait(self, world: World, token: Pending) -> Any:
        """Wait for a token, letting time pass when nothing else can happen; return its value or raise its error."""
        await asyncio.sleep(0)
        while not token.done:
            if not self._virtual:
                await self._rest(lambda: token.done)
            elif await self._is_stuck(world, token):
                self._jump(world, token)
        if token.error is not None:
            raise token.error
        return token.value

    def _jump(self, world: World, token: Pending) -> None:
        """Let time pass to the next alarm, unless the token is done after all."""
        assert isinstance(world.clock, ManualClock)
        if not token.done and not world.clock.advance_to_next():
            raise RuntimeError("the world stands still: nothing can run and no alarm is set")

    async def _is_stuck(self, world: World, token: Pending | None = None) -> bool:
        """Let the world run for a moment; return whether nothing in it can run before time passes."""
        runtime = world.runtime
        if runtime.runs_on_this_thread:
            for _ in range(_SPINS):
                await asyncio.sleep(0)
                if token is not None and token.done:
                    return False
            return runtime.is_idle()
        if runtime.is_idle():
            return True
        await self._rest(
            runtime.is_idle if token is None else lambda: token.done or runtime.is_idle(), in_loop=runtime.needs_loop
        )
        return False

    async def _settle(self, world: World) -> None:
        """Let the world run until nothing in it can run before time passes."""
        while not await self._is_stuck(world):
            pass

    async def _rest(self, is_over: Callable[[], bool], *, in_loop: bool = True) -> None:
        """Wait until the next stir, unless `is_over()` by then.

        Args:
            is_over: Asked once the stir cannot be missed any more.
            in_loop: Whether anything needs the event loop meanwhile. If not, threads wake a lock faster.
        """
        if in_loop:
            resting = self._resting = self.loop.create_future()
            if not is_over():
                await resting
            self._resting = None
            return
        self._blocking = True
        if not is_over():
            while self._blocking and not self._block.acquire(timeout=0.1):
                pass
        self._blocking = False
        self._block.acquire(blocking=False)

    async def _ask(self, target: Json, kind: int, message: Any, timeout_ms: int) -> Any:
        world = self._world or await self._enter()
        process = world.find_process(target)
        if process is None:
            raise Refused("noproc")
        token = Pending(process, self._stir)
        process.post_call((kind, message, token))
        return await self._finish(world, token, timeout_ms)

    async def _finish(self, world: World, token: Pending, timeout_ms: int) -> Any:
        """Wait for a token until its time is over."""
        token.timeout = timeout_ms / 1000
        alarm = world.clock.call_later(token.timeout, token.expire)
        try:
            return await self._wait(world, token)
        except StartIgnoredError:
            raise
        except Exception as error:
            failure = describe_error(error)
            raise Refused(**failure) from error
        finally:
            alarm.cancel()

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
        table = world.runtime.table
        events, world.events = world.events, []
        return {
            "quiet": quiet,
            "now": world.now_ms,
            "alive": [
                label
                for label, probe in world.probes.items()
                if probe.process_record is not None and probe.process_record.alive
            ],
            "names": {name: world.label_of(process.pid) for name, process in list(table.registry.names.items())},
            "children": {},
            "events": events,
        }

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


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
