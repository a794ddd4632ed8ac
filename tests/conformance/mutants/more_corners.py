"""Further faults in servers where few look: what a server sends to itself, suspended servers, ignored starts."""

from __future__ import annotations

from tests.conformance.mutants.places import PROBE, SERVING, SUBJECT, TABLE, TIMER
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_SUSPENDED = f"{SERVING}_serve_suspended"

MUTANTS = (
    Mutant(
        "ignored_linked_start_ends_the_starter",
        "A linked start that ignores ends a starter that traps no exits.",
        frozenset({"GS-3", "LNK-9", "LNK-11", "EXIT-8"}),
        (
            Edit(
                f"{SERVING}_start",
                "process.runtime.table.die(process, ExitReason.NORMAL, ignored=True)",
                "process.runtime.table.die(process, ExitReason.SHUTDOWN, ignored=True)",
            ),
        ),
    ),
    Mutant(
        "timeout_of_a_nested_call_crashes_the_caller",
        "A server whose own call runs out of time crashes.",
        frozenset({"GS-28", "GS-27", "GS-20", "GS-54"}),
        (
            Edit(
                f"{PROBE}.do_call",
                "except Exception as error:",
                "except Exception as error:\n"
                '    if describe_error(error) == {"kind": "timeout"}:\n'
                '        raise ProbeCrash("timeout") from error',
            ),
        ),
    ),
    Mutant(
        "calling_oneself_by_name_waits",
        "A server that calls itself by its name waits until its time is over.",
        frozenset({"GS-25"}),
        (
            Edit(
                f"{PROBE}.do_call",
                "try:",
                "names = self.runtime.table.registry.names\n"
                "if isinstance(target, dict) and names.get(target['name']) is self._record():\n"
                "    await self.do_sleep(timeout_ms)\n"
                '    return {"ok": {"fail": {"kind": "timeout"}}}\n'
                "try:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "cast_to_oneself_is_lost",
        "What a server casts to itself is lost.",
        frozenset({"GS-21", "GS-36", "GS-20", "EXIT-22"}),
        (
            Edit(
                f"{PROBE}.do_cast",
                "with contextlib",
                "if target == self.label:\n    return _NULL\nwith contextlib",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "monitor_on_oneself_by_name_fires",
        "A monitor that a process sets on itself by its name reports noproc.",
        frozenset({"MON-14", "MON-3", "MON-7"}),
        (
            Edit(
                f"{TABLE}.monitor",
                "process = self.find(target)",
                "process = self.find(target)\nif process is watcher and name is not None:\n    process = None",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "timer_is_lost_on_the_suspended",
        "The message of a timer is lost if its receiver is suspended.",
        frozenset({"TIM-1", "GS-37"}),
        (
            Edit(
                f"{TIMER}._fire",
                "if process is not None:",
                "if process is not None and process.stash is not None:\n    return\nif process is not None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "suspended_server_survives_exit_signals",
        "A suspended server that traps no exits survives all exit signals but kill.",
        frozenset({"EXIT-6", "EXIT-18"}),
        (
            Edit(
                f"{TABLE}.exit",
                "elif target.trap_exit:",
                "elif target.stash is not None and not target.trap_exit:\n    pass\nelif target.trap_exit:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "suspended_server_survives_its_peers",
        "A suspended server that traps no exits survives the end of linked processes.",
        frozenset({"LNK-12", "LNK-1", "EXIT-26", "EXIT-16"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "elif reason.kind is not ExitKind.NORMAL:",
                "elif reason.kind is not ExitKind.NORMAL and peer.stash is None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "suspended_supervisor_hears_of_no_death",
        "A supervisor does not learn of what has ended while it was suspended.",
        frozenset({"STR-1", "STR-3", "STR-7", "STR-8", "STR-16", "STR-17", "STR-18", "INT-1"}),
        (
            Edit(
                _SUSPENDED,
                "stash.append(item)",
                "if kind != EXIT:\n    stash.append(item)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "calls_to_a_suspended_server_are_answered",
        "A suspended server answers calls.",
        frozenset({"GS-21", "GS-28", "GS-20"}),
        (
            Edit(
                _SUSPENDED,
                "if kind == SUSPEND:",
                "if kind == CALL and not server.is_supervisor:\n"
                "    process.current = item[2]\n"
                "    item[2].resolve(await server.handle_call(item[1], item[2]))\n"
                "elif kind == SUSPEND:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "send_to_no_name_succeeds",
        "Sending to a name that nobody has succeeds.",
        frozenset({"REG-14"}),
        (Edit(f"{SUBJECT}.send", 'raise Refused("noproc")', "return"),),
    ),
    Mutant(
        "stop_of_no_name_succeeds",
        "Stopping a name that nobody has succeeds.",
        frozenset({"GS-60", "GS-58", "REG-14", "GS-24"}),
        (
            Edit(
                f"{SUBJECT}.stop",
                "if process is None:",
                "if process is None and isinstance(to, dict):\n    return\nif process is None:",
            ),
        ),
    ),
    Mutant(
        "second_demonitor_takes_another_monitor",
        "Taking a monitor back again takes back another one on the same process.",
        frozenset({"MON-6", "MON-10", "MON-1", "MON-5"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                "active = self._forget(ref)",
                "last = ref.target\n"
                "active = self._forget(ref)\n"
                "if active:\n"
                "    targets[ref] = last\n"
                "for other in tuple(watcher.watching or ()):\n"
                "    if not active and other.target is not None and other.target is targets.get(ref):\n"
                "        self._forget(other)",
            ),
        ),
        names={"targets": dict},
        is_hard=True,
    ),
    Mutant(
        "parents_of_supervisors_are_told_nothing",
        "The end of a supervisor is not told to the process that started it.",
        frozenset({"LNK-1", "LNK-12", "LNK-9", "SHUT-13", "EXIT-26"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "if peer.trap_exit:",
                "if victim.server.is_supervisor and victim.parent is peer and not peer.server.is_supervisor:\n"
                "    return\n"
                "if peer.trap_exit:",
            ),
        ),
        is_hard=True,
    ),
)
