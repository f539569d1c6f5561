"""Records a refresh in Dagster beside what takes its stages, in a thread; forked_recorder.py does so in a process."""

from __future__ import annotations

import gc
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from queue import SimpleQueue
from typing import TYPE_CHECKING

from etl_project.errors import UserError
from etl_project.refresh.disk_full import is_full
from etl_project.show.console import call

if TYPE_CHECKING:
    from etl_project.refresh import Refresh
    from etl_project.refresh.handed_on import Results

Asked = tuple["Refresh", "Results"]
"""A refresh to record, and what its stages give."""


@dataclass(frozen=True, slots=True)
class Record:
    """What became of the record of a refresh."""

    run_id: str | None = None
    """The run in Dagster; None where there is none."""
    failure: str | None = None
    """Why it failed, or why there is none, or only a part of one: a sentence."""
    trace: str | None = None
    """The trace of the error behind that, where it is not the refresh's own."""


class Recorder:
    """Records a refresh in Dagster, in a thread, as far as that is possible, and keeps why it was not."""

    def __init__(self) -> None:
        self.has_imported = threading.Event()
        """Dagster is imported, or cannot be. Until then the other thread imports nothing that Dagster imports, too."""
        self.record = Record()
        self._asked: SimpleQueue[Asked | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._has_ended = threading.Event()

    def begin(self) -> None:
        """Begin to import Dagster, where that has not begun, and where there may be one more thread."""
        if self._thread is not None:
            return
        _import_what_both_need()
        self._thread = threading.Thread(target=self._run, name="records the run in Dagster", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self.record = Record(failure=_describe(error))
            self.has_imported.set()
            self._has_ended.set()

    def follow(self, refresh: Refresh, results: Results) -> None:
        """Record a refresh as it gives results."""
        self.begin()
        self._asked.put((refresh, results))

    def leave(self) -> None:
        """Record nothing more; where there was nothing to record, a thread that has begun only ends its import."""
        self._asked.put(None)
        self.wait()

    def wait(self) -> None:
        """Wait until the record has ended, if there is one."""
        if self._thread is not None:
            # A `join` that Ctrl-C interrupts takes the thread for ended from then on.
            self._has_ended.wait()

    def _run(self) -> None:
        try:
            self.record = import_and_record(self._asked.get, self.has_imported.set)
        finally:
            self._has_ended.set()


def import_and_record(asked: Callable[[], Asked | None], imported: Callable[[], None]) -> Record:
    """Import Dagster, then record a refresh.

    Args:
        asked: waits for the refresh to record, and gives it; None where there is nothing to record.
        imported: called once Dagster is imported, or cannot be.

    Returns:
        What became of it. Whatever that is, the refresh does not depend on it, and nothing is raised.
    """
    try:
        gc.disable()  # nothing that is imported becomes garbage, and looking for some takes a fifth of the time
        try:
            from etl_project.definitions import record_refresh
        finally:
            gc.enable()
            imported()
        if found := asked():
            recorded = record_refresh(*found)
            return Record(recorded.run_id, recorded.failure)
    except BaseException as error:
        return Record(failure=_describe(error), trace=traceback.format_exc())
    return Record()


def _describe(error: BaseException) -> str:
    if is_full(error):
        return "The disk of its records is full."
    if isinstance(error, UserError):
        return str(error)
    first_line = next(iter(str(error).strip().splitlines()), "")
    return f"{first_line} ({type(error).__name__}). For a trace: {call('--debug refresh')}"


def _import_what_both_need() -> None:
    """Import what both threads would import while there is one: Python gives up where each waits for the other.

    That may happen to two that import a package and one of its modules. A test holds that this is all.
    """
    for name in (
        "duckdb",
        "psutil",
        "pytz",  # by DuckDB, for the first instant that it hands over
        "yaml",
        "etl_project.checks.run",
        "etl_project.checks.standing",
        "etl_project.database.delta_views",
        "etl_project.load.touched",
        "etl_project.show.summary",
    ):
        import_module(name)
