"""Names that processes and monitors cannot choose: pids and monitor references."""

from __future__ import annotations

from functools import total_ordering
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from letitcrash_reference.process import Process

__all__ = ["HasPid", "MonitorRef", "Pid"]


@total_ordering
class Pid:
    """The identity of one process, never reused: hashable, printed as `<0.7>`, an older process is the smaller one.

    Pids come from the runtime. Each process has one pid object, so pids of different runtimes are never equal.

    Attributes:
        number: Counts the processes of one runtime from 1.
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    @property
    def pid(self) -> Pid:
        """This pid, so that a pid stands wherever something that has one is wanted."""
        return self

    def __lt__(self, other: object) -> bool:
        return self.number < other.number if isinstance(other, Pid) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<0.{self.number}>"


class HasPid(Protocol):
    """Anything that stands for a process: a pid, a handle, a server inside its own callbacks."""

    @property
    def pid(self) -> Pid:
        """The process' identity."""
        ...


class MonitorRef:
    """The identity of one monitor, printed as `#Ref<3>`; the `Down` message carries it.

    Attributes:
        number: Counts the monitors of one runtime from 1.
        watcher: Internal: the process that gets the message.
        target: Internal: the process it watches; None once it has fired or was removed.
        target_name: Internal: the name it was set for, if it was.
        fired: Internal: whether its message was sent.
        flushed: Internal: whether its message is to be dropped when met in the mailbox.
    """

    __slots__ = ("fired", "flushed", "number", "target", "target_name", "watcher")

    def __init__(self, number: int, watcher: Process, target_name: str | None) -> None:
        self.number = number
        self.watcher = watcher
        self.target: Any = None
        self.target_name = target_name
        self.fired = False
        self.flushed = False

    def __repr__(self) -> str:
        return f"#Ref<{self.number}>"
