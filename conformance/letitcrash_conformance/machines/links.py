"""Machine of the chapter links: who is linked with whom, and dies with it."""

from __future__ import annotations

from hypothesis.stateful import rule

from letitcrash_conformance.machines.base import when
from letitcrash_conformance.machines.exits import ExitsMachine
from letitcrash_conformance.machines.values import BACKENDS, FLAGS, VIA, WHO

__all__ = ["LinksMachine"]


class LinksMachine(ExitsMachine):
    """Processes that link, unlink and start each other linked, while they end in all the ways of the chapter exits."""

    needs = ExitsMachine.needs | {"links"}

    def begin(self) -> None:
        """Begin with an empty world."""
        self._linked: list[tuple[str, str]] = []
        super().begin()

    @when("links")
    @rule(who=WHO, whom=WHO, via=VIA)
    def link(self, who: int, whom: int, via: str) -> None:
        """Link two processes, or one with itself."""
        self._linked.append((self.label(who), self.peer(whom, who)))
        self.tell(who, ["link", self.peer(whom, who)], via)

    @when("links")
    @rule(who=WHO, whom=WHO, via=VIA)
    def unlink(self, who: int, whom: int, via: str) -> None:
        """Unlink two processes, from either side, rather those that were linked."""
        me = self.label(who)
        peers = [first if second == me else second for first, second in self._linked if me in (first, second)]
        self.tell(who, ["unlink", peers[whom % len(peers)] if peers else self.peer(whom, who)], via)

    @when("links")
    @rule(who=WHO)
    def links(self, who: int) -> None:
        """Ask a process whom it is linked with."""
        self.tell(who, ["links"])

    @when("links")
    @rule(who=WHO, backend=BACKENDS, trap_exit=FLAGS, via=VIA)
    def spawn_linked(self, who: int, backend: int, trap_exit: bool, via: str) -> None:
        """Have a process start another, linked."""
        self.start_inside(
            who, backend, "link", via, **({"trap_exit": True} if trap_exit and self.offers("exit_signals") else {})
        )
