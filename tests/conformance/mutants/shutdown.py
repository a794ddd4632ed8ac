"""Faults in how supervisors end their children: chapter `shutdown`."""

from __future__ import annotations

from tests.conformance.mutants.places import ENDING, SERVING, SUPERVISOR
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_TERMINATE = f"{SUPERVISOR}.terminate"
_ALL = "await self._end_each(list(self._children.values()))"
_END = f"{ENDING}end_children"
_TIMED = "if isinstance(shutdown, (int, float)):"
_PATIENCE = "patience.setdefault(shutdown, []).append(process)"
_ASK = f"{ENDING}_ask"
_REASON = 'reason = ExitReason.KILL if shutdown == "brutal_kill" else ExitReason.SHUTDOWN'
_EXPECT = "farewell.expect(process)"

MUTANTS = (
    # -- the order ----------------------------------------------------------------------------------------------------
    Mutant(
        "children_are_ended_in_start_order",
        "A supervisor that ends ends its children from the first to the last.",
        frozenset({"SHUT-1", "SHUT-12", "SUP-17", "SUP-12"}),
        (Edit(_TERMINATE, _ALL, "await self._end_each(list(self._children.values())[::-1])"),),
    ),
    Mutant(
        "children_are_ended_all_at_once",
        "A supervisor that ends asks all children at once and waits for all.",
        frozenset({"SHUT-1", "SHUT-10"}),
        (Edit(_TERMINATE, _ALL, "await self.end(*reversed(self._children.values()))"),),
    ),
    Mutant(
        "children_are_not_awaited",
        "A supervisor that ends asks its children in order, but does not wait for them.",
        frozenset({"SHUT-1", "SHUT-12", "SUP-17"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "for child in reversed(self._children.values()):\n"
                '    reason = ExitReason.KILL if child.spec.shutdown == "brutal_kill" else ExitReason.SHUTDOWN\n'
                "    if child.process is not None:\n"
                "        self.runtime.table.exit(child.process, self._record(), reason)",
            ),
        ),
    ),
    Mutant(
        "last_child_is_not_awaited",
        "A supervisor that ends does not wait for the child that it ends last.",
        frozenset({"SHUT-1", "SHUT-12", "SUP-17"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "await self._end_each(list(self._children.values())[1:])\n"
                "for child in self._children.values():\n"
                '    reason = ExitReason.KILL if child.spec.shutdown == "brutal_kill" else ExitReason.SHUTDOWN\n'
                "    if child.process is not None:\n"
                "        self.runtime.table.exit(child.process, self._record(), reason)",
            ),
        ),
    ),
    Mutant(
        "youngest_process_is_ended_first",
        "A supervisor that ends ends its children by the age of their processes, not by their place.",
        frozenset({"SHUT-1", "STR-6", "SUP-35"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "age = lambda child: 0 if child.process is None else child.process.pid.number\n"
                "await self._end_each(sorted(self._children.values(), key=age))",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "fourth_child_is_not_ended",
        "A supervisor that ends ends its first three children; the others die by their links.",
        frozenset({"SHUT-1", "SHUT-12", "SUP-17"}),
        (Edit(_TERMINATE, _ALL, "await self._end_each(list(self._children.values())[:3])"),),
        is_hard=True,
    ),
    Mutant(
        "inner_supervisors_end_in_start_order",
        "A supervisor that is itself a child ends its children from the first to the last.",
        frozenset({"SHUT-1", "SHUT-12"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "parent = self._record().parent\n"
                "is_inner = parent is not None and parent.server.is_supervisor\n"
                "await self._end_each(list(self._children.values())[:: -1 if is_inner else 1])",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "inner_supervisors_are_not_awaited",
        "A supervisor does not wait for children that are supervisors.",
        frozenset({"SHUT-12", "SHUT-1", "SUP-31"}),
        (
            Edit(
                _END,
                _EXPECT,
                "if process.server.is_supervisor:\n    _ask(supervisor, process, shutdown)\n    continue\n" + _EXPECT,
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "inner_supervisors_are_killed",
        "A supervisor kills children that are supervisors.",
        frozenset({"SHUT-12", "SHUT-6"}),
        (Edit(_ASK, _REASON, f"{_REASON}\nif process.server.is_supervisor:\n    reason = ExitReason.KILL"),),
    ),
    # -- how a child is asked -----------------------------------------------------------------------------------------
    Mutant(
        "children_are_asked_with_normal",
        "A child is asked to end with the exit signal normal.",
        frozenset({"SHUT-2", "SHUT-3", "SHUT-4"}),
        (Edit(_ASK, "else ExitReason.SHUTDOWN", "else ExitReason.NORMAL"),),
    ),
    Mutant(
        "children_are_asked_with_killed",
        "A child is asked to end with the exit signal killed.",
        frozenset({"SHUT-2", "SHUT-3", "SHUT-4"}),
        (Edit(_ASK, "else ExitReason.SHUTDOWN", "else ExitReason.KILLED"),),
    ),
    Mutant(
        "children_are_asked_with_a_remark",
        "A child is asked to end with a shutdown that carries a remark.",
        frozenset({"SHUT-2", "SHUT-3", "SHUT-4"}),
        (Edit(_ASK, "else ExitReason.SHUTDOWN", 'else ExitReason.shutdown("requested")'),),
    ),
    Mutant(
        "all_children_are_killed",
        "Every child is killed at once, whatever its shutdown rule.",
        frozenset({"SHUT-2", "SHUT-3", "SHUT-4"}),
        (Edit(_ASK, _REASON, "reason = ExitReason.KILL"),),
    ),
    Mutant(
        "brutal_kill_asks",
        "A child of brutal_kill is asked to end, and waited for.",
        frozenset({"SHUT-5"}),
        (Edit(_ASK, _REASON, "reason = ExitReason.SHUTDOWN"),),
    ),
    Mutant(
        "brutal_kill_waits_a_moment",
        "A child of brutal_kill is asked to end and killed after a tenth of a second.",
        frozenset({"SHUT-5"}),
        (
            Edit(_ASK, _REASON, "reason = ExitReason.SHUTDOWN"),
            Edit(
                _END,
                f"{_TIMED}\n                    {_PATIENCE}",
                'if shutdown != "infinity":\n'
                '    seconds = 0.1 if shutdown == "brutal_kill" else shutdown\n'
                "    patience.setdefault(seconds, []).append(process)",
            ),
        ),
    ),
    Mutant(
        "brutal_kill_is_not_awaited",
        "A child of brutal_kill is not ended when its supervisor ends; its link does it.",
        frozenset({"SHUT-5"}),
        (
            Edit(
                _END,
                "if process is not None and process.alive:",
                'if process is not None and process.alive and shutdown != "brutal_kill":',
            ),
        ),
    ),
    Mutant(
        "request_to_end_is_a_message",
        "A worker that traps exits gets the request to end as a message.",
        frozenset({"SHUT-11", "SHUT-4", "SHUT-2", "GS-55"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                "if kind == EXIT and process.parent is not None",
                "if kind == EXIT and process.parent is not None"
                " and (server.is_supervisor or not (process.parent.server.is_supervisor and process.parent.alive))",
            ),
        ),
    ),
    # -- children that end otherwise ----------------------------------------------------------------------------------
    Mutant(
        "child_that_was_killed_is_not_found",
        "Ending a child by hand that has not ended in its time says not found.",
        frozenset({"SHUT-7", "SUP-30", "SUP-31"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "await self.end(child)",
                "await self.end(child)\n"
                "process, patience = child.process, child.spec.shutdown\n"
                'if process is not None and isinstance(patience, (int, float)) and str(process.reason) == "killed":\n'
                "    self.forget(child)\n"
                "    raise ChildNotFoundError(child_id)",
            ),
        ),
    ),
    Mutant(
        "crash_in_cleanup_ends_the_shutdown",
        "If a child crashes in its cleanup, its supervisor does not end the others; their links do.",
        frozenset({"SHUT-8", "SHUT-1"}),
        (
            Edit(
                f"{SUPERVISOR}._end_each",
                "self.forget(child)",
                "process = child.process\n"
                "self.forget(child)\n"
                'if process is not None and process.reason.kind.value == "error":\n'
                "    return",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "crash_in_cleanup_becomes_the_reason",
        "If a child crashes in its cleanup, its supervisor ends with the same reason.",
        frozenset({"SHUT-8", "SHUT-13"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "processes = [child.process for child in self._children.values() if child.process is not None]\n"
                f"{_ALL}\n"
                "for process in processes:\n"
                '    if process.reason.kind.value == "error":\n'
                "        self.runtime.table.die(self._record(), process.reason)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "child_is_restarted_during_the_shutdown",
        "A permanent child that dies while its supervisor ends is restarted before it is ended.",
        frozenset({"SHUT-9"}),
        (
            Edit(
                _TERMINATE,
                _ALL,
                "for child in list(reversed(self._children.values())):\n"
                '    is_permanent = child.spec.restart == "permanent"\n'
                "    if is_permanent and child.process is not None and not child.process.alive:\n"
                "        await self._start(child)\n"
                "    await self.end(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "stopped_child_ends_the_shutdown",
        "A supervisor that ends turns no further when it meets a child without a process; links end the rest.",
        frozenset({"SHUT-16", "SHUT-1", "SHUT-12", "INT-1"}),
        (
            Edit(
                f"{SUPERVISOR}._end_each",
                "await self.end(child)",
                'if child.process is None and self._record().phase.name == "TERMINATING":\n'
                "    return\n"
                "await self.end(child)",
            ),
        ),
    ),
    Mutant(
        "threads_are_not_awaited",
        "A supervisor does not wait for children that run on threads of their own.",
        frozenset({"SHUT-1", "SHUT-4", "SHUT-12", "SUP-31"}),
        (
            Edit(
                _END,
                _EXPECT,
                'if process.backend.value == "thread":\n    _ask(supervisor, process, shutdown)\n    continue\n'
                + _EXPECT,
            ),
        ),
        backends=("thread", "mixed"),
        is_hard=True,
    ),
    Mutant(
        "threads_are_killed",
        "A supervisor kills children that run on threads of their own.",
        frozenset({"SHUT-2", "SHUT-3", "SHUT-4"}),
        (Edit(_ASK, _REASON, f'{_REASON}\nif process.backend.value == "thread":\n    reason = ExitReason.KILL'),),
        backends=("thread", "mixed"),
    ),
    Mutant(
        "children_on_the_pool_come_back_late",
        "A supervisor does not hear of the deaths of children on the pool.",
        frozenset({"BACK-8", "STR-1", "STR-3"}),
        (
            Edit(
                f"{SUPERVISOR}.find",
                "return None if signal.pid is None else self._by_pid.get(signal.pid)",
                "child = None if signal.pid is None else self._by_pid.get(signal.pid)\n"
                'if child is None or child.process is None or child.process.backend.value == "blocking":\n'
                "    return None\n"
                "return child",
            ),
        ),
        backends=("blocking", "mixed"),
    ),
)
