"""Faults in links: chapter `links`."""

from __future__ import annotations

from collections import Counter

from tests.conformance.mutants.places import STARTING, TABLE
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]


MUTANTS = (
    Mutant(
        "link_is_one_way",
        "A link is known to the caller only: when the caller ends, the other side hears nothing.",
        frozenset({"LNK-1", "LNK-12"}),
        (Edit(f"{TABLE}.join", "process.links.add(peer)", "pass"),),
    ),
    Mutant(
        "link_is_one_way_back",
        "A link is known to the other side only: when that ends, the caller hears nothing.",
        frozenset({"LNK-1", "LNK-12"}),
        (Edit(f"{TABLE}.join", "peer.links.add(process)", "pass"),),
    ),
    Mutant(
        "links_count",
        "A link made twice takes two unlinks.",
        frozenset({"LNK-2", "LNK-3"}),
        (
            Edit(
                f"{TABLE}.join",
                "process.links.add(peer)",
                "process.links.add(peer)\ntimes[frozenset((process, peer))] += 1",
            ),
            Edit(
                f"{TABLE}.unlink",
                "self.part(process, peer)",
                "times[frozenset((process, peer))] -= 1\n"
                "if times[frozenset((process, peer))] <= 0:\n"
                "    self.part(process, peer)",
            ),
        ),
        names={"times": Counter},
        is_hard=True,
    ),
    Mutant(
        "link_twice_fires_twice",
        "A link made twice sends two exit messages.",
        frozenset({"LNK-2"}),
        (
            Edit(
                f"{TABLE}.join",
                "process.links.add(peer)",
                "process.links.add(peer)\ntimes[frozenset((process, peer))] += 1",
            ),
            Edit(
                f"{TABLE}._signal_link",
                "peer.post((EXIT, Exit(victim.pid, reason)))",
                "for _ in range(times[frozenset((peer, victim))]):\n    peer.post((EXIT, Exit(victim.pid, reason)))",
            ),
        ),
        names={"times": Counter},
        is_hard=True,
    ),
    Mutant(
        "unlink_does_nothing",
        "Unlinking removes nothing.",
        frozenset({"LNK-3", "LNK-4", "LNK-15"}),
        (Edit(f"{TABLE}.unlink", "self.part(process, peer)", "pass"),),
    ),
    Mutant(
        "unlink_forgets_one_side",
        "Unlinking removes the link at the caller only: when the other side ends, the caller still gets the signal.",
        frozenset({"LNK-15", "LNK-3"}),
        (Edit(f"{TABLE}.part", "peer.links.discard(process)", "pass"),),
    ),
    Mutant(
        "unlink_leaves_the_caller_linked",
        "Unlinking leaves the link at the caller: when the caller ends, the other side still gets the signal.",
        frozenset({"LNK-3", "LNK-4", "LNK-15"}),
        (Edit(f"{TABLE}.part", "process.links.discard(peer)", "pass"),),
        is_hard=True,
    ),
    Mutant(
        "unlink_drops_all_links",
        "Unlinking one process removes every link of the caller.",
        frozenset({"LNK-1", "LNK-12"}),
        (
            Edit(
                f"{TABLE}.unlink",
                "self.part(process, peer)",
                "for other_peer in tuple(process.links or ()):\n    self.part(process, other_peer)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "unlink_drops_the_monitor",
        "Unlinking a process also takes the caller's monitors on it back.",
        frozenset({"LNK-19"}),
        (
            Edit(
                f"{TABLE}.unlink",
                "self.part(process, peer)",
                "self.part(process, peer)\n"
                "for ref in [ref for ref, watcher in (peer.watchers or {}).items() if watcher is process]:\n"
                "    self._forget(ref)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "unlinked_is_unlinked_for_ever",
        "Two processes that were unlinked cannot be linked again.",
        frozenset({"LNK-17"}),
        (
            Edit(
                f"{TABLE}.unlink",
                "self.part(process, peer)",
                "self.part(process, peer)\nparted.add(frozenset((process, peer)))",
            ),
            Edit(
                f"{TABLE}.link",
                "self.join(process, peer)",
                "if frozenset((process, peer)) not in parted:\n    self.join(process, peer)",
            ),
        ),
        names={"parted": set},
        is_hard=True,
    ),
    Mutant(
        "normal_exit_kills_peers",
        "A linked process that does not trap ends when its peer ends with the reason normal.",
        frozenset({"LNK-11"}),
        (Edit(f"{TABLE}._signal_link", "elif reason.kind is not ExitKind.NORMAL:", "else:"),),
    ),
    Mutant(
        "shutdown_spares_peers",
        "A linked process that does not trap survives a peer that ends with shutdown.",
        frozenset({"LNK-12", "EXIT-26"}),
        (Edit(f"{TABLE}._signal_link", "reason.kind is not ExitKind.NORMAL", "not reason.is_normal"),),
    ),
    Mutant(
        "shutdown_with_text_spares_peers",
        "A linked process that does not trap survives a peer that ends with {shutdown, text}.",
        frozenset({"LNK-12", "EXIT-26"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "elif reason.kind is not ExitKind.NORMAL:",
                "elif reason.kind is not ExitKind.NORMAL and not (reason.kind is ExitKind.SHUTDOWN and reason.text):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "killed_spares_peers",
        "A linked process that does not trap survives a peer that was killed.",
        frozenset({"EXIT-16", "LNK-12"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "elif reason.kind is not ExitKind.NORMAL:",
                "elif reason.kind not in (ExitKind.NORMAL, ExitKind.KILLED):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "links_ignore_the_trap_flag",
        "A process that traps exits is ended by a link signal.",
        frozenset({"LNK-13"}),
        (Edit(f"{TABLE}._signal_link", "if peer.trap_exit:", "if peer.trap_exit and reason.kind is ExitKind.NORMAL:"),),
    ),
    Mutant(
        "link_kill_cannot_be_trapped",
        "A link signal with the reason kill ends a process that traps exits.",
        frozenset({"EXIT-15", "LNK-13"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "if peer.trap_exit:",
                "if peer.trap_exit and reason.kind is not ExitKind.KILL:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "link_kill_becomes_killed",
        "A process that ends because its peer raised kill is reported with killed.",
        frozenset({"EXIT-15"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "doomed.append((peer, reason))",
                "doomed.append((peer, ExitReason.KILLED if reason.kind is ExitKind.KILL else reason))",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "killed_cannot_be_trapped_over_links",
        "A process that traps exits is ended by the death of a peer that was killed.",
        frozenset({"EXIT-16", "LNK-13"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "if peer.trap_exit:",
                "if peer.trap_exit and reason.kind is not ExitKind.KILLED:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "normal_exit_of_a_peer_is_not_told",
        "A process that traps exits gets no message when a peer ends with the reason normal.",
        frozenset({"LNK-1"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "peer.post((EXIT, Exit(victim.pid, reason)))",
                "if reason.kind is not ExitKind.NORMAL:\n    peer.post((EXIT, Exit(victim.pid, reason)))",
            ),
        ),
    ),
    Mutant(
        "exit_names_the_receiver",
        "The message of a link's exit signal names its receiver instead of the process that ended.",
        frozenset({"LNK-1", "EXIT-7"}),
        (Edit(f"{TABLE}._signal_link", "Exit(victim.pid, reason)", "Exit(peer.pid, reason)"),),
    ),
    Mutant(
        "links_stop_at_the_first_hop",
        "A process that ended because of its peer does not take its own peers along.",
        frozenset({"LNK-12"}),
        (Edit(f"{TABLE}.die", "why, doomed,", "why, doomed if victim is process else deque(),"),),
        is_hard=True,
    ),
    Mutant(
        "third_link_drops_the_first",
        "A process keeps two links: with the third, the oldest is forgotten.",
        frozenset({"LNK-1", "LNK-12"}),
        (
            Edit(
                f"{TABLE}.join",
                "process.links.add(peer)",
                "if len(process.links - {peer}) >= 2:\n"
                "    self.part(process, min(process.links - {peer}, key=_by_age))\n"
                "process.links.add(peer)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "link_to_the_dead_is_silent",
        "A process that traps exits and links itself to a dead one hears nothing.",
        frozenset({"LNK-6"}),
        (Edit(f"{TABLE}.link", "process.post((EXIT, Exit(other.pid, ExitReason.NOPROC)))", "pass"),),
    ),
    Mutant(
        "link_to_the_dead_is_no_error",
        "A process that does not trap exits may link itself to a dead one without harm.",
        frozenset({"LNK-7"}),
        (Edit(f"{TABLE}.link", "raise NoProcessError(other.pid)", "return"),),
    ),
    Mutant(
        "link_to_the_dead_raises",
        "A process that traps exits and links itself to a dead one gets an error instead of a message.",
        frozenset({"LNK-6"}),
        (Edit(f"{TABLE}.link", "if not process.trap_exit:", "if True:"),),
    ),
    Mutant(
        "link_to_the_dead_tells_its_reason",
        "The message for a link to a dead process carries the reason it died of instead of noproc.",
        frozenset({"LNK-6", "LNK-20"}),
        (Edit(f"{TABLE}.link", "Exit(other.pid, ExitReason.NOPROC)", "Exit(other.pid, other._process.reason)"),),
    ),
    Mutant(
        "link_to_oneself",
        "A process can be linked with itself.",
        frozenset({"LNK-5"}),
        (Edit(f"{TABLE}.link", "if peer is process:", "if False:"),),
        is_hard=True,
    ),
    Mutant(
        "links_keep_the_dead",
        "A link that has fired still stands among the links of the other side.",
        frozenset({"LNK-18"}),
        (Edit(f"{TABLE}._signal_link", "peer.links.discard(victim)", "pass"),),
        is_hard=True,
    ),
    Mutant(
        "start_linked_links_late",
        "A process started linked is linked only after its init callback has returned.",
        frozenset({"LNK-9", "GS-4"}),
        (
            Edit(f"{STARTING}.begin_start", "table.join(parent, process)", "pass"),
            Edit(
                f"{STARTING}.start_linked",
                'return await self._start(server, backend, name, timeout, self._relative(parent, "parent"), None)',
                'handle = await self._start(server, backend, name, timeout, self._relative(parent, "parent"), None)\n'
                "if handle.is_alive and handle._process.parent.alive:\n"
                "    self.table.join(handle._process.parent, handle._process)\n"
                "return handle",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "start_linked_does_not_link",
        "A process started linked is not linked with its parent.",
        frozenset({"LNK-1", "LNK-9", "LNK-12", "GS-56"}),
        (Edit(f"{STARTING}.begin_start", "table.join(parent, process)", "pass"),),
    ),
    Mutant(
        "refused_start_links_to_the_holder",
        "A linked start that is refused because its name is taken links the caller with the holder of the name.",
        frozenset({"LNK-21", "GS-12"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "table.registry.add(name, process)",
                "holder = table.registry.names.get(name)\n"
                "if parent is not None and holder is not None and holder is not parent:\n"
                "    table.join(parent, holder)\n"
                "table.registry.add(name, process)",
            ),
        ),
        is_hard=True,
    ),
)
