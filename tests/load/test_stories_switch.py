"""Stories are switched on and off in etl.toml, and follow every change of posts, names of sources and the clock."""

from __future__ import annotations

import datetime as dt

import pytest
from conftest import Site, equals_full_build

from etl_project.scan.clock import Clock

OFF, ON = "[insight]\nstories = false\n", "[insight]\nstories = true\n"
KEEPS = 'dialect = "jekyll"\non_missing = "keep"\n'
BODY = "One long enough sentence of a story, which is told by two posts with the same words in the same order."


def stories(site: Site) -> list[tuple[str, str, bool]]:
    rows = site.query("SELECT story_id, article_id, is_first FROM stories ORDER BY ALL")
    return [(story[-8:-3], article[-8:-3], is_first) for story, article, is_first in rows]


def test_stories_follow_posts_that_come_change_and_go(site: Site) -> None:
    site.write("_posts/2026-01-03-two.md", body=BODY, date="2026-01-03")
    site.write(
        "_posts/2026-01-04-own.md", body="Quite another sentence that only this post has, as far as anybody knows."
    )
    site.refresh()
    assert stories(site) == [("3-two", "3-two", True), ("4-own", "4-own", True)]
    site.write("_posts/2026-01-02-one.md", body=f"{BODY} And more.", title="2026-01-03-two", date="2026-01-02")
    site.refresh()
    assert stories(site)[:2] == [("2-one", "2-one", True), ("2-one", "3-two", False)]
    assert site.query("SELECT sum(articles), sum(stories) FROM articles_by_date") == [(3, 2)]
    (site.posts / "_posts/2026-01-02-one.md").unlink()
    site.refresh(allow_deletes=True)
    assert ("3-two", "3-two", True) in stories(site) and len(stories(site)) == 2
    equals_full_build(site)


def test_time_alone_makes_another_article_the_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(day: str) -> Clock:
        instant = dt.datetime.fromisoformat(f"{day}T00:00:00+00:00")
        return Clock(instant, int(instant.timestamp()) * 1_000_000_000)

    site.write("_posts/2096-05-01-one.md", body=BODY, title="One", date="2096-05-01 08:00:00 +0000")
    site.write("_posts/2096-06-01-two.md", body=BODY, title="Two", date="2096-06-01 08:00:00 +0000")
    monkeypatch.setattr(Clock, "now", lambda: at("2096-04-01"))
    site.refresh()
    assert stories(site) == [("1-one", "1-one", False), ("1-one", "1-two", False)]
    monkeypatch.setattr(Clock, "now", lambda: at("2096-07-01"))
    site.refresh()
    assert stories(site) == [("1-one", "1-one", True), ("1-one", "1-two", False)]
    equals_full_build(site)


def test_after_a_switch_every_article_has_a_story_or_none(site: Site) -> None:
    """Also one whose file went, and that is kept."""
    site.configure(KEEPS, OFF)
    for name in ("one", "two"):
        site.write(f"_posts/2026-01-02-{name}.md", body=BODY, title=name)
    site.refresh()
    (site.posts / "_posts/2026-01-02-two.md").unlink()
    for extra, rows in ((ON, 2), (OFF, 0)):
        site.configure(extra=extra)
        site.refresh(allow_deletes=True)
        assert site.column("SELECT count(*) FROM articles") == [2]
        assert site.column("SELECT count(*) FROM stories") == [rows]
        assert site.column("SELECT count(*) FROM story_pairs") == [rows // 2]
        assert site.column("SELECT count(*) FROM internal.article_sketches") == [rows]
    assert site.refresh() is None


def test_a_renamed_source_tells_the_same_stories_in_the_order_of_its_new_ids(site: Site) -> None:
    site.configure(extra='[[source]]\nname = "other"\nlocation = "other"\ndialect = "jekyll"\n')
    for folder in ("", "../other/"):
        site.write(f"{folder}_posts/2026-01-02-one.md", body=BODY, title="One")
    site.refresh()
    assert site.query("SELECT story_id, count(*) FROM stories GROUP BY 1") == [("other:_posts/2026-01-02-one.md", 2)]
    text = site.config.read_text("utf-8").replace('name = "other"', 'name = "zoo"\nrenamed_from = "other"')
    site.config.write_text(text, "utf-8")
    site.refresh()
    assert site.query("SELECT story_id, count(*) FROM stories GROUP BY 1") == [("site:_posts/2026-01-02-one.md", 2)]
