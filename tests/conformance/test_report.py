"""What a reader sees of a finding and of a whole run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from letitcrash_conformance.render_finding import Context, compare, render_finding
from letitcrash_conformance.render_lines import plain_text, printable, wrap
from letitcrash_conformance.report import render_report
from letitcrash_conformance.results import Finding, RunResult, Wait
from letitcrash_conformance.tally import count_up
from letitcrash_spec.messages import Operation
from tests.support.findings import CALL, HELLO, LOOK, SPAWN, make_finding, make_result, make_unit

CONTEXT = Context("mine:Subject", HELLO, "0.1.0", "letitcrash replay .letitcrash/GS-21-ab12cd.json")


def text_of(finding: Finding, context: Context = CONTEXT) -> str:
    return plain_text(render_finding(finding, context))


def report_of(result: RunResult, **options: object) -> str:
    return plain_text(render_report(count_up(result), suite="0.1.0", repeat=lambda _: "repeat me", **options))  # type: ignore[arg-type]


def test_a_finding_reads_from_the_clause_to_the_command_that_repeats_it() -> None:
    assert text_of(make_finding()) == (
        "GS-21 MUST: A server handles one message at a time, in the order of its mailbox; what one client\n"
        "sends is served in the order of sending, across calls, casts and plain messages.\n"
        'Source: gen_server:loop/7; Erlang Reference Manual, Processes, "Delivery of Signals"\n'
        "\n"
        "What differs at step 2: the answer of call\n"
        "  model    answers 5\n"
        "  subject  answers 4\n"
        "\n"
        "The program that shows it (3 steps, shrunk from 24):\n"
        "      1. spawn p1 (traps exits)\n"
        "  >   2. call p1 add 5  -> 4\n"
        "      3. look\n"
        "\n"
        "subject    fake 1.2 (python, run as mine:Subject), backend one, virtual clock\n"
        "found by   letitcrash 0.1.0, seed 7, chapter links, example 3; it failed again 3 of 3 times\n"
        "repeat it  letitcrash replay .letitcrash/GS-21-ab12cd.json"
    )


def test_a_difference_of_observations_says_who_and_what_else() -> None:
    finding = make_finding(
        "LNK-1",
        index=2,
        what="what p1 reports: exit p2 killed expected, nothing seen",
        expected=[["exit", "p2", "killed"]],
        got=None,
        differences=["p1 is gone"],
    )

    text = text_of(finding)

    assert (
        "What differs at step 3: what p1 reports\n  model    gets EXIT from p2, reason killed\n  subject  nothing\n"
        in text
    )
    assert "Also different:\n  - p1 is gone\n" in text


def test_several_lawful_outcomes_stand_below_each_other() -> None:
    finding = make_finding(expected=[{"ok": 5}, {"fail": {"kind": "timeout"}}], got={"fail": {"kind": "noproc"}})

    assert "  model    answers 5\n    or     fails: timeout\n  subject  fails: noproc\n" in text_of(finding)


def test_events_that_fit_no_order_are_listed_and_a_flood_is_cut() -> None:
    events = [{"ev": "info", "who": "p1", "payload": f"i{n}", "t": n} for n in range(20)]

    model, subject = compare((), events)

    assert model == ["no lawful order of events reports this:"]
    assert subject[:2] == ["p1 gets message 'i0'", "p1 gets message 'i1'"]
    assert subject[-1] == "and 8 events more"


def test_equal_parts_of_long_texts_are_left_out() -> None:
    same = "x" * 100
    [model], [subject] = compare(({"ok": f"{same}left{same}"},), {"ok": f"{same}right{same}"})

    assert model == "... xxxxxxxxxxxxleftxxxxxxxxxxx ..."
    assert subject == "... xxxxxxxxxxxxrightxxxxxxxxxxx ..."


def test_long_texts_without_anything_in_common_are_cut_in_the_middle() -> None:
    [model], [subject] = compare(({"ok": "a" * 5000},), {"ok": "b" * 5000})

    assert len(model) < 400
    assert len(subject) < 400


def test_a_number_and_the_same_digits_as_text_look_different() -> None:
    assert compare(({"ok": 5},), {"ok": "5"}) == (["answers 5"], ['answers "5"'])


def test_a_flaky_finding_says_so_before_anything_else() -> None:
    text = text_of(make_finding(repeats=0, tries=5))

    assert "FLAKY: seen once, and not again in 5 repeats of the program below" in text
    assert "it failed again" not in text


def test_a_finding_of_a_scenario_names_it() -> None:
    finding = make_finding(example=-1)
    program = replace(finding.program, origin="scenario:two_deaths_at_once")

    assert "chapter links, scenario 'two deaths at once'" in text_of(replace(finding, program=program))


def test_a_typical_finding_fits_into_forty_lines() -> None:
    operations = (SPAWN, *(Operation("cast", {"to": "p1", "msg": ["add", n]}) for n in range(15)), CALL, LOOK)
    finding = make_finding(operations=operations, answers=(), index=16, differences=["one", "two", "three"])

    assert len(text_of(finding).splitlines()) <= 40


def test_a_clause_that_is_not_in_the_catalogue_is_shown_all_the_same() -> None:
    assert text_of(make_finding("GS-999")).startswith(
        "GS-999: a clause that this version of the catalogue does not have"
    )


def test_every_line_fits_the_width_that_was_asked_for() -> None:
    long = Operation("spawn", {"as": "p1", "probe": {"value": 3, "name": "n1", "terminate": "hang", "trap_exit": True}})
    finding = make_finding(operations=(long, CALL, LOOK))

    assert all(len(line) <= 60 for line in text_of(finding, replace(CONTEXT, width=60, repeat="")).splitlines())


def test_a_report_ends_with_the_verdict() -> None:
    text = report_of(make_result(make_unit("GS-21", "LNK-1"), selected=["GS-21", "LNK-1"]))

    assert text.splitlines()[-1].startswith("conformant: 2 of 2 checkable clauses held")


def test_the_table_counts_by_chapter_and_keyword() -> None:
    rows = report_of(make_result(make_unit("LNK-1", "LNK-7"), selected=["LNK-1", "LNK-2", "LNK-7"])).splitlines()

    assert rows[0].split("  ")[0] == "chapter"
    assert rows[1].split() == ["links", "MUST", "1", ".", "1", ".", "."]
    assert rows[2].split() == ["links", "SHOULD", "1", ".", ".", ".", "."]
    assert rows[3].split() == ["all", "2", ".", "1", ".", "."]


def test_a_clause_that_was_not_exercised_is_named_with_its_text() -> None:
    text = report_of(make_result(make_unit("LNK-1"), selected=["LNK-1", "LNK-5"]))

    assert "not exercised: LNK-5 MUST: Linking a process to itself succeeds and creates nothing." in text


def test_clauses_that_nothing_checks_are_listed_only_on_demand() -> None:
    result = make_result(make_unit("LNK-1"), selected=["LNK-1", "N-1"])

    assert "not checked: N-1: " not in report_of(result)
    assert "not checked: N-1: " in report_of(result, detail="verbose")


def test_a_quiet_report_is_the_verdict_alone_if_nothing_failed() -> None:
    assert len(report_of(make_result(make_unit("LNK-1"), selected=["LNK-1"]), detail="quiet").splitlines()) == 1


def test_an_interrupted_run_says_so() -> None:
    text = report_of(make_result(make_unit("LNK-1"), selected=["LNK-1"], is_interrupted=True))

    assert "INTERRUPTED: this run did not come to its end" in text
    assert "conformant" not in text


def test_a_broken_harness_is_shown_with_its_last_words() -> None:
    text = report_of(make_result(make_unit(trouble="end of file after request 3"), selected=["LNK-1"]))

    assert "SUBJECT ERROR in links on one: end of file after request 3" in text
    assert "    last words" in text


@pytest.mark.parametrize(("undecided", "is_shown"), [(0, False), (1, False), (5, True)])
def test_undecided_programs_are_told_once_they_are_many(undecided: int, is_shown: bool) -> None:
    text = report_of(make_result(make_unit("LNK-1", undecided=undecided), selected=["LNK-1"]))

    assert ("undecided:" in text) is is_shown


def test_wrapped_text_keeps_its_line_ends_and_hangs() -> None:
    assert plain_text(wrap("one two\nthree", first="- ", width=40)) == "- one two\n  three"


def test_a_run_that_breaks_off_leaves_clauses_inconclusive_in_a_column_of_their_own() -> None:
    result = make_result(make_unit("LNK-1"), selected=["LNK-1", "LNK-5"], is_interrupted=True)

    assert "inconclusive" in report_of(result).splitlines()[0]
    assert "inconclusive: LNK-5: the run was cut off" in report_of(result, detail="verbose")


def test_a_column_that_counts_nothing_is_left_out() -> None:
    text = report_of(make_result(make_unit("LNK-1"), selected=["LNK-1"]))

    assert "inconclusive" not in text.splitlines()[0]
    assert "flaky" not in text


@pytest.mark.parametrize(
    ("repeats", "line"),
    [
        (0, "flaky: GS-21 broke once and held 3 times in the search; 0 of 5 repeats broke it again"),
        (2, "unsteady: GS-21 broke once and held 3 times in the search; 2 of 5 repeats broke it again"),
    ],
)
def test_what_does_not_fail_every_time_is_shown_with_its_rate(repeats: int, line: str) -> None:
    unit = make_unit("GS-21", findings=[make_finding(repeats=repeats, tries=5)])

    assert line in report_of(make_result(unit, selected=["GS-21"]))


def test_the_slowest_waits_are_named_if_they_are_slow_or_asked_for() -> None:
    unit = make_unit("LNK-1")
    for seconds in (0.25, 0.5, 2.0, 0.125):
        unit.note_wait(Wait(seconds, 12, 30))
    result = make_result(unit, selected=["LNK-1"])

    assert report_of(result).count("slowest wait") == 1
    assert "slowest wait: 2.0 s for example 12 of links on one, 30 operations" in report_of(result)
    assert [wait.seconds for wait in unit.waits] == [2.0, 0.5, 0.25]
    assert report_of(result, detail="verbose").count("slowest wait") == 3


def test_last_words_cannot_steer_the_terminal() -> None:
    unit = make_unit(trouble="gone")
    assert unit.trouble is not None
    unit.trouble = replace(unit.trouble, stderr=("\x1b[2Jall is well",))

    text = report_of(make_result(unit, selected=["LNK-1"]))

    assert "\x1b" not in text
    assert "    \\x1b[2Jall is well" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, größer, 日本", "plain, größer, 日本"),
        ("a\nb\tc", "a\nb\tc"),
        ("\x00\x9b", "\\x00\\x9b"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_reader_cannot_see_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
