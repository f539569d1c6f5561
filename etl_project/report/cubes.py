"""What the page can filter: numbers by source, category and time, never rows of articles.

Three cubes hold what charts show: articles by day, by hour, and by tag. A cell is one row: its key, and what it counts.
Where a cube would be too large for the page, its time is coarser: weeks, months or years in place of days.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import duckdb

from etl_project.report.packing import pack

CATEGORIES_OF_A_SOURCE = 50
"""Categories of a source that have a row of their own; the others are (other)."""

TAGS_OF_A_SOURCE = 30
"""Tags of a source that are counted."""

HOURS_OF_A_DAY, HOURS_OF_A_WEEK = 24, 168

_NONE, _OTHER = "(none)", "(other)"

ROOM_CHARS, ROOM_CHARS_A_POST, MOST_ROOM_CHARS = 430_000, 3.6, 3_600_000
"""Room of the cubes in a page: that of 100,000 posts or fewer, of each post more, and of any page."""

_POSTS_IN_ROOM = 100_000

LEAST_CHARS_A_CELL = 0.5
"""Where a cube would not fit at that, it is not packed: real cells take twice as much or more."""

MOST_CELLS = 800_000
"""Most cells of a cube: a filter reads them all within a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Cube:
    """Cells of one cube, and what their keys mean.

    The key of a cell is `((source * categories + category) * buckets + bucket) * slots + slot`. An article of two
    categories counts in both; category 0 holds what the sum of all categories counts too often. Bucket 0 holds what has
    no date.
    """

    grain: str
    """day, week, month, quarter or year: what a bucket is."""
    buckets: int
    slots: int
    """Hours of a day, hours of a week from Monday on, tags, or 1."""
    measures: int
    """How many numbers a cell has after its key."""
    cells: int
    data: str
    """Columns of the cells in the order of their keys, packed: the difference to the key before, then each number."""


@dataclass(frozen=True, slots=True)
class Cubes:
    """The cubes, and the names of what they are by."""

    first: dt.date | None
    """First day with a live article; None where none has a date."""
    last: dt.date | None
    sources: list[str]
    categories: list[str]
    """Names from category 1 on, those with most articles first, then (none) and (other)."""
    tags: list[str]
    """Names of the tags that are counted, by number of the slot."""
    by_day: Cube
    """articles, those that are not the first to tell their story, words."""
    by_hour: Cube
    """articles."""
    by_tag: Cube
    """articles."""


def read_cubes(con: duckdb.DuckDBPyConnection) -> Cubes:
    """Count the live articles of the published file.

    Args:
        con: the published file, open for reading; temporary tables are made in it.
    """
    _number_the_axes(con)
    sources = [str(row[0]) for row in con.execute("SELECT source_id FROM report_sources ORDER BY number").fetchall()]
    categories = _distinct_names(con, "SELECT category_id, name FROM report_categories ORDER BY number")
    tags = _distinct_names(con, "SELECT tag_id, name FROM report_tags ORDER BY number")
    first, last, posts = con.execute("SELECT min(day), max(day), count(*) FROM report_live").fetchone() or (None,) * 3
    room = min(ROOM_CHARS + max(0, (posts or 0) - _POSTS_IN_ROOM) * ROOM_CHARS_A_POST, MOST_ROOM_CHARS)
    axes = _Axes(first, last, len(categories) + 1)
    by_day = _cube(con, axes, _BY_DAY, 3, ("day", "week", "month", "year"), 1, 0.6 * room)
    room -= len(by_day.data)
    by_hour = _cube(con, axes, _BY_HOUR, 1, ("day", "month", "year"), None, 0.8 * room)
    room -= len(by_hour.data)
    by_tag = _cube(con, axes, _BY_TAG, 1, ("day", "week", "month", "quarter", "year"), max(1, len(tags)), room)
    return Cubes(first, last, sources, categories, tags, by_day, by_hour, by_tag)


@dataclass(frozen=True, slots=True)
class _Axes:
    first: dt.date | None
    last: dt.date | None
    categories: int


def _distinct_names(con: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """Names of (id, name), with the id where two would be the same: a chart has one row for each name."""
    rows = con.execute(query).fetchall()
    times = Counter(name for _, name in rows)
    return [name if times[name] == 1 else f"{name} ({key})" for key, name in rows]


def _number_the_axes(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables: articles, and the numbers of sources, categories and tags."""
    con.execute(
        f"""
        CREATE TEMP TABLE report_sources AS
        SELECT source_id, row_number() OVER (ORDER BY source_id) - 1 AS number FROM sources;

        CREATE TEMP TABLE report_live AS
        SELECT a.article_id, s.number AS source, a.published_on AS day,
            CASE WHEN a.published_precision IN ('minute', 'second') THEN hour(a.published_local) END AS hour,
            coalesce(NOT t.is_first, true) AS is_told_again, m.words
        FROM articles_live AS a
        JOIN report_sources AS s ON s.source_id = a.source_id
        JOIN article_metrics AS m ON m.article_id = a.article_id
        LEFT JOIN stories AS t ON t.article_id = a.article_id;

        CREATE TEMP TABLE report_kept_categories AS
        SELECT l.source, c.category_id, count(*) AS articles
        FROM report_live AS l JOIN article_categories AS c ON c.article_id = l.article_id
        GROUP BY l.source, c.category_id
        QUALIFY row_number() OVER (PARTITION BY source ORDER BY articles DESC, category_id) <= {CATEGORIES_OF_A_SOURCE};

        CREATE TEMP TABLE report_categories AS
        SELECT category_id, name, row_number() OVER (ORDER BY place, articles DESC, category_id) AS number FROM (
            SELECT k.category_id, any_value(c.name) AS name, sum(k.articles) AS articles, 0 AS place
            FROM report_kept_categories AS k JOIN categories AS c ON c.category_id = k.category_id
            GROUP BY k.category_id
            UNION ALL SELECT '{_NONE}', '{_NONE}', 0, 1
            UNION ALL SELECT '{_OTHER}', '{_OTHER}', 0, 2
        );

        -- Two categories without a row of their own are one (other).
        CREATE TEMP TABLE report_in_categories AS
        SELECT DISTINCT n.number AS category, l.*
        FROM report_live AS l
        LEFT JOIN article_categories AS c ON c.article_id = l.article_id
        LEFT JOIN report_kept_categories AS k ON k.source = l.source AND k.category_id = c.category_id
        JOIN report_categories AS n ON n.category_id
            = CASE WHEN c.article_id IS NULL THEN '{_NONE}' ELSE coalesce(k.category_id, '{_OTHER}') END;

        CREATE TEMP VIEW report_placed AS
        SELECT *, 1 AS times FROM report_in_categories
        UNION ALL
        SELECT 0, * EXCLUDE (category), count(*) - 1 FROM report_in_categories GROUP BY ALL HAVING count(*) > 1;

        CREATE TEMP TABLE report_kept_tags AS
        SELECT l.source, t.tag_id, count(*) AS articles
        FROM report_live AS l JOIN article_tags AS t ON t.article_id = l.article_id
        GROUP BY l.source, t.tag_id
        QUALIFY row_number() OVER (PARTITION BY source ORDER BY articles DESC, tag_id) <= {TAGS_OF_A_SOURCE};

        CREATE TEMP TABLE report_tags AS
        SELECT k.tag_id, any_value(t.name) AS name,
            row_number() OVER (ORDER BY sum(k.articles) DESC, k.tag_id) - 1 AS number
        FROM report_kept_tags AS k JOIN tags AS t ON t.tag_id = k.tag_id GROUP BY k.tag_id;
        """
    )


_BY_DAY = """
SELECT {place} AS key, sum(times) AS articles, sum(times) FILTER (WHERE is_told_again) AS told_again,
    sum(times * words) AS words
FROM report_placed AS p GROUP BY ALL
"""

_BY_HOUR = """
SELECT {place} + {hour} AS key, sum(times) AS articles
FROM report_placed AS p WHERE day IS NOT NULL AND hour IS NOT NULL GROUP BY ALL
"""

_BY_TAG = """
SELECT {place} + t.number AS key, sum(times) AS articles
FROM report_placed AS p
JOIN article_tags AS a ON a.article_id = p.article_id
JOIN report_kept_tags AS k ON k.source = p.source AND k.tag_id = a.tag_id
JOIN report_tags AS t ON t.tag_id = a.tag_id
GROUP BY ALL
"""


def _cube(
    con: duckdb.DuckDBPyConnection,
    axes: _Axes,
    query: str,
    measures: int,
    grains: tuple[str, ...],
    slots: int | None,
    room: float,
) -> Cube:
    """Make a cube of the finest grain that its room allows, else of the coarsest.

    Args:
        con: where the temporary tables are.
        axes: days and categories.
        query: the cells, for a key `place` of the bucket with slot 0.
        measures: numbers of a cell.
        grains: what a bucket may be, the finest first.
        slots: slots of a bucket; None for hours: those of a day, where a bucket is a day, else those of a week.
        room: characters that it may take.
    """
    for grain in grains:
        wide = slots or (HOURS_OF_A_DAY if grain == "day" else HOURS_OF_A_WEEK)
        buckets = 1 if axes.first is None or axes.last is None else 2 + steps_between(axes.first, axes.last, grain)
        start = f"date_trunc('{grain}', DATE '{axes.first or dt.date(1970, 1, 1)}')"
        bucket = f"coalesce(date_diff('{grain}', {start}, date_trunc('{grain}', p.day)) + 1, 0)"
        place = f"((p.source * {axes.categories} + p.category) * {buckets} + {bucket}) * {wide}"
        hour = "hour" if wide == HOURS_OF_A_DAY else f"(isodow(p.day) - 1) * {HOURS_OF_A_DAY} + hour"
        con.execute(f"CREATE OR REPLACE TEMP TABLE report_cells AS {query.format(place=place, hour=hour)}")
        (cells,) = con.execute("SELECT count(*) FROM report_cells").fetchone() or (0,)
        is_last = grain == grains[-1]
        if not is_last and (cells > MOST_CELLS or cells * LEAST_CHARS_A_CELL > room):
            continue
        rows = con.execute(
            "SELECT key - lag(key, 1, 0) OVER (ORDER BY key) AS step, coalesce(COLUMNS(* EXCLUDE (key)), 0)::BIGINT "
            "FROM report_cells ORDER BY key"
        ).fetchall()
        data = pack(zip(*rows, strict=True))
        if is_last or len(data) <= room:
            break
    return Cube(grain, buckets, wide, measures, cells, data)


def steps_between(first: dt.date, last: dt.date, grain: str) -> int:
    """Count the steps from the bucket of one day to that of another.

    Args:
        first: the earlier day.
        last: the later day.
        grain: day, week (from Monday), month, quarter or year.
    """
    if grain == "year":
        return last.year - first.year
    if grain in ("month", "quarter"):
        months = 1 if grain == "month" else 3
        return (last.year * 12 + last.month - 1) // months - (first.year * 12 + first.month - 1) // months
    if grain == "week":
        return (last.toordinal() - 1) // 7 - (first.toordinal() - 1) // 7  # day 1 was a Monday
    return (last - first).days
