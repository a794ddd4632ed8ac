"""Faults in restarting children together, and in shutting down automatically: chapter `strategies`."""

from __future__ import annotations

from tests.conformance.mutants.places import STRATEGIES, SUPERVISOR
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_FIND = f"{STRATEGIES}find_group"
_ALL = "return list(children)"
_REST = "return ordered[ordered.index(failed) :]"
_RESTART = f"{SUPERVISOR}.restart"
_GROUP = "group = find_group(self.spec.strategy, self._children.values(), child)"
_END_GROUP = "await self._end_each(group)"
_LATER = "self.retry_later(member, error)\n            return"


def _all_but(number: int) -> str:
    return f"return [child for place, child in enumerate(children) if child is failed or place != {number}]"


MUTANTS = (
    # -- who belongs to the group -------------------------------------------------------------------------------------
    Mutant(
        "one_for_all_restarts_one",
        "Under one_for_all only the child that failed is restarted.",
        frozenset({"STR-7"}),
        (Edit(_FIND, _ALL, "return [failed]"),),
    ),
    Mutant(
        "one_for_all_is_rest_for_one",
        "Under one_for_all the children before the one that failed are left alone.",
        frozenset({"STR-7"}),
        (Edit(_FIND, _ALL, "ordered = list(children)\nreturn ordered[ordered.index(failed) :]"),),
    ),
    Mutant(
        "one_for_all_misses_the_first",
        "Under one_for_all the first child is left alone unless it failed itself.",
        frozenset({"STR-7"}),
        (Edit(_FIND, _ALL, _all_but(0)),),
    ),
    Mutant(
        "one_for_all_misses_the_second",
        "Under one_for_all the second child is left alone unless it failed itself.",
        frozenset({"STR-7"}),
        (Edit(_FIND, _ALL, _all_but(1)),),
    ),
    Mutant(
        "one_for_all_misses_the_fourth",
        "Under one_for_all the fourth child is left alone unless it failed itself.",
        frozenset({"STR-7"}),
        (Edit(_FIND, _ALL, _all_but(3)),),
        is_hard=True,
    ),
    Mutant(
        "one_for_all_misses_the_last",
        "Under one_for_all the last child is left alone unless it failed itself.",
        frozenset({"STR-7"}),
        (
            Edit(
                _FIND,
                _ALL,
                "ordered = list(children)\nreturn [one for one in ordered if one in (failed, *ordered[:-1])]",
            ),
        ),
    ),
    Mutant(
        "rest_for_one_restarts_all",
        "Under rest_for_one the children before the one that failed are restarted, too.",
        frozenset({"STR-8"}),
        (Edit(_FIND, _REST, "return ordered"),),
    ),
    Mutant(
        "rest_for_one_restarts_one",
        "Under rest_for_one only the child that failed is restarted.",
        frozenset({"STR-8"}),
        (Edit(_FIND, _REST, "return [failed]"),),
    ),
    Mutant(
        "rest_for_one_restarts_the_next_alone",
        "Under rest_for_one only the child that failed and the next one are restarted.",
        frozenset({"STR-8"}),
        (Edit(_FIND, _REST, "at = ordered.index(failed)\nreturn ordered[at : at + 2]"),),
    ),
    Mutant(
        "rest_for_one_misses_the_last",
        "Under rest_for_one the last child is left alone unless it failed itself.",
        frozenset({"STR-8"}),
        (Edit(_FIND, _REST, "at = ordered.index(failed)\nreturn [failed, *ordered[at + 1 : -1]]"),),
    ),
    Mutant(
        "rest_for_one_takes_the_one_before",
        "Under rest_for_one the child just before the one that failed is restarted, too.",
        frozenset({"STR-8"}),
        (Edit(_FIND, _REST, "return ordered[max(0, ordered.index(failed) - 1) :]"),),
    ),
    Mutant(
        "rest_for_one_revives_those_before",
        "Under rest_for_one also the children without a process before the one that failed are started.",
        frozenset({"STR-11"}),
        (
            Edit(
                _FIND,
                _REST,
                "at = ordered.index(failed)\nreturn [*(one for one in ordered[:at] if one.is_down), *ordered[at:]]",
            ),
        ),
        is_hard=True,
    ),
    # -- how the group is ended and started ---------------------------------------------------------------------------
    Mutant(
        "group_is_ended_in_start_order",
        "A group is ended from the first to the last.",
        frozenset({"STR-7", "STR-8"}),
        (Edit(_RESTART, _END_GROUP, "await self._end_each(group[::-1])"),),
    ),
    Mutant(
        "group_is_started_in_reverse_order",
        "A group is started from the last to the first.",
        frozenset({"STR-7", "STR-8"}),
        (Edit(_RESTART, "for member in group:", "for member in reversed(group):"),),
    ),
    Mutant(
        "siblings_are_not_ended",
        "In a group restart the siblings are started again without having been ended.",
        frozenset({"STR-7", "STR-8"}),
        (Edit(_RESTART, _END_GROUP, "await self._end_each([child])"),),
    ),
    Mutant(
        "siblings_are_not_awaited",
        "In a group restart the siblings are asked to end, but not waited for.",
        frozenset({"STR-7", "STR-8", "SHUT-15"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                "for member in reversed(group):\n"
                "    if member.process is not None:\n"
                "        self.runtime.table.exit(member.process, self._record(), ExitReason.SHUTDOWN)\n"
                "    self.forget(member)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "siblings_are_ended_all_at_once",
        "In a group restart the siblings are ended at the same time.",
        frozenset({"STR-7", "STR-8", "SHUT-15"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                "await self.end(*reversed(group))\nfor member in group:\n    self.forget(member)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "siblings_are_killed",
        "In a group restart the siblings are killed, whatever their shutdown rule.",
        frozenset({"STR-7", "STR-8", "SHUT-15", "SHUT-3"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                "for member in reversed(group):\n"
                "    if member.process is not None:\n"
                "        self.runtime.table.exit(member.process, self._record(), ExitReason.KILL)\n"
                f"{_END_GROUP}",
            ),
        ),
    ),
    Mutant(
        "each_sibling_is_ended_and_started_in_turn",
        "In a group restart each child is ended and started before the next is ended.",
        frozenset({"STR-7", "STR-8"}),
        (
            Edit(_RESTART, _END_GROUP, "pass"),
            Edit(_RESTART, "for member in group:", "for member in group:\n    await self._end_each([member])"),
        ),
    ),
    Mutant(
        "group_restart_brings_temporary_siblings_back",
        "A group restart starts also the temporary siblings again.",
        frozenset({"STR-9"}),
        (
            Edit(
                _RESTART,
                'if member.spec.restart == "temporary":\n            continue',
                "self._children[member.spec.id] = member",
            ),
        ),
    ),
    Mutant(
        "group_restart_spares_temporary_siblings",
        "A group restart leaves the temporary siblings running.",
        frozenset({"STR-7", "STR-8", "STR-9"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                'await self._end_each([member for member in group if member.spec.restart != "temporary"])',
            ),
        ),
    ),
    Mutant(
        "group_restart_keeps_temporary_siblings_listed",
        "Temporary siblings that a group restart has ended stay known.",
        frozenset({"STR-9", "STR-2"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                "for member in reversed(group):\n    await self.end(member)\n    self._detach(member)",
            ),
        ),
    ),
    Mutant(
        "group_restart_leaves_the_stopped",
        "A group restart does not start the children that had no process before.",
        frozenset({"STR-10"}),
        (
            Edit(
                _RESTART, _END_GROUP, f"down = [one for one in group if one.is_down and one is not child]\n{_END_GROUP}"
            ),
            Edit(
                _RESTART,
                'if member.spec.restart == "temporary":',
                'if member.spec.restart == "temporary" or member in down:',
            ),
        ),
    ),
    Mutant(
        "group_restart_leaves_finished_transient_ones",
        "A group restart does not start the transient children that had no process before.",
        frozenset({"STR-10"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                "others = [one for one in group if one is not child and one.is_down]\n"
                'down = [one for one in others if one.spec.restart == "transient"]\n'
                f"{_END_GROUP}",
            ),
            Edit(
                _RESTART,
                'if member.spec.restart == "temporary":',
                'if member.spec.restart == "temporary" or member in down:',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dead_sibling_costs_a_restart",
        "A sibling that a group restart finds dead costs a restart of its own.",
        frozenset({"STR-16", "STR-17", "INT-4"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                "for member in group:\n"
                "    if member.process is not None and not member.process.alive:\n"
                "        self._budget.spend(self.runtime.clock.now())\n"
                f"{_END_GROUP}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dead_sibling_is_not_restarted",
        "A sibling that a group restart finds dead is left without a process.",
        frozenset({"STR-16", "STR-17", "STR-7", "STR-8"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                f"dead = [one for one in group if one.process is not None and not one.process.alive]\n{_END_GROUP}",
            ),
            Edit(
                _RESTART,
                'if member.spec.restart == "temporary":',
                'if member.spec.restart == "temporary" or member in dead:',
            ),
        ),
        is_hard=True,
    ),
    # -- a member that fails to start ---------------------------------------------------------------------------------
    Mutant(
        "rest_of_the_group_is_forgotten",
        "If a member fails to start, the next attempt starts this child alone and forgets the rest of the group.",
        frozenset({"STR-13", "STR-14"}),
        (Edit(_RESTART, _GROUP, f"{_GROUP}\nif child.is_restarting:\n    group = [child]"),),
    ),
    Mutant(
        "rest_of_the_group_does_not_wait",
        "If a member fails to start, those after it are started all the same.",
        frozenset({"STR-13", "STR-14"}),
        (Edit(_RESTART, _LATER, "self.retry_later(member, error)\ncontinue"),),
    ),
    Mutant(
        "one_for_all_goes_on_where_it_failed",
        "Under one_for_all the next attempt begins with the child that failed to start; those before it go on running.",
        frozenset({"STR-13"}),
        (
            Edit(
                _RESTART,
                _GROUP,
                f'{_GROUP}\nif child.is_restarting and self.spec.strategy == "one_for_all":\n'
                "    group = group[group.index(child) :]",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "rest_for_one_begins_anew",
        "Under rest_for_one the next attempt begins with the child that had failed first.",
        frozenset({"STR-14", "STR-8"}),
        (
            Edit(
                _RESTART,
                _GROUP,
                "if not child.is_restarting:\n"
                "    self.first = child\n"
                'origin = self.first if self.spec.strategy == "rest_for_one" else child\n'
                "group = find_group(self.spec.strategy, self._children.values(), origin)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "rest_for_one_begins_with_all",
        "Under rest_for_one the next attempt ends and starts all children.",
        frozenset({"STR-14", "STR-8"}),
        (
            Edit(
                _RESTART,
                _GROUP,
                f'{_GROUP}\nif child.is_restarting and self.spec.strategy == "rest_for_one":\n'
                "    group = list(self._children.values())",
            ),
        ),
        is_hard=True,
    ),
)
