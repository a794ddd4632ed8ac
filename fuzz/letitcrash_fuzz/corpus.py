"""Inputs by themselves: leaves out those that add nothing, and shows what one of them does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from letitcrash_conformance.console import Screen
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.render_finding import Context, render_finding, render_steps
from letitcrash_conformance.render_lines import Line, count
from letitcrash_conformance.results import Unit
from letitcrash_fuzz.executor import Executor
from letitcrash_fuzz.finds import prove, raw_find
from letitcrash_fuzz.store import Store
from letitcrash_fuzz.target import Target

__all__ = ["cover", "measure", "minimize", "show_input"]


def cover(visited: Mapping[bytes, Iterable[str]]) -> list[bytes]:
    """Return few and short inputs that together visit all that the given ones visit.

    Args:
        visited: Input -> what it visits.

    Returns:
        The inputs to keep, sorted by length. Greedy: what is visited seldom is covered first, by its shortest input.
    """
    owners: dict[str, list[bytes]] = {}
    features = {data: set(found) for data, found in visited.items()}
    for data, found in features.items():
        for feature in found:
            owners.setdefault(feature, []).append(data)
    kept: set[bytes] = set()
    covered: set[str] = set()
    for feature in sorted(owners, key=lambda each: (len(owners[each]), each)):
        if feature in covered:
            continue
        best = min(owners[feature], key=lambda data: (len(data) / len(features[data] - covered), len(data), data))
        kept.add(best)
        covered |= features[best]
    return sorted(kept, key=lambda data: (len(data), data))


def measure(executor: Executor, inputs: Iterable[bytes]) -> dict[bytes, Iterable[str]]:
    """Run inputs, and return what each visits of the model, by its canonical form.

    Inputs that break a clause or the harness are left out: they are finds and not a corpus.
    """
    visited: dict[bytes, Iterable[str]] = {}
    for data in inputs:
        try:
            execution = executor.run(*executor.write(data))
        except SubjectError:
            continue
        if execution.outcome.judgement.violation is None:
            found = [feature for feature in execution.features if not feature.startswith("code ")]
            if found:
                visited[execution.data] = found
    return visited


def minimize(store: Store, targets: Sequence[Target]) -> list[Line]:
    """Leave out of the corpus of each target what adds nothing, and say how much that was.

    Raises:
        UsageError: If there is no corpus, or it cannot be read or written.
        SubjectError: If the subject cannot be started.
    """
    lines: list[Line] = []
    executor = Executor(targets[0])
    try:
        for target in targets:
            inputs = list(store.inputs(target.name).values())
            if not inputs:
                continue
            executor.turn_to(target)
            totals, _ = store.load(target.name)
            visited = measure(executor, inputs)
            kept = cover(visited)
            knowledge = totals.knowledge
            old_hits = knowledge.hits.copy()
            knowledge.best.clear()
            knowledge.hits.clear()
            for data in kept:
                knowledge.learn(data, visited[data])
            for feature in knowledge.best:
                knowledge.hits[feature] = max(old_hits[feature], knowledge.hits[feature])
            store.replace_corpus(target.name, kept)
            store.save(target.name, totals)
            lines.append(Line(f"{target.name}: kept {len(kept):,} of {count(len(inputs), 'input')}"))
    finally:
        executor.close()
    if not lines:
        raise UsageError(
            f"expected a corpus in {str(store.folder)!r}, found none\n  fuzz first, or name it with --corpus"
        )
    return lines


def show_input(path: Path, targets: Sequence[Target], screen: Screen, subject: str) -> int:
    """Run one input and show what it does; returns the exit code.

    Raises:
        UsageError: If it cannot be read, or it is not clear what chapter it is of.
        SubjectError: If the harness breaks.
    """
    if len(targets) != 1:
        raise UsageError("expected one chapter and one backend with --input; name them with --chapter and --backend")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"expected an input in {str(path)!r}, could not read it: {error.strerror}") from None
    target = targets[0]
    executor = Executor(target)
    try:
        program, recording = executor.write(data)
        execution = executor.run(program, recording)
        hello = executor.hello
        outcome = execution.outcome
        if outcome.judgement.violation is None:
            screen.show(render_steps(program.operations, outcome.answers, len(program.operations), screen.width))
            undecided = outcome.judgement.undecided
            screen.show([Line(""), Line(f"undecided: {undecided}", "warn") if undecided else Line("it holds", "good")])
            return 3 if undecided else 0
        raw = raw_find(execution.data, 0, outcome, Unit(target.chapter, target.backend, 1, target.seed))
        find = prove(
            raw,
            outcome,
            session=executor.session(),
            fresh=executor.fresh,
            make=executor.maker(),
            choices=execution.choices,
        )
    finally:
        executor.close()
    screen.show(render_finding(find.finding, Context(subject, hello, suite_version(), "", screen.width)))
    return 1
