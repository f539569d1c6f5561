"""`--verify`: every file is hashed again, and what the signature missed is an alarm."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import Site, equals_full_build

from etl_project.extract import tasks
from etl_project.sources import folder

HIDDEN = ("mtime_ns", "ctime_ns", "inode")


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk whose files show no time of change and are never young, as some network mounts."""
    monkeypatch.setattr(tasks, "YOUNG_NS", 0)
    real = folder.signature_of
    monkeypatch.setattr(folder, "signature_of", lambda info: folder.Signature(real(info).size, 0, 0, 0))
    batch = folder._batch

    def blind_batch(*columns: Any) -> pa.RecordBatch:
        listed = batch(*columns)
        nothing = [pa.array([0] * len(listed), listed.schema.field(name).type) for name in HIDDEN]
        for name, zeros in zip(HIDDEN, nothing, strict=True):
            listed = listed.set_column(listed.schema.get_field_index(name), name, zeros)
        return listed

    monkeypatch.setattr(folder, "_batch", blind_batch)


def rewrite_unseen(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"Some words.", b"Same words."))


@pytest.mark.usefixtures("blind")
def test_verify_finds_a_change_that_the_signature_missed_and_names_the_file(site: Site) -> None:
    files = [site.write(f"_posts/2026-01-02-{n}.md") for n in range(100)]
    site.refresh()
    rewrite_unseen(files[7])
    assert site.refresh() is None, "a look that trusts the signature cannot see it"
    loaded = site.refresh(verify=True)
    assert loaded and loaded.missed == ["site/_posts/2026-01-02-7.md"]
    assert loaded.files_read == 1 and loaded.changes == {"changed": 1}
    assert site.last_look and site.last_look.reasons == [
        "1 files are new or may have changed",
        "1 files have other bytes although their signature is the same",
    ]
    assert site.column("SELECT text FROM article_bodies WHERE text LIKE 'Same%'") == ["Same words."]
    assert site.column("SELECT files_missed FROM refreshes ORDER BY refresh_id") == [0, 1]
    equals_full_build(site)


def test_verify_has_nothing_to_do_when_every_hash_is_the_same(site: Site) -> None:
    site.write("_posts/2026-01-02-good.md")
    site.write("_posts/2026-01-03-empty.md", b"")
    unreadable = site.posts / "_posts/2026-01-04-fifo.md"
    os.mkfifo(unreadable)
    site.refresh()
    assert site.refresh(verify=True) is None
    assert site.last_look and site.last_look.scan.missed == []


def test_a_change_that_the_signature_shows_is_no_alarm(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md")
    site.refresh()
    site.write("_posts/2026-01-02-one.md", title="Other", age=30)
    loaded = site.refresh(verify=True)
    assert loaded and loaded.missed == [] and loaded.changes == {"changed": 1}
