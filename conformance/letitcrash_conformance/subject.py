"""What the suite judges: the one interface to every implementation, in process or behind a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Operation

__all__ = ["Subject"]


class Subject(Protocol):
    """An implementation under test, together with the harness that drives it.

    A subject is used by one thread at a time. It holds one world, emptied by the operation `reset`.
    """

    @property
    def hello(self) -> Hello:
        """What the harness said of itself when it was started."""
        ...

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        """Perform operations one after another and return their answers in the same order.

        Later operations never depend on earlier answers, so that a subject may pipeline them.

        Args:
            operations: The requests, oldest first.

        Returns:
            One answer per operation: `{"ok": value}` or `{"fail": failure}`.

        Raises:
            SubjectError: If the harness crashed, stayed silent, answered `error`, or answered something that the
                protocol does not know. Carries the answers that came before.
        """
        ...

    def close(self) -> None:
        """End the subject and everything it started. Safe to call twice; never raises for a dead harness."""
        ...
