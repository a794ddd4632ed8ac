"""What the runtime itself puts into a server's mailbox; both arrive in `handle_info`."""

from __future__ import annotations

from typing import NamedTuple

from letitcrash_reference.pid import MonitorRef, Pid
from letitcrash_reference.reasons import ExitReason

__all__ = ["Down", "Exit"]


class Down(NamedTuple):
    """A monitored process has ended, or was not there.

    Attributes:
        ref: The monitor that fired, now spent.
        pid: The process; None if the monitor was for a name that nobody had.
        reason: Why it ended; `noproc` if it was dead before the monitor was set.
        name: The name the monitor was set for; None if it was set for a pid.

    Source:
        MON-1 to MON-3, MON-15, MON-21.
    """

    ref: MonitorRef
    pid: Pid | None
    reason: ExitReason
    name: str | None = None


class Exit(NamedTuple):
    """An exit signal that was trapped.

    Attributes:
        pid: The linked process that ended, or the process that sent the signal; None if it came from outside all
            processes.
        reason: The signal's reason.

    Source:
        EXIT-7, EXIT-9, LNK-6, GS-57.
    """

    pid: Pid | None
    reason: ExitReason
