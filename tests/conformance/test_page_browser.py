"""The page in a real browser: filters, clauses, comparison, keyboard, a phone, the dark.

Needs Chromium and its driver; without them these tests are skipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from itertools import permutations
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from letitcrash_conformance.page.document import build_page
from letitcrash_conformance.report_compare import compare_runs
from letitcrash_spec.catalogue import load_clauses
from tests.support.shown import make_six

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
PATIENCE_S = 60
PHONE = (390, 844)

if BROWSER is None or DRIVER is None:
    missing = "needs Chromium and its driver (Debian, Ubuntu: apt-get install chromium chromium-driver)"
    pytest.skip(missing, allow_module_level=True)

Open: TypeAlias = Callable[..., "Screen"]


class Screen:
    """The page, open in a browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def find(self, selector: str) -> WebElement:
        found: WebElement = self.driver.find_element(By.CSS_SELECTOR, selector)
        return found

    def all(self, selector: str) -> list[WebElement]:
        found: list[WebElement] = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found

    def ask(self, script: str) -> Any:
        return self.driver.execute_script(f"return {script}")

    def height(self, element: WebElement) -> float:
        return float(self.driver.execute_script("return arguments[0].getBoundingClientRect().height", element))

    def wait(self, condition: Callable[[], object]) -> None:
        gone = [StaleElementReferenceException]  # it was read while the page was written anew
        WebDriverWait(self.driver, PATIENCE_S, ignored_exceptions=gone).until(lambda _: condition())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def choose(self, name: str, words: str) -> None:
        Select(self.find(f"#{name}")).select_by_visible_text(words)

    @property
    def rows(self) -> list[str]:
        """The clauses that are shown."""
        found: list[str] = self.ask("[...document.querySelectorAll('tr[id]:not([hidden])')].map((row) => row.id)")
        return found

    @property
    def focus(self) -> str:
        """The words, or the id, of what has the focus."""
        found: str = self.ask("document.activeElement.id || document.activeElement.textContent")
        return found

    def picture(self, path: Path) -> Path:
        assert self.driver.save_screenshot(str(path))
        return path


@pytest.fixture(scope="module")
def browser() -> Generator[Any]:
    options = webdriver.ChromeOptions()
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1300,900",
    ):
        options.add_argument(word)
    options.binary_location = str(BROWSER)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(build_page(make_six()), encoding="utf-8")
    return path


@pytest.fixture
def load(browser: Any, page: Path) -> Generator[Open]:
    def command(name: str, **arguments: Any) -> None:
        browser.execute_cdp_cmd(name, arguments)

    def open_page(place: str = "", *, theme: str = "light", size: tuple[int, int] = (1300, 900)) -> Screen:
        command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        command(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size == PHONE,
        )
        browser.get("about:blank")
        browser.get(f"{page.as_uri()}{place}")
        screen = Screen(browser)
        screen.wait(lambda: screen.ask("document.readyState") == "complete")
        return screen

    browser.get_log("browser")
    yield open_page
    complaints: list[Any] = browser.get_log("browser")
    assert [entry["message"] for entry in complaints if entry["level"] in ("SEVERE", "WARNING")] == []


def test_everything_is_shown_at_first_and_counted(load: Open) -> None:
    screen = load()

    assert screen.rows == list(load_clauses())
    assert screen.find("#shown").text == f"Showing {len(load_clauses())} of {len(load_clauses())} clauses."


def test_filters_narrow_the_rows_together_and_can_be_taken_back(load: Open) -> None:
    screen = load()

    screen.choose("chapter", "Links")
    assert screen.rows == [clause.id for clause in load_clauses().values() if clause.chapter == "links"]
    screen.choose("keyword", "SHOULD")
    expected = [
        clause.id for clause in load_clauses().values() if (clause.chapter, clause.keyword) == ("links", "SHOULD")
    ]
    assert screen.rows == expected
    assert screen.find("#shown").text.startswith(f"Showing {len(expected)} of ")
    screen.find("#filters button").click()
    screen.wait(lambda: len(screen.rows) == len(load_clauses()))


def test_a_verdict_is_looked_for_in_any_subject_or_in_one(load: Open) -> None:
    screen = load()

    screen.choose("verdict", "failed")
    assert set(screen.rows) == {"LNK-1", "STR-5", "SUP-13", "SHUT-2", "MON-1", "GS-21", "INT-1"}
    screen.choose("subject", "newer 1.1")
    assert set(screen.rows) == {"LNK-1", "STR-5"}
    screen.choose("verdict", "inconclusive")
    assert screen.rows == []
    screen.choose("subject", "slow 3")
    assert "LNK-2" in screen.rows


def test_words_are_found_in_any_order_and_case(load: Open) -> None:
    screen = load()

    screen.find("#words").send_keys("ITSELF linking")
    screen.wait(lambda: "LNK-5" in screen.rows and len(screen.rows) < 10)
    assert screen.all("#matrix tbody:not([hidden])")
    assert len(screen.all("#matrix tbody:not([hidden])")) < 13


def test_a_clause_has_a_page_with_its_source_every_verdict_and_its_failures(load: Open) -> None:
    screen = load("#STR-5")
    single = screen.find("#single")

    screen.wait(lambda: screen.focus == "single-title")
    assert not screen.find("#overview").is_displayed()
    assert load_clauses()["STR-5"].source in single.text
    assert load_clauses()["STR-5"].intent.replace("`", "") in single.text
    assert [cell.text for cell in screen.all("#single tbody td:nth-child(2)")] == [
        "✓ passed",
        "✓ passed",
        "✗ failed",
        "✗ failed",
        "? inconclusive",
        "✓ passed",
    ]
    assert len(screen.all("#single svg")) == 2
    assert screen.driver.title.startswith("STR-5, ")


def test_the_way_back_from_a_clause_ends_where_it_began(load: Open) -> None:
    screen = load("#clauses")
    link = screen.find("#LNK-5 a")
    link.send_keys(Keys.ENTER)
    screen.wait(lambda: screen.find("#single").is_displayed())

    screen.press(Keys.ESCAPE)
    screen.wait(lambda: screen.find("#overview").is_displayed())
    screen.wait(lambda: screen.focus == "LNK-5")
    assert not screen.find("#single").is_displayed()


def test_clauses_lead_to_their_neighbours_and_the_browsers_own_way_back_works(load: Open) -> None:
    screen = load("#LNK-5")

    screen.find("#single nav span:last-child a").click()
    screen.wait(lambda: screen.find("#single-title").text.startswith("LNK-6"))
    screen.driver.back()
    screen.wait(lambda: screen.find("#single-title").text.startswith("LNK-5"))


def test_two_runs_are_compared(load: Open) -> None:
    screen = load("#comparison")

    def kinds() -> dict[str, list[str]]:
        return {
            str(part.get_attribute("data-kind")): [
                str(each.get_attribute("textContent")) for each in part.find_elements(By.CSS_SELECTOR, "li a")
            ]
            for part in screen.all("#compared details")
        }

    screen.choose("before", "older 1.0")
    screen.choose("after", "newer 1.1")
    found = kinds()
    assert set(found["Fixed"]) == {"SUP-13", "SHUT-2", "MON-1", "GS-21"}
    assert set(found["Still broken"]) == {"LNK-1", "STR-5"}
    assert found["Broken"] == found["New"] == found["No longer judged"] == []

    screen.choose("before", "reference 0.1.0")
    screen.choose("after", "older 1.0")
    assert set(kinds()["Broken"]) == {"LNK-1", "STR-5", "SUP-13", "SHUT-2", "MON-1", "GS-21"}
    assert screen.find("#compared").get_attribute("role") == "status"

    screen.choose("before", "slow 3")
    assert "MON-2" in kinds()["New"]
    assert kinds()["Fixed"] == []


def test_page_and_terminal_agree_on_what_changed_between_any_two_runs(load: Open) -> None:
    screen = load("#comparison")
    runs = make_six()

    for before, after in permutations(runs, 2):
        screen.choose("before", before.name)
        screen.choose("after", after.name)
        shown: dict[str, list[str]] = screen.ask(
            "Object.fromEntries([...document.querySelectorAll('#compared details')].map((part) =>"
            " [part.dataset.kind, [...part.querySelectorAll('li a')].map((link) => link.textContent)]))"
        )
        assert shown == compare_runs(before.tally, after.tally)


def test_the_keyboard_reaches_the_content_the_filters_and_the_table_in_order(load: Open) -> None:
    screen = load()
    stops: list[str] = []
    for _ in range(14):
        screen.press(Keys.TAB)
        stops.append(screen.focus)

    assert stops[:5] == ["Skip to the content", "Runs", "Clauses", "Failures", "Comparison"]
    assert stops[6:12] == ["chapter", "keyword", "verdict", "subject", "words", "Show all"]
    assert stops[13] == "matrix"


def test_the_skip_link_is_seen_when_it_has_the_focus_and_leads_to_the_content(load: Open) -> None:
    screen = load()
    assert screen.ask("document.querySelector('.skip').getBoundingClientRect().right") < 0

    screen.press(Keys.TAB)
    assert screen.ask("document.querySelector('.skip').getBoundingClientRect().left") >= 0
    screen.press(Keys.ENTER)
    screen.wait(lambda: screen.focus == "main")


def test_the_focus_is_drawn(load: Open) -> None:
    screen = load()
    screen.press(Keys.TAB, Keys.TAB)

    assert screen.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert screen.ask("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


@pytest.mark.parametrize("place", ["", "#clauses", "#failures", "#STR-5", "#INT-1", "#comparison"])
def test_on_a_phone_nothing_is_wider_than_the_screen(load: Open, tmp_path: Path, place: str) -> None:
    screen = load(place, size=PHONE)

    assert screen.ask("document.documentElement.scrollWidth") <= PHONE[0]
    assert screen.ask("innerWidth") == PHONE[0]
    assert screen.picture(tmp_path / "phone.png").stat().st_size > 0


def test_on_a_phone_controls_are_large_enough_for_a_finger(load: Open) -> None:
    screen = load(size=PHONE)

    assert (
        min(screen.height(element) for element in screen.all("select, input, button") if element.is_displayed()) >= 24
    )


def test_light_and_dark_follow_the_system(load: Open, tmp_path: Path) -> None:
    light = load().ask("getComputedStyle(document.body).backgroundColor")
    screen = load(theme="dark")
    screen.picture(tmp_path / "dark.png")

    assert light == "rgb(255, 255, 255)"
    assert screen.ask("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    assert screen.ask("getComputedStyle(document.querySelector('select')).color") == "rgb(230, 237, 243)"


def test_the_timeline_is_drawn_inside_its_frame(load: Open) -> None:
    screen = load("#STR-5")
    svg = screen.find("#single svg")

    assert screen.height(svg) > 200
    assert screen.ask("document.querySelectorAll('#single svg text').length") > 20
    assert screen.ask(
        "(() => { const svg = document.querySelector('#single svg'); const box = svg.getBBox();"
        " return box.x >= 0 && box.x + box.width <= svg.width.baseVal.value"
        " && box.y + box.height <= svg.height.baseVal.value; })()"
    )


def test_what_a_hostile_subject_says_does_nothing(load: Open) -> None:
    screen = load("#INT-1")

    assert "alert(2)" in screen.find("#single").text
    assert screen.all("#single img, #single script") == []


def test_a_run_without_its_end_says_interrupted(load: Open) -> None:
    screen = load()
    [row] = [row for row in screen.all("#runs tbody tr") if row.text.startswith("slow 3")]

    assert "interrupted" in row.text
    assert "conformant" not in row.text


def test_the_page_asks_nobody_for_anything(load: Open) -> None:
    assert load("#STR-5").ask("performance.getEntriesByType('resource').length") == 0
