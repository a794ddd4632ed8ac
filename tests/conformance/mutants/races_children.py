"""Races around supervisors: requests that should wait for each other, and children that die meanwhile."""

from __future__ import annotations

from letitcrash_reference.process import EXIT
from tests.conformance.mutants.places import DYNAMIC, SUPERVISING, SUPERVISOR, TREES
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.races_tools import TOOLS

__all__ = ["MUTANTS"]

_ASYNC = ("async",)


def _beside(*requests: str, of: str = "AnySupervisor") -> Edit:
    """Let a supervisor of a class serve requests of these kinds in tasks of their own."""
    kinds = repr(requests)
    return Edit(
        f"{SUPERVISING}.handle_call",
        "try:",
        f"if type(message).__name__ in {kinds} and {of!r} in [each.__name__ for each in type(self).__mro__]:\n"
        "    serve_beside(self.administer(message), sender)\n"
        "    return NO_REPLY\n"
        "try:",
    )


MUTANTS = (
    Mutant(
        "one_id_is_started_twice",
        "A supervisor serves several additions at once, and knows a child only when it has started.",
        frozenset({"SUP-20", "SUP-21", "SUP-25", "SUP-50"}),
        (
            _beside("StartChild"),
            Edit(
                f"{SUPERVISOR}._start_child",
                "child = self._children[spec.id] = Child(spec)",
                "child = Child(spec)\nawait pause()",
            ),
            Edit(
                f"{SUPERVISOR}._start_child",
                "del self._children[spec.id]",
                "pass",
            ),
            Edit(
                f"{SUPERVISOR}._start_child",
                "return None if child",
                "self._children[spec.id] = child\nreturn None if child",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "limit_on_children_is_passed_by_two_at_once",
        "A dynamic supervisor serves several additions at once, and counts a child only when it has started.",
        frozenset({"DYN-E4"}),
        (_beside("StartChild", of="DynamicSupervisor"),),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "child_ended_while_it_restarts_lives_on",
        "A child that is ended by hand while it is being restarted comes to life all the same.",
        frozenset({"SUP-30", "SUP-31", "SUP-32", "SUP-50", "SUP-39", "STR-15", "GS-1", "STR-5", "INT-4"}),
        (
            _beside("TerminateChild"),
            Edit(f"{SUPERVISOR}.restart", "await self._end_each(group)", "await self._end_each(group)\nawait pause(2)"),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "child_deleted_while_it_starts_lives_on",
        "A child that is deleted while it is started by hand runs on, and nobody knows it.",
        frozenset({"SUP-30", "SUP-35", "SUP-36", "SUP-50"}),
        (
            _beside("DeleteChild", "RestartChild"),
            Edit(
                f"{SUPERVISOR}._restart_child",
                "child = self._find_down(child_id)",
                "child = self._find_down(child_id)\nawait pause()",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "death_during_a_restart_is_lost",
        "A child that dies while another is being restarted is not restarted.",
        frozenset({"STR-5", "STR-18", "STR-1", "STR-2", "SUP-50"}),
        (
            Edit(
                f"{SUPERVISOR}.restart",
                "member.restarts += 1",
                "member.restarts += 1\n"
                "mailbox = self._record().mailbox\n"
                "for item in [each for each in mailbox if each[0] == EXIT]:\n"
                "    mailbox.remove(item)",
            ),
        ),
        _ASYNC,
        {"EXIT": lambda: EXIT},
    ),
    Mutant(
        "deaths_that_wait_cost_two_restarts",
        "If another death waits to be handled, a restart counts twice.",
        frozenset({"INT-1", "INT-2", "INT-3", "STR-18", "INT-4", "INT-5"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                "if self._budget.spend(self.runtime.clock.now()):",
                "if any(item[0] == EXIT for item in self._record().mailbox):\n"
                "    self._budget.spend(self.runtime.clock.now())\n"
                "if self._budget.spend(self.runtime.clock.now()):",
            ),
        ),
        _ASYNC,
        {"EXIT": lambda: EXIT},
    ),
    Mutant(
        "group_is_restarted_for_the_exit_of_a_former_process",
        "An exit that waited while its child was restarted with the group causes one more restart.",
        frozenset({"STR-6", "STR-16", "STR-17", "INT-4"}),
        (
            Edit(f"{SUPERVISOR}._detach", "self._by_pid.pop(process.pid, None)", "pass"),
            Edit(
                f"{SUPERVISING}.handle_info",
                " or child.process.alive",
                " or (child.process.alive and not message.reason.is_abnormal)",
            ),
        ),
        _ASYNC,
    ),
    Mutant(
        "numbers_of_children_are_torn",
        "The numbers of children are gathered at two moments.",
        frozenset({"SUP-52", "DYN-E10"}),
        (
            Edit(
                f"{TREES}.count_children",
                "return _describe_counts(await self._ask(sup, CALL, CountChildren(), timeout_ms))",
                "first = _describe_counts(await self._ask(sup, CALL, CountChildren(), timeout_ms))\n"
                "second = _describe_counts(await self._ask(sup, CALL, CountChildren(), timeout_ms))\n"
                "return {**second, 'specs': first['specs']}",
            ),
        ),
        _ASYNC,
    ),
    Mutant(
        "second_end_by_hand_does_not_wait",
        "Who ends a child that somebody else is ending already is answered at once.",
        frozenset({"SUP-31", "SUP-30", "GS-26", "GS-24", "GS-20", "SUP-33"}),
        (
            Edit(
                f"{TREES}.terminate_child",
                "request = TerminateChild(child)",
                "request = TerminateChild(child)\nif (trunk, child) in ending:\n    return\nending.add((trunk, child))",
            ),
            Edit(
                f"{TREES}.terminate_child",
                "await self._ask(sup, CALL, request, timeout_ms)",
                "try:\n"
                "    await self._ask(sup, CALL, request, timeout_ms)\n"
                "finally:\n"
                "    ending.discard((trunk, child))",
            ),
        ),
        _ASYNC,
        {"ending": set},
    ),
    Mutant(
        "list_of_children_is_read_before_the_request",
        "A list of children that is asked for while somebody else asks is that of a moment before.",
        frozenset({"SUP-50", "DYN-E10"}),
        (
            Edit(
                f"{TREES}.which_children",
                "return [describe_row(child) for child in await self._ask(sup, CALL, WhichChildren(), timeout_ms)]",
                "rows = [describe_row(child) for child in await self._ask(sup, CALL, WhichChildren(), timeout_ms)]\n"
                "old, lists[self._world, sup] = lists.get((self._world, sup), rows), rows\n"
                "later(8, lists.pop, (self._world, sup), None)\n"
                "return old",
            ),
        ),
        _ASYNC,
        {**TOOLS, "lists": dict},
    ),
    Mutant(
        "stopped_supervisor_leaves_the_child_that_is_just_added",
        "A child that is added while its supervisor is stopped is left behind.",
        frozenset({"SHUT-1", "SUP-12", "DYN-E11", "EXIT-24", "EXIT-8", "SUP-38", "SUP-20", "SHUT-8"}),
        (
            _beside("StartChild"),
            Edit(
                f"{SUPERVISOR}._start_child",
                "child = self._children[spec.id] = Child(spec)",
                "child = self._children[spec.id] = Child(spec)\nawait pause(2)",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "dynamic_children_that_die_together_do_not_all_return",
        "A dynamic supervisor does not restart a child while another death waits to be handled.",
        frozenset({"STR-5", "STR-18", "STR-1", "SUP-50", "DYN-E10"}),
        (
            Edit(
                f"{DYNAMIC}.handle_end",
                "if needs_restart(child.spec.restart, reason):",
                "if needs_restart(child.spec.restart, reason) and not (\n"
                "    any(item[0] == EXIT for item in self._record().mailbox)\n"
                "):",
            ),
        ),
        _ASYNC,
        {"EXIT": lambda: EXIT},
    ),
)
