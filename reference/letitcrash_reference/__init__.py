"""The reference implementation: OTP-style processes for Python, small enough to read in an evening, good enough to use.

A `Runtime` owns the processes. A process is a `GenServer` object on one of three backends; others talk to it through
its `Handle`. Start reading at `runtime.py` (what users call), `serving.py` (the one server loop), `table.py` (links,
monitors, exit signals, death) and `supervisor.py`.
"""

from letitcrash_reference.backend import Backend
from letitcrash_reference.children import ChildCounts, ChildInfo
from letitcrash_reference.clock import Alarm, Clock, ManualClock, MonotonicClock
from letitcrash_reference.dynamic_supervisor import DynamicSupervisor
from letitcrash_reference.errors import (
    AlreadyNamedError,
    AlreadyRegisteredError,
    CallingSelfError,
    CallTimeoutError,
    ChildAlreadyPresentError,
    ChildAlreadyStartedError,
    ChildNotFoundError,
    ChildRestartingError,
    ChildRunningError,
    ChildStartError,
    InvalidSpecError,
    Killed,
    MaxChildrenError,
    NoProcessError,
    NotRegisteredError,
    ProcessExit,
    ProcessExitedError,
    RegistrationError,
    RuntimeClosedError,
    RuntimeSystemError,
    StartError,
    StartIgnoredError,
    StartTimeoutError,
    SupervisorError,
    UsageError,
)
from letitcrash_reference.feed import Feed
from letitcrash_reference.handle import Handle
from letitcrash_reference.info import ProcessInfo, Statistics
from letitcrash_reference.messages import Down, Exit
from letitcrash_reference.pid import HasPid, MonitorRef, Pid
from letitcrash_reference.reasons import ExitKind, ExitReason
from letitcrash_reference.replies import From
from letitcrash_reference.results import NO_REPLY, Continue, Ignore, NoReply, Reply, Stop
from letitcrash_reference.runtime import Runtime
from letitcrash_reference.server import GenServer
from letitcrash_reference.specs import (
    AutoShutdown,
    ChildSpec,
    ChildType,
    CustomStart,
    DynamicSupervisorSpec,
    Restart,
    Shutdown,
    Strategy,
    SupervisorSpec,
)
from letitcrash_reference.supervisor import Supervisor
from letitcrash_reference.supervisor_handle import DynamicSupervisorHandle, SupervisorHandle
from letitcrash_reference.timer import Timer
from letitcrash_reference.tree import tree, tree_sync

__all__ = [
    "NO_REPLY",
    "Alarm",
    "AlreadyNamedError",
    "AlreadyRegisteredError",
    "AutoShutdown",
    "Backend",
    "CallTimeoutError",
    "CallingSelfError",
    "ChildAlreadyPresentError",
    "ChildAlreadyStartedError",
    "ChildCounts",
    "ChildInfo",
    "ChildNotFoundError",
    "ChildRestartingError",
    "ChildRunningError",
    "ChildSpec",
    "ChildStartError",
    "ChildType",
    "Clock",
    "Continue",
    "CustomStart",
    "Down",
    "DynamicSupervisor",
    "DynamicSupervisorHandle",
    "DynamicSupervisorSpec",
    "Exit",
    "ExitKind",
    "ExitReason",
    "Feed",
    "From",
    "GenServer",
    "Handle",
    "HasPid",
    "Ignore",
    "InvalidSpecError",
    "Killed",
    "ManualClock",
    "MaxChildrenError",
    "MonitorRef",
    "MonotonicClock",
    "NoProcessError",
    "NoReply",
    "NotRegisteredError",
    "Pid",
    "ProcessExit",
    "ProcessExitedError",
    "ProcessInfo",
    "RegistrationError",
    "Reply",
    "Restart",
    "Runtime",
    "RuntimeClosedError",
    "RuntimeSystemError",
    "Shutdown",
    "StartError",
    "StartIgnoredError",
    "StartTimeoutError",
    "Statistics",
    "Stop",
    "Strategy",
    "Supervisor",
    "SupervisorError",
    "SupervisorHandle",
    "SupervisorSpec",
    "Timer",
    "UsageError",
    "tree",
    "tree_sync",
]
