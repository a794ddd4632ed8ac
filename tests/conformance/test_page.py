"""The page as a parser sees it: whole, escaped, small, and usable by everybody."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from letitcrash_conformance.page.document import build_page
from letitcrash_conformance.page.markup import Html, escape, prose, script_data, tag
from letitcrash_conformance.results import Finding
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.messages import Operation
from tests.support.findings import make_finding, make_result, make_unit
from tests.support.shown import (
    CHECKED,
    HOSTILE,
    make_full_unit,
    make_hello,
    make_six,
    make_supervised_finding,
    show,
)

VOID = {"input", "meta"}


@dataclass
class Node:
    """One element with what stands inside."""

    name: str
    attributes: dict[str, str]
    parent: Node | None = None
    children: list[Node] = field(default_factory=list["Node"])
    data: str = ""

    def all(self, *names: str) -> list[Node]:
        """Return the elements inside with one of these names, or all of them, in order."""
        found = [self] if self.name in names or (not names and self.attributes) else []
        return found + [node for child in self.children for node in child.all(*names)]

    @property
    def words(self) -> str:
        """Everything that is written inside."""
        return self.data + "".join(child.words for child in self.children)

    @property
    def text(self) -> str:
        """What is written in the element itself and not in others inside."""
        return "".join(child.data for child in self.children)


class Tree(HTMLParser):
    """Reads a page and complains about elements that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Node("", {})
        self.ids: list[str] = []
        self.feed(page)
        self.close()
        assert self.here is self.root, f"{self.here.name} is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs}, self.here)
        self.here.children.append(node)
        if "id" in node.attributes:
            self.ids.append(node.attributes["id"])
        if tag not in VOID:
            self.here = node

    def handle_endtag(self, tag: str) -> None:
        assert self.here.name == tag, f"{self.here.name} is closed by {tag}"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(Node("", {}, self.here, data=data))


@pytest.fixture(scope="module")
def page() -> str:
    return build_page(make_six())


@pytest.fixture(scope="module")
def tree(page: str) -> Node:
    return Tree(page).root


def data_of(tree: Node) -> dict[str, Any]:
    [element] = [node for node in tree.all("script") if node.attributes.get("id") == "data"]
    data: dict[str, Any] = json.loads(element.text)
    return data


def test_every_element_is_closed_and_every_id_is_given_once(page: str) -> None:
    ids = Tree(page).ids

    assert len(ids) == len(set(ids))


def test_the_page_needs_nothing_beside_itself(page: str, tree: Node) -> None:
    assert not tree.all("link", "iframe", "img", "object", "embed", "base")
    assert not [node for node in tree.all("script", "a", "form") if "src" in node.attributes]
    assert all(node.attributes["href"].startswith("#") for node in tree.all("a"))
    assert "url(" not in page
    assert "@import" not in page


def test_a_policy_forbids_every_script_but_the_pages_own(tree: Node) -> None:
    [policy] = [node for node in tree.all("meta") if node.attributes.get("http-equiv") == "Content-Security-Policy"]

    assert "default-src 'none'" in policy.attributes["content"]
    assert "unsafe" not in policy.attributes["content"]
    assert not [node for node in tree.all() if any(key.startswith("on") for key in node.attributes)]


def test_what_a_subject_says_is_never_markup(tree: Node) -> None:
    assert len(tree.all("script")) == 2
    assert not tree.all("img")
    assert "alert(2)" in tree.words


def test_what_a_reader_could_not_see_is_escaped(page: str, tree: Node) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)
    assert "\\x1b[2J\\u202e\\ud800" in tree.words


def test_data_cannot_end_its_element() -> None:
    text = script_data({"x": HOSTILE})

    assert not set("<>&") & set(text)
    assert json.loads(text) == {"x": HOSTILE}


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (escape("<b> & \"c\" 'd'"), "&lt;b&gt; &amp; &quot;c&quot; &#x27;d&#x27;"),
        (tag("p", "<b>", Html("<i></i>"), None, title='"'), '<p title="&quot;">&lt;b&gt;<i></i></p>'),
        (tag("input", id="a", hidden=True, value=None, checked=False), '<input id="a" hidden>'),
        (tag("path", d="M0"), '<path d="M0"></path>'),
        (tag("td", class_="x", aria_label="y"), '<td class="x" aria-label="y"></td>'),
        (prose("of `a<b` only"), "of <code>a&lt;b</code> only"),
    ],
)
def test_markup_is_escaped_on_its_way_in(markup: str, text: str) -> None:
    assert markup == text


def test_the_matrix_has_a_row_for_each_clause_and_a_column_for_each_run(tree: Node) -> None:
    rows = [row for row in tree.all("tr") if row.attributes.get("id")]

    assert [row.attributes["id"] for row in rows] == list(load_clauses())
    assert {len(row.children) for row in rows} == {8}
    assert load_clauses()["LNK-5"].text.replace("`", "") in rows[list(load_clauses()).index("LNK-5")].words


def test_verdicts_are_said_in_words_and_not_by_sign_or_colour_alone(tree: Node) -> None:
    [row] = [row for row in tree.all("tr") if row.attributes.get("id") == "LNK-1"]
    signs = [cell.children[0] for cell in row.children[2:]]

    assert [cell.text.strip() for cell in row.children[2:]] == [
        "passed",
        "passed",
        "failed",
        "failed",
        "passed",
        "passed",
    ]
    assert all(sign.attributes == {"aria-hidden": "true"} for sign in signs)


def test_tables_have_captions_and_headers_with_scopes(tree: Node) -> None:
    for table in tree.all("table"):
        assert table.children[0].name == "caption"
        assert all(head.attributes.get("scope") in ("col", "row", "colgroup") for head in table.all("th"))
        assert all(row.children[0].name == "th" for row in table.all("tr"))


def test_headings_go_down_one_step_at_a_time(tree: Node) -> None:
    levels = [int(node.name[1]) for node in tree.all("h1", "h2", "h3", "h4", "h5")]

    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_control_has_a_label_and_every_region_a_name(tree: Node) -> None:
    labels = {node.attributes["for"] for node in tree.all("label")}
    controls = {node.attributes["id"] for node in tree.all("select", "input")}
    ids = {node.attributes["id"] for node in tree.all("h2")}

    assert controls == labels == {"chapter", "keyword", "verdict", "subject", "words", "before", "after"}
    for node in tree.all("div", "section", "nav", "form"):
        if node.attributes.get("role") == "region" or node.name in ("section", "nav"):
            by = node.attributes.get("aria-labelledby")
            assert node.attributes.get("aria-label") or by in ids or by == "single-title"


def test_page_and_landmarks_are_declared(tree: Node) -> None:
    [html] = tree.all("html")

    assert html.attributes["lang"] == "en"
    assert [len(tree.all(name)) for name in ("header", "main", "footer", "title")] == [1, 1, 1, 1]
    assert any(node.attributes.get("name") == "viewport" for node in tree.all("meta"))


def test_the_first_stop_of_the_keyboard_leads_to_the_content_and_none_jumps_the_queue(tree: Node) -> None:
    assert tree.all("a")[0].attributes["href"] == "#main"
    assert all(node.attributes.get("tabindex", "0") in ("0", "-1") for node in tree.all())
    assert all(
        node.attributes.get("tabindex") == "0"
        for node in tree.all("div")
        if "scroll" in node.attributes.get("class", "").split()
    )


def test_links_lead_somewhere(page: str, tree: Node) -> None:
    ids = set(Tree(page).ids)

    assert {node.attributes["href"][1:] for node in tree.all("a")} <= ids


def test_a_failure_has_everything_that_the_terminal_says(tree: Node) -> None:
    [article] = [node for node in tree.all("article") if node.attributes.get("id") == "failure-3-STR-5"]
    clause = load_clauses()["STR-5"]
    words = article.words

    for expected in (
        "STR-5 MUST is broken by older 1.0",
        clause.text,
        clause.source,
        "What differs at step 5: what s1/b#2 reports",
        "s1/b#1 is gone",
        "The program that shows it (5 steps, shrunk from 24)",
        "cast s1/a#1 crash with 'c1'",
        "look fails here",
        "gets DOWN m1 of s1/a#1",
        "Before (as it was started)",
        "b: s1/b#2 differs",
        "older 1.0 (python, run as fake)",
        "letitcrash 0.1.0, seed 7",
        "letitcrash replay .letitcrash/STR-5-",
    ):
        assert expected in words


def test_the_timeline_is_drawn_with_lanes_arrows_deaths_and_the_step_that_fails(tree: Node) -> None:
    [article] = [node for node in tree.all("article") if node.attributes.get("id") == "failure-3-STR-5"]
    [svg] = article.all("svg")
    lanes = [node.text for node in svg.all("text") if node.attributes.get("class") == "lane"]
    kinds = {node.attributes.get("class") for node in svg.all("line", "path", "circle", "rect")}

    assert lanes == ["client", "s1", "p1", "s1/a", "s1/b"]
    assert {"life", "message", "birth", "notice", "signal", "head", "born", "dead", "fails", "wrong"} <= kinds
    assert svg.attributes["role"] == "img"
    assert "in words" in svg.attributes["aria-label"]


def test_what_is_drawn_stays_inside_the_picture(tree: Node) -> None:
    for svg in tree.all("svg"):
        width, height = float(svg.attributes["width"]), float(svg.attributes["height"])
        for node in svg.all("line", "circle", "text", "rect"):
            for key, value in node.attributes.items():
                if key in ("x", "x1", "x2", "cx"):
                    assert 0 <= float(value) <= width
                if key in ("y", "y1", "y2", "cy"):
                    assert 0 <= float(value) <= height


def test_a_run_without_its_end_is_shown_as_interrupted_and_never_as_conformant(tree: Node) -> None:
    [row] = [row for row in tree.all("tr") if row.children[0].words.startswith("slow 3")]

    assert row.all("strong")[0].text == "interrupted"
    assert "did not come to its end" in row.words
    assert "conformant" not in row.words


def test_six_runs_of_every_clause_stay_far_below_two_megabytes(page: str) -> None:
    assert len(CHECKED) > 200
    assert len(page.encode()) < 700_000


def test_a_page_full_of_failures_stays_below_two_megabytes_and_says_what_it_left_out() -> None:
    long = [Operation("cast", {"to": "s1/a#1", "msg": ["crash", f"{'x' * 40}{n}"]}) for n in range(40)]

    def grow(clause: str) -> Finding:
        finding = make_supervised_finding(clause)
        operations = (*finding.program.operations[:4], *long, finding.program.operations[4])
        answers = ({"ok": "started"}, {"ok": "started"}, *({"ok": None},) * 42, finding.answers[4])
        return make_finding(clause, operations=operations, answers=answers, index=44, differences=["y" * 5000] * 30)

    findings = [grow(clause) for clause in load_clauses()]
    results = [
        make_result(make_full_unit(findings), hello=make_hello(f"subject {number}", "9" * 20)) for number in range(6)
    ]
    page = build_page(show(*results))
    tree = Tree(page).root

    assert len(page.encode()) < 2_000_000
    assert "This page is full: the drawing is left out here." in tree.words
    assert "This page is full: the program is left out here." in tree.words
    assert re.search(r"This page is full: [\d,]+ failures more", tree.words)


def test_data_for_filters_and_comparison_match_the_matrix(tree: Node) -> None:
    data = data_of(tree)
    rows = {row.attributes["id"]: row for row in tree.all("tr") if row.attributes.get("id")}

    assert [clause["id"] for clause in data["clauses"]] == list(rows)
    for clause in data["clauses"]:
        words = [data["statuses"][cell[0]] for cell in clause["cells"]]
        assert words == [cell.text.strip() for cell in rows[clause["id"]].children[2:]]


def test_reasons_stand_once_and_are_found_from_every_cell(tree: Node) -> None:
    data = data_of(tree)
    [clause] = [clause for clause in data["clauses"] if clause["id"] == "N-1"]

    assert len(set(data["reasons"])) == len(data["reasons"])
    assert data["reasons"][clause["cells"][0][2]] == load_clauses()["N-1"].unchecked


def test_clauses_that_a_run_was_not_asked_for_say_so() -> None:
    results = [
        make_result(make_unit("LNK-1"), selected=["LNK-1"]),
        make_result(make_unit("GS-21"), selected=["GS-21"]),
    ]
    tree = Tree(build_page(show(*results))).root
    rows = {row.attributes["id"]: row.children[2:] for row in tree.all("tr") if row.attributes.get("id")}

    assert [cell.words.strip() for cell in rows["LNK-1"]] == ["✓ passed", "not asked for"]
    assert [cell.words.strip() for cell in rows["GS-21"]] == ["not asked for", "✓ passed"]


def test_one_run_has_a_page_too() -> None:
    tree = Tree(build_page(show(make_result(make_unit("LNK-1"), selected=["LNK-1"])))).root

    assert "No run broke a clause." in tree.words
    assert "A comparison needs a second report" in tree.words


def test_a_flaky_failure_tells_its_rate() -> None:
    unit = make_full_unit([make_finding("LNK-1", repeats=0, tries=5)])
    tree = Tree(build_page(show(make_result(unit, hello=make_hello())))).root

    assert "LNK-1 MUST is flaky on fake 1.2" in tree.words
    assert "0 of 5 repeats broke it again" in tree.words


def test_a_history_is_shown_in_columns() -> None:
    clients = [[{"op": "cast", "args": {"to": "p1", "msg": ["add", number]}}] for number in (1, 2)]
    spawn = Operation("spawn", {"as": "p1", "probe": {}})
    finding = make_finding(
        operations=(spawn, Operation("parallel", {"clients": clients})), answers=({"ok": "started"},)
    )
    tree = Tree(build_page(show(make_result(make_full_unit([finding]), hello=make_hello())))).root

    [program] = [node for node in tree.all("ol") if node.attributes.get("class") == "steps"]
    assert "at the same time, 2 clients" in program.words
    assert "cast p1 add 2" in program.all("pre")[0].text


# -- colours ---------------------------------------------------------------------------------------------------------

PAIRS = [
    *((ink, paper) for paper in ("paper", "raised") for ink in ("ink", "quiet", "link")),
    *((look, paper) for look in ("good", "bad", "warn") for paper in (f"{look}-paper", "paper")),
    ("ink", "good-paper"),
    ("ink", "bad-paper"),
    ("quiet", "bad-paper"),
]


def colours_of(page: str, theme: str) -> dict[str, tuple[float, ...]]:
    light, dark = re.findall(r":root \{(.*?)\}", page, flags=re.DOTALL)
    found = re.findall(r"--([a-z-]+): #([0-9a-f]{6})", light if theme == "light" else dark)
    return {name: tuple(int(code[n : n + 2], 16) / 255 for n in (0, 2, 4)) for name, code in found}


def luminance(colour: tuple[float, ...]) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_guidelines_say() -> None:
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), PAIRS)
def test_text_can_be_read_in_both_themes(page: str, theme: str, ink: str, paper: str) -> None:
    colours = colours_of(page, theme)

    assert contrast(colours[ink], colours[paper]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("paper", ["paper", "raised"])
def test_the_focus_can_be_seen_in_both_themes(page: str, theme: str, paper: str) -> None:
    colours = colours_of(page, theme)

    assert contrast(colours["focus"], colours[paper]) >= 3


def test_every_colour_of_the_style_is_one_of_the_two_themes(page: str) -> None:
    [style] = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    used = set(re.findall(r"var\(--([a-z-]+)\)", style))

    assert used <= set(colours_of(page, "light")) == set(colours_of(page, "dark"))
    assert len(re.findall(r"#[0-9a-f]{6}", style)) == 2 * len(colours_of(page, "light"))


def test_a_hostile_report_can_be_shown_alone() -> None:
    unit = replace(make_full_unit([make_supervised_finding("STR-5", HOSTILE)], trouble=HOSTILE))

    assert "alert(2)" in Tree(build_page(show(make_result(unit, hello=make_hello(HOSTILE))))).root.words
