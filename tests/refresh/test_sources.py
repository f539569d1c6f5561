"""Some of the sources, and sources that get another name."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from built_sites import BuiltSites
from conftest import Site, assert_the_change_log_adds_up
from loaded_tables import equals_a_full_load

from etl_project.refresh.attach_target import attach_target
from etl_project.refresh.guard import RefreshStopped
from etl_project.settings import SettingsError

OTHER = '[[source]]\nname = "{name}"\nlocation = "{location}"\n{more}'


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    (site.folder / "notes").mkdir()
    for name in ("a", "b", "c"):
        (site.folder / f"notes/{name}.md").write_text(f"---\ntags: [{name}]\n---\n# {name}\n\nText")
    site.configure(extra=OTHER.format(name="notes", location="notes", more=""))
    site.refresh()
    return site


@pytest.fixture
def two(built_sites: BuiltSites, tmp_path: Path) -> Site:
    """A site with a second source of three notes."""
    return built_sites.copy(build, tmp_path)


def test_only_the_named_sources_are_looked_at(two: Site) -> None:
    two.write("_posts/2026-01-03-two.md")
    (two.folder / "notes/d.md").write_text("# d\n")
    (two.folder / "notes/a.md").unlink()
    loaded = two.load(sources=["site"])
    assert loaded and loaded.changes == {"added": 1} and loaded.files_read == 1
    assert two.column_of_work("SELECT count(*) FROM articles WHERE source_id = 'notes'") == [3]
    loaded = two.load(allow_deletes=True)
    assert loaded and loaded.changes == {"added": 1, "deleted": 1}
    equals_a_full_load(two)


def test_a_source_left_out_may_be_out_of_reach(two: Site) -> None:
    shutil.rmtree(two.folder / "notes")
    two.write("_posts/2026-01-03-two.md")
    loaded = two.load(sources=["site"])
    assert loaded and loaded.unavailable == {}
    assert two.column_of_work("SELECT count(*) FROM articles") == [5]


def test_a_source_that_is_new_waits_until_it_is_looked_at(two: Site) -> None:
    (two.folder / "more").mkdir()
    (two.folder / "more/x.md").write_text("# x\n")
    two.configure(extra=two.extra + OTHER.format(name="more", location="more", more=""))
    assert two.load(sources=["site"]) is None
    loaded = two.load()
    assert loaded and loaded.changes == {"added": 1}


def test_a_source_that_does_not_exist_is_named_with_those_that_do(two: Site) -> None:
    with pytest.raises(SettingsError, match=r"no source 'note'; the sources are notes, site\.$"):
        two.load(sources=["note"])


def test_a_renamed_source_keeps_its_articles_and_their_history(two: Site) -> None:
    before = dict(
        two.query("SELECT substr(article_id, 7), first_seen_at FROM article_history WHERE article_id ^@ 'notes:'")
    )
    changes = two.column("SELECT count(*) FROM article_changes")
    two.configure(extra=OTHER.format(name="diary", location="notes", more='renamed_from = "notes"\n'))
    loaded = two.refresh()
    assert two.last_plan and two.last_plan.reasons == ["the source notes is now named diary"]
    assert loaded and loaded.files_read == 0 and loaded.changes == {}
    assert two.column("SELECT source_id FROM sources ORDER BY 1") == ["diary", "site"]
    after = dict(
        two.query("SELECT substr(article_id, 7), first_seen_at FROM article_history WHERE article_id ^@ 'diary:'")
    )
    assert after == before and len(after) == 3
    assert two.column("SELECT count(*) FROM article_changes") == changes
    assert two.column("SELECT count(*) FROM article_history WHERE article_id ^@ 'notes:'") == [0]
    assert two.refresh() is None
    equals_a_full_load(two)


def test_a_renamed_source_may_change_and_move_in_the_same_refresh(two: Site) -> None:
    two.configure(extra=OTHER.format(name="diary", location="papers", more='renamed_from = "notes"\n'))
    (two.folder / "notes").rename(two.folder / "papers")
    (two.folder / "papers/a.md").write_text("# a, edited\n")
    (two.folder / "papers/b.md").rename(two.folder / "papers/z.md")
    loaded = two.load()
    assert loaded and loaded.changes == {"changed": 1, "moved": 1}
    equals_a_full_load(two)


def test_a_rename_to_a_folder_without_the_posts_is_stopped_by_the_guard(two: Site) -> None:
    (two.folder / "empty").mkdir()
    two.configure(extra=OTHER.format(name="diary", location="empty", more='renamed_from = "notes"\n'))
    with pytest.raises(RefreshStopped, match="'diary'"):
        two.load()
    assert two.column_of_work("SELECT count(*) FROM articles WHERE source_id = 'notes'") == [3]


def test_a_rename_that_died_before_its_refresh_was_published_is_published_by_the_next(two: Site) -> None:
    two.configure(extra=OTHER.format(name="diary", location="notes", more='renamed_from = "notes"\n'))
    refresh, plan = two.plan()
    attach_target(plan, refresh.work)
    plan.close()  # and here the process died
    assert two.column("SELECT source_id FROM sources ORDER BY 1") == ["notes", "site"]
    two.refresh()
    assert two.column("SELECT source_id FROM sources ORDER BY 1") == ["diary", "site"]
    equals_a_full_load(two)


def test_a_rename_and_an_upgrade_come_together(two: Site) -> None:
    with duckdb.connect(str(two.published.parent / ".work/posts.duckdb")) as con:
        con.execute("UPDATE internal.generation SET schema_version = 'older'")
    two.configure(extra=OTHER.format(name="diary", location="notes", more='renamed_from = "notes"\n'))
    loaded = two.refresh()
    assert loaded and loaded.changes == {}
    assert two.column("SELECT count(*) FROM article_history WHERE article_id ^@ 'diary:'") == [3]
    assert two.refresh() is None


@pytest.mark.parametrize("is_alone", [False, True])
def test_another_identity_moves_the_posts_of_a_source_and_keeps_their_first_seen_dates(
    two: Site, is_alone: bool
) -> None:
    if is_alone:
        two.configure(extra="")
        two.load(allow_deletes=True)
    two.write("old_post/2026-01-02-one.md", body="Shadowed.")
    two.write("_posts/2026-01-02-two.md", body="Other words.")
    two.load()
    first = dict(two.query_work("SELECT article_id, first_seen_at FROM article_history"))
    two.configure(two.source + 'identity = "file_name"\n')
    two.write("_posts/2026-01-02-two.md", body="Edited.", age=30)
    loaded = two.refresh()
    assert loaded and loaded.changes == {"moved": 2, "deleted": 1}
    assert two.query(
        "SELECT article_id, first_seen_at, previous_article_id FROM article_history JOIN articles USING (article_id) "
        "WHERE source_id = 'site' ORDER BY 1"
    ) == [
        (f"site:2026-01-02-{name}", first[old], old)
        for name in ("one", "two")
        for old in (f"site:_posts/2026-01-02-{name}.md",)
    ]
    assert_the_change_log_adds_up(two)
    equals_a_full_load(two)


def test_a_source_that_takes_the_name_of_a_removed_one_has_one_history(two: Site) -> None:
    first = two.column("SELECT first_seen_at FROM article_history WHERE article_id = 'notes:a.md'")
    two.configure(extra=OTHER.format(name="more", location="more", more=""))
    shutil.copytree(two.folder / "notes", two.folder / "more")
    two.load(allow_deletes=True)
    two.configure(extra=OTHER.format(name="notes", location="more", more='renamed_from = "more"\n'))
    two.load()
    (two.folder / "more/a.md").write_text("# a\n\nEdited")
    loaded = two.refresh()
    assert loaded and loaded.changes == {"changed": 1}
    history = "SELECT first_seen_at > '{}' FROM article_history WHERE article_id = 'notes:a.md'"
    assert two.column(history.format(first[0])) == [True], "the history of the one that was renamed"
    assert_the_change_log_adds_up(two)


def test_a_source_renamed_alone_and_then_with_its_settings_is_published_both_times(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", date="2026-01-02 23:30:00 +0000")
    site.load()
    text = site.config.read_text("utf-8")
    site.config.write_text(text.replace('name = "site"', 'name = "paper"\nrenamed_from = "site"'), "utf-8")
    site.load()
    assert site.column_of_work("SELECT source_id FROM sources") == ["paper"]
    again = text.replace('name = "site"', 'name = "site"\nrenamed_from = "paper"\ntime_zone = "Asia/Tokyo"')
    site.config.write_text(again.replace('time_zone = "Asia/Shanghai"\n', ""), "utf-8")
    site.load()
    assert site.query_work("SELECT source_id, time_zone FROM sources") == [("site", "Asia/Tokyo")]
    assert site.column_of_work("SELECT article_id FROM articles") == ["site:_posts/2026-01-02-one.md"]
