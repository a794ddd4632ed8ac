"""`letitcrash fuzz A --against B`: two subjects on the same programs, guided; the model decides who is right."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from letitcrash_conformance.baseline import write_whole
from letitcrash_conformance.cli_compare import dump_comparison, name_apart
from letitcrash_conformance.compare import Draw, Group, compare
from letitcrash_conformance.compare_session import PairOutcome, pair_backends
from letitcrash_conformance.console import Screen
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.generate import generate
from letitcrash_conformance.lookup import SubjectFactory, find_subject
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.program import Program
from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.render_compare import render_comparison
from letitcrash_conformance.render_lines import Line, count
from letitcrash_conformance.results import Unit
from letitcrash_conformance.session import Outcome
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_fuzz.engines import BEST, open_engine
from letitcrash_fuzz.knowledge import Knowledge
from letitcrash_fuzz.seeds import read_fragments, read_seeds
from letitcrash_fuzz.sources import BytesSource, Recording
from letitcrash_fuzz.states import Visits
from letitcrash_fuzz.target import Target, supported
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.hello import Hello
from letitcrash_spec.model.judge import judge
from letitcrash_spec.model.world import Profile

__all__ = ["LONGEST", "fuzz_against"]

LONGEST = 20
"""How many operations a program draws at most; both subjects run it, and one of them may live on a wall clock."""


class _Guide:
    """Writes programs by what the earlier ones visited in the model, as it followed either subject."""

    def __init__(self, factory: SubjectFactory, engine: str, seed: int, seconds: float, runs: int | None) -> None:
        self._target = Target(factory, "", "", engine, seed, longest=LONGEST)
        self._seconds = seconds
        self._runs = runs
        self._profiles: tuple[Profile, Profile] | None = None
        self._knowledge = Knowledge()
        self._last: tuple[bytes, str] = (b"", "")
        self.visited: dict[str, int] = {}

    def meet(self, left: Hello, right: Hello) -> None:
        """Learn whom to follow."""
        self._profiles = Profile.of(left), Profile.of(right)

    def write(self, unit: Unit, setting: Setting) -> Iterator[Draw]:
        """Give the programs of a chapter until its time is over: the seeds that come along, then what is drawn."""
        target = Target(
            self._target.factory, unit.chapter, unit.backend, self._target.engine, unit.seed, longest=LONGEST
        )
        engine = open_engine(target, read_fragments(unit.chapter))
        seeds = read_seeds(unit.chapter) if target.engine == BEST else ()
        self._knowledge = knowledge = Knowledge()
        make = partial(_make, setting)
        deadline = time.monotonic() + self._seconds
        number = -len(seeds)
        while time.monotonic() < deadline and (self._runs is None or number + len(seeds) < self._runs):
            source: Source
            source, arm = (BytesSource(seeds[number]), "") if number < 0 else engine.next(number, knowledge)
            recording = Recording(source)
            program = generate(recording, setting, longest=LONGEST)
            self._last = recording.data, arm
            yield max(number, -1), program, make, recording.choices
            number += 1
        for kind in ("state", "step", "pair"):
            self.visited[kind] = self.visited.get(kind, 0) + knowledge.count(kind)

    def learn(self, outcome: PairOutcome) -> None:
        """Take in what a program visited, on both sides; a way to differ counts as something visited."""
        assert self._profiles is not None
        features: dict[str, None] = {}
        for profile, side in zip(self._profiles, (outcome.left, outcome.right), strict=True):
            features.update(dict.fromkeys(_visit(profile, side)))
        if outcome.difference is not None:
            if outcome.difference.kind.is_wrong:
                return
            features[f"differ {outcome.difference.key}"] = None
        data, arm = self._last
        self._knowledge.learn(data, features, arm)


def _visit(profile: Profile, side: Outcome) -> list[str]:
    visits = Visits()
    if side.judgement.violation is None:
        judge(profile, side.program.operations, side.answers, visits)
    return list(visits.features)


def _make(setting: Setting, source: Source) -> Program:
    return generate(source, setting, longest=LONGEST)


def fuzz_against(arguments: argparse.Namespace, factory: SubjectFactory) -> int:
    """Run the search and return its exit code, which is that of `letitcrash compare`.

    Raises:
        UsageError: If something asked for does not exist or does not go together.
        SubjectError: If a subject cannot be started.
    """
    for word, is_given in (
        ("--cluster", arguments.cluster is not None),
        ("--minimize", arguments.minimize),
        ("--input", arguments.input is not None),
        ("--engine atheris", arguments.engine == "atheris"),
        ("-n", arguments.processes != 1),
    ):
        if is_given:
            raise UsageError(f"expected --against without {word}: two subjects are compared in one process")
    other = find_subject(arguments.against)
    hellos = _greet(factory), _greet(other)
    chapters = [word for word in _words(arguments.chapter) or CHAPTERS if word in supported(hellos[0])]
    chapters = [word for word in chapters if word in supported(hellos[1])]
    if not chapters:
        raise UsageError(f"expected a chapter that both support, got {', '.join(_words(arguments.chapter)) or 'none'}")
    backends = _words(arguments.backend) or None
    pairs = pair_backends(*hellos, backends)
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    seconds = arguments.minutes * 60 / (len(pairs) * len(chapters))
    engine = arguments.engine or BEST
    guide = _Guide(factory, engine, seed, seconds, arguments.runs)
    guide.meet(*hellos)
    screen = Screen(sys.stdout, arguments.color)
    names = name_apart(factory, other)

    def tell(where: str, group: Group | None) -> None:
        if arguments.quiet:
            return
        if group is None:
            screen.show([Line(f"fuzzing  {where}", "dim")])
        elif group.kind.is_wrong:
            screen.show([Line(f"found    {group.kind.value}: {', '.join(group.clauses)}", "bad")])

    if not arguments.quiet:
        what = f"{count(len(chapters), 'chapter')}, engine {engine}, {arguments.minutes:g} min, seed {seed}"
        screen.show([Line(f"letitcrash {suite_version()} fuzzing {names[0]} against {names[1]}: {what}")])
    comparison = compare(
        (factory, other),
        names=names,
        selected=frozenset(load_clauses()),
        chapters=chapters,
        backends=backends,
        budget="default",
        seed=seed,
        tell=tell,
        write=guide.write,
        learn=guide.learn,
    )
    comparison.budget = ""
    repeat = f"letitcrash fuzz {factory.text} --against {other.text}"
    screen.show([Line(""), *render_comparison(comparison, repeat=repeat, width=screen.width)])
    screen.show(
        [Line("visited   " + ", ".join(f"{number:,} {kind}s" for kind, number in guide.visited.items()), "dim")]
    )
    code = 130 if comparison.is_interrupted else comparison.exit_code
    path: Path | None = arguments.json
    if path is not None:
        data = {**dump_comparison(comparison), "engine": engine, "visited": guide.visited}
        try:
            write_whole(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n", "--json")
        except UsageError as error:
            print(f"letitcrash: {error}", file=sys.stderr)
            code = code or 2
    return code


def _greet(factory: SubjectFactory) -> Hello:
    subject = factory()
    try:
        return subject.hello
    finally:
        subject.close()


def _words(values: list[str] | None) -> list[str]:
    return [word.strip() for value in values or () for word in value.split(",") if word.strip()]
