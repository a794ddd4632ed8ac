"""Faults in supervisors whose children come and go: chapter `dynamic_supervisor`."""

from __future__ import annotations

from tests.conformance.mutants.places import CHILDREN, DYNAMIC, ENDING, SERVING, SUPERVISING
from tests.conformance.mutants.plant import Count, Edit, Mutant

__all__ = ["MUTANTS"]

_ADMIN = f"{DYNAMIC}.administer"
_RESTART = f"{DYNAMIC}.restart"
_LIST = "return [describe_child(child, has_id=False) for child in self._children.values()]"
_ALL = "await self.end(*self._children.values())"
_IN_TURN = "for seconds, processes in sorted(patience.items()):"

MUTANTS = (
    # -- ends and restarts --------------------------------------------------------------------------------------------
    Mutant(
        "finished_child_stays_listed",
        "A child that ended and is not restarted stays listed.",
        frozenset({"DYN-E7", "STR-2"}),
        (Edit(f"{DYNAMIC}.handle_end", "self.forget(child)", "pass"),),
    ),
    Mutant(
        "finished_transient_child_stays_listed",
        "A transient child that ended well stays listed without a process.",
        frozenset({"DYN-E7", "STR-3"}),
        (
            Edit(
                f"{DYNAMIC}.handle_end",
                "self.forget(child)",
                'if child.spec.restart == "transient":\n    child.process = None\nelse:\n    self.forget(child)',
            ),
        ),
    ),
    Mutant(
        "ignored_restart_keeps_the_child",
        "A child of a dynamic supervisor whose restart ignores stays listed.",
        frozenset({"DYN-E8"}),
        (
            Edit(
                _RESTART,
                "self.forget(child)",
                "if process is None:\n    child.process = child.retry = None\n    return\nself.forget(child)",
            ),
        ),
    ),
    Mutant(
        "ignored_restart_is_tried_again",
        "A restart of a dynamic supervisor whose start ignores counts as one that failed.",
        frozenset({"DYN-E8"}),
        (
            Edit(
                _RESTART,
                "process = await self.start_process(child.spec)",
                "process = await self.start_process(child.spec)\n"
                "if process is None:\n"
                "    raise ChildStartError(child.spec.id, ExitReason.NORMAL)",
            ),
        ),
    ),
    Mutant(
        "failed_restart_drops_the_child",
        "A child of a dynamic supervisor that fails to start during a restart is dropped.",
        frozenset({"DYN-E9"}),
        (Edit(_RESTART, "self.retry_later(child, error)", "self.forget(child)"),),
    ),
    Mutant(
        "attempts_of_a_dynamic_supervisor_are_free",
        "Further attempts of a dynamic supervisor to restart a child do not count, up to thirty of them.",
        frozenset({"DYN-E9", "INT-12", "INT-5"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                "if self._budget.spend(self.runtime.clock.now()):",
                'is_free = child.is_restarting and not hasattr(self.spec, "strategy")\n'
                "if (is_free and count(self.process_record) <= 30) or self._budget.spend(self.runtime.clock.now()):",
            ),
        ),
        names={"count": Count},
    ),
    Mutant(
        "dynamic_supervisor_has_no_limit",
        "A dynamic supervisor restarts its children without limit.",
        frozenset({"INT-12", "INT-2"}),
        (
            Edit(
                f"{DYNAMIC}.handle_end",
                "return await self.restart_within_budget(child)",
                "return await self.restart(child)",
            ),
        ),
    ),
    Mutant(
        "each_dynamic_child_has_a_limit_of_its_own",
        "Each child of a dynamic supervisor has a budget of its own.",
        frozenset({"INT-12", "INT-3"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                "if self._budget.spend(self.runtime.clock.now()):",
                "budget = self._budget\n"
                'if not hasattr(self.spec, "strategy"):\n'
                '    budgets = self.__dict__.setdefault("budgets", {})\n'
                "    new = RestartBudget(self.spec.max_restarts, self.spec.max_seconds)\n"
                "    budget = budgets.setdefault(child.spec.id, new)\n"
                "if budget.spend(self.runtime.clock.now()):",
            ),
        ),
    ),
    Mutant(
        "one_crash_ends_all_dynamic_children",
        "The restart of a child of a dynamic supervisor ends its siblings.",
        frozenset({"STR-5", "DYN-E1"}),
        (
            Edit(
                _RESTART,
                "child.restarts += 1",
                "child.restarts += 1\n"
                "for other in list(self._children.values()):\n"
                "    await self.end(other)\n"
                "    self.forget(other)",
            ),
        ),
    ),
    Mutant(
        "child_comes_back_as_its_sibling",
        "A child of a dynamic supervisor is restarted by the specification of the child that was added last.",
        frozenset({"STR-1", "STR-3", "STR-6", "DYN-E1"}),
        (
            Edit(
                _RESTART,
                "process = await self.start_process(child.spec)",
                "process = await self.start_process(list(self._children.values())[-1].spec)",
            ),
        ),
    ),
    Mutant(
        "restarted_dynamic_child_is_unknown",
        "From its second restart on a child of a dynamic supervisor is known by its former process only.",
        frozenset({"STR-1", "STR-3", "DYN-E6", "DYN-E10"}),
        (
            Edit(
                _RESTART,
                "self._children[process.pid] = child",
                "if child.restarts < 2:\n    self._children[process.pid] = child",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "former_process_stays_listed",
        "A child of a dynamic supervisor that was restarted is listed twice.",
        frozenset({"DYN-E10", "SUP-50", "DYN-E4", "DYN-E7"}),
        (Edit(_RESTART, "self.forget(child)", "child.retry = None"),),
    ),
    # -- what it tells ------------------------------------------------------------------------------------------------
    Mutant(
        "restarting_dynamic_child_is_not_listed",
        "A child of a dynamic supervisor that is being restarted is not listed.",
        frozenset({"DYN-E10", "DYN-E9", "SUP-50"}),
        (Edit(_ADMIN, _LIST, f"{_LIST[:-1]} if not child.is_restarting]"),),
        is_hard=True,
    ),
    Mutant(
        "restarting_dynamic_child_shows_its_former_process",
        "A child of a dynamic supervisor that is being restarted is listed with its former process.",
        frozenset({"DYN-E10", "DYN-E9", "SUP-50"}),
        (
            Edit(
                f"{CHILDREN}describe_child",
                "process = None if child.is_restarting else child.process",
                "process = child.process",
            ),
            Edit(
                f"{CHILDREN}describe_child",
                "is_restarting=child.is_restarting",
                "is_restarting=child.is_restarting and process is None",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dynamic_children_show_their_ids",
        "A dynamic supervisor lists its children with ids.",
        frozenset({"DYN-E10", "SUP-50"}),
        (Edit(_ADMIN, _LIST, "return [describe_child(child) for child in self._children.values()]"),),
    ),
    Mutant(
        "restarting_dynamic_child_is_not_counted",
        "The number of children of a dynamic supervisor leaves out those that are being restarted.",
        frozenset({"DYN-E10"}),
        (
            Edit(
                _ADMIN,
                "return count(self._children.values())",
                "return count([child for child in self._children.values() if not child.is_restarting])",
            ),
        ),
        is_hard=True,
    ),
    # -- its end ------------------------------------------------------------------------------------------------------
    Mutant(
        "dynamic_children_are_ended_one_by_one",
        "A dynamic supervisor ends its children one after the other.",
        frozenset({"DYN-E11"}),
        (Edit(f"{DYNAMIC}.terminate", _ALL, "for child in list(self._children.values()):\n    await self.end(child)"),),
    ),
    Mutant(
        "dynamic_children_share_the_shortest_time",
        "A dynamic supervisor that ends kills all children that are left when the shortest time is over.",
        frozenset({"DYN-E11"}),
        (
            Edit(
                f"{ENDING}end_children",
                _IN_TURN,
                "everybody = [process for processes in patience.values() for process in processes]\n"
                "for seconds, processes in [(min(patience), everybody)] if patience else []:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dynamic_children_share_the_longest_time",
        "A dynamic supervisor that ends waits for all children until the longest time is over.",
        frozenset({"DYN-E11"}),
        (
            Edit(
                f"{ENDING}end_children",
                _IN_TURN,
                "everybody = [process for processes in patience.values() for process in processes]\n"
                "for seconds, processes in [(max(patience), everybody)] if patience else []:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dynamic_children_are_not_awaited",
        "A dynamic supervisor that ends does not wait for its children.",
        frozenset({"DYN-E11", "SHUT-1", "SHUT-7"}),
        (
            Edit(
                f"{DYNAMIC}.terminate",
                _ALL,
                "for child in self._children.values():\n"
                '    reason = ExitReason.KILL if child.spec.shutdown == "brutal_kill" else ExitReason.SHUTDOWN\n'
                "    if child.process is not None:\n"
                "        self.runtime.table.exit(child.process, self._record(), reason)",
            ),
        ),
    ),
    Mutant(
        "dynamic_supervisor_leaves_orphans",
        "A dynamic supervisor that is stopped does not end its children.",
        frozenset({"DYN-E11", "SHUT-1", "SUP-17"}),
        (Edit(f"{DYNAMIC}.terminate", _ALL, "return"),),
    ),
    Mutant(
        "dynamic_supervisor_ignores_its_parents_normal_end",
        "A dynamic supervisor goes on if its parent ends with normal.",
        frozenset({"DYN-E12", "SUP-12"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                "if kind == EXIT and process.parent is not None",
                "if kind == EXIT and process.parent is not None and not ("
                ' server.is_supervisor and not hasattr(server.spec, "strategy") and str(message.reason) == "normal")',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dynamic_supervisor_obeys_strangers",
        "An abnormal exit signal from anybody ends a dynamic supervisor.",
        frozenset({"DYN-E12", "SUP-13"}),
        (
            Edit(
                f"{SUPERVISING}.handle_info",
                "child = self.find(message)",
                "child = self.find(message)\n"
                'if message.pid is None and message.reason.is_abnormal and not hasattr(self.spec, "strategy"):\n'
                "    return Stop(message.reason)",
            ),
        ),
        is_hard=True,
    ),
)
