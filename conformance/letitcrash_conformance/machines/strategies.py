"""Machines of the chapter strategies: who is restarted with a child that ends, strategy by strategy."""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from letitcrash_conformance.machines.trees import TreesMachine, when_trees
from letitcrash_conformance.machines.values import DEATHS, PLACES, RAISED_REASONS, WHICH
from letitcrash_conformance.trees import Strategy
from letitcrash_spec.messages import Json

__all__ = ["OneForAllMachine", "OneForOneMachine", "RestForOneMachine", "StrategiesMachine"]

TOGETHER = st.lists(PLACES, min_size=2, max_size=3)
"""Children that end at the same time."""


class StrategiesMachine(TreesMachine):
    """Supervisors whose children end one by one, together, and beside children that were stopped by hand.

    Attributes:
        strategy: The strategy of supervisors at the top; None for any.
    """

    chapter = "strategies"
    strategy: ClassVar[Strategy | None] = None

    def grow(self, spec: dict[str, Any], *, parent: str | None = None) -> str | None:
        """Start a supervisor with the strategy of this machine, and look at it."""
        if self.strategy is not None and spec["strategy"] != "dynamic":
            spec = {**spec, "strategy": self.strategy}
        return super().grow(spec, parent=parent)

    @when_trees()
    @rule(sup=WHICH, places=TOGETHER, how=DEATHS, reason=RAISED_REASONS)
    def fell_together(self, sup: int, places: list[int], how: str, reason: Json) -> None:
        """End two or three children before their supervisor is done with the first."""
        label = self.supervisor(sup)
        self.look()
        if label in self.supervisors:
            self.fell_places(self.supervisors[::-1].index(label), places, how, reason)
        self.look()

    @when_trees("suspend")
    @rule(sup=WHICH, places=TOGETHER, how=st.sampled_from(["crash", "kill", "send"]))
    def fell_unheard(self, sup: int, places: list[int], how: str) -> None:
        """End two or three children while their supervisor is suspended, so that it hears of all of them at once."""
        label = self.supervisor(sup)
        self.look()
        if label not in self.supervisors:
            return
        self.step("suspend", to=label)
        for place in places[:2]:
            row = self.row(self.supervisors[::-1].index(label), place)
            if row is not None and row[1] is not None and row[2] == "worker":
                self._unfinished = 0  # no look before the supervisor goes on
                self.step("exit" if how == "kill" else "send", **_death(str(row[1]), how))
        self.step("resume", to=label)
        self.look()

    @when_trees()
    @rule(sup=WHICH, stopped=PLACES, felled=PLACES, how=DEATHS, is_again=st.booleans())
    def fell_beside_stopped(self, sup: int, stopped: int, felled: int, how: str, is_again: bool) -> None:
        """End a child by hand, then let another one end, which may bring the first one back."""
        self.ask("terminate_child", sup, child=self.child(sup, stopped))
        self.fell_places(sup, [felled], how, {"error": "e1"})
        self.look()
        if is_again and self.supervisors:
            self.fell_places(sup, [stopped], how, {"error": "e2"})
            self.look()


class OneForOneMachine(StrategiesMachine):
    """Supervisors that restart nobody but the child that ended."""

    strategy = "one_for_one"


class OneForAllMachine(StrategiesMachine):
    """Supervisors that restart all children with the one that ended."""

    strategy = "one_for_all"


class RestForOneMachine(StrategiesMachine):
    """Supervisors that restart the child that ended and those after it."""

    strategy = "rest_for_one"


def _death(label: str, how: str) -> dict[str, Any]:
    return {"to": label, "reason": "kill"} if how == "kill" else {"to": label, "payload": "!crash"}
