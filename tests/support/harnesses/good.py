"""A well-behaved harness in miniature: one value per label, no links, no supervisors."""

from __future__ import annotations

import json
import sys
from typing import Any

HELLO: dict[str, Any] = {
    "protocol": 1,
    "name": "good",
    "version": "1",
    "language": "python",
    "backends": ["none"],
    "default_backend": "none",
    "clock": "virtual",
    "time_unit_ms": 1,
    "settle": True,
    "features": ["genserver"],
}


class World:
    """The probes of one reset, and the log."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.events: list[dict[str, Any]] = []

    def perform(self, op: str, args: dict[str, Any]) -> dict[str, Any]:
        """Return what the answer holds beside its id."""
        match op:
            case "hello":
                return {"ok": HELLO}
            case "reset":
                self.values.clear()
                self.events.clear()
                return {"ok": None}
            case "bye":
                return {"ok": None}
            case "spawn":
                self.values[args["as"]] = args["probe"].get("value", 0)
                self.events.append({"ev": "init", "who": args["as"], "t": 0})
                return {"ok": "started"}
            case "call" | "cast":
                return self.act(args["to"], args["msg"], op)
            case "observe":
                events, self.events = self.events, []
                alive = sorted(self.values)
                world: dict[str, Any] = {"quiet": True, "now": 0, "alive": alive, "names": {}, "children": {}}
                return {"ok": {**world, "events": events}}
            case _:
                return {"fail": {"kind": "unsupported"}}

    def act(self, label: str, action: list[Any], op: str) -> dict[str, Any]:
        """Perform a probe's action."""
        if label not in self.values:
            return {"ok": None} if op == "cast" else {"fail": {"kind": "noproc"}}
        if action[0] == "add":
            self.values[label] += action[1]
        return {"ok": self.values[label] if op == "call" else None}


def main() -> None:
    """Answer requests until bye or the end of the input."""
    world = World()
    for line in sys.stdin:
        request = json.loads(line)
        answer = world.perform(request["op"], request["args"])
        sys.stdout.write(json.dumps({"id": request["id"], **answer}) + "\n")
        sys.stdout.flush()
        if request["op"] == "bye":
            break


if __name__ == "__main__":
    main()
