"""Further faults in servers: suspended ones, rare answers, timers of the dead, what one backend forgets."""

from __future__ import annotations

from tests.conformance.mutants.places import PROCESS, SERVING, TABLE, TIMER
from tests.conformance.mutants.plant import Count, Edit, Mutant

__all__ = ["MUTANTS"]

_SUSPENDED = f"{SERVING}_serve_suspended"
_GIVE_BACK = "mailbox.extendleft(reversed(stash))"
_KIND = "ExitReason.SHUTDOWN if reason.kind.value == 'shutdown' else reason"

MUTANTS = (
    # -- suspended servers --------------------------------------------------------------------------------------------
    Mutant(
        "suspended_server_loses_what_comes",
        "What is sent to a suspended server is lost.",
        frozenset({"GS-20", "GS-21", "GS-36", "GS-37"}),
        (Edit(_SUSPENDED, _GIVE_BACK, "stash.clear()"),),
    ),
    Mutant(
        "resumed_server_goes_backwards",
        "What came while a server was suspended is handled from the youngest to the oldest.",
        frozenset({"GS-21", "GS-37"}),
        (Edit(_SUSPENDED, _GIVE_BACK, "mailbox.extendleft(stash)"),),
        is_hard=True,
    ),
    Mutant(
        "death_is_not_told_to_callers_of_the_suspended",
        "A caller whose request waits at a suspended server does not learn of the server's death.",
        frozenset({"GS-26", "GS-20"}),
        (Edit(f"{TABLE}._fail_callers", "[*(stash or ()), *_drain(mailbox)]", "_drain(mailbox)"),),
        is_hard=True,
    ),
    # -- calls --------------------------------------------------------------------------------------------------------
    Mutant(
        "callers_are_told_shutdown_without_its_text",
        "A caller whose server ends with {shutdown, text} is told shutdown.",
        frozenset({"GS-26", "GS-50", "GS-33"}),
        (
            Edit(
                f"{PROCESS}.drop_call",
                "token.fail(",
                f"reason = self.reason or ExitReason.KILLED\nreason = {_KIND}\ntoken.fail(",
            ),
            Edit(
                f"{PROCESS}.drop_call",
                "ProcessExitedError(self.reason or ExitReason.KILLED,",
                "ProcessExitedError(reason,",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "several_unanswered_callers_hear_of_no_death",
        "If several callers wait for later answers, none of them learns of the server's death.",
        frozenset({"GS-26"}),
        (
            Edit(
                f"{TABLE}._fail_callers",
                "tokens += victim.deferred",
                "tokens += victim.deferred if len(victim.deferred) == 1 else ()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "stop_with_a_text_is_a_plain_shutdown",
        "A server whose callback stops with {shutdown, text} ends with shutdown.",
        frozenset({"GS-50", "GS-51", "EXIT-2", "EXIT-26"}),
        (Edit(f"{SERVING}_finish", "token: From[Any] | None =", f"reason = {_KIND}\ntoken: From[Any] | None ="),),
    ),
    Mutant(
        "crash_of_an_orderly_cleanup_is_ignored",
        "A server whose cleanup raises while it stops normally ends as normal.",
        frozenset({"GS-53", "GS-62"}),
        (
            Edit(
                f"{SERVING}_finish",
                "reason = ExitReason.from_exception(error)",
                "reason = reason if reason.is_normal else ExitReason.from_exception(error)",
            ),
        ),
    ),
    Mutant(
        "infos_that_repeat_are_dropped",
        "A plain message that equals the one before it in the mailbox is dropped.",
        frozenset({"GS-37", "TIM-1", "GS-21"}),
        (
            Edit(
                f"{PROCESS}.post",
                "self.mailbox.append(item)",
                "if item[0] == INFO and len(self.mailbox) and self.mailbox[-1] == item:\n"
                "    return\n"
                "self.mailbox.append(item)",
            ),
        ),
        is_hard=True,
    ),
    # -- timers -------------------------------------------------------------------------------------------------------
    Mutant(
        "timers_pass_to_the_replacement",
        "The timers of a child that died fire at the process that has replaced it.",
        frozenset({"TIM-7", "STR-6", "GS-37"}),
        (
            Edit(f"{TIMER}.detach", "if self.active:", "if self._due < 0:"),
            Edit(
                f"{TIMER}._fire",
                "if process is not None:",
                'name = getattr(process and process.server, "label", "")\n'
                'if "#" in name and not process.alive:\n'
                "    process = next(\n"
                "        (\n"
                "            other\n"
                "            for other in self._runtime.table.processes.values()\n"
                '            if getattr(other.server, "label", "").rpartition("#")[0] == name.rpartition("#")[0]\n'
                "        ),\n"
                "        None,\n"
                "    )\n"
                "if process is not None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "timers_end_when_the_name_goes",
        "A process whose name is taken back loses its timers.",
        frozenset({"TIM-1", "TIM-4", "TIM-10"}),
        (
            Edit(
                f"{TIMER}._fire",
                "if process is not None:",
                'if process is not None and process.wakes and getattr(process, "name", None) is None and (\n'
                "    process.server.script.get('name')\n"
                "):\n"
                "    return\n"
                "if process is not None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "third_tick_comes_twice",
        "Every third message of timers to a process is sent twice.",
        frozenset({"TIM-1", "GS-37"}),
        (
            Edit(
                f"{TIMER}._fire",
                "process.post((INFO, self._message))",
                "process.post((INFO, self._message))\n"
                "if count(process) % 3 == 0:\n"
                "    process.post((INFO, self._message))",
            ),
        ),
        names={"count": Count},
        is_hard=True,
    ),
    # -- one backend --------------------------------------------------------------------------------------------------
    Mutant(
        "thread_death_is_told_without_its_text",
        "A monitor on a server on a thread of its own tells an error without its text.",
        frozenset({"MON-1", "MON-5", "MON-16", "MON-19", "BACK-2", "LNK-19"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "ref.fired = True",
                "ref.fired = True\n"
                'if victim.backend.value == "thread" and reason.kind is ExitKind.ERROR:\n'
                '    reason = ExitReason.error("error")',
            ),
        ),
        backends=("thread",),
    ),
    Mutant(
        "pool_server_that_traps_is_killed_by_its_third_exit",
        "In the pool the third trapped exit signal ends a server.",
        frozenset({"EXIT-7", "EXIT-9", "LNK-13", "BACK-2"}),
        (
            Edit(
                f"{TABLE}.exit",
                "elif target.trap_exit:",
                'elif target.trap_exit and target.backend.value == "blocking" and count(target) == 3:\n'
                "    self.die(target, reason)\n"
                "elif target.trap_exit:",
            ),
        ),
        backends=("blocking",),
        names={"count": Count},
        is_hard=True,
    ),
)
