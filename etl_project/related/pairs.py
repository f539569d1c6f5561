"""Finds the pairs of articles that tell the same story: those of equal text, and those that are similar.

Articles of one text and one title are one for every comparison: the one of the lowest id stands for all. What stands is
sorted into buckets, by each band of its sketch and by its title, and compared with what shares a bucket. In a crowded
bucket each is compared only with the shortest: that finds all who tell one story, while among the posts of a template
comparing each with each would never end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.database.sql import first_number
from etl_project.related.same_story import (
    LIKE_TITLES_SIMILARITY,
    SAME_TITLE_SIMILARITY,
    SHORT_LENGTH,
    WITHIN_THE_OTHER,
    Telling,
    tell_the_same,
)

if TYPE_CHECKING:
    import duckdb

MOST_IN_BUCKET = 16
"""Most articles, those of one text and title counted once, of which each is compared with each in a bucket."""

MOST_OF_TITLE = 8
"""Most texts under one title that the title tells a story for; those of more are posts of a rubric, or of one form."""

PAIRS_PER_PAGE = 20_000
"""Pairs that are judged at once."""

MOST_KNOWN = 20_000
"""Articles that are kept in memory from page to page: some kilobytes each."""

_BYTES = 126
_EACH_LOW = 0x7F7F7F7F7F7F
_EACH_HIGH = 0x808080808080

# The two highest bits tell a title from the 48 bits of a band.
_OF_TITLE = "(3::UBIGINT << 62)"
_TITLE = f"(title_key | {_OF_TITLE})"
_BUCKETS = f"""
unnest(CASE WHEN title <> '' THEN list_append(bands::UBIGINT[], {_TITLE}) ELSE bands::UBIGINT[] END) AS bucket
"""


_HUB_ORDER = "(length, text_key, title_key)"
"""Who of a crowded bucket is compared with all others: the first in this order. The shortest is rarely at odds with
another: what it lacks is cut off, and what others add is a footer or a date."""


def _state_of_bucket() -> str:
    """Write the columns that tell how the articles of a bucket are compared."""
    return f"""
    bucket, count(*) > {MOST_IN_BUCKET} AS is_crowded, min({_HUB_ORDER}) AS hub,
    bucket >= {_OF_TITLE} AND count(*) > {MOST_OF_TITLE} AS is_rubric
    """


def similarity_sql(one: str, other: str) -> str:
    """Write the estimate of the similarity of two texts: the share of the bytes of their sketches that are equal.

    Bytes of texts that have nothing in common are equal once in 256.

    Args:
        one: SQL for the bands of the one.
        other: SQL for those of the other.
    """
    # A byte of the difference is not zero if its low bits overflow into its highest when 0x7f is added, or that is set.
    # As a list: to plan as many expressions as there are bands takes longer than a small refresh has pairs to compare.
    differing = (
        f"list_sum([bit_count((((d & {_EACH_LOW}::UBIGINT) + {_EACH_LOW}::UBIGINT) | d) & {_EACH_HIGH}::UBIGINT)"
        f" for d in [xor(p[1], p[2]) for p in list_zip({one}::UBIGINT[], {other}::UBIGINT[])]])"
    )
    return f"round(greatest(0, (256 * (1 - {differing} / {_BYTES}) - 1) / 255), 3)"


def find_pairs(con: duckdb.DuckDBPyConnection, *, is_anew: bool) -> None:
    """Fill `pairs_found` with every pair of an article whose text is touched.

    Args:
        con: the work file in use, with the tables of temporary.sql, `articles_to_compare` filled.
        is_anew: every article is compared, and there are no pairs yet.
    """
    con.execute(
        """
        INSERT INTO touched_texts
        SELECT text_key FROM internal.sketches_before WHERE length > 0
        UNION SELECT text_key FROM internal.article_sketches SEMI JOIN articles_to_compare USING (article_id)
        WHERE length > 0
        """
    )
    _find_members(con)
    if is_anew:
        _sort_all_into_buckets(con)
    else:
        _find_standing_before(con)
        _sort_into_buckets(con)
        if _count_fullest_bucket(con) > min(MOST_IN_BUCKET, MOST_OF_TITLE) and _touch_texts_of_turned_buckets(con):
            con.execute(
                "DELETE FROM touched_members; DELETE FROM standing WHERE is_now;"
                "DELETE FROM left_buckets; DELETE FROM in_buckets"
            )
            _find_members(con)
            _sort_into_buckets(con)
    if _count_fullest_bucket(con) > 1:
        _compare(con)
    _pair_equal_texts(con)


def _find_members(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `touched_members`, and `standing` with who stands for them now."""
    con.execute(
        """
        INSERT INTO touched_members
        SELECT rowid, article_id, text_key, title_key, title <> '', length
        FROM internal.article_sketches SEMI JOIN touched_texts USING (text_key)
        """
    )
    con.execute(
        """
        INSERT INTO standing
        SELECT min(article_id), text_key, title_key, true FROM touched_members GROUP BY text_key, title_key
        """
    )


def _find_standing_before(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        INSERT INTO standing
        SELECT min(article_id), text_key, title_key, false FROM (
            SELECT article_id, text_key, title_key FROM touched_members ANTI JOIN articles_to_compare USING (article_id)
            UNION ALL SELECT article_id, text_key, title_key FROM internal.sketches_before WHERE length > 0
        ) GROUP BY text_key, title_key
        """
    )


def _sort_all_into_buckets(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `in_buckets` with every article that stands in one."""
    con.execute(
        f"""
        INSERT INTO in_buckets SELECT {_BUCKETS}, rowid, text_key, title_key, length FROM internal.article_sketches
        SEMI JOIN standing USING (article_id) WHERE length >= {SHORT_LENGTH}
        """
    )


def _sort_into_buckets(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `in_buckets` with all who stand in buckets of touched texts, and `left_buckets` with who no longer does."""
    con.execute(
        f"""
        INSERT INTO left_buckets SELECT {_BUCKETS}, text_key, title_key, length FROM (
            SELECT * FROM internal.article_sketches ANTI JOIN articles_to_compare USING (article_id)
            UNION ALL FROM internal.sketches_before
        ) SEMI JOIN (
            SELECT article_id FROM standing WHERE NOT is_now
            AND (text_key, title_key) NOT IN (SELECT (text_key, title_key) FROM standing WHERE is_now)
        ) USING (article_id) WHERE length >= {SHORT_LENGTH}
        """
    )
    # All articles of one text and title are in the same buckets: who stands for them is among those that are found.
    con.execute(
        f"""
        INSERT INTO in_buckets
        WITH touched AS (
            SELECT bucket FROM left_buckets UNION SELECT {_BUCKETS} FROM internal.article_sketches
            SEMI JOIN (FROM standing WHERE is_now) USING (article_id) WHERE length >= {SHORT_LENGTH}
        ), found AS (
            SELECT * FROM (
                SELECT {_BUCKETS}, rowid AS number, text_key, title_key, length, article_id
                FROM internal.article_sketches WHERE length >= {SHORT_LENGTH}
            ) SEMI JOIN touched USING (bucket)
        ), standing_now AS (
            SELECT arg_min(number, article_id) AS number
            FROM (SELECT DISTINCT number, text_key, title_key, article_id FROM found) GROUP BY text_key, title_key
        )
        SELECT bucket, number, text_key, title_key, length FROM found SEMI JOIN standing_now USING (number)
        """
    )


def _count_fullest_bucket(con: duckdb.DuckDBPyConnection) -> int:
    """Count who stands in the fullest bucket, or no longer does: most are alone in each of their buckets."""
    return first_number(
        con,
        "SELECT count(*) AS rows FROM (SELECT bucket FROM in_buckets UNION ALL SELECT bucket FROM left_buckets) "
        "GROUP BY bucket ORDER BY rows DESC LIMIT 1",
    )


def _touch_texts_of_turned_buckets(con: duckdb.DuckDBPyConnection) -> bool:
    """Touch the texts of buckets in which other pairs are compared now. Returns whether there are any.

    Those are the buckets that became crowded or a rubric, or are no longer, and crowded ones with another shortest.
    """
    return bool(
        con.execute(
            f"""
            INSERT INTO touched_texts
            WITH now AS (
                SELECT {_state_of_bucket()} FROM in_buckets GROUP BY bucket
            ), before AS (
                SELECT {_state_of_bucket()} FROM (
                    SELECT bucket, text_key, title_key, length FROM in_buckets ANTI JOIN (
                        SELECT text_key, title_key FROM standing GROUP BY ALL HAVING bool_and(is_now)
                    ) USING (text_key, title_key)
                    UNION ALL FROM left_buckets
                ) GROUP BY bucket
            )
            SELECT DISTINCT text_key FROM in_buckets JOIN now USING (bucket) JOIN before USING (bucket)
            WHERE (
                now.is_crowded <> before.is_crowded OR now.is_rubric <> before.is_rubric
                OR (now.is_crowded AND now.hub <> before.hub)
            ) AND text_key NOT IN (FROM touched_texts)
            RETURNING 1
            """
        ).fetchone()
    )


def _compare(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `pairs_found` with the pairs of similar texts."""
    met = first_number(
        con,
        f"""
        INSERT INTO met
        WITH stands AS (
            SELECT *, text_key IN (FROM touched_texts) AS is_touched FROM in_buckets JOIN (
                SELECT bucket, count(*) > {MOST_IN_BUCKET} AS is_crowded, arg_min(number, {_HUB_ORDER}) AS hub
                FROM in_buckets GROUP BY bucket HAVING count(*) > 1
            ) USING (bucket)
        )
        SELECT DISTINCT least(a.number, b.number), greatest(a.number, b.number) FROM (
            FROM stands WHERE NOT is_crowded
        ) AS a JOIN stands AS b ON b.bucket = a.bucket AND b.number > a.number
        WHERE b.text_key <> a.text_key AND (a.is_touched OR b.is_touched)
        UNION
        SELECT least(a.number, b.number), greatest(a.number, b.number) FROM (
            FROM stands WHERE is_crowded
        ) AS a JOIN stands AS b ON b.bucket = a.bucket AND b.number = a.hub
        WHERE b.text_key <> a.text_key AND (a.is_touched OR b.is_touched)
        """,
    )
    if not met:
        return
    # Articles of one page have a value of their sketches in common, mostly, so that each is read for few pages.
    con.execute(
        f"""
        INSERT INTO candidates
        WITH rubrics AS (
            SELECT title_key FROM in_buckets WHERE bucket = {_TITLE}
            GROUP BY title_key HAVING count(*) > {MOST_OF_TITLE}
        )
        SELECT number, other_number, similarity, row_number() OVER (ORDER BY value, other_value) // {PAIRS_PER_PAGE}
        FROM (
            SELECT number, other_number, {similarity_sql("one.bands", "other.bands")} AS similarity,
                one.title_key = other.title_key AS has_same_title,
                has_same_title AND one.title_key IN (FROM rubrics) AS is_rubric,
                similarity / (1 + similarity) * (one.length + other.length) / least(one.length, other.length) AS share,
                one.bands[1] & 255 AS value, other.bands[1] & 255 AS other_value
            FROM met JOIN internal.article_sketches AS one ON one.rowid = number
            JOIN internal.article_sketches AS other ON other.rowid = other_number
        ) WHERE similarity >= if(has_same_title, {SAME_TITLE_SIMILARITY}, {LIKE_TITLES_SIMILARITY})
        AND NOT (is_rubric AND share < {WITHIN_THE_OTHER})
        """
    )
    known: dict[int, Telling] = {}
    for page in range(first_number(con, "SELECT coalesce(max(page) + 1, 0) FROM candidates")):
        _judge(con, page, known)
        if len(known) > MOST_KNOWN:
            known.clear()


def _judge(con: duckdb.DuckDBPyConnection, page: int, known: dict[int, Telling]) -> None:
    """Judge the candidates of one page, and fill `pairs_found` with those that tell the same.

    Args:
        con: the work file in use.
        page: the page.
        known: number of an article -> what the rule knows of it; completed here.
    """
    candidates = con.execute(
        "SELECT number, other_number, similarity FROM candidates WHERE page = ?", [page]
    ).fetchall()
    numbers = {number for one, other, _ in candidates for number in (one, other)} - known.keys()
    sketches = con.execute(
        "SELECT rowid, title, marks FROM internal.article_sketches WHERE rowid IN (SELECT unnest(?))", [[*numbers]]
    )
    known.update({number: Telling(title, marks) for number, title, marks in sketches.fetchall()})
    told = [pair for pair in candidates if tell_the_same(known[pair[0]], known[pair[1]], pair[2])]
    if told:
        import polars as pl

        with registered(con, told=pl.DataFrame(told, ["number", "other_number", "similarity"], orient="row")):
            con.execute(
                """
                INSERT INTO pairs_found
                SELECT least(one.article_id, other.article_id), greatest(one.article_id, other.article_id), similarity
                FROM told JOIN internal.article_sketches AS one ON one.rowid = number
                JOIN internal.article_sketches AS other ON other.rowid = other_number
                """
            )


def _pair_equal_texts(con: duckdb.DuckDBPyConnection) -> None:
    """Pair the articles of each touched text with the first of them; short texts only where titles are equal."""
    con.execute(
        f"""
        INSERT INTO pairs_found
        SELECT first_id, article_id, 1 FROM (
            SELECT article_id, min(article_id) OVER (
                PARTITION BY text_key, CASE WHEN length < {SHORT_LENGTH} THEN title_key END
            ) AS first_id
            FROM touched_members WHERE length >= {SHORT_LENGTH} OR has_title
        ) WHERE article_id <> first_id
        """
    )
