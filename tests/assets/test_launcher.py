"""Runs of the servers are forked from a process that has the definitions imported, or else start as by default."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest
from conftest import Site
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from graph_runs import asked, launch, served

from assets import launcher
from assets.dead_runs import PID, process_of
from assets.records import records_of
from assets.run import _origin
from etl_project.definitions import wire
from etl_project.refresh import Refresh
from etl_project.servers.dagster_home import prepare_home

pytest_plugins = ["graph_fixtures"]

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def records(posts: Site) -> Iterator[dg.DagsterInstance]:
    with records_of(prepare_home(posts.settings)) as instance:
        yield instance


def ended(records: dg.DagsterInstance, run_id: str) -> dg.DagsterRun:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        run = records.get_run_by_id(run_id)
        if run and run.is_finished:
            return run
        time.sleep(0.2)
    raise AssertionError("the run did not end")


def began(records: dg.DagsterInstance, run_id: str) -> psutil.Process:
    """The process of a run, once it waits for the lock."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if any("Waiting up to" in entry.user_message for entry in records.all_logs(run_id)):
            run = records.get_run_by_id(run_id)
            process = run and process_of(run)
            assert process
            return process
        time.sleep(0.2)
    raise AssertionError("the run did not begin")


@pytest.mark.usefixtures("first_run")
def test_runs_are_forked_from_one_process_without_threads_and_are_stopped_from_their_page(
    posts: Site, records: dg.DagsterInstance
) -> None:
    lock = Refresh(posts.settings).work.lock
    with served(posts) as (address, _):
        posts.write("_posts/2026-03-01-four.md", title="Four")
        lock.acquire("a test")
        try:
            first = launch(address, "refresh")
            process = began(records, first)
            parent = process.parent()
            assert parent and "forkserver" in " ".join(parent.cmdline()) and parent.num_threads() == 1
            stopped = asked(
                address,
                "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }",
                id=first,
            )
            assert stopped["terminateRun"]["__typename"] == "TerminateRunSuccess", stopped
            assert ended(records, first).status == dg.DagsterRunStatus.CANCELED
        finally:
            lock.release()
        # One that is gone is started again.
        parent.kill()
        second = launch(address, "refresh")
        run = ended(records, second)
        assert run.is_success and run.tags[PID] != str(process.pid)
        assert posts.column("SELECT title FROM articles WHERE title = 'Four'") == ["Four"]
        told = [entry.message for entry in records.all_logs(second)]
        assert not [message for message in told if "Started anew" in message]
    for one in (process, parent):
        with contextlib.suppress(psutil.NoSuchProcess):
            one.wait(20)


def test_code_that_changed_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(launcher, "_ASSETS", tmp_path)
    states = [launcher._code_state()]
    for text in ("one = 1", "two = 22"):
        (tmp_path / "module.py").write_text(text)
        states.append(launcher._code_state())
    (tmp_path / "page.html").write_text("no code")
    assert len(set(states)) == 3 and launcher._code_state() == states[-1]


@pytest.mark.parametrize(
    ("fault", "said"), [("code", "code has changed"), ("file", "code has changed"), ("process", "nobody listens")]
)
def test_where_nothing_can_be_forked_a_run_is_started_as_by_default_and_says_why(
    posts: Site, records: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    def no_process(*given: object) -> None:
        raise ConnectionRefusedError("nobody listens")

    if fault == "code":
        monkeypatch.setattr(launcher, "_code_at_first", lambda: "another")
    elif fault == "file":
        launcher._code_at_first()
        monkeypatch.setattr(launcher, "code_files", lambda: ["/nowhere/gone.py"])
    else:
        monkeypatch.setattr("multiprocessing.context.ForkServerProcess.start", no_process)
    by_default: list[str] = []
    monkeypatch.setattr(
        dg.DefaultRunLauncher, "launch_run", lambda _, context: by_default.append(context.dagster_run.run_id)
    )
    code = RepositoryPythonOrigin(sys.executable, ModuleCodePointer("etl_project.definitions", "defs"))
    run = records.create_run_for_job(
        wire(posts.settings).resolve_job_def("refresh"),
        remote_job_origin=_origin(),
        job_code_origin=JobPythonOrigin("refresh", code),
    )
    records.run_launcher.launch_run(LaunchRunContext(run, None))
    assert by_default == [run.run_id]
    (told,) = [entry.message for entry in records.all_logs(run.run_id) if "Started anew" in entry.message]
    assert said in told
