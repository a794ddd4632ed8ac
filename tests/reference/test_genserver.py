from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest

from letitcrash_reference import (
    NO_REPLY,
    AlreadyRegisteredError,
    Backend,
    CallingSelfError,
    CallTimeoutError,
    Continue,
    ExitReason,
    From,
    GenServer,
    Handle,
    Ignore,
    NoProcessError,
    ProcessExit,
    ProcessExitedError,
    Reply,
    Runtime,
    StartError,
    StartIgnoredError,
    StartTimeoutError,
    Stop,
    UsageError,
)
from tests.reference.servers import Boom, Notes, Worker, reason_of, runtime

CRASHED = ExitReason.error("crashed")


@pytest.mark.clause("GS-2", "GS-20", "BACK-3")
async def test_a_started_server_answers_calls(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(5), backend=backend)
        assert await worker.call(2) == 7
        assert worker.is_alive


@pytest.mark.clause("GS-21")
async def test_messages_of_one_client_are_handled_in_sending_order(backend: Backend) -> None:
    notes = Notes()

    async def note_call(worker: Worker) -> None:
        notes.append("call")

    async def note_cast(worker: Worker) -> None:
        notes.append("cast")

    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend)
        for _ in range(50):
            worker.cast(note_cast)
            worker.send("info")
            await worker.call(note_call)
    assert notes[:150] == ["cast", "info", "call"] * 50


@pytest.mark.clause("GS-3", "REG-19")
async def test_a_server_whose_init_declines_is_not_started(backend: Backend) -> None:
    async def decline(worker: Worker) -> Ignore:
        return Ignore()

    async with runtime() as rt:
        parent = await rt.start(Worker(), backend=backend)
        with pytest.raises(StartIgnoredError):
            await rt.start_linked(Worker(on_init=decline), parent=parent, backend=backend, name="n")
        assert rt.whereis("n") is None
        assert parent.is_alive
        assert rt.statistics().processes == 1


@pytest.mark.clause("GS-4", "REG-19")
@pytest.mark.parametrize("traps", [True, False])
async def test_a_failed_linked_start_kills_only_a_parent_that_does_not_trap_exits(
    backend: Backend, traps: bool
) -> None:
    async def fail(worker: Worker) -> Stop[Any]:
        return Stop(ExitReason.error("no disk"))

    notes = Notes()
    async with runtime() as rt:
        parent = await rt.start(Worker(traps=traps, notes=notes), backend=backend)
        with pytest.raises(StartError) as caught:
            await rt.start_linked(Worker(on_init=fail), parent=parent, backend=backend, name="n")
        assert caught.value.reason == ExitReason.error("no disk")
        assert rt.whereis("n") is None
        assert parent.is_alive is traps
        await rt.wait_until_idle()
        assert notes == []


@pytest.mark.clause("GS-5")
async def test_an_exception_in_init_fails_the_start_without_terminate(backend: Backend) -> None:
    async def crash(worker: Worker) -> None:
        raise Boom("no disk")

    notes = Notes()
    async with runtime() as rt:
        with pytest.raises(StartError) as caught:
            await rt.start(Worker(on_init=crash, notes=notes), backend=backend)
        assert caught.value.reason == ExitReason.error("no disk")
        assert isinstance(caught.value.reason.exception, Boom)
        assert notes == []


@pytest.mark.clause("GS-5")
async def test_a_server_killed_in_its_init_fails_the_start_at_once(backend: Backend) -> None:
    async def sleep(worker: Worker) -> None:
        await worker.sleep(10)

    async with runtime() as rt:
        starting = asyncio.create_task(rt.start(Worker(on_init=sleep), backend=backend, name="slow"))
        await rt.wait_until_idle()
        slow = rt.whereis("slow")
        assert slow is not None
        slow.exit(ExitReason.KILL)
        with pytest.raises(StartError) as caught:
            await starting
        assert caught.value.reason == ExitReason.KILLED


@pytest.mark.clause("GS-1", "GS-11")
async def test_a_start_that_takes_too_long_is_given_up_and_its_parent_survives(backend: Backend) -> None:
    async def sleep(worker: Worker) -> None:
        await worker.sleep(10)

    async with runtime() as rt:
        parent = await rt.start(Worker(), backend=backend)
        server = Worker(on_init=sleep)
        starting = asyncio.create_task(rt.start_linked(server, parent=parent, backend=backend, timeout=3))
        await rt.advance(2.9)
        assert not starting.done()
        await rt.advance(0.2)
        with pytest.raises(StartTimeoutError):
            await starting
        assert parent.is_alive
        assert not server.is_alive


@pytest.mark.clause("GS-12", "REG-17", "LNK-21")
async def test_a_start_under_a_taken_name_runs_no_init_and_makes_no_link(backend: Backend) -> None:
    async def note(worker: Worker) -> None:
        worker.notes.append("init")

    notes = Notes()
    async with runtime() as rt:
        holder = await rt.start(Worker(), name="n", backend=backend)
        parent = await rt.start(Worker(), backend=backend)
        with pytest.raises(AlreadyRegisteredError) as caught:
            await rt.start_linked(Worker(on_init=note, notes=notes), parent=parent, name="n", backend=backend)
        assert caught.value.pid is holder.pid
        assert parent.links == holder.links == ()
        assert notes == []


async def test_a_server_object_serves_once() -> None:
    async with runtime() as rt:
        server = Worker()
        await rt.start(server)
        with pytest.raises(UsageError, match="make another one"):
            await rt.start(server)


@pytest.mark.clause("GS-22")
async def test_anybody_may_answer_a_call_later(backend: Backend) -> None:
    server = Worker()
    async with runtime() as rt:
        worker = await rt.start(server, backend=backend)
        helper = await rt.start(Worker(), backend=Backend.THREAD)
        calls = [asyncio.create_task(worker.call("later")) for _ in range(3)]
        await rt.wait_until_idle()
        first, second, third = server.waiting

        async def answer(helper: Worker) -> bool:
            return second.reply("from a helper")

        thread = threading.Thread(target=third.reply, args=("from a thread",))
        thread.start()
        assert first.reply("from a client")
        assert await helper.call(answer) is True
        assert await asyncio.gather(*calls) == ["from a client", "from a helper", "from a thread"]
        thread.join()
        assert not first.reply("again")


@pytest.mark.clause("GS-23", "GS-39")
async def test_a_reply_is_there_before_the_continuation_ends_and_the_continuation_before_the_next_message(
    backend: Backend,
) -> None:
    notes = Notes()

    async def pause(worker: Worker) -> Continue:
        await worker.sleep(1)
        notes.append("first")
        return Continue("second")

    async def reply(worker: Worker) -> Reply[str]:
        worker.handle.send("queued")
        return Reply("answer", then=Continue(pause))

    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend)
        assert await worker.call(reply) == "answer"
        assert notes == []
        await rt.advance(1)
        await rt.wait_until_idle()
        assert notes == ["first", ("continue", "second"), "queued"]


@pytest.mark.clause("GS-40")
async def test_the_continuation_of_init_runs_after_the_start_and_before_any_message(backend: Backend) -> None:
    notes = Notes()

    async def go_on(worker: Worker) -> Continue:
        worker.handle.send("queued")
        return Continue("go on")

    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes, on_init=go_on), backend=backend)
        await worker.call(0)
        assert notes == [("continue", "go on"), "queued"]


@pytest.mark.clause("GS-24", "REG-14")
async def test_a_call_to_nobody_fails_at_once(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        await worker.stop()
        with pytest.raises(NoProcessError):
            await worker.call(1)
        with pytest.raises(NoProcessError):
            await rt.call("nobody", 1)
        with pytest.raises(NoProcessError):
            rt.send("nobody", 1)
        worker.cast(1)
        worker.send(1)
        rt.cast("nobody", 1)
        rt.exit(worker, ExitReason.KILL)


@pytest.mark.clause("GS-25", "GS-60")
async def test_a_server_cannot_wait_for_itself(backend: Backend) -> None:
    async def call_self(worker: Worker) -> str:
        with pytest.raises(CallingSelfError):
            await worker.handle.call("get")
        with pytest.raises(CallingSelfError):
            worker.handle.call_sync("get")
        with pytest.raises(CallingSelfError):
            await worker.handle.stop()
        return "refused"

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        assert await worker.call(call_self) == "refused"


async def test_a_task_of_a_server_may_call_the_server() -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(4))
        tasks: list[asyncio.Task[Any]] = []

        async def begin(server: Worker) -> None:
            tasks.append(asyncio.create_task(server.handle.call("get")))

        await worker.call(begin)
        assert await tasks[0] == 4


@pytest.mark.clause("GS-26", "GS-34")
@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("crash", CRASHED),
        (Stop(), ExitReason.NORMAL),
        (Stop(ExitReason.SHUTDOWN), ExitReason.SHUTDOWN),
        (Stop(ExitReason.KILL), ExitReason.KILL),
    ],
)
async def test_a_server_that_ends_fails_all_its_callers_at_once(
    backend: Backend, message: Any, reason: ExitReason
) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        deferred = asyncio.create_task(reason_of(worker.call("later", timeout=None)))
        await rt.wait_until_idle()
        current = asyncio.create_task(reason_of(worker.call(message, timeout=None)))
        assert await current == reason
        assert await deferred == reason


async def test_a_server_that_ends_fails_the_callers_in_its_queue(backend: Backend) -> None:
    async def sleep(worker: Worker) -> None:
        await worker.sleep(5)

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        calls = [asyncio.create_task(reason_of(worker.call(sleep, timeout=None))) for _ in range(3)]
        await rt.wait_until_idle()
        worker.exit(ExitReason.KILL)
        assert await asyncio.gather(*calls) == [ExitReason.KILLED] * 3


@pytest.mark.clause("GS-28", "GS-30", "GS-31")
async def test_a_call_that_times_out_is_carried_out_all_the_same_and_its_reply_dropped(backend: Backend) -> None:
    async def sleep(worker: Worker) -> int:
        await worker.sleep(3)
        worker.value += 1
        return worker.value

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        call = asyncio.create_task(worker.call(sleep, timeout=2))
        queued = asyncio.create_task(worker.call(10, timeout=2))
        await rt.advance(2)
        for late in (call, queued):
            with pytest.raises(CallTimeoutError):
                await late
        await rt.advance(1)
        assert await worker.call("get") == 11


@pytest.mark.clause("GS-28")
async def test_a_call_waits_five_seconds_unless_told_otherwise() -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker())
        call = asyncio.create_task(worker.call("later"))
        await rt.advance(4.999)
        assert not call.done()
        await rt.advance(0.001)
        with pytest.raises(CallTimeoutError) as caught:
            await call
        assert caught.value.timeout == 5.0


@pytest.mark.clause("GS-29")
async def test_timeouts_are_times_or_none() -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker())
        with pytest.raises(CallTimeoutError):
            await worker.call("later", timeout=0)
        for wrong in (-1, float("nan")):
            with pytest.raises(ValueError, match="expected a timeout"):
                await worker.call(1, timeout=wrong)


@pytest.mark.clause("GS-33")
async def test_terminate_runs_before_the_last_reply_also_if_it_raises(backend: Backend) -> None:
    notes = Notes()

    async def crash(worker: Worker) -> None:
        raise Boom("late")

    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes, on_terminate=crash), backend=backend)
        assert await worker.call(Stop(reply="bye")) == "bye"
        assert notes == [("terminate", ExitReason.NORMAL)]
        assert await worker.wait_dead() == ExitReason.error("late")


@pytest.mark.clause("GS-50", "GS-51", "GS-53", "EXIT-2")
@pytest.mark.parametrize(
    ("cast", "reason"),
    [("crash", CRASHED), (Stop(ExitReason.shutdown("x")), ExitReason.shutdown("x"))],
)
async def test_terminate_gets_the_reason_and_the_process_ends_with_it(
    backend: Backend, cast: Any, reason: ExitReason
) -> None:
    notes = Notes()
    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend)
        worker.cast(cast)
        assert await worker.wait_dead() == reason
        assert notes == [("terminate", reason)]


@pytest.mark.clause("EXIT-14")
async def test_a_raised_exit_ends_the_process_with_exactly_its_reason(backend: Backend) -> None:
    async def leave(worker: Worker) -> None:
        raise ProcessExit(ExitReason.KILL)

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        assert await reason_of(worker.call(leave)) == ExitReason.KILL


@pytest.mark.clause("GS-52")
async def test_a_callback_that_returns_nonsense_ends_the_server(backend: Backend) -> None:
    async def nonsense(worker: Worker) -> int:
        return 3

    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        worker.cast(nonsense)
        reason = await worker.wait_dead()
        assert reason.text is not None
        assert "handle_cast" in reason.text
        assert "3" in reason.text


@pytest.mark.clause("GS-58", "GS-59", "GS-64")
async def test_stop_handles_what_was_queued_before_and_returns_when_the_server_is_dead(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        worker = await rt.start(Worker(notes=notes), backend=backend, name="n")
        for number in range(5):
            worker.send(number)
        await worker.stop(ExitReason.shutdown("x"))
        assert not worker.is_alive
        assert rt.whereis("n") is None
        assert notes == [0, 1, 2, 3, 4, ("terminate", ExitReason.shutdown("x"))]


@pytest.mark.clause("GS-60", "GS-61", "GS-62")
async def test_stop_says_when_it_was_not_what_ended_the_server(backend: Backend) -> None:
    async def sleep(worker: Worker) -> None:
        await worker.sleep(10)
        raise Boom("late")

    async with runtime() as rt:
        worker = await rt.start(Worker(on_terminate=sleep), backend=backend)
        hasty = asyncio.create_task(worker.stop(timeout=1))
        patient = asyncio.create_task(worker.stop())
        await rt.advance(1)
        with pytest.raises(CallTimeoutError):
            await hasty
        assert worker.is_alive
        await rt.advance(9)
        with pytest.raises(ProcessExitedError) as caught:
            await patient
        assert caught.value.reason == ExitReason.error("late")
        with pytest.raises(NoProcessError):
            await worker.stop()


@pytest.mark.clause("GS-38")
async def test_a_server_without_callbacks_drops_infos_and_dies_of_casts(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    class Bare(GenServer[Any, Any, Any]):
        pass

    caplog.set_level(logging.INFO)
    async with runtime() as rt:
        bare = await rt.start(Bare(), backend=backend)
        bare.send("hello")
        await rt.wait_until_idle()
        assert bare.is_alive
        assert "hello" in caplog.text
        bare.cast("hello")
        assert (await bare.wait_dead()).is_abnormal


async def test_a_callback_that_raised_is_logged_once_with_process_and_name(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend, name="the_name")
        with pytest.raises(ProcessExitedError):
            await worker.call("crash")
        other = await rt.start(Worker(), backend=backend)
        await other.stop(ExitReason.error("asked for"))
    [record] = [record for record in caplog.records if record.name == "letitcrash_reference"]
    assert "<0.1>" in record.getMessage()
    assert "the_name" in record.getMessage()
    assert "handle_call" in record.getMessage()
    assert record.exc_info is not None


async def test_a_suspended_server_keeps_its_messages_until_it_is_resumed(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        worker.cast(1)
        await worker.suspend()
        worker.cast(2)
        call = asyncio.create_task(worker.call(4))
        await rt.wait_until_idle()
        assert not call.done()
        info = rt.info(worker)
        assert info is not None
        assert (info.status, info.queued) == ("suspended", 2)
        await worker.resume()
        assert await call == 7
        await worker.suspend()
        await worker.stop()


async def test_a_suspended_server_can_be_killed_and_fails_those_who_wait(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        await worker.suspend()
        call = asyncio.create_task(reason_of(worker.call(1)))
        await rt.wait_until_idle()
        worker.exit(ExitReason.KILL)
        assert await call == ExitReason.KILLED


async def test_the_types_of_handles_follow_the_server() -> None:
    async def answer(worker: Worker) -> Any:
        return NO_REPLY

    async with runtime() as rt:
        worker: Handle[Any, Any, Any] = await rt.start(Worker())
        call = asyncio.create_task(worker.call(answer, timeout=None))
        await rt.wait_until_idle()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await worker.call(3) == 3


async def test_a_cancelled_start_leaves_no_server_behind(backend: Backend) -> None:
    async def sleep(worker: Worker) -> None:
        await worker.sleep(10)

    async with runtime() as rt:
        starting = asyncio.create_task(rt.start(Worker(on_init=sleep), backend=backend))
        await rt.wait_until_idle()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert rt.processes() == []


async def test_a_reply_to_a_caller_that_is_gone_disturbs_nobody() -> None:
    server = Worker()
    async with Runtime() as rt:
        worker = await rt.start(server)
        call = asyncio.create_task(worker.call("later"))
        await rt.wait_until_idle()
        call.cancel()
        await asyncio.wait([call])
        sender: From[Any] = server.waiting[0]
        sender.reply(1)
        assert await worker.call("get") == 0


@pytest.mark.clause("GS-28")
async def test_on_real_time_calls_time_out_not_before_their_time_whether_it_is_short_or_long() -> None:
    async with Runtime() as rt:
        worker = await rt.start(Worker())
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def time_out(timeout: float) -> float:
            with pytest.raises(CallTimeoutError):
                await worker.call("later", timeout=timeout)
            return loop.time() - began

        timeouts = [0.01, 0.26, 0.4, 0.6]
        lasted = await asyncio.gather(*(time_out(timeout) for timeout in timeouts))
        assert all(time >= timeout - 0.001 for time, timeout in zip(lasted, timeouts, strict=True))
        assert await worker.call(1) == 1


async def test_who_asked_is_told_of_a_death_before_any_other_process(backend: Backend) -> None:
    told: list[object] = []

    class Watcher(Worker):
        async def handle_info(self, message: object) -> None:
            told.append("watcher")

    async with runtime() as rt:
        watcher, worker = await rt.start(Watcher(), backend=backend), await rt.start(Worker(), backend=backend)
        watcher.monitor(worker)
        worker.when_dead(told.append)
        worker.exit(ExitReason.SHUTDOWN)
        await rt.wait_until_idle()
        worker.when_dead(told.append)
        assert told == [ExitReason.SHUTDOWN, "watcher", ExitReason.SHUTDOWN]


async def test_a_server_that_dies_while_it_waits_for_a_start_leaves_the_started_one_alone(backend: Backend) -> None:
    async def sleep(worker: Worker) -> None:
        await worker.sleep(1)

    async def start_slow(worker: Worker) -> None:
        await worker.start(Worker(on_init=sleep), backend=backend, name="slow")

    async with runtime() as rt:
        starter = await rt.start(Worker(), backend=backend)
        starter.cast(start_slow)
        await rt.wait_until_idle()
        starter.exit(ExitReason.KILL)
        await rt.advance(1)
        assert await rt.call("slow", 3) == 3


async def test_repeated_suspending_and_resuming_is_harmless(backend: Backend) -> None:
    notes = Notes()
    async with runtime() as rt:
        parent = await rt.start(Worker(), backend=backend)
        worker = await rt.start_linked(Worker(traps=True, notes=notes), parent=parent, backend=backend)
        await worker.resume()
        await worker.suspend()
        await worker.suspend()
        worker.send("kept back")
        await worker.resume()
        await worker.resume()
        await worker.suspend()
        worker.send("never handled")
        parent.cast(Stop(ExitReason.SHUTDOWN))
        assert await worker.wait_dead() == ExitReason.SHUTDOWN
        assert notes == ["kept back", ("terminate", ExitReason.SHUTDOWN)]


@pytest.mark.clause("GS-51")
async def test_a_continuation_that_raises_ends_the_server_like_any_callback(backend: Backend) -> None:
    notes = Notes()

    async def crash(worker: Worker) -> None:
        raise Boom("crashed")

    async def go_on(worker: Worker) -> Continue:
        return Continue(crash)

    async with runtime() as rt:
        worker = await rt.start(Worker(on_init=go_on, notes=notes), backend=backend)
        assert await worker.wait_dead() == CRASHED
        assert notes == [("terminate", CRASHED)]


@pytest.mark.clause("GS-57", "GS-51")
async def test_an_info_that_raises_ends_the_server_like_any_callback(backend: Backend) -> None:
    async with runtime() as rt:
        worker = await rt.start(Worker(), backend=backend)
        call = asyncio.create_task(reason_of(worker.call("later")))
        await rt.wait_until_idle()
        worker.send("crash")
        assert await call == CRASHED


@pytest.mark.clause("GS-11")
def test_a_thread_can_give_up_a_start() -> None:
    opened = threading.Event()

    async def block(worker: Worker) -> None:
        opened.wait()

    with Runtime() as rt:
        server = Worker(on_init=block)
        with pytest.raises(StartTimeoutError):
            rt.start_sync(server, backend=Backend.THREAD, timeout=0.01)
        assert not server.is_alive
        opened.set()
