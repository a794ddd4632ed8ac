"""From a contradiction to a clause: what was expected, what was seen, and which rule tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from letitcrash_spec.messages import Answer, Json, Operation
from letitcrash_spec.model import trees
from letitcrash_spec.model.histories import Stuck
from letitcrash_spec.model.world import Event, Expected, World, same_event

__all__ = [
    "Violation",
    "explain_answer",
    "explain_history",
    "explain_observation",
    "foreign_events",
    "is_at_its_moment",
]

_EXTRA = {
    "dead": "EXIT-8",
    "down": "MON-7",
    "exit": "LNK-2",
    "info": "GS-37",
    "init": "GS-1",
    "terminate": "GS-54",
}
"""The clause broken by an event of this kind that nothing calls for, if nothing better is known."""

_WEIGHT = {"init": 0, "terminate": 1, "dead": 2, "alive": 3, "down": 4, "exit": 5, "info": 6, "names": 7}
"""Which of several differences is named: the earlier in the life of a process, the nearer to the cause."""


_LAST = ("EXIT-28", "MON-19")
"""Clauses that demand an event behind others; they are broken if it comes before them."""

_REFUSALS = {
    "already_present": "SUP-22",
    "already_started": "SUP-21",
    "max_children": "DYN-E4",
    "not_found": "SUP-30",
    "restarting": "SUP-30",
    "running": "SUP-30",
}
"""The clause that says when a request is refused in this way, if it must not be."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that no lawful order of events explains.

    Attributes:
        clause: Id of the clause that is broken.
        index: Position of the operation in the program, from 0.
        operation: That operation.
        what: One line: what differs.
        expected: The lawful possibilities, JSON-shaped, the likeliest first.
        got: What was observed instead.
        differences: Further differences of the same observation, one line each.
    """

    clause: str
    index: int
    operation: Operation
    what: str
    expected: tuple[Json, ...]
    got: Json
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Difference:
    weight: int
    clause: str
    what: str
    expected: Json
    got: Json


def foreign_events(
    worlds: Sequence[World], segment: Iterable[tuple[Operation, Answer]], events: Mapping[str, Any]
) -> bool:
    """Say whether an event was reported by somebody who cannot exist."""
    known: set[str] = set(worlds[0].processes) if worlds else set()
    for operation, _ in segment:
        _labels_started(operation.args, known)
    for world in worlds:
        known.update(world.processes)
        for process in world.processes.values():
            if process.task is not None and process.task[0] == "sup":
                continue
            for message in process.mailbox:
                _labels_in(message, known)
            for queue in process.inbox.values():
                _labels_in(queue, known)
            _labels_in(process.task, known)
    return any(who not in known and not trees.may_exist(who, known) for who in events)


def _labels_started(args: Mapping[str, Json], known: set[str]) -> None:
    for operations in args.get("clients", ()):
        for operation in operations:
            _labels_started(operation["args"], known)
    if "as" in args:
        known.add(args["as"])
    _labels_in(args.get("msg"), known)


def _labels_in(value: Any, known: set[str]) -> None:
    if isinstance(value, list | tuple):
        items = cast("Sequence[Any]", value)
        if len(items) == 4 and items[0] == "spawn":
            known.add(items[1])
        elif len(items) >= 4 and items[0] == "host":
            known.add(items[-2])  # on its way or waiting: a supervisor that a probe is to start
        for item in items:
            _labels_in(item, known)


def explain_answer(index: int, operation: Operation, lawful: Sequence[Expected], answer: Answer) -> Violation:
    """Say which clause an unlawful answer breaks."""
    different: list[Expected] = []
    for expected in lawful:
        if all(expected.answer != other.answer for other in different):
            different.append(expected)
    if not different:
        return Violation("GS-20", index, operation, "expected no answer at all", (), answer)
    clause = _REFUSALS.get(_kind_of(answer), different[0].clause)
    if operation.op == "terminate_child" and "ok" in different[0].answer:
        clause = different[0].clause  # what is known can be ended, whatever has become of it
    if clause == "GS-30" and "ok" in answer and not isinstance(answer["ok"], int):
        clause = "GS-31"  # no value at all: the reply to the request that timed out
    return Violation(
        clause, index, operation, f"the answer of {operation.op}", tuple(e.answer for e in different), answer
    )


def _kind_of(answer: Answer) -> str:
    failure: Mapping[str, Json] = answer.get("fail", {})
    return str(failure.get("kind", ""))


def explain_observation(
    index: int, operation: Operation, worlds: Sequence[World], observation: Mapping[str, Json]
) -> Violation:
    """Say which clause an observation breaks, by comparing it with the lawful world that is nearest to it."""
    best: list[_Difference] = []
    nearest: World | None = None
    for world in worlds:
        differences = _compare(world, observation)
        if nearest is None or len(differences) < len(best):
            best, nearest = differences, world
    if not best and nearest is not None:
        best = _compare_moments(nearest, observation) or _compare_orders(nearest, observation)
    if not best:
        return Violation(
            "GS-21", index, operation, "the reports of this moment fit no common order", (), observation["events"]
        )
    best.sort(key=lambda difference: difference.weight)
    first = best[0]
    return Violation(
        first.clause,
        index,
        operation,
        first.what,
        (first.expected,),
        first.got,
        tuple(difference.what for difference in best[1:]),
    )


def explain_history(index: int, operation: Operation, stuck: Stuck) -> Violation:
    """Say which clause a history breaks: at the first answer that no order of its operations explains."""
    op = operation.args["clients"][stuck.client][stuck.turn]
    different: list[Expected] = []
    for expected in stuck.lawful:
        if all(expected.answer != other.answer for other in different):
            different.append(expected)
    clause = different[0].clause if different else "GS-20"
    what = f"the answer of {op['op']}, operation {stuck.turn + 1} of client {stuck.client + 1}"
    return Violation(clause, index, operation, what, tuple(e.answer for e in different), stuck.answer)


def _compare_moments(world: World, observation: Mapping[str, Json]) -> list[_Difference]:
    """Find reports that came too early."""
    reports: dict[str, list[Mapping[str, Json]]] = {}
    for report in observation["events"]:
        reports.setdefault(report["who"], []).append(report)
    found: list[_Difference] = []
    for sup, process in world.processes.items():
        ended = next((r for r in reports.get(sup, ()) if r["ev"] == "dead" and r["reason"] != "killed"), None)
        if process.tree is None or ended is None:
            continue
        for who, others in reports.items():
            if who in world.processes and world.processes[who].parent == sup and others[-1]["ev"] == "dead":
                last, first = others[-1].get("t", 0), ended.get("t", 0)
                if last > first + world.profile.grain_ms + 1:
                    clause = "DYN-E11" if process.tree.is_dynamic else "SHUT-1"
                    what = f"{sup} has ended before its child {who}"
                    found.append(_Difference(0, clause, what, f"not before {last} ms", first))
    for who, others in reports.items():
        place, _, number = who.rpartition("#")
        former = f"{place}#{int(number) - 1}" if place and number.isdigit() else ""
        known = world.processes.get(former)
        if known is None or known.given_up or former not in reports:
            continue
        if others[0]["ev"] == "init" and reports[former][-1]["ev"] == "dead":
            began, ended_at = others[0].get("t", 0), reports[former][-1].get("t", 0)
            if ended_at > began + world.spare_ms + 1:
                what = f"{who} has begun before its predecessor {former} had ended"
                found.append(_Difference(0, "STR-6", what, f"not before {ended_at} ms", began))
    for who, index, not_before, not_after in world.earliest:
        report = reports[who][index]
        if report.get("t", not_before) + 1 < not_before:
            clause = "SHUT-2" if report["ev"] == "dead" else "TIM-1"
            what = f"when {who} reports {report['ev']}: not before {not_before} ms expected, {report['t']} ms seen"
            found.append(_Difference(0, clause, what, not_before, report["t"]))
        elif not_after is not None and report.get("t", not_after) > not_after + 1:
            boss = world.processes.get(world.processes[who].parent or "")
            clause = "DYN-E11" if boss is not None and boss.tree is not None and boss.tree.is_dynamic else "SHUT-2"
            what = f"when {who} reports {report['ev']}: at {not_after} ms expected, {report['t']} ms seen"
            found.append(_Difference(0, clause, what, not_after, report["t"]))
    return found


def _compare_orders(world: World, observation: Mapping[str, Json]) -> list[_Difference]:
    """Find reports that came before what has caused them."""
    places: dict[str, list[int]] = {}
    for place, report in enumerate(observation["events"]):
        places.setdefault(report["who"], []).append(place)
    found: list[_Difference] = []
    for (cause, first), (who, second), clause in world.orders:
        if places[cause][first] > places[who][second]:
            before, after = (observation["events"][place] for place in (places[cause][first], places[who][second]))
            what = f"the order: {cause} {before['ev']} expected before {who} {after['ev']}"
            found.append(_Difference(0, clause, what, [before, after], [after, before]))
    return found


def is_at_its_moment(world: World, observation: Mapping[str, Json]) -> bool:
    """Say whether a quiet world was observed when it became quiet: a virtual clock goes no further than it must."""
    if world.profile.clock != "virtual" or observation["quiet"] is not True or observation.get("now") is None:
        return True
    return bool(world.now == observation["now"])


def _compare(world: World, observation: Mapping[str, Json]) -> list[_Difference]:
    found: list[_Difference] = []
    seen: dict[str, list[Mapping[str, Json]]] = {}
    for report in observation["events"]:
        seen.setdefault(report["who"], []).append(report)
    for who in sorted({*seen, *world.log}):
        _compare_events(world, who, world.log.get(who, []), seen.get(who, []), found)
    alive = {label for label, process in world.processes.items() if process.status != "dead"}
    observed = set(observation["alive"])
    for label in sorted(alive - observed):
        clause = world.notes.get(("dead", label, None), "EXIT-8")
        found.append(_Difference(3, clause, f"{label} is gone", f"{label} alive", f"{label} not alive"))
    for label in sorted(observed - alive):
        clause = next((c for event, c in world.log.get(label, []) if event[0] == "dead"), "EXIT-24")
        found.append(_Difference(3, clause, f"{label} is still alive", f"{label} not alive", f"{label} alive"))
    names: Mapping[str, str] = observation["names"]
    for name in sorted({*names, *world.names}):
        want, got = world.names.get(name), names.get(name)
        if want == got:
            continue
        dead = got is not None and world.live(got) is None
        freed = world.notes.get(("freed", "", name), "REG-11")
        clause = freed if dead else "REG-10" if want is None else "REG-1"
        found.append(_Difference(7, clause, f"the holder of the name {name!r}", want, got))
    if not is_at_its_moment(world, observation):
        clause = world.notes.get(("time", "", None), "TIM-1")
        words = "how much time has passed until all was quiet, in milliseconds"
        found.append(_Difference(8, clause, words, world.now, observation["now"]))
    found += (_Difference(5, *difference) for difference in trees.compare(world, observation))
    return found


def _compare_events(
    world: World,
    who: str,
    expected: Sequence[tuple[Event, str]],
    seen: Sequence[Mapping[str, Json]],
    found: list[_Difference],
) -> None:
    from letitcrash_spec.model.judge import as_event  # the two call each other

    left = list(expected)
    right = [as_event(report) for report in seen]
    while left and right and same_event(left[0][0], right[0], world.profile):
        left.pop(0)
        right.pop(0)
    while left and right and same_event(left[-1][0], right[-1], world.profile):
        left.pop()
        right.pop()
    for position in range(max(len(left), len(right))):
        want = left[position] if position < len(left) else None
        got = right[position] if position < len(right) else None
        if want is not None and got is not None and same_event(want[0], got, world.profile):
            continue
        if got == ("dead", "killed") and want is not None and ("asked", who, None) in world.notes:
            clause = world.notes["asked", who, None]  # it was killed, though its time to end was not over
        elif want is not None and (got is None or want[0][0] == got[0]):
            clause = want[1]
            is_supervisor = got is not None and got[0] == "dead" and world.processes[who].tree is not None
            if is_supervisor and clause != "SUP-2" and want[0][1] != "killed":
                clause = "SHUT-13"  # a supervisor that ends for another reason than it must
            if got is None and _is_before_stop(expected, want):
                clause = "GS-59"  # it obeyed a request to stop before what had come earlier
        elif got is not None and any(same_event(event, got, world.profile) for event, _ in left):
            clause = want[1] if want is not None else _EXTRA[got[0]]
            if any(same_event(event, got, world.profile) and other in _LAST for event, other in left):
                clause = next(other for event, other in left if same_event(event, got, world.profile))
            if got[0] == "terminate" and any(other in ("GS-58", "GS-59") for _, other in left):
                clause = "GS-59"  # it obeyed a request to stop before what had come earlier
        else:
            assert got is not None
            clause = _extra_clause(world, who, got)
        weight = min(_WEIGHT[event[0]] for event in (want and want[0], got) if event is not None)
        if _gives_up_too_early(world, who, got):
            weight = -1
        what = f"what {who} reports: {_words(want[0] if want else None)} expected, {_words(got)} seen"
        found.append(_Difference(weight, clause, what, list(want[0]) if want else None, list(got) if got else None))


def _extra_clause(world: World, who: str, got: Event) -> str:
    """Return the clause broken by an event that nothing calls for, of a process or of a supervisor above it."""
    clause = world.notes.get((got[0], who, _key(got))) or world.notes.get((got[0], who, None))
    if got[0] == "info":
        return clause or ("GS-37" if "/" not in who or who.endswith("#1") else "STR-6")
    above = who
    while clause is None and "/" in above:
        above = above.rpartition("/")[0]
        clause = world.notes.get((got[0] if got[0] == "init" else "dead", above, None))
    return clause or _EXTRA[got[0]]


def _gives_up_too_early(world: World, who: str, got: Event | None) -> bool:
    """Say whether a supervisor was seen to end that should live: all else follows from it."""
    process = world.live(who)
    if got is None or got[0] != "dead" or process is None or process.tree is None:
        return False
    return ("dead", who, None) in world.notes


def _is_before_stop(expected: Sequence[tuple[Event, str]], wanted: tuple[Event, str]) -> bool:
    """Say whether the next thing expected after this is that the process obeys a request to stop."""
    following = expected[expected.index(wanted) + 1 :]
    return bool(following) and following[0][0][0] == "terminate" and following[0][1] in ("GS-58", "GS-59")


def _key(event: Event) -> Json:
    if event[0] == "down" or event[0] == "info":
        return event[1]
    return event[1] if event[0] == "exit" else None


def _words(event: Event | None) -> str:
    if event is None:
        return "nothing"
    return " ".join(str(part) for part in event)
