"""What a supervisor knows: its children, its restarts, and what it still has to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from letitcrash_spec.messages import Json

__all__ = ["DYNAMIC", "Child", "Destination", "Todo", "Tree", "is_refused", "why_refused"]

Destination: TypeAlias = "tuple[str, int]"

Todo: TypeAlias = tuple[tuple[Any, ...], ...]
"""What a supervisor still has to do, in order; see supervisor.py."""

DYNAMIC = "dynamic"
_MS = 1000


class Child(NamedTuple):
    """One child of a supervisor.

    Attributes:
        id: Its id; under a dynamic supervisor the key of its label.
        spec: What the supervisor was told, as in the protocol.
        state: `"running"`, `"undefined"` (no process) or `"restarting"`.
        label: Its process, or the last one that had started.
        why: The clause that put it into this state.
    """

    id: str
    spec: Mapping[str, Json]
    state: str
    label: str | None
    why: str

    @property
    def restart(self) -> str:
        """`"permanent"`, `"transient"` or `"temporary"`."""
        return str(self.spec["restart"])

    @property
    def is_temporary(self) -> bool:
        """Whether it is forgotten when it ends."""
        return bool(self.spec["restart"] == "temporary")

    @property
    def shown(self) -> str | None:
        """What `which_children` shows of it."""
        return "restarting" if self.state == "restarting" else self.label if self.state == "running" else None


class Tree:
    """The state of one supervisor, from its start to its death."""

    __slots__ = ("attempts", "children", "host", "restarts", "spec", "starter")

    def __init__(self, spec: Mapping[str, Json], starter: Destination) -> None:
        self.spec = spec
        self.starter: Destination | None = starter  # who still waits for its start
        self.host: str | None = None  # the probe inside which it starts
        self.children: list[Child] = []  # in start order
        self.attempts: dict[str, int] = {}  # id -> calls of its start function
        self.restarts: tuple[tuple[int, int | None], ...] = ()  # earliest and latest moment of each

    def copy(self) -> Tree:
        """Return a tree that can be changed without changing this one."""
        twin = Tree.__new__(Tree)
        twin.spec = self.spec
        twin.starter = self.starter
        twin.host = self.host
        twin.children = list(self.children)
        twin.attempts = dict(self.attempts)
        twin.restarts = self.restarts
        return twin

    def key(self) -> tuple[Any, ...]:
        """Return everything that can make a difference later, comparable and hashable."""
        return (
            tuple((child.id, child.state, child.label) for child in self.children),
            tuple(self.attempts.items()),
            self.restarts,
            self.starter,
        )

    @property
    def strategy(self) -> str:
        """`"one_for_one"`, `"one_for_all"`, `"rest_for_one"` or `"dynamic"`."""
        return str(self.spec["strategy"])

    @property
    def is_dynamic(self) -> bool:
        """Whether children are known by their processes."""
        return bool(self.spec["strategy"] == DYNAMIC)

    @property
    def max_restarts(self) -> int:
        """How many restarts are tolerated within the window."""
        return int(self.spec["max_restarts"])

    @property
    def window_ms(self) -> int:
        """The length of the window in milliseconds."""
        return round(float(self.spec["max_seconds"]) * _MS)

    @property
    def auto_shutdown(self) -> str:
        """`"never"`, `"any_significant"` or `"all_significant"`."""
        return str(self.spec.get("auto_shutdown", "never"))

    def find(self, child_id: str) -> Child | None:
        """Return the child with this id; under a dynamic supervisor with this label."""
        if self.is_dynamic:
            return self.holding(child_id)
        return next((child for child in self.children if child.id == child_id), None)

    def holding(self, label: str) -> Child | None:
        """Return the child whose process has, or last had, this label."""
        return next((child for child in self.children if child.label == label), None)

    def key_of(self, child: Child) -> str:
        """Return what `find` knows this child by."""
        return str(child.label) if self.is_dynamic else child.id

    def put(self, old: Child, new: Child) -> None:
        """Replace what is known of a child, at its place."""
        self.children[self.children.index(old)] = new

    def next_label(self, label: str, child_id: str) -> str:
        """Return the label of the next attempt to start a child; `label` is the supervisor's own."""
        return f"{label}/{child_id}#{self.attempts.get(child_id, 0) + 1}"


def is_refused(spec: Mapping[str, Json]) -> str | None:
    """Return the clause by which a supervisor's specification is refused, or None."""
    if spec["max_restarts"] < 0 or spec["max_seconds"] <= 0 or (spec.get("max_children") or 0) < 0:
        return "SUP-9"
    if spec["strategy"] == DYNAMIC:
        return None
    ids = [child["id"] for child in spec["children"]]
    if len(set(ids)) < len(ids):
        return "SUP-7"
    return next(filter(None, (why_refused(spec, child) for child in spec["children"])), None)


def why_refused(spec: Mapping[str, Json], child: Mapping[str, Json]) -> str | None:
    """Return the clause by which a supervisor with this specification refuses a child's, or None."""
    if isinstance(child["shutdown"], int) and child["shutdown"] < 0:
        return "DYN-E3" if spec["strategy"] == DYNAMIC else "SUP-10"
    if not child.get("significant", False):
        return None
    forbidden = spec.get("auto_shutdown", "never") == "never" or child["restart"] == "permanent"
    return "STR-35" if forbidden else None
