"""Faults in timers: chapter `timers`."""

from __future__ import annotations

from collections import Counter

from tests.conformance.mutants.places import TIMER
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]


_ARM = "self._alarm = clock.call_later(delay, self._fire)"
_AGAIN = "self._alarm = clock.call_later(max(0.0, self._due - clock.now()), self._fire)"
_POST = "process.post((INFO, self._message))"

MUTANTS = (
    Mutant(
        "timer_is_early",
        "A timer fires after half its time.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}.start", _ARM, "self._alarm = clock.call_later(delay / 2, self._fire)"),),
    ),
    Mutant(
        "long_timer_never_fires",
        "A timer of 150 milliseconds or more never fires.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}.start", _ARM, f"if delay < 0.15:\n    {_ARM}"),),
        is_hard=True,
    ),
    Mutant(
        "timer_of_zero_never_fires",
        "A timer of zero milliseconds never fires.",
        frozenset({"TIM-3"}),
        (Edit(f"{TIMER}.start", _ARM, f"if delay > 0:\n    {_ARM}"),),
        is_hard=True,
    ),
    Mutant(
        "cancelled_timer_fires",
        "A timer that was cancelled fires all the same.",
        frozenset({"TIM-4"}),
        (
            Edit(
                f"{TIMER}.cancel",
                "self._end()\n        if self._alarm is not None:\n            self._alarm.cancel()",
                "pass",
            ),
        ),
    ),
    Mutant(
        "cancelled_interval_goes_on",
        "An interval that has ticked before cannot be stopped.",
        frozenset({"TIM-4"}),
        (
            Edit(f"{TIMER}._fire", "self._due += self._period", "self._due += self._period\nticked.add(self)"),
            Edit(f"{TIMER}.cancel", "self._end()", "if self in ticked:\n    return True\nself._end()"),
        ),
        names={"ticked": set},
        is_hard=True,
    ),
    Mutant(
        "cancel_is_always_true",
        "Cancelling a timer always says that it was active.",
        frozenset({"TIM-5"}),
        (Edit(f"{TIMER}.cancel", "return False", "return True"),),
    ),
    Mutant(
        "cancel_is_always_false",
        "Cancelling a timer never says that it was active.",
        frozenset({"TIM-4"}),
        (Edit(f"{TIMER}.cancel", "return True", "return False"),),
    ),
    Mutant(
        "timers_outlive_their_process",
        "A timer of a dead process counts as active.",
        frozenset({"TIM-7"}),
        (Edit(f"{TIMER}.detach", "self.cancel()", "pass"),),
        is_hard=True,
    ),
    Mutant(
        "interval_fires_once",
        "An interval fires once.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}._fire", _AGAIN, "pass"),),
    ),
    Mutant(
        "interval_stops_after_three",
        "An interval stops after its third tick.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}._fire", _AGAIN, f"ticks[self] += 1\nif ticks[self] < 3:\n    {_AGAIN}"),),
        names={"ticks": Counter},
        is_hard=True,
    ),
    Mutant(
        "interval_slows_down",
        "From its second tick on an interval takes twice its period.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}._fire", "self._due += self._period", "self._due += 2 * self._period"),),
    ),
    Mutant(
        "tick_is_lost_on_the_busy",
        "A timer that fires while the process waits inside a callback is lost.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}._fire", "if process is not None:", "if process is not None and process.blocked_on is None:"),),
        is_hard=True,
    ),
    Mutant(
        "timer_replaces_the_one_before",
        "A process has one timer: setting another one stops the one before.",
        frozenset({"TIM-1"}),
        (
            Edit(
                f"{TIMER}.start",
                "process.attachments.add(self)",
                "for other in [other for other in process.attachments if isinstance(other, Timer)]:\n"
                "    other.cancel()\n"
                "process.attachments.add(self)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "third_timer_never_fires",
        "A process that has two timers running gets no third one.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}.start", _ARM, f"if process is None or len(process.attachments) < 3:\n    {_ARM}"),),
        is_hard=True,
    ),
    Mutant(
        "timer_fires_twice",
        "A timer sends its message twice.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}._fire", _POST, f"{_POST}\nif self._period is None:\n    {_POST}"),),
    ),
)
