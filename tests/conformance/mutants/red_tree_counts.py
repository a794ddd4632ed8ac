"""Faults that a second attack on limits and requests planted: what counts where, what a request may do to others."""

from __future__ import annotations

from tests.conformance.mutants.places import (
    BUDGET,
    CHILDREN,
    DYNAMIC,
    SPECS,
    STRATEGIES,
    SUPERVISING,
    SUPERVISOR,
)
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_WITHIN = f"{SUPERVISING}.restart_within_budget"
_SPEND = "if self._budget.spend(self.runtime.clock.now()):"
_HANDLE_END = f"{SUPERVISOR}.handle_end"
_FORGET = "self.forget(child)"
_CLEAR = "self._budget._times.clear()"
_RESTART = f"{SUPERVISOR}.restart"
_DYN_END = f"{DYNAMIC}.handle_end"

MUTANTS = (
    # -- limits -------------------------------------------------------------------------------------------------------
    Mutant(
        "all_supervisors_share_one_count",
        "The restarts of all supervisors count together.",
        frozenset({"INT-3", "INT-1", "INT-13", "INT-2"}),
        (
            Edit(
                _WITHIN,
                _SPEND,
                "self._budget._times = _TIMES.setdefault(self.runtime, self._budget._times)\n" + _SPEND,
            ),
        ),
        names={"_TIMES": lambda: __import__("weakref").WeakKeyDictionary()},
        is_hard=True,
    ),
    Mutant(
        "restarts_count_for_the_parent_too",
        "A restart below an inner supervisor counts for the outer one, too.",
        frozenset({"INT-3", "INT-1", "INT-13", "INT-2", "INT-4"}),
        (
            Edit(
                _WITHIN,
                _SPEND,
                "parent = self._record().parent\n"
                "if parent is not None and hasattr(parent.server, '_budget'):\n"
                "    parent.server._budget.spend(self.runtime.clock.now())\n" + _SPEND,
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "good_end_forgets_the_restarts",
        "After a child has ended well the supervisor counts its restarts anew.",
        frozenset({"INT-1", "INT-3", "INT-7", "INT-9", "INT-14", "STR-4"}),
        (Edit(_HANDLE_END, _FORGET, f"{_CLEAR}\n{_FORGET}"),),
        is_hard=True,
    ),
    Mutant(
        "good_end_of_a_dynamic_child_forgets_the_restarts",
        "After a child of a dynamic supervisor has ended for good the supervisor counts its restarts anew.",
        frozenset({"INT-1", "INT-3", "INT-7", "INT-9", "INT-12", "INT-14", "DYN-E7"}),
        (Edit(_DYN_END, _FORGET, f"{_CLEAR}\n{_FORGET}"),),
        is_hard=True,
    ),
    Mutant(
        "ended_dynamic_child_forgets_the_restarts",
        "After a child of a dynamic supervisor was ended by hand the supervisor counts its restarts anew.",
        frozenset({"INT-1", "INT-3", "INT-8", "INT-12", "INT-14", "DYN-E6"}),
        (Edit(f"{DYNAMIC}.administer", "await self.end(child)", f"{_CLEAR}\nawait self.end(child)"),),
        is_hard=True,
    ),
    Mutant(
        "added_dynamic_child_forgets_the_restarts",
        "After a child of a dynamic supervisor was added the supervisor counts its restarts anew.",
        frozenset({"INT-1", "INT-3", "INT-8", "INT-12", "INT-14", "SUP-27"}),
        (
            Edit(
                f"{DYNAMIC}._start_child",
                "process = await self.start_process(spec)",
                f"process = await self.start_process(spec)\n{_CLEAR}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "shutdown_end_of_a_permanent_child_is_free",
        "A permanent child that ends with shutdown is restarted without being counted.",
        frozenset({"INT-1", "INT-2", "INT-3", "INT-7", "STR-20", "STR-21"}),
        (
            Edit(
                _HANDLE_END,
                "return await self.restart_within_budget(child)",
                'if reason.kind.value == "shutdown":\n'
                "    return await self.restart(child)\n"
                "return await self.restart_within_budget(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restart_that_ignores_is_free",
        "A restart whose start ignores does not count.",
        frozenset({"INT-14", "INT-1", "INT-2", "INT-3", "INT-9", "STR-19"}),
        (
            Edit(
                _RESTART,
                "await self._start(member)",
                "await self._start(member)\n"
                "if member is child and child.process is None:\n    self._budget._times.pop()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dynamic_restart_that_ignores_is_free",
        "A restart of a dynamic supervisor whose start ignores does not count.",
        frozenset({"INT-14", "INT-1", "INT-2", "INT-3", "INT-9", "INT-12", "DYN-E8"}),
        (
            Edit(
                f"{DYNAMIC}.restart",
                "if process is not None:",
                "if process is None:\n    self._budget._times.pop()\nif process is not None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "failed_restart_by_hand_counts",
        "A restart by hand that fails counts as a restart.",
        frozenset({"INT-8", "SUP-36", "SUP-37"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                "try:\n    await self._start(child)\nexcept ChildStartError:\n"
                "    self._budget.spend(self.runtime.clock.now())\n    raise",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "failed_dynamic_addition_counts",
        "Adding a child that fails to start to a dynamic supervisor counts as a restart.",
        frozenset({"INT-1", "INT-8", "INT-12", "SUP-27", "DYN-E2"}),
        (
            Edit(
                f"{DYNAMIC}._start_child",
                "process = await self.start_process(spec)",
                "try:\n    process = await self.start_process(spec)\nexcept ChildStartError:\n"
                "    self._budget.spend(self.runtime.clock.now())\n    raise",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restart_of_the_last_is_free_under_rest_for_one",
        "Under rest_for_one the restart of the last child, which touches no other, does not count, up to thirty.",
        frozenset({"INT-14", "INT-1", "INT-2", "INT-3", "INT-4"}),
        (
            Edit(
                _RESTART,
                "await self._end_each(group)",
                'self._free = getattr(self, "_free", 0) + 1\n'
                'if self.spec.strategy == "rest_for_one" and len(group) == 1 and self._free < 30:\n'
                "    self._budget._times.pop()\n"
                "await self._end_each(group)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "giving_up_passes_on_the_reason_of_the_child",
        "A supervisor that gives up ends with the reason of the child.",
        frozenset({"INT-1", "INT-2", "INT-5", "SHUT-13", "STR-20"}),
        (
            Edit(_HANDLE_END, "self._detach(child)", "self._why = reason\nself._detach(child)"),
            Edit(
                _WITHIN, "return Stop(ExitReason.SHUTDOWN)", "return Stop(getattr(self, '_why', ExitReason.SHUTDOWN))"
            ),
        ),
    ),
    Mutant(
        "dynamic_supervisor_gives_up_with_normal",
        "A dynamic supervisor that gives up ends with normal.",
        frozenset({"INT-1", "INT-2", "INT-5", "INT-12", "SHUT-13"}),
        (
            Edit(
                _DYN_END,
                "return await self.restart_within_budget(child)",
                "stop = await self.restart_within_budget(child)\n"
                "return None if stop is None else Stop(ExitReason.NORMAL)",
            ),
        ),
    ),
    Mutant(
        "dynamic_window_never_slides",
        "A dynamic supervisor never forgets its restarts.",
        frozenset({"INT-9", "INT-11", "INT-12"}),
        (
            Edit(
                f"{DYNAMIC}.restart",
                "self.forget(child)",
                "self._budget._window = 10**12\nself.forget(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restarts_in_the_same_moment_count_once",
        "Restarts in the same millisecond count once.",
        frozenset({"INT-1", "INT-2", "INT-3", "INT-5", "INT-6", "INT-12", "STR-18"}),
        (Edit(f"{BUDGET}.spend", "times.append(time)", "if not times or times[-1] != time:\n    times.append(time)"),),
    ),
    # -- requests -----------------------------------------------------------------------------------------------------
    Mutant(
        "ignored_child_cannot_be_restarted_by_hand",
        "A child whose start ignored counts as running for a restart by hand.",
        frozenset({"SUP-4", "SUP-23", "SUP-30", "STR-19"}),
        (
            Edit(
                f"{SUPERVISOR}._start",
                'elif child.spec.restart == "temporary":',
                'elif child.spec.restart != "temporary":\n    vars(self).setdefault("_shy", set()).add(child)\nelse:',
            ),
            Edit(
                f"{SUPERVISOR}._restart_child",
                "child = self._find_down(child_id)",
                "child = self._find_down(child_id)\n"
                "if child in vars(self).get('_shy', ()):\n    raise ChildRunningError(child.spec.id)",
            ),
        ),
    ),
    Mutant(
        "restart_by_hand_that_ignores_drops_the_child",
        "A child whose restart by hand ignores is not known any more.",
        frozenset({"SUP-30", "SUP-4", "STR-19", "SUP-36", "SUP-50"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                "await self._start(child)\nif child.process is None:\n    self._children.pop(child.spec.id, None)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "finished_transient_child_cannot_be_restarted_by_hand",
        "A transient child that ended well cannot be restarted by hand: it is not found.",
        frozenset({"SUP-30", "STR-3", "SUP-35"}),
        (
            Edit(_HANDLE_END, _FORGET, f"vars(self).setdefault('_done', set()).add(child)\n{_FORGET}"),
            Edit(
                f"{SUPERVISOR}._restart_child",
                "child = self._find_down(child_id)",
                "child = self._find_down(child_id)\n"
                "if child in vars(self).get('_done', ()):\n    raise ChildNotFoundError(child_id)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "finished_transient_child_is_replaced_by_an_addition",
        "A child whose id belongs to a transient child that ended well takes its place.",
        frozenset({"SUP-22", "SUP-30", "STR-3"}),
        (
            Edit(_HANDLE_END, _FORGET, f"vars(self).setdefault('_done', set()).add(child)\n{_FORGET}"),
            Edit(
                f"{SUPERVISOR}._start_child",
                "if present is not None:",
                "if present is not None and present.is_down and present in vars(self).get('_done', ()):\n"
                "    del self._children[spec.id]\n    present = None\n"
                "if present is not None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restarting_worker_is_not_counted",
        "The numbers of workers and supervisors leave out those that wait for an attempt.",
        frozenset({"SUP-52", "SUP-53", "DYN-E10"}),
        (
            Edit(
                f"{CHILDREN}count",
                "workers=len(children) - supervisors",
                "workers=len(children) - supervisors - sum(child.is_restarting for child in children)",
            ),
        ),
    ),
    Mutant(
        "deaths_during_the_start_are_lost",
        "Deaths of children while their supervisor still starts the others are lost.",
        frozenset({"SUP-1", "SUP-12", "STR-1", "STR-3", "STR-18", "INT-1", "INT-2"}),
        (
            Edit(
                f"{SUPERVISOR}.init",
                "return None",
                "mailbox = self._record().mailbox\n"
                "for item in [item for item in mailbox if item[0] == 4 and self.find(item[1]) is not None]:\n"
                "    mailbox.remove(item)\nreturn None",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "deaths_during_a_request_are_lost",
        "Deaths of children while their supervisor does what a request asks for are lost.",
        frozenset({"STR-1", "STR-3", "STR-18", "SUP-32", "SUP-20", "SUP-56", "SUP-31"}),
        (
            Edit(
                f"{SUPERVISOR}.administer",
                "return await self._terminate_child(child_id)",
                "await self._terminate_child(child_id)\n"
                "mailbox = self._record().mailbox\n"
                "for item in [item for item in mailbox if item[0] == 4 and self.find(item[1]) is not None]:\n"
                "    mailbox.remove(item)\nreturn None",
            ),
        ),
        is_hard=True,
    ),
    # -- specifications -----------------------------------------------------------------------------------------------
    Mutant(
        "negative_limit_of_children_is_accepted",
        "A dynamic supervisor accepts a negative number of children as its limit.",
        frozenset({"SUP-9", "DYN-E4", "DYN-E3", "SUP-10"}),
        (
            Edit(
                f"{SPECS}DynamicSupervisorSpec.__post_init__",
                "if self.max_children is not None and not _is_count(self.max_children):",
                "if False:",
            ),
        ),
    ),
    Mutant(
        "significant_child_is_added_where_nothing_shuts_down",
        "A significant child can be added to a supervisor without automatic shutdown.",
        frozenset({"STR-35"}),
        (Edit(f"{SUPERVISOR}._start_child", "self.spec.check_significance(spec)", "pass"),),
    ),
    # -- automatic shutdown -------------------------------------------------------------------------------------------
    Mutant(
        "any_end_shuts_down_once_no_significant_child_is_left",
        "Under all_significant the end of any child shuts down when the last significant one was ended by hand.",
        frozenset({"STR-33", "STR-34", "STR-32"}),
        (
            Edit(
                f"{STRATEGIES}is_over",
                "if not ended.spec.significant:",
                'if not ended.spec.significant and not (auto_shutdown == "all_significant" '
                "and any(child.spec.significant for child in children)):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "all_significant_waits_for_everybody",
        "Under all_significant also children that are not significant keep the supervisor alive.",
        frozenset({"STR-32"}),
        (
            Edit(
                f"{STRATEGIES}is_over",
                "child.spec.significant and not child.is_down",
                "not child.is_down and child is not ended",
            ),
        ),
    ),
    Mutant(
        "only_the_first_significant_child_shuts_down",
        "Under any_significant only the first significant child shuts the supervisor down.",
        frozenset({"STR-30", "STR-36"}),
        (
            Edit(
                f"{STRATEGIES}is_over",
                "return True",
                "return not any(child.spec.significant and child is not ended for child in list(children)[:1])",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "automatic_shutdown_kills",
        "A supervisor that shuts down automatically kills the remaining children.",
        frozenset({"STR-30", "STR-32", "SHUT-1", "SHUT-2", "SHUT-4"}),
        (
            Edit(
                _HANDLE_END,
                "return Stop(ExitReason.SHUTDOWN) if is_over",
                "for other in self._children.values() if is_over("
                "self.spec.auto_shutdown, self._children.values(), child) else ():\n"
                "    if other.process is not None:\n"
                "        self.runtime.table.exit(other.process, self._record(), ExitReason.KILL)\n"
                "return Stop(ExitReason.SHUTDOWN) if is_over",
            ),
        ),
    ),
)
