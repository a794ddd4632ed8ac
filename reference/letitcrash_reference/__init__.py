"""The reference implementation: OTP-style processes for Python, small enough to read in an evening, good enough to use.

A `Runtime` owns the processes. A process is a `GenServer` object on one of three backends; others talk to it through
its `Handle`. Start reading at `runtime.py` (what users call), `serving.py` (the one server loop) and `table.py` (links,
monitors, exit signals, death).
"""

from letitcrash_reference.backend import Backend
from letitcrash_reference.clock import Alarm, Clock, ManualClock, MonotonicClock
from letitcrash_reference.errors import (
    AlreadyNamedError,
    AlreadyRegisteredError,
    CallingSelfError,
    CallTimeoutError,
    Killed,
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
from letitcrash_reference.timer import Timer

__all__ = [
    "NO_REPLY",
    "Alarm",
    "AlreadyNamedError",
    "AlreadyRegisteredError",
    "Backend",
    "CallTimeoutError",
    "CallingSelfError",
    "Clock",
    "Continue",
    "Down",
    "Exit",
    "ExitKind",
    "ExitReason",
    "Feed",
    "From",
    "GenServer",
    "Handle",
    "HasPid",
    "Ignore",
    "Killed",
    "ManualClock",
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
    "Runtime",
    "RuntimeClosedError",
    "RuntimeSystemError",
    "StartError",
    "StartIgnoredError",
    "StartTimeoutError",
    "Statistics",
    "Stop",
    "Timer",
    "UsageError",
]
