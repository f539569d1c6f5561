"""`etl status`: what stands, and what cannot be read."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from conftest import Site, rewrite_last_plan, six_posts
from rich.console import Console
from typer.testing import CliRunner

from etl_project.alerts.alerts import Alerts
from etl_project.cli import app
from etl_project.database.last_plan import Outage
from etl_project.database.work_file import WorkFile
from etl_project.show.status import read_status, show_status


def status(site: Site) -> str:
    """What is printed, in one line."""
    printed = io.StringIO()
    show_status(site.settings, Console(file=printed, width=500, markup=False, highlight=False))
    return " ".join(printed.getvalue().split())


def test_a_source_that_cannot_be_read_is_named_with_its_reason_and_since_when(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    note = site.folder / "other/note.md"
    note.parent.mkdir()
    site.configure(extra='[[source]]\nname = "other"\nlocation = "other"\n')
    site.refresh()
    assert "could not be read" not in status(site)
    hidden = site.posts.rename(site.folder / "hidden")
    note.write_text("# Note\n\nText")
    assert site.refresh(), "with work to do in another source"
    work = WorkFile(site.published)
    why, since = work.last_plan.outages()["site"]
    long_ago = (dt.datetime.fromisoformat(since) - dt.timedelta(hours=2)).isoformat()
    rewrite_last_plan(work, outages={"site": Outage(why, long_ago)})
    said = (
        f"The source site could not be read, first 2 hours ago: there is no folder {site.posts}. Its articles are kept "
        "as they were. Bring it back or correct its location, then: etl refresh"
    )
    assert said in status(site)
    assert site.refresh() is None, "without work to do"
    assert said in status(site)
    note.write_text("# Another note\n\nText")
    assert site.refresh(sources=["other"]), "without looking at it"
    assert said in status(site)
    hidden.rename(site.posts)
    site.refresh()
    assert "could not be read" not in status(site)


@pytest.mark.built(by=six_posts)
def test_refreshes_that_failed_are_told_with_the_reason_until_one_goes_well(site: Site) -> None:
    alerts = Alerts(site.settings.alerts, WorkFile(site.published), lambda reason: None)
    assert "failed or was stopped" not in status(site) and read_status(site.settings).failures is None
    alerts.report_failure("26 of the 60 posts would leave.")
    assert "The last refresh failed or was stopped just now (" in status(site)
    alerts.report_failure("27 of the 60 posts would leave.")
    alerts.note_interrupt()
    assert "The last 3 refreshes failed or were stopped, the first just now, the last just now (" in status(site)
    assert " Asia/Shanghai): it was stopped by Ctrl-C. To go on: etl refresh" in status(site)
    alerts.report_failure("28 of the 60 posts would leave.")
    failures = read_status(site.settings).failures
    assert failures and (failures.count, failures.sentence) == (4, "28 of the 60 posts would leave.")
    alerts.report_success(1, ["site"], {})
    assert "failed or" not in status(site)


@pytest.mark.built(by=six_posts)
def test_a_refresh_that_was_cut_off_is_told_while_nobody_is_at_work(site: Site) -> None:
    work = WorkFile(site.published)
    alerts = Alerts(site.settings.alerts, work, lambda reason: None)
    alerts.begin("Dagster run 12345678")
    assert "The last refresh failed or was stopped just now" in status(site)
    assert "it was cut off (Dagster run 12345678, begun " in status(site)
    work.lock.acquire("etl refresh")
    assert "cut off" not in status(site)
    work.lock.release()
    alerts.end()
    assert "cut off" not in status(site)


@pytest.mark.built(by=six_posts)
def test_the_same_is_written_as_json(site: Site) -> None:
    told = json.loads(CliRunner().invoke(app, ["status", "--config", str(site.config), "--json"]).output)
    assert told["time_zone"] == "Asia/Shanghai" and told["failures"] is None and told["warnings"] == []
    assert told["last_refresh"]["files_read"] == 6 and told["last_refresh"]["as_of"].endswith("+00:00")
    assert told["sources"] == [
        {"source": "site", "dialect": "jekyll", "files": 6, "rejected": 0, "articles": 6, "latest": "2026-01-02"}
    ]
