"""Further faults in supervisors that show on one path only: by hand, in a group, at a failed start, in the end."""

from __future__ import annotations

from tests.conformance.mutants.places import STARTING, SUPERVISING, SUPERVISOR
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_RESTART = f"{SUPERVISOR}.restart"
_END_GROUP = "await self._end_each(group)"
_HANDLE_END = f"{SUPERVISOR}.handle_end"
_NEEDS = "if needs_restart(child.spec.restart, reason):"
_WITHIN = "return await self.restart_within_budget(child)"
_INIT_END = "await self._end_each(list(self._children.values()))"
_START = "await self._start(child)"
_PART = (
    "if child.process is not None and child.process.alive:\n    self.runtime.table.part(child.process, self._record())"
)


def _send(reason: str, children: str, condition: str = "True") -> str:
    """Send an exit signal to children before they are ended."""
    return (
        f"for other in {children}:\n"
        f"    if other.process is not None and other.process.alive and {condition}:\n"
        f"        self.runtime.table.exit(other.process, self._record(), ExitReason.{reason})\n"
    )


MUTANTS = (
    # -- by hand ------------------------------------------------------------------------------------------------------
    Mutant(
        "child_restarted_by_hand_dies_unnoticed",
        "The end of a child that was restarted by hand is not noticed.",
        frozenset({"STR-1", "SUP-35", "STR-7", "STR-8", "SUP-40", "SUP-16"}),
        (Edit(f"{SUPERVISOR}._restart_child", _START, f"{_START}\n{_PART}"),),
        is_hard=True,
    ),
    Mutant(
        "added_child_dies_unnoticed",
        "The end of a child that was added is not noticed.",
        frozenset({"STR-1", "STR-2", "STR-3", "SUP-20", "STR-7", "STR-8", "SUP-40", "SUP-16"}),
        (Edit(f"{SUPERVISOR}._start_child", "return None if child.process", f"{_PART}\nreturn None if child.process"),),
        is_hard=True,
    ),
    Mutant(
        "added_child_is_never_restarted",
        "A child that was added rests when it ends.",
        frozenset({"STR-1", "STR-3", "SUP-20"}),
        (Edit(_HANDLE_END, _NEEDS, f"{_NEEDS[:-1]} and child.spec in self.spec.children:"),),
        is_hard=True,
    ),
    Mutant(
        "request_nobody_waits_for_is_not_done",
        "A request to a supervisor is not done if whoever asked has given up.",
        frozenset({"GS-30", "SUP-35", "SUP-56", "SUP-31", "SUP-30", "STR-15", "SUP-32"}),
        (Edit(f"{SUPERVISING}.handle_call", "try:", "if sender.done:\n    return NO_REPLY\ntry:"),),
        is_hard=True,
    ),
    # -- groups -------------------------------------------------------------------------------------------------------
    Mutant(
        "group_restart_asks_those_to_be_killed",
        "Children that are to be killed are asked to end when their group is restarted.",
        frozenset({"EXIT-12", "SHUT-5", "SHUT-15", "STR-7", "STR-8"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                _send("SHUTDOWN", "group", 'other.spec.shutdown == "brutal_kill"') + _END_GROUP,
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "rest_for_one_counts_the_deleted",
        "Under rest_for_one a child that was deleted shifts the group by one.",
        frozenset({"STR-8", "STR-14"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                'if self.spec.strategy == "rest_for_one" and len(self._children) < len(self.spec.children):\n'
                "    group = [child, *group[2:]]\n"
                f"{_END_GROUP}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "supervisors_in_the_group_are_spared",
        "Supervisors are left alone when their group is restarted.",
        frozenset({"STR-7", "STR-8"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                "group = [m for m in group if m is child or m.process is None or not m.process.server.is_supervisor]\n"
                f"{_END_GROUP}",
            ),
        ),
        is_hard=True,
    ),
    # -- supervisors as children --------------------------------------------------------------------------------------
    Mutant(
        "restarts_of_supervisors_are_free",
        "The restart of a supervisor does not count.",
        frozenset({"INT-1", "INT-2", "INT-3", "INT-4", "STR-20", "INT-14", "INT-9"}),
        (
            Edit(
                _HANDLE_END,
                f"self._detach(child)\n        {_WITHIN}",
                "is_free = child.process is not None and child.process.server.is_supervisor\n"
                "self._detach(child)\n"
                "if is_free:\n"
                "    return await self.restart(child)\n"
                f"{_WITHIN}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "killed_transient_supervisor_stays_down",
        "A transient supervisor that was killed is not restarted.",
        frozenset({"STR-3", "STR-20", "STR-21"}),
        (
            Edit(
                _HANDLE_END,
                _NEEDS,
                'is_lost = child.process.server.is_supervisor and child.spec.restart == "transient"\n'
                f"{_NEEDS[:-1]} and not is_lost:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "killed_temporary_supervisor_comes_back",
        "A temporary supervisor that was killed is restarted.",
        frozenset({"STR-2", "STR-20"}),
        (
            Edit(
                _HANDLE_END,
                _NEEDS,
                'is_back = child.process.server.is_supervisor and reason.kind.value == "killed"\n'
                f"{_NEEDS[:-1]} or is_back:",
            ),
            Edit(
                _RESTART,
                'if member.spec.restart == "temporary":',
                'if member.spec.restart == "temporary" and member is not child:',
            ),
        ),
        is_hard=True,
    ),
    # -- the end ------------------------------------------------------------------------------------------------------
    Mutant(
        "failed_start_kills_the_others",
        "If a child fails to start, those that did start are killed.",
        frozenset({"SUP-2", "SHUT-2", "SHUT-15"}),
        (Edit(f"{SUPERVISOR}.init", _INIT_END, _send("KILL", "self._children.values()") + _INIT_END),),
        is_hard=True,
    ),
    Mutant(
        "giving_up_kills_the_others",
        "A supervisor that gives up kills its children.",
        frozenset({"SHUT-1", "SHUT-2", "SHUT-6", "INT-1", "INT-2", "INT-14"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                "return Stop(ExitReason.SHUTDOWN)",
                _send("KILL", "self._children.values()") + "return Stop(ExitReason.SHUTDOWN)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "child_kills_the_holder_of_its_name",
        "If the name of a child is taken, a supervisor kills the holder.",
        frozenset({"SUP-25", "SUP-11", "DYN-E13", "STR-13", "REG-17", "SUP-36", "REG-11", "EXIT-8"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "table.registry.add(name, process)",
                "holder = table.registry.names.get(name)\n"
                "if holder is not None and parent is not None and parent.server.is_supervisor:\n"
                "    table.die(holder, ExitReason.KILLED)\n"
                "table.registry.add(name, process)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "siblings_that_end_badly_count",
        "A sibling that is killed or fails while its group is ended counts as one more restart.",
        frozenset({"INT-4", "SHUT-8", "STR-16", "STR-17", "INT-1"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                "ended = [member.process for member in group if member.process is not None and member.process.alive]\n"
                f"{_END_GROUP}\n"
                "if any(process.reason is None or process.reason.is_abnormal for process in ended):\n"
                "    self._budget.spend(self.runtime.clock.now())",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "child_that_fails_when_ended_by_hand_comes_back",
        "A child that is killed or fails when it is ended by hand is started again.",
        frozenset({"SUP-31", "SUP-32", "SUP-37", "SHUT-8"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "self.forget(child)",
                "process = child.process\n"
                "self.forget(child)\n"
                'if process is not None and process.reason.is_abnormal and child.spec.restart != "temporary":\n'
                f"    {_START}",
            ),
        ),
        is_hard=True,
    ),
)
