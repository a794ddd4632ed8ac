"""Specifications of supervisors and of their children, with every key of the protocol written out.

Generators, scenarios and machines build what `start_supervisor` and `start_child` take from these four functions, so
that no harness ever meets a key that was left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from letitcrash_spec.messages import Json

__all__ = [
    "AutoShutdown",
    "Restart",
    "Shutdown",
    "Strategy",
    "child_label",
    "dynamic",
    "nested",
    "supervisor",
    "worker",
]

Restart: TypeAlias = Literal["permanent", "transient", "temporary"]
Strategy: TypeAlias = Literal["one_for_one", "one_for_all", "rest_for_one"]
AutoShutdown: TypeAlias = Literal["never", "any_significant", "all_significant"]
Shutdown: TypeAlias = 'int | Literal["brutal_kill", "infinity"]'
"""Milliseconds that a child is given, or a word."""


def worker(
    child_id: str,
    probe: Mapping[str, Json] | None = None,
    *,
    restart: Restart = "permanent",
    shutdown: Shutdown = 5000,
    significant: bool = False,
) -> dict[str, Json]:
    """Return a child that is a probe.

    Args:
        child_id: Its id; under a dynamic supervisor the key of its label.
        probe: The probe it starts; one that starts, and ends when it is asked, if left out.
        restart: When it is restarted.
        shutdown: How it is ended; a number is in milliseconds.
        significant: Whether its end counts for `auto_shutdown`.
    """
    return {
        "id": child_id,
        "restart": restart,
        "shutdown": shutdown,
        "type": "worker",
        "start": dict(probe or {}),
        "significant": significant,
    }


def nested(
    child_id: str,
    spec: Mapping[str, Json],
    *,
    restart: Restart = "permanent",
    shutdown: Shutdown = "infinity",
    significant: bool = False,
) -> dict[str, Json]:
    """Return a child that is itself a supervisor.

    Args:
        child_id: Its id.
        spec: The supervisor that it starts, as `supervisor` or `dynamic` returns it.
        restart: When it is restarted.
        shutdown: How it is ended; a number is in milliseconds.
        significant: Whether its end counts for `auto_shutdown`.
    """
    return {
        "id": child_id,
        "restart": restart,
        "shutdown": shutdown,
        "type": "supervisor",
        "start": {"supervisor": dict(spec)},
        "significant": significant,
    }


def supervisor(
    *children: Mapping[str, Json],
    strategy: Strategy = "one_for_one",
    max_restarts: int = 3,
    max_seconds: float = 5,
    name: str | None = None,
    auto_shutdown: AutoShutdown = "never",
) -> dict[str, Json]:
    """Return a supervisor.

    Args:
        children: Its children in start order, as `worker` and `nested` return them.
        strategy: Who is restarted with a failed child.
        max_restarts: How many restarts it tolerates within the window.
        max_seconds: Length of the window in seconds; a fraction only for a virtual clock.
        name: The name that it registers, if any.
        auto_shutdown: When the end of significant children ends it.
    """
    return {
        "strategy": strategy,
        "max_restarts": max_restarts,
        "max_seconds": max_seconds,
        "children": [dict(child) for child in children],
        "name": name,
        "auto_shutdown": auto_shutdown,
    }


def dynamic(
    *, max_restarts: int = 3, max_seconds: float = 5, max_children: int | None = None, name: str | None = None
) -> dict[str, Json]:
    """Return a dynamic supervisor, which starts without children.

    Args:
        max_restarts: How many restarts it tolerates within the window, over all its children.
        max_seconds: Length of the window in seconds; a fraction only for a virtual clock.
        max_children: How many children it may have, those being restarted included; None for no limit.
        name: The name that it registers, if any.
    """
    return {
        "strategy": "dynamic",
        "max_restarts": max_restarts,
        "max_seconds": max_seconds,
        "max_children": max_children,
        "name": name,
    }


def child_label(parent: str, child_id: str, attempt: int = 1) -> str:
    """Return the label of the process that a start attempt of a child made: `"s1/a#2"`.

    Args:
        parent: The label of its supervisor process.
        child_id: Its id, or its key under a dynamic supervisor.
        attempt: Which call of its start function, counted from 1 within that supervisor process.
    """
    return f"{parent}/{child_id}#{attempt}"
