"""Races among the clients of servers and names: each is right as long as one client does one thing after the other."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from tests.conformance.mutants.places import HANDLE, PENDING, PROBE, REGISTRY, RUNTIME, SERVING, SUBJECT, TABLE
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.races_tools import TOOLS

__all__ = ["MUTANTS"]

DRIVER = "letitcrash_conformance.subjects.reference_driver:ReferenceDriver"

_ASYNC = ("async",)
_ANSWER = "token.resolve(result)"
_NAMES = frozenset({"REG-1", "REG-2", "REG-10", "REG-11", "REG-12", "REG-13"})

MUTANTS = (
    Mutant(
        "register_checks_then_acts",
        "A name that looked free is given away, although somebody else has taken it meanwhile.",
        _NAMES,
        (
            Edit(
                f"{SUBJECT}.register",
                "process.handle.register(name)",
                "if world.runtime.whereis(name) is None:\n"
                "    await pause()\n"
                "    world.runtime.table.registry.names.pop(name, None)\n"
                "process.handle.register(name)",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "register_looks_at_the_process_too_early",
        "A process that had no name gets one, although somebody else has given it another meanwhile.",
        frozenset({"REG-1", "REG-3", "REG-4", "REG-11", "REG-12"}),
        (
            Edit(
                f"{SUBJECT}.register",
                "process.handle.register(name)",
                "if process.name is None:\n    await pause()\n    process.name = None\nprocess.handle.register(name)",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "named_start_checks_then_acts",
        "Of two named starts at the same time both succeed.",
        frozenset({"REG-1", "REG-2", "REG-17", "REG-18"}),
        (
            Edit(
                f"{SUBJECT}.spawn",
                "world.runtime.begin_start(",
                "if probe.get('name') and world.runtime.whereis(probe['name']) is None:\n"
                "    await pause()\n"
                "    world.runtime.table.registry.names.pop(probe['name'], None)\n"
                "world.runtime.begin_start(",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "death_frees_the_name_twice",
        "A death frees the name once more, when it may be that of a successor.",
        _NAMES | {"EXIT-25", "GS-64", "GS-20"},
        (
            Edit(
                f"{TABLE}._bury",
                "self.registry.free(victim)",
                "self.registry.free(victim)\nif victim.name is not None:\n    soon(self.registry.free, victim)",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "death_is_known_before_the_name_is_free",
        "Who hears of a death first finds the name still taken.",
        _NAMES | {"EXIT-25", "GS-64"},
        (
            Edit(
                f"{TABLE}._bury",
                "self.registry.free(victim)",
                "if victim.name is not None:\n"
                "    later(3, lambda: self.registry.names.get(victim.name) is victim and self.registry.free(victim))",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "unregister_clears_the_process_late",
        "A process whose name was taken back is nameless only a moment later, whatever name it has by then.",
        _NAMES | {"REG-4"},
        (
            Edit(
                f"{REGISTRY}.remove",
                "process.name = None",
                "process.name = None\nsoon(setattr, process, 'name', None)",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "lookups_see_names_late",
        "A look-up just after another one answers what that one has answered.",
        _NAMES,
        (
            Edit(
                f"{RUNTIME}.whereis",
                "return None if process is None else process.handle",
                "if (self, name) in seen:\n"
                "    process = seen[self, name]\n"
                "else:\n"
                "    seen[self, name] = process\n"
                "    soon(seen.pop, (self, name))\n"
                "return None if process is None else process.handle",
            ),
        ),
        _ASYNC,
        {**TOOLS, "seen": dict},
    ),
    Mutant(
        "additions_are_torn",
        "A server handles calls in tasks of their own, and they read a value and write it in two steps.",
        frozenset({"BACK-10", "GS-20", "GS-21"}),
        (
            Edit(
                f"{SERVING}serve",
                "result = await server.handle_call(item[1], token)",
                "if isinstance(item[1], list) and item[1][0] == 'add':\n"
                "    process.current = None\n"
                "    serve_beside(server.handle_call(item[1], token), token)\n"
                "    continue\n"
                "result = await server.handle_call(item[1], token)",
            ),
            Edit(
                f"{PROBE}.handle_call",
                "self.value += message[1]",
                "seen = self.value\nawait pause()\nself.value = seen + message[1]",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "answers_are_swapped",
        "If two calls wait, each caller gets the answer of the other.",
        frozenset({"GS-20", "GS-21", "BACK-10"}),
        (
            Edit(
                f"{SERVING}serve",
                _ANSWER,
                "if mailbox and mailbox[0][0] == CALL and not server.is_supervisor:\n"
                "    other, mailbox[0] = mailbox[0][2], (CALL, mailbox[0][1], token)\n"
                "    token = other\n"
                "token.resolve(result)",
            ),
        ),
        _ASYNC,
    ),
    Mutant(
        "late_answer_is_the_next_one",
        "An answer that comes after the timeout is taken for that of the same client's next call.",
        frozenset({"GS-20", "GS-31"}),
        (
            Edit(
                f"{PENDING}.resolve",
                "if not self.done:",
                "if self.done and isinstance(value, dict):\n    late[self] = value\nif not self.done:",
            ),
            Edit(
                f"{DRIVER}._ask",
                "token = Pending(process, self._stir)",
                "token = Pending(process, self._stir)\n"
                "me = asyncio.current_task()\n"
                "old, last[me] = last.get(me), token",
            ),
            Edit(
                f"{DRIVER}._ask",
                "return await self._finish(world, token, timeout_ms)",
                "answer = await self._finish(world, token, timeout_ms)\n"
                "return late.pop(old, answer) if isinstance(answer, dict) else answer",
            ),
            Edit(f"{SERVING}serve", f"if not token.done:\n{' ' * 24}{_ANSWER}", _ANSWER),
        ),
        _ASYNC,
        {"late": dict, "last": WeakKeyDictionary},
    ),
    Mutant(
        "cast_is_late_where_others_wait",
        "A cast to a server that has messages waiting arrives a moment later, after what its client sends next.",
        frozenset({"GS-20", "GS-21"}),
        (
            Edit(
                f"{SUBJECT}.cast",
                "process.handle.cast(msg)",
                "soon(process.handle.cast, msg) if process.mailbox else process.handle.cast(msg)",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "messages_are_lost_when_two_arrive",
        "Of the plain messages of two clients that wait at the same time the second is lost.",
        frozenset({"GS-37", "EXIT-24"}),
        (
            Edit(
                f"{HANDLE}.send",
                "self._process.post((INFO, message))",
                "if not self._process.alive or not any(item[0] == INFO for item in self._process.mailbox):\n"
                "    self._process.post((INFO, message))",
            ),
        ),
        _ASYNC,
    ),
    Mutant(
        "stop_overtakes_where_others_wait",
        "A request to stop a server that has messages waiting is served before them.",
        frozenset({"GS-20", "GS-21", "GS-58", "GS-59"}),
        (
            Edit(
                f"{HANDLE}.request_stop",
                "process.post((STOP, reason))",
                "process.post((STOP, reason))\nprocess.mailbox.rotate(1)",
            ),
        ),
        _ASYNC,
    ),
    Mutant(
        "second_stop_is_told_it_worked",
        "Of two who stop a server for different reasons both are told that it died of theirs.",
        frozenset({"GS-62"}),
        (Edit(f"{SUBJECT}.stop", "if died_of != wanted:", "if died_of != wanted and not died_of.is_normal:"),),
        _ASYNC,
    ),
    Mutant(
        "killed_server_fails_one_caller",
        "Of the callers that wait at a server when it is killed only the first learns of it.",
        frozenset({"GS-26", "GS-20"}),
        (
            Edit(
                f"{TABLE}._fail_callers",
                "news += [partial(victim.drop_call, token) for token in tokens if not token.done]",
                "news += [partial(victim.drop_call, token) for token in tokens[:1] if not token.done]",
            ),
        ),
        _ASYNC,
    ),
    Mutant(
        "monitor_of_the_dying_is_silent",
        "A monitor that is set while its target dies never reports.",
        frozenset({"MON-1", "MON-2"}),
        (
            Edit(
                f"{PROBE}.do_monitor",
                "monitor = self.refs[ref] = self.monitor(found)",
                "was_alive = isinstance(found, str) or found.is_alive\n"
                "await pause()\n"
                "if was_alive and not isinstance(found, str) and not found.is_alive:\n"
                "    return _NULL\n"
                "monitor = self.refs[ref] = self.monitor(found)",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "link_with_the_dying_is_silent",
        "A link that is made while the other process dies tells nobody of the death.",
        frozenset({"LNK-1", "LNK-2", "LNK-6", "LNK-7", "LNK-10"}),
        (
            Edit(
                f"{PROBE}.do_link",
                "try:",
                "was_alive = self._other(label).is_alive\n"
                "await pause()\n"
                "if was_alive and not self._other(label).is_alive:\n"
                "    return _NULL\n"
                "try:",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
    Mutant(
        "exit_signals_share_a_reason",
        "Of two exit signals that are sent at the same time both carry the reason of the second.",
        frozenset({"EXIT-1", "EXIT-7", "EXIT-8", "EXIT-12", "GS-26", "LNK-2", "EXIT-5", "EXIT-9", "EXIT-22"}),
        (
            Edit(
                f"{SUBJECT}.exit",
                "process.handle.exit(read_reason(reason))",
                "self.reason_of_exit = read_reason(reason)\nawait pause()\nprocess.handle.exit(self.reason_of_exit)",
            ),
        ),
        _ASYNC,
        TOOLS,
    ),
)
