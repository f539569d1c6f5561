"""A site with posts, and the Dagster instance that records its runs."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from built_sites import copy_site
from conftest import Site
from graph_runs import GoodRun, run_job
from sqlalchemy import Engine, event

from assets.records import records_of
from etl_project.servers.dagster_home import TEMPLATE, prepare_home


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dagster's state before any run: its databases take longer to make than to copy."""
    home = tmp_path_factory.mktemp("dagster")
    (home / "dagster.yaml").write_bytes(TEMPLATE.read_bytes())
    with records_of(home) as instance:
        instance.get_runs_count()
        instance.all_asset_keys()
        instance.all_instigator_state()
        run = instance.create_run_for_job(dg.GraphDefinition("nothing").to_job())
        instance.delete_run(run.run_id)
    return home


@pytest.fixture
def posts(site: Site, empty_home: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Site:
    """A site with a few posts, one name that is no regular file, and one post without tags.

    Where a test uses the fixture `first_run`, the job has run on it.
    """
    monkeypatch.setenv("ETL_CONFIG", str(site.config))
    if "first_run" in request.fixturenames:
        return request.getfixturevalue("first_run")
    return write_posts(site, empty_home)


@pytest.fixture
def first_run(good_run: GoodRun, tmp_path: Path) -> Site:
    """The site after one run of the job, with the records of that run: a copy, as a run takes seconds."""
    return copy_site(good_run.site, tmp_path)


def write_posts(site: Site, empty_home: Path) -> Site:
    shutil.copytree(empty_home, site.settings.dagster_home)
    site.write(
        "_posts/2026-01-02-one.md", title="One", categories="news", tags="a b", body="Word [link](https://x.example/)."
    )
    site.write("_posts/2026-01-03-two.md", title="Two", categories="[news, sea]", tags="b", date="2026-01-03")
    site.write("_posts/2026-02-03-three.md", title="三", categories="海", tags="", date="2026-02-03 10:00:00 +0800")
    (site.posts / "_posts/2026-02-04-out.md").symlink_to("/etc/passwd")
    return site


@pytest.fixture
def instance(site: Site) -> Iterator[dg.DagsterInstance]:
    """Where the runs of the site are recorded."""
    with records_of(prepare_home(site.settings)) as instance:
        yield instance


@pytest.fixture(scope="session")
def good_run(tmp_path_factory: pytest.TempPathFactory, empty_home: Path) -> Iterator[GoodRun]:
    """Run the job once."""
    site = Site(tmp_path_factory.mktemp("good_run"))
    site.configure()
    opened: list[str] = []

    def note(con: sqlite3.Connection, _: object) -> None:
        opened.append(Path(con.execute("PRAGMA database_list").fetchone()[2]).name)

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ETL_CONFIG", str(site.config))
        for name in ("ETL_WAREHOUSE", "DAGSTER_HOME"):
            environment.delenv(name, raising=False)
        write_posts(site, empty_home)
        event.listen(Engine, "connect", note)
        try:
            run = run_job(site)
        finally:
            event.remove(Engine, "connect", note)
        assert run.success and run.unrecorded is None and run.run_id
        home = prepare_home(site.settings)
    with records_of(home) as instance:
        yield GoodRun(site, run, opened, instance)
