"""How a directed program is written down: a name, the clauses it shows, and a function that writes its operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from letitcrash_conformance.generate import Setting
from letitcrash_conformance.program import Program
from letitcrash_conformance.trees import AutoShutdown, Restart, Shutdown, Strategy, dynamic, supervisor, worker
from letitcrash_spec.messages import Json, Operation, Reason

__all__ = ["LONG_S", "Scenario", "Writer", "ended_in_each_way", "looping", "scenario"]

LONG_S = 3600
"""A restart window in seconds that no program outlasts."""


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

    def crash(self, *labels: str) -> None:
        """Make each probe crash, without waiting for it."""
        for label in labels:
            self.cast(label, "crash", "boom")

    def kill(self, *labels: str) -> None:
        """Send each process a kill."""
        for label in labels:
            self.exit(label, "kill")

    def later(self, label: str, ms: int, *action: Json) -> None:
        """Have a probe block for some time and then do something."""
        self.cast(label, "sleep", ms)
        self.cast(label, *action)

    def worker(
        self,
        child_id: str,
        *,
        restart: Restart = "permanent",
        shutdown: Shutdown = 5000,
        significant: bool = False,
        **probe: Json,
    ) -> dict[str, Json]:
        """Return a child that is a probe on the next backend in turn."""
        keys = self.probe(**probe)
        return worker(child_id, keys, restart=restart, shutdown=shutdown, significant=significant)

    def trapper(
        self,
        child_id: str,
        *,
        restart: Restart = "permanent",
        shutdown: Shutdown = 5000,
        significant: bool = False,
        **probe: Json,
    ) -> dict[str, Json]:
        """Return a child that traps exits, and so cleans up when it is ended."""
        return self.worker(
            child_id, restart=restart, shutdown=shutdown, significant=significant, trap_exit=True, **probe
        )

    def tree(
        self,
        label: str,
        *children: dict[str, Json],
        link: str | None = None,
        timeout_ms: int | None = None,
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = LONG_S,
        name: str | None = None,
        auto_shutdown: AutoShutdown = "never",
    ) -> None:
        """Start a supervisor; its window is longer than any program unless it is given."""
        spec = supervisor(
            *children,
            strategy=strategy,
            max_restarts=max_restarts,
            max_seconds=max_seconds,
            name=name,
            auto_shutdown=auto_shutdown,
        )
        self._start(label, spec, link, timeout_ms)

    def pool(
        self,
        label: str,
        *,
        link: str | None = None,
        max_restarts: int = 3,
        max_seconds: float = LONG_S,
        max_children: int | None = None,
        name: str | None = None,
    ) -> None:
        """Start a dynamic supervisor; its window is longer than any program unless it is given."""
        spec = dynamic(max_restarts=max_restarts, max_seconds=max_seconds, max_children=max_children, name=name)
        self._start(label, spec, link, None)

    def _start(self, label: str, spec: dict[str, Json], link: str | None, timeout_ms: int | None) -> None:
        args: dict[str, Json] = {"as": label, "spec": spec}
        if link is not None:
            args["link"] = link
        if timeout_ms is not None:
            args["timeout_ms"] = timeout_ms
        self.put("start_supervisor", **args)

    def add(self, sup: str, child: dict[str, Json], timeout_ms: int | None = None) -> None:
        """Start a further child."""
        args: dict[str, Json] = {"sup": sup, "child": child}
        if timeout_ms is not None:
            args["timeout_ms"] = timeout_ms
        self.put("start_child", **args)

    def end(self, sup: str, child: str) -> None:
        """End a child by its id, or by its label under a dynamic supervisor."""
        self.put("terminate_child", sup=sup, child=child)

    def restart(self, sup: str, child: str) -> None:
        self.put("restart_child", sup=sup, child=child)

    def delete(self, sup: str, child: str) -> None:
        self.put("delete_child", sup=sup, child=child)

    def ask(self, sup: str, timeout_ms: int | None = None) -> None:
        """Ask a supervisor for its children and for their number."""
        args: dict[str, Json] = {"sup": sup}
        if timeout_ms is not None:
            args["timeout_ms"] = timeout_ms
        self.put("which_children", **args)
        self.put("count_children", **args)

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
        write: Writes its operations.
        clock: The only clock it makes sense on, or None for both.
    """

    name: str
    chapter: str
    clauses: tuple[str, ...]
    write: Callable[[Writer], None]
    clock: str | None = None

    def program(self, setting: Setting, turn: int) -> Program:
        """Return the program for a setting; `turn` says which of its backends comes first."""
        backends = setting.backends[turn:] + setting.backends[:turn]
        writer = Writer(backends, setting.clock)
        self.write(writer)
        return Program.of(writer.operations, clock=setting.clock, origin=f"scenario:{self.name}")


def scenario(
    collection: list[Scenario], chapter: str, *clauses: str, clock: str | None = None
) -> Callable[[Callable[[Writer], None]], Callable[[Writer], None]]:
    """Add the decorated function to a chapter's collection, under its own name."""

    def add(write: Callable[[Writer], None]) -> Callable[[Writer], None]:
        collection.append(Scenario(write.__name__, chapter, clauses, write, clock))
        return write

    return add


def looping(attempts: int = 4, ms: int = 50) -> list[Json]:
    """Return init entries of a child that starts once, then fails so often, each time after `ms`, then starts again."""
    return ["ok", *([{"sleep": ms, "then": {"crash": "again"}}] * attempts), "ok"]


def ended_in_each_way(
    w: Writer, children: Callable[[], list[dict[str, Json]]], timeout_ms: int | None = None
) -> Iterator[str]:
    """End a supervisor of these children by its parent, by its limit and by a stop; yields its label after each."""
    for way in ("parent", "give_up", "stop"):
        w.spawn(f"parent_{way}")
        w.tree(way, w.worker("z"), *children(), max_restarts=0, link=f"parent_{way}")
        w.look()
        if way == "parent":
            w.crash("parent_parent")
        elif way == "give_up":
            w.crash("give_up/z#1")
        else:
            w.stop(way, timeout_ms=timeout_ms)
        yield way
