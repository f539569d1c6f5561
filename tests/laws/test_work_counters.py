"""How much work a refresh does, counted and not timed: figures that a slow machine does not move.

Counts are taken for the posts that a larger site has more than a smaller one, so that what a refresh does once drops
out. A figure that grows is a regression to be explained or mended; one that falls is to be written down here.
"""

from __future__ import annotations

import cProfile
import dataclasses
import pstats
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from benchmarks.corpus.site import Site, Update, generate, settle, update
from etl_project.database.work_file import WorkFile
from etl_project.load.aggregates import aggregates
from etl_project.refresh import Refresh, rows_to_check
from etl_project.settings import read_settings

SMALL, LARGE = 150, 300
FOLDERS = 3
"""The source, and two below it."""

CALLS_PER_POST = 450
"""Calls of functions, in Python and built in, that a full build makes for each post: measured with Python 3.11."""

CALLS_PER_SKETCH = 55
"""What `[insight] stories` adds to them: 629 with it, 575 without."""

CALLS_PER_TERMS_AND_LINKS = 110
"""What `[insight] terms` and `links` add: 736 with them, 629 without. Most ask the length of a word."""

CALLS_PER_LISTED_FILE = 5
"""The same of a look that compares each file with the inventory and finds nothing to do."""

STATEMENTS_OF_ONE_POST = 201
"""Statements, those of a script counted as one, that a refresh of one changed post runs, all aggregates built anew. Two
make and drop the table that five aggregates read, one finds the files that differ, one spares digests where an article
came or went: of many posts these save more than they take."""

CALLS_PER_REMEMBERED_FILE = 5
"""The same of the look after it, which goes by what that one found."""

_WRITES = re.compile(r"\s*(DELETE FROM|INSERT INTO)\s+([a-z_.]+)", re.I)


class CountingConnection:
    """A connection of DuckDB that counts the rows every statement deletes or inserts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, rows: Counter[str]) -> None:
        self.connection = connection
        self.rows = rows

    def execute(self, query: str, *values: Any) -> Any:
        result = self.connection.execute(query, *values)
        written = _WRITES.match(query)
        if written and ";" not in query:
            (count,) = result.fetchone()
            self.rows[f"{written[1].upper()} {written[2]}"] += count
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


@dataclass
class Work:
    """What one refresh did."""

    calls: Counter[str]
    """Function -> calls of it; built in ones by their names."""
    rows: Counter[str]
    """DELETE FROM or INSERT INTO a table -> rows."""
    listed: int = 0
    read: int = 0
    bytes_read: int = 0
    aggregates: int = 0

    @property
    def all_calls(self) -> int:
        return sum(self.calls.values())

    def asked(self, *names: str) -> int:
        """Calls that ask the file system."""
        wanted = {f"<built-in method posix.{name}>" for name in names}
        wanted |= {f"<method '{name}' of 'posix.DirEntry' objects>" for name in names}
        return sum(self.calls[name] for name in wanted)


def refresh(site: Site) -> Work:
    """Refresh in this process and count."""
    work = Work(Counter(), Counter())
    stages = Refresh(read_settings(site.settings))
    stages.work.lock.acquire("count")
    profile = cProfile.Profile()
    try:
        profile.enable()
        plan = stages.plan()
        work.listed = sum(plan.diff.listed.values())
        if plan.is_no_op:
            profile.disable()
        else:
            counting = CountingConnection(plan.connection, work.rows)
            loaded = stages.load_tables(dataclasses.replace(plan, opened=counting))  # type: ignore[arg-type]
            profile.disable()
            work.read, work.bytes_read = loaded.files_read, loaded.bytes_read
            results = stages.run_checks("tables")
            work.aggregates = len(stages.build_aggregates())
            results += stages.run_checks("related") + stages.run_checks("aggregates")
            assert all(result.passed for result in results if result.check.is_blocking)
            profile.enable()
            stages.publish()
            profile.disable()
    finally:
        profile.disable()
        stages.work.lock.release()
    for (_, _, name), figures in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        work.calls[name] += figures[0]
    return work


@dataclass
class Measured:
    small: Work
    large: Work
    idle_small: Work
    idle: Work
    again_small: Work
    again: Work
    little: Work
    site: Site
    """The larger one."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    small, large = (Site(tmp_path_factory.mktemp(f"{n}"), n, "clean") for n in (SMALL, LARGE))
    first = Site(tmp_path_factory.mktemp("first"), 5, "clean")
    for site in (first, small, large):
        generate(site, processes=1)
    settle()
    refresh(first)  # imports and caches are paid here
    full = refresh(small), refresh(large)
    idle = refresh(small), refresh(large)
    again = refresh(small), refresh(large)
    update(large, Update(1, overwritten=6, moved=2, added=2, deleted=2))
    return Measured(*full, *idle, *again, refresh(large), large)


MORE = LARGE - SMALL


def test_a_build_opens_and_reads_every_file_once(measured: Measured) -> None:
    small, large = measured.small, measured.large
    assert (large.listed, large.read) == (LARGE, LARGE)
    assert large.asked("open") - small.asked("open") == MORE
    assert large.asked("read", "pread") - small.asked("read", "pread") == MORE
    # Once in the listing, and once after it is read.
    assert large.asked("stat", "lstat", "fstat") - small.asked("stat", "lstat", "fstat") == 2 * MORE


def test_a_post_costs_no_more_calls_than_it_did(measured: Measured) -> None:
    most = CALLS_PER_POST + CALLS_PER_SKETCH + CALLS_PER_TERMS_AND_LINKS
    assert (measured.large.all_calls - measured.small.all_calls) / MORE <= most * 1.1


def test_a_look_asks_for_each_file_once_and_opens_only_folders(measured: Measured) -> None:
    small, large = measured.idle_small, measured.idle
    assert large.read == 0
    assert large.rows == {}
    assert large.asked("stat", "lstat", "fstat") - small.asked("stat", "lstat", "fstat") == MORE
    assert (large.asked("open"), large.asked("read", "pread")) == (FOLDERS, 0)
    assert (large.all_calls - small.all_calls) / MORE <= CALLS_PER_LISTED_FILE * 1.1
    small, large = measured.again_small, measured.again
    assert large.listed == LARGE
    assert (large.asked("open"), large.asked("read", "pread")) == (FOLDERS, 0)
    assert (large.all_calls - small.all_calls) / MORE <= CALLS_PER_REMEMBERED_FILE * 1.1


def test_a_build_writes_every_row_once(measured: Measured) -> None:
    rows = measured.large.rows
    for table in ("articles", "article_bodies", "article_metrics", "post_files", "article_history", "article_changes"):
        assert rows[f"INSERT INTO {table}"] == LARGE, table
    assert sum(count for statement, count in rows.items() if statement.startswith("DELETE")) == 0


def test_a_refresh_of_ten_posts_touches_the_rows_of_ten_posts(measured: Measured) -> None:
    # Six are overwritten, two moved, two added, two deleted.
    little = measured.little
    assert (little.read, little.asked("read", "pread")) == (10, 10)
    # Two folders of the staging that are removed, the one publish syncs, and the file before, were it there to reuse.
    assert little.asked("open") == 10 + FOLDERS + 4
    assert little.bytes_read < measured.large.bytes_read / 10
    for table in ("articles", "article_bodies", "article_metrics", "post_files"):
        assert little.rows[f"DELETE FROM {table}"] == little.rows[f"INSERT INTO {table}"] == 10, table
    assert little.rows["INSERT INTO article_changes"] == 12


class CountingStatements:
    """A connection of DuckDB that counts its statements."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, work: Counter[str]) -> None:
        self.connection = connection
        self.work = work

    def execute(self, *given: Any) -> Any:
        self.work["statements"] += 1
        return self.connection.execute(*given)

    def executemany(self, *given: Any) -> Any:
        self.work["statements"] += 1
        return self.connection.executemany(*given)

    def __enter__(self) -> CountingStatements:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


def test_a_refresh_of_one_post_runs_few_statements_on_one_instance(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: Counter[str] = Counter()
    with duckdb.connect(str(WorkFile(measured.site.warehouse).path)) as con:
        con.execute("DELETE FROM internal.aggregates_built")  # else it depends on the post which are built anew
    connect, start = WorkFile.connect, duckdb.connect
    monkeypatch.setattr(WorkFile, "connect", lambda self: CountingStatements(connect(self), work))
    monkeypatch.setattr(
        duckdb, "connect", lambda *given, **values: (work.update(["instances"]), start(*given, **values))[1]
    )
    monkeypatch.setattr(rows_to_check, "FEWEST_FILES", 0)  # what a large site does
    update(measured.site, Update(2, overwritten=1))
    stages = Refresh(read_settings(measured.site.settings))
    stages.work.stays_attached = True
    stages.work.lock.acquire("count")
    try:
        stages.load_tables(stages.plan())
        results = stages.run_checks("tables")
        stages.relate()
        results += stages.run_checks("related")
        stages.build_aggregates()
        results += stages.run_checks("aggregates")
        stages.publish()
    finally:
        stages.work.close()
        stages.work.lock.release()
    assert not any(
        result.checked_all_rows for result in results if result.check.stage == "tables" and result.check.touched
    )
    assert work["instances"] == 1
    assert work["statements"] <= STATEMENTS_OF_ONE_POST


def test_publishing_copies_the_file_once(measured: Measured) -> None:
    for work, templates in ((measured.small, 1), (measured.large, 1), (measured.little, 0)):
        assert work.calls["<built-in method fcntl.ioctl>"] == 1  # asks the file system to share the blocks
        assert work.calls["copyfile"] - templates <= 1  # where it does not


def test_no_aggregate_is_built_twice(measured: Measured) -> None:
    assert measured.large.aggregates == len(aggregates())
    assert measured.little.aggregates <= len(aggregates())
    assert measured.idle.aggregates == 0
