"""The clause files: complete, in order, and refused with a precise word if broken."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from letitcrash_spec import (
    CHAPTERS,
    FEATURES,
    CatalogueError,
    Clause,
    Keyword,
    Profile,
    UnknownClauseError,
    find_clauses,
    load_chapters,
    load_clauses,
    sort_key,
)
from letitcrash_spec.clausefile import parse_chapter, read_chapter

IDS: dict[str, list[str]] = {
    "exits": [f"EXIT-{n}" for n in range(1, 30)],
    "links": [f"LNK-{n}" for n in range(1, 22)],
    "monitors": [f"MON-{n}" for n in range(1, 24)],
    "registry": [*(f"REG-{n}" for n in range(1, 21)), *(f"REG-X{n}" for n in range(1, 14))],
    "genserver": [f"GS-{n}" for n in (*range(1, 15), *range(20, 46), *range(50, 65))],
    "supervisor": [f"SUP-{n}" for n in (*range(1, 18), *range(20, 28), *range(30, 42), *range(50, 57))],
    "strategies": [f"STR-{n}" for n in (*range(1, 22), *range(30, 38))],
    "intensity": [f"INT-{n}" for n in range(1, 17)],
    "shutdown": [f"SHUT-{n}" for n in range(1, 17)],
    "dynamic_supervisor": [*(f"DYN-E{n}" for n in range(1, 14)), *(f"DYN-S{n}" for n in range(1, 14))],
    "timers": [f"TIM-{n}" for n in range(1, 13)],
    "backends": [f"BACK-{n}" for n in range(1, 13)],
    "nondeterminism": [f"N-{n}" for n in range(1, 21)],
}
"""Every id that these chapters have; ids never change."""


@pytest.mark.parametrize("word", IDS)
def test_a_chapter_has_exactly_its_clauses_in_natural_order(word: str) -> None:
    chapter = next(chapter for chapter in load_chapters() if chapter.word == word)

    assert [clause.id for clause in chapter.clauses] == IDS[word]


def test_the_catalogue_holds_every_chapter_in_reading_order() -> None:
    known = [word for word in CHAPTERS if word in IDS]

    assert known == list(IDS)
    assert [chapter.word for chapter in load_chapters()] == list(CHAPTERS)
    assert list(load_clauses()) == [clause.id for chapter in load_chapters() for clause in chapter.clauses]


def test_ids_sort_by_chapter_and_then_by_number() -> None:
    shuffled = ["GS-1", "LNK-10", "REG-X2", "LNK-2", "EXIT-29", "REG-20", "REG-X10", "REG-3", "N-1"]

    assert sorted(shuffled, key=sort_key) == [
        "EXIT-29",
        "LNK-2",
        "LNK-10",
        "REG-3",
        "REG-20",
        "REG-X2",
        "REG-X10",
        "GS-1",
        "N-1",
    ]
    assert sorted(load_clauses(), key=sort_key) == list(load_clauses())


def test_what_is_no_id_cannot_be_sorted() -> None:
    with pytest.raises(ValueError, match="expected a clause id such as 'LNK-7', got 'links'"):
        sort_key("links")


def test_every_clause_says_either_what_checks_it_or_why_nothing_does() -> None:
    assert [c.id for c in load_clauses().values() if bool(c.checked_by) == bool(c.unchecked)] == []


def test_every_intent_is_a_sentence_of_its_own() -> None:
    clauses = list(load_clauses().values())
    intents = [clause.intent for clause in clauses]

    assert [i for i, group in itertools.groupby(sorted(intents)) if len(list(group)) > 1] == []
    assert [c.id for c in clauses if c.intent in c.text or c.text in c.intent or len(c.intent.split()) < 6] == []


def test_what_is_not_promised_to_anybody_but_the_suite_is_not_checked_on_a_subject() -> None:
    assert [c.id for c in find_clauses(profile="suite") if c.is_checked] == []
    assert {c.chapter for c in find_clauses(profile="suite")} == {"nondeterminism"}


def test_the_names_of_features_are_those_of_the_hello() -> None:
    assert {feature for clause in load_clauses().values() for feature in clause.features} <= set(FEATURES)


def test_a_clause_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_clauses()["LNK-7"].text = "anything"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("LNK-7", ["LNK-7"]),
        ("lnk-7", ["LNK-7"]),
        (" LNK-7 ", ["LNK-7"]),
        ("LNK", IDS["links"]),
        ("links", IDS["links"]),
        ("Links", IDS["links"]),
        ("LNK-*", IDS["links"]),
        ("LNK-1?", [f"LNK-{n}" for n in range(10, 20)]),
        ("REG", IDS["registry"]),
        ("REG-X", [f"REG-X{n}" for n in range(1, 14)]),
        ("REG-[!X]*", [f"REG-{n}" for n in range(1, 21)]),
        ("N", IDS["nondeterminism"]),
        ("*", [clause_id for ids in IDS.values() for clause_id in ids]),
    ],
)
def test_a_selection_names_clauses(selection: str, expected: list[str]) -> None:
    assert [clause.id for clause in find_clauses(selection)] == expected


def test_several_selections_are_joined_in_natural_order_without_repetition() -> None:
    found = find_clauses("LNK-7", "EXIT-2", "LNK-7", "LNK-6")

    assert [clause.id for clause in found] == ["EXIT-2", "LNK-6", "LNK-7"]


def test_no_selection_means_every_clause() -> None:
    assert list(find_clauses()) == list(load_clauses().values())


@pytest.mark.parametrize(
    ("selection", "nearest"),
    [("LNK-77", "LNK-7"), ("lnks", "links"), ("monitor", "monitors"), ("GENSERVR", "genserver"), ("REG-X99", "REG-X9")],
)
def test_an_unknown_selection_names_the_nearest_match(selection: str, nearest: str) -> None:
    with pytest.raises(UnknownClauseError, match=f"got '{selection}': did you mean {nearest}\\?") as caught:
        find_clauses(selection)

    assert caught.value.nearest[0] == nearest
    assert caught.value.selection == selection


@pytest.mark.parametrize("selection", ["", "zzzz", "LNK-[", "LNK-9?9", "GS-15"])
def test_a_selection_that_fits_nothing_is_refused(selection: str) -> None:
    with pytest.raises(UnknownClauseError, match="`letitcrash spec` lists every clause"):
        find_clauses("LNK-1", selection)


def test_filters_narrow_a_selection() -> None:
    assert {c.keyword for c in find_clauses(keyword="must not")} == {Keyword.MUST_NOT}
    assert {c.keyword for c in find_clauses(keyword="MUST_NOT")} == {Keyword.MUST_NOT}
    assert {c.profile for c in find_clauses("REG", profile="elixir-registry")} == {Profile.ELIXIR_REGISTRY}
    assert [c.id for c in find_clauses("MON", text="INFO")] == ["MON-11"]
    assert find_clauses("LNK", text="registry of wonders") == ()


def test_an_unknown_keyword_or_profile_names_the_nearest() -> None:
    with pytest.raises(UnknownClauseError, match="expected a keyword, got 'MOST': did you mean MUST\\?"):
        find_clauses(keyword="MOST")
    with pytest.raises(UnknownClauseError, match="expected a profile, got 'x': there are core, beam"):
        find_clauses(profile="x")


def test_a_broken_expression_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a regular expression as text, got '\(':"):
        find_clauses(text="(")


GOOD = """
title = "Toys"
prefix = "TOY"
about = "About toys."

[defaults]
verified = ["OTP 25"]
time = "no"
profile = "core"
features = ["genserver"]

[[section]]
title = "All"
first = "TOY-1"

[[clause]]
id = "TOY-1"
keyword = "MUST"
text = "It squeaks."
intent = "Silent toys bore everybody."
source = "toys:squeak/1"
checked_by = ["model", "scenario:a_squeak"]

[[clause]]
id = "TOY-2"
keyword = "MAY"
text = "It rolls."
intent = "Wheels are for everybody."
source = "toys:roll/0"
time = "clock"
features = []
unchecked = "Nobody looks."
"""


def test_a_clause_takes_what_it_does_not_say_from_the_defaults() -> None:
    chapter = parse_chapter("toys", GOOD)

    first, second = chapter.clauses
    assert (chapter.title, chapter.prefix, [s.title for s in chapter.sections]) == ("Toys", "TOY", ["All"])
    assert (first.verified, first.time, first.features) == (("OTP 25",), "no", ("genserver",))
    assert (first.checked_by, first.unchecked, first.is_checked) == (("model", "scenario:a_squeak"), "", True)
    assert (second.time, second.features, second.unchecked, second.is_checked) == ("clock", (), "Nobody looks.", False)


def test_a_default_reason_does_not_touch_clauses_that_are_checked() -> None:
    text = GOOD.replace('time = "no"', 'time = "no"\nunchecked = "Nobody can."').replace(
        'unchecked = "Nobody looks."', ""
    )

    chapter = parse_chapter("toys", text)

    assert [clause.unchecked for clause in chapter.clauses] == ["", "Nobody can."]


@pytest.mark.parametrize(
    ("old", "new", "message", "place"),
    [
        ('keyword = "MUST"', 'keyword = "SHALL"', "expected one of MUST,", ("TOY-1", "keyword")),
        ('keyword = "MUST"', "", "got None", ("TOY-1", "keyword")),
        ('text = "It squeaks."', 'text = ""', "expected a text, got ''", ("TOY-1", "text")),
        ('text = "It squeaks."', 'text = "It squeaks"', "ending in a full stop", ("TOY-1", "text")),
        ('intent = "Wheels are for everybody."', "", "expected a text, got None", ("TOY-2", "intent")),
        ('source = "toys:roll/0"', "source = 3", "expected a text, got 3", ("TOY-2", "source")),
        ('id = "TOY-2"', 'id = "TOY-1"', "expected each id once", ("TOY-1", "id")),
        ('id = "TOY-1"', 'id = "TOY-10"', "in the order of their ids", ("TOY-2", "")),
        ('id = "TOY-2"', 'id = "DOG-2"', "of the form 'TOY-7'", ("DOG-2", "id")),
        ('id = "TOY-2"', "", "expected a text, got None", ("clause 2 of the file", "id")),
        ('time = "clock"', 'time = "soon"', "expected one of no, quiet, clock", ("TOY-2", "time")),
        ("features = []", 'features = ["wheels"]', "got 'wheels'", ("TOY-2", "features")),
        ("features = []", 'features = "links"', "expected a list of texts", ("TOY-2", "features")),
        ('unchecked = "Nobody looks."', "", "got 'neither'", ("TOY-2", "checked_by")),
        (
            'unchecked = "Nobody looks."',
            'unchecked = "x"\nchecked_by = ["model"]',
            "got 'both'",
            ("TOY-2", "checked_by"),
        ),
        ('checked_by = ["model"', 'checked_by = ["magic"', "got 'magic'", ("TOY-1", "checked_by")),
        ('time = "clock"', 'colour = "red"', "expected a field of", ("TOY-2", "colour")),
        ('first = "TOY-1"', 'first = "TOY-9"', "the id of a clause in this file", ("section 1", "first")),
        ('title = "Toys"', 'tittle = "Toys"', "expected a field of", ("", "tittle")),
        ('time = "no"', 'speed = "no"', "expected a field of", ("defaults", "speed")),
        ('title = "Toys"', "title = ", "expected TOML, got an error", ("", "")),
    ],
)
def test_a_broken_file_is_refused_by_file_clause_and_field(
    old: str, new: str, message: str, place: tuple[str, str]
) -> None:
    assert old in GOOD

    with pytest.raises(CatalogueError) as caught:
        parse_chapter("toys", GOOD.replace(old, new, 1))

    error = caught.value
    assert message in str(error)
    assert str(error).startswith("toys.toml")
    assert (error.file, error.clause, error.field) == ("toys.toml", *place)


def test_a_missing_clause_file_is_named() -> None:
    with pytest.raises(CatalogueError, match=r"toys\.toml: expected a clause file of this name, got none"):
        read_chapter("toys")


def test_texts_are_free_of_line_ends_and_double_blanks() -> None:
    def texts(clause: Clause) -> tuple[str, ...]:
        return clause.text, clause.intent, clause.source, clause.unchecked

    assert [c.id for c in load_clauses().values() if any("\n" in t or "  " in t for t in texts(c))] == []
