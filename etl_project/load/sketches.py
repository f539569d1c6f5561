"""Keeps what the stage `related` needs: the sketches of articles, and which of them changed since it last ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.database.contract import SKETCHES
from etl_project.database.sql import count_rows

if TYPE_CHECKING:
    import duckdb


def note_articles_to_relate(con: duckdb.DuckDBPyConnection) -> None:
    """Note which articles a merge may change, put out or take in, and their sketches as they are before.

    An article that is noted already keeps the sketch of then, or none: nothing has been related since.

    Args:
        con: the work file, in use, before its rows are replaced, and the temporary tables of the merge.
    """
    if not count_rows(con, "internal.relations"):
        return  # all are to be related anew
    con.execute(
        f"""
        INSERT INTO internal.sketches_before BY NAME
        SELECT * FROM {SKETCHES} SEMI JOIN changing_articles USING (article_id)
        ANTI JOIN internal.articles_to_relate USING (article_id)
        """
    )
    con.execute(
        """
        INSERT INTO internal.articles_to_relate
        FROM changing_articles ANTI JOIN internal.articles_to_relate USING (article_id)
        """
    )


def complete_sketches(con: duckdb.DuckDBPyConnection) -> None:
    """Give each retained article its sketch, where it has none.

    Args:
        con: the work file, in use, and the temporary tables of the merge.
    """
    missing = con.execute(
        f"""
        SELECT a.article_id, a.title, b.text FROM articles AS a JOIN article_bodies AS b ON b.article_id = a.article_id
        SEMI JOIN retained_articles AS r ON r.article_id = a.article_id
        ANTI JOIN {SKETCHES} AS s ON s.article_id = a.article_id
        """
    ).fetchall()
    if missing:
        import polars as pl

        from etl_project.transform.sketches import article_sketches

        schema = {"article_id": pl.String, "title": pl.String, "text": pl.String}
        with registered(con, sketched=article_sketches(pl.DataFrame(missing, schema, orient="row"))):
            con.execute(f"INSERT INTO {SKETCHES} BY NAME FROM sketched")
