"""Writes what disturbs supervision trees where bugs live: while something restarts, shuts down or starts.

Also what strangers do to supervisors, names that are taken over, and waits that end at the very edge of a window.
"""

from __future__ import annotations

from typing import Any

from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_conformance.treesketch import Branch, Tree
from letitcrash_conformance.treewriter import TreeWriter

__all__ = ["DisturbingWriter"]


class DisturbingWriter(TreeWriter):
    """A writer that also disturbs what is under way."""

    def __init__(self, source: Source, setting: Setting) -> None:
        super().__init__(source, setting)
        self._helper: str | None = None
        self._waits = 0

    # -- disturbing what is under way --------------------------------------------------------------------------

    def meddle(self) -> None:
        """Something slow begins, and while it goes on something else happens."""
        self.observe()
        tree = self.tree()
        kind = (1, 2, 3, 1, 0)[self.source.below(5)]
        if kind == 0:
            child_id = self.new_id(tree)
            child = self.child_spec(child_id)
            if child["type"] == "worker":
                child["start"] = {**child["start"], "init": [{"sleep": self.one(self.times.inits)}]}
            upcoming = tree.upcoming(child_id)
            self.add_child(tree, child_id, child, timeout_ms=int(self.one(self.times.patiences)))
        elif kind == 1:
            child_id, upcoming = self._slow_restart(tree)
        else:
            place = self.victim(tree)
            if place is None:
                self.start_child()
                return
            child_id, upcoming = place[1].id, place[0].upcoming(place[1].id)
            patience = int(self.one(self.times.patiences))
            if kind == 3 and self.source.below(2):
                self.put("stop", to=tree.label, reason="shutdown", timeout_ms=patience)
            else:
                self.put("terminate_child", sup=tree.label, child=self.child_of(tree), timeout_ms=patience)
        if self.source.below(3):
            self.pause()
        for _ in range(1 + self.source.below(2) + (self.source.below(4) == 3)):
            self._disturb(tree, child_id, upcoming)
        self.observe()

    def _slow_restart(self, tree: Tree) -> tuple[str, str]:
        """Let a child end that takes its time to come back."""
        slow = [branch for branch in tree.branches if branch.is_up and _is_slow(tree, branch)]
        if slow:
            branch: Branch = self.one(slow)
            child_id = branch.id
        else:
            child_id = self.key(tree)
            self.add_child(tree, child_id, self.slow_child(child_id))
            found = next((branch for branch in tree.branches if branch.id == child_id), None)
            if found is None:
                return child_id, tree.upcoming(child_id)
            branch = found
        upcoming = tree.upcoming(child_id)
        self.put("cast", to=branch.label or upcoming, msg=["crash", "c1"])
        return child_id, upcoming

    def pause(self) -> None:
        """Let a little time pass without waiting for the world to settle."""
        if self._helper is None:
            self._helper = self.sketch.fresh("w")
            self.put("spawn", **{"as": self._helper, "probe": {}})
        self.put("call", to=self._helper, msg=["sleep", int(self.one(self.times.pauses))])

    def _disturb(self, tree: Tree, child_id: str, upcoming: str) -> None:
        """Address what is under way, by one of all operations."""
        kind = self.source.below(15)
        name = upcoming if tree.is_dynamic else child_id
        if kind > 11 and not tree.is_dynamic:
            kind = 5 + kind % 3
        if kind < 2 and self.offers("exit_signals"):
            self.put("exit", to=upcoming, reason="kill")
        elif kind < 4:
            place = self.victim(tree)
            if place is not None:
                self.strike(*place, at_once=True)
        elif kind == 4:
            self.put("terminate_child", sup=tree.label, child=name)
        elif kind == 5 and not tree.is_dynamic:
            self.put("restart_child", sup=tree.label, child=name)
        elif kind == 6 and not tree.is_dynamic:
            self.put("delete_child", sup=tree.label, child=name)
        elif kind == 7 and not tree.is_dynamic:
            self.add_child(tree, child_id)
        elif kind == 8 and not tree.is_dynamic:
            self.put("count_children", sup=tree.label)
        elif kind == 9 and tree.parent is not None:
            self.fell_parent(tree.parent)
        elif kind == 10:
            self.fell_supervisor(tree.label, self.source.below(12))
        else:
            self.put("which_children", sup=tree.label, **self.patience(4))

    # -- strangers ---------------------------------------------------------------------------------------------

    def stranger(self) -> None:
        """Somebody who is neither parent nor child has to do with a supervisor or its children."""
        tree = self.tree()
        kind = self.source.below(8)
        reason = self.one(("shutdown", "normal", {"error": "e1"}, {"shutdown": "s1"}, "killed"))
        if kind < 2 and self.offers("exit_signals"):
            self.put("exit", to=tree.label, reason=reason)
            return
        if kind == 2:
            self.put("send", to=tree.label, payload=self.sketch.fresh("i"))
            return
        somebody = self.somebody()
        workers = self.forest.workers()
        whom = str(self.one(workers)) if workers and kind > 5 else tree.label
        if kind == 3 and self.offers("exit_signals"):
            self.put("call", to=somebody, msg=["exit", tree.label, reason])
        elif kind == 4 and self.offers("monitors"):
            self.put("call", to=somebody, msg=["monitor", whom, self.sketch.fresh("m")])
        elif self.offers("links"):
            self.put("call", to=somebody, msg=["link", whom])
            self.fell_parent(somebody)

    def unlink_child(self) -> None:
        """A child unlinks itself from its supervisor, which then hears nothing of its end."""
        place = self.victim()
        if place is not None and place[1].tree is None and place[1].label is not None and self.offers("links"):
            tree, branch = place
            self.put("call", to=branch.label, msg=["unlink", tree.label])
            self.put("terminate_child", sup=tree.label, child=branch.label if tree.is_dynamic else branch.id)

    def usurp(self) -> None:
        """A stranger takes the name of a child that is down, or gives it back."""
        named = [(tree, branch) for tree in self.forest.alive() for branch in tree.branches if branch.probe.get("name")]
        if not named or not self.offers("registry"):
            self.fell()
            return
        tree, branch = self.one(named)
        name = str(branch.probe["name"])
        somebody = self.somebody()
        if branch.is_up:
            self.put("terminate_child", sup=tree.label, child=branch.label if tree.is_dynamic else branch.id)
            self.put("register", name=name, to=somebody)
        else:
            self.put("unregister", name=name)
        if branch in tree.branches and not tree.is_dynamic and self.source.below(2):
            self.put("restart_child", sup=tree.label, child=branch.id)

    # -- the window --------------------------------------------------------------------------------------------

    def edge(self) -> None:
        """Let time pass to the very edge of a restart window, or surely beyond it, and let a child end."""
        tree = self.tree()
        if tree.restarts:
            self.observe()
            ms = self._step_to_edge(tree)
            if ms:
                self.put("advance", ms=ms)
        place = self.victim(tree)
        if place is not None:
            self.strike(*place)
            self.observe()

    def _step_to_edge(self, tree: Tree) -> int:
        """Return how long to wait, in milliseconds; 0 for not at all."""
        window, now, unit = tree.window_ms, self.forest.now, self.setting.time_unit_ms
        if not self.is_virtual:
            if window > 1000 or self._waits or self.source.below(4):
                return 0
            self._waits += 1
            return window + unit + 2 * self.setting.wall_grain_ms
        past = tree.restarts[-4:]
        if unit > 1:
            steps = [window // 2, *(moment + window + edge - now for moment in past for edge in (0, unit))]
            fits = [ms for ms in steps if not any(window < now + ms - moment < window + unit for moment in past)]
        else:
            steps = [moment + window + edge - now for moment in past for edge in (0, 1, -1)]
            fits = [*steps, window // 2, window, window + 1, window - 1]
        steps = [ms for ms in fits if ms > 0]
        return int(self.one(steps)) if steps else 0


def _is_slow(tree: Tree, branch: Branch) -> bool:
    entries: list[Any] = branch.probe.get("init", ["ok"])
    upcoming = entries[min(tree.starts.get(branch.id, 0) + 1, len(entries)) - 1]
    return isinstance(upcoming, dict) and "sleep" in upcoming
