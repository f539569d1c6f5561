"""The step `report` of Dagster: there where the settings name a page, after the file is published."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from conftest import Site
from rich.console import Console

from assets.graph import ASSETS
from assets.report import report
from assets.resources import Session
from etl_project.definitions import graph, wire
from etl_project.refresh import Refresh
from etl_project.show.summary import show_failure

pytest_plugins = ["report_fixtures"]


@contextmanager
def with_settings(site: Site, lines: str) -> Iterator[Site]:
    """The site with `[report]` in its settings, for a while: a build takes longer than a test."""
    before = site.config.read_text("utf-8")
    try:
        site.config.write_text(f"{before}\n[report]\n{lines}\n", "utf-8")
        yield site
    finally:
        site.config.write_text(before, "utf-8")


def run_step(site: Site, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    resources = {"session": Session(Refresh(site.settings))}
    return dg.materialize([report], instance=instance, resources=resources, raise_on_error=False)


def test_the_page_is_a_step_after_the_file_only_where_the_settings_name_one(published_site: Site) -> None:
    assert graph(published_site.settings) == graph(None) == ASSETS
    with with_settings(published_site, 'path = "page.html"') as site:
        assert graph(site.settings) == (*ASSETS, report)
        found = wire(site.settings).resolve_asset_graph().get(dg.AssetKey("report"))
    assert found.parent_keys == {dg.AssetKey("published_file")}


def test_the_step_writes_the_page_and_a_page_that_cannot_be_written_fails_it_alone(
    published_site: Site, page_file: Path
) -> None:
    before = published_site.published.read_bytes()
    with dg.DagsterInstance.ephemeral() as instance:
        with with_settings(published_site, 'path = "out/page.html"') as site:
            ran = run_step(site, instance)
        page = published_site.folder / "out/page.html"
        assert ran.success and page.read_bytes() == page_file.read_bytes()
        [materialized] = ran.asset_materializations_for_node("report")
        assert materialized.metadata["bytes"].value == page.stat().st_size
        with with_settings(published_site, 'path = "out/page.html/report.html"') as site:
            failed = run_step(site, instance)
    assert not failed.success
    [failure] = [event.step_failure_data for event in failed.get_step_failure_events()]
    assert failure.user_failure_data and "cannot be written: " in (failure.user_failure_data.description or "")
    assert published_site.published.read_bytes() == before


def test_a_failure_after_the_file_was_published_says_that_it_was() -> None:
    said = {}
    for is_published in (False, True):
        text = io.StringIO()
        console = Console(file=text, width=200)
        show_failure("no page", [], Path("posts.duckdb"), "run", console, is_published=is_published)
        said[is_published] = text.getvalue()
    assert "posts.duckdb is as it was." in said[False]
    assert "posts.duckdb was published before that." in said[True]
