"""`etl refresh --full` heals any state of the work file that opens, and compaction never makes a broken one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from changing_site import assert_equals_a_fresh_build
from conftest import Site, assert_the_change_log_adds_up

from etl_project.database.compact import compact
from etl_project.database.contract import OBSERVED, contract
from etl_project.database.work_file import WorkFile

KILL_BETWEEN_COMMIT_AND_CHECKPOINT = """
import os, signal, sys
from pathlib import Path
from etl_project.refresh import Refresh, describe_load
from etl_project.settings import read_settings
describe_load.describe_load = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
refresh = Refresh(read_settings(Path(sys.argv[1])))
refresh.load_tables(refresh.plan())
"""

HISTORY = "[warehouse]\nhistory = true\n"


def grow(site: Site, posts: int) -> None:
    """Build a warehouse whose posts were all overwritten once, so that a compacted file is smaller."""
    for word in ("word", "other"):
        for n in range(posts):
            site.write(f"_posts/2026-01-02-{n}.md", tags=f"t{n % 5}", body=f"{word} {n} " * 400)
        site.load()


def kill_between_commit_and_checkpoint(site: Site) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILL_BETWEEN_COMMIT_AND_CHECKPOINT, str(site.config)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended


def test_a_log_left_by_a_killed_refresh_is_not_played_onto_the_compacted_file(site: Site, tmp_path: Path) -> None:
    grow(site, 60)
    site.write("_posts/2026-01-03-new.md", title="New")
    kill_between_commit_and_checkpoint(site)
    work = WorkFile(site.published)
    assert Path(f"{work.path}.wal").exists()
    compacted = compact(work)
    assert compacted.after < compacted.before
    assert not Path(f"{work.path}.wal").exists()
    with work.opened(read_only=True) as con:
        rows = con.execute("SELECT count(*), count(DISTINCT article_id) FROM articles").fetchall()
        files = con.execute("SELECT count(*), count(DISTINCT path) FROM internal.inventory").fetchall()
    assert rows == files == [(61, 61)]
    site.refresh()
    assert site.refresh() is None
    assert_equals_a_fresh_build(site, tmp_path / "fresh")
    assert_the_change_log_adds_up(site)


TABLES = [name for name, table in contract().items() if not table.is_view]
DOUBLED = [*TABLES, "internal.inventory", "internal.source_states", "internal.categories_seen"]


def doubled(*names: str) -> str:
    return "; ".join(f"INSERT INTO {name} SELECT * FROM {name}" for name in names)


STATES = {
    "every table has its rows twice": doubled(*DOUBLED),
    "a file is in the inventory twice": doubled("internal.inventory"),
    "an article is there twice": doubled("articles"),
    "an article has two histories": doubled("article_history"),
    "the tables are empty": "; ".join(f"DELETE FROM {name}" for name in TABLES),
    "the inventory is empty": "DELETE FROM internal.inventory",
    "a table of the contract is gone": "DROP TABLE article_links",
    "the articles are gone": "DROP TABLE articles",
    "the inventory is gone": "DROP TABLE internal.inventory",
    "a column is gone": "ALTER TABLE articles DROP COLUMN medium",
    "a column has another type": "ALTER TABLE articles ALTER published_on TYPE VARCHAR",
    "an aggregate is gone": "DROP TABLE articles_by_date",
    "an aggregate counts wrong": "UPDATE articles_by_date SET articles = articles + 1",
    "a view is gone": "DROP VIEW articles_live",
    "the generation is missing": "DELETE FROM internal.generation",
    "the generation is there twice": "INSERT INTO internal.generation SELECT * FROM internal.generation",
    "the generation is an old one": "UPDATE internal.generation SET generation = 1",
    "the generation is one to come": "UPDATE internal.generation SET generation = 1_000",
    "the state is no state": "UPDATE internal.generation SET state = 'sound'",
    "the version is another": "UPDATE internal.generation SET schema_version = 'another'",
    "every path is another": "UPDATE internal.inventory SET path = 'x' || path, inode = inode + 1",
    "some articles are lost": "DELETE FROM articles WHERE path LIKE '%-1.md'; DELETE FROM article_bodies",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A warehouse of two refreshes, whose replaced versions are kept."""
    site = Site(tmp_path_factory.mktemp("built"))
    site.configure()
    site.config.write_text(site.config.read_text("utf-8").replace("[warehouse]\n", HISTORY), "utf-8")
    for n in range(4):
        site.write(f"_posts/2026-01-02-{n}.md", tags=f"a t{n}", body=f"A [link](https://h{n}.example/).\n\n# Head")
    site.write("_posts/2026-01-02-bad.md", "---\n- a list\n---\n")
    site.refresh()
    site.write("_posts/2026-01-02-0.md", title="Edited", age=30)
    site.refresh()
    return site


@pytest.fixture(scope="module")
def expected(built: Site) -> dict[str, list[tuple[object, ...]]]:
    return built.derived()


def heal(built: Site, expected: dict[str, list[tuple[object, ...]]], damage: str) -> None:
    """Damage the work file, and assert that one full refresh makes it good."""
    work = WorkFile(built.published)
    with duckdb.connect(str(work.path)) as con:
        con.execute(damage)
    built.refresh(full=True, allow_deletes="'x' ||" in damage)
    assert built.derived() == expected
    assert built.refresh() is None
    # What was observed has one row for each thing that was observed.
    for name, key in (("article_history", "article_id"), ("refreshes", "refresh_id")):
        assert built.query(f"SELECT count(*) - count(DISTINCT {key}) FROM {name}") == [(0,)], name
    numbers = built.column("SELECT refresh_id FROM refreshes ORDER BY 1")
    with work.opened(read_only=True) as con:
        assert con.execute("SELECT generation FROM internal.generation").fetchall() == [(numbers[-1],)]


SOME_STATES = (
    # That a table of the contract is gone has a test of its own below.
    "every table has its rows twice",
    "the generation is missing",
    "every path is another",
)


@pytest.mark.parametrize("state", SOME_STATES)
def test_a_full_refresh_heals_some_states_of_a_work_file_that_opens(
    built: Site, expected: dict[str, list[tuple[object, ...]]], state: str
) -> None:
    heal(built, expected, STATES[state])


@pytest.mark.prove("kills")
@pytest.mark.parametrize("damage", STATES.values(), ids=STATES)
def test_a_full_refresh_heals_any_state_of_a_work_file_that_opens(
    built: Site, expected: dict[str, list[tuple[object, ...]]], damage: str
) -> None:
    heal(built, expected, damage)


def test_every_observed_table_is_among_those_that_are_doubled() -> None:
    assert set(OBSERVED) <= set(DOUBLED)


def test_what_was_observed_survives_a_full_refresh_of_a_work_file_that_lost_a_derived_table(site: Site) -> None:
    """Also where the published files lost it, too: a copy of them is older, and is taken only of what does not open."""
    site.configure(f'{site.source}on_missing = "keep"\n')
    for n in range(3):
        site.write(f"_posts/2026-01-02-{n}.md")
    site.load()
    (site.posts / "_posts/2026-01-02-2.md").unlink()
    site.refresh(allow_deletes=True)
    site.write("_posts/2026-01-02-3.md")
    site.load()  # not published: only the work file knows of it
    changes = "SELECT refresh_id, article_id, change FROM article_changes WHERE refresh_id <= 3 ORDER BY ALL"
    work = WorkFile(site.published)
    with work.opened(read_only=True) as con:
        before = con.execute(changes).fetchall()
    with duckdb.connect(str(work.path)) as con:
        con.execute("DROP TABLE article_mentions")
    site.refresh(full=True)
    assert site.query(changes) == before and len(before) == 5
    assert site.column("SELECT refresh_id FROM refreshes ORDER BY 1") == [1, 2, 3, 4]
    assert site.column("SELECT count(*) FROM articles") == [4], "the article that is kept without its file is there"


def test_a_rebuild_keeps_the_changes_and_versions_of_a_source_whose_name_was_given_on(
    site: Site, tmp_path: Path
) -> None:
    """Two sources had rows of the same ids then: these are no doubles."""

    def configure(*sources: str) -> None:
        site.config.write_text(
            '[warehouse]\npath = "warehouse/posts.duckdb"\nhistory = true\n' + "".join(sources), "utf-8"
        )

    old, new = (f'[[source]]\nname = "{name}"\nlocation = "{name}"\n' for name in ("old", "new"))
    for folder in ("old", "new"):
        (site.folder / folder).mkdir()
        for n in range(3):
            (site.folder / folder / f"{n}.md").write_text(f"---\ntitle: {folder} {n}\n---\n", "utf-8")
    configure(old, new)
    site.load()
    (site.folder / "old/1.md").write_text("---\ntitle: edited\n---\n", "utf-8")
    configure(old)
    site.load(allow_deletes=True)
    configure('[[source]]\nname = "new"\nlocation = "old"\nrenamed_from = "old"\n')
    site.load()
    rows = "SELECT refresh_id, article_id, change, title FROM article_changes ORDER BY ALL"
    versions = "SELECT article_id, title, replaced_at FROM article_versions ORDER BY ALL"
    before = site.query_work(rows), site.query_work(versions)
    assert len(before[0]) > len({row[:2] for row in before[0]}), "two rows of one refresh have one id"
    site.load(full=True)
    assert (site.query_work(rows), site.query_work(versions)) == before
