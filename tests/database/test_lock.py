"""The lock that keeps two refreshes of one warehouse apart, with processes that really hold it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Site

from etl_project.database import opening
from etl_project.database.lock import LockHeld, RefreshLock, describe_holder
from etl_project.errors import BUSY
from etl_project.refresh import Refresh

HOLD = """
import sys
from pathlib import Path
from etl_project.database.lock import RefreshLock
lock = RefreshLock(Path(sys.argv[1]))
lock.acquire("etl refresh")
print("held", flush=True)
sys.stdin.read()
lock.release()
print("released", flush=True)
sys.stdin.close()
"""


@pytest.fixture
def lock(tmp_path: Path) -> RefreshLock:
    return RefreshLock(tmp_path / ".work" / "posts.lock")


@pytest.fixture
def other(lock: RefreshLock) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_kept_out_and_told_who_holds_the_lock(
    lock: RefreshLock, other: subprocess.Popen[str]
) -> None:
    with pytest.raises(LockHeld) as held:
        lock.acquire("etl refresh")
    assert held.value.exit_code == BUSY
    assert held.value.holder["pid"] == str(other.pid)
    assert f"etl refresh, process {other.pid} on " in str(held.value)
    assert str(held.value).startswith("Nothing was done, another refresh is running")


def test_the_lock_is_free_when_its_holder_lets_go(lock: RefreshLock, other: subprocess.Popen[str]) -> None:
    assert other.stdin and other.stdout
    other.stdin.close()
    assert other.stdout.readline() == "released\n"
    lock.acquire("etl refresh")
    lock.release()


def test_the_lock_of_a_killed_process_is_free_at_once(lock: RefreshLock, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert str(other.pid) in lock.path.read_text("utf-8"), "its name is left behind, and must not count"
    assert lock.holder() is None
    lock.acquire("etl refresh")
    lock.release()


def test_who_waits_gets_the_lock_when_it_becomes_free(lock: RefreshLock, other: subprocess.Popen[str]) -> None:
    assert other.stdin
    other.stdin.close()  # it lets go some time from now
    lock.acquire("Dagster run", wait_seconds=10)
    holder = lock.holder()
    lock.release()
    assert holder and holder["who"] == "Dagster run" and holder["pid"] == str(os.getpid())


def test_who_waits_in_vain_is_told_who_holds_the_lock(lock: RefreshLock, other: subprocess.Popen[str]) -> None:
    began = time.monotonic()
    with pytest.raises(LockHeld, match=f"process {other.pid}"):
        lock.acquire("Dagster run", wait_seconds=0.5)
    assert 0.5 <= time.monotonic() - began < 5


def test_taking_the_lock_again_in_its_process_needs_as_many_releases(lock: RefreshLock) -> None:
    lock.acquire("etl refresh")
    RefreshLock(lock.path).acquire("Dagster run")
    lock.release()
    holder = lock.holder()
    assert holder and holder["who"] == "etl refresh", "the first holder is still at work"
    lock.release()
    assert lock.holder() is None


def test_asking_for_the_holder_keeps_nobody_out(lock: RefreshLock) -> None:
    assert lock.holder() is None, "there has never been one"
    assert not lock.path.exists(), "asking writes nothing"
    lock.acquire("etl refresh")
    lock.release()
    assert lock.holder() is None
    lock.acquire("etl refresh")
    assert lock.holder() is not None
    lock.release()


def test_asking_for_the_holder_leaves_the_holder_its_lock(lock: RefreshLock, other: subprocess.Popen[str]) -> None:
    for _ in range(3):
        holder = lock.holder()
        assert holder and holder["pid"] == str(other.pid)
    with pytest.raises(LockHeld):
        lock.acquire("etl refresh")


def test_a_holder_that_has_not_said_its_name_is_described_too(lock: RefreshLock, other: subprocess.Popen[str]) -> None:
    lock.path.write_bytes(b"")
    with pytest.raises(LockHeld, match="has not written its name yet"):
        lock.acquire("etl refresh")
    assert describe_holder({}) == "a process that has not written its name yet"


ASK = """
import sys
from pathlib import Path
from etl_project.database.lock import RefreshLock
lock = RefreshLock(Path(sys.argv[1]))
print("asking", flush=True)
while True:
    lock.holder()
"""


def test_a_refresh_that_begins_while_somebody_asks_is_not_turned_away(lock: RefreshLock) -> None:
    lock.acquire("etl refresh")
    lock.release()
    with subprocess.Popen([sys.executable, "-c", ASK, str(lock.path)], stdout=subprocess.PIPE, text=True) as asking:
        try:
            assert asking.stdout and asking.stdout.readline() == "asking\n"
            for _ in range(300):
                lock.acquire("etl refresh")
                lock.release()
        finally:
            asking.kill()


def test_a_work_file_that_is_open_in_another_program_is_named_and_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "OPEN_SECONDS", 0.3)
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    work = Refresh(site.settings).work
    inode = work.path.stat().st_ino
    code = f"import duckdb, sys; con = duckdb.connect({str(work.path)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin and other.stdout
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(opening.OpenElsewhere, match=rf"posts\.duckdb is open in another program .*{other.pid}"):
            site.refresh()
        other.stdin.close()
    assert work.path.stat().st_ino == inode
    assert site.refresh() is None
