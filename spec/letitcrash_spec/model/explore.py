"""The small steps of a world, and the search through their lawful orders.

Steps of different processes can be swapped unless one can reach the other, so only the orders that can make a
difference are followed: the processes with something to do are split into groups that cannot touch each other, and
inside a group those that nobody else can reach go first (a persistent set, in the words of partial order reduction).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeAlias

from letitcrash_spec.messages import fail
from letitcrash_spec.model import clients, genserver, shutdown, timers
from letitcrash_spec.model.reach import Reach, reach_of
from letitcrash_spec.model.signals import MESSAGES, deliver
from letitcrash_spec.model.world import DRIVER, Expected, Process, Signal, World

__all__ = [
    "TooManyWorlds",
    "answered",
    "at_rest",
    "choose_steps",
    "every_step",
    "moment_of",
    "next_moment",
    "search",
    "take",
    "walk",
]

Step: TypeAlias = tuple[Any, ...]

SHORT_MS = 2000
"""On a wall clock a wait this long ends by its deadline only if nothing else can end it."""

GENTLE = frozenset(
    {
        "get",
        "add",
        "noreply",
        "links",
        "trap_exit",
        "cast",
        "send",
        "monitor",
        "demonitor",
        "send_after",
        "cancel_timer",
    }
    | {"send_interval", "link", "unlink", "sleep", "call", "spawn"}
)
"""Actions after which the server is surely alive, and which can be swapped with the arrival of a message."""


FEW = 6
"""How many worlds are followed before equal ones are looked for: most searches end before that is worth its price."""


class TooManyWorlds(Exception):
    """The lawful orders are too many to be followed; nothing can be said."""


def search(worlds: Iterable[World], goal: Callable[[World], bool], *, near: str | None, limit: int) -> list[World]:
    """Follow every lawful order until the goal.

    Args:
        worlds: Where to start; they are changed.
        goal: Asked between two steps; a world that reaches it is a result and is left as it is.
        near: The process whose next steps are wanted; others are left alone as long as they cannot matter.
        limit: How many worlds may be followed.

    Returns:
        The worlds that reached the goal, without duplicates. Worlds that contradict the observation are left out.

    Raises:
        TooManyWorlds: If more than `limit` worlds would have to be followed.
    """
    return list(walk(worlds, goal, near=near, limit=limit))


def walk(
    worlds: Iterable[World], goal: Callable[[World], bool], *, near: str | None, limit: int
) -> Generator[World, None, None]:
    """Follow lawful orders one after the other, and give each world that reaches the goal as soon as it does.

    The arguments and errors are those of `search`. Who takes only the first world saves the others.
    """
    stack: list[tuple[World, list[Step]]] = [(world, []) for world in worlds]
    seen: set[Any] = set()
    followed = len(stack) - 1
    while stack:
        world, others = stack.pop()
        if others:
            followed += 1
            if followed > limit:
                raise TooManyWorlds
            step = others.pop()
            if others:
                stack.append((world, others))
                world = world.copy()
            take(world, step)
        while world.broken is None:
            if goal(world):
                if followed:
                    key = world.key()
                    if key in seen:
                        break
                    seen.add(key)
                yield world
                break
            steps = choose_steps(world, near)
            if not steps:
                if not pass_time(world):
                    if near is None:
                        break
                    near = None
                continue
            if len(steps) > 1:
                if followed > FEW:
                    key = (False, world.key())
                    if key in seen:
                        break
                    seen.add(key)
                stack.append((world.copy(), steps[:0:-1]))
            take(world, steps[0])


def answered(world: World) -> bool:
    """The goal of a request: the client has its answer."""
    return world.answer is not None


def at_rest(limit: int) -> Callable[[World], bool]:
    """Return the goal of settling: nothing can happen without time passing, or beyond the moment `limit`."""

    def goal(world: World) -> bool:
        for process in world.processes.values():
            if (process.inbox and _arrivals(process)) or (process.status != "dead" and _steps_inside(process)):
                return False
        if world.profile.clock == "wall":
            settled = not _wall_steps(world, must=True) and not any(map(moment_of, world.processes.values()))
            return settled and _all_explained(world)
        if _due_steps(world):
            return False
        if not any(process.task is not None for process in world.processes.values()):
            return True
        following = next_moment(world)
        if following is not None and following <= limit:
            return False
        world.now = max(world.now, limit)
        return True

    return goal


def _all_explained(world: World) -> bool:
    """Say whether every event that was observed has happened: on a wall clock a timer may still be behind one."""
    if world.segment is None:
        return True
    return all(world.cursor.get(who, 0) == len(seen) for who, seen in world.segment.events.items())


def take(world: World, step: Step) -> None:
    """Take one step."""
    kind = step[0]
    if kind == "deliver":
        deliver(world, world.processes[step[1]], step[2])
    elif kind == "handle":
        genserver.handle(world, world.processes[step[1]])
    elif kind == "resume":
        genserver.resume(world, world.processes[step[1]])
    elif kind == "choose":
        genserver.choose(world, world.processes[step[1]], step[2])
    elif kind == "fire":
        timers.fire(world, step[1])
    elif kind == "issue":
        clients.issue(world, world.processes[step[1]])
    elif kind == "wake":
        genserver.wake(world, world.processes[step[1]])
    else:
        assert world.open_token is not None
        world.answer = Expected(fail("timeout"), genserver.silence_clause(world, (DRIVER, world.open_token[0])))
        world.open_token = None


def choose_steps(world: World, near: str | None) -> list[Step]:
    """Return the steps to follow next; empty if nothing can happen before time passes."""
    active: list[Process] = []
    for process in world.processes.values():
        if process.inbox:
            if process.status == "dead":
                return [("deliver", process.label, next(iter(process.inbox)))]
            if _arrivals(process) or _steps_inside(process):
                active.append(process)
        elif process.status != "dead" and _steps_inside(process):
            active.append(process)
    on_wall = world.profile.clock == "wall"
    timed = _wall_steps(world) if on_wall else _due_steps(world)
    if near is not None and on_wall:
        return _near(world, active, near) + timed
    if timed:
        return [step for process in active for step in _steps(process)] + timed
    if not active:
        return _late_steps(world)
    if len(active) == 1:
        return _reduced(active[0])
    return _of_group(world, active, near)


def every_step(world: World) -> list[Step]:
    """Return all steps that can be taken now, without leaving out any order."""
    timed = _wall_steps(world) if world.profile.clock == "wall" else _due_steps(world)
    steps = [step for process in world.processes.values() for step in _steps(process)] + timed
    return steps or _late_steps(world)


def _late_steps(world: World) -> list[Step]:
    """Return what has still to arrive before time passes, at supervisors that have been busy all along."""
    if world.profile.clock == "wall":
        return []
    return [
        ("deliver", process.label, src)
        for process in world.processes.values()
        if process.tree is not None and process.inbox
        for src in process.inbox
    ]


def _near(world: World, active: list[Process], near: str) -> list[Step]:
    """Return the steps of those who can reach `near` (on a wall clock nobody else has to be waited for)."""
    reaches = {process.label: reach_of(world, process).touched for process in active}
    touched = {near}
    members: list[Process] = []
    grown = True
    while grown:
        grown = False
        for process in active:
            if process not in members and reaches[process.label] & touched:
                members.append(process)
                touched |= reaches[process.label]
                grown = True
    return [step for process in members for step in _steps(process)]


def _of_group(world: World, active: list[Process], near: str | None) -> list[Step]:
    reaches: dict[str, Reach] = {process.label: reach_of(world, process) for process in active}
    groups: list[tuple[set[str], list[Process]]] = []
    for process in active:
        touched = set(reaches[process.label].touched)
        members = [process]
        rest: list[tuple[set[str], list[Process]]] = []
        for other_touched, other_members in groups:
            if touched & other_touched:
                touched |= other_touched
                members = other_members + members
            else:
                rest.append((other_touched, other_members))
        groups = [*rest, (touched, members)]
    members = groups[0][1]
    if near is not None:
        for touched, candidates in groups:
            if near in touched:
                if len(candidates) == 1:
                    return _reduced(candidates[0])
                return [step for process in candidates for step in _steps(process)]
    if len(members) == 1:
        return _reduced(members[0])
    for process in members:
        reach = reaches[process.label]
        if not reach.reads and not any(
            process.label in reaches[other.label].touched or _share(reach, reaches[other.label])
            for other in members
            if other is not process
        ):
            return _reduced(process)
    return [step for process in members for step in _steps(process)]


def _share(left: Reach, right: Reach) -> bool:
    """Say whether two processes may use something that everybody reads and writes at once."""
    return any(shared.startswith("@") for shared in left.touched & right.touched)


def _steps_inside(process: Process) -> bool:
    if process.client is not None:
        return process.client.op is not None
    if process.task is not None:
        return process.task[0] == genserver.BRANCH or genserver.ready(process)
    return bool(process.mailbox) and not process.suspended and process.status == "idle"


def _own_steps(process: Process) -> list[Step]:
    task = process.task
    if process.client is not None:
        return [("issue", process.label)] if process.client.op is not None else []
    if task is not None:
        if task[0] == genserver.BRANCH:
            return [("choose", process.label, index) for index in range(len(task[2]))]
        return [("resume", process.label)] if genserver.ready(process) else []
    return [("handle", process.label)] if _steps_inside(process) else []


def _steps(process: Process) -> list[Step]:
    return [("deliver", process.label, src) for src in _arrivals(process)] + _own_steps(process)


def _arrivals(process: Process) -> Iterable[str]:
    """Return from whom a signal can arrive now.

    What would only wait in the mailbox of a supervisor arrives when it can be handled, and so does what comes from
    several clients as long as nobody else has sent anything: nobody can tell the difference, for nothing is promised on
    the order of what different senders send.
    """
    inbox = process.inbox
    if (process.task is None and not process.mailbox) or process.suspended or process.status == "dead":
        return inbox
    if process.tree is None:
        is_client = all(src.startswith(clients.PREFIX) for src in inbox)
        return () if is_client and all(_is_message(signal) for queue in inbox.values() for signal in queue) else inbox
    urgent: list[str] = []
    for src, queue in inbox.items():
        if not all(map(_only_waits, queue)):
            if _only_waits(queue[0]):
                return inbox  # what arrives with it goes before or behind what others have sent
            urgent.append(src)
    return urgent


def _is_message(signal: Signal) -> bool:
    return signal[0] in MESSAGES


def _only_waits(signal: Signal) -> bool:
    if signal[0] == "exit":
        return signal[2] != "kill" or bool(signal[3])
    return signal[0] in ("retry", "suspend") or signal[0] in MESSAGES


def _reduced(process: Process) -> list[Step]:
    """Return the steps of a process that nobody else can reach, without orders that make no difference."""
    inbox = process.inbox
    own = _own_steps(process)
    if not inbox:
        return own
    if (
        own
        and len(own) == 1
        and _is_gentle(process)
        and all(signal[0] in ("cast", "info", "call", "stop") for queue in inbox.values() for signal in queue)
    ):
        return own
    return [("deliver", process.label, src) for src in _arrivals(process)] + own


def _is_gentle(process: Process) -> bool:
    task = process.task
    if task is not None:
        return bool(task[0] == "reply")
    message = process.mailbox[0]
    kind = message[0]
    if kind == "call":
        return message[3][0] in GENTLE
    if kind == "cast":
        return message[1][0] in GENTLE
    if kind == "info":
        return message[1] not in ("!crash", "!stop")
    return bool(kind == "DOWN")


def _due_steps(world: World) -> list[Step]:
    """Return what happens at this very moment of a virtual clock because of the time."""
    now = world.now
    steps: list[Step] = [("fire", ref) for ref, timer in world.timers.items() if timer.due <= now]
    for process in world.processes.values():
        moment = None if process.task is None else moment_of(process)
        if moment is not None and moment <= now:
            steps.append(("wake", process.label))
    if world.open_token is not None and world.open_token[1] <= now:
        steps.append(("timeout",))
    return steps


def moment_of(process: Process) -> int | None:
    """Return the moment that a process waits for, or None."""
    task = process.task
    if task is None:
        return None
    if task[0] == "sleep":
        return int(task[1])
    if task[0] == "sup":
        return shutdown.deadline_of(process)
    return int(task[2]) if task[0] == "wait" and task[2] is not None else None


def _wall_steps(world: World, *, must: bool = False) -> list[Step]:
    """Return what may (or must) have happened by now because of the time, on a clock that nobody controls."""
    steps: list[Step] = []
    for ref, timer in world.timers.items():
        if must and not timers.overdue(world, timer):
            continue
        on_its_way = f"timer {ref}" in world.processes[timer.owner].inbox
        if not on_its_way and timers.fireable(world, ref) and (timer.fired < 3 or world.segment is not None):
            steps.append(("fire", ref))
    for process in world.processes.values():
        task = process.task
        if task is not None and (
            task[0] == "sleep"
            or (task[0] == "wait" and task[5] is not None and task[5] < SHORT_MS)
            or (task[0] == "sup" and shutdown.is_short(process, SHORT_MS))
        ):
            steps.append(("wake", process.label))
    if not must and world.open_token is not None and world.open_token[2] < SHORT_MS:
        steps.append(("timeout",))
    return steps


def next_moment(world: World) -> int | None:
    """Return the next moment at which something happens because of the time, or None."""
    moments: list[int] = [timer.due for timer in world.timers.values()]
    for process in world.processes.values():
        moment = None if process.task is None else moment_of(process)
        if moment is not None:
            moments.append(moment)
    if world.open_token is not None:
        moments.append(world.open_token[1])
    return min(moments, default=None)


def pass_time(world: World) -> bool:
    """Let time pass until something can happen. Returns False if nothing ever will."""
    if world.profile.clock == "wall":
        for process in world.processes.values():
            task = process.task
            if task is not None and task[0] in ("wait", "sup") and moment_of(process) is not None:
                genserver.wake(world, process)
                return True
        if world.open_token is not None:
            take(world, ("timeout",))
            return True
        return False
    moment = next_moment(world)
    if moment is None:
        return False
    world.now = max(world.now, moment)
    return True
