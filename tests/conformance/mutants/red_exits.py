"""Faults that attackers of the suite thought of without having seen it: exit signals."""

from __future__ import annotations

from tests.conformance.mutants.places import REASON, SERVING, TABLE
from tests.conformance.mutants.plant import Count, Edit, Mutant
from tests.conformance.mutants.red_tools import Memory, Sent

__all__ = ["MUTANTS"]

_EXIT = f"{TABLE}.exit"
_LINK = f"{TABLE}._signal_link"
_DOOM = "doomed.append((peer, reason))"
_TOLD = "peer.post((EXIT, Exit(victim.pid, reason)))"
_SENT = "target.post((EXIT, Exit(None if sender is None else sender.pid, reason)))"
_FLAG = "old, process.trap_exit = process.trap_exit, value"
_PARENT = "if kind == EXIT and process.parent is not None and message.pid is process.parent.pid:"

MUTANTS = (
    Mutant(
        "trapping_again_is_ignored",
        "A process that has stopped trapping exits cannot begin again.",
        frozenset({"EXIT-20", "EXIT-21", "EXIT-7", "LNK-13", "GS-57"}),
        (
            Edit(
                f"{TABLE}.set_trap_exit",
                _FLAG,
                "gave_up = memory(process).setdefault('gave up', set())\n"
                "if process.trap_exit and not value:\n"
                "    gave_up.add(process)\n"
                "old, process.trap_exit = process.trap_exit, value and process not in gave_up",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "exit_of_the_busy_is_a_stop",
        "An exit signal to a process whose callback waits is served like a stop request once the callback returns.",
        frozenset({"EXIT-18", "GS-54", "EXIT-24"}),
        (
            Edit(
                _EXIT,
                "elif target.trap_exit:",
                "elif not target.trap_exit and target.blocked_on is not None and reason.kind is not ExitKind.NORMAL:\n"
                "    target.mailbox.appendleft((5, reason))\n"
                "elif target.trap_exit:",
            ),
        ),
    ),
    Mutant(
        "kill_spares_the_suspended",
        "A suspended process survives kill.",
        frozenset({"EXIT-12"}),
        (
            Edit(
                _EXIT,
                "if reason.kind is ExitKind.KILL:",
                "if reason.kind is ExitKind.KILL and target.stash is not None:\n"
                "    return\n"
                "if reason.kind is ExitKind.KILL:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "sent_killed_becomes_kill",
        "An exit signal that was sent with the reason killed arrives with the reason kill.",
        frozenset({"EXIT-6", "EXIT-7", "EXIT-2"}),
        (
            Edit(
                _EXIT,
                "elif target.trap_exit:",
                "elif reason.kind is ExitKind.KILLED and target.trap_exit:\n"
                "    target.post((EXIT, Exit(None if sender is None else sender.pid, ExitReason.KILL)))\n"
                "elif reason.kind is ExitKind.KILLED:\n"
                "    self.die(target, ExitReason.KILL)\n"
                "elif target.trap_exit:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "noproc_is_harmless",
        "A process that does not trap exits survives an exit signal with the reason noproc.",
        frozenset({"EXIT-6"}),
        (
            Edit(
                _EXIT,
                "elif reason.kind is not ExitKind.NORMAL or sender is target:",
                "elif reason.kind not in (ExitKind.NORMAL, ExitKind.NOPROC) or sender is target:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "parents_that_live_cannot_end_their_children",
        "A server that traps exits gets an exit signal that its parent sends as a plain message.",
        frozenset({"GS-55"}),
        (
            Edit(_EXIT, _SENT, "target.post((EXIT, Sent(None if sender is None else sender.pid, reason)))"),
            Edit(f"{SERVING}_handle_other", _PARENT, _PARENT[:-1] + " and message.__class__ is not Sent:"),
        ),
        names={"Sent": lambda: Sent},
        is_hard=True,
    ),
    Mutant(
        "parents_must_be_linked",
        "A server that traps exits gets an exit signal of its parent as a plain message once they are unlinked.",
        frozenset({"GS-55"}),
        (
            Edit(
                _EXIT,
                _SENT,
                "loose = sender is target.parent and not (target.links and sender in target.links)\n"
                "target.post((EXIT, (Sent if loose else Exit)(None if sender is None else sender.pid, reason)))",
            ),
            Edit(f"{SERVING}_handle_other", _PARENT, _PARENT[:-1] + " and message.__class__ is not Sent:"),
        ),
        names={"Sent": lambda: Sent},
        is_hard=True,
    ),
    Mutant(
        "exit_to_oneself_names_nobody",
        "A process that traps exits and sends itself an exit signal is not told who sent it.",
        frozenset({"EXIT-11", "EXIT-7"}),
        (
            Edit(
                _EXIT,
                _SENT,
                "target.post((EXIT, Exit(None if sender in (None, target) else sender.pid, reason)))",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "normal_from_a_process_kills",
        "An exit signal with the reason normal that another process sends ends a process that does not trap.",
        frozenset({"EXIT-8"}),
        (
            Edit(
                _EXIT,
                "elif reason.kind is not ExitKind.NORMAL or sender is target:",
                "elif reason.kind is not ExitKind.NORMAL or sender is not None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "exit_in_cleanup_is_lost",
        "An exit signal to a process whose cleanup callback runs is lost, even kill.",
        frozenset({"EXIT-18", "EXIT-6", "EXIT-12"}),
        (
            Edit(
                _EXIT,
                "if reason.kind is ExitKind.KILL:",
                "if target.phase.name == 'TERMINATING':\n    return\nif reason.kind is ExitKind.KILL:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "exit_in_cleanup_cannot_be_trapped",
        "A process that traps exits dies of any exit signal once its cleanup callback runs.",
        frozenset({"EXIT-7", "EXIT-20", "GS-58"}),
        (
            Edit(
                _EXIT,
                "elif target.trap_exit:",
                "elif target.trap_exit and target.phase.name != 'TERMINATING':",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "exit_in_init_is_lost",
        "An exit signal that a process traps is lost while its init callback runs.",
        frozenset({"EXIT-7"}),
        (Edit(_EXIT, _SENT, f"if target.phase.name != 'STARTING':\n    {_SENT}"),),
        is_hard=True,
    ),
    Mutant(
        "links_rest_during_init",
        "The end of a linked process is not told to one whose init callback runs.",
        frozenset({"LNK-1", "LNK-9", "LNK-12", "GS-56", "GS-55"}),
        (Edit(_LINK, "if peer.trap_exit:", "if peer.phase.name == 'STARTING':\n    return\nif peer.trap_exit:"),),
        is_hard=True,
    ),
    Mutant(
        "links_rest_during_cleanup",
        "A process whose cleanup callback runs survives the end of linked processes.",
        frozenset({"LNK-12", "EXIT-18"}),
        (Edit(_LINK, _DOOM, f"if peer.phase.name != 'TERMINATING':\n    {_DOOM}"),),
        is_hard=True,
    ),
    Mutant(
        "fourth_trapped_exit_is_lost",
        "A process that traps exits is told of the ends of three linked processes only.",
        frozenset({"LNK-1", "LNK-13", "GS-57"}),
        (Edit(_LINK, _TOLD, f"if count(peer) != 4:\n    {_TOLD}"),),
        names={"count": Count},
        is_hard=True,
    ),
    Mutant(
        "fourth_peer_is_spared",
        "When a process ends, only the three oldest of those that are linked with it hear of it.",
        frozenset({"LNK-1", "LNK-12"}),
        (Edit(f"{TABLE}._bury", "sorted(links, key=_by_age):", "sorted(links, key=_by_age)[:3]:"),),
        is_hard=True,
    ),
    Mutant(
        "third_hop_is_lost",
        "The end of a process takes along those linked with it and those linked with these, and nobody further.",
        frozenset({"LNK-12", "EXIT-16"}),
        (
            Edit(
                _LINK,
                _DOOM,
                f"hops = memory(victim)\nhops[peer] = hops.get(victim, 0) + 1\nif hops[peer] < 3:\n    {_DOOM}",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "old_trap_flag_is_the_first",
        "Setting the trap flag returns the value that the process began with.",
        frozenset({"EXIT-21"}),
        (
            Edit(
                f"{TABLE}.set_trap_exit",
                "return old",
                "return memory(process).setdefault(process, old)",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "raised_killed_is_kill",
        "A process that stops itself with the reason killed is reported with kill.",
        frozenset({"EXIT-2", "EXIT-12", "GS-50"}),
        (
            Edit(
                f"{SERVING}_act",
                "await _finish(process, server, result.reason, reply)",
                "why = ExitReason.KILL if result.reason == ExitReason.KILLED else result.reason\n"
                "await _finish(process, server, why, reply)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "raised_kill_is_told_as_killed_to_the_caller",
        "A caller whose server ends by raising kill is told killed.",
        frozenset({"GS-26", "EXIT-14"}),
        (
            Edit(
                "letitcrash_reference.process:Process.drop_call",
                "token.fail(ProcessExitedError(self.reason or ExitReason.KILLED, self.pid))",
                "why = self.reason or ExitReason.KILLED\n"
                "why = ExitReason.KILLED if why == ExitReason.KILL else why\n"
                "token.fail(ProcessExitedError(why, self.pid))",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "empty_remarks_are_none",
        "A shutdown with an empty text is one without a text.",
        frozenset({"EXIT-2", "EXIT-6", "EXIT-7", "GS-50"}),
        (Edit(f"{REASON}.shutdown", "cls(ExitKind.SHUTDOWN, text)", "cls(ExitKind.SHUTDOWN, text or None)"),),
        is_hard=True,
    ),
    Mutant(
        "texts_of_reasons_are_trimmed",
        "The text of a reason loses the blanks at its ends.",
        frozenset({"EXIT-2", "EXIT-3", "EXIT-6", "EXIT-7", "GS-50"}),
        (Edit(f"{REASON}.error", "cls(ExitKind.ERROR, text)", "cls(ExitKind.ERROR, text.strip())"),),
        is_hard=True,
    ),
)
