"""Further faults in supervisors: what outlives a child, what a request by hand leaves behind, stale specifications."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from tests.conformance.mutants.places import DYNAMIC, PROBE, SUPERVISING, SUPERVISOR, TABLE
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_HANDLE_END = f"{SUPERVISOR}.handle_end"
_RESTART = "self._detach(child)\n        return await self.restart_within_budget(child)"
_ADMINISTER = f"{SUPERVISOR}.administer"
_DELETE = "del self._children[self._find_down(child_id).spec.id]"
_ADD = f"{SUPERVISOR}._start_child"
_BY_HAND = f"{SUPERVISOR}._restart_child"
_RUN = f"{SUPERVISING}._run_start"
_LINKED = "return await self.start_linked(start(), backend=spec.backend, name=spec.name)"
_FORGET_RESTARTS = "self._budget._times.clear()"


def _after_restart(*lines: str) -> Edit:
    """Do something with `former` and with its replacement, in the same place."""
    return Edit(
        _HANDLE_END,
        _RESTART,
        "former = child.process\nself._detach(child)\nresult = await self.restart_within_budget(child)\n"
        "if former is not None and child.process is not None:\n"
        + "".join(f"    {line}\n" for line in lines)
        + "return result",
    )


MUTANTS = (
    # -- what outlives a child ----------------------------------------------------------------------------------------
    Mutant(
        "replacement_goes_on_with_the_old_value",
        "A restarted child has the state of its predecessor.",
        frozenset({"STR-6", "GS-20", "GS-21", "BACK-12"}),
        (
            _after_restart(
                'if hasattr(former.server, "value") and hasattr(child.process.server, "value"):',
                "    child.process.server.value = former.server.value",
            ),
        ),
    ),
    Mutant(
        "replacement_gets_the_old_mail",
        "What waited in the mailbox of a child that died is handled by its replacement.",
        frozenset({"STR-6", "GS-20", "GS-21", "GS-37", "GS-38", "BACK-12", "EXIT-23"}),
        (
            Edit(
                f"{TABLE}._fail_callers",
                "tokens += [item[2]",
                "kept[victim.server] = [item for item in queued if len(item) == 2 and item[0] in (0, 2)]\n"
                "tokens += [item[2]",
            ),
            _after_restart("for item in kept.get(former.server, ()):", "    child.process.post(item)"),
        ),
        names={"kept": WeakKeyDictionary},
        is_hard=True,
    ),
    Mutant(
        "replacement_has_the_old_links",
        "A restarted child is linked with the strangers that its predecessor was linked with.",
        frozenset({"LNK-18", "LNK-2", "STR-6", "LNK-1", "LNK-12"}),
        (
            Edit(
                f"{TABLE}._bury",
                "links, victim.links = victim.links, None",
                "links, victim.links = victim.links, None\nkept[victim.server] = set(links)",
            ),
            _after_restart(
                "for peer in kept.get(former.server, ()):",
                "    if peer.alive and peer is not self._record():",
                "        self.runtime.table.join(child.process, peer)",
            ),
        ),
        names={"kept": WeakKeyDictionary},
        is_hard=True,
    ),
    Mutant(
        "replacement_is_watched_like_the_old",
        "Who watched a child watches its replacement, too.",
        frozenset({"MON-7", "STR-6", "MON-1"}),
        (
            Edit(
                f"{TABLE}._bury",
                "watchers, victim.watchers = victim.watchers, None",
                "watchers, victim.watchers = victim.watchers, None\nkept[victim.server] = dict(watchers)",
            ),
            _after_restart(
                "for ref, watcher in kept.get(former.server, {}).items():",
                "    if watcher.alive:",
                "        self.runtime.table.watch(watcher, child.process, ref)",
            ),
            Edit(f"{PROBE}.handle_info", "self.watched.pop(message.ref)", "self.watched[message.ref]"),
        ),
        names={"kept": WeakKeyDictionary},
        is_hard=True,
    ),
    Mutant(
        "replacement_traps_like_the_old",
        "A restarted child traps exits if its predecessor had begun to.",
        frozenset({"EXIT-21", "STR-6", "EXIT-6", "EXIT-7", "EXIT-8", "SHUT-2", "SHUT-3", "GS-54"}),
        (
            _after_restart(
                "if former.trap_exit:",
                "    child.process.trap_exit = True",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "child_restarted_twice_has_no_name",
        "A child that is restarted for the second time is not registered.",
        frozenset({"REG-17", "REG-1", "STR-6", "SUP-56"}),
        (
            Edit(
                _RUN,
                _LINKED,
                "server = start()\n"
                'late = not server.is_supervisor and int(server.label.rpartition("#")[2]) > 2\n'
                "return await self.start_linked(server, backend=spec.backend, name=None if late else spec.name)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "restarted_supervisor_has_no_name",
        "A supervisor that is restarted is not registered.",
        frozenset({"REG-17", "REG-1", "SUP-11", "STR-21", "STR-6"}),
        (
            Edit(
                _RUN,
                _LINKED,
                "server = start()\n"
                'late = server.is_supervisor and not server.label.endswith("#1")\n'
                "return await self.start_linked(server, backend=spec.backend, name=None if late else spec.name)",
            ),
        ),
        is_hard=True,
    ),
    # -- what a request leaves behind ---------------------------------------------------------------------------------
    Mutant(
        "restart_by_hand_forgets_the_restarts",
        "After a restart by hand the supervisor counts its restarts anew.",
        frozenset({"INT-1", "INT-8", "INT-14", "SUP-37", "INT-3"}),
        (Edit(_BY_HAND, "await self._start(child)", f"await self._start(child)\n{_FORGET_RESTARTS}"),),
        is_hard=True,
    ),
    Mutant(
        "addition_forgets_the_restarts",
        "After a child was added the supervisor counts its restarts anew.",
        frozenset({"INT-1", "INT-8", "INT-14", "SUP-27", "INT-3"}),
        (Edit(_ADD, "return None if child.process", f"{_FORGET_RESTARTS}\nreturn None if child.process"),),
        is_hard=True,
    ),
    Mutant(
        "deletion_forgets_the_restarts",
        "After a child was deleted the supervisor counts its restarts anew.",
        frozenset({"INT-1", "INT-8", "INT-14", "SUP-37", "INT-3"}),
        (Edit(_ADMINISTER, _DELETE, f"{_DELETE}\n{_FORGET_RESTARTS}"),),
        is_hard=True,
    ),
    Mutant(
        "ending_by_hand_forgets_the_restarts",
        "After a child was ended by hand the supervisor counts its restarts anew.",
        frozenset({"INT-1", "INT-8", "INT-14", "SUP-37", "INT-3"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "await self.end(child)",
                f"await self.end(child)\n{_FORGET_RESTARTS}",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "added_again_is_restarted_as_before",
        "A child that was deleted and added again is restarted by its former specification.",
        frozenset({"SUP-20", "STR-6", "STR-1", "STR-2", "STR-3"}),
        (
            Edit(
                _ADMINISTER,
                _DELETE,
                f'self.__dict__.setdefault("graves", {{}})[child_id] = self._find_down(child_id).spec\n{_DELETE}',
            ),
            Edit(
                _ADD,
                "return None if child.process",
                'child.spec = self.__dict__.get("graves", {}).pop(spec.id, spec)\nreturn None if child.process',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "added_again_takes_its_former_place",
        "A child that was deleted and added again has the place that it had before.",
        frozenset({"SHUT-1", "STR-8", "STR-7", "SUP-20"}),
        (
            Edit(
                _ADMINISTER,
                _DELETE,
                f'self.__dict__.setdefault("graves", {{}})[child_id] = list(self._children).index(child_id)\n{_DELETE}',
            ),
            Edit(
                _ADD,
                "return None if child.process",
                'place = self.__dict__.get("graves", {}).pop(spec.id, None)\n'
                "if place is not None:\n"
                "    items = [item for item in self._children.items() if item[0] != spec.id]\n"
                "    items.insert(place, (spec.id, child))\n"
                "    self._children = dict(items)\n"
                "return None if child.process",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ghosts_of_a_group_restart_are_counted",
        "Temporary children that a restart of their group has ended are still counted.",
        frozenset({"SUP-52", "STR-9"}),
        (
            Edit(
                f"{SUPERVISOR}.restart",
                "await self._end_each(group)",
                "await self._end_each(group)\n"
                'self.__dict__.setdefault("ghosts", []).extend(m for m in group if m.spec.restart == "temporary")',
            ),
            Edit(
                _ADMINISTER,
                "return count(self._children.values())",
                'return count([*self._children.values(), *self.__dict__.get("ghosts", ())])',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ended_child_is_found_by_its_former_process",
        "Ending a child of a dynamic supervisor by the process it had before its restart ends it.",
        frozenset({"DYN-E6"}),
        (
            Edit(
                f"{DYNAMIC}.restart",
                "self.forget(child)",
                'self.__dict__.setdefault("former", {})[child.process and child.process.pid] = child\n'
                "self.forget(child)",
            ),
            Edit(
                f"{DYNAMIC}._find_child",
                "if child is None:",
                'child = child or self.__dict__.get("former", {}).get(pid)\nif child is None:',
            ),
        ),
        is_hard=True,
    ),
)
