"""Runs the histories alone against a planted race until a finding names it.

`python -m tests.conformance.mutants.hunt_races [--bare] [--chapter=CHAPTER] [word ...]` prints a table; `--bare` leaves
the scenarios out.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from letitcrash_conformance.engine import UnitRunner
from letitcrash_conformance.plan import plan
from letitcrash_conformance.results import Finding, Unit
from letitcrash_conformance.shrink import weight_of
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import load_clauses
from tests.conformance.mutants import races, races_children
from tests.conformance.mutants.hunt import SEED, Catch, is_honest
from tests.conformance.mutants.plant import Mutant

__all__ = ["RACES", "hunt_race"]

RACES: tuple[Mutant, ...] = (*races.MUTANTS, *races_children.MUTANTS)
"""All planted races."""


class _Found(Exception):
    """Ends the run: enough is known."""


def hunt_race(
    mutant: Mutant,
    *,
    budget: str | int = "default",
    seed: int = SEED,
    chapter: str = "histories",
    is_bare: bool = False,
    factory: Callable[[], Subject] | None = None,
) -> Catch:
    """Run the histories, as a user's run does, until the fault is named by a finding that repeats.

    Args:
        mutant: The mutant.
        budget: As of a run.
        seed: As of a run.
        chapter: Another chapter to run instead.
        is_bare: Leave the scenarios out.
        factory: Makes subjects that have the fault already; else it is planted into the reference here.
    """
    catch = Catch()
    started = time.monotonic()
    named: list[Finding] = []

    def on_finding(finding: Finding) -> None:
        if finding.violation.clause in mutant.clauses and not finding.is_flaky:
            named.append(finding)
            raise _Found
        catch.others.append(finding)

    done = 0

    def on_progress(unit: Unit, examples: int, operations: int) -> None:
        catch.examples = done + examples

    make: Callable[[], Subject] = ReferenceSubject if factory is None else factory
    with mutant.plant() if factory is None else contextlib.nullcontext():
        subject = make()
        hello = subject.hello
        subject.close()
        units, _ = plan(hello, chapters=[chapter], backends=mutant.backends, budget=budget, seed=seed)
        runner = UnitRunner(make, frozenset(load_clauses()), on_progress, on_finding)
        try:
            for unit in units:
                result = runner.run(replace(unit, has_scenarios=False) if is_bare else unit)
                done += result.examples
                catch.broken += result.undecided
                if result.trouble is not None:
                    catch.troubles.append(result.trouble)
        except _Found:
            catch.finding = named[0]
            catch.examples = done + max(0, named[0].example - named[0].found_in.first)
        finally:
            runner.close()
    catch.seconds = time.monotonic() - started
    return catch


def main(words: list[str]) -> None:
    """Print what it takes to catch each planted race."""
    chapter = "histories"
    is_bare = "--bare" in words
    for word in words:
        if word.startswith("--chapter="):
            chapter = word.partition("=")[2]
    words = [word for word in words if not word.startswith("--")]
    for mutant in RACES:
        if words and not any(word in mutant.name for word in words):
            continue
        catch = hunt_race(mutant, chapter=chapter, is_bare=is_bare)
        finding = catch.finding
        others = ", ".join(f"{other.violation.clause} {other.repeats}/{other.tries}" for other in catch.others)
        if finding is None:
            print(f"{mutant.name:55} SURVIVED {catch.seconds:6.2f} s {catch.examples:5} ({others})", flush=True)
            for trouble in catch.troubles[:1]:
                print(f"    {trouble.what[:400]}")
            continue
        print(
            f"{mutant.name:55} {finding.violation.clause:8} {catch.seconds:6.2f} s {catch.examples:5} examples "
            f"weight {weight_of(finding.program)[0]:2} {finding.repeats}/{finding.tries} "
            f"{'on a schedule' if finding.schedule is not None else 'plain'}"
            f"{'' if is_honest(finding) else ' THE HONEST REFERENCE TOO'} ({others})",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
