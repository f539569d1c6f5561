"""A few numbers of the work file in, a small picture for a page of Dagster out.

A chart library writes tens of kilobytes, and a picture is kept with every run. Dagster shows Markdown in place only
below a thousand characters, so a picture is that small; its colours are readable on white and on black.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import dagster as dg

from etl_project.database.work_file import WorkFile

LONGEST = 999
"""Most characters of Markdown that Dagster shows in place, not behind a click."""

DAYS, ROWS = 40, 6
_WIDTH, _HEIGHT, _ROW = 320, 48, 14
INK, TEXT = "#4f7fd9", "#767b85"
"""Colours that can be read in both themes of Dagster."""

_PER_DAY = f"""
SELECT day::DATE, coalesce(sum(articles), 0)::BIGINT
FROM (SELECT max(published_on) AS last FROM articles_by_date),
    generate_series(last - {DAYS - 1}, last, INTERVAL 1 DAY) AS d(day)
LEFT JOIN articles_by_date ON published_on = day
GROUP BY day ORDER BY day
"""
_PER_CATEGORY = f"""
SELECT any_value(category), sum(articles)::BIGINT AS n FROM articles_by_category
GROUP BY category_id ORDER BY n DESC, category_id LIMIT {ROWS}
"""
_PER_REASON = f"SELECT reason, count(*) AS n FROM rejected_files GROUP BY 1 ORDER BY n DESC, 1 LIMIT {ROWS}"
_PER_STAGE = """
UNPIVOT (
    SELECT list_milliseconds AS list, extract_milliseconds AS extract, load_milliseconds AS load,
        aggregate_milliseconds AS aggregates
    FROM refreshes ORDER BY refresh_id DESC LIMIT 1
) ON COLUMNS(*)
"""


def picture_of(name: str, work: WorkFile) -> dict[str, dg.MarkdownMetadataValue]:
    """Draw what an asset is best known by.

    Args:
        name: the asset.
        work: the work file.

    Returns:
        Its metadata; nothing for an asset that has no picture, or no numbers yet.
    """
    if name not in _PICTURES:
        return {}
    title, query = _PICTURES[name]
    with work.opened(read_only=True) as con:
        rows = con.execute(query).fetchall()
    if not rows:
        return {}
    drawn = columns(rows) if name == "articles_by_date" else bars(rows)
    return {title: dg.MetadataValue.md(markdown(title, drawn))}


_PICTURES = {
    "rejected_files": ("files by reason", _PER_REASON),
    "articles_by_date": (f"articles per day, last {DAYS}", _PER_DAY),
    "articles_by_category": ("articles per category", _PER_CATEGORY),
    "published_file": ("milliseconds per stage, before checks and publishing", _PER_STAGE),
}


def columns(rows: Sequence[tuple[object, int]]) -> str:
    """Draw a column for each day, from the first on the left, as SVG; (day, number) in order."""
    most = max(number for _, number in rows) or 1
    step = _WIDTH // DAYS
    heights = [number * _HEIGHT // most for _, number in rows]
    path = f"M{step // 2} {_HEIGHT}" + f"m{step} 0".join(f"v-{h}v{h}" if h else "" for h in heights)
    texts = _text(0, _HEIGHT + 12, f"{rows[0][0]} … {rows[-1][0]}, at most {most:,}")
    return _svg(_HEIGHT + 15, path, step - 2, texts)


def bars(rows: Sequence[tuple[object, int]]) -> str:
    """Draw a bar for each name, from top to bottom, as SVG; (name, number)."""
    most = max(number for _, number in rows) or 1
    half = _WIDTH // 2
    path = "".join(f"M{half} {i * _ROW + 7}h{1 + number * (half - 60) // most}" for i, (_, number) in enumerate(rows))
    texts = "".join(_text(0, i * _ROW + 11, f"{_short(str(name))} {number:,}") for i, (name, number) in enumerate(rows))
    return _svg(len(rows) * _ROW, path, _ROW - 4, texts)


def markdown(title: str, svg: str) -> str:
    """Write a picture as Markdown."""
    return f"![{title}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _svg(height: int, path: str, thickness: int, texts: str) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{height}' font-size='11' fill='{TEXT}' "
        f"font-family='sans-serif'><path d='{path}' stroke='{INK}' stroke-width='{thickness}'/>{texts}</svg>"
    )


def _text(x: int, y: int, said: str) -> str:
    return f"<text x='{x}' y='{y}'>{escape(said, quote=False)}</text>"


def _short(name: str, most: int = 24) -> str:
    """Shorten a name to what fits beside a bar: a character of three bytes is as wide as two of one."""
    shown = "".join(c for c in name if c.isprintable())
    if len(shown.encode()) <= most:
        return shown
    return shown.encode()[: most - 3].decode(errors="ignore") + "…"
