"""`[warehouse] history`: what was known at a moment can be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from conftest import Site

from etl_project.extract.scan import Clock

Day = Callable[[int], None]


def moment(day: int) -> dt.datetime:
    return dt.datetime(2027, 1, day, tzinfo=dt.UTC)


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Day:
    """Sets the day of January 2027 on which refreshes look."""

    def at(number: int) -> None:
        look_ns = int(moment(number).timestamp()) * 10**9
        monkeypatch.setattr(Clock, "now", classmethod(lambda cls: cls(moment(number), look_ns)))

    return at


@pytest.fixture
def remembering(site: Site) -> Site:
    site.configure()
    text = site.config.read_text("utf-8").replace("[warehouse]\n", "[warehouse]\nhistory = true\n")
    site.config.write_text(text, "utf-8")
    return site


def known(site: Site, day: int) -> dict[str, str]:
    return dict(site.query(f"SELECT title, text FROM articles_as_of(TIMESTAMPTZ '2027-01-{day:02} 12:00:00+00')"))


def test_what_was_known_at_a_moment_is_what_a_refresh_had_published_then(remembering: Site, day: Day) -> None:
    site = remembering
    day(1)
    one = site.write("_posts/2026-01-01-one.md", title="One", body="First.")
    site.write("_posts/2026-01-01-two.md", title="Two", body="Stays.")
    site.refresh()
    day(3)
    site.write("_posts/2026-01-01-one.md", title="One, edited", body="Second.", tags="[B, a]", age=50)
    site.refresh()
    day(5)
    one.write_bytes(b"---\ntitle: open\n")
    site.refresh()
    day(7)
    site.write("_posts/2026-01-01-one.md", title="One again", body="Third.", age=40)
    site.refresh()
    day(9)
    one.unlink()
    site.refresh(allow_deletes=True)
    assert known(site, 1) == {"One": "First.", "Two": "Stays."}
    assert known(site, 2) == known(site, 1)
    assert known(site, 3) == {"One, edited": "Second.", "Two": "Stays."}
    assert known(site, 5) == {"Two": "Stays."}
    assert known(site, 7) == {"One again": "Third.", "Two": "Stays."}
    assert known(site, 9) == {"Two": "Stays."}
    assert site.query(
        "SELECT title, tags, categories, published_on::VARCHAR FROM article_versions ORDER BY replaced_at"
    ) == [
        ("One", ["one", "two"], ["news"], "2026-01-02"),
        ("One, edited", ["b", "a"], ["news"], "2026-01-02"),
        ("One again", ["one", "two"], ["news"], "2026-01-02"),
    ]


def test_a_move_replaces_the_version_under_the_old_id(remembering: Site, day: Day) -> None:
    site = remembering
    day(1)
    file = site.write("_posts/2026-01-01-one.md")
    site.refresh()
    day(3)
    (site.posts / "old_post").mkdir()
    file.rename(site.posts / "old_post/2026-01-01-one.md")
    site.refresh()
    as_of = "SELECT path FROM articles_as_of(TIMESTAMPTZ '2027-01-{} 12:00:00+00')"
    assert site.column(as_of.format("01")) == ["_posts/2026-01-01-one.md"]
    assert site.column(as_of.format("03")) == ["old_post/2026-01-01-one.md"]


@pytest.mark.parametrize("full", [False, True])
def test_versions_survive_a_full_rebuild_and_unchanged_articles_make_none(
    remembering: Site, day: Day, full: bool
) -> None:
    site = remembering
    day(1)
    site.write("_posts/2026-01-01-one.md", title="One")
    site.write("_posts/2026-01-01-two.md", title="Two")
    site.refresh()
    day(3)
    site.write("_posts/2026-01-01-one.md", title="Other", age=50)
    site.refresh(full=full)
    assert site.column("SELECT title FROM article_versions") == ["One"]
    day(5)
    site.refresh(full=True)
    assert site.column("SELECT title FROM article_versions") == ["One"]
    assert set(known(site, 1)) == {"One", "Two"}


def test_without_the_setting_no_version_is_kept(site: Site) -> None:
    site.write("_posts/2026-01-01-one.md")
    site.refresh()
    site.write("_posts/2026-01-01-one.md", title="Other", age=50)
    site.refresh()
    assert site.column("SELECT count(*) FROM article_versions") == [0]
