"""The operations on supervisors, on the reference."""

from __future__ import annotations

import contextlib
from typing import Any

from letitcrash_conformance.inprocess import Refused
from letitcrash_conformance.subjects.reference_driver import ReferenceDriver
from letitcrash_conformance.subjects.reference_probe import describe_error, write_reason
from letitcrash_conformance.subjects.reference_supervisor import DynamicTrunk, Trunk, describe_row, label_of_child
from letitcrash_conformance.subjects.reference_world import Pending, World
from letitcrash_reference import (
    AlreadyRegisteredError,
    Backend,
    CallTimeoutError,
    ChildCounts,
    ChildInfo,
    InvalidSpecError,
    NoProcessError,
    ProcessExitedError,
)
from letitcrash_reference.process import CALL, Process
from letitcrash_reference.requests import (
    CountChildren,
    DeleteChild,
    Request,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChildren,
)
from letitcrash_spec.messages import Json
from letitcrash_spec.operations import SUPERVISOR_TIMEOUT_MS

__all__ = ["ReferenceTrees"]

_LOOK_S = 1.0  # seconds of real time that a supervisor has to describe itself


class ReferenceTrees(ReferenceDriver):
    """The part of `ReferenceSubject` that deals with supervisors."""

    async def start_supervisor(
        self, as_: str, spec: dict[str, Any], link: str | None = None, timeout_ms: int = SUPERVISOR_TIMEOUT_MS
    ) -> str:
        """Start a supervisor and its children."""
        world = self._world or await self._enter()
        if link is not None:
            return await self._start_in_probe(world, as_, spec, link, timeout_ms)
        token = Pending(None, self._stir)
        try:
            trunk = world.make_supervisor(as_, spec)
            world.runtime.begin_start(trunk, Backend.ASYNC, spec.get("name"), None, None, token)
        except (InvalidSpecError, AlreadyRegisteredError) as error:
            raise Refused(**describe_error(error)) from error
        await self._finish(world, token, timeout_ms)
        return "started"

    async def _start_in_probe(self, world: World, label: str, spec: dict[str, Any], link: str, timeout_ms: int) -> str:
        """Let a probe start a supervisor as its child."""
        try:
            answer = await self._ask(link, CALL, ["start_supervisor", label, spec], timeout_ms)
        except Refused as refusal:
            trunk = world.trunks.get(label)
            record = None if trunk is None else trunk.process_record
            if refusal.kind != "exit" or trunk is None or trunk.has_started or record is None or record.reason is None:
                raise
            raise Refused("start_failed", reason=write_reason(record.reason)) from refusal  # the probe died of it
        if "fail" in answer:
            raise Refused(**answer["fail"])
        return "started"

    async def start_child(self, sup: str, child: dict[str, Any], timeout_ms: int = SUPERVISOR_TIMEOUT_MS) -> str | None:
        """Add a child and start it."""
        trunk = await self._find_trunk(sup)
        try:
            spec = trunk.nursery.read_child(child)
        except InvalidSpecError as error:
            raise Refused("bad_spec") from error
        return _label_of(await self._ask(sup, CALL, StartChild(spec), timeout_ms))

    async def terminate_child(self, sup: str, child: str, timeout_ms: int = SUPERVISOR_TIMEOUT_MS) -> None:
        """End a child and leave it ended."""
        trunk = await self._find_trunk(sup)
        request = TerminateChild(child)
        if isinstance(trunk, DynamicTrunk):
            assert self._world is not None
            process = self._world.find_process(child)
            if process is not None:
                request = TerminateChild(process.pid)
        await self._ask(sup, CALL, request, timeout_ms)

    async def restart_child(self, sup: str, child: str, timeout_ms: int = SUPERVISOR_TIMEOUT_MS) -> str | None:
        """Start a child that has no process."""
        await self._find_trunk(sup, needs_ids=True)
        return _label_of(await self._ask(sup, CALL, RestartChild(child), timeout_ms))

    async def delete_child(self, sup: str, child: str, timeout_ms: int = SUPERVISOR_TIMEOUT_MS) -> None:
        """Forget a child that has no process."""
        await self._find_trunk(sup, needs_ids=True)
        await self._ask(sup, CALL, DeleteChild(child), timeout_ms)

    async def which_children(self, sup: str, timeout_ms: int = SUPERVISOR_TIMEOUT_MS) -> list[list[Json]]:
        """List the children."""
        await self._find_trunk(sup)
        return [describe_row(child) for child in await self._ask(sup, CALL, WhichChildren(), timeout_ms)]

    async def count_children(self, sup: str, timeout_ms: int = SUPERVISOR_TIMEOUT_MS) -> dict[str, int]:
        """Count the children."""
        await self._find_trunk(sup)
        return _describe_counts(await self._ask(sup, CALL, CountChildren(), timeout_ms))

    async def _find_trunk(self, label: str, *, needs_ids: bool = False) -> Trunk:
        """Return the supervisor of a label.

        Raises:
            Refused: If there is none, or if it has pids where the operation needs ids.
        """
        world = self._world or await self._enter()
        trunk = world.trunks.get(label)
        if trunk is None or trunk.process_record is None:
            raise Refused("noproc")
        if needs_ids and isinstance(trunk, DynamicTrunk):
            raise Refused("unsupported")
        return trunk

    async def describe_trees(self, world: World) -> dict[str, Json]:
        """Return what `observe` tells of the live supervisors, by label."""
        return {label: await self._look(world, trunk) for label, trunk in world.trunks.items() if _is_alive(trunk)}

    async def _look(self, world: World, trunk: Trunk) -> dict[str, Json] | None:
        """Ask a supervisor for its children, without letting time pass; None if it does not answer."""
        children: list[ChildInfo] | None = await self._ask_at_once(world, trunk, WhichChildren())
        counts = None if children is None else await self._ask_at_once(world, trunk, CountChildren())
        if children is None or counts is None:
            return None
        return {"list": [describe_row(child) for child in children], "count": _describe_counts(counts)}

    async def _ask_at_once(self, world: World, trunk: Trunk, request: Request) -> Any:
        process = trunk.process_record
        assert process is not None
        if not _can_answer(process):
            return None
        token = Pending(process, self._stir)
        process.post_call((CALL, request, token))
        if self._virtual:
            while not token.done and not await self._is_stuck(world, token):
                pass
        else:
            alarm = world.clock.call_later(_LOOK_S, token.expire)
            with contextlib.suppress(CallTimeoutError, NoProcessError, ProcessExitedError):
                await self._wait(world, token)
            alarm.cancel()
        return token.value


def _is_alive(trunk: Trunk) -> bool:
    process = trunk.process_record
    return process is not None and process.alive


def _can_answer(process: Process) -> bool:
    """Whether a supervisor waits for messages and is not suspended."""
    return process.alive and bool(process.parked) and not process.mailbox and process.stash is None


def _label_of(handle: Any) -> str | None:
    return None if handle is None else label_of_child(handle)


def _describe_counts(counts: ChildCounts) -> dict[str, int]:
    return {
        "specs": counts.specs,
        "active": counts.active,
        "supervisors": counts.supervisors,
        "workers": counts.workers,
    }
