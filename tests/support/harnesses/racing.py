"""A small runtime on threads behind the wire: `racing.py [fault]`. Without a fault every operation is atomic.

Faults: `lost_update`, `two_holders`, `stale_name`, `half_dead`.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

HELLO: dict[str, Any] = {
    "protocol": 1,
    "name": "racing",
    "version": "1",
    "language": "python",
    "backends": ["thread"],
    "default_backend": "thread",
    "clock": "wall",
    "time_unit_ms": 1,
    "wall_grain_ms": 100,
    "settle": True,
    "features": ["genserver", "registry", "exit_signals", "parallel"],
}
FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
WINDOW_S = 0.003


class Refused(Exception):
    """A lawful refusal."""


class Server:
    """One process: a value, a flag and a name."""

    def __init__(self, label: str, probe: dict[str, Any]) -> None:
        self.label = label
        self.value: int = probe.get("value", 0)
        self.traps: bool = probe.get("trap_exit", False)
        self.name: str | None = None
        self.is_alive = True


class World:
    """The processes of one reset, their names and their log, all under one lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.servers: dict[str, Server] = {}
        self.names: dict[str, Server] = {}
        self.events: list[dict[str, Any]] = []
        self.start = time.monotonic()

    @contextmanager
    def gap(self, fault: str) -> Generator[None]:
        """Let others in for a moment, if this is the fault."""
        if fault == FAULT:
            self.lock.release()
            time.sleep(WINDOW_S)
            self.lock.acquire()
        yield

    def log(self, event: str, who: str, **fields: Any) -> None:
        """Append an event."""
        self.events.append({"ev": event, "who": who, **fields, "t": int((time.monotonic() - self.start) * 1000)})

    def find(self, target: Any) -> Server | None:
        """Return whom a label or a name means."""
        return self.servers.get(target) if isinstance(target, str) else self.names.get(target["name"])

    def live(self, target: Any) -> Server:
        """Return whom a label or a name means, if it lives."""
        server = self.find(target)
        if server is None or not server.is_alive:
            raise Refused("noproc")
        return server

    def die(self, server: Server, reason: Any) -> None:
        """End a process."""
        server.is_alive = False
        with self.gap("half_dead"):
            if server.name is not None:
                self.names.pop(server.name, None)
                server.name = None
        self.log("dead", server.label, reason=reason)

    def take(self, name: str, server: Server) -> None:
        """Give a process a name."""
        if name in self.names:
            raise Refused("already_registered")
        if server.name is not None:
            raise Refused("already_named")
        with self.gap("two_holders"):
            self.names[name] = server
            server.name = name

    # -- operations ----------------------------------------------------------------------------------------------------

    def spawn(self, **args: Any) -> str:
        probe = args["probe"]
        server = Server(args["as"], probe)
        if "name" in probe:
            self.take(probe["name"], server)
        self.servers[server.label] = server
        self.log("init", server.label)
        return "started"

    def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
        server = self.live(to)
        if msg[0] == "add":
            seen = server.value
            with self.gap("lost_update"):
                server.value = seen + msg[1]
            return seen + msg[1]
        if msg[0] != "get":
            raise Refused("unsupported")
        return server.value

    def cast(self, to: Any, msg: list[Any]) -> None:
        server = self.find(to)
        if server is not None and server.is_alive:
            server.value += msg[1]

    def send(self, to: Any, payload: str) -> None:
        server = self.find(to)
        if server is None:
            raise Refused("noproc")
        if server.is_alive:
            self.log("info", server.label, payload=payload)

    def stop(self, to: Any, reason: Any, timeout_ms: int = 5000) -> None:
        server = self.live(to)
        self.log("terminate", server.label, reason=reason)
        self.die(server, reason)

    def exit(self, to: str, reason: Any) -> None:
        server = self.servers.get(to)
        if server is None or not server.is_alive:
            return
        if reason == "kill":
            self.die(server, "killed")
        elif server.traps:
            self.log("exit", to, of=None, reason=reason)
        elif reason != "normal":
            self.die(server, reason)

    def register(self, name: str, to: str) -> None:
        self.take(name, self.live(to))

    def unregister(self, name: str) -> None:
        server = self.names.pop(name, None)
        if server is None:
            raise Refused("not_registered")
        with self.gap("stale_name"):
            server.name = None

    def whereis(self, name: str) -> str | None:
        server = self.names.get(name)
        return None if server is None else server.label

    def name_of(self, to: str) -> str | None:
        server = self.servers.get(to)
        return None if server is None else server.name

    def observe(self, settle_ms: int) -> dict[str, Any]:
        events, self.events = self.events, []
        return {
            "quiet": True,
            "now": int((time.monotonic() - self.start) * 1000),
            "alive": [server.label for server in self.servers.values() if server.is_alive],
            "names": {name: server.label for name, server in self.names.items()},
            "children": {},
            "events": events,
        }

    def advance(self, ms: int) -> None:
        self.lock.release()
        time.sleep(ms / 1000)
        self.lock.acquire()

    # -- the wire ------------------------------------------------------------------------------------------------------

    def perform(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        """Return what the answer holds beside its id."""
        if op == "parallel":
            return {"ok": self.parallel(args["clients"])}
        try:
            with self.lock:
                return {"ok": getattr(self, op)(**args)}
        except Refused as refusal:
            return {"fail": {"kind": str(refusal)}}

    def parallel(self, clients: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
        """Let each client work in a thread of its own."""
        stamps = itertools.count(1)
        histories: list[list[dict[str, Any]]] = [[] for _ in clients]
        barrier = threading.Barrier(len(clients))

        def drive(number: int) -> None:
            barrier.wait()
            for step in clients[number]:
                called = next(stamps)
                answer = self.perform(step["op"], step["args"])
                histories[number].append({"call": called, "return": next(stamps), "answer": answer})

        threads = [threading.Thread(target=drive, args=(number,)) for number in range(len(clients))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return histories


def main() -> None:
    """Answer requests until bye or the end of the input."""
    sys.setswitchinterval(1e-5)
    world = World()
    for line in sys.stdin:
        request = json.loads(line)
        op = request["op"]
        if op == "reset":
            world = World()
        answer = {"ok": HELLO if op == "hello" else None}
        if op not in ("hello", "reset", "bye"):
            answer = world.perform(op, request["args"])
        sys.stdout.write(json.dumps({"id": request["id"], **answer}) + "\n")
        sys.stdout.flush()
        if op == "bye":
            break


if __name__ == "__main__":
    main()
