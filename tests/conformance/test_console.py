"""What a terminal shows while a run goes on, and how plain it is elsewhere."""

from __future__ import annotations

import io

import pytest

from letitcrash_conformance.console import Color, LiveProgress, PlainProgress, Screen, is_colored, is_lively
from letitcrash_conformance.render_lines import Line
from letitcrash_conformance.results import Unit
from tests.support.findings import HELLO, UNIT, make_finding, make_unit


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.parametrize(
    ("file", "env", "expected"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "", "CI": ""}, True),
        (Terminal(), {"CI": "true"}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_what_moves_is_for_terminals_that_want_it(file: io.StringIO, env: dict[str, str], expected: bool) -> None:
    assert is_lively(file, env) is expected


@pytest.mark.parametrize(
    ("file", "color", "env", "expected"),
    [
        (Terminal(), "auto", {}, True),
        (io.StringIO(), "auto", {}, False),
        (Terminal(), "auto", {"CI": "true"}, False),
        (io.StringIO(), "auto", {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), "auto", {"FORCE_COLOR": ""}, False),
        (Terminal(), "auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (io.StringIO(), "always", {"NO_COLOR": "1"}, True),
        (Terminal(), "never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_are_what_was_asked_for_then_what_the_environment_wants(
    file: io.StringIO, color: Color, env: dict[str, str], expected: bool
) -> None:
    assert is_colored(file, color, env) is expected


def test_forced_colours_bring_no_live_display_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    screen = Screen(io.StringIO())

    assert screen.is_colored
    assert not screen.is_lively
    assert not Screen(Terminal(), "never").is_lively


def test_styles_are_shown_on_a_terminal_and_left_out_elsewhere() -> None:
    lines = [Line("all well", "good"), Line(""), Line("plain")]
    terminal, file = Terminal(), io.StringIO()

    Screen(terminal).show(lines)
    Screen(file).show(lines)

    assert terminal.getvalue() == "\x1b[32mall well\x1b[0m\n\nplain\n"
    assert file.getvalue() == "all well\n\nplain\n"


def test_what_a_subject_says_cannot_steer_the_terminal() -> None:
    terminal = Terminal()

    Screen(terminal).show([Line("\x1b[2J\x9b31mgone\u202e", "bad")])

    assert terminal.getvalue() == "\x1b[31m\\x1b[2J\\x9b31mgone\\u202e\x1b[0m\n"


def test_what_a_stream_cannot_encode_is_printed_as_escapes() -> None:
    bytes_written = io.BytesIO()
    file = io.TextIOWrapper(bytes_written, encoding="ascii")

    Screen(file).put("caf\u00e9")

    assert bytes_written.getvalue() == b"caf\\xe9\n"


def test_plain_progress_is_one_line_for_each_thing_that_happens() -> None:
    file = io.StringIO()
    progress = PlainProgress(Screen(file))
    progress.on_hello(HELLO)
    progress.on_unit_started(UNIT)
    progress.on_progress(UNIT, 5, 100)
    progress.on_finding(make_finding())
    progress.on_finding(make_finding("LNK-1", repeats=0))
    progress.on_unit_finished(make_unit("LNK-1", findings=[make_finding()]))
    progress.on_unit_finished(make_unit("LNK-1", unit=Unit("links", "two", 20, 7, first=200)))
    progress.on_unit_finished(make_unit(trouble="end of file\nwith a tail"))
    progress.on_unit_finished(make_unit(unsupported="the subject does not declare links"))
    progress.close()

    assert file.getvalue().splitlines() == [
        "subject  fake 1.2 (python), backends one, two, virtual clock",
        "found    GS-21 in links on one, 3 steps: the answer of call",
        "flaky    LNK-1 in links on one, 3 steps: the answer of call",
        "failed   links on one: GS-21; 20 programs, 400 operations (0.2 s)",
        "ok       links on two from program 200: 20 programs, 400 operations (0.2 s)",
        "broken   links on one: end of file",
        "skipped  links on one: not supported, the subject does not declare links",
    ]


def test_a_long_unit_speaks_up_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("letitcrash_conformance.console.time.monotonic", lambda: now)
    file = io.StringIO()
    progress = PlainProgress(Screen(file))
    progress.on_progress(UNIT, 1, 10)
    now += 60
    progress.on_progress(UNIT, 5, 100)
    progress.on_progress(UNIT, 6, 120)

    assert file.getvalue() == "running  links on one: 5 of about 20 programs, 100 operations\n"


def test_live_progress_shows_findings_above_its_bar() -> None:
    terminal = Terminal()
    progress = LiveProgress(Screen(terminal), lambda hello: len(hello.backends) * 20)
    progress.on_hello(HELLO)
    progress.on_unit_started(UNIT)
    progress.on_progress(UNIT, 5, 100)
    progress.on_finding(make_finding())
    progress.on_unit_finished(make_unit("LNK-1"))
    progress.on_unit_finished(make_unit(unsupported="the subject does not declare links"))
    progress.close()
    progress.close()

    shown = terminal.getvalue()
    assert "found    GS-21 in links on one, 3 steps: the answer of call" in shown
    assert "skipped  links on one" in shown
    assert "of 40 programs" in shown
    assert "ok       links on one" not in shown


def test_live_progress_can_be_closed_before_the_subject_says_hello() -> None:
    terminal = Terminal()
    progress = LiveProgress(Screen(terminal), lambda hello: 0, is_verbose=True)
    progress.on_finding(make_finding())
    progress.close()

    assert "found    GS-21" in terminal.getvalue()
