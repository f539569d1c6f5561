"""The charts of a run show the numbers in the tables."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET

import dagster as dg
from graph_runs import GoodRun

from assets.aggregates import AGGREGATES, aggregates

pytest_plugins = ["graph_fixtures"]

SVG = "{http://www.w3.org/2000/svg}"


def test_a_run_shows_its_pictures_and_the_numbers_to_plot(good_run: GoodRun) -> None:
    instance = good_run.instance
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
