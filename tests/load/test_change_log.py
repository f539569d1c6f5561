"""The log of changes and the view over it: why a count moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from built_sites import BuiltSites
from conftest import Site, assert_the_change_log_adds_up

from etl_project.scan.clock import Clock

MOVED_BY_THE_LAST_REFRESH = """
WITH counted AS (
    SELECT old_published_on AS published_on, old_categories AS categories, -1 AS articles, refresh_id
    FROM changes WHERE was_live
    UNION ALL SELECT new_published_on, new_categories, 1, refresh_id FROM changes WHERE is_live
)
SELECT published_on::VARCHAR, category, sum(articles)::BIGINT AS net FROM (
    SELECT *, unnest(if(categories = [], ['(none)'], categories)) AS category FROM counted
) WHERE refresh_id = (SELECT max(refresh_id) FROM refreshes) GROUP BY ALL HAVING net <> 0
"""

COUNTED = """
SELECT change, was_live, is_live, old_published_on::VARCHAR, new_published_on::VARCHAR,
    old_categories, new_categories
FROM changes WHERE refresh_id = (SELECT max(refresh_id) FROM refreshes) ORDER BY path, change
"""


def test_each_change_of_a_post_tells_where_it_was_counted_before_and_is_now(site: Site) -> None:
    site.write("_posts/2026-01-02-changed.md", categories="a")
    site.write("_posts/2026-01-02-gone.md", title="Gone", categories="a")
    site.write("_posts/2026-01-02-moved.md", body="Moves.")
    site.load()
    assert ("added", False, True, None, "2026-01-02", None, ["a"]) in site.query_work(COUNTED)
    site.write("_posts/2026-01-02-added.md", categories="[News, 股市]")
    site.write("_posts/2026-01-02-changed.md", categories="b", date="2026-02-03 10:00:00", age=30)
    (site.posts / "_posts/2026-01-02-gone.md").unlink()
    (site.posts / "old_post").mkdir()
    (site.posts / "_posts/2026-01-02-moved.md").rename(site.posts / "old_post/2026-01-02-moved.md")
    site.load(allow_deletes=True)
    assert site.query_work(COUNTED) == [
        ("added", False, True, None, "2026-01-02", None, ["news", "股市"]),
        ("changed", True, True, "2026-01-02", "2026-02-03", ["a"], ["b"]),
        ("deleted", True, False, "2026-01-02", None, ["a"], None),
        ("moved", True, True, "2026-01-02", "2026-01-02", ["news"], ["news"]),
    ]
    assert site.column_of_work("SELECT title FROM changes WHERE change = 'deleted'") == ["Gone"], "it keeps its title"
    assert site.query_work("SELECT path, old_path FROM changes WHERE change = 'moved'") == [
        ("old_post/2026-01-02-moved.md", "_posts/2026-01-02-moved.md")
    ], "a move that changes the id is one row with both paths"


def test_a_setting_that_moves_dates_is_a_change_although_no_file_changed(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", date="2026-01-02 03:04:05 +0800")
    site.write("_posts/2026-01-02-two.md", date="2026-01-02 23:00:00 +0800")
    site.load()
    site.configure(site.source.replace("Asia/Shanghai", "America/New_York"))
    loaded = site.load()
    assert loaded and loaded.changes == {"changed": 1}
    assert site.query_work(
        "SELECT path, old_published_on::VARCHAR, new_published_on::VARCHAR FROM changes WHERE change = 'changed'"
    ) == [("_posts/2026-01-02-one.md", "2026-01-02", "2026-01-01")]


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the day of January 2027 on which refreshes look."""

    def at(number: int) -> None:
        moment = dt.datetime(2027, 1, number, tzinfo=dt.UTC)
        monkeypatch.setattr(Clock, "now", classmethod(lambda cls: cls(moment, int(moment.timestamp()) * 10**9)))

    return at


TIMED = 'dialect = "hugo"\ntime_zone = "Asia/Shanghai"\ninclude = ["**/*.md"]\n'


def test_a_post_that_comes_out_or_expires_is_a_change_without_a_change_of_its_file(
    site: Site, day: Callable[[int], None]
) -> None:
    day(1)
    text = "---\ntitle: x\ndate: 2027-01-05 10:00:00\nexpirydate: 2027-01-09 10:00:00\ncategories: news\n---\nText"
    site.configure(TIMED)
    site.write("x.md", text)
    site.load()
    for number in (4, 6, 8, 10):
        day(number)
        site.load()
    assert site.query_work("SELECT refresh_id, change, was_live, is_live, new_categories FROM changes ORDER BY 1") == [
        (1, "added", False, False, ["news"]),
        (2, "came_out", False, True, ["news"]),
        (3, "expired", True, False, ["news"]),
    ]
    assert site.column_of_work("SELECT last_changed_at = first_seen_at FROM article_history") == [True], (
        "no change of its own"
    )


def test_the_log_explains_every_count_of_posts_to_come_and_posts_that_expire(
    site: Site, day: Callable[[int], None]
) -> None:
    def write(name: str, date: str, more: str = "", categories: str = "[a, b]", age: float = 60) -> Path:
        head = f"title: {name}\ndate: 2027-01-{date} 10:00:00 +0000\ncategories: {categories}\n{more}"
        return site.write(name, f"---\n{head}---\n{name}\n", age=age)

    def expires(date: str) -> str:
        return f"expirydate: 2027-01-{date} 10:00:00 +0000\n"

    def counts() -> dict[tuple[str, str], int]:
        rows = site.query_work("SELECT published_on::VARCHAR, category_id, articles FROM articles_by_date_category")
        return {(on, category): articles for on, category, articles in rows}

    # Everything of an article that moves a count, and what time does on the way.
    site.configure(TIMED)
    day(1)
    write("out.md", "01")
    write("comes.md", "03")
    write("comes and is edited.md", "03", categories="[]")
    write("comes and goes.md", "03", expires("05"))
    write("between two refreshes.md", "06", expires("06").replace("10:00", "11:00"))
    write("expires and moves.md", "01", expires("05"))
    write("moves and comes.md", "05")
    write("expires and is deleted.md", "01", expires("05"))
    write("draft.md", "03", "draft: true\n")
    steps: list[Callable[[], object]] = [
        lambda: None,
        lambda: write("comes and is edited.md", "03", categories="[c]", age=50),
        lambda: (
            (site.posts / "expires and moves.md").rename(site.posts / "moved.md"),
            (site.posts / "moves and comes.md").rename(site.posts / "moved, too.md"),
            (site.posts / "expires and is deleted.md").unlink(),
            write("out.md", "09", age=50),
        ),
        lambda: write("comes.md", "02", expires("05"), age=50),
        lambda: (write("out.md", "09", categories="[c]", age=40), write("draft.md", "20", age=40)),
        lambda: write("draft.md", "20", "draft: true\n", age=30),
    ]
    before: dict[tuple[str, str], int] = {}
    for number, step in enumerate(steps, 1):
        day(2 * number - 1)
        step()
        refresh, plan = site.plan(allow_deletes=True)
        refresh.load_tables(plan)
        refresh.build_aggregates(["articles_by_date_category"])
        after = counts()
        moved = {(on, category): change for on, category, change in site.query_work(MOVED_BY_THE_LAST_REFRESH)}
        assert moved == {
            key: after.get(key, 0) - before.get(key, 0)
            for key in before.keys() | after.keys()
            if after.get(key, 0) != before.get(key, 0)
        }, number
        before = after
    site.refresh()
    assert_the_change_log_adds_up(site)
    told = site.query_work("SELECT * FROM changes ORDER BY ALL")
    site.load(full=True)
    assert site.query_work("SELECT * FROM changes ORDER BY ALL") == told, "what was told does not change afterwards"


def test_a_post_that_was_out_before_it_was_given_a_later_date_came_out_once(
    site: Site, day: Callable[[int], None]
) -> None:
    day(1)
    site.write("_posts/2026-01-02-one.md")
    site.load()
    day(4)
    site.write("_posts/2026-01-02-two.md")
    site.load()
    day(9)
    site.write("_posts/2026-01-02-one.md", date="2027-01-03 10:00:00", age=30)
    site.load()
    assert site.query_work("SELECT refresh_id, change FROM changes ORDER BY 1") == [
        (1, "added"),
        (2, "added"),
        (3, "changed"),
    ]


HISTORY = (
    "SELECT first_seen_at, missing_since IS NULL, previous_article_id FROM article_history WHERE article_id = '{}'"
)
ONE, OTHER = "_posts/2026-01-02-1.md", "old_post/2026-01-02-1.md"


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md", body=f"Body {n}.")
    (site.posts / "old_post").mkdir()
    site.refresh()
    return site


@pytest.fixture
def six(built_sites: BuiltSites, tmp_path: Path) -> Site:
    """A site of six posts, refreshed once."""
    return built_sites.copy(build, tmp_path)


def test_a_post_that_moves_back_is_moved_and_keeps_its_first_seen_date(six: Site) -> None:
    [(first, _, _)] = six.query(HISTORY.format(f"site:{ONE}"))
    (six.posts / ONE).rename(six.posts / OTHER)
    six.load()
    (six.posts / OTHER).rename(six.posts / ONE)
    loaded = six.refresh()
    assert loaded and loaded.changes == {"moved": 1}
    assert six.query(HISTORY.format(f"site:{ONE}")) == [(first, True, f"site:{OTHER}")]
    assert six.query(HISTORY.format(f"site:{OTHER}")) == [(first, False, f"site:{ONE}")]
    assert_the_change_log_adds_up(six)


def test_a_post_moved_to_a_path_known_before_keeps_its_own_first_seen_date(six: Site) -> None:
    (six.posts / ONE).unlink()
    six.write("_posts/2026-01-03-late.md")
    six.load()
    [(late, _, _)] = six.query_work(HISTORY.format("site:_posts/2026-01-03-late.md"))
    (six.posts / "_posts/2026-01-03-late.md").rename(six.posts / ONE)
    loaded = six.load()
    assert loaded and loaded.changes == {"moved": 1}
    assert six.query_work(HISTORY.format(f"site:{ONE}")) == [(late, True, "site:_posts/2026-01-03-late.md")]


def test_a_post_that_goes_is_deleted_although_a_rejected_file_has_its_identity(site: Site) -> None:
    site.configure(site.source + 'identity = "file_name"\n')
    site.write(OTHER, "---\n- a list\n---\n")
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.load()
    (site.posts / ONE).unlink()
    loaded = site.load()
    assert loaded and loaded.changes == {"deleted": 1}


@pytest.mark.parametrize("full", [False, True])
def test_a_file_that_vanishes_before_it_is_read_is_deleted_and_its_return_restored(six: Site, full: bool) -> None:
    good = six.write(ONE, body="Edited.", age=30).read_bytes()
    refresh, plan = six.plan(full=full)
    (six.posts / ONE).unlink()
    assert refresh.load_tables(plan).changes == {"deleted": 1}
    six.load()
    assert six.query_work(HISTORY.format(f"site:{ONE}"))[0][1] is False
    six.write(ONE, good)
    loaded = six.refresh()
    assert loaded and loaded.changes == {"restored": 1}
    assert_the_change_log_adds_up(six)
