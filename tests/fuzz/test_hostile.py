"""Broken answers, files and requests: whoever reads them ends with an answer or a clear error."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import pytest

from letitcrash_conformance.adapters import LANGUAGES
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.known_file import parse_known
from letitcrash_conformance.session import Session
from letitcrash_conformance.wire import CommandSubject
from letitcrash_fuzz.hostile import attack_reader, main
from letitcrash_fuzz.hostile_kits import attack, open_kit, write_stream
from letitcrash_fuzz.hostile_readers import READERS
from letitcrash_fuzz.noise import break_bytes, break_json, draw_bytes
from letitcrash_spec.clausefile import parse_chapter
from letitcrash_spec.errors import CatalogueError

HARNESS = """\
import sys, base64
sys.stdin.readline()
sys.stdout.buffer.write(base64.b64decode(sys.argv[1]))
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.mark.parametrize("name", [name for name in READERS if name != "reports"])
def test_what_is_read_in_vain_ends_in_a_clear_error(name: str) -> None:
    number, breaches = attack_reader(name, seed=7, attempts=60, seconds=60)

    assert number > 10
    assert breaches == []


@pytest.mark.parametrize("text", ["a = " + "9" * 5_000, "a = " + "[" * 3_000, "a" + ".a" * 3_000 + "= 1"])
def test_numbers_and_nesting_beyond_all_bounds_are_mistakes_of_the_file(text: str) -> None:
    with pytest.raises(CatalogueError, match="expected"):
        parse_chapter("links", text)
    with pytest.raises(UsageError, match="expected"):
        parse_known(text, "known.toml")


def test_a_harness_of_noise_is_named_as_the_one_at_fault() -> None:
    from base64 import b64encode

    chance = random.Random(5)
    for _ in range(4):
        noise = draw_bytes(chance) + b"\n"
        words = [sys.executable, "-S", "-c", HARNESS, b64encode(noise).decode("ascii")]
        with pytest.raises(SubjectError, match="expected"):
            Session(CommandSubject(words, start_timeout_s=60))


def test_the_kit_for_python_answers_whatever_is_sent() -> None:
    with open_kit("python") as folder:
        wrong = [attack(folder, LANGUAGES["python"].command, write_stream(random.Random(seed))) for seed in range(4)]

    assert wrong == [""] * 4


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_kit_for_javascript_answers_a_text_that_does_not_end() -> None:
    with open_kit("javascript") as folder:
        wrong = attack(folder, LANGUAGES["javascript"].command, b'{"id": 1, "' + b"x" * 300_000 + b"\n")

    assert wrong == ""


def test_a_kit_that_dies_with_a_trace_is_caught(tmp_path: Path) -> None:
    command = (sys.executable, "-S", "-c", "raise ValueError(1)")

    assert "expected a clear message, got a trace" in attack(tmp_path, command, b"")
    assert "expected JSON" in attack(tmp_path, (sys.executable, "-S", "-c", "print('hello')"), b"")


def test_the_same_seed_breaks_in_the_same_way() -> None:
    value = {"a": [1, {"b": None}], "c": "text"}

    for seed in range(50):
        one, two = random.Random(seed), random.Random(seed)
        assert repr(break_json(value, one)) == repr(break_json(value, two))
        assert break_bytes(b"0123456789", one) == break_bytes(b"0123456789", two)
    assert value == {"a": [1, {"b": None}], "c": "text"}


def test_what_broke_is_shown_with_its_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(text: str) -> float:
        return len(text) / 0

    monkeypatch.setattr("letitcrash_conformance.framing._decode", stumble)

    code = main(["answers", "--attempts", "40", "--seed", "3"])

    assert code == 1
    shown = capsys.readouterr().out
    assert "BROKEN" in shown
    assert "of seed 3: ZeroDivisionError" in shown


def test_an_interrupt_ends_the_attacks_in_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("letitcrash_fuzz.hostile.attack_reader", interrupt)
    assert main(["answers"]) == 130
    assert capsys.readouterr().out == "answers          interrupted\n"
