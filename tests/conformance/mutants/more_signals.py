"""Further faults in exit signals, links, monitors and names: a wrong path, the second hop, a change of mind."""

from __future__ import annotations

from collections import Counter

from tests.conformance.mutants.places import REGISTRY, RUNTIME, TABLE
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_LINK = f"{TABLE}._signal_link"
_DOOM = "doomed.append((peer, reason))"
_TOLD = "peer.post((EXIT, Exit(victim.pid, reason)))"
_WATCHER = f"{TABLE}._signal_watcher"
_BARE = "ExitReason.SHUTDOWN if reason.kind is ExitKind.SHUTDOWN else reason"

MUTANTS = (
    # -- exits and links ----------------------------------------------------------------------------------------------
    Mutant(
        "links_cut_the_text_of_a_shutdown",
        "A linked process that traps exits is told shutdown instead of {shutdown, text}.",
        frozenset({"LNK-1", "LNK-9", "LNK-12", "LNK-13", "EXIT-26", "EXIT-28", "GS-57"}),
        (Edit(_LINK, _TOLD, f"peer.post((EXIT, Exit(victim.pid, {_BARE})))"),),
    ),
    Mutant(
        "links_cut_the_text_of_a_shutdown_at_a_death",
        "A linked process that does not trap ends with shutdown instead of {shutdown, text}.",
        frozenset({"LNK-12", "EXIT-26"}),
        (Edit(_LINK, _DOOM, f"doomed.append((peer, {_BARE}))"),),
    ),
    Mutant(
        "reason_changes_at_the_second_hop",
        "A process that ends because a linked one ended because of a third ends with another error.",
        frozenset({"LNK-12"}),
        (
            Edit(
                _LINK,
                _DOOM,
                'text = "linked" if isinstance(reason.exception, LookupError) else reason.text\n'
                "if reason.kind is ExitKind.ERROR:\n"
                "    reason = ExitReason(reason.kind, text, LookupError())\n"
                f"{_DOOM}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ceasing_to_trap_drops_the_links",
        "A process that stops trapping exits loses its links.",
        frozenset({"LNK-1", "LNK-12", "GS-56", "GS-55", "EXIT-21"}),
        (
            Edit(
                f"{TABLE}.set_trap_exit",
                "return old",
                "for peer in tuple(process.links or ()) if old and not value else ():\n"
                "    self.part(process, peer)\n"
                "return old",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "links_to_supervisors_are_one_way",
        "The end of a supervisor is not told to strangers that are linked to it.",
        frozenset({"LNK-1", "LNK-12", "SUP-13"}),
        (
            Edit(
                _LINK,
                "if peer.trap_exit:",
                "if victim.server.is_supervisor and peer.parent is not victim and victim.parent is not peer:\n"
                "    return\n"
                "if peer.trap_exit:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "trapped_exits_come_once",
        "A process that traps exits is told of the first exit signal with a reason only, if the same one follows.",
        frozenset({"EXIT-7", "EXIT-9", "LNK-1", "GS-57"}),
        (
            Edit(
                f"{TABLE}.exit",
                "elif target.trap_exit:",
                "elif target.trap_exit and seen[target.runtime, target.pid, str(reason)] == 1:\n"
                "    pass\n"
                "elif target.trap_exit:\n"
                "    seen[target.runtime, target.pid, str(reason)] += 1",
            ),
        ),
        names={"seen": Counter},
        is_hard=True,
    ),
    Mutant(
        "exit_signal_of_a_shutdown_with_a_text_is_ignored",
        "An exit signal with a shutdown and a text does not end a process that traps no exits.",
        frozenset({"EXIT-6"}),
        (
            Edit(
                f"{TABLE}.exit",
                "elif reason.kind is not ExitKind.NORMAL or sender is target:",
                "elif reason.kind is ExitKind.SHUTDOWN and reason.text is not None:\n"
                "    pass\n"
                "elif reason.kind is not ExitKind.NORMAL or sender is target:",
            ),
        ),
    ),
    # -- monitors -----------------------------------------------------------------------------------------------------
    Mutant(
        "monitors_cut_the_text_of_a_shutdown",
        "A monitor tells shutdown instead of {shutdown, text}.",
        frozenset({"MON-1", "MON-5", "MON-16", "MON-19", "LNK-19"}),
        (Edit(_WATCHER, "ref.fired = True", f"ref.fired = True\nreason = {_BARE}"),),
    ),
    Mutant(
        "monitors_of_supervisors_are_silent",
        "The end of a supervisor is not told to those who watch it.",
        frozenset({"MON-1", "MON-5", "MON-15"}),
        (Edit(_WATCHER, "if watcher.alive:", "if watcher.alive and not victim.server.is_supervisor:"),),
        is_hard=True,
    ),
    Mutant(
        "monitors_of_restarted_children_are_silent",
        "The end of a child that a supervisor has restarted is not told to those who watch it.",
        frozenset({"MON-1", "MON-5", "MON-15", "MON-16"}),
        (
            Edit(
                _WATCHER,
                "if watcher.alive:",
                'name = getattr(victim.server, "label", "#1")\n'
                'if watcher.alive and ("#" not in name or name[-2:] == "#1"):',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "trapping_watchers_are_told_by_the_link_alone",
        "A process that is linked to what it watches gets the exit message, but not that of the monitor.",
        frozenset({"LNK-19", "MON-1", "MON-5", "MON-16"}),
        (
            Edit(
                f"{TABLE}._bury",
                "for ref, watcher in watchers.items():",
                "for ref, watcher in watchers.items():\n"
                "    if watcher.trap_exit and watcher in (links or ()):\n"
                "        continue",
            ),
            Edit(f"{TABLE}._bury", "if victim.links:", "links = None\nif victim.links:"),
        ),
        is_hard=True,
    ),
    # -- names --------------------------------------------------------------------------------------------------------
    Mutant(
        "supervisors_cannot_be_named_later",
        "Registering a running supervisor has no effect.",
        frozenset({"REG-1", "SUP-11"}),
        (
            Edit(
                f"{REGISTRY}.add",
                "self.names[name] = process",
                "if process.server.is_supervisor and process.pid in process.runtime.table.processes:\n"
                "    return\n"
                "self.names[name] = process",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "unregistering_drops_the_monitors_by_name",
        "When a name is taken back, those who watch its holder by that name watch no more.",
        frozenset({"MON-15"}),
        (
            Edit(
                f"{REGISTRY}.remove",
                "process.name = None",
                "process.name = None\n"
                "for ref in tuple(process.watchers or ()):\n"
                "    if ref.target_name == name:\n"
                "        process.runtime.table._forget(ref)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "cast_by_name_is_lost_on_the_busy",
        "A cast by name is lost if its receiver has messages waiting.",
        frozenset({"GS-21", "GS-36", "REG-16", "BACK-12", "GS-20", "REG-14"}),
        (
            Edit(
                f"{RUNTIME}.cast",
                "if process is not None:",
                "if process is not None and isinstance(target, str) and process.mailbox:\n"
                "    pass\n"
                "elif process is not None:",
            ),
        ),
        is_hard=True,
    ),
)
