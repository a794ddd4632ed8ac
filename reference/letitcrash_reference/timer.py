"""Timers that send a message to a process or to a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from letitcrash_reference.process import INFO, Process

if TYPE_CHECKING:
    from letitcrash_reference.clock import Alarm
    from letitcrash_reference.runtime import Runtime

__all__ = ["Timer"]


class Timer:
    """A message that is to be sent later, once or again and again.

    A timer to a process is void when that process dies. A timer to a name looks the name up each time it fires, and
    sends nothing if nobody has it. Who made the timer does not matter to it.

    Source:
        TIM-1, TIM-3 to TIM-8, TIM-10.
    """

    __slots__ = ("_alarm", "_due", "_message", "_name", "_period", "_process", "_runtime", "active")

    def __init__(
        self, runtime: Runtime, process: Process | None, name: str | None, message: object, period: float | None
    ) -> None:
        self._runtime = runtime
        self._process = process
        self._name = name
        self._message = message
        self._period = period
        self._due = 0.0
        self._alarm: Alarm | None = None
        self.active = False

    def start(self, delay: float) -> None:
        """Begin to run; called once, by the runtime."""
        with self._runtime.table.lock:
            process = self._process
            if self._name is None and (process is None or not process.alive):
                return
            self.active = True
            self._runtime.timers.add(self)
            if process is not None:
                if process.attachments is None:
                    process.attachments = set()
                process.attachments.add(self)
            clock = self._runtime.clock
            self._due = clock.now() + delay
            self._alarm = clock.call_later(delay, self._fire)

    def cancel(self) -> bool:
        """Stop the timer, from anywhere.

        Returns:
            Whether it was active: if so, it will not fire again. False if it has fired for the last time or was
                cancelled, or if its
            process is dead; the message may have arrived or not.
        """
        with self._runtime.table.lock:
            if not self.active:
                return False
            self._end()
            if self._alarm is not None:
                self._alarm.cancel()
            return True

    def detach(self) -> None:
        """End, because the process did."""
        if self.active:
            self._process = None
            self.cancel()

    def _end(self) -> None:
        self.active = False
        self._runtime.timers.discard(self)
        if self._process is not None and self._process.attachments:
            self._process.attachments.discard(self)

    def _fire(self) -> None:
        with self._runtime.table.lock:
            if not self.active:
                return
            process = self._process if self._name is None else self._runtime.table.registry.names.get(self._name)
            if self._period is None:
                self._end()
            else:
                clock = self._runtime.clock
                self._due += self._period
                self._alarm = clock.call_later(max(0.0, self._due - clock.now()), self._fire)
            if process is not None:
                process.post((INFO, self._message))
