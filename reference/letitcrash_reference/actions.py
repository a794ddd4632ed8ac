"""What can be done in the name of a process: by itself in its callbacks, or by others through its handle."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any

from letitcrash_reference.pid import HasPid, MonitorRef, Pid
from letitcrash_reference.process import Process
from letitcrash_reference.waiting import refuse_dead_caller

if TYPE_CHECKING:
    from letitcrash_reference.feed import Feed
    from letitcrash_reference.runtime import Runtime
    from letitcrash_reference.timer import Timer

__all__ = ["ProcessActions"]


class ProcessActions:
    """Actions in the name of one process, common to servers and handles. All may be used from any task or thread.

    If the process is dead, links, monitors and the trap flag raise `NoProcessError`; inside its own callback they raise
    `Killed`, which ends the callback.
    """

    __slots__ = ()

    def _record(self) -> Process:
        raise NotImplementedError

    @property
    def pid(self) -> Pid:
        """The identity of the process."""
        return self._record().pid

    @property
    def runtime(self) -> Runtime:
        """The runtime it lives in."""
        return self._record().runtime

    @property
    def is_alive(self) -> bool:
        """Whether it lives. All signals that the caller sent it before have been delivered. Source: EXIT-24."""
        return self._record().alive

    @property
    def name(self) -> str | None:
        """Its registered name; None if it has none, or is dead."""
        process = self._record()
        return process.name if process.alive else None

    def link(self, other: HasPid) -> None:
        """Link it with another process: when one ends, the other gets an exit signal with the reason.

        Linking twice, or with itself, changes nothing.

        Raises:
            NoProcessError: If `other` is dead and this process does not trap exits. One that does gets an `Exit`
                message with reason noproc instead.

        Source:
            LNK-1, LNK-2, LNK-5 to LNK-8, LNK-17.
        """
        process = self._record()
        refuse_dead_caller()
        process.runtime.table.link(process, other)

    def unlink(self, other: HasPid) -> None:
        """Remove the link with another process; afterwards it has no effect any more. Does nothing if there is none.

        An `Exit` message that has arrived before stays in the mailbox.

        Source:
            LNK-3, LNK-4, LNK-14 to LNK-16.
        """
        process = self._record()
        refuse_dead_caller()
        process.runtime.table.unlink(process, other)

    @property
    def links(self) -> tuple[Pid, ...]:
        """The live processes it is linked with, oldest first."""
        process = self._record()
        with process.runtime.table.lock:
            return tuple(sorted(peer.pid for peer in process.links or ()))

    def monitor(self, target: HasPid | str) -> MonitorRef:
        """Watch a process: when it ends, a `Down` message comes, once.

        If it is dead already, one comes at once, with reason noproc.

        Args:
            target: A pid, a handle or a registered name. A name means the process that has it now.

        Returns:
            The reference that the message will carry. Each call makes a monitor of its own.

        Source:
            MON-1 to MON-5, MON-14 to MON-19, MON-21, MON-22.
        """
        process = self._record()
        refuse_dead_caller()
        return process.runtime.table.monitor(process, target)

    def demonitor(self, ref: MonitorRef, *, flush: bool = False) -> bool:
        """Remove a monitor of this process; afterwards it sends nothing any more.

        Args:
            ref: From `monitor`. One of another process, or one that was removed, is no error.
            flush: Also drop its `Down` message if that waits in the mailbox.

        Returns:
            Whether it was active. If so, no `Down` has come or will come.

        Source:
            MON-6, MON-8 to MON-12.
        """
        process = self._record()
        refuse_dead_caller()
        return process.runtime.table.demonitor(process, ref, flush)

    def trap_exit(self, value: bool) -> bool:
        """Decide whether exit signals become `Exit` messages (True) or end the process (False, as in every new one).

        `kill` cannot be trapped.

        Returns:
            The old value.

        Source:
            EXIT-7, EXIT-12, EXIT-20, EXIT-21.
        """
        process = self._record()
        refuse_dead_caller()
        return process.runtime.table.set_trap_exit(process, value)

    @property
    def is_trapping_exit(self) -> bool:
        """Whether exit signals become messages; False when dead."""
        process = self._record()
        return process.alive and process.trap_exit

    def register(self, name: str) -> None:
        """Give it a name.

        Raises:
            AlreadyRegisteredError, AlreadyNamedError: As in `Runtime.register`.
        """
        process = self._record()
        process.runtime.register(name, process.pid)

    def unregister(self) -> None:
        """Take its name back.

        Raises:
            NotRegisteredError: If it has none.
        """
        process = self._record()
        process.runtime.unregister(process.name or "")

    def send_after(self, delay: float, message: object) -> Timer:
        """Send it `message` in `delay` seconds, as an info; see `Runtime.send_after`."""
        process = self._record()
        return process.runtime.send_after(delay, process.pid, message)

    def send_interval(self, period: float, message: object) -> Timer:
        """Send it `message` every `period` seconds, as an info; see `Runtime.send_interval`."""
        process = self._record()
        return process.runtime.send_interval(period, process.pid, message)

    def feed(self, source: AsyncIterable[Any], *, as_info: bool = False) -> Feed:
        """Cast each item of a stream to it; see `Runtime.feed`."""
        process = self._record()
        return process.runtime.feed(process.pid, source, as_info=as_info)
