"""What a person sees of the project in Dagster's pages, in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from chromium import CHROMIUM, FLAGS
from conftest import Site
from graph_runs import served
from playwright import sync_api as playwright

from assets.aggregates import AGGREGATES
from assets.subjects import SUBJECTS
from assets.tables import TABLES
from etl_project.show.charts import LINE_COLOUR, TEXT_COLOUR

pytest_plugins = ["graph_fixtures"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs {CHROMIUM}")]


@pytest.fixture
def page() -> Iterator[playwright.Page]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(30_000)
        yield page
        browser.close()


def picture(page: playwright.Page, name: str) -> None:
    """Keep a picture of the page in the folder ETL_TEST_PICTURES, for people to look at."""
    if folder := os.environ.get("ETL_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


def open_every_group(page: playwright.Page, address: str) -> None:
    # Only what is in view is drawn, and names are cut in the middle where nodes are small.
    page.set_viewport_size({"width": 3400, "height": 12000})
    page.goto(f"{address}/asset-groups")
    for group in (*SUBJECTS, "aggregates", "publish"):
        page.get_by_text(group, exact=True).first.wait_for()
    page.keyboard.press("Alt+KeyE")


def shows_after_a_while(page: playwright.Page, address: str, words: str) -> None:
    """Load a page until it shows some words, as a person does who waits for them."""
    found = "words => new RegExp(words).test(document.body.innerText)"
    for _ in range(20):
        page.goto(address)
        try:
            page.wait_for_function(found, arg=words, timeout=10_000)
        except playwright.TimeoutError:
            continue
        return
    pytest.fail(f"{address} never shows {words}")


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, `#rrggbb` or `rgb(r, g, b)`, from 1 to 21, as WCAG 2 defines it."""
    lights = []
    for colour in (one, other):
        hexadecimal = re.fullmatch("#(..)(..)(..)", colour)
        parts = [int(x, 16) for x in hexadecimal.groups()] if hexadecimal else map(int, re.findall(r"\d+", colour)[:3])
        red, green, blue = (
            x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in (p / 255 for p in parts)
        )
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    return max(lights) / min(lights)


BEHIND = """element => {
  while (getComputedStyle(element).backgroundColor == "rgba(0, 0, 0, 0)") element = element.parentElement
  return getComputedStyle(element).backgroundColor
}"""


def every_table_is_shown(page: playwright.Page, address: str) -> None:
    open_every_group(page, address)
    for name in (*TABLES, *AGGREGATES, "published_file"):
        page.get_by_text(name, exact=True).first.wait_for()


def test_the_page_that_a_person_opens_shows_every_table(posts: Site, page: playwright.Page) -> None:
    with served(posts) as (address, _):
        every_table_is_shown(page, address)


@pytest.mark.prove("browser")
@pytest.mark.timeout(600)
def test_a_person_sees_every_table_launches_the_job_reads_pictures_and_watches_posts_come_and_break(
    posts: Site, page: playwright.Page
) -> None:
    posts.configure(extra="[schedule]\ncron = '* * * * *'\n")
    with served(posts) as (address, _):
        every_table_is_shown(page, address)

        page.set_viewport_size({"width": 1600, "height": 1000})
        page.goto(f"{address}/locations/etl_project/jobs/refresh")
        page.get_by_role("button", name="Materialize all").click()
        page.get_by_text("Launched run").wait_for()
        page.get_by_text("View", exact=True).click()
        page.get_by_text("Success", exact=True).first.wait_for(timeout=120_000)
        picture(page, "run")
        shows_after_a_while(page, f"{address}/assets/articles", r"Row count\s+3\b")

        sensor = f"{address}/locations/etl_project/sensors/look_every_minute"
        page.goto(sensor)
        page.locator("label:has(input[type=checkbox])").click()
        # The first tick may have met the run, or the tick of the schedule.
        while not page.get_by_text("nothing to do: no file, setting or definition has changed").count():
            shows_after_a_while(page, sensor, "0 runs requested")
            page.get_by_text("0 runs requested").first.hover()
            page.wait_for_timeout(500)
        picture(page, "ticks")

        for title in ("Four", "Five"):
            posts.write(f"_posts/2026-03-01-{title}.md", title=title)
        posts.write("_posts/2026-01-03-two.md", "---\n- a list\n---\n")

        for theme in ("Light", "Dark"):
            page.evaluate("theme => localStorage.setItem('dagster-theme', JSON.stringify(theme))", theme)
            page.goto(f"{address}/assets/articles_by_date")
            drawn = page.locator('img[src^="data:image/svg+xml;base64,"]').first
            drawn.scroll_into_view_if_needed()
            assert drawn.evaluate("image => image.complete && image.naturalWidth") == 320
            behind = drawn.evaluate(BEHIND)
            assert (contrast(behind, "#ffffff") < 1.2) == (theme == "Light"), behind
            assert contrast(behind, TEXT_COLOUR) >= 4 and contrast(behind, LINE_COLOUR) >= 3, behind
            grain = page.get_by_text("One row per source and day").first
            assert contrast(behind, grain.evaluate("said => getComputedStyle(said).color")) >= 7
            picture(page, f"node in {theme}")

        shows_after_a_while(page, f"{address}/assets/articles", r"Row count\s+4\b")
        picture(page, "grown")
        page.goto(f"{address}/assets/rejected_files?view=checks&checkDetail=no_loaded_post_is_now_rejected")
        page.get_by_text("_posts/2026-01-03-two.md was loaded before and is rejected now").first.wait_for()
        picture(page, "check")
    assert posts.column("SELECT count(*) FROM articles") == [4]


TOLD = {
    "assets/articles": (
        "<source>:<identity>, the same after every rebuild.",
        "newest articles",
        "FROM articles LIMIT 5",
    ),
    "assets/rejected_files": ("what to do", "_posts/2026-02-04-out.md", "Replace it with a plain file"),
    "assets/post_files?view=checks&checkDetail=few_files_are_rejected": (
        "rejected: 1 of the 4 files of site",
        "allows 5.0%",
        "What to do:",
    ),
    "assets/articles_by_month": ("first rows", "desk"),
    "assets/published_file": ("size", "MB"),
}
"""Page -> what it tells a person."""


@pytest.mark.prove("browser")
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("first_run")
def test_the_pages_of_tables_tell_their_story_in_light_and_in_the_dark(posts: Site, page: playwright.Page) -> None:
    posts.configure(extra="[schedule]\nowners = ['team:desk']\n")
    with served(posts) as (address, _):
        for theme in ("Light", "Dark"):
            page.goto(address)
            page.evaluate("theme => localStorage.setItem('dagster-theme', JSON.stringify(theme))", theme)
            for path, words in TOLD.items():
                page.goto(f"{address}/{path}")
                for said in words:
                    page.get_by_text(said).first.wait_for(state="attached")
                picture(page, f"{path.split('/')[1].split('?')[0]} in {theme}")
            page.goto(f"{address}/runs")
            page.locator("a[href^='/runs/']").first.click()
            page.get_by_text("3, 3 of them live now (3 added)").first.wait_for(state="attached")
            picture(page, f"run in {theme}")
