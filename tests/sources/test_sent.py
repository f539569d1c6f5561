"""What is sent of a place gives a reader elsewhere what the place itself gives, and tells it nothing more."""

from __future__ import annotations

import os
import pickle
import subprocess
from pathlib import Path

import pytest
from conftest import pinned

from etl_project.extract.posts import PostReader
from etl_project.limits import Limits
from etl_project.reasons import Rejection
from etl_project.sources.access import pin
from etl_project.sources.location import Packs, Repository
from etl_project.sources.place import PinnedSource
from etl_project.sources.sent import SentPlace, to_send
from etl_project.sources.signature import FileTask, Signature
from etl_project.sources.source import Source


def task(path: str, size: int = 10) -> FileTask:
    return FileTask(path, f"s:{path}", False, None, False, Signature(size, 0, 0, 0))


def sent(source: PinnedSource, *paths: str, largest: int = 1_000) -> PinnedSource:
    """The source with these posts as it arrives elsewhere, after a reader here has asked what readers ask."""
    there = to_send(source, "1")
    PostReader(there, Limits())
    assert isinstance(there.place, SentPlace)
    place = there.place.with_posts([task(path) for path in paths], largest)
    arrived: PinnedSource = pickle.loads(pickle.dumps(PinnedSource(there.source, place)))
    return arrived


def hugo_site(folder: Path) -> Source:
    (folder / "config/_default").mkdir(parents=True)
    (folder / "config/_default/hugo.toml").write_text('[permalinks]\nnews = "/n/:slug/"\n')
    (folder / "content/news").mkdir(parents=True)
    (folder / "content/news/_index.md").write_text("---\ncascade:\n  tags: [from-above]\n---\n")
    (folder / "content/news/one.md").write_text("---\ntitle: One\n---\nText.\n")
    return Source(name="s", location=folder, dialect="hugo")


def test_a_reader_elsewhere_makes_of_a_post_what_a_reader_here_makes(tmp_path: Path) -> None:
    source = pinned(hugo_site(tmp_path))
    path = "content/news/one.md"
    here = PostReader(source, Limits())
    arrived = sent(source, path)
    there = PostReader(arrived, Limits())
    data = source.place.read_post(path, Signature(0, 0, 0, 0), 1_000)
    assert arrived.place.read_post(path, Signature(0, 0, 0, 0), 1_000) == data
    fields = there.read(path, data.data).fields
    assert fields == here.read(path, data.data).fields
    assert fields.url and fields.url.startswith("/n/"), "the settings of the site went along"


def test_what_reading_a_post_gave_arrives_whatever_it_was(tmp_path: Path) -> None:
    (tmp_path / "large.md").write_text("x" * 100)
    (tmp_path / "link.md").symlink_to("/etc/passwd")
    place = sent(pinned(Source("s", tmp_path)), "large.md", "link.md", "gone.md", largest=50).place
    with pytest.raises(FileNotFoundError):
        place.read_post("gone.md", Signature(0, 0, 0, 0), 50)
    for path, reason in (("large.md", "file_size_limit"), ("link.md", "not_regular_file")):
        with pytest.raises(Rejection) as rejected:
            place.read_post(path, Signature(0, 0, 0, 0), 50)
        assert rejected.value.reason == reason and rejected.value.message


def test_nothing_that_tells_where_a_source_is_goes_along(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "one.md").write_text("---\ntitle: One\n---\nText.\n")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "One"]):
        subprocess.run([*git, *arguments], check=True)
    source = pin(Source("s", Repository(str(tmp_path)), branch=None))
    arrived = pickle.dumps(to_send(source, "1"))
    assert os.fsencode(tmp_path) in pickle.dumps(source) and os.fsencode(tmp_path) not in arrived


def test_only_objects_of_a_store_are_reached_from_anywhere(tmp_path: Path) -> None:
    from etl_project.sources.location import Bucket
    from etl_project.sources.objects.bucket import PinnedBucket
    from etl_project.sources.packs.pack import PinnedPacks

    assert PinnedBucket(Bucket("s3://bucket/posts"), None, "").is_reached_from_anywhere
    assert not PinnedBucket(Bucket("memory://bucket/posts"), None, "").is_reached_from_anywhere, "others have another"
    assert not pinned(Source("s", tmp_path)).place.is_reached_from_anywhere
    assert not PinnedPacks(Packs(str(tmp_path / "a.tar"), tmp_path), ()).is_reached_from_anywhere
