"""A folder of posts with two warehouses: one of one file, and a lake; both are refreshed at the same instants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from conftest import Site
from reading import reading

from etl_project.database.contract import RELATED, contract
from etl_project.engines.engine import Engine
from etl_project.engines.local import LocalEngine
from etl_project.lake.driver import LakeRefresh
from etl_project.lake.store import Lake
from etl_project.load.aggregates import aggregates
from etl_project.refresh import Refresh
from etl_project.refresh.in_order import take_stages
from etl_project.refresh.outcome import Outcome
from etl_project.refresh.result import TablesLoaded
from etl_project.scan.clock import Clock
from etl_project.settings import Settings, read_settings
from etl_project.show.query import open_published

PARTS = 4

Rows = dict[str, list[tuple[Any, ...]]]
"""Table -> its rows, sorted."""

NOT_COMPARED = {"internal.aggregates_built", "internal.sketches_before", "internal.articles_to_relate"}
"""Which generation an aggregate was built from: a lake builds all of them at every refresh."""

DURATIONS = ("list_milliseconds", "extract_milliseconds", "load_milliseconds", "aggregate_milliseconds", "loaded_at")


@dataclass
class Twins:
    """The site as one file, and the same as a lake."""

    site: Site
    parts: int = PARTS
    engine: Engine | None = None
    seconds: int = 0
    """How far the clock of both is set on."""
    bucket: str | None = None
    """Where the lake is, in place of a folder beside the site."""
    location: Path = field(init=False)

    def __post_init__(self) -> None:
        self.location = self.site.folder / "lake"

    @property
    def lake(self) -> Lake:
        return Lake.open(self.bucket or str(self.location), parts=self.parts)

    @property
    def settings(self) -> Settings:
        """Those of the site, with another published file."""
        text = self.site.config.read_text("utf-8")
        config = self.site.folder / "lake.toml"
        location = self.bucket or "lake"
        lake = f'"of_lake/posts.duckdb"\nkind = "lake"\nlocation = "{location}"\nparts = {self.parts}'
        config.write_text(text.replace(f'"{self.site.warehouse}"', lake), "utf-8")
        return read_settings(config)

    def lake_refresh(self, **options: Any) -> LakeRefresh:
        return LakeRefresh(self.settings, engine=self.engine or LocalEngine(1), **options)

    @contextmanager
    def one_instant(self) -> Iterator[None]:
        """Let both refreshes happen at one instant, some seconds after the one before."""
        now = Clock.now()
        later = Clock(now.as_of + dt.timedelta(seconds=self.seconds), now.started_ns + self.seconds * 1_000_000_000)
        with mock.patch.object(Clock, "now", lambda: later):
            yield

    def refresh(self, **options: Any) -> TablesLoaded | None:
        """Refresh both; they say the same. Returns what the lake's refresh loaded."""
        with self.one_instant():
            one = self.site.refresh(**options)
            loaded = run_stages(self.lake_refresh(**options))
        assert (one is None) == (loaded is None)
        if one and loaded:
            for told in (
                "generation",
                "is_new",
                "files_read",
                "bytes_read",
                "rows",
                "changes",
                "missed",
                "unavailable",
            ):
                assert getattr(loaded, told) == getattr(one, told), told
            assert sorted(loaded.newly_rejected) == sorted(one.newly_rejected)
        return loaded

    def assert_equal(self) -> None:
        """Assert that every table of the lake has the rows of the file, and of the file that is made of the lake."""
        one, lake, published = rows_of_file(self.site), self.rows_of_lake(), self.rows_of_its_file()
        for table, rows in one.items():
            assert lake[table] == rows, table
            assert published[table] == rows, table

    def rows_of_lake(self) -> Rows:
        lake = self.lake
        with lake.connect(lake.pins()) as con:
            return {name: con.execute(query_of(name)).fetchall() for name in compared()}

    def rows_of_its_file(self) -> Rows:
        with open_published(self.settings.warehouse.path) as con:
            return {name: con.execute(query_of(name)).fetchall() for name in compared()}

    def paths(self) -> dict[str, set[str]]:
        """Table -> data files of the newest publication."""
        lake = self.lake
        pins = lake.pins()
        return {name: {file.path for file in lake.files(pins, name)} for name in compared()}


def run_stages(refresh: Refresh) -> TablesLoaded | None:
    """Run every stage of a refresh, without Dagster; None when there is nothing to do."""
    plan = refresh.plan()
    try:
        if plan.is_no_op:
            return None
        refresh.work.stays_attached = True
        outcome = Outcome()
        take_stages(refresh, plan, outcome)
        assert not outcome.failed, outcome.failed
        return outcome.tables
    finally:
        refresh.work.close()


def compared() -> list[str]:
    """Every table that is no view, those of refreshes too."""
    internal = ("inventory", "source_states", "files_not_read", "generation", "categories_seen", "relations",
                "article_sketches", "link_keys", "article_words")  # fmt: skip
    public = [name for name, table in contract().items() if not table.is_view]
    assert set(RELATED) <= set(public)
    return [*public, *(f"internal.{name}" for name in internal), *aggregates()]


def query_of(table: str) -> str:
    if table == "refreshes":
        return f"SELECT * EXCLUDE ({', '.join(DURATIONS)}) FROM refreshes ORDER BY ALL"
    return f"SELECT * FROM {table} ORDER BY ALL"


def rows_of_file(site: Site) -> Rows:
    with reading(site.published) as con:
        return {name: con.execute(query_of(name)).fetchall() for name in compared()}
