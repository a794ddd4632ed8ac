"""Machine of the chapter intensity: restarts at the very edge of the window."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from letitcrash_conformance.machines.strategies import StrategiesMachine
from letitcrash_conformance.machines.trees import when_trees
from letitcrash_conformance.machines.values import PLACES, WHICH
from letitcrash_conformance.trees import supervisor, worker

__all__ = ["IntensityMachine"]

WINDOWS = st.sampled_from([1, 2, 0.5, 0.05, 5, 0.001])
"""Windows in seconds."""

EDGES = st.sampled_from([0, 1, -1])
"""Milliseconds beside the edge of a window."""


class IntensityMachine(StrategiesMachine):
    """Supervisors of which children end just within the window, just outside, and in bursts.

    Attributes:
        windows: The windows of supervisors that were started at the top, in milliseconds.
        moments: When their children were restarted, as far as a look saw it, oldest first.
    """

    chapter = "intensity"

    def begin(self) -> None:
        """Begin with an empty world."""
        self.windows: dict[str, int] = {}
        self.moments: dict[str, list[int]] = {}
        self.now = 0
        super().begin()

    def look(self) -> None:
        """Look at the world, and keep when children were restarted.

        Raises:
            BrokenClause: If no lawful order of events explains what was seen.
        """
        super().look()
        answers = self.session.answers
        if not answers or "events" not in (answers[-1].get("ok") or {}):
            return
        self.now = int(answers[-1]["ok"].get("now", self.now))
        for event in answers[-1]["ok"]["events"]:
            label, _, attempt = event["who"].rpartition("#")
            if event["ev"] == "init" and attempt.isdigit() and int(attempt) > 1:
                self.moments.setdefault(label.rpartition("/")[0], []).append(event["t"])

    @precondition(lambda machine: machine.is_virtual and machine.offers("supervisor"))
    @rule(data=st.data(), window=WINDOWS, max_restarts=st.integers(0, 3))
    def start_with_window(self, data: st.DataObject, window: float, max_restarts: int) -> None:
        """Start a supervisor with a small budget and a short window."""
        if self.session.hello.time_unit_ms > 1:
            window = max(1, int(window))
        spec = self.draw(data, lambda writer: writer.supervisor_spec())
        label = self.grow({**spec, "max_seconds": window, "max_restarts": max_restarts})
        if label is not None:
            self.windows[label] = int(window * 1000)

    @precondition(lambda machine: machine.is_exact and machine.offers("supervisor"))
    @rule(window=WINDOWS, max_restarts=st.integers(0, 2), edges=st.lists(EDGES, min_size=1, max_size=4))
    def walk_along_the_edge(self, window: float, max_restarts: int, edges: list[int]) -> None:
        """Use up a budget, and then end the child whenever the oldest restart that counts is about to be forgotten."""
        label = self.grow(supervisor(worker("a"), worker("b"), max_seconds=window, max_restarts=max_restarts))
        if label is None:
            return
        self.windows[label] = int(window * 1000)
        for _ in range(max_restarts):
            self._fell(label, 0)
        for edge in edges:
            moments = self.moments.get(label, [])
            oldest = moments[-max_restarts] if 0 < max_restarts <= len(moments) else self.now
            self._advance(oldest + self.windows[label] + edge - self.now)
            self._fell(label, 0)

    @precondition(lambda machine: machine.is_exact)
    @when_trees()
    @rule(sup=WHICH, place=PLACES, which=WHICH, edge=EDGES)
    def fell_at_the_edge(self, sup: int, place: int, which: int, edge: int) -> None:
        """Let time pass to the edge of the window that began with an earlier restart, and end a child there."""
        label = self.supervisor(sup)
        self.look()
        moments = self.moments.get(label, [])[-4:]
        if moments and label in self.windows:
            self._advance(moments[::-1][which % len(moments)] + self.windows[label] + edge - self.now)
        self._fell(label, place)

    @precondition(lambda machine: machine.is_exact)
    @when_trees()
    @rule(parts=st.integers(1, 4), sup=WHICH)
    def wait_a_part(self, parts: int, sup: int) -> None:
        """Let a part of the window pass."""
        self.look()
        if self.supervisors:
            self.step("advance", ms=max(1, self.windows.get(self.supervisor(sup), 1000) // parts))

    @property
    def is_exact(self) -> bool:
        """Whether the very edge of a window can be met."""
        return self.is_virtual and self.session.hello.time_unit_ms == 1

    def _advance(self, ms: int) -> None:
        if ms > 0:
            self.step("advance", ms=ms)
            self.now += ms

    def _fell(self, label: str, place: int) -> None:
        if label in self.supervisors:
            self.fell_places(self.supervisors[::-1].index(label), [place], "crash", "normal")
            self.look()
