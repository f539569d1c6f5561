"""Warehouses of every earlier schema version: real files, made by the code of their day."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from conftest import Site, one_post

from etl_project.database.contract import schema_version
from etl_project.refresh.refresh import Refresh

FILES = sorted(Path(__file__).with_name("earlier").glob("*.duckdb.gz"))


@pytest.fixture
def upgraded(tmp_path: Path, request: pytest.FixtureRequest) -> Site:
    """A warehouse of an earlier version, beside the two posts that it was last refreshed from."""
    site = Site(tmp_path, source='dialect = "jekyll"\n', warehouse="wh/posts.duckdb")
    site.configure()
    site.config.write_text(site.config.read_text("utf-8").replace('name = "site"', 'name = "s"'), "utf-8")
    for n, title in ((1, "Post 1 edited"), (2, "Post 2")):
        site.write(
            f"_posts/2024-0{n}-01-p{n}.md",
            f"---\ntitle: {title}\ndate: 2024-0{n}-01 08:00:00\ntags: [a]\ncategories: [news]\n---\nHello\n",
        )
    site.published.parent.mkdir()
    site.published.write_bytes(gzip.decompress(request.param.read_bytes()))
    return site


@pytest.mark.parametrize("upgraded", FILES, ids=lambda file: file.name.partition(".")[0], indirect=True)
def test_what_was_observed_is_carried_over_from_a_file_of_each_earlier_version(upgraded: Site) -> None:
    changes = upgraded.query("SELECT refresh_id, article_id, change FROM article_changes ORDER BY ALL")
    history = upgraded.query("SELECT article_id, first_seen_at FROM article_history ORDER BY ALL")
    refreshes = upgraded.query("SELECT refresh_id, as_of, files_read FROM refreshes ORDER BY ALL")
    assert len(changes) == 5 and len(history) == 3 and len(refreshes) == 2
    upgraded.refresh(full=True)
    assert upgraded.query("SELECT refresh_id, as_of, files_read FROM refreshes ORDER BY ALL")[:2] == refreshes
    old = "SELECT refresh_id, article_id, change FROM article_changes WHERE refresh_id <= 2 ORDER BY ALL"
    assert upgraded.query(old) == changes
    assert set(history) <= set(upgraded.query("SELECT article_id, first_seen_at FROM article_history"))
    # `articles` of the old file names the source of an article that is still there.
    known = "SELECT DISTINCT source_id FROM article_changes SEMI JOIN articles USING (article_id) WHERE refresh_id <= 2"
    assert upgraded.query(known) == [("s",)]
    assert upgraded.column("SELECT title FROM articles ORDER BY 1") == ["Post 1 edited", "Post 2"]
    assert upgraded.refresh() is None


def test_there_is_a_file_of_the_present_version() -> None:
    names = {file.name.partition(".")[0] for file in FILES}
    assert schema_version() in names, "the schema has changed: run tests/database/earlier/make.py"


@pytest.mark.built(by=one_post)
def test_a_file_of_a_later_version_is_built_anew_too(site: Site) -> None:
    work = Refresh(site.settings).work
    with work.opened() as con:
        con.execute("ALTER TABLE refreshes ADD COLUMN of_the_future VARCHAR NOT NULL DEFAULT 'x'")
        con.execute("UPDATE internal.generation SET schema_version = 'later'")
    loaded = site.refresh()
    assert loaded and site.last_plan and site.last_plan.reasons == ["the tables have another form in this version"]
    assert site.column("SELECT refresh_id FROM refreshes ORDER BY 1")[0] == 1
