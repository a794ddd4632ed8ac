"""Further faults in strategies, limits, shutdown and dynamic supervisors: rare members, stale retries, nested trees."""

from __future__ import annotations

from tests.conformance.mutants.places import DYNAMIC, ENDING, STRATEGIES, SUPERVISING, SUPERVISOR
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_GROUP = "group = find_group(self.spec.strategy, self._children.values(), child)"
_RESTART = f"{SUPERVISOR}.restart"
_HANDLE_END = f"{SUPERVISOR}.handle_end"
_OVER = "is_over(self.spec.auto_shutdown, self._children.values(), child)"
_TERMINATE = f"{SUPERVISOR}.terminate"
_ALL = "await self._end_each(list(self._children.values()))"
_END = f"{ENDING}end_children"
_TIMED = "if isinstance(shutdown, (int, float)):"

MUTANTS = (
    # -- strategies ---------------------------------------------------------------------------------------------------
    Mutant(
        "sixth_child_is_not_in_the_group",
        "Under one_for_all the sixth child is left alone unless it failed itself.",
        frozenset({"STR-7"}),
        (
            Edit(
                f"{STRATEGIES}find_group",
                "return list(children)",
                "return [child for place, child in enumerate(children) if child is failed or place != 5]",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "added_children_are_not_in_the_group",
        "Children that were added later are left alone when their group is restarted.",
        frozenset({"STR-7", "STR-8", "STR-10", "SUP-20"}),
        (
            Edit(
                _RESTART, _GROUP, f"{_GROUP}\ngroup = [m for m in group if m is child or m.spec in self.spec.children]"
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "group_is_restarted_once",
        "The second restart of a group restarts the child alone.",
        frozenset({"STR-7", "STR-8"}),
        (Edit(_RESTART, _GROUP, f"{_GROUP}\ngroup = group if child.restarts != 1 else [child]"),),
        is_hard=True,
    ),
    Mutant(
        "second_retry_cancels_the_first",
        "If two children wait for another attempt, the one that waited first is left down.",
        frozenset({"STR-12", "SUP-53", "STR-13", "STR-14", "SUP-50", "DYN-E9"}),
        (
            Edit(
                f"{SUPERVISING}.retry_later",
                "child.retry = Retry(child)",
                "for other in self._children.values():\n    other.retry = None\nchild.retry = Retry(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "stale_retry_restarts_again",
        "An attempt that was called off is made if the child was started by hand meanwhile.",
        frozenset({"STR-6", "STR-15", "SUP-30", "SUP-35", "STR-12"}),
        (
            Edit(
                f"{SUPERVISING}.handle_cast",
                "message.child.retry is message",
                "(message.child.retry is message or message.child.process is not None)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "retry_of_a_transient_child_gives_up_quietly",
        "A transient child whose restart ends with a good reason is not tried again.",
        frozenset({"STR-12", "STR-3", "STR-19"}),
        (
            Edit(
                f"{SUPERVISING}.retry_later",
                "if not self.runtime.is_open:",
                'if child.spec.restart == "transient" and error.reason.is_normal:\n'
                "    child.retry = None\n"
                "    return\n"
                "if not self.runtime.is_open:",
            ),
        ),
        is_hard=True,
    ),
    # -- significant children -----------------------------------------------------------------------------------------
    Mutant(
        "added_child_is_never_significant",
        "A significant child that was added later does not shut its supervisor down.",
        frozenset({"STR-30", "STR-32"}),
        (Edit(_HANDLE_END, _OVER, f"child.spec in self.spec.children and {_OVER}"),),
        is_hard=True,
    ),
    Mutant(
        "restarted_child_is_not_significant",
        "A significant child that has been restarted does not shut its supervisor down.",
        frozenset({"STR-30", "STR-31", "STR-32"}),
        (Edit(_HANDLE_END, _OVER, f"not child.restarts and {_OVER}"),),
        is_hard=True,
    ),
    Mutant(
        "child_restarted_by_hand_is_not_waited_for",
        "Under all_significant a child that was restarted by hand does not keep the supervisor alive.",
        frozenset({"STR-32", "STR-33"}),
        (
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                'await self._start(child)\nself.__dict__.setdefault("revived", set()).add(child.spec.id)',
            ),
            Edit(
                _HANDLE_END,
                "self._children.values(), child)",
                "[c for c in self._children.values() "
                'if c is child or c.spec.id not in self.__dict__.get("revived", ())], child)',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ignored_significant_child_shuts_down",
        "Under any_significant a child whose restart ignores shuts its supervisor down.",
        frozenset({"STR-30", "STR-19", "STR-31", "STR-33"}),
        (
            Edit(
                _HANDLE_END,
                "return await self.restart_within_budget(child)",
                "result = await self.restart_within_budget(child)\n"
                'gone = child.is_down and child.spec.significant and self.spec.auto_shutdown == "any_significant"\n'
                "return Stop(ExitReason.SHUTDOWN) if gone else result",
            ),
        ),
        is_hard=True,
    ),
    # -- limits -------------------------------------------------------------------------------------------------------
    Mutant(
        "end_of_a_supervisor_counts_twice",
        "The restart of a supervisor counts as two.",
        frozenset({"INT-1", "INT-2", "INT-3", "INT-4", "STR-20", "STR-21"}),
        (
            Edit(
                _HANDLE_END,
                "self._detach(child)",
                "if child.process is not None and child.process.server.is_supervisor:\n"
                "    self._budget.spend(self.runtime.clock.now())\n"
                "self._detach(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "kills_do_not_count",
        "The restart of a child that was killed does not count.",
        frozenset({"INT-1", "INT-2", "INT-3", "INT-4", "INT-9", "INT-12"}),
        (
            Edit(
                _HANDLE_END,
                "return await self.restart_within_budget(child)",
                'if reason.kind.value == "killed":\n'
                "    return await self.restart(child)\n"
                "return await self.restart_within_budget(child)",
            ),
        ),
        is_hard=True,
    ),
    # -- shutdown -----------------------------------------------------------------------------------------------------
    Mutant(
        "order_depends_on_the_reason",
        "A supervisor whose parent crashed ends its children from the first to the last.",
        frozenset({"SHUT-1", "SUP-12", "SHUT-12"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "await self._end_each(list(self._children.values())[:: -1 if reason.is_abnormal else 1])",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "stop_during_a_retry_leaves_the_others",
        "A supervisor that is stopped while a child waits for a restart does not end the others in order.",
        frozenset({"SHUT-1", "SUP-12", "INT-15", "SHUT-16", "SHUT-12"}),
        (Edit(_TERMINATE, _ALL, f"if not any(child.is_restarting for child in self._children.values()):\n    {_ALL}"),),
        is_hard=True,
    ),
    Mutant(
        "supervisors_are_given_all_the_time",
        "A supervisor among the children is waited for without a limit.",
        frozenset({"SHUT-11", "SHUT-7", "SHUT-2", "SHUT-10", "SHUT-12"}),
        (Edit(_END, _TIMED, "if isinstance(shutdown, (int, float)) and not process.server.is_supervisor:"),),
        is_hard=True,
    ),
    Mutant(
        "supervisors_are_not_killed_brutally",
        "A supervisor among the children is asked to end although it is to be killed.",
        frozenset({"SHUT-5", "SUP-16", "SHUT-12", "SHUT-11"}),
        (
            Edit(
                f"{ENDING}_ask",
                'ExitReason.KILL if shutdown == "brutal_kill"',
                'ExitReason.KILL if shutdown == "brutal_kill" and not process.server.is_supervisor',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "supervisor_killed_for_its_time_leaves_its_children",
        "The children of a supervisor that is killed because its time is over live on.",
        frozenset({"SUP-16", "SHUT-7", "SHUT-11", "SHUT-12"}),
        (
            Edit(
                _END,
                "check_alive(supervisor)\n                table.exit(process",
                "check_alive(supervisor)\n"
                "for peer in tuple(process.links or ()) if process.server.is_supervisor else ():\n"
                "    if peer is not supervisor:\n"
                "        table.part(process, peer)\n"
                "table.exit(process",
            ),
        ),
        is_hard=True,
    ),
    # -- dynamic supervisors ------------------------------------------------------------------------------------------
    Mutant(
        "ignored_restart_keeps_its_place",
        "A dynamic child whose restart ignores takes a place for ever.",
        frozenset({"DYN-E4", "DYN-E8"}),
        (
            Edit(
                f"{DYNAMIC}.restart",
                "if process is not None:",
                "if process is None:\n"
                '    self.__dict__["lost"] = self.__dict__.get("lost", 0) + 1\n'
                "if process is not None:",
            ),
            Edit(
                f"{DYNAMIC}._start_child",
                "len(self._children) >= limit",
                'len(self._children) + self.__dict__.get("lost", 0) >= limit',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ended_restarting_child_keeps_its_place",
        "A dynamic child that is ended while it waits for a restart takes a place for ever.",
        frozenset({"DYN-E4", "DYN-E6"}),
        (
            Edit(
                f"{DYNAMIC}.administer",
                "await self.end(child)",
                'self.__dict__["lost"] = self.__dict__.get("lost", 0) + child.is_restarting\nawait self.end(child)',
            ),
            Edit(
                f"{DYNAMIC}._start_child",
                "len(self._children) >= limit",
                'len(self._children) + self.__dict__.get("lost", 0) >= limit',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "transient_dynamic_child_ends_with_a_text",
        "A transient child of a dynamic supervisor comes back after {shutdown, text}.",
        frozenset({"DYN-E7", "STR-3"}),
        (
            Edit(
                f"{DYNAMIC}.handle_end",
                "if needs_restart(child.spec.restart, reason):",
                'if needs_restart(child.spec.restart, reason) or (child.spec.restart == "transient" and reason.text):',
            ),
        ),
        is_hard=True,
    ),
)
