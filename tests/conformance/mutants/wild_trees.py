"""Faults that were reported of real supervisors. See docs/wild.md."""

from __future__ import annotations

from letitcrash_reference.messages import Exit
from letitcrash_reference.process import Phase
from tests.conformance.mutants.places import BUDGET, DYNAMIC, ENDING, SERVING, SUPERVISING, SUPERVISOR, TABLE
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.red_tools import Memory

__all__ = ["MUTANTS"]

_WITHIN = f"{SUPERVISING}.restart_within_budget"
_SPEND = "if self._budget.spend(self.runtime.clock.now()):"
_HANDLE_END = f"{SUPERVISOR}.handle_end"
_FOUND = "if needs_restart(child.spec.restart, reason):"
_RESTART = f"{SUPERVISOR}.restart"
_END_ALL = "await self._end_each(list(self._children.values()))"
_TERMINATE = f"{SUPERVISOR}.terminate"

MUTANTS = (
    # -- restarts -----------------------------------------------------------------------------------------------------
    Mutant(
        "group_restart_ends_added_children_for_good",
        "Children that were added later are ended with their group and not started again.",
        frozenset({"STR-7", "STR-8", "STR-10", "SUP-20", "STR-1", "STR-3"}),
        (
            Edit(
                _RESTART,
                'if member.spec.restart == "temporary":',
                'if member.spec.restart == "temporary" or (\n'
                '    self.spec.strategy != "one_for_one" and not any(member.spec is s for s in self.spec.children)\n'
                "):",
            ),
        ),
    ),
    Mutant(
        "sibling_restarted_in_a_group_is_not_supervised",
        "A child that was restarted with another one is not restarted when it ends itself.",
        frozenset({"STR-1", "STR-3", "STR-7", "STR-8"}),
        (
            Edit(
                _RESTART,
                "member.restarts += 1",
                "member.restarts += 1\nif member is not child:\n    vars(self).setdefault('_wiped', set()).add(member)",
            ),
            Edit(
                _HANDLE_END,
                _FOUND,
                "if needs_restart(child.spec.restart, reason) and child not in vars(self).get('_wiped', ()):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "each_watcher_restarts_the_child",
        "A child that somebody watches is restarted once more for each of those who watch it.",
        frozenset({"STR-1", "STR-3", "STR-5", "STR-6", "INT-1", "INT-2", "INT-4", "STR-7", "STR-8"}),
        (
            Edit(
                f"{TABLE}._bury",
                "victim.alive = False",
                "victim.alive = False\nmemory(victim)[victim] = len(victim.watchers or ())",
            ),
            Edit(
                _HANDLE_END,
                "self._detach(child)",
                "for _ in range(memory(child.process).get(child.process, 0)):\n"
                "    if (stop := await self.restart_within_budget(child)) is not None:\n"
                "        return stop\n"
                "self._detach(child)",
            ),
        ),
        names={"memory": Memory},
    ),
    Mutant(
        "supervisor_hears_of_the_end_before_the_cleanup",
        "A supervisor restarts a child that stops or crashes while the cleanup callback of the old process still runs.",
        frozenset({"STR-1", "STR-3", "STR-5", "STR-6", "STR-7", "STR-8"}),
        (
            Edit(
                f"{SERVING}_finish",
                "process.phase = Phase.TERMINATING",
                "process.phase = Phase.TERMINATING\n"
                "if process.parent is not None and process.parent.server.is_supervisor:\n"
                "    process.parent.post((EXIT, End(process.pid, reason)))",
            ),
            Edit(
                f"{SUPERVISING}.handle_info",
                "or child.process.alive:",
                "or (child.process.alive and child.process.phase.name != 'TERMINATING'):",
            ),
        ),
        names={"End": lambda: Exit},
    ),
    Mutant(
        "restart_uses_the_dead_server_again",
        "A restart hands over the server object that has died, which cannot start a second time.",
        frozenset({"STR-1", "STR-3", "STR-6", "INT-1", "STR-12", "STR-7", "STR-8"}),
        (
            Edit(
                f"{SUPERVISING}._run_start",
                "return await self.start_linked(start(), backend",
                "kept = vars(self).setdefault('_kept', {})\n"
                "return await self.start_linked(kept.get(spec.id) or kept.setdefault(spec.id, start()), backend",
            ),
        ),
    ),
    Mutant(
        "refused_addition_cancels_the_restart",
        "Adding a child under the id of one that waits for a restart is refused, and cancels the restart.",
        frozenset({"SUP-22", "STR-12", "SUP-53", "SUP-50", "SUP-30", "INT-5"}),
        (
            Edit(
                f"{SUPERVISOR}._start_child",
                "raise ChildAlreadyPresentError(spec.id)",
                "present.retry = None\nraise ChildAlreadyPresentError(spec.id)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "good_end_of_a_transient_child_crashes_the_supervisor",
        "A supervisor crashes when a transient child ends well.",
        frozenset({"STR-3", "STR-4", "INT-7"}),
        (
            Edit(
                _HANDLE_END,
                "self.forget(child)",
                "if child.spec.restart == 'transient':\n    raise RuntimeError('no starter')\nself.forget(child)",
            ),
        ),
    ),
    Mutant(
        "end_of_a_temporary_child_ends_the_supervisor",
        "A supervisor gives up when a temporary child ends.",
        frozenset({"STR-2", "STR-4", "INT-7", "STR-34"}),
        (
            Edit(
                _HANDLE_END,
                "self.forget(child)",
                "self.forget(child)\nif child.spec.restart == 'temporary':\n    return Stop(ExitReason.SHUTDOWN)",
            ),
        ),
    ),
    Mutant(
        "good_end_of_a_child_ends_the_dynamic_supervisor",
        "A dynamic supervisor shuts down when one of its children ends and is not restarted.",
        frozenset({"STR-2", "STR-3", "STR-4", "DYN-E7", "DYN-E12", "INT-7"}),
        (Edit(f"{DYNAMIC}.handle_end", "return None", "return Stop(ExitReason.SHUTDOWN)"),),
    ),
    # -- limits -------------------------------------------------------------------------------------------------------
    Mutant(
        "supervisor_has_no_limit",
        "A supervisor restarts its children without limit, up to thirty times.",
        frozenset({"INT-1", "INT-2", "INT-5"}),
        (Edit(f"{BUDGET}.spend", "return len(times) <= self._limit", "return len(times) <= 30"),),
    ),
    Mutant(
        "window_is_counted_in_deaths",
        "The window of restarts is counted in messages: each death lets two of its seconds pass.",
        frozenset({"INT-1", "INT-2", "INT-3", "INT-4", "INT-5", "INT-6", "INT-9", "INT-11", "INT-12"}),
        (
            Edit(
                _WITHIN,
                _SPEND,
                "ticks = vars(self)['_ticks'] = vars(self).get('_ticks', 0) + 2\nif self._budget.spend(ticks):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "limit_of_children_is_ignored",
        "A dynamic supervisor takes any number of children, whatever its limit.",
        frozenset({"DYN-E4"}),
        (Edit(f"{DYNAMIC}._start_child", "limit = self.spec.max_children", "limit = None"),),
    ),
    # -- shutdown -----------------------------------------------------------------------------------------------------
    Mutant(
        "ending_unlinks_all_children_first",
        "A supervisor that ends first removes its links to all children, and then ends them one by one.",
        frozenset({"SUP-16", "SHUT-1", "SHUT-12", "SUP-14"}),
        (
            Edit(
                _TERMINATE,
                _END_ALL,
                "record = self._record()\n"
                "with record.runtime.table.lock:\n"
                "    for child in self._children.values():\n"
                "        if child.process is not None:\n"
                "            record.runtime.table.part(record, child.process)\n"
                f"{_END_ALL}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ending_hangs_after_a_restart",
        "A supervisor that has restarted a child does not come to an end for an hour.",
        frozenset({"SHUT-1", "SHUT-2", "SHUT-3", "SUP-17", "GS-58", "SUP-12", "SHUT-12", "SHUT-13"}),
        (
            Edit(
                _TERMINATE,
                _END_ALL,
                f"{_END_ALL}\nif vars(self).get('_restarted'):\n    await self.runtime.sleep(3600.0)",
            ),
            Edit(_RESTART, "member.restarts += 1", "member.restarts += 1\nvars(self)['_restarted'] = True"),
        ),
    ),
    Mutant(
        "removed_children_are_waited_for",
        "A supervisor that ends waits ten seconds for children that were ended by hand long before.",
        frozenset({"SHUT-16", "SHUT-1", "SHUT-10", "SUP-17", "GS-58", "SHUT-12"}),
        (
            Edit(
                _TERMINATE,
                _END_ALL,
                f"{_END_ALL}\nif vars(self).get('_removed'):\n    await self.runtime.sleep(10.0)",
            ),
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "await self.end(child)",
                "vars(self)['_removed'] = True\nawait self.end(child)",
            ),
        ),
    ),
    Mutant(
        "terminating_child_is_not_awaited",
        "A child whose cleanup callback runs already is taken for dead when it is to be ended.",
        frozenset({"SHUT-1", "SHUT-2", "SHUT-8", "SHUT-15", "STR-6", "STR-7", "STR-8", "STR-16"}),
        (
            Edit(
                f"{ENDING}end_children",
                "if process is not None and process.alive:",
                "if process is not None and process.alive and process.phase is not Phase.TERMINATING:",
            ),
        ),
        names={"Phase": lambda: Phase},
        is_hard=True,
    ),
    Mutant(
        "requests_while_a_child_ends_are_lost",
        "Requests that come while a supervisor waits for the end of a child are dropped.",
        frozenset({"SUP-56", "INT-15", "SUP-31", "SUP-50"}),
        (
            Edit(
                f"{SUPERVISING}.end",
                "await end_children(self._record(), children)",
                "await end_children(self._record(), children)\n"
                "mailbox = self._record().mailbox\n"
                "for item in [item for item in mailbox if item[0] == 1]:\n"
                "    mailbox.remove(item)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ignored_restart_breaks_the_shutdown",
        "A dynamic supervisor that met a restart which ignored crashes when it ends, before its children have ended.",
        frozenset({"DYN-E8", "DYN-E11", "DYN-E12", "SUP-17", "SHUT-13", "GS-58", "SHUT-1", "SHUT-4"}),
        (
            Edit(
                f"{DYNAMIC}.restart",
                "if process is not None:",
                "if process is None:\n    vars(self)['_hole'] = True\nif process is not None:",
            ),
            Edit(
                f"{DYNAMIC}.terminate",
                "await self.end(*self._children.values())",
                "if vars(self).get('_hole'):\n    raise RuntimeError('undefined')\n"
                "await self.end(*self._children.values())",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ignored_addition_breaks_the_shutdown",
        "A dynamic supervisor that met an addition which ignored crashes when it ends, before its children have ended.",
        frozenset({"DYN-E2", "DYN-E11", "DYN-E12", "SUP-17", "SHUT-13", "GS-58", "SHUT-1", "SHUT-4"}),
        (
            Edit(
                f"{DYNAMIC}._start_child",
                "if process is None:",
                "if process is None:\n    vars(self)['_hole'] = True",
            ),
            Edit(
                f"{DYNAMIC}.terminate",
                "await self.end(*self._children.values())",
                "if vars(self).get('_hole'):\n    raise RuntimeError('undefined')\n"
                "await self.end(*self._children.values())",
            ),
        ),
        is_hard=True,
    ),
    # -- questions ----------------------------------------------------------------------------------------------------
    Mutant(
        "unknown_id_crashes_the_supervisor",
        "Restarting or deleting a child that is not known crashes the supervisor.",
        frozenset({"SUP-30"}),
        (Edit(f"{SUPERVISOR}._find_down", "child = self._find_child(child_id)", "child = self._children[child_id]"),),
    ),
    Mutant(
        "no_children_cannot_be_counted",
        "Counting the children of a dynamic supervisor that has none fails.",
        frozenset({"DYN-E10", "SUP-52"}),
        (
            Edit(
                f"{DYNAMIC}.administer",
                "return count(self._children.values())",
                "if not self._children:\n    raise ValueError('badarg')\nreturn count(self._children.values())",
            ),
        ),
    ),
)
"""What was reported of real supervisors."""
