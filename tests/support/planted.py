"""Subjects with one planted fault each, and harnesses that break: what the command line and pytest are tried on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Operation


class Forgetful(ReferenceSubject):
    """Finds nobody by name."""

    async def whereis(self, name: str) -> None:
        return None


class Lame(ReferenceSubject):
    """Its harness breaks when somebody asks for a name."""

    async def whereis(self, name: str) -> None:
        raise RuntimeError("the harness stumbled")


def stillborn() -> ReferenceSubject:
    """A harness that cannot be started."""
    raise SubjectError("start of the harness: expected a hello, got end of file", stderr=["no such table: users"])


class Interrupted(Forgetful):
    """Somebody presses Ctrl-C, some time after the fault was found."""

    programs = 0

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        Interrupted.programs += 1
        if Interrupted.programs > 200:
            raise KeyboardInterrupt
        return super().run(operations)


class Bare:
    """A subject that offers servers alone, on one backend, without names."""

    def __init__(self) -> None:
        self._inner = ReferenceSubject()
        hello = self._inner.hello
        self._hello = replace(hello, features=frozenset({"genserver"}), backends=("async",))

    @property
    def hello(self) -> Hello:
        return self._hello

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        return self._inner.run(operations)

    def close(self) -> None:
        self._inner.close()


class Flaky(ReferenceSubject):
    """Finds nobody by name the first time that it is asked for somebody who is there, and never again."""

    has_lied = False

    async def whereis(self, name: str) -> str | None:
        found = await super().whereis(name)
        if found is not None and not Flaky.has_lied:
            Flaky.has_lied = True
            return None
        return found
