"""How a directed program is written down: a name, the clauses it shows, and a function that writes its operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from letitcrash_conformance.generate import Setting
from letitcrash_conformance.program import Program
from letitcrash_spec.messages import Json, Operation, Reason

__all__ = ["Scenario", "Writer", "scenario"]


@dataclass(slots=True)
class Writer:
    """Writes the operations of one scenario. Backends are given to the probes in turn, from `backends`."""

    backends: tuple[str, ...]
    clock: str
    operations: list[Operation] = field(default_factory=list[Operation])
    spawned: int = 0

    @property
    def is_virtual(self) -> bool:
        """Whether waiting costs no real time."""
        return self.clock == "virtual"

    def ms(self, virtual: int, wall: int) -> int:
        """Return a time for the subject's clock."""
        return virtual if self.is_virtual else wall

    def probe(self, **keys: Json) -> dict[str, Json]:
        """Return a probe on the next backend in turn."""
        backend = self.backends[self.spawned % len(self.backends)]
        self.spawned += 1
        return {"backend": backend, **keys}

    def put(self, op: str, **args: Json) -> None:
        """Write any operation."""
        self.operations.append(Operation(op, args))

    def spawn(self, *labels: str, **keys: Json) -> None:
        """Start a probe for each label."""
        for label in labels:
            self.put("spawn", **{"as": label, "probe": self.probe(**keys)})

    def trapping(self, *labels: str, **keys: Json) -> None:
        """Start a probe that traps exits for each label."""
        self.spawn(*labels, trap_exit=True, **keys)

    def call(self, to: Json, *action: Json, timeout_ms: int | None = None) -> None:
        args: dict[str, Json] = {"to": to, "msg": list(action)}
        if timeout_ms is not None:
            args["timeout_ms"] = timeout_ms
        self.put("call", **args)

    def cast(self, to: Json, *action: Json) -> None:
        self.put("cast", to=to, msg=list(action))

    def send(self, to: Json, payload: str) -> None:
        self.put("send", to=to, payload=payload)

    def exit(self, to: str, reason: Reason) -> None:
        self.put("exit", to=to, reason=reason)

    def stop(self, to: Json, reason: Reason = "normal", timeout_ms: int | None = None) -> None:
        args: dict[str, Json] = {"to": to, "reason": reason}
        if timeout_ms is not None:
            args["timeout_ms"] = timeout_ms
        self.put("stop", **args)

    def look(self) -> None:
        """Let the world settle and observe it."""
        self.put("observe")

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.put("advance", ms=ms)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A directed program.

    Attributes:
        name: Words that say what happens.
        chapter: Where it belongs.
        clauses: The clauses it shows; they count as exercised when it passes.
        features: The features it needs beyond its chapter's.
        write: Writes its operations.
        clock: The only clock it makes sense on, or None for both.
    """

    name: str
    chapter: str
    clauses: tuple[str, ...]
    features: frozenset[str]
    write: Callable[[Writer], None]
    clock: str | None = None

    def program(self, setting: Setting, turn: int) -> Program:
        """Return the program for a setting; `turn` says which of its backends comes first."""
        backends = setting.backends[turn:] + setting.backends[:turn]
        writer = Writer(backends, setting.clock)
        self.write(writer)
        return Program.of(writer.operations, clock=setting.clock, origin=f"scenario:{self.name}")


def scenario(
    collection: list[Scenario], chapter: str, *clauses: str, needs: str = "", clock: str | None = None
) -> Callable[[Callable[[Writer], None]], Callable[[Writer], None]]:
    """Add the decorated function to a chapter's collection, under its own name."""

    def add(write: Callable[[Writer], None]) -> Callable[[Writer], None]:
        features = frozenset(needs.split())
        collection.append(Scenario(write.__name__, chapter, clauses, features, write, clock))
        return write

    return add
