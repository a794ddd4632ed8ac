"""The process table: who lives, who is linked to or watches whom, and what happens when one dies.

Every signal is delivered the moment it is sent, under one lock. That gives OTP's promises the simple way: signals
between two processes keep their order, an exit signal acts on a busy process, and nothing of a death is seen before its
name is free.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from letitcrash_reference.context import current_process
from letitcrash_reference.errors import Killed, NoProcessError, StartError, StartIgnoredError
from letitcrash_reference.messages import Down, Exit
from letitcrash_reference.pid import HasPid, MonitorRef, Pid
from letitcrash_reference.process import DEAD_MAILBOX, DOWN, EXIT, Phase, Process
from letitcrash_reference.reasons import ExitKind, ExitReason
from letitcrash_reference.registry import Registry

if TYPE_CHECKING:
    from letitcrash_reference.replies import From

__all__ = ["ProcessTable", "check_alive"]


class ProcessTable:
    """All processes of one runtime, and all that relates two of them.

    Attributes:
        lock: Guards everything here; never held while user code runs.
        processes: The live ones by pid, oldest first.
        registry: Their names.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.processes: dict[Pid, Process] = {}
        self.registry = Registry(self.lock)
        self.started = 0
        self._refs = itertools.count(1)

    def find(self, target: HasPid | str) -> Process | None:
        """Return the live process that a pid, a handle, a server or a registered name stands for.

        Raises:
            TypeError: If `target` is none of these.
        """
        if isinstance(target, str):
            return self.registry.names.get(target)
        pid: object = getattr(target, "pid", None)
        if not isinstance(pid, Pid):
            raise TypeError(f"expected a pid, a handle or a registered name, got {target!r}")
        return self.processes.get(pid)

    # -- links --------------------------------------------------------------------------------------------------------

    def link(self, process: Process, other: HasPid) -> None:
        """Link two processes. Source: LNK-1, LNK-2, LNK-5 to LNK-8.

        Raises:
            NoProcessError: If `other` is dead and `process` does not trap exits; one that does gets an `Exit` message.
        """
        with self.lock:
            check_alive(process)
            peer = self.find(other)
            if peer is process:
                return
            if peer is None:
                if not process.trap_exit:
                    raise NoProcessError(other.pid)
                process.post((EXIT, Exit(other.pid, ExitReason.NOPROC)))
                return
            self.join(process, peer)

    def join(self, process: Process, peer: Process) -> None:
        """Make the link of two live processes."""
        if process.links is None:
            process.links = set()
        if peer.links is None:
            peer.links = set()
        process.links.add(peer)
        peer.links.add(process)

    def unlink(self, process: Process, other: HasPid) -> None:
        """Remove a link, if there is one. Source: LNK-3, LNK-4, LNK-14 to LNK-16."""
        with self.lock:
            check_alive(process)
            peer = self.find(other)
            if peer is not None:
                self.part(process, peer)

    def part(self, process: Process, peer: Process) -> None:
        """Remove the link of two processes, if there is one."""
        if process.links:
            process.links.discard(peer)
        if peer.links:
            peer.links.discard(process)

    # -- monitors -----------------------------------------------------------------------------------------------------

    def monitor(self, watcher: Process, target: HasPid | str) -> MonitorRef:
        """Set a monitor. Source: MON-1 to MON-5, MON-14 to MON-18, MON-22."""
        with self.lock:
            check_alive(watcher)
            name = target if isinstance(target, str) else None
            ref = MonitorRef(next(self._refs), watcher, name)
            process = self.find(target)
            if process is None:
                ref.fired = True
                pid = None if isinstance(target, str) else target.pid
                watcher.post((DOWN, Down(ref, pid, ExitReason.NOPROC, name)))
            else:
                self.watch(watcher, process, ref)
            return ref

    def watch(self, watcher: Process, process: Process, ref: MonitorRef | None = None) -> MonitorRef:
        """Make the monitor of two live processes."""
        if ref is None:
            ref = MonitorRef(next(self._refs), watcher, None)
        ref.target = process
        if process.watchers is None:
            process.watchers = {}
        process.watchers[ref] = watcher
        if watcher.watching is None:
            watcher.watching = set()
        watcher.watching.add(ref)
        return ref

    def demonitor(self, watcher: Process, ref: MonitorRef, flush: bool) -> bool:
        """Remove a monitor; return whether it was active. Source: MON-6, MON-8 to MON-12."""
        if not isinstance(ref, MonitorRef):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a monitor reference, got {ref!r}")
        with self.lock:
            check_alive(watcher)
            if ref.watcher is not watcher:
                return False
            active = self._forget(ref)
            if not active and flush and ref.fired:
                ref.flushed = True
            return active

    def _forget(self, ref: MonitorRef) -> bool:
        target: Process | None = ref.target
        if target is None:
            return False
        ref.target = None
        if target.watchers:
            target.watchers.pop(ref, None)
        if ref.watcher.watching:
            ref.watcher.watching.discard(ref)
        return True

    # -- exit signals -------------------------------------------------------------------------------------------------

    def exit(self, target: Process, sender: Process | None, reason: ExitReason) -> None:
        """Deliver an exit signal that somebody sent on purpose. Source: EXIT-5 to EXIT-13, EXIT-18 to EXIT-20."""
        with self.lock:
            if not target.alive:
                return
            if reason.kind is ExitKind.KILL:
                self.die(target, ExitReason.KILLED)
            elif target.trap_exit:
                target.post((EXIT, Exit(None if sender is None else sender.pid, reason)))
            elif reason.kind is not ExitKind.NORMAL or sender is target:
                self.die(target, reason)

    def set_trap_exit(self, process: Process, value: bool) -> bool:
        """Set the flag and return its old value. Source: EXIT-20, EXIT-21."""
        with self.lock:
            check_alive(process)
            old, process.trap_exit = process.trap_exit, value
            return old

    # -- death --------------------------------------------------------------------------------------------------------

    def die(self, process: Process, reason: ExitReason, *, ignored: bool = False) -> None:
        """End a process at once, and with it all that its links take along. Does nothing if it is dead.

        Args:
            process: Who.
            reason: Why, as monitors and links shall see it.
            ignored: Its `init` declined, so whoever starts it is told so.
        """
        with self.lock:
            doomed = deque([(process, reason)])
            news: list[Callable[[], object]] = []
            while doomed:
                victim, why = doomed.popleft()
                if victim.alive:
                    self._bury(victim, why, doomed, news, ignored and victim is process)
            for tell in news:  # who waited for one of the deaths finds all of them done
                tell()
            process.runtime.notify()

    def _bury(
        self,
        victim: Process,
        reason: ExitReason,
        doomed: deque[tuple[Process, ExitReason]],
        news: list[Callable[[], object]],
        ignored: bool,
    ) -> None:
        self.registry.free(victim)
        self.processes.pop(victim.pid, None)
        starting = victim.start_token
        if starting is not None:
            self._spare_starter(victim)
        victim.reason = reason
        victim.alive = False
        victim.phase = Phase.DEAD
        if victim.mourners:
            mourners, victim.mourners = victim.mourners, None
            for mourner in mourners:
                mourner(reason)
        self._fail_callers(victim, news)
        if victim.links:
            links, victim.links = victim.links, None
            for peer in sorted(links, key=_by_age):
                self._signal_link(peer, victim, reason, doomed)
        if victim.watchers:
            watchers, victim.watchers = victim.watchers, None
            for ref, watcher in watchers.items():
                self._signal_watcher(ref, watcher, victim, reason)
        if victim.watching:
            for ref in tuple(victim.watching):
                self._forget(ref)
        if victim.attachments:
            attachments, victim.attachments = victim.attachments, None
            for attachment in attachments:
                attachment.detach()
        victim.driver.halt(victim)
        if starting is not None:
            victim.start_token = None
            news.append(partial(starting.fail, StartIgnoredError() if ignored else StartError(reason)))
        if victim.waiters:
            waiters, victim.waiters = victim.waiters, None
            news += [partial(token.resolve, reason) for token in waiters]

    def _spare_starter(self, victim: Process) -> None:
        # A failed start is reported by the start itself: no Down, and no Exit to a starter that traps exits.
        parent = victim.parent
        if parent is not None and parent.trap_exit:
            self.part(victim, parent)
        starter_ref = victim.start_ref
        if starter_ref is not None:
            self._forget(starter_ref)

    def _fail_callers(self, victim: Process, news: list[Callable[[], object]]) -> None:
        mailbox, victim.mailbox = victim.mailbox, DEAD_MAILBOX
        tokens: list[From[Any]] = []
        current = victim.current  # once: its own thread may be done with the call meanwhile
        if current is not None:
            tokens.append(current)
        if victim.deferred:
            tokens += victim.deferred
            victim.deferred = None
        stash, victim.stash = victim.stash, None
        queued = [*(stash or ()), *_drain(mailbox)]
        tokens += [item[2] for item in queued if len(item) == 3]
        news += [partial(victim.drop_call, token) for token in tokens if not token.done]

    def _signal_link(
        self, peer: Process, victim: Process, reason: ExitReason, doomed: deque[tuple[Process, ExitReason]]
    ) -> None:
        if peer.links:
            peer.links.discard(victim)
        if peer.trap_exit:
            peer.post((EXIT, Exit(victim.pid, reason)))
        elif reason.kind is not ExitKind.NORMAL:
            doomed.append((peer, reason))

    def _signal_watcher(self, ref: MonitorRef, watcher: Process, victim: Process, reason: ExitReason) -> None:
        ref.target = None
        ref.fired = True
        if watcher.watching:
            watcher.watching.discard(ref)
        if watcher.alive:
            watcher.post((DOWN, Down(ref, victim.pid, reason, ref.target_name)))


def check_alive(process: Process) -> None:
    """Refuse what a dead process asks for.

    Raises:
        Killed: If its own callback asks.
        NoProcessError: If somebody else asks on its behalf.
    """
    if not process.alive:
        if current_process.get() is process:
            raise Killed
        raise NoProcessError(process.pid)


def _drain(mailbox: Any) -> list[tuple[Any, ...]]:
    items: list[tuple[Any, ...]] = []
    while True:
        try:
            items.append(mailbox.popleft())
        except IndexError:
            return items


def _by_age(process: Process) -> int:
    return process.pid.number
