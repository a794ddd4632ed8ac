"""What generated programs may use: a chapter, and what the subject offers."""

from __future__ import annotations

from dataclasses import dataclass

from letitcrash_spec.hello import Hello

__all__ = ["Setting"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What programs may use: a chapter's odds, and what the subject offers.

    Attributes:
        chapter: Name of the chapter, or `"world"`.
        backends: The backends to draw from; one of them, or several for a mix.
        default_backend: The subject's default, for which a probe may say nothing.
        clock: The subject's clock.
        features: The subject's features.
        time_unit_ms: Grain of the subject's restart-intensity clock, in milliseconds.
        wall_grain_ms: Least distance between two moments that matter on a wall clock, in milliseconds.
    """

    chapter: str
    backends: tuple[str, ...]
    default_backend: str
    clock: str
    features: frozenset[str]
    time_unit_ms: int = 1
    wall_grain_ms: int = 100

    @classmethod
    def of(cls, hello: Hello, chapter: str, backend: str) -> Setting:
        """Return the setting of a chapter on one backend of a subject, or on all of them for `"mixed"`."""
        backends = hello.backends if backend == "mixed" else (backend,)
        return cls(
            chapter,
            backends,
            hello.default_backend,
            hello.clock,
            hello.features,
            time_unit_ms=hello.time_unit_ms,
            wall_grain_ms=hello.wall_grain_ms,
        )

    @property
    def is_virtual(self) -> bool:
        """Whether waiting costs no real time."""
        return self.clock == "virtual"
