"""Machine of the chapter genserver: starts, calls, casts, plain messages and stops."""

from __future__ import annotations

from typing import Any

from hypothesis.stateful import precondition, rule

from letitcrash_conformance.machines.base import SessionMachine, when
from letitcrash_conformance.machines.values import (
    BACKENDS,
    INITS,
    MS,
    PAYLOADS,
    RAISED_REASONS,
    TERMINATES,
    TIMEOUTS,
    VIA,
    WHO,
)
from letitcrash_spec.messages import Json

__all__ = ["GenserverMachine"]


class GenserverMachine(SessionMachine):
    """Servers that start or fail to, answer late or never, call each other, and stop."""

    @rule(backend=BACKENDS, init=INITS, terminate=TERMINATES)
    def spawn_scripted(self, backend: int, init: Json, terminate: Json) -> None:
        """Start a process whose init may fail and whose terminate may raise."""
        self.start(backend, init=[init], terminate=terminate)

    @when()
    @rule(who=WHO)
    def call_unanswered(self, who: int) -> None:
        """Call a process that never answers."""
        self.tell(who, ["noreply"], timeout_ms=30)

    @when()
    @rule(who=WHO, ms=MS, timeout_ms=TIMEOUTS)
    def call_slow(self, who: int, ms: int, timeout_ms: int | None) -> None:
        """Call a process that answers late, on a virtual clock perhaps too late."""
        self.tell(who, ["sleep", self.ms(ms)], **self._limit(timeout_ms))

    @when()
    @rule(who=WHO, payload=PAYLOADS)
    def send(self, who: int, payload: str) -> None:
        """Send a plain message."""
        self.step("send", to=self.label(who), payload=payload or self.fresh("i"))

    @when()
    @rule(who=WHO, reason=RAISED_REASONS, timeout_ms=TIMEOUTS)
    def stop(self, who: int, reason: Json, timeout_ms: int | None) -> None:
        """Stop a process and wait for its end; not a suspended one, which would not end."""
        if self.label(who) != self.suspended:
            self.step("stop", to=self.label(who), reason=reason, **self._limit(timeout_ms))

    @when()
    @rule(who=WHO, reason=RAISED_REASONS, via=VIA)
    def end(self, who: int, reason: Json, via: str) -> None:
        """Make a process stop itself."""
        self.tell(who, ["stop", reason], via)

    @when("nested_call")
    @rule(who=WHO, whom=WHO, ms=MS, timeout_ms=TIMEOUTS, via=VIA)
    def call_from(self, who: int, whom: int, ms: int, timeout_ms: int | None, via: str) -> None:
        """Have a process call another, or itself."""
        patience = (4000 if timeout_ms is None else timeout_ms) if self.is_virtual else 200
        self.tell(who, ["call", self.peer(whom, who), ["sleep", self.ms(ms)], patience], via)

    @when()
    @rule(who=WHO, whom=WHO, via=VIA)
    def cast_from(self, who: int, whom: int, via: str) -> None:
        """Have a process cast to another."""
        self.tell(who, ["cast", self.peer(whom, who), ["add", 1]], via)

    @when()
    @rule(who=WHO, whom=WHO, payload=PAYLOADS, via=VIA)
    def send_from(self, who: int, whom: int, payload: str, via: str) -> None:
        """Have a process send a plain message to another."""
        self.tell(who, ["send", self.peer(whom, who), payload or self.fresh("i")], via)

    @precondition(lambda machine: machine.is_virtual)
    @when("suspend")
    @rule(who=WHO)
    def suspend(self, who: int) -> None:
        """Make a process keep its messages back, or let the one go on that does.

        Only on a virtual clock, where waiting for it costs nothing.
        """
        if self.suspended is None:
            self.suspended = self.label(who)
            self.step("suspend", to=self.suspended)
        else:
            self.step("resume", to=self.suspended)
            self.suspended = None

    def _limit(self, timeout_ms: int | None) -> dict[str, Any]:
        return {} if timeout_ms is None or not self.is_virtual else {"timeout_ms": timeout_ms}
