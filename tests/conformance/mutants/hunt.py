"""Runs the suite against a mutant until a finding names its fault."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from letitcrash_conformance.engine import UnitRunner
from letitcrash_conformance.plan import plan
from letitcrash_conformance.results import Finding, Trouble, Unit
from letitcrash_conformance.session import Session
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import load_clauses
from tests.conformance.mutants.plant import EVERYWHERE, Mutant

__all__ = ["CHAPTERS", "Catch", "hunt", "hunt_with", "is_honest"]

SEED = 1

CHAPTERS = {
    "BACK": "backends",
    "DYN": "dynamic_supervisor",
    "EXIT": "exits",
    "GS": "genserver",
    "INT": "intensity",
    "LNK": "links",
    "MON": "monitors",
    "REG": "registry",
    "SHUT": "shutdown",
    "STR": "strategies",
    "SUP": "supervisor",
    "TIM": "timers",
}
"""The chapter that the clauses with each prefix belong to."""


@dataclass(slots=True)
class Catch:
    """What a hunt brought.

    Attributes:
        finding: The first finding by a clause that names the fault and repeats; None: it survived.
        others: The findings before it, oldest first.
        troubles: Units that ended because the harness broke.
        broken: What stood in the way: clauses that do not name the fault, and how many programs broke them.
        examples: How many programs it took.
        seconds: How long it took, with shrinking, in seconds of real time.
    """

    finding: Finding | None = None
    others: list[Finding] = field(default_factory=list[Finding])
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    broken: Counter[str] = field(default_factory=Counter[str])
    examples: int = 0
    seconds: float = 0.0


class _Found(Exception):
    """Ends the run: enough is known."""


def hunt(mutant: Mutant, *, budget: str | int = "default", seed: int = SEED, is_full: bool = False) -> Catch:
    """Run every chapter on the mutant's backends until its fault is named.

    Args:
        mutant: The mutant.
        budget: As of a run.
        seed: As of a run.
        is_full: Judge all clauses in the order of a user's run. Else only the clauses that name the fault are
            judged and their chapters come first: the programs are the same, but nothing else is shrunk.
    """
    with mutant.plant():
        return hunt_with(mutant, ReferenceSubject, budget=budget, seed=seed, is_full=is_full)


def hunt_with(
    mutant: Mutant,
    factory: Callable[[], Subject],
    *,
    budget: str | int = "default",
    seed: int = SEED,
    is_full: bool = False,
) -> Catch:
    """Like `hunt`, with subjects that have the fault already."""
    catch = Catch()
    started = time.monotonic()
    _run(mutant, catch, budget, seed, factory, is_full)
    catch.seconds = time.monotonic() - started
    return catch


def _run(
    mutant: Mutant, catch: Catch, budget: str | int, seed: int, factory: Callable[[], Subject], is_full: bool
) -> None:
    named: list[Finding] = []
    done = 0

    def on_finding(finding: Finding) -> None:
        if finding.violation.clause in mutant.clauses and not finding.is_flaky:
            named.append(finding)
            raise _Found
        catch.others.append(finding)

    def on_progress(unit: Unit, examples: int, operations: int) -> None:
        catch.examples = done + examples

    subject = factory()
    hello = subject.hello
    subject.close()
    # The same programs run on every backend: what one does not show of a fault that lives on all, no other shows.
    backends = EVERYWHERE[:1] if mutant.backends == EVERYWHERE else mutant.backends
    units, _ = plan(hello, chapters=None, backends=backends, budget=budget, seed=seed)
    judged = frozenset(load_clauses()) if is_full else mutant.clauses
    if not is_full:
        home = {CHAPTERS[clause.partition("-")[0]] for clause in mutant.clauses}
        units.sort(key=lambda unit: unit.chapter not in home)
    runner = UnitRunner(factory, judged, on_progress, on_finding)
    try:
        for unit in units:
            result = runner.run(unit)
            done += result.examples
            catch.examples = done
            catch.broken += result.undecided
            if result.trouble is not None:
                catch.troubles.append(result.trouble)
    except _Found:
        catch.finding = named[0]
        catch.examples = done + max(0, named[0].example - named[0].found_in.first)
    finally:
        runner.close()


def is_honest(finding: Finding, factory: Callable[[], Subject] = ReferenceSubject) -> bool:
    """Whether the reference as it is passes the program of a finding."""
    subject = factory()
    try:
        return Session(subject).run(finding.program).judgement.violation is None
    finally:
        subject.close()
