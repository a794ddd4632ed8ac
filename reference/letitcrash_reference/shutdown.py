"""Ending children: each is asked and gets its time, then it is killed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from letitcrash_reference.errors import CallTimeoutError
from letitcrash_reference.process import Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.replies import From
from letitcrash_reference.specs import Shutdown
from letitcrash_reference.table import check_alive
from letitcrash_reference.waiting import await_token, make_token

if TYPE_CHECKING:
    from letitcrash_reference.children import Child

__all__ = ["end_children"]


class _Farewell(From[Any]):
    """Waits for the deaths of several processes. It stands among the tokens that each of them resolves when it dies."""

    __slots__ = ("_left", "_token")

    def __init__(self, supervisor: Process) -> None:
        super().__init__(supervisor)
        self._left = 0
        self._token: From[Any] | None = None

    def expect(self, process: Process) -> None:
        """Wait for one more, which is alive; called under the table's lock."""
        self._left += 1
        if process.waiters is None:
            process.waiters = []
        process.waiters.append(self)

    def resolve(self, value: Any) -> None:
        """One of them is dead; called under the table's lock."""
        self._left -= 1
        if self._left == 0 and self._token is not None:
            self._token.resolve(None)

    def fail(self, error: BaseException) -> None:
        """Nobody fails it: a process that ends resolves its tokens."""

    async def wait(self, seconds: float | None) -> bool:
        """Wait until all are dead, but no longer than `seconds`; return whether they are."""
        runtime = self.process.runtime
        token = make_token(self.process)
        with runtime.table.lock:
            if self._left == 0:
                return True
            self._token = token
        try:
            await await_token(runtime, token, seconds)
        except CallTimeoutError:
            return False
        return True


async def end_children(supervisor: Process, children: Iterable[Child]) -> None:
    """End the processes of children, all at once, each in its own way; return when they are dead.

    Links play no part in it: a child that is not linked with its supervisor is ended like any other.

    Args:
        supervisor: Whose callback is running.
        children: Those without a live process are skipped.

    Source:
        SHUT-2 to SHUT-7, SHUT-11, SHUT-14, SHUT-16, SUP-40, DYN-E11.
    """
    runtime = supervisor.runtime
    table, clock = runtime.table, runtime.clock
    farewell = _Farewell(supervisor)
    patience: dict[float, list[Process]] = {}
    start = clock.now()
    for child in children:
        process, shutdown = child.process, child.spec.shutdown
        with table.lock:
            check_alive(supervisor)
            if process is not None and process.alive:
                farewell.expect(process)
                _ask(supervisor, process, shutdown)
                if isinstance(shutdown, (int, float)):
                    patience.setdefault(shutdown, []).append(process)
    for seconds, processes in sorted(patience.items()):
        if await farewell.wait(max(0.0, start + seconds - clock.now())):
            return
        for process in processes:
            with table.lock:
                check_alive(supervisor)
                table.exit(process, supervisor, ExitReason.KILL)
    await farewell.wait(None)


def _ask(supervisor: Process, process: Process, shutdown: Shutdown | None) -> None:
    reason = ExitReason.KILL if shutdown == "brutal_kill" else ExitReason.SHUTDOWN
    supervisor.runtime.table.exit(process, supervisor, reason)
