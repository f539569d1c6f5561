"""What docs/operations.md promises of backups and upgrades."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
from conftest import Site, assert_the_change_log_adds_up

from etl_project.database.contract import OBSERVED

HISTORY = "SELECT article_id, first_seen_at FROM article_history ORDER BY 1"


def written(site: Site) -> Site:
    """A warehouse of three posts and two refreshes."""
    for n in range(3):
        site.write(f"_posts/2026-01-0{n + 1}-post.md", title=f"Post {n}")
    site.refresh()
    site.write("_posts/2026-01-02-post.md", title="Corrected")
    site.refresh()
    return site


def observed(site: Site) -> dict[str, list[str]]:
    """Every row of every table that a rebuild cannot read from the posts."""
    return {table: [repr(row) for row in site.query(f"SELECT * FROM {table} ORDER BY ALL")] for table in OBSERVED}


def assert_kept(before: dict[str, list[str]], site: Site) -> None:
    """Each row is there as it was, however many have come since."""
    for table, rows in observed(site).items():
        assert before[table], f"{table} has rows that could be lost"
        assert set(before[table]) <= set(rows), table


def test_a_backup_of_the_published_file_restores_the_warehouse_with_its_history(site: Site, tmp_path: Path) -> None:
    site.configure()
    site.config.write_text(
        site.config.read_text("utf-8").replace("[warehouse]", "[warehouse]\nhistory = true"), "utf-8"
    )
    written(site)
    before, kept = site.derived(), observed(site)
    elsewhere = Site(tmp_path / "elsewhere")
    elsewhere.published.parent.mkdir(parents=True)
    shutil.copy(site.config, elsewhere.config)
    shutil.copytree(site.posts, elsewhere.posts)
    shutil.copy(site.published, elsewhere.published)
    elsewhere.refresh()
    for name, rows in elsewhere.derived().items():
        # The only thing that a place changes is its own name.
        assert name == "sources" or rows == before[name], name
    assert_kept(kept, elsewhere)
    assert [len(rows) for rows in observed(elsewhere).values()][:3] == [len(rows) for rows in kept.values()][:3]
    # The work folder is lost; then both files of now are, and the file before them has what was observed until then.
    shutil.rmtree(elsewhere.published.parent / ".work")
    elsewhere.write("_posts/2026-01-09-more.md")
    elsewhere.refresh()
    assert_kept(kept, elsewhere)
    shutil.rmtree(elsewhere.published.parent / ".work")
    elsewhere.published.unlink()
    elsewhere.refresh()
    assert_kept(kept, elsewhere)
    assert_the_change_log_adds_up(elsewhere)


def test_a_warehouse_of_an_older_version_with_other_tables_is_built_anew_with_its_history(site: Site) -> None:
    written(site)
    before, history = site.derived(), site.query(HISTORY)
    site.published.chmod(0o644)
    for path in (site.published, site.published.parent / ".work" / "posts.duckdb"):
        with duckdb.connect(str(path)) as con:
            con.execute("UPDATE internal.generation SET schema_version = 'of long ago'")
            con.execute("DROP VIEW IF EXISTS changes")
            con.execute("ALTER TABLE articles DROP COLUMN excerpt")
            for column in ("was_live", "is_live"):
                con.execute(f"ALTER TABLE article_changes DROP COLUMN {column}")
            con.execute("ALTER TABLE article_links RENAME COLUMN url TO address")
            con.execute("ALTER TABLE internal.inventory DROP COLUMN deferrals")
            con.execute("DROP TABLE article_headings")
            for table in sorted({*OBSERVED} - {"article_history", "article_changes", "refreshes"}):
                con.execute(f"DROP TABLE {table}")
    assert site.refresh()
    assert site.derived() == before
    assert site.query(HISTORY) == history
    assert site.query("SELECT change, was_live, is_live, count(*) FROM changes GROUP BY ALL ORDER BY 1") == [
        ("added", False, True, 3),
        ("changed", True, True, 1),
    ], "where it was not written down what was out, the status speaks for it"
    assert_the_change_log_adds_up(site)
