"""Children whose starts and ends can be read, for the tests of supervisors."""

from __future__ import annotations

from typing import Any, TypeAlias

from letitcrash_reference import (
    Backend,
    ChildSpec,
    ExitReason,
    Ignore,
    Runtime,
    Stop,
    SupervisorHandle,
    SupervisorSpec,
)
from tests.reference.servers import Do, Notes, Worker

__all__ = ["ERROR", "Entry", "Leaf", "Nursery", "crash", "handle", "start", "states"]

ERROR = ExitReason.error("no")
Entry: TypeAlias = str | tuple[float, str]


class Leaf(Worker):
    """A worker that notes `+id` when its init is entered and `-id` when its terminate is.

    Args:
        label: Its id in the notes.
        notes: Where it notes them.
        entry: What its init does: `"ok"`, `"ignore"`, `"fail"`, `"raise"`, or `(10, "ok")` to sleep 10 s first.
        traps: Whether it traps exits.
        on_terminate: What its terminate does.
    """

    def __init__(self, label: str, notes: Notes, entry: Entry, traps: bool, on_terminate: Do | None) -> None:
        super().__init__(traps=traps)
        self._label = label
        self._noted = notes
        self._entry = entry
        self._cleanup = on_terminate

    async def init(self) -> Any:
        self._noted.append(f"+{self._label}")
        self.trap_exit(self._traps)
        entry = self._entry
        if not isinstance(entry, str):
            await self.sleep(entry[0])
            entry = entry[1]
        if entry == "raise":
            raise ValueError("no")
        return Ignore() if entry == "ignore" else Stop(ERROR) if entry == "fail" else None

    async def terminate(self, reason: ExitReason) -> None:
        self._noted.append(f"-{self._label}")
        if self._cleanup is not None:
            await self._cleanup(self)


class Nursery:
    """Makes the specs of leaves that share one list of notes.

    Attributes:
        notes: What they noted.
    """

    def __init__(self, *backends: Backend) -> None:
        self.notes = Notes()
        self._backends = backends or (Backend.ASYNC,)
        self._made = 0

    def leaf(
        self, label: str, *entries: Entry, traps: bool = True, on_terminate: Do | None = None, **fields: Any
    ) -> ChildSpec:
        """Return the spec of a leaf; the n-th start does entry n, the last one repeating, `"ok"` if there is none."""
        todo = list(entries) or ["ok"]

        def make() -> Leaf:
            entry = todo.pop(0) if len(todo) > 1 else todo[0]
            return Leaf(label, self.notes, entry, traps, on_terminate)

        backend = self._backends[self._made % len(self._backends)]
        self._made += 1
        fields.setdefault("backend", backend)
        return ChildSpec(label, make, **fields)

    def leaves(self, labels: str, **fields: Any) -> list[ChildSpec]:
        """Return the specs of leaves with one-letter ids."""
        return [self.leaf(label, **fields) for label in labels]

    def take(self) -> str:
        """Return the notes as words, and forget them."""
        told = " ".join(self.notes)
        self.notes.clear()
        return told


async def states(supervisor: SupervisorHandle) -> dict[str, str]:
    """Return the state of each child by its id: `"up"`, `"down"` or `"restarting"`."""
    return {
        child.id or "": "restarting" if child.is_restarting else "down" if child.handle is None else "up"
        for child in await supervisor.which_children()
    }


async def handle(supervisor: SupervisorHandle, child_id: str) -> Any:
    """Return the handle of a child."""
    return next(child.handle for child in await supervisor.which_children() if child.id == child_id)


async def crash(rt: Runtime, supervisor: SupervisorHandle, child_id: str) -> None:
    """Kill a child and wait until all that follows from it has happened."""
    (await handle(supervisor, child_id)).exit(ExitReason.KILL)
    await rt.wait_until_idle()


async def start(rt: Runtime, *children: ChildSpec, **fields: Any) -> SupervisorHandle:
    """Start a supervisor."""
    return await rt.start_supervisor(SupervisorSpec(children=children, **fields))
