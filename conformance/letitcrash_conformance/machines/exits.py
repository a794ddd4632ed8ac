"""Machine of the chapter exits: reasons, exit signals and trapping them."""

from __future__ import annotations

from hypothesis.stateful import rule

from letitcrash_conformance.machines.base import SessionMachine, when
from letitcrash_conformance.machines.values import FLAGS, RAISED_REASONS, REASONS, VIA, WHO
from letitcrash_spec.messages import Json

__all__ = ["ExitsMachine"]


class ExitsMachine(SessionMachine):
    """Processes that end, by themselves or by signals from outside and from each other."""

    needs = SessionMachine.needs | {"exit_signals"}

    @when("exit_signals")
    @rule(who=WHO, reason=REASONS)
    def exit(self, who: int, reason: Json) -> None:
        """Send an exit signal from outside."""
        self.step("exit", to=self.label(who), reason=reason)

    @when("exit_signals")
    @rule(who=WHO, whom=WHO, reason=REASONS, via=VIA)
    def exit_from(self, who: int, whom: int, reason: Json, via: str) -> None:
        """Send an exit signal from one process to another."""
        self.tell(who, ["exit", self.peer(whom, who), reason], via)

    @when("exit_signals")
    @rule(who=WHO, flag=FLAGS, via=VIA)
    def trap_exit(self, who: int, flag: bool, via: str) -> None:
        """Set whether a process traps exits."""
        self.tell(who, ["trap_exit", flag], via)

    @when()
    @rule(who=WHO, reason=RAISED_REASONS, via=VIA)
    def end(self, who: int, reason: Json, via: str) -> None:
        """Make a process stop itself."""
        self.tell(who, ["stop", reason], via)
