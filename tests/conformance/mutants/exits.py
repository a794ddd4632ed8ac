"""Faults in how processes end and what exit signals do: chapter `exits`."""

from __future__ import annotations

from letitcrash_reference.process import STOP
from tests.conformance.mutants.places import REASON, RUNTIME, SERVING, STARTING, SUBJECT, TABLE
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]


MUTANTS = (
    Mutant(
        "kill_reported_as_kill",
        "A killed process is reported with the reason kill instead of killed.",
        frozenset({"EXIT-12", "EXIT-13"}),
        (Edit(f"{TABLE}.exit", "ExitReason.KILLED", "ExitReason.KILL"),),
    ),
    Mutant(
        "kill_runs_terminate",
        "Kill is a stop request with the reason killed: the cleanup callback runs.",
        frozenset({"EXIT-12", "GS-54"}),
        (Edit(f"{TABLE}.exit", "self.die(target, ExitReason.KILLED)", "target.post((STOP, ExitReason.KILLED))"),),
        names={"STOP": lambda: STOP},
    ),
    Mutant(
        "kill_is_trapped",
        "A process that traps exits gets kill as a message and lives on.",
        frozenset({"EXIT-12"}),
        (
            Edit(
                f"{TABLE}.exit",
                "reason.kind is ExitKind.KILL:",
                "reason.kind is ExitKind.KILL and not target.trap_exit:",
            ),
        ),
    ),
    Mutant(
        "self_kill_is_raised",
        "A process that sends kill to itself ends with the reason kill, as if it had raised it.",
        frozenset({"EXIT-13"}),
        (
            Edit(
                f"{TABLE}.exit",
                "self.die(target, ExitReason.KILLED)",
                "self.die(target, reason if sender is target else ExitReason.KILLED)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "killed_counts_as_kill",
        "An exit signal with the reason killed cannot be trapped, as if it were kill.",
        frozenset({"EXIT-7"}),
        (
            Edit(
                f"{TABLE}.exit",
                "reason.kind is ExitKind.KILL:",
                "reason.kind in (ExitKind.KILL, ExitKind.KILLED):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "exit_is_a_stop_request",
        "An exit signal to a process that does not trap runs its cleanup callback.",
        frozenset({"EXIT-6", "GS-54"}),
        (Edit(f"{TABLE}.exit", "self.die(target, reason)", "target.post((STOP, reason))"),),
        names={"STOP": lambda: STOP},
    ),
    Mutant(
        "exit_spares_the_busy",
        "An exit signal to a process whose callback waits is lost.",
        frozenset({"EXIT-18"}),
        (Edit(f"{TABLE}.exit", "if not target.alive:", "if not target.alive or target.blocked_on is not None:"),),
        is_hard=True,
    ),
    Mutant(
        "normal_exit_kills_others",
        "An exit signal with the reason normal ends a process that does not trap.",
        frozenset({"EXIT-8"}),
        (Edit(f"{TABLE}.exit", "elif reason.kind is not ExitKind.NORMAL or sender is target:", "else:"),),
    ),
    Mutant(
        "normal_exit_spares_oneself",
        "A process that sends itself an exit signal with the reason normal lives on.",
        frozenset({"EXIT-10"}),
        (Edit(f"{TABLE}.exit", " or sender is target", ""),),
        is_hard=True,
    ),
    Mutant(
        "normal_exit_is_not_delivered",
        "A process that traps exits gets no message for a signal with the reason normal.",
        frozenset({"EXIT-9"}),
        (
            Edit(
                f"{TABLE}.exit",
                "elif target.trap_exit:",
                "elif target.trap_exit and reason.kind is ExitKind.NORMAL and sender is not target:\n"
                "    return\n"
                "elif target.trap_exit:",
            ),
        ),
    ),
    Mutant(
        "self_exit_is_not_trapped",
        "An exit signal to oneself ends a process although it traps exits.",
        frozenset({"EXIT-7", "EXIT-11"}),
        (Edit(f"{TABLE}.exit", "elif target.trap_exit:", "elif target.trap_exit and sender is not target:"),),
        is_hard=True,
    ),
    Mutant(
        "trapped_exit_forgets_its_sender",
        "The message of a trapped signal does not say which process sent it.",
        frozenset({"EXIT-7", "EXIT-9", "EXIT-11"}),
        (Edit(f"{TABLE}.exit", "None if sender is None else sender.pid", "None"),),
    ),
    Mutant(
        "shutdown_counts_as_normal",
        "A process that does not trap survives an exit signal with the reason shutdown.",
        frozenset({"EXIT-6"}),
        (Edit(f"{TABLE}.exit", "reason.kind is not ExitKind.NORMAL", "not reason.is_normal"),),
    ),
    Mutant(
        "exit_reason_loses_its_text",
        "A process ended by a signal with the reason {shutdown, text} is reported with shutdown alone.",
        frozenset({"EXIT-6"}),
        (
            Edit(
                f"{TABLE}.exit",
                "self.die(target, reason)",
                "self.die(target, ExitReason.SHUTDOWN if reason.kind is ExitKind.SHUTDOWN else reason)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "trap_exit_returns_the_new_value",
        "Setting the trap flag returns the new value instead of the old one.",
        frozenset({"EXIT-21"}),
        (Edit(f"{TABLE}.set_trap_exit", "return old", "return value"),),
    ),
    Mutant(
        "trap_exit_is_inherited",
        "A process started linked begins with the trap flag of its parent.",
        frozenset({"EXIT-21"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "process.parent = parent",
                "process.parent = parent\nprocess.trap_exit = parent.trap_exit",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "trapping_is_decided_when_read",
        "A trapped signal that waits in the mailbox ends the process if it has cleared its trap flag meanwhile.",
        frozenset({"EXIT-20"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                "if kind == SUSPEND:",
                "if kind == EXIT and not process.trap_exit:\n"
                "    process.runtime.table.die(process, message.reason)\n"
                "    return False\n"
                "if kind == SUSPEND:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "raised_kill_becomes_killed",
        "A process that ends itself with the reason kill is reported with killed.",
        frozenset({"EXIT-14"}),
        (
            Edit(
                f"{SERVING}_finish",
                "process.runtime.table.die(process, reason)",
                "process.runtime.table.die(process, ExitReason.KILLED if reason == ExitReason.KILL else reason)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "stop_reason_loses_its_text",
        "A process that stops itself with {shutdown, text} is reported with shutdown alone.",
        frozenset({"EXIT-2"}),
        (
            Edit(
                f"{SERVING}_finish",
                "process.runtime.table.die(process, reason)",
                "process.runtime.table.die(process, reason if reason.is_abnormal else ExitReason(reason.kind))",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "crash_text_is_shortened",
        "The reason of a crash carries the first letter of its text only.",
        frozenset({"EXIT-3", "GS-51"}),
        (Edit(f"{REASON}.from_exception", "str(exception) or", "str(exception)[:1] or"),),
    ),
    Mutant(
        "crash_in_info_is_normal",
        "A process that raises while it handles a plain message ends with the reason normal.",
        frozenset({"EXIT-3", "GS-51"}),
        (
            Edit(
                f"{SERVING}_crash",
                "reason = ExitReason.from_exception(error)",
                "reason = ExitReason.NORMAL if callback == 'handle_info' else ExitReason.from_exception(error)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "exit_to_the_dead_fails",
        "Sending an exit signal to a dead process is refused.",
        frozenset({"EXIT-5"}),
        (
            Edit(
                f"{SUBJECT}.exit",
                "if process is not None:",
                'if process is not None and not process.alive:\n    raise Refused("noproc")\nif process is not None:',
            ),
        ),
    ),
    Mutant(
        "send_to_the_dead_fails",
        "Sending a plain message to a dead process is refused inside callbacks.",
        frozenset({"EXIT-22"}),
        (Edit(f"{RUNTIME}.send", "elif isinstance(target, str):", "else:"),),
        is_hard=True,
    ),
    Mutant(
        "exit_is_overtaken",
        "An exit signal takes a detour, so that messages sent after it are still handled.",
        frozenset({"EXIT-23"}),
        (
            Edit(
                f"{TABLE}.exit",
                "self.die(target, reason)",
                "soon = target.runtime.home_loop().call_soon\nsoon(soon, soon, self.die, target, reason)",
            ),
        ),
        backends=("async",),
        is_hard=True,
    ),
)
