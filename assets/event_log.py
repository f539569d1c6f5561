"""Event log storage that keeps the events of all runs in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from dagster._core.event_api import EventHandlerFn
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry


class OneFileEventLog(ConsolidatedSqliteEventLogStorage):
    """Dagster's consolidated event log, with a watcher by which the page of a run follows its events.

    Dagster's default storage keeps a file for each run, beside an index with a second copy of most events, and leaves
    the file behind when its run is deleted: twice the disk space, and a leak.

    This class keeps its connections open. The default makes an engine and a connection for each of the two hundred
    events of a refresh; each time SQL is compiled again and the write-ahead log is copied into the file, which adds up
    to two seconds.
    """

    _watcher: SqlPollingEventWatcher | None = None

    @cached_property
    def _engine(self) -> Engine:
        engine = create_engine(
            self._conn_string, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}, max_overflow=-1
        )
        event.listen(engine, "connect", _reduce_syncing)
        return engine

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with self._engine.begin() as con:
            yield con

    def has_table(self, table_name: str) -> bool:
        """Whether the file has a table."""
        with self._connect() as con:
            return con.dialect.has_table(con, table_name)

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call back for each new event of a run. Polls, because with a write-ahead log the file does not change."""
        self._watcher = self._watcher or SqlPollingEventWatcher(self)
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: EventHandlerFn) -> None:
        """Stop calling back."""
        if self._watcher:
            self._watcher.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        """Stop watching, and close the file."""
        if self._watcher:
            self._watcher.close()
            self._watcher = None
        self._engine.dispose()


def _reduce_syncing(con: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # With a write-ahead log a process that dies loses nothing. A power cut may lose the last events, but never corrupts
    # the file (SQLite, "PRAGMA synchronous").
    con.execute("PRAGMA synchronous = NORMAL")
