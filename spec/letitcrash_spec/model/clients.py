"""Clients that act at the same time: the operation `parallel`, and the histories that it leaves behind.

Each client is a process of the world for as long as the operation lasts. It performs one operation after another: the
operation is known from its first stamp on, takes place at some moment after that, and its answer is given before its
second stamp. Every order of all these moments and of the world's own steps that agrees with the stamps is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from letitcrash_spec.messages import Answer, Json, fail, ok
from letitcrash_spec.model import exits, genserver, registry, starting, supervisor
from letitcrash_spec.model.signals import MESSAGES
from letitcrash_spec.model.world import Expected, Process, Unspecified, World

__all__ = [
    "PREFIX",
    "Client",
    "Moment",
    "begin",
    "issue",
    "join",
    "leave",
    "lost",
    "moments_of",
    "name",
    "receive",
    "run_out",
]

PREFIX = "client "
"""What the label of a client begins with, and no other."""

_DEFAULT_MS = 5_000
_SUPERVISOR_MS = 60_000
_PLAIN = frozenset({"call", "cast", "exit", "send", "stop"})
_SUPERVISION = frozenset(
    {
        "start_supervisor",
        "start_child",
        "terminate_child",
        "restart_child",
        "delete_child",
        "which_children",
        "count_children",
    }
)


class Client(NamedTuple):
    """What one client is doing.

    Attributes:
        turn: How many operations it has begun.
        op: The operation that it is about to send, or None.
        args: Its arguments.
        wants: The answer that was observed, or None if every lawful one is followed.
        token: The number of its request, or 0.
        answer: The lawful answer that it has by now.
    """

    turn: int = 0
    op: str | None = None
    args: Mapping[str, Json] = {}
    wants: Answer | None = None
    token: int = 0
    answer: Expected | None = None

    def key(self) -> tuple[Any, ...]:
        """Return everything that can make a difference later, comparable and hashable."""
        return (self.turn, self.op, self.token, repr(self.answer))


class Moment(NamedTuple):
    """One stamp of a history: the beginning or the end of an operation of a client, both counted from 0."""

    stamp: int
    is_end: bool
    client: int
    turn: int
    answer: Answer


def name(client: int) -> str:
    """Return the label of a client, which no process can have."""
    return f"{PREFIX}{client + 1}"


def moments_of(history: Sequence[Sequence[Mapping[str, Json]]]) -> list[Moment]:
    """Return the stamps of a history, the oldest first."""
    moments: list[Moment] = []
    for client, entries in enumerate(history):
        for turn, entry in enumerate(entries):
            moments.append(Moment(entry["call"], False, client, turn, entry["answer"]))
            moments.append(Moment(entry["return"], True, client, turn, entry["answer"]))
    return sorted(moments)


def join(world: World, count: int) -> None:
    """Let clients enter a world."""
    for client in range(count):
        process = Process(name(client), {}, world.profile.default_backend)
        process.status = "idle"
        process.client = Client()
        world.processes[process.label] = process


def leave(world: World) -> None:
    """Let the clients leave a world. What they have sent stays on its way."""
    for label in [label for label, process in world.processes.items() if process.client is not None]:
        del world.processes[label]


def begin(world: World, process: Process, client: Client) -> None:
    """Let a client begin an operation. What only sends something to somebody who is there is sent at once.

    Its arrival may take any time, so that a later moment of sending would add nothing.
    """
    process.client = client
    args = client.args
    known = args.get("sup", args.get("to") if client.op in _PLAIN else None)
    waits = client.op is not None and supervisor.names_unborn(world, client.op, args)
    if isinstance(known, str) and known in world.processes and not waits:
        issue(world, process)


def lost(world: World, process: Process, reason: Json) -> None:
    """Answer what clients have sent to a process that has ended in the meantime, in either way (N-20)."""
    for src in [src for src in process.inbox if src.startswith(PREFIX)]:
        for signal in process.inbox[src]:
            if signal[0] in ("admin", "call", "host"):
                exits.answer(
                    world, process, (src, signal[1]), fail("exit", reason=reason), "GS-26", also=(fail("noproc"),)
                )
            elif signal[0] == "stop":
                ended = ok() if signal[2] == reason else fail("exit", reason=reason)
                others = (fail("noproc"), fail("exit", reason=reason))
                exits.answer(world, process, (src, signal[1]), ended, "GS-62", also=others)
        process.inbox[src] = [signal for signal in process.inbox[src] if signal[0] not in MESSAGES]
        if not process.inbox[src]:
            del process.inbox[src]


def issue(world: World, process: Process) -> None:
    """Let a client send its operation."""
    client = _client(process)
    assert client.op is not None
    token = world.next_token()
    op, args = client.op, client.args
    default = _SUPERVISOR_MS if op in _SUPERVISION else _DEFAULT_MS
    timeout_ms = args.get("timeout_ms", default)
    process.client = client._replace(op=None, token=token)
    process.status = "busy"
    process.task = ("wait", token, world.now + timeout_ms, None, False, timeout_ms)
    lawful = _perform(world, process, op, args, token)
    if lawful:
        wanted = [expected for expected in lawful if client.wants and expected.admits(client.wants, world.profile)]
        receive(world, process, token, (wanted or lawful)[0])


def _perform(world: World, process: Process, op: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    """Send an operation. Returns the lawful answers if they are known at once."""
    me = process.label
    if op == "advance":
        process.task = ("sleep", world.now + args["ms"], ("done", token))
        return ()
    sender = _SENDERS.get(op)
    if sender is not None:
        return sender(world, me, args, token)
    if "sup" in args:
        if args["sup"] not in world.processes:
            return [Expected(fail("noproc"), "SUP-38")]
        refusal = supervisor.refusal_at_once(world.processes[args["sup"]], op, args)
        wants = _client(process).wants
        if refusal is not None and wants is not None and refusal.admits(wants, world.profile):
            return [refusal]
        if supervisor.names_unborn(world, op, args):
            args = {**args, "child": supervisor.NOBODY}
        world.signal(me, args["sup"], ("admin", token, op, args))
        return ()
    raise Unspecified(f"the operation {op!r} at the same time as others")


def _call(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    at_once = genserver.send_call(world, me, args["to"], args["msg"], token)
    return () if at_once is None else [at_once]


def _cast(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    unknown = isinstance(args["to"], str) and args["to"] not in world.processes
    genserver.send_cast(world, me, args["to"], args["msg"])
    return [Expected(ok(), "GS-36"), *([Expected(fail("noproc"), "GS-36")] if unknown else [])]


def _send(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    unknown = isinstance(args["to"], str) and args["to"] not in world.processes
    expected = genserver.send_info(world, me, args["to"], args["payload"])
    return [expected, *([Expected(fail("noproc"), expected.clause)] if unknown else [])]


def _exit(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    unknown = args["to"] not in world.processes
    world.signal(me, args["to"], ("exit", "", args["reason"], False, False))
    return [Expected(ok(), "EXIT-5"), *([Expected(fail("noproc"), "EXIT-5")] if unknown else [])]


def _stop(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    label = registry.resolve(world, args["to"])
    if label is None or label not in world.processes:
        return [Expected(fail("noproc"), "GS-60")]
    world.signal(me, label, ("stop", token, args["reason"]))
    return ()


def _register(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    return registry.register(world, args["name"], args["to"])


def _unregister(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    return [registry.unregister(world, args["name"])]


def _whereis(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    return [registry.whereis(world, args["name"])]


def _name_of(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    return registry.name_of(world, args["to"])


def _spawn(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    refusal = starting.start(world, args["as"], args["probe"], (me, token), "plain")
    return () if refusal is None else [refusal]


def _start_supervisor(world: World, me: str, args: Mapping[str, Json], token: int) -> Sequence[Expected]:
    parent = args.get("link")
    if parent is None:
        refusal = supervisor.begin(world, args["as"], args["spec"], (me, token), None, "SUP-1")
        return () if refusal is None else [refusal]
    if parent not in world.processes:
        return [Expected(fail("noproc"), "SUP-38")]
    world.signal(me, parent, ("host", token, args["as"], args["spec"]))
    return ()


_SENDERS: dict[str, Callable[[World, str, Mapping[str, Json], int], Sequence[Expected]]] = {
    "call": _call,
    "cast": _cast,
    "exit": _exit,
    "name_of": _name_of,
    "register": _register,
    "send": _send,
    "spawn": _spawn,
    "start_supervisor": _start_supervisor,
    "stop": _stop,
    "unregister": _unregister,
    "whereis": _whereis,
}


def receive(world: World, process: Process, token: int, expected: Expected) -> None:
    """Let a client have its answer. One that it does not wait for any more is dropped (GS-31)."""
    client = _client(process)
    if client.token != token or client.answer is not None:
        world.tags.append("GS-31")
        return
    process.status = "idle"
    process.task = None
    process.client = client._replace(answer=expected)
    if client.wants is not None and not expected.admits(client.wants, world.profile):
        world.broken = (process.label, client.turn, ("answer", repr(client.wants)), expected.clause)


def run_out(world: World, process: Process) -> None:
    """Let the time of a client's request run out; or the time that it lets pass."""
    client = _client(process)
    assert process.task is not None
    if process.task[0] == "sleep":
        receive(world, process, client.token, Expected(ok(), "TIM-1"))
    else:
        clause = genserver.silence_clause(world, (process.label, client.token))
        receive(world, process, client.token, Expected(fail("timeout"), clause))


def _client(process: Process) -> Client:
    return cast("Client", process.client)
