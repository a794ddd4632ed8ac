"""Faults that a second attack on starts, ends and dynamic supervisors planted."""

from __future__ import annotations

from tests.conformance.mutants.places import DYNAMIC, ENDING, SUPERVISING, SUPERVISOR
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_ALL = "await self._end_each(list(self._children.values()))"
_TERMINATE = f"{SUPERVISOR}.terminate"
_DYN_TERMINATE = f"{DYNAMIC}.terminate"
_DYN_ALL = "await self.end(*self._children.values())"
_DYN_END = f"{DYNAMIC}.handle_end"
_NEEDS = "if needs_restart(child.spec.restart, reason):"
_ASK = f"{ENDING}_ask"
_REASON = 'reason = ExitReason.KILL if shutdown == "brutal_kill" else ExitReason.SHUTDOWN'
_START = f"{DYNAMIC}._start_child"
_INIT = f"{SUPERVISOR}.init"
_EACH = "for spec in self.spec.children:"
_FIND = "return None if signal.pid is None else self._by_pid.get(signal.pid)"

MUTANTS = (
    # -- starting -----------------------------------------------------------------------------------------------------
    Mutant(
        "children_start_in_the_order_of_their_ids",
        "The children of a list are started in the order of their ids.",
        frozenset({"SUP-1", "SUP-2", "SHUT-1"}),
        (Edit(_INIT, _EACH, "for spec in sorted(self.spec.children, key=lambda spec: spec.id):"),),
    ),
    Mutant(
        "supervisors_start_after_the_workers",
        "Children that are supervisors are started after all workers.",
        frozenset({"SUP-1", "SHUT-1", "SHUT-12"}),
        (Edit(_INIT, _EACH, 'for spec in sorted(self.spec.children, key=lambda spec: spec.type == "supervisor"):'),),
        is_hard=True,
    ),
    Mutant(
        "children_start_at_the_same_time",
        "The children of a list are started at the same time.",
        frozenset({"SUP-1", "SUP-2"}),
        (
            Edit(
                _INIT,
                _EACH,
                "children = [Child(spec) for spec in self.spec.children]\n"
                "self._children.update({child.spec.id: child for child in children})\n"
                "done = await asyncio.gather(*[self._start(child) for child in children], return_exceptions=True)\n"
                "for error in done:\n"
                "    if isinstance(error, ChildStartError):\n"
                "        await self._end_each(list(self._children.values()))\n"
                "        return Stop(ExitReason(ExitReason.SHUTDOWN.kind, 'failed', error))\n"
                "for spec in ():",
            ),
        ),
        backends=("async",),
        names={"asyncio": lambda: __import__("asyncio")},
    ),
    Mutant(
        "children_on_threads_start_last",
        "Children that run on threads of their own are started after the others.",
        frozenset({"SUP-1", "BACK-8", "SHUT-1"}),
        (
            Edit(
                _INIT,
                _EACH,
                "for spec in sorted("
                'self.spec.children, key=lambda spec: getattr(spec.backend, "value", "") == "thread"):',
            ),
        ),
        backends=("mixed",),
    ),
    # -- ending -------------------------------------------------------------------------------------------------------
    Mutant(
        "children_end_in_the_order_of_their_ids",
        "A supervisor that ends ends its children by their ids, the last one first.",
        frozenset({"SHUT-1", "SHUT-12"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "await self._end_each(sorted(self._children.values(), key=lambda child: child.spec.id))",
            ),
        ),
    ),
    Mutant(
        "supervisors_end_before_the_workers",
        "A supervisor that ends ends the supervisors among its children before the workers.",
        frozenset({"SHUT-1", "SHUT-12"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "await self._end_each(sorted(self._children.values(), "
                'key=lambda child: child.spec.type == "supervisor"))',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "children_to_be_killed_end_first",
        "A supervisor that ends ends the children that are to be killed before all others.",
        frozenset({"SHUT-1", "SHUT-5"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "await self._end_each(sorted(self._children.values(), "
                'key=lambda child: child.spec.shutdown == "brutal_kill"))',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "temporary_children_end_last",
        "A supervisor that ends ends its temporary children after all others.",
        frozenset({"SHUT-1"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "await self._end_each(sorted(self._children.values(), "
                'key=lambda child: child.spec.restart != "temporary"))',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ends_are_sorted_by_backend",
        "In a mix of backends children are ended backend by backend.",
        frozenset({"SHUT-1", "BACK-8", "STR-7", "STR-8", "SUP-2"}),
        (
            Edit(
                f"{SUPERVISOR}._end_each",
                "for child in reversed(children):",
                'for child in reversed(sorted(children, key=lambda child: getattr(child.spec.backend, "value", ""))):',
            ),
        ),
        backends=("mixed",),
    ),
    Mutant(
        "children_are_asked_with_the_reason_of_the_end",
        "Children of a supervisor that ends for an error are asked to end with the same error.",
        frozenset({"SHUT-2", "SHUT-3", "SHUT-4", "SUP-12", "SHUT-13"}),
        (
            Edit(_TERMINATE, _ALL, f"self._why = reason if reason.is_abnormal else None\n{_ALL}"),
            Edit(
                _ASK,
                _REASON,
                f"{_REASON}\nif shutdown != 'brutal_kill':\n"
                "    reason = getattr(supervisor.server, '_why', None) or reason",
            ),
        ),
    ),
    Mutant(
        "children_are_asked_with_the_remark_of_the_end",
        "Children of a supervisor that ends with {shutdown, text} are asked to end with the same.",
        frozenset({"SHUT-2", "SHUT-3", "SHUT-4", "SUP-12", "SHUT-13"}),
        (
            Edit(_TERMINATE, _ALL, f"self._why = reason if reason.kind.value == 'shutdown' else None\n{_ALL}"),
            Edit(
                _ASK,
                _REASON,
                f"{_REASON}\nif shutdown != 'brutal_kill':\n"
                "    reason = getattr(supervisor.server, '_why', None) or reason",
            ),
        ),
    ),
    Mutant(
        "dynamic_children_are_asked_with_the_reason_of_the_end",
        "Children of a dynamic supervisor that ends are asked to end with its own reason, unless it is normal.",
        frozenset({"SHUT-2", "SHUT-3", "SHUT-4", "SUP-12", "SHUT-13", "DYN-E11", "DYN-E12"}),
        (
            Edit(
                _DYN_TERMINATE, _DYN_ALL, f"self._why = None if reason.kind.value == 'normal' else reason\n{_DYN_ALL}"
            ),
            Edit(
                _ASK,
                _REASON,
                f"{_REASON}\nif shutdown != 'brutal_kill':\n"
                "    reason = getattr(supervisor.server, '_why', None) or reason",
            ),
        ),
    ),
    Mutant(
        "supervisor_obeys_a_strangers_shutdown_with_a_remark",
        "An exit signal {shutdown, text} from anybody ends a supervisor.",
        frozenset({"SUP-13"}),
        (
            Edit(
                f"{SUPERVISING}.handle_info",
                "child = self.find(message)",
                "child = self.find(message)\n"
                "if child is None and message.reason.kind.value == 'shutdown' and message.reason.text:\n"
                "    return Stop(message.reason)",
            ),
        ),
    ),
    Mutant(
        "supervisor_obeys_a_strangers_normal",
        "An exit signal normal from anybody ends a supervisor.",
        frozenset({"SUP-13", "EXIT-9", "DYN-E12"}),
        (
            Edit(
                f"{SUPERVISING}.handle_info",
                "child = self.find(message)",
                "child = self.find(message)\n"
                "if child is None and message.reason.kind.value == 'normal':\n"
                "    return Stop(message.reason)",
            ),
        ),
    ),
    Mutant(
        "inner_supervisor_obeys_strangers",
        "An abnormal exit signal from anybody ends a supervisor that is itself a child.",
        frozenset({"SUP-13"}),
        (
            Edit(
                f"{SUPERVISING}.handle_info",
                "child = self.find(message)",
                "child = self.find(message)\n"
                "parent = self._record().parent\n"
                "if child is None and message.reason.is_abnormal and parent is not None "
                "and parent.server.is_supervisor:\n"
                "    return Stop(message.reason)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "third_level_does_not_restart",
        "A supervisor two levels below the top does not restart its children.",
        frozenset({"STR-1", "STR-3", "STR-21", "STR-20", "INT-13"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                _NEEDS,
                "top = self._record().parent\n"
                "if needs_restart(child.spec.restart, reason) and not (top is not None and top.server.is_supervisor "
                "and top.parent is not None and top.parent.server.is_supervisor):",
            ),
        ),
        is_hard=True,
    ),
    # -- dynamic supervisors ------------------------------------------------------------------------------------------
    Mutant(
        "dynamic_permanent_child_rests_after_normal",
        "A permanent child of a dynamic supervisor that ends with normal is not restarted.",
        frozenset({"STR-1", "INT-7", "DYN-E7", "DYN-E1"}),
        (Edit(_DYN_END, _NEEDS, "if needs_restart(child.spec.restart, reason) and reason.kind.value != 'normal':"),),
    ),
    Mutant(
        "dynamic_permanent_child_rests_after_shutdown",
        "A permanent child of a dynamic supervisor that ends with shutdown is not restarted.",
        frozenset({"STR-1", "INT-7", "DYN-E7", "DYN-E1", "STR-20"}),
        (Edit(_DYN_END, _NEEDS, "if needs_restart(child.spec.restart, reason) and reason.kind.value != 'shutdown':"),),
    ),
    Mutant(
        "dynamic_transient_child_rests_after_killed",
        "A transient child of a dynamic supervisor that was killed is not restarted.",
        frozenset({"STR-3", "EXIT-27", "DYN-E7", "DYN-E1"}),
        (
            Edit(
                _DYN_END,
                _NEEDS,
                "if needs_restart(child.spec.restart, reason) "
                "and not (child.spec.restart == 'transient' and reason.kind.value == 'killed'):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dynamic_temporary_child_comes_back_after_a_kill",
        "A temporary child of a dynamic supervisor that was killed is restarted.",
        frozenset({"STR-2", "DYN-E7", "DYN-E1"}),
        (Edit(_DYN_END, _NEEDS, "if needs_restart(child.spec.restart, reason) or reason.kind.value == 'killed':"),),
    ),
    Mutant(
        "supervisors_below_a_dynamic_supervisor_do_not_come_back",
        "A dynamic supervisor does not restart children that are supervisors.",
        frozenset({"STR-1", "STR-20", "STR-21", "DYN-E1"}),
        (Edit(_DYN_END, _NEEDS, "if needs_restart(child.spec.restart, reason) and child.spec.type == 'worker':"),),
        is_hard=True,
    ),
    Mutant(
        "transient_supervisor_below_a_dynamic_one_comes_back",
        "A transient supervisor below a dynamic one that gives up is restarted.",
        frozenset({"STR-3", "STR-20", "DYN-E1", "DYN-E7"}),
        (
            Edit(
                _DYN_END,
                _NEEDS,
                "if needs_restart(child.spec.restart, reason) "
                "or (child.spec.type == 'supervisor' and child.spec.restart == 'transient'):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restart_takes_a_place",
        "Every restart of a child of a dynamic supervisor takes one more place for ever.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                f"{DYNAMIC}.restart",
                "self.forget(child)",
                "self.forget(child)\nself._taken = getattr(self, '_taken', 0) + 1",
            ),
            Edit(_START, "len(self._children) >= limit", "len(self._children) + getattr(self, '_taken', 0) >= limit"),
        ),
        is_hard=True,
    ),
    Mutant(
        "crash_frees_a_place_for_ever",
        "A child of a dynamic supervisor that is restarted does not take a place any more.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                _START, "len(self._children) >= limit", "sum(c.restarts == 0 for c in self._children.values()) >= limit"
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "supervisors_take_no_place",
        "Children that are supervisors do not count towards the limit on children.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                _START,
                "len(self._children) >= limit",
                "sum(c.spec.type == 'worker' for c in self._children.values()) >= limit",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "limit_of_children_is_checked_after_the_start",
        "A dynamic supervisor at its limit starts a child and kills it before it refuses it.",
        frozenset({"DYN-E4"}),
        (
            Edit(
                _START,
                "raise MaxChildrenError(spec.id, limit)",
                "extra = await self.start_process(spec)\n"
                "if extra is not None:\n"
                "    self.runtime.table.exit(extra, self._record(), ExitReason.KILL)\n"
                "raise MaxChildrenError(spec.id, limit)",
            ),
        ),
    ),
    Mutant(
        "ended_temporary_dynamic_child_is_not_found",
        "Ending a temporary child of a dynamic supervisor ends it, but says not found.",
        frozenset({"DYN-E6"}),
        (
            Edit(
                f"{DYNAMIC}.administer",
                "return self.forget(child)",
                "self.forget(child)\n"
                "if child.spec.restart == 'temporary':\n    raise ChildNotFoundError(pid)\nreturn None",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restarted_dynamic_child_dies_unnoticed",
        "The second end of a child of a dynamic supervisor is not noticed.",
        frozenset({"STR-1", "STR-3", "DYN-E10", "INT-12", "DYN-E7", "INT-3"}),
        (
            Edit(
                f"{DYNAMIC}.find",
                "return None if signal.pid is None else self._children.get(signal.pid)",
                "child = None if signal.pid is None else self._children.get(signal.pid)\n"
                "return None if child is not None and child.restarts == 1 else child",
            ),
        ),
        is_hard=True,
    ),
)
