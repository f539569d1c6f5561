"""Objects of a store that others wrote (moto, on loopback): what a refresh asks of it, by its own log."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import POST, Site

from etl_project.sources.location import Bucket
from etl_project.sources.objects.store import open_store

if TYPE_CHECKING:
    from moto_server import Moto

pytest_plugins = ["moto_server"]

POSTS, CHANGED = int(os.environ.get("ETL_OBJECTS", "2000")), 300
PAGES = -(-POSTS // 1_000)
"""Of a listing."""


def put_posts(site: Site, numbers: range, title: str) -> None:
    """Write posts into the bucket and, with the same bytes, into the folder of the site."""
    store = open_store(Bucket("s3://harbour"))

    def put(number: int) -> None:
        path = f"_posts/2026-01-02-{number:04}.md"
        data = POST.format(title=f"{title} {number}", date="2026-01-02", categories="news", tags="one", body="Words.")
        site.write(path, data)
        store.put(f"site/{path}", data.encode())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, numbers))


@pytest.mark.prove("objects")
@pytest.mark.timeout(600)
def test_changed_objects_of_another_s3_are_got_once_and_give_the_rows_of_a_folder(tmp_path: Path, moto: Moto) -> None:
    site = Site(tmp_path)
    site.configure(
        'dialect = "jekyll"\n', '[[source]]\nname = "bucket"\nlocation = "s3://harbour/site"\ndialect = "jekyll"\n'
    )
    put_posts(site, range(POSTS), "Post")
    moto.asked()
    loaded = site.load()
    assert loaded and loaded.files_read == 2 * POSTS
    asked = moto.asked()
    assert asked.pop("LIST") == PAGES
    assert len(asked) == POSTS and set(asked.values()) == {1}
    put_posts(site, range(CHANGED), "Changed")
    moto.asked()
    loaded = site.load()
    assert loaded and loaded.changes["changed"] == 2 * CHANGED
    asked = moto.asked()
    assert asked.pop("LIST") == PAGES
    assert asked == {f"GET /harbour/site/_posts/2026-01-02-{number:04}.md": 1 for number in range(CHANGED)}
    rows = "SELECT path, title, text_hash, published_at FROM articles WHERE source_id = '{}' ORDER BY path"
    assert site.query_work(rows.format("bucket")) == site.query_work(rows.format("site"))


@pytest.mark.prove("objects")
@pytest.mark.timeout(300)
def test_the_posts_of_the_compose_file_are_put_into_a_bucket_and_read_from_it(tmp_path: Path, moto: Moto) -> None:
    (tmp_path / "posts/news").mkdir(parents=True)
    (tmp_path / "posts/news/one.md").write_text("---\ntitle: One\n---\nWords.\n")
    program = Path(__file__).parents[2] / "deploy/ray/put_posts.py"
    subprocess.run([sys.executable, str(program), str(tmp_path / "posts"), "posts"], check=True, timeout=120)
    site = Site(tmp_path)
    site.configure("", '[[source]]\nname = "posts"\nlocation = "s3://posts"\n')
    assert site.load()
    assert site.query_work("SELECT path, title FROM articles") == [("news/one.md", "One")]
