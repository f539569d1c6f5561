"""Merges what was read into the tables, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl_project.database.contract import (
    INTERNAL_BY_ARTICLE,
    LINK_KEYS,
    SKETCHES,
    WORDS,
    Table,
    metric_definitions,
    tables_by_article,
)
from etl_project.database.generation import begin_generation, generation
from etl_project.database.live_sql import turned_live_or_expired
from etl_project.database.sql import count_rows, first_number, parquet_rows
from etl_project.insight import Insight
from etl_project.load.aggregate_inputs import digest_inputs, same_inputs
from etl_project.load.change_log import keep_articles_before, log_changes, pair_moves
from etl_project.load.file_tables import replace_files, replace_files_not_read, replace_inventory
from etl_project.load.refresh_log import Timing, count_staged, log_refresh
from etl_project.load.sketches import complete_sketches, note_articles_to_relate
from etl_project.load.terms import note_terms_to_replace, replace_terms
from etl_project.load.versions import keep_replaced_versions, keep_versions_before
from etl_project.load.words_and_links import complete_link_keys, complete_words
from etl_project.scan.source_version import SourceVersion
from etl_project.sources.paths import escape_path
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Merge:
    """What one transaction merges."""

    staged: Mapping[str, Sequence[str]]
    """Table -> Parquet files of its staged rows, later passes last; without what was appended already."""
    sources: tuple[Source, ...]
    versions: Mapping[str, SourceVersion]
    """Source -> what its rows are made with and of."""
    tables: Mapping[str, Table]
    """The contract, as the database in use has it."""
    timing: Timing
    aggregates_version: str
    """Fingerprint of the aggregates; where the last ones were built by other definitions, a new generation is made."""
    not_read: Mapping[str, Mapping[str, int]]
    """Source that was walked -> ending that is not read -> files."""
    files_missed: int = 0
    """Files whose bytes changed although their signature did not."""
    has_search: bool = True
    """Whether `search_text` is made."""
    has_stories: bool = True
    """Whether sketches are made, by which stories are found."""
    insight: Insight = field(default_factory=Insight)
    """What else is made."""
    keeps_history: bool = False
    """Whether replaced versions are kept in `article_versions`."""
    previous: str | None = None
    """Attached database that holds what came before, where the tables are built from nothing: the rows of articles that
    were read are in them already, and what was observed has been carried over."""

    @property
    def before(self) -> str:
        """Attached database that holds the articles as they were."""
        return self.previous or "work"


def merge(con: duckdb.DuckDBPyConnection, work: Merge) -> int:
    """Bring the tables up to date with what was read.

    The connection uses the work file, in a transaction, and has the temporary tables of the plan. Rows are deleted and
    inserted, never updated: an update of the body column rewrites the file.

    Returns:
        The number of the new generation, or the present one when no row changed.
    """
    began = time.perf_counter()
    stage_files(con, work)
    if work.previous is None or count_rows(con, f"{work.before}.articles"):  # of nothing, nothing has moved
        pair_moves(con, work.before)
    find_articles_to_replace(con, work)
    note_terms_to_replace(con)
    turned = count_rows(con, "turned_live_or_expired")
    is_new = turned > 0 or _has_changes(con, work)
    if is_new:
        # Where every table is new, so is every aggregate; and all of them count articles.
        before = {} if work.previous is not None or _articles_come_or_go(con) else digest_inputs(con, work.tables)
        replace_rows(con, work)
        replace_terms(con)
        unchanged = same_inputs(before, digest_inputs(con, work.tables)) if before else []
        replace_files(con, work.staged.get("rejected_files", ()))
        replace_sources(con, work.sources)
        if work.previous is not None:
            fill_metrics(con, work.tables)
    replace_inventory(con, work.timing.as_of)
    replace_source_states(con, work.versions)
    replace_files_not_read(con, work.not_read)
    if not is_new:
        return generation(con).number
    number = first_number(con, _LAST_NUMBER) + 1
    if work.keeps_history:
        keep_replaced_versions(con, work.timing.as_of, work.before)
    log_changes(con, number, work.timing.as_of)
    log_refresh(con, number, work.versions, work.timing, count_staged(con, work.files_missed), began)
    if not turned:
        con.execute(
            "UPDATE internal.aggregates_built SET generation = $number FROM internal.generation AS g "
            "WHERE aggregates_built.generation = g.generation AND list_contains($unchanged, name)",
            {"number": number, "unchanged": unchanged},
        )
    begin_generation(con, number)
    return number


def _has_changes(con: duckdb.DuckDBPyConnection, work: Merge) -> bool:
    """Whether this merge makes a new generation, for any reason but the passing of time."""
    return (
        work.previous is not None
        or first_number(con, FILES_CHANGED) > 0
        or count_rows(con, "deleted_files") > 0
        or sources_differ(con, work.sources)
        or generation(con).number == 0
        or aggregates_are_of_another_version(con, work.aggregates_version)
    )


def aggregates_are_of_another_version(con: duckdb.DuckDBPyConnection, version: str) -> bool:
    """Whether the last aggregates were built by other definitions."""
    query = "SELECT count(*) FROM internal.generation WHERE aggregates_version <> $version"
    return first_number(con, query, {"version": version}) > 0


def _articles_come_or_go(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there will be an article that was not there before, or the other way round."""
    query = """
        SELECT count(*) FROM articles_to_replace AS r
        LEFT JOIN articles_before AS before ON before.article_id = r.article_id
        LEFT JOIN staged_files AS s ON s.article_id = r.article_id AND s.status = 'loaded' AND NOT s.is_shadowed
        WHERE before.article_id IS NULL OR s.article_id IS NULL
    """
    return first_number(con, query) > 0


_LAST_NUMBER = """
SELECT greatest((SELECT generation FROM internal.generation), (SELECT coalesce(max(refresh_id), 0) FROM refreshes))
"""


FILES_CHANGED = """
SELECT count(*) FROM staged_files LEFT JOIN post_files AS f USING (source_id, path)
WHERE staged_files.status IN ('loaded', 'rejected', 'deferred') OR f.is_deferred
"""
"""Counts the files whose row in `post_files` changes."""


def stage_files(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    """Fill `staged_files` with the last staged row of each file."""
    paths = work.staged.get("post_files", ())
    if len(paths) == 1:
        con.execute(f"INSERT INTO staged_files BY NAME FROM {parquet_rows(paths)}")
    elif paths:
        con.execute(
            f"""
            INSERT INTO staged_files BY NAME
            SELECT * EXCLUDE filename FROM {parquet_rows(paths, ", filename = true")}
            QUALIFY row_number() OVER (PARTITION BY source_id, path ORDER BY filename DESC) = 1
            """
        )
    # A file that vanished between listing and reading is deleted, if it was ever there.
    if count_rows(con, "staged_files WHERE status = 'gone'"):
        con.execute(
            f"""
            INSERT INTO deleted_files BY NAME SELECT source_id, path, article_id, status, is_shadowed, size
            FROM {work.before}.post_files
            SEMI JOIN (SELECT * FROM staged_files WHERE status = 'gone') AS s USING (source_id, path)
            """
        )


def find_articles_to_replace(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    """Collect the articles whose rows may change, those retained without their file, and what they were before.

    Args:
        con: a connection with the temporary tables of the merge; files are staged, and moves paired.
        work: what is merged.
    """
    before = work.before
    if keeping := [source.name for source in work.sources if source.on_missing == "keep"]:
        con.execute(
            f"""
            INSERT INTO retained_articles
            SELECT article_id FROM {before}.articles
            WHERE (missing_since IS NOT NULL OR (source_id, path) IN (SELECT (source_id, path) FROM deleted_files))
                AND list_contains($keeping, source_id)
                AND article_id NOT IN (SELECT article_id FROM staged_files WHERE status = 'loaded' AND NOT is_shadowed)
                AND article_id NOT IN (SELECT old_article_id FROM moved_articles)
            """,
            {"keeping": keeping},
        )
    # A file that was read may be another article now: the article it was before is replaced, too.
    con.execute(
        f"""
        INSERT INTO articles_to_replace
        SELECT article_id FROM staged_files WHERE status = 'loaded' AND NOT is_shadowed
        UNION
        SELECT article_id FROM {before}.articles
        WHERE article_id NOT IN (SELECT article_id FROM retained_articles) AND (
            missing_since IS NOT NULL OR (source_id, path) IN (
                SELECT (source_id, path) FROM deleted_files
                UNION ALL
                SELECT (source_id, path) FROM staged_files WHERE status IN ('loaded', 'rejected')
            )
        );
        """
    )
    con.execute(f"INSERT INTO turned_live_or_expired {turned_live_or_expired(before)}", {"as_of": work.timing.as_of})
    con.execute(
        "INSERT INTO changing_articles "
        "FROM articles_to_replace UNION FROM retained_articles UNION FROM turned_live_or_expired"
    )
    keep_articles_before(con, before)
    if work.keeps_history and work.previous is None:
        keep_versions_before(con)


def replace_rows(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    """Replace the rows of articles in every table that has rows of one article.

    Args:
        con: the work file, in use, and the temporary tables of the merge.
        work: what is merged.
    """
    if work.previous is None:
        note_articles_to_relate(con)
    for table in tables_by_article():
        if work.previous is None:
            con.execute(f"DELETE FROM {table} WHERE article_id IN (SELECT article_id FROM articles_to_replace)")
        if paths := work.staged.get(table):
            con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {parquet_rows(paths)}")
        # What is internal is made anew of the other tables, where a retained article lacks it.
        if work.previous and table not in INTERNAL_BY_ARTICLE:
            con.execute(
                f"INSERT INTO {table} BY NAME "
                f"SELECT * FROM {work.previous}.{table} SEMI JOIN retained_articles USING (article_id)"
            )
    _empty_what_is_off(con, work)
    if count_rows(con, "retained_articles"):
        _complete_retained_articles(con, work)


def _empty_what_is_off(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    switches = {
        "search_text": work.has_search,
        SKETCHES: work.has_stories,
        WORDS: work.insight.terms,
        LINK_KEYS: work.insight.links,
    }
    for table in (table for table, is_on in switches.items() if not is_on):
        con.execute(f"DELETE FROM {table}")


def _complete_retained_articles(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    """Note since when they miss their files, and give each the rows of what is on.

    Their files are gone: after a rebuild, or a change of the setting, they have none.
    """
    con.execute(
        "UPDATE articles SET missing_since = ? "
        "WHERE missing_since IS NULL AND article_id IN (SELECT article_id FROM retained_articles)",
        [work.timing.as_of],
    )
    if work.has_search:
        con.execute(
            """
            INSERT INTO search_text SELECT article_id, length(form), form FROM (
                SELECT a.article_id, search_form(coalesce(a.title, '')) || search_form(b.text) AS form
                FROM articles AS a JOIN article_bodies AS b ON b.article_id = a.article_id
                SEMI JOIN retained_articles AS r ON r.article_id = a.article_id
                ANTI JOIN search_text AS s ON s.article_id = a.article_id
            )
            """
        )
    if work.has_stories:
        complete_sketches(con)
    if work.insight.terms:
        complete_words(con)
    if work.insight.links:
        for source in work.sources:
            complete_link_keys(con, source)


def replace_sources(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Replace the rows of `sources`, where they differ.

    Args:
        con: the work file, in use.
        sources: every source.
    """
    if sources_differ(con, sources):
        con.execute("DELETE FROM sources")
        con.executemany("INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?)", _make_source_rows(sources))


def fill_metrics(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]) -> None:
    """Fill the table `metrics` of tables that are built anew: its rows are those of the contract.

    Args:
        con: the work file, in use.
        tables: the contract.
    """
    con.execute("DELETE FROM metrics")
    con.executemany("INSERT INTO metrics VALUES (?, ?, ?)", metric_definitions(tables))


def replace_source_states(con: duckdb.DuckDBPyConnection, versions: Mapping[str, SourceVersion]) -> None:
    """Replace what the rows of each source were made with and of, where it differs."""
    rows = [(name, *version) for name, version in versions.items()]
    if set(con.execute("FROM internal.source_states").fetchall()) != set(rows):
        con.execute("DELETE FROM internal.source_states")
        for row in rows:
            con.execute("INSERT INTO internal.source_states VALUES (?, ?, ?, ?)", row)


def sources_differ(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> bool:
    """Whether the table `sources` differs from the settings."""
    return sorted(con.execute("SELECT * FROM sources").fetchall()) != sorted(_make_source_rows(sources))


def _make_source_rows(sources: Iterable[Source]) -> list[tuple[str | None, ...]]:
    return [(s.name, s.title, s.url, s.dialect, s.time_zone, escape_path(str(s.location))) for s in sources]
