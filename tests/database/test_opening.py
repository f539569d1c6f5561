"""Files that do not open: only proven damage costs a file, and a name of a file means nothing to DuckDB."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import Site

from etl_project.database.opening import DoesNotOpen, is_damage
from etl_project.refresh.refresh import Refresh


def overwrite(offset: int, contents: bytes) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        with file.open("r+b") as opened:
            opened.seek(offset)
            opened.write(contents)

    return write


def write_sqlite(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as con:
        con.execute("CREATE TABLE a (b)")


def write_foreign_tables(file: Path) -> None:
    file.unlink()
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE TABLE a (b INTEGER)")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "empty": lambda file: os.truncate(file, 0),
    "cut in its header": lambda file: os.truncate(file, 1000),
    "cut in its middle": lambda file: os.truncate(file, file.stat().st_size // 2),
    "text": lambda file: file.write_text("not a database\n" * 1000) and None,
    "no magic bytes": overwrite(8, b"XXXX"),
    "both headers overwritten": overwrite(4096, b"\xff" * 8192),
    "SQLite": write_sqlite,
    "other tables": write_foreign_tables,
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    site = Site(tmp_path_factory.mktemp("built"))
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    return (site.published.parent / ".work/posts.duckdb").read_bytes()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_work_file_is_set_aside(site: Site, built: bytes, damage: Callable[[Path], None]) -> None:
    work = Refresh(site.settings).work
    work.folder.mkdir(parents=True)
    work.path.write_bytes(built)
    damage(work.path)
    damaged = work.path.read_bytes()
    Path(f"{work.path}.wal").write_bytes(b"log")
    assert not work.restore()
    assert work.damaged and work.damaged.read_bytes() == damaged
    assert Path(f"{work.damaged}.wal").read_bytes() == b"log"
    assert sorted(work.folder.iterdir()) == [work.damaged, Path(f"{work.damaged}.wal")]


def test_a_file_that_is_not_proven_to_be_damaged_stays_and_is_named(
    site: Site, built: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Refresh(site.settings).work
    work.folder.mkdir(parents=True)
    work.path.write_bytes(built)

    def fail(*_: object) -> None:
        raise duckdb.IOException("IO Error: Cannot open file: Too many open files")

    monkeypatch.setattr("etl_project.database.work_file.open_with_retries", fail)
    with pytest.raises(DoesNotOpen, match=r"posts\.duckdb does not open: .*Too many open files\. It was left as it is"):
        work.restore()
    assert work.path.read_bytes() == built and work.damaged is None


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException("IO Error: Cannot open file: Permission denied"),
        duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"),
        duckdb.IOException("IO Error: Could not read from file: Input/output error"),
        duckdb.IOException("Trying to read a database file with version number 99, but we can only read version 64"),
    ],
)
def test_errors_of_the_machine_are_no_damage(error: duckdb.Error) -> None:
    assert not is_damage(error)


@pytest.mark.parametrize(
    "name",
    ["internal", "main", "work", "memory", "temp", "system", "inspected", "a'b"],
)
def test_the_name_of_the_published_file_means_nothing(tmp_path: Path, name: str) -> None:
    site = Site(tmp_path, warehouse=f"wh/{name}.duckdb")
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    work = Refresh(site.settings).work
    assert (work.published_edition() or (0,))[0] == 1
    with work.opened(read_only=True) as con:
        assert con.execute("SELECT count(*) FROM refreshes").fetchall() == [(1,)]
    assert site.refresh() is None
