"""The errors of the runtime, named after whose fault they are.

    RuntimeSystemError
    +-- UsageError                  the caller's: the call makes no sense here (also a RuntimeError)
    |   +-- CallingSelfError        a server called, stopped or suspended itself from its own callback
    |   +-- InvalidSpecError        the spec of a child or supervisor makes no sense (also a ValueError)
    |   +-- RuntimeClosedError      the runtime was left, or never entered
    +-- NoProcessError              no such process or name
    +-- ProcessExitedError          the process ended before it answered
    +-- CallTimeoutError            no answer in time (also a TimeoutError)
    +-- RegistrationError           a name could not be given or taken back
    |   +-- AlreadyRegisteredError  the name belongs to a process
    |   +-- AlreadyNamedError       the process has a name
    |   +-- NotRegisteredError      nobody has the name
    +-- SupervisorError             a supervisor refused what it was asked to do with a child
    |   +-- ChildAlreadyStartedError  a child of this id runs
    |   +-- ChildAlreadyPresentError  a child of this id is known, and does not run
    |   +-- ChildNotFoundError      there is no such child
    |   +-- ChildRunningError       the child runs
    |   +-- ChildRestartingError    the child is about to be restarted
    |   +-- MaxChildrenError        the dynamic supervisor has as many children as it may
    +-- StartError                  a server did not start
        +-- ChildStartError         a supervisor's child did not start (also a SupervisorError)
        +-- StartIgnoredError       its init declined
        +-- StartTimeoutError       its init took too long (also a TimeoutError)

`ProcessExit` is raised by a callback to end its own process with a chosen reason. `Killed` is no `Exception`: it
unwinds a callback whose process is dead already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from letitcrash_reference.reasons import ExitReason

if TYPE_CHECKING:
    from letitcrash_reference.handle import Handle
    from letitcrash_reference.pid import Pid

__all__ = [
    "AlreadyNamedError",
    "AlreadyRegisteredError",
    "CallTimeoutError",
    "CallingSelfError",
    "ChildAlreadyPresentError",
    "ChildAlreadyStartedError",
    "ChildNotFoundError",
    "ChildRestartingError",
    "ChildRunningError",
    "ChildStartError",
    "InvalidSpecError",
    "Killed",
    "MaxChildrenError",
    "NoProcessError",
    "NotRegisteredError",
    "ProcessExit",
    "ProcessExitedError",
    "RegistrationError",
    "RuntimeClosedError",
    "RuntimeSystemError",
    "StartError",
    "StartIgnoredError",
    "StartTimeoutError",
    "SupervisorError",
    "UsageError",
]


class RuntimeSystemError(Exception):
    """Base class of every error that the runtime raises on purpose."""


class UsageError(RuntimeSystemError, RuntimeError):
    """The call makes no sense where it was made; the message says what to do instead."""


class CallingSelfError(UsageError):
    """A server waited for itself from its own callback, which could never end. Source: GS-25, GS-60."""


class RuntimeClosedError(UsageError):
    """The runtime is not open: it was left, is being left, or was never entered."""


class InvalidSpecError(UsageError, ValueError):
    """A child or a supervisor is described in a way that makes no sense.

    Attributes:
        option: The option in question.
        value: What was given.

    Source:
        SUP-7, SUP-9, SUP-10, STR-35, DYN-E3, DYN-E12.
    """

    def __init__(self, option: str, value: object, message: str) -> None:
        self.option = option
        self.value = value
        super().__init__(message)


class NoProcessError(RuntimeSystemError):
    """There is no such process, or no process of that name.

    Attributes:
        target: The pid or the name that was asked for.
    """

    def __init__(self, target: Pid | str) -> None:
        self.target = target
        super().__init__(f"expected a live process, got {target!r}, which is dead or unknown")


class ProcessExitedError(RuntimeSystemError):
    """The process ended before it answered.

    Attributes:
        reason: Why it ended.
        pid: The process that was asked.
    """

    def __init__(self, reason: ExitReason, pid: Pid) -> None:
        self.reason = reason
        self.pid = pid
        super().__init__(f"expected an answer from process {pid}, got its exit: {reason}")


class CallTimeoutError(RuntimeSystemError, TimeoutError):
    """No answer came in time; the request may still be carried out, its late answer is dropped.

    Attributes:
        pid: The process that was asked.
        timeout: How many seconds the caller waited, on the runtime's clock.
    """

    def __init__(self, pid: Pid, timeout: float) -> None:
        self.pid = pid
        self.timeout = timeout
        super().__init__(f"expected an answer from process {pid} within {timeout:g} s, got none")


class RegistrationError(RuntimeSystemError):
    """A name could not be given or taken back.

    Attributes:
        name: The name in question.
        pid: The process that stands in the way, None if there is none.
    """

    def __init__(self, message: str, name: str, pid: Pid | None) -> None:
        self.name = name
        self.pid = pid
        super().__init__(message)


class AlreadyRegisteredError(RegistrationError):
    """The name belongs to a live process, `pid`. Source: REG-2, REG-3, REG-17."""

    def __init__(self, name: str, pid: Pid) -> None:
        super().__init__(f"expected a free name, got {name!r}, which belongs to process {pid}", name, pid)


class AlreadyNamedError(RegistrationError):
    """The process `pid` has a name already: `current`. Source: REG-4."""

    def __init__(self, name: str, pid: Pid, current: str) -> None:
        self.current = current
        super().__init__(f"expected a process without a name, got {pid}, which is {current!r}", name, pid)


class NotRegisteredError(RegistrationError):
    """Nobody has the name. Source: REG-8."""

    def __init__(self, name: str) -> None:
        super().__init__(f"expected a registered name, got {name!r}", name, None)


class StartError(RuntimeSystemError):
    """A server did not start.

    Attributes:
        reason: Why: the reason of `Stop`, the exception of `init`, or of the signal that ended it.
    """

    def __init__(self, reason: ExitReason, message: str | None = None) -> None:
        self.reason = reason
        super().__init__(message or f"expected the server to start, got: {reason}")


class StartIgnoredError(StartError):
    """The server's `init` returned `Ignore`: it declined, which is no fault. Source: GS-3."""

    def __init__(self) -> None:
        super().__init__(ExitReason.NORMAL, "expected the server to start, got Ignore from its init")


class StartTimeoutError(StartError, TimeoutError):
    """The server's `init` took longer than the given timeout; the server was killed. Source: GS-11."""

    def __init__(self, timeout: float) -> None:
        super().__init__(ExitReason.error("timeout"), f"expected init to finish within {timeout:g} s, it did not")


class SupervisorError(RuntimeSystemError):
    """A supervisor refused what it was asked to do with a child.

    Attributes:
        child: The id of the child; under a dynamic supervisor its pid.
    """

    def __init__(self, child: object, message: str) -> None:
        self.child = child
        Exception.__init__(self, message)


class ChildAlreadyStartedError(SupervisorError):
    """A child of this id runs. Source: SUP-21.

    Attributes:
        handle: That child.
    """

    def __init__(self, child: str, handle: Handle[Any, Any, Any]) -> None:
        self.handle = handle
        super().__init__(child, f"expected a new child id, got {child!r}, which runs as process {handle.pid}")


class ChildAlreadyPresentError(SupervisorError):
    """A child of this id is known, and does not run: restart it, or delete it first. Source: SUP-22."""

    def __init__(self, child: str) -> None:
        super().__init__(
            child,
            f"expected a new child id, got {child!r}, which is known and does not run\n"
            "  remedy: restart_child, or delete_child before start_child",
        )


class ChildNotFoundError(SupervisorError):
    """The supervisor has no such child. Source: SUP-30, DYN-E6."""

    def __init__(self, child: object) -> None:
        super().__init__(child, f"expected a child of this supervisor, got {child!r}")


class ChildRunningError(SupervisorError):
    """The child runs: terminate it first. Source: SUP-30."""

    def __init__(self, child: str) -> None:
        super().__init__(
            child, f"expected a child that does not run, got {child!r}, which does\n  remedy: terminate_child first"
        )


class ChildRestartingError(SupervisorError):
    """The supervisor is about to restart the child; `terminate_child` calls that off. Source: SUP-30."""

    def __init__(self, child: str) -> None:
        super().__init__(
            child,
            f"expected a child that does not run, got {child!r}, which is being restarted\n"
            "  remedy: terminate_child first",
        )


class MaxChildrenError(SupervisorError):
    """The dynamic supervisor has as many children as it may, running or restarting. Source: DYN-E4.

    Attributes:
        limit: How many.
    """

    def __init__(self, child: str, limit: int) -> None:
        self.limit = limit
        super().__init__(child, f"expected room for child {child!r}, got max_children={limit} reached")


class ChildStartError(SupervisorError, StartError):
    """A supervisor's child did not start. Source: SUP-2, SUP-24, SUP-36, DYN-E2.

    Attributes:
        reason: Why: as in `StartError`, or what its start function raised.
    """

    def __init__(self, child: str, reason: ExitReason) -> None:
        self.reason = reason
        super().__init__(child, f"expected child {child!r} to start, got: {reason}")


class ProcessExit(Exception):
    """Raise this in a callback to end its process with exactly `reason`.

    The `terminate` callback runs first, as after any exception. Unlike an exit signal, `ExitReason.KILL` stays `kill`
    here.

    Source:
        EXIT-2, EXIT-14, GS-51.
    """

    def __init__(self, reason: ExitReason) -> None:
        self.exit_reason = reason
        super().__init__(str(reason))


class Killed(BaseException):
    """Unwinds a callback whose process is dead already; whatever it still asks of the runtime is refused with this.

    Not an `Exception`, so that `except Exception` in a callback lets it pass. There is no need to catch it.
    """
