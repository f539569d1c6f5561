"""Search the published file, and show the best hits with a piece of their texts."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.text import Text

from etl_project.errors import BAD_USAGE, UserError
from etl_project.show.console import call, count_of, safe
from etl_project.show.deadline import deadline
from etl_project.show.query import open_published, require_unicode
from etl_project.show.snippet import MARKS, make_snippet

SEARCH_SECONDS = 20
"""Longest that a search may take."""


class CannotSearch(UserError):
    """The published file has nothing to search in. The message says what to do."""


class BadSearch(UserError):
    """The words or the filters cannot be used."""

    exit_code = BAD_USAGE


@dataclass(frozen=True, slots=True)
class Filters:
    """Which live articles are searched."""

    sources: tuple[str, ...] = ()
    """Names of sources; none for all."""
    first: dt.date | None = None
    """Earliest `published_on`; articles without a date are left out where there is one."""
    last: dt.date | None = None
    """Latest `published_on`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One article that was found."""

    score: float
    article_id: str
    source_id: str
    published_on: str | None
    title: str | None
    url: str | None
    snippet: str
    """Piece of its plain text, what was searched for between the signs of `MARKS`."""


def parse_day(text: str | None, option: str) -> dt.date | None:
    """Parse the day of an option.

    Raises:
        BadSearch: it is no day.
    """
    try:
        return dt.date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise BadSearch(f"{text!r} is no day; write {option} 2026-01-31") from None


def find_hits(
    published: Path, words: str, filters: Filters, limit: int, seconds: float = SEARCH_SECONDS
) -> tuple[list[Hit], int]:
    """Find the live articles that hold every word, best first.

    Args:
        published: the published file.
        words: what to search for, as the macro `search` takes it.
        filters: which articles are searched; they are applied before any is cut off.
        limit: most hits to return.
        seconds: longest that it may take.

    Returns:
        The best hits, and how many there are.

    Raises:
        NoWarehouse: there is no published file, or it cannot be opened.
        CannotSearch: search is switched off, or the file was published by a version without it.
        BadSearch: no letter or digit is searched for, there is no such source, or the days are the wrong way round.
        TookTooLong: it took longer than that.
    """
    with open_published(published) as con:
        return hits_of(con, words, filters, limit, seconds)


def hits_of(
    con: duckdb.DuckDBPyConnection, words: str, filters: Filters, limit: int, seconds: float
) -> tuple[list[Hit], int]:
    """Find the same as `find_hits` on a connection of the published file."""
    if filters.first and filters.last and filters.first > filters.last:
        raise BadSearch(f"No day is from {filters.first} on and until {filters.last}: the first is after the last.")
    told = (
        f"The search took longer than {seconds:g} seconds and was stopped. Search for fewer or longer words, or "
        "try again when the machine has less to do."
    )
    require_unicode(words)
    with deadline(con, seconds, told):
        needles = _read_needles(con, words)
        _require_sources(con, filters.sources)
        rows = con.execute(
            """
            WITH found AS (
                SELECT * FROM search($words)
                WHERE (len($sources) = 0 OR list_contains($sources, source_id))
                    AND ($first IS NULL OR published_on >= $first) AND ($last IS NULL OR published_on <= $last)
            ), best AS (
                SELECT *, count(*) OVER () AS hits FROM found
                ORDER BY score DESC, published_on DESC NULLS LAST, article_id LIMIT $limit
            )
            SELECT score, article_id, source_id, published_on::VARCHAR, title, url, hits FROM best
            ORDER BY score DESC, published_on DESC NULLS LAST, article_id
            """,
            {
                "words": words, "sources": list(filters.sources), "first": filters.first, "last": filters.last,
                "limit": limit,
            },
        ).fetchall()  # fmt: skip
        texts = dict(
            con.execute(
                "SELECT article_id, text FROM article_bodies WHERE article_id IN (SELECT unnest($ids::VARCHAR[]))",
                {"ids": [row[1] for row in rows]},
            ).fetchall()
        )
    hits = [
        Hit(score, key, source, day, title, url, make_snippet(texts[key], needles))
        for score, key, source, day, title, url, _ in rows
    ]
    return hits, rows[0][-1] if rows else 0


def show_hits(hits: Sequence[Hit], count: int, words: str, console: Console) -> None:
    """Print hits for people.

    Args:
        hits: the hits to show.
        count: how many there are.
        words: what was searched for.
        console: the console to print to.
    """
    for hit in hits:
        title = safe(hit.title or hit.article_id, "bold")
        console.print(title.append_text(safe(f"  {hit.published_on or 'no date'}  {hit.source_id}", "dim")))
        console.print(Text("  ").append_text(safe(hit.url or hit.article_id, "cyan")))
        console.print(Text("  ").append_text(_with_style(hit.snippet)))
    shown = f"; the best {len(hits):,} are shown, --limit shows more" if count > len(hits) else ""
    console.print(safe(f"{count_of(count, 'article')} found for {' '.join(words.split())[:80]!r}{shown}.", "dim"))


def write_hits_as_json(hits: Sequence[Hit]) -> None:
    """Write hits to standard output as an array of objects, in UTF-8."""
    text = json.dumps([asdict(hit) for hit in hits], ensure_ascii=False, indent=2)
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def _with_style(snippet: str) -> Text:
    text = safe(snippet)
    opening, closing = MARKS
    text.highlight_regex(f"{opening}[^{closing}]*{closing}", "bold yellow")
    return text


def _read_needles(con: duckdb.DuckDBPyConnection, words: str) -> list[str]:
    """What a query looks for, longest first.

    Raises:
        CannotSearch: search is switched off, or the file was published by a version without it.
        BadSearch: no letter or digit is searched for.
    """
    try:
        row = con.execute(
            "SELECT search_needles($words), EXISTS (FROM search_text) OR NOT EXISTS (FROM articles)", {"words": words}
        ).fetchone()
    except duckdb.CatalogException:
        raise CannotSearch(
            f"The published file is of a version that could not search. Run: {call('refresh')}"
        ) from None
    assert row is not None, "a query without FROM has one row"
    needles, has_texts = row
    if not needles:
        raise BadSearch("Write at least one letter or digit to search for, as in: etl search 芯片 market")
    if not has_texts:
        raise CannotSearch(
            "Search is switched off in the published file. Set `search = true` in the table [insight] of etl.toml, and "
            f"run: {call('refresh')}"
        )
    return sorted(needles, key=len, reverse=True)


def _require_sources(con: duckdb.DuckDBPyConnection, wanted: Sequence[str]) -> None:
    known = [name for (name,) in con.execute("SELECT source_id FROM sources ORDER BY 1").fetchall()]
    if missing := [name for name in wanted if name not in known]:
        raise BadSearch(f"There is no source {missing[0]!r}; the sources are {', '.join(known)}.")
