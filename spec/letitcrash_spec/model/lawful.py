"""The lawful outcomes of one operation of the client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from letitcrash_spec.messages import Answer, Json, Operation, fail, ok
from letitcrash_spec.model import exits, genserver, histories, registry, starting, supervisor
from letitcrash_spec.model.explore import (
    TooManyWorlds,
    answered,
    at_rest,
    choose_steps,
    every_step,
    moment_of,
    next_moment,
    search,
    take,
    walk,
)
from letitcrash_spec.model.reach import NAMES, NAMES_CHANGE, reach_of
from letitcrash_spec.model.world import DRIVER, Expected, Process, Unspecified, World

__all__ = ["Outcome", "lawful_outcomes", "outcomes_of", "settle"]

Outcome = tuple[World, Expected]
"""A world after the operation, and the answer it gives."""

DEFAULT_TIMEOUT_MS = 5000
SUPERVISOR_TIMEOUT_MS = 60_000
LIMIT = 300
"""How many worlds one operation may fan out to, from one world, before the model gives up."""

MANY = 100
"""How many possible worlds there may be at one moment before the model gives up."""


def lawful_outcomes(worlds: Sequence[World], operation: Operation, answer: Answer | None = None) -> list[Outcome]:
    """Return every lawful outcome of an operation.

    Args:
        worlds: The possible worlds before it; they are changed.
        operation: Any operation but hello, reset, observe and bye.
        answer: What was answered; needed for `parallel`, whose answer holds the history to be explained.

    Raises:
        Unspecified: If the specification promises nothing that could be compared from here on.
        TooManyWorlds: If the lawful orders are too many to be followed.
    """
    if operation.op == "parallel":
        explained, _ = histories.follow(worlds, operation.args["clients"], (answer or {}).get("ok", []))
        return [(world, Expected(answer or {}, "BACK-10")) for world in explained]
    outcomes: list[Outcome] = []
    for world in worlds:
        outcomes.extend(outcomes_of(world, operation))
        if len(outcomes) > MANY:
            raise TooManyWorlds
    return outcomes


def outcomes_of(world: World, operation: Operation) -> Iterator[Outcome]:
    """Give the lawful outcomes of an operation in one world, each as soon as it is found.

    Args:
        world: The world before it; it is changed.
        operation: Any operation but hello, reset, observe, parallel and bye.

    Raises:
        Unspecified: If the specification promises nothing that could be compared from here on.
        TooManyWorlds: If the lawful orders are too many to be followed.
    """
    handler = _HANDLERS.get(operation.op)
    if handler is None:
        raise Unspecified(f"the operation {operation.op!r}")
    return handler(world, operation.args)


def _wait(world: World, label: str, token: int) -> Iterator[Outcome]:
    """Follow a world until the client's request is answered."""
    for result in walk([world], answered, near=label, limit=LIMIT):
        yield _settled(result)


def _settled(world: World) -> Outcome:
    expected = world.answer
    assert expected is not None
    world.answer = None
    return world, expected


def _request(world: World, args: dict[str, Any], default_ms: int = DEFAULT_TIMEOUT_MS) -> int:
    token = world.next_token()
    timeout_ms = args.get("timeout_ms", default_ms)
    world.open_token = (token, world.now + timeout_ms, timeout_ms)
    return token


def _spawn(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    label = args["as"]
    name = args["probe"].get("name")
    starts = [world] if name is None else _closure(world, lambda reached: NAMES in reached)
    for start in starts:
        token = _request(start, args)
        refusal = starting.start(start, label, args["probe"], (DRIVER, token), "plain")
        if refusal is not None:
            start.open_token = None
            yield start, refusal
            continue
        for after, expected in _wait(start, label, token):
            process = after.live(label)
            if expected.answer == fail("timeout") and process is not None and process.status != "idle":
                twin = after.copy()
                exits.die(twin, twin.processes[label], "killed", "GS-11")
                twin.answer = None
                yield twin, Expected(fail("timeout"), "GS-11")
            yield after, expected


def _call(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    for start in _resolved(world, args["to"]):
        token = _request(start, args)
        yield from _to_unborn(start, args["to"], ("call", token, args["msg"]))
        at_once = genserver.send_call(start, DRIVER, args["to"], args["msg"], token)
        if at_once is not None:
            start.open_token = None
            yield start, at_once
            continue
        label = registry.resolve(start, args["to"])
        yield from _wait(start, label or "", token)


def _stop(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    for start in _resolved(world, args["to"]):
        label = registry.resolve(start, args["to"])
        token = _request(start, args)
        if label is None or label not in start.processes:
            yield from _to_unborn(start, args["to"], ("stop", token, args["reason"]))
            start.open_token = None
            yield start, Expected(fail("noproc"), "GS-60")
            continue
        start.signal(DRIVER, label, ("stop", token, args["reason"]))
        for after, expected in _wait(start, label, token):
            clause = "GS-61" if expected.answer == fail("timeout") else expected.clause
            yield after, Expected(expected.answer, clause, expected.also)


def _start_supervisor(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    label, spec, parent = args["as"], args["spec"], args.get("link")
    if parent is not None:
        for start in _resolved(world, parent):
            if parent not in start.processes:
                yield start, Expected(fail("noproc"), "SUP-38")
                continue
            token = _request(start, args, SUPERVISOR_TIMEOUT_MS)
            start.signal(DRIVER, parent, ("host", token, label, spec))
            yield from _wait(start, parent, token)
        return
    starts = [world] if spec.get("name") is None else _closure(world, lambda reached: NAMES in reached)
    for start in starts:
        token = _request(start, args, SUPERVISOR_TIMEOUT_MS)
        refusal = supervisor.begin(start, label, spec, (DRIVER, token), None, "SUP-1")
        if refusal is not None:
            start.open_token = None
            yield start, refusal
        else:
            yield from _wait(start, label, token)


def _looks_refused(child: dict[str, Any]) -> bool:
    """Say whether a client may refuse a child before it looks for the supervisor (DYN-E3)."""
    return bool(child.get("significant")) or (isinstance(child["shutdown"], int) and child["shutdown"] <= 0)


def _administer(op: str) -> Callable[[World, dict[str, Any]], Iterator[Outcome]]:
    def administer(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
        label = args["sup"]
        for start in _resolved(world, label):
            token = _request(start, args, SUPERVISOR_TIMEOUT_MS)
            if label not in start.processes:
                yield from _to_unborn(start, label, ("admin", token, op, args))
                start.open_token = None
                also = (fail("bad_spec"),) if op == "start_child" and _looks_refused(args["child"]) else ()
                yield start, Expected(fail("noproc"), "SUP-38", also)
                continue
            refusal = supervisor.refusal_at_once(start.processes[label], op, args)
            if refusal is not None:
                twin = start.copy()
                twin.open_token = None
                yield twin, refusal
            if supervisor.names_unborn(start, op, args) and _may_be_born(start, args["child"]):
                twin = start.copy()
                twin.signal(DRIVER, label, ("admin", token, op, {**args, "child": supervisor.NOBODY}))
                yield from _wait(twin, label, token)
            start.signal(DRIVER, label, ("admin", token, op, args))
            yield from _wait(start, label, token)

    return administer


def _cast(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    for start in _resolved(world, args["to"]):
        yield from _sent_to_unborn(start, args["to"], ("cast", args["msg"]))
        genserver.send_cast(start, DRIVER, args["to"], args["msg"])
        yield from _asynchronous(start, args["to"], Expected(ok(), "GS-36"))


def _send(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    for start in _resolved(world, args["to"]):
        yield from _sent_to_unborn(start, args["to"], ("info", args["payload"], "GS-37", 0))
        expected = genserver.send_info(start, DRIVER, args["to"], args["payload"])
        yield from _asynchronous(start, args["to"], expected)


def _exit(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    for start in _resolved(world, args["to"]):
        yield from _sent_to_unborn(start, args["to"], ("exit", DRIVER, args["reason"], False, False))
        exits.send_exit(start, DRIVER, args["to"], args["reason"])
        yield from _asynchronous(start, args["to"], Expected(ok(), "EXIT-5"))


def _may_be_born(world: World, target: Json) -> bool:
    """Say whether a label that nobody has yet may be that of a supervised child that starts at this moment."""
    if not isinstance(target, str) or "/" not in target or target in world.processes:
        return False
    root = target.split("/", 1)[0]
    return any(
        root in reach_of(world, process).roots
        for process in world.processes.values()
        if process.inbox or process.mailbox or process.task is not None
    )


def _sent_to_unborn(world: World, target: Json, signal: tuple[Any, ...]) -> list[Outcome]:
    """Return the outcome of sending something to a child that has just started, if it may have."""
    if not _may_be_born(world, target):
        return []
    twin = world.copy()
    twin.hold(target, signal)
    return [(twin, Expected(ok(), "EXIT-5"))]


def _to_unborn(world: World, target: Json, signal: tuple[Any, ...]) -> list[Outcome]:
    """Return the outcomes of a request to a child that has just started, if it may have."""
    if not _may_be_born(world, target):
        return []
    twin = world.copy()
    twin.hold(target, signal)
    outcomes = search([twin], answered, near=None, limit=LIMIT)
    return [_settled(after) for after in outcomes if target in after.processes]


def _asynchronous(world: World, target: Json, expected: Expected) -> list[Outcome]:
    """Return the outcome of sending something; to a label never started, `noproc` is as good as `ok`."""
    if isinstance(target, str) and target not in world.processes:
        return [(world.copy(), Expected(fail("noproc"), expected.clause)), (world, expected)]
    return [(world, expected)]


def _register(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    label = args["to"]
    for start in _closure(world, lambda reached: bool({NAMES, f"{label} dies", f"@birth {label}"} & reached)):
        lawful = registry.register(start, args["name"], label)
        yield from [(start if index == 0 else start.copy(), expected) for index, expected in enumerate(lawful)]


def _unregister(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    for start in _closure(world, lambda reached: NAMES in reached):
        yield start, registry.unregister(start, args["name"])


def _whereis(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    for start in _closure(world, lambda reached: NAMES_CHANGE in reached):
        yield start, registry.whereis(start, args["name"])


def _name_of(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    label = args["to"]
    for start in _closure(world, lambda reached: bool({NAMES_CHANGE, f"{label} dies", f"@birth {label}"} & reached)):
        lawful = registry.name_of(start, label)
        yield from [(start if index == 0 else start.copy(), expected) for index, expected in enumerate(lawful)]


def _suspend(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    return _system(world, args["to"], "suspend")


def _resume(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    return _system(world, args["to"], "resume")


def _system(world: World, label: str, kind: str) -> Iterator[Outcome]:
    for start in _resolved(world, label):
        process = start.live(label)
        if process is None:
            yield start, Expected(fail("noproc"), "GS-24")
            continue
        if (kind == "suspend") == process.suspended:
            raise Unspecified(f"{kind} of a process that is {'already' if process.suspended else 'not'} suspended")
        token = _request(start, {})
        start.signal(DRIVER, label, (kind, token))
        yield from _wait(start, label, token)


def _advance(world: World, args: dict[str, Any]) -> Iterator[Outcome]:
    ms = args["ms"]
    if world.profile.clock == "wall":
        world.now += ms
        world.slept += ms
        yield world, Expected(ok(), "TIM-1")
        return
    for after in search([world], _has_no_step, near=None, limit=LIMIT):
        if any(process.task is not None and not _is_for_ever(process) for process in after.processes.values()):
            raise Unspecified("advance while a callback sleeps or waits")
        end = after.now + ms
        if _ends_somebody(after, end):
            yield from ((stepped, Expected(ok(), "TIM-1")) for stepped in _walk([after.copy()], end))
        after.now = end
        yield after, Expected(ok(), "TIM-1")


def _has_no_step(world: World) -> bool:
    return not choose_steps(world, None)


def _is_for_ever(process: Process) -> bool:
    """Say whether a callback never ends by itself, or a supervisor waits for such a one."""
    task = process.task
    assert task is not None
    return task[0] == "hang" or (task[0] == "sup" and moment_of(process) is None)


def _ends_somebody(world: World, end: int) -> bool:
    """Say whether a timer that is due by `end` ends a process: its cleanup may take time of its own."""
    return any(timer.due <= end and timer.payload in ("!crash", "!stop") for timer in world.timers.values())


def _walk(worlds: list[World], end: int) -> list[World]:
    """Let time pass up to `end` moment by moment, each followed by all that comes of it: the other way to advance."""
    finished: list[World] = []
    while worlds:
        world = worlds.pop()
        moment = next_moment(world)
        if moment is None or moment > end:
            world.now = end
            finished.append(world)
            continue
        world.now = max(world.now, moment)
        worlds.extend(search([world], _has_no_step, near=None, limit=LIMIT))
        if len(worlds) + len(finished) > MANY:
            raise TooManyWorlds
    return finished


def settle(worlds: Iterable[World], settle_ms: int) -> Iterator[World]:
    """Follow every world until it is quiet, or for `settle_ms` of its time; each is given as soon as it is found."""
    for world in worlds:
        yield from walk([world], at_rest(world.now + settle_ms), near=None, limit=LIMIT)


def _resolved(world: World, target: Any) -> list[World]:
    """Return the worlds in which a target may be looked up: more than one if names change, or it may just be born."""
    if isinstance(target, dict):
        return _closure(world, lambda reached: NAMES_CHANGE in reached)
    if target not in world.processes:
        return _closure(world, lambda reached: f"@birth {target}" in reached)
    return [world]


def _closure(world: World, matters: Callable[[set[str]], bool]) -> list[World]:
    """Return every world that can be reached without time passing, if what is pending matters at all."""
    if not choose_steps(world, None):
        return [world]
    reached: set[str] = set()
    for process in world.processes.values():
        if process.inbox or process.mailbox or process.task is not None:
            reached |= reach_of(world, process).touched
    for timer in world.timers.values():
        if timer.payload in ("!crash", "!stop"):
            reached |= {NAMES, NAMES_CHANGE, f"{timer.owner} dies"}
    if not matters(reached):
        return [world]
    seen = {world.key()}
    found = [world]
    frontier = [world]
    while frontier:
        current = frontier.pop()
        for step in every_step(current):
            twin = current.copy()
            take(twin, step)
            if twin.broken is not None:
                continue
            key = twin.key()
            if key not in seen:
                seen.add(key)
                found.append(twin)
                frontier.append(twin)
        if len(found) > LIMIT:
            raise TooManyWorlds
    return found


_HANDLERS: dict[str, Callable[[World, dict[str, Any]], Iterator[Outcome]]] = {
    "advance": _advance,
    "call": _call,
    "cast": _cast,
    "count_children": _administer("count_children"),
    "delete_child": _administer("delete_child"),
    "exit": _exit,
    "name_of": _name_of,
    "register": _register,
    "restart_child": _administer("restart_child"),
    "resume": _resume,
    "send": _send,
    "spawn": _spawn,
    "start_child": _administer("start_child"),
    "start_supervisor": _start_supervisor,
    "stop": _stop,
    "suspend": _suspend,
    "terminate_child": _administer("terminate_child"),
    "unregister": _unregister,
    "whereis": _whereis,
    "which_children": _administer("which_children"),
}
