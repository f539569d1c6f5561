"""Objects of `gs://`: obstore asks for them in the XML of S3, which Google speaks, too, so that moto can answer."""

from __future__ import annotations

import os
import urllib.request
from typing import TYPE_CHECKING

import pytest
from conftest import POST, Site
from packs import write_pack

from etl_project.settings import SettingsError

if TYPE_CHECKING:
    from moto_server import Moto

pytest_plugins = ["moto_server"]

POSTS, CHANGED = 400, 300


@pytest.fixture
def google(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    """The server as the store of `gs://`, with objects that everybody may read."""
    monkeypatch.setenv("GOOGLE_BASE_URL", os.environ["AWS_ENDPOINT_URL"])
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")
    return moto


def send(method: str, path: str, data: bytes | None = None) -> None:
    """Write or delete an object: moto knows no signature of Google."""
    address = f"{os.environ['AWS_ENDPOINT_URL']}/harbour/{path}"
    headers = {"x-amz-acl": "public-read", "Content-Type": "application/octet-stream"}
    urllib.request.urlopen(urllib.request.Request(address, data, headers, method=method), timeout=10).close()


def post(title: str) -> bytes:
    return POST.format(title=title, date="2026-01-02", categories="news", tags="one", body="Words.").encode()


@pytest.mark.prove("objects")
@pytest.mark.timeout(300)
def test_changed_objects_are_got_once_and_a_bucket_that_is_not_there_is_named(site: Site, google: Moto) -> None:
    site.configure("", '[[source]]\nname = "bucket"\nlocation = "gs://harbour/site"\ndialect = "jekyll"\n')
    for number in range(POSTS):
        send("PUT", f"site/_posts/2026-01-02-{number:04}.md", post(f"Post {number}"))
    google.asked()
    loaded = site.load()
    assert loaded and loaded.files_read == POSTS
    asked = google.asked()
    assert asked.pop("LIST") == 1 and len(asked) == POSTS and set(asked.values()) == {1}
    for number in range(CHANGED):
        send("PUT", f"site/_posts/2026-01-02-{number:04}.md", post(f"Changed {number}"))
    send("DELETE", f"site/_posts/2026-01-02-{POSTS - 1:04}.md")
    google.asked()
    loaded = site.load()
    assert loaded and loaded.changes == {"changed": CHANGED, "deleted": 1}
    asked = google.asked()
    assert asked.pop("LIST") == 1
    assert {name: times for name, times in asked.items() if name.startswith("GET")} == {
        f"GET /harbour/site/_posts/2026-01-02-{number:04}.md": 1 for number in range(CHANGED)
    }
    assert site.query_work("SELECT count(*) FROM internal.inventory WHERE is_young") == [(0,)]
    site.configure("", '[[source]]\nname = "other"\nlocation = "gs://no-harbour/site"\ndialect = "jekyll"\n')
    with pytest.raises(SettingsError, match="there is no bucket 'no-harbour'"):
        site.plan()


@pytest.mark.prove("objects")
@pytest.mark.timeout(300)
def test_a_pack_in_a_bucket_is_got_when_it_changed(site: Site, google: Moto) -> None:
    site.configure("", '[[source]]\nname = "packs"\nlocation = "gs://harbour/packs/*.zip"\ndialect = "jekyll"\n')
    pack = site.folder / "a.zip"
    for title in ("First", "Second"):
        write_pack(pack, {"_posts/2026-01-02-a.md": post(title)})
        send("PUT", "packs/a.zip", pack.read_bytes())
        google.asked()
        site.load()
        asked = google.asked()
        assert (asked["LIST"], asked["GET /harbour/packs/a.zip"]) == (1, 1)
        assert site.column_of_work("SELECT title FROM articles") == [title]
