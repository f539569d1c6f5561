"""What a person sees of the project in Dagster's pages, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Site
from graph_runs import served

from assets.aggregates import AGGREGATES
from assets.tables import TABLES

pytest_plugins = ["graph_fixtures"]

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM} on this machine")


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
    page.goto(f"{address}/asset-groups")
    for group in ("extract", "tables", "aggregates", "publish"):
        page.get_by_text(group, exact=True).first.wait_for()
    page.keyboard.press("Alt+KeyE")
    page.get_by_text("published_file", exact=True).last.wait_for()
    # Only what is in view is drawn.
    for _ in range(8):
        page.locator('button:has([aria-label="zoom_out"])').click()


def test_a_person_sees_every_table_launches_the_job_and_reads_pictures_and_checks(
    posts: Site, page: playwright.Page
) -> None:
    page.set_viewport_size({"width": 1600, "height": 1600})
    with served(posts) as (address, _):
        open_every_group(page, address)
        # Long names are cut in the middle there.
        seen = [name for name in (*TABLES, *AGGREGATES) if len(name) <= 18]
        for name in seen:
            page.get_by_text(name, exact=True).first.wait_for()
        picture(page, "graph")

        page.goto(f"{address}/locations/etl_project/jobs/refresh")
        page.get_by_role("button", name="Materialize all").click()
        page.get_by_text("Launched run").wait_for()
        page.get_by_text("View", exact=True).click()
        page.get_by_text("Success", exact=True).first.wait_for(timeout=120_000)
        picture(page, "run")

        page.goto(f"{address}/assets/articles_by_date")
        drawn = page.locator('img[src^="data:image/svg+xml;base64,"]').first
        drawn.scroll_into_view_if_needed()
        assert drawn.evaluate("image => image.complete && image.naturalWidth") == 320
        picture(page, "node")

        page.goto(f"{address}/assets/post_files?view=checks&checkDetail=few_files_are_rejected")
        page.get_by_text("1 of the 4 files of site are rejected, such as _posts/2026-02-04-out.md").first.wait_for()
        picture(page, "check")
    assert posts.column("SELECT count(*) FROM articles") == [3]
