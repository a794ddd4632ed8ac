"""Subjects for the fuzzers: one with a fault that lies deep, and others that break in their own ways."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.messages import Answer, Operation

PATIENCE = 3
"""Which call of a process is answered wrongly."""

MARK = "LETITCRASH_TEST_MARK"
"""The environment variable that names a file, for faults that show once."""


class Deep(ReferenceSubject):
    """Answers a call wrongly, once a process has been asked for two other things before, in this order."""

    def __init__(self) -> None:
        super().__init__()
        self._depth: dict[str, int] = {}

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        self._depth.clear()
        return super().run(operations)

    async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
        answer = await super().call(to, msg, timeout_ms)
        depth = self._depth
        who = str(to)
        stage = depth.get(who, 0)
        action = msg[0]
        if stage == 0 and action == "monitor":
            depth[who] = 1
        elif stage == 1 and action == "demonitor":
            depth[who] = 2
        elif stage == 2 and action == "get":
            return 4711
        return answer


class Killed(ReferenceSubject):
    """Its whole process is killed in the middle of a program, once."""

    programs = 0

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        Killed.programs += 1
        mark = Path(os.environ[MARK])
        if Killed.programs == 12 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(operations)


class KilledWrong(Killed):
    """Answers wrongly whoever is asked often, and its whole process is killed in the middle of a program, once."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: Counter[str] = Counter()

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        self._calls.clear()
        return super().run(operations)

    async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
        answer = await super().call(to, msg, timeout_ms)
        self._calls[str(to)] += 1
        return 4711 if self._calls[str(to)] == PATIENCE else answer


class Polite(ReferenceSubject):
    """Finds no name that was looked up three times in one program."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: Counter[str] = Counter()

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        self._asked.clear()
        return super().run(operations)

    async def whereis(self, name: str) -> Any:
        self._asked[name] += 1
        answer = await super().whereis(name)
        return None if self._asked[name] == 3 else answer
