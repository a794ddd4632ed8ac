"""Faults that a second attack on restarts planted: places, order, what is remembered of a child, rare members."""

from __future__ import annotations

from tests.conformance.mutants.places import DYNAMIC, STRATEGIES, SUPERVISING, SUPERVISOR
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_GROUP = "group = find_group(self.spec.strategy, self._children.values(), child)"
_RESTART = f"{SUPERVISOR}.restart"
_HANDLE_END = f"{SUPERVISOR}.handle_end"
_NEEDS = f"{STRATEGIES}needs_restart"
_FOUND = "if needs_restart(child.spec.restart, reason):"
_LEAVE_OUT = 'if member.spec.restart == "temporary":'
_END = "await self._end_each(group)"
_RETRY = "child.retry = Retry(child)"
_RETRY_LATER = f"{SUPERVISING}.retry_later"

MUTANTS = (
    # -- who comes back -----------------------------------------------------------------------------------------------
    Mutant(
        "fifth_restart_is_lost",
        "A child is restarted four times; its fifth end goes without a restart.",
        frozenset({"STR-1", "STR-3", "STR-31"}),
        (Edit(_HANDLE_END, _FOUND, "if needs_restart(child.spec.restart, reason) and child.restarts != 4:"),),
        is_hard=True,
    ),
    Mutant(
        "error_called_normal_is_a_good_end",
        "An error whose text is normal or shutdown counts as an orderly end.",
        frozenset({"STR-3", "EXIT-27", "STR-30", "STR-31"}),
        (
            Edit(
                _NEEDS,
                "return reason.is_abnormal",
                'return reason.is_abnormal and reason.text not in ("normal", "shutdown")',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "shutdown_called_error_is_a_bad_end",
        "A shutdown whose text is error, killed or crash counts as a crash.",
        frozenset({"STR-3", "EXIT-27"}),
        (
            Edit(
                _NEEDS,
                "return reason.is_abnormal",
                'return reason.is_abnormal or reason.text in ("error", "killed", "crash", "boom")',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "permanent_child_rests_after_a_shutdown_with_a_remark",
        "A permanent child that ends with {shutdown, text} is not restarted.",
        frozenset({"STR-1"}),
        (
            Edit(
                _NEEDS,
                "return True",
                'return not (reason.kind.value == "shutdown" and reason.text is not None)',
            ),
        ),
    ),
    Mutant(
        "retried_child_is_not_restarted_again",
        "A child whose restart failed once rests when it ends after a later attempt.",
        frozenset({"STR-1", "STR-3", "STR-12"}),
        (
            Edit(_RETRY_LATER, _RETRY, f"{_RETRY}\nvars(self).setdefault('_tired', set()).add(child)"),
            Edit(
                _HANDLE_END,
                _FOUND,
                "if needs_restart(child.spec.restart, reason) and child not in vars(self).get('_tired', ()):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "revived_child_is_not_restarted",
        "A child that was ended by hand and came back with its group rests when it ends again.",
        frozenset({"STR-1", "STR-3", "STR-7", "STR-8", "STR-10"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "await self.end(child)",
                "vars(self).setdefault('_down', set()).add(child)\nawait self.end(child)",
            ),
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                "vars(self).setdefault('_down', set()).discard(child)\nawait self._start(child)",
            ),
            Edit(
                _HANDLE_END,
                _FOUND,
                "if needs_restart(child.spec.restart, reason) and child not in vars(self).get('_down', ()):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "revived_transient_child_is_not_restarted",
        "A transient child that ended well and came back with its group rests when it crashes.",
        frozenset({"STR-3", "STR-7", "STR-8", "STR-10"}),
        (
            Edit(
                _HANDLE_END,
                _FOUND,
                "if needs_restart(child.spec.restart, reason) and child not in vars(self).get('_done', ()):",
            ),
            Edit(
                _HANDLE_END,
                "self.forget(child)",
                "vars(self).setdefault('_done', set()).add(child)\nself.forget(child)",
            ),
            Edit(
                f"{SUPERVISOR}._restart_child",
                "await self._start(child)",
                "vars(self).setdefault('_done', set()).discard(child)\nawait self._start(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "group_restart_leaves_transient_siblings",
        "Transient siblings that a group restart has ended are not started again.",
        frozenset({"STR-7", "STR-8", "STR-10"}),
        (
            Edit(
                _RESTART,
                _LEAVE_OUT,
                'if member.spec.restart == "temporary" '
                'or (member.spec.restart == "transient" and member is not child):',
            ),
        ),
    ),
    Mutant(
        "sibling_killed_for_its_time_stays_down",
        "A sibling that a group restart had to kill because its time was over is not started again.",
        frozenset({"STR-7", "STR-8", "SHUT-2", "SHUT-7", "SHUT-15"}),
        (
            Edit(_RESTART, _END, f"processes = {{m: m.process for m in group if m is not child}}\n{_END}"),
            Edit(
                _RESTART,
                _LEAVE_OUT,
                "old = processes.get(member)\n"
                'if old is not None and old.reason is not None and old.reason.kind.value == "killed" '
                "and not isinstance(member.spec.shutdown, str):\n    continue\n" + _LEAVE_OUT,
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "sibling_that_fails_in_its_cleanup_stays_down",
        "A sibling that crashes in its cleanup during a group restart is not started again.",
        frozenset({"STR-7", "STR-8", "SHUT-8"}),
        (
            Edit(_RESTART, _END, f"processes = {{m: m.process for m in group if m is not child}}\n{_END}"),
            Edit(
                _RESTART,
                _LEAVE_OUT,
                "old = processes.get(member)\n"
                'if old is not None and old.reason is not None and old.reason.kind.value == "error":\n'
                "    continue\n" + _LEAVE_OUT,
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "group_restart_leaves_those_that_ignored",
        "A group restart does not start the children whose start ignored before.",
        frozenset({"STR-10", "STR-7", "STR-8", "STR-19"}),
        (
            Edit(
                f"{SUPERVISOR}._start",
                'elif child.spec.restart == "temporary":',
                "elif child.spec.restart != \"temporary\":\n    vars(self).setdefault('_shy', set()).add(child)\nelse:",
            ),
            Edit(_RESTART, _GROUP, f"{_GROUP}\ngroup = [m for m in group if m not in vars(self).get('_shy', ())]"),
        ),
    ),
    Mutant(
        "nested_supervisor_that_fails_is_not_tried_again",
        "A child that is a supervisor and fails to start during a restart is left without a process.",
        frozenset({"STR-12", "STR-13", "STR-14", "STR-21", "INT-5"}),
        (Edit(_RETRY_LATER, _RETRY, f'if child.spec.type == "supervisor":\n    return\n{_RETRY}'),),
        is_hard=True,
    ),
    Mutant(
        "transient_child_is_not_tried_again",
        "A transient child that fails to start during a restart is left without a process.",
        frozenset({"STR-12", "STR-13", "STR-14", "INT-5", "DYN-E9"}),
        (Edit(_RETRY_LATER, _RETRY, f'if child.spec.restart == "transient":\n    return\n{_RETRY}'),),
        is_hard=True,
    ),
    # -- with whom ----------------------------------------------------------------------------------------------------
    Mutant(
        "killed_member_is_restarted_alone",
        "A child that was killed is restarted alone under every strategy.",
        frozenset({"STR-7", "STR-8"}),
        (
            Edit(
                _HANDLE_END,
                "self._detach(child)",
                "self._why = reason\nself._detach(child)",
            ),
            Edit(
                _RESTART,
                _GROUP,
                f"{_GROUP}\nwhy, self._why = getattr(self, '_why', None), None\n"
                'group = [child] if why is not None and why.kind.value == "killed" else group',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "member_that_ended_well_is_restarted_alone",
        "A permanent child that ended with normal or shutdown is restarted alone under every strategy.",
        frozenset({"STR-7", "STR-8", "STR-1"}),
        (
            Edit(
                _HANDLE_END,
                "self._detach(child)",
                "self._why = reason\nself._detach(child)",
            ),
            Edit(
                _RESTART,
                _GROUP,
                f"{_GROUP}\nwhy, self._why = getattr(self, '_why', None), None\n"
                "group = [child] if why is not None and why.is_normal else group",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "retry_remembers_its_group",
        "A further attempt starts the group as it was at the first one, with deleted and without added children.",
        frozenset({"STR-13", "STR-14", "STR-10", "STR-8", "STR-7", "STR-12", "SUP-30", "SUP-20"}),
        (
            Edit(
                _RESTART,
                _GROUP,
                f"{_GROUP}\ngroup = vars(self).setdefault('_groups', {{}}).pop(child, None) or group",
            ),
            Edit(
                _RESTART,
                "self.retry_later(member, error)",
                'is_all = self.spec.strategy == "one_for_all"\n'
                "self._groups[member] = group if is_all else group[group.index(member) :]\n"
                "self.retry_later(member, error)",
            ),
        ),
        is_hard=True,
    ),
    # -- in which order -----------------------------------------------------------------------------------------------
    Mutant(
        "failed_child_is_started_first",
        "In a group restart the child that failed is started before all others.",
        frozenset({"STR-7"}),
        (Edit(_RESTART, _END, f"{_END}\ngroup = [child, *(m for m in group if m is not child)]"),),
    ),
    Mutant(
        "those_before_are_ended_first",
        "Under one_for_all the children before the one that failed are ended before those after it.",
        frozenset({"STR-7"}),
        (
            Edit(
                _RESTART,
                _END,
                "place = group.index(child)\nawait self._end_each(group[:place])\nawait self._end_each(group[place:])",
            ),
        ),
    ),
    Mutant(
        "stopped_members_are_started_last",
        "In a group restart the children that had no process before are started after the others.",
        frozenset({"STR-7", "STR-8", "STR-10"}),
        (
            Edit(
                _RESTART,
                _END,
                f"down = [m for m in group if m.is_down and m is not child]\n{_END}\n"
                "group = [*(m for m in group if m not in down), *down]",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "group_is_in_the_order_of_its_ids",
        "A group is ended and started in the order of the ids.",
        frozenset({"STR-7", "STR-8", "STR-13", "STR-14"}),
        (Edit(_RESTART, _GROUP, f"{_GROUP}\ngroup = sorted(group, key=lambda m: m.spec.id)"),),
    ),
    Mutant(
        "group_starts_at_the_same_time",
        "The members of a group are started at the same time.",
        frozenset({"STR-7", "STR-8", "STR-13", "STR-14"}),
        (
            Edit(
                _RESTART,
                "for member in group:",
                "if len(group) > 1:\n"
                "    live = [m for m in group if m.spec.restart != 'temporary']\n"
                "    done = await asyncio.gather(*[self._start(m) for m in live], return_exceptions=True)\n"
                "    for member, error in zip(live, done, strict=True):\n"
                "        if isinstance(error, ChildStartError):\n"
                "            self.retry_later(member, error)\n"
                "            return\n"
                "        member.restarts += 1\n"
                "    return\n"
                "for member in group:",
            ),
        ),
        backends=("async",),
        names={"asyncio": lambda: __import__("asyncio")},
    ),
    # -- attempts -----------------------------------------------------------------------------------------------------
    Mutant(
        "ending_any_child_cancels_the_attempts",
        "Ending a child by hand cancels the attempts to restart another one.",
        frozenset({"STR-12", "SUP-32", "STR-15", "SUP-53"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "await self.end(child)",
                "for other in self._children.values():\n    other.retry = None\nawait self.end(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "addition_cancels_the_attempts",
        "Adding a child cancels the attempts to restart another one.",
        frozenset({"STR-12", "SUP-20", "SUP-53"}),
        (
            Edit(
                f"{SUPERVISOR}._start_child",
                "child = self._children[spec.id] = Child(spec)",
                "for other in self._children.values():\n    other.retry = None\n"
                "child = self._children[spec.id] = Child(spec)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "question_cancels_the_attempts",
        "Asking for the children of a dynamic supervisor cancels the attempts to restart one.",
        frozenset({"DYN-E9", "STR-12"}),
        (
            Edit(
                f"{DYNAMIC}.administer",
                "return count(self._children.values())",
                "counts = count(self._children.values())\n"
                "for child in self._children.values():\n    child.retry = None\nreturn counts",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "sibling_of_a_restarting_child_cannot_be_restarted_by_hand",
        "While one child waits for an attempt, restarting another by hand says restarting.",
        frozenset({"SUP-30", "SUP-35"}),
        (
            Edit(
                f"{SUPERVISOR}._find_down",
                "if child.is_restarting:",
                "if any(other.is_restarting for other in self._children.values()):",
            ),
        ),
        is_hard=True,
    ),
)
