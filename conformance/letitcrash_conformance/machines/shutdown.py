"""Machine of the chapter shutdown: supervisors that end in all ways, with children that are slow, stuck or raise."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from letitcrash_conformance.machines.trees import TreesMachine, when_trees
from letitcrash_conformance.machines.values import DEATHS, FLAGS, PLACES, RAISED_REASONS, REASONS, WHICH
from letitcrash_spec.messages import Json

__all__ = ["ShutdownMachine"]


class ShutdownMachine(TreesMachine):
    """Supervisors that are stopped, killed, left by their parents and disturbed while they end."""

    chapter = "shutdown"

    @when_trees()
    @rule(sup=WHICH, reason=RAISED_REASONS, is_patient=FLAGS)
    def stop_supervisor(self, sup: int, reason: Json, is_patient: bool) -> None:
        """Stop a supervisor, and look."""
        self.step("stop", to=self.supervisor(sup), reason=reason, **self.patience(is_patient))
        self.look()

    @when_trees("exit_signals")
    @rule(sup=WHICH)
    def kill_supervisor(self, sup: int) -> None:
        """Kill a supervisor with few processes below it, which all end at once then."""
        label = self.supervisor(sup)
        if sum(other.startswith(f"{label}/") for other in self.alive) <= 4:
            self.step("exit", to=label, reason="kill")
            self.look()

    @when_trees("exit_signals")
    @rule(sup=WHICH, reason=REASONS)
    def signal_supervisor(self, sup: int, reason: Json) -> None:
        """Send a supervisor an exit signal from a stranger."""
        if reason != "kill":
            self.step("exit", to=self.supervisor(sup), reason=reason)

    @when_trees()
    @rule(which=WHICH, how=DEATHS, reason=RAISED_REASONS)
    def end_parent(self, which: int, how: str, reason: Json) -> None:
        """End the parent of a supervisor."""
        parents = [label for label in self.parents.values() if label in self.alive]
        if parents:
            self.kill(parents[which % len(parents)], how, reason)
            self.look()

    @when_trees()
    @rule(sup=WHICH, place=PLACES, other=PLACES, how=DEATHS, is_stopped=FLAGS, is_killed=st.booleans())
    def disturb_shutdown(self, sup: int, place: int, other: int, how: str, is_stopped: bool, is_killed: bool) -> None:
        """Have a supervisor end itself or a child, and while that goes on end another child, or the supervisor."""
        label = self.supervisor(sup)
        self.look()
        if label not in self.supervisors:
            return
        sup = self.supervisors[::-1].index(label)
        if is_stopped:
            self.step("stop", to=label, reason="shutdown", **self.patience(False))
        else:
            self.ask("terminate_child", sup, child=self.child(sup, place), **self.patience(False))
        self.pause()
        self.fell_places(sup, [other], how, {"error": "e1"})
        if is_killed and self.offers("exit_signals") and len(self.rows.get(label, ())) <= 4:
            self.step("exit", to=label, reason="kill")
        self.look()

    @when_trees()
    @rule(sup=WHICH, place=PLACES)
    def shut_child_down(self, sup: int, place: int) -> None:
        """End a child by hand."""
        self.ask("terminate_child", sup, child=self.child(sup, place))
