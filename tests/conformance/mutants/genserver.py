"""Faults in how servers take messages in and answer: chapter `genserver`."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from letitcrash_reference import CallTimeoutError
from tests.conformance.mutants.places import (
    DEAD_MAILBOX,
    HANDLE,
    PENDING,
    PROCESS,
    RUNTIME,
    SERVING,
    SUBJECT,
    TABLE,
    WAITING,
)
from tests.conformance.mutants.plant import Count, Edit, Mutant

__all__ = ["MUTANTS"]

_ANSWER = "if not token.done:\n                        token.resolve(result)"

MUTANTS = (
    # -- order and delivery -------------------------------------------------------------------------------------------
    Mutant(
        "mailbox_is_a_stack",
        "The youngest message is handled first.",
        frozenset({"GS-21"}),
        (Edit(f"{SERVING}serve", "item = mailbox[0]", "mailbox.rotate(1)\nitem = mailbox[0]"),),
    ),
    Mutant(
        "calls_overtake_casts",
        "A call is handled before the casts that were sent before it.",
        frozenset({"GS-21"}),
        (
            Edit(
                f"{PROCESS}.post_call",
                "self.mailbox.append(item)",
                "(self.mailbox.append if not self.alive else self.mailbox.appendleft)(item)",
            ),
        ),
    ),
    Mutant(
        "infos_overtake_casts",
        "A plain message is handled before the casts that were sent before it.",
        frozenset({"GS-21", "GS-37"}),
        (
            Edit(
                f"{PROCESS}.post",
                "self.mailbox.append(item)",
                "(self.mailbox.appendleft if item[0] == 2 and self.alive else self.mailbox.append)(item)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "fifth_cast_is_overtaken",
        "Every fifth cast to a server is put in front of the messages that wait.",
        frozenset({"GS-21", "GS-37"}),
        (
            Edit(
                f"{HANDLE}.cast",
                "process.mailbox.append((CAST, message))",
                "overtakes = process.alive and count(process) % 5 == 0\n"
                "(process.mailbox.appendleft if overtakes else process.mailbox.append)((CAST, message))",
            ),
        ),
        names={"count": Count},
        is_hard=True,
    ),
    Mutant(
        "fourth_message_in_a_row_is_lost",
        "A mailbox holds three messages that nobody waits for: the fourth is lost.",
        frozenset({"GS-21", "GS-37"}),
        (
            Edit(
                f"{HANDLE}.cast",
                "process.mailbox.append((CAST, message))",
                "if len(process.mailbox) >= 3:\n    return\nprocess.mailbox.append((CAST, message))",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "cast_is_handled_twice",
        "Every fourth cast of a server is handled twice.",
        frozenset({"GS-21"}),
        (
            Edit(
                f"{SERVING}serve",
                "result = await server.handle_cast(item[1])",
                "result = await server.handle_cast(item[1])\n"
                "if count(process) % 4 == 0 and result is None and process.alive:\n"
                "    result = await server.handle_cast(item[1])",
            ),
        ),
        names={"count": Count},
        is_hard=True,
    ),
    Mutant(
        "cast_to_no_name_fails",
        "A cast to a name that nobody has is refused.",
        frozenset({"GS-36"}),
        (
            Edit(
                f"{SUBJECT}.cast",
                "if process is not None:",
                'if process is None and isinstance(to, dict):\n    raise Refused("noproc")\nif process is not None:',
            ),
        ),
    ),
    Mutant(
        "cast_to_the_dead_fails",
        "A cast to a dead process is refused.",
        frozenset({"GS-36"}),
        (
            Edit(
                f"{SUBJECT}.cast",
                "if process is not None:",
                'if process is not None and not process.alive:\n    raise Refused("noproc")\nif process is not None:',
            ),
        ),
    ),
    # -- calls --------------------------------------------------------------------------------------------------------
    Mutant(
        "late_reply_answers_the_next_call",
        "A reply that comes after the timeout is taken for the answer of the client's next call.",
        frozenset({"GS-31"}),
        (
            Edit(
                f"{PENDING}.resolve",
                "if not self.done:",
                "if isinstance(self.error, CallTimeoutError) and isinstance(value, dict):\n"
                "    late.setdefault(self.process.runtime, []).append(value)\n"
                "if not self.done:",
            ),
            Edit(
                f"{SUBJECT}.call",
                "answer = await self._ask(to, CALL, msg, timeout_ms)",
                "answer = await self._ask(to, CALL, msg, timeout_ms)\n"
                "if self._world is not None and late.get(self._world.runtime):\n"
                "    answer = late[self._world.runtime].pop(0)",
            ),
            Edit(f"{SERVING}serve", _ANSWER, "token.resolve(result)"),
        ),
        names={"late": WeakKeyDictionary, "CallTimeoutError": lambda: CallTimeoutError},
        is_hard=True,
    ),
    Mutant(
        "reply_goes_to_the_next_caller",
        "If another call waits in the mailbox, its caller gets the answer.",
        frozenset({"GS-20"}),
        (
            Edit(
                f"{SERVING}serve",
                _ANSWER,
                "waits = next((item[2] for item in mailbox if item[0] == CALL and not item[2].done), token)\n"
                "if not token.done:\n"
                "    waits.resolve(result)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "call_to_the_dead_waits",
        "A call to a dead process waits for its timeout.",
        frozenset({"GS-24"}),
        (
            Edit(f"{DEAD_MAILBOX}.append", "if len(item) == 3:", "if False:"),
            Edit(f"{PROCESS}.post_call", "if not self.alive:", "if False:"),
        ),
    ),
    Mutant(
        "calling_oneself_waits",
        "A server that calls itself waits for its timeout.",
        frozenset({"GS-25"}),
        (Edit(f"{WAITING}refuse_self", "if current_process.get() is process", "if False"),),
        is_hard=True,
    ),
    Mutant(
        "death_is_not_told_to_the_caller",
        "A caller whose request is being handled is not told of the server's death and waits for its timeout.",
        frozenset({"GS-26"}),
        (Edit(f"{TABLE}._fail_callers", "if current is not None:", "if False:"),),
    ),
    Mutant(
        "death_is_not_told_to_those_who_queue",
        "A caller whose request waits in the mailbox is not told of the server's death and waits for its timeout.",
        frozenset({"GS-26"}),
        (Edit(f"{TABLE}._fail_callers", "tokens += [item[2] for item in queued if len(item) == 3]", "pass"),),
        is_hard=True,
    ),
    Mutant(
        "death_is_not_told_to_those_who_wait_on",
        "A caller that is to be answered later is not told of the server's death.",
        frozenset({"GS-26"}),
        (Edit(f"{TABLE}._fail_callers", "tokens += victim.deferred", "pass"),),
        is_hard=True,
    ),
    Mutant(
        "callers_are_told_killed",
        "A caller whose server ends before it answers is told killed, whatever the reason.",
        frozenset({"GS-26"}),
        (Edit(f"{PROCESS}.drop_call", "self.reason or ExitReason.KILLED", "ExitReason.KILLED"),),
    ),
    Mutant(
        "callers_are_told_noproc",
        "A caller whose server ends before it answers is told that there is no such process.",
        frozenset({"GS-26"}),
        (
            Edit(
                f"{PROCESS}.drop_call",
                "token.fail(ProcessExitedError(self.reason or ExitReason.KILLED, self.pid))",
                "token.fail(NoProcessError(self.pid))",
            ),
        ),
    ),
    Mutant(
        "call_timeout_is_ignored",
        "A call from a callback waits for 5 seconds, whatever timeout was given.",
        frozenset({"GS-28"}),
        (Edit(f"{RUNTIME}.call", ".call(message, timeout)", ".call(message, 5.0)"),),
    ),
    Mutant(
        "timed_out_request_is_dropped",
        "A request whose caller has given up is not executed.",
        frozenset({"GS-30"}),
        (
            Edit(
                f"{SERVING}serve",
                "result = await server.handle_call(item[1], token)",
                "if token.done:\n    continue\nresult = await server.handle_call(item[1], token)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "late_reply_crashes_the_server",
        "A server that answers a caller who has given up crashes.",
        frozenset({"GS-28", "GS-31"}),
        (
            Edit(
                f"{SERVING}serve",
                _ANSWER,
                "if token.done:\n    raise RuntimeError('nobody waits')\ntoken.resolve(result)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "no_reply_is_a_reply",
        "A callback that leaves the answer for later answers null.",
        frozenset({"GS-22"}),
        (
            Edit(
                f"{PROCESS}.defer",
                "if deferred is None:",
                "token.resolve({'ok': None})\nif deferred is None:",
            ),
        ),
    ),
)
