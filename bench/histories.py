"""What it costs to judge histories: several clients at once, on the reference with virtual time."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from bench.measure import Stopwatch, Way, compare
from bench.table import goal_words, number_words, print_table
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.program import Program
from letitcrash_conformance.session import Session
from letitcrash_conformance.source import RandomSource
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_conformance.trees import supervisor, worker
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.model.judge import judge

__all__ = ["run"]

BACKEND = "async"
GOAL = 1_000
"""Generated histories judged in a second of CPU time."""

Run: TypeAlias = tuple[Sequence[Operation], Sequence[Answer]]


def run(*, rounds: int, shrink: int) -> None:
    """Measure and print; the arguments are those of the other benchmarks."""
    session = Session(ReferenceSubject())
    try:
        kinds = {
            "generated, 1 to 4 clients": _generated(session, max(60, 600 // shrink)),
            "4 clients, 40 operations": _written(session, 4, 10, max(4, 40 // shrink)),
            "4 clients, 200 operations": _written(session, 4, 50, max(2, 8 // shrink)),
            "3 clients, 300 operations": _written(session, 3, 100, max(2, 4 // shrink)),
        }
        kinds["4 clients, 40 operations, one answer wrong"] = _spoiled(kinds["4 clients, 40 operations"])
        kinds["4 clients, 200 operations, one answer wrong"] = _spoiled(kinds["4 clients, 200 operations"])
        undecided = {name: _undecided(session, runs) for name, runs in kinds.items()}
        result = compare([Way(name, _judging(session, runs), len(runs)) for name, runs in kinds.items()], rounds=rounds)
    finally:
        session.subject.close()
    rows = [
        [
            name,
            number_words(result.rate(name)),
            goal_words(result.rate(name), GOAL) if name.startswith("generated") else "",
            f"{undecided[name]} of {len(runs)}",
        ]
        for name, runs in kinds.items()
    ]
    print_table(
        "Histories judged: what several clients were answered, explained against the model",
        ["", "histories/s", "goal", "left undecided"],
        rows,
        [
            "Histories per second of CPU time; running them is not counted. Those written by hand hold calls, casts,",
            "names and the administration of two children of one supervisor, in equal parts.",
        ],
    )


def _generated(session: Session, count: int) -> list[Run]:
    setting = Setting.of(session.hello, "histories", BACKEND)
    return [_performed(session, generate(RandomSource(seed), setting)) for seed in range(count)]


def _written(session: Session, clients: int, turns: int, count: int) -> list[Run]:
    runs: list[Run] = []
    for seed in range(count):
        chance = random.Random(seed)
        history = [[_any_operation(chance) for _ in range(turns)] for _ in range(clients)]
        operations = [
            *(Operation("spawn", {"as": label, "probe": {}}) for label in ("p1", "p2", "p3")),
            Operation("start_supervisor", {"as": "s1", "spec": supervisor()}),
            Operation("parallel", {"clients": history}),
            Operation("observe", {"settle_ms": 1000}),
        ]
        runs.append(_performed(session, Program.of(operations, clock=session.hello.clock)))
    return runs


def _any_operation(chance: random.Random) -> dict[str, Any]:
    name, server, child = chance.choice(["n1", "n2"]), chance.choice(["p1", "p2", "p3"]), chance.choice("ab")
    op, args = chance.choice(
        [
            ("call", {"to": "p1", "msg": ["add", chance.choice([1, 10, 100])]}),
            ("call", {"to": "p1", "msg": ["get"]}),
            ("cast", {"to": "p1", "msg": ["add", 1000]}),
            ("register", {"name": name, "to": server}),
            ("unregister", {"name": name}),
            ("whereis", {"name": name}),
            ("start_child", {"sup": "s1", "child": worker(child)}),
            ("terminate_child", {"sup": "s1", "child": child}),
            ("restart_child", {"sup": "s1", "child": child}),
            ("delete_child", {"sup": "s1", "child": child}),
            ("count_children", {"sup": "s1"}),
        ]
    )
    return {"op": op, "args": args}


def _performed(session: Session, program: Program) -> Run:
    outcome = session.run(program)
    return outcome.program.operations, outcome.answers


def _spoiled(runs: Sequence[Run]) -> list[Run]:
    """Return the same runs, each with one answer of one client changed to something that nobody was told."""
    spoiled: list[Run] = []
    for seed, (operations, answers) in enumerate(runs):
        chance = random.Random(seed)
        changed = copy.deepcopy(list(answers))
        place = next(place for place, operation in enumerate(operations) if operation.op == "parallel")
        entry = chance.choice(chance.choice(changed[place]["ok"]))
        entry["answer"] = {"fail": {"kind": "timeout"}}
        spoiled.append((operations, changed))
    return spoiled


def _undecided(session: Session, runs: Sequence[Run]) -> int:
    return sum(judge(session.profile, *run).undecided is not None for run in runs)


def _judging(session: Session, runs: Sequence[Run]) -> Callable[[int], float]:
    def way(times: int) -> float:
        with Stopwatch() as watch:
            for number in range(times):
                judge(session.profile, *runs[number % len(runs)])
        return watch.seconds

    return way
