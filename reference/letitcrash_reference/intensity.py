"""The restart budget of a supervisor: how many restarts within how much time."""

from __future__ import annotations

import math
from collections import deque

__all__ = ["RestartBudget"]


class RestartBudget:
    """Remembers the restarts of the last while, and says when there were too many.

    The window slides and is closed: at a moment `now` a restart at `then` still counts if `then >= now - max_seconds`.
    Times are cut to whole milliseconds.

    Args:
        max_restarts: How many restarts the window may hold.
        max_seconds: Length of the window, in seconds.

    Source:
        INT-1 to INT-3, INT-9, INT-10, INT-12, INT-13.
    """

    __slots__ = ("_limit", "_times", "_window")

    def __init__(self, max_restarts: int, max_seconds: float) -> None:
        self._limit = max_restarts
        self._window = _whole_ms(max_seconds)
        self._times: deque[int] = deque()

    def spend(self, now: float) -> bool:
        """Count one more restart.

        Args:
            now: When it happens, in seconds, never going back.

        Returns:
            Whether it is within the budget; if not, it must not take place.
        """
        time = _whole_ms(now)
        times = self._times
        times.append(time)
        while times[0] < time - self._window:
            times.popleft()
        return len(times) <= self._limit


def _whole_ms(seconds: float) -> int:
    return math.floor(seconds * 1000 + 1e-6)  # 0.029 * 1000 is a little less than 29
