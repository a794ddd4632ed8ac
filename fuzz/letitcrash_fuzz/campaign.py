"""The unit of work: a range of executions, from what is known before to what it adds.

`campaign` is a plain function of values that can be pickled, so that it can run in this process, in another one or on
another machine, and be repeated if its worker is lost.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.program import Program
from letitcrash_conformance.results import Unit
from letitcrash_conformance.source import Source
from letitcrash_fuzz.atheris_engine import run_atheris
from letitcrash_fuzz.engines import open_engine
from letitcrash_fuzz.executor import Execution, Executor
from letitcrash_fuzz.finds import prove, raw_find
from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.ranges import Onlooker, Range, Trouble
from letitcrash_fuzz.seeds import read_fragments
from letitcrash_fuzz.target import Target

__all__ = ["Work", "campaign", "execute"]

MAX_TROUBLES = 5
"""How often the harness may break in one range before the range is given up."""

PROGRESS_S = 0.2


def campaign(target: Target, lo: int, hi: int, knowledge: Knowledge | None = None) -> Range:
    """Run the executions from `lo` to `hi - 1`.

    Args:
        target: What to search, and how.
        lo: Number of the first execution, from 0. The same numbers with the same knowledge give the same inputs.
        hi: Number after the last one.
        knowledge: What was visited before, and the corpus; nothing if left out. It is not changed.

    Returns:
        What they brought. A harness that breaks is part of it, never raised.

    Raises:
        UsageError: If the engine cannot be used, or a package to watch cannot be imported.
    """
    if target.engine == "atheris":
        return run_atheris(target, lo, hi, Knowledge() if knowledge is None else knowledge)
    executor = Executor(target)
    try:
        return execute(executor, lo, hi, Knowledge() if knowledge is None else knowledge.copy(), Onlooker())
    finally:
        executor.close()


def execute(
    executor: Executor,
    lo: int,
    hi: int,
    knowledge: Knowledge,
    onlooker: Onlooker,
    inputs: Sequence[bytes] | None = None,
) -> Range:
    """Run a range on an executor that lives longer; `knowledge` grows.

    Args:
        executor: Where to run it.
        lo: Number of the first execution.
        hi: Number after the last one.
        knowledge: What is known.
        onlooker: Hears what happens.
        inputs: The inputs of the range, `hi - lo` of them; None to let the engine choose.

    Raises:
        UsageError: If the engine cannot be used.
    """
    work = Work(executor, Range(lo, lo), knowledge, onlooker)
    engine = open_engine(executor.target, read_fragments(executor.target.chapter))
    for number in range(lo, hi):
        if onlooker.should_stop() or len(work.result.troubles) >= MAX_TROUBLES:
            break
        if inputs is None:
            work.run(number, *engine.next(number, knowledge))
        else:
            work.run(number, inputs[number - lo])
    return work.finish()


class Work:
    """A range while it runs, one input after another.

    Attributes:
        result: What it has brought so far.
    """

    def __init__(self, executor: Executor, result: Range, knowledge: Knowledge, onlooker: Onlooker) -> None:
        self._executor = executor
        self.result = result
        self._knowledge = knowledge
        self._onlooker = onlooker
        self._started = self._reported_at = time.monotonic()
        self._known: set[str] = set()

    def run(self, number: int, source: Source | bytes, arm: str = "") -> None:
        """Run one input, or what is made of a source; `arm` says how it was chosen."""
        result, executor = self.result, self._executor
        data = source if isinstance(source, bytes) else b""
        program: Program | None = None
        try:
            program, recording = executor.write(source)
            data = recording.data
            self._onlooker.on_input(number, data)
            execution = executor.run(program, recording)
        except SubjectError as error:
            result.troubles.append(Trouble(str(error), data, number, program))
            result.next = number + 1
            return
        result.operations += len(program.operations)
        judgement = execution.outcome.judgement
        result.exercised.update(judgement.exercised)
        if judgement.undecided is not None:
            result.undecided[judgement.undecided] += 1
        if judgement.violation is not None:
            self._violation(number, execution)
        else:
            self._knowledge.learn(execution.data, execution.features, arm)
        result.next = number + 1
        now = time.monotonic()
        if now - self._reported_at > PROGRESS_S:
            self._reported_at = now
            self._onlooker.on_progress(result.executions, result.operations)

    def finish(self) -> Range:
        """Return what the range brought."""
        self.result.seconds = time.monotonic() - self._started
        self.result.learned = self._knowledge.delta
        return self.result

    def _violation(self, number: int, execution: Execution) -> None:
        result, executor, target = self.result, self._executor, self._executor.target
        unit = Unit(target.chapter, target.backend, 1, target.seed)
        raw = raw_find(execution.data, number, execution.outcome, unit)
        clause = raw.clause
        result.violations[clause] += 1
        if self._knowledge.is_settled(clause):
            return
        self._onlooker.on_violation(raw)
        find = prove(
            raw,
            execution.outcome,
            session=executor.session(),
            fresh=executor.fresh,
            make=executor.maker(),
            choices=execution.choices,
        )
        is_new = find.name not in self._known
        self._known.add(find.name)
        self._knowledge.note_shrunk(clause, is_new=is_new)
        if is_new:
            result.finds.append(find)
            self._onlooker.on_find(find)
