"""Files with odd times, in the folders of disks and bins, not on this disk, and copies of conflicts."""

from __future__ import annotations

import os
from array import array
from pathlib import Path

import pytest
from conftest import Site
from hypothesis import given
from hypothesis import strategies as st

from etl_project.extract.conflict_copies import is_conflict_copy
from etl_project.reasons import Rejection
from etl_project.refresh import Refresh
from etl_project.sources.folder import PinnedFolder, _make_columns, read_file
from etl_project.sources.listing import folder_frame
from etl_project.sources.signature import wrap_ns
from etl_project.sources.source import Source


def listed(folder: Path) -> dict[str, int]:
    rows = folder_frame("s", PinnedFolder(folder).walk(Source("s", folder))).to_dicts()
    return {row["path"]: row["size"] for row in rows}


@given(st.integers(-(2**200), 2**200), st.integers(-(2**63), 2**63 - 1))
def test_any_time_fits_and_one_of_64_bits_is_as_it_was(time_ns: int, fitting: int) -> None:
    assert -(2**63) <= wrap_ns(time_ns) < 2**63 and wrap_ns(wrap_ns(time_ns)) == wrap_ns(time_ns)
    assert wrap_ns(fitting) == fitting


@pytest.mark.parametrize("year_ns", [15_021_590_400 * 10**9, -11_644_473_600 * 10**9, -1, (2**63 - 1) * 10**9])
def test_files_of_the_years_2446_and_1601_are_listed(year_ns: int) -> None:
    files = _make_columns(["a", "b"], array("i", [0, 0]), [3, year_ns, year_ns + 1, 7, 4, 5, 6, 8])
    assert list(files.mtimes_ns) == [wrap_ns(year_ns), 5] and list(files.ctimes_ns) == [wrap_ns(year_ns + 1), 6]
    assert list(files.sizes) == [3, 4] and list(files.inodes) == [7, 8]


@pytest.mark.parametrize("inode", [2**63 - 1, 2**63, 2**64 - 1])
def test_an_inode_takes_all_of_64_bits(inode: int) -> None:
    files = _make_columns(["a\0b"], array("i", [0, 0]), [-1, 5, 6, inode, 4, 5, 6, 8])
    assert list(files.inodes) == [inode, 8] and list(files.sizes) == [-1, 4]


def test_folders_of_disks_and_bins_and_locks_of_office_programs_hold_no_posts(tmp_path: Path) -> None:
    folders = ("@eaDir", "#recycle", "$RECYCLE.BIN", "__MACOSX", "lost+found", ".stversions", ".trash", ".Trash-1000")
    for name in (*(f"{folder}/p.md" for folder in folders), "~$p.md", "._p.md", "sub/@eaDir/p.md", "kept/p.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    assert set(listed(tmp_path)) == {"kept/p.md"}


def test_a_placeholder_of_icloud_stands_for_its_file(tmp_path: Path) -> None:
    for name in (".a.md.icloud", "b.md", ".b.md.icloud", ".c.txt.icloud"):
        (tmp_path / name).write_text("text")
    assert listed(tmp_path) == {"a.md": -1, "b.md": 4}
    with pytest.raises(Rejection, match="not_downloaded"):
        read_file(os.fsencode(tmp_path), "a.md", 100)


def test_a_post_that_icloud_took_off_the_disk_keeps_its_row_and_a_new_one_waits(site: Site) -> None:
    file = site.write("_posts/2026-01-02-one.md")
    site.write("_posts/2026-01-03-two.md")
    site.load()
    file.rename(file.with_name(f".{file.name}.icloud"))
    for verify in (False, True):
        loaded = site.load(verify=verify)
        assert loaded and loaded.files_read == 0 and not loaded.is_new
    (file.parent / ".2026-01-04-new.md.icloud").write_text("x")
    site.load()
    assert site.column_of_work("SELECT count(*) FROM articles") == [2]
    assert site.column_of_work("SELECT reason FROM rejected_files") == ["not_downloaded"]


@pytest.mark.parametrize(
    "name",
    [
        *("p.sync-conflict-20240101-120000-ABCDEFG.md", "p (conflicted copy 2024-01-01 120000).md"),
        *("p (Bob's conflicted copy 2024-01-01).md", "p (Conflicted copy iPhone 202401011200).md"),
        *("p (SFConflict bob@x 2024-01-01).md", "p.Conflict.md", "p [conflicted].md", "p (Case Conflict).md"),
        *("p (某某 的冲突副本 2024-01-01).md", "p_conflict-20240101-120000.md"),
    ],
)
def test_names_that_programs_give_to_copies_of_conflicts_are_told(name: str) -> None:
    assert is_conflict_copy(f"a/{name}")


@pytest.mark.parametrize(
    "path",
    [
        *("conflict/p.md", "the-conflict.md", "2024-01-01-冲突升级.md", "p (俄乌冲突).md", "a conflict of interest.md"),
        *("2024-01-01-the-conflicted-copywriter.md", "p 2.md", "p (conflict of interest in banks).md"),
    ],
)
def test_names_that_people_give_are_none(path: str) -> None:
    assert not is_conflict_copy(path)


def test_copies_of_conflicts_are_loaded_with_a_warning_and_told(site: Site) -> None:
    for name in ("a", "a.sync-conflict-20240101-120000-ABCDEFG", "b", "b 2", "b_LOCAL_1", "c 2", "d", "d 2"):
        title = name[0] if name != "d 2" else "Another"
        site.write(f"_posts/2026-01-02-{name}.md", title=title)
    site.load()
    [told] = [r for r in Refresh(site.settings).run_checks("tables") if r.check.name == "no_post_is_a_conflict_copy"]
    assert "conflict copies: 3 of the files of site" in told.sample[0]
    warned = "SELECT path FROM post_files WHERE list_contains(warnings, 'conflict_copy')"
    assert site.column_of_work(warned) == ["_posts/2026-01-02-a.sync-conflict-20240101-120000-ABCDEFG.md"]


def test_a_source_in_a_folder_whose_name_is_no_utf8_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path / os.fsdecode(b"\xd6\xd0"), warehouse=str(tmp_path / "posts.duckdb"))
    monkeypatch.setenv("ETL_WAREHOUSE", site.warehouse)
    site.configure()
    site.write("_posts/2026-01-02-one.md")
    site.load()
    refresh = Refresh(site.settings)
    with refresh.work.opened(read_only=True) as con:
        assert con.execute("SELECT location FROM sources").fetchall() == [(rf"{tmp_path}/\xd6\xd0/site",)]
