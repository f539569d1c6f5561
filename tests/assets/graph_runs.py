"""Runs of the job `refresh` on a site, in this process or in one that can be killed, and its servers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from conftest import Site

from etl_project.alerts.alerts import Alerts
from etl_project.cli.beside import Ran, run_beside
from etl_project.cli.recorder import Recorder
from etl_project.refresh import Refresh


@dataclass(frozen=True)
class GoodRun:
    """A run of the job on the site `posts`, for tests that each look at one thing of it and change nothing."""

    site: Site
    run: Ran
    connections: list[str]
    """Names of the database files of Dagster, one for each connection that the run opened."""
    instance: dg.DagsterInstance


# Prepended to a program of a test: what `etl refresh` does before the stages, and how it goes on.
BEGIN = """
import os, signal, sys, time
from etl_project.alerts.alerts import Alerts
from etl_project.cli.beside import run_beside
from etl_project.cli.recorder import Recorder
from etl_project.refresh.refresh import Refresh
from etl_project.settings import read_settings
refresh = Refresh(read_settings())
refresh.work.stays_attached = True
refresh.work.lock.acquire("a test")
def run():
    alerts = Alerts(refresh.settings.alerts, refresh.work, print)
    run_beside(refresh, refresh.plan(), Recorder(), alerts, lambda *_: None)
def until_recorded():
    import sqlite3
    runs = sqlite3.connect(refresh.settings.dagster_home / "runs.db")
    begun = "SELECT count(*) FROM runs WHERE status = 'STARTED'"
    while not runs.execute(begun).fetchone()[0]: time.sleep(0.05)
"""


def run_job(site: Site, **options: bool) -> Ran:
    """Plan a refresh, take its stages and record them as a run of the job, as `etl refresh` does."""
    refresh = Refresh(site.settings, **options)
    refresh.work.stays_attached = True
    refresh.work.lock.acquire("a test")
    try:
        alerts = Alerts(site.settings.alerts, refresh.work, lambda reason: None)
        return run_beside(refresh, refresh.plan(), Recorder(), alerts, lambda done, total: None)
    finally:
        refresh.work.close()
        refresh.work.lock.release()


def program(code: str, **environment: str) -> subprocess.Popen[str]:
    """Start a Python program that has looked nowhere yet; its output is read by the test."""
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def dg_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Dagster's `dg` at the root of the project."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("dg")), *arguments],
        cwd=Path(__file__).parents[2],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@contextmanager
def served(site: Site) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `etl ui` of the site: its address and process; both of its servers end with the block."""
    code = "import sys\nfrom etl_project.settings import read_settings\nfrom etl_project.servers.ui import serve\n"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}sys.exit(serve(read_settings(), port={port}))"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        said = process.stdout.readline()
        assert said.startswith("Dagster is at http://"), said
        yield said.split()[3], process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def asked(address: str, query: str, **variables: object) -> Any:
    """Answer of the web server to a GraphQL query."""
    request = urllib.request.Request(
        f"{address}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def launch(address: str, job: str, **config: object) -> str:
    """Launch a job as the web server's page does. Returns the id of the run."""
    selector = {"repositoryLocationName": "etl_project", "repositoryName": "__repository__", "jobName": job}
    data = asked(
        address,
        """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
          __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
          ... on RunConfigValidationInvalid { errors { message } } } }""",
        params={"selector": selector, "runConfigData": config, "mode": "default"},
    )
    assert "run" in data["launchRun"], data
    return str(data["launchRun"]["run"]["runId"])
