"""Descriptions of supervisors and their children. They are checked when they are made, so a wrong one goes nowhere."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from letitcrash_reference.backend import Backend
from letitcrash_reference.errors import InvalidSpecError
from letitcrash_reference.handle import Handle

if TYPE_CHECKING:
    from letitcrash_reference.runtime import Runtime
    from letitcrash_reference.server import GenServer

__all__ = [
    "AutoShutdown",
    "ChildSpec",
    "ChildType",
    "CustomStart",
    "DynamicSupervisorSpec",
    "Restart",
    "Shutdown",
    "Strategy",
    "SupervisorSpec",
]

Restart: TypeAlias = Literal["permanent", "transient", "temporary"]
"""When a child that ended is started again: always; unless its end was orderly; never."""

Shutdown: TypeAlias = float | Literal["brutal_kill", "infinity"]
"""How a child is ended: asked, and killed after that many seconds; killed at once; asked, and waited for."""

ChildType: TypeAlias = Literal["worker", "supervisor"]
"""What a child is declared to be."""

Strategy: TypeAlias = Literal["one_for_one", "one_for_all", "rest_for_one"]
"""Who is restarted with a failed child: nobody, all, or those that were started after it."""

AutoShutdown: TypeAlias = Literal["never", "any_significant", "all_significant"]
"""Which significant children must have ended by themselves for the supervisor to end."""

_SHUTDOWN_S = 5.0


@dataclass(frozen=True, slots=True)
class CustomStart:
    """A start function of one's own, where making a server object is not enough.

    The function runs inside the supervisor, which does nothing else meanwhile. It starts a process linked with the
    supervisor (`await runtime.start_linked(...)` without `parent` does that) and returns its handle. It returns None to
    decline, and raises to fail. A process that it does not link is not watched: its death goes unnoticed.

    Attributes:
        function: Called with the runtime for every start and restart.

    Source:
        SUP-3, SUP-4, SUP-41, SUP-56.
    """

    function: Callable[[Runtime], Awaitable[Handle[Any, Any, Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorSpec:
    """A supervisor and its children, to be started with `Runtime.start_supervisor` or as the child of another one.

        SupervisorSpec(
            strategy="rest_for_one",
            children=[ChildSpec("ledger", Ledger), ChildSpec("teller", Teller, backend=Backend.THREAD)],
        )

    Attributes:
        strategy: Who is restarted with a failed child.
        children: In start order; their ids differ.
        max_restarts: How many restarts within `max_seconds` it tolerates; one more, and it gives up.
        max_seconds: Length of the window, in seconds on the runtime's clock, which it reads in whole milliseconds.
        auto_shutdown: When the end of its significant children ends the supervisor.
        name: The name it registers.

    Raises:
        InvalidSpecError: If it makes no sense.

    Source:
        SUP-7 to SUP-9, STR-5 to STR-8, STR-30 to STR-35, INT-1, INT-9, INT-12.
    """

    strategy: Strategy = "one_for_one"
    children: Sequence[ChildSpec] = ()
    max_restarts: int = 3
    max_seconds: float = 5.0
    auto_shutdown: AutoShutdown = "never"
    name: str | None = None

    def __post_init__(self) -> None:
        _check_choice("strategy", self.strategy, Strategy)
        _check_choice("auto_shutdown", self.auto_shutdown, AutoShutdown)
        _check_intensity(self.max_restarts, self.max_seconds)
        _check_name(self.name)
        object.__setattr__(self, "children", tuple(self.children))
        ids: set[str] = set()
        for child in self.children:
            _check_child(child)
            if child.id in ids:
                raise InvalidSpecError("children", child.id, f"expected different child ids, got {child.id!r} twice")
            ids.add(child.id)
            self.check_significance(child)

    def check_significance(self, child: ChildSpec) -> None:
        """Refuse a significant child of a supervisor that never shuts down by itself. Source: STR-35."""
        if child.significant and self.auto_shutdown == "never":
            raise InvalidSpecError(
                "significant",
                True,
                f"expected no significant child where auto_shutdown is 'never', got {child.id!r}\n"
                "  remedy: auto_shutdown='any_significant' or 'all_significant' for its supervisor",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicSupervisorSpec:
    """A supervisor that starts empty and whose children, each known by its pid, come and go.

    Attributes:
        max_restarts: As in `SupervisorSpec`.
        max_seconds: As in `SupervisorSpec`.
        max_children: How many children it may have, running or restarting; None for no limit.
        name: The name it registers.

    Raises:
        InvalidSpecError: If it makes no sense.

    Source:
        DYN-E1, DYN-E4, DYN-E12, INT-12.
    """

    max_restarts: int = 3
    max_seconds: float = 5.0
    max_children: int | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        _check_intensity(self.max_restarts, self.max_seconds)
        _check_name(self.name)
        if self.max_children is not None and not _is_count(self.max_children):
            raise _refused("max_children", self.max_children, "a whole number of at least 0, or None")

    def check_significance(self, child: ChildSpec) -> None:
        """Refuse a significant child: a dynamic supervisor never shuts down by itself. Source: DYN-E12."""
        if child.significant:
            raise InvalidSpecError(
                "significant", True, f"expected no significant child of a dynamic supervisor, got {child.id!r}"
            )


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to start, restart and end one child.

    Attributes:
        id: What the supervisor calls it; a dynamic supervisor keeps it for messages only.
        start: What to start: a server class, or any function without arguments that makes a new server object; the
            spec of a supervisor; or a `CustomStart`. It runs inside the supervisor, for every start and restart.
        restart: When it is started again.
        shutdown: How it is ended, in seconds; unless given, 5 for a worker and `"infinity"` for a supervisor.
        type: What it is declared to be; unless given, a supervisor if `start` is the spec of one, else a worker.
        significant: Whether its own end may end the supervisor.
        backend: Where its callbacks run; the runtime's default unless given. For servers that are made here.
        name: The name it registers. For servers that are made here.

    Raises:
        InvalidSpecError: If it makes no sense.

    Source:
        SUP-8, SUP-10, STR-1 to STR-3, STR-35, SHUT-2, SHUT-5, SHUT-6, BACK-8.
    """

    id: str
    start: Callable[[], GenServer[Any, Any, Any]] | SupervisorSpec | DynamicSupervisorSpec | CustomStart
    restart: Restart = "permanent"
    shutdown: Shutdown | None = None
    type: ChildType | None = None
    significant: bool = False
    backend: Backend | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if not self.id or not isinstance(self.id, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _refused("id", self.id, "a text of at least one character")
        is_spec = isinstance(self.start, (SupervisorSpec, DynamicSupervisorSpec))
        if not is_spec and not isinstance(self.start, CustomStart) and not callable(self.start):
            raise _refused("start", self.start, "a server class, a function, a supervisor's spec or a CustomStart")
        _check_choice("restart", self.restart, Restart)
        if self.type is None:
            object.__setattr__(self, "type", "supervisor" if is_spec else "worker")
        _check_choice("type", self.type, ChildType)
        if self.shutdown is None:
            object.__setattr__(self, "shutdown", "infinity" if self.type == "supervisor" else _SHUTDOWN_S)
        if self.shutdown not in ("brutal_kill", "infinity") and not _is_time(self.shutdown):
            raise _refused("shutdown", self.shutdown, "seconds of at least 0, 'brutal_kill' or 'infinity'")
        if not isinstance(self.significant, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _refused("significant", self.significant, "True or False")
        if self.significant and self.restart == "permanent":
            raise InvalidSpecError(
                "significant",
                True,
                f"expected a transient or temporary child where it is significant, got {self.id!r}, which is permanent",
            )
        if self.backend is not None and not isinstance(self.backend, Backend):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _refused("backend", self.backend, "a Backend or None")
        _check_name(self.name)
        if (is_spec or isinstance(self.start, CustomStart)) and (self.backend, self.name) != (None, None):
            raise InvalidSpecError(
                "start",
                self.start,
                f"expected no backend and no name for child {self.id!r}, whose start decides on them, "
                f"got {self.backend!r} and {self.name!r}\n"
                "  remedy: give the name to the supervisor's spec, or both to Runtime.start_linked",
            )


def _refused(option: str, value: object, wanted: str) -> InvalidSpecError:
    return InvalidSpecError(option, value, f"expected {wanted} as {option}, got {value!r}")


def _check_choice(option: str, value: object, choices: Any) -> None:
    names = get_args(choices)
    if not isinstance(value, str) or value not in names:
        raise _refused(option, value, " or ".join(repr(name) for name in names))


def _check_child(child: object) -> None:
    if not isinstance(child, ChildSpec):
        raise _refused("children", child, "only ChildSpec objects")


def _check_intensity(max_restarts: object, max_seconds: object) -> None:
    if not _is_count(max_restarts):
        raise _refused("max_restarts", max_restarts, "a whole number of at least 0")
    if not _is_time(max_seconds) or max_seconds == 0:
        raise _refused("max_seconds", max_seconds, "a number of seconds above 0")


def _check_name(name: object) -> None:
    if name is not None and (not isinstance(name, str) or not name):
        raise _refused("name", name, "a text of at least one character, or None")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 and math.isfinite(value)
