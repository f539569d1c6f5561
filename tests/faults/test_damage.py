"""Files of the warehouse that are lost or damaged between two refreshes."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from built_sites import BuiltSites
from changing_site import write_posts
from conftest import Site


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    write_posts(site, 6)
    site.refresh()
    return site


@pytest.mark.built(by=build)
@pytest.mark.parametrize("missing", ["work folder", "work file", "published file"])
def test_what_is_lost_or_damaged_of_the_warehouse_is_made_again(site: Site, missing: str) -> None:
    before = site.derived()
    work = site.published.parent / ".work"
    if missing == "work folder":
        for file in work.iterdir():
            file.unlink()
        work.rmdir()
    else:
        damaged = work / "posts.duckdb" if missing == "work file" else site.published
        damaged.chmod(0o644)
        damaged.write_bytes(damaged.read_bytes()[:5000])
    site.refresh()
    assert site.derived() == before
    assert site.refresh() is None


def build_thrice(folder: Path) -> Site:
    """A site that keeps versions, refreshed three times, so that there is a previous published file."""
    site = Site(folder)
    site.configure()
    site.config.write_text(site.config.read_text("utf-8").replace("[warehouse]\n", "[warehouse]\nhistory = true\n"))
    for n, title in enumerate(("A", "B", "C")):
        site.write("_posts/2026-01-02-1.md", title=title, age=60 - n)
        site.refresh()
    return site


@pytest.fixture
def remembering(built_sites: BuiltSites, tmp_path: Path) -> Site:
    return built_sites.copy(build_thrice, tmp_path)


def damage(site: Site) -> None:
    site.published.chmod(0o644)
    site.published.write_bytes(site.published.read_bytes()[:5000])


def test_a_damaged_published_file_does_not_take_the_place_of_the_previous_one(remembering: Site) -> None:
    previous = remembering.published.with_name("posts.previous.duckdb")
    before = previous.read_bytes()
    damage(remembering)
    remembering.refresh()
    assert previous.read_bytes() == before
    assert remembering.column("SELECT refresh_id FROM refreshes ORDER BY 1") == [1, 2, 3]


@pytest.mark.parametrize("published", ["damaged", "lost"])
def test_what_was_observed_survives_the_loss_of_work_folder_and_published_file(
    remembering: Site, published: str
) -> None:
    shutil.rmtree(remembering.published.parent / ".work")
    if published == "damaged":
        damage(remembering)
    else:
        remembering.published.unlink()
    remembering.refresh()
    assert remembering.column("SELECT title FROM articles") == ["C"]
    assert remembering.column("SELECT refresh_id FROM refreshes ORDER BY 1") == [1, 2, 3]
    assert remembering.column("SELECT title FROM article_versions ORDER BY replaced_at") == ["A", "B"]
    assert remembering.refresh() is None


@pytest.mark.built(by=build)
def test_a_stale_log_beside_the_published_file_costs_no_history_when_the_work_folder_is_lost(site: Site) -> None:
    seen = site.query("FROM article_history")
    other = site.folder / "other.duckdb"
    with duckdb.connect(str(other)) as con:
        con.execute("CREATE TABLE t (a INT); CHECKPOINT; INSERT INTO t VALUES (1)")
        shutil.copyfile(f"{other}.wal", f"{site.published}.wal")
    shutil.rmtree(site.published.parent / ".work")
    site.refresh()
    assert site.query("FROM article_history") == seen
