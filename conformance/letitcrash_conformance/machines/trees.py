"""What the machines of supervision share: supervisors, what hangs below them, and how children end."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from letitcrash_conformance.flavors import Times
from letitcrash_conformance.hypothesis_source import choices_strategy
from letitcrash_conformance.machines.base import SessionMachine
from letitcrash_conformance.machines.values import DEATHS, FLAGS, PLACES, RAISED_REASONS, WHICH
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_conformance.treespecs import SpecWriter
from letitcrash_spec.messages import Answer, Json

__all__ = ["TreesMachine", "when_trees"]

RuleT = TypeVar("RuleT", bound=Callable[..., Any])

MAX_SUPERVISORS = 5
"""How many supervisors live at a time, nested ones included."""

Row = tuple[str | None, str | None, str]
"""A row of `which_children`: id, label or None or `"restarting"`, type."""


def when_trees(*features: str) -> Callable[[RuleT], RuleT]:
    """Allow a rule only while a supervisor lives, and if the subject declares these features."""
    return precondition(lambda machine: bool(machine.supervisors) and machine.offers(*features))


class TreesMachine(SessionMachine):
    """Supervisors whose children end in all ways.

    Supervisors and children are named by index, the youngest supervisor first; what exists is what the last look saw,
    so that rules often address what is gone or was started again since.

    Attributes:
        chapter: The chapter whose flavor specifications have.
        supervisors: Labels of those that lived at the last look, oldest first.
        rows: What the last look said of their children.
        parents: The parents of supervisors that have one.
    """

    chapter: ClassVar[str] = "supervisor"
    needs = SessionMachine.needs | {"supervisor"}
    max_unfinished = 2

    def begin(self) -> None:
        """Begin with an empty world."""
        self.supervisors: list[str] = []
        self.rows: dict[str, list[Row]] = {}
        self.parents: dict[str, str] = {}
        self._dynamics: set[str] = set()
        self.times = Times.of(self.setting())
        self._helper: str | None = None
        self._youngest = "s0"
        super().begin()

    def setting(self) -> Setting:
        """Return what specifications may use."""
        hello = self.session.hello
        return Setting.of(hello, self.chapter, self.backend or hello.default_backend)

    def look(self) -> None:
        """Look at the world, as every machine does, and keep what the supervisors say of their children.

        Raises:
            BrokenClause: If no lawful order of events explains what was seen.
        """
        super().look()
        answers = self.session.answers
        if not answers or "events" not in (answers[-1].get("ok") or {}):
            return
        seen = answers[-1]["ok"]
        children: dict[str, Any] = {label: told for label, told in seen["children"].items() if told is not None}
        self.supervisors = [label for label in seen["alive"] if label in seen["children"]]
        self.rows = {label: [(row[0], row[1], row[2]) for row in told["list"]] for label, told in children.items()}

    # -- aiming --------------------------------------------------------------------------------------------------

    def supervisor(self, sup: int) -> str:
        """Return the label of the supervisor that an index means, the youngest first; a dead one if none lives."""
        if not self.supervisors:
            return self._youngest
        return self.supervisors[::-1][sup % len(self.supervisors)]

    def row(self, sup: int, place: int) -> Row | None:
        """Return the first (0), last (1), middle (2) or another child of a supervisor; None if it has none."""
        rows = sorted(self.rows.get(self.supervisor(sup), ()), key=lambda row: (row[0] or "", row[1] or ""))
        if not rows:
            return None
        positions = (0, -1, len(rows) // 2)
        return rows[positions[place] if place < len(positions) else place % len(rows)]

    def child(self, sup: int, place: int) -> str:
        """Return the name by which a supervisor is asked for a child: its id, or its label if that has none."""
        row = self.row(sup, place)
        if row is None:
            return "a"
        return row[0] or row[1] or "a"

    def is_dynamic(self, label: str) -> bool:
        """Whether a supervisor may be a dynamic one, which does not know restart_child and delete_child."""
        return _path(label) in self._dynamics

    def learn(self, path: str, spec: dict[str, Any]) -> None:
        """Remember which supervisors of a specification are dynamic. A path is a label without its numbers."""
        if spec["strategy"] == "dynamic":
            self._dynamics.add(path)
        for child in spec.get("children", ()):
            if child["type"] == "supervisor":
                self.learn(f"{path}/{child['id']}", child["start"]["supervisor"])

    def start_under(self, label: str, child: dict[str, Any], **args: Any) -> Answer:
        """Have a supervisor start a new child."""
        if child["type"] == "supervisor":
            self.learn(f"{_path(label)}/{child['id']}", child["start"]["supervisor"])
        return self.step("start_child", sup=label, child=child, **args)

    def draw(self, data: st.DataObject, write: Callable[[SpecWriter], dict[str, Any]]) -> dict[str, Any]:
        """Draw a specification, written as the generator of programs writes it."""

        def make(source: Source) -> dict[str, Any]:
            return write(SpecWriter(source, self.setting()))

        return data.draw(choices_strategy(make))

    def grow(self, spec: dict[str, Any], *, parent: str | None = None) -> str | None:
        """Start a supervisor and look at it; not where many live already. Returns its label."""
        if len(self.supervisors) >= MAX_SUPERVISORS:
            return None
        label = self._youngest = self.fresh("s")
        args: dict[str, Any] = {"as_": label, "spec": spec}
        if parent is not None:
            args["link"] = self.parents[label] = parent
        self.learn(label, spec)
        self.step("start_supervisor", **args)
        self.look()
        return label

    def ask(self, op: str, sup: int, **args: Json) -> Answer:
        """Have a supervisor do something."""
        return self.step(op, sup=self.supervisor(sup), **args)

    def patience(self, is_patient: bool) -> dict[str, Any]:
        """Return a timeout for a caller that gives up early, or none."""
        return {} if is_patient else {"timeout_ms": self.times.patiences[0]}

    def pause(self) -> None:
        """Let a little time pass without waiting for the world to settle."""
        if self._helper is None:
            self._helper = self.fresh("w")
            self.step("spawn", as_=self._helper, probe={})
        self.step("call", to=self._helper, msg=["sleep", self.times.pauses[0]])

    def kill(self, label: str, how: str, reason: Json, *, is_supervisor: bool = False) -> None:
        """End a process in one of many ways; a supervisor is stopped where a probe would be told to end."""
        if how == "kill" and self.offers("exit_signals"):
            self.step("exit", to=label, reason="kill")
        elif how == "exit" and self.offers("exit_signals"):
            self.step("exit", to=label, reason=reason)
        elif is_supervisor or how == "stop":
            self.step("stop", to=label, reason=reason)
        elif how == "end":
            self.step("cast", to=label, msg=["stop", reason])
        elif how == "send":
            self.step("send", to=label, payload="!stop" if reason == "normal" else "!crash")
        else:
            self.step("cast", to=label, msg=["crash", "c1"])

    def fell_places(self, sup: int, places: Sequence[int], how: str, reason: Json) -> None:
        """End several children of a supervisor, one after another."""
        rows = dict.fromkeys(self.row(sup, place) for place in places)
        for row in rows:
            if row is not None and row[1] not in (None, "restarting"):
                self.kill(str(row[1]), how, reason, is_supervisor=row[2] == "supervisor")

    # -- the rules of every chapter ------------------------------------------------------------------------------

    @precondition(lambda machine: machine.offers("supervisor"))
    @rule(data=st.data(), is_linked=FLAGS)
    def start_supervisor(self, data: st.DataObject, is_linked: bool) -> None:
        """Start a supervisor, perhaps from inside a process, which becomes its parent."""
        parent = None
        if is_linked and self.is_populated and self.offers("links"):
            parent = self.label(0)
        self.grow(self.draw(data, lambda writer: writer.supervisor_spec()), parent=parent)

    @when_trees()
    @rule(sup=WHICH, place=PLACES, how=DEATHS, reason=RAISED_REASONS, is_seen=FLAGS)
    def fell_child(self, sup: int, place: int, how: str, reason: Json, is_seen: bool) -> None:
        """End a child."""
        self.fell_places(sup, [place], how, reason)
        if is_seen:
            self.look()

    @when_trees()
    @rule(sup=WHICH, place=PLACES, how=DEATHS, reason=RAISED_REASONS, times=st.integers(2, 5))
    def fell_again_and_again(self, sup: int, place: int, how: str, reason: Json, times: int) -> None:
        """End the same child several times, looking after each."""
        label = self.supervisor(sup)
        for _ in range(times):
            if label not in self.supervisors:
                return
            self.fell_places(self.supervisors[::-1].index(label), [place], how, reason)
            self.look()

    @when_trees()
    @rule(sup=WHICH)
    def which_children(self, sup: int) -> None:
        """List the children of a supervisor."""
        self.ask("which_children", sup)

    @when_trees()
    @rule(sup=WHICH)
    def count_children(self, sup: int) -> None:
        """Count the children of a supervisor, after a look: while a death is on its way its count may be either."""
        self.look()
        if self.supervisors:
            self.ask("count_children", sup)


def _path(label: str) -> str:
    return re.sub(r"#\d+", "", label)
