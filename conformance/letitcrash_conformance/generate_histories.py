"""Programs whose operations happen at the same time: a few processes, and clients that race for them.

All clients choose from the same few labels, names and children, so that they meet. What came before is quiet, what
comes after is looked at: a history is explained by an order of its operations, or it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from letitcrash_conformance.program import Program
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_conformance.trees import dynamic, supervisor, worker
from letitcrash_spec.messages import Json, Operation

__all__ = ["generate_history"]

CLIENTS = (2, 2, 2, 3, 3, 4)
OPERATIONS = {2: 5, 3: 4, 4: 3}
"""Few clients with many operations, or many with few: a race needs two, and orders multiply."""

NAMES = ("n1", "n1", "n2")
MOST_TIES = 2
"""How many monitors and links one program makes while clients race: each multiplies the orders."""

IDS = ("a", "b", "c")
WINDOW_S = 30
RESTARTS = ("permanent", "permanent", "transient", "temporary")
REASONS = ("normal", "shutdown", {"error": "e1"}, "kill")

_SERVERS = ("call", "call", "call", "cast", "cast", "send", "kill", "exit", "stop")
_NAMES = ("register", "unregister", "whereis", "name_of", "call_name", "spawn")
_TREES = (
    "start_child",
    "terminate_child",
    "restart_child",
    "delete_child",
    "which_children",
    "count_children",
    "fell",
    "fell",
)


def generate_history(source: Source, setting: Setting) -> Program:
    """Write one program with the choices of `source`."""
    return _Historian(source, setting).write()


class _Historian:
    def __init__(self, source: Source, setting: Setting) -> None:
        self.source = source
        self.setting = setting
        self.operations: list[Operation] = []
        self.labels: list[str] = []
        self.trees: list[str] = []
        self.is_dynamic = False
        self.starts: dict[str, int] = {}
        self.spawned = 0
        self.ties = 0
        self.wanted = ""

    def write(self) -> Program:
        source = self.source
        kinds = self._kinds()
        self.operations = self._prefix(kinds)
        for _ in range(1 + (source.below(3) == 2)):
            source.begin()
            self._race(kinds)
            source.end()
        return Program.of(self.operations, clock=self.setting.clock)

    def _kinds(self) -> list[str]:
        """Choose what the clients race for: servers, names, children, or some of all."""
        features = self.setting.features
        groups: list[tuple[str, ...]] = [_SERVERS]
        if "registry" in features:
            groups.append(_NAMES)
        if "supervisor" in features:
            groups.append(_TREES)
        chosen = self.source.below(len(groups) + 1)
        kinds = [kind for index, group in enumerate(groups) if chosen in (index, len(groups)) for kind in group]
        if "monitors" in features and self.source.below(4) == 3:
            kinds += ["watch"] * 3
        if "links" in features and self.source.below(8) == 7:
            kinds += ["tie"] * 3
        if self.setting.is_virtual and self.source.below(8) == 7:
            kinds += ["late"] * 2
        if "exit_signals" not in features:
            kinds = [kind for kind in kinds if kind not in ("kill", "exit", "fell")]
        if self.source.below(2):
            kinds = [self.one(kinds) for _ in range(2 + self.source.below(3))]  # the fewer, the more they meet
        return kinds

    def one(self, choices: Any) -> Any:
        return choices[self.source.below(len(choices))]

    def _prefix(self, kinds: list[str]) -> list[Operation]:
        source = self.source
        operations: list[Operation] = []
        for number in range(1 + source.below(3)):
            label = f"p{number + 1}"
            operations.append(Operation("spawn", {"as": label, "probe": self._probe(operations)}))
            self.labels.append(label)
        if "monitors" in self.setting.features and len(self.labels) > 1 and source.below(2):
            operations.append(Operation("call", {"to": "p1", "msg": ["monitor", "p2", "m1"]}))
        if "links" in self.setting.features and len(self.labels) > 1 and source.below(3) == 2:
            operations.append(Operation("call", {"to": "p1", "msg": ["link", "p2"]}))
        if not set(_TREES).isdisjoint(kinds):
            self.is_dynamic = "dynamic_supervisor" in self.setting.features and source.below(4) == 3
            spec = self._tree()
            operations.append(Operation("start_supervisor", {"as": "s1", "spec": spec}))
            self.trees.append("s1")
            for child in spec.get("children", ()):
                self.starts[child["id"]] = 1
            if self.is_dynamic:
                for key in ("k1", "k2")[: 1 + source.below(2)]:
                    operations.append(Operation("start_child", {"sup": "s1", "child": self._child(key)}))
                    self.starts[key] = 1
        return operations

    def _tree(self) -> dict[str, Json]:
        tolerated = self.one((3, 10, 1))
        if self.is_dynamic:
            limit = (None, 1, 2)[self.source.below(3)]
            return dynamic(max_children=limit, max_restarts=tolerated, max_seconds=WINDOW_S)
        strategy = self.one(("one_for_one", "one_for_one", "one_for_all", "rest_for_one"))
        children = [self._child(child_id) for child_id in IDS[: 1 + self.source.below(2)]]
        return supervisor(*children, strategy=strategy, max_restarts=tolerated, max_seconds=WINDOW_S)

    def _child(self, child_id: str) -> dict[str, Json]:
        probe: dict[str, Json] = {}
        backend = self.one(self.setting.backends)
        if backend != self.setting.default_backend:
            probe["backend"] = backend
        if self.source.below(4) == 3 and "exit_signals" in self.setting.features:
            probe["trap_exit"] = True
        if self.source.below(8) == 7:
            probe["init"] = ["ok", {"crash": "early"}, "ok"]
        return worker(child_id, probe, restart=self.one(RESTARTS))

    def _probe(self, others: Sequence[Operation]) -> dict[str, Json]:
        probe: dict[str, Json] = {}
        backend = self.one(self.setting.backends)
        if backend != self.setting.default_backend:
            probe["backend"] = backend
        if self.source.below(3) == 2 and "registry" in self.setting.features:
            name = self.one(NAMES)
            if all(name != other.args["probe"].get("name") for other in others):
                probe["name"] = name
        if self.source.below(4) == 3 and "exit_signals" in self.setting.features:
            probe["trap_exit"] = True
        return probe

    def _race(self, kinds: list[str]) -> None:
        clients: list[list[dict[str, Json]]] = []
        number = self.one(CLIENTS)
        self.wanted = self._any_label()
        common = [self.one(kinds) for _ in range(self.source.below(3))]  # what all of them begin with
        for _ in range(number):
            program: list[dict[str, Json]] = []
            for turn in range(max(len(common), 1) + self.source.below(OPERATIONS[number])):
                self.source.begin()
                op, args = self._operation(common[turn] if turn < len(common) else self.one(kinds))
                program.append({"op": op, "args": args})
                self.source.end()
            clients.append(program)
        self.operations.append(Operation("observe", {}))
        self.operations.append(Operation("parallel", {"clients": clients}))
        self.operations.append(Operation("observe", {}))

    def _label(self) -> str:
        """Return the label that this race is about, or any."""
        return self._any_label() if self.source.below(2) else self.wanted

    def _any_label(self) -> str:
        labels = list(self.labels)
        labels += [f"s1/{child_id}#{starts}" for child_id, starts in self.starts.items() if self.trees]
        return str(self.one(labels))

    def _operation(self, kind: str) -> tuple[str, dict[str, Json]]:
        source = self.source
        if kind in ("watch", "tie"):
            self.ties += 1
            if self.ties > MOST_TIES:
                kind = "call"
        if kind in ("call", "call_name"):
            target: Json = {"name": self.one(NAMES)} if kind == "call_name" else self._label()
            return "call", {"to": target, "msg": ["add", 1 + source.below(9)] if source.below(3) else ["get"]}
        if kind == "watch":
            return "call", {"to": self._label(), "msg": ["monitor", self.one(self.labels), f"w{self.ties}"]}
        if kind == "tie":
            return "call", {"to": self._label(), "msg": ["link", self.one(self.labels)]}
        if kind == "late":
            return "call", {"to": self._label(), "msg": ["sleep", 20], "timeout_ms": 10}
        if kind == "cast":
            return "cast", {"to": self._label(), "msg": ["add", 10 * (1 + source.below(9))]}
        if kind == "send":
            return "send", {"to": self._label(), "payload": f"i{source.below(4)}"}
        if kind == "kill":
            return "exit", {"to": self._label(), "reason": "kill"}
        if kind == "exit":
            return "exit", {"to": self._label(), "reason": self.one(REASONS)}
        if kind == "stop":
            return "stop", {"to": self._label(), "reason": self.one(("normal", "shutdown"))}
        if kind == "register":
            return "register", {"name": self.one(NAMES), "to": self._label()}
        if kind in ("unregister", "whereis"):
            return kind, {"name": self.one(NAMES)}
        if kind == "name_of":
            return kind, {"to": self._label()}
        if kind == "spawn":
            self.spawned += 1
            label = f"q{self.spawned}"
            return "spawn", {"as": label, "probe": {"name": self.one(NAMES)}}
        return self._about_children(kind)

    def _about_children(self, kind: str) -> tuple[str, dict[str, Json]]:
        child_id = self.one(IDS)
        if kind == "fell":
            if self.is_dynamic:
                child_id = self.one(list(self.starts))
            label = f"s1/{child_id}#{max(1, self.starts.get(child_id, 1))}"
            return "exit", {"to": label, "reason": "kill"}
        if kind in ("which_children", "count_children"):
            return kind, {"sup": "s1"}
        if self.is_dynamic:
            if kind == "start_child":
                key = f"k{len(self.starts) + 1}"
                self.starts[key] = 1
                return kind, {"sup": "s1", "child": self._child(key)}
            label = f"s1/{self.one(list(self.starts))}#1"
            return "terminate_child", {"sup": "s1", "child": label}
        if kind == "start_child":
            self.starts.setdefault(child_id, 1)
            return kind, {"sup": "s1", "child": self._child(child_id)}
        return kind, {"sup": "s1", "child": child_id}
