"""The suite while it searches, in process on virtual time."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench import stateful_floor
from bench.measure import Stopwatch, Way, compare
from bench.table import goal_words, number_words, print_table, ratio_words
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.program import Program
from letitcrash_conformance.session import Session
from letitcrash_conformance.source import RandomSource
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.messages import Operation
from letitcrash_spec.model.judge import judge

__all__ = ["programs", "run"]

BACKEND = "async"
GOAL = 15_000
GOAL_RATIO = 3.3
"""The same goal as a ratio: it was set on a machine whose state machine floor does 4.6k."""
RESET = Operation("reset", {})


def programs(session: Session, chapter: str, backend: str, operations: int) -> Iterator[Program]:
    """Write programs until they hold so many operations."""
    setting = Setting.of(session.hello, chapter, backend)
    seed = random.Random(f"{chapter} {operations}").randrange(1 << 30)
    while operations > 0:
        seed += 1
        program = generate(RandomSource(seed), setting)
        operations -= len(program)
        yield program


@dataclass(slots=True)
class Parts:
    """Where the time of a search goes, in seconds of CPU time."""

    operations: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: {"generator": 0.0, "subject": 0.0, "model": 0.0})


def run(*, rounds: int, shrink: int) -> None:
    """Measure and print; the arguments are those of the other benchmarks."""
    session = Session(ReferenceSubject())
    times = max(500, 10_000 // shrink)
    try:
        ways = [
            Way("bare floor", stateful_floor.bare, times * 20),
            Way("state machine floor", stateful_floor.stateful, times // 2),
            *(Way(chapter, _searcher(session, chapter), times // 2) for chapter in CHAPTERS),
        ]
        result = compare(ways, rounds=rounds)
        parts = _take_apart(session, times // 2)
    finally:
        session.subject.close()
    rows: list[list[str]] = []
    for name in (way.name for way in ways):
        rate = result.rate(name)
        share = result.ratio(name, "state machine floor")
        is_ours = name in CHAPTERS
        rows.append(
            [
                f"chapter {name}" if is_ours else name,
                number_words(rate),
                goal_words(rate, GOAL) if is_ours else "",
                ratio_words(share),
                goal_words(share, GOAL_RATIO) if is_ours else "",
                f"{result.ratio(name, 'bare floor'):.4f}",
            ]
        )
    everything = sum(parts.seconds.values())
    shares = ", ".join(f"{name} {seconds / everything:.0%}" for name, seconds in parts.seconds.items())
    print_table(
        "The suite searching: the reference, backend async, virtual time",
        ["", "operations/s", "goal", "of the state machine floor", "goal", "of the bare floor"],
        rows,
        [
            "Operations per second of CPU time; what is counted was generated, performed, observed and judged.",
            f"Where the time goes in the chapter world: {shares}.",
            "The goal is a rate on a machine whose floors do 4.6k and 2.3M; the second goal is the same as a ratio.",
        ],
    )


class _searcher:
    """Searches a chapter; callable like every way."""

    def __init__(self, session: Session, chapter: str) -> None:
        self.session = session
        self.chapter = chapter

    def __call__(self, times: int) -> float:
        done = self.session.operations
        with Stopwatch() as watch:
            for program in programs(self.session, self.chapter, BACKEND, times):
                self.session.run(program)
        return watch.seconds * times / (self.session.operations - done)


def _take_apart(session: Session, operations: int) -> Parts:
    """Search with a look at the clock between the parts."""
    parts = Parts()
    clock = time.process_time
    began = clock()
    for program in programs(session, "world", BACKEND, operations):
        generated = clock()
        answers = session.subject.run([RESET, *program.operations])[1:]
        performed = clock()
        judge(session.profile, program.operations, answers)
        parts.operations += len(program)
        parts.seconds["generator"] += generated - began
        parts.seconds["subject"] += performed - generated
        began = clock()
        parts.seconds["model"] += began - performed
    return parts
