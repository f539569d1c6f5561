"""The row of a refresh in the table `refreshes`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl_project.scan.source_version import SourceVersion
from etl_project.timing import milliseconds_since

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Timing:
    """When the stages of a refresh began and how long they took."""

    as_of: dt.datetime
    started_at: dt.datetime
    list_milliseconds: int
    extract_milliseconds: int


@dataclass(frozen=True, slots=True)
class FilesStaged:
    """Files that were read for a refresh."""

    number: int
    size: int
    """Bytes of all of them."""
    missed: int
    """Those whose bytes changed although their signature did not."""


def count_staged(con: duckdb.DuckDBPyConnection, missed: int = 0) -> FilesStaged:
    """Count what was read.

    Args:
        con: a connection with the temporary table `staged_files`.
        missed: files whose bytes changed although their signature did not.
    """
    row = con.execute(
        "SELECT count(*) FILTER (WHERE status <> 'gone'), coalesce(sum(size), 0)::BIGINT FROM staged_files"
    ).fetchone()
    assert row is not None, "an aggregate without GROUP BY has one row"
    return FilesStaged(row[0], row[1], missed)


def log_refresh(
    con: duckdb.DuckDBPyConnection,
    number: int,
    versions: Mapping[str, SourceVersion],
    timing: Timing,
    staged: FilesStaged,
    began: float,
) -> None:
    """Append the row of a refresh.

    Args:
        con: the work file in use, already with the new rows.
        number: the new generation.
        versions: source -> what its rows were made of.
        timing: of the stages before.
        staged: the files that were read.
        began: `time.perf_counter()` when the merge began.
    """
    con.execute(
        """
        INSERT INTO refreshes BY NAME SELECT
            $number AS refresh_id, $as_of AS as_of, $started_at AS started_at, $loaded_at AS loaded_at,
            $listing AS list_milliseconds, $extract AS extract_milliseconds, $load AS load_milliseconds,
            (SELECT count(*) FROM post_files) AS files_listed,
            $read AS files_read,
            (SELECT count(*) FROM post_files WHERE status = 'loaded') AS files_loaded,
            (SELECT count(*) FROM post_files WHERE status = 'rejected') AS files_rejected,
            $missed AS files_missed,
            $size AS bytes_read,
            $commit AS source_commit
        """,
        {
            "number": number,
            "read": staged.number,
            "missed": staged.missed,
            "size": staged.size,
            "commit": commits_in_words({name: version.commit_id for name, version in versions.items()}),
            "as_of": timing.as_of,
            "started_at": timing.started_at,
            "loaded_at": dt.datetime.now(dt.UTC),
            "listing": timing.list_milliseconds,
            "extract": timing.extract_milliseconds,
            "load": milliseconds_since(began),
        },
    )


def commits_in_words(commits: Mapping[str, str | None]) -> str | None:
    """Write the commits of git sources as `refreshes.source_commit` has them: one alone, several with their sources."""
    known = {source: commit for source, commit in sorted(commits.items()) if commit}
    if len(known) < 2:
        return next(iter(known.values()), None)
    return ", ".join(f"{source} {commit}" for source, commit in known.items())
