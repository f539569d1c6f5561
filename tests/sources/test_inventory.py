"""A bucket whose store writes an inventory: read in place of a listing."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import POST, Site
from loopback_s3 import LoopbackS3
from rich.console import Console

from etl_project.settings import SettingsError
from etl_project.show.plan import show_plan

pytest_plugins = ["s3_fixtures"]

PLACE = "inventories/harbour/daily"


@pytest.fixture(autouse=True)
def harbour(s3: LoopbackS3) -> None:
    """Four posts and the settings of a site, and a post of another."""
    for n in range(4):
        s3.put("harbour", f"site/_posts/2026-01-02-{n}.md", post(f"Post {n}"))
    s3.put("harbour", "site/_config.yml", b"title: The harbour\n")
    s3.put("harbour", "elsewhere/_posts/2026-01-02-9.md", post("Of another site"))
    s3.forget()


@pytest.fixture
def site(tmp_path: Path, s3: LoopbackS3) -> Site:
    site = Site(tmp_path)
    configure(site)
    return site


def configure(site: Site, place: str = f"s3://lists/{PLACE}", location: str = "s3://harbour/site") -> None:
    site.config.write_text(
        f'[warehouse]\npath = "{site.warehouse}"\n\n[[source]]\nname = "site"\nlocation = "{location}"\n'
        f'inventory = "{place}"\ndialect = "jekyll"\n',
        "utf-8",
    )


def post(title: str) -> bytes:
    return POST.format(title=title, date="2026-01-02", categories="news", tags="one", body="Some words.").encode()


def write_inventory(s3: LoopbackS3, day: int, *, parts: int = 2, **manifest: Any) -> list[dict[str, Any]]:
    """Write an inventory of the bucket as S3 does: tags without quotes, older versions and deletions among the rows."""
    rows: list[dict[str, Any]] = []
    for key, (data, when) in sorted(s3.buckets["harbour"].items()):
        row = {
            "bucket": "harbour", "key": key, "version_id": "v2", "is_latest": True, "is_delete_marker": False,
            "size": len(data), "last_modified_date": when, "e_tag": hashlib.md5(data).hexdigest(),
        }  # fmt: skip
        rows += [row, {**row, "version_id": "v1", "is_latest": False, "e_tag": "older", "size": 1}]
    gone = {**rows[0], "key": "site/_posts/2026-01-02-gone.md", "is_delete_marker": True, "size": None, "e_tag": None}
    rows.append(gone)
    write_rows(s3, day, rows, parts=parts, **manifest)
    return rows


def write_rows(s3: LoopbackS3, day: int, rows: list[dict[str, Any]], *, parts: int = 1, **manifest: Any) -> None:
    files = []
    for part in range(parts):
        data = io.BytesIO()
        pl.DataFrame(rows[part::parts]).write_parquet(data)
        files.append({"key": f"{PLACE}/data/{day}-{part}.parquet"})
        s3.put("lists", files[-1]["key"], data.getvalue())
    whole = {"sourceBucket": "harbour", "fileFormat": "Parquet", "files": files} | manifest
    s3.put("lists", f"{PLACE}/2026-03-{day:02}T01-00Z/manifest.json", json.dumps(whole).encode())


def titles(site: Site) -> list[str]:
    return site.column_of_work("SELECT title FROM articles ORDER BY title")


def test_a_bucket_is_read_by_its_inventory_and_never_listed(s3: LoopbackS3, site: Site) -> None:
    write_inventory(s3, 1)
    site.load()
    assert titles(site) == [f"Post {n}" for n in range(4)]
    assert dict(s3.asked) == {"LIST": 2, "GET": 8}, "the LISTs are those that find the inventory"
    s3.put("harbour", "site/_posts/2026-01-02-1.md", post("Changed"))
    s3.put("harbour", "site/_posts/2026-01-02-new.md", post("New"))
    del s3.buckets["harbour"]["site/_posts/2026-01-02-3.md"]
    s3.forget()
    loaded = site.load()
    assert loaded is None or loaded.files_read == 0, "what the inventory does not know yet is not asked for"
    write_inventory(s3, 2)
    s3.forget()
    loaded = site.load(allow_deletes=True)
    assert loaded and loaded.changes == {"added": 1, "changed": 1, "deleted": 1}
    assert titles(site) == ["Changed", "New", "Post 0", "Post 2"]
    posts = [key for key in s3.keys if "_posts" in key]
    assert sorted(posts) == ["site/_posts/2026-01-02-1.md", "site/_posts/2026-01-02-new.md"]
    loaded = site.load()
    assert loaded is None or loaded.files_read == 0, "tags of the inventory and of the store are the same"


def test_an_object_that_the_inventory_still_names_may_be_gone(s3: LoopbackS3, site: Site) -> None:
    write_inventory(s3, 1)
    del s3.buckets["harbour"]["site/_posts/2026-01-02-0.md"]
    site.load()
    assert titles(site) == ["Post 1", "Post 2", "Post 3"]
    del s3.buckets["harbour"]["site/_posts/2026-01-02-1.md"]
    site.load()
    assert titles(site) == ["Post 1", "Post 2", "Post 3"], "nothing says that it is gone"
    assert site.column_of_work("SELECT count(*) FROM post_files WHERE status = 'rejected'") == [0]


def test_an_inventory_that_is_being_written_is_not_read(s3: LoopbackS3, site: Site) -> None:
    write_inventory(s3, 1)
    s3.put("lists", f"{PLACE}/2026-03-02T01-00Z/manifest.checksum", b"")
    site.load()
    assert titles(site) == [f"Post {n}" for n in range(4)]


def test_one_manifest_can_be_named(s3: LoopbackS3, site: Site) -> None:
    write_inventory(s3, 1)
    s3.buckets["harbour"].clear()
    s3.put("harbour", "site/_posts/2026-01-02-later.md", post("Later"))
    write_inventory(s3, 2)
    configure(site, place=f"s3://lists/{PLACE}/2026-03-02T01-00Z/manifest.json")
    site.load()
    assert titles(site) == ["Later"]


def test_the_plan_says_what_the_inventory_costs(s3: LoopbackS3, site: Site) -> None:
    write_inventory(s3, 1)
    _, plan = site.plan()
    console = Console(width=200, record=True, file=io.StringIO())
    show_plan(plan, "", console)
    plan.close()
    assert dict(s3.asked) == {"LIST": 2, "GET": 4}
    words = "takes 2 LISTs and 3 GETs for the inventory and 1 GET for the settings of the site; reading what changed"
    assert words in console.export_text()


def test_an_object_without_a_tag_is_told_by_its_time(s3: LoopbackS3, site: Site) -> None:
    rows = write_inventory(s3, 1)
    write_rows(s3, 2, [{**row, "e_tag": None} for row in rows])
    site.load()
    later = dt.timedelta(hours=1)
    again = [{**row, "e_tag": None} for row in rows]
    again[0] = {**again[0], "last_modified_date": again[0]["last_modified_date"] + later}
    changed = next(row for row in again if row["key"].endswith("02-2.md") and row["is_latest"])
    changed["last_modified_date"] += later
    write_rows(s3, 3, again)
    s3.forget()
    site.load()
    assert [key for key in s3.keys if key.endswith("02-2.md")], "it is another time"


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"sourceBucket": "harbor"}, "is the inventory of the bucket 'harbor', and not of 'harbour'"),
        ({"fileFormat": "CSV"}, "is an inventory in CSV; set its format to Parquet"),
        ({"files": [{"key": f"{PLACE}/data/lost.parquet"}]}, "is not whole: .*lost.parquet is missing"),
        ({"files": [{"key": "notes.txt"}]}, "cannot be read as Parquet"),
        ({"files": None}, "is no manifest of an inventory as S3 writes it"),
    ],
)
def test_an_inventory_that_cannot_be_used_is_named_with_what_to_do(
    s3: LoopbackS3, site: Site, manifest: dict[str, Any], words: str
) -> None:
    s3.put("lists", "notes.txt", b"no Parquet")
    write_inventory(s3, 1, **manifest)
    with pytest.raises(SettingsError, match=words):
        site.load()


def test_an_inventory_without_tags_or_without_any_row_is_no_deletion(s3: LoopbackS3, site: Site) -> None:
    write_inventory(s3, 1)
    site.load()
    write_rows(s3, 2, [{"bucket": "harbour", "key": "site/_posts/2026-01-02-0.md"}])
    site.load()
    assert len(titles(site)) == 4
    assert "lacks size and e_tag" in next(iter(Site.plan(site)[1].diff.unavailable.values()))


def test_no_inventory_is_said_so(s3: LoopbackS3, site: Site) -> None:
    s3.put("lists", f"{PLACE}/data/1.parquet", b"")
    with pytest.raises(
        SettingsError, match=r"There is no inventory at s3://lists/inventories/harbour/daily: no folder"
    ):
        site.load()


@pytest.mark.parametrize(
    ("place", "location", "words"),
    [
        ("inventories/daily", "s3://harbour/site", "write where the store puts its inventories"),
        ("gs://lists/daily", "s3://harbour/site", "is in another kind of store than the source"),
        ("s3://key:secret@lists/daily", "s3://harbour/site", "holds no user and no key"),
        ("s3://lists/daily", "gs://harbour/site", "is for a bucket of S3"),
        ("s3://lists/daily", "posts", "is for a bucket of S3"),
    ],
)
def test_a_wrong_inventory_is_named_with_its_line(site: Site, place: str, location: str, words: str) -> None:
    configure(site, place=place, location=location)
    with pytest.raises(SettingsError, match=rf"line 7: .*{words}") as caught:
        _ = site.settings
    assert "secret" not in str(caught.value)
