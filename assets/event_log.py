"""The events of all runs in one SQLite file."""

from __future__ import annotations

from dagster._core.event_api import EventHandlerFn
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher


class OneFileEventLog(ConsolidatedSqliteEventLogStorage):
    """Dagster's consolidated event log, which the page of a run can follow.

    The default keeps a file for each run beside an index with a second copy of most events, and leaves the file behind
    when its run is deleted: twice the room, and a leak.
    """

    _watcher: SqlPollingEventWatcher | None = None

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call back for each new event of a run. SQLite's write-ahead log hides them from who watches the file."""
        self._watcher = self._watcher or SqlPollingEventWatcher(self)
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: EventHandlerFn) -> None:
        """Call back no more."""
        if self._watcher:
            self._watcher.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        """Stop watching."""
        if self._watcher:
            self._watcher.close()
            self._watcher = None
