"""Faults in how supervisors obey and end: chapter `supervisor`."""

from __future__ import annotations

from tests.conformance.mutants.places import (
    ENDING,
    NURSERY,
    SERVING,
    SUPERVISING,
    SUPERVISOR,
    TABLE,
)
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_END_THOSE_BEFORE = "await self._end_each(list(self._children.values()))"
_STRANGER = "child = self.find(message)"
_OBEY = "if kind == EXIT and process.parent is not None"
_FINISH = "await _finish(process, server, message.reason)"

MUTANTS = (
    # -- its parent, and strangers ------------------------------------------------------------------------------------
    Mutant(
        "supervisor_ignores_its_parents_end",
        "A supervisor does not care for the end of a parent that is no supervisor.",
        frozenset({"SUP-12", "SUP-14"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                _OBEY,
                "if kind == EXIT and process.parent is not None"
                " and not (server.is_supervisor and not process.parent.server.is_supervisor)",
            ),
        ),
    ),
    Mutant(
        "supervisor_ignores_its_parents_normal_end",
        "A supervisor goes on if its parent ends with reason normal.",
        frozenset({"SUP-12", "DYN-E12"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                _OBEY,
                f'{_OBEY} and not (server.is_supervisor and str(message.reason) == "normal")',
            ),
        ),
    ),
    Mutant(
        "killed_parent_takes_the_supervisor_along",
        "A supervisor whose parent is killed dies at once, before its children.",
        frozenset({"SUP-14", "SHUT-1"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                _FINISH,
                'if server.is_supervisor and str(message.reason) == "killed":\n'
                "    process.runtime.table.die(process, message.reason)\n"
                "    return False\n"
                f"{_FINISH}",
            ),
        ),
    ),
    Mutant(
        "supervisor_always_ends_with_shutdown",
        "A supervisor that ends with its parent ends with shutdown, whatever the reason of the parent.",
        frozenset({"SUP-12", "SUP-14", "SHUT-13"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                _FINISH,
                "await _finish(process, server, ExitReason.SHUTDOWN if server.is_supervisor else message.reason)",
            ),
        ),
    ),
    Mutant(
        "supervisor_obeys_strangers",
        "An abnormal exit signal from anybody ends a supervisor.",
        frozenset({"SUP-13"}),
        (
            Edit(
                f"{SUPERVISING}.handle_info",
                _STRANGER,
                f"{_STRANGER}\n"
                "if child is None and message.pid is None and message.reason.is_abnormal:\n"
                "    return Stop(message.reason)",
            ),
        ),
    ),
    Mutant(
        "supervisor_obeys_a_strangers_shutdown",
        "An exit signal with reason shutdown from anybody ends a supervisor.",
        frozenset({"SUP-13"}),
        (
            Edit(
                f"{SUPERVISING}.handle_info",
                _STRANGER,
                f"{_STRANGER}\n"
                "if child is None and message.pid is None and message.reason == ExitReason.SHUTDOWN:\n"
                "    return Stop(message.reason)",
            ),
        ),
    ),
    Mutant(
        "supervisor_ends_with_a_linked_stranger",
        "The death of a linked process that is neither parent nor child ends a supervisor.",
        frozenset({"SUP-13"}),
        (
            Edit(
                f"{SUPERVISING}.handle_info",
                _STRANGER,
                f"{_STRANGER}\n"
                "if child is None and message.pid is not None and self.runtime.table.processes:\n"
                "    known = [one for one in self.board.servers.values() if one.process_record is not None]\n"
                "    if any(one.process_record.pid is message.pid and '/' not in one.label for one in known):\n"
                "        return Stop(message.reason)",
            ),
        ),
    ),
    Mutant(
        "unexpected_message_ends_the_supervisor",
        "A message that is no request crashes a supervisor.",
        frozenset({"SUP-15"}),
        (
            Edit(
                f"{SUPERVISING}.handle_info",
                "return await self.drop(message)",
                'return Stop(ExitReason.error("unexpected message"))',
            ),
        ),
    ),
    Mutant(
        "supervisor_does_not_trap_exits",
        "A supervisor dies of the crash of a child, as any linked process would.",
        frozenset({"SUP-12", "STR-1", "STR-3", "STR-5"}),
        (Edit(f"{SUPERVISOR}.init", "self.trap_exit(True)", "self.trap_exit(False)"),),
    ),
    # -- its end ------------------------------------------------------------------------------------------------------
    Mutant(
        "children_survive_the_kill_of_their_supervisor",
        "If a supervisor is killed, its children live on.",
        frozenset({"SUP-16"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "if peer.trap_exit:",
                'if victim.server.is_supervisor and peer.parent is victim and str(reason) == "killed":\n'
                "    return\n"
                "if peer.trap_exit:",
            ),
        ),
    ),
    Mutant(
        "trapping_children_survive_the_kill_of_their_supervisor",
        "If a supervisor is killed, those of its children that trap exits take it for a message.",
        frozenset({"SUP-16", "GS-55"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                _OBEY,
                f'{_OBEY} and not (process.parent.server.is_supervisor and str(message.reason) == "killed")',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "children_of_a_killed_supervisor_end_with_shutdown",
        "If a supervisor is killed, its children get the exit signal shutdown.",
        frozenset({"SUP-16"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "if peer.trap_exit:",
                'if victim.server.is_supervisor and peer.parent is victim and str(reason) == "killed":\n'
                "    reason = ExitReason.SHUTDOWN\n"
                "if peer.trap_exit:",
            ),
        ),
    ),
    Mutant(
        "stopped_supervisor_ends_with_normal",
        "A supervisor that is stopped ends with reason normal, whatever was asked for.",
        frozenset({"SHUT-13"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                "await _finish(process, server, message)",
                "await _finish(process, server, ExitReason.NORMAL if server.is_supervisor else message)",
            ),
        ),
    ),
    Mutant(
        "stop_leaves_orphans",
        "A supervisor that is stopped does not end its children.",
        frozenset({"SUP-17", "SHUT-1"}),
        (Edit(f"{SUPERVISOR}.terminate", _END_THOSE_BEFORE, "return"),),
    ),
    Mutant(
        "restarted_supervisor_begins_without_children",
        "A supervisor that is restarted begins without the children of its specification.",
        frozenset({"STR-21", "SUP-26"}),
        (
            Edit(
                f"{NURSERY}._make_start",
                "return self._board.make_child(label, attempt)",
                'inner = start.get("supervisor")\n'
                'if number > 1 and inner is not None and "children" in inner:\n'
                '    attempt = {"supervisor": {**inner, "children": []}}\n'
                "return self._board.make_child(label, attempt)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "supervisor_restarted_twice_forgets_its_last_child",
        "A supervisor that is restarted for the second time begins without its last child.",
        frozenset({"STR-21", "SUP-26"}),
        (
            Edit(
                f"{NURSERY}._make_start",
                "return self._board.make_child(label, attempt)",
                'inner = start.get("supervisor")\n'
                'if number > 2 and inner is not None and "children" in inner:\n'
                '    attempt = {"supervisor": {**inner, "children": inner["children"][:-1]}}\n'
                "return self._board.make_child(label, attempt)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "unlinked_child_is_not_ended",
        "A child that has removed its link to the supervisor is not ended.",
        frozenset({"SUP-40", "SUP-31"}),
        (
            Edit(
                f"{ENDING}end_children",
                "if process is not None and process.alive:",
                "if process is not None and process.alive and process in (supervisor.links or ()):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "death_of_an_unlinked_child_is_noticed",
        "A supervisor watches its children by other means than links, and restarts also those that are not linked.",
        frozenset({"SUP-41"}),
        (
            Edit(
                f"{SUPERVISING}.start_process",
                "return None if handle is None else self._check(spec, handle)",
                "process = None if handle is None else self._check(spec, handle)\n"
                "me = self._record()\n"
                'if process is not None and hasattr(self.spec, "strategy"):\n'
                "    handle.when_dead(lambda reason: me.post((4, Exit(process.pid, reason))))\n"
                "return process",
            ),
        ),
        is_hard=True,
    ),
)
