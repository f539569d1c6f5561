"""The published file: replaced as a whole, under the eyes of its readers, or not touched at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb
import pytest
from built_sites import BuiltSites
from conftest import Site

from etl_project.database.publish import NotChecked
from etl_project.database.template import STORAGE_VERSION
from etl_project.database.work_file import NotBuilt
from etl_project.load.aggregates import aggregates
from etl_project.refresh import Refresh
from etl_project.refresh.disk_full import DiskFull

READER = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
for _ in sys.stdin:
    print(con.execute("SELECT count(*) FROM articles").fetchone()[0], flush=True)
"""

NO_LARGE_FILES = """
import resource, sys
from pathlib import Path
from etl_project.refresh.disk_full import DiskFull
from etl_project.refresh.refresh import Refresh
from etl_project.settings import read_settings
refresh = Refresh(read_settings(Path(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    refresh.publish()
except DiskFull as full:
    print(full)
"""


class Reader:
    """Another process that has the published file open and counts the articles it sees."""

    def __init__(self, published: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", READER, str(published)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.first = self.articles()

    def articles(self) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("count\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def build(folder: Path) -> Site:
    site = Site(folder)
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    return site


@pytest.fixture
def published_site(built_sites: BuiltSites, tmp_path: Path) -> Site:
    return built_sites.copy(build, tmp_path)


@pytest.fixture
def reader(published_site: Site) -> Iterator[Reader]:
    reader = Reader(published_site.published)
    yield reader
    reader.close()


def checked(site: Site) -> Refresh:
    """Bring the work file to the state `checked`, short of publishing."""
    refresh, plan = site.plan()
    refresh.load_tables(plan)
    refresh.run_checks("tables")
    refresh.build_aggregates()
    refresh.run_checks("aggregates")
    return refresh


def names_beside(site: Site) -> set[str]:
    return {path.name for path in site.published.parent.iterdir()}


def test_a_reader_with_the_file_open_keeps_the_old_rows_and_a_new_one_sees_the_new(
    published_site: Site, reader: Reader
) -> None:
    assert reader.first == 1
    for n in (2, 3):
        published_site.write(f"_posts/2026-01-02-{n}.md")
        published_site.refresh()
        assert reader.articles() == 1
        assert published_site.column("SELECT count(*) FROM articles") == [n]


def test_the_file_before_is_kept_beside_and_with_those_who_hold_it_open(published_site: Site) -> None:
    published = published_site.published
    assert stat.S_IMODE(published.stat().st_mode) == 0o444, "it is for reading only"
    assert names_beside(published_site) == {"posts.duckdb", ".work"}
    leftover = published.with_name(".posts.duckdb.publishing")
    leftover.write_bytes(b"half a file")
    leftover.chmod(0o444)
    before = published.read_bytes()
    with published.open("rb") as held:
        published_site.write("_posts/2026-01-02-two.md")
        published_site.refresh()
        assert held.read() == before
    assert published.read_bytes() != before
    assert published_site.column("SELECT count(*) FROM articles") == [2]
    # The leftover of a publication that was killed is no hindrance, and is gone.
    assert names_beside(published_site) == {"posts.duckdb", "posts.previous.duckdb", ".work"}
    previous = published.with_name("posts.previous.duckdb")
    assert previous.read_bytes() == before
    with duckdb.connect(str(previous), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM articles").fetchall() == [(1,)]
    # What is published already is left as it is, and so is the file before.
    inodes = published.stat().st_ino, previous.stat().st_ino
    again = Refresh(published_site.settings).publish()
    assert not again.is_new and again.generation == 2
    assert (published.stat().st_ino, previous.stat().st_ino) == inodes


def test_a_generation_that_is_not_checked_is_refused(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    refresh, plan = site.plan()
    steps: dict[str, Callable[[], object]] = {
        "loaded": lambda: refresh.load_tables(plan),
        "tables_checked": lambda: refresh.run_checks("tables"),
        "aggregated": refresh.build_aggregates,
    }
    for state, step in steps.items():
        step()
        with pytest.raises(NotChecked, match=rf"^generation 1 is {state}, not checked: run the job `refresh`"):
            refresh.publish()
    assert not site.published.exists()


@pytest.mark.parametrize("was_cut_off", [False, True])
def test_a_step_alone_on_a_warehouse_that_was_never_built_says_so_and_makes_no_file(
    site: Site, was_cut_off: bool
) -> None:
    site.write("_posts/2026-01-02-one.md")
    work = Refresh(site.settings).work
    if was_cut_off:
        with work.connect() as con:
            work.attach(con)
        work.close()
    for step in (Refresh.build_aggregates, partial(Refresh.run_checks, stage="tables"), Refresh.publish):
        with pytest.raises(NotBuilt, match=r"^The warehouse has not been built yet.*: run the job `refresh`, or `etl"):
            step(Refresh(site.settings))
        assert work.path.exists() == was_cut_off and not site.published.exists()
    site.refresh()
    assert site.column("SELECT count(*) FROM articles") == [1]


def test_a_step_alone_where_the_work_file_is_lost_goes_on_from_the_published_one(published_site: Site) -> None:
    work = Refresh(published_site.settings).work
    work.path.unlink()
    assert not Refresh(published_site.settings).publish().is_new
    published_site.write("_posts/2026-01-02-two.md")
    loaded = published_site.load()
    assert loaded and loaded.files_read == 1 and loaded.changes == {"added": 1}


def test_aggregates_of_another_definition_are_published_once_they_are_checked(
    published_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_tag = aggregates()["articles_by_tag"]
    changed = replace(by_tag, sql=by_tag.sql + "COMMENT ON COLUMN articles_by_tag.tag IS 'Its name.';\n")
    monkeypatch.setitem(aggregates(), "articles_by_tag", changed)
    monkeypatch.setattr("etl_project.load.aggregates.aggregates_version", lambda: "another")
    refresh = Refresh(published_site.settings)
    refresh.build_aggregates(["articles_by_tag"])
    with pytest.raises(NotChecked, match="generation 1 is aggregated, not checked"):
        refresh.publish()
    refresh.run_checks("aggregates")
    assert refresh.publish().is_new
    comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'articles_by_tag' AND column_name = 'tag'"
    assert published_site.column(comment) == ["Its name."]


def test_a_generation_that_broke_a_check_is_refused(published_site: Site) -> None:
    before = published_site.published.read_bytes()
    published_site.write("_posts/2026-01-02-two.md")
    refresh = checked(published_site)
    with refresh.work.opened() as con:
        con.execute("INSERT INTO tags SELECT * FROM tags")
    refresh.run_checks("tables")
    with pytest.raises(NotChecked, match="generation 2 is failed, not checked"):
        refresh.publish()
    assert published_site.published.read_bytes() == before


def test_a_disk_that_takes_no_more_leaves_the_published_file_and_the_next_refresh_heals(
    published_site: Site,
) -> None:
    before = published_site.published.read_bytes()
    published_site.write("_posts/2026-01-02-two.md")
    checked(published_site)
    ended = subprocess.run(
        [sys.executable, "-c", NO_LARGE_FILES, str(published_site.config)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith(f"The disk of {published_site.published.parent} is full: "), ended
    assert published_site.published.read_bytes() == before
    assert names_beside(published_site) == {"posts.duckdb", ".work"}
    published_site.refresh()
    assert published_site.last_plan and published_site.last_plan.reasons == ["the last refresh was not published"]
    assert published_site.column("SELECT count(*) FROM articles") == [2]


@pytest.fixture
def own_disk(site: Site) -> Iterator[Site]:
    """A site whose warehouse lies on a disk of its own."""
    warehouse = site.published.parent
    warehouse.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(warehouse)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs root: a small disk is mounted")
    try:
        yield site
    finally:
        subprocess.run(["umount", "--lazy", str(warehouse)], check=True)


def resize(disk: Path, free: int) -> None:
    """Leave some bytes free on a disk."""
    now = os.statvfs(disk)
    size = (now.f_blocks - now.f_bfree) * now.f_frsize + free
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def test_a_full_disk_leaves_the_published_file_and_with_room_the_next_refresh_heals(own_disk: Site) -> None:
    own_disk.write("_posts/2026-01-02-one.md")
    own_disk.refresh()
    before = own_disk.published.read_bytes()
    own_disk.write("_posts/2026-01-02-two.md")
    refresh = checked(own_disk)
    resize(own_disk.published.parent, len(before) // 2)
    with pytest.raises(DiskFull, match="no room to publish"):
        refresh.publish()
    assert own_disk.published.read_bytes() == before
    assert names_beside(own_disk) == {"posts.duckdb", ".work"}
    resize(own_disk.published.parent, 64_000_000)
    own_disk.refresh()
    assert own_disk.column("SELECT count(*) FROM articles") == [2]


def test_the_published_file_needs_no_extension_and_no_other_file(published_site: Site) -> None:
    alone = {
        "enable_external_access": "false",
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
    }
    with duckdb.connect(str(published_site.published), read_only=True, config=alone) as con:
        tables = con.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
        names = [name for _, name in tables]
        for schema, name in tables:
            con.execute(f"SELECT * FROM {schema}.{name}").fetchall()
        assert con.execute("SELECT json_extract_string(front_matter, 'title') FROM articles").fetchall() == [
            ("2026-01-02-one",)
        ]
    assert "articles" in names and "articles_by_date" in names


def test_the_published_file_is_of_the_storage_version_old_clients_read(published_site: Site) -> None:
    [tags] = published_site.column("SELECT tags FROM duckdb_databases() WHERE database_name = current_database()")
    assert tags["storage_version"].rstrip("+") == STORAGE_VERSION


def test_bodies_and_texts_are_stored_as_zstd(published_site: Site) -> None:
    for n in range(200):
        published_site.write(f"_posts/2026-01-03-{n}.md", body=f"Paragraph {n} of some length, 港湾小报. " * 50)
    published_site.refresh()
    stored = published_site.query(
        "SELECT DISTINCT column_name, compression FROM pragma_storage_info('article_bodies') "
        "WHERE segment_type = 'VARCHAR' AND column_name <> 'article_id' ORDER BY 1"
    )
    assert stored == [("body", "ZSTD"), ("text", "ZSTD")]


def test_the_folder_of_the_published_file_may_be_new_and_its_name_unusual(tmp_path: Path) -> None:
    site = Site(tmp_path / "it's a [site] 港")
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    assert site.column("SELECT count(*) FROM articles") == [1]
    assert os.access(site.published, os.R_OK)
