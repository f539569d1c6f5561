"""Staged Parquet in, the tables, the inventory and the change log out, in one transaction."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from etl_project.database.contract import BY_ARTICLE, OBSERVED, TERMS, Table, metric_definitions, tables_in
from etl_project.database.live_sql import time_has_come
from etl_project.database.sql import quoted
from etl_project.extract.term_names import PARENT_ID_SQL
from etl_project.load.aggregate_inputs import digest_inputs, same_inputs
from etl_project.load.change_log import log_changes, note_before, pair_moves
from etl_project.load.versions import keep_versions, note_versions
from etl_project.sources.source import Source

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Timing:
    """When the stages of a refresh began and how long they took."""

    as_of: dt.datetime
    started_at: dt.datetime
    list_milliseconds: int
    extract_milliseconds: int


class SourceState(NamedTuple):
    """What the rows of a source were made with and of."""

    fingerprint: str
    """Fingerprint of the settings and code."""
    commit_id: str | None = None
    """Commit that was read, of a git source."""
    tree_id: str | None = None
    """Tree that was read, of a git source: two commits may hold the same."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What one transaction takes in."""

    staged: Mapping[str, Sequence[str]]
    """Table -> Parquet files of its staged rows, later passes last; without what was appended already."""
    sources: tuple[Source, ...]
    states: Mapping[str, SourceState]
    """Source -> what its rows were made with and of."""
    tables: Mapping[str, Table]
    """The contract, as the database in use has it."""
    timing: Timing
    aggregates_version: str
    """Fingerprint of the aggregates; a generation whose aggregates were built by others is not the present one."""
    files_missed: int = 0
    """Files whose bytes changed although their signature did not."""
    keeps_history: bool = False
    """Whether replaced versions are kept in `article_versions`."""
    previous: str | None = None
    """Attached database that holds what came before, where the tables are built from nothing: the rows of articles that
    were read are in them already, and all that is observed is carried over."""

    @property
    def before(self) -> str:
        """Attached database that holds the articles as they were."""
        return self.previous or "work"


def merge(con: duckdb.DuckDBPyConnection, work: Merge) -> int:
    """Bring the tables up to date with what was read.

    The connection has the work file in use, a transaction, and the temporary tables `candidates` and `gone` of the
    scan. Rows are deleted and inserted, never updated: an update of the body column rewrites the file.

    Returns:
        The number of the new generation, or the present one when no row changed.
    """
    began = time.perf_counter()
    _stage_files(con, work)
    _find_affected(con, work)
    came_out = _one(con, "SELECT count(*) FROM turned")
    is_new = (
        work.previous is not None
        or _one(con, _FILES_CHANGED) > 0
        or _one(con, "SELECT count(*) FROM gone") > 0
        or sources_differ(con, work.sources)
        or _one(con, "SELECT generation FROM internal.generation") == 0
        or came_out > 0
        or _one(
            con,
            "SELECT count(*) FROM internal.generation WHERE aggregates_version <> $version",
            {"version": work.aggregates_version},
        )
        > 0
    )
    if is_new:
        before = digest_inputs(con, work.tables)
        _replace_rows(con, work)
        same = same_inputs(before, digest_inputs(con, work.tables))
        _replace_files(con, work.staged.get("rejected_files", ()))
        _replace_sources(con, work)
    _replace_inventory(con, work.timing.as_of)
    con.execute("DELETE FROM internal.source_states")
    for name, state in work.states.items():
        con.execute("INSERT INTO internal.source_states VALUES (?, ?, ?, ?)", [name, *state])
    number = _one(con, "SELECT generation FROM internal.generation")
    if is_new:
        number = max(number, _one(con, "SELECT max(refresh_id) FROM refreshes")) + 1
        if work.keeps_history:
            keep_versions(con, work.timing.as_of)
        log_changes(con, number, work.timing.as_of)
        _log_refresh(con, number, work, began)
        if not came_out:
            con.execute(
                "UPDATE internal.aggregates_built SET generation = $number FROM internal.generation AS g "
                "WHERE aggregates_built.generation = g.generation AND list_contains($same, name)",
                {"number": number, "same": same},
            )
        con.execute("UPDATE internal.generation SET generation = ?, state = 'loaded'", [number])
    return number


def _stage_files(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE staged (
            source_id VARCHAR, path VARCHAR, status VARCHAR, article_id VARCHAR, is_shadowed BOOLEAN, size BIGINT,
            file_hash VARCHAR, encoding VARCHAR, front_matter_format VARCHAR, warnings VARCHAR[], reason VARCHAR,
            mtime_ns BIGINT, ctime_ns BIGINT, inode UBIGINT, is_young BOOLEAN
        )
        """
    )
    if paths := work.staged.get("post_files"):
        con.execute(
            f"""
            INSERT INTO staged BY NAME
            SELECT * EXCLUDE filename FROM read_parquet({parquet_list(paths)}, filename = true)
            QUALIFY row_number() OVER (PARTITION BY source_id, path ORDER BY filename DESC) = 1
            """
        )
    # What was listed and vanished before it was read is gone, if it had ever been there.
    con.execute(
        f"""
        INSERT INTO gone BY NAME SELECT source_id, path, article_id, status, is_shadowed, size
        FROM {work.before}.post_files
        SEMI JOIN (SELECT * FROM staged WHERE status = 'gone') AS s USING (source_id, path)
        """
    )


_FILES_CHANGED = """
SELECT count(*) FROM staged LEFT JOIN post_files AS f USING (source_id, path)
WHERE staged.status IN ('loaded', 'rejected', 'deferred') OR f.is_deferred
"""
"""Counts the files whose row in `post_files` is another now."""


def _find_affected(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    """Collect the articles whose rows may change, those kept without their file, and what they were before."""
    before = work.before
    pair_moves(con, before)
    keeping = [source.name for source in work.sources if source.on_missing == "keep"]
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE kept AS
        SELECT article_id FROM {before}.articles
        WHERE (missing_since IS NOT NULL OR (source_id, path) IN (SELECT (source_id, path) FROM gone))
            AND list_contains($keeping, source_id)
            AND article_id NOT IN (SELECT article_id FROM staged WHERE status = 'loaded' AND NOT is_shadowed)
            AND article_id NOT IN (SELECT old_article_id FROM moves)
        """,
        {"keeping": keeping},
    )
    # Of a file that was read, the article it was before is affected also where it stands for another one now.
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE affected AS
        SELECT article_id FROM staged WHERE status = 'loaded' AND NOT is_shadowed
        UNION
        SELECT article_id FROM {before}.articles
        WHERE article_id NOT IN (SELECT article_id FROM kept) AND (
            missing_since IS NOT NULL OR (source_id, path) IN (
                SELECT (source_id, path) FROM gone
                UNION ALL
                SELECT (source_id, path) FROM staged WHERE status IN ('loaded', 'rejected')
            )
        );
        """
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE turned AS {time_has_come(before)}", {"as_of": work.timing.as_of})
    note_before(con, before)
    if work.keeps_history:
        note_versions(con, before)
    for table, key in TERMS.items():
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE touched_{table} AS "
            f"SELECT DISTINCT {key} FROM article_{table} SEMI JOIN affected USING (article_id)"
        )


def _replace_rows(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    for table in BY_ARTICLE:
        if work.previous is None:
            con.execute(f"DELETE FROM {table} WHERE article_id IN (SELECT article_id FROM affected)")
        if paths := work.staged.get(table):
            con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet({parquet_list(paths)})")
        if work.previous and (columns := _shared_columns(con, work.tables[table], work.previous)):
            con.execute(
                f"INSERT INTO {table} BY NAME "
                f"SELECT {columns} FROM {work.previous}.{table} SEMI JOIN kept USING (article_id)"
            )
    con.execute(
        "UPDATE articles SET missing_since = ? "
        "WHERE missing_since IS NULL AND article_id IN (SELECT article_id FROM kept)",
        [work.timing.as_of],
    )
    for table, key in TERMS.items():
        con.execute(
            f"INSERT INTO touched_{table} SELECT DISTINCT {key} FROM article_{table} "
            "SEMI JOIN (FROM affected UNION FROM kept) USING (article_id)"
        )
        con.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM touched_{table})")
        # Where articles disagree on what a category is nested in, the nested reading counts.
        parent = f"max({PARENT_ID_SQL}) AS parent_id" if table == "categories" else "NULL AS parent_id"
        columns = f"{key}, name, max(parent_id) OVER (PARTITION BY {key}) AS parent_id"
        con.execute(
            f"""
            INSERT INTO {table} BY NAME
            SELECT {columns if table == "categories" else f"{key}, name"} FROM (
                SELECT {key}, name_as_written AS name, count(*) AS articles, {parent}
                FROM article_{table} SEMI JOIN touched_{table} USING ({key}) GROUP BY {key}, name_as_written
            )
            QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY articles DESC, name) = 1
            """
        )


def _replace_files(con: duckdb.DuckDBPyConnection, rejected: Sequence[str]) -> None:
    for table in ("post_files", "rejected_files"):
        con.execute(
            f"""
            DELETE FROM {table} WHERE (source_id, path) IN (
                SELECT (source_id, path) FROM staged WHERE status NOT IN ('same', 'deferred')
                UNION ALL SELECT (source_id, path) FROM gone
            )
            """
        )
    con.execute(
        """
        UPDATE post_files SET is_deferred = staged.status = 'deferred'
        FROM staged WHERE staged.source_id = post_files.source_id AND staged.path = post_files.path
            AND (staged.status = 'deferred' OR post_files.is_deferred)
        """
    )
    con.execute(
        """
        INSERT INTO post_files BY NAME
        SELECT source_id, path, status, article_id, is_shadowed, false AS is_deferred, size, file_hash, encoding,
            front_matter_format, warnings, reason
        FROM staged WHERE status IN ('loaded', 'rejected')
        """
    )
    if rejected:
        con.execute(
            f"""
            INSERT INTO rejected_files BY NAME
            SELECT r.* FROM read_parquet({parquet_list(rejected)}) AS r
            SEMI JOIN (SELECT * FROM staged WHERE status = 'rejected') AS s USING (source_id, path)
            QUALIFY row_number() OVER (PARTITION BY r.source_id, r.path) = 1
            """
        )


def _replace_sources(con: duckdb.DuckDBPyConnection, work: Merge) -> None:
    con.execute("DELETE FROM sources")
    con.executemany("INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?)", _source_rows(work.sources))
    con.execute("DELETE FROM metrics")
    con.executemany("INSERT INTO metrics VALUES (?, ?, ?)", metric_definitions(work.tables))


def sources_differ(con: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> bool:
    """Whether the table `sources` says something else than the settings."""
    return sorted(con.execute("SELECT * FROM sources").fetchall()) != sorted(_source_rows(sources))


def _source_rows(sources: Iterable[Source]) -> list[tuple[str | None, ...]]:
    return [(s.name, s.title, s.url, s.dialect, s.time_zone, str(s.location)) for s in sources]


def _replace_inventory(con: duckdb.DuckDBPyConnection, as_of: dt.datetime) -> None:
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE known AS SELECT * FROM internal.inventory SEMI JOIN staged USING (source_id, path);
        DELETE FROM internal.inventory WHERE (source_id, path) IN (
            SELECT (source_id, path) FROM staged UNION ALL SELECT (source_id, path) FROM gone
        );
        INSERT INTO internal.inventory BY NAME
        SELECT s.source_id, s.path, s.article_id, if(s.status = 'same', k.status, s.status) AS status, s.is_shadowed,
            s.size, s.mtime_ns, s.ctime_ns, s.inode, s.file_hash, s.is_young, 0 AS deferrals,
            c.rank, c.blob_id, c.committed_us
        FROM staged AS s JOIN candidates AS c USING (source_id, path) LEFT JOIN known AS k USING (source_id, path)
        WHERE s.status NOT IN ('gone', 'deferred');
        UPDATE internal.inventory SET is_young = false
        WHERE is_young AND (source_id, path) IN (SELECT (source_id, path) FROM settled);
        """
    )
    # The signature of a deferred file stays the old one, so that the next look finds the file changed.
    con.execute(
        """
        INSERT INTO internal.inventory BY NAME
        SELECT * REPLACE (deferrals + 1 AS deferrals, coalesce(deferred_since, ?) AS deferred_since)
        FROM known SEMI JOIN (SELECT * FROM staged WHERE status = 'deferred') USING (source_id, path)
        """,
        [as_of],
    )


def _log_refresh(con: duckdb.DuckDBPyConnection, number: int, work: Merge, began: float) -> None:
    timing = work.timing
    con.execute(
        """
        INSERT INTO refreshes BY NAME SELECT
            $number AS refresh_id, $as_of AS as_of, $started_at AS started_at, $loaded_at AS loaded_at,
            $listing AS list_milliseconds, $extract AS extract_milliseconds, $load AS load_milliseconds,
            (SELECT count(*) FROM post_files) AS files_listed,
            (SELECT count(*) FROM staged WHERE status <> 'gone') AS files_read,
            (SELECT count(*) FROM post_files WHERE status = 'loaded') AS files_loaded,
            (SELECT count(*) FROM post_files WHERE status = 'rejected') AS files_rejected,
            $missed AS files_missed,
            (SELECT coalesce(sum(size), 0)::BIGINT FROM staged) AS bytes_read,
            $commit AS source_commit
        """,
        {
            "number": number,
            "missed": work.files_missed,
            "commit": commits_in_words({name: state.commit_id for name, state in work.states.items()}),
            "as_of": timing.as_of,
            "started_at": timing.started_at,
            "loaded_at": dt.datetime.now(dt.UTC),
            "listing": timing.list_milliseconds,
            "extract": timing.extract_milliseconds,
            "load": round((time.perf_counter() - began) * 1000),
        },
    )


def commits_in_words(commits: Mapping[str, str | None]) -> str | None:
    """Write the commits of git sources as `refreshes.source_commit` has them: one alone, several with their sources."""
    there = {source: commit for source, commit in sorted(commits.items()) if commit}
    if len(there) < 2:
        return next(iter(there.values()), None)
    return ", ".join(f"{source} {commit}" for source, commit in there.items())


def carry_over(con: duckdb.DuckDBPyConnection, previous: str) -> None:
    """Copy what refreshes saw from an attached work file, of whatever version, into the one in use.

    Its generation comes along: what a rename has published has a number, too, which must not be given again.
    """
    con.execute(f"UPDATE internal.generation SET generation = (SELECT generation FROM {previous}.internal.generation)")
    tables = tables_in(con)
    for name in OBSERVED:
        if columns := _shared_columns(con, tables[name], previous):
            con.execute(f"INSERT INTO {name} BY NAME SELECT {columns} FROM {previous}.{name}")


def _shared_columns(con: duckdb.DuckDBPyConnection, table: Table, previous: str) -> str:
    there = con.execute(
        "SELECT list(column_name) FROM duckdb_columns() WHERE database_name = ? AND table_name = ?",
        [previous, table.name],
    ).fetchone()
    names = there[0] or [] if there else []
    return ", ".join(column.name for column in table.columns if column.name in names)


def parquet_list(paths: Sequence[str]) -> str:
    """Write paths as an SQL list, for `read_parquet`."""
    return "[" + ", ".join(quoted(path) for path in paths) + "]"


def _one(con: duckdb.DuckDBPyConnection, query: str, values: dict[str, object] | None = None) -> int:
    row = con.execute(query, values or {}).fetchone()
    return int(row[0] or 0) if row else 0
