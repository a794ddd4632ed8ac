from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from letitcrash_reference import (
    AlreadyRegisteredError,
    Backend,
    ChildSpec,
    CustomStart,
    DynamicSupervisorSpec,
    ExitReason,
    GenServer,
    Handle,
    ProcessExit,
    Runtime,
    RuntimeClosedError,
    StartError,
    StartTimeoutError,
    Supervisor,
    SupervisorHandle,
    SupervisorSpec,
    UsageError,
)
from tests.reference.servers import Notes, Worker, runtime
from tests.reference.trees import Nursery, crash, handle, start, states


@pytest.mark.clause("SUP-1", "SUP-17", "SHUT-1")
async def test_children_start_one_after_the_other_and_end_in_reverse(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        starting = asyncio.create_task(
            start(rt, nursery.leaf("a"), nursery.leaf("b", (10, "ok")), nursery.leaf("c"), name="top")
        )
        await rt.wait_until_idle()
        assert nursery.take() == "+a +b"
        await rt.advance(10)
        sup = await starting
        assert nursery.take() == "+c"
        assert rt.whereis("top") is sup
        await sup.stop()
        assert nursery.take() == "-c -b -a"
        assert rt.statistics().processes == 0


@pytest.mark.clause("SUP-2", "SUP-3")
@pytest.mark.parametrize("entry", ["fail", "raise"])
async def test_if_a_child_does_not_start_those_before_it_are_ended(backend: Backend, entry: str) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        with pytest.raises(StartError, match="'c': error: no") as caught:
            await start(rt, *nursery.leaves("ab"), nursery.leaf("c", entry), *nursery.leaves("d"), name="top")
        assert caught.value.reason.kind is ExitReason.SHUTDOWN.kind
        assert nursery.take() == "+a +b +c -b -a"
        assert (rt.statistics().processes, rt.whereis("top")) == (0, None)


@pytest.mark.clause("SUP-2", "SUP-12")
async def test_a_failed_start_is_told_to_the_parent_as_any_other() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        notes = Notes()
        stern, calm = await rt.start(Worker()), await rt.start(Worker(notes=notes, traps=True))
        spec = SupervisorSpec(children=[nursery.leaf("a", "fail")])
        for parent in (stern, calm):
            with pytest.raises(StartError):
                await rt.start_supervisor(spec, parent=parent)
        assert (await stern.wait_dead()).kind is ExitReason.SHUTDOWN.kind
        assert (calm.is_alive, calm.links, notes) == (True, (), [])


@pytest.mark.clause("SUP-3", "SUP-4", "DYN-E2")
async def test_whatever_a_start_function_does_is_a_start_or_a_reason() -> None:
    async def give(rt: Runtime) -> Handle[Any, Any, Any]:
        return await rt.start_linked(Worker())

    async def decline(rt: Runtime) -> None:
        return None

    async def give_junk(rt: Runtime) -> Any:
        return "junk"

    async def leave(rt: Runtime) -> None:
        raise ProcessExit(ExitReason.shutdown("later"))

    def make_junk() -> Any:
        return "junk"

    def make_nothing() -> GenServer[Any, Any, Any]:
        raise ValueError("no")

    used = Worker()
    async with runtime() as rt:
        await rt.start(used)
        sup = await start(rt)
        pool = await rt.start_supervisor(DynamicSupervisorSpec())
        assert await sup.start_child(ChildSpec("decline", CustomStart(decline))) is None
        given = await sup.start_child(ChildSpec("give", CustomStart(give)))
        assert given is not None
        assert given.links == (sup.pid,)
        failing: list[tuple[Any, str]] = [
            (CustomStart(give_junk), "return a handle of this runtime or None, got 'junk'"),
            (CustomStart(leave), "shutdown: later"),
            (make_junk, "expected a GenServer object, got 'junk'"),
            (make_nothing, "error: no"),
            (lambda: used, "expected a new server object"),
        ]
        for number, (function, text) in enumerate(failing):
            for supervisor in (sup, pool):
                with pytest.raises(StartError, match=text):
                    await supervisor.start_child(ChildSpec(f"f{number}", function))
        assert await states(sup) == {"decline": "down", "give": "up"}


@pytest.mark.clause("SUP-4")
async def test_a_child_that_declines_is_kept_unless_it_is_temporary(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(
            rt,
            nursery.leaf("p", "ignore"),
            nursery.leaf("t", "ignore", restart="transient"),
            nursery.leaf("x", "ignore", restart="temporary"),
            nursery.leaf("z"),
        )
        assert await states(sup) == {"p": "down", "t": "down", "z": "up"}


@pytest.mark.clause("SUP-11")
async def test_a_name_that_is_taken_refuses_the_supervisor_before_any_child_starts() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        holder = await rt.start(Worker(), name="top")
        with pytest.raises(AlreadyRegisteredError):
            await start(rt, *nursery.leaves("a"), name="top")
        assert (nursery.take(), rt.whereis("top")) == ("", holder)


@pytest.mark.clause("SUP-12", "SUP-14", "SHUT-13")
@pytest.mark.parametrize(
    ("reason", "death"),
    [
        (ExitReason.NORMAL, ExitReason.NORMAL),
        (ExitReason.error("e"), ExitReason.error("e")),
        (ExitReason.KILL, ExitReason.KILLED),
    ],
    ids=str,
)
async def test_a_supervisor_ends_in_order_with_its_parent(
    backend: Backend, reason: ExitReason, death: ExitReason
) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        parent = await rt.start(Worker(traps=True), backend=backend)
        sup = await rt.start_supervisor(SupervisorSpec(children=nursery.leaves("ab")), parent=parent)
        if reason is ExitReason.KILL:
            parent.exit(reason)
        else:
            await parent.stop(reason)
        assert await sup.wait_dead() == death
        assert nursery.take() == "+a +b -b -a"


@pytest.mark.clause("SUP-13", "SUP-15")
async def test_a_supervisor_ignores_strangers_and_messages_it_does_not_know(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("ab"))
        stranger = await rt.start(Worker(), backend=backend)
        stranger.link(sup)
        before = [child.handle for child in await sup.which_children()]

        async def signal(server: Worker) -> None:
            server.exit(sup, ExitReason.SHUTDOWN)

        await stranger.call(signal)
        stranger.exit(ExitReason.error("e"))
        sup.exit(ExitReason.SHUTDOWN)
        sup.send("hello")
        rt.cast(sup, "hello")
        with pytest.raises(UsageError, match="expected a request to a supervisor, got 'hello'"):
            await rt.call(sup, "hello")
        assert [child.handle for child in await sup.which_children()] == before


@pytest.mark.clause("SUP-13")
async def test_an_exit_signal_that_a_living_child_sends_is_not_its_end(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("a"))
        leaf = await handle(sup, "a")

        async def signal(server: Worker) -> None:
            server.exit(sup, ExitReason.error("e"))

        await leaf.call(signal)
        await rt.wait_until_idle()
        assert await handle(sup, "a") is leaf
        await crash(rt, sup, "a")
        assert nursery.take() == "+a +a"


@pytest.mark.clause("SUP-16")
async def test_children_of_a_killed_supervisor_end_with_it(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a"), nursery.leaf("b", traps=False))
        calm, stern = await handle(sup, "a"), await handle(sup, "b")
        sup.exit(ExitReason.KILL)
        assert await calm.wait_dead() == await stern.wait_dead() == ExitReason.KILLED
        await rt.wait_until_idle()
        assert nursery.take() == "+a +b -a"


@pytest.mark.clause("SUP-16", "EXIT-18")
async def test_nothing_is_left_of_a_supervisor_killed_while_it_starts_a_child(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt)
        for traps in (False, True):
            adder = await rt.start(Adder(sup, nursery.leaf("a", (10, "ok"), traps=traps)))
            adder.cast("go")
            await rt.wait_until_idle()
            sup.exit(ExitReason.KILL)
            await rt.advance(20)
            assert [info.server for info in rt.processes()] == ["Adder"]
            await adder.stop()
            sup = await start(rt)


class Adder(Worker):
    """Starts a child under a supervisor, without a client that would have to wait."""

    def __init__(self, supervisor: SupervisorHandle, spec: ChildSpec) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._spec = spec

    async def handle_cast(self, message: Any) -> Any:
        try:
            await self._supervisor.start_child(self._spec)
        except Exception as error:
            self.notes.append(error)


@pytest.mark.clause("GS-11", "SUP-16")
async def test_a_start_that_takes_too_long_leaves_nothing(backend: Backend) -> None:
    nursery = Nursery(backend)
    stuck = threading.Event()

    async def block(server: Worker) -> None:
        stuck.wait() if backend is not Backend.ASYNC else await server.sleep(1000)

    class Blocked(Worker):
        async def init(self) -> None:
            with self.waiting_outside():
                await block(self)

    async with Runtime() as rt:
        with pytest.raises(StartTimeoutError):
            await rt.start_supervisor(
                SupervisorSpec(children=[*nursery.leaves("a"), ChildSpec("b", Blocked, backend=backend)]), timeout=0.01
            )
        await rt.wait_until_idle()
        assert rt.statistics().processes == 0
        stuck.set()


@pytest.mark.clause("BACK-8")
async def test_a_supervisor_of_children_on_all_backends_may_run_anywhere(backend: Backend) -> None:
    nursery = Nursery(*Backend)
    async with runtime() as rt:
        sup = await rt.start(Supervisor(SupervisorSpec(children=nursery.leaves("abc"))), backend=backend)
        assert isinstance(sup, SupervisorHandle)
        await crash(rt, sup, "b")
        assert await states(sup) == {"a": "up", "b": "up", "c": "up"}
        await sup.stop()
        assert nursery.take() == "+a +b +c +b -c -b -a"


@pytest.mark.clause("SUP-1", "SUP-30")
def test_everything_works_from_a_plain_thread_too(backend: Backend) -> None:
    nursery = Nursery(backend)
    with Runtime() as rt:
        sup = rt.start_supervisor_sync(SupervisorSpec(children=nursery.leaves("a")))
        pool = rt.start_supervisor_sync(DynamicSupervisorSpec(), parent=sup)
        assert sup.start_child_sync(nursery.leaf("b")) is not None
        sup.terminate_child_sync("b")
        assert sup.restart_child_sync("b") is not None
        sup.terminate_child_sync("b")
        sup.delete_child_sync("b")
        assert [child.id for child in sup.which_children_sync()] == ["a"]
        assert (sup.count_children_sync().active, sup.get_child_spec_sync("a").id) == (1, "a")
        leaf = pool.start_child_sync(nursery.leaf("c"))
        assert leaf is not None
        assert pool.get_child_spec_sync(leaf).id == "c"
        pool.terminate_child_sync(leaf)
        assert pool.count_children_sync().specs == 0
        sup.stop_sync()
        assert rt.wait_until_idle_sync()
        assert not pool.is_alive  # it was linked with its parent, which ended
    assert nursery.take() == "+a +b -b +b -b +c -c -a"


async def test_what_is_no_spec_is_refused() -> None:
    async with runtime() as rt:
        with pytest.raises(TypeError, match="expected a SupervisorSpec or a DynamicSupervisorSpec, got 'x'"):
            await rt.start_supervisor("x")  # type: ignore[call-overload]


@pytest.mark.clause("BACK-11")
async def test_leaving_the_runtime_stops_trees_in_order_and_restarts_nothing(backend: Backend) -> None:
    nursery = Nursery(backend)
    rt = runtime()
    async with rt:
        inner = SupervisorSpec(children=nursery.leaves("bc"), strategy="one_for_all")
        sup = await start(rt, *nursery.leaves("a"), ChildSpec("i", inner), *nursery.leaves("d"))
        await start(rt, *nursery.leaves("e"))
        await crash(rt, sup, "a")  # which makes it the youngest, but not the last of its siblings
        assert nursery.take() == "+a +b +c +d +e +a"
    assert nursery.take() == "-e -d -c -b -a"
    assert (rt.statistics().processes, rt.statistics().started) == (0, 9)


@pytest.mark.clause("BACK-11")
async def test_a_child_that_dies_while_the_runtime_is_left_is_not_restarted(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    nursery = Nursery(backend)
    rt = runtime()
    async with rt:
        older = await start(rt, *nursery.leaves("ab"), max_restarts=1000)
        victim = await handle(older, "a")

        async def kill(server: Worker) -> None:
            victim.exit(ExitReason.KILL)

        await start(rt, nursery.leaf("k", on_terminate=kill))
        pool = await rt.start_supervisor(DynamicSupervisorSpec(max_restarts=1000))
        leaf = await pool.start_child(nursery.leaf("p"))
        assert leaf is not None

        def note(reason: ExitReason) -> None:
            nursery.notes.append("dead a")

        victim.when_dead(note)
    assert nursery.take() == "+a +b +k +p -p -k dead a -b"
    assert caplog.messages == []
    with pytest.raises(RuntimeClosedError):
        await start(rt)


@pytest.mark.clause("SUP-12", "SUP-38")
async def test_a_supervisor_is_named_linked_monitored_and_stopped_like_any_process() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        notes = Notes()
        watcher = await rt.start(Worker(notes=notes))
        sup = await start(rt, *nursery.leaves("a"), name="top")
        ref = watcher.monitor("top")
        await sup.suspend()
        await sup.resume()
        await rt.stop("top", ExitReason.shutdown("enough"))
        await rt.wait_until_idle()
        assert [(down.ref, down.reason, down.name) for down in notes] == [(ref, ExitReason.shutdown("enough"), "top")]
        assert nursery.take() == "+a -a"
