"""Faults that show on one backend only: chapter `backends`, with a look at all others."""

from __future__ import annotations

from letitcrash_reference.process import STOP
from tests.conformance.mutants.places import POOL, PROBE, PROCESS, SERVING, TABLE, TIMER
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_BLOCKING = ("blocking", "mixed")
_THREAD = ("thread", "mixed")

MUTANTS = (
    # -- one backend --------------------------------------------------------------------------------------------------
    Mutant(
        "thread_values_have_32_bits",
        "On threads of their own servers compute with 32 bits.",
        frozenset({"BACK-12"}),
        (
            Edit(
                f"{PROBE}.handle_call",
                'if op == "get":',
                'if self.process_record.backend.value == "thread":\n'
                "    self.value = (self.value + 2**31) % 2**32 - 2**31\n"
                'if op == "get":',
            ),
        ),
        backends=_THREAD,
        is_hard=True,
    ),
    Mutant(
        "pool_values_have_63_bits",
        "In the pool servers compute with 63 bits.",
        frozenset({"BACK-12"}),
        (
            Edit(
                f"{PROBE}.handle_call",
                'if op == "get":',
                'if self.process_record.backend.value == "blocking":\n'
                "    self.value = (self.value + 2**63) % 2**64 - 2**63\n"
                'if op == "get":',
            ),
        ),
        backends=_BLOCKING,
        is_hard=True,
    ),
    Mutant(
        "values_are_floats",
        "Values beyond 53 bits lose their last digits.",
        frozenset({"BACK-12"}),
        (
            Edit(
                f"{PROBE}.handle_call",
                'if op == "get":',
                'if abs(self.value) > 2**53:\n    self.value = int(float(self.value))\nif op == "get":',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "pool_texts_are_ascii",
        "In the pool texts lose what is not ASCII.",
        frozenset({"BACK-12"}),
        (
            Edit(
                f"{PROBE}.handle_info",
                'self._log("info", payload=message)',
                'if self.process_record.backend.value == "blocking":\n'
                '    message = message.encode("ascii", "replace").decode()\n'
                'self._log("info", payload=message)',
            ),
        ),
        backends=_BLOCKING,
        is_hard=True,
    ),
    Mutant(
        "texts_are_cut",
        "Texts are cut after 255 characters.",
        frozenset({"BACK-12"}),
        (Edit(f"{PROBE}.handle_info", "payload=message", "payload=message[:255]"),),
        is_hard=True,
    ),
    Mutant(
        "empty_text_is_dropped",
        "A plain message that is empty is dropped.",
        frozenset({"BACK-12", "GS-37"}),
        (
            Edit(
                f"{PROCESS}.post",
                "self.mailbox.append(item)",
                'if item == (2, ""):\n    return\nself.mailbox.append(item)',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "pool_servers_share_their_state",
        "Servers of the pool share their value.",
        frozenset({"GS-20", "GS-21", "BACK-2", "BACK-6"}),
        (
            Edit(
                f"{PROBE}.handle_call",
                "self.value += message[1]",
                "self.value += message[1]\n"
                'if self.process_record.backend.value == "blocking":\n'
                "    for other in self.board.probes.values():\n"
                "        record = other.process_record\n"
                "        if record is not None and record.backend is self.process_record.backend:\n"
                "            other.value = self.value",
            ),
        ),
        backends=_BLOCKING,
        is_hard=True,
    ),
    Mutant(
        "pool_has_one_thread",
        "The pool has one thread: a callback that blocks stops all others.",
        frozenset({"GS-1", "GS-2", "GS-3", "BACK-5"}),
        (Edit(f"{POOL}.__init__", "self.size = size", "self.size = 1"),),
        backends=_BLOCKING,
        is_hard=True,
    ),
    Mutant(
        "thread_stop_skips_terminate",
        "On a thread of its own a server that is asked to stop does not run its cleanup callback.",
        frozenset({"BACK-2", "BACK-3", "GS-58", "GS-59"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                "if kind == STOP:",
                'if kind == STOP and process.backend.value == "thread":\n'
                "    process.runtime.table.die(process, message)\n"
                "    return False\n"
                "if kind == STOP:",
            ),
        ),
        backends=_THREAD,
        is_hard=True,
    ),
    Mutant(
        "thread_crash_skips_terminate",
        "On a thread of its own a server whose callback raises does not run its cleanup callback.",
        frozenset({"BACK-2", "BACK-3", "GS-51"}),
        (
            Edit(
                f"{SERVING}_crash",
                "await _finish(process, server, reason)",
                'if process.backend.value == "thread":\n'
                "    process.runtime.table.die(process, reason)\n"
                "else:\n"
                "    await _finish(process, server, reason)",
            ),
        ),
        backends=_THREAD,
        is_hard=True,
    ),
    Mutant(
        "pool_runs_init_twice",
        "In the pool the init callback runs twice.",
        frozenset({"BACK-2", "BACK-3"}),
        (
            Edit(
                f"{SERVING}_start",
                "result: Any = await server.init()",
                "result: Any = await server.init()\n"
                'if process.backend.value == "blocking" and result is None:\n'
                "    result = await server.init()",
            ),
        ),
        backends=_BLOCKING,
        is_hard=True,
    ),
    Mutant(
        "thread_kill_waits_for_the_callback",
        "A server killed while its callback blocks its thread dies when the callback returns.",
        frozenset({"BACK-9", "EXIT-18"}),
        (
            Edit(
                f"{TABLE}.exit",
                "self.die(target, ExitReason.KILLED)",
                'if target.backend.value != "async" and target.blocked_on is not None:\n'
                "    target.post((STOP, ExitReason.KILLED))\n"
                "else:\n"
                "    self.die(target, ExitReason.KILLED)",
            ),
        ),
        backends=("blocking", "thread", "mixed"),
        names={"STOP": lambda: STOP},
        is_hard=True,
    ),
    Mutant(
        "thread_kill_says_kill",
        "On a thread of its own a killed server is reported with kill.",
        frozenset({"BACK-2", "EXIT-12", "EXIT-13"}),
        (
            Edit(
                f"{TABLE}.exit",
                "ExitReason.KILLED)",
                'ExitReason.KILL if target.backend.value == "thread" else ExitReason.KILLED)',
            ),
        ),
        backends=_THREAD,
        is_hard=True,
    ),
    Mutant(
        "pool_forgets_the_trap_flag",
        "In the pool the trap flag belongs to the thread: it is gone when the callback returns.",
        frozenset({"BACK-2", "EXIT-7", "LNK-13"}),
        (
            Edit(
                f"{POOL}._park",
                "process.parked.append(process)",
                "process.trap_exit = False\nprocess.parked.append(process)",
            ),
        ),
        backends=_BLOCKING,
        is_hard=True,
    ),
    Mutant(
        "pool_loses_infos_while_busy",
        "In the pool a plain message that comes while a callback waits is lost.",
        frozenset({"BACK-2", "GS-37", "TIM-1"}),
        (
            Edit(
                f"{PROCESS}.post",
                "self.mailbox.append(item)",
                'if item[0] == 2 and self.backend.value == "blocking" and self.blocked_on is not None:\n'
                "    return\n"
                "self.mailbox.append(item)",
            ),
        ),
        backends=_BLOCKING,
        is_hard=True,
    ),
    Mutant(
        "thread_ignores_calls_that_wait_at_death",
        "On a thread of its own a server that dies forgets the callers that wait in its mailbox.",
        frozenset({"BACK-2", "GS-26"}),
        (
            Edit(
                f"{TABLE}._fail_callers",
                "tokens += [item[2] for item in queued if len(item) == 3]",
                'tokens += [item[2] for item in queued if len(item) == 3 and victim.backend.value != "thread"]',
            ),
        ),
        backends=_THREAD,
        is_hard=True,
    ),
    Mutant(
        "thread_links_break_for_shutdown",
        "On a thread of its own a linked server survives a peer that ends with shutdown.",
        frozenset({"BACK-2", "LNK-12", "EXIT-26"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "elif reason.kind is not ExitKind.NORMAL:",
                'elif (reason.is_abnormal if peer.backend.value == "thread" else reason != ExitReason.NORMAL):',
            ),
        ),
        backends=_THREAD,
        is_hard=True,
    ),
    Mutant(
        "thread_timers_tick_once",
        "On a thread of its own an interval ticks once.",
        frozenset({"BACK-2", "TIM-1"}),
        (
            Edit(
                f"{TIMER}._fire",
                "self._due += self._period",
                'if process is not None and process.backend.value == "thread" and clock.now() >= self._due:\n'
                "    self._period = 100.0\n"
                "self._due += self._period",
            ),
        ),
        backends=_THREAD,
        is_hard=True,
    ),
    Mutant(
        "pool_keeps_the_names_of_the_killed",
        "In the pool the name of a killed server stays taken.",
        frozenset({"BACK-2", "REG-11", "EXIT-25", "GS-64"}),
        (
            Edit(
                f"{TABLE}._bury",
                "self.registry.free(victim)",
                'if victim.backend.value != "blocking" or reason.kind is not ExitKind.KILLED:\n'
                "    self.registry.free(victim)",
            ),
        ),
        backends=_BLOCKING,
        is_hard=True,
    ),
    Mutant(
        "terminate_of_the_pool_is_told_normal",
        "In the pool the cleanup callback is told normal, whatever the reason.",
        frozenset({"BACK-2", "BACK-3", "GS-50", "GS-51", "GS-59"}),
        (
            Edit(
                f"{SERVING}_finish",
                "await server.terminate(reason)",
                'await server.terminate(ExitReason.NORMAL if process.backend.value == "blocking" else reason)',
            ),
        ),
        backends=_BLOCKING,
        is_hard=True,
    ),
)
