"""The jobs besides `refresh`, what a person may ask of them, and two runs that meet."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import time
from pathlib import Path

import dagster as dg
import pytest
from conftest import Site
from dagster._cli.utils import get_possibly_temporary_instance_for_cli
from dagster._core.storage.runs.schema import RunsTable
from graph_runs import launch, run_job, served
from typer.testing import CliRunner

from assets.freshness import FRESHNESS_CHECK
from assets.jobs import MAINTAIN, REBUILD, REFRESH, VERIFY
from assets.records import purge, trim_runs
from etl_project.checks.run import CHECKS
from etl_project.cli import app
from etl_project.definitions import defs, wire
from etl_project.refresh import Refresh

pytest_plugins = ["graph_fixtures"]

CHECK_KEYS = [FRESHNESS_CHECK.key, *(dg.AssetCheckKey(dg.AssetKey(check.table), check.name) for check in CHECKS)]


def run(site: Site, instance: dg.DagsterInstance, job: str, **asked: object) -> dg.ExecuteInProcessResult:
    """Run a job as the launchpad does: with its own configuration, and what a person changed in it."""
    found = wire(site.settings).resolve_job_def(job)
    config = {"ops": {"tables": {"config": asked}}} if asked else None
    return found.execute_in_process(run_config=config, instance=instance, raise_on_error=False)


def test_there_is_a_job_for_each_thing_a_person_starts_and_its_form_explains_itself() -> None:
    jobs = {job.name: job for job in defs().resolve_all_job_defs() if not job.name.startswith("__")}
    assert set(jobs) == {REFRESH, REBUILD, VERIFY, MAINTAIN}
    assert all(job.description for job in jobs.values())
    fields = jobs[REFRESH].graph.node_named("tables").definition.config_field.config_type.fields
    assert set(fields) == {"sources", "full", "allow_deletes", "verify"}
    assert all(field.description for field in fields.values())


@pytest.mark.usefixtures("first_run")
def test_rebuild_makes_the_same_tables_and_verify_finds_what_only_the_bytes_tell(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    before = posts.derived()
    assert run(posts, instance, REBUILD).success
    assert posts.derived() == before
    rebuilt = instance.get_latest_materialization_event(dg.AssetKey("post_files"))
    assert rebuilt and int(str(rebuilt.asset_materialization.metadata["files_read"].value)) >= 3
    assert run(posts, instance, VERIFY).success
    assert posts.derived() == before


def test_a_run_of_one_source_says_little_in_the_terminal_and_a_name_that_is_none_is_told(
    posts: Site, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run(posts, instance, REFRESH, sources=["site"])
    assert ended.success
    said = capsys.readouterr().err.splitlines()
    summary = next(n for n, line in enumerate(said) if line.endswith("Refresh 1"))
    assert summary < 5 and "To do: the warehouse has not been built yet." in said[0]
    assert len(said) - summary < 20, "the summary, and nothing behind it"
    assert len(instance.all_logs(ended.run_id)) > 100, "its log has everything"
    refused = run(posts, instance, REFRESH, sources=["sight"])
    failure = next(e for e in refused.all_events if e.is_step_failure).step_failure_data.user_failure_data
    assert failure and "there is no source 'sight'" in str(failure.description)


@pytest.mark.usefixtures("first_run")
def test_a_launch_without_a_home_says_as_little_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(Path(__file__).parents[2] / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with get_possibly_temporary_instance_for_cli() as records:  # as `dg launch` makes them
        assert (records.python_log_level, records.telemetry_enabled, records.nux_enabled) == ("INFO", False, False)


def test_maintain_makes_the_work_file_small_and_leaves_the_warehouse_as_it_is(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    for turn in range(3):
        posts.write("_posts/2026-03-01-long.md", body=" ".join(str(turn + n * 7919 % 99991) for n in range(60_000)))
        if turn < 2:
            posts.load()
    assert run_job(posts).success
    before = posts.derived()
    work = Refresh(posts.settings).work.path
    size = work.stat().st_size
    of_no_source = work.parent / "posts.mirrors/0123456789abcdef.git"
    of_no_source.mkdir(parents=True)
    job = wire(posts.settings).resolve_job_def(MAINTAIN)
    config = {"ops": {"purge_records": {"config": {"keep_days": 0}}}}
    assert job.execute_in_process(run_config=config, instance=instance).success
    assert work.stat().st_size < size and not of_no_source.exists()
    # The last refresh holds what the nodes and checks show.
    assert [run.job_name for run in instance.get_runs()] == [MAINTAIN, REFRESH]
    assert len(instance.event_log_storage.get_latest_asset_check_execution_by_key(CHECK_KEYS)) == len(CHECK_KEYS)
    assert all(instance.get_latest_materialization_event(key) for key in instance.all_asset_keys())
    assert posts.refresh() is None
    assert posts.derived() == before


@pytest.mark.usefixtures("first_run")
def test_etl_maintain_does_the_same_from_a_terminal(posts: Site) -> None:
    posts.write("_posts/2026-03-01-four.md", title="Four")
    assert run_job(posts).success
    (posts.published.parent / ".work/posts.mirrors/0123456789abcdef.git").mkdir(parents=True)
    ended = CliRunner().invoke(app, ["maintain", "--keep-days", "0"])
    assert ended.exit_code == 0, ended.output
    assert "posts.duckdb: " in ended.output and "; 1 run went." in ended.output
    assert "1 copy of repositories went" in ended.output


def size_of_records(site: Site) -> int:
    return sum(file.stat().st_size for file in site.settings.dagster_home.rglob("*") if file.is_file())


@pytest.mark.usefixtures("first_run")
def test_a_second_refresh_adds_little_to_the_records(posts: Site) -> None:
    before = size_of_records(posts)
    posts.write("_posts/2026-04-01-more.md", title="More")
    assert run_job(posts).success
    # Eighty runs are kept by default: they must stay below 60 MB.
    print("GROWTH", size_of_records(posts) - before)
    assert size_of_records(posts) - before < 600_000


@pytest.mark.prove("growth")
def test_a_refresh_adds_little_to_the_records_and_the_oldest_runs_go(posts: Site, instance: dg.DagsterInstance) -> None:
    posts.configure(extra="[schedule]\nkeep_runs = 3\n")
    sizes = []
    for n in range(7):
        posts.write(f"_posts/2026-04-0{n + 1}-more.md", title=f"More {n}")
        assert run_job(posts).success
        sizes.append(size_of_records(posts))
    assert instance.get_runs_count() <= 4
    # Eighty runs are kept by default: they must stay below 60 MB.
    assert sizes[1] - sizes[0] < 600_000
    # What deleted runs took is used again.
    assert sizes[-1] - sizes[-2] < 100_000
    rows = instance.get_latest_materialization_event(dg.AssetKey("articles"))
    assert rows and rows.asset_materialization.metadata["dagster/row_count"].value == 10
    assert trim_runs(instance, 1, 30) == 3
    assert purge(instance, 0).after < sizes[-1]


def test_of_earlier_days_the_last_run_that_went_well_and_the_last_that_failed_stay_for_a_while(
    instance: dg.DagsterInstance,
) -> None:
    good, bad = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE
    now = dt.datetime.now(dt.UTC).replace(hour=12)
    # Age in days, outcome, and whether it stays beside the newest.
    runs = [(40, bad, False), (5, bad, False), (5, good, False), (5, bad, True), (5, good, True), (1, good, True),
            (0, bad, True), (0, bad, True)]  # fmt: skip
    job = dg.GraphDefinition("nothing").to_job()
    stay = []
    for age, outcome, stays in runs:
        run_id = instance.create_run_for_job(job, status=outcome).run_id
        changed = RunsTable.update().where(RunsTable.c.run_id == run_id)
        with instance.run_storage.connect() as con:
            con.execute(changed.values(create_timestamp=(now - dt.timedelta(days=age)).replace(tzinfo=None)))
        stay += [run_id] if stays else []
    assert trim_runs(instance, 2, 30) == len(runs) - len(stay)
    assert [run.run_id for run in instance.get_runs()] == stay[::-1]


@pytest.mark.prove("servers")
@pytest.mark.timeout(420)
def test_two_runs_launched_together_and_an_etl_refresh_beside_them_all_end_well(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    lock = Refresh(posts.settings).work.lock
    with served(posts) as (address, _):
        launched = [launch(address, REFRESH), launch(address, REFRESH)]
        deadline = time.monotonic() + 240
        while not (holder := lock.holder() or {}).get("who", "").startswith("Dagster run"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(int(holder["pid"]), signal.SIGSTOP)
        try:
            beside = CliRunner().invoke(app, ["refresh", "--config", str(posts.config)])
        finally:
            os.kill(int(holder["pid"]), signal.SIGCONT)
        assert beside.exit_code == 3
        said = " ".join(beside.output.split())
        assert f"another refresh is running: {holder['who']}, process {holder['pid']}" in said
        runs = [instance.get_run_by_id(run_id) for run_id in launched]
        while not all(run and run.is_finished for run in runs) and time.monotonic() < deadline:
            time.sleep(1)
            runs = [instance.get_run_by_id(run_id) for run_id in launched]
    assert [run and run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS] * 2
    assert posts.column("SELECT count(*) FROM refreshes") == [1]
    logs = ["\n".join(map(str, instance.all_logs(run_id))) for run_id in launched]
    assert holder["who"] in [f"Dagster run {run_id[:8]}" for run_id in launched]
    for log in logs:
        assert "PIPELINE_SUCCESS" in log and re.search("To do: the warehouse has not been built|Nothing to do", log)
        assert not re.search("conflicting lock|database is locked|could not set lock", log, re.IGNORECASE)
