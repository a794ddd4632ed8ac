"""How the reference is driven as a subject: its worlds, and what lets them run and lets time pass."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, NoReturn

from letitcrash_conformance.inprocess import InProcessSubject, Refused
from letitcrash_conformance.subjects.reference_probe import describe_error
from letitcrash_conformance.subjects.reference_world import Pending, World
from letitcrash_reference import Clock, ManualClock, MonotonicClock, StartIgnoredError
from letitcrash_spec.messages import Json

__all__ = ["ReferenceDriver"]

_SPINS = 3


class ReferenceDriver(InProcessSubject):
    """The part of `ReferenceSubject` that performs no operation but `reset`."""

    def __init__(
        self, *, clock: Literal["virtual", "wall"] = "virtual", pool_threads: int = 64, silence_s: float = 30.0
    ) -> None:
        if clock != "virtual":
            self.HELLO = {**type(self).HELLO, "clock": clock}  # type: ignore[misc]
            self.SIMULATED = ()  # the clock of the runtime is the machine's, not the loop's
        super().__init__(silence_s=silence_s)
        self._virtual = clock == "virtual"
        self._pool_threads = pool_threads
        self._world: World | None = None
        self._resting: list[asyncio.Future[None]] = []
        self._waiting: list[Pending] | None = None  # of the clients of `parallel`, while they run
        self._block = threading.Lock()
        self._block.acquire()
        self._blocking = False

    async def teardown(self) -> None:
        """End the world."""
        await self._end_world()

    def name_task(self, task: asyncio.Task[Any]) -> str | None:
        """Return the label of the process that a task runs."""
        world = self._world
        if world is not None:
            for label, server in world.servers.items():
                if server.process_record is not None and server.process_record.task is task:
                    return label
        return super().name_task(task)

    def events_so_far(self) -> Sequence[dict[str, Any]]:
        """Return the log since the last `observe`."""
        return () if self._world is None else self._world.events

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
        while resting:
            with contextlib.suppress(IndexError, RuntimeError):  # another thread was faster, or the loop is closed
                self.loop.call_soon_threadsafe(_settle, resting.pop())

    async def _wait(self, world: World, token: Pending) -> Any:
        """Wait for a token, letting time pass when nothing else can happen; return its value or raise its error."""
        await asyncio.sleep(0)
        while not token.done:
            if self._waiting is not None:
                await self._wait_beside_others(self._waiting, token)
            elif not self._virtual:
                await self._rest(lambda: token.done)
            elif await self._is_stuck(world, token):
                self._jump(world, token)
        if token.error is not None:
            raise token.error
        return token.value

    async def _wait_beside_others(self, waiting: list[Pending], token: Pending) -> None:
        """Wait for a token while other clients work: time is for `_keep_time` to move."""
        waiting.append(token)
        self._stir()
        while not token.done:
            await self._rest(lambda: token.done)
        waiting.remove(token)

    async def _keep_time(self, world: World, waiting: list[Pending], left: Callable[[], int]) -> NoReturn:
        """Let time pass to the next alarm whenever every client waits and nothing in the world can run."""

        def is_stuck() -> bool:
            return (
                len(waiting) == left() > 0
                and not any(token.done for token in waiting)
                and world.runtime.is_idle()
                and not any(token.done for token in waiting)
            )

        while True:
            if is_stuck():
                self._jump(world, waiting[0])
            await self._rest(is_stuck)

    def _jump(self, world: World, token: Pending) -> None:
        """Let time pass to the next alarm, unless the token is done after all."""
        assert isinstance(world.clock, ManualClock)
        if not token.done and not world.clock.advance_to_next():
            raise RuntimeError("the world stands still: nothing can run and no alarm is set")

    async def _is_stuck(self, world: World, token: Pending | None = None) -> bool:
        """Let the world run for a moment; return whether nothing in it can run before time passes."""
        runtime = world.runtime
        if self.simulation is not None:
            await self.simulation.rest()
            return (token is None or not token.done) and runtime.is_idle()
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
            resting = self.loop.create_future()
            self._resting.append(resting)
            if not is_over():
                await resting
            elif resting in self._resting:
                self._resting.remove(resting)
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


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
