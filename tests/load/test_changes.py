"""The log of changes and the view over it: why a count moved."""

from __future__ import annotations

import datetime as dt

import pytest
from conftest import Site

from etl_project.extract.scan import Clock

COUNTED = """
SELECT change, was_published, is_published, old_published_on::VARCHAR, new_published_on::VARCHAR,
    old_categories, new_categories
FROM changes WHERE refresh_id = (SELECT max(refresh_id) FROM refreshes) ORDER BY path, change
"""


def test_an_added_post_is_there_with_its_date_and_categories(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", categories="[News, 股市]")
    site.refresh()
    assert site.query(COUNTED) == [("added", None, True, None, "2026-01-02", None, ["news", "股市"])]


def test_a_changed_post_tells_where_it_was_counted_before(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", categories="a")
    site.refresh()
    site.write("_posts/2026-01-02-one.md", categories="b", date="2026-02-03 10:00:00", age=30)
    site.refresh()
    assert site.query(COUNTED) == [("changed", True, True, "2026-01-02", "2026-02-03", ["a"], ["b"])]


def test_a_deleted_post_keeps_its_title_and_where_it_was_counted(site: Site) -> None:
    gone = site.write("_posts/2026-01-02-one.md", title="Gone", categories="a")
    site.write("_posts/2026-01-03-two.md")
    site.refresh()
    gone.unlink()
    site.refresh(allow_deletes=True)
    assert site.query(COUNTED) == [("deleted", True, None, "2026-01-02", None, ["a"], None)]
    assert site.column("SELECT title FROM changes WHERE change = 'deleted'") == ["Gone"]


def test_a_move_that_changes_the_id_is_one_row_with_both_paths(site: Site) -> None:
    file = site.write("_posts/2026-01-02-one.md")
    site.refresh()
    (site.posts / "old_post").mkdir()
    file.rename(site.posts / "old_post/2026-01-02-one.md")
    site.refresh()
    assert site.query(
        "SELECT change, path, old_path, old_published_on = new_published_on FROM changes WHERE refresh_id = 2"
    ) == [("moved", "old_post/2026-01-02-one.md", "_posts/2026-01-02-one.md", True)]


def test_a_setting_that_moves_dates_is_a_change_although_no_file_changed(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", date="2026-01-02 03:04:05 +0800")
    site.write("_posts/2026-01-02-two.md", date="2026-01-02 23:00:00 +0800")
    site.refresh()
    site.configure(site.source.replace("Asia/Shanghai", "America/New_York"))
    loaded = site.refresh()
    assert loaded and loaded.changes == {"changed": 1}
    assert site.query(
        "SELECT path, old_published_on::VARCHAR, new_published_on::VARCHAR FROM changes WHERE change = 'changed'"
    ) == [("_posts/2026-01-02-one.md", "2026-01-02", "2026-01-01")]


def test_a_post_that_comes_out_or_expires_is_a_change_without_a_change_of_its_file(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(day: int) -> None:
        moment = dt.datetime(2027, 1, day, tzinfo=dt.UTC)
        monkeypatch.setattr(Clock, "now", classmethod(lambda cls: cls(moment, int(moment.timestamp()) * 10**9)))

    at(1)
    text = "---\ntitle: x\ndate: 2027-01-05 10:00:00\nexpirydate: 2027-01-09 10:00:00\ncategories: news\n---\nText"
    site.configure('dialect = "hugo"\ntime_zone = "Asia/Shanghai"\ninclude = ["*.md"]\n')
    site.write("x.md", text)
    site.refresh()
    for day in (4, 6, 8, 10):
        at(day)
        site.refresh()
    assert site.query(
        "SELECT refresh_id, change, was_published, is_published, new_categories FROM changes ORDER BY 1"
    ) == [
        (1, "added", None, True, ["news"]),
        (2, "came_out", False, True, ["news"]),
        (3, "expired", True, False, ["news"]),
    ]
