"""Faults in restarting, deleting and listing children: chapter `supervisor`."""

from __future__ import annotations

from tests.conformance.mutants.places import CHILDREN, SUPERVISING, SUPERVISOR
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_SPEND = "self._budget.spend(self.runtime.clock.now())"
_LIST = "return [describe_child(child) for child in self._children.values()]"
_ACTIVE = "sum(child.process is not None and child.process.alive for child in children)"

MUTANTS = (
    # -- restarting and deleting --------------------------------------------------------------------------------------
    Mutant(
        "child_restarted_by_hand_moves_to_the_end",
        "A child that is restarted by hand takes the last place in the order.",
        frozenset({"SUP-35", "SHUT-1"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                "self._children[child.spec.id] = self._children.pop(child.spec.id)\nawait self._start(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restart_by_hand_counts_as_a_restart",
        "A restart by hand counts as a restart.",
        frozenset({"SUP-37", "INT-8"}),
        (Edit(f"{SUPERVISOR}._restart_child", "await self._start(child)", f"{_SPEND}\nawait self._start(child)"),),
    ),
    Mutant(
        "running_child_is_restarted_by_hand",
        "A restart by hand of a running child ends it and starts it again.",
        frozenset({"SUP-30"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "child = self._find_down(child_id)",
                "child = self._find_child(child_id)\n"
                "if child.process is not None:\n"
                "    await self.end(child)\n"
                "    self._detach(child)",
            ),
        ),
    ),
    Mutant(
        "restart_by_hand_of_a_running_child_succeeds",
        "A restart by hand of a running child does nothing and answers its process.",
        frozenset({"SUP-30"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "child = self._find_down(child_id)",
                "child = self._find_child(child_id)\n"
                "if child.process is not None:\n"
                "    return child.process.handle\n"
                "child = self._find_down(child_id)",
            ),
        ),
    ),
    Mutant(
        "restarting_child_is_taken_for_a_stopped_one",
        "A child that waits for a restart can be restarted by hand and deleted.",
        frozenset({"SUP-30"}),
        (Edit(f"{SUPERVISOR}._find_down", "if child.is_restarting:", "if False:"),),
        is_hard=True,
    ),
    Mutant(
        "running_child_is_deleted",
        "A running child can be deleted and lives on.",
        frozenset({"SUP-30"}),
        (
            Edit(
                f"{SUPERVISOR}.administer",
                "del self._children[self._find_down(child_id).spec.id]",
                "del self._children[self._find_child(child_id).spec.id]",
            ),
        ),
    ),
    Mutant(
        "deleting_an_unknown_id_succeeds",
        "Deleting a child that is not known succeeds.",
        frozenset({"SUP-30"}),
        (
            Edit(
                f"{SUPERVISOR}.administer",
                "del self._children[self._find_down(child_id).spec.id]",
                "if child_id in self._children:\n    del self._children[self._find_down(child_id).spec.id]",
            ),
        ),
    ),
    Mutant(
        "deleted_child_is_kept",
        "Deleting a child succeeds, but the child stays known.",
        frozenset({"SUP-30", "SUP-50"}),
        (
            Edit(
                f"{SUPERVISOR}.administer",
                "del self._children[self._find_down(child_id).spec.id]",
                "self._find_down(child_id)",
            ),
        ),
    ),
    Mutant(
        "failed_restart_by_hand_is_tried_again",
        "If a restart by hand fails, the supervisor tries again by itself.",
        frozenset({"SUP-36"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                "try:\n"
                "    await self._start(child)\n"
                "except ChildStartError as error:\n"
                "    self.retry_later(child, error)\n"
                "    raise",
            ),
        ),
    ),
    Mutant(
        "failed_restart_by_hand_forgets_the_child",
        "If a restart by hand fails, the child is not known any more.",
        frozenset({"SUP-36"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                "try:\n"
                "    await self._start(child)\n"
                "except ChildStartError:\n"
                "    self._children.pop(child.spec.id)\n"
                "    raise",
            ),
        ),
    ),
    Mutant(
        "failed_restart_by_hand_ends_the_supervisor",
        "If a restart by hand fails, the supervisor gives up.",
        frozenset({"SUP-36", "SUP-37"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                "try:\n"
                "    await self._start(child)\n"
                "except ChildStartError:\n"
                "    self._record().post((5, ExitReason.SHUTDOWN))\n"
                "    raise",
            ),
        ),
    ),
    # -- what it tells ------------------------------------------------------------------------------------------------
    Mutant(
        "restarting_child_is_shown_as_stopped",
        "A child that waits for a restart is listed as one without a process.",
        frozenset({"SUP-53", "SUP-50", "STR-12", "DYN-E9"}),
        (Edit(f"{CHILDREN}describe_child", "is_restarting=child.is_restarting", "is_restarting=False"),),
        is_hard=True,
    ),
    Mutant(
        "stopped_child_is_shown_as_restarting",
        "A child without a process is listed as one that waits for a restart.",
        frozenset({"SUP-50", "SUP-53", "SUP-31"}),
        (
            Edit(
                f"{CHILDREN}describe_child",
                "is_restarting=child.is_restarting",
                "is_restarting=child.is_restarting or process is None",
            ),
        ),
    ),
    Mutant(
        "restarting_child_is_not_listed",
        "A child that waits for a restart is not listed.",
        frozenset({"SUP-50", "SUP-53"}),
        (Edit(f"{SUPERVISOR}.administer", _LIST, f"{_LIST[:-1]} if not child.is_restarting]"),),
        is_hard=True,
    ),
    Mutant(
        "stopped_child_is_not_listed",
        "A child without a process is not listed.",
        frozenset({"SUP-50"}),
        (Edit(f"{SUPERVISOR}.administer", _LIST, f"{_LIST[:-1]} if not child.is_down]"),),
    ),
    Mutant(
        "every_child_is_a_worker",
        "Every child is listed as a worker.",
        frozenset({"SUP-50", "DYN-E10"}),
        (Edit(f"{CHILDREN}describe_child", 'type=child.spec.type or "worker"', 'type="worker"'),),
    ),
    Mutant(
        "restarting_child_counts_as_active",
        "A child that waits for a restart counts as active.",
        frozenset({"SUP-52", "SUP-53", "DYN-E10"}),
        (Edit(f"{CHILDREN}count", _ACTIVE, "sum(not child.is_down for child in children)"),),
        is_hard=True,
    ),
    Mutant(
        "stopped_child_counts_as_active",
        "All known children count as active.",
        frozenset({"SUP-52", "SUP-53"}),
        (Edit(f"{CHILDREN}count", _ACTIVE, "len(children)"),),
    ),
    Mutant(
        "stopped_child_is_not_counted",
        "The number of known children leaves out those without a process.",
        frozenset({"SUP-52"}),
        (Edit(f"{CHILDREN}count", "specs=len(children)", "specs=sum(not child.is_down for child in children)"),),
    ),
    Mutant(
        "stopped_worker_is_not_counted",
        "The number of workers leaves out those without a process.",
        frozenset({"SUP-52"}),
        (
            Edit(
                f"{CHILDREN}count",
                "workers=len(children) - supervisors",
                'workers=sum(child.spec.type == "worker" and not child.is_down for child in children)',
            ),
        ),
    ),
    Mutant(
        "stopped_supervisor_is_not_counted",
        "The number of supervisors leaves out those without a process.",
        frozenset({"SUP-52"}),
        (
            Edit(
                f"{CHILDREN}count",
                "supervisors=supervisors",
                'supervisors=sum(child.spec.type == "supervisor" and not child.is_down for child in children)',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "supervisors_are_counted_as_workers",
        "Supervisors are counted among the workers.",
        frozenset({"SUP-52", "DYN-E10"}),
        (
            Edit(
                f"{CHILDREN}count",
                "workers=len(children) - supervisors",
                "workers=len(children)",
            ),
        ),
    ),
    Mutant(
        "dead_child_counts_as_active",
        "A child whose death goes unnoticed counts as active.",
        frozenset({"SUP-41", "SUP-52", "DYN-E10"}),
        (Edit(f"{CHILDREN}count", _ACTIVE, "sum(child.process is not None for child in children)"),),
        is_hard=True,
    ),
    Mutant(
        "questions_wait_until_nobody_restarts",
        "A supervisor that tries to restart a child does so again and again until it works or it gives up.",
        frozenset({"STR-12", "INT-15", "STR-15"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                "await self.restart(child)",
                "await self.restart(child)\n"
                "while child.is_restarting:\n"
                f"    if not {_SPEND}:\n"
                "        self.forget(child)\n"
                "        return Stop(ExitReason.SHUTDOWN)\n"
                "    await self.restart(child)",
            ),
        ),
        is_hard=True,
    ),
)
