"""From what the units brought to a status for each clause and one verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from letitcrash_conformance.results import RunResult, Unit, Verdict, find_simplest
from letitcrash_conformance.tally import BINDING, Status, count_up, say_verdict
from letitcrash_spec.catalogue import load_clauses
from tests.support.findings import CALL, HELLO, LOOK, SPAWN, make_finding, make_result, make_unit

PLAIN = ("GS-21", "LNK-1")
OTHER = Unit("links", "two", examples=20, seed=7)


def status_of(result: RunResult, clause: str) -> Status:
    return next(each.status for each in count_up(result).clauses if each.clause.id == clause)


@pytest.mark.parametrize(
    ("units", "status"),
    [
        ([make_unit("LNK-1")], Status.PASSED),
        ([make_unit()], Status.NOT_EXERCISED),
        ([make_unit("LNK-1", findings=[make_finding("LNK-1")])], Status.FAILED),
        ([make_unit(findings=[make_finding("LNK-1", repeats=1, tries=5)])], Status.FAILED),
        ([make_unit("LNK-1", findings=[make_finding("LNK-1", repeats=0)])], Status.FLAKY),
        (
            [
                make_unit(findings=[make_finding("LNK-1", repeats=0)]),
                make_unit(findings=[make_finding("LNK-1")], unit=OTHER),
            ],
            Status.FAILED,
        ),
    ],
)
def test_the_status_of_a_clause_follows_from_the_units(units: list[Any], status: Status) -> None:
    assert status_of(make_result(*units, selected=["LNK-1"]), "LNK-1") is status


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (make_result(make_unit(), selected=["LNK-1"], is_interrupted=True), "the run was cut off"),
        (make_result(selected=["LNK-1"], hello=None), "the subject could not be started"),
        (make_result(make_unit(trouble="gone"), selected=["LNK-1"]), "the harness broke"),
    ],
)
def test_a_clause_that_a_broken_run_did_not_reach_is_inconclusive(result: RunResult, reason: str) -> None:
    [clause] = count_up(result).clauses

    assert clause.status is Status.INCONCLUSIVE
    assert clause.reason.startswith(reason)


def test_a_harness_that_broke_in_another_chapter_leaves_a_clause_unexercised() -> None:
    result = make_result(make_unit(), make_unit(trouble="gone", unit=Unit("timers", "one", 20, 7)), selected=["LNK-1"])

    assert status_of(result, "LNK-1") is Status.NOT_EXERCISED


def test_a_clause_that_nothing_checks_carries_the_reason_of_the_catalogue() -> None:
    tally = count_up(make_result(make_unit("N-1"), selected=["N-1"]))

    assert tally.clauses[0].status is Status.NOT_CHECKED
    assert tally.clauses[0].reason == load_clauses()["N-1"].unchecked


def test_a_clause_whose_feature_is_not_declared_is_not_supported_also_when_it_was_exercised() -> None:
    hello = replace(HELLO, features=frozenset({"genserver"}))
    tally = count_up(make_result(make_unit("LNK-1"), selected=["LNK-1"], hello=hello))

    assert tally.clauses[0].status is Status.NOT_SUPPORTED
    assert tally.clauses[0].reason == "the subject does not declare links"


def test_a_broken_clause_is_a_failure_also_when_it_was_not_selected() -> None:
    result = make_result(make_unit("LNK-1", findings=[make_finding("GS-21")]), selected=["LNK-1"])

    assert status_of(result, "GS-21") is Status.FAILED
    assert count_up(result).verdict is Verdict.VIOLATION


def test_clauses_about_several_backends_do_not_bind_a_subject_with_one() -> None:
    hello = replace(HELLO, backends=("one",))
    result = make_result(make_unit("BACK-6"), selected=["BACK-6"], hello=hello)

    assert status_of(result, "BACK-6") is Status.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("units", "status"),
    [
        ([make_unit()], Status.NOT_SUPPORTED),
        ([make_unit("BACK-4")], Status.PASSED),
        ([make_unit(), make_unit(unit=OTHER)], Status.NOT_EXERCISED),
        ([make_unit(unit=Unit("links", "mixed", 20, 7))], Status.NOT_EXERCISED),
    ],
)
def test_a_run_on_one_backend_is_not_held_to_clauses_about_several(units: list[Any], status: Status) -> None:
    assert status_of(make_result(*units, selected=["BACK-4"]), "BACK-4") is status


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (make_result(make_unit(*PLAIN), selected=PLAIN), Verdict.CONFORMANT),
        (make_result(make_unit("LNK-1"), selected=PLAIN), Verdict.INCONCLUSIVE),
        (make_result(selected=PLAIN), Verdict.INCONCLUSIVE),
        (make_result(make_unit(), selected=["N-1"]), Verdict.INCONCLUSIVE),
        (make_result(make_unit(*PLAIN), selected=PLAIN, is_interrupted=True), Verdict.INCONCLUSIVE),
        (make_result(make_unit(*PLAIN, findings=[make_finding(repeats=0)]), selected=PLAIN), Verdict.INCONCLUSIVE),
        (make_result(make_unit(*PLAIN, findings=[make_finding()]), selected=PLAIN), Verdict.VIOLATION),
        (
            make_result(make_unit(findings=[make_finding()], trouble="gone"), selected=PLAIN, is_interrupted=True),
            Verdict.VIOLATION,
        ),
        (make_result(make_unit(*PLAIN), make_unit(trouble="gone"), selected=PLAIN), Verdict.SUBJECT_ERROR),
        (make_result(selected=PLAIN, hello=None), Verdict.SUBJECT_ERROR),
    ],
)
def test_the_verdict_follows_from_the_clauses(result: RunResult, verdict: Verdict) -> None:
    assert count_up(result).verdict is verdict


def test_every_checked_clause_of_the_catalogue_has_to_be_exercised() -> None:
    checked = [clause.id for clause in load_clauses().values() if clause.is_checked]
    spanning = make_unit(*checked, unit=Unit("world", "mixed", 20, 7))
    everything = count_up(make_result(spanning, hello=replace(HELLO, features=frozenset(_features()))))
    assert everything.verdict is Verdict.CONFORMANT

    for clause in (clause for clause in checked if load_clauses()[clause].keyword in BINDING):
        rest = make_unit(*(other for other in checked if other != clause), unit=spanning.unit)
        hello = replace(HELLO, features=frozenset(_features()))
        assert count_up(make_result(rest, hello=hello)).verdict is Verdict.INCONCLUSIVE, clause


def _features() -> set[str]:
    return {feature for clause in load_clauses().values() for feature in clause.features}


def test_of_two_findings_of_one_clause_the_shorter_is_shown() -> None:
    long = make_finding(operations=(*make_finding().program.operations, *make_finding().program.operations))
    short = make_finding()
    tally = count_up(make_result(make_unit(findings=[long]), make_unit(findings=[short], unit=OTHER)))

    assert tally.violations == (short,)


def test_the_numbers_of_the_units_add_up() -> None:
    tally = count_up(make_result(make_unit("LNK-1", undecided=2), make_unit("LNK-1", undecided=3, unit=OTHER)))

    assert (tally.examples, tally.operations, sum(tally.undecided.values())) == (40, 800, 5)
    assert next(each.held for each in tally.clauses if each.clause.id == "LNK-1") == 6


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (
            make_result(make_unit(*PLAIN), selected=[*PLAIN, "N-1"], seconds=41.2),
            "conformant: 2 of 2 checkable clauses held in 400 operations (0 violations; seed 7, 41 s)",
        ),
        (
            make_result(make_unit("LNK-1", findings=[make_finding()]), selected=PLAIN),
            "violation: GS-21 broken, 1 of 2 checkable clauses held in 400 operations (1 violation; seed 7, 1.5 s)",
        ),
        (
            make_result(make_unit("LNK-1", findings=[make_finding()]), selected=PLAIN, is_interrupted=True),
            (
                "violation: interrupted before its end, GS-21 broken, 1 of 2 checkable clauses held in 400 operations "
                "(1 violation; seed 7, 1.5 s)"
            ),
        ),
        (
            make_result(make_unit("LNK-1"), selected=PLAIN),
            (
                "inconclusive: 1 clause not exercised; 1 of 2 checkable clauses held in "
                "400 operations (0 violations; seed 7, 1.5 s)"
            ),
        ),
        (
            make_result(make_unit("LNK-1", findings=[make_finding(repeats=0)]), selected=PLAIN),
            (
                "inconclusive: GS-21 broken once and not again (flaky); 1 of 2 checkable clauses held in "
                "400 operations (0 violations; seed 7, 1.5 s)"
            ),
        ),
        (
            make_result(make_unit(), selected=["N-1"]),
            (
                "inconclusive: nothing that was asked for can be checked on this subject; 0 of 0 checkable "
                "clauses held in 400 operations (0 violations; seed 7, 1.5 s)"
            ),
        ),
        (
            make_result(make_unit(*PLAIN, trouble="end of file\nand more"), selected=PLAIN, seconds=300),
            "subject error: end of file; 2 of 2 checkable clauses held in 400 operations (0 violations; seed 7, 5 min)",
        ),
    ],
)
def test_one_line_says_how_the_run_went(result: RunResult, line: str) -> None:
    assert say_verdict(count_up(result)) == line


def test_of_several_findings_the_shortest_that_repeats_is_the_simplest() -> None:
    flaky, long, short = make_finding(repeats=0), make_finding(operations=[SPAWN, CALL, CALL, LOOK]), make_finding()
    assert find_simplest([flaky, long, short]) is short
    assert find_simplest([long, flaky]) is long
