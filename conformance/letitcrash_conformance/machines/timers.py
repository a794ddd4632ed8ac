"""Machine of the chapter timers: messages that come later, once or again and again."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from letitcrash_conformance.machines.base import SessionMachine, when
from letitcrash_conformance.machines.values import VIA, WHICH, WHO

__all__ = ["TimersMachine"]

FAR = 100_000
"""A delay that no test waits for, in milliseconds."""


class TimersMachine(SessionMachine):
    """Processes that start and cancel timers, while time passes and they end."""

    needs = SessionMachine.needs | {"timers"}

    @when("timers")
    @rule(who=WHO, delay=st.integers(0, 180), via=VIA)
    def send_after(self, who: int, delay: int, via: str) -> None:
        """Have a process start a timer to itself."""
        ms = self.ms(delay, choices=(0, 5, 10, FAR))
        self.tell(who, ["send_after", self.new_ref(who, "t"), ms, self.fresh("i")], via)

    @when("timers")
    @rule(who=WHO, period=st.integers(20, 180), via=VIA)
    def send_interval(self, who: int, period: int, via: str) -> None:
        """Have a process start a timer that comes again and again."""
        ms = self.ms(period, choices=(40, FAR))
        self.tell(who, ["send_interval", self.new_ref(who, "t"), ms, self.fresh("i")], via)

    @when("timers")
    @rule(who=WHO, which=WHICH, via=VIA)
    def cancel(self, who: int, which: int, via: str) -> None:
        """Have a process cancel one of its timers."""
        ref = self.ref_of(who, "t", which)
        if ref is not None:
            self.tell(who, ["cancel_timer", ref], via)

    @when("timers")
    @rule(ms=st.integers(1, 200))
    def advance(self, ms: int) -> None:
        """Let time pass, after a look: time never jumps over unfinished work."""
        self.look()
        self.step("advance", ms=ms if self.is_virtual else 120)
