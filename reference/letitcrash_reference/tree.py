"""A picture of a supervision tree, for people."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from letitcrash_reference.children import ChildInfo
from letitcrash_reference.errors import CallTimeoutError, NoProcessError, ProcessExitedError
from letitcrash_reference.handle import Handle
from letitcrash_reference.specs import SupervisorSpec
from letitcrash_reference.supervisor_handle import AnySupervisorHandle

if TYPE_CHECKING:
    from letitcrash_reference.supervising import AnySupervisor

__all__ = ["tree", "tree_sync"]

_Answer: TypeAlias = list[ChildInfo] | str
_Drawing: TypeAlias = Generator[AnySupervisorHandle, _Answer, list[str]]


async def tree(supervisor: AnySupervisorHandle, timeout: float | None = 5.0) -> str:
    """Draw a supervisor and all below it: ids, pids, names, classes, states, restarts.

        print(await tree(top))

        <0.1> 'shop' one_for_all
        ├── cart: <0.2> 'cart' Cart, idle, restarted once
        ├── tills: <0.3> dynamic
        │   ├── <0.6> Till, idle
        │   └── <0.9> Till, running, restarted 2 times
        ├── clock: restarting
        └── report: down

    Each supervisor is asked in turn, so while processes start and end the parts may be of different moments.

    Args:
        supervisor: The root of the picture.
        timeout: Seconds that each supervisor may take to answer, None for no limit. One that does not is called busy,
            and its children are left out.

    Returns:
        A line for each process, without a line break at the end.
    """
    drawing = _draw("", supervisor, 0)
    answer: _Answer | None = None
    while True:
        try:
            asked = drawing.send(answer)  # type: ignore[arg-type]  # a new generator takes None
        except StopIteration as done:
            return "\n".join(done.value)
        try:
            answer = await asked.which_children(timeout)
        except (NoProcessError, ProcessExitedError, CallTimeoutError) as error:
            answer = _say_why(error)


def tree_sync(supervisor: AnySupervisorHandle, timeout: float | None = 5.0) -> str:
    """Like `tree`, blocking this thread."""
    drawing = _draw("", supervisor, 0)
    answer: _Answer | None = None
    while True:
        try:
            asked = drawing.send(answer)  # type: ignore[arg-type]  # a new generator takes None
        except StopIteration as done:
            return "\n".join(done.value)
        try:
            answer = asked.which_children_sync(timeout)
        except (NoProcessError, ProcessExitedError, CallTimeoutError) as error:
            answer = _say_why(error)


def _draw(label: str, supervisor: AnySupervisorHandle, restarts: int) -> _Drawing:
    """Draw one supervisor: yields the supervisors to ask, is sent their answers, returns the lines."""
    name = supervisor.name
    answer = yield supervisor
    spec = cast("AnySupervisor[Any]", supervisor.record.server).spec
    kind: str = spec.strategy if isinstance(spec, SupervisorSpec) else "dynamic"
    silent = [answer] if isinstance(answer, str) else []
    lines = [_join(label, supervisor, name, kind, [*silent, *_count_restarts(restarts)])]
    children = [] if isinstance(answer, str) else answer
    for number, child in enumerate(children, 1):
        below = yield from _draw_child(child)
        first, further = ("└── ", "    ") if number == len(children) else ("├── ", "│   ")
        lines.append(first + below[0])
        lines += [further + line for line in below[1:]]
    return lines


def _draw_child(child: ChildInfo) -> _Drawing:
    label = "" if child.id is None else f"{child.id}: "
    handle = child.handle
    if isinstance(handle, AnySupervisorHandle):
        return (yield from _draw(label, handle, child.restarts))
    again = _count_restarts(child.restarts)
    if handle is None:
        return [label + ", ".join(["restarting" if child.is_restarting else "down", *again])]
    info = handle.runtime.info(handle)
    status = "dead" if info is None else info.status
    return [_join(label, handle, handle.name, type(handle.record.server).__name__, [status, *again])]


def _join(label: str, handle: Handle[Any, Any, Any], name: str | None, kind: str, rest: list[str]) -> str:
    who = f"{label}{handle.pid} {kind}" if name is None else f"{label}{handle.pid} {name!r} {kind}"
    return ", ".join([who, *rest])


def _count_restarts(restarts: int) -> list[str]:
    return [] if restarts == 0 else ["restarted once" if restarts == 1 else f"restarted {restarts} times"]


def _say_why(error: Exception) -> str:
    return "busy" if isinstance(error, CallTimeoutError) else "dead"
