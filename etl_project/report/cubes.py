"""What the page can filter: numbers by source, category and time, never rows of articles.

Three cubes hold what charts show: articles by day, by hour, and by tag. A cell is one row: its key, and what it counts.
Where a cube would be too large for the page, its time is coarser: weeks, months or years in place of days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from etl_project.database.sql import first_number
from etl_project.report.axes import Axes
from etl_project.report.packing import pack

HOURS_OF_A_DAY, HOURS_OF_A_WEEK = 24, 168

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
    """The cubes of a page."""

    day: Cube
    """articles, those that are not the first to tell their story, words."""
    hour: Cube
    """articles."""
    tag: Cube
    """articles."""


def read_cubes(con: duckdb.DuckDBPyConnection, axes: Axes, room: float) -> Cubes:
    """Count the live articles of the published file.

    Args:
        con: the published file with the tables of `number_axes`.
        axes: what they made.
        room: characters that the data of all cubes may take together. Where not even years fit, they take more.
    """
    by_day = _cube(con, axes, _BY_DAY, 3, ("day", "week", "month", "year"), 1, 0.6 * room)
    room -= len(by_day.data)
    by_hour = _cube(con, axes, _BY_HOUR, 1, ("day", "month", "year"), None, 0.8 * room)
    room -= len(by_hour.data)
    grains = ("day", "week", "month", "quarter", "year")
    return Cubes(by_day, by_hour, _cube(con, axes, _BY_TAG, 1, grains, max(1, len(axes.tags)), room))


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
    axes: Axes,
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
        place = f"((p.source * {len(axes.categories) + 1} + p.category) * {buckets} + {bucket}) * {wide}"
        hour = "hour" if wide == HOURS_OF_A_DAY else f"(isodow(p.day) - 1) * {HOURS_OF_A_DAY} + hour"
        con.execute(f"CREATE OR REPLACE TEMP TABLE report_cells AS {query.format(place=place, hour=hour)}")
        cells = first_number(con, "SELECT count(*) FROM report_cells")
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
