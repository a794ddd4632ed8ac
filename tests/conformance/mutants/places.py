"""Where faults are planted: classes and modules of the reference, as `pkgutil.resolve_name` reads them."""

from __future__ import annotations

__all__ = [
    "ACTIONS",
    "BUDGET",
    "CHILDREN",
    "CHILD_SPEC",
    "DEAD_MAILBOX",
    "DYNAMIC",
    "ENDING",
    "HANDLE",
    "NURSERY",
    "PENDING",
    "POOL",
    "PROBE",
    "PROCESS",
    "REASON",
    "REGISTRY",
    "RUNTIME",
    "SERVING",
    "SPECS",
    "STARTING",
    "STRATEGIES",
    "SUBJECT",
    "SUPERVISING",
    "SUPERVISOR",
    "SUPERVISOR_SPEC",
    "TABLE",
    "TIMER",
    "TREES",
    "TRUNK",
    "WAITING",
]

ACTIONS = "letitcrash_reference.actions:ProcessActions"
BUDGET = "letitcrash_reference.intensity:RestartBudget"
CHILDREN = "letitcrash_reference.children:"
CHILD_SPEC = "letitcrash_reference.specs:ChildSpec"
DEAD_MAILBOX = "letitcrash_reference.process:DeadMailbox"
DYNAMIC = "letitcrash_reference.dynamic_supervisor:DynamicSupervisor"
ENDING = "letitcrash_reference.shutdown:"
HANDLE = "letitcrash_reference.handle:Handle"
NURSERY = "letitcrash_conformance.subjects.reference_supervisor:Nursery"
PENDING = "letitcrash_conformance.subjects.reference_world:Pending"
POOL = "letitcrash_reference.drivers.pool_driver:PoolDriver"
PROBE = "letitcrash_conformance.subjects.reference_probe:Probe"
PROCESS = "letitcrash_reference.process:Process"
REASON = "letitcrash_reference.reasons:ExitReason"
REGISTRY = "letitcrash_reference.registry:Registry"
RUNTIME = "letitcrash_reference.runtime:Runtime"
SERVING = "letitcrash_reference.serving:"
SPECS = "letitcrash_reference.specs:"
STARTING = "letitcrash_reference.starting:Starting"
STRATEGIES = "letitcrash_reference.strategies:"
SUBJECT = "letitcrash_conformance.subjects.reference:ReferenceSubject"
SUPERVISING = "letitcrash_reference.supervising:AnySupervisor"
SUPERVISOR = "letitcrash_reference.supervisor:Supervisor"
SUPERVISOR_SPEC = "letitcrash_reference.specs:SupervisorSpec"
TABLE = "letitcrash_reference.table:ProcessTable"
TIMER = "letitcrash_reference.timer:Timer"
TREES = "letitcrash_conformance.subjects.reference_trees:ReferenceTrees"
TRUNK = "letitcrash_conformance.subjects.reference_supervisor:"
WAITING = "letitcrash_reference.waiting:"
