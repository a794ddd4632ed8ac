"""Faults that attackers of the suite thought of without having seen it: one backend, or one ordered pair of them."""

from __future__ import annotations

from tests.conformance.mutants.places import HANDLE, PROBE, PROCESS, REGISTRY, RUNTIME, SERVING, STARTING, TABLE, TIMER
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.red_tools import Memory

__all__ = ["MUTANTS"]

_EXIT = f"{TABLE}.exit"
_SENT = "target.post((EXIT, Exit(None if sender is None else sender.pid, reason)))"
_PARENT = "if kind == EXIT and process.parent is not None and message.pid is process.parent.pid:"

MUTANTS = (
    # -- one backend --------------------------------------------------------------------------------------------------
    Mutant(
        "thread_loses_exits_while_blocked",
        "On a thread of its own a server that traps exits loses those that come while its callback blocks.",
        frozenset({"EXIT-7", "EXIT-18", "BACK-2"}),
        (
            Edit(
                _EXIT,
                _SENT,
                f"if target.backend.value != 'thread' or target.blocked_on is None:\n    {_SENT}",
            ),
        ),
        backends=("thread",),
        is_hard=True,
    ),
    Mutant(
        "pool_loses_downs_while_blocked",
        "In the pool a server loses the messages of monitors that come while its callback blocks.",
        frozenset({"MON-1", "BACK-2", "MON-21"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "if watcher.alive:",
                "if watcher.alive and (watcher.backend.value != 'blocking' or watcher.blocked_on is None):",
            ),
        ),
        backends=("blocking",),
        is_hard=True,
    ),
    Mutant(
        "thread_forgets_unanswered_callers",
        "On a thread of its own a server that dies forgets the callers that it was to answer later.",
        frozenset({"GS-26", "BACK-2"}),
        (
            Edit(
                f"{TABLE}._fail_callers",
                "tokens += victim.deferred",
                "tokens += victim.deferred if victim.backend.value != 'thread' else ()",
            ),
        ),
        backends=("thread",),
        is_hard=True,
    ),
    Mutant(
        "pool_texts_lose_rare_letters",
        "In the pool texts lose characters beyond the first 65536.",
        frozenset({"BACK-12", "GS-37", "EXIT-2", "EXIT-3", "BACK-2"}),
        (
            Edit(
                f"{HANDLE}.send",
                "caller = current_process.get()",
                "if self._process.backend.value == 'blocking' and isinstance(message, str):\n"
                "    message = ''.join(each if ord(each) < 65536 else '?' for each in message)\n"
                "caller = current_process.get()",
            ),
        ),
        backends=("blocking",),
        is_hard=True,
    ),
    Mutant(
        "third_thread_shares_its_state",
        "On threads of their own every third server has the value of the one before.",
        frozenset({"BACK-6", "GS-20", "BACK-2", "BACK-10"}),
        (
            Edit(
                f"{PROBE}.init",
                "self.blocks = self._record().backend is not Backend.ASYNC",
                "self.blocks = self._record().backend is not Backend.ASYNC\n"
                "if self._record().backend.value == 'thread':\n"
                "    mine = memory(self._record())\n"
                "    mine['n'] = mine.get('n', 0) + 1\n"
                "    if mine['n'] % 3 == 0:\n"
                "        self.value = mine['last'].value\n"
                "    mine['last'] = self",
            ),
        ),
        backends=("thread",),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "pool_ignores_crashes_of_cleanup",
        "In the pool a server whose cleanup callback raises ends with the reason it had before.",
        frozenset({"GS-53", "BACK-3", "BACK-2"}),
        (
            Edit(
                f"{SERVING}_finish",
                "reason = ExitReason.from_exception(error)",
                "reason = reason if process.backend.value == 'blocking' else ExitReason.from_exception(error)",
            ),
        ),
        backends=("blocking",),
        is_hard=True,
    ),
    Mutant(
        "thread_keeps_the_names_of_those_killed_while_blocked",
        "On a thread of its own a server that is killed while its callback blocks keeps its name.",
        frozenset({"BACK-9", "REG-11"}),
        (
            Edit(
                f"{REGISTRY}.free",
                "if process.name is not None:",
                "stuck = process.backend.value == 'thread' and process.blocked_on is not None\n"
                "if process.name is not None and not stuck:",
            ),
        ),
        backends=("thread",),
        is_hard=True,
    ),
    Mutant(
        "pool_timers_cannot_be_cancelled",
        "In the pool a timer that was cancelled fires all the same.",
        frozenset({"TIM-4", "BACK-2"}),
        (
            Edit(
                f"{TIMER}.cancel",
                "self._end()",
                "if self._process is not None and self._process.backend.value == 'blocking' and not self._period:\n"
                "    return True\n"
                "self._end()",
            ),
        ),
        backends=("blocking",),
        is_hard=True,
    ),
    Mutant(
        "thread_stop_overtakes",
        "On a thread of its own a stop request is handled before the messages that wait.",
        frozenset({"GS-59", "GS-21", "BACK-2"}),
        (
            Edit(
                f"{HANDLE}.request_stop",
                "process.post((STOP, reason))",
                "if process.backend.value == 'thread' and process.mailbox:\n"
                "    process.mailbox.appendleft((STOP, reason))\n"
                "else:\n"
                "    process.post((STOP, reason))",
            ),
        ),
        backends=("thread",),
        is_hard=True,
    ),
    Mutant(
        "thread_suspended_loses_timers",
        "On a thread of its own a suspended server loses what its timers send.",
        frozenset({"TIM-1", "BACK-2"}),
        (
            Edit(
                f"{TIMER}._fire",
                "if process is not None:",
                "if process is not None and not (process.backend.value == 'thread' and process.stash is not None):",
            ),
        ),
        backends=("thread",),
        is_hard=True,
    ),
    Mutant(
        "pool_servers_cannot_register_themselves",
        "In the pool a server that registers itself gets no name.",
        frozenset({"REG-1", "BACK-2", "REG-9"}),
        (
            Edit(
                f"{RUNTIME}.register",
                "registry.add(name, process)",
                "if not (current_process.get() is process and process.backend.value == 'blocking'):\n"
                "    registry.add(name, process)",
            ),
        ),
        backends=("blocking",),
        is_hard=True,
    ),
    Mutant(
        "thread_parents_exit_is_a_message",
        "On a thread of its own a server that traps exits gets its parent's exit as a plain message.",
        frozenset({"GS-55", "BACK-2"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                _PARENT,
                _PARENT[:-1] + " and (process.backend.value != 'thread' or process.parent.server.is_supervisor):",
            ),
        ),
        backends=("thread",),
        is_hard=True,
    ),
    Mutant(
        "pool_forgets_the_second_monitor_after_blocking",
        "In the pool a monitor that is set after a callback has blocked never fires.",
        frozenset({"MON-1", "BACK-2"}),
        (
            Edit(
                f"{TABLE}.watch",
                "process.watchers[ref] = watcher",
                "if not (watcher.backend.value == 'blocking' and memory(watcher).get(watcher)):\n"
                "    process.watchers[ref] = watcher",
            ),
            Edit(
                f"{PROBE}.do_sleep",
                "self.runtime.sleep_sync(ms / 1000)",
                "self.runtime.sleep_sync(ms / 1000)\nmemory(self._record())[self._record()] = True",
            ),
        ),
        backends=("blocking",),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "thread_crash_in_init_is_normal",
        "On a thread of its own a server whose init callback raises ends with the reason normal.",
        frozenset({"GS-5", "BACK-2", "BACK-3"}),
        (
            Edit(
                f"{SERVING}_start",
                "reason = ExitReason.from_exception(error)",
                "reason = ExitReason.from_exception(error)\n"
                "reason = ExitReason.NORMAL if process.backend.value == 'thread' else reason",
            ),
        ),
        backends=("thread",),
        is_hard=True,
    ),
    # -- one ordered pair ---------------------------------------------------------------------------------------------
    Mutant(
        "links_from_thread_to_pool_are_one_way",
        "A link that a server on a thread of its own makes with one in the pool is known to the caller only.",
        frozenset({"BACK-4", "LNK-1", "LNK-12"}),
        (
            Edit(
                f"{TABLE}.join",
                "peer.links.add(process)",
                "if (process.backend.value, peer.backend.value) != ('thread', 'blocking'):\n"
                "    peer.links.add(process)",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "unlinking_from_pool_to_async_is_one_way",
        "A server in the pool that unlinks one of the event loop forgets the link, and the other one does not.",
        frozenset({"BACK-4", "LNK-15", "LNK-16", "LNK-3", "LNK-4"}),
        (
            Edit(
                f"{TABLE}.part",
                "if peer.links:",
                "if peer.links and (process.backend.value, peer.backend.value) != ('blocking', 'async'):",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "monitors_from_thread_on_async_are_silent",
        "A monitor of a server on a thread of its own on one of the event loop never fires.",
        frozenset({"BACK-4", "MON-1"}),
        (
            Edit(
                f"{TABLE}.watch",
                "process.watchers[ref] = watcher",
                "if (watcher.backend.value, process.backend.value) != ('thread', 'async'):\n"
                "    process.watchers[ref] = watcher",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "demonitor_from_async_to_thread_fails",
        "A server of the event loop cannot take a monitor on one with a thread of its own back.",
        frozenset({"BACK-4", "MON-8"}),
        (
            Edit(
                f"{TABLE}._forget",
                "if target.watchers:",
                "if target.watchers and (ref.watcher.backend.value, target.backend.value) != ('async', 'thread'):",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "calls_from_pool_to_thread_time_out",
        "A call from a server in the pool to one on a thread of its own runs out of time at once.",
        frozenset({"BACK-4", "GS-20", "GS-28"}),
        (
            Edit(
                f"{HANDLE}._call_as_process",
                "post_call(process, (CALL, message, token))",
                "post_call(process, (CALL, message, token))\n"
                "if (current_process.get().backend.value, process.backend.value) == ('blocking', 'thread'):\n"
                "    timeout = 0.0",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "exits_from_async_to_thread_lose_their_text",
        "An exit signal from a server of the event loop to one on a thread of its own loses its text.",
        frozenset({"BACK-4", "EXIT-6", "EXIT-7"}),
        (
            Edit(
                _EXIT,
                "if reason.kind is ExitKind.KILL:",
                "if sender is not None and (sender.backend.value, target.backend.value) == ('async', 'thread'):\n"
                "    reason = ExitReason.SHUTDOWN if reason.kind is ExitKind.SHUTDOWN else reason\n"
                "if reason.kind is ExitKind.KILL:",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "casts_from_pool_to_thread_overtake",
        "A cast from a server in the pool to one on a thread of its own is put in front of what waits.",
        frozenset({"BACK-4", "GS-21", "GS-37"}),
        (
            Edit(
                f"{PROCESS}.post_from",
                "self.post(item)",
                "if self.mailbox and (caller.backend.value, self.backend.value) == ('blocking', 'thread'):\n"
                "    self.mailbox.appendleft(item)\n"
                "else:\n"
                "    self.post(item)",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "infos_from_thread_to_async_are_lost",
        "A plain message from a server on a thread of its own to one of the event loop is lost.",
        frozenset({"BACK-4", "GS-37", "GS-21"}),
        (
            Edit(
                f"{PROCESS}.post_from",
                "self.post(item)",
                "if item[0] != 2 or (caller.backend.value, self.backend.value) != ('thread', 'async'):\n"
                "    self.post(item)",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "monitored_starts_from_pool_on_async_are_not_monitored",
        "A server of the event loop that one in the pool starts monitored is not monitored.",
        frozenset({"BACK-4", "MON-16", "MON-1"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "process.start_ref = process.monitored_as = table.watch(watcher, process)",
                "process.start_ref = process.monitored_as = table.watch(watcher, process)\n"
                "if (watcher.backend.value, process.backend.value) == ('blocking', 'async'):\n"
                "    process.watchers.clear()",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "normal_end_on_thread_kills_pool",
        "A server in the pool dies of the normal end of a linked one on a thread of its own.",
        frozenset({"BACK-4", "LNK-11"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "elif reason.kind is not ExitKind.NORMAL:",
                "elif reason.kind is not ExitKind.NORMAL or "
                "(victim.backend.value, peer.backend.value) == ('thread', 'blocking'):",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "deaths_on_the_pool_are_not_told_to_callers_on_threads",
        "A server on a thread of its own that waits for one in the pool does not learn of its death.",
        frozenset({"BACK-4", "GS-26"}),
        (
            Edit(
                f"{TABLE}._fail_callers",
                "for token in tokens if not token.done]",
                "for token in tokens if not token.done and not (\n"
                "    victim.backend.value == 'blocking' and memory(victim).get(token) == 'thread'\n"
                ")]",
            ),
            Edit(
                f"{HANDLE}._call_as_process",
                "post_call(process, (CALL, message, token))",
                "memory(process)[token] = current_process.get().backend.value\n"
                "post_call(process, (CALL, message, token))",
            ),
        ),
        backends=("mixed",),
        names={"memory": Memory},
        is_hard=True,
    ),
)
