"""Runs of the servers are started as by default where they cannot be forked; that they are is in test_ui.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from conftest import Site
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

from assets import launcher
from assets.records import records_of
from assets.run import _origin
from etl_project.definitions import wire
from etl_project.servers.dagster_home import prepare_home

pytest_plugins = ["graph_fixtures"]


@pytest.fixture
def records(posts: Site) -> Iterator[dg.DagsterInstance]:
    with records_of(prepare_home(posts.settings)) as instance:
        yield instance


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
