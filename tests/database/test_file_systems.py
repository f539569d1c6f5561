"""Where the warehouse lies: odd folders, links, and file systems that lack something."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from conftest import Site, one_post

from etl_project.database.work_file import WorkFile
from etl_project.refresh.refresh import Refresh


def filled(folder: Path, warehouse: str) -> Site:
    site = Site(folder, warehouse=warehouse)
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    return site


@pytest.mark.parametrize("folder", ["env=prod/language=zh/status=x", "a b&d=e/s3:", "a[b]c/a*b", "a{b}/[!a]"])
def test_a_folder_of_the_warehouse_is_neither_a_pattern_nor_a_column(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a[b]c").mkdir()
    site = filled(tmp_path, f"{folder}/posts.duckdb")
    site.load()
    assert site.query_work("SELECT count(*) FROM articles") == [(1,)]


def test_a_published_file_that_is_a_link_is_written_through(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    site = filled(tmp_path, "wh/posts.duckdb")
    site.published.parent.mkdir()
    site.published.symlink_to("../disk/posts.duckdb")
    site.refresh()
    site.write("_posts/2026-01-02-two.md")
    site.refresh()
    assert site.published.is_symlink() and site.column("SELECT count(*) FROM articles") == [2]
    assert sorted(file.name for file in disk.iterdir()) == ["posts.duckdb", "posts.previous.duckdb"]
    assert not any(file.is_symlink() for file in disk.iterdir())
    assert site.refresh() is None


@pytest.mark.built(by=one_post)
def test_the_published_file_is_for_whom_the_umask_lets_read(site: Site) -> None:
    for umask, mode in ((0o077, 0o400), (0o027, 0o440), (0o022, 0o444), (0o007, 0o440)):
        site.published.unlink()
        before = os.umask(umask)
        try:
            Refresh(site.settings).publish()
        finally:
            os.umask(before)
        assert stat.S_IMODE(site.published.stat().st_mode) == mode, oct(umask)


def test_without_hard_links_permissions_or_written_folders_the_previous_file_is_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    site = filled(tmp_path, "wh/posts.duckdb")
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "fchmod", refuse)
    site.refresh()
    first = site.published.read_bytes()
    site.write("_posts/2026-01-02-two.md")
    site.refresh()
    assert site.published.with_name("posts.previous.duckdb").read_bytes() == first != site.published.read_bytes()


def test_warehouses_of_one_folder_share_no_file(tmp_path: Path) -> None:
    names = ["a.duckdb", "b.duckdb", "a.db"]
    files = [
        {str(file) for file in (w.path, w.staging, w.alerts, w.last_plan.path, w._spill)}
        for w in (WorkFile(tmp_path / name) for name in names)
    ]
    assert len(set.union(*files)) == sum(map(len, files))


def test_a_sweep_of_one_warehouse_leaves_what_another_has_spilled(tmp_path: Path) -> None:
    site = filled(tmp_path, "wh/a.duckdb")
    other = Refresh(site.settings).work
    spilled = other.folder / "b.spill/duckdb_temp_storage-0.tmp"
    spilled.parent.mkdir(parents=True)
    spilled.write_bytes(b"rows")
    other.sweep()
    assert spilled.read_bytes() == b"rows"
