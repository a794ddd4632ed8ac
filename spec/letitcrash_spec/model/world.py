"""The state of the model: processes, signals on their way, names, timers and time.

Signals travel on one queue per ordered pair of processes; nothing is promised between queues (N-1). A world never
reads a clock, a random source or a file. It is changed in place by the one who owns it, and copied before a choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Clock, Json
from letitcrash_spec.model.tree import Destination, Tree

if TYPE_CHECKING:
    from letitcrash_spec.model.clients import Client

__all__ = [
    "DRIVER",
    "Destination",
    "Event",
    "Expected",
    "Process",
    "Profile",
    "Signal",
    "Timer",
    "Unspecified",
    "World",
]

DRIVER = ""
"""The label of the client whose operations are judged: a process linked to nobody, which never dies."""

Signal: TypeAlias = tuple[Any, ...]
"""`(kind, ...)`, see `signals.py`."""

Event: TypeAlias = tuple[Any, ...]
"""`(ev, ...)` without its `who` and time: `("down", ref, of, reason)`, `("info", payload)`, ..."""

NEVER = 1 << 62
UNTIMED = 1 << 60
"""The moment of a report that does not say when it was made: later than all others."""

ORDERED = frozenset({"init", "terminate"})
"""Reports that a process makes before it goes on, so that they come before all that follows from it."""


class Unspecified(Exception):
    """The program has reached a point at which the specification promises nothing that could be compared."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What of a subject's hello changes the lawful outcomes."""

    clock: Clock
    grain_ms: int
    error_text: bool
    backends: tuple[str, ...]
    default_backend: str
    time_unit_ms: int = 1
    settle: bool = True

    @classmethod
    def of(cls, hello: Hello) -> Profile:
        """Return the profile of a subject that said `hello`."""
        virtual = hello.clock == "virtual"
        return cls(
            clock=hello.clock,
            grain_ms=1 if virtual else hello.wall_grain_ms,
            error_text="error_text" in hello.features,
            backends=hello.backends,
            default_backend=hello.default_backend,
            time_unit_ms=hello.time_unit_ms,
            settle=hello.settle,
        )


@dataclass(frozen=True, slots=True)
class Expected:
    """A lawful answer and the clause that demands it.

    Attributes:
        answer: The answer.
        clause: The clause that demands it.
        also: Further answers that are as good, in the very same course of events.
    """

    answer: Answer
    clause: str
    also: tuple[Answer, ...] = ()

    def admits(self, answer: Answer, profile: Profile) -> bool:
        """Say whether an observed answer is one of these."""
        return same_answer(self.answer, answer, profile) or any(
            same_answer(other, answer, profile) for other in self.also
        )


class Process:
    """One process of the world, alive or dead."""

    __slots__ = (
        "after",
        "backend",
        "born_watched",
        "calls",
        "client",
        "doomed",
        "entering",
        "given_up",
        "inbox",
        "label",
        "links",
        "mailbox",
        "monitors",
        "name",
        "parent",
        "reason",
        "served",
        "starter",
        "status",
        "stopped_by",
        "stops",
        "suspended",
        "task",
        "terminate",
        "told",
        "trap",
        "tree",
        "value",
        "value_clause",
        "watchers",
    )

    def __init__(self, label: str, probe: Mapping[str, Json], backend: str) -> None:
        self.label = label
        self.backend = backend
        self.value: int = probe.get("value", 0)
        self.trap: bool = probe.get("trap_exit", False)
        self.terminate: Json = probe.get("terminate", "ok")
        self.name: str | None = None
        self.parent: str | None = None
        self.status = "init"  # then "idle" or "busy", at last "dead"
        self.reason: Json = None
        self.task: tuple[Any, ...] | None = None  # what a busy process does, see servers.py
        self.suspended = False
        self.links: set[str] = set()
        self.watchers: dict[str, str] = {}  # ref of a monitor on this process -> its owner
        self.monitors: dict[str, Json] = {}  # ref of an active monitor of this process -> its `of`
        self.mailbox: list[Signal] = []
        self.inbox: dict[str, list[Signal]] = {}  # sender -> signals on their way, oldest first
        self.calls: list[Destination] = []  # accepted and not yet answered
        self.stops: list[tuple[int, Json, str]] = []  # requests to stop: number, reason, who asks
        self.served = 0  # messages handled since the world was last quiet
        self.value_clause = "GS-20"
        self.starter = DRIVER
        self.stopped_by = 0  # number of the request to stop that it obeys
        self.given_up = False  # its init callback has declined or failed
        self.born_watched: str | None = None  # ref of the monitor it was started with
        self.told: frozenset[str] = frozenset()  # who was sent a message by this process
        self.tree: Tree | None = None  # what a supervisor knows
        self.client: Client | None = None  # what one of several clients is doing, see clients.py
        self.after: tuple[tuple[str, int], ...] = ()  # reports known to have come before its next one
        self.entering: str | None = None  # why it is about to enter its init callback, if it has not yet
        self.doomed = 0  # it was killed at this moment, for it had not ended in time

    def copy(self) -> Process:
        """Return a process that can be changed without changing this one."""
        twin = Process.__new__(Process)
        twin.label = self.label
        twin.backend = self.backend
        twin.value = self.value
        twin.trap = self.trap
        twin.terminate = self.terminate
        twin.name = self.name
        twin.parent = self.parent
        twin.status = self.status
        twin.reason = self.reason
        twin.task = self.task
        twin.suspended = self.suspended
        twin.links = set(self.links)
        twin.watchers = dict(self.watchers)
        twin.monitors = dict(self.monitors)
        twin.mailbox = list(self.mailbox)
        twin.inbox = {src: list(queue) for src, queue in self.inbox.items()}
        twin.calls = list(self.calls)
        twin.stops = list(self.stops)
        twin.served = self.served
        twin.value_clause = self.value_clause
        twin.starter = self.starter
        twin.stopped_by = self.stopped_by
        twin.given_up = self.given_up
        twin.born_watched = self.born_watched
        twin.told = self.told
        twin.client = self.client
        twin.tree = None if self.tree is None else self.tree.copy()
        twin.after = self.after
        twin.doomed = self.doomed
        twin.entering = self.entering
        return twin

    def key(self) -> tuple[Any, ...]:
        """Return everything that can make a difference later, comparable and hashable."""
        if self.status == "dead":
            return (self.label, self.after)
        return (
            self.label,
            self.status,
            self.value,
            self.trap,
            self.name,
            self.suspended,
            repr(self.task) if self.task else None,
            frozenset(self.links),
            tuple(sorted(self.watchers.items())) if self.watchers else None,
            tuple(sorted(self.monitors)) if self.monitors else None,
            repr(self.mailbox) if self.mailbox else None,
            repr(sorted(self.inbox.items())) if self.inbox else None,
            tuple(self.calls),
            repr(self.stops) if self.stops else None,
            self.after,
            None if self.tree is None else self.tree.key(),
            None if self.client is None else self.client.key(),
        )


@dataclass(slots=True)
class Timer:
    """A timer that is set.

    Attributes:
        owner: The process that gets the message.
        due: Earliest moment of the (next) expiry, in milliseconds of the subject's time.
        period: Distance of the ticks of an interval in milliseconds, or None for a single shot.
        slept: How much the world had been told to `advance` when the timer was set (wall clock only).
        after: The time given, in milliseconds.
        fired: How many messages it has sent.
    """

    owner: str
    payload: str
    due: int
    period: int | None
    slept: int
    after: int
    fired: int = 0

    def copy(self) -> Timer:
        return Timer(self.owner, self.payload, self.due, self.period, self.slept, self.after, self.fired)


@dataclass(slots=True)
class Segment:
    """What was observed from one quiet moment to the next: the guide through the lawful outcomes.

    Attributes:
        events: What each process reported, oldest first, with the time of each report and its place in the log.
        end: The subject's time at the end, or None if unknown.
    """

    events: Mapping[str, Sequence[tuple[Event, int, int]]] = field(default_factory=dict[str, Any])
    end: int | None = None


class World:
    """One possible state of everything that the client cannot see directly."""

    __slots__ = (
        "answer",
        "broken",
        "cursor",
        "earliest",
        "end",
        "held",
        "log",
        "names",
        "notes",
        "now",
        "open_token",
        "orders",
        "processes",
        "profile",
        "segment",
        "serial",
        "slept",
        "tags",
        "timers",
    )

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.processes: dict[str, Process] = {}
        self.names: dict[str, str] = {}
        self.timers: dict[str, Timer] = {}
        self.now = 0  # exact on a virtual clock, a lower bound on a wall clock
        self.slept = 0
        self.serial = 0
        self.open_token: tuple[int, int, int] | None = None  # the client's unanswered request, deadline, timeout
        self.answer: Expected | None = None
        self.segment: Segment | None = None  # None: nothing is known, everything lawful is followed
        self.end: int | None = None  # the latest moment of this segment, where it is known
        self.held: dict[str, list[Signal]] = {}  # what the client sent to a child that may be about to start
        self.cursor: dict[str, int] = {}
        self.earliest: list[tuple[str, int, int, int | None]] = []  # who, which report, not before and not after when
        self.orders: list[tuple[tuple[str, int], tuple[str, int], str]] = []  # which report comes before which, by what
        self.log: dict[str, list[tuple[Event, str]]] = {}
        self.broken: tuple[str, int, Event, str] | None = None  # who, position, event, clause
        self.tags: list[str] = []
        self.notes: dict[tuple[str, str, Json], str] = {}

    def copy(self) -> World:
        """Return a world that can be changed without changing this one."""
        twin = World.__new__(World)
        twin.profile = self.profile
        twin.processes = {
            label: process if process.status == "dead" and not process.inbox else process.copy()
            for label, process in self.processes.items()
        }
        twin.names = dict(self.names)
        twin.timers = {ref: timer.copy() for ref, timer in self.timers.items()}
        twin.now = self.now
        twin.slept = self.slept
        twin.serial = self.serial
        twin.open_token = self.open_token
        twin.answer = self.answer
        twin.segment = self.segment
        twin.end = self.end
        twin.held = {label: list(signals) for label, signals in self.held.items()}
        twin.cursor = dict(self.cursor)
        twin.orders = list(self.orders)
        twin.earliest = list(self.earliest)
        twin.log = {who: list(entries) for who, entries in self.log.items()}
        twin.broken = self.broken
        twin.tags = list(self.tags)
        twin.notes = dict(self.notes)
        return twin

    def key(self) -> tuple[Any, ...]:
        """Return everything that can make a difference later, comparable and hashable."""
        return (
            tuple(process.key() for process in self.processes.values()),
            tuple(sorted(self.names.items())),
            tuple((ref, timer.due, timer.fired) for ref, timer in sorted(self.timers.items())),
            self.now,
            self.open_token,
            repr(self.held),
            repr(self.answer),
            tuple(sorted(self.cursor.items())),
            tuple((who, tuple(repr(entry[0]) for entry in entries)) for who, entries in sorted(self.log.items())),
        )

    def live(self, label: str) -> Process | None:
        """Return the process with this label if it is alive."""
        process = self.processes.get(label)
        return None if process is None or process.status == "dead" else process

    def signal(self, src: str, dst: str, signal: Signal) -> None:
        """Send a signal; it arrives after every earlier one from `src` to `dst`."""
        process = self.processes.get(dst)
        if process is None:
            return
        if process.status == "dead" and not process.inbox:  # shared with other worlds
            process = self.processes[dst] = process.copy()
        queue = process.inbox.get(src)
        if queue is None:
            process.inbox[src] = [signal]
        else:
            queue.append(signal)

    def hold(self, label: str, signal: Signal) -> None:
        """Keep what the client sends to a child that may have started by now, or not."""
        self.held.setdefault(label, []).append(signal)

    def bear(self, process: Process) -> None:
        """Let a supervised process be there, with all that was sent to it in the meantime."""
        self.processes[process.label] = process
        if self.held and process.label in self.held:
            process.inbox[DRIVER] = self.held.pop(process.label)

    def next_token(self) -> int:
        """Return the number of a new request."""
        self.serial += 1
        return self.serial

    def emit(
        self,
        who: str,
        event: Event,
        clause: str,
        *,
        not_before: int = 0,
        not_after: int | None = None,
        optional: bool = False,
    ) -> None:
        """Report an event of `who`; the clause is the one that demands it.

        Against a known segment the report is compared at once, and a world that reports what nobody saw is `broken`.
        An optional event is passed over if it was not seen.
        """
        segment = self.segment
        if segment is None:
            if optional:
                self.note(event[0], who, event[1] if len(event) > 1 else None, "GS-9")
                return
            entries = self.log.setdefault(who, [])
            if event[0] in ORDERED and "/" in who:
                process = self.processes[who]
                self.orders += ((before, (who, len(entries)), clause) for before in process.after)
                process.after = ((who, len(entries)),)
            if not_before or not_after is not None:
                self.earliest.append((who, len(entries), not_before, not_after))
            entries.append((event, clause))
            return
        position = self.cursor.get(who, 0)
        seen = segment.events.get(who, ())
        if position < len(seen) and same_event(event, seen[position][0], self.profile):
            moment = seen[position][1]
            if (not_before and moment + 1 < not_before) or (not_after is not None and not_after + 1 < moment < UNTIMED):
                self.broken = (who, position, event, "TIM-1")
                return
            if event[0] in ORDERED and "/" in who:
                process = self.processes[who]
                if any(segment.events[other][place][2] > seen[position][2] for other, place in process.after):
                    self.broken = (who, position, event, clause)
                    return
                process.after = ((who, position),)
            self.cursor[who] = position + 1
            self.tags.append(clause)
            return
        if not optional:
            self.broken = (who, position, event, clause)

    @property
    def spare_ms(self) -> int:
        """How much later than it was a report of an end may say that it was, compared with those of others.

        Who cannot tell when the world is quiet may see deaths only when it looks for them.
        """
        if self.profile.clock == "virtual":
            return self.profile.grain_ms
        return 5 * self.profile.grain_ms if self.profile.settle else UNTIMED

    def latest_below(self, label: str) -> int:
        """Return when the last child of a supervisor was seen to end, or 0 where nothing is known."""
        if self.segment is None:
            return 0
        latest = 0
        for process in self.processes.values():
            position = self.cursor.get(process.label, 0)
            if process.parent == label and process.status == "dead" and position:
                latest = max(latest, self.segment.events[process.label][position - 1][1])
        return latest

    def end_of_predecessor(self, label: str) -> int:
        """Return when the process that a child replaces was seen to end, or 0 where nothing is known.

        Attempts that did not start are passed over: nothing waits for their ends.
        """
        if self.segment is None:
            return 0
        place, _, number = label.rpartition("#")
        for earlier in range(int(number) - 1, 0, -1):
            former = self.processes.get(f"{place}#{earlier}")
            if former is not None and not former.given_up:
                position = self.cursor.get(former.label, 0)
                if former.status != "dead" or not position:
                    return 0
                event, moment, _ = self.segment.events[former.label][position - 1]
                return moment if event[0] == "dead" and moment < UNTIMED else 0
        return 0

    def foresees(self, who: str, event: Event) -> bool:
        """Say whether this event is the next one that `who` was seen to report; True if nothing is known."""
        if self.segment is None:
            return True
        position = self.cursor.get(who, 0)
        seen = self.segment.events.get(who, ())
        return position < len(seen) and same_event(event, seen[position][0], self.profile)

    def position_of(self, who: str, event: Event) -> int:
        """Return how many other reports of `who` were seen before this one; very many if it was not seen."""
        if self.segment is not None:
            seen = self.segment.events.get(who, ())
            for position in range(self.cursor.get(who, 0), len(seen)):
                if same_event(event, seen[position][0], self.profile):
                    return position
        return NEVER

    def follow(self, process: Process, label: str | None) -> None:
        """Let what a process does next come after all that another has reported: one is the cause of the other."""
        other = self.processes.get(label or "")
        if other is not None and other.after:
            process.after = tuple(sorted({*process.after, *other.after}))

    def note(self, kind: str, who: str, key: Json, clause: str) -> None:
        """Remember which clause would be broken by an event that must not come."""
        self.notes[kind, who, key] = clause


def same_reason(expected: Json, got: Json, *, text: bool) -> bool:
    """Say whether two exit reasons agree; None stands for any text of an error or of a shutdown, or any reason at all.

    `text` compares the text of errors.
    """
    if expected is None or expected == {"shutdown": None}:
        return expected is None or (isinstance(got, dict) and "shutdown" in got)
    if isinstance(expected, dict) and "error" in expected:
        if not isinstance(got, dict) or "error" not in got:
            return False
        return not text or expected["error"] is None or expected["error"] == got["error"]  # pyright: ignore[reportUnknownVariableType] - JSON
    return bool(expected == got)


def same_event(expected: Event, got: Event, profile: Profile) -> bool:
    """Say whether an observed event is the expected one."""
    if expected == got:
        return True
    if expected[0] != got[0] or len(expected) != len(got) or expected[0] not in ("terminate", "dead", "down", "exit"):
        return False
    return expected[1:-1] == got[1:-1] and same_reason(expected[-1], got[-1], text=profile.error_text)


def same_answer(expected: Json, got: Json, profile: Profile) -> bool:
    """Say whether an observed answer (or an inner one) is the expected one; extra fields of a failure are ignored."""
    if not isinstance(expected, dict) or not isinstance(got, dict):
        return bool(expected == got)
    left, right = cast("dict[str, Json]", expected), cast("dict[str, Json]", got)
    if left == right:
        return not _has_bool_swap(left, right)
    if "ok" in left:
        return "ok" in right and _same_value(left["ok"], right["ok"], profile)
    failure, other = left.get("fail"), right.get("fail")
    if not isinstance(failure, dict) or not isinstance(other, dict):
        return False
    return _same_failure(cast("dict[str, Json]", failure), cast("dict[str, Json]", other), profile)


def _same_failure(failure: dict[str, Json], other: dict[str, Json], profile: Profile) -> bool:
    # Who calls cannot tell a death of `noproc` from nobody there.
    if failure["kind"] != other.get("kind"):
        return failure == {"kind": "exit", "reason": "noproc"} and other.get("kind") == "noproc"
    if "child" in failure:
        return bool(failure["child"] == other.get("child"))
    if "reason" in failure:
        return same_reason(failure["reason"], other.get("reason"), text=profile.error_text)
    return True


def _same_value(expected: Json, got: Json, profile: Profile) -> bool:
    if _are_rows(expected) and _are_rows(got):  # children, in any order (SUP-51)
        return sorted(map(repr, expected)) == sorted(map(repr, got))
    if not isinstance(expected, dict) or not isinstance(got, dict):
        return False
    if "specs" in expected:
        counts, others = cast("dict[str, Json]", expected), cast("dict[str, Json]", got)
        return all(others.get(key) == value for key, value in counts.items())
    return same_answer(expected, got, profile)


def _are_rows(value: Json) -> bool:
    """Say whether this is the list of a supervisor's children."""
    return isinstance(value, list) and all(isinstance(row, list) for row in value)  # pyright: ignore[reportUnknownVariableType] - JSON


def _has_bool_swap(expected: dict[str, Json], got: dict[str, Json]) -> bool:
    """Say whether `True` was answered for 1 or the other way round, which Python takes for equal."""
    left, right = expected.get("ok"), got.get("ok")
    return isinstance(left, bool) != isinstance(right, bool)
