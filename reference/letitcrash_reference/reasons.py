"""Why a process ended: the values that links, monitors and failed calls carry."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import ClassVar

__all__ = ["ExitKind", "ExitReason"]


class ExitKind(enum.Enum):
    """The class of an exit reason."""

    NORMAL = "normal"
    SHUTDOWN = "shutdown"
    KILLED = "killed"
    KILL = "kill"
    NOPROC = "noproc"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ExitReason:
    """Why a process ended, or why it should end.

    Two reasons are equal if their kind and text are. Use the constants and the two constructors:
    `ExitReason.NORMAL`, `SHUTDOWN`, `KILLED`, `KILL`, `NOPROC`, `ExitReason.shutdown("upgrade")`,
    `ExitReason.error("disk full")`, `ExitReason.from_exception(error)`.

    Attributes:
        kind: The class of the reason.
        text: What `shutdown` or `error` says; None for every other reason and for the bare `SHUTDOWN`.
        exception: The exception that ended the process, if it was one. Not part of the comparison.

    Source:
        EXIT-1 to EXIT-3, EXIT-12, EXIT-14, EXIT-26, EXIT-27.
    """

    kind: ExitKind
    text: str | None = None
    exception: BaseException | None = field(default=None, compare=False, repr=False)

    NORMAL: ClassVar[ExitReason]
    SHUTDOWN: ClassVar[ExitReason]
    KILLED: ClassVar[ExitReason]
    KILL: ClassVar[ExitReason]
    NOPROC: ClassVar[ExitReason]

    @classmethod
    def shutdown(cls, text: str) -> ExitReason:
        """Return an orderly shutdown that says why."""
        return cls(ExitKind.SHUTDOWN, text)

    @classmethod
    def error(cls, text: str) -> ExitReason:
        """Return an abnormal reason with a text."""
        return cls(ExitKind.ERROR, text)

    @classmethod
    def from_exception(cls, exception: BaseException) -> ExitReason:
        """Return the reason of a process that an uncaught exception ended; its text is the exception's own.

        A `ProcessExit` is no error: it carries the reason that it was raised with.
        """
        reason = getattr(exception, "exit_reason", None)
        if isinstance(reason, ExitReason):
            return reason
        return cls(ExitKind.ERROR, str(exception) or type(exception).__name__, exception)

    @property
    def is_normal(self) -> bool:
        """Whether this is an orderly end: `normal`, `shutdown` or a shutdown with a text.

        Links are stricter: a linked process survives `normal` only.
        """
        return self.kind is ExitKind.NORMAL or self.kind is ExitKind.SHUTDOWN

    @property
    def is_abnormal(self) -> bool:
        """Whether this is anything but an orderly end."""
        return not self.is_normal

    def __str__(self) -> str:
        return self.kind.value if self.text is None else f"{self.kind.value}: {self.text}"


ExitReason.NORMAL = ExitReason(ExitKind.NORMAL)
ExitReason.SHUTDOWN = ExitReason(ExitKind.SHUTDOWN)
ExitReason.KILLED = ExitReason(ExitKind.KILLED)
ExitReason.KILL = ExitReason(ExitKind.KILL)
ExitReason.NOPROC = ExitReason(ExitKind.NOPROC)
