"""Event log storage that keeps the events of all runs in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path

from dagster._core.event_api import EventHandlerFn
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

_PAGE_BYTES = 16_384
"""Of SQLite's default, 4,096, a quarter stays empty: an event takes a third of it or more, and is not parted."""


class OneFileEventLog(ConsolidatedSqliteEventLogStorage):
    """Dagster's consolidated event log, with a watcher by which the page of a run follows its events.

    Dagster's default storage keeps a file for each run, beside an index with a second copy of most events, and leaves
    the file behind when its run is deleted: twice the disk space, and a leak.

    This class keeps its connections open. The default makes an engine and a connection for each of the two hundred
    events of a refresh; each time SQL is compiled again and the write-ahead log is copied into the file, which adds up
    to two seconds. It also asks once which tables and columns there are, where the default asks for nearly each event.
    """

    _watcher: SqlPollingEventWatcher | None = None

    @cached_property
    def _found(self) -> set[str]:
        """Tables and columns that are there: none of them goes again."""
        return set()

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

    def _init_db(self) -> None:
        file = Path(self.get_db_path())  # type: ignore[no-untyped-call]
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file)) as con:
            con.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            con.execute("VACUUM")  # writes the size into the file that is empty yet
        super()._init_db()  # type: ignore[no-untyped-call]

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event of a run, each fact of it once."""
        super().store_event(_without_repetition(event))

    def has_table(self, table_name: str) -> bool:
        """Whether the file has a table."""
        if table_name not in self._found:
            with self._connect() as con:
                if con.dialect.has_table(con, table_name):
                    self._found.add(table_name)
        return table_name in self._found

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        column = f"asset_keys.{column_name}"
        if column not in self._found and super()._has_asset_key_col_on_connection(conn, column_name):
            self._found.add(column)
        return column in self._found

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


def _without_repetition(event: EventLogEntry) -> EventLogEntry:
    """Leave out what an event of Dagster holds twice: its message, and the names of its run and step as tags.

    Nothing reads those tags once the event is stored, and `EventLogEntry.message` prefers the other copy. Together they
    are a fifth of what a run leaves.
    """
    if event.dagster_event is None:
        return event
    return event._replace(user_message="", dagster_event=event.dagster_event._replace(logging_tags={}))


def _reduce_syncing(con: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # With a write-ahead log a process that dies loses nothing. A power cut may lose the last events, but never corrupts
    # the file (SQLite, "PRAGMA synchronous").
    con.execute("PRAGMA synchronous = NORMAL")
