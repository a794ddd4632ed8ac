"""Writes what supervisors are asked, and how their children and they themselves end.

Deaths come singly, in bursts of the same child, and several at once; to the first, the middle and the last child. Two
in a row without a look are the exception, so that the lawful orders stay few.
"""

from __future__ import annotations

from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_conformance.trees import child_label
from letitcrash_conformance.treesketch import Branch, Forest, Tree
from letitcrash_conformance.treespecs import IDS, SpecWriter
from letitcrash_spec.messages import Json

__all__ = ["TreeWriter"]

TREES = 2
"""How many supervisors without an owner live at a time."""

DEATHS = 3
"""How many deaths stand between two observations at most."""

SIZE = 4
"""How many processes a supervisor that is killed has below it at most: they all end at once then."""


class TreeWriter(SpecWriter):
    """A writer that also starts, asks and disturbs supervisors.

    Attributes:
        forest: The trees as they probably are.
    """

    def __init__(self, source: Source, setting: Setting) -> None:
        super().__init__(source, setting)
        self.forest = Forest()
        self.limit = 2
        self._last: tuple[str, str] | None = None

    def put(self, op: str, **args: Json) -> None:
        target = args.get("to")
        if op in ("call", "cast") and isinstance(target, str) and _is_supervisor(target):
            op, args = "exit", {"to": target, "reason": "kill"}  # only probes are called
        super().put(op, **args)
        self.forest.note(op, args)

    def write(self, kind: str) -> None:
        super().write(kind)
        if self.forest.deaths and (self.forest.deaths >= DEATHS or self.source.below(4)):
            self.observe()

    def label(self) -> str:
        workers = self.forest.workers()
        if workers and (not self.sketch.labels or self.source.below(3) == 2):
            return str(self.one(workers))
        if not self.sketch.labels:
            self.spawn()
        return super().label()

    def peer(self, me: str) -> str:
        others = [label for label in (*self.sketch.labels, *self.forest.workers()) if label != me]
        return str(self.one(others)) if others and self.source.below(8) else me

    def suspend(self) -> None:
        if self.sketch.labels:
            super().suspend()

    # -- what to aim at ----------------------------------------------------------------------------------------

    def tree(self) -> Tree:
        """Return a supervisor that probably lives, started if there is none, seldom a dead one."""
        alive = self.forest.alive()
        if self.forest.trees and self.source.below(24) == 23:
            return self.one(list(self.forest.trees.values()))  # type: ignore[no-any-return]
        if not alive:
            self.start_supervisor()
            alive = self.forest.alive() or list(self.forest.trees.values())
        return self.one(alive[::-1])  # type: ignore[no-any-return]

    def victim(self, tree: Tree | None = None) -> tuple[Tree, Branch] | None:
        """Return a child that probably lives, often the same as the last time."""
        places = [place for place in self.forest.places() if tree is None or place[0] is tree]
        if not places:
            return None
        if self._last is not None and self.source.below(3):
            for place in places:
                if (place[0].label, place[1].id) == self._last:
                    return place
        chosen: tuple[Tree, Branch] = self.one(places)
        self._last = (chosen[0].label, chosen[1].id)
        return chosen

    def child_of(self, tree: Tree, *, down: bool = False) -> str:
        """Return the id of a child, or under a dynamic supervisor its label; seldom one that is not there."""
        branches = [branch for branch in tree.branches if branch.is_up != down] or tree.branches
        if not branches or self.source.below(12) == 11:
            if tree.is_dynamic:
                return child_label(tree.label, str(self.one(IDS)), 1 + self.source.below(3))
            return str(self.one(("a", "zz", tree.branches[0].label or "b" if tree.branches else "b")))
        branch: Branch = branches[(0, -1, len(branches) // 2)[self.source.below(3)]]
        return (branch.label or tree.upcoming(branch.id)) if tree.is_dynamic else branch.id

    def somebody(self) -> str:
        """Return a probe outside the trees that probably lives, started if there is none."""
        if all(label in self.forest.gone for label in self.sketch.labels) and len(self.sketch.labels) < 6:
            self.spawn()
        return str(self.one([x for x in self.sketch.labels if x not in self.forest.gone] or self.sketch.labels))

    # -- administration ----------------------------------------------------------------------------------------

    def start_supervisor(self) -> None:
        if sum(tree.owner is None for tree in self.forest.alive()) >= TREES:
            self.fell()
            return
        spec: dict[str, Json] = self.supervisor_spec()
        args: dict[str, Json] = {}
        if self.chance(self.flavor.linked) and self.offers("links"):
            args["link"] = self.somebody()
        elif self.chance(1):
            spec = self.misspelled(spec)
        self.put("start_supervisor", **{"as": self.sketch.fresh("s"), "spec": spec, **args})
        if args:
            self.observe()  # what its parent does from here on comes after the start

    def start_child(self) -> None:
        tree = self.tree()
        self.add_child(tree, self.new_id(tree))

    def new_id(self, tree: Tree) -> str:
        """Return an id for a new child: free, free again after a failed start, or taken."""
        if tree.is_dynamic:
            return self.key(tree)
        known = [branch.id for branch in tree.branches]
        tried = [child_id for child_id in tree.starts if child_id not in known]
        kind = self.source.below(8)
        if tried and kind in (3, 4, 5):
            return str(self.one(tried))
        if known and kind > 5:
            return str(self.one(known))
        return next((child_id for child_id in IDS if child_id not in known), "a")

    def key(self, tree: Tree) -> str:
        """Return an id that was never used under a supervisor."""
        keys: list[str] = [*IDS, *(f"k{number}" for number in range(len(tree.starts) + 1))]
        return next(child_id for child_id in keys if child_id not in tree.starts)

    def add_child(self, tree: Tree, child_id: str, child: dict[str, Json] | None = None, **args: Json) -> None:
        if child is None:
            before = next((branch.spec for branch in tree.branches if branch.id == child_id), None)
            has_auto_shutdown = tree.spec.get("auto_shutdown", "never") != "never"
            if before is not None and self.source.below(2):
                child = dict(before)
            else:
                child = self.child_spec(child_id, has_auto_shutdown=has_auto_shutdown)
            if self.source.below(16) == 15 and tree.is_alive and not tree.is_dynamic:
                self.observe()  # one that died since may refuse for either reason
                child = self.misspelled_child(child)
        if tree.is_dynamic and child["shutdown"] == 0:
            child = {**child, "shutdown": 5000}  # Elixir refuses no time at all
        self.put("start_child", sup=tree.label, child=child, **args)

    def terminate_child(self) -> None:
        tree = self.tree()
        self.put("terminate_child", sup=tree.label, child=self.child_of(tree), **self.patience(8))

    def restart_child(self) -> None:
        self._revive("restart_child")

    def delete_child(self) -> None:
        self._revive("delete_child")

    def _revive(self, op: str) -> None:
        tree = self.tree()
        if tree.is_dynamic:
            self.terminate_child()
            return
        child = self.child_of(tree, down=self.source.below(4) > 0)
        branch = tree.branch(child)
        if branch is not None and branch.is_up and self.source.below(2):
            self.put("terminate_child", sup=tree.label, child=child)
        self.put(op, sup=tree.label, child=child)

    def which_children(self) -> None:
        self.put("which_children", sup=self.tree().label)

    def count_children(self) -> None:
        tree = self.tree()
        if tree.is_dynamic:
            self.observe()  # while a death is on its way nothing is promised about the count
        self.put("count_children", sup=tree.label)

    def patience(self, one_of: int) -> dict[str, Json]:
        """Have one caller in so many give up early."""
        if self.source.below(one_of) < one_of - 1:
            return {}
        return {"timeout_ms": int(self.one(self.times.patiences))}

    # -- deaths ------------------------------------------------------------------------------------------------

    def fell(self) -> None:
        """One child ends."""
        place = self.victim()
        if place is None:
            self.start_child()
        else:
            self.strike(*place)

    def strike(self, tree: Tree, branch: Branch, *, at_once: bool = False) -> None:
        """End a child in one of many ways; `at_once`: without waiting for anything."""
        label = branch.label or tree.upcoming(branch.id)
        if self.source.below(24) == 23:  # an incarnation that is over, or yet to come
            starts = tree.starts.get(branch.id, 0)
            label = child_label(tree.label, branch.id, max(1, starts - 1) if self.source.below(2) else starts + 1)
        kind = self.source.below(12)
        if branch.probe.get("terminate") == "hang" and kind:
            kind = 3  # else it would hang in its cleanup, and nobody would hear of it
        if branch.tree is not None:
            self.fell_supervisor(label, kind)
        elif kind < 3 or not self.offers("exit_signals"):
            self.put("cast", to=label, msg=["crash", self.one(("c1", "c2"))])
        elif kind < 6:
            self.put("exit", to=label, reason="kill")
        elif kind == 6:
            self.put("cast", to=label, msg=["stop", self.reason()])
        elif kind == 7:
            self.put("exit", to=label, reason=self.reason())
        elif kind == 8 and not at_once:
            self.put("stop", to=label, reason=self.reason(raised=True), **self.patience(8))
        elif kind == 9 and not at_once:
            self.put("call", to=label, msg=["stop", self.reason()])
        elif kind == 10 and not at_once:
            self.put("call", to=label, msg=["crash", "c3"])
        else:
            self.put("send", to=label, payload="!stop" if kind == 11 else "!crash")

    def fell_supervisor(self, label: str, kind: int) -> None:
        tree = self.forest.trees.get(label)
        is_small = tree is None or self.forest.size(tree) <= SIZE
        if kind < 4 and is_small and self.offers("exit_signals"):
            self.put("exit", to=label, reason="kill")
        else:
            self.put("stop", to=label, reason=self.one(("normal", "shutdown", {"error": "e1"}, {"shutdown": "s1"})))

    def burst(self) -> None:
        """The same child ends again and again."""
        place = self.victim()
        if place is None:
            self.start_child()
            return
        tree, branch = place
        for _ in range(2 + self.source.below(4)):
            if not tree.is_alive or branch not in tree.branches or not branch.is_up:
                return
            self.strike(tree, branch)
            if self.source.below(6):
                self.observe()

    def together(self) -> None:
        """Two or three children of one supervisor end before it hears of any."""
        self.observe()
        self.strike_several(self.tree())
        self.observe()

    def strike_several(self, tree: Tree) -> None:
        places = [branch for branch in tree.branches if branch.is_up]
        for _ in range(2 + (self.source.below(8) == 7)):
            if places:
                branch = places.pop(self.source.below(len(places)))
                self.strike(tree, branch, at_once=True)

    def queued(self) -> None:
        """Children end while their supervisor is suspended, so that it hears of all of them at once."""
        tree = self.tree()
        if not self.offers("suspend"):
            self.strike_several(tree)
            return
        self.observe()
        self.put("suspend", to=tree.label)
        self.strike_several(tree)
        self.put("resume", to=tree.label)
        self.observe()

    def end_supervisor(self) -> None:
        """A supervisor ends: stopped, killed, or with its parent."""
        tree = self.tree()
        kind = self.source.below(12)
        if tree.parent is not None and kind > 4:
            self.fell_parent(tree.parent)
        elif kind == 4 and self.offers("exit_signals"):
            self.put("stop", to=tree.label, reason="normal", **self.patience(2))
        else:
            self.fell_supervisor(tree.label, kind)

    def fell_parent(self, label: str) -> None:
        kind = self.source.below(4)
        if kind == 0 or not self.offers("exit_signals"):
            self.put("stop", to=label, reason=self.reason(raised=True))
        elif kind == 1:
            self.put("cast", to=label, msg=["crash", "c1"])
        elif kind == 2:
            self.put("exit", to=label, reason="kill")
        else:
            self.put("exit", to=label, reason=self.reason())


def _is_supervisor(label: str) -> bool:
    """Say whether a label is that of a nested supervisor: the ids of these are written large."""
    return "/" in label and label.rpartition("/")[2][:1].isupper()
