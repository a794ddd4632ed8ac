"""Faults in adding, ending and listing children that come and go: chapter `dynamic_supervisor`."""

from __future__ import annotations

from tests.conformance.mutants.places import DYNAMIC, SUPERVISING
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_START = f"{DYNAMIC}._start_child"
_FULL = "if limit is not None and len(self._children) >= limit:"
_ADMIN = f"{DYNAMIC}.administer"
_FIND = "child = self._find_child(pid)\n            await"
_FORGET = "return self.forget(child)"

MUTANTS = (
    # -- the limit on children ----------------------------------------------------------------------------------------
    Mutant(
        "one_child_more_is_accepted",
        "A dynamic supervisor takes one child more than its limit.",
        frozenset({"DYN-E4"}),
        (Edit(_START, _FULL, "if limit is not None and len(self._children) > limit:"),),
    ),
    Mutant(
        "one_child_less_is_accepted",
        "A dynamic supervisor takes one child less than its limit.",
        frozenset({"DYN-E4"}),
        (Edit(_START, _FULL, "if limit is not None and len(self._children) >= limit - 1:"),),
    ),
    Mutant(
        "limit_of_no_children_is_no_limit",
        "A limit of zero children is taken for none.",
        frozenset({"DYN-E4"}),
        (Edit(_START, _FULL, "if limit and len(self._children) >= limit:"),),
    ),
    Mutant(
        "restarting_child_takes_no_place",
        "A child that is being restarted does not count towards the limit on children.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                _START,
                _FULL,
                "if limit is not None and sum(not one.is_restarting for one in self._children.values()) >= limit:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "removed_child_keeps_its_place",
        "The place of a child that is gone is not free again.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                _START,
                _FULL,
                'ever = self.__dict__.setdefault("ever", [])\nif limit is not None and len(ever) >= limit:',
            ),
            Edit(_START, "child.process = process", "child.process = process\never.append(child)"),
        ),
    ),
    Mutant(
        "failed_start_takes_a_place",
        "A child that fails to start takes a place.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                _START,
                _FULL,
                'lost = self.__dict__.setdefault("lost", [])\n'
                "if limit is not None and len(self._children) + len(lost) >= limit:",
            ),
            Edit(
                _START,
                "process = await self.start_process(spec)",
                "lost.append(spec)\nprocess = await self.start_process(spec)\nlost.pop()",
            ),
        ),
    ),
    Mutant(
        "ignored_start_takes_a_place",
        "A child whose start ignores takes a place.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                _START,
                _FULL,
                'lost = self.__dict__.setdefault("lost", [])\n'
                "if limit is not None and len(self._children) + len(lost) >= limit:",
            ),
            Edit(_START, "if process is None:", "if process is None:\n    lost.append(spec)"),
        ),
    ),
    Mutant(
        "refused_child_is_started",
        "A child beyond the limit is started before it is refused, and lives.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                _START,
                "raise MaxChildrenError(spec.id, limit)",
                "await self.start_process(spec)\nraise MaxChildrenError(spec.id, limit)",
            ),
        ),
    ),
    # -- adding -------------------------------------------------------------------------------------------------------
    Mutant(
        "ignored_child_stays_with_the_dynamic_supervisor",
        "A child whose start ignores is listed without a process.",
        frozenset({"DYN-E2"}),
        (Edit(_START, "if process is None:", "if process is None:\n    self._children[object()] = Child(spec)"),),
    ),
    Mutant(
        "ignoring_is_a_failure_for_the_dynamic_supervisor",
        "A child whose start ignores is answered as one that failed.",
        frozenset({"DYN-E2"}),
        (
            Edit(
                _START,
                "if process is None:",
                "if process is None:\n    raise ChildStartError(spec.id, ExitReason.NORMAL)",
            ),
        ),
    ),
    Mutant(
        "failed_child_is_tried_again_by_the_dynamic_supervisor",
        "A child that fails to start is tried a second time before the failure is answered.",
        frozenset({"DYN-E2"}),
        (
            Edit(
                _START,
                "process = await self.start_process(spec)",
                "try:\n"
                "    process = await self.start_process(spec)\n"
                "except ChildStartError:\n"
                "    process = await self.start_process(spec)",
            ),
        ),
    ),
    Mutant(
        "taken_name_is_ignored",
        "The start of a child whose name is taken is answered as one that ignored.",
        frozenset({"DYN-E13", "DYN-E2", "SUP-24", "SUP-25"}),
        (
            Edit(
                f"{SUPERVISING}.start_process",
                "except AlreadyRegisteredError as error:\n"
                "        raise ChildStartError(spec.id, ExitReason.from_exception(error)) from error",
                "except AlreadyRegisteredError:\n    return None",
            ),
        ),
    ),
    # -- ending by hand -----------------------------------------------------------------------------------------------
    Mutant(
        "restarting_child_is_not_found",
        "A child that is being restarted cannot be ended by its former process.",
        frozenset({"DYN-E6"}),
        (
            Edit(
                _ADMIN,
                _FIND,
                "child = self._find_child(pid)\nif child.is_restarting:\n    raise ChildNotFoundError(pid)\nawait",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "former_child_is_ended_again",
        "Ending a process that is not a child any more succeeds.",
        frozenset({"DYN-E6", "DYN-E7"}),
        (
            Edit(
                _ADMIN,
                _FIND,
                "child = self._children.get(pid)\nif child is None:\n    return None\nawait",
            ),
        ),
    ),
    Mutant(
        "ended_child_goes_on_restarting",
        "Ending a child that is being restarted does not cancel the restart.",
        frozenset({"DYN-E6", "DYN-E7", "DYN-E4", "STR-15"}),
        (Edit(_ADMIN, _FORGET, "return None if child.is_restarting else self.forget(child)"),),
        is_hard=True,
    ),
    Mutant(
        "ended_child_of_a_dynamic_supervisor_comes_back",
        "A permanent child that is ended by hand is restarted.",
        frozenset({"DYN-E6", "DYN-E7"}),
        (Edit(_ADMIN, _FORGET, "return None"),),
    ),
    Mutant(
        "ending_a_dynamic_child_kills",
        "Ending a child of a dynamic supervisor by hand kills it, whatever its shutdown rule.",
        frozenset({"SHUT-15", "SHUT-2", "SHUT-3", "SHUT-4", "SHUT-6", "DYN-E6"}),
        (
            Edit(
                _ADMIN,
                "await self.end(child)",
                "if child.process is not None:\n"
                "    self.runtime.table.exit(child.process, self._record(), ExitReason.KILL)\n"
                "await self.end(child)",
            ),
        ),
    ),
    Mutant(
        "ending_a_dynamic_child_counts",
        "Ending a child of a dynamic supervisor by hand counts as a restart.",
        frozenset({"INT-8", "INT-12", "DYN-E6"}),
        (
            Edit(
                _ADMIN,
                "await self.end(child)",
                "self._budget.spend(self.runtime.clock.now())\nawait self.end(child)",
            ),
        ),
    ),
)
