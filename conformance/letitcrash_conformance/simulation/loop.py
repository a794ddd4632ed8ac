"""An event loop whose time is virtual and whose next step is chosen by a scheduler.

One step is one callback. Callbacks of one owner (a task, or the object that a method is bound to) keep their order, and
so do timers among themselves; between owners the scheduler chooses. The clock is one more owner: it may move while
work is ready, so that timeouts race with replies. When nobody is ready time jumps to the next timer. There are no
sockets and no pipes.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections import deque
from collections.abc import Callable
from contextvars import Context
from operator import itemgetter
from typing import Any, TypeGuard

from letitcrash_conformance.simulation.schedule import CLOCK, Decisions, Mode, Schedule
from letitcrash_conformance.simulation.schedulers import Scheduler, stand_ins
from letitcrash_conformance.simulation.stuck import Deadlock, Livelock, Stuck, describe_wait, name_owner

__all__ = ["MAX_STEPS", "SimLoop", "Step"]

MAX_STEPS = 200_000
"""Steps after which a run counts as a livelock."""

_SHARED = 1  # owner of the callbacks that belong to nobody
_CROWD = 4096
_ROUNDS = 3


class Step(asyncio.Handle):
    """A callback that is ready to run.

    Attributes:
        owner: Number of the task or object that it belongs to; numbers are given in order of first sight.
        since: The time at which it became ready.
        number: Its place in the order of arrival.
    """

    __slots__ = ("number", "owner", "since")
    number: int
    owner: int
    since: float


class SimLoop(asyncio.BaseEventLoop):
    """A deterministic event loop on virtual time.

        loop = SimLoop()
        loop.begin(Schedule.draw(7))
        loop.run_until_complete(main())
        print(loop.decisions)

    Args:
        schedule: How to choose who runs next; first come, first served unless given.
        max_steps: Steps after which a run counts as a livelock.
        slack: How far the clock may run ahead of work that is ready, in seconds of virtual time.

    Attributes:
        steps: Callbacks run since `begin`.
        complaints: What asyncio's exception handler was told since `begin`, oldest first.
        on_step: Called before each step with its handle, those ready beside it, and the number of the contested step or
            -1; None for none.
    """

    _ready: deque[Any]
    _scheduled: list[Any]
    _stopping: bool
    _closed: bool
    _check_closed: Callable[[], None]

    def __init__(
        self, schedule: Schedule | None = None, *, max_steps: int = MAX_STEPS, slack: float = float("inf")
    ) -> None:
        super().__init__()
        self.max_steps = max_steps
        self.slack = slack
        self.steps = 0
        self.complaints: list[str] = []
        self.on_step: Callable[[asyncio.Handle, int, int], None] | None = None
        self._now = 0.0
        self._arrived = 0
        self._heads: list[Step] = []
        self._later: dict[int, deque[Step]] = {}
        self._jobs: deque[Callable[[], object]] = deque()
        self._idle: list[asyncio.Future[None]] = []
        self._owners: dict[Any, int] = {}
        self._busy: set[int] = set()
        self._next_owner = _SHARED
        self.begin(Schedule() if schedule is None else schedule)

    # -- one run ------------------------------------------------------------------------------------------------------

    def begin(self, schedule: Schedule) -> None:
        """Start a new run: its scheduler, its decisions and its count of steps. Time goes on.

        Not to be called while the loop runs.
        """
        self._scheduler: Scheduler | None = None if schedule.strategy == "fifo" else schedule.scheduler()
        self.mode: Mode = schedule.mode
        self._taken: list[tuple[int, int]] = []
        self._contested = 0
        self._batch = 0
        self.steps = 0
        self.complaints.clear()
        self._owners.clear()
        self._next_owner = _SHARED
        # Whether each owner has a line of its own: where the order of tasks is drawn.
        self._has_lines = self._scheduler is not None and schedule.mode == "permute"
        left = [*self._heads, *(step for later in self._later.values() for step in later)]
        self._heads.clear()
        self._later.clear()
        self._busy.clear()
        for step in left:
            self._arrive(step)

    @property
    def decisions(self) -> Decisions:
        """What was decided since `begin` and differs from first come, first served."""
        return tuple(self._taken)

    def finish(self) -> None:
        """Cancel what is left, let it end first come, first served, and close the loop; `decisions` stay."""
        taken, steps = self._taken, self.steps
        self.begin(Schedule())
        self.on_step = None
        try:
            for _ in range(_ROUNDS):
                tasks = asyncio.all_tasks(self)
                if not tasks:
                    break
                for task in tasks:
                    task.cancel()
                with contextlib.suppress(Stuck):
                    self.run_until_complete(asyncio.wait(tasks))
            self.run_until_complete(self.shutdown_asyncgens())
        finally:
            for task in asyncio.all_tasks(self):
                task._log_destroy_pending = False  # type: ignore[attr-defined]
            self.close()
            self._taken, self.steps = taken, steps

    async def rest(self) -> None:
        """Wait until nobody else can run before time passes."""
        waiter = self.create_future()
        self._idle.append(waiter)
        await waiter

    async def pause(self) -> None:
        """Let others run, for as long as the scheduler likes: one step, or in strict mode a few."""
        await asyncio.sleep(0)
        scheduler = self._scheduler
        if scheduler is not None and self.mode == "strict":
            hops = scheduler.pick(stand_ins(4), False)
            if hops:
                self._taken.append((self._contested, hops))
            self._contested += 1
            for _ in range(hops):
                await asyncio.sleep(0)

    def name_of(self, owner: int) -> str:
        """Return what an owner is called in reports; the numbers are the same in every run of one schedule."""
        if owner == 0:
            return "the clock"
        if owner == _SHARED:
            return "callbacks"
        for who, number in self._owners.items():
            if number == owner:
                return f"{owner - 1} ({name_owner(who)})"
        return str(owner - 1)

    def task_of(self, handle: asyncio.Handle) -> asyncio.Task[Any] | None:
        """Return the task that a step belongs to, if it is one's."""
        who: Any = getattr(_parts(handle)._callback, "__self__", None)
        return who if _is_task(who) else None

    # -- what asyncio asks of a loop -------------------------------------------------------------------------------

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> Step:
        if self._closed:
            self._check_closed()
        step = Step(callback, args, self, context)
        self._ready.append(step)
        return step

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Run a function as a step of its own, whenever the scheduler likes; the executor is not used."""
        future = self.create_future()

        def job() -> None:
            if future.cancelled():
                return
            asyncio._set_running_loop(None)
            try:
                value = func(*args)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(value)
            finally:
                asyncio._set_running_loop(self)

        self._jobs.append(job)
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.complaints.append(f"{context.get('message')}{'' if error is None else f': {error!r}'}")

    def _write_to_self(self) -> None:
        """Nobody sleeps here."""

    def _process_events(self, event_list: Any) -> None:
        """There are no file descriptors."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are dropped when their time comes."""

    # -- the steps ----------------------------------------------------------------------------------------------------

    def _run_once(self) -> None:
        heads, arrived, scheduled = self._heads, self._ready, self._scheduled
        scheduler = self._scheduler
        has_lines = self._has_lines
        while not self._stopping:
            while arrived:
                self._arrive(arrived.popleft())
            while scheduled and scheduled[0]._cancelled:
                heapq.heappop(scheduled)._scheduled = False
            if not heads:
                self._go_on()
                continue
            number = -1
            if scheduler is None:
                position = 0
            elif has_lines:
                count = len(heads) + len(self._jobs)
                has_clock = bool(scheduled) and scheduled[0]._when - heads[0].since <= self.slack
                position = 0
                if count > 1 or has_clock:
                    number = self._contested
                    self._contested = number + 1
                    position = scheduler.pick((*heads, *stand_ins(len(self._jobs))) if self._jobs else heads, has_clock)
                    if position:
                        self._taken.append((number, CLOCK if position == count else position))
                        if position >= len(heads):
                            self._happen(position - len(heads))
                            continue
            else:
                if self._batch <= 0:
                    self._vary_outside()
                    self._batch = len(heads)
                self._batch -= 1
                position = 0
            step = heads.pop(position)
            if has_lines:
                owner = step.owner
                if owner in self._later:
                    self._follow(owner)
                else:
                    self._busy.discard(owner)
            if step._cancelled:
                continue
            self.steps += 1
            if self.steps > self.max_steps:
                raise self._livelock(step)
            if self.on_step is not None:
                self.on_step(step, len(heads), number)
            step._run()
            step = None  # type: ignore[assignment]

    def _arrive(self, step: Any) -> None:
        if step.__class__ is not Step:  # a timer's own handle
            step = Step(_ring, (step,), self)
            step.owner = 0
        else:
            step.owner = self._owner_of(step)
        step.since = self._now
        if not self._has_lines:
            self._heads.append(step)
            return
        owner = step.owner
        step.number = self._arrived = self._arrived + 1
        if owner in self._busy:
            self._later.setdefault(owner, deque()).append(step)
        else:
            self._busy.add(owner)
            self._heads.append(step)

    def _follow(self, owner: int) -> None:
        """Let the next step of an owner into the line, at the place of its arrival."""
        later = self._later[owner]
        step = later.popleft()
        if not later:
            del self._later[owner]
        heads = self._heads
        place = len(heads)
        while place and heads[place - 1].number > step.number:
            place -= 1
        heads.insert(place, step)

    def _owner_of(self, step: Any) -> int:
        who = getattr(step._callback, "__self__", None)
        if who is None or who is self or isinstance(who, type):
            return _SHARED
        owners = self._owners
        try:
            owner = owners.get(who)
        except TypeError:  # it cannot be hashed
            return _SHARED
        if owner is None:
            if len(owners) > _CROWD:
                for old in [old for old in owners if asyncio.isfuture(old) and old.done()]:
                    del owners[old]
            self._next_owner += 1
            owner = owners[who] = self._next_owner
        return owner

    def _go_on(self) -> None:
        """Nobody is ready: tell who waits for that, else finish a job, else let time jump."""
        if self._idle:
            waiters, self._idle = self._idle, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
        elif self._jobs:
            self._happen(self._choose_job())
        elif self._scheduled:
            self._tick()
        else:
            raise self._deadlock()

    def _choose_job(self) -> int:
        """Return which job finishes next, while nobody is ready; beyond the last one the clock moves."""
        count = len(self._jobs)
        has_clock = bool(self._scheduled) and self.slack == float("inf")
        if self._scheduler is None or (count == 1 and not has_clock):
            return 0
        number = self._contested
        self._contested = number + 1
        position = self._scheduler.pick(stand_ins(count), has_clock)
        if position:
            self._taken.append((number, CLOCK if position == count else position))
        return position

    def _vary_outside(self) -> None:
        """In strict mode: what comes from outside the loop may come between two rounds of it."""
        scheduler, heads = self._scheduler, self._heads
        assert scheduler is not None
        while True:
            scheduled = self._scheduled
            has_clock = bool(scheduled) and scheduled[0]._when - heads[0].since <= self.slack
            if not has_clock and not self._jobs:
                return
            number = self._contested
            self._contested = number + 1
            options = stand_ins(1 + len(self._jobs))
            position = scheduler.pick(options, has_clock)
            if not position:
                return
            self._taken.append((number, CLOCK if position == len(options) else position))
            self._happen(position - 1)

    def _happen(self, position: int) -> None:
        """Let a job finish, or the clock move."""
        if position < len(self._jobs):
            job = self._jobs[position]
            del self._jobs[position]
            job()
        else:
            self._tick()
        if self.mode == "strict":
            arrived = self._ready
            while arrived:
                self._arrive(arrived.popleft())

    def _tick(self) -> None:
        """Let time jump to the next timer; all that are due then become ready, in order."""
        scheduled = self._scheduled
        now = self._now = max(self._now, scheduled[0]._when)
        arrived = self._ready
        while scheduled and scheduled[0]._when <= now:
            timer = heapq.heappop(scheduled)
            timer._scheduled = False
            if not timer._cancelled:
                arrived.append(timer)

    # -- findings -----------------------------------------------------------------------------------------------------

    def _deadlock(self) -> Deadlock:
        waits = [describe_wait(name, task) for name, task in self._tasks()]
        return Deadlock("deadlock: nobody is ready and no timer is set", waits)

    def _livelock(self, step: Step) -> Livelock:
        waits = [describe_wait(name, task) for name, task in self._tasks()]
        what = f"livelock: {self.max_steps} steps and no end, the next one is that of {self.name_of(step.owner)}"
        return Livelock(what, waits)

    def _tasks(self) -> list[tuple[str, asyncio.Task[Any]]]:
        found = [(self._owners.get(task, 0), task) for task in asyncio.all_tasks(self) if not task.done()]
        found.sort(key=itemgetter(0))
        return [(f"task {self.name_of(owner)}" if owner else "a task", task) for owner, task in found]


def _parts(handle: asyncio.Handle) -> Any:
    """Return a handle whose private parts may be read."""
    return handle


def _is_task(who: object) -> TypeGuard[asyncio.Task[Any]]:
    return isinstance(who, asyncio.Task)


def _ring(timer: asyncio.TimerHandle) -> None:
    if not timer.cancelled():
        timer._run()
