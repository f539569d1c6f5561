"""Looks leave next to nothing behind and are never too slow for a tick; stale is told from fresh, faults once."""

from __future__ import annotations

import datetime as dt
import json
import logging
import shlex
import sys
import threading
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from conftest import CHECK_ALL_ROWS_NEXT, Site, rewrite_last_plan
from dagster._core.scheduler.instigation import InstigatorType, TickData, TickStatus
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from graph_runs import run_job
from typer.testing import CliRunner

from assets import automation
from assets.freshness import FRESHNESS_CHECK, SOURCES_READ_CHECK, report_freshness
from etl_project.cli import app
from etl_project.database.last_plan import Outage
from etl_project.definitions import defs, wire
from etl_project.refresh import Refresh, trying_again
from etl_project.refresh.guard import RefreshStopped
from etl_project.settings import SettingsError, read_settings
from etl_project.sources.signature import SourceUnavailable

pytest_plugins = ["graph_fixtures"]


def look(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """One look, as the schedule and the sensor take it."""
    return automation.evaluate_tick(instance, read_settings())


def told(site: Site) -> list[dict[str, object]]:
    """What has been alerted."""
    file = site.folder / "told.jsonl"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


@pytest.fixture
def alerted(posts: Site) -> Site:
    """A site whose alerts are lines of a file."""
    code = f"import sys; open({str(posts.folder / 'told.jsonl')!r}, 'a').write(sys.stdin.read() + chr(10))"
    posts.configure(extra=f"[alerts]\ncommand = {json.dumps(shlex.join([sys.executable, '-c', code]))}\n")
    return posts


def size_of(home: Path) -> int:
    return sum(file.stat().st_size for file in home.rglob("*") if file.is_file())


@pytest.mark.usefixtures("first_run")
def test_the_sensor_is_off_until_switched_on_and_looks_every_minute_as_the_schedule_does(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    sensor = next(found for found in defs().sensors or [] if found.name == "look_every_minute")
    assert isinstance(sensor, dg.SensorDefinition)
    assert (sensor.default_status, sensor.minimum_interval_seconds) == (dg.DefaultSensorStatus.STOPPED, 60)
    with dg.build_sensor_context(instance=instance) as context:
        assert "nothing to do" in str(sensor.evaluate_tick(context).skip_message)
        posts.write("_posts/2026-03-01-four.md", title="Four")
        assert sensor.evaluate_tick(context).run_requests


def check_when_idle(posts: Site, instance: dg.DagsterInstance, times: int) -> None:
    """Check for changes so many times, and assert that no run starts and that the records hardly grow."""
    before = size_of(posts.settings.dagster_home)
    for number in range(times):
        skipped = look(instance)
        assert isinstance(skipped, dg.SkipReason)
        # What the daemon writes down of a tick.
        tick = TickData("o" * 40, "look_for_changes", InstigatorType.SCHEDULE, TickStatus.STARTED, 1e9 + number)
        instance.update_tick(
            instance.create_tick(tick).with_status(TickStatus.SKIPPED, skip_reason=skipped.skip_message)
        )
    assert instance.get_runs_count() == 1
    assert size_of(posts.settings.dagster_home) - before < times * 5_000


@pytest.mark.usefixtures("first_run")
def test_a_few_idle_checks_start_no_run_and_grow_the_records_by_less_than_five_kilobytes_each(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    check_when_idle(posts, instance, 10)


@pytest.mark.usefixtures("first_run")
@pytest.mark.prove("growth")
def test_idle_checks_start_no_run_and_grow_the_records_by_less_than_five_kilobytes_each(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    check_when_idle(posts, instance, 50)


@pytest.mark.usefixtures("first_run")
def test_a_look_too_slow_for_a_tick_starts_the_run_and_lets_it_decide(
    posts: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    quick = Refresh.plan
    monkeypatch.setattr(automation, "PLAN_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(Refresh, "plan", lambda refresh: (go_on.wait(60), quick(refresh))[1])
    asked = look(instance)
    assert isinstance(asked, dg.RunRequest) and "the run decides" in asked.tags["etl/reasons"]
    second = look(instance)
    assert isinstance(second, dg.SkipReason) and "another check for changes is running" in str(second.skip_message)
    go_on.set()
    assert run_job(posts).success


@pytest.mark.usefixtures("first_run")
def test_a_quiet_day_stays_fresh_and_looks_that_fail_turn_stale_once(posts: Site, instance: dg.DagsterInstance) -> None:
    def status() -> AssetCheckExecutionRecordStatus:
        key = FRESHNESS_CHECK.key
        return instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key].status

    def events() -> int:
        return len(instance.event_log_storage.get_asset_check_execution_history(FRESHNESS_CHECK.key, limit=100))

    look(instance)
    assert (status(), events()) == (AssetCheckExecutionRecordStatus.SUCCEEDED, 1)
    work = Refresh(posts.settings).work
    long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=7)).isoformat()
    rewrite_last_plan(work, planned_at=long_ago)
    for _ in range(3):
        report_freshness(instance, work, 6)
    assert (status(), events()) == (AssetCheckExecutionRecordStatus.FAILED, 2)
    for _ in range(3):
        look(instance)
    assert (status(), events()) == (AssetCheckExecutionRecordStatus.SUCCEEDED, 3)


@pytest.mark.usefixtures("first_run")
def test_a_failing_generation_is_told_once_by_whoever_meets_it_and_so_is_its_end(
    alerted: Site, instance: dg.DagsterInstance
) -> None:
    with duckdb.connect(str(Refresh(alerted.settings).work.path)) as con:
        con.execute(f"DELETE FROM article_metrics; {CHECK_ALL_ROWS_NEXT}")
    alerted.write("_posts/2026-03-01-four.md", title="Four")
    assert not run_job(alerted).success
    job = wire(alerted.settings).resolve_job_def("refresh")
    assert not job.execute_in_process(instance=instance, raise_on_error=False).success
    look(instance)
    assert [alert["event"] for alert in told(alerted)] == ["failure"]
    assert "Checks failed and nothing was published" in str(told(alerted)[0]["sentence"])
    assert CliRunner().invoke(app, ["refresh", "--full"]).exit_code == 0
    assert [alert["event"] for alert in told(alerted)] == ["failure", "recovery"]


@pytest.mark.usefixtures("first_run")
def test_the_guard_is_told_once_by_etl_refresh_and_over_when_the_posts_are_back(
    alerted: Site, instance: dg.DagsterInstance
) -> None:
    away = alerted.folder / "away"
    (alerted.posts / "_posts").rename(away)
    for _ in range(2):
        assert CliRunner().invoke(app, ["refresh"]).exit_code == 1
    assert [alert["event"] for alert in told(alerted)] == ["failure"]
    away.rename(alerted.posts / "_posts")
    look(instance)
    assert [alert["event"] for alert in told(alerted)] == ["failure", "recovery"]


def test_what_may_pass_by_itself_is_tried_once_more_and_what_may_not_is_not(
    posts: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying_again, "RETRY_SECONDS", 0)
    looks: list[Exception | None] = [SourceUnavailable("the disk does not answer"), None]
    real = Refresh.plan

    def failing(refresh: Refresh) -> object:
        if error := looks.pop(0):
            raise error
        return real(refresh)

    def tried_again() -> bool:
        """Run the job, which fails; whether any step of it was tried once more."""
        ran = job.execute_in_process(instance=instance, raise_on_error=False)
        assert not ran.success
        return any(event.is_step_up_for_retry for event in ran.all_events)

    monkeypatch.setattr(Refresh, "plan", failing)
    job = wire(posts.settings).resolve_job_def("refresh")
    assert job.execute_in_process(instance=instance, raise_on_error=False).success
    assert looks == []
    looks[:] = [OSError("still gone")] * 2
    assert tried_again() and looks == []
    for error in (SettingsError("there is no such time zone"), RefreshStopped("half of the posts left"), ValueError()):
        looks[:] = [error]
        assert not tried_again() and looks == []
    with duckdb.connect(str(Refresh(posts.settings).work.path)) as con:
        con.execute(f"DELETE FROM article_metrics; {CHECK_ALL_ROWS_NEXT}")
    posts.write("_posts/2026-03-01-four.md", title="Four")
    looks[:] = [None]
    assert not tried_again() and looks == []


@pytest.mark.usefixtures("first_run")
def test_a_source_that_is_away_is_named_by_plans_and_runs_and_is_not_fresh(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    def answers(check: dg.AssetCheckSpec) -> list[bool]:
        """What the check said, the latest first."""
        told = instance.event_log_storage.get_asset_check_execution_history(check.key, limit=100)
        return [record.status == AssetCheckExecutionRecordStatus.SUCCEEDED for record in told]

    other = posts.folder / "other"
    other.mkdir()
    posts.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    (posts.posts / "_config.yml").write_text("title: Harbour\n")
    posts.refresh()
    assert (answers(SOURCES_READ_CHECK), answers(FRESHNESS_CHECK)) == ([True], [True])
    posts.posts.rename(posts.folder / "away")
    for _ in range(3):
        skipped = look(instance)
        assert isinstance(skipped, dg.SkipReason)
        assert "nothing to do" in str(skipped.skip_message)
        assert f"The source site could not be read: there is no folder {posts.posts}." in str(skipped.skip_message)
    assert (answers(SOURCES_READ_CHECK), answers(FRESHNESS_CHECK)) == ([False, True], [True])
    work = Refresh(posts.settings).work
    long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=7)).isoformat()
    rewrite_last_plan(work, outages={"site": Outage("there is no folder", long_ago)})
    look(instance)
    assert answers(FRESHNESS_CHECK) == [False, True]
    (other / "note.md").write_text("# Note\n\nText")
    run = run_job(posts)
    assert run.success
    warned = [e.user_message for e in instance.all_logs(run.run_id) if e.level == logging.WARNING]
    assert [line for line in warned if "The source site could not be read: there is no folder" in line]
    assert (answers(SOURCES_READ_CHECK)[0], answers(FRESHNESS_CHECK)[0]) == (False, False)
    (posts.folder / "away").rename(posts.posts)
    look(instance)
    assert (answers(SOURCES_READ_CHECK)[0], answers(FRESHNESS_CHECK)[0]) == (True, True)
    assert instance.get_runs_count() == 2


@pytest.mark.usefixtures("first_run")
def test_a_refresh_of_one_source_says_nothing_of_another_that_is_away(
    alerted: Site, instance: dg.DagsterInstance
) -> None:
    (alerted.folder / "other").mkdir()
    alerted.configure(extra=f'{alerted.extra}[[source]]\nname = "other"\nlocation = "other"\n')
    alerted.refresh()
    alerted.posts.rename(alerted.folder / "away")
    look(instance)
    assert [alert["event"] for alert in told(alerted)] == ["failure"]
    for text in ("# Note", None):
        if text:
            (alerted.folder / "other/note.md").write_text(text)
        ended = CliRunner().invoke(app, ["refresh", "--config", str(alerted.config), "--source", "other"])
        assert ended.exit_code == 0, ended.output
    assert [alert["event"] for alert in told(alerted)] == ["failure"]
    key = SOURCES_READ_CHECK.key
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert found.status == AssetCheckExecutionRecordStatus.FAILED
    (alerted.folder / "away").rename(alerted.posts)
    look(instance)
    assert told(alerted)[1:] and "The source site works again" in str(told(alerted)[1]["sentence"])
