"""The file before the published one becomes the next one where nobody reads it, and never under a reader."""

from __future__ import annotations

import fcntl
import mmap
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Site, one_post

from etl_project.database import reuse as reuse_module
from etl_project.database.differing_blocks import are_mostly_alike
from etl_project.database.reuse import can_be_reused, reuse
from etl_project.refresh import Refresh
from etl_project.refresh.disk_full import DiskFull
from etl_project.refresh.in_order import take_stages
from etl_project.refresh.outcome import Outcome

IS_LOCAL = reuse_module._is_local

BEFORE, NOW = b"before" * 100_000, b"now" * 250_000


@pytest.fixture(autouse=True)
def on_a_local_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the temporary folder is; where the file system shares blocks, too, as nothing is reused there."""
    monkeypatch.setattr(reuse_module, "_is_local", lambda device: True)
    monkeypatch.setattr("etl_project.database.publish.clone", lambda origin, copy: False)
    (tmp_path / "any").touch()
    if not can_be_reused(tmp_path / "any"):
        pytest.skip("needs a kernel that grants leases: fcntl(2), F_SETLEASE")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "previous"
    path.write_bytes(BEFORE)
    path.chmod(0o444)
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "copy"
    path.touch()
    return path


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    path = tmp_path / "origin"
    path.write_bytes(NOW)
    return path


def test_a_file_that_nobody_reads_becomes_the_copy(file: Path, copy: Path, origin: Path) -> None:
    copy.chmod(0o640)
    inode = file.stat().st_ino
    assert reuse(file, copy, origin)
    assert not file.exists() and copy.read_bytes() == NOW == origin.read_bytes()
    assert copy.stat().st_ino == inode and copy.stat().st_mode & 0o777 == 0o640


def test_without_further_threads_the_blocks_are_written_one_after_another(
    file: Path, copy: Path, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert reuse(file, copy, origin) and copy.read_bytes() == NOW


def test_a_file_that_is_open_here_or_elsewhere_or_mapped_is_left(file: Path, copy: Path, origin: Path) -> None:
    with file.open("rb") as opened:
        assert not reuse(file, copy, origin)
        with mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            opened.close()
            assert not reuse(file, copy, origin)
            assert mapped[:6] == b"before"
    with file.open("rb") as given:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[given.fileno()])
    try:
        assert not reuse(file, copy, origin)
    finally:
        child.communicate(b"\n", timeout=60)
    assert file.read_bytes() == BEFORE and copy.read_bytes() == b""
    assert reuse(file, copy, origin)


def test_a_file_with_two_names_or_of_no_posts_at_all_is_left(file: Path, tmp_path: Path) -> None:
    other, link, pipe = tmp_path / "other", tmp_path / "link", tmp_path / "pipe"
    other.hardlink_to(file)
    assert not can_be_reused(file)
    other.unlink()
    link.symlink_to(file)
    os.mkfifo(pipe)
    assert can_be_reused(file)
    assert not any(map(can_be_reused, (link, pipe, tmp_path, tmp_path / "not there")))


def test_a_file_of_a_disk_that_other_machines_may_read_is_left(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "27 1 254:0 / / rw - ext4 /dev/vda rw\n"
        "40 27 0:40 / /net rw shared:1 - nfs4 host:/ rw\n"
        "41 27 0:41 / /two rw - ext4 /dev/vdb rw\n42 27 0:41 / /names rw master:1 - fuse.x y rw\n",
        "utf-8",
    )
    monkeypatch.setattr(reuse_module, "_MOUNTS", mounts)
    devices = [(254, 0), (0, 40), (0, 41), (254, 1)]
    assert [IS_LOCAL(os.makedev(*device)) for device in devices] == [True, False, False, False]
    monkeypatch.setattr(reuse_module, "_MOUNTS", tmp_path / "no such file")
    assert not IS_LOCAL(os.makedev(254, 0))
    monkeypatch.setattr(reuse_module, "_is_local", IS_LOCAL)
    assert not can_be_reused(file)


def test_who_opens_the_file_just_before_it_goes_is_not_disturbed(
    file: Path, copy: Path, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, opened = reuse_module.can_be_reused, []

    def open_afterwards(path: Path) -> bool:
        answer = real(path)
        if not opened:
            opened.append(file.open("rb"))
        return answer

    monkeypatch.setattr(reuse_module, "can_be_reused", open_afterwards)
    assert not reuse(file, copy, origin)
    with opened[0] as reader:
        assert reader.read() == file.read_bytes() == BEFORE and copy.read_bytes() == b""


def test_who_opens_the_file_while_linux_is_asked_waits_a_moment_and_kills_nobody(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux tells the holder of a lease by a signal, whose default ends a process."""
    code = "import sys; print('begun', flush=True); print(len(open(sys.argv[1], 'rb').read()))"
    real, readers = fcntl.fcntl, []

    def wait_for_reader(opened: int, command: int, value: Any = 0) -> Any:
        done = real(opened, command, value)
        if command == fcntl.F_SETLEASE and value == fcntl.F_WRLCK:
            reader = subprocess.Popen([sys.executable, "-c", code, file], stdout=subprocess.PIPE, text=True)
            readers.append(reader)
            assert reader.stdout and reader.stdout.readline() == "begun\n"
            # The lease is being broken once the reader waits for it: then F_GETLEASE tells what it is to become.
            end = time.monotonic() + 60
            while real(opened, fcntl.F_GETLEASE) == fcntl.F_WRLCK:
                assert time.monotonic() < end
                time.sleep(0.01)
        return done

    monkeypatch.setattr(fcntl, "fcntl", wait_for_reader)
    can_be_reused(file)
    said, _ = readers[0].communicate(timeout=60)
    assert (said, readers[0].returncode) == (f"{len(BEFORE)}\n", 0)


@pytest.fixture
def twice(site: Site) -> Site:
    """A site that was published twice."""
    site.write("_posts/2026-01-02-two.md", title="Two")
    site.refresh()
    return site


@pytest.mark.built(by=one_post)
def test_the_two_published_files_take_turns_and_are_whole(twice: Site) -> None:
    previous = twice.published.with_name("posts.previous.duckdb")
    inodes = [twice.published.stat().st_ino, previous.stat().st_ino]
    for number in range(3, 7):
        before = twice.published.read_bytes()
        twice.write(f"_posts/2026-01-0{number}-more.md")
        twice.refresh()
        inodes.reverse()
        assert [twice.published.stat().st_ino, previous.stat().st_ino] == inodes
        assert previous.read_bytes() == before
        assert twice.published.read_bytes() == Refresh(twice.settings).work.path.read_bytes()
        assert twice.published.stat().st_mode & 0o777 == 0o444 == previous.stat().st_mode & 0o777
        assert twice.column("SELECT count(*) FROM articles") == [number]


@pytest.mark.built(by=one_post)
def test_who_reads_on_for_many_refreshes_reads_what_was_there(twice: Site) -> None:
    with twice.published.open("rb") as reader:
        before = reader.read()
        for number in range(3, 6):
            twice.write(f"_posts/2026-01-0{number}-more.md")
            twice.refresh()
            reader.seek(0)
            assert reader.read() == before
    assert twice.column("SELECT count(*) FROM articles") == [5]


@pytest.mark.built(by=one_post)
def test_a_publication_that_fails_leaves_the_published_file(twice: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_up(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = twice.published.read_bytes()
    twice.write("_posts/2026-01-03-three.md")
    with monkeypatch.context() as full:
        full.setattr(reuse_module, "write_differing_blocks", fill_up)
        with pytest.raises(DiskFull, match="The published file is as it was"):
            twice.refresh()
    assert twice.published.read_bytes() == before
    assert sorted(path.name for path in twice.published.parent.iterdir()) == [".work", "posts.duckdb"]
    twice.refresh()
    assert twice.column("SELECT count(*) FROM articles") == [3]
    assert twice.published.with_name("posts.previous.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (BEFORE, True),
        (BEFORE[:400_000] + b"x" * 200_000, True),
        (BEFORE[:200_000] + b"x" * 400_000, False),
        (b"x" + BEFORE, False),
        (b"", False),
    ],
    ids=["same", "two thirds", "one third", "moved by a byte", "empty"],
)
def test_files_are_mostly_alike_where_most_blocks_are(file: Path, tmp_path: Path, other: bytes, *, alike: bool) -> None:
    (tmp_path / "other").write_bytes(other)
    assert are_mostly_alike(file, tmp_path / "other") is are_mostly_alike(tmp_path / "other", file) is alike


def test_a_file_that_cannot_be_read_is_like_none(file: Path, tmp_path: Path) -> None:
    assert not are_mostly_alike(file, tmp_path / "not there") and not are_mostly_alike(tmp_path / "not there", file)


@pytest.mark.built(by=one_post)
def test_a_file_that_is_no_more_like_the_published_one_is_not_reused(
    twice: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl_project.database.copy_ahead.LEAST_BYTES", 0)
    monkeypatch.setattr("etl_project.database.copy_ahead.clone", lambda origin, copy: False)
    for alike in (True, False):
        monkeypatch.setattr("etl_project.database.work_file.are_mostly_alike", lambda one, other, alike=alike: alike)
        inode = twice.published.with_name("posts.previous.duckdb").stat().st_ino
        twice.write(f"_posts/2026-01-0{3 + alike}-more.md")
        refresh = Refresh(twice.settings)
        refresh.work.stays_attached = True
        take_stages(refresh, refresh.plan(), outcome := Outcome())
        refresh.work.close()
        assert outcome.published and outcome.published.is_new
        assert (twice.published.stat().st_ino == inode) is alike
