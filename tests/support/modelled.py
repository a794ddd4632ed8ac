"""A subject that is the model itself, taking one lawful step after another by chance.

Whatever it does is lawful, so the judge must accept it: that is how the judge's short cuts are tested.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

from letitcrash_spec.hello import FEATURES, Hello
from letitcrash_spec.messages import Answer, Operation, fail, ok
from letitcrash_spec.model import clients, exits, genserver, registry, starting, supervisor
from letitcrash_spec.model.explore import at_rest, every_step, pass_time, take
from letitcrash_spec.model.world import DRIVER, Expected, Process, Profile, World

HELLO = Hello(
    name="modelled",
    version="1",
    language="python",
    backends=("one", "two"),
    default_backend="one",
    clock="virtual",
    time_unit_ms=1,
    wall_grain_ms=100,
    settle=True,
    features=frozenset(FEATURES),
)


class _Entries(list[tuple[Any, str]]):
    """What one process reports, kept in the order of all reports, too."""

    def __init__(self, who: str, order: list[tuple[str, Any]]) -> None:
        super().__init__()
        self._who = who
        self._order = order

    def append(self, entry: tuple[Any, str]) -> None:
        super().append(entry)
        self._order.append((self._who, entry[0]))


class _Log(dict[str, list[tuple[Any, str]]]):
    """The log of a world that remembers the order of all reports."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[tuple[str, Any]] = []

    def setdefault(self, who: str, default: list[tuple[Any, str]] | None = None) -> list[tuple[Any, str]]:
        if who not in self:
            self[who] = _Entries(who, self.order)
        return self[who]


class ModelledSubject:
    """Performs operations on one world of the model; every choice is made by chance."""

    def __init__(self, seed: int = 0) -> None:
        self.hello = HELLO
        self._random = random.Random(seed)
        self._world = _new_world()

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        return [self._perform(operation) for operation in operations]

    def close(self) -> None:
        return

    def _perform(self, operation: Operation) -> Answer:
        if operation.op == "reset":
            self._world = _new_world()
            return ok()
        if operation.op == "observe":
            return self._observe(operation.args["settle_ms"])
        for _ in range(self._random.randrange(4)):
            self._step()
        return self._start(operation.op, operation.args)

    def _step(self) -> bool:
        steps = every_step(self._world)
        if not steps:
            return False
        take(self._world, self._random.choice(steps))
        return True

    def _await(self) -> Answer:
        world = self._world
        while world.answer is None:
            if not self._step():
                assert pass_time(world)
        answer = world.answer.answer
        world.answer = None
        world.open_token = None
        return answer

    def _request(self, args: dict[str, Any]) -> int:
        token = self._world.next_token()
        timeout_ms = args.get("timeout_ms", 5000)
        self._world.open_token = (token, self._world.now + timeout_ms, timeout_ms)
        return token

    def _start(self, op: str, args: dict[str, Any]) -> Answer:
        world = self._world
        if op == "spawn":
            token = self._request(args)
            refusal = starting.start(world, args["as"], args["probe"], (DRIVER, token), "plain")
            if refusal is None:
                return self._await()
            world.open_token = None
            return refusal.answer
        if op == "parallel":
            return self._parallel(args["clients"])
        if op == "start_supervisor":
            return self._start_supervisor(args)
        if "sup" in args:
            if args["sup"] not in world.processes:
                return {"fail": {"kind": "noproc"}}
            world.signal(DRIVER, args["sup"], ("admin", self._request({"timeout_ms": 60_000} | args), op, args))
            return self._await()
        if op == "call":
            at_once = genserver.send_call(world, DRIVER, args["to"], args["msg"], self._request(args))
            if at_once is None:
                return self._await()
            world.open_token = None
            return at_once.answer
        if op == "cast":
            genserver.send_cast(world, DRIVER, args["to"], args["msg"])
            return ok()
        if op == "send":
            return genserver.send_info(world, DRIVER, args["to"], args["payload"]).answer
        if op == "exit":
            exits.send_exit(world, DRIVER, args["to"], args["reason"])
            return ok()
        if op == "stop":
            label = registry.resolve(world, args["to"])
            if label is None or label not in world.processes:
                return {"fail": {"kind": "noproc"}}
            world.signal(DRIVER, label, ("stop", self._request(args), args["reason"]))
            return self._await()
        if op in ("suspend", "resume"):
            if world.live(args["to"]) is None:
                return {"fail": {"kind": "noproc"}}
            world.signal(DRIVER, args["to"], (op, self._request({})))
            return self._await()
        if op == "advance":
            while self._step():
                pass
            world.now += args["ms"]
            return ok()
        if op == "whereis":
            return registry.whereis(world, args["name"]).answer
        if op == "unregister":
            return registry.unregister(world, args["name"]).answer
        if op == "register":
            return self._random.choice(registry.register(world, args["name"], args["to"])).answer
        return registry.name_of(world, args["to"])[0].answer

    def _parallel(self, programs: Sequence[Sequence[dict[str, Any]]]) -> Answer:
        world = self._world
        clients.join(world, len(programs))
        history: list[list[dict[str, Any]]] = [[] for _ in programs]
        stamps = itertools.count()
        while True:
            at_work = [world.processes[clients.name(index)] for index in range(len(programs))]
            for index, process in enumerate(at_work):
                assert process.client is not None
                expected = process.client.answer
                if expected is not None:
                    history[index][-1] |= {"return": next(stamps), "answer": expected.answer}
                    process.client = clients.Client(process.client.turn)
            ready = [
                index
                for index, process in enumerate(at_work)
                if process.task is None and process.client is not None and process.client.op is None
                if len(history[index]) < len(programs[index])
            ]
            if ready and self._random.random() < 0.5:
                index = self._random.choice(ready)
                turn = len(history[index])
                operation = programs[index][turn]
                at_work[index].client = clients.Client(turn, operation["op"], operation["args"])
                history[index].append({"call": next(stamps)})
            elif not self._step() and not ready:
                if all(len(done) == len(program) for done, program in zip(history, programs, strict=True)) and all(
                    "return" in entry for done in history for entry in done
                ):
                    clients.leave(world)
                    return ok(history)
                assert pass_time(world)

    def _start_supervisor(self, args: dict[str, Any]) -> Answer:
        world = self._world
        parent = args.get("link")
        token = self._request({"timeout_ms": 60_000} | args)
        if parent is not None and world.live(parent) is not None:
            world.signal(DRIVER, parent, ("host", token, args["as"], args["spec"]))
            return self._await()
        refusal = Expected(fail("noproc"), "SUP-38")
        if parent is None:
            refused = supervisor.begin(world, args["as"], args["spec"], (DRIVER, token), None, "SUP-1")
            if refused is None:
                return self._await()
            refusal = refused
        world.open_token = None
        return refusal.answer

    def _observe(self, settle_ms: int) -> Answer:
        world = self._world
        goal = at_rest(world.now + settle_ms)
        while not goal(world):
            if not self._step():
                assert pass_time(world)
        log, world.log = world.log, _Log()
        assert isinstance(log, _Log)
        events = [as_report(who, event) for who, event in log.order]
        alive = [label for label, process in world.processes.items() if process.status != "dead"]
        children = {label: self._children(process) for label, process in world.processes.items() if process.tree}
        return ok(
            {"quiet": True, "now": world.now, "alive": alive, "names": dict(world.names)}
            | {"events": events, "children": {label: seen for label, seen in children.items() if label in alive}}
        )

    def _children(self, process: Process) -> dict[str, Any] | None:
        tree = process.tree
        if tree is None or process.status != "idle" or process.suspended:
            return None
        rows = [[None if tree.is_dynamic else child.id, child.shown, child.spec["type"]] for child in tree.children]
        return {"list": rows, "count": supervisor.count(self._world, tree)}


def _new_world() -> World:
    world = World(Profile.of(HELLO))
    world.log = _Log()
    return world


def as_report(who: str, event: tuple[Any, ...]) -> dict[str, Any]:
    """Return an event of the model as the protocol writes it."""
    kind = event[0]
    keys = {"down": ("ref", "of", "reason"), "exit": ("of", "reason"), "info": ("payload",), "init": ()}
    return {"ev": kind, "who": who} | dict(zip(keys.get(kind, ("reason",)), event[1:], strict=True))
