"""Faults in adding, ending, restarting, deleting and listing children: chapter `supervisor`."""

from __future__ import annotations

from tests.conformance.mutants.places import NURSERY, SUPERVISOR, TREES, TRUNK
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_NEW = "child = self._children[spec.id] = Child(spec)"
_SPEND = "self._budget.spend(self.runtime.clock.now())"
_DROP = "except ChildStartError:\n        del self._children[spec.id]"
_END = "await self.end(child)"
_FIND = "child = self._find_child(child_id)"

MUTANTS = (
    # -- adding -------------------------------------------------------------------------------------------------------
    Mutant(
        "added_child_takes_the_first_place",
        "A child that is added takes the first place in the order.",
        frozenset({"SUP-20", "SHUT-1"}),
        (
            Edit(
                f"{SUPERVISOR}._start_child",
                _NEW,
                "child = Child(spec)\nself._children = {spec.id: child, **self._children}",
            ),
        ),
    ),
    Mutant(
        "id_of_a_running_child_is_accepted",
        "A child whose id belongs to a running child is started beside it.",
        frozenset({"SUP-21"}),
        (
            Edit(
                f"{SUPERVISOR}._start_child",
                "if present is not None:",
                "if present is not None and present.process is None:",
            ),
        ),
    ),
    Mutant(
        "id_of_a_stopped_child_is_accepted",
        "A child whose id belongs to a stopped child takes its place.",
        frozenset({"SUP-22"}),
        (
            Edit(
                f"{SUPERVISOR}._start_child",
                "if present is not None:",
                "if present is not None and not present.is_down:",
            ),
        ),
    ),
    Mutant(
        "id_of_a_restarting_child_is_accepted",
        "A child whose id belongs to a child that waits for a restart takes its place.",
        frozenset({"SUP-22"}),
        (
            Edit(
                f"{SUPERVISOR}._start_child",
                "if present is not None:",
                "if present is not None and not present.is_restarting:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "failed_addition_is_kept",
        "A child that is added and fails to start stays known.",
        frozenset({"SUP-24"}),
        (Edit(f"{SUPERVISOR}._start_child", "del self._children[spec.id]", "pass"),),
    ),
    Mutant(
        "failed_addition_is_tried_again",
        "A child that is added and fails to start is tried again by the supervisor.",
        frozenset({"SUP-24"}),
        (
            Edit(
                f"{SUPERVISOR}._start_child",
                _DROP,
                "except ChildStartError as error:\n    self.retry_later(child, error)",
            ),
        ),
    ),
    Mutant(
        "ignored_addition_is_dropped",
        "A permanent child that is added and ignores is not kept.",
        frozenset({"SUP-23"}),
        (
            Edit(
                f"{SUPERVISOR}._start_child",
                "return None if child.process is None else child.process.handle",
                "if child.process is None:\n"
                "    self._children.pop(spec.id, None)\n"
                "    return None\n"
                "return child.process.handle",
            ),
        ),
    ),
    Mutant(
        "addition_counts_as_a_restart",
        "Adding a child counts as a restart.",
        frozenset({"SUP-27", "INT-8"}),
        (Edit(f"{SUPERVISOR}._start_child", _NEW, f"{_NEW}\n{_SPEND}"),),
    ),
    Mutant(
        "failed_addition_counts_as_a_restart",
        "Adding a child that fails to start counts as a restart.",
        frozenset({"SUP-27", "INT-8"}),
        (Edit(f"{SUPERVISOR}._start_child", "del self._children[spec.id]", f"del self._children[spec.id]\n{_SPEND}"),),
        is_hard=True,
    ),
    Mutant(
        "added_child_is_back_after_a_restart",
        "A supervisor that is restarted also starts the children that were added to it.",
        frozenset({"SUP-26"}),
        (
            Edit(
                f"{NURSERY}._make_start",
                "def make() -> Probe | Trunk:",
                "start = copy.deepcopy(start)\n\ndef make() -> Probe | Trunk:",
            ),
            Edit(
                f"{TRUNK}make_supervisor",
                "return StaticTrunk(board, label, nursery, static)",
                "trunk = StaticTrunk(board, label, nursery, static)\ntrunk.words = spec\nreturn trunk",
            ),
            Edit(
                f"{TREES}.start_child",
                "return _label_of(await self._ask(sup, CALL, StartChild(spec), timeout_ms))",
                "answer = _label_of(await self._ask(sup, CALL, StartChild(spec), timeout_ms))\n"
                'if "/" in sup and hasattr(trunk, "words"):\n'
                '    trunk.words["children"] = [*trunk.words["children"], copy.deepcopy(child)]\n'
                "return answer",
            ),
        ),
        names={"copy": lambda: __import__("copy")},
        is_hard=True,
    ),
    Mutant(
        "deleted_child_stays_away_after_a_restart",
        "A supervisor that is restarted does not start the children of its specification that had been deleted.",
        frozenset({"SUP-26", "STR-21"}),
        (
            Edit(
                f"{NURSERY}._make_start",
                "def make() -> Probe | Trunk:",
                "start = copy.deepcopy(start)\n\ndef make() -> Probe | Trunk:",
            ),
            Edit(
                f"{TRUNK}make_supervisor",
                "return StaticTrunk(board, label, nursery, static)",
                "trunk = StaticTrunk(board, label, nursery, static)\ntrunk.words = spec\nreturn trunk",
            ),
            Edit(
                f"{TREES}.delete_child",
                "await self._ask(sup, CALL, DeleteChild(child), timeout_ms)",
                "await self._ask(sup, CALL, DeleteChild(child), timeout_ms)\n"
                'words = getattr(self._world.trunks[sup], "words", None)\n'
                'if "/" in sup and words is not None:\n'
                '    words["children"] = [one for one in words["children"] if one["id"] != child]',
            ),
        ),
        names={"copy": lambda: __import__("copy")},
        is_hard=True,
    ),
    # -- ending -------------------------------------------------------------------------------------------------------
    Mutant(
        "child_ended_by_hand_comes_back",
        "A permanent child that is ended by hand is restarted.",
        frozenset({"SUP-32", "SUP-30", "SUP-37"}),
        (Edit(f"{SUPERVISOR}._terminate_child", "self.forget(child)", "pass"),),
    ),
    Mutant(
        "ending_by_hand_ends_the_group",
        "Ending a child by hand ends those that its strategy ties to it.",
        frozenset({"SUP-32"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                _END,
                "await self._end_each(find_group(self.spec.strategy, self._children.values(), child))",
            ),
        ),
    ),
    Mutant(
        "temporary_child_ended_by_hand_is_kept",
        "A temporary child that is ended by hand stays known.",
        frozenset({"SUP-33"}),
        (Edit(f"{SUPERVISOR}._terminate_child", "self.forget(child)", "self._detach(child)"),),
    ),
    Mutant(
        "ending_by_hand_does_not_wait",
        "Ending a child by hand only sends the request and returns.",
        frozenset({"SUP-31", "SHUT-7"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                _END,
                'reason = ExitReason.KILL if child.spec.shutdown == "brutal_kill" else ExitReason.SHUTDOWN\n'
                "if child.process is not None:\n"
                "    self.runtime.table.exit(child.process, self._record(), reason)",
            ),
        ),
    ),
    Mutant(
        "ending_by_hand_kills",
        "Ending a child by hand kills it, whatever its shutdown rule.",
        frozenset({"SUP-31", "SHUT-3", "SHUT-4", "SHUT-15"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                _END,
                "if child.process is not None:\n"
                "    self.runtime.table.exit(child.process, self._record(), ExitReason.KILL)\n"
                f"{_END}",
            ),
        ),
    ),
    Mutant(
        "ending_by_hand_counts_as_a_restart",
        "Ending a child by hand counts as a restart.",
        frozenset({"SUP-37", "INT-8", "SUP-32"}),
        (Edit(f"{SUPERVISOR}._terminate_child", _END, f"{_SPEND}\n{_END}"),),
    ),
    Mutant(
        "ending_an_unknown_id_succeeds",
        "Ending a child that is not known succeeds.",
        frozenset({"SUP-30", "SUP-33", "SUP-34"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                _FIND,
                "child = self._children.get(child_id)\nif child is None:\n    return",
            ),
        ),
    ),
    Mutant(
        "ending_a_stopped_child_fails",
        "Ending a child that has no process says not found.",
        frozenset({"SUP-30"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                _FIND,
                f"{_FIND}\nif child.is_down:\n    raise ChildNotFoundError(child_id)",
            ),
        ),
    ),
    Mutant(
        "ending_a_restarting_child_fails",
        "Ending a child that waits for a restart says not found.",
        frozenset({"SUP-30", "STR-15", "INT-15"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                _FIND,
                f"{_FIND}\nif child.is_restarting:\n    raise ChildNotFoundError(child_id)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ending_a_restarting_child_does_not_cancel",
        "A child that waits for a restart is tried again although it was ended by hand.",
        frozenset({"STR-15", "SUP-30"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "self.forget(child)",
                "if not child.is_restarting:\n    self.forget(child)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "cancelled_restart_starts_the_siblings",
        "Ending the child that waits for a restart starts the siblings that were to follow it.",
        frozenset({"STR-15", "SUP-32"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "self.forget(child)",
                "was_restarting = child.is_restarting\n"
                "self.forget(child)\n"
                "for other in list(self._children.values()) if was_restarting else ():\n"
                '    if other is not child and other.is_down and other.spec.restart != "temporary":\n'
                "        await self._start(other)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dead_child_is_not_found",
        "Ending a child whose death the supervisor has not handled yet says not found.",
        frozenset({"SUP-39", "SUP-30", "SUP-31"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                _FIND,
                f"{_FIND}\n"
                "if child.process is not None and not child.process.alive:\n"
                "    raise ChildNotFoundError(child_id)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "dead_child_comes_back_although_ended",
        "A child that is ended while its death has not been handled yet is restarted when it is.",
        frozenset({"SUP-39", "SUP-32", "SUP-31"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "await self.end(child)\n    self.forget(child)",
                "if child.process is not None and not child.process.alive:\n    return\n"
                "await self.end(child)\nself.forget(child)",
            ),
        ),
        is_hard=True,
    ),
)
