"""What the page holds: counts, lists and words as one object of JSON, a function of the published file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import duckdb

from etl_project.report.cubes import Cubes, read_cubes
from etl_project.report.lists import read_lists
from etl_project.report.words import WORDS, describe_reasons
from etl_project.settings.tables import Language

# A script ends where these begin, whatever stands around them; the two separators end a line in old scripts.
_ESCAPED = {"<": r"\u003c", ">": r"\u003e", "&": r"\u0026", "\u2028": r"\u2028", "\u2029": r"\u2029"}


def read_content(con: duckdb.DuckDBPyConnection, language: Language, *, is_internal: bool) -> dict[str, Any]:
    """Read everything that the page shows.

    Args:
        con: the published file, open for reading; temporary tables are made in it.
        language: the language of the words.
        is_internal: whether rejected files and articles that are not live are named.

    Returns:
        An object of texts, numbers and lists, as the script of the page reads it.
    """
    cubes = read_cubes(con)
    refresh, as_of = con.execute(
        "SELECT refresh_id, strftime(as_of, '%Y-%m-%d %H:%M') FROM refreshes ORDER BY refresh_id DESC LIMIT 1"
    ).fetchone() or (0, "")
    titles = dict(con.execute("SELECT source_id, title FROM sources").fetchall())
    return {
        "language": language,
        "refresh": refresh,
        "as_of": as_of,
        "internal": is_internal,
        "first": cubes.first.isoformat() if cubes.first else None,
        "last": cubes.last.isoformat() if cubes.last else None,
        "sources": [[source, titles[source]] for source in cubes.sources],
        "categories": cubes.categories,
        "tags": cubes.tags,
        "cubes": _cubes(cubes),
        "lists": read_lists(con, is_internal=is_internal),
        "reasons": describe_reasons(language),
        "words": WORDS[language],
    }


def _cubes(cubes: Cubes) -> dict[str, dict[str, Any]]:
    return {"day": asdict(cubes.by_day), "hour": asdict(cubes.by_hour), "tag": asdict(cubes.by_tag)}


def json_for_html(content: dict[str, Any]) -> str:
    """Write an object as JSON that cannot end the element that holds it, whatever its texts are."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for sign, escaped in _ESCAPED.items():
        text = text.replace(sign, escaped)
    return text
