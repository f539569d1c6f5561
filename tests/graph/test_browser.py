"""What a person sees of the project in Dagster's pages, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Site
from graph_runs import served

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


def test_the_graph_shows_every_group_and_the_job_launched_by_a_click_turns_green(
    posts: Site, page: playwright.Page
) -> None:
    with served(posts) as (address, _):
        page.goto(f"{address}/asset-groups")
        for group in ("extract", "tables", "aggregates", "publish"):
            page.get_by_text(group, exact=True).first.wait_for()
        page.keyboard.press("Alt+KeyE")
        page.get_by_text("published_file", exact=True).last.wait_for()
        picture(page, "graph")

        page.goto(f"{address}/locations/etl_project/jobs/refresh")
        page.get_by_role("button", name="Materialize all").click()
        page.get_by_text("Launched run").wait_for()
        page.get_by_text("View", exact=True).click()
        page.get_by_text("Success", exact=True).first.wait_for()
        picture(page, "run")
    assert posts.column("SELECT count(*) FROM articles") == [3]
