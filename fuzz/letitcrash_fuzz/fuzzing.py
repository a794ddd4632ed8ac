"""A whole campaign on this machine: gives ranges to workers, gathers what they learn, and keeps it."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from letitcrash_conformance import interrupts
from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.subject import Subject
from letitcrash_fuzz.crew import Crew, Place
from letitcrash_fuzz.finds import Find
from letitcrash_fuzz.pool import Pool
from letitcrash_fuzz.ranges import Range, Trouble
from letitcrash_fuzz.seeds import read_seeds
from letitcrash_fuzz.share import Share
from letitcrash_fuzz.store import Store
from letitcrash_fuzz.target import Target
from letitcrash_fuzz.totals import KnownFind, Totals
from letitcrash_fuzz.worker import Job, read_running
from letitcrash_spec.hello import Hello

__all__ = ["Campaign", "Fuzzing", "Goal", "Watcher"]

RANGE_S = 1.5
"""How long a range takes, about, in seconds; libFuzzer, whose process starts anew for each, gets more."""

ATHERIS_S = 20.0
SAVE_S = 10.0
SHARE_S = 5.0
"""How often is looked for what other campaigns have shared, in seconds; seldomer where looking takes long."""

STOP_S = 12.0
"""How long workers may go on after the end, in seconds: as long as it takes to shrink a find."""

MAX_TROUBLES = 50
"""After how many breaks of the harness a campaign is given up."""

MAX_DEATHS = 12
"""After how many deaths of workers in a row, without anything done in between, a campaign is given up."""

FIRST = 20
"""Executions in the first range of a target, by which its speed is measured."""


@dataclass(frozen=True, slots=True)
class Goal:
    """When a campaign ends: whatever comes first.

    Attributes:
        seconds: After so much wall time.
        executions: After so many executions; None for as many as it takes.
    """

    seconds: float
    executions: int | None = None


class Watcher(Protocol):
    """Hears what happens while it happens, in the thread that runs the campaign."""

    def on_progress(self, campaign: Campaign) -> None:
        """Something went on; called several times a second."""

    def on_find(self, target: Target, find: Find) -> None:
        """A new find, shrunk or not."""

    def on_trouble(self, target: Target, trouble: Trouble, path: Path | None) -> None:
        """The harness broke or a worker died; the input is in `path`, if it could be written."""

    def on_note(self, text: str) -> None:
        """Something worth a line."""


@dataclass(slots=True)
class Campaign:
    """What a campaign knows, in this run and before.

    Attributes:
        hello: What the subject said of itself.
        targets: What is searched.
        totals: Name of a target -> what is known of it.
        started: When this run began, by `time.monotonic`.
        executions: Executions of this run, those under way included.
        operations: Operations of this run, likewise.
        finds: The new finds of this run, with their targets.
        again: Finds of earlier runs that were found once more.
        troubles: How often the harness broke or a worker died in this run.
        is_interrupted: Whether somebody stopped it.
        error: Why it was given up; empty if it was not.
    """

    hello: Hello
    targets: list[Target]
    totals: dict[str, Totals]
    started: float
    executions: int = 0
    operations: int = 0
    finds: list[tuple[Target, Find]] = field(default_factory=list[tuple[Target, Find]])
    again: list[KnownFind] = field(default_factory=list[KnownFind])
    troubles: int = 0
    is_interrupted: bool = False
    error: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code of the command line, as that of a run."""
        if self.is_interrupted:
            return 130
        if any(not find.finding.is_flaky for _, find in self.finds) or any(not find.is_flaky for find in self.again):
            return 1
        return 4 if self.troubles or self.error else 0 if self.executions else 3

    @property
    def seconds(self) -> float:
        """How long this run has taken so far."""
        return time.monotonic() - self.started

    def count(self, kind: str) -> int:
        """Return how many different features of a kind are known, each target on its own; lines of code together."""
        if kind == "code":
            return len(
                {name for totals in self.totals.values() for name in totals.knowledge.hits if name[:5] == "code "}
            )
        return sum(totals.knowledge.count(kind) for totals in self.totals.values())


class Fuzzing:
    """Runs a campaign.

    Args:
        factory: Makes the subject; picklable.
        targets: What to search, in turns.
        store: Where to keep what is known.
        watcher: Hears what happens.
        processes: How many worker processes.
        open_crew: Opens who works, with a folder for its files; worker processes of this machine if left out.
        share: Where to share inputs with other campaigns; nowhere if left out.

    Raises:
        SubjectError: If the subject cannot be started.
        UsageError: If what was kept before cannot be read.
    """

    def __init__(
        self,
        factory: Callable[[], Subject],
        targets: Sequence[Target],
        store: Store,
        watcher: Watcher,
        processes: int,
        open_crew: Callable[[Path], Crew] | None = None,
        share: Share | None = None,
    ) -> None:
        first = factory()
        try:
            hello = first.hello
        finally:
            first.close()
        self._store = store
        self._watcher = watcher
        self._open_crew = open_crew or partial(Pool, processes)
        self._share = share
        self._look_at = 0.0
        self._waiting: deque[Job] = deque()
        self._raw: dict[Place, tuple[Target, Find]] = {}
        self._names: set[str] = set()
        self._deaths = 0
        self._given = 0
        self._done = [0, 0]  # executions and operations of ranges that are over
        self._saved = time.monotonic()
        self.campaign = Campaign(hello, list(targets), {}, time.monotonic())
        for target in targets:
            totals, inputs = store.load(target.name)
            self.campaign.totals[target.name] = totals
            self._recall(target, totals, inputs)
            for data in totals.knowledge.corpus:
                self._tell(target, data)

    def _recall(self, target: Target, totals: Totals, inputs: list[bytes]) -> None:
        """Let inputs be run that are there and not accounted for: those that come along, and what somebody added."""
        if target.engine in ("random", "swarm"):
            return
        seeds = list(read_seeds(target.chapter)) if not totals.executions else []
        for group in (inputs, seeds):
            self._queue(target, group)

    def _queue(self, target: Target, inputs: Sequence[bytes]) -> None:
        for first in range(0, len(inputs), FIRST):
            piece = tuple(inputs[first : first + FIRST])
            self._waiting.append(Job(target, -len(piece), 0, self.campaign.totals[target.name].knowledge, piece))

    def _look(self, goal: Goal) -> None:
        """Let what others have shared be run, unless there is enough to do or it is time."""
        share, now = self._share, time.monotonic()
        is_over = goal.executions is not None and self._given >= goal.executions
        if share is None or self._waiting or is_over or now < self._look_at:
            return
        for target in self.campaign.targets:
            self._queue(target, share.take(self.campaign.hello.name, target.chapter, target.backend))
        done = time.monotonic()
        self._look_at = done + max(SHARE_S, 20 * (done - now))
        for complaint in share.complaints():
            self._watcher.on_note(complaint)

    def _tell(self, target: Target, data: bytes, *, is_find: bool = False) -> None:
        if self._share is not None:
            self._share.give(data, self.campaign.hello.name, target.chapter, target.backend, is_find=is_find)

    def run(self, goal: Goal) -> Campaign:
        """Run until the goal, until somebody presses Ctrl-C, or until the harness has broken too often.

        What was found by then is kept.
        """
        campaign = self.campaign
        campaign.started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="letitcrash-fuzz-") as folder:
            pool = self._open_crew(Path(folder))
            try:
                try:
                    with interrupts.held():
                        self._work(pool, goal)
                except SubjectError as error:
                    campaign.error = str(error)
                except KeyboardInterrupt:
                    campaign.is_interrupted = True
                    self._watcher.on_note("stopping; what was found is kept (Ctrl-C again to leave at once)")
                try:
                    for worker, kind, value in pool.stop(STOP_S):
                        self._hear(pool, worker, kind, value, is_over=True)
                    self._count_up(pool)
                except KeyboardInterrupt:
                    campaign.is_interrupted = True
            finally:
                pool.close()
                for target, find in list(self._raw.values()):
                    self._take(target, find)
                self._save()
        return campaign

    def _work(self, pool: Crew, goal: Goal) -> None:
        campaign = self.campaign
        while campaign.seconds < goal.seconds:
            interrupts.check()
            self._look(goal)
            for worker in pool.idle:
                job = self._next(goal)
                if job is None:
                    break
                pool.give(worker, job)
            if not pool.busy:
                return
            for worker, kind, value in pool.listen(min(0.25, max(goal.seconds - campaign.seconds, 0.01))):
                self._hear(pool, worker, kind, value)
            self._count_up(pool)
            self._watcher.on_progress(campaign)
            if time.monotonic() - self._saved > SAVE_S:
                self._save()

    def _next(self, goal: Goal) -> Job | None:
        """Return the next range: of the target that has had the least time."""
        if self._waiting:
            job = self._waiting.popleft()
            totals = self.campaign.totals[job.target.name]
            return Job(job.target, job.lo, job.hi, totals.knowledge, job.inputs)
        target = min(self.campaign.targets, key=lambda each: self.campaign.totals[each.name].seconds)
        totals = self.campaign.totals[target.name]
        number = FIRST
        if totals.executions:
            wanted_s = ATHERIS_S if target.engine == "atheris" else RANGE_S
            number = max(round(wanted_s * totals.executions / max(totals.seconds, 0.001)), 1)
        if goal.executions is not None:
            number = min(number, goal.executions - self._given)
            if number < 1:
                return None
        self._given += number
        lo, totals.next = totals.next, totals.next + number
        return Job(target, lo, lo + number, totals.knowledge)

    def _hear(self, pool: Crew, worker: Place, kind: str, value: object, *, is_over: bool = False) -> None:
        job = worker.job
        if kind == "died":
            self._bury(worker, job, str(value), is_over=is_over)
            return
        if kind == "note":
            self._watcher.on_note(str(value))
            return
        if job is None:
            return
        target = job.target
        if kind == "violation" and isinstance(value, Find):
            self._raw[worker] = (target, value)
        elif kind == "find" and isinstance(value, Find):
            self._raw.pop(worker, None)
            self._take(target, value)
        elif kind == "done" and isinstance(value, Range):
            self._raw.pop(worker, None)
            self._deaths = 0
            worker.job = None
            self._add(target, value)
            if not is_over:
                self._waiting.extend(job.part(value.next, job.hi))
        self._count_up(pool)

    def _add(self, target: Target, result: Range) -> None:
        totals = self.campaign.totals[target.name]
        learned, hits = result.learned, totals.knowledge.hits
        news = {data for feature, data in learned.best.items() if not hits[feature]}
        totals.add(result)
        for data in sorted(news):
            self._tell(target, data)
        for find in result.finds:
            self._take(target, find)
        for trouble in result.troubles:
            self._trouble(target, trouble)
        self._done[0] += result.executions
        self._done[1] += result.operations

    def _count_up(self, pool: Crew) -> None:
        """Add what is under way to what is done."""
        self.campaign.executions = self._done[0] + sum(worker.progress[0] for worker in pool.workers)
        self.campaign.operations = self._done[1] + sum(worker.progress[1] for worker in pool.workers)

    def _take(self, target: Target, find: Find) -> None:
        """Remember a find, if its shrunk program is a new one."""
        totals = self.campaign.totals[target.name]
        if find.name in self._names:
            return
        self._names.add(find.name)
        self._tell(target, find.data, is_find=True)
        totals.knowledge.settled[find.clause] += 1
        for each in self.campaign.totals.values():
            if find.name in each.finds:
                self.campaign.again.append(each.finds[find.name])
                return
        violation = find.finding.violation
        what = violation.what.splitlines()[0] if violation.what else ""
        totals.finds[find.name] = KnownFind(
            find.clause, find.name, what, len(find.finding.program), find.is_shrunk, find.finding.is_flaky
        )
        self.campaign.finds.append((target, find))
        self._watcher.on_find(target, find)

    def _trouble(self, target: Target, trouble: Trouble) -> None:
        self.campaign.totals[target.name].troubles += 1
        self.campaign.troubles += 1
        self._watcher.on_trouble(target, trouble, self._store.keep_trouble(target.name, trouble))
        if self.campaign.troubles >= MAX_TROUBLES:
            raise SubjectError(
                f"its harness broke {self.campaign.troubles} times, the last time with: {trouble.what}\n"
                f"  the inputs are kept in {self._store.folder / target.name / 'troubles'}"
            )

    def _bury(self, worker: Place, job: Job | None, why: str, *, is_over: bool) -> None:
        """Keep what a dead worker was doing, and let somebody else do the rest of its range."""
        if (raw := self._raw.pop(worker, None)) is not None:
            self._take(*raw)
        self._deaths += 1
        if job is None:
            if self._deaths > MAX_DEATHS:
                raise SubjectError(f"{self._deaths} worker processes died one after the other; the last one {why}")
            return
        last = read_running(worker.running)
        if worker.running is None and job.hi - job.lo > 1:  # nobody knows which input it was
            middle = (job.lo + job.hi) // 2
            worker.job = None
            if not is_over:
                self._waiting.extendleft(reversed([*job.part(job.lo, middle), *job.part(middle, job.hi)]))
            self._refuse_deaths(job, why)
            return
        number = job.lo if last is None or not job.lo <= last[0] < job.hi else last[0]
        data = b"" if last is None else last[1]
        self._trouble(job.target, Trouble(f"a worker process {why}", data, number))
        if not is_over:
            self._waiting.extendleft(reversed([*job.part(job.lo, number), *job.part(number + 1, job.hi)]))
        worker.job = None
        self._refuse_deaths(job, why)

    def _refuse_deaths(self, job: Job, why: str) -> None:
        if self._deaths > MAX_DEATHS:
            raise SubjectError(
                f"{self._deaths} worker processes died one after the other; the last one {why}\n"
                f"  what they were doing is kept in {self._store.folder / job.target.name / 'troubles'}"
            )

    def _save(self) -> None:
        self._saved = time.monotonic()
        for name, totals in self.campaign.totals.items():
            self._store.save(name, totals)
