"""The doctor finds each disease of a harness, names it, says what to do, and survives it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from letitcrash_conformance import cli
from letitcrash_conformance.adapters import LANGUAGES, write_adapter
from letitcrash_conformance.doctor import Diagnosis, Result, examine
from letitcrash_conformance.doctor_fixes import find_fix
from letitcrash_conformance.lookup import find_subject

HARNESSES = Path(__file__).parents[1] / "support" / "harnesses"


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a fresh Python adapter."""
    folder = tmp_path_factory.mktemp("adapter") / "python"
    write_adapter(LANGUAGES["python"], folder)
    return folder


def examine_command(*words: str, patience_s: float = 5.0) -> Diagnosis:
    return examine(find_subject(command=words), patience_s=patience_s)


def examine_sick(adapter: Path, disease: str, patience_s: float = 5.0) -> list[Result]:
    words = (sys.executable, str(HARNESSES / "sick.py"), str(adapter), disease)
    return [result for result in examine_command(*words, patience_s=patience_s).results if result.state == "wrong"]


def test_a_healthy_harness_is_found_healthy(adapter: Path) -> None:
    assert examine_sick(adapter, "healthy") == []


UNKNOWN = "an unknown operation is an error"
UNDECLARED = "an operation of an undeclared feature is unsupported"
OBSERVE = "observe tells who is alive, and each event once"
RESET = "reset leaves nothing of the old world"
NO_FAULT = "expected an 'error' with a 'message', got "


@pytest.mark.parametrize(
    ("disease", "name", "what", "fix"),
    [
        ("binds_labels_twice", "a label bound twice is an error", NO_FAULT + '{"ok": "started"}', "labels given"),
        ("performs_what_it_does_not_know", UNKNOWN, NO_FAULT + '{"ok": null}', "does not have"),
        ("refuses_what_it_does_not_know", UNKNOWN, NO_FAULT + '{"fail": {"kind": "unsupported"}}', "does not have"),
        ("takes_any_arguments", "malformed arguments are an error", NO_FAULT + '{"ok": null}', "check the arguments"),
        (
            "performs_what_it_does_not_declare",
            UNDECLARED,
            'expected a failure of kind unsupported, got {"ok": null}',
            "hello does not declare 'exit_signals'",
        ),
        (
            "errs_over_what_it_does_not_declare",
            UNDECLARED,
            'expected a failure of kind unsupported, got {"error": {"message": "no registry"}}',
            "hello does not declare 'registry'",
        ),
        (
            "performs_actions_that_it_does_not_declare",
            "an action of an undeclared feature is unsupported",
            'expected a failure of kind unsupported, got {"ok": null}',
            "hello does not declare 'links'",
        ),
        (
            "lets_no_probe_cast",
            "a probe casts, sends and spawns",
            'expected {"ok": 3}, got {"ok": 0}',
            "what one process casts to another is handled there like any cast",
        ),
        (
            "declares_what_is_not_written",
            "links work",
            (
                'expected {"ok": null}, got {"error": {"message": "link is declared by the features of hello, '
                'but not written yet: adapter.py, link"}}'
            ),
            "write it, or do not declare it",
        ),
        (
            "declares_a_part_without_the_whole",
            "the features of hello fit together",
            "expected 'dynamic_supervisor' to be declared together with 'supervisor'",
            "declare supervisor too",
        ),
        ("lies_that_it_can_settle", OBSERVE, "expected 'quiet' to be true or false", "only if observe can tell"),
        ("answers_every_call_with_zero", "a probe holds its value", 'expected {"ok": 41}, got {"ok": 0}', "'value'"),
        (
            "rounds_numbers",
            "a whole number of 71 bits passes unchanged",
            'expected {"ok": 1180591620717411303426}, got {"ok": 1180591620717411303424}',
            "53 or 64 bits",
        ),
        ("takes_any_backend", "an unknown backend is an error", NO_FAULT + '{"ok": "started"}', "does not list"),
        (
            "errs_over_unknown_labels",
            "an unknown label is noproc",
            'expected a failure of kind noproc, got {"error": {"message": "no such label"}}',
            "no 'error'",
        ),
        ("observes_without_names", "time passes, and 'now' tells it", "'names'", "section 6"),
        (
            "is_quiet_in_words",
            "time passes, and 'now' tells it",
            "expected 'quiet' to be true, false or null",
            "section 6",
        ),
        ("tells_events_again", OBSERVE, "expected every event in one observation only", "empty the log"),
        ("lists_nobody_alive", OBSERVE, "expected the event 'init' of p1, and p1 alive,", "every live process"),
        ("counts_seconds", "time passes, and 'now' tells it", "expected 'now' to grow by 50 or more", "milliseconds"),
        (
            "mangles_texts",
            "texts of every kind and length arrive",
            "expected the event 'info' with the text that was sent",
            "UTF-8",
        ),
        (
            "forgets_deaths",
            "stop ends a process, and the log tells it",
            "'terminate' and 'dead' of p1",
            "log 'terminate'",
        ),
        ("hides_crashes", "a crash reaches the caller and the log", "expected a failure of kind exit", "boom"),
        ("starts_what_refuses", "a start that fails is told with its reason", "start_failed", "for which init refused"),
        ("never_gives_up", "a call that is never answered times out", "expected an answer, got nothing", "in time"),
        (
            "waits_for_the_hung_at_reset",
            "a process that hangs does not hang the harness",
            "expected an answer, got nothing",
            "in time",
        ),
        ("keeps_processes", RESET, "expected 'alive' to be empty after `reset`", "begins a new world"),
        ("keeps_the_time", RESET, "expected 'now' to begin at 0 after `reset`", "begins a new world"),
        ("keeps_names", RESET, "expected 'names' to be empty after `reset`", "begins a new world"),
        (
            "stays_after_bye",
            "bye is answered, and the harness exits with 0",
            "expected the harness to exit within",
            "exit after bye",
        ),
        (
            "exits_with_three",
            "bye is answered, and the harness exits with 0",
            "expected exit code 0 after bye",
            "exit with 0",
        ),
    ],
)
def test_each_disease_is_named_with_its_remedy(adapter: Path, disease: str, name: str, what: str, fix: str) -> None:
    found = examine_sick(adapter, disease, patience_s=1.0)
    assert name in [result.name for result in found]
    result = next(result for result in found if result.name == name)
    assert what in result.what
    assert fix.replace("boom", "{'error': text}") in result.fix
    assert result.trail or "hello" in name


def test_labels_that_outlive_a_reset_are_found_at_once(adapter: Path) -> None:
    found = examine_sick(adapter, "keeps_labels", patience_s=1.0)
    assert {"is not bound yet" in result.what for result in found} == {True}


def test_a_death_of_a_wrong_reason_is_found_where_it_is_stopped_and_where_it_crashes(adapter: Path) -> None:
    found = [result.name for result in examine_sick(adapter, "calls_every_death_normal", patience_s=1.0)]
    assert found == ["stop ends a process, and the log tells it", "a crash reaches the caller and the log"]


ONE_LINE = "expected one JSON object per line on standard output"
END = "expected an answer, got end of file"


@pytest.mark.parametrize(
    ("beast", "what", "fix"),
    [
        ("exits_at_start", f"{END}: the harness exited with code 3", "last words on standard error"),
        ("prints_a_banner", ONE_LINE, "logs go to standard error"),
        ("speaks_another_version", "expected 'protocol' 1, got 2", "speak version 1"),
        ("declares_an_unknown_feature", "got 'teleport'", "name features exactly"),
        ("refuses_hello", "expected 'ok' with a description of the subject", "answer hello with 'ok'"),
        ("exits", f"{END}: the harness exited with code 7", "last words on standard error"),
        ("kills_itself", f"{END}: the harness was ended by SIGKILL", "find what sent that signal"),
        ("closes_standard_output", "the harness closed its standard output but runs on", "keep standard output open"),
        ("hangs", "expected an answer, got nothing for", "answer every request in time"),
        ("stops_in_the_middle_of_a_line", "half a line", "end every answer with a line feed"),
        ("ends_in_the_middle_of_a_line", "leaving half a line", "end every answer with a line feed"),
        ("writes_a_long_line", "expected a line of at most 1048576 bytes", "below 1 MiB"),
        ("never_ends_its_line", "expected a line of at most 1048576 bytes", "below 1 MiB"),
        ("answers_what_nobody_asked", "nobody asked for that one", "repeat the id"),
        ("answers_without_id", "an answer without an id", "repeat the id"),
        ("answers_with_a_text_as_id", "an id is a whole number", "not as a text"),
        ("writes_bytes", "expected UTF-8", "encode standard output as UTF-8"),
        ("debugs_on_standard_output", ONE_LINE, "logs go to standard error"),
        ("writes_nan", "NaN is not JSON", "numbers that JSON knows"),
        ("nests_too_deeply", "nested too deeply", "contains itself"),
        ("writes_a_list", ONE_LINE, "logs go to standard error"),
        ("answers_both", "'ok' and 'fail' at once", "answer with one of"),
        ("answers_neither", "none of them", "answer with one of"),
        ("fails_with_an_unknown_kind", "(in the answer of call.fail)", "table of operations"),
        ("answers_the_wrong_shape", "(in the answer of call)", "table of operations"),
    ],
)
def test_a_harness_that_breaks_is_survived_and_told_what_to_do(beast: str, what: str, fix: str) -> None:
    diagnosis = examine_command(sys.executable, str(HARNESSES / "bad.py"), beast, patience_s=0.5)
    found = [result for result in diagnosis.results if what in result.what]
    assert found
    assert fix in found[0].fix


@pytest.mark.parametrize("beast", ["answers_twice", "goes_on_answering"])
def test_a_second_answer_is_told_whenever_it_comes(beast: str) -> None:
    diagnosis = examine_command(sys.executable, str(HARNESSES / "bad.py"), beast, patience_s=0.5)
    fixes = {result.fix for result in diagnosis.results}
    assert fixes & {find_fix("that one has had its answer"), find_fix("expected nothing after the last answer")}


def test_answers_out_of_order_are_told() -> None:
    diagnosis = examine_command(sys.executable, str(HARNESSES / "bad.py"), "answers_out_of_order", patience_s=0.5)
    assert any("expected 'id'" in result.what for result in diagnosis.results)


def test_a_harness_that_broke_three_times_is_left_alone() -> None:
    diagnosis = examine_command(sys.executable, str(HARNESSES / "bad.py"), "exits", patience_s=0.5)
    assert diagnosis.results[-1].what == "the harness broke 3 times: mend that first"


def test_the_last_words_of_a_harness_that_broke_are_kept() -> None:
    diagnosis = examine_command(sys.executable, str(HARNESSES / "bad.py"), "exits", patience_s=0.5)
    assert next(result.stderr for result in diagnosis.results if result.stderr) == ("Traceback: out of ideas",)


def test_a_missing_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--command", "no-such-harness --stdio"]) == 1
    out = capsys.readouterr().out
    assert "no-such-harness" in out
    assert "fix: name a program that is there" in out


def test_a_healthy_harness_is_told_what_to_do_next(adapter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--command", f"{sys.executable} {adapter / 'adapter.py'}"]) == 0
    out = capsys.readouterr().out
    assert "ok     a probe holds its value\n" in out
    assert "nothing is wrong in 25 checks" in out
    assert "or the feature nested_call, which makes" in out


def test_a_sick_harness_is_shown_with_messages_and_remedy(adapter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = f"{sys.executable} {HARNESSES / 'sick.py'} {adapter} binds_labels_twice"
    assert cli.main(["doctor", "--command", words]) == 1
    out = capsys.readouterr().out
    assert "WRONG  a label bound twice is an error\n" in out
    assert '           -> spawn {"probe": {"value": 9}, "as": "p1"}\n           <- {"ok": "started"}\n' in out
    assert "         fix: keep the labels given since the last reset" in out
    assert "2 things to mend, in 25 checks; begin with the first" in out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "expected a subject"),
        (["--command", ""], "expected a command"),
        (["--command", "x", "--patience", "0"], "--patience"),
        (["referense"], "did you mean 'reference'"),
    ],
)
def test_wrong_usage_is_told_apart_from_a_sick_harness(
    words: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["doctor", *words]) == 2
    assert what in capsys.readouterr().err


def test_a_subject_in_process_is_asked_what_can_be_asked_of_it() -> None:
    diagnosis = examine(find_subject("reference"))
    assert diagnosis.is_fine
    left_out = {result.what for result in diagnosis.results if result.state == "left out"}
    assert left_out == {"only a harness behind a pipe can be asked"}
