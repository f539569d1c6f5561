"""Records a refresh in Dagster in a process forked from this one before it has threads: each has a core of its own.

A thread would share one interpreter with what takes the stages, and who waits for a refresh would wait for both. The
other process has what this one has imported, costs a refresh with nothing to do half a millisecond, and imports
Dagster only once it is sure that there is something to record. It learns what the stages give through a pipe, and ends
at once where the other end of that is closed: the run of a refresh that was killed is left as that of a killed process.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import sys
import threading
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NoReturn

from etl_project.cli.portable import error_of, pickled, portable
from etl_project.cli.recorder import Record, Recorder, import_and_record
from etl_project.forking import fork, has_one_thread

if TYPE_CHECKING:
    from etl_project.refresh import Refresh
    from etl_project.refresh.handed_on import Results, What

_BEGIN, _FOLLOW = b"begin", b"follow"
"""What the process is told before the results: to import Dagster, and that there will be a refresh to record."""

_ENDED = "The process that records it ended before its time."


def recorder_of(refresh: Refresh, *, may_fork: bool) -> Recorder:
    """Make what records a refresh, before anything else of it: a process where one can be forked, else a thread.

    Args:
        refresh: it does not hold its lock yet, as the other process would hold it, too.
        may_fork: this process is that of the command alone.
    """
    if may_fork:
        with contextlib.suppress(OSError):  # no process is left, or no memory
            if has_one_thread():
                return ForkedRecorder(refresh)
    return Recorder()


class ForkedRecorder(Recorder):
    """Records a refresh in a forked process."""

    def __init__(self, refresh: Refresh) -> None:
        """Fork.

        Raises:
            OSError: there may be no more processes.
        """
        super().__init__()
        self.has_imported.set()  # the modules of the one are nothing to the other
        self._refresh = refresh
        self._has_begun = self._is_left = False
        self._pipe, other = Pipe()
        _flush()  # what is still to be written would be written twice
        self._process = fork(partial(_be_recorder, self._pipe, other, refresh))
        other.close()

    def begin(self) -> None:
        """Let the process import Dagster, where it has not begun."""
        if not self._has_begun:
            self._has_begun = True
            self._send(_BEGIN)

    def follow(self, refresh: Refresh, results: Results) -> None:
        """Record the refresh for which it was forked as it gives results."""
        assert refresh is self._refresh, "the process knows one refresh"
        self.begin()
        self._send(_FOLLOW)
        results.tell = self._tell

    def leave(self) -> None:
        """End the process: there is nothing to record."""
        os.kill(self._process, signal.SIGKILL)
        self._end()

    def wait(self) -> None:
        """Wait until the process has ended."""
        if self._is_left:
            return
        try:
            self._pipe.poll(None)  # a Ctrl-C comes while nothing is read
            self.record = self._pipe.recv()
        except (EOFError, OSError):
            self.record = Record(failure=_ENDED)
        self._end()

    def _end(self) -> None:
        self._is_left = True
        self._pipe.close()
        os.waitpid(self._process, 0)

    def _tell(self, what: What, key: str, value: Any) -> None:
        sent = portable(value) if isinstance(value, BaseException) else value
        try:
            message = pickled((what, key, sent, self._refresh.stages.seconds))
        except Exception as error:  # the refresh goes on, and the run fails with it
            message = pickled(("error", key, portable(error), {}))
        self._send(message)

    def _send(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # it is gone: that is told at the end
            self._pipe.send_bytes(message)


def _be_recorder(of_command: Connection, pipe: Connection, refresh: Refresh) -> NoReturn:
    """Be the process that records.

    Args:
        of_command: the end of the pipe that the command holds.
        pipe: the other end.
        refresh: what is to be recorded.
    """
    of_command.close()
    try:
        gc.freeze()
        if pipe.recv_bytes() == _BEGIN:
            messages: SimpleQueue[bytes] = SimpleQueue()
            threading.Thread(target=_receive, args=(pipe, messages), daemon=True).start()
            pipe.send(import_and_record(lambda: _await_refresh(messages, refresh), gc.freeze))
    except (EOFError, OSError):
        pass
    finally:
        _flush()
        os._exit(0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # lost, closed, or never there
            stream.flush()


def _receive(pipe: Connection, messages: SimpleQueue[bytes]) -> None:
    """Take what comes, until the other end is closed."""
    while True:
        try:
            messages.put(pipe.recv_bytes())
        except (EOFError, OSError):
            os._exit(1)


def _await_refresh(messages: SimpleQueue[bytes], refresh: Refresh) -> tuple[Refresh, Results]:
    """Wait until there is a refresh to record; what comes from then on are its results."""
    from etl_project.refresh.handed_on import Results

    messages.get()
    results = Results(refresh, {})
    threading.Thread(target=_hear, args=(messages, refresh, results), daemon=True).start()
    return refresh, results


def _hear(messages: SimpleQueue[bytes], refresh: Refresh, results: Results) -> None:
    while True:
        try:
            what, key, value, seconds = pickle.loads(messages.get())
        except Exception as error:
            results.end(error)
            raise
        refresh.stages.seconds = seconds
        is_error = what == "error" or (what == "end" and value)
        results.hear(what, key, error_of(value) if is_error else value)
