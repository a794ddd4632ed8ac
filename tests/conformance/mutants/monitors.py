"""Faults in monitors: chapter `monitors`."""

from __future__ import annotations

from tests.conformance.mutants.places import PROBE, REGISTRY, STARTING, TABLE
from tests.conformance.mutants.plant import Count, Edit, Mutant

__all__ = ["MUTANTS"]


_FIRE = "self._signal_watcher(ref, watcher, victim, reason)"
_POST = "watcher.post((DOWN, Down(ref, victim.pid, reason, ref.target_name)))"

MUTANTS = (
    Mutant(
        "down_not_for_normal",
        "A monitor says nothing of a process that ends with the reason normal.",
        frozenset({"MON-1"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "if watcher.alive:",
                "if watcher.alive and reason.kind is not ExitKind.NORMAL:",
            ),
        ),
    ),
    Mutant(
        "down_for_the_first_watcher_only",
        "Only the oldest monitor on a process fires.",
        frozenset({"MON-1", "MON-5"}),
        (Edit(f"{TABLE}._bury", _FIRE, f"{_FIRE}\nbreak"),),
    ),
    Mutant(
        "down_comes_twice",
        "A monitor fires twice.",
        frozenset({"MON-7"}),
        (
            Edit(f"{TABLE}._signal_watcher", _POST, f"{_POST}\n{_POST}"),
            Edit(f"{PROBE}.handle_info", "self.watched.pop(message.ref)", "self.watched[message.ref]"),
        ),
    ),
    Mutant(
        "down_says_noproc",
        "A monitor reports noproc instead of the reason a process died of.",
        frozenset({"MON-1"}),
        (Edit(f"{TABLE}._signal_watcher", "victim.pid, reason,", "victim.pid, ExitReason.NOPROC,"),),
    ),
    Mutant(
        "down_loses_the_text",
        "A monitor reports {shutdown, text} as shutdown.",
        frozenset({"MON-1"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "victim.pid, reason,",
                "victim.pid, ExitReason.SHUTDOWN if reason.kind is ExitKind.SHUTDOWN else reason,",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "down_only_for_trapping_owners",
        "A monitor tells its owner only if the owner traps exits.",
        frozenset({"MON-1", "MON-21"}),
        (Edit(f"{TABLE}._signal_watcher", "if watcher.alive:", "if watcher.alive and watcher.trap_exit:"),),
    ),
    Mutant(
        "down_overtakes_messages",
        "A monitor's message overtakes what the target had sent to the owner before.",
        frozenset({"MON-19", "EXIT-28"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                _POST,
                "watcher.mailbox.appendleft((DOWN, Down(ref, victim.pid, reason, ref.target_name)))\nwatcher.wake()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "fourth_down_is_lost",
        "Every fourth monitor message to one process is lost.",
        frozenset({"MON-1", "MON-5", "MON-16"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "if watcher.alive:",
                "if watcher.alive and count(watcher) % 4:",
            ),
        ),
        names={"count": Count},
        is_hard=True,
    ),
    Mutant(
        "monitor_on_the_dead_is_silent",
        "A monitor on a dead process never reports.",
        frozenset({"MON-2"}),
        (
            Edit(
                f"{TABLE}.monitor",
                "watcher.post((DOWN, Down(ref, pid, ExitReason.NOPROC, name)))",
                "if pid is None:\n    watcher.post((DOWN, Down(ref, pid, ExitReason.NOPROC, name)))",
            ),
        ),
    ),
    Mutant(
        "monitor_on_no_name_is_silent",
        "A monitor on a name that nobody has never reports.",
        frozenset({"MON-3"}),
        (
            Edit(
                f"{TABLE}.monitor",
                "watcher.post((DOWN, Down(ref, pid, ExitReason.NOPROC, name)))",
                "if pid is not None:\n    watcher.post((DOWN, Down(ref, pid, ExitReason.NOPROC, name)))",
            ),
        ),
    ),
    Mutant(
        "monitor_on_the_dead_tells_its_reason",
        "A monitor on a dead process reports the reason it died of instead of noproc.",
        frozenset({"MON-2", "MON-18"}),
        (
            Edit(
                f"{TABLE}.monitor",
                "Down(ref, pid, ExitReason.NOPROC, name)",
                "Down(ref, pid, ExitReason.NOPROC if pid is None else target._process.reason, name)",
            ),
        ),
    ),
    Mutant(
        "named_monitor_needs_the_name_at_death",
        "A monitor by name does not fire if the process has lost that name when it dies.",
        frozenset({"MON-15"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "if watcher.alive:",
                "if watcher.alive and ref.target_name in (None, victim.name):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "named_monitor_follows_the_name",
        "A monitor by name moves to whoever gets that name later.",
        frozenset({"MON-15"}),
        (
            Edit(
                f"{TABLE}.monitor",
                "self.watch(watcher, process, ref)",
                "self.watch(watcher, process, ref)\nif name is not None:\n    followers.append(ref)",
            ),
            Edit(
                f"{REGISTRY}.add",
                "process.name = name",
                "process.name = name\n"
                "for ref in followers:\n"
                "    old = ref.target\n"
                "    if old is not None and ref.target_name == name and old.runtime is process.runtime:\n"
                "        old.watchers.pop(ref, None)\n"
                "        process.watchers = {**(process.watchers or {}), ref: ref.watcher}\n"
                "        ref.target = process",
            ),
        ),
        names={"followers": list},
        is_hard=True,
    ),
    Mutant(
        "monitor_again_replaces",
        "A second monitor of one process on the same target replaces the first.",
        frozenset({"MON-5"}),
        (
            Edit(
                f"{TABLE}.watch",
                "process.watchers[ref] = watcher",
                "for other in [other for other, owner in process.watchers.items() if owner is watcher]:\n"
                "    del process.watchers[other]\n"
                "process.watchers[ref] = watcher",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "third_monitor_is_lost",
        "A process can be monitored twice: further monitors on it are accepted and never fire.",
        frozenset({"MON-1", "MON-5"}),
        (
            Edit(
                f"{TABLE}.watch",
                "process.watchers[ref] = watcher",
                "if len(process.watchers) < 2:\n    process.watchers[ref] = watcher",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "monitor_on_oneself_fires",
        "A monitor on oneself reports noproc at once.",
        frozenset({"MON-14"}),
        (
            Edit(
                f"{TABLE}.monitor",
                "if process is None:",
                "if process is watcher:\n"
                "    ref.fired = True\n"
                "    watcher.post((DOWN, Down(ref, watcher.pid, ExitReason.NOPROC, name)))\n"
                "elif process is None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "demonitor_does_nothing",
        "A monitor that was taken back still fires.",
        frozenset({"MON-8"}),
        (Edit(f"{TABLE}.demonitor", "active = self._forget(ref)", "active = ref.target is not None"),),
    ),
    Mutant(
        "demonitor_drops_all",
        "Taking a monitor back takes back all monitors of the caller on that target.",
        frozenset({"MON-6"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                "active = self._forget(ref)",
                "target = ref.target\n"
                "active = self._forget(ref)\n"
                "for other in tuple(target.watchers or ()) if target is not None else ():\n"
                "    if other.watcher is watcher:\n"
                "        self._forget(other)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "demonitor_drops_those_of_others",
        "Taking a monitor back takes back all monitors on that target, whoever owns them.",
        frozenset({"MON-6", "MON-1"}),
        (
            Edit(
                f"{TABLE}._forget",
                "target.watchers.pop(ref, None)",
                "for other in tuple(target.watchers):\n    other.target = None\ntarget.watchers.clear()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "flush_does_nothing",
        "Taking a monitor back with flush leaves its message in the mailbox.",
        frozenset({"MON-9"}),
        (Edit(f"{TABLE}.demonitor", "ref.flushed = True", "pass"),),
        is_hard=True,
    ),
    Mutant(
        "flush_takes_all",
        "Taking a monitor back with flush removes all monitor messages from the mailbox.",
        frozenset({"MON-9"}),
        (
            Edit(
                f"{TABLE}.demonitor",
                "if not active and flush and ref.fired:",
                "for item in tuple(watcher.mailbox) if flush else ():\n"
                "    if item[0] == DOWN:\n"
                "        item[1].ref.flushed = True\n"
                "if not active and flush and ref.fired:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "demonitor_always_flushes",
        "Taking a monitor back without flush removes its message from the mailbox.",
        frozenset({"MON-8", "MON-10"}),
        (Edit(f"{TABLE}.demonitor", "if not active and flush and ref.fired:", "if not active and ref.fired:"),),
        is_hard=True,
    ),
    Mutant(
        "start_monitored_does_not_monitor",
        "A process started monitored is not monitored.",
        frozenset({"MON-16", "GS-14"}),
        (
            Edit(
                f"{STARTING}.start_monitored",
                "return handle, self._start_ref_of(server)",
                "ref = self._start_ref_of(server)\nself.table._forget(ref)\nreturn handle, ref",
            ),
        ),
    ),
    Mutant(
        "watcher_takes_its_target_along",
        "The target of a monitor ends with the monitor's owner.",
        frozenset({"MON-4"}),
        (
            Edit(
                f"{TABLE}._bury",
                "for ref in tuple(victim.watching):",
                "doomed.extend((ref.target, reason) for ref in victim.watching if reason.kind is not ExitKind.NORMAL)\n"
                "for ref in tuple(victim.watching):",
            ),
        ),
    ),
)
