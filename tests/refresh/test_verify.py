"""`--verify`: every file is hashed again, and what the signature missed is an alarm."""

from __future__ import annotations

import os
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest
from built_sites import BuiltSites
from conftest import Site, one_post
from failing_reads import fail_reads
from loaded_tables import equals_a_full_load

from etl_project.scan import rehash
from etl_project.sources import folder, signature
from etl_project.sources.listing import ListedFiles

HIDDEN = ("mtimes_ns", "ctimes_ns", "inodes")


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk whose files show no time of change and are never young, as some network mounts."""
    monkeypatch.setattr(signature, "YOUNG_NS", 0)
    real = folder.signature_of
    monkeypatch.setattr(folder, "signature_of", lambda info: folder.Signature(real(info).size, 0, 0, 0))
    listed = folder._make_columns

    def blind_listed(*columns: Any) -> ListedFiles:
        files = listed(*columns)
        return files._replace(**{name: array(getattr(files, name).typecode, [0] * len(files.sizes)) for name in HIDDEN})

    monkeypatch.setattr(folder, "_make_columns", blind_listed)


def rewrite_unseen(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"Some words.", b"Same words."))


@pytest.mark.usefixtures("blind")
def test_verify_finds_a_change_that_the_signature_missed_and_names_the_file(site: Site) -> None:
    files = [site.write(f"_posts/2026-01-02-{n}.md") for n in range(10)]
    site.refresh()
    rewrite_unseen(files[7])
    assert site.refresh() is None, "a look that trusts the signature cannot see it"
    loaded = site.load(verify=True)
    assert loaded and loaded.missed == ["site/_posts/2026-01-02-7.md"]
    assert loaded.files_read == 1 and loaded.changes == {"changed": 1}
    assert site.last_plan and site.last_plan.reasons == [
        "1 file is new or may have changed",
        "1 file has other bytes although its signature is the same",
    ]
    assert site.column_of_work("SELECT text FROM article_bodies WHERE text LIKE 'Same%'") == ["Same words."]
    assert site.column_of_work("SELECT files_missed FROM refreshes ORDER BY refresh_id") == [0, 1]
    equals_a_full_load(site)


def test_verify_has_nothing_to_do_when_every_hash_is_the_same(site: Site) -> None:
    site.write("_posts/2026-01-02-good.md")
    site.write("_posts/2026-01-03-empty.md", b"")
    unreadable = site.posts / "_posts/2026-01-04-fifo.md"
    os.mkfifo(unreadable)
    site.refresh()
    assert site.refresh(verify=True) is None
    assert site.last_plan and site.last_plan.diff.missed == []


@pytest.mark.built(by=one_post)
def test_a_change_that_the_signature_shows_is_no_alarm(site: Site) -> None:
    site.write("_posts/2026-01-02-one.md", title="Other", age=30)
    loaded = site.load(verify=True)
    assert loaded and loaded.missed == [] and loaded.changes == {"changed": 1}


def build_quiet(folder: Path) -> Site:
    site = Site(folder)
    for n in range(6):
        site.write(f"_posts/2026-01-02-{n}.md")
    (site.folder / "notes").mkdir()
    (site.folder / "notes/note.md").write_text("# Note\n\nText\n")
    site.configure(extra='[[source]]\nname = "notes"\nlocation = "notes"\n')
    site.refresh()
    return site


@pytest.fixture
def quiet(built_sites: BuiltSites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Six posts and a note in another source, none of them young."""
    monkeypatch.setattr(signature, "YOUNG_NS", 0)
    return built_sites.copy(build_quiet, tmp_path)


def test_a_disk_that_fails_while_it_is_verified_raises_no_alarm(quiet: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        fail_reads(patch, "/_posts/")
        assert quiet.refresh(verify=True) is None
    found = quiet.last_plan.diff if quiet.last_plan else None
    assert found and found.missed == [] and set(found.unavailable) == {"site"} and found.listed == {"notes": 1}
    assert quiet.refresh(verify=True) is None


@pytest.mark.parametrize("how", ["delete", "write"])
def test_a_file_that_changes_after_the_listing_is_no_alarm_of_verify(
    quiet: Site, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    real, file = rehash._rehash, quiet.posts / "_posts/2026-01-02-1.md"

    def changing(*given: Any) -> Any:
        file.write_bytes(b"---\ntitle: Other\n---\n") if how == "write" else file.unlink(missing_ok=True)
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(rehash, "_rehash", changing)
        loaded = quiet.load(verify=True)
    assert loaded and loaded.missed == []
    assert loaded.changes == ({"changed": 1} if how == "write" else {"deleted": 1})
    equals_a_full_load(quiet)


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize("files", [70, 75, 100])
def test_threads_get_some_files_after_others_and_miss_none(
    site: Site, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    posts = [site.write(f"_posts/2026-01-02-{n}.md") for n in range(files)]
    site.refresh()
    monkeypatch.setattr(rehash, "_FILES_WITHOUT_THREADS", 1)
    monkeypatch.setattr(rehash, "_FILES_AT_ONCE", 25)
    given: list[int] = []
    real = ThreadPoolExecutor.map

    def watched(threads: ThreadPoolExecutor, read: Any, rows: list[Any]) -> Any:
        given.append(len(rows))
        return real(threads, read, rows)

    monkeypatch.setattr(ThreadPoolExecutor, "map", watched)
    rewrite_unseen(posts[0])
    rewrite_unseen(posts[-1])
    loaded = site.load(verify=True)
    assert loaded and set(loaded.missed) == {f"site/_posts/2026-01-02-{n}.md" for n in (0, files - 1)}
    assert sum(given) == files and max(given) == 25


def test_verify_hashes_young_files_again_also_where_they_were_found_the_same_once_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = site.write("_posts/2026-01-02-one.md", age=0)
    site.refresh()
    monkeypatch.setattr(signature, "YOUNG_NS", 0)
    assert site.refresh() is None
    rewrite_unseen(file)
    info = file.stat()
    with duckdb.connect(str(site.published.parent / ".work/posts.duckdb")) as con:
        con.execute(
            "UPDATE internal.inventory SET size = ?, ctime_ns = ?, mtime_ns = ?",
            [info.st_size, info.st_ctime_ns, info.st_mtime_ns],
        )
    assert site.refresh() is None
    loaded = site.load(verify=True)
    assert loaded and loaded.changes == {"changed": 1}


def test_a_look_without_a_source_leaves_its_young_files_unsettled(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("_posts/2026-01-02-one.md", age=0)
    site.refresh()
    monkeypatch.setattr(signature, "YOUNG_NS", 0)
    site.posts.rename(site.folder / "disk")
    refresh, plan = site.plan()
    assert plan.is_no_op and refresh.work.last_plan.read().young_confirmed is False
