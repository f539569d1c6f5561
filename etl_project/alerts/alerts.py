"""Whom to tell when a refresh fails, works again, or reads the posts worse than before: once for each fault."""

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

from etl_project.database.work_file import WorkFile
from etl_project.refresh.look import not_read
from etl_project.settings import AlertSettings

Event = Literal["failure", "recovery", "rejected_jump", "missed_change"]

_REFRESH = "refresh"
_PATHS_TOLD = 20
_REJECTED_TOLD = 10


class Alerts:
    """The alerts of one warehouse. The faults already told are kept beside the work file, as `posts.alerts.json`.

    The caller holds the lock of the warehouse. No method raises: an alert that cannot be told is told to `warn`.
    """

    def __init__(self, settings: AlertSettings, work: WorkFile, warn: Callable[[str], None]) -> None:
        self._settings = settings
        self._work = work
        self._file = work.alerts
        self._warn = warn

    def begin(self, who: str) -> None:
        """Write down that a refresh is at work; one that never comes to its end is told of by the next."""
        self.tell_of_a_refresh_that_was_cut_off()
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._write({**self._known, "at_work": f"{who}, begun {now}"})

    def end(self) -> None:
        """Write down that the refresh came to its end, whichever it was."""
        known = self._known
        if known.pop("at_work", None):
            self._write(known)

    def tell_of_a_refresh_that_was_cut_off(self) -> None:
        """Tell of a refresh that began and never ended: whoever holds the lock knows that it is not at work."""
        who = self._known.get("at_work")
        self.end()
        if who:
            self.failed(
                f"A refresh was cut off: {who}. Its process was killed, or the machine stopped. The published file is "
                "as it was, and the next refresh goes on from there."
            )

    def failed(self, sentence: str, fault: str = _REFRESH) -> None:
        """Tell of a failure, unless the last thing told of this fault was the same.

        Args:
            sentence: what is wrong, and what to do.
            fault: what it is that failed: the refresh, or a source.
        """
        # Numbers that grow while people sleep do not make it another fault.
        told = re.sub(r"\d+(?:[\d,.:]*\d)?", "#", sentence)
        if self._faults.get(fault) == told:
            return
        self._write({**self._known, "faults": {**self._faults, fault: told}})
        self._send("failure", sentence)

    def well(self, refresh: int, listed: Iterable[str], unavailable: Mapping[str, str]) -> None:
        """Tell that all is well again, where a failure has been told before; tell of sources that cannot be read.

        Args:
            refresh: number of the refresh that stands.
            listed: sources that were looked at; of the others nothing is known.
            unavailable: source -> why it cannot be read.
        """
        works = {_REFRESH, *map(_fault_of, set(listed) - unavailable.keys())}
        over = sorted(self._faults.keys() & works)
        if over:
            self._write({**self._known, "faults": {k: v for k, v in self._faults.items() if k not in works}})
            what = " and ".join("the refresh" if fault == _REFRESH else f"the {fault}" for fault in over)
            self._send("recovery", f"{what[0].upper()}{what[1:]} works again: refresh {refresh} is published.", refresh)
        for name, why in unavailable.items():
            self.failed(not_read(name, why), _fault_of(name))

    def rejected(self, count: int, refresh: int, numbers: Mapping[str, int], paths: list[str]) -> None:
        """Tell of many more rejected files than at the refresh before.

        Args:
            count: rejected files now.
            refresh: number of the refresh that found them.
            numbers: to go with the alert.
            paths: files that were not rejected before; some go with the alert.
        """
        before = self._known.get("rejected")
        self._write({**self._known, "rejected": count})
        if isinstance(before, int) and count - before >= self._settings.rejected_jump:
            self._send(
                "rejected_jump",
                f"{count:,} files are rejected, {count - before:,} more than before. See why: etl rejected",
                refresh,
                {**numbers, "rejected": count, "rejected_before": before},
                paths[:_REJECTED_TOLD],
            )

    def missed(self, paths: Iterable[str], refresh: int) -> None:
        """Tell of files whose bytes changed while size, times and inode did not, as a verification found."""
        if found := sorted(paths):
            self._send(
                "missed_change",
                f"{len(found):,} files changed without any sign of it in size, times or inode; only their bytes told. "
                f"They are read now. The first: {found[0]}",
                refresh,
                {"missed": len(found)},
                found[:_PATHS_TOLD],
            )

    def has_told_of_source(self, name: str) -> bool:
        """Whether it has been told that a source cannot be read, and not yet that it can."""
        return _fault_of(name) in self._faults

    @property
    def _faults(self) -> dict[str, str]:
        faults = self._known.get("faults")
        return faults if isinstance(faults, dict) else {}

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
        for name, tell, to in (
            ("command", _run, self._settings.command),
            ("webhook", _post, self._settings.webhook),
        ):
            if to and (why := tell(to, body, self._settings.timeout_seconds)):
                self._warn(f"The alert could not be told by [alerts] {name}: {why}")

    @property
    def _known(self) -> dict[str, Any]:
        try:
            known = json.loads(self._file.read_text("utf-8"))
            return known if isinstance(known, dict) else {}
        except (OSError, ValueError):
            return {}

    def _write(self, known: dict[str, Any]) -> None:
        unfinished = self._file.with_suffix(".tmp")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(known, ensure_ascii=False), "utf-8", "backslashreplace")
            unfinished.replace(self._file)
        except OSError as error:
            self._warn(f"What was alerted could not be written down in {self._file}: {error.strerror}.")


def _fault_of(source: str) -> str:
    return f"source {source}"


def _run(command: str, body: bytes, seconds: float) -> str | None:
    """Run a program with the alert on its standard input; None, or why it did not work."""
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
        # Also what the program itself has started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f"{words[0]} took longer than {seconds:g} seconds and was ended."
    return f"{words[0]} ended with exit status {process.returncode}." if process.returncode else None


def _post(address: str, body: bytes, seconds: float) -> str | None:
    # Only an alert pays for the import.
    from etl_project.alerts.webhook import post

    return post(address, body, seconds)
