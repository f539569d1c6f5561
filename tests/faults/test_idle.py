"""A look with nothing to do leaves the warehouse alone, as the kernel sees it, whoever takes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from changing_site import write_posts
from conftest import Site
from typer.testing import CliRunner
from watching import watching

from assets.automation import evaluate_tick
from etl_project.cli import app

pytest_plugins = ["graph_fixtures"]

RECORDS = {"posts.lock", "posts.last_plan.json"}
"""What a look writes: who holds the lock, and that it has looked."""

Look = Callable[[Site, dg.DagsterInstance], None]


def by_stages(site: Site, instance: dg.DagsterInstance) -> None:
    assert site.refresh() is None


def by_command(site: Site, instance: dg.DagsterInstance) -> None:
    ended = CliRunner().invoke(app, ["refresh", "--config", str(site.config)])
    assert ended.exit_code == 0 and ended.output.startswith("Nothing to do"), ended.output


def by_schedule(site: Site, instance: dg.DagsterInstance) -> None:
    skipped = evaluate_tick(instance, site.settings)
    assert isinstance(skipped, dg.SkipReason) and "nothing to do" in str(skipped.skip_message)


def below(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, time of change and time of inode change of every file but the records of a look."""
    return {
        str(path): (info.st_ino, info.st_mtime_ns, info.st_ctime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name not in RECORDS and (info := path.stat())
    }


@pytest.mark.parametrize("look", [by_stages, by_command, by_schedule])
def test_nothing_to_do_opens_no_database_for_writing_and_publishes_nothing(
    posts: Site, instance: dg.DagsterInstance, look: Look
) -> None:
    # An alert would fail, and be seen in what is written down of faults.
    posts.configure(extra='[alerts]\ncommand = "false"\n')
    posts.refresh()
    # Once for what only a first look writes, such as the answer of the check of freshness.
    look(posts, instance)
    warehouse = posts.published.parent
    before = below(posts.folder)
    assert len(before) > 5
    with watching(warehouse, warehouse / ".work") as watch:
        look(posts, instance)
        # A file that was open for writing is told of when it is closed, whether it was written to or not.
        assert set(watch.names()) <= {*RECORDS, "posts.last_plan.tmp"}
    assert below(posts.folder) == before


def test_the_watch_that_proves_it_sees_a_database_that_is_opened_for_writing(site: Site) -> None:
    write_posts(site, 5)
    site.refresh()
    write_posts(site, 1, begin=5)
    with watching(site.published.parent, site.published.parent / ".work") as watch:
        site.refresh()
        assert {"posts.duckdb", ".posts.duckdb.publishing"} <= set(watch.names())
