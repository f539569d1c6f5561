"""Brings the tables of categories, tags and authors up to date with those that articles have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.database.contract import TERMS
from etl_project.database.sql import count_rows_of_each

if TYPE_CHECKING:
    import duckdb

_SLASHES_IN_NAME_SQL = r"len(regexp_extract_all(name_as_written, '[/／℀℁℅℆]'))"
_ID_PARTS_SQL = "string_split(category_id, '/')"

PARENT_ID_SQL = (
    f"CASE WHEN len({_ID_PARTS_SQL}) > {_SLASHES_IN_NAME_SQL} + 1"
    f" THEN array_to_string({_ID_PARTS_SQL}[:-{_SLASHES_IN_NAME_SQL} - 2], '/') END"
)
"""`parent_id` of a category in SQL, from `category_id` and `name_as_written` of `article_categories`.

The id of a nested category holds the parts above it as well as its own name, so it has more slashes than the
name has characters that NFKC turns into a slash. An article in a nested category is in the categories above it
too, so the parent is a category as well. Where articles disagree, `max()` takes the nested reading.
"""


def note_terms_to_replace(con: duckdb.DuckDBPyConnection) -> None:
    """Note the terms that articles to be replaced have before: their spelling may change, or nobody may be left.

    Args:
        con: the work file in use, with `articles_to_replace`.
    """
    for table, key in TERMS.items():
        con.execute(
            f"INSERT INTO touched_{table} "
            f"SELECT DISTINCT {key} FROM article_{table} SEMI JOIN articles_to_replace USING (article_id)"
        )


def replace_terms(con: duckdb.DuckDBPyConnection) -> None:
    """Replace the rows of the terms that were noted, and of those that replaced articles have now.

    Args:
        con: the work file in use, already with the new rows of articles, and the temporary tables of the merge.
    """
    for table, key in TERMS.items():
        con.execute(
            f"INSERT INTO touched_{table} SELECT DISTINCT {key} FROM article_{table} "
            "SEMI JOIN changing_articles USING (article_id)"
        )
    touched = count_rows_of_each(con, [f"touched_{table}" for table in TERMS])
    for table, key in ((table, key) for table, key in TERMS.items() if touched[f"touched_{table}"]):
        # Where articles disagree on what a category is nested in, the nested reading counts.
        parents = ("max(parent_id) AS parent_id,", f"max({PARENT_ID_SQL}) AS parent_id,")
        parent, parent_of_name = parents if table == "categories" else ("", "")
        con.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM touched_{table})")
        con.execute(
            f"""
            INSERT INTO {table} BY NAME
            SELECT {key}, {parent} arg_min(name, (-articles, name)) AS name FROM (
                SELECT {key}, {parent_of_name} name_as_written AS name, count(*) AS articles
                FROM article_{table} SEMI JOIN touched_{table} USING ({key}) GROUP BY {key}, name_as_written
            ) GROUP BY {key}
            """
        )


def replace_all_terms(con: duckdb.DuckDBPyConnection) -> None:
    """Make every term anew.

    Args:
        con: the work file in use, and the temporary tables of the merge.
    """
    for table, key in TERMS.items():
        con.execute(f"INSERT INTO touched_{table} SELECT {key} FROM {table} UNION SELECT {key} FROM article_{table}")
    replace_terms(con)
