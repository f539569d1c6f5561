"""Freshness is told where it can be told, and its answer is always about the file that is there."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest
from conftest import Site, rewrite_last_plan
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)
from graph_runs import run_job

from assets.freshness import FRESHNESS_CHECK, report_freshness
from assets.records import purge
from etl_project.refresh import Refresh

pytest_plugins = ["graph_fixtures"]

FRESH, STALE = AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED


def answer(instance: dg.DagsterInstance) -> AssetCheckExecutionRecord:
    """The answer that the page of the published file shows."""
    key = FRESHNESS_CHECK.key
    return instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]


def judge(site: Site, instance: dg.DagsterInstance, hours: float = 6) -> None:
    report_freshness(instance, Refresh(site.settings).work, hours)


@pytest.mark.usefixtures("first_run")
def test_a_look_during_a_run_leaves_the_answer_to_the_run(
    posts: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Refresh.build_aggregates
    monkeypatch.setattr(Refresh, "build_aggregates", lambda *args: (judge(posts, instance), build(*args))[1])
    posts.write("_posts/2026-03-01-four.md", title="Four")
    second = run_job(posts)
    assert second.success
    shown = instance.get_latest_materialization_event(FRESHNESS_CHECK.asset_key)
    evaluation = answer(instance).event.dagster_event.asset_check_evaluation_data
    assert (answer(instance).run_id, answer(instance).status) == (second.run_id, FRESH)
    assert shown and evaluation.target_materialization_data.run_id == shown.run_id


@pytest.mark.usefixtures("first_run")
def test_a_run_that_ended_without_an_answer_does_not_keep_the_file_from_turning_stale(
    posts: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Refresh, "build_aggregates", lambda *_: 1 / 0)
    posts.write("_posts/2026-03-01-four.md", title="Four")
    assert not run_job(posts).success
    assert answer(instance).status == AssetCheckExecutionRecordStatus.PLANNED
    judge(posts, instance, hours=0)
    assert answer(instance).status == STALE


def test_freshness_is_judged_also_where_no_answer_was_recorded(posts: Site, instance: dg.DagsterInstance) -> None:
    posts.refresh()
    judge(posts, instance)
    assert answer(instance).status == FRESH


@pytest.mark.usefixtures("first_run")
def test_old_records_go_and_the_answers_of_the_file_that_is_there_stay(
    posts: Site, instance: dg.DagsterInstance
) -> None:
    [first] = instance.get_runs()
    posts.write("_posts/2026-03-01-four.md", title="Four")
    second = run_job(posts)
    assert purge(instance, 0).runs == 1
    assert not instance.get_run_by_id(first.run_id)
    assert answer(instance).run_id == second.run_id
    work = Refresh(posts.settings).work
    long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=7)).isoformat()
    rewrite_last_plan(work, planned_at=long_ago)
    judge(posts, instance)
    assert answer(instance).status == STALE
