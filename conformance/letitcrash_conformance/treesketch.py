"""A sketch of supervision trees: which labels probably exist, made from operations alone and never from answers.

The generator aims with it: at a child that lives, at one that is about to be started again, at one that is gone. What
it guesses wrong is harmless, because the model judges what really happened; no expectation is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from letitcrash_conformance.trees import child_label
from letitcrash_spec.messages import Json

__all__ = ["Branch", "Forest", "Tree"]

_ROUNDS = 12
"""Attempts that a sketched restart makes at most."""


@dataclass(slots=True, eq=False)
class Branch:
    """One child of a supervisor, as it probably is.

    Attributes:
        spec: Its specification.
        label: Label of its last process, None if it never had one.
        is_up: Whether that process probably lives.
        tree: What hangs below it, if it is a supervisor and was started.
    """

    spec: Mapping[str, Any]
    label: str | None = None
    is_up: bool = False
    tree: Tree | None = None

    @property
    def id(self) -> str:
        return str(self.spec["id"])

    @property
    def probe(self) -> Mapping[str, Any]:
        """Its probe; empty for a supervisor."""
        start: Mapping[str, Any] = self.spec["start"]
        return {} if "supervisor" in start else start


@dataclass(slots=True, eq=False)
class Tree:
    """One supervisor process, as it probably is.

    Attributes:
        label: Its label.
        spec: Its specification.
        owner: The supervisor above it and its place there; None at the top.
        branches: Its children in start order.
        starts: How often each child's start function was probably called.
        restarts: The moments of the restarts that it has performed, oldest first.
        is_alive: Whether it probably lives.
        parent: Label of the probe that it was started from, if any.
    """

    label: str
    spec: Mapping[str, Any]
    owner: tuple[Tree, Branch] | None = None
    branches: list[Branch] = field(default_factory=list[Branch])
    starts: dict[str, int] = field(default_factory=dict[str, int])
    restarts: list[int] = field(default_factory=list[int])
    is_alive: bool = True
    parent: str | None = None

    @property
    def is_dynamic(self) -> bool:
        return str(self.spec["strategy"]) == "dynamic"

    @property
    def window_ms(self) -> int:
        """Length of its restart window in milliseconds."""
        return int(self.spec["max_seconds"] * 1000)

    def branch(self, name: str) -> Branch | None:
        """Return the child with this id, or label under a dynamic supervisor."""
        for branch in self.branches:
            if name == (branch.label if self.is_dynamic else branch.id):
                return branch
        return None

    def upcoming(self, child_id: str) -> str:
        """Return the label that the next start attempt of a child gets."""
        return child_label(self.label, child_id, self.starts.get(child_id, 0) + 1)


class Forest:
    """All supervision trees of a program. `note` follows the operations; everything else is for looking.

    Attributes:
        now: The sketched time in milliseconds: what was advanced so far.
        trees: Every supervisor by its label, dead ones too, oldest first.
        names: Who probably holds which name.
        gone: Labels of probes outside the trees that probably ended.
        deaths: Processes in the trees that probably ended since the last observation.
    """

    def __init__(self) -> None:
        self.now = 0
        self.trees: dict[str, Tree] = {}
        self.names: dict[str, str] = {}
        self.gone: set[str] = set()
        self.deaths = 0
        self._places: dict[str, tuple[Tree, Branch]] = {}

    def alive(self) -> list[Tree]:
        """Return the supervisors that probably live, oldest first."""
        return [tree for tree in self.trees.values() if tree.is_alive]

    def places(self) -> Iterator[tuple[Tree, Branch]]:
        """Return the children that probably live, with their supervisors, oldest supervisor first."""
        for tree in self.alive():
            for branch in tree.branches:
                if branch.is_up:
                    yield tree, branch

    def size(self, tree: Tree) -> int:
        """Return how many processes probably live below a supervisor."""
        below = [branch for branch in tree.branches if branch.is_up]
        return len(below) + sum(self.size(branch.tree) for branch in below if branch.tree is not None)

    def workers(self) -> list[str]:
        """Return the labels of the probes in trees that probably live."""
        return [branch.label for _, branch in self.places() if branch.label is not None and branch.tree is None]

    # -- following operations ----------------------------------------------------------------------------------

    def note(self, op: str, args: Mapping[str, Any]) -> None:
        """Follow one operation."""
        if op == "observe":
            self.deaths = 0
        elif op == "advance":
            self.now += args["ms"]
        elif op == "spawn":
            self._take(args["probe"].get("name"), args["as"])
        elif op == "register":
            self._take(args["name"], args["to"])
        elif op == "unregister":
            self.names.pop(args["name"], None)
        elif op == "start_supervisor":
            self._plant(args["as"], args["spec"], parent=args.get("link"))
        elif "sup" in args:
            tree = self.trees.get(args["sup"])
            if tree is not None and tree.is_alive and "child" in args:
                self._administer(tree, op, args["child"])
        elif isinstance(args.get("to"), str):
            reason = _deadly(op, args, self._probe_of(args["to"]))
            if reason is not None:
                self._end(args["to"], reason)

    def _take(self, name: str | None, label: str) -> bool:
        """Give a process a name. Returns whether it was free."""
        if name is not None and name in self.names:
            return False
        if name is not None:
            self.names[name] = label
        return True

    def _release(self, label: str | None) -> None:
        self.names = {name: holder for name, holder in self.names.items() if holder != label}

    def _probe_of(self, label: str) -> Mapping[str, Any] | None:
        place = self._places.get(label)
        if place is not None and place[1].tree is None:
            return place[1].probe
        return None if label in self.trees else {}

    def _end(self, label: str, reason: Json) -> None:
        tree = self.trees.get(label)
        if tree is not None:
            self._fell(tree)
        place = self._places.get(label)
        if place is not None and place[1].is_up:
            self._lost(*place, reason)
        elif tree is None:
            self.gone.add(label)
            self._release(label)
            for planted in self.alive():
                if planted.parent == label:
                    self._fell(planted)

    def _plant(
        self,
        label: str,
        spec: Mapping[str, Any],
        *,
        owner: tuple[Tree, Branch] | None = None,
        parent: str | None = None,
    ) -> Tree | None:
        """Start a supervisor and its children. Returns None if one of them probably fails."""
        tree = Tree(label, spec, owner, parent=parent)
        self.trees[label] = tree
        children: list[Mapping[str, Any]] = spec.get("children", [])
        is_misspelled = len({child["id"] for child in children}) < len(children)
        is_misspelled = is_misspelled or spec["max_restarts"] < 0 or spec["max_seconds"] <= 0
        is_misspelled = is_misspelled or any(map(_is_misspelled, children))
        if is_misspelled or not self._take(spec["name"], label):
            tree.is_alive = False
            return None
        tree.branches = [Branch(child) for child in children]
        for branch in list(tree.branches):
            if not self._start(tree, branch):
                self._fell(tree)
                return None
        return tree

    def _start(self, tree: Tree, branch: Branch) -> bool:
        """Call a child's start function. Returns whether that is no failure."""
        child_id = branch.id
        attempt = tree.starts[child_id] = tree.starts.get(child_id, 0) + 1
        label = child_label(tree.label, child_id, attempt)
        branch.tree = None
        start = branch.spec["start"]
        if "supervisor" in start:
            branch.tree = self._plant(label, start["supervisor"], owner=(tree, branch))
            outcome = "ok" if branch.tree is not None else "fail"
        else:
            entries: list[Any] = start.get("init", ["ok"])
            outcome = _outcome(entries[min(attempt, len(entries)) - 1])
            if outcome == "ok" and not self._take(start.get("name"), label):
                outcome = "fail"
        if outcome == "ok":
            branch.label, branch.is_up = label, True
            self._places[label] = (tree, branch)
        elif outcome == "ignore" and (tree.is_dynamic or branch.spec["restart"] == "temporary"):
            tree.branches.remove(branch)
        return outcome != "fail"

    def _administer(self, tree: Tree, op: str, child: Any) -> None:
        if op == "start_child":
            limit: int | None = tree.spec.get("max_children")
            if _is_misspelled(child):
                return
            is_known = not tree.is_dynamic and tree.branch(child["id"]) is not None
            if is_known or (limit is not None and len(tree.branches) >= limit):
                return
            branch = Branch(child)
            tree.branches.append(branch)
            if not self._start(tree, branch):
                tree.branches.remove(branch)
            return
        found = tree.branch(child)
        if found is None:
            return
        if op == "terminate_child":
            self._put_down(found)
            if tree.is_dynamic or found.spec["restart"] == "temporary":
                tree.branches.remove(found)
        elif op == "restart_child" and not found.is_up:
            self._start(tree, found)
        elif op == "delete_child" and not found.is_up:
            tree.branches.remove(found)

    # -- deaths ------------------------------------------------------------------------------------------------

    def _put_down(self, branch: Branch) -> None:
        if branch.is_up:
            self.deaths += 1
            self._release(branch.label)
        branch.is_up = False
        if branch.tree is not None:
            self._fell(branch.tree)

    def _fell(self, tree: Tree) -> None:
        """Take a supervisor and everything below it out of the world; its owner is not told."""
        if tree.is_alive:
            self.deaths += 1
            self._release(tree.label)
        tree.is_alive = False
        for branch in tree.branches:
            self._put_down(branch)

    def _lost(self, tree: Tree, branch: Branch, reason: Json) -> None:
        """A child ended by itself."""
        self._put_down(branch)
        if not tree.is_alive or branch not in tree.branches:
            return
        restart = branch.spec["restart"]
        is_calm = reason in ("normal", "shutdown") or (isinstance(reason, dict) and "shutdown" in reason)
        if restart == "permanent" or (restart == "transient" and not is_calm):
            self._restart(tree, branch)
            return
        if restart == "temporary" or tree.is_dynamic:
            tree.branches.remove(branch)
        if branch.spec.get("significant") and (
            tree.spec["auto_shutdown"] == "any_significant"
            or not any(other.is_up and other.spec["significant"] for other in tree.branches)
        ):
            self._give_up(tree)

    def _give_up(self, tree: Tree) -> None:
        self._fell(tree)
        if tree.owner is not None and tree.owner[1].is_up:
            self._lost(*tree.owner, "shutdown")

    def _restart(self, tree: Tree, branch: Branch) -> None:
        failed: Branch | None = branch
        for _ in range(_ROUNDS):
            if failed is None:
                return
            tree.restarts.append(self.now)
            recent = [moment for moment in tree.restarts if moment >= self.now - tree.window_ms]
            if len(recent) > tree.spec["max_restarts"]:
                self._give_up(tree)
                return
            failed = self._round(tree, failed)
        self._give_up(tree)

    def _round(self, tree: Tree, failed: Branch) -> Branch | None:
        """Make one attempt at a restart. Returns the child that fails to start."""
        group = [failed]
        if tree.spec["strategy"] == "one_for_all":
            group = list(tree.branches)
        elif tree.spec["strategy"] == "rest_for_one":
            group = tree.branches[tree.branches.index(failed) :]
        for branch in reversed(group):
            if branch is failed:
                continue
            self._put_down(branch)
            if branch.spec["restart"] == "temporary":
                tree.branches.remove(branch)
        for branch in group:
            if branch in tree.branches and not self._start(tree, branch):
                return branch
        return None


def _is_misspelled(child: Mapping[str, Any]) -> bool:
    return child["shutdown"] == -1 or bool(child["significant"] and child["restart"] == "permanent")


def _outcome(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    if "sleep" in entry:
        return _outcome(entry.get("then", "ok"))
    return "fail"


def _deadly(op: str, args: Mapping[str, Any], probe: Mapping[str, Any] | None) -> Json:
    """Return the reason that an operation probably makes its receiver end with, None if it does not end.

    Args:
        op: The operation.
        args: Its arguments.
        probe: The probe it goes to; None for a supervisor.
    """
    reason: Json = None
    if op == "stop":
        reason = args["reason"]
    elif op == "exit":
        if args["reason"] == "kill":
            reason = "killed"
        elif probe is not None and args["reason"] != "normal" and not probe.get("trap_exit"):
            reason = args["reason"]
    elif op in ("call", "cast"):
        action: list[Any] = args["msg"]
        if action[0] == "crash":
            reason = {"error": action[1]}
        elif action[0] == "stop":
            reason = action[1]
    elif op == "send":
        reason = {"!crash": {"error": "crash"}, "!stop": "normal"}.get(args["payload"])
    return reason
