"""SQL for the present names of sources that were renamed: `source_id` and the ids that begin with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from etl_project.database.sql import quoted


def ids_under_present_names(
    rows: str, renames: Mapping[str, str], columns: Iterable[str] = ("source_id", "article_id")
) -> str:
    """Write a query as if every source already had its present name.

    Args:
        rows: a query with these columns.
        renames: old name of a source -> its present one.
        columns: `source_id`, and columns of ids of articles.
    """
    if not renames:
        return rows
    names = (f"{present_name(column, renames)} AS {column}" for column in columns)
    return f"SELECT * REPLACE ({', '.join(names)}) FROM ({rows})"


def histories_under_present_names(rows: str, renames: Mapping[str, str]) -> str:
    """Write a query of `article_history` as if every source already had its present name.

    An article that a removed source of the present name once had is no longer the one of that id: its row is left out.

    Args:
        rows: a query with the columns of `article_history`.
        renames: old name of a source -> its present one.
    """
    if not renames:
        return rows
    new = present_name("article_id", renames)
    taken = f"SELECT {new} FROM ({rows}) WHERE {new} <> article_id"
    kept = f"FROM ({rows}) WHERE {new} <> article_id OR article_id NOT IN ({taken})"
    return ids_under_present_names(kept, renames, ("article_id", "previous_article_id"))


def present_name(column: str, renames: Mapping[str, str]) -> str:
    """Write the value of a column under the present names; an id of an article is `<source>:<identity>`.

    Args:
        column: `source_id`, or a column of ids of articles.
        renames: old name of a source -> its present one.
    """
    cases = []
    for old, new in renames.items():
        if column == "source_id":
            cases.append(f"WHEN {column} = {quoted(old)} THEN {quoted(new)}")
        else:
            prefix = f"{old}:"
            cases.append(
                f"WHEN starts_with({column}, {quoted(prefix)}) "
                f"THEN {quoted(new + ':')} || substr({column}, {len(prefix) + 1})"
            )
    return f"CASE {' '.join(cases)} ELSE {column} END"
