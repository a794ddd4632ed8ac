"""Known failures: how their file is read, what they excuse, and what is wrong with them after a run."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from letitcrash_conformance import cli
from letitcrash_conformance.badge import build_badge
from letitcrash_conformance.cli_listeners import Everybody
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.inprocess import Refused
from letitcrash_conformance.junit import build_junit
from letitcrash_conformance.known import Entry, Known
from letitcrash_conformance.known_file import parse_known
from letitcrash_conformance.known_stale import ENOUGH
from letitcrash_conformance.markdown import build_markdown
from letitcrash_conformance.page.document import build_page
from letitcrash_conformance.results import RunResult, Unit, UnitResult, Verdict
from letitcrash_conformance.run import run
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_conformance.tally import Status, count_up
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.messages import Json
from tests.support.findings import make_finding, make_result, make_unit
from tests.support.planted import Forgetful
from tests.support.shown import show

DAY = date(2026, 6, 1)
GOOD = """\
# our failures
[[known]]
clause = "REG-1"
kind = "failing"
reason = "names are not looked up"
"""
QUICK = ["--chapter", "registry", "--backend", "async", "--budget", "30", "--seed", "1", "-n", "1"]
PLANTED = "tests.support.planted"


class Miscounting(ReferenceSubject):
    """Answers every call wrongly that adds or gets a number, and takes no name away."""

    async def call(self, to: Json, msg: list[Any], timeout_ms: int = 5000) -> Json:
        answer = await super().call(to, msg, timeout_ms)
        return answer + 1 if msg[0] in ("add", "get") and isinstance(answer, int) else answer

    async def unregister(self, name: str) -> None:
        raise Refused("not_registered")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", [*sys.path])


def judge(make: Callable[[], Any], known: Known, *, budget: int = 40) -> RunResult:
    return run(
        make,
        subject="planted",
        selected=frozenset(load_clauses()),
        listener=Everybody([]),
        chapters=["registry"],
        backends=["async"],
        budget=budget,
        seed=1,
        known=known,
    )


def know(*ids: str, **fields: Any) -> Known:
    return Known("known.toml", tuple(Entry(identity, "failing", "so it is", **fields) for identity in ids))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[known]\n", "got a mistake: .*line 1"),
        ("[[knwon]]\n", "expected \\[\\[known\\]\\] in k.toml, got 'knwon'; did you mean 'known'"),
        ("[known]\nclause = 'REG-1'\n", "write two brackets"),
        ("known = [3]\n", "expected an entry in entry 1 of k.toml, got 3"),
        (
            GOOD.replace("kind", "kynd"),
            "expected a key of an entry, got 'kynd'; did you mean 'kind'\\? \\(line 2 of k.toml\\)",
        ),
        (GOOD.replace("failing", "flakey"), "got 'flakey'; did you mean 'flaky'"),
        (GOOD.replace('kind = "failing"\n', ""), "expected 'kind' to be 'failing' or 'flaky', got nothing"),
        (GOOD.replace("REG-1", "REG-l"), "expected the id of a clause, got 'REG-l'; did you mean REG-"),
        (GOOD.replace("REG-1", "reg-1"), "did you mean REG-1"),
        (GOOD.replace("REG-1", "N-1"), "expected a clause that is checked, got N-1"),
        (GOOD.replace('clause = "REG-1"\n', ""), "expected 'clause' or 'property' in an entry, got neither"),
        (GOOD + 'property = "scenario:x"\n', "got both"),
        (GOOD.replace('clause = "REG-1"', 'property = "x"'), "expected the name of a scenario, got 'x'"),
        (GOOD.replace('"names are not looked up"', '" "'), "expected 'reason' to be why it is known"),
        (GOOD.replace('"names are not looked up"', "7"), "expected 'reason' .* got 7"),
        (GOOD + "until = 3\n", "expected 'until' to be a date such as 2027-01-31, got 3"),
        (GOOD + "until = 2026-01-01T10:00:00\n", "expected 'until' to be a date"),
        (GOOD + 'until = "soon"\n', "expected 'until' to be a date"),
        (GOOD + 'runs = "6 of 5"\n', "expected 'runs' to be a text such as '3 of 5'"),
        (GOOD + "budget = true\n", "expected 'budget' to be a number of programs"),
        (GOOD + "where = 'links on thread'\n", "expected 'where' to be a list"),
        (GOOD + "\n" + GOOD, "expected one entry for REG-1 in k.toml, got a second one in line 8 .* line 2 already"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_known(text, "k.toml", today=DAY)


def test_lines_are_right_also_behind_texts_of_several_lines() -> None:
    tricky = GOOD + 'link = """\n[[known]]\n"""\n\n' + GOOD.replace("REG-1", "REG-2")

    assert [entry.line for entry in parse_known(tricky, "k.toml", today=DAY)] == [2, 11]


def test_an_entry_holds_through_its_last_day() -> None:
    text = GOOD + "until = 2026-05-31\n"

    assert parse_known(text, "k.toml", today=DAY).entries[0].is_expired
    assert not parse_known(text, "k.toml", today=date(2026, 5, 31)).entries[0].is_expired


def test_a_known_failure_is_shown_and_does_not_count() -> None:
    tally = count_up(judge(Forgetful, know("REG-1")))

    assert tally.verdict is not Verdict.VIOLATION
    assert [finding.violation.clause for finding in tally.known] == ["REG-1"]
    assert next(each for each in tally.clauses if each.clause.id == "REG-1").status is Status.KNOWN
    assert not tally.complaints


def test_a_known_failure_in_nearly_every_program_hides_no_other() -> None:
    unknown = {f.violation.clause for f in count_up(judge(Miscounting, Known())).violations}
    often = tuple(clause for clause in unknown if clause.startswith("GS-"))

    tally = count_up(judge(Miscounting, know(*often), budget=120))

    assert often
    found = {finding.violation.clause for finding in tally.violations}
    assert any(clause.startswith("REG-") for clause in found)
    assert not found & set(often)
    assert tally.examples >= 120, "a known failure ends no unit early"


def test_what_stands_behind_a_known_failure_is_judged() -> None:
    blind = count_up(judge(Miscounting, Known()))
    seeing = count_up(judge(Miscounting, Known("", (), accepts_all=True)))

    assert seeing.counts[Status.PASSED] >= blind.counts[Status.PASSED]
    assert {f.violation.clause for f in seeing.known} >= {f.violation.clause for f in blind.violations}


def test_an_expired_entry_excuses_nothing() -> None:
    tally = count_up(judge(Forgetful, know("REG-1", is_expired=True, until=date(2025, 1, 1))))

    assert tally.verdict is Verdict.VIOLATION
    assert tally.complaints[0].what.startswith("was accepted until 2025-01-01 and it is still broken")


def test_an_entry_for_a_scenario_excuses_that_scenario_and_not_the_search() -> None:
    tally = count_up(judge(Forgetful, know("scenario:a_name_leads_to_its_holder"), budget=60))

    assert [finding.program.origin for finding in tally.known] == ["scenario:a_name_leads_to_its_holder"]
    assert [finding.violation.clause for finding in tally.violations] == ["REG-1"]
    assert tally.violations[0].program.origin != "scenario:a_name_leads_to_its_holder"


@pytest.mark.parametrize(
    ("units", "fields", "is_stale"),
    [
        ([UnitResult(Unit("registry", "one", 250, 1), 250)], {}, True),
        ([UnitResult(Unit("registry", "one", 30, 1), 30)], {}, False),  # too small a run
        ([UnitResult(Unit("links", "one", 250, 1), 250)], {}, False),  # another chapter
        ([UnitResult(Unit("registry", "one", 30, 1), 30)], {"budget": 30, "where": ("registry on one",)}, True),
        ([UnitResult(Unit("registry", "one", 30, 1), 30)], {"budget": 30, "where": ("world on one",)}, False),
        ([UnitResult(Unit("registry", "one", 30, 1), 12)], {"budget": 30, "where": ("registry on one",)}, False),
    ],
)
def test_an_entry_is_stale_if_the_run_did_what_it_takes_to_find_it(
    units: list[UnitResult], fields: dict[str, Any], is_stale: bool
) -> None:
    units[0].exercised["REG-1"] = ENOUGH
    result = make_result(*units)
    result.known = know("REG-1", **fields)

    assert bool(count_up(result).complaints) == is_stale


@pytest.mark.parametrize("spoil", ["flaky", "selected", "interrupted", "trouble", "seen", "held"])
def test_an_entry_is_not_stale_where_the_run_cannot_tell(spoil: str) -> None:
    unit = UnitResult(Unit("registry", "one", 250, 1), 250)
    unit.exercised["REG-1"] = 0 if spoil == "held" else ENOUGH
    if spoil == "trouble":
        unit.trouble = make_unit(trouble="broke").trouble
    if spoil == "seen":
        unit.findings.append(make_finding("REG-1", known="REG-1"))
    result = make_result(
        unit, selected=["REG-2"] if spoil == "selected" else None, is_interrupted=spoil == "interrupted"
    )
    kind: Any = "flaky" if spoil == "flaky" else "failing"
    result.known = Known("known.toml", (Entry("REG-1", kind, "so it is"),))

    assert not count_up(result).complaints


def test_every_report_calls_a_known_failure_known() -> None:
    result = make_result(make_unit("LNK-1", findings=[make_finding("GS-21", known="GS-21")]))
    result.known = Known("known.toml", (Entry("GS-21", "failing", "a <reason>", link="https://example.org/7"),))
    runs = show(result)

    case = next(c for c in ET.fromstring(build_junit(runs)).iter("testcase") if "GS-21" in c.attrib["name"])
    skipped = case.find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "known: a <reason> (https://example.org/7)"
    assert case.find("failure") is None
    assert "GS-21 is known: a &lt;reason&gt;" in build_markdown(runs)
    page = build_page(runs)
    assert "is known on fake 1.2" in page
    assert "Known (failing): a &lt;reason&gt;" in page
    assert ", 1 known" in build_badge(runs[0])


def letitcrash(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_run_with_known_failures_says_so_and_so_does_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    Path("known.toml").write_text(GOOD)

    code, out, _ = letitcrash(
        capsys,
        "run",
        f"{PLANTED}:Forgetful",
        *QUICK,
        "--clauses",
        "REG-1,REG-2",
        "--known",
        "known.toml",
        "--json",
        "r.jsonl",
    )
    again = letitcrash(capsys, "report", "r.jsonl")

    assert code == 0, out
    assert "known    REG-1 in registry on async" in out
    assert re.search(r"^known: REG-1: failing, names are not looked up; letitcrash\s+replay ", out, re.MULTILINE)
    assert out.splitlines()[-1].startswith("conformant but for 1 known failure (REG-1): 1 of 2 checkable clauses held")
    assert again[0] == 0
    assert again[1].splitlines()[-1] == out.splitlines()[-1]


def test_a_stale_entry_is_an_error_of_its_own_after_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("known.toml").write_text(GOOD + 'budget = 30\nwhere = ["registry on async"]\n')

    code, out, _ = letitcrash(capsys, "run", "reference", *QUICK, "--known", "known.toml", "--json", "r.jsonl")
    again = letitcrash(capsys, "report", "r.jsonl", "-q")

    assert code == 2
    assert "BASELINE known.toml, line 2: REG-1 does not fail any more: it held " in out
    assert out.splitlines()[-1].startswith("conformant: ")
    assert again[0] == 2
    assert "BASELINE known.toml, line 2" in again[1]


def test_a_broken_file_ends_a_run_before_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    Path("known.toml").write_text(GOOD.replace("REG-1", "REG-999"))

    broken = letitcrash(capsys, "run", "reference", *QUICK, "--known", "known.toml")
    missing = letitcrash(capsys, "run", "reference", *QUICK, "--known", "absent.toml")

    assert broken[:2] == (2, "")
    assert "expected the id of a clause, got 'REG-999'" in broken[2]
    assert missing[:2] == (2, "")
    assert "could not read 'absent.toml': No such file" in missing[2]


def test_a_file_of_the_folder_is_not_used_unless_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("known.toml").write_text(GOOD)

    assert letitcrash(capsys, "run", f"{PLANTED}:Forgetful", *QUICK)[0] == 1


def test_the_example_of_the_page_is_a_file_of_known_failures() -> None:
    page = (Path(__file__).parents[2] / "docs" / "baselines.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)

    (entry,) = parse_known(example, "docs/baselines.md", today=DAY)

    assert (entry.id, entry.runs, entry.budget, entry.line) == ("REG-1", (5, 5), 250, 2)


def test_the_settings_can_name_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("known.toml").write_text(GOOD)
    Path("letitcrash.toml").write_text('known = "known.toml"\n')

    code, out, _ = letitcrash(capsys, "run", f"{PLANTED}:Forgetful", *QUICK, "--clauses", "REG-1,REG-2")

    assert code == 0, out
