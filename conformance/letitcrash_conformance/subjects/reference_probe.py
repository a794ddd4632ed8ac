"""The probe of the protocol, as a server of the reference implementation."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from letitcrash_reference import (
    NO_REPLY,
    AlreadyNamedError,
    AlreadyRegisteredError,
    Backend,
    CallingSelfError,
    CallTimeoutError,
    ChildAlreadyPresentError,
    ChildAlreadyStartedError,
    ChildNotFoundError,
    ChildRestartingError,
    ChildRunningError,
    Down,
    Exit,
    ExitKind,
    ExitReason,
    From,
    GenServer,
    Handle,
    Ignore,
    InvalidSpecError,
    MaxChildrenError,
    MonitorRef,
    NoProcessError,
    ProcessExitedError,
    StartError,
    StartIgnoredError,
    Stop,
    Timer,
)
from letitcrash_spec.messages import Answer, Json, Reason

if TYPE_CHECKING:
    from letitcrash_conformance.subjects.reference_supervisor import Trunk

__all__ = ["AnyHandle", "Board", "Probe", "ProbeCrash", "describe_error", "read_reason", "write_reason"]

AnyHandle = Handle[Any, Any, Any]
_BARE = {kind.value: ExitReason(kind) for kind in ExitKind if kind is not ExitKind.ERROR}
_NULL: Answer = {"ok": None}
_KINDS: dict[type[BaseException], str] = {
    AlreadyNamedError: "already_named",
    AlreadyRegisteredError: "already_registered",
    CallTimeoutError: "timeout",
    ChildAlreadyPresentError: "already_present",
    ChildNotFoundError: "not_found",
    ChildRestartingError: "restarting",
    ChildRunningError: "running",
    InvalidSpecError: "bad_spec",
    MaxChildrenError: "max_children",
    NoProcessError: "noproc",
}


class Board(Protocol):
    """What the probes of one world share."""

    timers: dict[str, Timer]
    released: threading.Event

    def log(self, event: str, who: str, **fields: Json) -> None:
        """Append an event."""
        ...

    def find(self, target: Json) -> AnyHandle | str:
        """Return whom a label or `{"name": ...}` means.

        Raises:
            NoProcessError: If the label is not bound.
        """
        ...

    def label_of(self, pid: Any) -> str | None:
        """Return the label of a process."""
        ...

    def make_probe(self, label: str, script: dict[str, Any]) -> Probe:
        """Return a new probe to start, known by its label as soon as it has a process."""
        ...

    def make_supervisor(self, label: str, spec: dict[str, Any]) -> Trunk:
        """Return a new supervisor to start, known by its label as soon as it has a process."""
        ...

    def bind(self, label: str, server: Probe | Trunk) -> None:
        """Let a label stand for a process from now on."""
        ...


class ProbeCrash(Exception):
    """What a probe raises when its script says so."""


def write_reason(reason: ExitReason) -> Reason:
    """Return an exit reason as the protocol writes it."""
    kind = reason.kind
    if kind is ExitKind.ERROR or reason.text is not None:
        return {kind.value: reason.text or ""}
    text: str = kind.value
    return text


def read_reason(reason: Reason) -> ExitReason:
    """Return the exit reason that the protocol's value means."""
    if isinstance(reason, str):
        return _BARE[reason]
    if "shutdown" in reason:
        return ExitReason.shutdown(reason["shutdown"])
    return ExitReason.error(reason["error"])


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return the protocol's failure for an error of the runtime.

    Raises:
        BaseException: `error` itself, if it is not one that a request may lawfully meet.
    """
    kind = _KINDS.get(type(error))
    if kind is not None:
        return {"kind": kind}
    if isinstance(error, ProcessExitedError):
        return {"kind": "exit", "reason": write_reason(error.reason)}
    if isinstance(error, StartError):
        return {"kind": "start_failed", "reason": write_reason(error.reason)}
    if isinstance(error, ChildAlreadyStartedError):
        server: Any = error.handle.record.server
        return {"kind": "already_started", "child": server.label}
    if isinstance(error, CallingSelfError):
        return {"kind": "exit", "reason": {"error": "calling_self"}}
    raise error


class Probe(GenServer[list[Any], list[Any], Answer]):
    """An integer and a script; a message is one action of the protocol."""

    def __init__(self, board: Board, label: str, script: dict[str, Any]) -> None:
        self.board = board
        self.label = label
        self.script = script
        self.value: int = script.get("value", 0)
        self.refs: dict[str, MonitorRef] = {}
        self.watched: dict[MonitorRef, tuple[str, Json]] = {}
        self.blocks = False

    # -- callbacks ----------------------------------------------------------------------------------------------------

    async def init(self) -> Ignore | Stop[Answer] | None:
        self.blocks = self._record().backend is not Backend.ASYNC
        if self.script.get("trap_exit"):
            self.trap_exit(True)
        with self.runtime.table.lock:
            if not self.is_alive:
                return None  # killed before it entered init
            self.board.bind(self.label, self)
            self._log("init")
            self.handle.when_dead(self._log_death)
        entries = self.script.get("init")
        entry: Any = entries[0] if entries else "ok"
        while entry not in ("ok", "ignore") and "sleep" in entry:
            await self.do_sleep(entry["sleep"])
            entry = entry.get("then", "ok")
        if entry == "ok":
            return None
        if entry == "ignore":
            return Ignore()
        if "stop" in entry:
            return Stop(read_reason(entry["stop"]))
        raise ProbeCrash(entry["crash"])

    async def handle_call(self, message: list[Any], sender: From[Answer]) -> Any:
        op = message[0]
        if op == "get":
            return {"ok": self.value}
        if op == "add":
            self.value += message[1]
            return {"ok": self.value}
        if op == "stop":
            return Stop(read_reason(message[1]), reply={"ok": "stopping"})
        if op == "noreply":
            return NO_REPLY
        return await ACTIONS[op](self, *message[1:])

    async def handle_cast(self, message: list[Any]) -> Stop[Answer] | None:
        op = message[0]
        if op == "add":
            self.value += message[1]
        elif op == "stop":
            return Stop(read_reason(message[1]))
        elif op not in ("get", "noreply"):
            await ACTIONS[op](self, *message[1:])
        return None

    async def handle_info(self, message: object) -> Stop[Answer] | None:
        if isinstance(message, Down):
            ref, target = self.watched.pop(message.ref)
            self._log("down", ref=ref, of=target, reason=write_reason(message.reason))
        elif isinstance(message, Exit):
            sender = None if message.pid is None else self.board.label_of(message.pid)
            self._log("exit", of=sender, reason=write_reason(message.reason))
        else:
            self._log("info", payload=message)
            if message == "!crash":
                raise ProbeCrash("crash")
            if message == "!stop":
                return Stop()
        return None

    async def terminate(self, reason: ExitReason) -> None:
        self._log("terminate", reason=write_reason(reason))
        script = self.script.get("terminate", "ok")
        if script == "ok":
            return
        if script == "hang":
            await self._hang()
        elif "sleep" in script:
            await self.do_sleep(script["sleep"])
        else:
            raise ProbeCrash(script["crash"])

    # -- actions ------------------------------------------------------------------------------------------------------

    async def do_sleep(self, ms: int) -> Answer:
        if self.blocks:
            self.runtime.sleep_sync(ms / 1000)
        else:
            await self.sleep(ms / 1000)
        return _NULL

    async def _hang(self) -> None:
        with self.waiting_outside():
            if self.blocks:
                self.board.released.wait()
            else:
                await asyncio.get_running_loop().create_future()

    async def do_crash(self, text: str) -> Answer:
        raise ProbeCrash(text)

    async def do_call(self, target: Json, action: list[Any], timeout_ms: int) -> Answer:
        try:
            return {"ok": await self.runtime.call(self.board.find(target), action, timeout_ms / 1000)}
        except Exception as error:
            return {"ok": {"fail": describe_error(error)}}

    async def do_cast(self, target: Json, action: list[Any]) -> Answer:
        with contextlib.suppress(NoProcessError):
            self.runtime.cast(self.board.find(target), action)
        return _NULL

    async def do_send(self, target: Json, payload: str) -> Answer:
        try:
            self.runtime.send(self.board.find(target), payload)
        except NoProcessError as error:
            return {"fail": describe_error(error)}
        return _NULL

    async def do_link(self, label: str) -> Answer:
        try:
            self.link(self._other(label))
        except NoProcessError as error:
            return {"fail": describe_error(error)}
        return _NULL

    async def do_unlink(self, label: str) -> Answer:
        with contextlib.suppress(NoProcessError):
            self.unlink(self._other(label))
        return _NULL

    async def do_monitor(self, target: Json, ref: str) -> Answer:
        try:
            found = self.board.find(target)
        except NoProcessError as error:
            return {"fail": describe_error(error)}
        monitor = self.refs[ref] = self.monitor(found)
        self.watched[monitor] = (ref, target)
        return _NULL

    async def do_demonitor(self, ref: str, flush: bool) -> Answer:
        monitor = self.refs.get(ref)
        if monitor is not None:
            self.demonitor(monitor, flush=flush)
        return _NULL

    async def do_trap_exit(self, flag: bool) -> Answer:
        return {"ok": self.trap_exit(flag)}

    async def do_exit(self, label: str, reason: Reason) -> Answer:
        with contextlib.suppress(NoProcessError):
            self.exit(self._other(label), read_reason(reason))
        return _NULL

    async def do_register(self, name: str) -> Answer:
        try:
            self.register(name)
        except (AlreadyRegisteredError, AlreadyNamedError) as error:
            return {"fail": describe_error(error)}
        return _NULL

    async def do_spawn(self, label: str, script: dict[str, Any], how: Json) -> Answer:
        board = self.board
        probe = board.make_probe(label, script)
        backend = Backend(script["backend"]) if "backend" in script else None
        name = script.get("name")
        try:
            if how == "plain":
                await self.start(probe, backend=backend, name=name)
            elif how == "link":
                await self.start_linked(probe, backend=backend, name=name)
            else:
                _, monitor = await self.start_monitored(probe, backend=backend, name=name)
                ref: str = how["monitor"]
                self.refs[ref] = monitor
                self.watched[monitor] = (ref, label)
        except StartIgnoredError:
            return {"ok": "ignored"}
        except (StartError, AlreadyRegisteredError) as error:
            return {"fail": describe_error(error)}
        return {"ok": "started"}

    async def do_start_supervisor(self, label: str, spec: dict[str, Any]) -> Answer:
        """Start a supervisor as this probe's child: no action of the protocol, but part of an operation."""
        try:
            await self.start_linked(self.board.make_supervisor(label, spec), name=spec.get("name"))
        except (InvalidSpecError, StartError, AlreadyRegisteredError) as error:
            return {"fail": describe_error(error)}
        return {"ok": "started"}

    async def do_send_after(self, ref: str, ms: int, payload: str) -> Answer:
        self.board.timers[ref] = self.send_after(ms / 1000, payload)
        return _NULL

    async def do_send_interval(self, ref: str, ms: int, payload: str) -> Answer:
        self.board.timers[ref] = self.send_interval(ms / 1000, payload)
        return _NULL

    async def do_cancel_timer(self, ref: str) -> Answer:
        timer = self.board.timers.get(ref)
        return {"ok": timer is not None and timer.cancel()}

    async def do_links(self) -> Answer:
        return {"ok": sorted(label for pid in self.links if (label := self.board.label_of(pid)) is not None)}

    async def _nothing(self) -> Answer:
        return _NULL

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _other(self, label: str) -> AnyHandle:
        found = self.board.find(label)
        assert not isinstance(found, str)
        return found

    def _log_death(self, reason: ExitReason) -> None:
        self.board.log("dead", self.label, reason=write_reason(reason))

    def _log(self, event: str, **fields: Json) -> None:
        with self.runtime.table.lock:
            if self.is_alive:  # a thread may still run the callback of a probe that is dead for everybody else
                self.board.log(event, self.label, **fields)


ACTIONS: dict[str, Callable[..., Awaitable[Answer]]] = {
    "call": Probe.do_call,
    "cancel_timer": Probe.do_cancel_timer,
    "cast": Probe.do_cast,
    "crash": Probe.do_crash,
    "demonitor": Probe.do_demonitor,
    "exit": Probe.do_exit,
    "link": Probe.do_link,
    "links": Probe.do_links,
    "monitor": Probe.do_monitor,
    "register": Probe.do_register,
    "send": Probe.do_send,
    "send_after": Probe.do_send_after,
    "send_interval": Probe.do_send_interval,
    "sleep": Probe.do_sleep,
    "spawn": Probe.do_spawn,
    "start_supervisor": Probe.do_start_supervisor,
    "trap_exit": Probe.do_trap_exit,
    "unlink": Probe.do_unlink,
}
