"""Faults that attackers of the suite thought of without having seen it: timers."""

from __future__ import annotations

from tests.conformance.mutants.places import PROBE, RUNTIME, SERVING, TABLE, TIMER
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.red_tools import Memory

__all__ = ["MUTANTS"]

MUTANTS = (
    Mutant(
        "missed_ticks_become_one",
        "Ticks of an interval that come while its process is busy are one.",
        frozenset({"TIM-1"}),
        (
            Edit(
                f"{TIMER}._fire",
                "if process is not None:",
                "if process is not None and not (\n"
                "    self._period and any(item[1] == self._message for item in process.mailbox)\n"
                "):",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "cancelling_takes_the_message_back",
        "Cancelling a timer removes its message from the mailbox and says that it was active.",
        frozenset({"TIM-1", "TIM-5"}),
        (
            Edit(
                f"{TIMER}.cancel",
                "if not self.active:",
                "process = self._process\n"
                "waiting = [each for each in process.mailbox if each == (INFO, self._message)] "
                "if process and process.alive else []\n"
                "if not self.active and waiting:\n"
                "    process.mailbox.remove(waiting[0])\n"
                "    return True\n"
                "if not self.active:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "cancelling_an_interval_takes_its_tick_back",
        "Cancelling an interval removes its last tick from the mailbox.",
        frozenset({"TIM-4", "TIM-1", "TIM-5"}),
        (
            Edit(
                f"{TIMER}.cancel",
                "self._end()",
                "process = self._process\n"
                "if process and (INFO, self._message) in process.mailbox:\n"
                "    process.mailbox.remove((INFO, self._message))\n"
                "self._end()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "cancelled_twice_is_true_again",
        "Cancelling a timer for the second time says that it was active.",
        frozenset({"TIM-5"}),
        (
            Edit(
                f"{TIMER}.cancel",
                "if not self.active:",
                "seen = memory(self._process) if self._process else {}\n"
                "if self in seen:\n    return True\n"
                "if self.active and self._process:\n    seen[self] = True\n"
                "if not self.active:",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "cancelling_one_cancels_all",
        "Cancelling a timer cancels all timers of that process.",
        frozenset({"TIM-4", "TIM-1", "TIM-5"}),
        (
            Edit(
                f"{TIMER}.cancel",
                "self._end()",
                "self._end()\n"
                "for other in tuple(self._process.attachments or ()) if self._process else ():\n"
                "    other.detach()",
            ),
        ),
    ),
    Mutant(
        "equal_timers_are_one",
        "A timer with the same message as another one of that process replaces it.",
        frozenset({"TIM-1", "TIM-4", "TIM-5"}),
        (
            Edit(
                f"{TIMER}.start",
                "self.active = True",
                "for other in tuple(process.attachments or ()) if process else ():\n"
                "    if other._message == self._message:\n"
                "        other.cancel()\n"
                "self.active = True",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "interval_begins_with_a_tick",
        "The first tick of an interval comes at once.",
        frozenset({"TIM-1"}),
        (
            Edit(
                f"{RUNTIME}.send_interval",
                "return self._start_timer(period, target, message, period)",
                "return self._start_timer(0, target, message, period)",
            ),
        ),
    ),
    Mutant(
        "timer_is_a_millisecond_early",
        "A timer of more than 10 milliseconds fires one millisecond early.",
        frozenset({"TIM-1"}),
        (
            Edit(
                f"{RUNTIME}.send_after",
                "return self._start_timer(delay, target, message, None)",
                "return self._start_timer(delay - 0.001 if delay > 0.01 else delay, target, message, None)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "unknown_timers_were_active",
        "Cancelling a timer that never was says that it was active.",
        frozenset({"TIM-5"}),
        (
            Edit(
                f"{PROBE}.do_cancel_timer",
                "timer is not None and timer.cancel()",
                "timer is None or timer.cancel()",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "timers_end_when_a_linked_process_does",
        "The timers of a process that traps exits are cancelled when a linked process ends.",
        frozenset({"TIM-1", "TIM-7", "TIM-5"}),
        (
            Edit(
                f"{TABLE}._signal_link",
                "if peer.trap_exit:",
                "for timer in tuple(peer.attachments or ()):\n    timer.cancel()\nif peer.trap_exit:",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "timers_of_zero_are_lost_in_calls",
        "A timer of zero milliseconds that is set while another one is due never fires.",
        frozenset({"TIM-1", "TIM-3"}),
        (
            Edit(
                f"{TIMER}.start",
                "self.active = True",
                "if delay == 0 and process is not None and process.attachments:\n    return\nself.active = True",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "resumed_timers_come_first",
        "What timers sent while a server was suspended is handled after what came later.",
        frozenset({"GS-37", "GS-21"}),
        (
            Edit(
                f"{SERVING}_serve_suspended",
                "mailbox.extendleft(reversed(stash))",
                "infos = [each for each in stash if each[0] == INFO]\n"
                "mailbox.extendleft(reversed([each for each in stash if each[0] != INFO]))\n"
                "mailbox.extend(infos)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "timers_wait_for_a_day_at_most",
        "A timer that is set for more than a day fires after a day.",
        frozenset({"TIM-1"}),
        (
            Edit(
                f"{TIMER}.start",
                "clock.call_later(delay, self._fire)",
                "clock.call_later(min(delay, 86400.0), self._fire)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "timers_count_in_31_bits",
        "The time of a timer is cut to 31 bits of milliseconds.",
        frozenset({"TIM-1"}),
        (
            Edit(
                f"{TIMER}.start",
                "clock.call_later(delay, self._fire)",
                "clock.call_later(delay % 2147483.648, self._fire)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "intervals_drift",
        "Each tick of an interval is due a little later than a period after the one before.",
        frozenset({"TIM-1"}),
        (Edit(f"{TIMER}._fire", "self._due += self._period", "self._due += self._period + 0.001"),),
    ),
)
