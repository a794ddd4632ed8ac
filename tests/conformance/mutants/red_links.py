"""Faults that attackers of the suite thought of without having seen it: links."""

from __future__ import annotations

from tests.conformance.mutants.places import PROBE, STARTING, TABLE
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.red_tools import Memory

__all__ = ["MUTANTS"]

_LINK = f"{TABLE}._signal_link"
_DOOM = "doomed.append((peer, reason))"

MUTANTS = (
    Mutant(
        "unlink_flushes",
        "Unlinking also removes the exit message of the other process from the mailbox.",
        frozenset({"LNK-15", "LNK-1"}),
        (
            Edit(
                f"{TABLE}.unlink",
                "if peer is not None:",
                "for item in list(process.mailbox):\n"
                "    if item[0] == EXIT and item[1].pid is other.pid:\n"
                "        process.mailbox.remove(item)\n"
                "if peer is not None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "second_link_to_the_dead_is_silent",
        "A process that traps exits and links itself to the same dead process again hears nothing.",
        frozenset({"LNK-6"}),
        (
            Edit(
                f"{TABLE}.link",
                "process.post((EXIT, Exit(other.pid, ExitReason.NOPROC)))",
                "told = memory(process).setdefault(process, set())\n"
                "if other.pid not in told:\n"
                "    process.post((EXIT, Exit(other.pid, ExitReason.NOPROC)))\n"
                "told.add(other.pid)",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "links_do_not_show_children",
        "The processes that one was started linked by, or has started linked, do not stand among its links.",
        frozenset({"LNK-9", "LNK-1"}),
        (
            Edit(
                f"{PROBE}.do_links",
                "for pid in self.links",
                "for pid in self.links if self._record().parent is None or self._record().parent.pid != pid",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "link_to_the_terminating_is_noproc",
        "Who links itself to a process whose cleanup callback runs finds nobody.",
        frozenset({"LNK-1", "LNK-6", "LNK-7", "LNK-12"}),
        (
            Edit(
                f"{TABLE}.link",
                "if peer is process:",
                "if peer is not None and peer.phase.name == 'TERMINATING':\n    peer = None\nif peer is process:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "only_the_linker_may_unlink",
        "Only the process that made a link can remove it.",
        frozenset({"LNK-4", "LNK-15"}),
        (
            Edit(
                f"{TABLE}.join",
                "process.links.add(peer)",
                "memory(process).setdefault((peer, process), True)\nprocess.links.add(peer)",
            ),
            Edit(
                f"{TABLE}.unlink",
                "if peer is not None:",
                "made = memory(process)\n"
                "if peer is not None and made.pop((peer, process), None):\n"
                "    self.part(process, peer)\n"
                "elif peer is not None and (process, peer) not in made:",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "third_link_of_a_pair_is_not_made",
        "Two processes that were unlinked twice cannot be linked again.",
        frozenset({"LNK-17"}),
        (
            Edit(
                f"{TABLE}.part",
                "if process.links:",
                "pair = frozenset((process, peer))\n"
                "if process.links and peer in process.links:\n"
                "    memory(process)[pair] = memory(process).get(pair, 0) + 1\n"
                "if process.links:",
            ),
            Edit(
                f"{TABLE}.join",
                "if process.links is None:",
                "if memory(process).get(frozenset((process, peer)), 0) >= 2:\n    return\nif process.links is None:",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "start_monitored_links",
        "A process started monitored is linked with its starter, too.",
        frozenset({"MON-4", "GS-10", "MON-16"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "if watcher is not None:",
                "if watcher is not None:\n    table.join(watcher, process)\nif watcher is not None:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "plain_start_links",
        "A process that another one starts without a link is linked with it all the same.",
        frozenset({"GS-10"}),
        (
            Edit(
                f"{STARTING}._start",
                "process = self.begin_start(server, backend, name, parent, watcher, token)",
                "process = self.begin_start(server, backend, name, parent, watcher, token)\n"
                "starter = current_process.get()\n"
                "if starter is not None and parent is None and watcher is None and not server.is_supervisor:\n"
                "    self.table.join(starter, process)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "trap_flag_is_lost_with_a_link",
        "A process that is unlinked from its parent stops trapping exits.",
        frozenset({"EXIT-21", "GS-55", "EXIT-7", "LNK-13"}),
        (
            Edit(
                f"{TABLE}.part",
                "if process.links:",
                "for one, other in ((process, peer), (peer, process)):\n"
                "    if one.parent is other:\n"
                "        one.trap_exit = False\n"
                "if process.links:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "kill_as_a_link_reason_in_a_chain_is_killed",
        "A process that ends because a linked one raised kill passes killed on to its own peers.",
        frozenset({"EXIT-15", "LNK-12", "EXIT-14"}),
        (
            Edit(
                _LINK,
                _DOOM,
                "doomed.append((peer, reason))\nif reason.kind is ExitKind.KILL:\n    memory(peer)[peer] = True",
            ),
            Edit(
                f"{TABLE}._bury",
                "victim.reason = reason",
                "reason = ExitReason.KILLED if memory(victim).get(victim) else reason\nvictim.reason = reason",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
)
