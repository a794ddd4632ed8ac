"""Faults that attackers of the suite thought of without having seen it: monitors."""

from __future__ import annotations

from tests.conformance.mutants.places import PROBE, TABLE
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.red_tools import Memory

__all__ = ["MUTANTS"]

_MONITOR = f"{TABLE}.monitor"
_FOUND = "if process is None:"
_FLUSH = "ref.flushed = True"

MUTANTS = (
    Mutant(
        "demonitor_takes_the_oldest",
        "Taking a monitor back removes the oldest monitor of the caller on that target instead.",
        frozenset({"MON-6", "MON-8"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                "active = self._forget(ref)",
                "mine = [r for r in (ref.target.watchers or ()) if r.watcher is watcher] if ref.target else [ref]\n"
                "active = self._forget(mine[0])",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "flush_takes_all_of_that_target",
        "Taking a monitor back with flush removes the messages of all monitors on the same process.",
        frozenset({"MON-9"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                _FLUSH,
                "for item in (*watcher.mailbox, *(watcher.stash or ())):\n"
                "    if item[0] == DOWN and item[1].pid is memory(watcher).get(ref):\n"
                "        item[1].ref.flushed = True\n"
                f"{_FLUSH}",
            ),
            Edit(f"{TABLE}._signal_watcher", "ref.fired = True", "ref.fired = True\nmemory(watcher)[ref] = victim.pid"),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "flush_works_for_an_active_monitor_only",
        "Taking a monitor back with flush twice leaves its message if the first time was without flush.",
        frozenset({"MON-9", "MON-10"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                _FLUSH,
                "ref.flushed = ref not in memory(watcher)",
            ),
            Edit(
                f"{TABLE}.demonitor",
                "active = self._forget(ref)",
                "active = self._forget(ref)\nif not flush:\n    memory(watcher)[ref] = True",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "down_of_a_name_tells_the_label",
        "The message of a monitor that was set by name tells the process instead of the name.",
        frozenset({"MON-3", "MON-15"}),
        (
            Edit(
                f"{PROBE}.handle_info",
                'self._log("down", ref=ref, of=target,',
                "holder = None if message.pid is None else self.board.label_of(message.pid)\n"
                'self._log("down", ref=ref, of=holder or target,',
            ),
        ),
    ),
    Mutant(
        "watcher_has_three_monitors",
        "A process can watch three others at a time: further monitors are accepted and never fire.",
        frozenset({"MON-1", "MON-5"}),
        (
            Edit(
                f"{TABLE}.watch",
                "process.watchers[ref] = watcher",
                "if len(watcher.watching or ()) < 3:\n    process.watchers[ref] = watcher",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "downs_of_the_suspended_are_lost",
        "The message of a monitor is lost if its owner is suspended.",
        frozenset({"MON-1", "MON-21", "GS-37"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "if watcher.alive:",
                "if watcher.alive and watcher.stash is None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "demonitor_after_the_message_crashes",
        "A process that takes a monitor back whose message it has handled crashes.",
        frozenset({"MON-10"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                "active = self._forget(ref)",
                "if ref.fired and not watcher.mailbox:\n    raise LookupError('no such monitor')\n"
                "active = self._forget(ref)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "second_monitor_on_the_dead_is_silent",
        "A second monitor of a process on the same dead process never reports.",
        frozenset({"MON-2", "MON-5"}),
        (
            Edit(
                _MONITOR,
                "watcher.post((DOWN, Down(ref, pid, ExitReason.NOPROC, name)))",
                "told = memory(watcher).setdefault(watcher, set())\n"
                "if (pid or name) not in told:\n"
                "    watcher.post((DOWN, Down(ref, pid, ExitReason.NOPROC, name)))\n"
                "told.add(pid or name)",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "monitor_on_the_terminating_is_noproc",
        "A monitor on a process whose cleanup callback runs reports noproc at once.",
        frozenset({"MON-1"}),
        (
            Edit(
                _MONITOR,
                _FOUND,
                f"if process is not None and process.phase.name == 'TERMINATING':\n    process = None\n{_FOUND}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "monitor_on_the_starting_is_noproc",
        "A monitor on a process whose init callback runs reports noproc at once.",
        frozenset({"MON-1", "MON-7"}),
        (
            Edit(
                _MONITOR,
                _FOUND,
                f"if process is not None and process.phase.name == 'STARTING':\n    process = None\n{_FOUND}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "monitor_on_the_suspended_is_silent",
        "A monitor that is set while its target is suspended never reports.",
        frozenset({"MON-1"}),
        (
            Edit(
                f"{TABLE}.watch",
                "process.watchers[ref] = watcher",
                "if process.stash is None:\n    process.watchers[ref] = watcher",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "demonitor_unlinks",
        "Taking a monitor back also removes the link with its target.",
        frozenset({"LNK-19", "LNK-1", "LNK-12"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                "active = self._forget(ref)",
                "if ref.target is not None:\n    self.part(watcher, ref.target)\nactive = self._forget(ref)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "named_and_plain_monitor_are_one",
        "A monitor by name replaces the one by label of the same process on the same target.",
        frozenset({"MON-1", "MON-5"}),
        (
            Edit(
                f"{TABLE}.watch",
                "process.watchers[ref] = watcher",
                "for other in [r for r, w in process.watchers.items() if w is watcher and ref.target_name]:\n"
                "    if other.target_name is None:\n"
                "        del process.watchers[other]\n"
                "process.watchers[ref] = watcher",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "downs_tell_the_reason_of_the_linked",
        "A monitor on a process that a linked one took along reports killed.",
        frozenset({"MON-1", "LNK-12"}),
        (
            Edit(
                f"{TABLE}._bury",
                "self._signal_watcher(ref, watcher, victim, reason)",
                "taken = memory(victim).get(victim)\n"
                "self._signal_watcher(ref, watcher, victim, ExitReason.KILLED if taken else reason)",
            ),
            Edit(
                f"{TABLE}._signal_link",
                "doomed.append((peer, reason))",
                "doomed.append((peer, reason))\nmemory(peer)[peer] = True",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "monitors_of_the_unlinked_are_silent",
        "A monitor on a process that its owner was linked with before does not fire.",
        frozenset({"LNK-19", "MON-1"}),
        (
            Edit(
                f"{TABLE}.part",
                "if process.links:",
                "if process.links and peer in process.links:\n    memory(peer)[frozenset((process, peer))] = True\n"
                "if process.links:",
            ),
            Edit(
                f"{TABLE}._signal_watcher",
                "if watcher.alive:",
                "if watcher.alive and frozenset((watcher, victim)) not in memory(victim):",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
)
