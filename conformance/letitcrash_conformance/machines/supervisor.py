"""Machine of the chapter supervisor: children that are started, ended, restarted and deleted by hand."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from letitcrash_conformance.machines.trees import TreesMachine, when_trees
from letitcrash_conformance.machines.values import FLAGS, PLACES, WHICH, WHO
from letitcrash_spec.messages import Json

__all__ = ["SupervisorMachine"]

IDS = st.sampled_from("abcdef")
"""An id of a child, known or not."""

ADMINISTRATION = st.sampled_from(["restart_child", "delete_child", "terminate_child", "which_children", "start_child"])
"""What a supervisor can be asked while one of its children restarts."""


class SupervisorMachine(TreesMachine):
    """Supervisors that are administrated while their children crash, fail to start and come back."""

    @when_trees()
    @rule(data=st.data(), sup=WHICH, child_id=IDS, is_patient=FLAGS)
    def start_child(self, data: st.DataObject, sup: int, child_id: str, is_patient: bool) -> None:
        """Add a child with any id, taken or not; under a dynamic supervisor with a new one."""
        label = self.supervisor(sup)
        if self.is_dynamic(label):
            child_id = self.fresh("k")
        child = self.draw(data, lambda writer: writer.child_spec(child_id))
        self.start_under(label, child, **self.patience(is_patient or child_id != "a"))

    @when_trees()
    @rule(sup=WHICH, place=PLACES, is_patient=FLAGS)
    def terminate_child(self, sup: int, place: int, is_patient: bool) -> None:
        """End a child by hand, seldom without the patience to wait for it."""
        self.ask("terminate_child", sup, child=self.child(sup, place), **self.patience(is_patient or place != 2))

    @when_trees()
    @rule(sup=WHICH, place=PLACES)
    def restart_child(self, sup: int, place: int) -> None:
        """Start a child again that has no process, or has one."""
        self._static("restart_child", sup, self.child(sup, place))

    @when_trees()
    @rule(sup=WHICH, place=PLACES)
    def delete_child(self, sup: int, place: int) -> None:
        """Forget a child that has no process, or has one."""
        self._static("delete_child", sup, self.child(sup, place))

    @when_trees()
    @rule(sup=WHICH, op=st.sampled_from(["terminate_child", "restart_child", "delete_child"]))
    def name_nobody(self, sup: int, op: str) -> None:
        """Ask for a child that was never there."""
        self._static(op, sup, "zz")

    @when_trees()
    @rule(data=st.data(), sup=WHICH, ops=st.lists(ADMINISTRATION, min_size=1, max_size=3))
    def address_restarting(self, data: st.DataObject, sup: int, ops: list[str]) -> None:
        """Ask for a child while it takes its time to come back and fails to."""
        label = self.supervisor(sup)
        if self.is_dynamic(label):
            return
        child_id = self.fresh("r")
        child = self.draw(data, lambda writer: writer.slow_child(child_id))
        self.look()
        if label not in self.supervisors:
            return
        answer = self.start_under(label, child)
        if not isinstance(answer.get("ok"), str):
            return
        self.step("cast", to=answer["ok"], msg=["crash", "c1"])
        self.pause()
        for op in ops:
            args: dict[str, Json] = {} if op == "which_children" else {"child": child_id}
            if op == "start_child":
                args["child"] = child
            self.step(op, sup=label, **args)
        self.look()

    @when_trees("registry")
    @rule(who=WHO, sup=WHICH, name=st.sampled_from(["n1", "n2", "n3", "top", "sub"]), place=PLACES)
    def usurp(self, who: int, sup: int, name: str, place: int) -> None:
        """Let a stranger take the name of a child that was ended, and start the child again."""
        if not self.labels:
            return
        self.ask("terminate_child", sup, child=self.child(sup, place))
        self.step("register", name=name, to=self.label(who))
        self._static("restart_child", sup, self.child(sup, place))

    def _static(self, op: str, sup: int, child: str) -> None:
        """Ask what only a static supervisor can be asked."""
        if op == "terminate_child" or not self.is_dynamic(self.supervisor(sup)):
            self.ask(op, sup, child=child)
