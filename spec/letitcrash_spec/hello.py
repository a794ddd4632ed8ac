"""What a subject says of itself: its name, backends, clock and features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from letitcrash_spec.messages import Clock

__all__ = ["FEATURES", "Hello", "HelloError", "parse_hello"]

FEATURES: tuple[str, ...] = (
    "auto_shutdown",
    "dynamic_supervisor",
    "error_text",
    "exit_signals",
    "genserver",
    "links",
    "monitors",
    "nested_call",
    "parallel",
    "registry",
    "supervisor",
    "suspend",
    "timers",
)
"""Every feature that a hello may name, sorted."""


class HelloError(ValueError):
    """A hello that the protocol does not allow; the message names the field."""


@dataclass(frozen=True, slots=True)
class Hello:
    """A subject's description of itself.

    Attributes:
        name: The implementation's name.
        version: Its version, free text.
        language: The language it is written in.
        backends: Its backends, in its own order, at least one.
        default_backend: The one that a probe without `backend` runs on.
        clock: `"virtual"` if waiting costs no real time, else `"wall"`.
        time_unit_ms: Grain of the restart-intensity clock, in milliseconds.
        wall_grain_ms: Least distance in milliseconds between two moments that matter, on a wall clock.
        settle: Whether `observe` can tell that the world is quiet.
        features: The groups of operations it offers.
    """

    name: str
    version: str
    language: str
    backends: tuple[str, ...]
    default_backend: str
    clock: Clock
    time_unit_ms: int
    wall_grain_ms: int
    settle: bool
    features: frozenset[str]


def parse_hello(value: Mapping[str, Any]) -> Hello:
    """Check the value of a `hello` answer and return it as a record.

    Raises:
        HelloError: If a field is missing, of the wrong type, or names something unknown.
    """
    if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - a harness says what it likes
        raise HelloError(f"expected an object as the value of hello, got {value!r}")
    if value.get("protocol") != 1:
        raise HelloError(f"expected 'protocol' 1, got {value.get('protocol')!r}")
    backends: Any = value.get("backends")
    if not _is_list(backends) or not backends or not all(isinstance(b, str) and b for b in backends):
        raise HelloError(f"expected 'backends' to be a list of names, at least one, got {backends!r}")
    default = value.get("default_backend", backends[0])
    if default not in backends:
        raise HelloError(f"expected 'default_backend' to be one of {backends!r}, got {default!r}")
    clock = value.get("clock")
    if clock not in ("virtual", "wall"):
        raise HelloError(f"expected 'clock' to be 'virtual' or 'wall', got {clock!r}")
    features = value.get("features")
    if not _is_list(features):
        raise HelloError(f"expected 'features' to be a list, got {features!r}")
    for feature in features:
        if feature not in FEATURES:
            raise HelloError(f"expected a feature of {', '.join(FEATURES)}, got {feature!r}")
    settle = value.get("settle", False)
    if not isinstance(settle, bool):
        raise HelloError(f"expected 'settle' to be true or false, got {settle!r}")
    return Hello(
        name=_text(value, "name"),
        version=_text(value, "version"),
        language=_text(value, "language"),
        backends=tuple(backends),
        default_backend=default,
        clock="virtual" if clock == "virtual" else "wall",
        time_unit_ms=_positive(value, "time_unit_ms", 1),
        wall_grain_ms=_positive(value, "wall_grain_ms", 100),
        settle=settle,
        features=frozenset(features),
    )


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _text(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text:
        raise HelloError(f"expected {key!r} to be a text, got {text!r}")
    return text


def _positive(value: Mapping[str, Any], key: str, default: int) -> int:
    number = value.get(key, default)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise HelloError(f"expected {key!r} to be a whole number of milliseconds above zero, got {number!r}")
    return number
