"""`etl ui`: Dagster's web server and daemon answer on loopback, fork runs, and leave nothing behind."""

from __future__ import annotations

import contextlib
import signal
import socket
import time

import dagster as dg
import psutil
import pytest
from conftest import Site
from graph_runs import GoodRun, asked, launch, served

from assets.dead_runs import PID, process_of
from assets.records import records_of
from etl_project.refresh import Refresh
from etl_project.servers.dagster_home import prepare_home
from etl_project.servers.ui import CannotServe, serve

pytest_plugins = ["graph_fixtures"]


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


def fork_and_stop_runs(posts: Site, records: dg.DagsterInstance, address: str) -> list[psutil.Process]:
    """Launch a run, which is stopped from its page, and another. Returns the processes of the first one."""
    lock = Refresh(posts.settings).work.lock
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
    return [process, parent]


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("first_run")
def test_the_servers_show_the_job_and_its_runs_fork_runs_from_one_process_and_stop_without_a_trace(
    posts: Site, good_run: GoodRun
) -> None:
    run = good_run.run
    with served(posts) as (address, process):
        assert address.startswith("http://127.0.0.1:")
        data = asked(
            address,
            """{
              repositoriesOrError { ... on RepositoryConnection { nodes {
                name location { name } jobs { name } schedules { name scheduleState { status } } } } }
              runsOrError(filter: {pipelineName: "refresh"}) { ... on Runs { results {
                runId status repositoryOrigin { repositoryName repositoryLocationName } } } }
            }""",
        )
        (repository,) = data["repositoriesOrError"]["nodes"]
        assert repository["location"]["name"] == "etl_project"
        assert "refresh" in [job["name"] for job in repository["jobs"]]
        assert {schedule["scheduleState"]["status"] for schedule in repository["schedules"]} == {"RUNNING"}
        (shown,) = data["runsOrError"]["results"]
        assert (shown["runId"], shown["status"]) == (run.run_id, "SUCCESS")
        assert shown["repositoryOrigin"] == {
            "repositoryName": repository["name"],
            "repositoryLocationName": repository["location"]["name"],
        }
        assert "nothing to do" in first_tick(address, "look_at_first_start"), "it waits for no time of the schedule"
        theirs = psutil.Process(process.pid).children(recursive=True)
        assert len(theirs) >= 3
        with records_of(prepare_home(posts.settings)) as records:
            forked = fork_and_stop_runs(posts, records, address)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - began < 20
        assert not [child for child in theirs if child.is_running()]
    for one in forked:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.wait(20)


def first_tick(address: str, sensor: str) -> str:
    """Wait for the first tick of a sensor to end. Returns why it started no run."""
    query = """query ($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) {
        ... on Sensor { sensorState { ticks(limit: 1) { status skipReason } } } } }"""
    selector = {
        "repositoryName": "__repository__", "repositoryLocationName": "etl_project", "sensorName": sensor,
    }  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ticks = asked(address, query, selector=selector)["sensorOrError"]["sensorState"]["ticks"]
        if ticks and ticks[0]["status"] != "STARTED":
            return str(ticks[0]["skipReason"])
        time.sleep(0.5)
    raise AssertionError("no tick of the sensor ended")


def test_a_port_that_is_taken_is_named_before_anything_starts(posts: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"port {port}"):
            serve(posts.settings, port=port)
