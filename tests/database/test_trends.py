"""Terms that rise are found among noise, and questions about two periods, pairs of tags and neighbours are answered."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from statistics import NormalDist

import duckdb
import polars as pl
import pytest
from shelf import Shelf
from trend_corpus import BURSTS, LARGE, STORIES_A_WEEK, TERMS, TERMS_A_STORY, TRAPS, trending_shelf

from etl_project.database.arrow import registered

Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    shelf = trending_shelf()
    with shelf.con:
        yield shelf.con


@pytest.fixture
def con(built: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The corpus; what a test writes is undone."""
    built.execute("BEGIN")
    yield built
    built.execute("ROLLBACK")


def test_the_clear_bursts_are_the_only_ones_at_three_or_more_and_noise_stays_below(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = con.execute("SELECT term, n, score, is_rising FROM trending_terms ORDER BY score DESC").fetchall()
    assert len(rows) > 1_000
    assert {(term, n) for term, n, score, _ in rows if score >= 3} == {(burst.term, burst.stories) for burst in BURSTS}
    assert {term for term, *_, is_rising in rows if is_rising} == {burst.term for burst in BURSTS}
    assert rows[len(BURSTS)][0] == LARGE.term and rows[len(BURSTS)][2] > 2.5
    assert rows[len(BURSTS) + 1][2] < 2.5
    scores = {term: score for term, _, score, _ in rows}
    assert all(scores[trap.term] < 2 for trap in TRAPS), "from nothing to one or two is no trend"


def test_chance_is_called_a_trend_no_oftener_than_a_normal_deviate_would_be(con: duckdb.DuckDBPyConnection) -> None:
    """And every injected burst is told, whatever chance did to the weeks before it."""
    weights, now, before = [1 / (rank + 5) for rank in range(TERMS)], STORIES_A_WEEK // 2, STORIES_A_WEEK * 54 // 5
    noise: list[tuple[int, int]] = []
    bursts: list[tuple[int, int]] = []
    for seed in range(20):
        rng = random.Random(seed)
        told = [Counter(rng.choices(range(TERMS), weights, k=size * TERMS_A_STORY)) for size in (now, before)]
        noise += [(stories, told[1][rank]) for rank, stories in told[0].items()]
        bursts += [(b.stories, told[1][b.rank - 1] if b.rank else 0) for b in (*BURSTS, LARGE)]

    def share_at(score: float, counts: list[tuple[int, int]]) -> float:
        with registered(con, counts=pl.DataFrame(counts, ["n", "b"], orient="row")):
            judged = f"SELECT avg((trend_score(n, {now}, b, {before}) >= {score})::INTEGER) FROM counts"
            return float(con.execute(judged).fetchall()[0][0])

    normal = NormalDist()
    assert len(noise) > 20_000
    assert 0 < share_at(3, noise) < normal.cdf(-3) and 0 < share_at(2, noise) < normal.cdf(-2)
    assert share_at(2, bursts) == 1


def test_a_row_has_its_counts_its_expected_count_and_the_first_article(con: duckdb.DuckDBPyConnection) -> None:
    row = con.execute(
        "SELECT week, n, expected, stories, stories_before, n_before, reason FROM trending_terms WHERE term = 'new'"
    ).fetchone()
    # Ten full weeks, and two with two fifths of the usual stories.
    assert row == (dt.date(2024, 7, 22), 12, 0.05, 1_500, 32_400, 0, None)
    first = con.execute(
        "SELECT min(article_id) FROM article_terms WHERE term = 'new' AND article_id LIKE 's:29-%'"
    ).fetchall()
    assert con.execute("SELECT first_article_id FROM trending_terms WHERE term = 'new'").fetchall() == first


def test_a_story_that_was_copied_counts_once(con: duckdb.DuckDBPyConnection) -> None:
    copies = "SELECT article_id FROM articles WHERE article_id BETWEEN 's:29-0100' AND 's:29-0129'"
    con.execute(f"UPDATE internal.article_words SET words = words || ' syndicated' WHERE article_id IN ({copies})")
    score = "SELECT n, score >= 3 FROM trending_terms WHERE term = 'syndicated'"
    assert con.execute(score).fetchall() == [(30, True)]
    con.execute(f"INSERT INTO stories SELECT 's:29-0100', article_id, article_id = 's:29-0100', 1 FROM ({copies})")
    assert con.execute(score).fetchall() == [(1, False)]
    week = "SELECT stories FROM terms_by_week WHERE term = 'syndicated'"
    assert con.execute(week).fetchall() == [(1,)]


def test_the_last_week_is_that_of_the_last_refresh(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE refreshes SET as_of = as_of - INTERVAL 604801 SECOND")
    rows = con.execute("SELECT DISTINCT week, stories FROM trending_terms").fetchall()
    assert rows == [(dt.date(2024, 7, 15), 1_500)], "the second half of that week is still to come"
    con.execute("UPDATE refreshes SET as_of = as_of + INTERVAL 21 DAY")
    assert con.execute("SELECT count(*) FROM trending_terms").fetchall() == [(0,)], "nothing was told in that week"


def test_a_week_of_a_source_begins_on_the_clock_of_the_source(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE articles SET published_local = published_at::TIMESTAMP + INTERVAL 8 HOUR")
    con.execute("UPDATE refreshes SET as_of = TIMESTAMPTZ '2024-07-21 17:00:00+00'")
    assert con.execute("SELECT DISTINCT week FROM trending_terms").fetchall() == [], "it is Monday there already"
    con.execute("UPDATE articles SET published_local = published_at::TIMESTAMP")
    assert con.execute("SELECT DISTINCT week FROM trending_terms").fetchall() == [(dt.date(2024, 7, 15),)]


@pytest.mark.parametrize(
    ("leaves_out", "reason"),
    [("'s:29-0019' AND 's:29-9999'", "too_few_stories"), ("'s:00-0000' AND 's:25-9999'", "too_few_weeks")],
)
def test_where_there_is_too_little_to_tell_no_score_is_given_but_the_reason(
    con: duckdb.DuckDBPyConnection, leaves_out: str, reason: str
) -> None:
    con.execute(f"UPDATE articles SET status = 'draft' WHERE article_id BETWEEN {leaves_out}")
    rows = con.execute("SELECT DISTINCT score, is_rising, reason FROM trending_terms").fetchall()
    assert rows == [(None, None, reason)]


def test_words_of_more_than_a_tenth_of_the_stories_are_left_out(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE internal.article_words SET words = words || ' the' WHERE article_id LIKE '%2'")
    assert con.execute("SELECT n FROM trending_terms WHERE term = 'the'").fetchall() == [(150,)]
    con.execute("UPDATE internal.article_words SET words = words || ' the' WHERE article_id LIKE '%01'")
    assert con.execute("SELECT n FROM trending_terms WHERE term = 'the'").fetchall() == []


def test_two_periods_are_compared_term_by_term(con: duckdb.DuckDBPyConnection) -> None:
    compared = "FROM compare('2024-07-01', '2024-07-21', DATE '2024-07-22', '2024-07-28')"
    assert con.execute(f"{compared} WHERE kind = 'all'").fetchall() == [("all", None, 9_000, 1_500, None, None)]
    rows = con.execute(f"SELECT term, stories_2, score {compared} WHERE score >= 3 ORDER BY score DESC").fetchall()
    assert [row[:2] for row in rows[:2]] == [("middling", 52), ("new", 12)]
    few = con.execute("FROM compare('2024-07-01', '2024-07-21', '2025-01-01', '2025-01-02') WHERE score IS NOT NULL")
    assert few.fetchall() == []


POSTS = """
    ('s:a', DATE '2024-01-01', 'fish nets', ['sea', 'north']),
    ('s:b', DATE '2024-01-01', 'fish nets copied', ['sea', 'north']),
    ('s:c', DATE '2024-01-05', 'nets', ['sea']),
    ('s:d', DATE '2024-01-09', 'bread', ['oven'])
"""


@pytest.fixture(scope="module")
def kitchen() -> Iterator[duckdb.DuckDBPyConnection]:
    """Four posts, the second a copy of the first; the last links to the third."""
    shelf = Shelf.empty()
    shelf.set_clock(30)
    with shelf.con as con:
        con.execute(f"CREATE TEMP TABLE posts AS FROM (VALUES {POSTS}) AS p(article_id, day, words, tags)")
        con.execute(
            "INSERT INTO articles BY NAME SELECT article_id, 's' AS source_id, article_id AS path, upper(article_id) "
            "AS title, day::TIMESTAMPTZ AS published_at, day::TIMESTAMP AS published_local, day AS published_on, "
            "'published' AS status, '' AS text_hash, '{}' AS front_matter, '{}' AS extra FROM posts"
        )
        con.execute("INSERT INTO internal.article_words SELECT article_id, words FROM posts")
        con.execute("INSERT INTO internal.relations VALUES ('terms', '')")
        con.execute(
            "INSERT INTO stories SELECT if(article_id = 's:b', 's:a', article_id), article_id, article_id <> 's:b', 1 "
            "FROM posts"
        )
        con.execute(
            "INSERT INTO article_tags SELECT article_id, t, 1, t FROM (SELECT article_id, unnest(tags) AS t FROM posts)"
        )
        con.execute("INSERT INTO tags SELECT DISTINCT tag_id, upper(tag_id) FROM article_tags")
        con.execute(
            "INSERT INTO article_mentions VALUES ('s:a', 'ship', 'K', 'Kate', 2), ('s:b', 'ship', 'K', 'Katie', 3)"
        )
        con.execute("INSERT INTO link_targets VALUES ('s:d', 1, 's:c', 'address')")
        yield con


def test_tags_of_a_period_come_with_their_stories(kitchen: duckdb.DuckDBPyConnection) -> None:
    rows = kitchen.execute("SELECT tag, articles, stories FROM top_tags('2024-01-01', '2024-01-05')").fetchall()
    assert rows == [("SEA", 3, 2), ("NORTH", 2, 1)]


def test_terms_of_a_week_are_told_by_category_too(kitchen: duckdb.DuckDBPyConnection) -> None:
    kitchen.execute("BEGIN")
    kitchen.execute("INSERT INTO article_categories VALUES ('s:a', 'north', 1, 'N'), ('s:a', 'sea', 2, 'S')")
    kitchen.execute("INSERT INTO article_categories VALUES ('s:b', 'north', 1, 'N'), ('s:c', 'sea', 1, 'S')")
    rows = kitchen.execute("SELECT category_id, week, stories FROM terms_by_week_category WHERE term = 'nets'")
    monday = dt.date(2024, 1, 1)
    assert sorted(rows.fetchall()) == [("north", monday, 1), ("sea", monday, 2)], "a copy counts nowhere"
    kitchen.execute("ROLLBACK")


def test_pairs_of_tags_have_a_row_each(kitchen: duckdb.DuckDBPyConnection) -> None:
    assert kitchen.execute("FROM tag_pairs").fetchall() == [("s", "north", "sea", 2, dt.date(2024, 1, 1))]


def test_mentions_of_a_day_are_counted_in_articles_and_stories(kitchen: duckdb.DuckDBPyConnection) -> None:
    row = ("s", dt.date(2024, 1, 1), "ship", "K", "Katie", 2, 1, 5)
    assert kitchen.execute("FROM mentions_by_date").fetchall() == [row]


def test_related_articles_share_rare_terms_or_a_link(kitchen: duckdb.DuckDBPyConnection) -> None:
    columns = "SELECT article_id, shared_terms, is_linked, is_same_story"
    assert kitchen.execute(f"{columns} FROM related('s:a')").fetchall() == [
        ("s:b", ["K", "fish", "north", "nets", "sea"], False, True),
        ("s:c", ["nets", "sea"], False, False),
    ]
    assert kitchen.execute(f"{columns} FROM related('s:d')").fetchall() == [("s:c", [], True, False)]
    assert kitchen.execute("FROM related('nowhere')").fetchall() == []


def test_terms_are_words_tags_mentions_and_hosts_and_none_where_they_are_off(
    kitchen: duckdb.DuckDBPyConnection,
) -> None:
    kitchen.execute("BEGIN")
    terms = "SELECT kind, term FROM article_terms WHERE article_id = 's:a' ORDER BY ALL"
    assert kitchen.execute(terms).fetchall() == [
        ("mention", "K"), ("tag", "north"), ("tag", "sea"), ("word", "fish"), ("word", "nets"),
    ]  # fmt: skip
    kitchen.execute("DELETE FROM internal.relations WHERE name = 'terms'")
    assert kitchen.execute(terms).fetchall() == []
    kitchen.execute("ROLLBACK")
