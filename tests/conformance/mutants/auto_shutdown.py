"""Faults in shutting down automatically: chapter `strategies`."""

from __future__ import annotations

from tests.conformance.mutants.places import CHILD_SPEC, STRATEGIES, SUPERVISOR, SUPERVISOR_SPEC
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_RESTART = f"{SUPERVISOR}.restart"
_END_GROUP = "await self._end_each(group)"
_IS_OVER = f"{STRATEGIES}is_over"
_LAST = "return not any(child.spec.significant and not child.is_down for child in children)"

MUTANTS = (
    # -- automatic shutdown -------------------------------------------------------------------------------------------
    Mutant(
        "any_significant_never_shuts_down",
        "Under any_significant the end of a significant child shuts nothing down.",
        frozenset({"STR-30"}),
        (Edit(_IS_OVER, "return True", "return False"),),
    ),
    Mutant(
        "any_significant_waits_for_all",
        "Under any_significant the supervisor shuts down with the last significant child only.",
        frozenset({"STR-30"}),
        (Edit(_IS_OVER, "return True", _LAST),),
    ),
    Mutant(
        "all_significant_shuts_down_with_any",
        "Under all_significant the supervisor shuts down with the first significant child.",
        frozenset({"STR-32"}),
        (Edit(_IS_OVER, _LAST, "return True"),),
    ),
    Mutant(
        "all_significant_never_shuts_down",
        "Under all_significant the end of the last significant child shuts nothing down.",
        frozenset({"STR-32"}),
        (Edit(_IS_OVER, _LAST, "return False"),),
    ),
    Mutant(
        "all_significant_waits_for_the_stopped",
        "Under all_significant also a significant child without a process keeps the supervisor alive.",
        frozenset({"STR-32"}),
        (
            Edit(
                _IS_OVER,
                _LAST,
                "return not any(child.spec.significant and child is not ended for child in children)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "all_significant_does_not_wait_for_the_restarting",
        "Under all_significant a significant child that waits for a restart does not keep the supervisor alive.",
        frozenset({"STR-32"}),
        (Edit(_IS_OVER, "not child.is_down", "child.process is not None"),),
        is_hard=True,
    ),
    Mutant(
        "every_child_is_significant",
        "Also a child that is not significant shuts its supervisor down.",
        frozenset({"STR-34"}),
        (Edit(_IS_OVER, "if not ended.spec.significant:", "if False:"),),
    ),
    Mutant(
        "automatic_shutdown_ends_with_normal",
        "A supervisor that shuts down automatically ends with normal.",
        frozenset({"STR-30", "STR-32", "SHUT-13"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "return Stop(ExitReason.SHUTDOWN) if is_over",
                "return Stop(ExitReason.NORMAL) if is_over",
            ),
        ),
    ),
    Mutant(
        "automatic_shutdown_skips_the_others",
        "A supervisor that shuts down automatically does not wait for the remaining children.",
        frozenset({"STR-30", "STR-32", "SHUT-1"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "self.forget(child)",
                "self.forget(child)\n"
                "if is_over(self.spec.auto_shutdown, self._children.values(), child):\n"
                "    self._children.clear()\n"
                "    return Stop(ExitReason.SHUTDOWN)",
            ),
        ),
    ),
    Mutant(
        "ending_by_hand_shuts_down",
        "Ending a significant child by hand shuts the supervisor down.",
        frozenset({"STR-33"}),
        (
            Edit(
                f"{SUPERVISOR}._terminate_child",
                "self.forget(child)",
                "self.forget(child)\n"
                "if is_over(self.spec.auto_shutdown, self._children.values(), child):\n"
                "    self._record().post((5, ExitReason.SHUTDOWN))",
            ),
        ),
    ),
    Mutant(
        "group_restart_shuts_down",
        "The end of a significant child in a group restart shuts the supervisor down.",
        frozenset({"STR-33"}),
        (
            Edit(
                _RESTART,
                _END_GROUP,
                f"{_END_GROUP}\n"
                "for member in group:\n"
                '    is_lost = member is not child and member.spec.restart == "temporary"\n'
                "    if is_lost and is_over(self.spec.auto_shutdown, self._children.values(), member):\n"
                "        self._record().post((5, ExitReason.SHUTDOWN))",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "crash_of_a_significant_child_shuts_down",
        "A significant transient child that crashes shuts the supervisor down.",
        frozenset({"STR-31"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "if needs_restart(child.spec.restart, reason):",
                "if needs_restart(child.spec.restart, reason) and not child.spec.significant:",
            ),
        ),
    ),
    Mutant(
        "crash_of_a_significant_temporary_child_is_harmless",
        "A significant temporary child that ends abnormally does not shut the supervisor down.",
        frozenset({"STR-30", "STR-32"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "self.forget(child)",
                "self.forget(child)\nif reason.is_abnormal:\n    return None",
            ),
        ),
    ),
    Mutant(
        "significant_supervisor_is_harmless",
        "A significant child that is a supervisor does not shut its own supervisor down.",
        frozenset({"STR-36", "STR-30", "STR-32"}),
        (
            Edit(
                _IS_OVER,
                "if not ended.spec.significant:",
                'if not ended.spec.significant or ended.spec.type == "supervisor":',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "significant_child_is_accepted_where_nothing_shuts_down",
        "A significant child is accepted without automatic shutdown.",
        frozenset({"STR-35"}),
        (
            Edit(
                f"{SUPERVISOR_SPEC}.check_significance",
                'if child.significant and self.auto_shutdown == "never":',
                "if False:",
            ),
        ),
    ),
    Mutant(
        "significant_child_may_be_permanent",
        "A permanent child may be significant.",
        frozenset({"STR-35"}),
        (Edit(f"{CHILD_SPEC}.__post_init__", 'if self.significant and self.restart == "permanent":', "if False:"),),
    ),
)
