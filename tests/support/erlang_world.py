"""A short way to talk to a subject, for the tests of the Erlang harness."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.erlang_otp import erlang_subject
from letitcrash_spec.messages import Answer, Operation, fail, ok

__all__ = ["SETTLE_MS", "World", "dead", "error", "exit_of", "needs_erl", "open_erlang", "start_failed"]

SETTLE_MS = 20_000

needs_erl = pytest.mark.skipif(shutil.which("erl") is None, reason="needs Erlang's `erl` (Debian: erlang-base)")


def open_erlang(schedulers: int) -> Iterator[Subject]:
    """Give a running Erlang subject, and close it."""
    subject = erlang_subject(schedulers)
    yield subject
    subject.close()


class World:
    """A subject with short names for the operations."""

    def __init__(self, subject: Subject) -> None:
        """Begin with an empty world."""
        self.subject = subject
        self.events: list[dict[str, Any]] = []
        self._traced = 0
        assert self("reset") == ok()

    def __call__(self, op: str, **args: Any) -> Answer:
        args = {key.rstrip("_"): value for key, value in args.items()}
        return self.subject.run([Operation(op, args)])[0]

    def spawn(self, label: str, **probe: Any) -> Answer:
        return self("spawn", as_=label, probe=probe)

    def start(self, label: str, spec: dict[str, Any], link: str | None = None, **more: Any) -> Answer:
        return self("start_supervisor", as_=label, spec=spec, **({} if link is None else {"link": link}), **more)

    def children(self, label: str) -> dict[str, Any]:
        """Settle and return what each child of a supervisor is."""
        listed = self.settled()["children"][label]["list"]
        assert len({row[0] for row in listed}) == len(listed)
        return {child_id: state for child_id, state, _ in listed}

    def trace(self) -> list[str]:
        """Settle and return the births, cleanups and deaths since the last trace: `"init s1/a#1"`."""
        self.settled()
        new, self._traced = self.events[self._traced :], len(self.events)
        return [f"{event['ev']} {event['who']}" for event in new if event["ev"] in ("init", "terminate", "dead")]

    def call(self, to: Any, *action: Any, timeout_ms: int = 20_000) -> Answer:
        return self("call", to=to, msg=list(action), timeout_ms=timeout_ms)

    def cast(self, to: Any, *action: Any) -> Answer:
        return self("cast", to=to, msg=list(action))

    def observe(self, settle_ms: int = SETTLE_MS) -> dict[str, Any]:
        seen: dict[str, Any] = self("observe", settle_ms=settle_ms)["ok"]
        self.events += seen["events"]
        return seen

    def settled(self) -> dict[str, Any]:
        seen = self.observe()
        assert seen["quiet"] is True
        return seen

    def wait_event(self, **fields: Any) -> dict[str, Any]:
        for _ in range(2_000):
            for event in self.events:
                if fields.items() <= event.items():
                    return event
            self("advance", ms=5)
            self.observe(settle_ms=5)
        raise AssertionError(f"no event {fields} among {self.events}")

    def log(self, *kinds: str, who: str | None = None) -> list[dict[str, Any]]:
        """Settle and return the events so far, without their times."""
        self.settled()
        return [
            {key: value for key, value in event.items() if key != "t"}
            for event in self.events
            if (not kinds or event["ev"] in kinds) and who in (None, event["who"])
        ]


def error(text: str) -> dict[str, str]:
    return {"error": text}


def dead(who: str, reason: Any) -> dict[str, Any]:
    return {"ev": "dead", "who": who, "reason": reason}


def start_failed(reason: Any) -> Answer:
    return fail("start_failed", reason=reason)


def exit_of(reason: Any) -> Answer:
    return fail("exit", reason=reason)
