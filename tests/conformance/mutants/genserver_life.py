"""Faults in how servers start and stop: chapter `genserver`."""

from __future__ import annotations

import contextlib

from letitcrash_reference import StartError, StartIgnoredError
from letitcrash_reference.process import STOP
from tests.conformance.mutants.places import HANDLE, SERVING, SUBJECT, TABLE
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_TERMINATE = "await server.terminate(reason)"
_PARENT = "if kind == EXIT and process.parent is not None and message.pid is process.parent.pid:"

MUTANTS = (
    # -- starting -----------------------------------------------------------------------------------------------------
    Mutant(
        "ignore_counts_as_started",
        "A start whose init callback declines is reported as started.",
        frozenset({"GS-3"}),
        (
            Edit(
                f"{TABLE}._bury",
                "partial(starting.fail, StartIgnoredError() if ignored else StartError(reason))",
                "partial(starting.resolve, None) if ignored else partial(starting.fail, StartError(reason))",
            ),
        ),
    ),
    Mutant(
        "ignore_leaves_it_alive",
        "A process whose init callback declines lives on.",
        frozenset({"GS-3"}),
        (
            Edit(
                f"{SERVING}_start",
                "process.runtime.table.die(process, ExitReason.NORMAL, ignored=True)\n        return False",
                "process.phase = Phase.RUNNING\n"
                "token, process.start_token = process.start_token, None\n"
                "token.fail(StartIgnoredError())\n"
                "return True",
            ),
        ),
        names={"StartIgnoredError": lambda: StartIgnoredError},
    ),
    Mutant(
        "failed_init_leaves_it_alive",
        "A process whose init callback stops is reported as failed, but lives on.",
        frozenset({"GS-4"}),
        (
            Edit(
                f"{SERVING}_start",
                "process.runtime.table.die(process, result.reason)\n        return False",
                "process.phase = Phase.RUNNING\n"
                "token, process.start_token = process.start_token, None\n"
                "token.fail(StartError(result.reason))\n"
                "return True",
            ),
        ),
        names={"StartError": lambda: StartError},
    ),
    Mutant(
        "failed_init_hides_its_reason",
        "A start that fails always tells the starter normal.",
        frozenset({"GS-4", "GS-5"}),
        (Edit(f"{TABLE}._bury", "else StartError(reason)", "else StartError(ExitReason.NORMAL)"),),
    ),
    Mutant(
        "crash_in_init_counts_as_started",
        "A start whose init callback raises is reported as started.",
        frozenset({"GS-5"}),
        (
            Edit(
                f"{SERVING}_start",
                "reason = ExitReason.from_exception(error)",
                "reason = ExitReason.from_exception(error)\n"
                "token, process.start_token = process.start_token, None\n"
                "token.resolve(None)",
            ),
        ),
    ),
    Mutant(
        "start_does_not_wait_for_init",
        "A start returns before the init callback has returned.",
        frozenset({"GS-1", "GS-3", "GS-4", "GS-5"}),
        (
            Edit(
                f"{SERVING}_start",
                "process.phase = Phase.STARTING",
                "process.phase = Phase.STARTING\n"
                "token, process.start_token = process.start_token, None\n"
                "token.resolve(None)",
            ),
        ),
    ),
    Mutant(
        "killed_in_init_never_answers",
        "Whoever starts a process that is killed in its init callback waits for a timeout.",
        frozenset({"GS-5"}),
        (
            Edit(
                f"{TABLE}._bury",
                "if starting is not None:\n        victim.start_token",
                "if starting is not None and reason.kind is not ExitKind.KILLED:\n    victim.start_token",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "failed_init_runs_terminate",
        "The cleanup callback runs for a process whose init callback has stopped.",
        frozenset({"GS-4", "GS-54"}),
        (
            Edit(
                f"{SERVING}_start",
                "process.runtime.table.die(process, result.reason)",
                "with contextlib.suppress(Exception):\n"
                "    await server.terminate(result.reason)\n"
                "process.runtime.table.die(process, result.reason)",
            ),
        ),
        names={"contextlib": lambda: contextlib},
    ),
    # -- stopping -----------------------------------------------------------------------------------------------------
    Mutant(
        "stop_overtakes_messages",
        "A stop request is handled before the messages that were sent before it.",
        frozenset({"GS-59", "GS-21"}),
        (
            Edit(
                f"{HANDLE}.request_stop",
                "process.post((STOP, reason))",
                "process.mailbox.appendleft((STOP, reason))\nprocess.wake()",
            ),
        ),
    ),
    Mutant(
        "stop_returns_early",
        "A stop request is answered before the process is dead.",
        frozenset({"GS-58", "GS-59", "GS-61"}),
        (Edit(f"{HANDLE}.request_stop", "process.waiters.append(token)", "token.resolve(reason)"),),
    ),
    Mutant(
        "stop_hides_another_reason",
        "A stop request is answered with success although the process ended with another reason.",
        frozenset({"GS-62"}),
        (Edit(f"{SUBJECT}.stop", "if died_of != wanted:", "if False:"),),
        is_hard=True,
    ),
    Mutant(
        "stop_of_the_dead_succeeds",
        "A stop request for a dead process succeeds.",
        frozenset({"GS-60"}),
        (Edit(f"{HANDLE}.request_stop", "raise NoProcessError(process.pid)", "token.resolve(reason)\nreturn"),),
    ),
    Mutant(
        "stop_skips_terminate",
        "The cleanup callback does not run for a stop request.",
        frozenset({"GS-58", "GS-59"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                "if kind == STOP:\n        await _finish(process, server, message)",
                "if kind == STOP:\n    process.runtime.table.die(process, message)",
            ),
        ),
    ),
    Mutant(
        "crash_skips_terminate",
        "The cleanup callback does not run after a callback has raised.",
        frozenset({"GS-51"}),
        (
            Edit(
                f"{SERVING}_crash",
                "await _finish(process, server, reason)",
                "process.runtime.table.die(process, reason)",
            ),
        ),
    ),
    Mutant(
        "terminate_runs_twice",
        "The cleanup callback runs twice.",
        frozenset({"GS-50", "GS-51", "GS-58", "GS-59"}),
        (Edit(f"{SERVING}_finish", _TERMINATE, f"{_TERMINATE}\n{_TERMINATE}"),),
    ),
    Mutant(
        "terminate_is_told_normal",
        "The cleanup callback is told normal, whatever the reason.",
        frozenset({"GS-50", "GS-51", "GS-59"}),
        (Edit(f"{SERVING}_finish", _TERMINATE, "await server.terminate(ExitReason.NORMAL)"),),
    ),
    Mutant(
        "terminate_is_told_shutdown_without_text",
        "The cleanup callback is told shutdown if the reason is {shutdown, text}.",
        frozenset({"GS-50", "GS-55", "GS-59"}),
        (
            Edit(
                f"{SERVING}_finish",
                _TERMINATE,
                "await server.terminate(ExitReason.SHUTDOWN if reason.is_normal and reason.text else reason)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "crash_of_terminate_is_ignored",
        "A process whose cleanup callback raises ends with the reason it had before.",
        frozenset({"GS-53"}),
        (
            Edit(
                f"{SERVING}_finish",
                "reason = ExitReason.from_exception(error)",
                "pass",
            ),
        ),
    ),
    Mutant(
        "stop_replies_before_terminate",
        "The reply of a callback that stops is sent before the cleanup callback runs.",
        frozenset({"GS-33"}),
        (
            Edit(
                f"{SERVING}_finish",
                "process.phase = Phase.TERMINATING",
                "process.phase = Phase.TERMINATING\n"
                "if reply is not NO_REPLY and process.current is not None:\n"
                "    process.current.resolve(reply)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "stop_reply_is_lost_if_terminate_raises",
        "The reply of a callback that stops is not sent if the cleanup callback raises.",
        frozenset({"GS-33"}),
        (Edit(f"{SERVING}_finish", "if reply is not NO_REPLY and", "if fatal is None and reply is not NO_REPLY and"),),
        is_hard=True,
    ),
    Mutant(
        "stop_reply_is_lost",
        "A callback that stops with a reply answers its caller with the exit reason.",
        frozenset({"GS-33"}),
        (Edit(f"{SERVING}_finish", "if reply is not NO_REPLY and", "if False and"),),
    ),
    # -- parents ------------------------------------------------------------------------------------------------------
    Mutant(
        "parent_exit_is_a_message",
        "A server that traps exits gets its parent's exit as a plain message.",
        frozenset({"GS-55"}),
        (Edit(f"{SERVING}_handle_other", _PARENT, "if False:"),),
    ),
    Mutant(
        "normal_parent_exit_is_a_message",
        "A server that traps exits gets its parent's exit as a plain message if the reason is normal.",
        frozenset({"GS-55"}),
        (Edit(f"{SERVING}_handle_other", _PARENT, f"{_PARENT[:-1]} and message.reason != ExitReason.NORMAL:"),),
        is_hard=True,
    ),
    Mutant(
        "every_peer_is_a_parent",
        "A server that was started linked and traps exits ends with any of its peers.",
        frozenset({"GS-57"}),
        (Edit(f"{SERVING}_handle_other", _PARENT, "if kind == EXIT and process.parent is not None:"),),
        is_hard=True,
    ),
    Mutant(
        "normal_parent_exit_kills",
        "A server that does not trap exits ends when its parent ends with the reason normal.",
        frozenset({"GS-56", "LNK-11"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "elif reason.kind is not ExitKind.NORMAL:",
                "elif reason.kind is not ExitKind.NORMAL or peer.parent is victim:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "parent_exit_always_runs_terminate",
        "A server that does not trap exits runs its cleanup callback when its parent ends abnormally.",
        frozenset({"GS-54", "GS-56"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "doomed.append((peer, reason))",
                "peer.post((STOP, reason)) if peer.parent is victim else doomed.append((peer, reason))",
            ),
        ),
        names={"STOP": lambda: STOP},
        is_hard=True,
    ),
)
