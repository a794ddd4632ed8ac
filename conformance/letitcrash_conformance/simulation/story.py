"""Who ran when, and what it did: a schedule as a reader follows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from letitcrash_conformance.render import words_of, words_of_event
from letitcrash_conformance.simulation.schedule import Decisions

if TYPE_CHECKING:
    from letitcrash_conformance.inprocess import InProcessSubject

__all__ = ["Clock", "Story", "Turn"]

_LONGEST = 60


@dataclass(slots=True)
class Turn:
    """Steps of one owner that follow each other.

    Attributes:
        who: Whose.
        number: The contested step with which they begin, -1 if nobody else could have run.
        steps: How many.
        waiting: How many others were ready at the first.
        seen: What happened in them.
        is_drawn: Whether the schedule chose it over who came first.
    """

    who: str
    number: int
    waiting: int
    is_drawn: bool
    steps: int = 1
    seen: list[str] = field(default_factory=list[str])


class Clock(Protocol):
    """What a story asks of a simulation."""

    @property
    def decisions(self) -> Decisions:
        """What was decided so far."""
        ...

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        ...


class Story:
    """Follows one run of a simulation.

    Attributes:
        turns: The turns, oldest first.
    """

    def __init__(self, clock: Clock, subject: InProcessSubject) -> None:
        self.turns: list[Turn] = []
        self._clock = clock
        self._subject = subject
        self._events = 0
        self._drawn = 0
        self._time = clock.time()
        self._done = 0

    def note(self, who: str, waiting: int, number: int) -> None:
        """Write down a step that is about to run.

        Args:
            who: Whose it is.
            waiting: How many others are ready.
            number: The number of the contested step, -1 for a step that nobody contests.
        """
        self._look()
        drawn = len(self._clock.decisions)
        is_drawn, self._drawn = drawn > self._drawn, drawn
        before, self._time = self._time, self._clock.time()
        if self._time > before:
            self.turns.append(Turn("the clock", number, waiting, False, seen=[f"moves to {self._time:g} s"]))
        turns = self.turns
        if turns and turns[-1].who == who and not is_drawn:
            turns[-1].steps += 1
        else:
            turns.append(Turn(who, number, waiting, is_drawn))

    def _look(self) -> None:
        """Add what the last step did: operations that were begun and events that were logged."""
        if not self.turns:
            return
        seen = self.turns[-1].seen
        subject = self._subject
        events = subject.events_so_far()
        if len(events) < self._events:
            self._events = 0  # the log was read
        seen += [words_of_event(event) for event in events[self._events :]]
        self._events = len(events)
        begun = subject.begun
        seen += [f"begins {words_of(operation)}" for operation in begun[self._done :]]
        self._done = len(begun)

    def lines(self) -> list[str]:
        """Return the story, one line for each turn in which something was seen or drawn."""
        self._look()
        shown = [turn for turn in self.turns if turn.seen or turn.is_drawn]
        width = max((len(turn.who) for turn in shown), default=0)
        return [_line(turn, min(width, _LONGEST)) for turn in shown]


def _line(turn: Turn, width: int) -> str:
    mark = "*" if turn.is_drawn else " "
    number = "" if turn.number < 0 else str(turn.number)
    return f"{mark} {number:>4}  {turn.who:<{width}}  {'; '.join(turn.seen)}".rstrip()
