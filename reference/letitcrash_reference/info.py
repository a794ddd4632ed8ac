"""What a runtime tells about itself."""

from __future__ import annotations

from dataclasses import dataclass

from letitcrash_reference.backend import Backend
from letitcrash_reference.pid import Pid
from letitcrash_reference.process import Process

__all__ = ["ProcessInfo", "Statistics", "describe"]


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A live process at one moment.

    Attributes:
        pid: Its identity.
        name: Its registered name.
        server: Name of its class.
        backend: Where it runs.
        status: `"waiting to start"` (no thread for its init yet), `"starting"`, `"idle"`, `"running"` (in a callback,
            or about to), `"waiting"` (a callback waits inside the runtime), `"suspended"` or `"terminating"`.
        queued: Messages not yet handled.
        links: Processes linked with it, oldest first.
        trap_exit: Whether exit signals become messages.
    """

    pid: Pid
    name: str | None
    server: str
    backend: Backend
    status: str
    queued: int
    links: tuple[Pid, ...]
    trap_exit: bool


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of what a runtime holds at one moment.

    Attributes:
        processes: Live processes.
        started: Processes ever started, failed starts included.
        names: Registered names.
        timers: Active timers.
        feeds: Streams that feed.
        tasks: Server tasks that have not ended.
        threads: Threads of the BLOCKING and THREAD backends that have not ended.
        abandoned_threads: Those of them that still run a callback of a dead process.
        waiting: Servers of the pool that have something to do and wait for a thread.
    """

    processes: int
    started: int
    names: int
    timers: int
    feeds: int
    tasks: int
    threads: int
    abandoned_threads: int
    waiting: int


def describe(process: Process) -> ProcessInfo:
    """Return what there is to say about a live process."""
    status = process.phase.value
    if status == "running":
        if process.stash is not None:
            status = "suspended"
        elif process.parked and not process.mailbox:
            status = "idle"
        elif process.blocked_on is not None:
            status = "waiting"
    return ProcessInfo(
        pid=process.pid,
        name=process.name,
        server=type(process.server).__name__,
        backend=process.backend,
        status=status,
        queued=len(process.mailbox) + len(process.stash or ()),
        links=tuple(sorted(peer.pid for peer in process.links or ())),
        trap_exit=process.trap_exit,
    )
