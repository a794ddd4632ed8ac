"""The supervisors of the protocol, as supervisors of the reference implementation: their children get labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from letitcrash_conformance.subjects.reference_probe import Probe, write_reason
from letitcrash_reference import (
    Backend,
    ChildInfo,
    ChildSpec,
    DynamicSupervisor,
    DynamicSupervisorSpec,
    ExitReason,
    Shutdown,
    Stop,
    Supervisor,
    SupervisorSpec,
)
from letitcrash_spec.messages import Json

__all__ = [
    "Board",
    "DynamicTrunk",
    "Nursery",
    "StaticTrunk",
    "Trunk",
    "describe_row",
    "label_of_child",
    "make_supervisor",
]


class Board(Protocol):
    """What the supervisors of one world need of it."""

    def log(self, event: str, who: str, **fields: Json) -> None:
        """Append an event."""
        ...

    def make_child(self, label: str, start: dict[str, Any]) -> Probe | Trunk:
        """Return a new probe or supervisor that a supervisor starts, known by its label once its init is entered."""
        ...

    def bind(self, label: str, server: Probe | Trunk) -> None:
        """Let a label stand for a process from now on."""
        ...


class Nursery:
    """Turns the children of one supervisor process from the protocol's words into the reference's.

    It counts the start attempts of each id, which give the labels of the children and the init entries of probes.
    """

    def __init__(self, board: Board, label: str) -> None:
        self._board = board
        self._label = label
        self._attempts: Counter[str] = Counter()

    def read_child(self, child: dict[str, Any]) -> ChildSpec:
        """Return the spec of a child.

        Raises:
            InvalidSpecError: If the reference refuses it.
        """
        start = child["start"]
        inner = start.get("supervisor")
        backend = start.get("backend") if inner is None else None
        return ChildSpec(
            child["id"],
            self._make_start(child["id"], start),
            restart=child["restart"],
            shutdown=_read_shutdown(child["shutdown"]),
            type=child["type"],
            significant=child.get("significant", False),
            backend=None if backend is None else Backend(backend),
            name=(start if inner is None else inner).get("name"),
        )

    def _make_start(self, child_id: str, start: dict[str, Any]) -> Callable[[], Probe | Trunk]:
        def make() -> Probe | Trunk:
            self._attempts[child_id] += 1
            number = self._attempts[child_id]
            label = f"{self._label}/{child_id}#{number}"
            entries = start.get("init")
            attempt = {**start, "init": [entries[min(number, len(entries)) - 1]]} if entries else start
            return self._board.make_child(label, attempt)

        return make


def _read_shutdown(shutdown: Any) -> Shutdown:
    return shutdown / 1000 if isinstance(shutdown, int) else shutdown


class StaticTrunk(Supervisor):
    """A supervisor with a label, whose end is logged."""

    def __init__(self, board: Board, label: str, nursery: Nursery, spec: SupervisorSpec) -> None:
        super().__init__(spec)
        self.board = board
        self.label = label
        self.nursery = nursery
        self.has_started = False

    async def init(self) -> Stop[Any] | None:
        with self.runtime.table.lock:
            if self.is_alive:  # else it was killed before it entered init
                self.board.bind(self.label, self)
                self.handle.when_dead(self._log_death)
        result = await super().init()
        self.has_started = result is None
        return result

    def _log_death(self, reason: ExitReason) -> None:
        self.board.log("dead", self.label, reason=write_reason(reason))


class DynamicTrunk(DynamicSupervisor):
    """A dynamic supervisor with a label, whose end is logged."""

    def __init__(self, board: Board, label: str, nursery: Nursery, spec: DynamicSupervisorSpec) -> None:
        super().__init__(spec)
        self.board = board
        self.label = label
        self.nursery = nursery
        self.has_started = False

    async def init(self) -> None:
        with self.runtime.table.lock:
            if self.is_alive:  # else it was killed before it entered init
                self.board.bind(self.label, self)
                self.handle.when_dead(self._log_death)
        await super().init()
        self.has_started = True

    def _log_death(self, reason: ExitReason) -> None:
        self.board.log("dead", self.label, reason=write_reason(reason))


Trunk: TypeAlias = StaticTrunk | DynamicTrunk
"""A supervisor of either kind."""


def make_supervisor(board: Board, label: str, spec: dict[str, Any]) -> Trunk:
    """Return a new supervisor to start.

    Args:
        board: Its world.
        label: Its own label, with which those of its children begin.
        spec: As in the protocol.

    Raises:
        InvalidSpecError: If the reference refuses it.
    """
    nursery = Nursery(board, label)
    name, max_restarts, max_seconds = spec.get("name"), spec["max_restarts"], spec["max_seconds"]
    if spec["strategy"] == "dynamic":
        dynamic = DynamicSupervisorSpec(
            max_restarts=max_restarts, max_seconds=max_seconds, max_children=spec.get("max_children"), name=name
        )
        return DynamicTrunk(board, label, nursery, dynamic)
    static = SupervisorSpec(
        strategy=spec["strategy"],
        children=[nursery.read_child(child) for child in spec["children"]],
        max_restarts=max_restarts,
        max_seconds=max_seconds,
        auto_shutdown=spec.get("auto_shutdown", "never"),
        name=name,
    )
    return StaticTrunk(board, label, nursery, static)


def label_of_child(handle: Any) -> str:
    """Return the label of a process that was started with one."""
    label: str = handle.record.server.label
    return label


def describe_row(child: ChildInfo) -> list[Json]:
    """Return a row of `which_children`."""
    if child.is_restarting:
        return [child.id, "restarting", child.type]
    return [child.id, None if child.handle is None else label_of_child(child.handle), child.type]
