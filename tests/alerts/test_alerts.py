"""Alerts: once for each fault, to a program and an address, and never in the way of a refresh."""

from __future__ import annotations

import base64
import json
import re
import shlex
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from etl_project.alerts.alerts import Alerts
from etl_project.database.work_file import WorkFile
from etl_project.settings import AlertSettings, read_settings


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted; the path tells how it answers."""

    told: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.told[-1] |= {"authorization": self.headers["Authorization"]}
        if self.path.startswith("/slow"):
            time.sleep(3)
        self.send_response({"/error": 500, "/away": 302}.get(self.path.partition("?")[0], 200))
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *given: object) -> None:
        """Say nothing."""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address of this machine and what has been posted to it."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    alerts: list[dict[str, Any]] = []
    with HTTPServer(("127.0.0.1", 0), type("Kept", (Receiver,), {"told": alerts})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", alerts
        server.shutdown()


class Told:
    """Alerts of a warehouse of a test, told to an address; each call is a refresh of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = AlertSettings(**settings)
        self.work = WorkFile(folder / "posts.duckdb")
        self.warnings: list[str] = []

    @property
    def alerts(self) -> Alerts:
        return Alerts(self.settings, self.work, self.warnings.append)


def test_a_fault_is_told_once_until_it_is_over(tmp_path: Path, told: tuple[str, list[dict[str, Any]]]) -> None:
    address, alerts = told
    refresh = Told(tmp_path, webhook=address)
    refresh.alerts.report_success(1, ["near"], {})
    refresh.alerts.report_failure("120 of the 500 posts are no longer there.")
    refresh.alerts.report_failure("130 of the 500 posts are no longer there.")
    assert [alert["event"] for alert in alerts] == ["failure"]
    refresh.alerts.report_failure("The disk is full.")
    refresh.alerts.report_success(2, ["near"], {})
    refresh.alerts.report_success(3, ["near"], {})
    refresh.alerts.report_failure("The disk is full.")
    assert [alert["event"] for alert in alerts] == ["failure", "failure", "recovery", "failure"]
    assert alerts[0]["sentence"].startswith("120 of") and alerts[0]["warehouse"] == str(tmp_path / "posts.duckdb")
    assert alerts[2]["refresh"] == 2
    assert refresh.warnings == []


def test_a_user_and_a_password_of_a_webhook_are_sent_as_to_web_sites(
    tmp_path: Path, told: tuple[str, list[dict[str, Any]]]
) -> None:
    address, alerts = told
    refresh = Told(tmp_path, webhook=address.replace("//", "//hook:p%40ss:w%C3%B6rd@"))
    refresh.alerts.report_failure("The disk is full.")
    assert refresh.warnings == []
    assert base64.b64decode(alerts[0]["authorization"].removeprefix("Basic ")) == "hook:p@ss:wörd".encode()
    refused = Told(tmp_path / "other", webhook="http://hook:hunter2@127.0.0.1:1/")
    refused.alerts.report_failure("The disk is full.")
    assert refused.warnings and "hunter2" not in refused.warnings[0]


def test_a_source_that_cannot_be_read_is_told_apart_from_the_refresh(
    tmp_path: Path, told: tuple[str, list[dict[str, Any]]]
) -> None:
    address, alerts = told
    refresh = Told(tmp_path, webhook=address)
    refresh.alerts.report_failure("A check broke.")
    refresh.alerts.report_success(2, ["near"], {"far": "it is not mounted"})
    refresh.alerts.report_success(3, ["near"], {"far": "it is not mounted"})
    refresh.alerts.report_success(3, ["near"], {})
    assert refresh.alerts.has_reported_source("far"), "it was not looked at"
    refresh.alerts.report_success(4, ["near", "far"], {})
    sentences = [(alert["event"], alert["sentence"]) for alert in alerts[1:]]
    assert sentences == [
        ("recovery", "The refresh works again: refresh 2 is published."),
        ("failure", "The source far could not be read: it is not mounted. Its articles are kept as they were."),
        ("recovery", "The source far works again: refresh 4 is published."),
    ]


def test_a_refresh_that_was_cut_off_is_told_by_the_next(tmp_path: Path, told: tuple[str, list[dict[str, Any]]]) -> None:
    address, alerts = told
    refresh = Told(tmp_path, webhook=address)
    ended = refresh.alerts
    ended.begin("etl refresh")
    ended.end()
    refresh.alerts.begin("Dagster run 1234abcd")
    assert alerts == []
    refresh.alerts.begin("etl refresh")
    assert [alert["event"] for alert in alerts] == ["failure"]
    assert "cut off: Dagster run 1234abcd, begun 20" in alerts[0]["sentence"]


def test_a_jump_of_rejected_files_is_told_with_its_numbers(
    tmp_path: Path, told: tuple[str, list[dict[str, Any]]]
) -> None:
    address, alerts = told
    refresh = Told(tmp_path, webhook=address, rejected_jump=5)
    for number, count in enumerate([40, 44, 49, 49, 2], 1):
        refresh.alerts.report_rejected(count, number, {"files": 100}, [f"site/{n}.md" for n in range(20)])
    assert [(alert["event"], alert["refresh"], alert["numbers"], alert["paths"]) for alert in alerts] == [
        (
            "rejected_jump",
            3,
            {"files": 100, "rejected": 49, "rejected_before": 44},
            [f"site/{n}.md" for n in range(10)],
        )
    ]


def test_missed_changes_are_told_with_some_paths(tmp_path: Path, told: tuple[str, list[dict[str, Any]]]) -> None:
    address, alerts = told
    refresh = Told(tmp_path, webhook=address)
    refresh.alerts.report_missed_changes([], 1)
    refresh.alerts.report_missed_changes([f"{n:03}\udc80.md" for n in range(50)], 2)
    assert [(alert["event"], alert["numbers"], len(alert["paths"])) for alert in alerts] == [
        ("missed_change", {"missed": 50}, 20)
    ]


def test_a_command_gets_the_alert_on_its_standard_input(tmp_path: Path) -> None:
    got = tmp_path / "it's here.json"
    code = f"import sys; open({str(got)!r}, 'wb').write(sys.stdin.buffer.read())"
    refresh = Told(tmp_path, command=shlex.join([sys.executable, "-c", code]))
    refresh.alerts.report_failure("坏了 $(touch nothing)")
    assert json.loads(got.read_bytes())["sentence"] == "坏了 $(touch nothing)"
    assert refresh.warnings == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"webhook": "{address}/error?token=hunter2"}, "127.0.0.1 answered 500"),
        ({"webhook": "{address}/away?token=hunter2"}, "127.0.0.1 answered 302"),
        ({"webhook": "{address}/slow?token=hunter2"}, "does not answer|took longer"),
        ({"webhook": "http://127.0.0.1:1/hunter2"}, "127.0.0.1 does not answer"),
        ({"command": "/no/such/program hunter2"}, "does not start"),
        ({"command": "false hunter2"}, "false ended with exit status 1"),
        ({"command": "sleep 60"}, "sleep took longer than 0.5 seconds"),
    ],
)  # fmt: skip
def test_a_hook_that_fails_is_a_warning_in_bounded_time_without_its_secrets(
    tmp_path: Path, told: tuple[str, list[dict[str, Any]]], settings: dict[str, str], said: str
) -> None:
    address, alerts = told
    settings = {key: value.replace("{address}", address) for key, value in settings.items()}
    refresh = Told(tmp_path, timeout_seconds=0.5, **settings)
    began = time.monotonic()
    refresh.alerts.report_failure("Something broke.")
    assert time.monotonic() - began < 2.5
    (warning,) = refresh.warnings
    assert re.search(said, warning), warning
    assert "hunter2" not in warning
    assert all(alert["sentence"] == "Something broke." for alert in alerts)
    refresh.alerts.report_failure("Something broke.")
    assert len(refresh.warnings) == 2, "a hook that did not take it is tried again"


class Hook:
    """A program that keeps what it is told, while a file says that it works."""

    def __init__(self, folder: Path) -> None:
        self.up = folder / "up"
        self.file = folder / "told"
        code = (
            f"import os, sys; os.path.exists({str(self.up)!r}) or sys.exit(1); "
            f"open({str(self.file)!r}, 'a').write(sys.stdin.read() + chr(10))"
        )
        self.command = shlex.join([sys.executable, "-c", code])

    @property
    def told(self) -> list[tuple[str, str]]:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [(alert["event"], alert["sentence"].split(":")[0]) for alert in map(json.loads, lines)]


def test_what_no_hook_took_is_told_when_it_works_again_and_what_one_took_is_not_told_twice(
    tmp_path: Path, told: tuple[str, list[dict[str, Any]]]
) -> None:
    address, alerts = told
    hook = Hook(tmp_path)
    refresh = Told(tmp_path, webhook=address, command=hook.command)
    away = {"far": "it is not mounted"}
    refresh.alerts.report_success(1, ["near"], away)
    refresh.alerts.report_success(1, ["near"], away)
    assert hook.told == [] and [alert["event"] for alert in alerts] == ["failure"]
    assert refresh.alerts.has_reported_source("far")
    hook.up.touch()
    refresh.alerts.report_success(1, ["near"], away)
    assert hook.told == [("failure", "The source far could not be read")] and len(alerts) == 1
    hook.up.unlink()
    refresh.alerts.report_success(2, ["near", "far"], {})
    assert len(hook.told) == 1 and [alert["event"] for alert in alerts] == ["failure", "recovery"]
    hook.up.touch()
    refresh.alerts.report_success(2, ["near", "far"], {})
    assert hook.told[1:] == [("recovery", "The source far works again")] and len(alerts) == 2


def test_a_fault_that_was_over_before_a_hook_took_it_is_not_told(tmp_path: Path) -> None:
    hook = Hook(tmp_path)
    refresh = Told(tmp_path, command=hook.command)
    refresh.alerts.report_failure("The disk is full.")
    hook.up.touch()
    refresh.alerts.report_success(2, ["near"], {})
    assert hook.told == [] and not refresh.alerts.has_reported_source("near")


def test_events_that_happen_once_wait_for_a_hook_that_fails(tmp_path: Path) -> None:
    hook = Hook(tmp_path)
    refresh = Told(tmp_path, command=hook.command, rejected_jump=5)
    refresh.alerts.report_rejected(1, 1, {}, [])
    refresh.alerts.begin("etl refresh")
    refresh.alerts.report_rejected(9, 2, {}, ["a.md"])
    refresh.alerts.report_missed_changes(["b.md"], 2)
    refresh.alerts.report_interrupted_refresh()
    assert hook.told == [] and len(refresh.warnings) == 3
    hook.up.touch()
    for _ in range(2):
        refresh.alerts.report_interrupted_refresh()
        refresh.alerts.report_rejected(9, 3, {}, [])
        refresh.alerts.report_missed_changes([], 3)
    assert [event for event, _ in hook.told] == ["failure", "rejected_jump", "missed_change"]


def test_a_hook_that_is_set_while_something_is_wrong_hears_of_it(tmp_path: Path) -> None:
    hook = Hook(tmp_path)
    hook.up.touch()
    Told(tmp_path).alerts.report_failure("The disk is full.")
    Told(tmp_path, command=hook.command).alerts.report_failure("The disk is full.")
    assert hook.told == [("failure", "The disk is full.")]


def test_what_an_earlier_version_told_is_not_told_again(tmp_path: Path) -> None:
    hook = Hook(tmp_path)
    hook.up.touch()
    refresh = Told(tmp_path, command=hook.command)
    refresh.work.alerts.parent.mkdir()
    refresh.work.alerts.write_text('{"faults": {"refresh": "The disk is full."}, "told_by": 7}')
    refresh.alerts.report_failure("The disk is full.")
    assert hook.told == []


@pytest.mark.parametrize("words", ["bin/tell", "sh bin/tell", "~/bin/tell", "./bin/tell 'a b'"])
def test_paths_of_the_command_are_relative_to_the_settings_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    program = tmp_path / "bin/tell"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat > '{tmp_path}/told'\n")
    program.chmod(0o755)
    (tmp_path / "etl.toml").write_text(f'[alerts]\ncommand = "{words}"\n[[source]]\nname = "a"\nlocation = "b"\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir("/")
    settings = read_settings(tmp_path / "etl.toml")
    warnings: list[str] = []
    Alerts(settings.alerts, WorkFile(tmp_path / "posts.duckdb"), warnings.append).report_failure("Something broke.")
    assert warnings == [] and "Something broke." in (tmp_path / "told").read_text()
