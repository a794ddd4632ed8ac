"""Faults in how supervisors start, obey and end: chapter `supervisor`."""

from __future__ import annotations

from tests.conformance.mutants.places import (
    CHILD_SPEC,
    SERVING,
    SPECS,
    STARTING,
    SUPERVISING,
    SUPERVISOR,
    SUPERVISOR_SPEC,
    TABLE,
)
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_END_THOSE_BEFORE = "await self._end_each(list(self._children.values()))"

MUTANTS = (
    # -- its start ----------------------------------------------------------------------------------------------------
    Mutant(
        "children_start_in_reverse_order",
        "The children are started from the last to the first.",
        frozenset({"SUP-1"}),
        (Edit(f"{SUPERVISOR}.init", "for spec in self.spec.children:", "for spec in reversed(self.spec.children):"),),
    ),
    Mutant(
        "fourth_child_is_not_started",
        "A supervisor starts three children; further ones are known, but not started.",
        frozenset({"SUP-1"}),
        (
            Edit(
                f"{SUPERVISOR}.init",
                "child = self._children[spec.id] = Child(spec)",
                "child = self._children[spec.id] = Child(spec)\nif len(self._children) > 3:\n    continue",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "supervisor_is_started_before_its_children",
        "The start of a supervisor returns at once, while its children are still starting.",
        frozenset({"SUP-1", "SUP-2"}),
        (
            Edit(
                f"{SERVING}_start",
                "process.phase = Phase.STARTING",
                "process.phase = Phase.STARTING\n"
                "if server.is_supervisor and process.start_token is not None:\n"
                "    process.start_token.resolve(None)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "failed_init_ends_in_start_order",
        "If a child fails to start, those before it are ended from the first to the last.",
        frozenset({"SUP-2"}),
        (
            Edit(
                f"{SUPERVISOR}.init",
                _END_THOSE_BEFORE,
                "await self._end_each(list(reversed(self._children.values())))",
            ),
        ),
    ),
    Mutant(
        "failed_init_leaves_the_others",
        "If a child fails to start, the supervisor ends without ending those before it; their links do.",
        frozenset({"SUP-2"}),
        (Edit(f"{SUPERVISOR}.init", _END_THOSE_BEFORE, "pass"),),
    ),
    Mutant(
        "failed_init_spares_the_first",
        "If a child fails to start, those before it are ended, except for the first.",
        frozenset({"SUP-2"}),
        (Edit(f"{SUPERVISOR}.init", _END_THOSE_BEFORE, "await self._end_each(list(self._children.values())[1:])"),),
    ),
    Mutant(
        "failed_init_starts_the_rest",
        "If a child fails to start, those after it are started all the same before all are ended.",
        frozenset({"SUP-2"}),
        (
            Edit(
                f"{SUPERVISOR}.init",
                _END_THOSE_BEFORE,
                "at = list(self.spec.children).index(spec)\n"
                "for later in self.spec.children[at + 1 :]:\n"
                "    other = self._children[later.id] = Child(later)\n"
                "    try:\n"
                "        await self._start(other)\n"
                "    except ChildStartError:\n"
                "        pass\n"
                "await self._end_each(list(self._children.values()))",
            ),
        ),
    ),
    Mutant(
        "failed_init_is_tolerated",
        "If a child fails to start, the supervisor starts without it.",
        frozenset({"SUP-2"}),
        (Edit(f"{SUPERVISOR}.init", _END_THOSE_BEFORE, "continue"),),
    ),
    Mutant(
        "failed_init_ends_it_with_the_childs_reason",
        "A supervisor whose child fails to start ends with the reason of the child.",
        frozenset({"SUP-2"}),
        (
            Edit(
                f"{SUPERVISOR}.init",
                "return Stop(ExitReason(ExitReason.SHUTDOWN.kind, text, error))",
                "return Stop(error.reason)",
            ),
        ),
    ),
    Mutant(
        "ignored_child_fails_the_start",
        "A child whose start ignores counts as one that failed.",
        frozenset({"SUP-4", "SUP-23", "STR-19", "DYN-E2"}),
        (
            Edit(
                f"{SUPERVISING}.start_process",
                "except StartIgnoredError:\n        return None",
                "except StartIgnoredError as error:\n    raise ChildStartError(spec.id, ExitReason.NORMAL) from error",
            ),
        ),
    ),
    Mutant(
        "ignored_temporary_child_is_kept",
        "A temporary child whose start ignored stays known.",
        frozenset({"SUP-4", "SUP-23"}),
        (Edit(f"{SUPERVISOR}._start", 'elif child.spec.restart == "temporary":', "elif False:"),),
    ),
    Mutant(
        "ignored_child_is_dropped",
        "A permanent or transient child whose start ignored is not kept.",
        frozenset({"SUP-4", "SUP-23", "STR-19"}),
        (
            Edit(
                f"{SUPERVISOR}._start",
                'elif child.spec.restart == "temporary":\n        self.forget(child)',
                "else:\n    self._detach(child)\n    self._children.pop(child.spec.id, None)",
            ),
        ),
    ),
    Mutant(
        "reason_of_a_failed_child_is_lost",
        "A child that fails to start is always reported with reason normal.",
        frozenset({"SUP-3", "SUP-24", "SUP-36", "DYN-E2"}),
        (
            Edit(
                f"{SUPERVISING}.start_process",
                "raise ChildStartError(spec.id, error.reason) from error",
                "raise ChildStartError(spec.id, ExitReason.NORMAL) from error",
            ),
        ),
    ),
    # -- what it refuses ----------------------------------------------------------------------------------------------
    Mutant(
        "twin_ids_are_accepted",
        "Two children of the list may have the same id; the second takes the place of the first.",
        frozenset({"SUP-7"}),
        (Edit(f"{SUPERVISOR_SPEC}.__post_init__", "if child.id in ids:", "if False:"),),
    ),
    Mutant(
        "window_of_zero_is_accepted",
        "A window of zero seconds is accepted.",
        frozenset({"SUP-9"}),
        (Edit(f"{SPECS}_check_intensity", " or max_seconds == 0:", ":"),),
    ),
    Mutant(
        "negative_limit_is_accepted",
        "A negative number of restarts is accepted.",
        frozenset({"SUP-9"}),
        (Edit(f"{SPECS}_check_intensity", "if not _is_count(max_restarts):", "if False:"),),
    ),
    Mutant(
        "negative_shutdown_is_accepted",
        "A negative shutdown time is accepted.",
        frozenset({"SUP-10", "DYN-E3"}),
        (Edit(f"{CHILD_SPEC}.__post_init__", "not _is_time(self.shutdown):", "isinstance(self.shutdown, str):"),),
    ),
    Mutant(
        "supervisor_with_a_taken_name_starts",
        "A supervisor whose name is taken starts without a name.",
        frozenset({"SUP-11"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "if name is not None:\n            table.registry.add(name, process)",
                "if name is not None and not (server.is_supervisor and name in table.registry.names):\n"
                "    table.registry.add(name, process)",
            ),
        ),
    ),
    Mutant(
        "dead_supervisor_keeps_its_name",
        "The name of a supervisor is not free after its death.",
        frozenset({"REG-10", "REG-11", "SUP-11"}),
        (
            Edit(
                f"{TABLE}._bury",
                "self.registry.free(victim)",
                "if not victim.server.is_supervisor:\n    self.registry.free(victim)",
            ),
        ),
    ),
)
