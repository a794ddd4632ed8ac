"""Faults in counting restarts and in giving up: chapter `intensity`."""

from __future__ import annotations

from tests.conformance.mutants.places import BUDGET, NURSERY, SUPERVISING, SUPERVISOR
from tests.conformance.mutants.plant import Count, Edit, Mutant

__all__ = ["MUTANTS"]

_SPEND = f"{BUDGET}.spend"
_LIMIT = "return len(times) <= self._limit"
_FORGET = "while times[0] < time - self._window:"
_WITHIN = f"{SUPERVISING}.restart_within_budget"
_IF = "if self._budget.spend(self.runtime.clock.now()):"
_ONE_MORE = "self._budget.spend(self.runtime.clock.now())"
_GIVE_UP = "return Stop(ExitReason.SHUTDOWN)"
_IF_NEEDED = "if needs_restart(child.spec.restart, reason):"
_LOG = "self.runtime.logger.error("

MUTANTS = (
    # -- the limit ----------------------------------------------------------------------------------------------------
    Mutant(
        "one_restart_more_is_tolerated",
        "A supervisor tolerates one restart more than its limit.",
        frozenset({"INT-1", "INT-2"}),
        (Edit(_SPEND, _LIMIT, "return len(times) <= self._limit + 1"),),
    ),
    Mutant(
        "one_restart_less_is_tolerated",
        "A supervisor gives up with as many restarts as its limit.",
        frozenset({"INT-1"}),
        (Edit(_SPEND, _LIMIT, "return len(times) < max(1, self._limit)"),),
    ),
    Mutant(
        "limit_of_zero_is_one",
        "A limit of zero tolerates one restart.",
        frozenset({"INT-2"}),
        (Edit(_SPEND, _LIMIT, "return len(times) <= max(1, self._limit)"),),
    ),
    Mutant(
        "limit_of_zero_is_no_limit",
        "A limit of zero tolerates any number of restarts, up to thirty.",
        frozenset({"INT-2"}),
        (Edit(_SPEND, _LIMIT, "return len(times) <= (self._limit or 30)"),),
    ),
    Mutant(
        "limit_above_three_is_three",
        "A supervisor never tolerates more than three restarts.",
        frozenset({"INT-1"}),
        (Edit(_SPEND, _LIMIT, "return len(times) <= min(3, self._limit)"),),
        is_hard=True,
    ),
    Mutant(
        "each_child_has_a_limit_of_its_own",
        "Each child of a supervisor has a budget of its own.",
        frozenset({"INT-3", "INT-1", "INT-12"}),
        (
            Edit(
                _WITHIN,
                _IF,
                'budgets = self.__dict__.setdefault("budgets", {})\n'
                "new = RestartBudget(self.spec.max_restarts, self.spec.max_seconds)\n"
                "budget = budgets.setdefault(child.spec.id, new)\n"
                "if budget.spend(self.runtime.clock.now()):",
            ),
        ),
    ),
    Mutant(
        "group_restart_counts_once_per_child",
        "A group restart counts once for each child that it touches.",
        frozenset({"INT-4"}),
        (
            Edit(
                f"{SUPERVISOR}.restart",
                "await self._end_each(group)",
                f"for _ in group[1:]:\n    {_ONE_MORE}\nawait self._end_each(group)",
            ),
        ),
    ),
    Mutant(
        "attempts_do_not_count",
        "Further attempts to restart a child that fails to start do not count, up to thirty of them.",
        frozenset({"INT-5", "INT-6", "DYN-E9"}),
        (
            Edit(
                _WITHIN,
                _IF,
                "if (child.is_restarting and count(self.process_record) <= 30) or self._budget.spend(\n"
                "    self.runtime.clock.now()\n"
                "):",
            ),
        ),
        names={"count": Count},
    ),
    Mutant(
        "every_second_attempt_is_free",
        "Every second attempt to restart a child that fails to start does not count.",
        frozenset({"INT-5", "INT-6", "DYN-E9"}),
        (
            Edit(
                _WITHIN,
                _IF,
                "if (child.is_restarting and count(self.process_record) % 2 == 0) or self._budget.spend(\n"
                "    self.runtime.clock.now()\n"
                "):",
            ),
        ),
        names={"count": Count},
        is_hard=True,
    ),
    Mutant(
        "attempts_count_twice",
        "Further attempts to restart a child that fails to start count twice.",
        frozenset({"INT-5", "INT-6", "DYN-E9"}),
        (Edit(_WITHIN, _IF, f"if child.is_restarting:\n    {_ONE_MORE}\n{_IF}"),),
    ),
    Mutant(
        "failed_rounds_do_not_count",
        "Under one_for_all failed rounds do not count, up to thirty of them.",
        frozenset({"INT-6", "INT-5"}),
        (
            Edit(
                _WITHIN,
                _IF,
                'is_round = child.is_restarting and getattr(self.spec, "strategy", "") == "one_for_all"\n'
                "if (is_round and count(self.process_record) <= 30) or self._budget.spend(self.runtime.clock.now()):",
            ),
        ),
        names={"count": Count},
        is_hard=True,
    ),
    Mutant(
        "success_resets_the_attempts",
        "When a child has started at last, the attempts that failed are forgotten.",
        frozenset({"INT-9", "INT-5", "INT-1"}),
        (
            Edit(
                _WITHIN,
                "await self.restart(child)",
                "was_restarting = child.is_restarting\n"
                "await self.restart(child)\n"
                "if was_restarting and not child.is_restarting:\n"
                "    self._budget._times.clear()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ends_of_temporary_children_count",
        "The end of a temporary child counts as a restart.",
        frozenset({"INT-7", "STR-2"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "self.forget(child)",
                f'self.forget(child)\nif child.spec.restart == "temporary":\n    {_ONE_MORE}',
            ),
        ),
    ),
    Mutant(
        "good_ends_of_transient_children_count",
        "The good end of a transient child counts as a restart.",
        frozenset({"INT-7"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                "self.forget(child)",
                f'self.forget(child)\nif child.spec.restart == "transient":\n    {_ONE_MORE}',
            ),
        ),
    ),
    Mutant(
        "normal_end_of_a_permanent_child_is_free",
        "A permanent child that ends with normal is restarted without being counted.",
        frozenset({"INT-7", "INT-1", "INT-2"}),
        (
            Edit(
                f"{SUPERVISOR}.handle_end",
                _IF_NEEDED,
                f"{_IF_NEEDED}\n"
                '    if str(reason) == "normal":\n'
                "        self._detach(child)\n"
                "        await self.restart(child)\n"
                "        return None",
            ),
        ),
    ),
    # -- the window ---------------------------------------------------------------------------------------------------
    Mutant(
        "window_never_slides",
        "Restarts are never forgotten.",
        frozenset({"INT-9", "INT-11"}),
        (Edit(_SPEND, _FORGET, "while False:"),),
    ),
    Mutant(
        "window_is_open",
        "A restart that is exactly as old as the window does not count.",
        frozenset({"INT-11", "INT-9"}),
        (Edit(_SPEND, _FORGET, "while times[0] <= time - self._window:"),),
        is_hard=True,
    ),
    Mutant(
        "window_is_one_grain_longer",
        "A restart that is older than the window by one millisecond still counts.",
        frozenset({"INT-11", "INT-9"}),
        (Edit(_SPEND, _FORGET, "while times[0] < time - self._window - 1:"),),
        is_hard=True,
    ),
    Mutant(
        "window_forgets_in_blocks",
        "When one restart is too old, all are forgotten.",
        frozenset({"INT-9", "INT-11"}),
        (
            Edit(
                _SPEND,
                _FORGET,
                "if times[0] < time - self._window:\n    times.clear()\n    times.append(time)\nwhile False:",
            ),
        ),
    ),
    Mutant(
        "window_is_a_fixed_bucket",
        "Restarts count together if they fall into the same stretch of time, as long as the window.",
        frozenset({"INT-9", "INT-11"}),
        (Edit(_SPEND, _FORGET, "while times[0] // self._window < time // self._window:"),),
    ),
    Mutant(
        "window_begins_anew_with_each_restart",
        "Old restarts are forgotten only after a whole window without any.",
        frozenset({"INT-9", "INT-11"}),
        (
            Edit(
                _SPEND,
                _FORGET,
                "if len(times) > 1 and times[-2] < time - self._window:\n"
                "    times.clear()\n"
                "    times.append(time)\n"
                "while False:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "window_counts_from_the_first",
        "The window begins with the first restart; when it is over, counting begins anew.",
        frozenset({"INT-9", "INT-11"}),
        (
            Edit(
                _SPEND,
                _FORGET,
                "if time - times[0] > self._window:\n    times.clear()\n    times.append(time)\nwhile False:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "window_is_in_whole_seconds",
        "The times of restarts are kept in whole seconds, finer than which the clock says it is.",
        frozenset({"INT-11", "INT-9"}),
        (Edit(_SPEND, "time = _whole_ms(now)", "time = _whole_ms(now) // 1000 * 1000"),),
        is_hard=True,
    ),
    Mutant(
        "window_of_milliseconds",
        "The length of the window is taken for milliseconds.",
        frozenset({"INT-1", "INT-9", "INT-11", "INT-3"}),
        (Edit(_SPEND, _FORGET, "while times[0] < time - self._window / 1000:"),),
    ),
    Mutant(
        "window_is_a_thousand_times_as_long",
        "The length of the window is taken for thousands of seconds.",
        frozenset({"INT-9", "INT-11"}),
        (Edit(_SPEND, _FORGET, "while times[0] < time - self._window * 1000:"),),
    ),
    Mutant(
        "success_resets_the_window",
        "A second of quiet after a restart resets the count.",
        frozenset({"INT-9", "INT-1", "INT-11", "INT-3"}),
        (
            Edit(
                _SPEND,
                _FORGET,
                "if len(times) > 1 and times[-2] < time - 1000:\n    times.clear()\n    times.append(time)\n"
                "while times[0] < time - self._window:",
            ),
        ),
        is_hard=True,
    ),
    # -- giving up ----------------------------------------------------------------------------------------------------
    Mutant(
        "last_restart_is_performed",
        "A supervisor that gives up restarts the child once more before.",
        frozenset({"INT-1", "INT-2", "INT-5", "INT-14"}),
        (Edit(_WITHIN, _LOG, f"await self.restart(child)\n{_LOG}"),),
    ),
    Mutant(
        "giving_up_does_not_wait_for_the_others",
        "A supervisor that gives up does not end its other children in order; their links do.",
        frozenset({"INT-1", "SHUT-1", "INT-2", "INT-12"}),
        (Edit(_WITHIN, _GIVE_UP, f"self._children.clear()\n{_GIVE_UP}"),),
    ),
    Mutant(
        "giving_up_ends_in_start_order",
        "A supervisor that gives up ends its other children from the first to the last.",
        frozenset({"INT-1", "SHUT-1"}),
        (Edit(_WITHIN, _GIVE_UP, f"self._children = dict(reversed(self._children.items()))\n{_GIVE_UP}"),),
    ),
    Mutant(
        "giving_up_is_normal",
        "A supervisor that gives up ends with normal.",
        frozenset({"INT-1", "INT-2", "INT-5", "SHUT-13"}),
        (Edit(_WITHIN, _GIVE_UP, "return Stop(ExitReason.NORMAL)"),),
    ),
    Mutant(
        "giving_up_is_a_crash",
        "A supervisor that gives up ends with an error.",
        frozenset({"INT-1", "INT-2", "INT-5", "SHUT-13"}),
        (Edit(_WITHIN, _GIVE_UP, 'return Stop(ExitReason.error("too many restarts"))'),),
    ),
    Mutant(
        "giving_up_is_killing",
        "A supervisor that gives up kills itself, and its children die with it.",
        frozenset({"INT-1", "INT-2", "INT-5", "SHUT-13"}),
        (
            Edit(
                _WITHIN,
                _GIVE_UP,
                f"self.runtime.table.die(self._record(), ExitReason.KILLED)\n{_GIVE_UP}",
            ),
        ),
    ),
    Mutant(
        "giving_up_leaves_the_supervisor_alive",
        "Beyond its limit a supervisor leaves the child without a process and goes on.",
        frozenset({"INT-1", "INT-2", "INT-5", "INT-14"}),
        (Edit(_WITHIN, _GIVE_UP, "self.forget(child)\nreturn None"),),
    ),
    Mutant(
        "restarted_supervisor_keeps_its_count",
        "A supervisor that is restarted goes on with the restarts that it counted before.",
        frozenset({"INT-13"}),
        (
            Edit(
                f"{NURSERY}._make_start",
                "return self._board.make_child(label, attempt)",
                "child = self._board.make_child(label, attempt)\n"
                'if "supervisor" in start:\n'
                '    budgets = self.__dict__.setdefault("budgets", {})\n'
                "    child._budget = budgets.setdefault(child_id, child._budget)\n"
                "return child",
            ),
        ),
        is_hard=True,
    ),
)
