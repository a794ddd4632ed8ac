"""Faults that were reported of real runtimes: exits, links, monitors, names, servers and timers. See docs/wild.md."""

from __future__ import annotations

from letitcrash_reference.errors import CallTimeoutError
from tests.conformance.mutants.places import PROCESS, SERVING, STARTING, SUBJECT, TABLE, TIMER
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.red_tools import Memory

__all__ = ["MUTANTS"]

_BURY = f"{TABLE}._bury"
_TAKEN_ALONG = "doomed.append((peer, reason))"
_LINKED = frozenset({"LNK-12", "LNK-1", "EXIT-16", "EXIT-2"})

MUTANTS = (
    # -- links and reasons --------------------------------------------------------------------------------------------
    Mutant(
        "linked_process_ends_with_normal",
        "A process that dies of a linked one is reported with the reason normal.",
        _LINKED,
        (Edit(f"{TABLE}._signal_link", _TAKEN_ALONG, "doomed.append((peer, ExitReason.NORMAL))"),),
    ),
    Mutant(
        "linked_process_wraps_the_reason",
        "A process that dies of a linked one ends with an error that holds the reason of the other.",
        _LINKED,
        (Edit(f"{TABLE}._signal_link", _TAKEN_ALONG, 'doomed.append((peer, ExitReason.error(f"exit: {reason}")))'),),
    ),
    # -- monitors -----------------------------------------------------------------------------------------------------
    Mutant(
        "monitors_tell_parents_only",
        "A monitor fires only if its owner has started the process that it watches.",
        frozenset({"MON-1", "MON-5", "MON-15"}),
        (Edit(f"{TABLE}._signal_watcher", "if watcher.alive:", "if watcher.alive and watcher is victim.parent:"),),
    ),
    Mutant(
        "death_of_one_watcher_silences_the_others",
        "When a process that watches another one by its name dies, all who watch that one hear nothing any more.",
        frozenset({"MON-1", "MON-4", "MON-5", "MON-6", "MON-15"}),
        (
            Edit(
                _BURY,
                "self._forget(ref)",
                "if ref.target is not None and ref.target_name is not None:\n    ref.target.watchers.clear()\n"
                "self._forget(ref)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "demonitor_of_the_terminating_still_fires",
        "A monitor that is taken back while the cleanup callback of its target runs still fires.",
        frozenset({"MON-6", "MON-8", "MON-9", "MON-7"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                "active = self._forget(ref)",
                "if ref.target is not None and ref.target.phase is Phase.TERMINATING:\n    return True\n"
                "active = self._forget(ref)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "death_of_a_watcher_frees_the_name",
        "When a process that watches another one by its name dies, that one loses the name.",
        frozenset({"REG-1", "REG-2", "REG-15", "MON-4", "MON-15", "REG-11"}),
        (
            Edit(
                _BURY,
                "self._forget(ref)",
                "if ref.target is not None and ref.target_name is not None and ref.target.name == ref.target_name:\n"
                "    self.registry.remove(ref.target_name)\n"
                "self._forget(ref)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "name_is_watched_once",
        "Who has heard of the death of a name's holder hears nothing more of those who hold the name later.",
        frozenset({"MON-1", "MON-3", "MON-5", "MON-15"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "ref.fired = True",
                "ref.fired = True\nmemory(watcher)[watcher, ref.target_name] = ref.target_name",
            ),
            Edit(
                f"{TABLE}.monitor",
                "self.watch(watcher, process, ref)",
                "if name is None or memory(watcher).get((watcher, name)) is None:\n"
                "    self.watch(watcher, process, ref)",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "monitor_on_the_terminating_never_fires",
        "A monitor that is set while the cleanup callback of its target runs is accepted and never fires.",
        frozenset({"MON-1", "MON-17", "MON-15", "MON-5"}),
        (
            Edit(
                f"{TABLE}.monitor",
                "self.watch(watcher, process, ref)",
                "if process.phase is not Phase.TERMINATING:\n    self.watch(watcher, process, ref)",
            ),
        ),
    ),
    Mutant(
        "link_to_the_terminating_never_fires",
        "A link that is made while the cleanup callback of the other process runs has no effect.",
        frozenset({"LNK-1", "LNK-12", "LNK-6", "LNK-13", "LNK-10"}),
        (
            Edit(
                f"{TABLE}.link",
                "self.join(process, peer)",
                "if peer.phase is not Phase.TERMINATING:\n    self.join(process, peer)",
            ),
        ),
    ),
    Mutant(
        "exits_during_a_call_are_lost",
        "A process that waits for the answer to a call loses the exit messages of others that come meanwhile.",
        frozenset({"EXIT-7", "EXIT-18", "LNK-1", "LNK-13", "GS-57", "LNK-12"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "if peer.trap_exit:",
                "if peer.trap_exit and getattr(peer.blocked_on, 'process', None) not in (None, peer, victim):\n"
                "    return\n"
                "if peer.trap_exit:",
            ),
        ),
        is_hard=True,
    ),
    # -- starts -------------------------------------------------------------------------------------------------------
    Mutant(
        "start_with_a_taken_name_says_nothing",
        "A start whose name is taken succeeds without a name.",
        frozenset({"REG-17", "REG-2", "GS-12", "REG-18"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "table.registry.add(name, process)",
                "name in table.registry.names or table.registry.add(name, process)",
            ),
        ),
    ),
    Mutant(
        "failed_named_start_hides_its_reason",
        "A start with a name that fails in init reports an error of its clearing up in place of the reason.",
        frozenset({"GS-4", "GS-5", "REG-19"}),
        (
            Edit(
                _BURY,
                "starting = victim.start_token",
                "starting = victim.start_token\n"
                "if starting is not None and victim.name is not None and not ignored:\n"
                '    reason = ExitReason.error("no function clause matches in unregister_name")',
            ),
        ),
    ),
    Mutant(
        "normal_end_in_init_never_answers",
        "Whoever starts a process that ends with normal in its init callback is never told.",
        frozenset({"GS-4", "GS-5"}),
        (
            Edit(
                _BURY,
                "if starting is not None:\n        victim.start_token = None",
                "if starting is not None and (ignored or not reason.is_normal):\n    victim.start_token = None",
            ),
        ),
        is_hard=True,
    ),
    # -- calls, stops and crashes -------------------------------------------------------------------------------------
    Mutant(
        "callers_are_told_noproc_after_normal",
        "A caller whose server ends with normal before it answers is told that there is no such process.",
        frozenset({"GS-26", "GS-34"}),
        (
            Edit(
                f"{PROCESS}.drop_call",
                "token.fail(",
                "if self.reason is not None and self.reason.is_normal:\n"
                "    return token.fail(NoProcessError(self.pid))\n"
                "token.fail(",
            ),
        ),
    ),
    Mutant(
        "own_stop_is_always_normal",
        "A server whose callback stops it ends with the reason normal, whatever the callback said.",
        frozenset({"GS-50", "EXIT-2", "GS-34", "EXIT-14", "GS-26"}),
        (
            Edit(
                f"{SERVING}_act",
                "await _finish(process, server, result.reason, reply)",
                "await _finish(process, server, ExitReason.NORMAL, reply)",
            ),
        ),
    ),
    Mutant(
        "stop_without_time_asks_nothing",
        "A request to stop that may take no time is given up before it is sent: the server goes on as if nothing was.",
        frozenset({"GS-61", "GS-58", "GS-59"}),
        (
            Edit(
                f"{SUBJECT}.stop",
                "process.handle.request_stop(wanted, token)",
                "timeout_ms and process.handle.request_stop(wanted, token)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "crashed_server_handles_what_waits",
        "A server whose callback raised handles the next waiting cast before it ends.",
        frozenset({"GS-51", "GS-21", "GS-37", "GS-50", "EXIT-23", "EXIT-3"}),
        (
            Edit(
                f"{SERVING}_crash",
                "_log_crash(process, callback, error, reason)",
                "_log_crash(process, callback, error, reason)\n"
                "if process.mailbox and process.mailbox[0][0] in (CAST, INFO):\n"
                "    kind, waiting = process.mailbox.popleft()\n"
                "    try:\n"
                "        await (server.handle_cast if kind == CAST else server.handle_info)(waiting)\n"
                "    except Exception:\n"
                "        pass",
            ),
        ),
    ),
    Mutant(
        "crash_in_cleanup_keeps_it_alive",
        "A server whose cleanup callback raises does not end.",
        frozenset({"GS-53", "GS-58", "GS-50", "GS-51", "GS-62"}),
        (
            Edit(
                f"{SERVING}_finish",
                "if process.alive:\n        token: From[Any]",
                "if process.alive and fatal is None:\n    token: From[Any]",
            ),
        ),
    ),
    # -- timers -------------------------------------------------------------------------------------------------------
    Mutant(
        "cancelling_an_expired_timer_fails",
        "Who cancels a timer that has expired gets an error.",
        frozenset({"TIM-5", "GS-20"}),
        (Edit(f"{TIMER}.cancel", "return False", "raise CallTimeoutError(None, 5.0)"),),
        names={"CallTimeoutError": lambda: CallTimeoutError},
    ),
)
"""What was reported of real runtimes."""
