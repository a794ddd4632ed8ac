"""Subjects in this process: what a method's outcome becomes, and what is left when the subject is gone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import threading
import weakref
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import pytest

from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.inprocess import InProcessSubject, Refused
from letitcrash_conformance.run import BROKEN_IN_A_ROW, run
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.messages import Answer, Operation
from tests.support.deaf import Deaf

RESET = Operation("reset", {})


class Counter(InProcessSubject):
    """One number; good in every way."""

    HELLO: ClassVar[dict[str, Any]] = {
        "protocol": 1,
        "name": "counter",
        "version": "1",
        "language": "python",
        "backends": ["task"],
        "clock": "virtual",
        "settle": True,
        "features": ["genserver"],
    }
    value = 0

    def reset(self) -> None:
        self.value = 0

    async def spawn(self, as_: str, probe: dict[str, Any], timeout_ms: int = 5000) -> str:
        self.value = probe.get("value", 0)
        await asyncio.sleep(0)
        return f"{as_} within {timeout_ms}"

    async def call(self, to: str, msg: list[Any], timeout_ms: int = 5000) -> Any:
        if msg[0] == "add":
            self.value += msg[1]
            return self.value
        raise Refused("exit", reason={"error": "boom"})

    def whereis(self, name: str) -> Any:
        raise Refused("noproc")

    def helper(self) -> None:
        raise AssertionError("a method that is no operation of the protocol is never called")


class Faulty(Counter):
    """Does with `call` what its attribute says, and notes what it went through."""

    def __init__(self, fault: Any, **options: Any) -> None:
        super().__init__(**options)
        self.fault = fault

    async def call(self, to: str, msg: list[Any], timeout_ms: int = 5000) -> Any:
        return await self.inner()

    async def inner(self) -> Any:
        result = self.fault()
        return await result if asyncio.iscoroutine(result) else result


class Waiting(Counter):
    def advance(self, ms: int) -> Any:
        return asyncio.sleep(0.5)


class WallWaiting(Waiting):
    HELLO: ClassVar[dict[str, Any]] = {**Counter.HELLO, "clock": "wall"}


CALL = Operation("call", {"to": "p1", "msg": ["get"]})


@pytest.fixture
def counter() -> Iterator[Counter]:
    subject = Counter()
    yield subject
    subject.close()


def add(number: int) -> Operation:
    return Operation("call", {"to": "p1", "msg": ["add", number]})


def break_by(fault: Any, **options: Any) -> SubjectError:
    subject = Faulty(fault, **options)
    with pytest.raises(SubjectError) as caught:
        subject.run([RESET, CALL, RESET])
    assert caught.value.answers == ({"ok": None},)
    with pytest.raises(SubjectError, match="expected an open subject, got one that was closed after"):
        subject.run([RESET])
    assert subject.loop.is_closed()
    return caught.value


def run_in_thread(subject: InProcessSubject, operations: list[Operation]) -> list[Answer] | BaseException:
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(subject.run(operations))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert len(found) == 1
    return found[0]  # type: ignore[no-any-return]


def test_every_outcome_of_a_method_becomes_the_answer_of_the_protocol(counter: Counter) -> None:
    answers = counter.run(
        [
            Operation("hello", {"protocol": 1}),
            RESET,
            Operation("spawn", {"as": "p1", "probe": {"value": 3}, "timeout_ms": 7}),
            add(2),
            Operation("call", {"to": "p1", "msg": ["crash", "boom"]}),
            Operation("whereis", {"name": "n1"}),
            Operation("observe", {"settle_ms": 1}),
            Operation("helper", {}),
            Operation("close", {}),
            Operation("bye", {}),
        ]
    )
    unsupported = {"fail": {"kind": "unsupported"}}
    assert answers == [
        {"ok": Counter.HELLO},
        {"ok": None},
        {"ok": "p1 within 7"},
        {"ok": 5},
        {"fail": {"kind": "exit", "reason": {"error": "boom"}}},
        {"fail": {"kind": "noproc"}},
        unsupported,
        unsupported,
        unsupported,
        {"ok": None},
    ]
    assert counter.hello.name == "counter"


def test_tasks_of_the_subject_live_on_between_batches() -> None:
    class Background(Counter):
        def reset(self) -> None:
            self.task = asyncio.get_running_loop().create_task(self.count())

        async def count(self) -> None:
            self.value = 1
            await asyncio.Event().wait()

        async def whereis(self, name: str) -> bool:
            await asyncio.sleep(0)
            return self.value == 1 and not self.task.done()

    subject = Background()
    subject.run([RESET])
    assert subject.run([Operation("whereis", {"name": "n1"})]) == [{"ok": True}]
    subject.close()
    assert subject.task.cancelled()


def test_clients_of_parallel_run_at_the_same_time_with_stamps_of_one_counter() -> None:
    class Parallel(Counter):
        async def parallel(self, clients: list[list[dict[str, Any]]]) -> Any:
            return await self.in_tasks(clients)

    spawn: dict[str, Any] = {"op": "spawn", "args": {"as": "p", "probe": {}}}
    subject = Parallel()
    [answer] = subject.run(
        [Operation("parallel", {"clients": [[spawn, {"op": "whereis", "args": {"name": "n"}}], [spawn]]})]
    )
    subject.close()
    started = {"ok": "p within 5000"}
    assert answer["ok"] == [
        [
            {"call": 1, "return": 3, "answer": started},
            {"call": 4, "return": 5, "answer": {"fail": {"kind": "noproc"}}},
        ],
        [{"call": 2, "return": 6, "answer": started}],
    ]


def test_an_exception_names_the_request_the_error_and_the_last_calls() -> None:
    def fault() -> None:
        raise KeyError("no such thing")

    error = break_by(fault)
    first, *rest = error.what.splitlines()
    assert first == (
        f"request 2, call {CALL.args}: expected a value or Refused from Faulty.call, got KeyError: 'no such thing'"
    )
    assert [line.partition(" in ")[2].partition(":")[0] for line in rest] == ["call", "inner", "fault"]
    assert __file__ in rest[-1]
    assert isinstance(error.__cause__, KeyError)


def test_a_type_error_from_inside_a_method_is_not_taken_for_a_wrong_argument() -> None:
    error = break_by(partial(sum, ["x"]))
    assert "expected a value or Refused from Faulty.call, got TypeError" in error.what


def test_arguments_that_a_method_does_not_take_are_named() -> None:
    class Narrow(Counter):
        def cast(self, to: str) -> None: ...

    subject = Narrow()
    with pytest.raises(SubjectError) as caught:
        subject.run([RESET, Operation("cast", {"to": "p1", "msg": ["get"]})])
    assert caught.value.what == (
        "request 2, cast {'to': 'p1', 'msg': ['get']}: expected Narrow.cast to take the arguments of the protocol "
        "(to, msg), got Narrow.cast(to: 'str') -> 'None': "
        f"{Narrow.cast.__qualname__}() got an unexpected keyword argument 'msg'"
    )
    assert caught.value.answers == ({"ok": None},)


def test_a_cancellation_that_escapes_from_a_method_is_an_error_of_the_subject() -> None:
    def fault() -> None:
        raise asyncio.CancelledError

    assert "got asyncio.exceptions.CancelledError" in break_by(fault).what


def test_a_hello_that_the_protocol_does_not_allow_is_refused() -> None:
    class Old(Counter):
        HELLO: ClassVar[dict[str, Any]] = {**Counter.HELLO, "protocol": 0}

    class Silent(InProcessSubject):
        pass

    with pytest.raises(SubjectError, match=r"^Old.HELLO: expected 'protocol' 1, got 0$"):
        Old()
    with pytest.raises(SubjectError, match=r"^Silent.HELLO: expected an object as the value of hello, got None$"):
        Silent()


def test_a_subject_that_awaits_for_ever_is_named_with_its_awaits() -> None:
    error = break_by(lambda: asyncio.Event().wait(), silence_s=0.2)
    first, *rest = error.what.splitlines()
    assert first == (
        f"request 2, call {CALL.args}: expected an answer, got no progress for 0.2 s; "
        "it awaits, and nothing will wake it, at"
    )
    assert [line.partition(" in ")[2].partition(":")[0] for line in rest[:3]] == ["call", "inner", "wait"]


@pytest.mark.parametrize("kind", ["spins", "blocks"])
def test_a_subject_that_keeps_the_thread_is_named_with_its_calls(kind: str) -> None:
    def spins() -> None:
        while True:
            pass

    def blocks() -> None:
        threading.Event().wait()

    error = break_by({"spins": spins, "blocks": blocks}[kind], silence_s=0.2)
    first, *rest = error.what.splitlines()
    assert first.endswith("got no progress for 0.2 s; it keeps its thread busy or blocked at")
    assert any(f" in {kind}" in line for line in rest)


def test_a_background_task_that_keeps_the_thread_is_named_too() -> None:
    class Spinning(Counter):
        async def spin(self) -> None:
            while True:
                pass

        async def advance(self, ms: int) -> None:
            await asyncio.gather(self.spin())

    subject = Spinning(silence_s=0.2)
    with pytest.raises(SubjectError, match=r"it keeps its thread busy or blocked at\n(.*\n)*.* in spin"):
        subject.run([Operation("advance", {"ms": 1})])


def test_a_subject_that_swallows_every_exception_cannot_hide_that_it_stood_still() -> None:
    def fault() -> str:
        with contextlib.suppress(BaseException):
            threading.Event().wait()
        return "as if nothing had been"

    assert "got no progress for 0.2 s" in break_by(fault, silence_s=0.2).what


@pytest.mark.parametrize("kind", ["awaits", "spins"])
def test_silence_is_noticed_when_another_than_the_main_thread_drives(kind: str) -> None:
    def spins() -> None:
        while True:
            pass

    subject = Faulty({"awaits": lambda: asyncio.Event().wait(), "spins": spins}[kind], silence_s=0.2)
    error = run_in_thread(subject, [RESET, CALL])
    assert isinstance(error, SubjectError)
    assert "expected an answer, got no progress for 0.2 s" in error.what
    assert error.answers == ({"ok": None},)


def test_a_batch_may_last_longer_than_the_bound_while_it_makes_progress() -> None:
    class Slow(Counter):
        async def reset(self) -> None:  # type: ignore[override]
            await asyncio.sleep(0.1)

    subject = Slow(silence_s=1.0)
    assert subject.run([RESET] * 15) == [{"ok": None}] * 15
    subject.close()


def test_on_a_wall_clock_the_time_that_an_operation_asks_for_comes_on_top_of_the_bound() -> None:
    advance = Operation("advance", {"ms": 60_000})
    subject = WallWaiting(silence_s=0.1)
    assert subject.run([advance]) == [{"ok": None}]
    subject.close()
    with pytest.raises(SubjectError, match=r"got no progress for 0\.1 s"):
        Waiting(silence_s=0.1).run([advance])


def test_an_interrupt_passes_through_and_the_subject_can_go_on_or_be_closed() -> None:
    subject = Faulty(lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        subject.run([CALL, Operation("spawn", {"as": "p1", "probe": {"value": 9}})])
    assert subject.run([RESET]) == [{"ok": None}]
    assert subject.value == 0
    subject.close()
    assert subject.loop.is_closed()


def test_what_breaks_because_of_an_interrupt_is_not_complained_of(caplog: pytest.LogCaptureFixture) -> None:
    class Cut(Counter):
        async def call(self, to: str, msg: list[Any], timeout_ms: int = 5000) -> Any:
            async def serve() -> None:
                signal.raise_signal(signal.SIGINT)

            served = asyncio.create_task(serve())
            await asyncio.sleep(1)
            return served

    subject = Cut()
    with pytest.raises(KeyboardInterrupt):
        subject.run([CALL])
    subject.close()
    del subject
    gc.collect()
    assert caplog.messages == []


def test_a_running_loop_in_the_thread_is_refused_with_the_remedy(counter: Counter) -> None:
    async def misuse() -> None:
        counter.run([RESET])

    with pytest.raises(UsageError, match=r"got one\n  Counter runs a loop of its own: drive it from plain code"):
        asyncio.run(misuse())


def test_close_tears_down_once_and_cancels_what_is_left() -> None:
    log: list[str] = []

    class Careful(Counter):
        async def teardown(self) -> None:
            log.append("teardown")

        def reset(self) -> None:
            self.task = asyncio.get_running_loop().create_task(self.work())

        async def work(self) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                log.append("cancelled")

    subject = Careful()
    subject.run([RESET, Operation("advance", {"ms": 1})])
    subject.run([Operation("spawn", {"as": "p1", "probe": {}})])
    subject.close()
    subject.close()
    assert log == ["teardown", "cancelled"]
    assert subject.loop.is_closed()
    with pytest.raises(SubjectError, match=r"closed by close\(\); make a fresh one"):
        subject.run([RESET])


@pytest.mark.parametrize("kind", ["refuses", "spins", "raises"])
def test_close_ends_although_the_subject_does_not_want_to(kind: str) -> None:
    class Stubborn(Counter):
        async def spawn(self, as_: str, probe: dict[str, Any], timeout_ms: int = 5000) -> str:
            self.task = asyncio.get_running_loop().create_task(self.resist())
            await asyncio.sleep(0)
            return "started"

        async def resist(self) -> None:
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    while kind == "spins":
                        pass

        async def teardown(self) -> None:
            if kind == "raises":
                raise RuntimeError("I would rather not")

    subject = Stubborn()
    subject.run([Operation("spawn", {"as": "p1", "probe": {}})])
    subject.close()
    assert subject.loop.is_closed()


def test_the_signal_handler_and_the_watching_thread_are_given_back() -> None:
    before = signal.getsignal(signal.SIGURG)
    first, second = Counter(), Counter()
    first.run([RESET])
    second.run([RESET])
    assert signal.getsignal(signal.SIGURG) is not before
    os.kill(os.getpid(), signal.SIGURG)
    first.close()
    assert second.run([RESET]) == [{"ok": None}]
    second.close()
    assert signal.getsignal(signal.SIGURG) is before


def test_a_subject_that_is_forgotten_closes_its_loop() -> None:
    subject = Counter()
    subject.run([RESET])
    loop, gone = subject.loop, weakref.ref(subject)
    del subject
    gc.collect()
    assert gone() is None
    assert loop.is_closed()


class Lagging(Counter):
    """Adds what a cast brings a moment later, in its own time."""

    HELLO: ClassVar[dict[str, Any]] = {**Counter.HELLO, "clock": "wall", "settle": False}

    def cast(self, to: str, msg: list[Any]) -> None:
        self.loop.call_later(0.02, self._add, msg[1])

    def _add(self, number: int) -> None:
        self.value += number


def test_the_loop_goes_on_while_the_subject_rests() -> None:
    subject = Lagging()
    spawn = Operation("spawn", {"as": "p1", "probe": {}})
    try:
        assert subject.run([RESET, spawn, Operation("cast", {"to": "p1", "msg": ["add", 1]}), add(0)])[-1] == {"ok": 0}
        subject.rest(0.5)
        assert subject.run([add(0), add(0)]) == [{"ok": 1}, {"ok": 1}]
    finally:
        subject.close()


class Hopeless(Counter):
    """Breaks with every program."""

    async def spawn(self, as_: str, probe: dict[str, Any], timeout_ms: int = 5000) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(("fail_fast", "tried"), [(False, BROKEN_IN_A_ROW), (True, 1)])
def test_a_harness_that_only_breaks_is_left_alone(fail_fast: bool, tried: int) -> None:
    clauses = frozenset(load_clauses())
    result = run(Hopeless, subject="hopeless", selected=clauses, listener=Deaf(), budget=1000, fail_fast=fail_fast)
    troubles = [unit.trouble.what for unit in result.units if unit.trouble is not None]
    broken = [what for what in troubles if "ZeroDivisionError" in what]
    assert len(broken) == tried, troubles
    assert len(troubles) == tried + (not fail_fast)
    assert fail_fast or "further pieces were not tried" in troubles[-1]
