"""Paths as DuckDB opens them, and values as SQL writes them."""

from __future__ import annotations

from pathlib import Path


def openable(published: Path) -> str:
    """Write the path of a published file so that DuckDB opens it once.

    Without the prefix DuckDB 2.0 opens a file three times, to find out what it is, to read its header, and to keep;
    where it is replaced in between, the header is of the old file and the rest of the new one.
    """
    return f"duckdb:{published}"


def quoted(value: object) -> str:
    """Write a text as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"
