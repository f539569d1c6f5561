"""Keeps what trends and link targets are made of: the words of articles, and their names in links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl_project.database.arrow import registered
from etl_project.database.contract import LINK_KEYS, WORDS
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb


def complete_words(con: duckdb.DuckDBPyConnection) -> None:
    """Give each retained article its words, where it has none.

    Args:
        con: the work file, in use, and the temporary tables of the merge.
    """
    missing = con.execute(
        f"""
        SELECT article_id, title, excerpt FROM articles
        SEMI JOIN retained_articles USING (article_id) ANTI JOIN {WORDS} USING (article_id)
        """
    ).fetchall()
    if missing:
        import polars as pl

        from etl_project.transform.article_words import article_words

        schema = {"article_id": pl.String, "title": pl.String, "excerpt": pl.String}
        with registered(con, words=article_words(pl.DataFrame(missing, schema, orient="row"))):
            con.execute(f"INSERT INTO {WORDS} BY NAME FROM words")


def complete_link_keys(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Give each retained article of a source its names in links, where it has none.

    Args:
        con: the work file, in use, and the temporary tables of the merge.
        source: the source.
    """
    lacking = f"""
        SEMI JOIN retained_articles USING (article_id)
        ANTI JOIN (SELECT article_id FROM {LINK_KEYS} WHERE position = 0) USING (article_id)
    """
    missing = con.execute(
        f"SELECT article_id, path, url, front_matter FROM articles {lacking} WHERE source_id = ?", [source.name]
    ).fetchall()
    if missing:
        import polars as pl

        from etl_project.transform.link_keys import link_keys

        links = con.execute(
            f"SELECT article_id, position, url, kind FROM article_links {lacking} WHERE starts_with(article_id, ?)",
            [f"{source.name}:"],
        ).fetchall()
        schema = {"article_id": pl.String, "path": pl.String, "url": pl.String, "front_matter": pl.String}
        of_links = {"article_id": pl.String, "position": pl.Int32, "url": pl.String, "kind": pl.String}
        keys = link_keys(
            pl.DataFrame(missing, schema, orient="row"), pl.DataFrame(links, of_links, orient="row"), source
        )
        with registered(con, keys=keys):
            con.execute(f"INSERT INTO {LINK_KEYS} BY NAME FROM keys")
