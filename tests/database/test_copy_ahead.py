"""The copy that is made ahead of a publication ends as a copy of the work file, whatever it was before."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from conftest import Site, one_post

from etl_project.database import copy_ahead
from etl_project.database.copy_ahead import CopyAhead
from etl_project.database.generation import generation
from etl_project.refresh import Refresh
from etl_project.refresh.in_order import take_stages
from etl_project.refresh.outcome import Outcome

BLOCK = 256 * 1024
BEFORE = os.urandom(3 * BLOCK + 1_000)


@pytest.fixture(autouse=True)
def small_files_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_ahead, "LEAST_BYTES", 0)
    # Where blocks can be shared, nothing is copied ahead.
    monkeypatch.setattr(copy_ahead, "clone", lambda origin, copy: False)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    file = tmp_path / "published"
    file.write_bytes(BEFORE)
    return file


@pytest.mark.parametrize(
    "now",
    [
        BEFORE,
        b"",
        b"x",
        b"x" + BEFORE[1:],
        BEFORE[:-1] + b"x",
        BEFORE[:BLOCK] + b"x" + BEFORE[BLOCK + 1 :],
        BEFORE[: 2 * BLOCK],
        BEFORE[: BLOCK + 7],
        BEFORE + b"x" * (2 * BLOCK + 5),
        BEFORE[BLOCK:],
        bytes(len(BEFORE)),
    ],
    ids=[
        "same", "empty", "one byte", "first byte", "last byte", "start of a block", "whole blocks fewer", "shorter",
        "longer", "moved", "zeros",
    ],
)  # fmt: skip
def test_a_copy_becomes_one_of_the_file(published: Path, tmp_path: Path, now: bytes) -> None:
    origin = tmp_path / "origin"
    origin.write_bytes(now)
    copy = CopyAhead(published, tmp_path / "copy")
    assert copy.complete(origin)
    assert (tmp_path / "copy").read_bytes() == now and published.read_bytes() == BEFORE


def test_only_blocks_that_differ_are_written(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, written = tmp_path / "origin", []
    origin.write_bytes(BEFORE[:BLOCK] + b"x" + BEFORE[BLOCK + 1 :] + b"more")
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, place: written.append(place) or real(file, data, place))
    assert CopyAhead(published, tmp_path / "copy").complete(origin)
    assert sorted(written) == [BLOCK, 3 * BLOCK]


def test_a_copy_that_fails_is_none(published: Path, tmp_path: Path) -> None:
    assert not CopyAhead(published, tmp_path / "nowhere" / "copy").complete(published)
    assert not CopyAhead(tmp_path / "no file", tmp_path / "copy").complete(published)
    assert not (tmp_path / "copy").exists()


def test_without_a_thread_there_is_none(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert not CopyAhead(published, tmp_path / "copy").complete(published)


def test_nothing_is_copied_ahead_where_blocks_are_shared_or_few(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as shared:
        shared.setattr(copy_ahead, "clone", lambda origin, copy: True)
        assert not CopyAhead(published, tmp_path / "copy").complete(published)
    monkeypatch.setattr(copy_ahead, "LEAST_BYTES", len(BEFORE) + 1)
    assert not CopyAhead(published, tmp_path / "copy").complete(published)
    assert not (tmp_path / "copy").exists()


def begin(site: Site) -> Refresh:
    site.write("_posts/2026-03-01-two.md", title="Two")
    refresh = Refresh(site.settings)
    refresh.work.stays_attached = True
    return refresh


@pytest.mark.built(by=one_post)
def test_a_refresh_publishes_the_copy_it_made_ahead(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    completed = []
    real = CopyAhead.complete
    monkeypatch.setattr(CopyAhead, "complete", lambda *given: completed.append(real(*given)) or completed[-1])
    refresh = begin(site)
    take_stages(refresh, refresh.plan(), outcome := Outcome())
    assert completed == [True] and outcome.published and outcome.published.is_new
    assert site.published.read_bytes() == refresh.work.path.read_bytes()
    assert not site.published.stat().st_mode & 0o222
    refresh.work.close()
    assert site.refresh() is None and sorted(site.column("SELECT title FROM articles"))[-1] == "Two"


@pytest.mark.built(by=one_post)
def test_a_refresh_that_does_not_publish_leaves_no_copy(site: Site) -> None:
    refresh = begin(site)
    refresh.load_tables(refresh.plan())
    with refresh.work.opened() as con:
        assert generation(con).number == 2
    refresh.work.close()
    assert not refresh.work.unfinished.exists()
    assert site.query("SELECT count(*) FROM articles") == [(1,)]
