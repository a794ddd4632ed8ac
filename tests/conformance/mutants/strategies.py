"""Faults in who is restarted after which end: chapter `strategies`."""

from __future__ import annotations

from tests.conformance.mutants.places import (
    REASON,
    STRATEGIES,
    SUPERVISING,
    SUPERVISOR,
)
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_NEEDS = f"{STRATEGIES}needs_restart"
_IF_NEEDED = "if needs_restart(child.spec.restart, reason):"
_GROUP = "group = find_group(self.spec.strategy, self._children.values(), child)"
_RESTART = "await self.restart(child)"
_TEMPORARY_RESTARTS = (
    Edit(
        f"{SUPERVISOR}.restart",
        "await self._end_each(group)",
        "self._detach(child)\nawait self._end_each([one for one in group if one is not child])",
    ),
    Edit(
        f"{SUPERVISOR}.restart",
        'if member.spec.restart == "temporary":',
        'if member.spec.restart == "temporary" and member is not child:',
    ),
)
"""The one that failed is restarted, temporary or not."""

MUTANTS = (
    # -- who comes back -----------------------------------------------------------------------------------------------
    Mutant(
        "permanent_child_rests_after_normal",
        "A permanent child that ends with normal is not restarted.",
        frozenset({"STR-1", "INT-7"}),
        (Edit(_NEEDS, "return True", 'return str(reason) != "normal"'),),
    ),
    Mutant(
        "permanent_child_rests_after_shutdown",
        "A permanent child that ends with shutdown is not restarted.",
        frozenset({"STR-1"}),
        (Edit(_NEEDS, "return True", 'return reason.kind.value != "shutdown"'),),
    ),
    Mutant(
        "permanent_supervisor_rests_after_shutdown",
        "A permanent child that is a supervisor and gives up is not restarted.",
        frozenset({"STR-20", "STR-1"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                _IF_NEEDED,
                "inner = child.process is not None and child.process.server.is_supervisor\n"
                "if needs_restart(child.spec.restart, reason) and not (inner and reason.is_normal):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "temporary_child_comes_back_after_a_crash",
        "A temporary child is restarted after an abnormal end.",
        frozenset({"STR-2"}),
        (Edit(_NEEDS, "return False", "return reason.is_abnormal"), *_TEMPORARY_RESTARTS),
    ),
    Mutant(
        "temporary_child_comes_back_after_a_kill",
        "A temporary child is restarted after it was killed.",
        frozenset({"STR-2"}),
        (Edit(_NEEDS, "return False", 'return reason.kind.value == "killed"'), *_TEMPORARY_RESTARTS),
    ),
    Mutant(
        "temporary_child_stays_listed",
        "A temporary child that has ended by itself stays known.",
        frozenset({"STR-2"}),
        (Edit(f"{SUPERVISOR}.handle_end", "self.forget(child)", "self._detach(child)"),),
    ),
    Mutant(
        "transient_child_comes_back_after_normal",
        "A transient child is restarted after normal.",
        frozenset({"STR-3"}),
        (Edit(_NEEDS, "return reason.is_abnormal", 'return reason.is_abnormal or str(reason) == "normal"'),),
    ),
    Mutant(
        "transient_child_comes_back_after_shutdown",
        "A transient child is restarted after shutdown.",
        frozenset({"STR-3", "STR-20"}),
        (Edit(_NEEDS, "return reason.is_abnormal", 'return reason.is_abnormal or str(reason) == "shutdown"'),),
    ),
    Mutant(
        "transient_child_comes_back_after_shutdown_with_a_remark",
        "A transient child is restarted after a shutdown with a remark.",
        frozenset({"STR-3", "EXIT-27"}),
        (Edit(_NEEDS, "return reason.is_abnormal", "return reason.is_abnormal or reason.text is not None"),),
        is_hard=True,
    ),
    Mutant(
        "transient_child_rests_after_killed",
        "A transient child that was killed is not restarted.",
        frozenset({"STR-3", "EXIT-27"}),
        (Edit(_NEEDS, "return reason.is_abnormal", 'return reason.is_abnormal and str(reason) != "killed"'),),
    ),
    Mutant(
        "transient_child_rests_after_kill",
        "A transient child that ends with the raised reason kill is not restarted.",
        frozenset({"STR-3", "EXIT-27"}),
        (Edit(_NEEDS, "return reason.is_abnormal", 'return reason.is_abnormal and str(reason) != "kill"'),),
        is_hard=True,
    ),
    Mutant(
        "transient_child_rests_after_noproc",
        "A transient child that ends with noproc is not restarted.",
        frozenset({"STR-3", "EXIT-27"}),
        (Edit(_NEEDS, "return reason.is_abnormal", 'return reason.is_abnormal and str(reason) != "noproc"'),),
        is_hard=True,
    ),
    Mutant(
        "transient_child_rests_after_a_crash",
        "A transient child that crashed is not restarted.",
        frozenset({"STR-3"}),
        (Edit(_NEEDS, "return reason.is_abnormal", 'return reason.is_abnormal and reason.kind.value != "error"'),),
    ),
    Mutant(
        "transient_child_is_forgotten",
        "A transient child that ended well is not known any more.",
        frozenset({"STR-3"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "self.forget(child)",
                "self.forget(child)\nself._children.pop(child.spec.id, None)",
            ),
        ),
    ),
    Mutant(
        "killed_is_a_good_end",
        "The reason killed counts as an orderly end.",
        frozenset({"EXIT-27", "STR-3"}),
        (
            Edit(
                f"{REASON}.is_normal",
                "return self.kind is ExitKind.NORMAL or self.kind is ExitKind.SHUTDOWN",
                "return self.kind in (ExitKind.NORMAL, ExitKind.SHUTDOWN, ExitKind.KILLED, ExitKind.KILL)",
            ),
        ),
    ),
    Mutant(
        "transient_supervisor_comes_back_after_shutdown",
        "A transient child that is a supervisor is restarted when it has given up.",
        frozenset({"STR-20", "STR-3"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                _IF_NEEDED,
                "inner = child.process is not None and child.process.server.is_supervisor\n"
                'if needs_restart(child.spec.restart, reason) or (inner and child.spec.restart == "transient"):',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "good_end_takes_the_group_along",
        "If a child ends and is not restarted, those that its strategy ties to it are ended.",
        frozenset({"STR-4"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "self.forget(child)",
                "group = find_group(self.spec.strategy, self._children.values(), child)\n"
                "self.forget(child)\n"
                "await self._end_each([one for one in group if one is not child])",
            ),
        ),
    ),
    Mutant(
        "good_end_restarts_the_group",
        "If a transient child ends well, those that its strategy ties to it are restarted.",
        frozenset({"STR-4"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "self.forget(child)",
                "group = find_group(self.spec.strategy, self._children.values(), child)\n"
                "self.forget(child)\n"
                "for one in group:\n"
                "    if one is not child and one.process is not None:\n"
                "        await self.end(one)\n"
                "        self._detach(one)\n"
                "        await self._start(one)",
            ),
        ),
    ),
    # -- one by one ---------------------------------------------------------------------------------------------------
    Mutant(
        "neighbour_is_restarted_too",
        "Under one_for_one the next child is restarted along.",
        frozenset({"STR-5"}),
        (
            Edit(
                f"{STRATEGIES}find_group",
                "return [failed]",
                "ordered = list(children)\nplace = ordered.index(failed)\nreturn ordered[place : place + 2]",
            ),
        ),
    ),
    Mutant(
        "restart_revives_the_stopped",
        "Under one_for_one a restart also starts the children that were ended by hand or finished.",
        frozenset({"STR-5"}),
        (
            Edit(
                f"{STRATEGIES}find_group",
                "return [failed]",
                "return [child for child in children if child is failed or child.is_down]",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restarted_child_moves_to_the_end",
        "Under one_for_one a restarted child takes the last place in the order.",
        frozenset({"STR-6", "SHUT-1"}),
        (
            Edit(
                f"{SUPERVISOR}.restart",
                _GROUP,
                f'{_GROUP}\nif self.spec.strategy == "one_for_one":\n'
                "    self._children[child.spec.id] = self._children.pop(child.spec.id)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "third_restart_is_lost",
        "A child is restarted twice; its third end goes without a restart.",
        frozenset({"STR-1", "STR-3", "STR-31"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                _IF_NEEDED,
                "if needs_restart(child.spec.restart, reason) and child.restarts < 2:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "child_restarted_twice_is_not_linked",
        "From its second restart on a child is not linked with its supervisor, which does not hear of its next end.",
        frozenset({"STR-1", "STR-3", "STR-6", "SUP-16"}),
        (
            Edit(
                f"{SUPERVISOR}._start",
                "process = child.process = await self.start_process(child.spec)",
                "process = child.process = await self.start_process(child.spec)\n"
                "if process is not None and child.restarts >= 1:\n"
                "    self.runtime.table.part(self._record(), process)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "inner_supervisors_do_not_restart",
        "A supervisor that is itself a child does not restart its children.",
        frozenset({"STR-1", "STR-3"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                _IF_NEEDED,
                "parent = self._record().parent\n"
                "is_inner = parent is not None and parent.server.is_supervisor\n"
                "if needs_restart(child.spec.restart, reason) and not is_inner:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restart_is_done_twice",
        "A restarted child is ended and started once more.",
        frozenset({"STR-1", "STR-3", "STR-6", "SHUT-1"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                _RESTART,
                f"{_RESTART}\nif not child.is_restarting and child.process is not None:\n    {_RESTART}",
            ),
        ),
    ),
    Mutant(
        "fourth_child_is_not_restarted",
        "Only the first three children of a supervisor are restarted.",
        frozenset({"STR-1", "STR-3"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                _IF_NEEDED,
                "is_late = list(self._children).index(child.spec.id) > 2\n"
                "if needs_restart(child.spec.restart, reason) and not is_late:",
            ),
        ),
        is_hard=True,
    ),
)
