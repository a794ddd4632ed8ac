"""Where faults are planted: classes and modules of the reference, as `pkgutil.resolve_name` reads them."""

from __future__ import annotations

__all__ = [
    "ACTIONS",
    "DEAD_MAILBOX",
    "HANDLE",
    "PENDING",
    "POOL",
    "PROBE",
    "PROCESS",
    "REASON",
    "REGISTRY",
    "RUNTIME",
    "SERVING",
    "STARTING",
    "SUBJECT",
    "TABLE",
    "TIMER",
    "WAITING",
]

ACTIONS = "letitcrash_reference.actions:ProcessActions"
DEAD_MAILBOX = "letitcrash_reference.process:DeadMailbox"
HANDLE = "letitcrash_reference.handle:Handle"
PENDING = "letitcrash_conformance.subjects.reference_world:Pending"
POOL = "letitcrash_reference.drivers.pool_driver:PoolDriver"
PROBE = "letitcrash_conformance.subjects.reference_probe:Probe"
PROCESS = "letitcrash_reference.process:Process"
REASON = "letitcrash_reference.reasons:ExitReason"
REGISTRY = "letitcrash_reference.registry:Registry"
RUNTIME = "letitcrash_reference.runtime:Runtime"
SERVING = "letitcrash_reference.serving:"
STARTING = "letitcrash_reference.starting:Starting"
SUBJECT = "letitcrash_conformance.subjects.reference:ReferenceSubject"
TABLE = "letitcrash_reference.table:ProcessTable"
TIMER = "letitcrash_reference.timer:Timer"
WAITING = "letitcrash_reference.waiting:"
