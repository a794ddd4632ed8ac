"""Campaigns that learn from each other through databases of Hypothesis."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase, InMemoryExampleDatabase

from letitcrash_conformance.cli import main
from letitcrash_fuzz import share as share_module
from letitcrash_fuzz.campaign import campaign
from letitcrash_fuzz.share import LONGEST, Share, make_key, open_share
from letitcrash_fuzz.target import Target
from tests.support.planted import Forgetful

ROOT = Path(__file__).parents[2]
WHERE = ("reference", "registry", "async")


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # subjects are named as modules of the current folder


class Broken(ExampleDatabase):
    """Fails until it is mended."""

    def __init__(self) -> None:
        super().__init__()
        self.is_broken = True
        self.inner = InMemoryExampleDatabase()

    def save(self, key: bytes, value: bytes) -> None:
        if self.is_broken:
            raise ConnectionError("nobody there")
        self.inner.save(key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        if self.is_broken:
            raise ConnectionError("nobody there")
        return self.inner.fetch(key)

    def delete(self, key: bytes, value: bytes) -> None:
        self.inner.delete(key, value)


def fuzz(folder: Path, name: str, *more: str) -> int:
    return main(
        [
            *("fuzz", "tests.support.planted:Forgetful", "--chapter", "registry", "--minutes", "2"),
            *("--color", "never", "--corpus", str(folder / name), "--replay-dir", str(folder / f"{name}-replays")),
            *more,
        ]
    )


def test_a_second_campaign_finds_at_once_what_the_first_one_shared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "shared"
    key = make_key("find", *WHERE)
    first = fuzz(tmp_path, "first", "--seed", "1", "--runs", "25", "--share", str(place))
    shown = capsys.readouterr().out
    finds = list(DirectoryBasedExampleDatabase(place).fetch(key))
    DirectoryBasedExampleDatabase(place).save(key, b"\xff\x00 nobody's input \xfe" * 30)

    alone = campaign(Target(Forgetful, "registry", "async", "random", seed=2), 0, 1)
    second = fuzz(tmp_path, "second", "--seed", "2", "--runs", "1", "--engine", "random", "--share", str(place))
    shown_second = capsys.readouterr().out

    assert (first, alone.finds, second) == (1, [], 1), shown_second
    assert "shared    0 inputs read" in shown
    assert finds
    assert "found    " in shown_second
    assert list((tmp_path / "second-replays").glob("*.json"))


def test_entries_come_once_finds_first_and_foreign_ones_are_left_alone() -> None:
    database = InMemoryExampleDatabase()
    one = Share([("one", database)])
    one.give(b"some input", *WHERE)
    one.give(b"an input that finds something", *WHERE, is_find=True)
    one.give(b"of another chapter", "reference", "links", "async")
    one.close()
    database.save(make_key("input", *WHERE), b"x" * (LONGEST + 1))
    two = Share([("one", database)])

    assert two.take(*WHERE) == [b"an input that finds something", b"some input"]
    assert two.take(*WHERE) == []
    assert one.take(*WHERE) == []
    assert (one.given, two.taken) == (3, 2)


def test_a_database_that_fails_is_told_once_and_gets_later_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_module, "PAUSE_S", 0.0)
    broken: Any = Broken()
    whole = InMemoryExampleDatabase()
    share = Share([("that one", broken), ("this one", whole)])
    share.give(b"an input", *WHERE)
    share.close()

    [complaint] = share.complaints()
    assert "that one cannot be reached (nobody there)" in complaint
    assert share.complaints() == []
    key = make_key("input", *WHERE)
    assert list(whole.fetch(key)) == [b"an input"]
    broken.is_broken = False
    share.close()
    assert list(broken.fetch(key)) == [b"an input"]


@pytest.mark.parametrize("place", ["ftp://somewhere/x", "", "/dev/null/folder"])
def test_a_place_that_cannot_be_one_is_refused(place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz(tmp_path, "campaign", "--share", place) == 2
    assert "with --share, got" in capsys.readouterr().err


def test_a_redis_server_without_its_package_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)

    assert fuzz(tmp_path, "campaign", "--share", "redis://localhost:6379/0") == 2
    error = capsys.readouterr().err.strip()
    assert 'pip install "letitcrash[redis]"' in error
    assert len(error.splitlines()) == 1


def test_sharing_goes_with_campaigns_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz(tmp_path, "campaign", "--share", str(tmp_path / "shared"), "--minimize") == 2
    assert "expected --share without --minimize" in capsys.readouterr().err


def test_several_places_are_one() -> None:
    places = [InMemoryExampleDatabase(), InMemoryExampleDatabase()]
    places[0].save(make_key("input", *WHERE), b"here")
    places[1].save(make_key("input", *WHERE), b"there")

    assert Share([(str(number), place) for number, place in enumerate(places)]).take(*WHERE) == [b"here", b"there"]


def test_no_place_is_no_error() -> None:
    assert open_share([]).take(*WHERE) == []
