"""The pictures of a run: small, of the numbers in the tables, and harmless whatever a category is called."""

from __future__ import annotations

import base64
import datetime as dt
import re
import xml.etree.ElementTree as ET

import dagster as dg
from conftest import Site
from graph_runs import run_job

from assets.aggregates import AGGREGATES, aggregates
from assets.pictures import DAYS, LONGEST, ROWS, bars, columns, markdown

pytest_plugins = ["graph_fixtures"]

SVG = "{http://www.w3.org/2000/svg}"


def test_the_largest_picture_is_small_enough_to_be_shown_in_place() -> None:
    days = [(dt.date(2026, 1, 1) + dt.timedelta(days=n), 1_000_000 - n) for n in range(DAYS)]
    assert len(markdown("articles per day", columns(days))) <= LONGEST
    names: list[tuple[object, int]] = [
        (f"{n}宏观经济与市场新闻&国际要闻与评论员文章", 1_000_000 - n) for n in range(ROWS)
    ]
    assert len(markdown("articles per category", bars(names))) <= LONGEST


def test_a_name_cannot_break_out_of_its_picture() -> None:
    drawn = ET.fromstring(bars([("</text><script>alert(1)</script>&'\"\x1b", 3), ("b", 0)]))
    assert {element.tag for element in drawn.iter()} == {f"{SVG}svg", f"{SVG}path", f"{SVG}text"}
    assert [text.text for text in drawn.iter(f"{SVG}text")] == ["</text><script>alert(… 3", "b 0"]


def test_a_day_without_articles_has_no_column() -> None:
    days = [(dt.date(2026, 1, n), count) for n, count in ((1, 2), (2, 0), (3, 4))]
    (path,) = ET.fromstring(columns(days)).iter(f"{SVG}path")
    assert re.findall(r"v-(\d+)", path.attrib["d"]) == ["24", "48"]


def test_a_run_shows_its_pictures_and_the_numbers_to_plot(posts: Site, instance: dg.DagsterInstance) -> None:
    assert run_job(posts).success
    said = {
        "articles_by_date": ["2025-12-26 … 2026-02-03, at most 1"],
        "articles_by_category": ["news 2", "sea 1", "海 1"],
        "rejected_files": ["not_regular_file 1"],
    }
    for name, texts in said.items():
        assert shown(instance, name) == texts
    stages = [text.split()[0] for text in shown(instance, "published_file")]
    assert stages == ["list", "extract", "load", "aggregates"]
    latest = instance.get_latest_materialization_event(dg.AssetKey("post_files"))
    assert latest and latest.asset_materialization
    numbers = {name: entry.value for name, entry in latest.asset_materialization.metadata.items()}
    assert numbers["rejected_share"] == 0.25 and numbers["dagster/row_count"] == 4
    assert {"list_milliseconds", "extract_milliseconds", "load_milliseconds"} <= set(numbers)


def shown(instance: dg.DagsterInstance, name: str) -> list[str | None]:
    """The texts of the picture of the latest materialization of an asset."""
    event = instance.get_latest_materialization_event(dg.AssetKey(name))
    assert event and event.asset_materialization
    (picture,) = [
        entry.value
        for entry in event.asset_materialization.metadata.values()
        if isinstance(entry, dg.MarkdownMetadataValue)
    ]
    drawn = base64.b64decode(str(picture).partition("base64,")[2].removesuffix(")"))
    return [text.text for text in ET.fromstring(drawn).iter(f"{SVG}text")]


def test_no_line_of_the_sql_on_the_page_of_a_node_is_cut_at_its_right_edge() -> None:
    specs = aggregates.specs
    lines = [line for spec in specs for line in str(spec.description).partition("```sql\n")[2].splitlines()]
    assert len(specs) == len(AGGREGATES) and [line for line in lines if len(line) > 90] == []
