"""A refresh with nothing to do leaves the warehouse alone, as the kernel sees it."""

from __future__ import annotations

from pathlib import Path

from changing_site import write_posts
from conftest import Site
from watching import watching


def below(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, time of change and time of inode change of every file that is not the record of a look or the lock."""
    return {
        str(path): (info.st_ino, info.st_mtime_ns, info.st_ctime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".json", ".lock") and (info := path.stat())
    }


def test_nothing_to_do_opens_no_database_for_writing_and_publishes_nothing(site: Site) -> None:
    write_posts(site, 5)
    site.refresh()
    warehouse = site.published.parent
    before = below(warehouse)
    assert before
    with watching(warehouse, warehouse / ".work") as watch:
        assert site.refresh() is None
        # A file that was open for writing is told of when it is closed, whether it was written to or not.
        assert set(watch.names()) <= {"posts.last_look.json", "posts.last_look.tmp"}
    assert below(warehouse) == before


def test_the_watch_that_proves_it_sees_a_database_that_is_opened_for_writing(site: Site) -> None:
    write_posts(site, 5)
    site.refresh()
    write_posts(site, 1, begin=5)
    with watching(site.published.parent, site.published.parent / ".work") as watch:
        site.refresh()
        assert {"posts.duckdb", ".posts.duckdb.publishing"} <= set(watch.names())
