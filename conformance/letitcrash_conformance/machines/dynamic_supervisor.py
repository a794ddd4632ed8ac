"""Machine of the chapter dynamic_supervisor: children that come and go under one supervisor."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from letitcrash_conformance.machines.trees import TreesMachine, when_trees
from letitcrash_conformance.machines.values import DEATHS, PLACES, WHICH
from letitcrash_conformance.trees import dynamic

__all__ = ["DynamicSupervisorMachine"]

LIMITS = st.sampled_from([None, 0, 1, 2, 3])
"""How many children a dynamic supervisor may have."""


class DynamicSupervisorMachine(TreesMachine):
    """Dynamic supervisors that start, end and restart children, up to a limit."""

    chapter = "dynamic_supervisor"
    needs = TreesMachine.needs | {"dynamic_supervisor"}

    @precondition(lambda machine: machine.offers("dynamic_supervisor"))
    @rule(limit=LIMITS, max_restarts=st.integers(1, 4))
    def start_dynamic(self, limit: int | None, max_restarts: int) -> None:
        """Start a dynamic supervisor."""
        self.grow(dynamic(max_restarts=max_restarts, max_children=limit))

    @when_trees("dynamic_supervisor")
    @rule(data=st.data(), sup=WHICH, count=st.integers(1, 4))
    def add_children(self, data: st.DataObject, sup: int, count: int) -> None:
        """Start children of the same kind under new keys."""
        label = self.supervisor(sup)
        for _ in range(count):
            key = self.fresh("k")
            self.start_under(label, self.draw(data, lambda writer, key=key: writer.child_spec(key)))  # type: ignore[misc]

    @when_trees("dynamic_supervisor")
    @rule(sup=WHICH, place=PLACES)
    def end_by_label(self, sup: int, place: int) -> None:
        """End a child by its label, or ask for one that is gone."""
        self.ask("terminate_child", sup, child=self.child(sup, place))

    @when_trees("dynamic_supervisor")
    @rule(data=st.data(), sup=WHICH, how=DEATHS, is_ended=st.booleans())
    def address_restarting_by_label(self, data: st.DataObject, sup: int, how: str, is_ended: bool) -> None:
        """Address a child by the label of its last process while it takes its time to come back."""
        label, key = self.supervisor(sup), self.fresh("k")
        answer = self.start_under(label, self.draw(data, lambda writer: writer.slow_child(key)))
        if isinstance(answer.get("ok"), str):
            self.kill(answer["ok"], how, {"error": "e1"})
            self.pause()
            self.step("terminate_child", sup=label, child=answer["ok"])
        if is_ended:
            self.step("which_children", sup=label)
        self.look()
