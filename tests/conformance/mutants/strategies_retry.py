"""Faults in deaths that come together, and in trying again: chapter `strategies`."""

from __future__ import annotations

from tests.conformance.mutants.places import (
    SUPERVISING,
    SUPERVISOR,
)
from tests.conformance.mutants.plant import Count, Edit, Mutant

__all__ = ["MUTANTS"]

_RESTART = "await self.restart(child)"
_SPEND = "self._budget.spend(self.runtime.clock.now())"

MUTANTS = (
    # -- two at once --------------------------------------------------------------------------------------------------
    Mutant(
        "second_death_is_lost",
        "Deaths of which a supervisor hears while it restarts another child are lost.",
        frozenset({"STR-18", "STR-17", "STR-1", "STR-3"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                _RESTART,
                f"{_RESTART}\n"
                "mailbox = self._record().mailbox\n"
                "for item in [item for item in mailbox if item[0] == 4 and self.find(item[1]) is not None]:\n"
                "    mailbox.remove(item)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "second_death_counts_twice",
        "A restart counts twice if the death of another child waits to be handled.",
        frozenset({"STR-18", "STR-17", "STR-16", "INT-3"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                f"if {_SPEND}:",
                f"if any(item[0] == 4 and self.find(item[1]) is not None for item in self._record().mailbox):\n"
                f"    {_SPEND}\n"
                f"if {_SPEND}:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "deaths_at_once_count_once",
        "Two children of a one_for_one supervisor that die together cost one restart.",
        frozenset({"STR-18", "INT-1", "INT-14"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                f"if {_SPEND}:",
                'if getattr(self.spec, "strategy", "") == "one_for_one" and any(\n'
                "    item[0] == 4 and self.find(item[1]) is not None for item in self._record().mailbox\n"
                "):\n"
                "    await self.restart(child)\n"
                "    return None\n"
                f"if {_SPEND}:",
            ),
        ),
        is_hard=True,
    ),
    # -- trying again -------------------------------------------------------------------------------------------------
    Mutant(
        "failed_restart_is_not_tried_again",
        "A child that fails to start during a restart is left without a process.",
        frozenset({"STR-12", "DYN-E9"}),
        (Edit(f"{SUPERVISING}.retry_later", "self.handle.cast(child.retry)", "child.retry = None"),),
    ),
    Mutant(
        "failed_restart_ends_the_supervisor",
        "A supervisor gives up as soon as a child fails to start during a restart.",
        frozenset({"STR-12", "INT-5", "INT-1", "DYN-E9"}),
        (
            Edit(
                f"{SUPERVISING}.restart_within_budget",
                _RESTART,
                f"{_RESTART}\nif child.is_restarting:\n    self.forget(child)\n    return Stop(ExitReason.SHUTDOWN)",
            ),
        ),
    ),
    Mutant(
        "third_attempt_is_not_made",
        "A supervisor tries twice to restart a child that fails to start, and then leaves it without a process.",
        frozenset({"STR-12", "INT-5", "DYN-E9"}),
        (
            Edit(
                f"{SUPERVISING}.retry_later",
                "self.handle.cast(child.retry)",
                "if count(self.process_record) % 3:\n    self.handle.cast(child.retry)\nelse:\n    child.retry = None",
            ),
        ),
        names={"count": Count},
        is_hard=True,
    ),
    Mutant(
        "restart_that_ignores_is_tried_again",
        "A restart whose start ignores counts as one that failed.",
        frozenset({"STR-19"}),
        (
            Edit(
                f"{SUPERVISOR}.restart",
                "await self._start(member)",
                "await self._start(member)\n"
                "if member.process is None:\n"
                "    raise ChildStartError(member.spec.id, ExitReason.NORMAL)",
            ),
        ),
    ),
    Mutant(
        "restart_that_ignores_drops_the_child",
        "A child whose restart ignores is not known any more.",
        frozenset({"STR-19"}),
        (
            Edit(
                f"{SUPERVISOR}.restart",
                "await self._start(member)",
                "await self._start(member)\nif member.process is None:\n    self._children.pop(member.spec.id, None)",
            ),
        ),
    ),
)
