"""A subject in this very process: one method per operation, on an event loop that the base class owns."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import traceback
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, ClassVar, NoReturn

from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.framing import describe, own_time_ms
from letitcrash_conformance.inprocess_stack import describe_awaits, describe_calls, is_in_loop
from letitcrash_conformance.inprocess_watch import Silence, Watch
from letitcrash_conformance.simulation.loop import SimLoop
from letitcrash_conformance.simulation.schedule import slack_of
from letitcrash_conformance.simulation.stuck import Stuck
from letitcrash_spec.hello import Hello, HelloError, parse_hello
from letitcrash_spec.messages import Answer, Json, Operation
from letitcrash_spec.operations import OPERATIONS

__all__ = ["InProcessSubject", "Refused"]

_NAMES = frozenset(spec.name for spec in OPERATIONS) - {"hello", "bye"}
_CLOSE_S = 2.0
_CLOSE_ROUNDS = 3


class Refused(Exception):
    """A lawful refusal or failure of the implementation, raised by an operation's method.

    Attributes:
        kind: One of the kinds of the protocol: `"noproc"`, `"exit"`, `"already_registered"`, ...
        fields: What goes with it: `reason` of `exit` and `start_failed`, `child` of `already_started`.
    """

    def __init__(self, kind: str, **fields: Json) -> None:
        self.kind = kind
        self.fields = fields
        super().__init__(kind)


class InProcessSubject:
    """Base of subjects that are Python objects in this process.

    A subclass sets `HELLO` and defines a method for each operation that it offers, with the operation's name and its
    arguments as parameters (`as` is called `as_`); an argument that may be left out needs a default. A method is a
    plain or an `async def` one, returns the value of `ok` or raises `Refused`. Times are integer milliseconds. An
    operation that is not defined answers `fail unsupported`; `hello` and `bye` are answered here.

        class Mine(InProcessSubject):
            HELLO = {"protocol": 1, "name": "mine", ...}

            async def spawn(self, as_: str, probe: dict[str, Any], timeout_ms: int = 5000) -> str: ...

    Methods run in the thread that calls `run`, inside the loop `self.loop`; plain ones too, so that they may create
    tasks. They run one after another, in one task per batch. An implementation that brings its own loop or threads
    overrides `run`, or does in `async` methods what it takes to reach them. After a `SubjectError` the subject is
    closed.

    An implementation whose operations all run as tasks and callbacks of `self.loop`, without threads and sockets, may
    name its backends in `SIMULATED`: the suite then runs a part of the programs on a loop with virtual time that draws
    who runs next. It must take its time from that loop (`loop.time`, `call_later`) alone: other clocks stand still.

    Attributes:
        HELLO: The value of `hello`, as in the protocol.
        SIMULATED: Backends whose programs may run on a simulated loop.
        SIMULATED_THREADS: Packages and modules whose threads, locks and queues can be simulated; those of the subject
            itself among them.
        loop: The event loop of this subject.
        simulation: The same, if it is a simulated one.
        pause: Lets others run before an operation, for a drawn while; None outside simulations.
        begun: The operations of the batch that have begun, oldest first.
        silence_s: How long an operation may make no progress, in seconds of real time.
    """

    HELLO: ClassVar[dict[str, Any]]
    SIMULATED: tuple[str, ...] = ()
    SIMULATED_THREADS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, silence_s: float = 30.0) -> None:
        """Make the subject and its event loop.

        Args:
            silence_s: How long an operation may make no progress, in seconds of real time, above zero. On a wall
                clock the time that the operation itself asks for (`timeout_ms`, `settle_ms`, `ms`) comes on top.

        Raises:
            SubjectError: If `HELLO` is not what the protocol asks for.
        """
        try:
            self._hello = parse_hello(getattr(self, "HELLO", None))  # type: ignore[arg-type]
        except HelloError as error:
            raise SubjectError(f"{type(self).__name__}.HELLO: {error}") from error
        self.silence_s = silence_s
        self.loop = self.new_loop()
        self.simulation: SimLoop | None = None
        self.pause: Callable[[], Awaitable[object]] | None = None
        self.begun: list[Operation] = []
        self._methods = {name: _bind(method) for name in _NAMES if callable(method := getattr(self, name, None))}
        self._is_wall = self._hello.clock == "wall"
        self._task: asyncio.Task[None] | None = None
        self._closed_by: str | None = None
        self._rest_s = 0.0
        self._watch = Watch(silence_s, _waker(self.loop))
        self._finalizer = weakref.finalize(self, _abandon, self.loop, self._watch)

    @property
    def hello(self) -> Hello:
        """`HELLO` as a record."""
        return self._hello

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop to run on; override it for a loop of another kind. Called once, by the constructor."""
        return asyncio.new_event_loop()

    def simulate(self) -> SimLoop:
        """Run on a simulated loop from now on, and return it. Called before the first operation, if at all."""
        loop = SimLoop(slack=slack_of(self.hello))
        self._finalizer.detach()
        self.loop.close()
        self.loop = self.simulation = loop
        self.pause = loop.pause
        self._watch.wake = _waker(loop)
        self._finalizer = weakref.finalize(self, _abandon, loop, self._watch)
        return loop

    def name_task(self, task: asyncio.Task[Any]) -> str | None:
        """Return what a task is called in the story of a schedule; None for a number. Override it."""
        return "the client" if task is self._task else None

    def events_so_far(self) -> Sequence[dict[str, Any]]:
        """Return the log since the last `observe`, for the story of a schedule. Override it."""
        return ()

    async def teardown(self) -> None:
        """End the implementation in its own way; override it. Called once by `close`, in the loop, for 2 s at most."""

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        """Perform a batch inside one run of the loop; see `Subject.run`.

        Raises:
            SubjectError: If a method raised anything but `Refused`, does not take the arguments of the protocol, or
                stood still for too long; the subject is closed then. Also if it was closed before.
        """
        if self._closed_by is not None:
            raise SubjectError(f"expected an open subject, got one that was closed {self._closed_by}; make a fresh one")
        if asyncio._get_running_loop() is not None:
            raise UsageError(
                "expected no running event loop in this thread, got one\n"
                f"  {type(self).__name__} runs a loop of its own: drive it from plain code, or by asyncio.to_thread"
            )
        answers: list[Answer] = []
        self.begun.clear()
        task = self._task = self.loop.create_task(self._perform(operations, answers))
        watch = self._watch
        try:
            watch.begin(answers)
            self.loop.run_until_complete(task)
        except Silence:
            pass
        except Stuck as stuck:
            watch.end()
            self._close("after a deadlock or livelock")
            number = min(len(answers) + 1, len(operations))
            place = describe(number, operations[number - 1])
            raise SubjectError(f"{place}: expected an answer, got a {stuck}", answers=answers) from stuck
        except SubjectError as error:
            watch.end()
            error.answers = tuple(answers)
            self._close("after an error")
            raise
        except BaseException:
            watch.end()
            # What breaks because it was cut off, as by Ctrl-C, is nobody's mistake.
            self.loop.set_exception_handler(lambda loop, context: None)
            task.cancel()
            raise
        finally:
            watch.end()
        if watch.stack is not None:
            self._fail_silent(operations, answers, task)
        return answers

    def rest(self, seconds: float) -> None:
        """Let the loop go on for so long, in seconds, before the next batch: nothing is asked of it meanwhile."""
        self._rest_s += seconds

    def close(self) -> None:
        """End the subject: `teardown`, then cancel what is left, then close the loop; see `Subject.close`.

        A task that refuses to end is left behind, unfinished.
        """
        self._close("by close()")

    async def in_tasks(
        self, clients: Sequence[Sequence[dict[str, Any]]], *, on_end: Callable[[], object] | None = None
    ) -> list[list[dict[str, Any]]]:
        """Perform the clients of `parallel` at the same time, each in a task of its own.

        For implementations whose operations are `async`: `parallel` may return what this returns.

        Args:
            clients: For each client its operations, as the protocol writes them.
            on_end: Called whenever a client has come to its end.

        Returns:
            Per client its stamped answers, in order.
        """
        stamp = 0

        async def drive(client: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
            nonlocal stamp
            history: list[dict[str, Any]] = []
            for step in client:
                answers: list[Answer] = []
                if self.pause is not None:
                    await self.pause()
                called = stamp = stamp + 1
                await self._perform([Operation(step["op"], step["args"])], answers, is_drawn=False)
                stamp += 1
                history.append({"call": called, "return": stamp, "answer": answers[0]})
            if on_end is not None:
                on_end()
            return history

        return list(await asyncio.gather(*(drive(client) for client in clients)))

    async def _perform(self, operations: Sequence[Operation], answers: list[Answer], *, is_drawn: bool = True) -> None:
        methods = self._methods
        watch = self._watch
        is_wall = self._is_wall
        pause = self.pause if is_drawn else None
        if self._rest_s and answers is watch.done:
            watch.bound_s = self.silence_s + self._rest_s
            await asyncio.sleep(self._rest_s)
            self._rest_s = 0.0
        for operation in operations:
            op, args = operation
            if pause is not None:
                await pause()
            self.begun.append(operation)
            entry = methods.get(op)
            if entry is None:
                answers.append(self._answer_here(op))
                continue
            if is_wall and answers is watch.done:
                watch.bound_s = self.silence_s + own_time_ms(operation) / 1000
            method, renames = entry
            if renames and "as" in args:
                args = {"as_" if key == "as" else key: value for key, value in args.items()}
            try:
                value = method(**args)
                if hasattr(value, "__await__"):
                    value = await value
            except Refused as refused:
                answers.append({"fail": {"kind": refused.kind, **refused.fields}})
            except (Exception, asyncio.CancelledError) as error:
                if watch.stack is not None or isinstance(error, SubjectError):
                    raise
                if isinstance(error, asyncio.CancelledError) and self._is_cancelling():
                    raise
                self._fail_raised(len(answers) + 1, operation, error)
            else:
                answers.append({"ok": value})

    def _is_cancelling(self) -> bool:
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0

    def _answer_here(self, op: str) -> Answer:
        if op == "hello":
            return {"ok": self.HELLO}
        return {"ok": None} if op == "bye" else {"fail": {"kind": "unsupported"}}

    def _fail_raised(self, number: int, operation: Operation, error: BaseException) -> NoReturn:
        place = describe(number, operation)
        method = f"{type(self).__name__}.{operation.op}"
        steps = traceback.extract_tb(error.__traceback__)[1:]
        if isinstance(error, TypeError) and not steps:
            names = ", ".join("as_" if name == "as" else name for name in operation.args)
            takes = inspect.signature(getattr(self, operation.op))
            raise SubjectError(
                f"{place}: expected {method} to take the arguments of the protocol ({names}), "
                f"got {method}{takes}: {error}"
            ) from error
        raise SubjectError(
            f"{place}: expected a value or Refused from {method}, got {_name_error(error)}\n{describe_calls(steps)}"
        ) from error

    def _fail_silent(
        self, operations: Sequence[Operation], answers: list[Answer], task: asyncio.Task[None]
    ) -> NoReturn:
        watch = self._watch
        stack = watch.stack or traceback.StackSummary()
        number = watch.stood_at + 1
        place = describe(number, operations[number - 1])
        what = f"{place}: expected an answer, got no progress for {watch.bound_s:g} s"
        if is_in_loop(stack) and not task.done():
            where = f"it awaits, and nothing will wake it, at\n{describe_awaits(task.get_coro())}"
        else:
            where = f"it keeps its thread busy or blocked at\n{describe_calls(stack)}"
        error = SubjectError(f"{what}; {where}", answers=answers[: watch.stood_at])
        self._close("after silence")
        raise error

    def _close(self, how: str) -> None:
        if self._closed_by is not None:
            return
        self._closed_by = how
        watch = self._watch
        watch.stack = None
        watch.bound_s = _CLOSE_S
        try:
            for step in (_bounded(self.teardown), *[_cancel_rest] * _CLOSE_ROUNDS):
                watch.begin(())
                ending = step()
                with contextlib.suppress(Exception, Silence, asyncio.CancelledError):
                    self.loop.run_until_complete(ending)
                ending.close()  # where the loop runs, in the handler of a signal, it has not begun
                watch.end()
                watch.stack = None
        finally:
            watch.end()
            _abandon(self.loop, watch)


def _bind(method: Callable[..., Any]) -> tuple[Callable[..., Any], bool]:
    try:
        return method, "as_" in inspect.signature(method).parameters
    except (TypeError, ValueError):
        return method, False


def _name_error(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


def _bounded(teardown: Callable[[], Awaitable[None]]) -> Callable[[], Coroutine[Any, Any, None]]:
    async def run() -> None:
        await asyncio.wait_for(teardown(), _CLOSE_S)

    return run


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    if rest:
        done, _ = await asyncio.wait(rest, timeout=_CLOSE_S / _CLOSE_ROUNDS)
        for task in done:
            if not task.cancelled():
                task.exception()
    await asyncio.get_running_loop().shutdown_asyncgens()


def _abandon(loop: asyncio.AbstractEventLoop, watch: Watch) -> None:
    watch.close()
    if not loop.is_closed() and not loop.is_running():
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        loop.close()


def _waker(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    def wake() -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_nothing)

    return wake


def _nothing() -> None:
    pass
