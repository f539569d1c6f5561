"""`[warehouse] history`: what was known at a moment can be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import duckdb
import pytest
from conftest import Site

from etl_project.scan.clock import Clock

Day = Callable[[int], None]


def moment(day: int) -> dt.datetime:
    return dt.datetime(2027, 1, day, tzinfo=dt.UTC)


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Day:
    """Sets the day of January 2027 on which refreshes look."""

    def at(number: int) -> None:
        started_ns = int(moment(number).timestamp()) * 10**9
        monkeypatch.setattr(Clock, "now", classmethod(lambda cls: cls(moment(number), started_ns)))

    return at


@pytest.fixture
def remembering(site: Site) -> Site:
    site.configure()
    text = site.config.read_text("utf-8").replace("[warehouse]\n", "[warehouse]\nhistory = true\n")
    site.config.write_text(text, "utf-8")
    return site


def known(site: Site, day: int) -> dict[str, str]:
    return dict(site.query_work(f"SELECT title, text FROM articles_as_of(TIMESTAMPTZ '2027-01-{day:02} 12:00:00+00')"))


def test_what_was_known_at_a_moment_is_what_a_refresh_had_published_then(remembering: Site, day: Day) -> None:
    site = remembering
    day(1)
    one = site.write("_posts/2026-01-01-one.md", title="One", body="First.")
    site.write("_posts/2026-01-01-two.md", title="Two", body="Stays.")
    site.load()
    day(3)
    site.write("_posts/2026-01-01-one.md", title="One, edited", body="Second.", tags="[B, a]", age=50)
    site.load()
    day(5)
    one.write_bytes(b"---\ntitle: open\n")
    site.load()
    day(7)
    site.write("_posts/2026-01-01-one.md", title="One again", body="Third.", age=40)
    site.load()
    day(9)
    one.unlink()
    site.load(allow_deletes=True)
    assert known(site, 1) == {"One": "First.", "Two": "Stays."}
    assert known(site, 2) == known(site, 1)
    assert known(site, 3) == {"One, edited": "Second.", "Two": "Stays."}
    assert known(site, 5) == {"Two": "Stays."}
    assert known(site, 7) == {"One again": "Third.", "Two": "Stays."}
    assert known(site, 9) == {"Two": "Stays."}
    assert site.query_work(
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
    site.load()
    day(3)
    (site.posts / "old_post").mkdir()
    file.rename(site.posts / "old_post/2026-01-01-one.md")
    site.load()
    as_of = "SELECT path FROM articles_as_of(TIMESTAMPTZ '2027-01-{} 12:00:00+00')"
    assert site.column_of_work(as_of.format("01")) == ["_posts/2026-01-01-one.md"]
    assert site.column_of_work(as_of.format("03")) == ["old_post/2026-01-01-one.md"]


@pytest.mark.parametrize("full", [False, True])
def test_versions_survive_a_full_rebuild_and_unchanged_articles_make_none(
    remembering: Site, day: Day, full: bool
) -> None:
    site = remembering
    day(1)
    site.write("_posts/2026-01-01-one.md", title="One")
    site.write("_posts/2026-01-01-two.md", title="Two")
    site.load()
    day(3)
    site.write("_posts/2026-01-01-one.md", title="Other", age=50)
    site.load(full=full)
    assert site.column_of_work("SELECT title FROM article_versions") == ["One"]
    day(5)
    site.load(full=True)
    assert site.column_of_work("SELECT title FROM article_versions") == ["One"]
    assert set(known(site, 1)) == {"One", "Two"}


def test_without_the_setting_no_version_is_kept(site: Site) -> None:
    site.write("_posts/2026-01-01-one.md")
    site.load()
    site.write("_posts/2026-01-01-one.md", title="Other", age=50)
    site.load()
    assert site.column_of_work("SELECT count(*) FROM article_versions") == [0]


def test_another_setting_does_not_change_what_was_known_before(remembering: Site, day: Day) -> None:
    site = remembering
    rows = "SELECT * FROM articles_as_of(TIMESTAMPTZ '2027-01-{:02} 12:00:00+00') ORDER BY ALL"
    day(1)
    site.write("_posts/2026-01-01-one.md", title="One", date="2026-01-01 12:00:00", body='Text.\n\n<p id="x">Foot.</p>')
    site.write("_posts/2026-01-01-two.md", title="Two", date="2026-01-01 12:00:00 +0800", body="Text.")
    site.load()
    known_then = site.query_work(rows.format(2))
    text = site.config.read_text("utf-8")
    for number, (old, new) in enumerate(
        [("Asia/Shanghai", "Asia/Tokyo"), ("include =", 'rules = [{selector = "#x"}]\ninclude =')], 1
    ):
        day(2 * number + 1)
        text = text.replace(old, new)
        site.config.write_text(text, "utf-8")
        loaded = site.load()
        assert loaded and loaded.changes == {}, "no file, status, date or category changed"
        assert len(site.query_work(rows.format(2 * number + 1))) == 2
        assert site.query_work(rows.format(2)) == known_then
    assert known(site, 3) == {"One": "Text.\n\nFoot.", "Two": "Text."}
    assert known(site, 5) == {"One": "Text.", "Two": "Text."}
    assert site.query_work("SELECT title, last_changed_at FROM articles JOIN article_history USING (article_id)") == [
        ("One", moment(5)),
        ("Two", moment(1)),
    ], "what is read as before has no new version"


def test_an_article_that_was_kept_is_known_of_the_days_it_was_missing(remembering: Site, day: Day) -> None:
    site = remembering
    site.config.write_text(site.config.read_text("utf-8") + 'on_missing = "keep"\n', "utf-8")
    rows = "SELECT path, file_hash FROM articles_as_of(TIMESTAMPTZ '2027-01-{:02} 12:00:00+00')"
    day(1)
    file = site.write("_posts/2026-01-01-one.md")
    data = file.read_bytes()
    site.load()
    [(path, file_hash)] = site.query_work(rows.format(1))
    day(3)
    file.unlink()
    site.load()
    day(5)
    file.write_bytes(data)
    site.load()
    assert [site.query_work(rows.format(n)) for n in (1, 3, 5)] == [
        [(path, file_hash)],
        [(path, None)],
        [(path, file_hash)],
    ]


def test_in_an_attached_file_what_was_known_is_asked_after_using_it(remembering: Site) -> None:
    remembering.write("_posts/2026-01-01-one.md")
    remembering.refresh()
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{remembering.published}' AS w (READ_ONLY)")
        con.execute("USE w")
        assert con.execute("SELECT path FROM articles_as_of(now())").fetchall() == [("_posts/2026-01-01-one.md",)]
        [comment] = con.execute(
            "SELECT comment FROM duckdb_functions() WHERE function_name = 'articles_as_of' AND database_name = 'w'"
        ).fetchall()
        assert "USE it first" in comment[0]
