"""One world of the reference: a runtime, its probes and their log; and the token of an operation that waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from letitcrash_conformance.subjects.reference_probe import AnyHandle, Probe
from letitcrash_conformance.subjects.reference_supervisor import Trunk, make_supervisor
from letitcrash_reference import Clock, From, NoProcessError, Runtime, Timer
from letitcrash_reference.process import Process
from letitcrash_spec.messages import Json

__all__ = ["Pending", "World"]

_SILENT = logging.Logger("letitcrash_conformance.reference", logging.CRITICAL + 1)


class Pending(From[Any]):
    """The token of the operation that waits now: it only remembers its answer, and stirs the subject."""

    __slots__ = ("error", "stir", "value")

    def __init__(self, process: Process | None, stir: Callable[[], object]) -> None:
        self.process: Any = process
        self.done = False
        self.timeout = 0.0
        self.alarm = None
        self.stir = stir
        self.value: Any = None
        self.error: BaseException | None = None

    def resolve(self, value: Any) -> None:
        if not self.done:
            self.value = value
            self.done = True
            self.stir()

    def fail(self, error: BaseException) -> None:
        if not self.done:
            self.error = error
            self.done = True
            self.stir()


class World:
    """One world, from one reset to the next: a runtime, and what probes and supervisors share.

    Attributes:
        runtime: Where they live.
        clock: Its clock.
        servers: Every probe and supervisor by its label; one whose start was refused has no process. Labels of
            children are bound when their init is entered.
        trunks: The supervisors among them.
        events: The log since the last `observe`.
        timers: Timers by reference.
        released: Set when the world ends, so that hung callbacks end too.
    """

    def __init__(self, clock: Clock, pool_threads: int) -> None:
        self.clock = clock
        self.runtime = Runtime(clock=clock, pool_threads=pool_threads, logger=_SILENT, shutdown_timeout=0)
        self.servers: dict[str, Probe | Trunk] = {}
        self.trunks: dict[str, Trunk] = {}
        self.events: list[dict[str, Any]] = []
        self.timers: dict[str, Timer] = {}
        self.released = threading.Event()
        self.start = clock.now()

    @property
    def now_ms(self) -> int:
        """Time since reset, in whole milliseconds."""
        return int((self.clock.now() - self.start) * 1000 + 1e-6)

    def log(self, event: str, who: str, **fields: Json) -> None:
        """Append an event."""
        self.events.append({"ev": event, "who": who, **fields, "t": self.now_ms})

    def find(self, target: Json) -> AnyHandle | str:
        """Return whom a label or `{"name": ...}` means.

        Raises:
            NoProcessError: If the label is not bound.
        """
        if isinstance(target, str):
            server = self.servers.get(target)
            if server is None or server.process_record is None:
                raise NoProcessError(target)
            return server.process_record.handle
        name: str = target["name"]
        return name

    def find_process(self, target: Json) -> Process | None:
        """Return the process of a label, also a dead one, or the holder of a name; None if there is none."""
        if isinstance(target, str):
            server = self.servers.get(target)
            return None if server is None else server.process_record
        return self.runtime.table.registry.names.get(target["name"])

    def label_of(self, pid: Any) -> str | None:
        """Return the label of a process."""
        for label, server in self.servers.items():
            if server.process_record is not None and server.process_record.pid is pid:
                return label
        return None

    def make_probe(self, label: str, script: dict[str, Any]) -> Probe:
        """Return a new probe to start, known by its label as soon as it has a process."""
        self._refuse_bound(label)
        probe = self.servers[label] = Probe(self, label, script)
        return probe

    def make_supervisor(self, label: str, spec: dict[str, Any]) -> Trunk:
        """Return a new supervisor to start, known by its label as soon as it has a process.

        Raises:
            InvalidSpecError: If the reference refuses the spec.
        """
        self._refuse_bound(label)
        trunk = make_supervisor(self, label, spec)
        self.bind(label, trunk)
        return trunk

    def make_child(self, label: str, start: dict[str, Any]) -> Probe | Trunk:
        """Return a new probe or supervisor that a supervisor starts, known by its label once its init is entered.

        Raises:
            InvalidSpecError: If the reference refuses the spec of a supervisor.
        """
        inner = start.get("supervisor")
        return Probe(self, label, start) if inner is None else make_supervisor(self, label, inner)

    def bind(self, label: str, server: Probe | Trunk) -> None:
        """Let a label stand for a process from now on."""
        if self.servers.get(label) is not server:
            self._refuse_bound(label)
            self.servers[label] = server
        if not isinstance(server, Probe):
            self.trunks[label] = server

    def _refuse_bound(self, label: str) -> None:
        bound = self.servers.get(label)
        if bound is not None and bound.process_record is not None:
            raise ValueError(f"expected a label that is not bound, got {label!r}")

    def is_quiet(self) -> bool:
        """Whether no process has a message to handle or a callback running."""
        return all(process.parked and not process.mailbox for process in list(self.runtime.table.processes.values()))
