"""`etl ui`: Dagster's web server and daemon answer on loopback, and leave nothing behind."""

from __future__ import annotations

import signal
import socket
import time

import psutil
import pytest
from conftest import Site
from graph_runs import GoodRun, asked, served

from etl_project.servers.ui import CannotServe, serve

pytest_plugins = ["graph_fixtures"]


@pytest.mark.usefixtures("first_run")
def test_the_servers_show_the_job_its_runs_and_the_schedule_and_stop_without_a_trace(
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
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - began < 20
        assert not [child for child in theirs if child.is_running()]


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
