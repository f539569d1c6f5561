"""The page in a real browser: what a reader sees, chooses and may not be done to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from chromium import CHROMIUM, FLAGS
from conftest import Site
from playwright import sync_api as playwright
from report_sites import HOSTILE

from etl_project.report import write_report

pytest_plugins = ["report_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs {CHROMIUM}")]

CHARTS = ("days", "months", "hours", "tags", "rising")
MARKS = "svg .role-mark path, svg .role-mark rect"
EVERYTHING = "#presets button:last-child"


@dataclass
class Reader:
    """A page in a browser, and what it did beside being shown."""

    page: playwright.Page
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def open(self, file: Path, width: int = 1280) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.goto("about:blank")
        self.requests.clear()
        self.messages.clear()
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def number(self, place: int = 0) -> int:
        """Number of a card, from the first."""
        return int(self.page.locator("#numbers .number").nth(place).inner_text().replace(",", ""))

    def choose(self, name: str, words: str) -> None:
        """Choose the option that begins with these words."""
        options = self.page.locator(f"#{name} option").all()
        value = next(option.get_attribute("value") for option in options if option.inner_text().startswith(words))
        self.page.select_option(f"#{name}", value)

    def between(self, first: str, last: str) -> None:
        self.page.fill("#from", first)
        self.page.fill("#to", last)
        self.page.locator("#to").dispatch_event("change")

    def marks(self) -> dict[str, int]:
        """Chart -> how many marks are to be seen in it."""
        visible = (
            "(all) => all.filter((mark) => mark.checkVisibility() && mark.getBoundingClientRect().width > 0).length"
        )
        return {name: self.page.locator(f"#{name} .chart").locator(MARKS).evaluate_all(visible) for name in CHARTS}

    def drawn(self) -> None:
        """Wait for the drawing that a choice began."""
        self.page.wait_for_function("() => document.documentElement.dataset.drawing === undefined")


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reader(browser: playwright.Browser, page_file: Path) -> Iterator[Reader]:
    """A reader without a network. The page is opened anew by the tests that change it much."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    reader = Reader(page)
    page.on("request", lambda request: reader.requests.append(request.url))
    page.on("console", lambda message: reader.messages.append(message.text))
    page.on("pageerror", lambda error: reader.messages.append(str(error)))
    page.on("dialog", lambda dialog: (reader.messages.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    reader.open(page_file)
    yield reader
    context.close()


def test_the_page_asks_for_nothing_and_says_nothing_on_the_console(reader: Reader, page_file: Path) -> None:
    reader.open(page_file)
    reader.page.click(EVERYTHING)
    reader.choose("category", "news")
    reader.between("2025-03-01", "2025-03-02")  # hardly anything
    reader.drawn()
    assert reader.requests == [page_file.as_uri()]
    assert reader.messages == []


def test_every_chart_has_marks_before_and_after_a_filter(reader: Reader, page_file: Path) -> None:
    reader.open(page_file)
    reader.page.click(EVERYTHING)
    reader.drawn()
    before = reader.marks()
    reader.choose("source", "site")
    reader.choose("category", "sea")
    reader.between("2025-02-01", "2025-09-30")
    reader.drawn()
    after = reader.marks()
    assert before["days"] == after["days"] == 2, "the steps and the line"
    assert min(before.values()) > 0 and min(after.values()) > 0, (before, after)
    assert after["months"] < before["months"], "one category of two"


def test_filtered_numbers_are_those_of_sql(reader: Reader, page_file: Path, published_site: Site) -> None:
    reader.open(page_file)
    live = "articles_live AS a JOIN article_metrics AS m USING (article_id) LEFT JOIN stories AS s USING (article_id)"
    sums = f"SELECT count(*), count(*) FILTER (WHERE s.is_first), sum(m.words) FROM {live}"
    news = "article_id IN (SELECT article_id FROM article_categories WHERE category_id = 'news')"
    reader.page.click(EVERYTHING)
    asked = [("", lambda: None)]
    asked += [("source_id = 'site'", lambda: reader.choose("source", "site"))]
    asked += [(f"source_id = 'site' AND {news}", lambda: reader.choose("category", "news"))]
    days = "published_on BETWEEN '2025-02-03' AND '2026-01-05'"
    asked += [(f"source_id = 'site' AND {news} AND {days}", lambda: reader.between("2025-02-03", "2026-01-05"))]
    asked += [(f"{news} AND {days}", lambda: reader.choose("source", "All"))]
    asked += [(days, lambda: reader.choose("category", "All"))]
    for condition, choose in asked:
        choose()
        rows = published_site.query(f"{sums} WHERE {condition or 'true'}")
        assert rows == [(reader.number(0), reader.number(1), reader.number(2))], condition
    assert reader.number(0) != reader.number(1), "one of them is told twice"
    told = reader.page.inner_text("#chosen")
    assert told == "2025-02-03 to 2026-01-05 · no period before it to compare with"


def test_numbers_are_compared_with_the_period_before(reader: Reader, page_file: Path, published_site: Site) -> None:
    reader.open(page_file)
    reader.between("2025-07-01", "2025-09-30")
    [before] = published_site.column(
        "SELECT count(*) FROM articles_live WHERE published_on BETWEEN '2025-03-31' AND '2025-06-30'"
    )
    assert "compared with 2025-03-31 to 2025-06-30" in reader.page.inner_text("#chosen")
    card = reader.page.locator("#numbers > div").first.inner_text()
    change = round(reader.number() / before * 100 - 100)
    assert card.endswith(f"before: {before}") and f"{change:+}%".replace("+0%", "0%") in card


def test_a_hostile_title_is_shown_and_not_run(reader: Reader, page_file: Path) -> None:
    reader.open(page_file)
    reader.page.click(EVERYTHING)
    shown = reader.page.locator("#broken td").all_inner_texts()
    assert HOSTILE in "".join(shown)
    assert "<img src=x onerror=alert(2)>" in reader.page.inner_text("#category")
    assert reader.page.locator("#broken a").get_attribute("href").startswith("https://o.example/")
    assert reader.page.locator("img").count() == 0
    assert reader.messages == []


def test_a_table_below_each_chart_has_the_numbers_of_the_chart(reader: Reader, page_file: Path) -> None:
    reader.open(page_file)
    reader.choose("source", "site")
    reader.between("2025-01-01", "2025-12-31")
    for name in CHARTS:
        assert reader.page.locator(f"#{name} .chart ~ details table").count() == 1, name
    cells = reader.page.locator("#days tbody td:nth-child(2)").all_text_contents()
    assert len(cells) == 365 and sum(map(int, cells)) == reader.number()
    hours = reader.page.locator("#hours tbody td.n").all_text_contents()
    assert len(hours) == 7 * 24 and sum(map(int, hours)) == reader.number()
    assert reader.page.locator("#tags tbody tr").first.text_content() == "ferry30"


def test_what_is_not_in_the_choice_is_a_sentence_and_no_empty_chart(reader: Reader, page_file: Path) -> None:
    reader.open(page_file)
    reader.between("2025-01-10", "2025-01-10")
    reader.drawn()
    assert reader.page.locator("#days .empty").inner_text() == "No article in this choice."
    assert reader.marks() | {"rising": 0} == dict.fromkeys(CHARTS, 0)
    assert reader.messages == []


def test_a_phone_shows_the_page_without_sideways_scroll(reader: Reader, page_file: Path) -> None:
    reader.open(page_file, width=390)
    reader.page.click(EVERYTHING)
    for summary in reader.page.locator("summary").all():
        summary.click()
    reader.drawn()
    assert reader.page.evaluate("document.documentElement.scrollWidth") == 390
    widths = reader.page.locator(".chart svg").evaluate_all(
        "all => all.map((svg) => svg.getBoundingClientRect().right)"
    )
    assert len(widths) == 5 and max(widths) <= 390


def test_charts_follow_the_width_of_the_window(reader: Reader, page_file: Path) -> None:
    reader.open(page_file, width=1280)
    reader.page.set_viewport_size({"width": 700, "height": 900})
    reader.page.wait_for_function(
        "() => [...document.querySelectorAll('.chart svg')].every((svg) => svg.getBoundingClientRect().right <= 700)"
    )
    assert min(reader.marks().values()) > 0


def test_a_change_of_the_theme_changes_the_page_at_once(reader: Reader, page_file: Path) -> None:
    reader.open(page_file)
    colours = """() => [getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector('#tags svg .role-mark path')).fill,
        getComputedStyle(document.querySelector('#tags svg .role-axis-label text')).fill]"""
    seen = []
    for scheme in ("light", "dark", "light"):
        reader.page.emulate_media(color_scheme=scheme)
        seen.append(reader.page.evaluate(colours))
    assert seen[0] == seen[2] and all(light != dark for light, dark in zip(seen[0], seen[1], strict=True))
    assert all(colour.startswith("rgb(") for colour in seen[1])


def test_keys_reach_every_filter_and_table(reader: Reader, page_file: Path) -> None:
    reader.open(page_file)
    reached = []
    for _ in range(24):
        reader.page.keyboard.press("Tab")
        reached.append(reader.page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert reached[:2] == ["source", "category"] and {"from", "to", "BUTTON", "SUMMARY"} <= set(reached)
    reader.page.focus("#source")
    reader.page.keyboard.press("ArrowDown")
    assert reader.page.locator("#source option:checked").inner_text().startswith("other")
    reader.page.focus("#days summary")
    reader.page.keyboard.press("Enter")
    assert reader.page.locator("#days table").is_visible()


def test_a_pointer_at_a_mark_is_told_what_it_counts(reader: Reader, page_file: Path) -> None:
    reader.open(page_file)
    reader.page.click(EVERYTHING)
    reader.drawn()
    reader.page.locator("#tags svg").hover(position={"x": 250, "y": 12})
    assert reader.page.inner_text("#tip") == "ferry\nArticles: 30"
    reader.page.locator("#tags svg").hover(position={"x": 500, "y": 100})
    assert reader.page.locator("#tip").is_hidden(), "no bar is that long"
    reader.page.locator("#days svg").hover(position={"x": 300, "y": 100})
    assert reader.page.inner_text("#tip").startswith("2025-")


def test_the_page_speaks_chinese_and_names_what_is_internal_only_where_it_is_asked_to(
    reader: Reader, published_site: Site
) -> None:
    page = write_report(published_site.published, published_site.folder / "zh.html", "zh", is_internal=True).path
    reader.open(page)
    assert reader.page.locator("h1").inner_text() == "文章"
    assert "周一" in (reader.page.locator("#hours svg").text_content() or "")
    assert "Secret draft" in reader.page.inner_text("#not-live") and reader.page.locator("#internal").is_visible()
    assert reader.messages == []
