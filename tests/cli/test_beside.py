"""A refresh is recorded in Dagster while its stages are taken: the same run, and the refresh does not depend on it."""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from built_sites import copy_site
from conftest import Site
from graph_runs import GoodRun, run_job
from typer.testing import CliRunner, Result

from assets import dead_runs, publish, resources, run
from assets.jobs import REFRESH
from assets.records import records_of
from assets.resources import Session
from etl_project import definitions
from etl_project.cli import app
from etl_project.definitions import wire
from etl_project.refresh import Refresh, trying_again
from etl_project.servers.dagster_home import prepare_home

pytest_plugins = ["graph_fixtures"]

STAGES = ("load_tables", "run_checks", "relate", "build_aggregates", "publish")

Events = list[tuple[str | None, str, list[str]]]
"""Step, type and names of the metadata of each event of a run, in their order."""


def refresh(site: Site, *options: str) -> Result:
    return CliRunner().invoke(app, ["refresh", "--config", str(site.config), *options])


def last_run(site: Site) -> tuple[dg.DagsterRun, Events]:
    with records_of(prepare_home(site.settings)) as instance:
        newest = instance.get_runs(limit=1)[0]
        told = [entry.dagster_event for entry in instance.all_logs(newest.run_id) if entry.dagster_event]
    return newest, [(event.step_key, event.event_type_value, names_of(event)) for event in told]


def names_of(event: dg.DagsterEvent) -> list[str]:
    if event.is_step_materialization:
        key = event.asset_key.to_user_string() if event.asset_key else ""
        return [key, *sorted(event.step_materialization_data.materialization.metadata)]
    if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        check = event.asset_check_evaluation_data
        return [check.check_name, str(check.passed), *sorted(check.metadata)]
    return []


def run_alone(site: Site) -> None:
    """Let the steps of the job take the stages, as the web server and the schedule do."""
    session = Session(Refresh(site.settings))
    session.refresh.work.stays_attached = True
    job = wire(site.settings, session).resolve_job_def(REFRESH)
    run.run_job(job, session, prepare_home(site.settings))


def twins(good_run: GoodRun, tmp_path: Path) -> tuple[Site, Site]:
    sites = []
    for name in ("beside", "alone"):
        site = copy_site(good_run.site, tmp_path / name)
        site.write("_posts/2026-03-01-four.md", title="Four", categories="news")
        sites.append(site)
    return sites[0], sites[1]


def test_a_run_beside_the_stages_has_the_events_of_a_run_whose_steps_take_them(
    good_run: GoodRun, tmp_path: Path
) -> None:
    beside, alone = twins(good_run, tmp_path)
    run_alone(alone)
    assert run_job(beside).success
    (newest, events), (_, expected) = last_run(beside), last_run(alone)
    assert newest.is_success and len(events) > 200 and events == expected
    one, other = beside.derived(), alone.derived()
    assert {table for table in one if one[table] != other[table]} == {"sources"}, "which has the place of the posts"


def fail_at(good_run: GoodRun, folder: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """Let a stage fail beside its record, and in a run whose step takes it."""

    def fail(*given: object, **named: object) -> None:
        raise ValueError("a fault of the stage")

    beside, alone = twins(good_run, folder)
    published = beside.published.read_bytes()
    monkeypatch.setattr(Refresh, stage, fail)
    run_alone(alone)
    ended = refresh(beside)
    assert ended.exit_code == 1 and "The refresh failed: a fault of the stage (ValueError)" in ended.output
    (newest, events), (_, expected) = last_run(beside), last_run(alone)
    assert newest.status == dg.DagsterRunStatus.FAILURE and events == expected
    told = ended.output.replace("\n", "")
    assert f"ui --config {beside.config} (run {newest.run_id})" in told and "Warning: there is no" not in told
    assert beside.published.read_bytes() == published
    assert Refresh(beside.settings).work.lock.holder() is None
    monkeypatch.undo()
    assert refresh(beside).exit_code == 0, "the next one goes on"


@pytest.mark.parametrize("stage", ["run_checks", "publish"])
def test_a_stage_that_fails_fails_the_run_as_it_does_in_a_run_whose_step_takes_it(
    good_run: GoodRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    fail_at(good_run, tmp_path, monkeypatch, stage)


@pytest.mark.prove("servers")
@pytest.mark.parametrize("stage", STAGES)
def test_whatever_stage_fails_fails_the_run_so(
    good_run: GoodRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    fail_at(good_run, tmp_path, monkeypatch, stage)


def at_import(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "etl_project.definitions", None)


def at_creation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(run, "make_new_run_id", lambda: 1 / 0)


def at_records(patch: pytest.MonkeyPatch) -> None:
    def locked(*given: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    patch.setattr(definitions, "run_job", locked)


def in_the_middle(patch: pytest.MonkeyPatch) -> None:
    real, told = dg.DagsterInstance.handle_new_event, list[object]()

    def fail_later(instance: dg.DagsterInstance, event: object, **named: object) -> None:
        told.append(event)
        if len(told) > 120:
            raise sqlite3.OperationalError("database or disk is full")
        real(instance, event, **named)  # type: ignore[arg-type]

    patch.setattr(dg.DagsterInstance, "handle_new_event", fail_later)


def in_a_step(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(publish, "outcome_tags", lambda session: 1 / 0)


FAULTS = {
    at_import: "import of etl_project.definitions halted",
    at_creation: "division by zero (ZeroDivisionError)",
    at_records: "Dagster cannot use it: database is locked.",
    in_the_middle: "is full.",
    in_a_step: "division by zero",
}


Fault = Callable[[pytest.MonkeyPatch], None]


def refresh_with(fault: Fault, posts: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refresh with a fault of the record, and once more without."""
    posts.write("_posts/2026-03-01-four.md", title="Four")
    fault(monkeypatch)
    ended = refresh(posts)
    said = " ".join(ended.output.split())
    assert ended.exit_code == 0 and "published" in said, said
    assert "Warning: there is no full record of this refresh in Dagster. " in said and FAULTS[fault] in said, said
    assert posts.column("SELECT title FROM articles WHERE title = 'Four'") == ["Four"]
    assert "as it was" not in said
    monkeypatch.undo()
    monkeypatch.setattr(dead_runs, "is_running", lambda *given: False)  # it was this process
    posts.write("_posts/2026-03-02-five.md", title="Five")
    assert refresh(posts).exit_code == 0
    with records_of(prepare_home(posts.settings)) as instance:
        assert [one.is_finished for one in instance.get_runs()] == [True] * instance.get_runs_count()


@pytest.mark.usefixtures("first_run")
@pytest.mark.parametrize("fault", [at_import, in_the_middle, in_a_step], ids=lambda fault: fault.__name__)
def test_a_refresh_whose_run_cannot_be_recorded_is_published_and_says_so(
    posts: Site, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    refresh_with(fault, posts, monkeypatch)


@pytest.mark.prove("servers")
@pytest.mark.usefixtures("first_run")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_whatever_keeps_a_run_from_being_recorded_the_refresh_is_published_and_says_so(
    posts: Site, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    refresh_with(fault, posts, monkeypatch)


@pytest.mark.usefixtures("first_run")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stage_that_is_interrupted_is_recorded_and_is_exit_130(
    posts: Site, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def interrupted(refresh: Refresh) -> None:
        signal.raise_signal(number)
        time.sleep(60)

    published = posts.published.read_bytes()
    posts.write("_posts/2026-03-01-four.md", title="Four")
    monkeypatch.setattr(Refresh, "relate", interrupted)
    ended = refresh(posts)
    assert ended.exit_code == 130 and "Stopped. The published file is as it was" in ended.output
    newest, events = last_run(posts)
    assert newest.status == dg.DagsterRunStatus.FAILURE
    assert ("related", "STEP_FAILURE", []) in events and posts.published.read_bytes() == published


@pytest.mark.usefixtures("first_run")
def test_a_ctrl_c_after_the_publication_leaves_it_and_ends_the_run(
    posts: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = resources.trim_runs

    def interrupt(*given: object) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)
        return real(*given)  # type: ignore[arg-type]

    posts.write("_posts/2026-03-01-four.md", title="Four")
    monkeypatch.setattr(resources, "trim_runs", interrupt)
    ended = refresh(posts)
    assert ended.exit_code == 130 and "published" in ended.output and "as it was" not in ended.output
    assert posts.column("SELECT title FROM articles WHERE title = 'Four'") == ["Four"]
    assert last_run(posts)[0].is_finished


@pytest.mark.usefixtures("first_run")
def test_what_may_pass_is_tried_once_more_by_the_stages_and_by_the_run(
    posts: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, loads = Refresh.load_tables, [OSError("the disk does not answer")]

    def fail_once(refresh: Refresh, *given: object) -> object:
        if loads:
            given[0].close()  # type: ignore[attr-defined]
            raise loads.pop()
        return real(refresh, *given)  # type: ignore[arg-type]

    posts.write("_posts/2026-03-01-four.md", title="Four")
    monkeypatch.setattr(Refresh, "load_tables", fail_once)
    monkeypatch.setattr(trying_again, "RETRY_SECONDS", 0)
    ended = refresh(posts)
    assert ended.exit_code == 0 and "Warning: there is no" not in ended.output, ended.output
    newest, events = last_run(posts)
    assert newest.is_success and ("tables", "STEP_UP_FOR_RETRY", []) in events


_IMPORTS = """
import json, sys, threading
from etl_project.alerts.alerts import Alerts
from etl_project.cli import refresh
from etl_project.cli.beside import run_beside
from etl_project.cli.recorder import Recorder
from etl_project.refresh import Refresh
from etl_project.settings import read_settings
from etl_project.show.progress import progress

class Nobody(threading.Thread):
    def start(self):
        self.before = before.append(set(sys.modules))
        raise RuntimeError("this machine has one thread")

threading.Thread, before = Nobody, []
work, recorder = Refresh(read_settings()), Recorder()
work.work.lock.acquire("a test")
work.differs = recorder.begin
recorder.has_imported.set()
plan = work.plan()
assert bool(before) == (sys.argv[2] == "early")
assert run_beside(work, plan, recorder, Alerts(work.settings.alerts, work.work, print), print).success
assert recorder.record.failure.startswith("this machine has one thread")
imported = set(sys.modules) - before[0]
import etl_project.definitions
print(json.dumps(sorted(imported & set(json.loads(sys.argv[1])))))
"""


@functools.cache
def modules_of_dagster() -> str:
    """What a process has imported that has the definitions."""
    code = "import json, sys; import etl_project.definitions; print(json.dumps(sorted(sys.modules)))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("moment", ["late", "early"])
def test_the_stages_import_nothing_that_the_other_thread_imports_at_the_same_time(posts: Site, moment: str) -> None:
    """Python raises an error where two threads import a package and one of its modules and wait for each other.

    The other thread begins while the plan is made, where the last plan found nothing to do and the listing differs.
    """
    posts.refresh()
    if moment == "early":
        (last := posts.plan()[0]).work.last_plan.write(1, dt.datetime.now(dt.UTC), {}, young_confirmed=True)
        assert last.plan().is_no_op
    else:
        Refresh(posts.settings).work.last_plan.path.unlink()
    posts.write("_posts/2026-03-01-four.md", title="Four")
    command = [sys.executable, "-c", _IMPORTS, modules_of_dagster(), moment]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    # Those of the system, without a module of their own to wait for.
    assert set(json.loads(ran.stdout.splitlines()[-1])) <= {"pwd", "resource"}
