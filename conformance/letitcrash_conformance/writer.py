"""Writes the operations of a program one after another, with useful odds.

It keeps a sketch of what exists (labels, names, references), never of what must be answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from letitcrash_conformance.odds import Odds, pick
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_spec.messages import Json, Operation

__all__ = ["Sketch", "Writer"]

NAMES = ("n1", "n2", "n3")
UNFINISHED = 4
"""How many operations that go on by themselves stand between two observations at most."""

_UNFINISHED = frozenset({"cast", "send", "exit", "kill", "crash", "stop"})
_TELLING = frozenset(
    {"link", "unlink", "monitor", "demonitor", "cast", "send", "exit", "call", "spawn", "crash", "stop"}
)
"""Actions of a call that go on, or tell somebody something, after it was answered."""
BIG = (2**31, 2**53 + 1, 2**63, -(2**31) - 1, -(2**63) - 1, 2**100 + 3)
TEXTS = ("a", "bb", "héllo", "日本語 ✓", "x" * 300, 'quote " and \\ back\nline', "")


@dataclass(slots=True)
class Sketch:
    """What a program has brought into the world so far, whether or not it is still there."""

    labels: list[str] = field(default_factory=list[str])
    inner: list[str] = field(default_factory=list[str])  # started by other probes
    monitors: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])  # owner, ref
    timers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    suspended: set[str] = field(default_factory=set[str])
    counter: int = 0

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"


class Writer:
    """Writes one operation after another. Each public method writes one kind.

    Attributes:
        operations: What was written so far.
        actions: The odds of the actions of probes; set before anything is written.
        limit: How many operations that go on by themselves stand between two observations at most.
    """

    def __init__(self, source: Source, setting: Setting) -> None:
        self.source = source
        self.setting = setting
        self.operations: list[Operation] = []
        self.sketch = Sketch()
        self.actions: Odds
        self.unfinished = 0
        self.limit = UNFINISHED
        self.is_virtual = setting.is_virtual

    def put(self, op: str, **args: Json) -> None:
        self.operations.append(Operation(op, args))

    def write(self, kind: str) -> None:
        """Write one operation, and look at the world first if too much is under way to tell its orders apart."""
        before = len(self.operations)
        getattr(self, kind)()
        if kind in ("observe", "advance"):
            self.unfinished = 0
        elif kind in _UNFINISHED or (
            kind == "call" and len(self.operations) > before and self.operations[-1].args["msg"][0] in _TELLING
        ):
            self.unfinished += 1
            if self.unfinished >= self.limit:
                self.observe()
                self.unfinished = 0

    def one(self, choices: Sequence[Any]) -> Any:
        return choices[self.source.below(len(choices))]

    def label(self) -> str:
        labels = self.sketch.labels
        return labels[self.source.below(len(labels))]

    def peer(self, me: str) -> str:
        """Return a label, seldom `me`."""
        labels = self.sketch.labels
        label = labels[self.source.below(len(labels))]
        if label == me and len(labels) > 1 and self.source.below(8):
            label = labels[(labels.index(label) + 1) % len(labels)]
        return label

    def target(self, me: str | None = None) -> Json:
        if "registry" in self.setting.features and self.source.below(4) == 3:
            return {"name": self.one(NAMES)}
        return self.label() if me is None else self.peer(me)

    def reason(self, *, raised: bool = False) -> Json:
        kind = self.source.below(8)
        if kind == 0:
            return "shutdown"
        if kind == 1:
            return "normal"
        if kind == 2:
            return {"shutdown": self.one(("s1", "s2"))}
        if kind == 3:
            return "kill"
        if kind == 4 and not raised:
            return "killed"
        return {"error": self.one(("e1", "e2", "e3"))}

    def ms(self) -> int:
        if self.is_virtual:
            return 1 + self.source.below(120)
        return int(self.one((1, 5, 15)))

    def payload(self) -> str:
        kind = self.source.below(16)
        if kind == 14:
            return "!crash"
        if kind == 15:
            return "!stop"
        if kind == 13:
            return str(self.one(TEXTS))
        return self.sketch.fresh("i")

    def number(self) -> int:
        kind = self.source.below(24)
        if kind == 22:
            return int(self.one(BIG))
        return -1 if kind == 23 else 1 + kind

    # -- probes ------------------------------------------------------------------------------------------------

    def probe(self) -> dict[str, Json]:
        probe: dict[str, Json] = {}
        backends = self.setting.backends
        backend = backends[self.source.below(len(backends))]
        if backend != self.setting.default_backend or self.source.below(2):
            probe["backend"] = backend
        features = self.setting.features
        traits = self.source.below(64)
        if traits & 1 and "exit_signals" in features:
            probe["trap_exit"] = True
        if traits & 6 == 6 and "registry" in features:
            probe["name"] = self.one(NAMES)
        if traits & 8:
            probe["value"] = self.number()
        if traits & 48 == 48:
            probe["terminate"] = self.terminate_script()
        if self.source.below(8) == 7:
            probe["init"] = [self.init_entry()]
        return probe

    def terminate_script(self) -> Json:
        kind = self.source.below(4 if self.is_virtual else 3)
        if kind == 0:
            return "ok"
        if kind == 1:
            return {"crash": "late"}
        if kind == 2:
            return {"sleep": self.ms()}
        return "hang"

    def init_entry(self) -> Json:
        kind = self.source.below(5)
        if kind == 0:
            return "ignore"
        if kind == 1:
            return {"stop": self.reason(raised=True)}
        if kind == 2:
            return {"crash": "early"}
        if kind == 3:
            return {"sleep": self.ms()}
        return {"sleep": self.ms(), "then": self.one(("ignore", {"crash": "slow"}, {"stop": "shutdown"}))}

    # -- operations --------------------------------------------------------------------------------------------

    def spawn(self) -> None:
        if len(self.sketch.labels) >= 6:
            self.call()
            return
        label = self.sketch.fresh("p")
        self.put("spawn", **{"as": label, "probe": self.probe()})
        self.sketch.labels.append(label)

    def call(self) -> None:
        target = self.target()
        action = self.action(target if isinstance(target, str) else None)
        args: dict[str, Json] = {"to": target, "msg": action}
        if self.is_virtual and self.source.below(8) == 7:
            args["timeout_ms"] = 1 + self.source.below(150)
        elif action[0] == "noreply":
            args["timeout_ms"] = 30
        self.put("call", **args)

    def cast(self) -> None:
        target = self.target()
        action = self.action(target if isinstance(target, str) else None)
        while action[0] == "noreply":
            action = ["add", self.number()]
        self.put("cast", to=target, msg=action)

    def send(self) -> None:
        self.put("send", to=self.target(), payload=self.payload())

    def stop(self) -> None:
        target = self.target()
        if self.sketch.suspended and (isinstance(target, dict) or target in self.sketch.suspended):
            self.call()
            return
        args: dict[str, Json] = {"to": target, "reason": self.reason(raised=True)}
        if self.is_virtual and self.source.below(6) == 5:
            args["timeout_ms"] = 1 + self.source.below(150)
        self.put("stop", **args)

    def exit(self) -> None:
        self.put("exit", to=self.label(), reason=self.reason())

    def kill(self) -> None:
        self.put("exit", to=self.label(), reason="kill")

    def crash(self) -> None:
        self.put("cast", to=self.label(), msg=["crash", self.one(("c1", "c2"))])

    def register(self) -> None:
        self.put("register", name=self.one(NAMES), to=self.label())

    def unregister(self) -> None:
        self.put("unregister", name=self.one(NAMES))

    def whereis(self) -> None:
        self.put("whereis", name=self.one(NAMES))

    def name_of(self) -> None:
        self.put("name_of", to=self.label())

    def observe(self) -> None:
        self.put("observe")
        self.sketch.labels.extend(self.sketch.inner)
        self.sketch.inner.clear()

    def advance(self) -> None:
        ms = 1 + self.source.below(200) if self.is_virtual else 120
        self.observe()
        self.put("advance", ms=ms)
        if self.source.below(3):
            self.observe()

    def suspend(self) -> None:
        label = self.label()
        if not self.is_virtual:  # calls to it would wait in real time; scenarios see to that
            self.call()
        elif label in self.sketch.suspended:
            self.sketch.suspended.discard(label)
            self.put("resume", to=label)
        elif not self.sketch.suspended:
            self.sketch.suspended.add(label)
            self.put("suspend", to=label)

    # -- actions -----------------------------------------------------------------------------------------------

    def action(self, me: str | None, depth: int = 0) -> list[Json]:
        """Write an action for the probe `me` (None: whoever holds a name)."""
        kind = pick(self.source, self.actions)
        writer = getattr(self, f"do_{kind}", None)
        if writer is not None:
            return list(writer(me, depth))
        return [kind]

    def do_add(self, me: str | None, depth: int) -> list[Json]:
        return ["add", self.number()]

    def do_sleep(self, me: str | None, depth: int) -> list[Json]:
        return ["sleep", self.ms()]

    def do_crash(self, me: str | None, depth: int) -> list[Json]:
        return ["crash", self.one(("c1", "c2", "c3"))]

    def do_stop(self, me: str | None, depth: int) -> list[Json]:
        return ["stop", self.reason()]

    def do_call(self, me: str | None, depth: int) -> list[Json]:
        if depth > 1 or me is None:
            return ["get"]
        target = self.target(me)
        timeout_ms = 4000 if self.is_virtual else 200
        if self.is_virtual and self.source.below(4) == 3:
            timeout_ms = 1 + self.source.below(150)
        inner = self.action(target if isinstance(target, str) else None, depth + 1)
        if inner[0] == "noreply":
            timeout_ms = min(timeout_ms, 40)
        return ["call", target, inner, timeout_ms]

    def do_cast(self, me: str | None, depth: int) -> list[Json]:
        if depth > 1 or me is None:
            return ["get"]
        target = self.target(me)
        inner = self.action(target if isinstance(target, str) else None, depth + 1)
        return ["cast", target, ["get"] if inner[0] == "noreply" else inner]

    def do_send(self, me: str | None, depth: int) -> list[Json]:
        return ["get"] if me is None else ["send", self.target(me), self.payload()]

    def do_link(self, me: str | None, depth: int) -> list[Json]:
        return ["get"] if me is None else ["link", self.peer(me)]

    def do_unlink(self, me: str | None, depth: int) -> list[Json]:
        return ["get"] if me is None else ["unlink", self.peer(me)]

    def do_monitor(self, me: str | None, depth: int) -> list[Json]:
        if me is None:
            return ["get"]
        ref = self.sketch.fresh("m")
        self.sketch.monitors.append((me, ref))
        return ["monitor", self.target(me), ref]

    def do_demonitor(self, me: str | None, depth: int) -> list[Json]:
        own = [ref for owner, ref in self.sketch.monitors if owner == me]
        if not own:
            return self.do_monitor(me, depth)
        return ["demonitor", self.one(own), bool(self.source.below(2))]

    def do_trap_exit(self, me: str | None, depth: int) -> list[Json]:
        return ["trap_exit", not self.source.below(2)]

    def do_exit(self, me: str | None, depth: int) -> list[Json]:
        return ["exit", self.label() if me is None else self.peer(me), self.reason()]

    def do_register(self, me: str | None, depth: int) -> list[Json]:
        return ["register", self.one(NAMES)]

    def do_spawn(self, me: str | None, depth: int) -> list[Json]:
        if me is None or len(self.sketch.labels) + len(self.sketch.inner) >= 7:
            return ["get"]
        label = self.sketch.fresh("q")
        probe = self.probe()
        self.sketch.inner.append(label)
        kinds = ["plain"]
        if "links" in self.setting.features:
            kinds.append("link")
        if "monitors" in self.setting.features:
            kinds.append("monitor")
        how: Json = self.one(kinds)
        if how == "monitor":
            ref = self.sketch.fresh("m")
            self.sketch.monitors.append((me, ref))
            how = {"monitor": ref}
        return ["spawn", label, probe, how]

    def do_send_after(self, me: str | None, depth: int) -> list[Json]:
        return self._timer(me, "send_after")

    def do_send_interval(self, me: str | None, depth: int) -> list[Json]:
        return self._timer(me, "send_interval")

    def do_cancel_timer(self, me: str | None, depth: int) -> list[Json]:
        if not self.sketch.timers or me is None:
            return self._timer(me, "send_after")
        own = [ref for owner, ref in self.sketch.timers if owner == me]
        if own and self.source.below(4):
            return ["cancel_timer", self.one(own)]
        return ["cancel_timer", self.one(self.sketch.timers)[1]]

    def _timer(self, me: str | None, kind: str) -> list[Json]:
        if me is None:
            return ["get"]
        ref = self.sketch.fresh("t")
        self.sketch.timers.append((me, ref))
        if self.is_virtual:
            ms = self.source.below(180)
            if kind == "send_interval":
                ms = max(20, ms)
        else:
            ms = int(self.one((40, 100_000) if kind == "send_interval" else (0, 5, 10, 100_000)))
        return [kind, ref, ms, self.payload()]
