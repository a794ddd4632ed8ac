"""What a subject tells of itself and of its world: hello, events, observations. Part of the protocol table."""

from __future__ import annotations

from dataclasses import dataclass

from letitcrash_spec import fields
from letitcrash_spec.hello import FEATURES
from letitcrash_spec.shapes import Choice, Field, ListOf, Named, Scalar, Union
from letitcrash_spec.values import BOOL, LABEL, MS, NULL

__all__ = ["EVENTS", "HELLO_FIELDS", "OBSERVATION_FIELDS", "PROTOCOL_VERSION", "EventSpec"]

PROTOCOL_VERSION = 1


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One row of the table of events; every event also carries `ev` and `t`."""

    name: str
    fields: tuple[Field, ...]
    doc: str


HELLO_FIELDS: tuple[Field, ...] = (
    Field("protocol", Choice((PROTOCOL_VERSION,)), "the version it speaks"),
    Field("name", Scalar("text", "a text that is not empty", least=1), "the name of the implementation"),
    Field("version", Scalar("text", "a text that is not empty", least=1), "its version, free text"),
    Field("language", Scalar("text", "a text that is not empty", least=1), "the language it is written in"),
    Field(
        "backends",
        ListOf(Scalar("text", "the name of a backend", least=1), "a list of names, at least one", least=1),
        "the kinds of process it offers, in its own order",
    ),
    Field(
        "default_backend",
        Scalar("text", "the name of a backend", least=1),
        "the backend of a probe that names none; the first of `backends` if left out",
        is_optional=True,
    ),
    Field("clock", Choice(("virtual", "wall")), "`virtual` if waiting costs no real time, else `wall`"),
    Field(
        "time_unit_ms",
        Scalar("int", "a whole number of milliseconds", least=1),
        "the grain of its restart-intensity clock; OTP counts whole seconds, 1000",
        is_optional=True,
        default=1,
    ),
    Field(
        "wall_grain_ms",
        Scalar("int", "a whole number of milliseconds", least=1),
        "on a wall clock, the least distance between two moments that matter",
        is_optional=True,
        default=100,
    ),
    Field("settle", BOOL, "whether `observe` can tell that the world is quiet", is_optional=True, default=False),
    Field(
        "features", ListOf(Choice(FEATURES, "a feature"), "a list of features"), "the groups of operations it offers"
    ),
)

_WHO = Field("who", LABEL, "the process it happened to")

EVENTS: tuple[EventSpec, ...] = (
    EventSpec("init", (_WHO,), "a probe entered its init callback (optional for a supervisor)"),
    EventSpec("terminate", (_WHO, fields.REASON), "the cleanup callback of a probe was entered, with that reason"),
    EventSpec("dead", (_WHO, fields.REASON), "the process is gone; the reason is what a monitor sees"),
    EventSpec(
        "down",
        (_WHO, fields.REF, Field("of", Named("target"), "the target exactly as the request gave it"), fields.REASON),
        "a monitor message arrived at `who`",
    ),
    EventSpec(
        "exit",
        (_WHO, Field("of", Union((LABEL, NULL), "a label or null"), "the sender; null from outside"), fields.REASON),
        "a trapped exit signal arrived at `who`",
    ),
    EventSpec("info", (_WHO, fields.PAYLOAD), "a plain message or a timer message arrived at `who`"),
)

OBSERVATION_FIELDS: tuple[Field, ...] = (
    Field(
        "quiet", Union((BOOL, NULL), "true, false or null"), "whether the world became quiet; null if it cannot be told"
    ),
    Field("now", MS, "the time since reset"),
    Field("alive", ListOf(LABEL, "a list of labels"), "every live process, in any order"),
    Field("names", Named("names"), "every registered name and its holder"),
    Field(
        "children", Named("children"), "every live supervisor's children; null for one that could not be asked in time"
    ),
    Field("events", ListOf(Named("event"), "a list of events"), "what happened since the last observe, oldest first"),
)
