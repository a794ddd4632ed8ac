"""Machine of the chapter monitors: who watches whom, and what it hears."""

from __future__ import annotations

from hypothesis.stateful import rule

from letitcrash_conformance.machines.base import SessionMachine, when
from letitcrash_conformance.machines.values import BACKENDS, FLAGS, NAMES, RAISED_REASONS, TARGETS, VIA, WHICH, WHO
from letitcrash_spec.messages import Json

__all__ = ["MonitorsMachine"]


class MonitorsMachine(SessionMachine):
    """Processes that watch each other, by label and by name, while they end."""

    needs = SessionMachine.needs | {"monitors"}

    @when("monitors")
    @rule(who=WHO, whom=TARGETS, via=VIA)
    def monitor(self, who: int, whom: int | str, via: str) -> None:
        """Have a process watch another, itself, or whoever holds a name."""
        if isinstance(whom, str) and not self.offers("registry"):
            whom = 0
        self.tell(who, ["monitor", self.target(whom, who), self.new_ref(who, "m")], via)

    @when("monitors")
    @rule(who=WHO, which=WHICH, flush=FLAGS, via=VIA)
    def demonitor(self, who: int, which: int, flush: bool, via: str) -> None:
        """Have a process end one of its monitors."""
        ref = self.ref_of(who, "m", which)
        if ref is not None:
            self.tell(who, ["demonitor", ref, flush], via)

    @when("monitors")
    @rule(who=WHO, backend=BACKENDS, via=VIA)
    def spawn_monitored(self, who: int, backend: int, via: str) -> None:
        """Have a process start another and watch it."""
        self.start_inside(who, backend, {"monitor": self.new_ref(who, "m")}, via)

    @when()
    @rule(who=WHO, reason=RAISED_REASONS, via=VIA)
    def end(self, who: int, reason: Json, via: str) -> None:
        """Make a process stop itself."""
        self.tell(who, ["stop", reason], via)

    @when("registry")
    @rule(who=WHO, name=NAMES)
    def register(self, who: int, name: str) -> None:
        """Give a process a name."""
        self.step("register", name=name, to=self.label(who))
