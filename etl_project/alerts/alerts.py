"""Alerts about failed refreshes, recoveries, jumps of rejected files and missed changes; each fault is told once.

Told means that a hook took it: what is written down as told is written after that, and for each hook of its own, so
that a hook that fails is tried again at the next occasion while the other is not told twice.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from etl_project.alerts import command
from etl_project.alerts.failures import AT_WORK, FAILURES, count_failure
from etl_project.database.json_file import read_json, write_json
from etl_project.database.work_file import WorkFile
from etl_project.refresh.result import describe_outage
from etl_project.settings import AlertSettings

Event = Literal["failure", "recovery", "rejected_jump", "missed_change"]

_COMMAND, _WEBHOOK, _NOBODY = "command", "webhook", "nobody"
"""The hooks; `nobody` where none is set, which takes everything: what was told then is not told again."""

_REFRESH = "refresh"
_MISSED_PATHS_SENT = 20
_REJECTED_PATHS_SENT = 10


class Alerts:
    """The alerts of one warehouse. What each hook was told is kept beside the work file, in `posts.alerts.json`.

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
        self._write_state({**self._read_state(), AT_WORK: f"{who}, begun {now}"})

    def end(self) -> None:
        """Record that the refresh ended, successfully or not."""
        state = self._read_state()
        if state.pop(AT_WORK, None):
            self._write_state(state)

    def report_interrupted_refresh(self) -> None:
        """Alert about a refresh that began and never ended.

        The caller holds the lock of the warehouse, so that refresh is not running any more.
        """
        state = self._read_state()
        if who := state.pop(AT_WORK, None):
            state["cut_off"] = (
                f"A refresh was cut off: {who}. Its process was killed, or the machine stopped. The published file is "
                "as it was, and the next refresh goes on from there."
            )
            self._write_state(state)
        if (sentence := state.get("cut_off")) and self.report_failure(sentence):
            state = self._read_state()
            state.pop("cut_off", None)
            self._write_state(state)

    def report_failure(self, sentence: str, fault: str = _REFRESH) -> bool:
        """Alert about a failure, unless the last alert about this fault said the same, numbers aside.

        Args:
            sentence: what is wrong, and what to do.
            fault: what failed: the refresh, or a source.

        Returns:
            Whether every hook has taken it, now or before.
        """
        # Numbers that grow while people sleep do not make it another fault.
        message = re.sub(r"\d+(?:[\d,.:]*\d)?", "#", sentence)
        state = self._read_state()
        told = self._told(state)
        behind = [hook for hook in self._hooks if told[hook].get(fault) != message]
        for hook in behind:
            if self._send(hook, "failure", sentence):
                told[hook][fault] = message
        faults = {**_faults_in(state), fault: message}
        counted = count_failure(state, sentence) if fault == _REFRESH else state
        if behind or faults != state.get("faults") or counted is not state:
            self._write_state({**counted, "faults": faults, "told": told})
        return all(told[hook].get(fault) == message for hook in self._hooks)

    def note_interrupt(self) -> None:
        """Record that somebody stopped a refresh. Nobody is alerted: whoever pressed Ctrl-C knows."""
        self._write_state(count_failure(self._read_state(), "it was stopped by Ctrl-C. To go on: etl refresh"))

    def report_success(self, refresh: int, listed: Iterable[str], unavailable: Mapping[str, str]) -> None:
        """Alert about the recovery of what had failed before, and about each source that cannot be read now.

        A hook hears of the recovery only of what it was told.

        Args:
            refresh: number of the published refresh.
            listed: names of the sources that were checked; the state of the others is unknown.
            unavailable: source -> reason why it cannot be read.
        """
        working = {_REFRESH, *map(_fault_of, set(listed) - unavailable.keys())}
        state = self._read_state()
        told = self._told(state)
        is_news = False
        for hook in self._hooks:
            if recovered := sorted(told[hook].keys() & working):
                is_news = True
                if self._send(hook, "recovery", _describe_recovery(recovered, refresh), refresh):
                    told[hook] = {fault: said for fault, said in told[hook].items() if fault not in working}
        faults = {fault: said for fault, said in _faults_in(state).items() if fault not in working}
        if is_news or faults != _faults_in(state) or FAILURES in state:
            left = {key: value for key, value in state.items() if key != FAILURES}
            self._write_state({**left, "faults": faults, "told": told})
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
        known = _dict_in(state, "rejected_told")
        baseline = {hook: known.get(hook, state.get("rejected")) for hook in self._hooks}
        for hook, before in baseline.items():
            if (
                not isinstance(before, int)
                or count - before < self._settings.rejected_jump
                or self._send(
                    hook,
                    "rejected_jump",
                    f"{count:,} files are rejected, {count - before:,} more than before. See why: etl rejected",
                    refresh,
                    {**numbers, "rejected": count, "rejected_before": before},
                    paths[:_REJECTED_PATHS_SENT],
                )
            ):
                baseline[hook] = count
        self._write_state({**state, "rejected": count, "rejected_told": baseline})

    def report_missed_changes(self, paths: Iterable[str], refresh: int) -> None:
        """Alert about files whose bytes changed while size, times and inode did not, as a verification found.

        Args:
            paths: the files; the first ones are sent with the alert. None: no alert.
            refresh: number of the refresh that verified.
        """
        found = set(paths)
        state = self._read_state()
        waiting = _dict_in(state, "missed_untold")
        left = {}
        for hook in self._hooks:
            missed = sorted(found | set(waiting.get(hook, ())))
            if missed and not self._send(
                hook,
                "missed_change",
                f"{len(missed):,} files changed although their size, times and inode did not; only hashing their bytes "
                f"showed it. They are read now. The first: {missed[0]}",
                refresh,
                {"missed": len(missed)},
                missed[:_MISSED_PATHS_SENT],
            ):
                left[hook] = missed
        if left != waiting:
            self._write_state({**state, "missed_untold": left})

    def has_reported_source(self, name: str) -> bool:
        """Whether it has been reported that a source cannot be read, and not yet that it can."""
        return _fault_of(name) in _faults_in(self._read_state())

    @property
    def _hooks(self) -> list[str]:
        """The hooks that are set, `nobody` where none is."""
        given = {_COMMAND: self._settings.command, _WEBHOOK: self._settings.webhook}
        return [hook for hook, target in given.items() if target] or [_NOBODY]

    def _told(self, state: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        """What each hook was told: hook -> fault -> sentence, its numbers replaced by #."""
        # A file of an earlier version has one list for all hooks.
        told = _dict_in(state, "told") if "told" in state else dict.fromkeys(self._hooks, _faults_in(state))
        return {hook: dict(_dict_in(told, hook)) for hook in {*told, *self._hooks}}

    def _send(
        self,
        hook: str,
        event: Event,
        sentence: str,
        refresh: int | None = None,
        numbers: Mapping[str, int] | None = None,
        paths: list[str] | None = None,
    ) -> bool:
        """Send an alert to a hook. Returns whether it was taken; if not, `warn` has been called with the reason."""
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
        reason = None
        if hook == _COMMAND and self._settings.command:
            reason = command.run(self._settings.command, body, self._settings.timeout_seconds, self._settings.folder)
        elif hook == _WEBHOOK and self._settings.webhook:
            reason = _post(self._settings.webhook, body, self._settings.timeout_seconds)
        if reason:
            self._warn(f"The alert could not be sent by [alerts] {hook}: {reason}")
        return reason is None

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
    """Faults that have been reported and not recovered: fault -> last sentence, its numbers replaced by #."""
    return _dict_in(state, "faults")


def _dict_in(state: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object at a key; empty where there is none, as in a file that somebody edited."""
    value = state.get(key)
    return value if isinstance(value, dict) else {}


def _describe_recovery(recovered: list[str], refresh: int) -> str:
    names = " and ".join("the refresh" if fault == _REFRESH else f"the {fault}" for fault in recovered)
    verb = "works" if len(recovered) == 1 else "work"
    return f"{names[0].upper()}{names[1:]} {verb} again: refresh {refresh} is published."


def _post(address: str, body: bytes, seconds: float) -> str | None:
    # Only an alert pays for the import.
    from etl_project.alerts.webhook import post

    return post(address, body, seconds)
