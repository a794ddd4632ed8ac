"""Faults that attackers of the suite thought of without having seen it: how servers answer and end."""

from __future__ import annotations

from tests.conformance.mutants.places import (
    HANDLE,
    PROBE,
    PROCESS,
    SERVING,
    SUBJECT,
    TABLE,
)
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.red_tools import Memory

__all__ = ["MUTANTS"]

_INNER = 'return {"ok": await self.runtime.call(self.board.find(target), action, timeout_ms / 1000)}'
_ERROR = 'return {"ok": {"fail": describe_error(error)}}'
_ANSWER = "if not token.done:\n                        token.resolve(result)"
_POST = "self.mailbox.append(item)"
_FIRE = "if process is not None:\n            process.post((INFO, self._message))"

MUTANTS = (
    # -- calls --------------------------------------------------------------------------------------------------------
    Mutant(
        "late_inner_reply_answers_the_next",
        "A reply that comes after the timeout of a call from a callback is taken for the answer of its next call.",
        frozenset({"GS-20", "GS-31"}),
        (
            Edit(
                f"{SERVING}serve",
                _ANSWER,
                "if token.done and hasattr(token, 'future') and token.future.exception() is not None:\n"
                "    memory(process).setdefault('late', []).append(result)\n"
                f"{_ANSWER.replace('                    ', '')}",
            ),
            Edit(
                f"{PROBE}.do_call",
                _INNER,
                "answer = await self.runtime.call(self.board.find(target), action, timeout_ms / 1000)\n"
                "late = memory(self._record()).get('late')\n"
                "return {'ok': late.pop(0) if late else answer}",
            ),
        ),
        names={"memory": Memory},
        backends=("async",),
        is_hard=True,
    ),
    Mutant(
        "second_late_reply_answers_the_next_call",
        "Once two replies have come after their timeouts, the first is taken for the answer of a later call.",
        frozenset({"GS-20", "GS-31"}),
        (
            Edit(
                f"{SERVING}serve",
                _ANSWER,
                "if token.done and isinstance(getattr(token, 'error', None), TimeoutError):\n"
                "    memory(process).setdefault(process, []).append(result)\n"
                f"{_ANSWER.replace('                    ', '')}",
            ),
            Edit(
                f"{SUBJECT}.call",
                "answer = await self._ask(to, CALL, msg, timeout_ms)",
                "answer = await self._ask(to, CALL, msg, timeout_ms)\n"
                "process = world.find_process(to) if (world := self._world) else None\n"
                "late = memory(process).get(process, []) if process is not None else []\n"
                "if len(late) == 2:\n"
                "    answer = late.pop(0)",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "inner_call_to_nobody_crashes",
        "A server that calls a dead one or an unknown name from a callback crashes.",
        frozenset({"GS-24"}),
        (Edit(f"{PROBE}.do_call", _ERROR, f"if isinstance(error, NoProcessError):\n    raise\n{_ERROR}"),),
        is_hard=True,
    ),
    Mutant(
        "inner_call_dies_with_the_other",
        "A server that waits for the answer of one that dies crashes with it.",
        frozenset({"GS-26"}),
        (Edit(f"{PROBE}.do_call", _ERROR, f"if isinstance(error, ProcessExitedError):\n    raise\n{_ERROR}"),),
        is_hard=True,
    ),
    Mutant(
        "waiting_server_serves_casts",
        "A server serves the casts that wait before it calls another one from a callback.",
        frozenset({"GS-20", "GS-21"}),
        (
            Edit(
                f"{PROBE}.do_call",
                "try:",
                "mailbox = self._record().mailbox\n"
                "while mailbox and mailbox[0][0] == 0 and mailbox[0][1][0] in ('add', 'send', 'cast'):\n"
                "    await self.handle_cast(mailbox.popleft()[1])\n"
                "try:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "unanswered_caller_gets_the_next_answer",
        "If a caller waits for a later answer, the answer to the next call goes to that one.",
        frozenset({"GS-20", "GS-22"}),
        (
            Edit(
                f"{SERVING}serve",
                _ANSWER,
                "waiting = [each for each in process.deferred or () if not each.done]\n"
                "if waiting:\n"
                "    waiting[0].resolve(result)\n"
                f"{_ANSWER.replace('                    ', '')}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "timeout_of_zero_is_the_default",
        "A call from a callback with a timeout of 0 waits for 5 seconds.",
        frozenset({"GS-29", "GS-28"}),
        (Edit(f"{PROBE}.do_call", "timeout_ms / 1000", "timeout_ms / 1000 or 5"),),
        is_hard=True,
    ),
    Mutant(
        "timeout_of_zero_of_a_client_is_the_default",
        "A client's call with a timeout of 0 waits for 5 seconds.",
        frozenset({"GS-29", "GS-28"}),
        (Edit(f"{SUBJECT}.call", "msg, timeout_ms)", "msg, timeout_ms or 5000)"),),
        is_hard=True,
    ),
    Mutant(
        "calls_during_init_find_nobody",
        "A call to a server whose init callback runs finds nobody.",
        frozenset({"GS-21", "GS-24", "GS-20", "GS-40"}),
        (
            Edit(
                f"{PROCESS}.post_call",
                _POST,
                f"if self.phase.name == 'STARTING':\n    self.miss(item[2])\n    return\n{_POST}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "casts_during_init_are_lost",
        "A cast to a server whose init callback runs is lost.",
        frozenset({"GS-21", "GS-36"}),
        (
            Edit(
                f"{HANDLE}.cast",
                "caller = current_process.get()",
                "if self._process.phase.name == 'STARTING':\n    return\ncaller = current_process.get()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "infos_during_init_are_lost",
        "A plain message to a server whose init callback runs is lost.",
        frozenset({"GS-37", "GS-21"}),
        (
            Edit(
                f"{HANDLE}.send",
                "caller = current_process.get()",
                "if self._process.phase.name == 'STARTING':\n    return\ncaller = current_process.get()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "casts_of_servers_overtake",
        "A cast from a callback is put in front of the messages that wait.",
        frozenset({"GS-21", "GS-37"}),
        (
            Edit(
                f"{PROCESS}.post_from",
                "self.post(item)",
                "if item[0] == 0 and self.mailbox:\n    self.mailbox.appendleft(item)\nelse:\n    self.post(item)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "casts_to_oneself_come_first",
        "What a server casts to itself is handled before what waits.",
        frozenset({"GS-21", "GS-37"}),
        (
            Edit(
                f"{PROCESS}.post_from",
                "self.post(item)",
                "if item[0] == 0 and caller is self:\n    self.mailbox.appendleft(item)\nelse:\n    self.post(item)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "messages_to_oneself_are_lost",
        "A plain message that a server sends to itself is lost.",
        frozenset({"GS-37", "EXIT-22", "GS-21"}),
        (
            Edit(
                f"{PROCESS}.post_from",
                "self.post(item)",
                "if item[0] != 2 or caller is not self:\n    self.post(item)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "timeout_interrupts_the_server",
        "A callback that waits ends when the caller's time is over, and its server with it.",
        frozenset({"GS-28", "GS-30"}),
        (
            Edit(
                "letitcrash_reference.replies:From.expire",
                "self._forget()",
                "self._forget()\nif self.process.current is self:\n    self.process.runtime.kill(self.process)",
            ),
        ),
    ),
    Mutant(
        "unanswered_timeout_kills_the_server",
        "A server dies if a caller that was to be answered later gives up.",
        frozenset({"GS-21", "GS-28"}),
        (
            Edit(
                "letitcrash_reference.replies:From.expire",
                "self._forget()",
                "kill = self in (self.process.deferred or ())\n"
                "self._forget()\n"
                "if kill:\n"
                "    self.process.runtime.kill(self.process)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "call_by_name_counts_twice",
        "A call by name that runs out of time is done twice.",
        frozenset({"GS-30", "GS-21"}),
        (
            Edit(
                f"{SUBJECT}.call",
                "answer = await self._ask(to, CALL, msg, timeout_ms)",
                "try:\n"
                "    answer = await self._ask(to, CALL, msg, timeout_ms)\n"
                "except Refused as refused:\n"
                "    if refused.kind == 'timeout' and not isinstance(to, str):\n"
                "        await self.cast(to, msg)\n"
                "    raise",
            ),
        ),
        is_hard=True,
    ),
    # -- the end ------------------------------------------------------------------------------------------------------
    Mutant(
        "stop_of_the_terminating_finds_nobody",
        "Stopping a server whose cleanup callback runs finds nobody.",
        frozenset({"GS-60", "GS-62", "GS-58"}),
        (
            Edit(
                f"{HANDLE}.request_stop",
                "if not process.alive:",
                "if not process.alive or process.phase.name == 'TERMINATING':",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "only_the_first_stop_is_answered",
        "Of two who stop the same server only the first is answered.",
        frozenset({"GS-58", "GS-62"}),
        (Edit(f"{TABLE}._bury", "for token in waiters]", "for token in waiters[:1]]"),),
        is_hard=True,
    ),
    Mutant(
        "stop_by_a_cast_skips_cleanup",
        "The cleanup callback does not run if a cast stops the server.",
        frozenset({"GS-50"}),
        (
            Edit(
                f"{SERVING}_act",
                "if isinstance(result, Stop):",
                "if isinstance(result, Stop) and kind == CAST:\n"
                "    process.runtime.table.die(process, result.reason)\n"
                "    return False\n"
                "if isinstance(result, Stop):",
            ),
        ),
    ),
    Mutant(
        "stop_by_an_info_skips_cleanup",
        "The cleanup callback does not run if a plain message stops the server.",
        frozenset({"GS-50"}),
        (
            Edit(
                f"{SERVING}_act",
                "if isinstance(result, Stop):",
                "if isinstance(result, Stop) and kind == INFO:\n"
                "    process.runtime.table.die(process, result.reason)\n"
                "    return False\n"
                "if isinstance(result, Stop):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "crash_in_info_skips_cleanup",
        "The cleanup callback does not run if the callback for plain messages raises.",
        frozenset({"GS-51"}),
        (
            Edit(
                f"{SERVING}_crash",
                "await _finish(process, server, reason)",
                "if callback == 'handle_info':\n"
                "    process.runtime.table.die(process, reason)\n"
                "else:\n"
                "    await _finish(process, server, reason)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "abnormal_stop_skips_cleanup",
        "The cleanup callback does not run for a stop request with an abnormal reason.",
        frozenset({"GS-59", "GS-50", "GS-58"}),
        (
            Edit(
                f"{SERVING}_handle_other",
                "if kind == STOP:",
                "if kind == STOP and message.is_abnormal:\n"
                "    process.runtime.table.die(process, message)\n"
                "    return False\n"
                "if kind == STOP:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "cleanup_is_told_killed_for_kill",
        "The cleanup callback of a server that raises kill is told killed.",
        frozenset({"GS-50", "EXIT-14"}),
        (
            Edit(
                f"{SERVING}_finish",
                "await server.terminate(reason)",
                "await server.terminate(ExitReason.KILLED if reason == ExitReason.KILL else reason)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "crash_in_cleanup_spares_the_linked",
        "A process whose cleanup callback raises after a normal stop is a normal end for those that are linked.",
        frozenset({"GS-53", "LNK-12", "LNK-1"}),
        (
            Edit(
                f"{SERVING}_finish",
                "reason = ExitReason.from_exception(error)",
                "for peer in tuple(process.links or ()) if reason == ExitReason.NORMAL else ():\n"
                "    process.runtime.table.part(process, peer)\n"
                "reason = ExitReason.from_exception(error)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "calls_before_a_stop_are_refused",
        "Callers whose requests wait before a stop request are told noproc.",
        frozenset({"GS-37", "GS-59", "GS-21"}),
        (
            Edit(
                f"{HANDLE}.request_stop",
                "process.post((STOP, reason))",
                "for item in [each for each in process.mailbox if each[0] == CALL]:\n"
                "    process.mailbox.remove(item)\n"
                "    item[2].fail(NoProcessError(process.pid))\n"
                "process.post((STOP, reason))",
            ),
        ),
        is_hard=True,
    ),
)
