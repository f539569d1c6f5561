"""Alerts about failed refreshes, recoveries, jumps of rejected files and missed changes; each fault is alerted once."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from etl_project.database.json_file import read_json, write_json
from etl_project.database.work_file import WorkFile
from etl_project.refresh.result import describe_outage
from etl_project.settings import AlertSettings

Event = Literal["failure", "recovery", "rejected_jump", "missed_change"]

_REFRESH = "refresh"
_MISSED_PATHS_SENT = 20
_REJECTED_PATHS_SENT = 10


class Alerts:
    """The alerts of one warehouse. The faults alerted so far are kept beside the work file, in `posts.alerts.json`.

    The caller holds the lock of the warehouse. No method raises: where an alert cannot be sent, or the file cannot be
    written, `warn` is called with a sentence.
    """

    def __init__(self, settings: AlertSettings, work: WorkFile, warn: Callable[[str], None]) -> None:
        self._settings = settings
        self._work = work
        self._file = work.alerts
        self._warn = warn

    def begin(self, who: str) -> None:
        """Record that a refresh is running; if it never calls `end`, the next refresh alerts about it.

        Args:
            who: name of the refresh, for the sentence of that alert.
        """
        self.report_interrupted_refresh()
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._write_state({**self._read_state(), "at_work": f"{who}, begun {now}"})

    def end(self) -> None:
        """Record that the refresh ended, successfully or not."""
        state = self._read_state()
        if state.pop("at_work", None):
            self._write_state(state)

    def report_interrupted_refresh(self) -> None:
        """Alert about a refresh that began and never ended.

        The caller holds the lock of the warehouse, so that refresh is not running any more.
        """
        who = self._read_state().get("at_work")
        self.end()
        if who:
            self.report_failure(
                f"A refresh was cut off: {who}. Its process was killed, or the machine stopped. The published file is "
                "as it was, and the next refresh goes on from there."
            )

    def report_failure(self, sentence: str, fault: str = _REFRESH) -> None:
        """Alert about a failure, unless the last alert about this fault said the same, numbers aside.

        Args:
            sentence: what is wrong, and what to do.
            fault: what failed: the refresh, or a source.
        """
        # Numbers that grow while people sleep do not make it another fault.
        message = re.sub(r"\d+(?:[\d,.:]*\d)?", "#", sentence)
        state = self._read_state()
        faults = _faults_in(state)
        if faults.get(fault) == message:
            return
        self._write_state({**state, "faults": {**faults, fault: message}})
        self._send("failure", sentence)

    def report_success(self, refresh: int, listed: Iterable[str], unavailable: Mapping[str, str]) -> None:
        """Alert about the recovery of what had failed before, and about each source that cannot be read now.

        Args:
            refresh: number of the published refresh.
            listed: names of the sources that were checked; the state of the others is unknown.
            unavailable: source -> reason why it cannot be read.
        """
        working = {_REFRESH, *map(_fault_of, set(listed) - unavailable.keys())}
        state = self._read_state()
        faults = _faults_in(state)
        recovered = sorted(faults.keys() & working)
        if recovered:
            self._write_state({**state, "faults": {k: v for k, v in faults.items() if k not in working}})
            names = " and ".join("the refresh" if fault == _REFRESH else f"the {fault}" for fault in recovered)
            verb = "works" if len(recovered) == 1 else "work"
            sentence = f"{names[0].upper()}{names[1:]} {verb} again: refresh {refresh} is published."
            self._send("recovery", sentence, refresh)
        for name, reason in unavailable.items():
            self.report_failure(describe_outage(name, reason), _fault_of(name))

    def report_rejected(self, count: int, refresh: int, numbers: Mapping[str, int], paths: list[str]) -> None:
        """Alert when at least `[alerts] rejected_jump` more files are rejected than at the refresh before.

        Args:
            count: rejected files now.
            refresh: number of the refresh that found them.
            numbers: further numbers to send with the alert.
            paths: files that were not rejected before; the first ones are sent with the alert.
        """
        state = self._read_state()
        before = state.get("rejected")
        self._write_state({**state, "rejected": count})
        if isinstance(before, int) and count - before >= self._settings.rejected_jump:
            self._send(
                "rejected_jump",
                f"{count:,} files are rejected, {count - before:,} more than before. See why: etl rejected",
                refresh,
                {**numbers, "rejected": count, "rejected_before": before},
                paths[:_REJECTED_PATHS_SENT],
            )

    def report_missed_changes(self, paths: Iterable[str], refresh: int) -> None:
        """Alert about files whose bytes changed while size, times and inode did not, as a verification found.

        Args:
            paths: the files; the first ones are sent with the alert. None: no alert.
            refresh: number of the refresh that verified.
        """
        if missed := sorted(paths):
            self._send(
                "missed_change",
                f"{len(missed):,} files changed although their size, times and inode did not; only hashing their bytes "
                f"showed it. They are read now. The first: {missed[0]}",
                refresh,
                {"missed": len(missed)},
                missed[:_MISSED_PATHS_SENT],
            )

    def has_reported_source(self, name: str) -> bool:
        """Whether the last alert about a source said that it cannot be read."""
        return _fault_of(name) in _faults_in(self._read_state())

    def _send(
        self,
        event: Event,
        sentence: str,
        refresh: int | None = None,
        numbers: Mapping[str, int] | None = None,
        paths: list[str] | None = None,
    ) -> None:
        payload = {
            "event": event,
            "sentence": sentence,
            "refresh": refresh,
            "numbers": dict(numbers or {}),
            "paths": paths or [],
            "warehouse": str(self._work.published),
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        }
        body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "backslashreplace")
        for name, send, target in (
            ("command", _run, self._settings.command),
            ("webhook", _post, self._settings.webhook),
        ):
            if target and (reason := send(target, body, self._settings.timeout_seconds)):
                self._warn(f"The alert could not be sent by [alerts] {name}: {reason}")

    def _read_state(self) -> dict[str, Any]:
        """Read `posts.alerts.json`; empty where it is missing or damaged."""
        return read_json(self._file)

    def _write_state(self, state: dict[str, Any]) -> None:
        try:
            write_json(self._file, state)
        except OSError as error:
            self._warn(f"The state of the alerts could not be written to {self._file}: {error.strerror}.")


def _fault_of(source: str) -> str:
    return f"source {source}"


def _faults_in(state: Mapping[str, Any]) -> dict[str, str]:
    """Faults that have been alerted and not recovered: fault -> last sentence, its numbers replaced by #."""
    faults = state.get("faults")
    return faults if isinstance(faults, dict) else {}


def _run(command: str, body: bytes, seconds: float) -> str | None:
    """Run a program with the alert on its standard input. Returns None, or the reason why it failed."""
    words = shlex.split(command)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"{words[0]} does not start: {error.strerror}."
    try:
        process.communicate(body, timeout=seconds)
    except subprocess.TimeoutExpired:
        # The whole session, so that processes started by the program end too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f"{words[0]} took longer than {seconds:g} seconds and was ended."
    return f"{words[0]} ended with exit status {process.returncode}." if process.returncode else None


def _post(address: str, body: bytes, seconds: float) -> str | None:
    # Only an alert pays for the import.
    from etl_project.alerts.webhook import post

    return post(address, body, seconds)
