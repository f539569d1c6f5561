"""What the page holds: counts, lists and words as one object of JSON, a function of the published file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import duckdb

from etl_project.report.axes import number_axes
from etl_project.report.cubes import read_cubes
from etl_project.report.lists import read_lists
from etl_project.report.words import WORDS, describe_reasons
from etl_project.settings.tables import Language

# A script ends where these begin, whatever stands around them; the two separators end a line in old scripts.
_ESCAPED = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026", "\u2028": r"\u2028", "\u2029": r"\u2029"}


PAGE_BYTES, PAGE_BYTES_A_POST, MOST_PAGE_BYTES = 1_490_000, 3.8, 4_900_000
"""Largest page of 100,000 articles or fewer, what it may grow by for each more, and the largest of any."""

_ARTICLES_IN_PAGE, _LEAST_ROOM_BYTES = 100_000, 100_000


def read_content(
    con: duckdb.DuckDBPyConnection, language: Language, charts: dict[str, Any], taken: int, *, is_internal: bool
) -> dict[str, Any]:
    """Read everything that the page shows.

    Args:
        con: the published file, open for reading; temporary tables are made in it.
        language: the language of the words.
        charts: Vega specification of each chart, by name.
        taken: bytes that the page takes beside this content; the counts have the room that is left.
        is_internal: whether rejected files and articles that are not live are named.

    Returns:
        An object of texts, numbers and lists, as the script of the page reads it.
    """
    axes = number_axes(con)
    refresh, as_of = con.execute(
        "SELECT refresh_id, strftime(as_of, '%Y-%m-%d %H:%M') FROM refreshes ORDER BY refresh_id DESC LIMIT 1"
    ).fetchone() or (0, "")
    titles = dict(con.execute("SELECT source_id, title FROM sources").fetchall())
    content = {
        "language": language,
        "refresh": refresh,
        "as_of": as_of,
        "internal": is_internal,
        "first": axes.first.isoformat() if axes.first else None,
        "last": axes.last.isoformat() if axes.last else None,
        "sources": [[source, titles[source]] for source in axes.sources],
        "categories": axes.categories,
        "tags": axes.tags,
        "lists": read_lists(con, is_internal=is_internal),
        "reasons": describe_reasons(language),
        "words": WORDS[language],
        "charts": charts,
    }
    most = min(PAGE_BYTES + max(0, axes.articles - _ARTICLES_IN_PAGE) * PAGE_BYTES_A_POST, MOST_PAGE_BYTES)
    rest = len(json_for_html(content).encode("utf-8", "replace"))
    cubes = read_cubes(con, axes, max(most - taken - rest, _LEAST_ROOM_BYTES))
    return content | {"cubes": asdict(cubes)}


def json_for_html(content: dict[str, Any]) -> str:
    """Write an object as JSON that cannot end the element that holds it, whatever its texts are."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for sign, escaped in _ESCAPED.items():
        text = text.replace(sign, escaped)
    return text
