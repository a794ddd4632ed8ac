"""The record of one process: its mailbox, its relations to others, and where it is in its life.

Senders only append to the mailbox and wake the process if it is parked; they take no lock. Everything that concerns two
processes (links, monitors, names, deaths) happens under the one lock of the process table.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from letitcrash_reference.errors import Killed, NoProcessError, ProcessExitedError
from letitcrash_reference.pid import MonitorRef, Pid
from letitcrash_reference.reasons import ExitReason

if TYPE_CHECKING:
    import asyncio

    from letitcrash_reference.backend import Backend
    from letitcrash_reference.drivers.driver import Driver
    from letitcrash_reference.handle import Handle
    from letitcrash_reference.replies import From
    from letitcrash_reference.runtime import Runtime
    from letitcrash_reference.server import GenServer

__all__ = [
    "CALL",
    "CAST",
    "DOWN",
    "EXIT",
    "INFO",
    "RESUME",
    "STOP",
    "SUSPEND",
    "Attachment",
    "DeadMailbox",
    "Phase",
    "Process",
]

# Mailbox items are plain tuples (kind, payload) or (kind, payload, token).
CAST: Final = 0
CALL: Final = 1
INFO: Final = 2
DOWN: Final = 3
EXIT: Final = 4
STOP: Final = 5
SUSPEND: Final = 6
RESUME: Final = 7


class Phase(enum.Enum):
    """Where a process is in its life."""

    NEW = "waiting to start"
    STARTING = "starting"
    RUNNING = "running"
    TERMINATING = "terminating"
    DEAD = "dead"


class Attachment(Protocol):
    """Something that must end with the process: a timer to it, a stream that feeds it."""

    def detach(self) -> None:
        """End, because the process did."""
        ...


class DeadMailbox:
    """Stands in for the mailbox of a dead process: swallows messages and fails calls at once."""

    __slots__ = ()

    def append(self, item: tuple[Any, ...]) -> None:
        """Drop a message; tell a caller that there is nobody."""
        if len(item) == 3:
            token: From[Any] = item[2]
            token.fail(NoProcessError(token.process.pid))

    def __len__(self) -> int:
        return 0


DEAD_MAILBOX: Final = DeadMailbox()


class Process:
    """One process. Internal: users hold its `Handle` or its `Pid`.

    Attributes:
        mailbox: Items not yet handled, oldest first.
        parked: Holds one driver-specific waiter while the process waits for messages. Whoever pops it must rouse the
            process: popping is atomic, so exactly one sender does.
        alive: False as soon as the process is dead for everybody else, also while its last callback still unwinds.
        reason: Why it died; None while alive.
        parent: The process that started it linked, None for any other start.
        links: Linked processes; both sides hold each other.
        watchers: Monitors of others on this process, oldest first.
        watching: Monitors of this process on others.
        current: Token of the call being handled.
        deferred: Tokens of calls that are to be answered later.
        blocked_on: What the running callback waits for inside the runtime (something with `done`), if it does.
        wakes: How often it was roused, so that two looks can tell that nothing happened between them.
        stash: Messages kept back while suspended; None when not suspended.
        start_token: The token of whoever waits for its start.
        start_ref: The monitor of whoever started it, while it starts.
        monitored_as: The same, for the start to return.
        mourners: Called first at its death, with its reason.
        waiters: Tokens to resolve last at its death, with its reason.
        attachments: Timers and feeds that end with the process.
        task: The asyncio task that runs its callbacks, while it does.
    """

    __slots__ = (
        "alive",
        "attachments",
        "backend",
        "blocked_on",
        "current",
        "deferred",
        "driver",
        "handle",
        "links",
        "mailbox",
        "monitored_as",
        "mourners",
        "name",
        "parent",
        "parked",
        "phase",
        "pid",
        "reason",
        "runtime",
        "server",
        "start_ref",
        "start_token",
        "stash",
        "task",
        "trap_exit",
        "waiters",
        "wakes",
        "watchers",
        "watching",
        "worker",
    )

    def __init__(
        self, pid: Pid, server: GenServer[Any, Any, Any], runtime: Runtime, backend: Backend, driver: Driver
    ) -> None:
        self.pid = pid
        self.server = server
        self.runtime = runtime
        self.backend = backend
        self.driver = driver
        self.mailbox: Any = deque()
        self.parked: list[Any] = []
        self.alive = True
        self.phase = Phase.NEW
        self.reason: ExitReason | None = None
        self.trap_exit = False
        self.name: str | None = None
        self.parent: Process | None = None
        self.links: set[Process] | None = None
        self.watchers: dict[MonitorRef, Process] | None = None
        self.watching: set[MonitorRef] | None = None
        self.current: From[Any] | None = None
        self.deferred: set[From[Any]] | None = None
        self.start_token: From[Any] | None = None
        self.start_ref: MonitorRef | None = None
        self.monitored_as: MonitorRef | None = None
        self.mourners: list[Callable[[ExitReason], object]] | None = None
        self.waiters: list[From[Any]] | None = None
        self.attachments: set[Attachment] | None = None
        self.stash: deque[tuple[Any, ...]] | None = None
        self.blocked_on: Any = None
        self.wakes = 0
        self.task: asyncio.Task[Any] | None = None
        self.worker: Any = None
        self.handle: Handle[Any, Any, Any]

    def post(self, item: tuple[Any, ...]) -> None:
        """Put an item into the mailbox, from any thread; a dead process drops it."""
        self.mailbox.append(item)
        if self.parked:
            self.wake()

    def post_from(self, caller: Process, item: tuple[Any, ...]) -> None:
        """Put an item that another process sends into the mailbox, unless the sender is dead.

        Under the lock, so that nothing a process sends arrives after the news of its death.

        Raises:
            Killed: If the sender is dead.
        """
        with caller.runtime.table.lock:
            if not caller.alive:
                raise Killed
            self.post(item)

    def post_call(self, item: tuple[Any, Any, From[Any]]) -> None:
        """Put an item that somebody waits for into the mailbox; if the process is dead, its token fails."""
        self.mailbox.append(item)
        if self.parked:
            self.wake()
        if not self.alive:
            self.miss(item[2])

    def miss(self, token: From[Any]) -> None:
        """Fail a caller whose message came too late for this process, unless its death has taken care of it."""
        with self.runtime.table.lock:  # waits for a death that is under way in another thread
            if not token.done:
                token.fail(NoProcessError(self.pid))

    def wake(self) -> None:
        """Let the process look at its mailbox, if it is parked."""
        try:
            waiter = self.parked.pop()
        except IndexError:  # another sender was faster
            return
        self.driver.rouse(self, waiter)

    def defer(self, token: From[Any]) -> None:
        """Remember a caller that is to be answered later, or failed at death."""
        deferred = self.deferred  # once: a death, from another thread, may take it away
        if deferred is None:
            deferred = self.deferred = set()
        deferred.add(token)
        if token.done:
            deferred.discard(token)
        if not self.alive:
            self.drop_call(token)

    def drop_call(self, token: From[Any]) -> None:
        """Fail a caller because this process is dead."""
        token.fail(ProcessExitedError(self.reason or ExitReason.KILLED, self.pid))

    @property
    def is_idle(self) -> bool:
        """Whether it cannot make a step before a message, an alarm or an outside event comes.

        Exact only when asked on the thread that runs it; from elsewhere compare `wakes` of two looks.
        """
        if not self.alive:
            return True
        if self.parked:
            return not self.mailbox
        blocked = self.blocked_on
        if blocked is not None:
            return not blocked.done
        return self.driver.is_queued_in_vain(self)

    def __repr__(self) -> str:
        return f"{self.pid} ({type(self.server).__name__})" if self.name is None else f"{self.pid} ({self.name!r})"
