"""The timeline of a program: who did what to whom, step by step, as data that terminal and page draw."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from letitcrash_conformance.render import is_event, words_of, words_of_action, words_of_event, words_of_reason
from letitcrash_spec.messages import Answer, Json, Operation
from letitcrash_spec.model.diagnose import Violation

__all__ = ["Kind", "Mark", "Timeline", "build_timeline", "lane_of"]

Kind: TypeAlias = Literal["birth", "death", "message", "notice", "signal", "note"]
"""What a mark shows: a start, an end, a message or request, a DOWN, an exit signal or a link, anything else."""

CLIENT = "client"
LONGEST = 40
CROWD = 7
"""More lanes than this leave those out on which nothing happens."""

_REPORTS = re.compile(r"what (\S+) reports")
_NUMBER = re.compile(r"#[0-9]+(?=/|$)")


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened.

    Attributes:
        step: The position of its step in the program, from 0.
        kind: What it is.
        lane: Where it happens or arrives; empty if it belongs to nobody.
        source: The lane it comes from; empty if it comes from nobody else.
        words: What it is in words that can follow the name of the lane.
        who: The process itself, which a lane can stand for several of; empty if there is none.
        time: When the subject saw it, in milliseconds since the reset; None if it did not say.
        is_step: Whether this is what the step does; otherwise it is what came of it.
        is_wrong: Whether this is the event that the model refuses.
    """

    step: int
    kind: Kind
    lane: str
    source: str
    words: str
    who: str = ""
    time: int | None = None
    is_step: bool = False
    is_wrong: bool = False

    @property
    def sentence(self) -> str:
        """The mark in words that stand alone."""
        origin = f"{self.source}: " if self.source and self.source != self.lane else ""
        target = f" ({self.who})" if self.who and self.source else f"{self.who} " if self.who else ""
        return f"{origin}{self.words}{target}" if self.source else f"{target}{self.words}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened in a program up to a step.

    Attributes:
        lanes: The clients, then the processes in the order in which they began. The attempts of one child share a lane.
        marks: What happened, in order.
        failing: The position of the step that failed, from 0, or None.
        idle: Processes of a crowd that only began, which have no lanes.
    """

    lanes: tuple[str, ...]
    marks: tuple[Mark, ...]
    failing: int | None = None
    idle: tuple[str, ...] = ()

    @property
    def processes(self) -> int:
        """How many lanes are not clients."""
        return sum(not lane.startswith(CLIENT) for lane in self.lanes)


def build_timeline(
    operations: Sequence[Operation], answers: Sequence[Answer], violation: Violation | None = None
) -> Timeline:
    """Return the timeline of a program, up to the step that failed.

    Args:
        operations: The program.
        answers: What the subject answered, in order; may end early.
        violation: What failed; None for the whole program.
    """
    builder = _Builder()
    failing = None if violation is None else violation.index
    end = len(operations) if failing is None else failing + 1
    for index, operation in enumerate(operations[:end]):
        builder.take(index, operation, answers[index] if index < len(answers) else None)
    marks = builder.marks if violation is None else _blame(builder.marks, violation)
    used = {lane for mark in marks for lane in (mark.lane, mark.source) if lane}
    lanes = sorted((lane for lane in builder.lanes if lane in used), key=lambda lane: not lane.startswith(CLIENT))
    idle = _find_idle(lanes, marks) if len(lanes) > CROWD else ()
    return Timeline(
        tuple(lane for lane in lanes if lane not in idle),
        tuple(mark for mark in marks if mark.lane not in idle),
        failing,
        idle,
    )


def lane_of(label: str) -> str:
    """Return the lane of a process: the attempts of one child share theirs."""
    return _NUMBER.sub("", label)


def _find_idle(lanes: Sequence[str], marks: Sequence[Mark]) -> tuple[str, ...]:
    """Return the lanes on which nothing happens but one beginning."""
    rows = Counter(mark.lane for mark in marks)
    rows.update(mark.source for mark in marks if mark.source != mark.lane)
    busy = {mark.lane for mark in marks if mark.kind != "birth" or mark.is_step or mark.is_wrong}
    return tuple(lane for lane in lanes if rows[lane] == 1 and lane not in busy and not lane.startswith(CLIENT))


def _blame(marks: Sequence[Mark], violation: Violation) -> list[Mark]:
    """Return the marks with the last event marked that is what the subject should not have reported."""
    told = _REPORTS.match(violation.what)
    if told is None or not is_event(violation.got):
        return list(marks)
    words = words_of_event(violation.got, longest=LONGEST)
    marked = list(marks)
    for index in range(len(marks) - 1, -1, -1):
        mark = marks[index]
        if mark.step == violation.index and mark.who == told[1] and mark.words == words:
            marked[index] = replace(mark, is_wrong=True)
            break
    return marked


@dataclass(slots=True)
class _Builder:
    marks: list[Mark] = field(default_factory=list[Mark])
    lanes: dict[str, None] = field(default_factory=dict[str, None])
    born: set[str] = field(default_factory=set[str])
    names: dict[str, str] = field(default_factory=dict[str, str])
    step: int = 0

    def take(self, index: int, operation: Operation, answer: Answer | None) -> None:
        self.step = index
        if operation.op == "observe":
            self._note("look", is_step=True)
            for event in _events_of(answer):
                self._event(event)
        elif operation.op == "parallel":
            self._note("at the same time", is_step=True)
            for client, inner, told in _in_order(operation, answer):
                self._operation(f"{CLIENT} {client}", inner, told, is_step=False)
        else:
            self._operation(CLIENT, operation, answer, is_step=True)

    def _operation(self, client: str, operation: Operation, answer: Answer | None, *, is_step: bool) -> None:
        args = operation.args
        happened = answer is None or "ok" in answer
        match operation.op:
            case "spawn" | "start_supervisor":
                probe: Mapping[str, Any] = args["probe" if operation.op == "spawn" else "spec"]
                what = "spawn" if operation.op == "spawn" else "start supervisor"
                if happened:
                    self._name(probe.get("name"), args["as"])
                    self._birth(args["as"], client, what, is_step)
                else:
                    self._add("message", args["as"], client, what, is_step=is_step)
            case "call" | "cast":
                words = f"{operation.op} {words_of_action(args['msg'])}"
                self._add("message", args["to"], client, words, is_step=is_step)
                if happened:
                    self._action(self._label(args["to"]), args["msg"])
            case "send":
                self._add("message", args["to"], client, f"message {args['payload']!r}", is_step=is_step)
            case "exit" | "stop":
                words = "exit signal" if operation.op == "exit" else "stop with"
                self._add("signal", args["to"], client, f"{words} {words_of_reason(args['reason'])}", is_step=is_step)
            case "register":
                self._name(args["name"], args["to"])
                self._add("note", args["to"], client, f"register as {args['name']!r}", is_step=is_step)
            case "suspend" | "resume" | "name_of":
                self._add("note", args["to"], client, operation.op.replace("_", " "), is_step=is_step)
            case other if "sup" in args:
                child = args.get("child")
                words = other.replace("_", " ") + ("" if child is None else f" {_id_of(child)}")
                self._add("message", args["sup"], client, words, is_step=is_step)
            case _:
                self._note(words_of(operation), is_step=is_step, source=client)

    def _action(self, doer: str, action: Sequence[Json]) -> None:
        """Add what a probe does to others when it is told to."""
        if not doer:
            return
        words = words_of_action(action)
        match list(action):
            case ["call" | "cast", to, inner, *_]:
                self._add("message", to, lane_of(doer), words)
                self._action(self._label(to), inner)
            case ["send", to, _]:
                self._add("message", to, lane_of(doer), words)
            case ["exit" | "link" | "unlink", str(label), *_]:
                self._add("signal", label, lane_of(doer), words)
            case ["monitor", to, _]:
                self._add("notice", to, lane_of(doer), words)
            case ["spawn", str(label), probe, _]:
                self._name(_name_in(probe), label)
                self._birth(label, lane_of(doer), "spawn", False)
            case ["register", str(name)]:
                self._name(name, doer)
            case _:
                pass

    def _event(self, event: Mapping[str, Json]) -> None:
        who, kind = event.get("who"), event.get("ev")
        if not isinstance(who, str) or not isinstance(kind, str):
            return
        time = event.get("t")
        at = time if isinstance(time, int) else None
        fields = [event[key] for key in ("ref", "of", "reason", "payload") if key in event]
        words = words_of_event([kind, *fields], longest=LONGEST)
        of = event.get("of")
        match kind:
            case "init" if who in self.born:
                pass
            case "init":
                parent = who.rpartition("/")[0]
                self._birth(who, lane_of(parent), words, False, at)
            case "dead":
                self._add("death", who, "", words, time=at)
            case "exit":
                self._add("signal", who, self._lane(of), words, time=at)
            case "down":
                self._add("notice", who, self._lane(of), words, time=at)
            case "info":
                self._add("message", who, "", words, time=at)
            case _:
                self._add("note", who, "", words, time=at)

    def _birth(self, label: str, source: str, words: str, is_step: bool, time: int | None = None) -> None:
        self.born.add(label)
        self._add("birth", label, source, words, is_step=is_step, time=time)

    def _add(
        self, kind: Kind, target: Json, source: str, words: str, *, is_step: bool = False, time: int | None = None
    ) -> None:
        label = self._label(target)
        lane = lane_of(label)
        for each in (source, lane):
            if each:
                self.lanes.setdefault(each)
        self.marks.append(Mark(self.step, kind, lane, source, words, label, time, is_step))

    def _note(self, words: str, *, is_step: bool, source: str = "") -> None:
        self.marks.append(Mark(self.step, "note", "", "", words, "", None, is_step))

    def _name(self, name: Json, label: str) -> None:
        if isinstance(name, str):
            self.names[name] = label

    def _label(self, target: Json) -> str:
        """Return the process that is meant; an unknown name stands for itself."""
        match target:
            case {"name": str(name)}:
                return self.names.get(name, f"name {name}")
            case str(label):
                return label
            case _:
                return ""

    def _lane(self, target: Json) -> str:
        return lane_of(self._label(target))


def _events_of(answer: Answer | None) -> Iterator[Mapping[str, Json]]:
    match answer:
        case {"ok": {"events": [*events]}}:
            yield from (event for event in events if isinstance(event, Mapping))
        case _:
            return


def _id_of(child: Json) -> Json:
    match child:
        case {"id": named}:
            return named
        case _:
            return child


def _name_in(probe: Json) -> Json:
    match probe:
        case {"name": name}:
            return name
        case _:
            return None


def _in_order(operation: Operation, answer: Answer | None) -> Iterator[tuple[int, Operation, Answer | None]]:
    """Give the operations of several clients, with their client from 1, in the order in which they began.

    Where no answer tells when they began, they come client by client.
    """
    clients: Sequence[Json] = answer["ok"] if answer and "ok" in answer else ()
    records: Mapping[int, Sequence[Json]] = dict(enumerate(clients))
    rows: list[tuple[int, int, Operation, Answer | None]] = []
    for client, steps in enumerate(operation.args["clients"]):
        told: Sequence[Json] = records.get(client, ())
        for position, step in enumerate(steps):
            inner = Operation(step["op"], step["args"])
            if position < len(told):
                rows.append((told[position]["call"], client + 1, inner, told[position]["answer"]))
            else:
                rows.append((len(rows), client + 1, inner, None))
    for _, client, inner, told_answer in sorted(rows, key=lambda row: row[0]):
        yield client, inner, told_answer
